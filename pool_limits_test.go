package redis

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

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
