package redis

import (
	"net"
	"strconv"
	"strings"
)

// redirect is what a MOVED or ASK reply says.
type redirect struct {
	ask  bool
	slot int
	addr string // the host is empty when it is the one that was asked
}

// parseRedirect reads "MOVED 3999 127.0.0.1:6381" and "ASK …". An IPv6 address
// comes without brackets, so that the port is behind the last colon. What does
// not look like this is no redirect.
func parseRedirect(reply string) (r redirect, ok bool) {
	fields := strings.Split(reply, " ")
	if len(fields) != 3 {
		return r, false
	}
	switch fields[0] {
	case "MOVED":
	case "ASK":
		r.ask = true
	default:
		return r, false
	}
	slot, err := strconv.ParseUint(fields[1], 10, 16)
	if err != nil || slot >= slotCount {
		return r, false
	}
	colon := strings.LastIndexByte(fields[2], ':')
	if colon < 0 {
		return r, false
	}
	host, port := fields[2][:colon], fields[2][colon+1:]
	if !isPort(port) || host == "?" {
		return r, false
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	r.slot, r.addr = int(slot), net.JoinHostPort(host, port)
	return r, true
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// completeHost gives addr the host of asked if it has none.
func completeHost(addr, asked string) string {
	if !strings.HasPrefix(addr, ":") {
		return addr
	}
	host, _, err := net.SplitHostPort(asked)
	if err != nil {
		return addr
	}
	return net.JoinHostPort(host, addr[1:])
}
