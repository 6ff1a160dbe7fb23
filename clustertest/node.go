package clustertest

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const loopback = "127.0.0.1"

// Node is one node of the cluster: a port of its own, and a role. The methods
// that act on nodes are Cluster's.
type Node struct {
	cluster *Cluster
	index   int
	shard   int
	id      string
	host    string // announced; may be empty
	addr    string
	port    int
	tls     *tls.Config // nil without TLS

	failed bool // the other nodes say so; guarded by cluster.mu

	gate        gate // shut while paused
	delay       atomic.Int64
	forcedError atomic.Pointer[string]
	stats       stats
	scripts     scriptCache
	scan        scanCache
	config      nodeConfig
	monitors    monitors

	mu       sync.Mutex
	listener net.Listener // nil while stopped
	conns    map[*conn]struct{}
	wg       sync.WaitGroup // the goroutines of this node
}

func newNode(c *Cluster, index, shard int) (*Node, error) {
	n := &Node{
		cluster: c,
		index:   index,
		shard:   shard,
		id:      randomID(),
		host:    c.opts.Hostname(index),
		addr:    net.JoinHostPort(loopback, "0"),
		conns:   map[*conn]struct{}{},
	}
	n.stats.reset()
	n.config.init(c.opts)
	if c.authority != nil {
		var err error
		if n.tls, err = c.authority.serverConfig(n.host); err != nil {
			return nil, fmt.Errorf("clustertest: make a certificate: %w", err)
		}
	}
	if err := n.start(); err != nil {
		return nil, err
	}
	return n, nil
}

// randomID returns 40 hexadecimal digits.
func randomID() string {
	var b [20]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// Addr returns the address that the node listens on, "127.0.0.1:port". It stays
// the same when the node is stopped and started.
func (n *Node) Addr() string { return n.addr }

// Port returns the port of Addr.
func (n *Node) Port() int { return n.port }

// ID returns the node's id as CLUSTER MYID does: 40 hexadecimal digits.
func (n *Node) ID() string { return n.id }

// Shard returns the number of the shard that the node belongs to, counted from
// 0. It never changes.
func (n *Node) Shard() int { return n.shard }

// Host returns the announced host name, "" if there is none.
func (n *Node) Host() string { return n.host }

// IsPrimary reports whether the node is the primary of its shard now.
func (n *Node) IsPrimary() bool { return n.cluster.isPrimary(n) }

// String describes the node for messages of tests.
func (n *Node) String() string {
	role := "replica"
	if n.IsPrimary() {
		role = "primary"
	}
	return fmt.Sprintf("node %d (%s, %s of shard %d)", n.index, n.addr, role, n.shard)
}

// start listens, on the port that the node had before if any.
func (n *Node) start() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listener != nil {
		return nil
	}
	listener, err := net.Listen("tcp4", n.addr)
	if err != nil {
		return fmt.Errorf("clustertest: start a node: %w", err)
	}
	n.listener = listener
	if n.port == 0 { // never changed afterwards: others read them without a lock
		n.addr = listener.Addr().String()
		_, port, _ := net.SplitHostPort(n.addr)
		n.port, _ = strconv.Atoi(port)
	}
	n.wg.Go(func() { n.accept(listener) })
	return nil
}

func (n *Node) accept(listener net.Listener) {
	for {
		nc, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of file descriptors: try again soon
			time.Sleep(10 * time.Millisecond)
			continue
		}
		n.adopt(listener, nc)
	}
}

// adopt serves a new connection unless the node was stopped meanwhile.
func (n *Node) adopt(listener net.Listener, nc net.Conn) {
	c := newConn(n, nc)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listener != listener {
		_ = nc.Close()
		return
	}
	n.conns[c] = struct{}{}
	n.wg.Go(c.serve)
}

// drop forgets a connection that has ended.
func (n *Node) drop(c *conn) {
	n.monitors.remove(c)
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.conns, c)
}

// stop closes the port and the connections, and waits for their goroutines.
func (n *Node) stop() {
	n.mu.Lock()
	if n.listener != nil {
		_ = n.listener.Close()
		n.listener = nil
	}
	n.mu.Unlock()
	for _, c := range n.clients() {
		c.close()
	}
	n.wg.Wait()
	n.gate.reopen()
}

func (n *Node) clients() []*conn {
	n.mu.Lock()
	defer n.mu.Unlock()
	clients := make([]*conn, 0, len(n.conns))
	for c := range n.conns {
		clients = append(clients, c)
	}
	return clients
}

func (n *Node) currentDelay() time.Duration { return time.Duration(n.delay.Load()) }
