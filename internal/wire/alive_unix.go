//go:build unix && !aix

package wire

import (
	"syscall"
	"time"
)

// checkAlive looks whether the server has closed the connection, or has said
// something on it that no call can be given. It waits for nothing, but for the
// rest of a record that a TLS connection has begun to receive. The lock is
// held, nobody reads, and nothing is in flight.
func (c *Conn) checkAlive() error {
	// A kick that came too late would make the look itself fail.
	if err := c.nc.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	socket, ok := socketOf(c.nc)
	if !ok {
		return nil
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	for c.in.roomy(c.opt.ReadBuffer) {
		if pending, err := peek(raw); err != nil || !pending {
			return err
		}
		if err := c.readPending(); err != nil {
			return err
		}
	}
	return nil
}

// peek reports whether bytes have come that nobody has read. The error says
// that there will be none.
func peek(raw syscall.RawConn) (pending bool, err error) {
	var n int
	var failed error
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		n, _, failed = syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		return true
	})
	switch {
	case err != nil:
		return false, err
	case failed == syscall.EAGAIN || failed == syscall.EINTR:
		return false, nil
	case failed != nil:
		return false, failed
	case n == 0:
		return false, ErrClosedByServer
	}
	return true, nil
}

// readPending reads what has come on an idle connection, and leaves it to the
// next reader if it is push messages. What else it is, is the error: a reply
// would be taken for that of the next call. On a TLS connection the bytes may
// be anything, the server's goodbye too.
func (c *Conn) readPending() error {
	const atMost = time.Millisecond
	in := &c.in
	for in.roomy(c.opt.ReadBuffer) {
		if c.tls {
			if err := c.nc.SetReadDeadline(time.Now().Add(atMost)); err != nil {
				return err
			}
		}
		n, err := c.nc.Read(in.buf[in.w:])
		in.w += n
		if isKick(err) {
			break
		}
		if err := in.stray(); err != nil {
			return err
		}
		if err != nil {
			return ErrClosedByServer
		}
		if !c.tls {
			break
		}
	}
	return c.nc.SetReadDeadline(time.Time{})
}
