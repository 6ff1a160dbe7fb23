package redis_test

import (
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sockets are established connections to servers: by the server's address, the
// addresses of the clients.
type sockets map[string][]string

// socketsTo lists the connections that this process has to the addresses, as
// `ss -tnp state established` does.
func socketsTo(t *testing.T, addrs []string) sockets {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("connections are counted in /proc/net/tcp")
	}
	table, err := os.ReadFile("/proc/net/tcp")
	require.NoError(t, err)
	own := ownSockets(t)
	found := sockets{}
	for line := range strings.Lines(string(table)) {
		// sl local_address rem_address st queues timer retrnsmt uid timeout inode …
		fields := strings.Fields(line)
		if len(fields) < 10 || fields[3] != "01" || !own[fields[9]] { // 01: established
			continue
		}
		client, server := procAddr(t, fields[1]), procAddr(t, fields[2])
		if slices.Contains(addrs, server) && !slices.Contains(found[server], client) {
			// The kernel shows one twice when the table changes meanwhile.
			found[server] = append(found[server], client)
		}
	}
	return found
}

// ownSockets is the inodes of the sockets that this process has open.
func ownSockets(t *testing.T) map[string]bool {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	inodes := map[string]bool{}
	for _, file := range files {
		target, _ := os.Readlink("/proc/self/fd/" + file.Name()) // it may be closed by now
		if inode, ok := strings.CutPrefix(target, "socket:["); ok {
			inodes[strings.TrimSuffix(inode, "]")] = true
		}
	}
	return inodes
}

// procAddr reads an address such as 0100007F:1F90, in which the bytes of the IP
// address are in the machine's order: here little endian.
func procAddr(t *testing.T, s string) string {
	t.Helper()
	host, port, _ := strings.Cut(s, ":")
	ip, err := strconv.ParseUint(host, 16, 32)
	require.NoError(t, err)
	p, err := strconv.ParseUint(port, 16, 16)
	require.NoError(t, err)
	addr := netip.AddrFrom4([4]byte{byte(ip), byte(ip >> 8), byte(ip >> 16), byte(ip >> 24)})
	return net.JoinHostPort(addr.String(), strconv.FormatUint(p, 10))
}

// without leaves out the connections that are in others.
func (s sockets) without(others sockets) sockets {
	rest := sockets{}
	for server, clients := range s {
		for _, client := range clients {
			if !slices.Contains(others[server], client) {
				rest[server] = append(rest[server], client)
			}
		}
	}
	return rest
}

// counts is how many connections each server has.
func (s sockets) counts() map[string]int {
	counts := map[string]int{}
	for server, clients := range s {
		counts[server] = len(clients)
	}
	return counts
}

// eachHas is what counts returns when every server has n connections.
func eachHas(n int, addrs []string) map[string]int {
	counts := map[string]int{}
	for _, addr := range addrs {
		counts[addr] = n
	}
	return counts
}
