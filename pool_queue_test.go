package redis

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-e06f3def/rediscluster/internal/wire"
)

// inMemory makes a client of a server at a:1 in a bubble.
func inMemory(t *testing.T, change func(*Options)) (*Client, *scripted) {
	m := newMemoryNet(t)
	s := m.add("a:1")
	opt := &Options{Addr: "a:1", DisableIdentity: true, Dialer: m.dial}
	change(opt)
	c := NewClient(opt)
	t.Cleanup(func() { _ = c.Close() })
	return c, s
}

// takes is the reaction that answers after a while.
func takes(d time.Duration, reply string) reaction {
	return func(c *scriptedConn, _ []string) {
		time.Sleep(d)
		c.say(reply)
	}
}

// Those who need a connection alone get it in the order in which they came, and
// none of the connections rests meanwhile.
func TestTakersAreServedInOrder(t *testing.T) {
	for name, size := range map[string]int{"one": 1, "two": 2, "four": 4} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c, s := inMemory(t, func(o *Options) { o.PoolSize, o.PoolTimeout = size, time.Hour })
				s.on("BLPOP", takes(50*time.Millisecond, "_\r\n"))
				const callers = 300
				var mu sync.Mutex
				var order []string
				var wg sync.WaitGroup
				began := time.Now()
				for i := range callers {
					wg.Go(func() {
						key := fmt.Sprint(i)
						if err := c.BLPop(t.Context(), time.Second, key).Err(); err != Nil {
							t.Error(err)
						}
						mu.Lock()
						defer mu.Unlock()
						order = append(order, key)
					})
					synctest.Wait()
				}
				wg.Wait()
				usable := max(1, size-1) // the last one is for those who share
				require.Equal(t, time.Duration(callers/usable)*50*time.Millisecond, time.Since(began))
				for i, key := range order {
					turn := i / usable
					require.Contains(t, seq(turn*usable, (turn+1)*usable), key)
				}
			})
		})
	}
}

// seq lists the numbers from first to before end as text.
func seq(first, end int) (list []string) {
	for i := first; i < end; i++ {
		list = append(list, fmt.Sprint(i))
	}
	return list
}

// A taker learns at once that a shared connection has fallen idle.
func TestTakerGetsWhatFallsIdle(t *testing.T) {
	for name, size := range map[string]int{"one": 1, "two": 2} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c, s := inMemory(t, func(o *Options) { o.PoolSize, o.MinIdleConns = size, size })
				time.Sleep(time.Second)
				s.on("GET", takes(70*time.Millisecond, "_\r\n"))
				s.on("BLPOP", says("_\r\n"))
				for range size { // a reader on each
					go func() { _ = c.Get(t.Context(), "key").Err() }()
					synctest.Wait()
				}
				began := time.Now()
				require.Equal(t, Nil, c.BLPop(t.Context(), time.Second, "list").Err())
				require.Equal(t, 70*time.Millisecond, time.Since(began))
			})
		})
	}
}

// A taker that gives up leaves the queue: the next one gets what it would have got,
// also if it gives up at the very moment.
func TestTakerThatLeaves(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, _ := inMemory(t, func(o *Options) { o.PoolSize, o.PoolTimeout = 2, time.Hour })
		p := c.pool
		held, err := p.take(t.Context())
		require.NoError(t, err)
		for i := range 100 {
			ctx, cancel := context.WithCancel(t.Context())
			first, second := make(chan error, 1), make(chan *wire.Conn, 1)
			go func() {
				conn, err := p.take(ctx)
				if err == nil {
					p.give(conn)
				}
				first <- err
			}()
			synctest.Wait()
			go func() {
				conn, _ := p.take(t.Context())
				second <- conn
			}()
			synctest.Wait()
			if i%2 == 0 {
				cancel()
				synctest.Wait()
				require.Equal(t, 1, p.takers.len())
				p.give(held)
			} else {
				p.give(held)
				cancel()
			}
			require.Same(t, held, <-second)
			if err := <-first; i%2 == 0 {
				require.ErrorIs(t, err, context.Canceled)
			}
			require.False(t, p.takersWait.Load())
		}
		p.give(held)
		require.EqualValues(t, 2, c.PoolStats().IdleConns)
		require.Zero(t, c.PoolStats().PendingRequests)
	})
}

// In a pool of one connection those who share it and those who need it alone take
// turns, however many there are of either.
func TestPoolOfOneIsFair(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, s := inMemory(t, func(o *Options) { o.PoolSize, o.PoolTimeout = 1, time.Hour })
		s.on("GET", takes(3*time.Millisecond, "_\r\n"))
		s.on("BLPOP", takes(3*time.Millisecond, "_\r\n"))
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				for ctx.Err() == nil {
					_ = c.Get(ctx, "key").Err()
				}
			})
			wg.Go(func() {
				for ctx.Err() == nil {
					_ = c.BLPop(ctx, time.Second, "list").Err()
				}
			})
		}
		time.Sleep(10 * time.Second)
		cancel()
		wg.Wait()
		require.Greater(t, s.count("GET"), 1000)
		require.Greater(t, s.count("BLPOP"), 100)
		_, err := c.Ping(t.Context()).Result()
		require.NoError(t, err)
	})
}

// The only connection goes back to those who share it when the taker leaves that waits
// for it to fall idle.
func TestClaimEndsWithTheTaker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, s := inMemory(t, func(o *Options) { o.PoolSize = 1 })
		release := make(chan struct{})
		s.on("GET", after(release, says("_\r\n")))
		require.NoError(t, c.Ping(t.Context()).Err())
		time.Sleep(sharersTurn)
		results := make(chan error, 3)
		go func() { results <- c.Get(t.Context(), "key").Err() }()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		go func() { results <- c.BLPop(ctx, time.Second, "list").Err() }()
		synctest.Wait()
		require.NotNil(t, c.pool.claimed)
		go func() { results <- c.Ping(t.Context()).Err() }()
		synctest.Wait()
		require.Equal(t, 1, c.pool.sharers.len())
		cancel()
		require.ErrorIs(t, <-results, context.Canceled)
		synctest.Wait()
		require.Zero(t, c.pool.sharers.len())
		close(release)
		require.ElementsMatch(t, []error{Nil, nil}, []error{<-results, <-results})
	})
}

// A connection that is always in demand reaches its age all the same.
func TestConnectionInDemandGetsOld(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, s := inMemory(t, func(o *Options) {
			o.PoolSize, o.PoolTimeout, o.ConnMaxLifetime = 2, time.Hour, time.Second
		})
		s.on("BLPOP", takes(50*time.Millisecond, "_\r\n"))
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				for range 20 {
					if err := c.BLPop(t.Context(), time.Second, "list").Err(); err != Nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait() // after five seconds
		_, ever := s.connections()
		require.GreaterOrEqual(t, ever, 5)
		require.LessOrEqual(t, ever, 8)
	})
}
