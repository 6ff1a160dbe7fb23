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

	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/clustertest"
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
