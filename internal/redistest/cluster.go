package redistest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"slices"
	"strings"
)

// domain ends the host names of all nodes.
const domain = "redistest.local"

// Cluster is a set of servers that form a Redis Cluster.
type Cluster struct {
	dir   string
	ca    *authority // nil without TLS
	nodes []*Node
}

// Nodes is every node, in the order of the start: the primaries in slot order,
// then the replicas of the first primary, of the second, and so on. The order
// stays whatever becomes of their roles.
func (c *Cluster) Nodes() []*Node { return slices.Clone(c.nodes) }

// Addrs is the address of every node, in the order of Nodes.
func (c *Cluster) Addrs() []string {
	addrs := make([]string, len(c.nodes))
	for i, n := range c.nodes {
		addrs[i] = n.Addr()
	}
	return addrs
}

// CA is the certificate that signed those of the nodes. It is nil without
// Options.TLS.
func (c *Cluster) CA() *x509.Certificate {
	if c.ca == nil {
		return nil
	}
	return c.ca.cert
}

// TLSConfig is for clients of this cluster. Its ServerName is empty: each node's
// certificate names its own address and host name. It is nil without Options.TLS.
func (c *Cluster) TLSConfig() *tls.Config {
	if c.ca == nil {
		return nil
	}
	return c.ca.clientConfig()
}

// Dial is net.Dialer.DialContext for a network where the host names of the nodes
// can be resolved. It does not start TLS.
func (c *Cluster) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if host, port, err := net.SplitHostPort(addr); err == nil && strings.HasSuffix(host, "."+domain) {
		addr = net.JoinHostPort(loopback, port)
	}
	var d net.Dialer
	return d.DialContext(ctx, network, addr)
}

// Primaries is every node that owns slots, running or not, as the newest map
// among the running nodes has it. Like the other methods that ask for roles it
// is empty when no node answers; and until the cluster agrees (WaitHealthy) it
// is what one of the nodes believes.
func (c *Cluster) Primaries() []*Node {
	return c.pick(func(_ *Node, m member) bool { return m.primary() && len(m.slots) > 0 })
}

// Replicas is every replica, running or not.
func (c *Cluster) Replicas() []*Node {
	return c.pick(func(_ *Node, m member) bool { return !m.primary() })
}

// ReplicasOf is every replica of the given node, running or not.
func (c *Cluster) ReplicasOf(n *Node) []*Node {
	return c.pick(func(_ *Node, m member) bool { return m.primaryID == n.id })
}

// PrimaryFor is the node that owns the slot, or nil.
func (c *Cluster) PrimaryFor(slot int) *Node {
	owners := c.pick(func(_ *Node, m member) bool { return m.owns(slot) })
	if len(owners) == 0 {
		return nil
	}
	return owners[0]
}

// pick returns the nodes whose place in the newest map satisfies want.
func (c *Cluster) pick(want func(*Node, member) bool) []*Node {
	ctx, cancel := context.WithTimeout(context.Background(), controlTimeout)
	defer cancel()
	newest := c.newestView(ctx)
	var picked []*Node
	for _, n := range c.nodes {
		if m, ok := newest[n.id]; ok && want(n, m) {
			picked = append(picked, n)
		}
	}
	return picked
}

// newestView is the map of the running node that has heard of the highest
// config epoch: the outcome of the latest election or migration.
func (c *Cluster) newestView(ctx context.Context) view {
	views := make([]view, len(c.nodes))
	_ = c.each(func(i int, n *Node) (err error) {
		views[i], err = n.view(ctx) // a node that is down has no say
		return err
	})
	newest := views[0]
	for _, v := range views[1:] {
		if v.epoch() > newest.epoch() {
			newest = v
		}
	}
	return newest
}
