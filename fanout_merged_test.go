package redis

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-e06f3def/rediscluster/internal/cmdinfo"
)

// leavesTo is the reaction of a server that leaves the cluster instead of an answer:
// from then on the slots are shared by ranges.
func leavesTo(servers []*scripted, ranges ...scriptedRange) reaction {
	return func(c *scriptedConn, _ []string) {
		setSlots(servers, ranges...)
		_ = c.server.listener.Close()
		c.server.dropConns()
	}
}

// A shard whose slots come to one that is counted for itself is not counted by
// that, and the sum of the others is known to lack it.
func TestSumOfShardsThatBecomeOne(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 2)
	a, b := servers[0], servers[1]
	a.on("DBSIZE", says(":10\r\n"))
	b.on("DBSIZE", leavesTo(servers, sharedBy(a.addr)...))
	c := clusterOf(t, servers, nil)
	ctx := background(t)
	n, err := c.DBSize(ctx).Result()
	var failed *NodesError
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed.Failed, 1)
	require.ErrorIs(t, failed.Failed[b.addr], errMerged)
	require.EqualValues(t, 10, n)
	require.Equal(t, 1, a.count("DBSIZE"))

	n, err = c.DBSize(ctx).Result()
	require.NoError(t, err)
	require.EqualValues(t, 10, n)
}

// Two shards that become one new one are not counted twice either.
func TestSumOfShardsThatBecomeANewOne(t *testing.T) {
	t.Parallel()
	nodes := nodeMaker()
	before := newSlotMap([]slotRange{{0, 99, plain("a:1")}, {100, 8191, plain("b:1", "heir:1")}, {8192, 16383, plain("c:1")}}, nil, nodes)
	after := newSlotMap([]slotRange{{0, 99, plain("a:1")}, {100, 8191, plain("heir:1")}, {8192, 16383, plain("new:1")}}, nil, nodes)
	merged := newSlotMap([]slotRange{{0, 99, plain("a:1")}, {100, 16383, plain("new:1")}}, nil, nodes)
	size := new(IntCmd)
	size.start("dbsize")
	f := newFanOut(size, before, nil)
	for i, addr := range []string{"a:1", "heir:1", "new:1"} {
		s, err := after.shardOf(&target{place: f.places[i]})
		require.NoError(t, err)
		require.Equal(t, addr, s.primary.addr)
	}
	for i, want := range []error{nil, errMerged, errMerged} {
		_, err := merged.shardOf(&target{place: f.places[i]})
		require.Equal(t, want, err)
	}
}

// What may be told a node twice is, rather than not at all.
func TestEveryShardIsToldThoughTwoBecomeOne(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 2)
	a, b := servers[0], servers[1]
	a.on("FLUSHALL", says("+OK\r\n"))
	b.on("FLUSHALL", leavesTo(servers, sharedBy(a.addr)...))
	c := clusterOf(t, servers, func(o *ClusterOptions) { o.RetryWritesInDoubt = true })
	require.NoError(t, c.FlushAll(background(t)).Err())
	require.Equal(t, 2, a.count("FLUSHALL"))
}

// That one shard has no key says nothing about another that has failed.
func TestRandomKeyOfSomeShards(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 2)
	servers[0].on("RANDOMKEY", says("_\r\n"))
	servers[1].on("RANDOMKEY", says("-NOPERM this user has no permissions\r\n"))
	c := clusterOf(t, servers, nil)
	err := c.RandomKey(background(t)).Err()
	require.ErrorAs(t, err, new(*NodesError))
	require.NotErrorIs(t, err, Nil)
}

func TestSumsDoNotWrap(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		replies []string
		want    string
	}{
		{[]string{":1\r\n", ":2\r\n"}, ":3\r\n"},
		{[]string{":9223372036854775807\r\n", ":1\r\n", ":5\r\n"}, ":9223372036854775807\r\n"},
		{[]string{":-9223372036854775808\r\n", ":-1\r\n"}, ":-9223372036854775808\r\n"},
		{[]string{":9223372036854775807\r\n", ":-9223372036854775808\r\n"}, ":-1\r\n"},
		{[]string{"*2\r\n:1\r\n:9223372036854775807\r\n", "*2\r\n:1\r\n:1\r\n"}, "*2\r\n:2\r\n:9223372036854775807\r\n"},
	} {
		replies := make([][]byte, len(test.replies))
		for i, r := range test.replies {
			replies[i] = []byte(r)
		}
		got, err := merges[cmdinfo.RespSum](replies)
		require.NoError(t, err)
		require.Equal(t, test.want, string(got))
	}
}

// Subscribers are counted and listed wherever they are.
func TestSubscriptionsOfTheWholeCluster(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 3)
	answers := func(command string, replies ...string) {
		for i, s := range servers {
			s.on(command, says(replies[i]))
		}
	}
	answers("PUBSUB CHANNELS", "*2\r\n+a\r\n+b\r\n", "*0\r\n", "*2\r\n+b\r\n+c\r\n")
	answers("PUBSUB SHARDCHANNELS", "*1\r\n+a\r\n", "*0\r\n", "*1\r\n+c\r\n")
	answers("PUBSUB NUMSUB", "*4\r\n+a\r\n:1\r\n+b\r\n:0\r\n", "*4\r\n+a\r\n:0\r\n+b\r\n:2\r\n", "%2\r\n+a\r\n:5\r\n+b\r\n:0\r\n")
	answers("PUBSUB SHARDNUMSUB", "*2\r\n+a\r\n:1\r\n", "*2\r\n+a\r\n:0\r\n", "*2\r\n+a\r\n:3\r\n")
	answers("PUBSUB NUMPAT", ":1\r\n", ":0\r\n", ":4\r\n")
	c := clusterOf(t, servers, nil)
	ctx := background(t)
	check := func(do func(Cmdable) []Cmder) {
		cmds := do(c)
		p := c.Pipeline()
		piped := do(p)
		_, err := p.Exec(ctx)
		require.NoError(t, err)
		for _, list := range [][]Cmder{cmds, piped} {
			for _, cmd := range list {
				require.NoError(t, cmd.Err(), cmd.FullName())
			}
			require.ElementsMatch(t, []string{"a", "b", "c"}, list[0].(*StringSliceCmd).Val())
			require.ElementsMatch(t, []string{"a", "c"}, list[1].(*StringSliceCmd).Val())
			require.Equal(t, map[string]int64{"a": 6, "b": 2}, list[2].(*MapStringIntCmd).Val())
			require.Equal(t, map[string]int64{"a": 4}, list[3].(*MapStringIntCmd).Val())
			require.EqualValues(t, 5, list[4].(*IntCmd).Val())
		}
	}
	check(func(c Cmdable) []Cmder {
		return []Cmder{
			c.PubSubChannels(ctx, "*"), c.PubSubShardChannels(ctx, ""),
			c.PubSubNumSub(ctx, "a", "b"), c.PubSubShardNumSub(ctx, "a"), c.PubSubNumPat(ctx),
		}
	})
	for _, s := range servers {
		s.on("PUBSUB NUMPAT", says("-NOPERM no\r\n"))
	}
	require.True(t, IsPermissionError(c.PubSubNumPat(ctx).Err()))
	servers[0].on("PUBSUB NUMPAT", says(":4\r\n"))
	n, err := c.PubSubNumPat(ctx).Result()
	require.ErrorAs(t, err, new(*NodesError))
	require.EqualValues(t, 4, n)
}

func TestChannelThatIsAskedForTwiceIsCountedOnce(t *testing.T) {
	servers := newScriptedCluster(t, 3)
	for _, s := range servers {
		s.on("PUBSUB NUMSUB", says("*6\r\n+a\r\n:1\r\n+b\r\n:0\r\n+a\r\n:1\r\n"))
	}
	c := clusterOf(t, servers, nil)
	require.Equal(t, map[string]int64{"a": 3, "b": 0}, c.PubSubNumSub(t.Context(), "a", "b", "a").Val())
	raw, err := c.Do(t.Context(), "pubsub", "numsub", "a", "b", "a").Slice()
	require.NoError(t, err)
	require.Equal(t, []any{"a", int64(3), "b", int64(0), "a", int64(3)}, raw, "as a server answers")
}
