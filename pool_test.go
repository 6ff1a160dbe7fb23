package redis

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
	"github.com/seed-e06f3def/rediscluster/internal/wire"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// dialed counts the dials of a client.
type dialed struct {
	count atomic.Int32
	gate  chan struct{} // if not nil, dials wait until it is closed
	err   error         // if not nil, dials fail with it
}

func (d *dialed) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d.count.Add(1)
	if d.gate != nil {
		select {
		case <-d.gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if d.err != nil {
		return nil, d.err
	}
	return new(net.Dialer).DialContext(ctx, network, addr)
}

func (s *scripted) awaitOpen(n int) {
	s.t.Helper()
	awaitThat(s.t, "the number of connections", func() bool {
		open, _ := s.connections()
		return open == n
	})
}

func TestMinIdleConns(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := clientOf(t, s, func(o *Options) {
		o.MinIdleConns, o.PoolSize = 3, 5
		o.IdleCheckFrequency = 5 * time.Millisecond
	})
	s.awaitOpen(3)
	awaitThat(t, "the pool to know them", func() bool { return c.PoolStats().IdleConns == 3 })
	require.NoError(t, c.Ping(background(t)).Err())

	s.dropConns() // they are replaced
	awaitThat(t, "new connections", func() bool {
		open, ever := s.connections()
		return open == 3 && ever == 6
	})
	awaitThat(t, "the pool to know them", func() bool {
		return *c.PoolStats() == PoolStats{Hits: 1, TotalConns: 3, IdleConns: 3, StaleConns: 3, Unusable: 3}
	})
}

// A connection that is taken out is no idle one: another is opened, at once and not
// only at the next sweep.
func TestMinIdleConnsBesidesThoseTakenOut(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := clientOf(t, s, func(o *Options) { o.MinIdleConns, o.PoolSize = 2, 4 })
	awaitThat(t, "idle connections", func() bool { return c.PoolStats().IdleConns == 2 })
	var taken []*wire.Conn
	for range 2 {
		conn, err := c.pool.take(background(t))
		require.NoError(t, err)
		taken = append(taken, conn)
		awaitThat(t, "another", func() bool { return c.PoolStats().IdleConns == 2 })
	}
	for _, conn := range taken {
		c.pool.give(conn)
	}
	_, ever := s.connections()
	require.Equal(t, 4, ever)
}

// With MinIdleConns at PoolSize there are exactly so many connections to every
// node, replicas too, and none besides.
func TestPoolsOfAllNodesAreFilled(t *testing.T) {
	t.Parallel()
	primary, replicas := newScriptedShard(t, 2)
	all := append([]*scripted{primary}, replicas...)
	c := clusterOf(t, all, func(o *ClusterOptions) { o.MinIdleConns, o.PoolSize = 4, 4 })
	for _, s := range all {
		s.awaitOpen(4)
	}
	awaitThat(t, "the pools to know them", func() bool { return c.PoolStats().IdleConns == 12 })
	var callers sync.WaitGroup
	ctx := background(t)
	for range 16 {
		callers.Go(func() {
			for range 20 {
				if err := c.Set(ctx, "key", "v", 0).Err(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
	require.EqualValues(t, 12, c.PoolStats().TotalConns)
	for _, s := range all {
		s.awaitOpen(4)
	}
}

func TestPoolSize(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := clientOf(t, s, func(o *Options) { o.PoolSize = 3 })
	ctx := background(t)
	var taken []*wire.Conn
	for range 2 {
		conn, err := c.pool.take(ctx)
		require.NoError(t, err)
		taken = append(taken, conn)
	}
	require.NotSame(t, taken[0], taken[1])
	c.pool.opt.PoolTimeout = 30 * time.Millisecond

	// The last one is shared: nobody gets it for himself, and everybody may use
	// it.
	_, err := c.pool.take(ctx)
	require.ErrorIs(t, err, ErrPoolTimeout)
	require.NoError(t, c.Ping(ctx).Err())
	require.EqualValues(t, 1, c.PoolStats().Timeouts)
	_, ever := s.connections()
	require.Equal(t, 3, ever)

	// Who waits gets what is given back.
	c.pool.opt.PoolTimeout = 0
	got := make(chan *wire.Conn)
	go func() {
		conn, _ := c.pool.take(ctx)
		got <- conn
	}()
	c.pool.give(taken[0])
	require.Same(t, taken[0], resultFrom(t, got))
	c.pool.give(taken[0])
	c.pool.give(taken[1])
	require.Equal(t, uint32(3), c.PoolStats().IdleConns)
	_, ever = s.connections()
	require.Equal(t, 3, ever)
}

func TestMaxActiveConns(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := clientOf(t, s, func(o *Options) {
		o.PoolSize, o.MaxActiveConns, o.MinIdleConns = 10, 2, 10
	})
	awaitThat(t, "the connections", func() bool { return c.PoolStats().IdleConns == 2 })
	require.EqualValues(t, 2, c.PoolStats().TotalConns)
}

// PoolTimeout is for how long a call waits for a connection, tries included. The error
// names the node, and tells of its connections.
func TestPoolTimeoutBoundsTheWholeCall(t *testing.T) {
	const limit = 200 * time.Millisecond
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		s := m.add("a:1")
		opt := &Options{Addr: "a:1", Dialer: m.dial, DisableIdentity: true, PoolSize: 2, PoolTimeout: limit}
		direct := NewClient(opt)
		cluster := m.client(func(o *ClusterOptions) { o.PoolTimeout = limit }, "a:1")
		ready(t, cluster)
		node, err := cluster.MasterForKey(t.Context(), "key")
		require.NoError(t, err)
		for name, test := range map[string]struct {
			pool *pool
			call func(context.Context) error
		}{
			"blocking": {direct.pool, func(ctx context.Context) error { return direct.BLPop(ctx, time.Second, "key").Err() }},
			"Watch":    {direct.pool, func(ctx context.Context) error { return direct.Watch(ctx, func(*Tx) error { return nil }, "key") }},
			"Conn":     {direct.pool, func(ctx context.Context) error { return direct.Conn().Ping(ctx).Err() }},
			"pipeline": {direct.pool, func(ctx context.Context) error {
				_, err := direct.Pipelined(ctx, func(p Pipeliner) error { p.BLPop(ctx, time.Second, "key"); return nil })
				return err
			}},
			"of a cluster":       {node.pool, func(ctx context.Context) error { return cluster.BLPop(ctx, time.Second, "key").Err() }},
			"Watch of a cluster": {node.pool, func(ctx context.Context) error { return cluster.Watch(ctx, func(*Tx) error { return nil }, "key") }},
			"pipeline of a cluster": {node.pool, func(ctx context.Context) error {
				_, err := cluster.Pipelined(ctx, func(p Pipeliner) error { p.BLPop(ctx, time.Second, "key"); return nil })
				return err
			}},
		} {
			conn, err := test.pool.take(t.Context())
			require.NoError(t, err)
			began := time.Now()
			err = test.call(t.Context())
			require.Equal(t, limit, time.Since(began), name)
			require.ErrorIs(t, err, ErrPoolTimeout, name)
			require.ErrorContains(t, err, "redis: connection pool timeout: a:1: no connection was free for 200ms: all 2 of PoolSize 2 are in use", name)
			var timeout net.Error
			require.ErrorAs(t, err, &timeout, name)
			require.True(t, timeout.Timeout(), name)
			test.pool.give(conn)

			// Whose own time ends sooner is told the same.
			conn, err = test.pool.take(t.Context())
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), limit/2)
			err = test.call(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded, name)
			require.ErrorContains(t, err, "redis: a:1: context deadline exceeded (waiting for a connection: all 2 of PoolSize 2 are in use)", name)
			cancel()
			test.pool.give(conn)
		}
		require.EqualValues(t, 4, direct.PoolStats().Timeouts)
		require.Zero(t, s.count("BLPOP"))
		require.NoError(t, direct.Close())
	})
}

// The connection used last is taken first, with PoolFIFO the one used longest
// ago.
func TestPoolOrder(t *testing.T) {
	t.Parallel()
	for _, fifo := range []bool{false, true} {
		s := newScripted(t)
		c := clientOf(t, s, func(o *Options) {
			o.PoolSize, o.MinIdleConns, o.PoolFIFO = 4, 4, fifo
		})
		awaitThat(t, "the connections", func() bool { return c.PoolStats().IdleConns == 4 })
		ctx := background(t)
		first, err := c.pool.take(ctx)
		require.NoError(t, err)
		require.NotSame(t, first, (*c.pool.shared.Load())[0], "that one is everybody's")
		c.pool.give(first)
		second, err := c.pool.take(ctx)
		require.NoError(t, err)
		c.pool.give(second)
		require.Equal(t, !fifo, first == second, "fifo %v", fifo)
	}
}

func TestMaxIdleConns(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := clientOf(t, s, func(o *Options) { o.PoolSize, o.MaxIdleConns = 4, 2 })
	ctx := background(t)
	var taken []*wire.Conn
	for range 3 {
		conn, err := c.pool.take(ctx)
		require.NoError(t, err)
		taken = append(taken, conn)
	}
	s.awaitOpen(4)
	for _, conn := range taken {
		c.pool.give(conn)
	}
	s.awaitOpen(2)
	require.Equal(t, PoolStats{Misses: 3, TotalConns: 2, IdleConns: 2}, *c.PoolStats())
	require.NoError(t, c.Ping(ctx).Err())
}

func TestOneDialServesManyCallers(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	d := &dialed{gate: make(chan struct{})}
	c := clientOf(t, s, func(o *Options) { o.Dialer, o.PoolSize = d.dial, 10 })
	ctx := background(t)
	const callers = 30
	results := make(chan error, callers)
	for range callers {
		go func() { results <- c.Set(ctx, "key", "v", 0).Err() }()
	}
	awaitThat(t, "the callers to wait", func() bool { return c.pool.misses.Load() == callers })
	close(d.gate)
	for range callers {
		require.NoError(t, resultFrom(t, results))
	}
	require.EqualValues(t, 1, d.count.Load())
	require.Equal(t, PoolStats{Misses: callers, TotalConns: 1, IdleConns: 1}, *c.PoolStats())
}

// A caller that leaves does not end the dial, which others may wait for.
func TestDialOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	d := &dialed{gate: make(chan struct{})}
	c := clientOf(t, s, func(o *Options) { o.Dialer = d.dial })
	ctx, cancel := context.WithCancel(background(t))
	result := make(chan error)
	go func() { result <- c.Ping(ctx).Err() }()
	awaitThat(t, "the dial", func() bool { return d.count.Load() == 1 })
	cancel()
	require.ErrorIs(t, resultFrom(t, result), context.Canceled)
	close(d.gate)
	require.NoError(t, c.Ping(background(t)).Err())
	require.EqualValues(t, 1, d.count.Load())
}

func TestMaxConcurrentDials(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	var count atomic.Int32
	gate := make(chan struct{})
	c := clientOf(t, s, func(o *Options) {
		o.PoolSize, o.MinIdleConns, o.MaxConcurrentDials = 12, 12, 3
		o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if count.Add(1) > 4 { // connections enough for as many dials at once
				<-gate
			}
			return new(net.Dialer).DialContext(ctx, network, addr)
		}
	})
	awaitThat(t, "the first dials", func() bool { return count.Load() == 4+3 })
	c.pool.mu.Lock()
	require.Zero(t, c.pool.opt.MaxConcurrentDials-c.pool.dialing)
	c.pool.mu.Unlock()
	close(gate)
	awaitThat(t, "all connections", func() bool { return c.PoolStats().IdleConns == 12 })
	require.EqualValues(t, 12, count.Load())
}

// A node that refuses is not dialled again before a pause, in which callers fail
// at once.
func TestFailedDialsBackOff(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	d := &dialed{err: errScripted}
	asked := make(chan int, 10)
	c := clientOf(t, s, func(o *Options) {
		o.Dialer, o.MinIdleConns = d.dial, 0
		o.MaxRetries = -1
		o.DialerRetryBackoff = func(attempt int) time.Duration {
			asked <- attempt
			return time.Hour
		}
	})
	ctx := background(t)
	awaitPause := func() {
		awaitThat(t, "the pause that DialerRetryBackoff gives", func() bool {
			c.pool.mu.Lock()
			defer c.pool.mu.Unlock()
			return time.Until(c.pool.retryAt) > longestDialPause
		})
	}
	promptly(t, func() {
		for range 50 {
			err := c.Ping(ctx).Err()
			require.ErrorIs(t, err, errScripted)
			var dial *DialError
			require.ErrorAs(t, err, &dial)
			require.Equal(t, s.addr, dial.Node)
			require.Equal(t, "dial", dial.Stage)
		}
	})
	require.EqualValues(t, 1, d.count.Load())
	require.True(t, c.pool.unreachable())

	// After the pause the next caller has the node dialled again.
	for n := range int32(3) {
		awaitPause()
		c.pool.mu.Lock()
		c.pool.retryAt = time.Now()
		c.pool.mu.Unlock()
		require.ErrorIs(t, c.Ping(ctx).Err(), errScripted)
		require.Equal(t, n+2, d.count.Load())
	}
	for attempt := range 4 {
		require.Equal(t, attempt, <-asked)
	}

	awaitPause()
	d.err = nil
	c.pool.mu.Lock()
	c.pool.retryAt = time.Now()
	c.pool.mu.Unlock()
	require.NoError(t, c.Ping(ctx).Err())
	require.False(t, c.pool.unreachable())
	require.Zero(t, c.pool.failures)
}

// MinIdleConns asks again and again, after pauses, until the node is there.
func TestFillingWaitsForTheNode(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	var dials atomic.Int32
	c := clientOf(t, s, func(o *Options) {
		o.MinIdleConns = 2
		o.DialerRetryTimeout = time.Millisecond
		o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if dials.Add(1) <= 6 {
				return nil, errScripted
			}
			return new(net.Dialer).DialContext(ctx, network, addr)
		}
	})
	awaitThat(t, "the connections", func() bool { return c.PoolStats().IdleConns == 2 })
	require.LessOrEqual(t, dials.Load(), int32(9))
}

// A pool is filled by and by: one dial tries the node, and then there are never
// more dials than connections. The time it takes is random.
func TestFillingStartsSlowly(t *testing.T) {
	different := map[time.Duration]bool{}
	for range 3 {
		bubble(t, func(t *testing.T) {
			m := newMemoryNet(t)
			var dialing atomic.Int32
			c := NewClient(&Options{Addr: "a:1", DisableIdentity: true, MinIdleConns: 30, PoolSize: 40,
				Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
					open := 0
					m.mu.Lock()
					s := m.servers[addr]
					m.mu.Unlock()
					if s != nil {
						open, _ = s.connections()
					}
					if n := int(dialing.Add(1)); n > max(1, open) {
						t.Errorf("%d dials at once with %d connections", n, open)
					}
					defer dialing.Add(-1)
					time.Sleep(5 * time.Millisecond)
					return m.dial(ctx, network, addr)
				},
			})
			defer func() { require.NoError(t, c.Close()) }()
			time.Sleep(5 * time.Second)
			require.LessOrEqual(t, m.dialed("a:1"), 16, "a node that is not there")
			a := m.add("a:1")
			began := time.Now()
			for c.PoolStats().IdleConns < 30 {
				time.Sleep(time.Millisecond)
			}
			require.Less(t, time.Since(began), time.Second)
			different[time.Since(began)] = true

			// So it is after a loss of all.
			a.dropConns()
			time.Sleep(6*(fillJitter+5*time.Millisecond) + 10*time.Millisecond)
			require.EqualValues(t, 30, c.PoolStats().IdleConns)
		})
	}
	require.Greater(t, len(different), 1)
}

// The pause after a failed dial doubles, up to a limit, and is random.
func TestDialPauses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		first   time.Duration
		retries int
		want    []time.Duration
	}{
		{100 * time.Millisecond, 5, []time.Duration{100, 200, 400, 800, 800, 800}},
		{10 * time.Millisecond, 2, []time.Duration{10, 20, 40, 40, 40, 40}},
		{time.Hour, 5, []time.Duration{800, 800}},
		{math.MaxInt64, 5, []time.Duration{800, 800, 800, 800, 800, 800}},
		{-1, 5, []time.Duration{0, 0, 0}},
	} {
		opt, err := (&Options{DialerRetryTimeout: test.first, DialerRetries: test.retries}).withDefaults()
		require.NoError(t, err)
		p := newPool(opt, false)
		different := map[time.Duration]bool{}
		for _, want := range test.want {
			want *= time.Millisecond
			p.mu.Lock()
			before := time.Now()
			p.refused(errScripted)
			pause := p.retryAt.Sub(before)
			spent := time.Since(before)
			p.mu.Unlock()
			require.GreaterOrEqual(t, pause, want/2)
			require.LessOrEqual(t, pause, want+spent)
			different[pause] = true
		}
		if test.first > 0 {
			require.Greater(t, len(different), 1)
		}
		require.NoError(t, p.close())
	}
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := clientOf(t, s, func(o *Options) {
		o.ConnMaxIdleTime = 10 * time.Millisecond
		o.IdleCheckFrequency = 2 * time.Millisecond
	})
	ctx := background(t)
	require.NoError(t, c.Ping(ctx).Err())
	s.awaitOpen(0)
	require.Equal(t, PoolStats{Misses: 1, StaleConns: 1}, *c.PoolStats())
	require.NoError(t, c.Ping(ctx).Err())

	// One that waits for a reply is not idle, however long that takes.
	release := make(chan struct{})
	s.on("GET", after(release, says(bulk("v"))))
	result := make(chan error)
	go func() { result <- c.Get(ctx, "key").Err() }()
	awaitThat(t, "the command", func() bool { return s.count("GET") == 1 })
	time.Sleep(30 * time.Millisecond)
	open, _ := s.connections()
	require.Equal(t, 1, open)
	close(release)
	require.NoError(t, resultFrom(t, result))

	// Nor is one that was taken out.
	conn, err := c.pool.take(ctx)
	require.NoError(t, err)
	time.Sleep(30 * time.Millisecond)
	require.NoError(t, conn.Err())
	c.pool.give(conn)
	s.awaitOpen(0)
}

// getOnAnOldConnection sends GET to s and waits until its connection is too old for
// anything else. The result of GET follows.
func getOnAnOldConnection(t *testing.T, s *scripted) (*Client, <-chan error) {
	t.Helper()
	c := clientOf(t, s, func(o *Options) {
		o.ConnMaxLifetime = 10 * time.Millisecond
		o.IdleCheckFrequency = 2 * time.Millisecond
	})
	ctx := background(t)
	result := make(chan error)
	go func() { result <- c.Get(ctx, "key").Err() }()
	awaitThat(t, "the end of its life", func() bool { return s.count("GET") == 1 && c.PoolStats().TotalConns == 0 })
	return c, result
}

func TestOldConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	release := make(chan struct{})
	s.on("GET", after(release, says(bulk("v"))))
	c, result := getOnAnOldConnection(t, s)
	require.NoError(t, c.Ping(background(t)).Err()) // on another one
	close(release)
	require.NoError(t, resultFrom(t, result), "what was in flight is served")
	s.awaitOpen(0)
}

func TestConnMaxLifetimeJitter(t *testing.T) {
	t.Parallel()
	opt, err := (&Options{ConnMaxLifetime: time.Hour, ConnMaxLifetimeJitter: 10 * time.Minute}).withDefaults()
	require.NoError(t, err)
	p := newPool(opt, false)
	defer func() { _ = p.close() }()
	early, late := false, false
	for range 200 {
		life := time.Until(p.expiry())
		require.Greater(t, life, 49*time.Minute)
		require.Less(t, life, 70*time.Minute)
		early = early || life < 55*time.Minute
		late = late || life > 65*time.Minute
	}
	require.True(t, early)
	require.True(t, late)

	p.opt.ConnMaxLifetime = 0
	require.Zero(t, p.expiry())
}

func TestPoolStats(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := clientOf(t, s, nil)
	ctx := background(t)
	require.Equal(t, PoolStats{}, *c.PoolStats())
	require.NoError(t, c.Ping(ctx).Err())
	require.Equal(t, PoolStats{Misses: 1, TotalConns: 1, IdleConns: 1}, *c.PoolStats())
	for range 4 {
		require.NoError(t, c.Ping(ctx).Err())
	}
	require.Equal(t, PoolStats{Hits: 4, Misses: 1, TotalConns: 1, IdleConns: 1}, *c.PoolStats())

	release := make(chan struct{})
	s.on("GET", after(release, says(bulk("v"))))
	result := make(chan error)
	go func() { result <- c.Get(ctx, "key").Err() }()
	awaitThat(t, "the command", func() bool { return s.count("GET") == 1 })
	require.Equal(t, PoolStats{Hits: 5, Misses: 1, TotalConns: 1}, *c.PoolStats())
	close(release)
	require.NoError(t, resultFrom(t, result))

	// A connection that is gone leaves its counts behind.
	(*c.pool.shared.Load())[0].Close(errScripted)
	require.NoError(t, c.Ping(ctx).Err())
	require.Equal(t, PoolStats{Hits: 5, Misses: 2, TotalConns: 1, IdleConns: 1, StaleConns: 1, Unusable: 1}, *c.PoolStats())
}

func TestPoolStatsOfTheClusterAreSums(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 3)
	c := clusterOf(t, servers, nil)
	require.Equal(t, PoolStats{}, *c.PoolStats())
	ctx := background(t)
	for i := range servers {
		for range 3 {
			require.NoError(t, c.Set(ctx, keyOn(i*slotCount/3, (i+1)*slotCount/3-1), "v", 0).Err())
		}
	}
	require.Equal(t, PoolStats{Hits: 6, Misses: 3, TotalConns: 3, IdleConns: 3}, *c.PoolStats())
}

func TestRetire(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	release := make(chan struct{})
	s.on("GET", after(release, says(bulk("v"))))
	c := clientOf(t, s, nil)
	ctx := background(t)
	taken, err := c.pool.take(ctx)
	require.NoError(t, err)
	result := make(chan error)
	go func() { result <- c.Get(ctx, "key").Err() }()
	awaitThat(t, "the command", func() bool { return s.count("GET") == 1 })

	c.pool.retire()
	_, err = c.pool.lane(ctx)
	require.ErrorIs(t, err, ErrClosed)
	_, err = c.pool.take(ctx)
	require.ErrorIs(t, err, ErrClosed)
	require.NoError(t, taken.Err(), "it is in use until it is given back")
	close(release)
	require.NoError(t, resultFrom(t, result), "what was in flight is served")
	s.awaitOpen(1)
	c.pool.give(taken)
	s.awaitOpen(0)
	require.ErrorIs(t, c.Close(), ErrClosed)
}

// What retiring has left to its calls is ended by closing.
func TestCloseRetiredPool(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("BLPOP", stalls)
	c := clientOf(t, s, nil)
	ctx := background(t)
	result := make(chan error)
	go func() { result <- c.BLPop(ctx, 0, "list").Err() }()
	awaitThat(t, "the command", func() bool { return s.count("BLPOP") == 1 })
	c.pool.retire()
	require.False(t, c.pool.hasEnded())
	require.ErrorIs(t, c.pool.close(), ErrClosed)
	require.ErrorIs(t, resultFrom(t, result), ErrClosed)
	s.awaitOpen(0)
	awaitThat(t, "the end", c.pool.hasEnded)
}

// So are the calls of a connection that was too old for any more of them.
func TestCloseEndsConnectionsThatLeave(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("GET", stalls)
	c, result := getOnAnOldConnection(t, s)
	promptly(t, func() { require.NoError(t, c.Close()) })
	require.ErrorIs(t, resultFrom(t, result), ErrClosed)
	s.awaitOpen(0)
	awaitThat(t, "the end", c.pool.hasEnded)
}

func TestClosePool(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("GET", stalls)
	s.on("BLPOP", stalls)
	d := &dialed{}
	c := clientOf(t, s, func(o *Options) { o.Dialer, o.PoolSize = d.dial, 3 })
	ctx := background(t)
	results := make(chan error, 3)
	go func() { results <- c.Get(ctx, "key").Err() }()
	awaitThat(t, "the command", func() bool { return s.count("GET") == 1 })
	go func() { results <- c.BLPop(ctx, 0, "list").Err() }()
	awaitThat(t, "the blocking command", func() bool { return s.count("BLPOP") == 1 })
	d.gate = make(chan struct{})
	go func() { results <- c.BLPop(ctx, 0, "list").Err() }()
	awaitThat(t, "the dial", func() bool { return d.count.Load() == 3 })

	promptly(t, func() { require.NoError(t, c.Close()) })
	for range 3 {
		require.ErrorIs(t, resultFrom(t, results), ErrClosed)
	}
	s.awaitOpen(0)
	require.ErrorIs(t, c.Close(), ErrClosed)
	require.ErrorIs(t, c.Ping(ctx).Err(), ErrClosed)
	require.Zero(t, c.PoolStats().TotalConns)
}

// Those who need a connection for themselves leave one to all others.
func TestExclusiveUseDoesNotStarveOthers(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("BLPOP", stalls)
	c := clientOf(t, s, func(o *Options) { o.PoolSize = 3 })
	ctx, cancel := context.WithCancel(background(t))
	const blocked = 6
	results := make(chan error, blocked)
	for range blocked {
		go func() { results <- c.BLPop(ctx, 0, "list").Err() }()
	}
	awaitThat(t, "all that can be taken", func() bool { return s.count("BLPOP") == 2 })
	for range 50 {
		require.NoError(t, c.Set(ctx, "key", "v", 0).Err())
	}
	_, ever := s.connections()
	require.Equal(t, 3, ever)
	cancel()
	for range blocked {
		require.ErrorIs(t, resultFrom(t, results), context.Canceled)
	}
	require.Equal(t, 2, s.count("BLPOP"), "nobody's command is sent for one who has left")
}

// The only connection there may be is lent and comes back.
func TestPoolOfOne(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("BLPOP", says("*2\r\n$4\r\nlist\r\n$1\r\nx\r\n"))
	c := clientOf(t, s, func(o *Options) { o.PoolSize = 1 })
	ctx := background(t)
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 10 {
				if err := c.Set(ctx, "key", "v", 0).Err(); err != nil {
					t.Error(err)
				}
				if err := c.BLPop(ctx, time.Minute, "list").Err(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
	require.Equal(t, 80, s.count("BLPOP"))
	_, ever := s.connections()
	require.Equal(t, 1, ever)
}

// A few callers get a connection each, a crowd shares the first.
func TestFewCallersReadForThemselves(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := clientOf(t, s, func(o *Options) { o.PoolSize = 5 })
	ctx := background(t)
	lanes := func() []*wire.Conn { return *c.pool.shared.Load() }
	given := func() *wire.Conn {
		conn, err := c.pool.lane(ctx)
		require.NoError(t, err)
		return conn
	}
	// hold has a caller wait for a reply on that connection.
	hold := func(lane int) (release func()) {
		gate, result := make(chan struct{}), make(chan error, 1)
		s.on("GET", after(gate, says(bulk("slow"))))
		go func() { result <- c.Get(ctx, "key").Err() }()
		awaitThat(t, "a caller that reads", func() bool { return len(lanes()) > lane && lanes()[lane].Solo() })
		return func() {
			close(gate)
			require.NoError(t, resultFrom(t, result))
		}
	}

	first := hold(0)
	require.Same(t, lanes()[0], given(), "nobody waits for another to be opened")
	awaitThat(t, "another", func() bool { return len(lanes()) == 2 })
	require.NoError(t, c.Ping(ctx).Err(), "what would be answered after GET on the first")
	second := hold(1)
	require.Same(t, lanes()[0], given())
	awaitThat(t, "a third", func() bool { return len(lanes()) == fewCallers })
	third := hold(2)

	for range crowdFrom/crowdedOut - 1 {
		require.Same(t, lanes()[0], given())
	}
	third()
	require.Same(t, lanes()[2], given(), "now and then one too many is no crowd")
	third = hold(2)
	for range 2 {
		require.Same(t, lanes()[0], given())
	}
	third()
	require.Same(t, lanes()[0], given(), "a crowd is")
	second()
	for range crowdStays - 1 {
		require.Same(t, lanes()[0], given())
	}
	require.Same(t, lanes()[1], given())
	first()
	_, ever := s.connections()
	require.Equal(t, fewCallers, ever)
}

// A connection that breaks under way takes the idle ones along: a write might be in
// doubt on each of them.
func TestBrokenConnectionsTakeTheIdleAlong(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("INCR", hangsUp)
	c := clientOf(t, s, func(o *Options) { o.MinIdleConns, o.PoolSize = 3, 5 })
	idle := func() uint32 { return c.PoolStats().IdleConns }
	awaitThat(t, "idle connections", func() bool { return idle() == 3 })
	before := *c.pool.shared.Load()
	require.ErrorIs(t, c.Incr(background(t), "key").Err(), ErrWriteInDoubt)
	awaitThat(t, "others", func() bool { return idle() == 3 })
	for _, conn := range *c.pool.shared.Load() {
		require.NotContains(t, before, conn)
	}
	s.awaitOpen(3)
}

// Callers share what there is, without asking for more each time, when no more may
// be opened.
func TestFewCallersWithoutAnother(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	release := make(chan struct{})
	s.on("GET", after(release, says(bulk("slow"))))
	c := clientOf(t, s, nil)
	ctx := background(t)
	require.NoError(t, c.Ping(ctx).Err())
	taken, err := c.pool.take(ctx)
	require.NoError(t, err)
	result := make(chan error, 1)
	go func() { result <- c.Get(ctx, "key").Err() }()
	awaitThat(t, "the first to be in use", func() bool { return s.count("GET") == 1 })
	for range crowdFrom {
		_, err := c.pool.lane(ctx)
		require.NoError(t, err)
	}
	require.EqualValues(t, crowdStays, c.pool.crowd.Load())
	close(release)
	require.NoError(t, resultFrom(t, result))
	c.pool.give(taken)
}

// Another connection is opened for small commands while the first is busy with
// bulk.
func TestSecondLane(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := clientOf(t, s, func(o *Options) { o.PoolSize = 5 })
	ctx := background(t)
	var callers sync.WaitGroup
	for range 64 {
		callers.Go(func() {
			for range 20 {
				if err := c.Set(ctx, "key", "small", 0).Err(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
	_, ever := s.connections()
	require.LessOrEqual(t, ever, fewCallers, "small commands need no more")

	// The server does not read on until the test says so. Few callers would not share.
	c.pool.crowd.Store(crowdStays)
	release := make(chan struct{})
	s.on("GET", after(release, says(bulk("v"))))
	results := make(chan error)
	go func() { results <- c.Get(ctx, "key").Err() }()
	awaitThat(t, "the server to wait", func() bool { return s.count("GET") == 1 })
	first, sent := (*c.pool.shared.Load())[0], 1
	awaitThat(t, "the connection to be busy", func() bool {
		if first.Busy() {
			return true
		}
		sent++
		go func() { results <- c.Set(ctx, "large", strings.Repeat("x", 512<<10), 0).Err() }()
		return false
	})

	sets := s.count("SET")
	awaitThat(t, "small commands to pass", func() bool {
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		return c.Set(short, "key", "small", 0).Err() == nil
	})
	require.Greater(t, s.count("SET"), sets)
	open, _ := s.connections()
	require.LessOrEqual(t, open, fewCallers)
	close(release)
	for range sent {
		require.NoError(t, resultFrom(t, results))
	}
}

// A large reply holds up nobody either.
func TestSecondLaneForLargeReplies(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	release := make(chan struct{})
	large := strings.Repeat("x", 1<<20)
	s.on("GET", func(c *scriptedConn, _ []string) {
		reply := bulk(large)
		c.say(reply[:100<<10])
		c.await(release)
		c.say(reply[100<<10:])
	})
	c := clientOf(t, s, nil)
	ctx := background(t)
	result := make(chan string)
	go func() { result <- c.Get(ctx, "key").Val() }()
	awaitThat(t, "the connection", func() bool { return len(*c.pool.shared.Load()) > 0 })
	awaitThat(t, "the connection to be busy", (*c.pool.shared.Load())[0].Busy)
	awaitThat(t, "small commands to pass", func() bool {
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		return c.Ping(short).Err() == nil
	})
	close(release)
	require.Equal(t, large, resultFrom(t, result))
}

// While somebody waits for a connection alone, the last one is given no more bulk, so
// that it falls idle.
func TestBulkLeavesTheLastConnectionToTakers(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	large := bulk(strings.Repeat("x", 1<<20))
	s.on("BLPOP", says("*2\r\n$4\r\nlist\r\n$1\r\nx\r\n"))
	c := clientOf(t, s, func(o *Options) { o.PoolSize, o.MinIdleConns = 3, 3 })
	ctx := background(t)
	awaitThat(t, "all connections", func() bool { return c.PoolStats().IdleConns == 3 })
	lanes := *c.pool.shared.Load()
	results := make(chan error, 5)
	// get has a large value on its way on a connection that was quiet.
	get := func(lane int) (release chan struct{}) {
		release = make(chan struct{})
		s.on("GET", func(c *scriptedConn, _ []string) {
			c.say(large[:100<<10])
			c.await(release)
			c.say(large[100<<10:])
		})
		go func() { results <- c.Get(ctx, "key").Err() }()
		awaitThat(t, "the connection to be busy", lanes[lane].Busy)
		return release
	}
	given := func() (lane int) {
		conn, err := c.pool.lane(ctx)
		require.NoError(t, err)
		return slices.Index(lanes, conn)
	}
	blpop := func(ctx context.Context) { results <- c.BLPop(ctx, time.Minute, "list").Err() }
	var releases []chan struct{}
	for lane := range lanes {
		releases = append(releases, get(lane))
	}
	for range 2 { // none has less in flight than the last one
		before := c.PoolStats().Hits
		go func() { results <- c.Ping(ctx).Err() }()
		awaitThat(t, "a small command", func() bool { return c.PoolStats().Hits > before })
	}
	require.Equal(t, 2, given())

	hasty, cancel := context.WithCancel(ctx)
	go blpop(hasty)
	awaitThat(t, "a taker", func() bool { return c.pool.takersWait.Load() })
	require.NotEqual(t, 2, given())
	cancel()
	require.ErrorIs(t, resultFrom(t, results), context.Canceled)
	require.False(t, c.pool.takersWait.Load())
	require.Equal(t, 2, given())

	go blpop(ctx)
	awaitThat(t, "a taker", func() bool { return c.pool.takersWait.Load() })
	close(releases[2])
	awaitThat(t, "the taker's command", func() bool { return s.count("BLPOP") == 1 })
	close(releases[0])
	close(releases[1])
	for range 6 {
		require.NoError(t, resultFrom(t, results))
	}
	require.False(t, c.pool.takersWait.Load())
}

// Connections that the server has closed while they were idle cost their next
// users nothing, even if those may not try again.
func TestIdleConnectionsClosedByTheServer(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("BLPOP", says("*2\r\n$4\r\nlist\r\n$1\r\nx\r\n"))
	s.on("MULTI", says("+OK\r\n"))
	s.on("EXEC", says("*1\r\n:1\r\n"))
	c := clientOf(t, s, func(o *Options) { o.PoolSize, o.MinIdleConns = 8, 8 })
	ctx := background(t)
	for _, use := range []func() error{
		func() error { return c.Incr(ctx, "n").Err() },
		func() error { return c.BLPop(ctx, time.Second, "list").Err() },
		func() error {
			_, err := c.Pipelined(ctx, func(p Pipeliner) error { return p.Incr(ctx, "n").Err() })
			return err
		},
		func() error {
			_, err := c.TxPipelined(ctx, func(p Pipeliner) error { return p.Incr(ctx, "n").Err() })
			return err
		},
	} {
		awaitThat(t, "all connections", func() bool { return c.PoolStats().IdleConns == 8 })
		require.NoError(t, c.Ping(ctx).Err())
		s.dropConns()
		time.Sleep(200 * time.Millisecond) // a connection in steady use is not looked at
		require.NoError(t, use())
		s.awaitOpen(8)
	}
	require.Equal(t, 3, s.count("INCR"))
	require.Equal(t, 1, s.count("BLPOP"))
}

// So it is for the first command of a Conn, on which nothing is tried again.
func TestConnOnIdleConnectionsClosedByTheServer(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("WATCH", says("+OK\r\n"))
	s.on("MULTI", says("+OK\r\n"))
	s.on("EXEC", says("*1\r\n:1\r\n"))
	c := clientOf(t, s, func(o *Options) { o.PoolSize, o.MinIdleConns = 8, 4 })
	ctx := background(t)
	incr := func(p Pipeliner) error { return p.Incr(ctx, "n").Err() }
	for name, use := range map[string]func(*Conn) error{
		"command":   func(conn *Conn) error { return conn.Incr(ctx, "n").Err() },
		"pipeline":  func(conn *Conn) error { _, err := conn.Pipelined(ctx, incr); return err },
		"MULTI":     func(conn *Conn) error { _, err := conn.TxPipelined(ctx, incr); return err },
		"ephemeral": func(*Conn) error { conn := c.EphemeralConn(); defer conn.Close(); return conn.Incr(ctx, "n").Err() },
	} {
		awaitThat(t, "all connections", func() bool { return c.PoolStats().IdleConns >= 4 })
		c.pool.mu.Lock()
		for _, info := range c.pool.conns {
			info.opened = info.opened.Add(-time.Minute) // none was opened in vain
		}
		c.pool.mu.Unlock()
		s.dropConns()
		conn := c.Conn()
		require.NoError(t, use(conn), name)
		require.NoError(t, conn.Close())
	}
}

// Who waits for the only connection gets it as soon as it is free.
func TestTakeTheConnectionOthersUse(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	release := make(chan struct{})
	s.on("GET", after(release, says(bulk("v"))))
	s.on("BLPOP", says("*2\r\n$4\r\nlist\r\n$1\r\nx\r\n"))
	c := clientOf(t, s, func(o *Options) { o.PoolSize = 1 })
	ctx := background(t)
	results := make(chan error, 2)
	go func() { results <- c.Get(ctx, "key").Err() }()
	awaitThat(t, "the command", func() bool { return s.count("GET") == 1 })
	go func() { results <- c.BLPop(ctx, time.Second, "list").Err() }()
	awaitThat(t, "the blocking command to wait", func() bool { return c.pool.misses.Load() == 2 })
	close(release)
	promptly(t, func() {
		for range 2 {
			require.NoError(t, resultFrom(t, results))
		}
	})
}

// A connection that has died is not given to a command twice, though nobody has
// told the pool yet.
func TestDeadConnIsFoundOnce(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("MULTI", says("+OK\r\n"))
	s.on("SET", says("+OK\r\n"))
	s.on("EXEC", says("*1\r\n+OK\r\n"))
	ctx := background(t)
	set := func(c Cmdable) error { return c.Set(ctx, "key", "value", 0).Err() }
	piped := func(piped func(context.Context, func(Pipeliner) error) ([]Cmder, error)) error {
		_, err := piped(ctx, func(pipe Pipeliner) error { return set(pipe) })
		return err
	}
	single := clientOf(t, s, func(o *Options) { o.MaxRetries = -1 }) // it is no retry
	cluster := clusterOf(t, []*scripted{s}, func(o *ClusterOptions) { o.MaxRetries = -1 })
	require.NoError(t, set(cluster))
	node := cluster.topology.node(s.addr).client
	for _, test := range []struct {
		name string
		pool *pool
		do   func() error
	}{
		{"single server", single.pool, func() error { return set(single) }},
		{"its pipeline", single.pool, func() error { return piped(single.Pipelined) }},
		{"its transaction", single.pool, func() error { return piped(single.TxPipelined) }},
		{"cluster", node.pool, func() error { return set(cluster) }},
		{"pipeline", node.pool, func() error { return piped(cluster.Pipelined) }},
		{"transaction", node.pool, func() error { return piped(cluster.TxPipelined) }},
	} {
		near, far := net.Pipe()
		require.NoError(t, far.Close())
		dead := wire.New(near, wire.Options{Node: s.addr})
		dead.Close(wire.ErrClosedByServer)
		test.pool.mu.Lock()
		test.pool.share(append([]*wire.Conn{dead}, *test.pool.shared.Load()...))
		test.pool.mu.Unlock()
		require.NoError(t, test.do(), test.name)
		require.NotContains(t, *test.pool.shared.Load(), dead, test.name)
	}
}

// Large requests that a server refuses by hanging up harm nobody else, and their callers
// know that they did not run.
func TestLargeRequestsThatTheServerRefuses(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t, redistest.Options{})
	ctx := background(t)
	c := NewClient(&Options{Addr: server.Addr(), PoolSize: 4, MaxRetries: 1})
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.ConfigSet(ctx, "proto-max-bulk-len", "1mb").Err())
	value := strings.Repeat("x", 3<<20)
	stop := make(chan struct{})
	var others errgroup.Group
	for range 4 {
		others.Go(func() error {
			for {
				select {
				case <-stop:
					return nil
				default:
				}
				if err := c.Incr(ctx, "n").Err(); err != nil {
					return err
				}
			}
		})
	}
	for name, send := range map[string]func() error{
		"command": func() error { return c.Set(ctx, "k", value, 0).Err() },
		"bytes":   func() error { return c.Set(ctx, "k", []byte(value), 0).Err() },
		"pipeline": func() error {
			_, err := c.Pipelined(ctx, func(p Pipeliner) error {
				p.Incr(ctx, "before")
				p.Set(ctx, "k", value, 0)
				return nil
			})
			return err
		},
		"transaction": func() error {
			_, err := c.TxPipelined(ctx, func(p Pipeliner) error { p.Set(ctx, "k", value, 0); return nil })
			return err
		},
	} {
		for range 3 {
			err := send()
			require.Error(t, err, name)
			require.NotErrorIs(t, err, ErrWriteInDoubt, name)
		}
	}
	close(stop)
	require.NoError(t, others.Wait())
	require.Equal(t, "3", c.Get(ctx, "before").Val())
	require.NoError(t, c.ConfigSet(ctx, "proto-max-bulk-len", "512mb").Err())
	require.NoError(t, c.Set(ctx, "k", value, 0).Err())
	require.Equal(t, value, c.Get(ctx, "k").Val())
}

// A large request shares a connection where it would have to wait for those who keep
// theirs; but it waits for another one.
func TestLargeRequestsInAPoolThatIsTaken(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := clientOf(t, s, func(o *Options) { o.PoolSize, o.PoolTimeout = 3, time.Minute })
	ctx := background(t)
	value := strings.Repeat("x", 2*largeRequest)
	require.NoError(t, c.Set(ctx, "k", value, 0).Err())
	var held []*wire.Conn
	for range 2 {
		conn, err := c.pool.take(ctx)
		require.NoError(t, err)
		held = append(held, conn)
	}
	require.NoError(t, c.Set(ctx, "k", value, 0).Err())
	c.pool.give(held[0])
	conn, alone, err := c.pool.connForLarge(ctx)
	require.NoError(t, err)
	require.True(t, alone)
	result := make(chan error, 1)
	go func() { result <- c.Set(ctx, "k", value, 0).Err() }()
	awaitThat(t, "the wait", func() bool { return c.PoolStats().PendingRequests == 1 })
	c.pool.give(conn)
	require.NoError(t, resultFrom(t, result))
	require.Zero(t, c.pool.largeOut)
	c.pool.give(held[1])
}

// A dial that fails at the handshake leaves the connections alone that work.
func TestRefusedDialsLeaveTheOthers(t *testing.T) {
	t.Parallel()
	hello := func(reply string) func(*scripted, *Options) {
		return func(s *scripted, _ *Options) { s.on("HELLO", inTurn(greets, says(reply))) }
	}
	for name, refuse := range map[string]func(*scripted, *Options){
		"too many clients": hello("-ERR max number of clients reached\r\n"),
		"wrong password":   hello("-WRONGPASS invalid username-password pair or user is disabled.\r\n"),
		"hangs up":         func(s *scripted, _ *Options) { s.on("HELLO", inTurn(greets, hangsUp)) },
		"OnConnect": func(_ *scripted, o *Options) {
			dials := 0
			o.OnConnect = func(context.Context, *Conn) error {
				if dials++; dials > 1 {
					return errScripted
				}
				return nil
			}
		},
		"credentials": func(_ *scripted, o *Options) {
			dials := 0
			o.CredentialsProviderContext = func(context.Context) (string, string, error) {
				if dials++; dials > 1 {
					return "", "", errScripted
				}
				return "user", "password", nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			c := clientOf(t, s, func(o *Options) {
				o.MaxRetries = -1
				refuse(s, o)
			})
			ctx := background(t)
			require.NoError(t, c.Ping(ctx).Err())
			first := (*c.pool.shared.Load())[0]

			conn := c.Conn()
			var refused *DialError
			require.ErrorAs(t, conn.Ping(ctx).Err(), &refused)
			require.NoError(t, conn.Close())
			require.NoError(t, c.Ping(ctx).Err())
			require.Same(t, first, (*c.pool.shared.Load())[0])
			require.False(t, c.pool.unreachable())
		})
	}
}

// No life is so long that its jitter ends it.
func TestLongestConnMaxLifetime(t *testing.T) {
	t.Parallel()
	const century = 100 * 365 * 24 * time.Hour
	for _, test := range []struct{ life, jitter time.Duration }{
		{math.MaxInt64, time.Hour},
		{math.MaxInt64 - 1, math.MaxInt64},
		{1<<62 + 1, 1<<62 + 1},
		{1 << 62, 1 << 62},
		{2 * century, century / 2},
	} {
		p := &pool{opt: &Options{ConnMaxLifetime: test.life, ConnMaxLifetimeJitter: test.jitter}}
		least := test.life - min(test.jitter, math.MaxInt64-test.life)
		for range 100 {
			began := time.Now()
			require.False(t, p.expiry().Before(began.Add(least)))
		}
	}
}

// What callers share is bounded by MaxIdleConns as well: no more is opened for a few
// of them, and a sweep closes what was opened beyond it.
func TestMaxIdleConnsOfSharedOnes(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := clientOf(t, s, func(o *Options) { o.PoolSize, o.MaxIdleConns = 10, 2 })
	ctx := background(t)
	release := make(chan struct{})
	s.on("GET", after(release, says(bulk("v"))))
	results := make(chan error, 2)
	for n := range cap(results) {
		go func() { results <- c.Get(ctx, "key").Err() }()
		awaitThat(t, "a caller on each", func() bool { return s.count("GET") == n+1 })
		for range 5 { // others, for whom one more is opened, or is not
			_, err := c.pool.lane(ctx)
			require.NoError(t, err)
		}
		awaitThat(t, "the dials", func() bool {
			c.pool.mu.Lock()
			defer c.pool.mu.Unlock()
			return c.pool.dialing == 0
		})
		require.EqualValues(t, 2, c.PoolStats().TotalConns)
	}
	close(release)
	for range cap(results) {
		require.NoError(t, resultFrom(t, results))
	}

	c.pool.mu.Lock()
	c.pool.open(3)
	c.pool.mu.Unlock()
	awaitThat(t, "more than that", func() bool { return c.PoolStats().IdleConns == 5 })
	first := (*c.pool.shared.Load())[0]
	c.pool.sweep()
	s.awaitOpen(2)
	require.EqualValues(t, 2, c.PoolStats().TotalConns)
	require.Zero(t, c.PoolStats().StaleConns)
	require.Same(t, first, (*c.pool.shared.Load())[0], "the one that all use")
}

// Whose context ends in the pause before the next attempt is told so, and what was
// wrong.
func TestContextEndsBeforeTheNextAttempt(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("GET", says("-LOADING Redis is loading the dataset in memory\r\n"))
	c := clientOf(t, s, func(o *Options) { o.MinRetryBackoff, o.MaxRetryBackoff = time.Hour, time.Hour })
	for name, get := range map[string]func(context.Context) error{
		"command": func(ctx context.Context) error { return c.Get(ctx, "key").Err() },
		"pipeline": func(ctx context.Context) error {
			pipe := c.Pipeline()
			set, get := pipe.Set(ctx, "key", "v", 0), pipe.Get(ctx, "key")
			_, err := pipe.Exec(ctx)
			require.NoError(t, set.Err())
			require.Equal(t, err, get.Err())
			return err
		},
	} {
		ctx, cancel := context.WithCancel(background(t))
		result := make(chan error, 1)
		before := s.count("GET")
		go func() { result <- get(ctx) }()
		awaitThat(t, "the first attempt", func() bool { return s.count("GET") > before })
		awaitThat(t, "its answer", func() bool { return c.PoolStats().IdleConns == 1 })
		cancel()
		err := resultFrom(t, result)
		require.ErrorIs(t, err, context.Canceled, name)
		require.ErrorContains(t, err, "tried again after: LOADING", name)
	}
}

// DialerRetryBackoff is called with no lock held, whatever it is that has failed.
func TestDialerRetryBackoffThatUsesTheClient(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		failing string // the command at which the server hangs up
		stage   string
	}{
		"handshake":     {"HELLO", "handshake"},
		"first command": {"GET", "first command"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			s.on(test.failing, hangsUp)
			ctx := background(t)
			var c *Client
			var meanwhile atomic.Pointer[DialError]
			c = clientOf(t, s, func(o *Options) {
				o.MaxRetries = -1
				o.DialerRetryBackoff = func(attempt int) time.Duration {
					if attempt != 0 {
						t.Error("who asks meanwhile has no node dialled")
					}
					c.PoolStats()
					var refused *DialError
					errors.As(c.Ping(ctx).Err(), &refused)
					meanwhile.Store(refused)
					return time.Hour
				}
			})
			var refused *DialError
			promptly(t, func() {
				for !errors.As(c.Get(ctx, "key").Err(), &refused) {
				}
			})
			require.Equal(t, test.stage, refused.Stage)
			awaitThat(t, "the pause", func() bool { return meanwhile.Load() != nil })
			require.Same(t, refused, meanwhile.Load(), "the last error")
		})
	}
}

// Who needs a connection alone has one dialled, and does not wait for the dials of
// others; no more are opened than are needed.
func TestTakersAreDialledForSideBySide(t *testing.T) {
	for name, test := range map[string]struct{ limit, atOnce int }{
		"no limit":           {0, 40},
		"MaxConcurrentDials": {8, 8},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m := newMemoryNet(t)
				s := m.add("a:1")
				s.on("BLPOP", stalls)
				var dialing, most atomic.Int32
				c := NewClient(&Options{Addr: "a:1", DisableIdentity: true, PoolSize: 60, MaxConcurrentDials: test.limit,
					Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
						n := dialing.Add(1)
						defer dialing.Add(-1)
						most.Store(max(most.Load(), n))
						time.Sleep(100 * time.Millisecond)
						return m.dial(ctx, network, addr)
					},
				})
				ctx, cancel := context.WithCancel(t.Context())
				var callers sync.WaitGroup
				began := time.Now()
				for range 40 {
					callers.Go(func() { _ = c.BLPop(ctx, 0, "list").Err() })
				}
				for s.count("BLPOP") < 40 {
					time.Sleep(10 * time.Millisecond)
				}
				require.EqualValues(t, test.atOnce, most.Load())
				rounds := 1 + (40+test.atOnce-1)/test.atOnce // one is the trial
				require.Less(t, time.Since(began), time.Duration(rounds)*100*time.Millisecond+50*time.Millisecond)
				require.Equal(t, 41, m.dialed("a:1"))
				require.NoError(t, c.Ping(ctx).Err())
				cancel()
				callers.Wait()
				require.False(t, c.pool.takersWait.Load())
				require.NoError(t, c.Close())
			})
		})
	}
}

// As long as it is not sure that a node is there, takers do not make for more dials
// than anybody else.
func TestTakersDoNotSwampANode(t *testing.T) {
	for name, test := range map[string]struct {
		hurt func(m *memoryNet, s *scripted)
		most int // dials in the second in which it is hurt, with one for each taker or not
	}{
		"away": {func(m *memoryNet, s *scripted) { m.remove(s) }, 10},
		"refuses": {func(_ *memoryNet, s *scripted) {
			s.on("HELLO", says("-ERR max number of clients reached\r\n"))
			s.dropConns()
		}, 10},
		"hangs up": {func(_ *memoryNet, s *scripted) {
			s.on("HELLO", func(c *scriptedConn, args []string) {
				greets(c, args)
				hangsUp(c, args)
			})
			s.dropConns()
		}, 60},
		"hangs up on commands": {func(_ *memoryNet, s *scripted) {
			s.on("BLPOP", hangsUp)
			s.dropConns()
		}, 60},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m := newMemoryNet(t)
				s := m.add("a:1")
				s.on("BLPOP", stalls)
				var dials moments
				c := NewClient(&Options{Addr: "a:1", DisableIdentity: true, PoolSize: 60,
					Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
						dials.add()
						time.Sleep(50 * time.Millisecond)
						return m.dial(ctx, network, addr)
					},
				})
				began := time.Now()
				end := began.Add(10 * time.Second)
				var callers sync.WaitGroup
				for range 30 {
					callers.Go(func() {
						for time.Now().Before(end) {
							ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
							_ = c.BLPop(ctx, 0, "list").Err()
							cancel()
							time.Sleep(10 * time.Millisecond)
						}
					})
				}
				time.Sleep(3 * time.Second)
				require.Equal(t, 30, s.count("BLPOP"))
				hurtAt := time.Now()
				test.hurt(m, s)
				callers.Wait()
				require.NotZero(t, dials.busiest(hurtAt))
				require.LessOrEqual(t, dials.busiest(hurtAt), test.most)
				require.LessOrEqual(t, dials.busiest(hurtAt.Add(time.Second)), 30)
				require.NoError(t, c.Close())
			})
		})
	}
}

// A Dialer that ignores its context holds up nobody for much longer than that.
func TestDialerThatIgnoresItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		s := m.add("a:1")
		s.on("BLPOP", says("_\r\n"))
		hang := make(chan struct{})
		var dials atomic.Int32
		c := NewClient(&Options{Addr: "a:1", DisableIdentity: true, MaxRetries: -1, PoolSize: 3, MinIdleConns: 1,
			DialTimeout: time.Second, PoolTimeout: time.Minute,
			Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
				if n := dials.Add(1); n == 1 || n == 3 {
					<-hang
				}
				return m.dial(ctx, network, addr)
			},
		})
		pool := c.pool
		var overdue *DialError
		require.ErrorAs(t, c.Ping(t.Context()).Err(), &overdue)
		require.ErrorIs(t, overdue, context.DeadlineExceeded)
		time.Sleep(time.Second)
		require.NoError(t, c.Ping(t.Context()).Err())

		require.ErrorIs(t, c.BLPop(t.Context(), time.Second, "list").Err(), context.DeadlineExceeded)
		time.Sleep(time.Second)
		require.ErrorIs(t, c.BLPop(t.Context(), time.Second, "list").Err(), Nil)
		require.EqualValues(t, 4, dials.Load())

		// They are under way still, for MaxConcurrentDials, and do not become too many.
		pool.mu.Lock()
		abandoned, _ := pool.opt.abandoned.at("a:1")
		require.Equal(t, 2, abandoned)
		pool.open(3)
		require.Equal(t, 1, pool.dialing)
		pool.mu.Unlock()
		awaitThat(t, "the dial", func() bool { return c.PoolStats().IdleConns == 3 })
		close(hang)
		awaitThat(t, "the end of the others", func() bool {
			abandoned, _ := pool.opt.abandoned.at("a:1")
			return abandoned == 0
		})
		s.awaitOpen(3)
		require.Equal(t, 5, m.dialed("a:1"))
		require.NoError(t, c.Close())
	})
}

// A connection whose dial ends after the pool was closed is closed before the dial is
// over, which closing waits for.
func TestDialThatEndsAfterClose(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	closed := make(chan struct{})
	c := clientOf(t, s, func(o *Options) {
		o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := new(net.Dialer).DialContext(ctx, network, addr)
			return tellsOfClose{nc, closed}, err
		}
	})
	pool := c.pool
	pool.mu.Lock()
	pool.closed = true
	pool.dialing++
	pool.wg.Add(1)
	pool.mu.Unlock()
	pool.dial(new(atomic.Pointer[dialStep]))
	select {
	case <-closed:
	default:
		require.Fail(t, "the connection is open")
	}
	require.True(t, pool.hasEnded())
}

// tellsOfClose is a connection that takes a while to be closed.
type tellsOfClose struct {
	net.Conn
	closed chan struct{}
}

func (c tellsOfClose) Close() error {
	time.Sleep(10 * time.Millisecond)
	close(c.closed)
	return c.Conn.Close()
}

// A new client of many nodes does not open all their connections at once: each node gets
// its turn, what commands need is dialled at once, and nodes that do not answer keep
// nobody from being served for long.
func TestFillingIsBoundedForTheWholeClient(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const nodes, idle = 100, 5
		m := newMemoryNet(t)
		var addrs []string
		for i := range nodes {
			addr := fmt.Sprintf("n%d:1", i)
			if i%5 == 0 {
				addr = fmt.Sprintf("blackhole%d:1", i)
			} else {
				m.add(addr)
			}
			addrs = append(addrs, addr)
		}
		seed := m.add("seed:1")
		seed.setSlots(sharedBy(addrs...)...)
		var dialing, most atomic.Int32
		var dials moments
		c := m.client(func(o *ClusterOptions) {
			o.MinIdleConns, o.PoolSize, o.ClusterStateReloadInterval = idle, 10, -1
			o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
				n := dialing.Add(1)
				defer dialing.Add(-1)
				most.Store(max(most.Load(), n))
				dials.add()
				time.Sleep(5 * time.Millisecond)
				return m.dial(ctx, network, addr)
			}
		}, "seed:1")
		began := time.Now()
		time.Sleep(200 * time.Millisecond)
		perNode := map[string]int{}
		for _, addr := range m.allDialed() {
			perNode[addr]++
		}
		for addr, n := range perNode {
			require.LessOrEqual(t, n, 2, "%s is first dialled again when all were", addr)
		}
		require.Less(t, len(m.allDialed()), 200)

		// A command does not wait for its node's turn.
		before := time.Now()
		require.NoError(t, c.Set(t.Context(), keyOn(slotCount-100, slotCount-1), "v", 0).Err())
		require.Less(t, time.Since(before), 10*time.Millisecond)

		for c.PoolStats().IdleConns < nodes*4/5*idle {
			time.Sleep(10 * time.Millisecond)
			require.Less(t, time.Since(began), 30*time.Second)
		}
		require.LessOrEqual(t, int(most.Load()), 2*fillsAtOnce+nodes/5)
		require.LessOrEqual(t, dials.busiest(began), 850)
		require.NoError(t, c.Close())
	})
}

// A client of one server has no other to go to: what it tries again waits for the next
// dial, and so survives a server that is away for a moment.
func TestClientWaitsForTheDial(t *testing.T) {
	for name, call := range map[string]func(context.Context, *Client) error{
		"command":  func(ctx context.Context, c *Client) error { return c.Set(ctx, "key", "v", 0).Err() },
		"blocking": func(ctx context.Context, c *Client) error { return c.BLPop(ctx, 0, "key").Err() },
		"pipeline": func(ctx context.Context, c *Client) error {
			_, err := c.Pipelined(ctx, func(p Pipeliner) error { p.Set(ctx, "key", "v", 0); p.Get(ctx, "key"); return nil })
			return err
		},
		"transaction": func(ctx context.Context, c *Client) error {
			_, err := c.TxPipelined(ctx, func(p Pipeliner) error { p.Set(ctx, "key", "v", 0); return nil })
			return err
		},
		"Watch": func(ctx context.Context, c *Client) error { return c.Watch(ctx, func(*Tx) error { return nil }, "key") },
		"script": func(ctx context.Context, c *Client) error {
			return NewScript("return 1").Run(ctx, c, []string{"key"}).Err()
		},
		"Conn": func(ctx context.Context, c *Client) error {
			cn := c.Conn()
			defer func() { _ = cn.Close() }()
			return cn.Set(ctx, "key", "v", 0).Err()
		},
		"pipeline of a Conn": func(ctx context.Context, c *Client) error {
			cn := c.Conn()
			defer func() { _ = cn.Close() }()
			_, err := cn.Pipelined(ctx, func(p Pipeliner) error { p.Set(ctx, "key", "v", 0); return nil })
			return err
		},
	} {
		for _, used := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, used before: %v", name, used), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					m := newMemoryNet(t)
					serve := func() *scripted {
						s := m.add("a:1")
						s.on("BLPOP", says("*2\r\n+key\r\n+v\r\n"))
						s.on("WATCH", says("+OK\r\n"))
						s.on("UNWATCH", says("+OK\r\n"))
						s.on("EVALSHA", says(":1\r\n"))
						s.on("MULTI", says("+OK\r\n"))
						s.on("EXEC", says("*1\r\n+OK\r\n"))
						return s
					}
					s := serve()
					c := NewClient(&Options{Addr: "a:1", Dialer: m.dial, DisableIdentity: true})
					if used {
						require.NoError(t, call(t.Context(), c))
					}
					m.remove(s)
					time.Sleep(time.Second)
					time.AfterFunc(250*time.Millisecond, func() { serve() })
					var callers sync.WaitGroup
					for i := range 50 {
						callers.Go(func() {
							time.Sleep(time.Duration(i) * 10 * time.Millisecond)
							if err := call(t.Context(), c); err != nil {
								t.Error(err)
							}
						})
					}
					callers.Wait()
					require.NoError(t, c.Close())
				})
			})
		}
	}
}

// A server that is away for longer costs a call no more tries than MaxRetries, and no
// more time than PoolTimeout and a dial.
func TestClientDoesNotWaitForLong(t *testing.T) {
	for name, test := range map[string]struct {
		addr   string
		change func(*Options)
		most   time.Duration
		dials  int
	}{
		"refused":              {"nobody:1", nil, 800 * time.Millisecond, 1 + defaultMaxRetries},
		"refused, no retries":  {"nobody:1", func(o *Options) { o.MaxRetries = -1 }, 0, 1},
		"dropped":              {"blackhole:1", nil, 5 * time.Second, 1},
		"dropped, short dials": {"blackhole:1", func(o *Options) { o.DialTimeout = 100 * time.Millisecond }, 1200 * time.Millisecond, 1 + defaultMaxRetries},
		"a long pause": {"nobody:1", func(o *Options) {
			o.PoolTimeout = 2 * time.Second
			o.DialerRetryBackoff = func(int) time.Duration { return time.Hour }
		}, 3 * 2 * time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m := newMemoryNet(t)
				opt := &Options{Addr: test.addr, Dialer: m.dial}
				if test.change != nil {
					test.change(opt)
				}
				c := NewClient(opt)
				began := time.Now()
				err := c.Get(t.Context(), "key").Err()
				require.LessOrEqual(t, time.Since(began), test.most)
				var dial *DialError
				require.ErrorAs(t, err, &dial)
				require.Equal(t, DialError{test.addr, "dial", dial.Err}, *dial)
				require.Equal(t, test.dials, m.dialed(test.addr))

				// A context ends the wait.
				time.Sleep(time.Hour)
				ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
				defer cancel()
				began = time.Now()
				err = c.Get(ctx, "key").Err()
				require.ErrorContains(t, err, test.addr)
				if opt.MaxRetries >= 0 {
					require.ErrorIs(t, err, context.DeadlineExceeded)
					require.Equal(t, time.Millisecond, time.Since(began))
				}
				require.NoError(t, c.Close())
			})
		})
	}
}

func TestPoolStatsOfWaiting(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := clientOf(t, s, func(o *Options) { o.PoolSize = 1 })
	ctx := background(t)
	holder := c.Conn()
	require.NoError(t, holder.Ping(ctx).Err())
	require.Equal(t, PoolStats{Misses: 1, TotalConns: 1}, *c.PoolStats(), "a dial is no connection in use")

	const pause = 20 * time.Millisecond
	waiter := make(chan error)
	go func() { waiter <- c.Ping(ctx).Err() }()
	awaitThat(t, "the waiter", func() bool { return c.PoolStats().PendingRequests == 1 })
	time.Sleep(pause) // for the sum to be of some size
	require.NoError(t, holder.Close())
	require.NoError(t, <-waiter)

	stats := c.PoolStats()
	require.EqualValues(t, 1, stats.WaitCount)
	require.GreaterOrEqual(t, stats.WaitDurationNs, int64(pause)/2)
	require.Zero(t, stats.PendingRequests)
	require.Zero(t, stats.Unusable)

	s.dropConns()
	awaitThat(t, "the end of the connection", func() bool {
		_ = c.Ping(ctx)
		return c.PoolStats().Unusable == 1
	})
	require.EqualValues(t, 1, c.PoolStats().StaleConns)
}

func TestPoolStatsOfPubSub(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("SUBSCRIBE", says(">3\r\n+subscribe\r\n+a\r\n:1\r\n"))
	c := clusterOf(t, []*scripted{s}, nil)
	sub := c.Subscribe(background(t), "a")
	_, err := sub.Receive(background(t))
	require.NoError(t, err)
	require.Equal(t, PubSubStats{Created: 1, Active: 1}, c.PoolStats().PubSubStats)
	require.NoError(t, sub.Close())
	awaitThat(t, "the end of the connection", func() bool {
		return c.PoolStats().PubSubStats == PubSubStats{Created: 1, Untracked: 1}
	})
}

func TestPoolStatsAdd(t *testing.T) {
	t.Parallel()
	one := PoolStats{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, PubSubStats{11, 12, 13}}
	sum := one
	sum.add(one)
	require.Equal(t, PoolStats{2, 4, 6, 8, 10, 12, 14, 16, 18, 20, PubSubStats{22, 24, 26}}, sum)
}
