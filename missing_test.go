package redis

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

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
