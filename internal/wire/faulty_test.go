package wire

import (
	"errors"
	"net"
)

// trickle hands over one byte a read.
type trickle struct{ net.Conn }

func (f trickle) Read(b []byte) (int, error) {
	return f.Conn.Read(b[:min(1, len(b))])
}

var errBroken = errors.New("broken")

// frail breaks after so many bytes were written.
type frail struct {
	net.Conn
	left int
}

func (f *frail) Write(b []byte) (int, error) {
	if len(b) <= f.left {
		f.left -= len(b)
		return f.Conn.Write(b)
	}
	n, err := f.Conn.Write(b[:f.left])
	f.left -= n
	if err == nil {
		err = errBroken
	}
	return n, err
}
