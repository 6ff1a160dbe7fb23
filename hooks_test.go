package redis_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/clustertest"
	"github.com/stretchr/testify/require"
)

// recorder is a hook that notes what it sees, and refuses what it is told to.
type recorder struct {
	name    string
	mu      *sync.Mutex
	seen    *[]string
	refuse  string // a command
	refusal error
}

func newRecorder(name string) *recorder {
	return &recorder{name, new(sync.Mutex), new([]string), "", nil}
}

func (r *recorder) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*r.seen = append(*r.seen, r.name+" "+fmt.Sprintf(format, args...))
}

// take is what was seen since the last call.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := *r.seen
	*r.seen = nil
	return seen
}

func withoutDials(seen []string) []string {
	return slices.DeleteFunc(seen, func(s string) bool { return strings.Contains(s, " dial ") })
}

func (r *recorder) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		r.note("dial %s", addr)
		return next(ctx, network, addr)
	}
}

func (r *recorder) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		r.note("%s", cmd.FullName())
		if r.refuse == cmd.Name() {
			return r.refusal
		}
		err := next(ctx, cmd)
		r.note("%s: %v %v", cmd.FullName(), err, cmd.Err())
		return err
	}
}

func (r *recorder) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		var names []string
		for _, cmd := range cmds {
			names = append(names, cmd.Name())
		}
		r.note("[%s]", strings.Join(names, " "))
		if slices.Contains(names, r.refuse) {
			return r.refusal
		}
		return next(ctx, cmds)
	}
}

func TestHooksOfCluster(t *testing.T) {
	t.Parallel()
	cl, rdb := startInProcess(t, clustertest.Options{})
	ctx := within(t, time.Minute)
	hook := newRecorder("hook")
	rdb.AddHook(hook)

	require.ErrorIs(t, rdb.Get(ctx, "k").Err(), redis.Nil)
	seen := hook.take()
	require.Equal(t, "hook get", seen[0])
	require.Equal(t, "hook get: redis: nil redis: nil", seen[len(seen)-1])
	dials := slices.DeleteFunc(seen, func(s string) bool { return !strings.HasPrefix(s, "hook dial") })
	require.Contains(t, dials, "hook dial "+cl.PrimaryForKey("k").Addr())

	// One command for the caller is one for the hook.
	require.NoError(t, rdb.MSet(ctx, "a", 1, "b", 2, "c", 3).Err())
	require.NoError(t, rdb.Keys(ctx, "*").Err())
	hook.take()
	require.NoError(t, rdb.MGet(ctx, "a", "b", "c").Err())
	require.NoError(t, rdb.DBSize(ctx).Err())
	require.NoError(t, rdb.Scan(ctx, 0, "", 1000).Err())
	require.Equal(t, []string{
		"hook mget", "hook mget: <nil> <nil>", "hook dbsize", "hook dbsize: <nil> <nil>", "hook scan", "hook scan: <nil> <nil>",
	}, hook.take())

	_, err := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Get(ctx, "a")
		pipe.MGet(ctx, "a", "b")
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"hook [get mget]"}, hook.take())
	cmds, err := rdb.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		tx.Get(ctx, "a")
		return nil
	})
	require.NoError(t, err)
	require.Len(t, cmds, 1)
	require.Equal(t, "1", cmds[0].(*redis.StringCmd).Val())
	require.Equal(t, []string{"hook [multi get exec]"}, hook.take())
}

func TestHooksSeeWatch(t *testing.T) {
	t.Parallel()
	_, rdb := startInProcess(t, clustertest.Options{})
	ctx := within(t, time.Minute)
	hook := newRecorder("hook")
	rdb.AddHook(hook)
	require.NoError(t, rdb.Set(ctx, "k", 1, 0).Err())
	hook.take()
	require.NoError(t, rdb.Watch(ctx, func(tx *redis.Tx) error {
		own := newRecorder("own")
		tx.AddHook(own)
		defer func() {
			require.Equal(t, []string{"own get", "own get: <nil> <nil>", "own [multi set exec]"}, own.take())
		}()
		if err := tx.Get(ctx, "k").Err(); err != nil {
			return err
		}
		_, err := tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			pipe.Set(ctx, "k", 2, 0)
			return nil
		})
		return err
	}, "k"))
	seen := withoutDials(hook.take())
	require.Equal(t, []string{"hook watch", "hook watch: <nil> <nil>", "hook get", "hook get: <nil> <nil>", "hook [multi set exec]"}, seen)
	require.Equal(t, "2", rdb.Get(ctx, "k").Val())
}

func TestHooksSeePubSubDials(t *testing.T) {
	t.Parallel()
	cl, rdb := startInProcess(t, clustertest.Options{})
	ctx := within(t, time.Minute)
	require.NoError(t, rdb.Ping(ctx).Err())
	hook := newRecorder("hook")
	rdb.AddHook(hook)
	sub := rdb.SSubscribe(ctx, "news")
	defer func() { require.NoError(t, sub.Close()) }()
	_, err := sub.Receive(ctx)
	require.NoError(t, err)
	require.Contains(t, hook.take(), "hook dial "+cl.PrimaryForKey("news").Addr())
}

func TestOrderOfHooks(t *testing.T) {
	t.Parallel()
	_, rdb := startInProcess(t, clustertest.Options{})
	ctx := within(t, time.Minute)
	require.NoError(t, rdb.Ping(ctx).Err())
	outer := newRecorder("outer")
	inner := &recorder{"inner", outer.mu, outer.seen, "", nil}
	rdb.AddHook(outer)
	rdb.AddHook(inner)
	require.NoError(t, rdb.Ping(ctx).Err())
	require.Equal(t, []string{"outer ping", "inner ping", "inner ping: <nil> <nil>", "outer ping: <nil> <nil>"}, outer.take())

	refused := errors.New("refused")
	inner.refuse, inner.refusal = "get", refused
	require.Equal(t, refused, rdb.Get(ctx, "k").Err())
	require.Equal(t, []string{"outer get", "inner get", "outer get: refused <nil>"}, outer.take())
	_, err := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Get(ctx, "k")
		return nil
	})
	require.Equal(t, refused, err)
	_, err = rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Get(ctx, "k")
		return nil
	})
	require.Equal(t, refused, err)
}

// The hooks of a node see what is sent to it, redirects and parts included.
func TestHooksOfNodes(t *testing.T) {
	t.Parallel()
	cl, rdb := startInProcess(t, clustertest.Options{})
	ctx := within(t, time.Minute)
	require.NoError(t, rdb.MSet(ctx, "{a}1", 1, "{b}1", 2, "{c}1", 3).Err())
	var mu sync.Mutex
	hooks := map[string]*recorder{}
	require.NoError(t, rdb.ForEachMaster(ctx, func(_ context.Context, node *redis.Client) error {
		hook := newRecorder("node")
		node.AddHook(hook)
		mu.Lock()
		defer mu.Unlock()
		hooks[node.Options().Addr] = hook
		return nil
	}))
	at := func(key string) *recorder { return hooks[cl.PrimaryForKey(key).Addr()] }

	require.Equal(t, "1", rdb.Get(ctx, "{a}1").Val())
	require.Equal(t, []string{"node get", "node get: <nil> <nil>"}, at("{a}").take())

	vals, err := rdb.MGet(ctx, "{a}1", "{b}1", "{c}1", "{a}2").Result()
	require.NoError(t, err)
	require.Equal(t, []any{"1", "2", "3", nil}, vals)
	require.Contains(t, at("{b}").take(), "node [mget]")
	for _, hook := range hooks {
		hook.take()
	}

	cmds, err := rdb.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		tx.Incr(ctx, "{a}1")
		tx.Get(ctx, "{a}1")
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, "2", cmds[1].(*redis.StringCmd).Val())
	require.Equal(t, []string{"node [multi incr get exec]"}, at("{a}").take())

	// A redirect is an answer of one node and a command at another.
	to := cl.Primary(0)
	if cl.PrimaryForKey("{a}") == to {
		to = cl.Primary(1)
	}
	from := at("{a}")
	require.NoError(t, cl.MigrateSlot(clustertest.Slot("{a}"), to))
	require.Equal(t, "2", rdb.Get(ctx, "{a}1").Val())
	require.Contains(t, from.take()[1], "MOVED")
	require.Contains(t, at("{a}").take(), "node get: <nil> <nil>")

	// What the node's own callers send is seen too, and a hook may use its client.
	node, err := rdb.MasterForKey(ctx, "{a}1")
	require.NoError(t, err)
	require.Equal(t, "2", node.Get(ctx, "{a}1").Val())
	require.Equal(t, []string{"node get", "node get: <nil> <nil>"}, at("{a}").take())
	conn := node.Conn()
	require.NoError(t, conn.ClientSetName(ctx, "x").Err())
	require.NoError(t, conn.Close())
	require.Equal(t, []string{"node client setname", "node client setname: <nil> <nil>"}, withoutDials(at("{a}").take()))

	// A node's refusal is the command's error.
	refused := errors.New("refused")
	at("{a}").refuse, at("{a}").refusal = "get", refused
	require.ErrorIs(t, rdb.Get(ctx, "{a}1").Err(), refused)
	cmds, err = rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Get(ctx, "{a}1")
		return nil
	})
	require.ErrorIs(t, err, refused)
	require.ErrorIs(t, cmds[0].Err(), refused)
	_, err = rdb.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		tx.Get(ctx, "{a}1")
		return nil
	})
	require.ErrorIs(t, err, refused)
}

// A limiter allows or refuses by its rule and notes what it is told.
type limiter struct {
	mu      sync.Mutex
	closed  bool
	allowed int
	results []error
}

var errLimited = errors.New("too much")

func (l *limiter) Allow() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errLimited
	}
	l.allowed++
	return nil
}

func (l *limiter) ReportResult(result error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.results = append(l.results, result)
}

func TestLimiter(t *testing.T) {
	t.Parallel()
	cl := clustertest.Start(t, clustertest.Options{Shards: 1})
	ctx := within(t, time.Minute)
	perNode := new(limiter)
	alone := new(limiter)
	node := redis.NewClient(&redis.Options{Addr: cl.Addrs()[0], Limiter: alone})
	defer func() { require.NoError(t, node.Close()) }()
	rdb := newClient(t, &redis.ClusterOptions{Addrs: cl.Addrs(), NewClient: func(opt *redis.Options) *redis.Client {
		opt.Limiter = perNode
		return redis.NewClient(opt)
	}})
	for _, test := range []struct {
		limiter *limiter
		c       redis.Cmdable
	}{{alone, node}, {perNode, rdb}} {
		require.NoError(t, test.c.Set(ctx, "{k}", "text", 0).Err())
		require.ErrorIs(t, test.c.Get(ctx, "{k}absent").Err(), redis.Nil)
		require.Error(t, test.c.Incr(ctx, "{k}").Err())
		get := func(pipe redis.Pipeliner) error {
			pipe.Get(ctx, "{k}")
			pipe.Get(ctx, "{k}absent")
			return nil
		}
		_, err := test.c.Pipelined(ctx, get)
		require.ErrorIs(t, err, redis.Nil)
		_, err = test.c.TxPipelined(ctx, get)
		require.ErrorIs(t, err, redis.Nil)
		_, err = test.c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			pipe.Incr(ctx, "{k}")
			return nil
		})
		require.Error(t, err)
		require.Equal(t, 6, test.limiter.allowed)
		for i, result := range test.limiter.results {
			if failed := i == 2 || i == 5; failed {
				require.ErrorContains(t, result, "not an integer")
			} else {
				require.NoError(t, result, i)
			}
		}

		test.limiter.closed = true
		require.Equal(t, errLimited, test.c.Get(ctx, "{k}").Err())
		cmds, err := test.c.Pipelined(ctx, get)
		require.Equal(t, errLimited, err)
		require.Equal(t, errLimited, cmds[1].Err())
		_, err = test.c.TxPipelined(ctx, get)
		require.Equal(t, errLimited, err)
		require.Len(t, test.limiter.results, 6)
	}
}

func TestHooksOfBrokenClient(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	hook := newRecorder("hook")
	cluster := redis.NewClusterClient(&redis.ClusterOptions{})
	cluster.AddHook(hook)
	require.Error(t, cluster.Get(ctx, "k").Err())
	require.Error(t, cluster.Watch(ctx, func(*redis.Tx) error { return nil }, "k"))
	require.NoError(t, cluster.Close())
	node := redis.NewClient(&redis.Options{DB: -1})
	node.AddHook(hook)
	require.Error(t, node.Get(ctx, "k").Err())
	require.Error(t, node.Watch(ctx, func(*redis.Tx) error { return nil }, "k"))
	_, err := node.TxPipelined(ctx, func(tx redis.Pipeliner) error { tx.Get(ctx, "k"); return nil })
	require.Error(t, err)
	require.NoError(t, node.Close())
	require.Len(t, hook.take(), 5)
}

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
