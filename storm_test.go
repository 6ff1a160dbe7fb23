package redis

import (
	"context"
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// moments are the times at which something happened.
type moments struct {
	mu   sync.Mutex
	list []time.Time
}

func (m *moments) add() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = append(m.list, time.Now())
}

// within is how many there are from a time on, for so long.
func (m *moments) within(from time.Time, d time.Duration) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, at := range m.list {
		if !at.Before(from) && at.Before(from.Add(d)) {
			n++
		}
	}
	return n
}

// busiest is how many there are in the second with most of them, after a time.
func (m *moments) busiest(since time.Time) (most int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(m.list), func(at time.Time) bool { return at.Before(since) })
	first := 0
	for i, at := range list {
		for at.Sub(list[first]) >= time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// watchLoads notes when any of the servers is asked for the map, or would be if
// it could be reached.
func watchLoads(servers []*scripted, answer func(*scripted) string) *moments {
	asked := new(moments)
	for _, s := range servers {
		s.on("CLUSTER SLOTS", func(c *scriptedConn, _ []string) {
			asked.add()
			c.say(answer(s))
		})
	}
	return asked
}

// Whatever the load, a client dials a node that is away at most ten times a
// second, and asks for the map at most ten times a second, all servers together.
func TestStormOnANodeThatIsAway(t *testing.T) {
	loading := "-LOADING Redis is loading the dataset in memory\r\n"
	for name, test := range map[string]struct {
		answer func(*scripted) string // to CLUSTER SLOTS, once the node is away
		silent bool                   // dials get no answer
	}{
		"refusing":            {(*scripted).slotsReply, false},
		"silent":              {(*scripted).slotsReply, true},
		"no map":              {func(*scripted) string { return loading }, false},
		"left the map":        {func(*scripted) string { return slotsReply(sharedBy("b:1", "b:1", "c:1")...) }, false},
		"the map is empty":    {func(*scripted) string { return "*0\r\n" }, true},
		"silent, out of maps": {func(*scripted) string { return slotsReply(sharedBy("b:1", "b:1", "c:1")...) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m := newMemoryNet(t)
				all := []*scripted{m.add("a:1"), m.add("b:1"), m.add("c:1")}
				setSlots(all, sharedBy("a:1", "b:1", "c:1")...)
				away := all[0]
				var dials moments
				var gone sync.Once
				isGone := make(chan struct{})
				c := m.client(func(o *ClusterOptions) {
					o.MinIdleConns, o.PoolSize, o.FailoverTimeout = 16, 32, 2*time.Second
					o.DialTimeout = 150 * time.Millisecond
					o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
						if addr != away.addr {
							return m.dial(ctx, network, addr)
						}
						dials.add()
						select {
						case <-isGone:
							if test.silent {
								return m.dial(ctx, network, "blackhole:1")
							}
						default:
						}
						return m.dial(ctx, network, addr)
					}
				}, "a:1", "b:1", "c:1")
				ready(t, c)
				time.Sleep(2 * time.Second)
				require.EqualValues(t, 48, c.PoolStats().IdleConns)

				asked := watchLoads(all[1:], test.answer)
				began := time.Now()
				gone.Do(func() { close(isGone) })
				m.remove(away)
				key := keyOn(0, slotCount/3-1)
				end := began.Add(10 * time.Second)
				var callers sync.WaitGroup
				for i := range 40 {
					callers.Go(func() {
						for n := 0; time.Now().Before(end); n++ {
							ctx, cancel := context.WithTimeout(t.Context(), time.Duration(50+i*20)*time.Millisecond)
							switch i % 5 {
							case 0:
								_ = c.Set(ctx, key, "v", 0).Err()
							case 1:
								_ = c.Get(context.WithoutCancel(ctx), key).Err()
							case 2:
								_ = c.BLPop(ctx, time.Second, key).Err()
							case 3:
								_, _ = c.Pipelined(ctx, func(pipe Pipeliner) error {
									pipe.Get(ctx, key)
									pipe.Get(ctx, "{"+key+"}"+strconv.Itoa(n))
									return nil
								})
							case 4:
								_ = c.Watch(ctx, func(*Tx) error { return nil }, key)
							}
							cancel()
							time.Sleep(10 * time.Millisecond)
						}
					})
				}
				callers.Wait()
				require.NotZero(t, dials.busiest(began))
				require.LessOrEqual(t, dials.busiest(began), 10, "dials")
				require.NotZero(t, asked.busiest(began))
				require.LessOrEqual(t, asked.busiest(began), 10, "requests for the map")
			})
		})
	}
}

// A server that does nothing but complete handshakes is dialled about twenty times
// a second, however many commands there are, and however it ends connections.
func TestStormOnAServerThatHangsUp(t *testing.T) {
	for name, hurt := range map[string]func(s *scripted){
		"at every command": func(s *scripted) {
			for _, command := range []string{"GET", "SET", "CLUSTER SLOTS"} {
				s.on(command, hangsUp)
			}
		},
		"after the handshake": func(s *scripted) {
			s.on("HELLO", func(c *scriptedConn, args []string) {
				greets(c, args)
				hangsUp(c, args)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m := newMemoryNet(t)
				a, b := m.add("a:1"), m.add("b:1")
				setSlots([]*scripted{a, b}, sharedBy("a:1", "b:1")...)
				b.on("GET", says(bulk("b")))
				var dials moments
				c := m.client(func(o *ClusterOptions) {
					o.MinIdleConns = 4
					o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
						if addr == a.addr {
							dials.add()
						}
						return m.dial(ctx, network, addr)
					}
				}, "b:1")
				ready(t, c)
				time.Sleep(time.Second)

				began := time.Now()
				hurt(a)
				a.dropConns()
				key, other := keyOn(0, slotCount/2-1), keyOn(slotCount/2, slotCount-1)
				end := began.Add(5 * time.Second)
				var callers sync.WaitGroup
				for i := range 40 {
					callers.Go(func() {
						for time.Now().Before(end) {
							ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
							err := c.Get(ctx, key).Err()
							if i%2 == 0 {
								err = c.Set(ctx, key, "v", 0).Err()
							}
							cancel()
							if err == nil || c.Get(t.Context(), other).Val() != "b" {
								t.Error("one should fail, the other should not: ", err)
							}
						}
					})
				}
				callers.Wait()
				require.Greater(t, dials.busiest(began), 2)
				require.LessOrEqual(t, dials.busiest(began), 60)

				a.on("HELLO", greets)
				a.on("GET", says(bulk("a")))
				require.Equal(t, "a", c.Get(t.Context(), key).Val())
			})
		})
	}
}

// A server that always wants the client on another connection to itself is
// dialled anew, but not by every command that hears it.
func TestStormOfMovedToTheSameEndpoint(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		a := m.add("a:1")
		var dials moments
		c := m.client(func(o *ClusterOptions) {
			o.FailoverTimeout = -1
			o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
				dials.add()
				return m.dial(ctx, network, addr)
			}
		}, "a:1")
		ready(t, c)
		require.NoError(t, c.Ping(t.Context()).Err())
		asked := watchLoads([]*scripted{a}, (*scripted).slotsReply)
		a.on("GET", moves("MOVED", "key", "a:1"))
		began := time.Now()
		storm := func(until time.Time) {
			var callers sync.WaitGroup
			for range 50 {
				callers.Go(func() {
					for time.Now().Before(until) {
						if err := c.Get(t.Context(), "key").Err(); err == nil || !time.Now().Before(until.Add(time.Second)) {
							t.Error("it was told to go away", err)
						}
						time.Sleep(10 * time.Millisecond)
					}
				})
			}
			callers.Wait()
		}
		storm(began.Add(10 * time.Second))
		require.Greater(t, dials.busiest(began), 1)
		require.LessOrEqual(t, dials.busiest(began), 2*maxRenewals)
		require.LessOrEqual(t, asked.busiest(began), 10)

		a.on("GET", says(bulk("v")))
		require.Equal(t, "v", c.Get(t.Context(), "key").Val())
	})
}

// One command is enough to have a node dialled anew as often as it is tried.
func TestMovedToTheSameEndpointIsDialledEachTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		a := m.add("a:1")
		c := m.client(func(o *ClusterOptions) { o.FailoverTimeout = -1 }, "a:1")
		ready(t, c)
		time.Sleep(time.Second)
		before := m.dialed("a:1")
		a.on("GET", moves("MOVED", "key", "a:1"))
		require.ErrorContains(t, c.Get(t.Context(), "key").Err(), "MOVED ")
		require.Equal(t, 1+defaultMaxRetries, a.count("GET"))
		time.Sleep(time.Second)
		require.LessOrEqual(t, m.dialed("a:1")-before, 2+defaultMaxRetries, "and once for the map")
		require.GreaterOrEqual(t, m.dialed("a:1")-before, defaultMaxRetries)
	})
}

// While a shard is away the map is asked for often at first, and then ever more rarely,
// by less than one request in a second, whatever the servers answer. Another trouble
// makes it quick again.
func TestLoadsGetRarerWithoutNews(t *testing.T) {
	for name, answer := range map[string]func(*scripted) string{
		"the map as it was": (*scripted).slotsReply,
		"no map":            func(*scripted) string { return "-ERR not now\r\n" },
		"an empty map":      func(*scripted) string { return "*0\r\n" },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m := newMemoryNet(t)
				all := []*scripted{m.add("a:1"), m.add("b:1"), m.add("c:1")}
				setSlots(all, sharedBy("a:1", "b:1", "c:1")...)
				c := m.client(func(o *ClusterOptions) { o.FailoverTimeout = time.Hour }, "a:1")
				ready(t, c)
				time.Sleep(time.Minute)
				asked := watchLoads(all, answer)
				for _, s := range all {
					s.on("SET", says("-CLUSTERDOWN The cluster is down\r\n"))
				}
				set := func(key string) func() {
					ctx, cancel := context.WithCancel(t.Context())
					done := make(chan error, 1)
					go func() { done <- c.Set(ctx, key, "v", 0).Err() }()
					return func() {
						cancel()
						require.ErrorIs(t, <-done, context.Canceled)
					}
				}
				began := time.Now()
				end := set(keyOn(0, slotCount/3-1))
				time.Sleep(40 * time.Second)
				require.Greater(t, asked.within(began, time.Second), 5)
				require.Greater(t, asked.within(began, quickFor), 35)
				for at := 10 * time.Second; at < 40*time.Second; at += 5 * time.Second {
					require.LessOrEqual(t, asked.within(began.Add(at), 5*time.Second), 6)
					require.Positive(t, asked.within(began.Add(at), 5*time.Second))
				}
				other := time.Now()
				endOther := set(keyOn(slotCount/3, 2*slotCount/3-1))
				time.Sleep(20 * time.Second)
				require.Greater(t, asked.within(other, time.Second), 5)
				require.LessOrEqual(t, asked.within(other.Add(10*time.Second), 10*time.Second), 11)
				end()
				endOther()
			})
		})
	}
}

// A node that only redirects name is dialled once if it works, however often the map is
// loaded without it, and forgotten when none has named it for long.
func TestStrangersThatWorkAreKept(t *testing.T) {
	for _, kind := range []string{"MOVED", "ASK"} {
		t.Run(kind, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m := newMemoryNet(t)
				a, x := m.add("a:1"), m.add("x:1")
				x.setSlots(sharedBy("a:1")...)
				a.on("GET", moves(kind, "key", "x:1"))
				x.on("GET", says(bulk("v")))
				c := m.client(nil, "a:1")
				ready(t, c)
				for range 500 {
					require.Equal(t, "v", c.Get(t.Context(), "key").Val())
					c.ReloadState(t.Context())
					time.Sleep(50 * time.Millisecond)
				}
				require.Equal(t, 1, m.dialed("x:1"))
				require.Greater(t, loads(a, x), 20)
				time.Sleep(strangerFor + 2*defaultReloadInterval)
				c.topology.mu.Lock()
				require.Len(t, c.topology.nodes, 1)
				c.topology.mu.Unlock()
				open, _ := x.connections()
				require.Zero(t, open)
			})
		})
	}
}

// A server cannot have the client know any number of nodes.
func TestStrangersAreBounded(t *testing.T) {
	for _, kind := range []string{"MOVED", "ASK"} {
		t.Run(kind, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m := newMemoryNet(t)
				a := m.add("a:1")
				named := 0
				a.on("GET", func(c *scriptedConn, args []string) {
					named++
					moves(kind, args[1], "x"+strconv.Itoa(named)+":1")(c, args)
				})
				c := m.client(func(o *ClusterOptions) { o.FailoverTimeout, o.MinIdleConns = time.Second, 1 }, "a:1")
				ready(t, c)
				for i := range 50 {
					pipe := c.Pipeline()
					for j := range 200 {
						pipe.Get(t.Context(), "key"+strconv.Itoa(200*i+j))
					}
					_, err := pipe.Exec(t.Context())
					require.Error(t, err)
					c.topology.mu.Lock()
					require.LessOrEqual(t, len(c.topology.nodes), 1+mostStrangers)
					c.topology.mu.Unlock()
					require.LessOrEqual(t, len(c.topology.now.Load().shards), 2+2*mostStrangers)
				}
				require.Greater(t, named, 5000)
				a.on("GET", says(bulk("v")))
				require.Equal(t, "v", c.Get(t.Context(), "key").Val())
			})
		})
	}
}

// Of the commands that wait for a shard one goes ahead after each load of the map, and
// the others once that is served, or the map has another primary.
func TestWaitingCommandsSendAScout(t *testing.T) {
	for name, heal := range map[string]func(a, b *scripted){
		"the node serves again": func(a, _ *scripted) { a.on("SET", says("+OK\r\n")) },
		"another node serves":   func(a, b *scripted) { setSlots([]*scripted{a, b}, sharedBy("b:1")...) },
		"MOVED": func(a, b *scripted) {
			a.on("SET", func(c *scriptedConn, args []string) { moves("MOVED", args[1], "b:1")(c, args) })
		},
	} {
		for _, away := range []time.Duration{3 * time.Second, 30 * time.Second} {
			t.Run(name+" after "+away.String(), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					m := newMemoryNet(t)
					a, b := m.add("a:1"), m.add("b:1")
					setSlots([]*scripted{a, b}, sharedBy("a:1")...)
					a.on("SET", says("-CLUSTERDOWN The cluster is down\r\n"))
					c := m.client(func(o *ClusterOptions) { o.FailoverTimeout = time.Hour }, "a:1")
					ready(t, c)
					var callers sync.WaitGroup
					var ends moments
					for i := range 100 {
						callers.Go(func() {
							key := "key" + strconv.Itoa(i)
							if i%2 == 0 {
								require.NoError(t, c.Set(t.Context(), key, "v", 0).Err())
							} else {
								_, err := c.Pipelined(t.Context(), func(p Pipeliner) error { return p.Set(t.Context(), key, "v", 0).Err() })
								require.NoError(t, err)
							}
							ends.add()
						})
					}
					time.Sleep(away)
					require.LessOrEqual(t, a.count("SET"), 100+loads(a, b))
					heal(a, b)
					callers.Wait()
					require.Less(t, ends.list[len(ends.list)-1].Sub(ends.list[0]), 100*time.Millisecond)
				})
			})
		}
	}
}

// A command that blocks at the node, once that is well, holds up nobody.
func TestScoutsThatBlock(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		a := m.add("a:1")
		a.on("BLPOP", says("-CLUSTERDOWN The cluster is down\r\n"))
		c := m.client(func(o *ClusterOptions) { o.PoolSize = 200 }, "a:1")
		ready(t, c)
		var callers sync.WaitGroup
		for range 100 {
			callers.Go(func() { _ = c.BLPop(t.Context(), 0, "key").Err() })
		}
		time.Sleep(2 * time.Second)
		before := a.count("BLPOP")
		a.on("BLPOP", stalls)
		time.Sleep(2 * time.Second)
		require.Equal(t, before+100, a.count("BLPOP"))
		require.NoError(t, c.Close())
		callers.Wait()
	})
}
