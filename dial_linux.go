package redis

import "syscall"

// tcpUserTimeout is the socket option of that name, which the syscall package
// does not list for every architecture.
const tcpUserTimeout = 18

// controlSocket sets TCP_USER_TIMEOUT: the system gives a connection up when
// data sent on it stays unacknowledged for longer than a reply may take, even
// where nobody waits for a reply.
func controlSocket(opt *Options) func(network, address string, c syscall.RawConn) error {
	limit := max(opt.ReadTimeout, opt.WriteTimeout)
	if limit <= 0 || opt.Network == "unix" {
		return nil
	}
	return func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(2*limit.Milliseconds()))
		})
	}
}
