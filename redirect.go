package redis

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"unicode"
)

// redirect is what a MOVED or ASK reply says.
type redirect struct {
	ask  bool
	slot int
	addr string // as the node that was asked means it, see completeHost
}

// isRedirect reports whether a reply sends the command to another node, whether it
// names one that can be used or not.
func isRedirect(reply string) bool {
	word := reply
	if end := strings.IndexFunc(reply, unicode.IsSpace); end >= 0 {
		word = reply[:end]
	}
	return word == "MOVED" || word == "ASK"
}

// parseRedirect reads "MOVED 3999 127.0.0.1:6381" and "ASK …". An IPv6 address
// comes without brackets, so that the port is behind the last colon. It is not ok
// unless the reply has this form and names an address that can be used.
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
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	if !isPort(port) || !isHost(host) {
		return r, false
	}
	r.slot, r.addr = int(slot), net.JoinHostPort(host, port)
	return r, true
}

// strayKey is the error of what belongs to slot, by a key that is known, when the
// redirect in err is for another: no node has both, and to follow it would lead back. It
// is nil for all other errors, and for a slot below 0.
func strayKey(err error, slot int, whose string) error {
	r, ok := redirectIn(err)
	if !ok || slot < 0 || r.slot == slot {
		return nil
	}
	reply, _ := replyIn(err)
	return &replyError{reply, fmt.Sprintf("%s in slot %d: keys with the same {tag} share a slot", whose, slot)}
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// completeHost is addr as it is reached by who knows the node that named it as
// asked.
func completeHost(addr, asked string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if seen := hostFrom(host, asked); seen != host {
		return net.JoinHostPort(seen, port)
	}
	return addr
}

// hostFrom is host as the node at asked means it: without one it means its own,
// and so it does by a loopback address, unless it is reached by one itself.
func hostFrom(host, asked string) string {
	askedHost, _, _ := net.SplitHostPort(asked)
	if host == "" || isLoopback(host) && askedHost != "" && !isLoopback(askedHost) {
		return askedHost
	}
	return host
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// clientAddr is the address in "ip:port@busport,hostname,…"; empty if it is none
// that can be used. A host that the server does not know stays empty.
func clientAddr(field string) string {
	addr, _, _ := strings.Cut(field, "@")
	colon := strings.LastIndexByte(addr, ':')
	if colon < 0 {
		return ""
	}
	host, port := strings.Trim(addr[:colon], "[]"), addr[colon+1:]
	if !isPort(port) || !isHost(host) {
		return ""
	}
	return net.JoinHostPort(host, port)
}
