package clustertest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
)

// errClosed is returned by what cannot be done after Close.
var errClosed = errors.New("clustertest: the cluster is closed")

// Cluster is a running cluster. Its methods are safe for concurrent use.
type Cluster struct {
	opts       Options
	data       *Miniredis     // database i holds the keys of shard i
	backend    *server.Server // of data
	locked     any            // state of a peer whose commands run while data is locked
	authority  *authority     // nil without TLS
	auth       credentials
	bus        *bus
	bridge     *bridge
	functions  sync.Map // the libraries by shard
	lastClient atomic.Int64

	// mu is held for reading while a command runs and for writing while the
	// cluster changes, so that every command sees one state of it. See also
	// enter.
	mu     sync.RWMutex
	closed bool
	nodes  []*Node
	shape

	done chan struct{}
	wg   sync.WaitGroup
}

// Run starts a cluster that the caller has to Close: for programs. Tests use
// Start.
func Run(opts Options) (*Cluster, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	c := &Cluster{
		opts: opts,
		data: &Miniredis{Miniredis: miniredis.NewMiniRedis()},
		auth: credentials{username: opts.Username},
		bus:  newBus(),
		done: make(chan struct{}),
	}
	c.auth.set([]string{opts.Password})
	if opts.TLS {
		if c.authority, err = newAuthority(); err != nil {
			return nil, fmt.Errorf("clustertest: make certificates: %w", err)
		}
	}
	// The first Dial makes miniredis start without a port of its own.
	nc, err := c.data.Dial()
	if err != nil {
		return nil, fmt.Errorf("clustertest: start miniredis: %w", err)
	}
	_ = nc.Close()
	c.backend = c.data.Server()
	c.enableComposites()

	c.bridge = newBridge(c.data.Miniredis, c.bus)
	if err := c.populate(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Start starts a cluster for a test or benchmark, which it fails if that is not
// possible. The cluster is closed when the test ends.
func Start(tb testing.TB, opts Options) *Cluster {
	tb.Helper()
	c, err := Run(opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}

// populate starts the first nodes, the primaries before the replicas, and shares
// out the slots.
func (c *Cluster) populate() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shape = newShape()
	for shard := range c.opts.Shards {
		n, err := c.addNode(shard)
		if err != nil {
			return err
		}
		c.primaries = append(c.primaries, n)
	}
	for i := range c.opts.Shards * c.opts.Replicas {
		if _, err := c.addNode(i % c.opts.Shards); err != nil {
			return err
		}
	}
	// The ranges that redis-cli --cluster create would choose.
	first := 0
	for shard := range c.opts.Shards {
		end := int(math.Round(float64(slotCount*(shard+1)) / float64(c.opts.Shards)))
		for slot := first; slot < end; slot++ {
			c.owners[slot] = shard
		}
		first = end
	}
	c.reshaped()
	return nil
}

// AddShard adds a primary that owns no slots yet (see MigrateSlot and
// AssignSlots), with as many replicas as the others have, and returns it.
func (c *Cluster) AddShard() (*Node, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errClosed
	}
	shard := len(c.primaries)
	primary, err := c.addNode(shard)
	if err != nil {
		return nil, err
	}
	c.primaries = append(c.primaries, primary)
	for range c.opts.Replicas {
		if _, err := c.addNode(shard); err != nil {
			return nil, err
		}
	}
	c.reshaped()
	return primary, nil
}

// addNode starts a node and adds it to the shard. c.mu must be held.
func (c *Cluster) addNode(shard int) (*Node, error) {
	n, err := newNode(c, len(c.nodes), shard)
	if err != nil {
		return nil, err
	}
	c.nodes = append(c.nodes, n)
	return n, nil
}

// Close stops everything and waits until it has ended. Further calls do nothing.
func (c *Cluster) Close() {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	c.closed = true
	nodes := slices.Clone(c.nodes)
	c.mu.Unlock()

	close(c.done)
	c.wg.Wait() // elections under way
	for _, n := range nodes {
		n.stop()
	}
	c.bridge.close()
	c.data.end()
	c.data.Close()
}

// Addrs returns the addresses of all nodes, in the order of Nodes, as
// "127.0.0.1:port".
func (c *Cluster) Addrs() []string {
	nodes := c.Nodes()
	addrs := make([]string, len(nodes))
	for i, n := range nodes {
		addrs[i] = n.addr
	}
	return addrs
}

// Nodes returns all nodes, stopped ones too: at first the primaries by shard,
// then the replicas, then what AddShard added. The order never changes.
func (c *Cluster) Nodes() []*Node {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Clone(c.nodes)
}

// Shards returns the number of shards.
func (c *Cluster) Shards() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.primaries)
}

// Primary returns the current primary of a shard, or nil if there is no such
// shard.
func (c *Cluster) Primary(shard int) *Node {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if shard < 0 || shard >= len(c.primaries) {
		return nil
	}
	return c.primaries[shard]
}

// Primaries returns the current primaries of all shards.
func (c *Cluster) Primaries() []*Node {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Clone(c.primaries)
}

// Replicas returns the nodes of a shard that are not its primary.
func (c *Cluster) Replicas(shard int) []*Node {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.replicas(shard)
}

// PrimaryForKey returns the primary that serves key now, or nil if nobody owns
// its slot.
func (c *Cluster) PrimaryForKey(key string) *Node {
	return c.PrimaryForSlot(Slot(key))
}

// PrimaryForSlot returns the primary that serves a slot now, or nil if nobody
// owns it.
func (c *Cluster) PrimaryForSlot(slot int) *Node {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if slot < 0 || slot >= slotCount || c.owners[slot] == nobody {
		return nil
	}
	return c.primaries[c.owners[slot]]
}

// Data gives direct access to the keys of a shard, past slots and nodes. Nodes
// of the same shard share them: replication takes no time.
func (c *Cluster) Data(shard int) *miniredis.RedisDB {
	return c.data.DB(shard)
}

// Miniredis returns the instance that holds the keys of all shards, for
// FastForward, ClockTTL, SetTime, Seed and the like. Time to live does not pass by
// itself unless ClockTTL is turned on.
func (c *Cluster) Miniredis() *Miniredis {
	return c.data
}

// DialContext dials like net.Dialer.DialContext, but knows the announced host
// names of the nodes. It does not shake hands for TLS.
func (c *Cluster) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("clustertest: dial: %w", err)
	}
	if slices.ContainsFunc(c.Nodes(), func(n *Node) bool { return n.host != "" && n.host == host }) {
		addr = net.JoinHostPort(loopback, port)
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, addr)
}
