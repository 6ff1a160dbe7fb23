package redis

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// away is a cluster of a primary and two replicas whose map has lost the second
// one, and a client that knows so. Nothing but nodes that are missed has the map
// loaded.
func away(t *testing.T) (m *memoryNet, c *ClusterClient, there []*scripted, replica *scripted) {
	m = newMemoryNet(t)
	there = []*scripted{m.add("a:1"), m.add("b:1")}
	replica = m.add("c:1")
	whole := scriptedRange{0, slotCount - 1, []string{"a:1", "b:1", "c:1"}}
	for _, s := range append(there, replica) {
		s.setSlots(whole)
	}
	c = m.client(func(o *ClusterOptions) {
		o.ReadOnly = true
		o.ClusterStateReloadInterval = -1
	}, "a:1")
	ready(t, c)
	time.Sleep(time.Second)
	m.remove(replica)
	setSlots(there, scriptedRange{0, slotCount - 1, []string{"a:1", "b:1"}})
	refreshed := c.topology.next()
	c.ReloadState(t.Context())
	<-refreshed
	require.Equal(t, []string{"a:1", "b:1"}, addrsOf(c.currentMap().nodes))
	return m, c, there, replica
}

func setSlots(servers []*scripted, ranges ...scriptedRange) {
	for _, s := range servers {
		s.setSlots(ranges...)
	}
}

// countMissing is how many nodes are looked for.
func countMissing(top *topology) int {
	top.mu.Lock()
	defer top.mu.Unlock()
	return len(top.missing)
}

// A replica that failed, and was left out of the map for it, is used again
// within a second of its being back there. Meanwhile nobody else is asked for
// the map.
func TestReplicaReturns(t *testing.T) {
	for _, absence := range []time.Duration{2 * time.Second, time.Minute} {
		t.Run(absence.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m, c, there, _ := away(t)
				before, dials := loads(there...), m.dialed("c:1")
				time.Sleep(absence)
				require.Equal(t, before, loads(there...))
				dials = m.dialed("c:1") - dials
				require.Greater(t, dials, int(absence/(2*time.Second)))
				require.LessOrEqual(t, dials, int(2*absence/time.Second)+3)

				// It is there, and loads its data.
				back := m.add("c:1")
				back.setSlots(scriptedRange{0, slotCount - 1, []string{"a:1", "b:1", "c:1"}})
				loading := says("-LOADING Redis is loading the dataset in memory\r\n")
				back.on("CLUSTER SLOTS", loading)
				time.Sleep(10 * time.Second)
				require.Equal(t, before, loads(there...))
				open, ever := back.connections()
				require.Equal(t, 1, open)
				require.Equal(t, 1, ever, "a look is no dial")

				// It belongs to the cluster again.
				setSlots(there, scriptedRange{0, slotCount - 1, []string{"a:1", "b:1", "c:1"}})
				back.on("CLUSTER SLOTS", func(conn *scriptedConn, _ []string) { conn.say(back.slotsReply()) })
				back.on("GET", says(bulk("from c")))
				began := time.Now()
				for c.Get(t.Context(), "key").Val() != "from c" {
					require.Less(t, time.Since(began), time.Second+absence/missingRate)
					time.Sleep(10 * time.Millisecond)
				}
				require.Equal(t, before+1, loads(there...), "once is enough")
				time.Sleep(time.Minute)
				require.Equal(t, before+1, loads(there...))
				require.Zero(t, countMissing(c.topology))
				open, _ = back.connections()
				require.Equal(t, 1, open)
			})
		})
	}
}

// A node that is off, so that dials to it get no answer, is found as well.
func TestReplicaReturnsFromSilence(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		a, off := m.add("a:1"), m.add("blackhole:1")
		whole := scriptedRange{0, slotCount - 1, []string{"a:1", "off:1"}}
		a.setSlots(whole)
		off.setSlots(whole)
		var on atomic.Bool
		c := m.client(func(o *ClusterOptions) {
			o.ClusterStateReloadInterval = -1
			o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
				if addr == "off:1" && on.Load() {
					addr = "on:1"
				} else if addr == "off:1" {
					addr = "blackhole:1"
				}
				return m.dial(ctx, network, addr)
			}
		}, "a:1")
		ready(t, c)
		time.Sleep(time.Second)
		a.setSlots(scriptedRange{0, slotCount - 1, []string{"a:1"}})
		refreshed := c.topology.next()
		c.ReloadState(t.Context())
		<-refreshed
		time.Sleep(20 * time.Second)
		require.LessOrEqual(t, m.dialed("blackhole:1"), 20)
		require.Equal(t, 1, countMissing(c.topology))
		m.add("on:1").setSlots(whole)
		on.Store(true)
		a.setSlots(whole)
		time.Sleep(lookDialTimeout + 2*(probePause+probeJitter))
		require.Equal(t, []string{"a:1", "off:1"}, addrsOf(c.currentMap().nodes))
	})
}

// The others may take longer than the node itself to see that it is back.
func TestReplicaReturnsBeforeTheOthersKnow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, c, there, _ := away(t)
		whole := scriptedRange{0, slotCount - 1, []string{"a:1", "b:1", "c:1"}}
		m.add("c:1").setSlots(whole)
		before := loads(there...)
		time.Sleep(3 * time.Second)
		require.Less(t, loads(there...)-before, 7)
		require.Greater(t, loads(there...)-before, 3)
		setSlots(there, whole)
		time.Sleep(time.Second)
		require.Equal(t, []string{"a:1", "b:1", "c:1"}, addrsOf(c.currentMap().nodes))
	})
}

// A node that was removed for good is not looked for endlessly, whether it is
// gone, knows nothing of the cluster any more, or takes itself for a part of it.
func TestRemovedNodeIsNotLookedForEndlessly(t *testing.T) {
	for name, test := range map[string]struct {
		says  string // by CLUSTER SLOTS; nothing: it is not there
		loads int
	}{
		"gone":   {"", 0},
		"reset":  {"*0\r\n", 0},
		"member": {slotsReply(scriptedRange{0, slotCount - 1, []string{"a:1", "b:1", "c:1"}}), 60},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m, c, there, _ := away(t)
				before, dials := loads(there...), m.dialed("c:1")
				if test.says != "" {
					m.add("c:1").on("CLUSTER SLOTS", says(test.says))
				}
				time.Sleep(missingFor)
				require.LessOrEqual(t, loads(there...)-before, test.loads)
				require.LessOrEqual(t, m.dialed("c:1")-dials, 400)
				time.Sleep(10 * time.Second)
				require.Zero(t, countMissing(c.topology))
				before, dials = loads(there...), m.dialed("c:1")
				time.Sleep(time.Hour)
				require.Equal(t, before, loads(there...))
				require.Equal(t, dials, m.dialed("c:1"))
			})
		})
	}
}

// A failed dial that no command has made keeps reads away from a node only as
// long as it lasts.
func TestNodeThatOnlyTheMapWasAskedOf(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		a := m.add("a:1")
		a.setSlots(scriptedRange{0, slotCount - 1, []string{"a:1", "b:1"}})
		c := m.client(func(o *ClusterOptions) { o.ReadOnly = true }, "a:1")
		ready(t, c)
		b := c.topology.node("b:1")
		_, err := c.topology.slotsOf(t.Context(), b.addr, b.client.pool)
		require.Error(t, err)
		require.False(t, b.healthy())
		m.add("b:1")
		time.Sleep(probePause + probeJitter + longestDialPause)
		require.True(t, b.healthy())
	})
}

func TestReplacedNodesAreGivenUpOnceTheyAreSilentForLong(t *testing.T) {
	t.Parallel()
	opt, err := (&ClusterOptions{Addrs: []string{"127.0.0.1:1"}}).withDefaults()
	require.NoError(t, err)
	topology := newTopology(opt)
	defer func() { require.NoError(t, topology.close()) }()
	old, heir := topology.node("127.0.0.1:1"), topology.node("127.0.0.1:2")
	old.demoted()
	old.client.pool.silent.Store(1)
	m := &slotMap{shards: []*shard{nil, {primary: heir}}}
	suspected := func() bool {
		_, yes := topology.suspects.Load(old)
		return yes
	}

	topology.suspects.Store(old, true)
	old.client.pool.unheard(time.Now())
	topology.giveUpReplaced(m)
	require.True(t, suspected(), "it may be about to answer")

	old.client.pool.health.unheardFrom = time.Now().Add(-replacedAlive)
	topology.giveUpReplaced(&slotMap{shards: []*shard{nil, {primary: old}}})
	require.True(t, suspected(), "nobody has replaced it")

	topology.giveUpReplaced(m)
	require.False(t, suspected())
}

// That a node is silent may be told after that it is so no more.
func TestSilenceIsToldTooLate(t *testing.T) {
	t.Parallel()
	top := testTopology(t)
	n := top.node("a:1")
	n.client.pool.silent.Store(1)
	top.silenceChanged(n, true)
	require.True(t, top.troubled())
	n.client.pool.silent.Store(0)
	top.silenceChanged(n, false)
	require.False(t, top.troubled())

	top.silenceChanged(n, false)
	top.silenceChanged(n, true)
	require.False(t, top.troubled())
	_, kept := top.suspects.Load(n)
	require.False(t, kept)
}

// Who wants a node that nobody can reach for a while already is not held up by a
// dial: a map that names another brings everybody there at once.
func TestDialsHoldNobodyUpForLong(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const dead, heir = "blackhole:1", "b:1"
		m := newMemoryNet(t)
		a, b := m.add("a:1"), m.add(heir)
		setSlots([]*scripted{a, b}, scriptedRange{0, slotCount - 1, []string{dead, heir}})
		b.on("GET", says("$5\r\nvalue\r\n"))
		c := m.client(func(o *ClusterOptions) { o.SuspectAfter = 200 * time.Millisecond }, "a:1", heir)

		began := time.Now()
		var replaced time.Time
		var callers sync.WaitGroup
		for time.Since(began) < 3*time.Second {
			callers.Go(func() {
				value, err := c.Get(t.Context(), "key").Result()
				assert.NoError(t, err)
				assert.Equal(t, "value", value)
				assert.Less(t, time.Since(replaced), 150*time.Millisecond)
			})
			time.Sleep(10 * time.Millisecond)
		}
		replaced = time.Now()
		setSlots([]*scripted{a, b}, scriptedRange{0, slotCount - 1, []string{heir, dead}})
		callers.Wait()
	})
}

// freeze has the server answer nothing any more, on any connection.
func (s *scripted) freeze() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.reactions {
		s.reactions[name] = stalls
	}
}

// pause is freeze until the channel is closed: then all that was asked is answered.
func (s *scripted) pause() (resume chan struct{}) {
	resume = make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, do := range s.reactions {
		s.reactions[name] = after(resume, do)
	}
	return resume
}

// tellsRunID has INFO name a process, unless the name is empty.
func (s *scripted) tellsRunID(id string) {
	if id != "" {
		s.on("INFO", says(bulk("# Server\r\nrun_id:"+id+"\r\n")))
	}
}

// after700 is the reaction to PING of a server that is slow.
func after700(c *scriptedConn, _ []string) {
	time.Sleep(700 * time.Millisecond)
	c.say("+PONG\r\n")
}

// oneEntry is what XREAD answers.
const oneEntry = "%1\r\n$3\r\nkey\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n"

// onePop is what BLPOP answers.
const onePop = "*2\r\n$3\r\nkey\r\n$1\r\na\r\n"

// blockedCalls are calls that wait for as long as it takes, by name. What they find at
// a server that answers is what they return.
var blockedCalls = map[string]struct {
	call    func(ctx context.Context, c *ClusterClient) error
	inDoubt bool // a node that is lost leaves them in doubt
}{
	"XREAD": {func(ctx context.Context, c *ClusterClient) error {
		return c.XRead(ctx, &XReadArgs{Streams: []string{"key", "$"}}).Err()
	}, false},
	"XREAD in a pipeline": {func(ctx context.Context, c *ClusterClient) error {
		pipe := c.Pipeline()
		pipe.XRead(ctx, &XReadArgs{Streams: []string{"key", "$"}})
		_, err := pipe.Exec(ctx)
		return err
	}, false},
	"XREAD in Watch": {func(ctx context.Context, c *ClusterClient) error {
		return c.Watch(ctx, func(tx *Tx) error {
			return tx.XRead(ctx, &XReadArgs{Streams: []string{"key", "$"}}).Err()
		}, "key")
	}, false},
	"BLPOP": {func(ctx context.Context, c *ClusterClient) error { return c.BLPop(ctx, 0, "key").Err() }, true},
	"BLPOP with a timeout": {func(ctx context.Context, c *ClusterClient) error {
		return c.BLPop(ctx, time.Hour, "key").Err()
	}, true},
	"BLPOP in Watch": {func(ctx context.Context, c *ClusterClient) error {
		return c.Watch(ctx, func(tx *Tx) error { return tx.BLPop(ctx, 0, "key").Err() }, "key")
	}, true},
}

// blockedShard is a shard of two nodes and a call that waits at a:1.
type blockedShard struct {
	m       *memoryNet
	a, b    *scripted
	c       *ClusterClient
	blocked chan error
	release chan struct{} // when it is closed a:1 answers what blocks
}

func newBlockedShard(t *testing.T, name, runID string, change func(*ClusterOptions), nodes ...string) *blockedShard {
	m := newMemoryNet(t)
	s := &blockedShard{m: m, a: m.add("a:1"), b: m.add("b:1"), blocked: make(chan error, 1), release: make(chan struct{})}
	if len(nodes) == 0 {
		nodes = []string{"a:1", "b:1"}
	}
	s.elect(nodes...)
	for _, server := range []*scripted{s.a, s.b} {
		server.on("WATCH", says("+OK\r\n"))
		server.on("UNWATCH", says("+OK\r\n"))
		server.on("GET", says(bulk("value")))
	}
	s.a.on("XREAD", after(s.release, says(oneEntry)))
	s.a.on("BLPOP", after(s.release, says(onePop)))
	s.a.tellsRunID(runID)
	s.b.on("XREAD", says(oneEntry))
	s.b.on("BLPOP", says(onePop))
	s.c = m.client(func(o *ClusterOptions) {
		o.SuspectAfter, o.ClusterStateReloadInterval = 0, -1
		if change != nil {
			change(o)
		}
	}, "a:1")
	ready(t, s.c)
	go func() { s.blocked <- blockedCalls[name].call(t.Context(), s.c) }()
	time.Sleep(300 * time.Millisecond)
	return s
}

// elect makes a node the primary, with the others as its replicas.
func (s *blockedShard) elect(nodes ...string) {
	setSlots([]*scripted{s.a, s.b}, scriptedRange{0, slotCount - 1, nodes})
}

// ends waits for the end of the call, which is that of one that has lost its node.
func (s *blockedShard) ends(t *testing.T, name string, within time.Duration) {
	t.Helper()
	began := time.Now()
	select {
	case err := <-s.blocked:
		if blockedCalls[name].inDoubt {
			require.ErrorIs(t, err, ErrWriteInDoubt)
		} else {
			require.NoError(t, err)
		}
	case <-time.After(time.Minute):
		require.FailNow(t, "the call has outlived its node")
	}
	require.LessOrEqual(t, time.Since(began), within)
}

// goesOn checks that the call waits for the server, and gets what that says.
func (s *blockedShard) goesOn(t *testing.T) {
	t.Helper()
	time.Sleep(time.Minute)
	synctest.Wait()
	require.Empty(t, s.blocked)
	close(s.release)
	require.NoError(t, <-s.blocked)
}

func TestCallsDoNotOutliveANodeThatIsReplaced(t *testing.T) {
	for name := range blockedCalls {
		for situation, set := range map[string]struct {
			options  func(*ClusterOptions)
			election time.Duration
			death    func(s *blockedShard)
			heirs    []string
		}{
			"a replica now":              {election: 2 * time.Second, heirs: []string{"b:1", "a:1"}},
			"gone":                       {election: 2 * time.Second, heirs: []string{"b:1"}},
			"long after it fell silent":  {election: time.Minute, heirs: []string{"b:1"}},
			"at once":                    {heirs: []string{"b:1", "a:1"}},
			"gone at once":               {heirs: []string{"b:1"}},
			"one connection":             {options: func(o *ClusterOptions) { o.PoolSize = 1 }, election: 2 * time.Second, heirs: []string{"b:1"}},
			"one connection, at once":    {options: func(o *ClusterOptions) { o.PoolSize = 1 }, heirs: []string{"b:1"}},
			"no suspicion":               {options: func(o *ClusterOptions) { o.SuspectAfter = -1 }, election: 2 * time.Second, heirs: []string{"b:1"}},
			"no timeout":                 {options: func(o *ClusterOptions) { o.ReadTimeout = -1 }, election: time.Minute, heirs: []string{"b:1"}},
			"a short timeout":            {options: func(o *ClusterOptions) { o.ReadTimeout = 100 * time.Millisecond }, election: 2 * time.Second, heirs: []string{"b:1"}},
			"its address refuses":        {election: 2 * time.Second, death: func(s *blockedShard) { s.m.forget("a:1") }, heirs: []string{"b:1"}},
			"its address swallows dials": {election: 2 * time.Second, death: func(s *blockedShard) { s.m.swallow("a:1") }, heirs: []string{"b:1"}},
		} {
			t.Run(name+"/"+situation, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					s := newBlockedShard(t, name, "one", set.options)
					s.a.freeze()
					if set.death != nil {
						set.death(s)
					}
					time.Sleep(set.election)
					s.elect(set.heirs...)
					if set.election == 0 {
						s.c.ReloadState(t.Context())
					}
					s.ends(t, name, 3500*time.Millisecond)
					require.NoError(t, s.c.Close())
				})
			})
		}
	}
}

// A node that was replaced, or was removed from the cluster, but lives finishes its
// calls.
func TestCallsOfAReplacedNodeThatLivesGoOn(t *testing.T) {
	for name := range blockedCalls {
		for situation, set := range map[string]struct {
			options func(*ClusterOptions)
			ping    reaction
			heirs   []string
		}{
			"a replica now":             {heirs: []string{"b:1", "a:1"}},
			"gone":                      {heirs: []string{"b:1"}},
			"one connection":            {options: func(o *ClusterOptions) { o.PoolSize = 1 }, heirs: []string{"b:1"}},
			"no suspicion":              {options: func(o *ClusterOptions) { o.SuspectAfter = -1 }, heirs: []string{"b:1"}},
			"slow":                      {ping: after700, heirs: []string{"b:1", "a:1"}},
			"slow and gone":             {ping: after700, heirs: []string{"b:1"}},
			"it refuses PING":           {ping: says("-NOPERM this user has no permissions to run the 'ping' command\r\n"), heirs: []string{"b:1", "a:1"}},
			"it loads its data set now": {ping: says("-LOADING Redis is loading the dataset in memory\r\n"), heirs: []string{"b:1", "a:1"}},
		} {
			t.Run(name+"/"+situation, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					s := newBlockedShard(t, name, "one", set.options)
					if set.ping != nil {
						s.a.on("PING", set.ping)
					}
					s.elect(set.heirs...)
					s.c.ReloadState(t.Context())
					s.goesOn(t)
					require.NoError(t, s.c.Close())
				})
			})
		}
	}
}

// A node that hangs for longer than ReadTimeout and was not replaced keeps the calls
// that wait for as long as it takes, as it is still the same server.
func TestCallsOutlastAServerThatHangs(t *testing.T) {
	for name := range blockedCalls {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newBlockedShard(t, name, "one", nil)
				time.Sleep(2 * time.Second)
				resume := s.a.pause()
				time.Sleep(10 * time.Second)
				close(resume)
				s.goesOn(t)
				require.NoError(t, s.c.Close())
			})
		})
	}
}

// Where the address of a node is that of another process now, nothing but connections
// from before lead to the old one, and no map tells.
func TestCallsDoNotOutliveANodeThatAnotherReplacesUnderItsName(t *testing.T) {
	for name := range blockedCalls {
		for situation, set := range map[string]struct {
			options func(*ClusterOptions)
			runIDs  [2]string // of the old one and of the new
			away    time.Duration
		}{
			"at once":                  {runIDs: [2]string{"one", "two"}},
			"after a while":            {runIDs: [2]string{"one", "two"}, away: 30 * time.Second},
			"processes do not tell":    {},
			"the new one does not":     {runIDs: [2]string{"one", ""}, away: 10 * time.Second},
			"one connection":           {options: func(o *ClusterOptions) { o.PoolSize = 1 }, runIDs: [2]string{"one", "two"}},
			"connections never expire": {options: func(o *ClusterOptions) { o.ReadTimeout = -1 }, runIDs: [2]string{"one", "two"}},
			"no suspicion":             {options: func(o *ClusterOptions) { o.SuspectAfter = -1 }, runIDs: [2]string{"one", "two"}},
		} {
			t.Run(name+"/"+situation, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					s := newBlockedShard(t, name, set.runIDs[0], set.options)
					time.Sleep(2 * time.Second)
					s.a.freeze()
					s.m.forget("a:1")
					time.Sleep(set.away)
					other := s.m.add("a:1")
					other.setSlots(scriptedRange{0, slotCount - 1, []string{"a:1"}})
					other.tellsRunID(set.runIDs[1])
					other.on("WATCH", says("+OK\r\n"))
					other.on("UNWATCH", says("+OK\r\n"))
					other.on("XREAD", says(oneEntry))
					s.ends(t, name, 5*time.Second)
					require.NoError(t, s.c.Close())
				})
			})
		}
	}
}

// Where others may serve a read that blocks, it does not wait for a replica that hangs,
// and nobody else is given the connection on which the replica still serves it.
func TestBlockedReadsLeaveAReplicaThatHangs(t *testing.T) {
	for _, name := range []string{"XREAD", "XREAD in a pipeline"} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newBlockedShard(t, name, "one", func(o *ClusterOptions) {
					o.Addrs = []string{"b:1"}
					o.ReadOnly = true
				}, "b:1", "a:1")
				require.Equal(t, 1, s.a.count("XREAD"), "it waits at the replica")
				time.Sleep(5 * time.Second)
				resume := s.a.pause()
				s.ends(t, name, 3500*time.Millisecond)
				close(resume)
				for range 5 {
					require.NoError(t, s.c.Get(t.Context(), "key").Err())
					require.NoError(t, s.c.BLPop(t.Context(), 0, "key").Err())
				}
				require.NoError(t, s.c.Close())
			})
		})
	}
}

func TestMonitorDoesNotOutliveItsNode(t *testing.T) {
	for situation, set := range map[string]struct {
		freezes bool
		heirs   []string
		cause   error
	}{
		"replaced":                       {freezes: true, heirs: []string{"b:1", "a:1"}, cause: errReplaced},
		"replaced, and lives":            {heirs: []string{"b:1", "a:1"}},
		"another process at its address": {freezes: true, cause: errOtherProcess},
	} {
		t.Run(situation, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newBlockedShard(t, "BLPOP", "one", nil)
				close(s.release)
				require.NoError(t, <-s.blocked)
				s.a.on("MONITOR", says("+OK\r\n"))
				cmd := s.c.Monitor(t.Context(), make(chan string, 1))
				cmd.Start()
				time.Sleep(3 * time.Second)
				if set.freezes {
					s.a.freeze()
				}
				if set.heirs != nil {
					s.elect(set.heirs...)
					s.c.ReloadState(t.Context())
				} else {
					other := s.m.add("a:1")
					other.setSlots(scriptedRange{0, slotCount - 1, []string{"a:1"}})
					other.tellsRunID("two")
				}
				time.Sleep(5 * time.Second)
				if set.cause == nil {
					require.NoError(t, cmd.Err())
				} else {
					require.ErrorIs(t, cmd.Err(), set.cause)
				}
				cmd.Stop()
				require.NoError(t, s.c.Close())
			})
		})
	}
}
