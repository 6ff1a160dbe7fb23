package redistest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// ServerError is an error reply, as the server worded it.
type ServerError string

func (e ServerError) Error() string { return string(e) }

// maxReply bounds the length a reply may announce. Nothing these servers are
// asked comes near it.
const maxReply = 512 << 20

// conn is a connection that speaks just enough RESP2 to steer a server. It is
// kept apart from the library on purpose: what tests the library must not
// depend on it.
type conn struct {
	net.Conn
	r    *bufio.Reader
	w    []byte
	proc *process // the run of the server that it leads to
}

func newConn(c net.Conn) *conn {
	return &conn{Conn: c, r: bufio.NewReader(c)}
}

// do sends one command and reads its reply. An error reply comes back as a
// ServerError and leaves the connection usable; after any other error it is not.
func (c *conn) do(ctx context.Context, args ...string) (any, error) {
	// A deadline in the past makes the reads and writes under way fail, so
	// that a cancelled context ends them like one that has run out.
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	reply, err := c.roundTrip(args)
	if !stop() {
		return nil, context.Cause(ctx)
	}
	return reply, err
}

func (c *conn) roundTrip(args []string) (any, error) {
	c.w = append(c.w[:0], '*')
	c.w = strconv.AppendInt(c.w, int64(len(args)), 10)
	for _, arg := range args {
		c.w = append(c.w, "\r\n$"...)
		c.w = strconv.AppendInt(c.w, int64(len(arg)), 10)
		c.w = append(c.w, "\r\n"...)
		c.w = append(c.w, arg...)
	}
	c.w = append(c.w, "\r\n"...)
	if _, err := c.Write(c.w); err != nil {
		return nil, err
	}
	reply, err := readReply(c.r)
	if err != nil {
		return nil, err
	}
	if e, ok := reply.(ServerError); ok {
		return nil, e
	}
	return reply, nil
}

// readReply decodes one RESP2 reply: string, int64, nil, ServerError, or []any
// of these.
func readReply(r *bufio.Reader) (any, error) {
	kind, err := r.ReadByte()
	if err != nil {
		return nil, err
	}
	line, err := r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	if len(line) < 2 || line[len(line)-2] != '\r' {
		return nil, errors.New("redistest: a reply line does not end in CRLF")
	}
	line = line[:len(line)-2]

	switch kind {
	case '+':
		return line, nil
	case '-':
		return ServerError(line), nil
	}
	n, err := strconv.ParseInt(line, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("redistest: reply %q: %w", string(kind)+line, err)
	}
	if kind == ':' {
		return n, nil
	}
	if n == -1 {
		return nil, nil
	}
	if n < 0 || n > maxReply {
		return nil, fmt.Errorf("redistest: reply length %d", n)
	}
	switch kind {
	case '$':
		buf := make([]byte, n+2)
		if _, err := io.ReadFull(r, buf); err != nil {
			return nil, err
		}
		return string(buf[:n]), nil
	case '*':
		list := []any{}
		for range n {
			item, err := readReply(r)
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		return list, nil
	}
	return nil, fmt.Errorf("redistest: reply of unknown type %q", kind)
}
