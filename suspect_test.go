package redis

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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
