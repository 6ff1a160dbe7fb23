package clustertest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/clustertest"
)

// TestTheLibraryReadsTheReplies runs the commands that the package answers itself
// through the client, alone and in a transaction.
func TestTheLibraryReadsTheReplies(t *testing.T) {
	t.Parallel()
	for _, protocol := range []int{2, 3} {
		c := clustertest.Start(t, clustertest.Options{})
		rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: c.Addrs(), Protocol: protocol})
		t.Cleanup(func() { _ = rdb.Close() })
		ctx := t.Context()
		for _, cmd := range commandsOf(t, rdb) {
			require.NoError(t, cmd.Err(), "%v, protocol %d", cmd, protocol)
		}
		require.NoError(t, rdb.Del(ctx, "{k}z", "{k}s", "{k}l", "{k}h", "{k}b", "{k}g").Err())
		pipe := rdb.TxPipeline()
		cmds := commandsOf(t, pipe)
		_, err := pipe.Exec(ctx)
		require.NoError(t, err, "protocol %d", protocol)
		for _, cmd := range cmds {
			require.NoError(t, cmd.Err(), "%v, protocol %d", cmd, protocol)
		}
	}
}

func commandsOf(t *testing.T, p redis.Cmdable) []redis.Cmder {
	ctx := t.Context()
	group := func(id string) *redis.XReadGroupArgs {
		return &redis.XReadGroupArgs{Group: "g", Consumer: "c", Streams: []string{"{k}s", id}, Block: -1}
	}
	members := []redis.Z{{Score: 1, Member: "a"}, {Score: 2.5, Member: "b"}}
	return []redis.Cmder{
		p.ZAdd(ctx, "{k}z", members...), p.ZRangeWithScores(ctx, "{k}z", 0, -1), p.ZIncrBy(ctx, "{k}z", 1, "a"),
		p.ZAddArgsIncr(ctx, "{k}z", redis.ZAddArgs{Members: members[:1]}), p.ZDiffWithScores(ctx, "{k}z"), p.ZInterCard(ctx, 0, "{k}z"),
		p.ZRandMemberWithScores(ctx, "{k}z", 1), p.ZScan(ctx, "{k}z", 0, "", 10), p.ZPopMin(ctx, "{k}z"), p.ZPopMin(ctx, "{k}z", 1),
		p.XAdd(ctx, &redis.XAddArgs{Stream: "{k}s", ID: "1-1", Values: []string{"a", "1"}}),
		p.XAdd(ctx, &redis.XAddArgs{Stream: "{k}s", ID: "1-2", Values: []string{"a", "2"}}),
		p.XGroupCreate(ctx, "{k}s", "g", "0"), p.XReadGroup(ctx, group(">")), p.XDel(ctx, "{k}s", "1-1"), p.XReadGroup(ctx, group("0")),
		p.XRead(ctx, &redis.XReadArgs{Streams: []string{"{k}s", "0"}, Block: -1}),
		p.XInfoStream(ctx, "{k}s"), p.XInfoStreamFull(ctx, "{k}s", 10), p.XInfoGroups(ctx, "{k}s"), p.XInfoConsumers(ctx, "{k}s", "g"),
		p.XPending(ctx, "{k}s", "g"), p.XPendingExt(ctx, &redis.XPendingExtArgs{Stream: "{k}s", Group: "g", Start: "-", End: "+", Count: 5}),
		p.RPush(ctx, "{k}l", 3, 1, 2), p.Sort(ctx, "{k}l", &redis.Sort{Order: "DESC"}), p.BLMPop(ctx, time.Second, "left", 2, "{k}l"),
		p.BitField(ctx, "{k}b", "INCRBY", "u8", 0, 5), p.LCS(ctx, &redis.LCSQuery{Key1: "{k}b", Key2: "{k}b", Idx: true, WithMatchLen: true}),
		p.HSet(ctx, "{k}h", "f", "v", "g", "w"), p.HExpire(ctx, "{k}h", time.Second, "f"), p.HPTTL(ctx, "{k}h", "f"),
		p.HGetEX(ctx, "{k}h", "f"), p.HGetDel(ctx, "{k}h", "f", "x"),
		p.GeoAdd(ctx, "{k}g", &redis.GeoLocation{Name: "P", Longitude: 13.3, Latitude: 38}), p.GeoHash(ctx, "{k}g", "P"),
	}
}

func TestTheLibraryReadsAboutFunctions(t *testing.T) {
	t.Parallel()
	c := clustertest.Start(t, clustertest.Options{})
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: c.Addrs()})
	t.Cleanup(func() { _ = rdb.Close() })
	ctx := t.Context()
	require.NoError(t, rdb.FunctionLoad(ctx, "#!lua name=l\nredis.register_function('f', function(keys, args) return args[1] end)").Err())
	for _, key := range []string{"a", "b", "c", "d"} {
		got, err := rdb.FCall(ctx, "f", []string{key}, key).Text()
		require.NoError(t, err)
		require.Equal(t, key, got)
	}
	list, err := rdb.FunctionList(ctx, redis.FunctionListQuery{WithCode: true}).Result()
	require.NoError(t, err)
	require.Equal(t, "f", list[0].Functions[0].Name)
	require.NoError(t, rdb.FunctionStats(ctx).Err())
	require.NoError(t, rdb.SlowLogGet(ctx, 5).Err())
	require.NoError(t, rdb.ACLLog(ctx, 1).Err())
	require.Equal(t, "default", rdb.ACLWhoAmI(ctx).Val())
}
