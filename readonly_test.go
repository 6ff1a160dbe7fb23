package redis

import (
	"context"
	"fmt"
	"math"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// loneNode is a node that nobody talks to.
func loneNode(t *testing.T, addr string, change func(*Options)) *node {
	t.Helper()
	opt := &Options{Addr: addr, Dialer: refuses}
	if change != nil {
		change(opt)
	}
	c := NewClient(opt)
	require.NoError(t, c.err)
	t.Cleanup(func() { _ = c.Close() })
	return &node{announced: announced{addr: addr}, client: c}
}

func loneShard(t *testing.T, replicas int) *shard {
	t.Helper()
	var list []*node
	for i := range replicas {
		list = append(list, loneNode(t, fmt.Sprintf("replica-%d:1", i+1), nil))
	}
	return newShard(loneNode(t, "primary:1", nil), list)
}

// chosenBy counts which nodes are chosen for reads.
func chosenBy(s *shard, mode readMode, tolerance time.Duration, avoid ...*node) map[string]int {
	counts := map[string]int{}
	for range 600 {
		counts[s.choose(mode, tolerance, avoid).addr]++
	}
	return counts
}

// requireShares checks that exactly these nodes were chosen, about evenly.
func requireShares(t *testing.T, counts map[string]int, addrs ...string) {
	t.Helper()
	require.Len(t, counts, len(addrs), counts)
	for _, addr := range addrs {
		require.Greater(t, counts[addr], 600/len(addrs)/2, counts)
	}
}

func TestChooseNode(t *testing.T) {
	t.Parallel()
	s := loneShard(t, 3)
	a, b, c := s.replicas[0], s.replicas[1], s.replicas[2]
	require.Equal(t, map[string]int{"primary:1": 600}, chosenBy(s, readPrimary, 0))
	requireShares(t, chosenBy(s, readReplica, 0), a.addr, b.addr, c.addr)
	requireShares(t, chosenBy(s, readRandom, 0), "primary:1", a.addr, b.addr, c.addr)

	// The share of a node that is out goes to all the others.
	b.failed()
	requireShares(t, chosenBy(s, readReplica, 0), a.addr, c.addr)
	requireShares(t, chosenBy(s, readReplica, 0, a), c.addr)
	requireShares(t, chosenBy(s, readRandom, 0, s.primary), a.addr, c.addr)
	requireShares(t, chosenBy(s, readReplica, 0, a, c), "primary:1")
	b.answered()
	requireShares(t, chosenBy(s, readReplica, 0), a.addr, b.addr, c.addr)

	// Without a replica, or with none that is fit, it is the primary.
	requireShares(t, chosenBy(loneShard(t, 0), readReplica, 0), "primary:1")
	for _, n := range s.nodes {
		n.failed()
	}
	for _, mode := range []readMode{readReplica, readRandom, readLatency} {
		requireShares(t, chosenBy(s, mode, 0), "primary:1")
	}
}

func TestChooseNearestNode(t *testing.T) {
	t.Parallel()
	s := loneShard(t, 3)
	a, b, c := s.replicas[0], s.replicas[1], s.replicas[2]
	requireShares(t, chosenBy(s, readLatency, 0), "primary:1") // nothing was measured

	s.primary.latency.Store(int64(3 * time.Millisecond))
	a.latency.Store(int64(2 * time.Millisecond))
	b.latency.Store(int64(time.Millisecond))
	c.latency.Store(math.MaxInt64) // it did not answer
	requireShares(t, chosenBy(s, readLatency, 0), b.addr)
	requireShares(t, chosenBy(s, readLatency, time.Millisecond-1), b.addr)
	requireShares(t, chosenBy(s, readLatency, time.Millisecond), a.addr, b.addr)
	requireShares(t, chosenBy(s, readLatency, 2*time.Millisecond), "primary:1", a.addr, b.addr)
	requireShares(t, chosenBy(s, readLatency, 0, b), a.addr)
	requireShares(t, chosenBy(s, readLatency, time.Hour, b, a), "primary:1")

	b.failed()
	requireShares(t, chosenBy(s, readLatency, 0), a.addr)
	requireShares(t, chosenBy(s, readLatency, time.Hour), "primary:1", a.addr)
}

// Nodes may fail, and be measured, while one of them is being chosen.
func TestChooseWhileNodesChange(t *testing.T) {
	s := loneShard(t, 2)
	over := make(chan struct{})
	var changing sync.WaitGroup
	for _, n := range s.nodes {
		n.latency.Store(1)
		changing.Go(func() {
			for i := int64(1); ; i++ {
				select {
				case <-over:
					return
				default:
				}
				n.failed()
				n.latency.Store(i%3*math.MaxInt64/2 + 1)
				n.answered()
			}
		})
	}
	for range 3000 {
		for _, mode := range []readMode{readReplica, readRandom, readLatency} {
			require.NotNil(t, s.choose(mode, time.Nanosecond, nil))
		}
	}
	close(over)
	changing.Wait()
}

func TestHealthy(t *testing.T) {
	t.Parallel()
	n := loneNode(t, "a:1", func(o *Options) { o.FailingTimeoutSeconds = 10 })
	require.True(t, n.healthy())
	n.failed()
	require.False(t, n.healthy())
	n.failedAt.Store(time.Now().Add(-11 * time.Second).UnixNano())
	require.True(t, n.healthy(), "it was long ago")
	n.failed()
	n.answered()
	require.True(t, n.healthy())

	careless := loneNode(t, "b:1", func(o *Options) { o.FailingTimeoutSeconds = -1 })
	careless.failed()
	require.True(t, careless.healthy())

	// A node that cannot be reached is not healthy, whatever the setting.
	_, err := careless.client.pool.lane(background(t))
	require.ErrorIs(t, err, errScripted)
	require.False(t, careless.healthy())
}

func TestReadsGoToReplicas(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		change  func(*ClusterOptions)
		primary bool // takes part
	}{
		{"ReadOnly", func(o *ClusterOptions) { o.ReadOnly = true }, false},
		{"RouteRandomly", func(o *ClusterOptions) { o.RouteRandomly = true }, true},
		{"RouteByLatency", func(o *ClusterOptions) { o.RouteByLatency, o.RouteByLatencyTolerance = true, time.Minute }, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			primary, replicas := newScriptedShard(t, 2)
			all := append([]*scripted{primary}, replicas...)
			for i, s := range all {
				s.on("GET", says(bulk(fmt.Sprint(i))))
			}
			c := clusterOf(t, all[:1], test.change)
			ctx := background(t)
			require.NoError(t, c.Set(ctx, "key", "v", 0).Err())
			if c.opt.readMode == readLatency {
				awaitThat(t, "the latencies", func() bool {
					return !slices.ContainsFunc(c.currentMap().nodes, func(n *node) bool { return n.latency.Load() == 0 })
				})
			}
			for range 60 {
				require.NoError(t, c.Get(ctx, "key").Err())
			}
			require.Equal(t, test.primary, primary.count("GET") > 0)
			for _, r := range replicas {
				require.Positive(t, r.count("GET"))
				require.Zero(t, r.count("SET"))
				require.Equal(t, r.count("HELLO"), r.count("READONLY"), "READONLY on every connection")
			}
			require.Equal(t, 1, primary.count("SET"))
			// What may write, or is not known to read only, goes to the primary.
			for _, s := range all {
				s.on("EVAL", says(":1\r\n"))
			}
			for range 10 {
				require.NoError(t, c.Process(ctx, NewCmd(ctx, "eval", "return 1", "1", "key")))
			}
			require.Equal(t, 10, primary.count("EVAL"))
		})
	}
}

// By default nobody but the primary serves anything.
func TestReadsStayWithThePrimary(t *testing.T) {
	t.Parallel()
	primary, replicas := newScriptedShard(t, 1)
	primary.on("GET", says(bulk("v")))
	c := clusterOf(t, []*scripted{primary}, nil)
	for range 20 {
		require.NoError(t, c.Get(background(t), "key").Err())
	}
	require.Empty(t, replicas[0].received())
	require.Zero(t, primary.count("READONLY"))
}

func TestNearestNodeServesReads(t *testing.T) {
	t.Parallel()
	primary, replicas := newScriptedShard(t, 2)
	slow := func(c *scriptedConn, _ []string) {
		time.Sleep(30 * time.Millisecond)
		c.say("+PONG\r\n")
	}
	primary.on("PING", slow)
	replicas[0].on("PING", slow)
	c := clusterOf(t, []*scripted{primary}, func(o *ClusterOptions) { o.RouteByLatency = true })
	ctx := background(t)
	require.NoError(t, c.Set(ctx, "key", "v", 0).Err())
	awaitThat(t, "the latencies", func() bool {
		return !slices.ContainsFunc(c.currentMap().nodes, func(n *node) bool { return n.latency.Load() == 0 })
	})
	for range 20 {
		require.ErrorIs(t, c.Get(ctx, "key").Err(), Nil)
	}
	require.Equal(t, 20, replicas[1].count("GET"))
}

// A read that its replica does not serve is served by another node at once, and
// nobody is sent to that replica while it does not answer.
func TestReadLeavesAReplica(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		do   reaction
	}{
		{"that is loading", says("-LOADING Redis is loading the dataset in memory\r\n")},
		{"that has lost its primary", says("-MASTERDOWN Link with MASTER is down\r\n")},
		{"that hangs up", hangsUp},
		{"that talks nonsense", says("\x00\r\n")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			primary, replicas := newScriptedShard(t, 2)
			for _, s := range []*scripted{primary, replicas[0]} {
				s.on("GET", says(bulk("v")))
			}
			replicas[1].on("GET", test.do)
			c := clusterOf(t, []*scripted{primary}, func(o *ClusterOptions) {
				o.ReadOnly = true
				o.MaxRetries = -1
			})
			ctx := background(t)
			for replicas[1].count("GET") == 0 {
				require.Equal(t, "v", c.Get(ctx, "key").Val())
			}
			for range 50 {
				require.Equal(t, "v", c.Get(ctx, "key").Val())
			}
			require.LessOrEqual(t, replicas[1].count("GET"), 5)
			require.Zero(t, primary.count("GET"))
		})
	}
}

// A read leaves a silent replica as long as another node is left, the primary last.
func TestReadLeavesAllSilentReplicas(t *testing.T) {
	t.Parallel()
	primary, replicas := newScriptedShard(t, 2)
	primary.on("GET", says(bulk("v")))
	for _, s := range replicas {
		s.on("GET", stalls)
	}
	c := clusterOf(t, []*scripted{primary}, func(o *ClusterOptions) {
		o.ReadOnly, o.SuspectAfter, o.ReadTimeout = true, 20*time.Millisecond, time.Hour
	})
	require.Equal(t, "v", c.Get(background(t), "key").Val())
}

// With every replica away reads are the primary's.
func TestReadsWithoutReplicas(t *testing.T) {
	t.Parallel()
	primary, replicas := newScriptedShard(t, 2)
	for _, r := range replicas {
		r.stop()
	}
	primary.on("GET", says(bulk("v")))
	c := clusterOf(t, []*scripted{primary}, func(o *ClusterOptions) {
		o.ReadOnly = true
		o.MaxRetries = -1
		o.FailoverTimeout = -1 // nothing waits for a new map
	})
	ctx := background(t)
	for range 50 {
		v, err := c.Get(ctx, "key").Result()
		require.NoError(t, err)
		require.Equal(t, "v", v)
	}
	require.Equal(t, 50, primary.count("GET"))
}

func TestSlaveForKey(t *testing.T) {
	t.Parallel()
	primary, replicas := newScriptedShard(t, 1)
	c := clusterOf(t, []*scripted{primary}, nil)
	ctx := background(t)
	m, err := c.MasterForKey(ctx, "key")
	require.NoError(t, err)
	require.Equal(t, primary.addr, m.Options().Addr)
	r, err := c.SlaveForKey(ctx, "key")
	require.NoError(t, err)
	require.Equal(t, replicas[0].addr, r.Options().Addr)

	alone := newScripted(t)
	r, err = clusterOf(t, []*scripted{alone}, nil).SlaveForKey(ctx, "key")
	require.NoError(t, err)
	require.Equal(t, alone.addr, r.Options().Addr)
}

// A client of many nodes measures new ones a few at a time, and the others in turn, so
// that it never sends many PINGs. The first command does not wait for all that.
func TestLatenciesOfManyNodes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const nodes = 200
		m := newMemoryNet(t)
		var addrs []string
		var pings moments
		var dialing, most atomic.Int32
		for i := range nodes {
			s := m.add(fmt.Sprintf("n%d:1", i))
			s.on("PING", func(c *scriptedConn, _ []string) {
				pings.add()
				time.Sleep(5 * time.Millisecond)
				c.say("+PONG\r\n")
			})
			addrs = append(addrs, s.addr)
		}
		m.add("seed:1").setSlots(sharedBy(addrs...)...)
		c := m.client(func(o *ClusterOptions) {
			o.RouteByLatency, o.ClusterStateReloadInterval = true, -1
			o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
				n := dialing.Add(1)
				defer dialing.Add(-1)
				most.Store(max(most.Load(), n))
				time.Sleep(10 * time.Millisecond)
				return m.dial(ctx, network, addr)
			}
		}, "seed:1")
		began := time.Now()
		require.NoError(t, c.Set(t.Context(), "key", "v", 0).Err())
		require.Less(t, time.Since(began), firstMeasure+200*time.Millisecond)
		time.Sleep(2 * time.Second)
		require.LessOrEqual(t, int(most.Load()), measureAtOnce+1)
		for _, n := range c.currentMap().nodes {
			require.NotZero(t, n.latency.Load())
		}
		later := time.Now()
		time.Sleep(30 * time.Second)
		require.LessOrEqual(t, pings.busiest(later), 3*int(time.Second/measurePause)+3)
		require.NotZero(t, pings.busiest(later))
		require.NoError(t, c.Close())
	})
}
