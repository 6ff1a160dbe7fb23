package wire

import (
	"bytes"
	"strconv"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// unasked is the error for a reply to nothing, or the beginning of one; servers
// say goodbye with an error. It is not the server's answer to any call.
func unasked(reply []byte) error {
	const text = "a reply that nobody asked for"
	const most = 128
	if resp.Kind(reply[0]) != resp.SimpleError {
		return resp.ProtocolError(text)
	}
	line, _, _ := bytes.Cut(reply[1:], []byte("\r\n"))
	return resp.ProtocolError(text + ": " + strconv.Quote(string(line[:min(len(line), most)])))
}

// held is what was read and is not yet given away.
func (in *intake) held() []byte {
	if in.frame != nil {
		return in.frame
	}
	return in.buf[in.r:in.w]
}

// stray is the error for what an idle connection holds, unless it is push
// messages.
func (in *intake) stray() error {
	var framer resp.Framer
	for b := in.held(); len(b) > 0; {
		n, err := framer.Next(b)
		if err != nil {
			return err
		}
		if resp.Kind(b[0]) != resp.Push {
			return unasked(b)
		}
		if n == 0 {
			break
		}
		b = b[n:]
	}
	return nil
}

// roomy makes room in the buffer of an idle connection, and reports whether it
// could. Behind the beginning of a push message that is longer than the buffer
// nothing can be put.
func (in *intake) roomy(size int) bool {
	if in.frame != nil {
		return false
	}
	if in.buf == nil {
		in.acquire(size)
	}
	in.w = copy(in.buf, in.buf[in.r:in.w])
	in.r, in.mark = 0, 0
	return in.w < len(in.buf)
}
