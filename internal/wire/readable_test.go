//go:build unix && !aix

package wire

import (
	"crypto/tls"
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// readable reports whether a read of the socket would not wait.
func readable(t *testing.T, nc net.Conn) bool {
	t.Helper()
	if secure, ok := nc.(*tls.Conn); ok {
		nc = secure.NetConn()
	}
	raw, err := nc.(syscall.Conn).SyscallConn()
	require.NoError(t, err)
	var found error
	require.NoError(t, raw.Control(func(fd uintptr) {
		var b [1]byte
		_, _, found = syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	}))
	return found != syscall.EAGAIN
}
