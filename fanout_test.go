package redis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/clustertest"
	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// startInProcess starts a cluster in this process, and a client of it.
func startInProcess(t *testing.T, opts clustertest.Options) (*clustertest.Cluster, *redis.ClusterClient) {
	t.Helper()
	cl := clustertest.Start(t, opts)
	return cl, newClient(t, &redis.ClusterOptions{Addrs: cl.Addrs()[:1]})
}

// fillKeys sets count keys that begin with prefix, in as many slots.
func fillKeys(t *testing.T, rdb *redis.ClusterClient, prefix string, count int) []string {
	t.Helper()
	keys := make([]string, count)
	_, err := rdb.Pipelined(t.Context(), func(pipe redis.Pipeliner) error {
		for i := range keys {
			keys[i] = fmt.Sprintf("%s:%05d", prefix, i)
			pipe.Set(t.Context(), keys[i], i, time.Hour)
		}
		return nil
	})
	require.NoError(t, err)
	return keys
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	sort.Strings(list)
	return list
}

func TestKeysOfTheWholeCluster(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		for _, readOnly := range []bool{false, true} {
			opt := cl.Options()
			opt.ReadOnly = readOnly
			rdb := newClient(t, opt)
			ctx := within(t, time.Minute)
			keys := fillKeys(t, rdb, t.Name(), 1000)
			if readOnly {
				awaitReplicas(t, cl.Cluster)
			}
			pattern := t.Name() + ":*"

			got, err := rdb.Keys(ctx, pattern).Result()
			require.NoError(t, err)
			require.Equal(t, keys, sorted(got))

			got, err = rdb.Do(ctx, "KEYS", pattern).StringSlice()
			require.NoError(t, err)
			require.Equal(t, keys, sorted(got))

			var piped *redis.StringSliceCmd
			var size *redis.IntCmd
			var set, get redis.Cmder
			_, err = rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
				set = pipe.Set(ctx, "a", "x", 0)
				piped = pipe.Keys(ctx, pattern)
				size = pipe.DBSize(ctx)
				get = pipe.Get(ctx, "a")
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, keys, sorted(piped.Val()))
			require.GreaterOrEqual(t, size.Val(), int64(len(keys)))
			require.NoError(t, set.Err())
			require.NoError(t, get.Err())

			got, err = rdb.Keys(ctx, t.Name()+" absent").Result()
			require.NoError(t, err)
			require.Empty(t, got)
		}
	})
}

func TestCountsOfTheWholeCluster(t *testing.T) {
	t.Parallel()
	cl, rdb := startInProcess(t, clustertest.Options{})
	ctx := within(t, time.Minute)
	require.ErrorIs(t, rdb.RandomKey(ctx).Err(), redis.Nil)
	require.Zero(t, rdb.DBSize(ctx).Val())
	require.NoError(t, rdb.Set(ctx, "only", 1, 0).Err())
	for range 30 {
		key, err := rdb.RandomKey(ctx).Result()
		require.NoError(t, err)
		require.Equal(t, "only", key)
	}
	fillKeys(t, rdb, "k", 300)
	size, err := rdb.DBSize(ctx).Result()
	require.NoError(t, err)
	require.EqualValues(t, 301, size)
	total := 0
	for i := range cl.Primaries() {
		total += len(cl.Data(i).Keys())
	}
	require.Equal(t, 301, total)

	found := map[string]bool{}
	for range 60 {
		key, err := rdb.RandomKey(ctx).Result()
		require.NoError(t, err)
		found[cl.PrimaryForKey(key).Addr()] = true
	}
	require.Len(t, found, 3, "keys of every shard are found")

	for _, flush := range []func(context.Context) *redis.StatusCmd{rdb.FlushAll, rdb.FlushDB} {
		fillKeys(t, rdb, "k", 300)
		ok, err := flush(ctx).Result()
		require.NoError(t, err)
		require.Equal(t, "OK", ok)
		require.Zero(t, rdb.DBSize(ctx).Val())
	}
}

// A pipeline's commands keep their order at every node.
func TestOrderAroundCommandsToAllNodes(t *testing.T) {
	t.Parallel()
	_, rdb := startInProcess(t, clustertest.Options{})
	ctx := within(t, time.Minute)
	var before, after, size *redis.IntCmd
	_, err := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i := range 100 {
			pipe.Set(ctx, fmt.Sprint("old", i), i, 0)
		}
		before = pipe.DBSize(ctx)
		pipe.FlushAll(ctx)
		size = pipe.DBSize(ctx)
		for i := range 50 {
			pipe.Set(ctx, fmt.Sprint("new", i), i, 0)
		}
		after = pipe.DBSize(ctx)
		return nil
	})
	require.NoError(t, err)
	require.EqualValues(t, 100, before.Val())
	require.Zero(t, size.Val())
	require.EqualValues(t, 50, after.Val())
}

func TestAdministrationOfTheWholeCluster(t *testing.T) {
	cl := redis.PlainCluster(t)
	rdb := newClient(t, cl.Options())
	ctx := within(t, time.Minute)
	// onAll is what every one of the nodes answers.
	onAll := func(nodes []*redistest.Node, want any, args ...string) {
		t.Helper()
		for _, n := range nodes {
			got, err := n.Do(args...)
			require.NoError(t, err)
			require.Equal(t, want, got, "%s: %v", n.Addr(), args)
		}
	}

	t.Run("scripts", func(t *testing.T) {
		sha, err := rdb.ScriptLoad(ctx, "return 'fanned out'").Result()
		require.NoError(t, err)
		onAll(cl.Nodes(), []any{int64(1)}, "SCRIPT", "EXISTS", sha)
		other := "0123456789012345678901234567890123456789"
		require.Equal(t, []bool{true, false}, rdb.ScriptExists(ctx, sha, other).Val())

		_, err = cl.Primaries()[1].Do("SCRIPT", "FLUSH")
		require.NoError(t, err)
		require.Equal(t, []bool{false, false}, rdb.ScriptExists(ctx, sha, other).Val(), "one node lacks it")

		require.NoError(t, rdb.ScriptFlush(ctx).Err())
		onAll(cl.Nodes(), []any{int64(0)}, "SCRIPT", "EXISTS", sha)

		err = rdb.ScriptLoad(ctx, "this is no Lua").Err()
		require.ErrorContains(t, err, "ERR Error compiling script")
		err = rdb.ScriptKill(ctx).Err()
		require.True(t, redis.HasErrorPrefix(err, "NOTBUSY"), "%v", err)
		require.False(t, errors.As(err, new(*redis.NodesError)), "all say the same")
	})

	t.Run("functions", func(t *testing.T) {
		code := "#!lua name=whole\nredis.register_function('seven', function() return 7 end)"
		name, err := rdb.FunctionLoad(ctx, code).Result()
		require.NoError(t, err)
		require.Equal(t, "whole", name)
		for range 10 {
			require.EqualValues(t, 7, rdb.FCall(ctx, "seven", nil).Val())
		}
		for _, key := range []string{"a", "b", "c"} {
			require.EqualValues(t, 7, rdb.FCall(ctx, "seven", []string{key}).Val())
		}
		stats, err := rdb.FunctionStats(ctx).Result()
		require.NoError(t, err)
		require.False(t, stats.Running())
		require.Equal(t, []redis.Engine{{Language: "LUA", LibrariesCount: 1, FunctionsCount: 1}}, stats.Engines)

		dump := rdb.FunctionDump(ctx).Val()
		require.Equal(t, "OK", rdb.FunctionDelete(ctx, "whole").Val())
		onAll(cl.Primaries(), []any{}, "FUNCTION", "LIST")
		require.Equal(t, "OK", rdb.FunctionRestore(ctx, dump).Val())
		require.ErrorContains(t, rdb.FunctionLoad(ctx, code).Err(), "already exists")
		require.Equal(t, "OK", rdb.FunctionFlush(ctx).Val())
		onAll(cl.Primaries(), []any{}, "FUNCTION", "LIST")
		require.True(t, redis.HasErrorPrefix(rdb.FunctionKill(ctx).Err(), "NOTBUSY"))
	})

	t.Run("configuration", func(t *testing.T) {
		require.NoError(t, rdb.ConfigSet(ctx, "slowlog-max-len", "77").Err())
		onAll(cl.Nodes(), []any{"slowlog-max-len", "77"}, "CONFIG", "GET", "slowlog-max-len")
		require.NoError(t, rdb.ConfigSet(ctx, "slowlog-max-len", "128").Err())
		err := rdb.ConfigSet(ctx, "nonsense", "1").Err()
		require.ErrorContains(t, err, "ERR Unknown option")
		require.NoError(t, rdb.ConfigResetStat(ctx).Err())

		require.NoError(t, rdb.ConfigSet(ctx, "slowlog-log-slower-than", "0").Err())
		require.NoError(t, rdb.SlowLogReset(ctx).Err())
		require.NoError(t, rdb.ConfigSet(ctx, "slowlog-log-slower-than", "10000").Err())
		n, err := rdb.SlowLogLen(ctx).Result()
		require.NoError(t, err)
		require.GreaterOrEqual(t, n, int64(len(cl.Nodes())))
		logs, err := rdb.SlowLogGet(ctx, 100).Result()
		require.NoError(t, err)
		require.GreaterOrEqual(t, int64(len(logs)), n)
		require.NoError(t, rdb.SlowLogReset(ctx).Err())
	})

	t.Run("users", func(t *testing.T) {
		require.Equal(t, "OK", rdb.ACLSetUser(ctx, "alice", "on", ">right", "+ping").Val())
		onAll(cl.Nodes(), []any{"alice", "default"}, "ACL", "USERS")
		require.NoError(t, rdb.ACLLogReset(ctx).Err())
		for _, n := range cl.Nodes() {
			_, err := n.Do("AUTH", "alice", "wrong")
			require.Error(t, err)
		}
		log, err := rdb.ACLLog(ctx, 10).Result()
		require.NoError(t, err)
		require.Len(t, log, len(cl.Nodes()))
		for _, entry := range log {
			require.Equal(t, "alice", entry.Username)
		}
		require.Equal(t, "OK", rdb.ACLLogReset(ctx).Val())
		onAll(cl.Nodes(), []any{}, "ACL", "LOG")
		require.EqualValues(t, 1, rdb.ACLDelUser(ctx, "alice").Val())
		onAll(cl.Nodes(), []any{"default"}, "ACL", "USERS")
	})

	t.Run("PING", func(t *testing.T) {
		resetStats(t, cl.Cluster)
		require.Equal(t, "PONG", rdb.Ping(ctx).Val())
		require.Equal(t, "hello", rdb.Do(ctx, "ping", "hello").Val())
		calls := callsOf(t, cl.Primaries(), "ping")
		for _, n := range cl.Primaries() {
			require.Positive(t, calls[n.Addr()])
		}
	})

	t.Run("INFO is of one node", func(t *testing.T) {
		require.Contains(t, rdb.Info(ctx, "server").Val(), "tcp_port")
		require.NoError(t, rdb.Do(ctx, "memory", "purge").Err())
	})
}

func TestNodesError(t *testing.T) {
	t.Parallel()
	cl, rdb := startInProcess(t, clustertest.Options{})
	ctx := within(t, time.Minute)
	fillKeys(t, rdb, "k", 300)
	all := rdb.Keys(ctx, "*").Val()
	require.Len(t, all, 300)
	culprit := cl.Primary(1)
	cl.SetError(culprit, "ERR out of order")

	keys, err := rdb.Keys(ctx, "*").Result()
	var failed *redis.NodesError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, "keys", failed.Command)
	require.Equal(t, 3, failed.Nodes)
	require.Len(t, failed.Failed, 1)
	require.EqualError(t, failed.Failed[culprit.Addr()], "ERR out of order")
	require.ErrorContains(t, err, "redis: keys: 1 of 3 nodes failed: "+culprit.Addr()+": ERR out of order")
	require.True(t, redis.HasErrorPrefix(err, "out of order"))
	require.Len(t, keys, 300-len(cl.Data(1).Keys()), "the others' answers")

	var piped, fine redis.Cmder
	_, err = rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		piped = pipe.ConfigSet(ctx, "maxmemory", "0")
		fine = pipe.Set(ctx, keys[0], 1, 0)
		return nil
	})
	require.ErrorAs(t, err, &failed)
	require.Equal(t, "config set", failed.Command)
	require.Equal(t, piped.Err(), err)
	require.NoError(t, fine.Err())

	for _, n := range cl.Nodes() {
		cl.SetError(n, "ERR out of order")
	}
	require.EqualError(t, rdb.FlushAll(ctx).Err(), "ERR out of order", "it is not about a node")
	cl.SetError(culprit, "ERR worse")
	require.ErrorAs(t, rdb.FlushAll(ctx).Err(), &failed)
	require.Len(t, failed.Failed, 3)
}

func TestNodesErrorOfContext(t *testing.T) {
	t.Parallel()
	cl, rdb := startInProcess(t, clustertest.Options{})
	require.NoError(t, rdb.Ping(t.Context()).Err())
	cl.Delay(cl.Primary(2), time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := rdb.Keys(ctx, "*").Err()
	require.ErrorIs(t, err, context.DeadlineExceeded)
	var failed *redis.NodesError
	require.ErrorAs(t, err, &failed)
	require.Contains(t, failed.Failed, cl.Primary(2).Addr())
	require.Len(t, failed.Failed, 1)

	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, rdb.FlushAll(cancelled).Err(), context.Canceled)
}

// A command to all shards waits for the one that is electing a primary.
func TestWholeClusterDuringFailover(t *testing.T) {
	t.Parallel()
	cl, rdb := startInProcess(t, clustertest.Options{Replicas: 1})
	ctx := within(t, time.Minute)
	keys := fillKeys(t, rdb, "k", 300)
	for shard := range 3 {
		old, err := cl.FailPrimary(shard, 200*time.Millisecond)
		require.NoError(t, err)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				got, err := rdb.Keys(ctx, "*").Result()
				if err != nil || !slices.Equal(keys, sorted(got)) {
					t.Errorf("KEYS: %d keys, %v", len(got), err)
				}
				if n, err := rdb.DBSize(ctx).Result(); err != nil || n != 300 {
					t.Errorf("DBSIZE: %d, %v", n, err)
				}
			})
		}
		wg.Wait()
		// What goes to all nodes does not need one that has left.
		require.NoError(t, rdb.ConfigSet(ctx, "maxmemory", fmt.Sprint(shard)).Err())
		require.NoError(t, cl.Start(old))
	}
}

func TestWholeClusterAfterDemotion(t *testing.T) {
	t.Parallel()
	cl, rdb := startInProcess(t, clustertest.Options{Replicas: 1})
	ctx := within(t, time.Minute)
	fillKeys(t, rdb, "k", 300)
	for shard := range 3 {
		require.NoError(t, cl.Failover(shard))
	}
	require.NoError(t, rdb.FlushAll(ctx).Err(), "READONLY sends it to the new primaries")
	require.Zero(t, rdb.DBSize(ctx).Val())
}

func TestWholeClusterWhileItGrows(t *testing.T) {
	t.Parallel()
	cl, rdb := startInProcess(t, clustertest.Options{Shards: 2})
	ctx := within(t, time.Minute)
	keys := fillKeys(t, rdb, "k", 300)
	n, err := cl.AddShard()
	require.NoError(t, err)
	require.NoError(t, cl.AssignSlots(4000, 12000, n))
	rdb.ReloadState(ctx)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		got, err := rdb.Keys(ctx, "*").Result()
		require.NoError(c, err)
		require.Equal(c, keys, sorted(got))
	}, 10*time.Second, 10*time.Millisecond)
}
