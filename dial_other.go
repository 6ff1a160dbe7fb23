//go:build !linux

package redis

import "syscall"

// controlSocket has nothing to set on this system; keep-alive has to do.
func controlSocket(*Options) func(network, address string, c syscall.RawConn) error { return nil }
