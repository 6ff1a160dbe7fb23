package wire

import (
	"bytes"
	"strconv"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// Unasked is the cause of death of a connection on which the server has sent an error
// that is the answer to no call. Servers say so why they hang up.
type Unasked struct {
	Reply resp.Error
}

// Error quotes the beginning of what the server has said.
func (e *Unasked) Error() string { return e.Unwrap().Error() }

// Unwrap gives a [resp.ProtocolError]: for a call it is no reply.
func (e *Unasked) Unwrap() error {
	const most = 128
	return resp.ProtocolError(nobodyAsked + ": " + strconv.Quote(string(e.Reply[:min(len(e.Reply), most)])))
}

const nobodyAsked = "a reply that nobody asked for"

// unasked is the error for a reply to nothing, or the beginning of one.
func unasked(reply []byte) error {
	if resp.Kind(reply[0]) != resp.SimpleError {
		return resp.ProtocolError(nobodyAsked)
	}
	line, _, _ := bytes.Cut(reply[1:], []byte("\r\n"))
	return &Unasked{resp.Error(line)}
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
