package redis

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// sharedBy is an answer to CLUSTER SLOTS in which each node has its share.
func sharedBy(addrs ...string) []scriptedRange {
	var ranges []scriptedRange
	for i, addr := range addrs {
		ranges = append(ranges, scriptedRange{i * slotCount / len(addrs), (i+1)*slotCount/len(addrs) - 1, []string{addr}})
	}
	return ranges
}

// loads counts the answers to CLUSTER SLOTS that servers were asked for.
func loads(servers ...*scripted) (n int) {
	for _, s := range servers {
		n += s.count("CLUSTER SLOTS")
	}
	return n
}

// ready loads the first map.
func ready(t *testing.T, c *ClusterClient) {
	t.Helper()
	_, err := c.slotMap(t.Context())
	require.NoError(t, err)
}

// However many reasons there are to load the map, it is done at most every
// 100 ms, by one caller, who asks one server.
// A node that only ASK has named is in no answer. The map may be loaded while a command
// waits for its first connection.
func TestLoadsWhileAStrangerIsDialled(t *testing.T) {
	t.Parallel()
	s, stranger := newScripted(t), newScripted(t)
	greeted, release := make(chan struct{}), make(chan struct{})
	tell := sync.OnceFunc(func() { close(greeted) })
	stranger.on("HELLO", func(c *scriptedConn, args []string) {
		tell()
		c.await(release)
		greets(c, args)
	})
	s.on("SET", says(fmt.Sprintf("-ASK %d %s\r\n", keySlot("key"), stranger.addr)))
	c := clusterOf(t, []*scripted{s}, nil)
	ctx := background(t)
	result := make(chan error)
	go func() { result <- c.Set(ctx, "key", "v", 0).Err() }()
	<-greeted
	for range 2 {
		refreshed := c.topology.next()
		c.ReloadState(ctx)
		<-refreshed
	}
	close(release)
	require.NoError(t, resultFrom(t, result))
	_, ever := stranger.connections()
	require.Equal(t, 1, ever)
}

func TestLoadsAreRare(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		a, b := m.add("a:1"), m.add("b:1")
		a.setSlots(sharedBy("a:1", "b:1")...)
		b.setSlots(sharedBy("a:1", "b:1")...)
		c := m.client(nil, "a:1")
		ready(t, c)
		before := loads(a, b)
		require.Equal(t, 1, before)

		began := time.Now()
		var reasons sync.WaitGroup
		for range 4 {
			reasons.Go(func() {
				for time.Since(began) < 3*time.Second {
					c.ReloadState(t.Context())
					time.Sleep(time.Millisecond)
				}
			})
		}
		reasons.Wait()
		got := loads(a, b) - before
		require.LessOrEqual(t, got, 30)
		require.GreaterOrEqual(t, got, 24)

		// Without a reason nobody is asked before the period of 60 s is over.
		time.Sleep(time.Second)
		before = loads(a, b)
		time.Sleep(55 * time.Second)
		require.Equal(t, before, loads(a, b))
		time.Sleep(2 * time.Second)
		require.Equal(t, before+1, loads(a, b))
	})
}

// Reasons that come while the map is being loaded make for one more load, not
// for one each, and wait for nobody.
func TestLoadIsASingleFlight(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		a := m.add("a:1")
		c := m.client(nil, "a:1")
		ready(t, c)
		time.Sleep(time.Second)
		release := make(chan struct{})
		a.on("CLUSTER SLOTS", after(release, func(conn *scriptedConn, _ []string) { conn.say(a.slotsReply()) }))
		for range 50 {
			c.ReloadState(t.Context())
			synctest.Wait()
		}
		require.Equal(t, 2, loads(a))
		close(release)
		time.Sleep(time.Second)
		require.Equal(t, 3, loads(a))
	})
}

// A storm of redirects is no storm of loads.
func TestRedirectsLoadRarely(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		a, b := m.add("a:1"), m.add("b:1")
		// The servers disagree with what they tell.
		a.on("GET", moves("MOVED", "key", "b:1"))
		b.on("GET", says(bulk("v")))
		a.setSlots(sharedBy("a:1")...)
		b.setSlots(sharedBy("a:1")...)
		c := m.client(nil, "a:1")
		ready(t, c)
		for range 1000 {
			require.NoError(t, c.Get(t.Context(), "key").Err())
			time.Sleep(time.Millisecond)
		}
		require.LessOrEqual(t, loads(a, b), 11)
		require.Less(t, a.count("GET"), 30, "MOVED is remembered until it is contradicted")
	})
}

// Without a map three servers are asked together, and the others one by one.
func TestFirstLoadIsUrgent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		c := m.client(func(o *ClusterOptions) { o.DialTimeout = time.Minute }, "blackhole:1", "blackhole:2", "blackhole:3", "blackhole:4", "blackhole:5")
		began := time.Now()
		result := make(chan error, 1)
		go func() { result <- c.Ping(t.Context()).Err() }()
		synctest.Wait()
		require.Len(t, m.allDialed(), 3)
		time.Sleep(askNext + time.Millisecond)
		require.Len(t, m.allDialed(), 4)
		time.Sleep(askNext)
		all := slices.Sorted(slices.Values(m.allDialed()))
		require.Len(t, all, 5)
		require.Len(t, slices.Compact(all), 5, "each once")

		// The load ends by its own timeout, and is tried again MaxRetries times.
		err := <-result
		require.ErrorContains(t, err, "blackhole:")
		require.Less(t, time.Since(began), time.Duration(1+defaultMaxRetries)*(refreshTimeout+time.Second))
		require.NoError(t, t.Context().Err())
	})
}

// The first good answer is taken, whatever the others do.
func TestFirstGoodAnswerCounts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		failing, good := m.add("failing:1"), m.add("good:1")
		failing.on("CLUSTER SLOTS", says("-ERR This instance has cluster support disabled\r\n"))
		good.setSlots(sharedBy("good:1")...)
		for range 20 {
			c := m.client(nil, "failing:1", "good:1", "blackhole:1", "nobody:1")
			began := time.Now()
			ready(t, c)
			require.LessOrEqual(t, time.Since(began), askNext)
			require.NoError(t, c.Close())
		}
	})
}

// A server that takes long does not hold up the load, and one that fails hands
// over to the next at once.
func TestNextServerIsAsked(t *testing.T) {
	for name, test := range map[string]struct {
		first reaction
		takes time.Duration
	}{
		"slow":    {func(c *scriptedConn, _ []string) { c.await(nil) }, askNext},
		"failing": {says("-LOADING Redis is loading the dataset in memory\r\n"), 0},
		"garbled": {says("?\r\n"), 0},
		"empty":   {says("*0\r\n"), 0},
		"dead":    {hangsUp, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m := newMemoryNet(t)
				servers := []*scripted{m.add("a:1"), m.add("b:1"), m.add("c:1")}
				for _, s := range servers {
					s.setSlots(sharedBy("a:1", "b:1", "c:1")...)
				}
				c := m.client(nil, "a:1")
				ready(t, c)
				time.Sleep(time.Second)
				before := loads(servers...)
				answer := inTurn(test.first, says(servers[0].slotsReply()))
				for _, s := range servers {
					s.on("CLUSTER SLOTS", answer)
				}
				refreshed := c.topology.next()
				began := time.Now()
				c.ReloadState(t.Context())
				<-refreshed
				require.Equal(t, test.takes, time.Since(began))
				require.NoError(t, c.topology.lastErr)
				require.Equal(t, before+2, loads(servers...))
			})
		})
	}
}

// When nobody has an answer the error tells of all of them, and the map stays.
func TestLoadFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		a, b := m.add("a:1"), m.add("b:1")
		for _, s := range []*scripted{a, b} {
			s.setSlots(sharedBy("a:1", "b:1")...)
		}
		c := m.client(nil, "a:1")
		ready(t, c)
		now := c.currentMap()
		for _, reply := range []string{
			"-CLUSTERDOWN Hash slot not served\r\n", "*0\r\n", slotsReply(scriptedRange{0, 16383, []string{"?:0"}}),
			slotsReply(scriptedRange{0, 20000, []string{"a:1"}}), "+OK\r\n",
		} {
			a.on("CLUSTER SLOTS", says(reply))
			b.on("CLUSTER SLOTS", says(reply))
			time.Sleep(time.Second)
			refreshed := c.topology.next()
			c.ReloadState(t.Context())
			<-refreshed
			require.Error(t, c.topology.lastErr, reply)
			require.Same(t, now, c.currentMap(), reply)
		}
		require.NoError(t, c.Set(t.Context(), "key", "v", 0).Err())
	})
}

// The error of a client that finds no cluster names every address it tried.
func TestNoServerAnswers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		m.add("loading:1").on("CLUSTER SLOTS", says("-LOADING Redis is loading the dataset in memory\r\n"))
		c := m.client(nil, "nobody:1", "loading:1")
		began := time.Now()
		err := c.Ping(t.Context()).Err()
		require.ErrorContains(t, err, "redis: nobody:1: dial: ")
		require.ErrorContains(t, err, "LOADING")
		require.Less(t, time.Since(began), 5*time.Second)
		require.Equal(t, 1+defaultMaxRetries, m.servers["loading:1"].count("CLUSTER SLOTS"))
	})
}

// A caller whose context ends while the first map is loaded is told who was asked, and
// what was awaited.
func TestContextEndsInTheFirstLoad(t *testing.T) {
	never := make(chan struct{})
	for name, test := range map[string]struct {
		change func(s *scripted, o *ClusterOptions)
		want   []string
	}{
		"dropped packets": {func(_ *scripted, o *ClusterOptions) { o.Addrs = []string{"blackhole:1"} }, []string{"redis: blackhole:1: dial: "}},
		"one refuses, one drops packets": {
			func(_ *scripted, o *ClusterOptions) { o.Addrs = []string{"blackhole:1", "nobody:1"} },
			[]string{"redis: blackhole:1: dial: ", "redis: nobody:1: dial: "},
		},
		"TLS to a plain port": {func(_ *scripted, o *ClusterOptions) {
			o.Dialer = func(ctx context.Context, _, _ string) (net.Conn, error) {
				near, far := net.Pipe()
				go func() { _, _ = io.Copy(io.Discard, far) }()
				return handshakeTLS(ctx, near, &tls.Config{ServerName: "a"})
			}
		}, []string{"redis: a:1: TLS handshake: ", "is it a port without TLS?"}},
		"no greeting": {func(s *scripted, _ *ClusterOptions) { s.on("HELLO", stalls) }, []string{"redis: a:1: handshake: "}},
		"credentials": {func(_ *scripted, o *ClusterOptions) {
			o.CredentialsProviderContext = func(ctx context.Context) (string, string, error) {
				<-ctx.Done()
				return "", "", ctx.Err()
			}
		}, []string{"redis: a:1: credentials: "}},
		"OnConnect": {func(_ *scripted, o *ClusterOptions) {
			o.OnConnect = func(ctx context.Context, _ *Conn) error {
				<-ctx.Done()
				return ctx.Err()
			}
		}, []string{"redis: a:1: OnConnect: "}},
		"no map":   {func(s *scripted, _ *ClusterOptions) { s.on("CLUSTER SLOTS", stalls) }, []string{"a:1", "CLUSTER SLOTS: "}},
		"no epoch": {func(s *scripted, _ *ClusterOptions) { s.on("CLUSTER INFO", stalls) }, []string{"a:1", "CLUSTER INFO: "}},
		"ClusterSlots": {func(_ *scripted, o *ClusterOptions) {
			o.ClusterSlots = func(ctx context.Context) ([]ClusterSlot, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
		}, []string{"ClusterSlots has not returned: "}},
		"NewClient": {func(_ *scripted, o *ClusterOptions) {
			o.NewClient = func(opt *Options) *Client {
				<-never
				return NewClient(opt)
			}
		}, []string{"a:1: NewClient", " has not returned: "}},
	} {
		for _, limit := range []time.Duration{200 * time.Millisecond, 2 * time.Second} {
			t.Run(fmt.Sprint(name, " ", limit), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					never = make(chan struct{})
					defer close(never)
					m := newMemoryNet(t)
					s := m.add("a:1")
					c := m.client(func(o *ClusterOptions) { test.change(s, o) }, "a:1")
					ctx, cancel := context.WithTimeout(t.Context(), limit)
					defer cancel()
					began := time.Now()
					err := c.Set(ctx, "key", "v", 0).Err()
					require.Equal(t, limit, time.Since(began))
					require.ErrorIs(t, err, context.DeadlineExceeded)
					require.ErrorContains(t, err, "redis: loading the slot map: ")
					for _, want := range test.want {
						require.ErrorContains(t, err, want)
					}
					timeout, ok := err.(net.Error)
					require.True(t, ok && timeout.Timeout())
					require.NoError(t, c.Close())
				})
			})
		}
	}
}

// Where nobody answers, the loads of the first map are not repeated for longer than the
// client of a single server would try.
func TestFirstLoadTimesOut(t *testing.T) {
	for readTimeout, most := range map[time.Duration]time.Duration{0: 5500 * time.Millisecond, 500 * time.Millisecond: 3 * time.Second} {
		bubble(t, func(t *testing.T) {
			m := newMemoryNet(t)
			c := m.client(func(o *ClusterOptions) { o.ReadTimeout = readTimeout }, "blackhole:1")
			began := time.Now()
			err := c.Ping(t.Context()).Err()
			require.ErrorContains(t, err, "redis: blackhole:1: dial: ")
			require.NotErrorIs(t, err, ErrPoolTimeout)
			require.Less(t, time.Since(began), most)
		})
	}
}

// A caller whose context ends before the map is asked for again is told of that,
// and why there was no map.
func TestContextEndsBetweenFirstLoads(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newMemoryNet(t).client(func(o *ClusterOptions) {
			o.MinRetryBackoff, o.MaxRetryBackoff = time.Hour, time.Hour
		}, "nobody:1")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := c.Ping(ctx).Err()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "redis: nobody:1: dial: ")
	})
}

// A client that wants idle connections gets the map and them by itself, when the
// cluster comes up after it.
func TestIdleConnectionsToAClusterThatComesLater(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		c := m.client(func(o *ClusterOptions) {
			o.MinIdleConns = 2
			o.ClusterStateReloadInterval = -1
		}, "a:1", "b:1")
		time.Sleep(time.Minute)
		require.Greater(t, m.dialed("a:1"), 60)
		require.LessOrEqual(t, m.dialed("a:1"), 125)
		a, b := m.add("a:1"), m.add("b:1")
		setSlots([]*scripted{a, b}, sharedBy("a:1", "b:1")...)
		time.Sleep(maxRetryPause + 100*time.Millisecond)
		require.EqualValues(t, 4, c.PoolStats().IdleConns)
		require.Empty(t, a.received())
		require.Empty(t, b.received())
		before := loads(a, b)
		time.Sleep(time.Hour)
		require.Equal(t, before, loads(a, b))
	})
}

// A password is not tried every second until it is right.
func TestIdleConnectionsToAClusterThatRefuses(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		a := m.add("a:1")
		a.on("HELLO", says("-WRONGPASS invalid username-password pair or user is disabled.\r\n"))
		c := m.client(func(o *ClusterOptions) { o.MinIdleConns, o.Password = 2, "wrong" }, "a:1")
		time.Sleep(10 * time.Minute)
		require.LessOrEqual(t, m.dialed("a:1"), 50)
		a.on("HELLO", says("%1\r\n+server\r\n+scripted\r\n"))
		time.Sleep(maxRefusedPause + 100*time.Millisecond)
		require.EqualValues(t, 2, c.PoolStats().IdleConns)
	})
}

// Without idle connections to open nobody is dialled before a command comes.
func TestNothingIsLoadedWithoutACommand(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		c := m.client(func(o *ClusterOptions) { o.MaxRetries = -1 }, "a:1")
		time.Sleep(time.Minute)
		require.Zero(t, m.dialed("a:1"))
		require.Error(t, c.Ping(t.Context()).Err())
		time.Sleep(50 * time.Second)
		require.Equal(t, 1, m.dialed("a:1"))
	})
}

// Servers are asked in random order; those that fail come last, and the seeds
// stay among them.
func TestSources(t *testing.T) {
	t.Parallel()
	top := testTopology(t)
	top.opt.Addrs = []string{"seed:1", "b:1", "seed:2"}
	first := func() map[string]int {
		counts := map[string]int{}
		for range 600 {
			counts[top.sources()[0].addr]++
		}
		return counts
	}
	requireShares(t, first(), "seed:1", "b:1", "seed:2")

	top.publish([]slotRange{{0, 8191, plain("a:1", "b:1")}, {8192, 16383, plain("c:1")}}, time.Now())
	requireShares(t, first(), "a:1", "b:1", "c:1")
	top.node("a:1").failed()
	requireShares(t, first(), "b:1", "c:1")
	var all []string
	for _, s := range top.sources() {
		all = append(all, s.addr)
		require.Equal(t, strings.HasPrefix(s.addr, "seed"), s.pool == nil)
	}
	require.ElementsMatch(t, []string{"b:1", "c:1"}, all[:2])
	require.ElementsMatch(t, []string{"seed:1", "seed:2"}, all[2:4])
	require.Equal(t, "a:1", all[4])
}

// When every node that was known is gone, the seeds lead to those that took
// their place.
func TestSeedsStay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		seed, old := m.add("seed:1"), m.add("old:1")
		for _, s := range []*scripted{seed, old} {
			s.setSlots(sharedBy("old:1")...)
		}
		c := m.client(nil, "seed:1")
		require.NoError(t, c.Set(t.Context(), "key", "v", 0).Err())
		time.Sleep(time.Minute)
		require.Equal(t, 1, m.dialed("seed:1"), "nodes are asked before seeds")

		m.remove(old)
		m.add("new:1")
		seed.setSlots(sharedBy("new:1")...)
		began := time.Now()
		require.NoError(t, c.Set(t.Context(), "key", "v", 0).Err())
		require.Less(t, time.Since(began), time.Second)
		require.Equal(t, []string{"set key v"}, m.servers["new:1"].received())
		require.Equal(t, []string{"new:1"}, addrsOf(c.currentMap().nodes))
	})
}

func TestClusterStateReloadInterval(t *testing.T) {
	for interval, want := range map[time.Duration]int{-1: 1, time.Hour: 1, 10 * time.Second: 7, 0: 2} {
		t.Run(interval.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m := newMemoryNet(t)
				a := m.add("a:1")
				c := m.client(func(o *ClusterOptions) { o.ClusterStateReloadInterval = interval }, "a:1")
				ready(t, c)
				time.Sleep(65 * time.Second)
				require.Equal(t, want, loads(a))
			})
		})
	}
}

func TestClusterSlotsFunc(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		a, b := m.add("a:1"), m.add("b:1")
		var mu sync.Mutex
		calls, fails := 0, error(nil)
		c := m.client(func(o *ClusterOptions) {
			o.ReadOnly = true
			o.ClusterSlots = func(ctx context.Context) ([]ClusterSlot, error) {
				mu.Lock()
				defer mu.Unlock()
				calls++
				_, bounded := ctx.Deadline()
				require.True(t, bounded)
				return []ClusterSlot{{0, 16383, []ClusterNode{{Addr: "a:1"}, {Addr: "b:1"}}}}, fails
			}
		})
		require.NoError(t, c.Set(t.Context(), "key", "v", 0).Err())
		b.on("GET", says(bulk("v")))
		require.NoError(t, c.Get(t.Context(), "key").Err())
		require.Zero(t, loads(a, b), "nobody else is asked")
		require.Zero(t, a.count("READONLY")+b.count("READONLY"), "such servers know no clusters")
		require.Equal(t, 1, calls)

		mu.Lock()
		fails = errScripted
		mu.Unlock()
		for range 5 {
			time.Sleep(time.Second)
			refreshed := c.topology.next()
			c.ReloadState(t.Context())
			<-refreshed
			require.ErrorIs(t, c.topology.lastErr, errScripted)
		}
		require.NoError(t, c.Get(t.Context(), "key").Err(), "the map stays")
	})
}

func TestClusterSlotsFuncFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, test := range []struct {
			slots []ClusterSlot
			err   error
			want  string
		}{
			{nil, errScripted, errScripted.Error()},
			{nil, nil, "no slot is served"},
			{[]ClusterSlot{{0, 99999, []ClusterNode{{Addr: "a:1"}}}}, nil, "no range of slots"},
			{[]ClusterSlot{{0, 1, []ClusterNode{{Addr: "malformed"}}}}, nil, "no slot is served"},
		} {
			c := newMemoryNet(t).client(func(o *ClusterOptions) {
				o.ClusterSlots = func(context.Context) ([]ClusterSlot, error) { return test.slots, test.err }
			})
			require.ErrorContains(t, c.Ping(t.Context()).Err(), test.want)
		}
	})
}

// A slot that nobody serves is waited for, under the same bounds as a shard that
// is away.
func TestUncoveredSlot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		a := m.add("a:1")
		slot := keySlot("key")
		a.setSlots(scriptedRange{slot + 1, slotCount - 1, []string{"a:1"}})
		c := m.client(func(o *ClusterOptions) { o.FailoverTimeout = 5 * time.Second }, "a:1")
		ready(t, c)
		began := time.Now()
		require.ErrorContains(t, c.Get(context.Background(), "key").Err(), fmt.Sprintf("redis: no node of the cluster serves slot %d", slot))
		require.GreaterOrEqual(t, time.Since(began), 5*time.Second)
		require.Less(t, time.Since(began), 6*time.Second)

		result := make(chan error)
		go func() { result <- c.Set(context.Background(), "key", "v", 0).Err() }()
		time.Sleep(time.Second)
		a.setSlots(sharedBy("a:1")...)
		began = time.Now()
		require.NoError(t, <-result)
		require.Less(t, time.Since(began), 200*time.Millisecond)
	})
}

func TestOnNewNode(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 3)
	c := clusterOf(t, servers[:1], nil)
	known := make(chan string, 10)
	c.OnNewNode(func(rdb *Client) { known <- rdb.Options().Addr })
	require.NoError(t, c.Ping(background(t)).Err())
	var got, want []string
	for _, s := range servers {
		got = append(got, resultFrom(t, known))
		want = append(want, s.addr)
	}
	require.ElementsMatch(t, want, got)
	stranger := newScripted(t)
	servers[0].on("GET", moves("ASK", "key", stranger.addr))
	servers[1].on("GET", moves("ASK", "key", stranger.addr))
	servers[2].on("GET", moves("ASK", "key", stranger.addr))
	require.ErrorIs(t, c.Get(background(t), "key").Err(), Nil)
	require.Equal(t, stranger.addr, resultFrom(t, known))
	require.Empty(t, known, "each once")
}

// A node that leaves the map is closed once its calls are done.
func TestNodesThatLeave(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 2)
	old, other := servers[0], servers[1]
	key := keyOn(0, slotCount/2-1)
	release := make(chan struct{})
	old.on("GET", after(release, says(bulk("v"))))
	c := clusterOf(t, servers[1:], nil)
	ctx := background(t)
	result := make(chan error)
	go func() { result <- c.Get(ctx, key).Err() }()
	awaitThat(t, "the command", func() bool { return old.count("GET") == 1 })
	for _, s := range servers {
		s.setSlots(sharedBy(other.addr)...)
	}
	old.on("CLUSTER SLOTS", hangsUp) // it would have to wait behind the command
	awaitThat(t, "the new map", func() bool {
		c.ReloadState(ctx)
		return len(c.currentMap().nodes) == 1
	})
	require.NoError(t, c.Set(ctx, key, "v", 0).Err())
	require.Equal(t, 1, other.count("SET"))
	old.awaitOpen(1) // another may be there for a look
	close(release)
	require.NoError(t, resultFrom(t, result))
	old.awaitOpen(0)
}

// Calls to nodes that have left end with the client at the latest, however long they
// would take, and nothing is kept of nodes whose calls are done.
func TestCloseEndsCallsToNodesThatLeft(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 3)
	done, old, other := servers[0], servers[1], servers[2]
	old.on("BLPOP", stalls)
	old.on("GET", stalls)
	c := clusterOf(t, servers, nil)
	ctx := background(t)
	require.NoError(t, c.Set(ctx, keyOn(0, slotCount/3-1), "v", 0).Err())
	key := keyOn(slotCount/3, 2*slotCount/3-1)
	results := make(chan error, 2)
	go func() { results <- c.BLPop(context.Background(), 0, key).Err() }()
	go func() { results <- c.Get(context.Background(), key).Err() }()
	awaitThat(t, "the commands", func() bool { return old.count("BLPOP")+old.count("GET") == 2 })
	setSlots(servers, sharedBy(other.addr)...)
	done.on("CLUSTER SLOTS", hangsUp)
	old.on("CLUSTER SLOTS", hangsUp)
	awaitThat(t, "the new map", func() bool {
		c.ReloadState(ctx)
		return len(c.currentMap().nodes) == 1
	})
	done.awaitOpen(0)
	awaitThat(t, "one pool to be left", func() bool {
		c.ReloadState(ctx)
		c.topology.mu.Lock()
		defer c.topology.mu.Unlock()
		return len(c.topology.retired) == 1
	})
	require.Empty(t, results)
	require.NoError(t, c.Close())
	for range 2 {
		require.ErrorIs(t, resultFrom(t, results), ErrClosed)
	}
	old.awaitOpen(0)
}

func TestNewClientOption(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 2)
	made := make(chan string, 10)
	c := clusterOf(t, servers, func(o *ClusterOptions) {
		o.Password = "p"
		o.NewClient = func(opt *Options) *Client {
			made <- opt.Addr
			require.Equal(t, "p", opt.Password)
			opt.ClientName = "mine"
			return NewClient(opt)
		}
	})
	require.NoError(t, c.Set(background(t), "key", "v", 0).Err())
	require.ElementsMatch(t, []string{servers[0].addr, servers[1].addr}, []string{<-made, <-made})
	for _, s := range servers {
		require.Equal(t, s.count("HELLO"), s.count("HELLO 3 AUTH default p SETNAME mine"), "those for the map too")
	}
}

// Every connection is opened by a client that NewClient has made, whatever it is for:
// NewClient may know a way that nobody else does.
func TestNewClientMakesAllConnections(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		a, b, stranger := m.add("a:1"), m.add("b:1"), m.add("stranger:1")
		answer := func(ranges ...scriptedRange) {
			a.setSlots(ranges...)
			b.setSlots(ranges...)
		}
		answer(scriptedRange{0, slotCount - 1, []string{"a:1", "b:1"}})
		a.on("MONITOR", says("+OK\r\n"))
		a.on("GET", moves("ASK", "key", "stranger:1"))
		calls, made := 0, map[string]int{}
		c := m.client(func(o *ClusterOptions) {
			o.Dialer = func(_ context.Context, _, addr string) (net.Conn, error) {
				t.Errorf("%s is dialled without NewClient", addr)
				return nil, errScripted
			}
			o.NewClient = func(opt *Options) *Client {
				calls++
				require.Equal(t, 1, calls, "one at a time")
				defer func() { calls-- }()
				opt.Dialer = m.dial
				opt.MinIdleConns = min(1, opt.PoolSize-1)
				c := NewClient(opt)
				made[opt.Addr]++
				return c
			}
		}, "seed:1")
		m.alias("seed:1", a)
		ctx := t.Context()
		require.ErrorIs(t, c.Get(ctx, "key").Err(), Nil, "by way of a stranger")
		require.NotZero(t, stranger.count("GET"))
		sub := c.Subscribe(ctx, "channel")
		require.NoError(t, sub.Close())
		client, err := c.MasterForKey(ctx, "key")
		require.NoError(t, err)
		lines := make(chan string, 10)
		monitor := client.Monitor(ctx, lines)
		monitor.Start()
		monitor.Stop()

		answer(scriptedRange{0, slotCount - 1, []string{"a:1"}}) // b is missing
		c.ReloadState(ctx)
		time.Sleep(5 * time.Second)
		require.Greater(t, b.count("CLUSTER SLOTS"), 2, "looks")
		require.Equal(t, 2, made["b:1"], "one as a node, one for the looks")
		require.Equal(t, 1, made["a:1"])
		require.Equal(t, 1, made["seed:1"])
		require.NoError(t, c.Close())
		synctest.Wait() // for the server to notice
		open, _ := b.connections()
		require.Zero(t, open)
	})
}

// What OnNewNode was given sees a node before it is dialled, whoever names the node, and
// may use it and the cluster client.
func TestOnNewNodeRunsBeforeTheFirstDial(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		a, b, stranger := m.add("a:1"), m.add("b:1"), m.add("stranger:1")
		for _, s := range []*scripted{a, b} {
			s.setSlots(sharedBy("a:1", "b:1")...)
			s.on("GET", moves("ASK", "key", "stranger:1"))
		}
		c := m.client(func(o *ClusterOptions) { o.MinIdleConns, o.PoolSize = 2, 4 }, "seed:1")
		m.alias("seed:1", a)
		var met []string
		running := false
		c.OnNewNode(func(node *Client) {
			require.False(t, running, "one at a time")
			running = true
			defer func() { running = false }()
			addr := node.Options().Addr
			require.Zero(t, m.dialed(addr))
			c.PoolStats()
			dials := 0
			node.AddHook(dialHook(func() { dials++ }))
			time.Sleep(50 * time.Millisecond)
			require.Zero(t, m.dialed(addr), "nothing is opened meanwhile")
			if addr == "b:1" {
				require.NoError(t, node.Ping(t.Context()).Err())
				require.Equal(t, 1, dials)
			}
			met = append(met, addr)
		})
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if err := c.Get(t.Context(), "key").Err(); err != Nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.NotZero(t, stranger.count("GET"))
		time.Sleep(time.Second)
		require.Equal(t, []string{"a:1", "b:1", "stranger:1"}, met)
		for _, s := range []*scripted{a, b} {
			open, _ := s.connections()
			require.GreaterOrEqual(t, open, 2)
		}
	})
}

// dialHook calls a function before each dial.
type dialHook func()

func (h dialHook) DialHook(next DialHook) DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		h()
		return next(ctx, network, addr)
	}
}
func (dialHook) ProcessHook(next ProcessHook) ProcessHook { return next }
func (dialHook) ProcessPipelineHook(next ProcessPipelineHook) ProcessPipelineHook {
	return next
}

// A function of the program that does not return when a node becomes known holds up
// nobody for ever, and the error names it.
func TestNodeThatTheProgramHoldsUp(t *testing.T) {
	for name, onNewNode := range map[string]bool{"OnNewNode": true, "NewClient": false} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m := newMemoryNet(t)
				a := m.add("a:1")
				a.setSlots(sharedBy("a:1")...)
				block := make(chan struct{})
				c := m.client(func(o *ClusterOptions) {
					o.MaxRetries = -1
					if !onNewNode {
						o.NewClient = func(opt *Options) *Client {
							<-block
							return NewClient(opt)
						}
					}
				}, "seed:1")
				m.alias("seed:1", a)
				if onNewNode {
					c.OnNewNode(func(*Client) { <-block })
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				began := time.Now()
				require.ErrorIs(t, c.Get(ctx, "key").Err(), context.DeadlineExceeded)
				require.Equal(t, time.Second, time.Since(began))
				cancel()
				err := c.Get(t.Context(), "key").Err()
				require.ErrorContains(t, err, "NewClient")
				require.ErrorContains(t, err, "has not returned")
				require.Less(t, time.Since(began), 2*refreshTimeout)
				close(block)
				require.ErrorIs(t, c.Get(t.Context(), "key").Err(), Nil)
				require.NoError(t, c.Close())
			})
		})
	}
}

// A node for which the caller makes no client that can be used fails every attempt
// with an error that says why, and nobody else's.
func TestNewClientOptionMakesNoClient(t *testing.T) {
	t.Parallel()
	for want, makeClient := range map[string]func(*Options) *Client{
		"NewClient of the options has returned nil": func(*Options) *Client { return nil },
		"PoolSize": func(opt *Options) *Client {
			opt.PoolSize = -1
			return NewClient(opt)
		},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			servers := newScriptedCluster(t, 2)
			bad, good := servers[0], servers[1]
			c := clusterOf(t, servers, func(o *ClusterOptions) {
				o.MinIdleConns = 1
				o.ReadOnly = true
				o.SuspectAfter = 0
				o.NewClient = func(opt *Options) *Client {
					if opt.Addr == good.addr {
						return NewClient(opt)
					}
					return makeClient(opt)
				}
			})
			ctx := background(t)
			badKey, goodKey := keyOn(0, slotCount/2-1), keyOn(slotCount/2, slotCount-1)
			tx := func(key string) error {
				_, err := c.TxPipelined(ctx, func(p Pipeliner) error { return p.Set(ctx, key, "v", 0).Err() })
				return err
			}
			promptly(t, func() {
				require.ErrorContains(t, c.Set(ctx, badKey, "v", 0).Err(), want)
				require.ErrorContains(t, c.Get(ctx, badKey).Err(), want)
				require.ErrorContains(t, c.BLPop(ctx, 0, badKey).Err(), want)
				require.ErrorContains(t, tx(badKey), want)
				require.ErrorContains(t, c.Watch(ctx, func(*Tx) error { return nil }, badKey), want)
				var set, get Cmder
				_, err := c.Pipelined(ctx, func(p Pipeliner) error {
					set, get = p.Set(ctx, goodKey, "v", 0), p.Get(ctx, badKey)
					return nil
				})
				require.ErrorContains(t, err, want)
				require.NoError(t, set.Err())
				require.ErrorContains(t, get.Err(), want)
				require.ErrorContains(t, c.Ping(ctx).Err(), want)
				client, err := c.MasterForKey(ctx, badKey)
				require.NoError(t, err)
				require.ErrorContains(t, client.Ping(ctx).Err(), want)
				require.ErrorContains(t, client.Conn().Ping(ctx).Err(), want)
			})
			refreshed := c.topology.next()
			c.ReloadState(ctx)
			<-refreshed
			require.NoError(t, c.Set(ctx, goodKey, "v", 0).Err())
			require.NoError(t, c.topology.lastErr)
			require.EqualValues(t, 1, c.PoolStats().TotalConns)
			require.Empty(t, bad.received())
			require.NoError(t, c.Close())
		})
	}
}

// However requests come, none that was allowed is one too many for the second
// before it, and whoever waits as long as told may go on.
func TestMapRequests(t *testing.T) {
	t.Parallel()
	var r mapRequests
	var made []time.Time
	now := time.Now()
	for range 10_000 {
		n := 1 + rand.IntN(askAtOnce)
		if wait := r.wait(now, n); wait > 0 {
			now = now.Add(wait)
			require.Zero(t, r.wait(now, n))
		}
		for range n {
			r.add(now)
			made = append(made, now)
		}
		now = now.Add(rand.N(refreshPause))
	}
	for i, at := range made[maxAsked:] {
		require.GreaterOrEqual(t, at.Sub(made[i]), askedWithin)
	}
}

func TestMapRequestsWithdrawn(t *testing.T) {
	t.Parallel()
	var r mapRequests
	now := time.Now()
	for i := range maxAsked {
		r.add(now.Add(time.Duration(i)))
	}
	later := now.Add(maxAsked)
	require.Equal(t, askedWithin-maxAsked, r.wait(later, 1), "until the first is forgotten")
	r.withdraw(now.Add(3))
	require.Zero(t, r.wait(later, 1))
	require.Positive(t, r.wait(later, 2))
	r.withdraw(now.Add(3))
	require.Positive(t, r.wait(later, 2), "it was taken back already")
}
