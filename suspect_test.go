package redis

import (
	"testing"
	"time"

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
	m := &slotMap{shards: []*shard{nil, {primary: heir}}}
	suspected := func() bool {
		_, yes := topology.suspects.Load(old)
		return yes
	}

	topology.suspects.Store(old, time.Now())
	topology.giveUpReplaced(m)
	require.True(t, suspected(), "it may be about to answer")

	topology.suspects.Store(old, time.Now().Add(-replacedAlive))
	topology.giveUpReplaced(&slotMap{shards: []*shard{nil, {primary: old}}})
	require.True(t, suspected(), "nobody has replaced it")

	topology.giveUpReplaced(m)
	require.False(t, suspected())
}
