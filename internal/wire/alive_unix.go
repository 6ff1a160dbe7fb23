//go:build unix

package wire

import (
	"crypto/tls"
	"syscall"
	"time"
)

// checkAlive looks, without waiting, whether the server has closed the
// connection. The lock is held, nobody reads, and nothing is in flight.
func (c *Conn) checkAlive() error {
	nc := c.nc
	secure, _ := nc.(*tls.Conn)
	if secure != nil {
		nc = secure.NetConn()
	}
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return err
	}
	var n int
	var peekErr error
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		n, _, peekErr = syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		return true
	})
	switch {
	case err != nil:
		return err
	case peekErr == syscall.EAGAIN || peekErr == syscall.EINTR:
		return nil
	case peekErr != nil:
		return peekErr
	case n == 0:
		return ErrClosedByServer
	case secure != nil:
		return c.readPending()
	}
	return nil
}

// readPending reads the records that wait on an idle TLS connection: the
// server's goodbye may be among them.
func (c *Conn) readPending() error {
	const atMost = time.Millisecond
	if err := c.nc.SetReadDeadline(time.Now().Add(atMost)); err != nil {
		return err
	}
	if err := c.fill(); err != nil && !isKick(err) {
		return ErrClosedByServer
	}
	return c.nc.SetReadDeadline(time.Time{})
}
