package redis

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseRedirect(t *testing.T) {
	t.Parallel()
	const asked = "10.1.1.1:7000"
	for _, test := range []struct {
		reply string
		slot  int
		ask   bool
		addr  string // as asked from 10.1.1.1:7000
	}{
		{"MOVED 3999 10.2.2.2:6381", 3999, false, "10.2.2.2:6381"},
		{"ASK 3999 10.2.2.2:6381", 3999, true, "10.2.2.2:6381"},
		{"MOVED 0 node-1.example:6379", 0, false, "node-1.example:6379"},
		{"MOVED 16383 h:65535", 16383, false, "h:65535"},
		{"MOVED 1 h:1", 1, false, "h:1"},
		// an empty host is the one that was asked
		{"MOVED 3999 :6381", 3999, false, "10.1.1.1:6381"},
		{"ASK 3999 :6381", 3999, true, "10.1.1.1:6381"},
		// and so is a loopback address
		{"MOVED 3999 127.0.0.1:6381", 3999, false, "10.1.1.1:6381"},
		{"ASK 3999 ::1:6381", 3999, true, "10.1.1.1:6381"},
		// IPv6, as servers send it and as they should
		{"MOVED 3999 2001:db8::1:6381", 3999, false, "[2001:db8::1]:6381"},
		{"MOVED 3999 fe80::1%eth0:6381", 3999, false, "[fe80::1%eth0]:6381"},
		{"ASK 3999 2001:db8::8a2e:370:7334:6381", 3999, true, "[2001:db8::8a2e:370:7334]:6381"},
		{"MOVED 3999 [2001:db8::1]:6381", 3999, false, "[2001:db8::1]:6381"},
	} {
		t.Run(test.reply, func(t *testing.T) {
			t.Parallel()
			r, ok := parseRedirect(test.reply)
			require.True(t, ok)
			require.Equal(t, test.slot, r.slot)
			require.Equal(t, test.ask, r.ask)
			require.Equal(t, test.addr, completeHost(r.addr, asked))
		})
	}
}

func TestNoRedirect(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{
		"", " ", "  ", "M", "MOVED", "ASK", "MOVED ", "MOVED 1", "ASK 1", "MOVED  h:1", "MOVED 1 ", "MOVED 1  h:1",
		"MOVED 1 h:1 more", "MOVED 1 h", "MOVED 1 h:", "MOVED 1 :", "MOVED 1 h:0", "MOVED 1 h:-1", "MOVED 1 h:65536",
		"MOVED 1 h:port", "MOVED 1 h:+1", "MOVED -1 h:1", "MOVED 16384 h:1", "MOVED 65536 h:1", "MOVED one h:1",
		"MOVED 99999999999999999999 h:1", "MOVED 1 ?:6379", "ASK 1 ?:6379", "moved 1 h:1", "MOVEDX 1 h:1",
		"ASKING 1 h:1", "ERR MOVED 1 h:1", "MOVED\t1\th:1", "MOVED 1 h:1\n",
		"MOVED 1 h\x00:1", "MOVED 1 h\x1b[2J:1", "MOVED 1 h\u00a0:1", "MOVED 1 h\xff:1", "MOVED 1 a:b:1", "MOVED 1 [::1:1",
		"MOVED 1 ]:1", "ASK 1 " + strings.Repeat("h", maxHost+1) + ":1",
	} {
		t.Run(strconv.Quote(reply), func(t *testing.T) {
			t.Parallel()
			_, ok := parseRedirect(reply)
			require.False(t, ok)
		})
	}
}

func TestCompleteHost(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ addr, asked, want string }{
		{"h:1", "asked:2", "h:1"},
		{":1", "asked:2", "asked:1"},
		{":1", "[::1]:2", "[::1]:1"},
		{":1", ":2", ":1"},
		{":1", "malformed", ":1"},
		{":1", "", ":1"},
		{"[2001:db8::1]:1", "asked:2", "[2001:db8::1]:1"},
		{"127.0.0.1:1", "asked:2", "asked:1"},
		{"127.9.9.9:1", "10.0.0.1:2", "10.0.0.1:1"},
		{"[::1]:1", "asked:2", "asked:1"},
		{"localhost:1", "[2001:db8::1]:2", "[2001:db8::1]:1"},
		{"127.0.0.1:1", "127.0.0.2:2", "127.0.0.1:1"},
		{"127.0.0.1:1", "localhost:2", "127.0.0.1:1"},
		{"127.0.0.1:1", ":2", "127.0.0.1:1"},
		{"127.0.0.1:1", "malformed", "127.0.0.1:1"},
		{"malformed", "asked:2", "malformed"},
	} {
		require.Equal(t, test.want, completeHost(test.addr, test.asked), "%q asked at %q", test.addr, test.asked)
	}
}

// FuzzRedirect holds whatever a server may send against what must be so of
// everything that is taken for a redirect.
func FuzzRedirect(f *testing.F) {
	for _, seed := range []string{
		"MOVED 3999 127.0.0.1:6381", "ASK 3999 ::1:6381", "MOVED 1 :6379", "MOVED 1 [::1]:1", "MOVED 1 ?:1",
		"MOVED", "ASK 1", "MOVED 99999 h:1", "MOVED 1 []:1", "MOVED 1 [:1", "MOVED 1 ]:1", "MOVED 1 %:1", "ERR no",
	} {
		f.Add(seed, "10.0.0.1:6379")
		f.Add(seed, "[::1]:6379")
	}
	f.Fuzz(func(t *testing.T, reply, asked string) {
		r, ok := parseRedirect(reply)
		if !ok {
			return
		}
		require.True(t, strings.HasPrefix(reply, "MOVED ") || r.ask && strings.HasPrefix(reply, "ASK "))
		require.GreaterOrEqual(t, r.slot, 0)
		require.Less(t, r.slot, slotCount)
		addr := completeHost(r.addr, asked)
		at := strings.LastIndexByte(addr, ':')
		port, err := strconv.ParseUint(addr[at+1:], 10, 16)
		require.NoError(t, err)
		require.NotZero(t, port)
		require.True(t, strings.HasSuffix(reply, addr[at:]))
		if addr != r.addr {
			host, _, err := net.SplitHostPort(asked)
			require.NoError(t, err)
			require.Equal(t, net.JoinHostPort(host, addr[at+1:]), addr)
		}
	})
}

// moves is the reaction that sends a command to another node.
func moves(kind, key, addr string) reaction {
	return says(fmt.Sprintf("-%s %d %s\r\n", kind, keySlot(key), addr))
}

func TestFollowMoved(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 2)
	old, owner := servers[0], servers[1]
	key := keyOn(0, slotCount/2-1)
	old.on("GET", moves("MOVED", key, owner.addr))
	owner.on("GET", says(bulk("moved here")))
	c := clusterOf(t, servers, nil)
	ctx := background(t)
	require.Equal(t, "moved here", c.Get(ctx, key).Val())
	require.Equal(t, []string{"get " + key}, old.received())
	require.Equal(t, []string{"get " + key}, owner.received())
}

// With an empty host the port is one of the host that was asked.
func TestFollowMovedWithoutHost(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 2)
	key := keyOn(0, slotCount/2-1)
	servers[0].on("GET", moves("MOVED", key, ":"+servers[1].port()))
	servers[1].on("GET", says(bulk("moved here")))
	c := clusterOf(t, servers, nil)
	require.Equal(t, "moved here", c.Get(background(t), key).Val())
}

// A cluster that knows itself by loopback addresses is reached by the host that
// was asked, wherever it names a node.
func TestFollowToLoopback(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"MOVED", "ASK"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			network := newMemoryNet(t)
			a, b := network.add("redis.example:7000"), network.add("redis.example:7001")
			ranges := []scriptedRange{{0, slotCount/2 - 1, []string{"127.0.0.1:7000"}}, {slotCount / 2, slotCount - 1, []string{"127.0.0.1:7001"}}}
			a.setSlots(ranges...)
			b.setSlots(ranges...)
			key := keyOn(0, slotCount/2-1)
			a.on("GET", moves(kind, key, "127.0.0.1:7001"))
			b.on("GET", says(bulk("v")))
			c := network.client(nil, a.addr)
			require.Equal(t, "v", c.Get(background(t), key).Val())
			require.Zero(t, network.dialed("127.0.0.1:7001"))
		})
	}
}

// ASKING and the command are adjacent on one connection, and the map stays.
func TestFollowAsk(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 2)
	source, target := servers[0], servers[1]
	key := keyOn(0, slotCount/2-1)
	source.on("GET", moves("ASK", key, target.addr))
	target.on("GET", says(bulk("on its way")))
	c := clusterOf(t, servers, nil)
	ctx := background(t)
	for range 2 {
		require.Equal(t, "on its way", c.Get(ctx, key).Val())
	}
	require.Equal(t, []string{"get " + key, "get " + key}, source.received())
	require.Equal(t, []string{"ASKING", "get " + key, "ASKING", "get " + key}, target.received())
	s, err := c.MasterForKey(ctx, key)
	require.NoError(t, err)
	require.Equal(t, source.addr, s.Options().Addr)
}

// ASK may lead to a node that is not in the map.
func TestFollowAskToAStranger(t *testing.T) {
	t.Parallel()
	s, stranger := newScripted(t), newScripted(t)
	s.on("GET", moves("ASK", "key", stranger.addr))
	stranger.on("GET", says(bulk("v")))
	c := clusterOf(t, []*scripted{s}, nil)
	require.Equal(t, "v", c.Get(background(t), "key").Val())
	require.Equal(t, []string{"ASKING", "get key"}, stranger.received())
}

// A refused ASKING is no reply to the command behind it.
func TestRefusedAsking(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 2)
	key := keyOn(0, slotCount/2-1)
	servers[0].on("GET", moves("ASK", key, servers[1].addr))
	servers[1].on("ASKING", says("-ERR not here\r\n"))
	servers[1].on("GET", says(bulk("v")))
	c := clusterOf(t, servers, nil)
	require.Equal(t, "v", c.Get(background(t), key).Val())
}

func TestMaxRedirects(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"MOVED", "ASK"} {
		for limit, want := range map[int]int{-1: 1, 1: 2, 6: 7, 0: 1 + defaultMaxRedirects} {
			t.Run(fmt.Sprintf("%s/%d", kind, limit), func(t *testing.T) {
				t.Parallel()
				servers := newScriptedCluster(t, 2)
				a, b := servers[0], servers[1]
				key := keyOn(0, slotCount/2-1)
				a.on("GET", moves(kind, key, b.addr))
				b.on("GET", moves(kind, key, a.addr))
				c := clusterOf(t, servers, func(o *ClusterOptions) { o.MaxRedirects, o.FailoverTimeout = limit, -1 })
				promptly(t, func() {
					err := c.Get(background(t), key).Err()
					require.ErrorContains(t, err, fmt.Sprintf("%s %d 127.0.0.1:", kind, keySlot(key)))
				})
				require.Equal(t, want, a.count("GET")+b.count("GET"))
			})
		}
	}
}

// MOVED to the very endpoint that was asked wants another connection. It is
// bounded as well.
func TestMovedToTheSameEndpoint(t *testing.T) {
	t.Parallel()
	t.Run("once", func(t *testing.T) {
		t.Parallel()
		s := newScripted(t)
		s.on("GET", inTurn(moves("MOVED", "key", s.addr), says(bulk("v"))))
		c := clusterOf(t, []*scripted{s}, nil)
		ctx := background(t)
		m, err := c.MasterForKey(ctx, "key")
		require.NoError(t, err)
		require.NoError(t, m.Ping(ctx).Err())
		before := *m.pool.shared.Load()
		require.Equal(t, "v", c.Get(ctx, "key").Val())
		after := *m.pool.shared.Load()
		require.Len(t, after, 1)
		require.NotSame(t, before[0], after[0])
	})
	t.Run("for ever", func(t *testing.T) {
		t.Parallel()
		s := newScripted(t)
		s.on("SET", moves("MOVED", "key", s.addr))
		c := clusterOf(t, []*scripted{s}, func(o *ClusterOptions) { o.FailoverTimeout = -1 })
		promptly(t, func() {
			require.ErrorContains(t, c.Set(background(t), "key", "v", 0).Err(), "MOVED ")
		})
		require.Equal(t, 1+defaultMaxRetries, s.count("SET"))
	})
	t.Run("for ever, and redirects are not followed", func(t *testing.T) {
		t.Parallel()
		s := newScripted(t)
		s.on("SET", moves("MOVED", "key", s.addr))
		c := clusterOf(t, []*scripted{s}, func(o *ClusterOptions) { o.MaxRedirects = -1 })
		promptly(t, func() {
			require.ErrorContains(t, c.Set(background(t), "key", "v", 0).Err(), "MOVED ")
		})
		require.Equal(t, 1+defaultMaxRetries, s.count("SET"))
	})
}

// callers are the ways to send a command for a key. Each reports how it went.
var callers = map[string]func(ctx context.Context, c *ClusterClient, key string) error{
	"single": func(ctx context.Context, c *ClusterClient, key string) error { return c.Set(ctx, key, "v", 0).Err() },
	"pipeline": func(ctx context.Context, c *ClusterClient, key string) error {
		_, err := c.Pipelined(ctx, func(p Pipeliner) error {
			p.Ping(ctx)
			p.Set(ctx, key, "v", 0)
			return nil
		})
		return err
	},
	"transaction": func(ctx context.Context, c *ClusterClient, key string) error {
		_, err := c.TxPipelined(ctx, func(p Pipeliner) error { return p.Set(ctx, key, "v", 0).Err() })
		return err
	},
	"watch": func(ctx context.Context, c *ClusterClient, key string) error {
		return c.Watch(ctx, func(tx *Tx) error { return tx.Get(ctx, key).Err() }, key)
	},
	"part": func(ctx context.Context, c *ClusterClient, key string) error {
		return c.Del(ctx, key, keyOn(slotCount/2, slotCount-1)).Err()
	},
	"scan": func(ctx context.Context, c *ClusterClient, key string) error { return c.Scan(ctx, 0, key, 10).Err() },
}

// answerCallers has a server answer whatever callers send with the error that
// refusal gives, or as the node that serves the key where that is "".
func answerCallers(s *scripted, refusal func() string) {
	for command, reply := range map[string]string{
		"SET": "+OK\r\n", "GET": bulk("v"), "WATCH": "+OK\r\n", "DEL": ":1\r\n", "EXEC": "*1\r\n+OK\r\n",
		"SCAN": "*2\r\n$1\r\n0\r\n*0\r\n",
	} {
		s.on(command, func(c *scriptedConn, _ []string) {
			switch no := refusal(); {
			case no == "":
				c.say(reply)
			case command == "EXEC":
				c.say("-EXECABORT Transaction discarded because of previous errors.\r\n")
			default:
				c.say("-" + no + "\r\n")
			}
		})
	}
	s.on("MULTI", says("+OK\r\n"))
	s.on("UNWATCH", says("+OK\r\n"))
	s.on("INFO", says(bulk("run_id:1\r\n")))
	s.on("CLUSTER NODES", says("-ERR not here\r\n"))
}

// noRefusal refuses nothing.
func noRefusal() string { return "" }

// A redirect that names no node that can be used says that the command did not run:
// it waits for the map that knows the node.
func TestRedirectToNowhere(t *testing.T) {
	replies := []string{
		"MOVED", "ASK", "MOVED ", "MOVED 1", "MOVED 1 ", "MOVED 1  b:1", "MOVED 1 b:1 ", "MOVED 1 b", "MOVED 1 b:", "MOVED 1 :",
		"MOVED 1 :0", "ASK 1 b:0", "MOVED 1 b:65536", "MOVED 1 b:port", "MOVED 1 ?:6379", "ASK 1 ?:6379", "MOVED x b:1",
		"MOVED 16384 b:1", "ASK 99999 b:1", "MOVED -1 b:1", "MOVED x y z", "MOVED 1 b\x1b:1", "MOVED\t1\tb:1",
		"MOVED 1 " + strings.Repeat("b", maxHost+1) + ":1",
	}
	for _, reply := range replies {
		t.Run(fmt.Sprintf("%.30q", reply), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				for _, call := range callers {
					requireWaits(t, func() string { return reply }, call)
				}
			})
		})
	}
}

// requireWaits holds a call, whose node refuses it as refusal says, to waiting until
// the map has another node, for as long as its deadline or FailoverTimeout allow.
func requireWaits(t *testing.T, refusal func() string, call func(context.Context, *ClusterClient, string) error) {
	t.Helper()
	m := newMemoryNet(t)
	a, b, other := m.add("a:1"), m.add("b:1"), m.add("other:1")
	all := []*scripted{a, b, other}
	setSlots(all, sharedBy("a:1", "other:1")...)
	answerCallers(a, refusal)
	answerCallers(b, noRefusal)
	answerCallers(other, noRefusal)
	key := keyOn(0, slotCount/2-1)
	c := m.client(func(o *ClusterOptions) { o.FailoverTimeout = 3 * time.Second }, "a:1")
	defer func() { require.NoError(t, c.Close()) }()
	ready(t, c)

	began := time.Now()
	require.ErrorContains(t, call(context.Background(), c, key), refusal())
	require.InDelta(t, 3, time.Since(began).Seconds(), 1)

	began = time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	require.Error(t, call(ctx, c, key))
	require.InDelta(t, 2, time.Since(began).Seconds(), 0.1)

	time.Sleep(2 * calmAfter) // what comes now is another trouble
	time.AfterFunc(time.Second, func() { setSlots(all, sharedBy("b:1", "other:1")...) })
	began = time.Now()
	require.NoError(t, call(context.Background(), c, key))
	require.InDelta(t, 1.1, time.Since(began).Seconds(), 0.15)
	for _, s := range all {
		m.remove(s)
	}
}

// A MOVED that says what the map has already is followed, and is no reason to load the
// map. A replica that sends reads of its own shard away is left out of them for a
// while, ever longer, and is back when it serves them.
func TestReplicaThatRedirectsReads(t *testing.T) {
	for name, mode := range map[string]func(*ClusterOptions){
		"ReadOnly":       func(o *ClusterOptions) { o.ReadOnly = true },
		"RouteRandomly":  func(o *ClusterOptions) { o.RouteRandomly = true },
		"RouteByLatency": func(o *ClusterOptions) { o.RouteByLatency = true; o.RouteByLatencyTolerance = time.Hour },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m := newMemoryNet(t)
				a, r := m.add("a:1"), m.add("r:1")
				setSlots([]*scripted{a, r}, scriptedRange{0, slotCount - 1, []string{"a:1", "r:1"}})
				a.on("GET", says(bulk("v")))
				r.on("READONLY", says("-NOPERM User x has no permissions to run the 'readonly' command\r\n"))
				r.on("GET", moves("MOVED", "key", "a:1"))
				c := m.client(mode, "a:1")
				ready(t, c)
				read := func(d time.Duration) {
					for end := time.Now().Add(d); time.Now().Before(end); {
						require.Equal(t, "v", c.Get(t.Context(), "key").Val())
						time.Sleep(20 * time.Millisecond)
					}
				}
				read(50 * time.Second)
				require.LessOrEqual(t, loads(a, r), 1)
				require.InDelta(t, 4, r.count("GET"), 1, "after 5, 15 and 35 s")

				r.on("READONLY", says("+OK\r\n"))
				r.on("GET", says(bulk("v")))
				read(50 * time.Second)
				require.Greater(t, r.count("GET"), 500)
			})
		})
	}
}

// Where nobody waits for a failover, nor follows redirects, the redirect is the error.
func TestRedirectToNowhereIsReturned(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*ClusterOptions){
		"FailoverTimeout": func(o *ClusterOptions) { o.FailoverTimeout = -1 },
		"MaxRedirects":    func(o *ClusterOptions) { o.MaxRedirects = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			s.on("GET", says("-MOVED 1 ?:6379\r\n"))
			c := clusterOf(t, []*scripted{s}, change)
			require.EqualError(t, c.Get(background(t), "key").Err(), "MOVED 1 ?:6379")
			require.Equal(t, 1, s.count("GET"))
		})
	}
}

// Nodes that point at each other, or at themselves, do not agree yet on who serves
// the slot: nothing has run, and the command waits until they do.
func TestRedirectsInACircle(t *testing.T) {
	for name, test := range map[string]struct{ kind, fromA, fromB string }{
		"MOVED":           {"MOVED", "b:1", "a:1"},
		"ASK":             {"ASK", "b:1", "a:1"},
		"MOVED to itself": {"MOVED", "a:1", "b:1"},
		"ASK to itself":   {"ASK", "a:1", "b:1"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				for way, call := range callers {
					if way == "scan" {
						continue // has no slot to be redirected for
					}
					m := newMemoryNet(t)
					a, b, other := m.add("a:1"), m.add("b:1"), m.add("other:1")
					setSlots([]*scripted{a, b, other}, sharedBy("a:1", "other:1")...)
					key := keyOn(0, slotCount/2-1)
					var agreed atomic.Bool
					to := func(addr string) func() string {
						return func() string {
							if agreed.Load() {
								return ""
							}
							return fmt.Sprintf("%s %d %s", test.kind, keySlot(key), addr)
						}
					}
					answerCallers(a, to(test.fromA))
					answerCallers(b, to(test.fromB))
					answerCallers(other, noRefusal)
					c := m.client(nil, "a:1")
					ready(t, c)
					time.AfterFunc(time.Second, func() { agreed.Store(true) })
					began := time.Now()
					require.NoError(t, call(context.Background(), c, key), way)
					require.InDelta(t, 1.25, time.Since(began).Seconds(), 0.3, way)
					require.Less(t, len(a.received())+len(b.received()), 200, way)
					require.NoError(t, c.Close())
				}
			})
		})
	}
}

// A node that sends a command to itself again and again may have lost the slot: the map
// says who has it.
func TestMovedToItselfLoadsTheMap(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for way, call := range callers {
			if way == "scan" {
				continue // has no slot to be redirected for
			}
			m := newMemoryNet(t)
			a, b, other := m.add("a:1"), m.add("b:1"), m.add("other:1")
			setSlots([]*scripted{a, b, other}, sharedBy("a:1", "other:1")...)
			key := keyOn(0, slotCount/2-1)
			answerCallers(a, func() string { return fmt.Sprintf("MOVED %d a:1", keySlot(key)) })
			answerCallers(b, noRefusal)
			answerCallers(other, noRefusal)
			c := m.client(nil, "a:1")
			ready(t, c)
			time.AfterFunc(time.Second, func() { setSlots([]*scripted{a, b, other}, sharedBy("b:1", "other:1")...) })
			began := time.Now()
			require.NoError(t, call(context.Background(), c, key), way)
			require.Less(t, time.Since(began), 2*time.Second, way)
			require.NoError(t, c.Close())
		}
	})
}

// Replicas that send reads round in a circle, or to themselves, do not hold them up
// while there is a primary that serves them.
func TestReadsLeaveReplicasThatCircle(t *testing.T) {
	for name, to := range map[string][2]string{
		"each other": {"s:1", "r:1"},
		"themselves": {"r:1", "s:1"},
	} {
		for mode, change := range map[string]func(*ClusterOptions){
			"ReadOnly":      func(o *ClusterOptions) { o.ReadOnly = true },
			"RouteRandomly": func(o *ClusterOptions) { o.RouteRandomly = true },
		} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					m := newMemoryNet(t)
					a, r, s := m.add("a:1"), m.add("r:1"), m.add("s:1")
					setSlots([]*scripted{a, r, s}, scriptedRange{0, slotCount - 1, []string{"a:1", "r:1", "s:1"}})
					a.on("GET", says(bulk("v")))
					r.on("GET", moves("MOVED", "key", to[0]))
					s.on("GET", moves("MOVED", "key", to[1]))
					c := m.client(change, "a:1")
					ready(t, c)
					for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
						began := time.Now()
						require.Equal(t, "v", c.Get(t.Context(), "key").Val())
						require.Less(t, time.Since(began), 100*time.Millisecond)
						time.Sleep(20 * time.Millisecond)
					}
					require.Greater(t, a.count("GET"), r.count("GET")+s.count("GET"))
				})
			})
		}
	}
}

// The client of one server follows nothing.
func TestSingleClientFollowsNoRedirects(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("GET", moves("MOVED", "key", "127.0.0.1:1"))
	c := clientOf(t, s, nil)
	require.ErrorContains(t, c.Get(background(t), "key").Err(), "MOVED ")
	require.Equal(t, 1, s.count("GET"))
}
