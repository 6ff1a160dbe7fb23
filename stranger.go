package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"time"
)

// A stranger is a node that only a redirect has named, by an address: the name that
// its certificate may be for is not known.

const (
	// strangerFor is how long a stranger that works is kept after a redirect has named
	// it last.
	strangerFor = time.Minute
	// mostStrangers bounds how many there may be. A cluster that has this many nodes
	// tells them in the slot map; a server that names more means no good.
	mostStrangers = 100
)

// isWelcome reports whether a stranger is kept when the map is loaded without it: while
// commands wait for its first connection, and while it is in use. Otherwise it would be
// dialled anew after each load. The topology's lock is held.
func (n *node) isWelcome(now time.Time) bool {
	p := n.client.pool
	return !n.listed && (p.hasWaiters() || now.Sub(n.namedAt) < strangerFor && p.isOpen())
}

// mayAddStranger reports whether there is room for one more. The lock is held.
func (t *topology) mayAddStranger() bool {
	strangers := 0
	for _, n := range t.nodes {
		if !n.listed {
			strangers++
		}
	}
	return strangers < mostStrangers
}

// askForName is how many servers are asked for the host name of a stranger, one after
// the other.
const askForName = 3

// mayLackName reports whether TLS verifies the names that the cluster announces:
// the names of strangers are not known.
func (t *topology) mayLackName() bool {
	config := t.opt.TLSConfig
	return config != nil && config.ServerName == "" && !config.InsecureSkipVerify &&
		t.opt.Dialer == nil && t.opt.NewClient == nil // which see to TLS themselves
}

// strangerDialer dials a node that only a redirect has named: while its first slot
// is on its way to it, it is in no slot map. If it cannot prove that it is the host
// of its address, other nodes are asked for its name.
func (t *topology) strangerDialer(opt Options) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		named := opt
		if name, known := t.names.Load(addr); known {
			named.serverName = name.(string)
		}
		nc, err := NewDialer(&named)(ctx, network, addr)
		if !errors.As(err, new(*tls.CertificateVerificationError)) {
			return nc, err
		}
		name := t.nameOf(ctx, addr)
		if name == named.serverName {
			return nil, err
		}
		t.names.Store(addr, name)
		named.serverName = name
		return NewDialer(&named)(ctx, network, addr)
	}
}

// nameOf asks a few nodes for the host name of the one at addr; empty if they do
// not tell. Those without a connection are left out: they may be strangers who
// wait for each other.
func (t *topology) nameOf(ctx context.Context, addr string) string {
	asked := 0
	for _, s := range t.sources() {
		if s.pool == nil || s.pool.suspect() || len(*s.pool.shared.Load()) == 0 {
			continue
		}
		if asked++; asked > askForName || ctx.Err() != nil {
			break
		}
		if name := t.askName(ctx, s, addr); name != "" {
			return name
		}
	}
	return ""
}

// askName asks one server for the host name of the node at addr.
func (t *topology) askName(ctx context.Context, s source, addr string) string {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout/askForName)
	defer cancel()
	cmd := new(StringCmd)
	cmd.start("cluster", "nodes")
	t.asked.add(time.Now()) // it costs a server as much
	if s.pool.exchange(ctx, cmd, 0) != nil {
		return ""
	}
	return hostnameIn(cmd.val, addr, s.addr)
}

// hostnameIn is the host name of the node at addr in the answer of the node at
// asked to CLUSTER NODES; empty if it has none.
func hostnameIn(text, addr, asked string) string {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 8 || completeHost(clientAddr(fields[1]), asked) != addr {
			continue
		}
		_, rest, _ := strings.Cut(fields[1], ",")
		if name, _, _ := strings.Cut(rest, ","); name != "" { // else a node that was here before
			return name
		}
	}
	return ""
}
