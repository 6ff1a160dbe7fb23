package redis_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/clustertest"
)

// rewriter is a hook that replaces arguments of commands.
type rewriter struct{ rewrite func(args []any) }

func (rewriter) DialHook(next redis.DialHook) redis.DialHook { return next }

func (r rewriter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		r.rewrite(cmd.Args())
		return next(ctx, cmd)
	}
}

func (r rewriter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		for _, cmd := range cmds {
			r.rewrite(cmd.Args())
		}
		return next(ctx, cmds)
	}
}

// A hook may give each program keys of its own: commands are routed and sent as it
// leaves them.
func TestHookRewritesKeys(t *testing.T) {
	t.Parallel()
	cl := clustertest.Start(t, clustertest.Options{})
	ctx := within(t, time.Minute)
	plain := newClient(t, &redis.ClusterOptions{Addrs: cl.Addrs()})
	cluster := newClient(t, &redis.ClusterOptions{Addrs: cl.Addrs()})
	prefix := rewriter{func(args []any) {
		for i, arg := range args[1:] {
			if key, ok := arg.(string); ok && strings.HasPrefix(key, "key") {
				args[1+i] = "tenant:" + key
			}
		}
	}}
	cluster.AddHook(prefix)

	require.NoError(t, cluster.Set(ctx, "key1", "a", 0).Err())
	require.NoError(t, cluster.MSet(ctx, "key2", "b", "key3", "c").Err())
	_, err := cluster.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Set(ctx, "key4", "d", 0)
		pipe.HSet(ctx, "key5", "f1", 1, "f2", 2, "f3", 3)
		return nil
	})
	require.NoError(t, err)
	_, err = cluster.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Set(ctx, "key6", "e", 0)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []any{"a", "b", "c", "d", nil, "e"}, plain.MGet(ctx,
		"tenant:key1", "tenant:key2", "tenant:key3", "tenant:key4", "key1", "tenant:key6").Val())
	require.Equal(t, map[string]string{"f1": "1", "f2": "2", "f3": "3"}, plain.HGetAll(ctx, "tenant:key5").Val())

	// The client of one server, and a connection of it.
	client, err := cluster.MasterForKey(ctx, "tenant:key1")
	require.NoError(t, err)
	single := redis.NewClient(&redis.Options{Addr: client.Options().Addr})
	defer func() { _ = single.Close() }()
	single.AddHook(prefix)
	require.Equal(t, "a", single.Get(ctx, "key1").Val())
	conn := single.Conn()
	defer func() { _ = conn.Close() }()
	require.Equal(t, "a", conn.Get(ctx, "key1").Val(), "it has the client's hooks")
}

func TestHookRewritesCommands(t *testing.T) {
	t.Parallel()
	_, rdb := startInProcess(t, clustertest.Options{})
	ctx := within(t, time.Minute)
	require.NoError(t, rdb.Set(ctx, "n", 1, 0).Err())
	var with []any
	rdb.AddHook(rewriter{func(args []any) {
		if with != nil {
			copy(args, with)
		}
	}})

	with = []any{"incrby", "n", 5}
	require.EqualValues(t, 6, rdb.IncrBy(ctx, "other", 1).Val(), "another key, and a number")
	with = []any{"decrby"}
	require.EqualValues(t, 4, rdb.IncrBy(ctx, "n", 2).Val(), "another name")
	with = []any{"get", struct{}{}}
	require.ErrorContains(t, rdb.Get(ctx, "n").Err(), "redis: get: argument 1: cannot send a value of type struct {}")
	with = nil
	cmd := rdb.Get(ctx, "n")
	require.Equal(t, []any{"get", "n"}, cmd.Args())
	require.Equal(t, "4", cmd.Val())

	// What a cursor goes on with is not what was seen of it before.
	for i := range 50 {
		require.NoError(t, rdb.Set(ctx, "key"+string(rune('A'+i)), i, 0).Err())
	}
	seen := map[string]bool{}
	for iter := rdb.Scan(ctx, 0, "key*", 5).Iterator(); iter.Next(ctx); {
		require.False(t, seen[iter.Val()], iter.Val())
		seen[iter.Val()] = true
	}
	require.Len(t, seen, 50)
}

// What a hook has made of the arguments for a page is not given to it again for the
// next one.
func TestHookRewritesEachPageOnce(t *testing.T) {
	t.Parallel()
	cl := clustertest.Start(t, clustertest.Options{})
	ctx := within(t, time.Minute)
	plain := newClient(t, &redis.ClusterOptions{Addrs: cl.Addrs()})
	const n = 300
	p := plain.Pipeline()
	for i := range n {
		p.Set(ctx, fmt.Sprint("{t}user:", i), 1, 0)
	}
	_, err := p.Exec(ctx)
	require.NoError(t, err)
	hook := rewriter{func(args []any) {
		if args[0] == "scan" {
			args[3] = "{t}" + args[3].(string)
		}
	}}
	count := func(cmd *redis.ScanCmd) (found int) {
		iter := cmd.Iterator()
		for iter.Next(ctx) {
			found++
		}
		require.NoError(t, iter.Err())
		return found
	}

	cluster := newClient(t, &redis.ClusterOptions{Addrs: cl.Addrs()})
	cluster.AddHook(hook)
	require.Equal(t, n, count(cluster.Scan(ctx, 0, "user:*", 10)))
	pipe := cluster.Pipeline()
	cmd := pipe.Scan(ctx, 0, "user:*", 10)
	_, err = pipe.Exec(ctx)
	require.NoError(t, err)
	require.Equal(t, n, count(cmd))

	node, err := plain.MasterForKey(ctx, "{t}")
	require.NoError(t, err)
	node.AddHook(hook)
	require.Equal(t, n, count(node.Scan(ctx, 0, "user:*", 10)))
	require.NoError(t, plain.Watch(ctx, func(tx *redis.Tx) error {
		require.Equal(t, n, count(tx.Scan(ctx, 0, "user:*", 10)))
		return nil
	}, "{t}"))
}
