package redis_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/clustertest"
	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// incrScript is a script of its own for each test, and large enough that nobody
// wants to send it twice.
func incrScript(t *testing.T) *redis.Script {
	return redis.NewScript("-- " + t.Name() + strings.Repeat(" padding", 10_000) + `
		return redis.call("INCRBY", KEYS[1], ARGV[1])`)
}

func TestScriptRunsEverywhere(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		rdb := newClient(t, cl.Options())
		ctx := within(t, time.Minute)
		script := incrScript(t)
		require.Equal(t, []bool{false}, script.Exists(ctx, rdb).Val())
		resetStats(t, cl.Cluster)

		// All at once, on nodes that do not have it.
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				key := fmt.Sprint(t.Name(), i)
				got, err := script.Run(ctx, rdb, []string{key}, 5).Int()
				if err != nil || got != 5 {
					t.Errorf("%s: %d, %v", key, got, err)
				}
			})
		}
		wg.Wait()
		loads := callsOf(t, cl.Primaries(), "script|load")
		evals := callsOf(t, cl.Primaries(), "eval")
		for _, n := range cl.Primaries() {
			require.EqualValues(t, 1, loads[n.Addr()], "sent once to %s", n.Addr())
			require.Zero(t, evals[n.Addr()])
		}
		require.Equal(t, []bool{true}, script.Exists(ctx, rdb).Val())
	})
}

// Of the nodes that lack a script, only the one at fault is sent it.
func TestScriptMissingOnOneNode(t *testing.T) {
	t.Parallel()
	cl, rdb := startInProcess(t, clustertest.Options{})
	ctx := within(t, time.Minute)
	script := incrScript(t)
	require.NoError(t, script.Load(ctx, rdb).Err())
	node, err := rdb.MasterForKey(ctx, "key")
	require.NoError(t, err)
	require.NoError(t, node.ScriptFlush(ctx).Err())
	cl.ResetStats()
	for want := range 3 {
		got, err := script.Run(ctx, rdb, []string{"key"}, 1).Int()
		require.NoError(t, err)
		require.Equal(t, want+1, got)
	}
	for _, n := range cl.Nodes() {
		want := 0
		if n == cl.PrimaryForKey("key") {
			want = 1
		}
		require.Equal(t, want, cl.Commands(n)["SCRIPT"], n.Addr())
	}
}

func TestScriptInPipelines(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		rdb := newClient(t, cl.Options())
		ctx := within(t, time.Minute)
		tag := "{" + t.Name() + "}"
		resetStats(t, cl.Cluster)
		script := incrScript(t)
		for round := range 3 {
			require.NoError(t, rdb.Del(ctx, tag+"n", "a", "b").Err())
			var incr [3]*redis.Cmd
			var get [3]*redis.StringCmd
			cmds, err := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
				for i := range incr {
					incr[i] = script.Run(ctx, pipe, []string{tag + "n"}, 2)
					get[i] = pipe.Get(ctx, tag+"n")
				}
				script.Run(ctx, pipe, []string{"a"}, 1)
				script.Run(ctx, pipe, []string{"b"}, 1)
				return nil
			})
			require.NoError(t, err, round)
			require.Len(t, cmds, 8)
			for i := range incr {
				require.EqualValues(t, 2*i+2, incr[i].Val())
				require.Equal(t, fmt.Sprint(2*i+2), get[i].Val(), "in order, the first time too")
			}
		}
		for addr, loads := range callsOf(t, cl.Primaries(), "script|load") {
			require.LessOrEqual(t, loads, int64(1), addr)
		}

		// Somebody else flushes: the calls are sent again, and nothing else is.
		require.NoError(t, newClient(t, cl.Options()).ScriptFlush(ctx).Err())
		require.NoError(t, rdb.Del(ctx, tag+"n").Err())
		var incr *redis.Cmd
		_, err := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			pipe.Incr(ctx, tag+"n")
			incr = script.Run(ctx, pipe, []string{tag + "n"}, 10)
			return nil
		})
		require.NoError(t, err)
		require.EqualValues(t, 11, incr.Val())
	})
}

func TestScriptInTransactions(t *testing.T) {
	cl := redis.PlainCluster(t)
	rdb := newClient(t, cl.Options())
	ctx := within(t, time.Minute)
	tag := "{" + t.Name() + "}"
	require.NoError(t, rdb.Del(ctx, tag+"n", tag+"other").Err())
	resetStats(t, cl.Cluster)
	script := incrScript(t)
	for round := range 3 {
		var first, second *redis.Cmd
		cmds, err := rdb.TxPipelined(ctx, func(tx redis.Pipeliner) error {
			first = script.Run(ctx, tx, []string{tag + "n"}, 1)
			tx.Incr(ctx, tag+"other")
			second = script.RunRO(ctx, tx, nil)
			return nil
		})
		require.ErrorContains(t, err, "script", "a read-only call may not write")
		require.Len(t, cmds, 3)
		require.EqualValues(t, round+1, first.Val())
		require.Error(t, second.Err())
		require.False(t, redis.HasErrorPrefix(second.Err(), "NOSCRIPT"), "%v", second.Err())
	}
	calls := callsOf(t, cl.Primaries(), "script|load")
	require.EqualValues(t, 1, calls[cl.PrimaryFor(slotOf(t, cl.Cluster, tag)).Addr()])

	// Nothing of a transaction runs before its scripts are there.
	require.NoError(t, newClient(t, cl.Options()).ScriptFlush(ctx).Err())
	cmds, err := rdb.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		tx.Set(ctx, tag+"n", 100, 0)
		script.Run(ctx, tx, []string{tag + "n"}, 1)
		return nil
	})
	require.NoError(t, err)
	require.EqualValues(t, 101, cmds[1].(*redis.Cmd).Val())
}

func TestScriptOnOneNode(t *testing.T) {
	t.Parallel()
	node := redistest.StartServer(t, redistest.Options{})
	rdb := redis.NewClient(&redis.Options{Addr: node.Addr()})
	defer func() { require.NoError(t, rdb.Close()) }()
	ctx := within(t, time.Minute)
	script := incrScript(t)
	flush := func() { require.NoError(t, rdb.ScriptFlush(ctx).Err()) }
	require.EqualValues(t, 1, script.Run(ctx, rdb, []string{"n"}, 1).Val())

	for name, scripter := range map[string]func(func(redis.Pipeliner) error) ([]redis.Cmder, error){
		"pipeline":    func(fn func(redis.Pipeliner) error) ([]redis.Cmder, error) { return rdb.Pipelined(ctx, fn) },
		"transaction": func(fn func(redis.Pipeliner) error) ([]redis.Cmder, error) { return rdb.TxPipelined(ctx, fn) },
		"on a connection": func(fn func(redis.Pipeliner) error) ([]redis.Cmder, error) {
			conn := rdb.Conn()
			defer func() { require.NoError(t, conn.Close()) }()
			require.NoError(t, script.Run(ctx, conn, []string{"m"}, 1).Err())
			return conn.TxPipelined(ctx, fn)
		},
	} {
		flush()
		require.NoError(t, rdb.Del(ctx, "n").Err())
		cmds, err := scripter(func(pipe redis.Pipeliner) error {
			script.Run(ctx, pipe, []string{"n"}, 1)
			return nil
		})
		require.NoError(t, err, name)
		require.EqualValues(t, 1, cmds[0].(*redis.Cmd).Val(), name)
	}
	flush()
	conn := rdb.Conn()
	require.EqualValues(t, 2, script.Run(ctx, conn, []string{"n"}, 1).Val())
	require.NoError(t, conn.Close())
}

func TestScriptAfterFailover(t *testing.T) {
	t.Parallel()
	cl, rdb := startInProcess(t, clustertest.Options{Replicas: 1})
	ctx := within(t, time.Minute)
	script := incrScript(t)
	for want := range 3 {
		got, err := script.Run(ctx, rdb, []string{"n"}, 1).Int()
		require.NoError(t, err)
		require.Equal(t, want+1, got)
		require.NoError(t, cl.Failover(0))
		require.NoError(t, cl.Failover(1))
		require.NoError(t, cl.Failover(2))
	}
}

func TestScriptThatIsWrong(t *testing.T) {
	cl := redis.PlainCluster(t)
	rdb := newClient(t, cl.Options())
	ctx := within(t, time.Minute)
	bad := redis.NewScript("this is no Lua " + t.Name())
	require.ErrorContains(t, bad.Run(ctx, rdb, []string{"k"}).Err(), "Error compiling script")
	cmds, err := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		bad.Run(ctx, pipe, []string{"k"})
		pipe.Set(ctx, "k", 1, 0)
		return nil
	})
	require.Error(t, err)
	require.Error(t, cmds[0].Err())
	require.NoError(t, cmds[1].Err())
	_, err = rdb.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		tx.Set(ctx, "k", 2, 0)
		bad.Run(ctx, tx, []string{"k"})
		return nil
	})
	require.ErrorContains(t, err, "Error compiling script")
	require.Equal(t, "1", rdb.Get(ctx, "k").Val(), "no command of the transaction ran")

	crossing := redis.NewScript("return 1")
	require.ErrorContains(t, crossing.Run(ctx, rdb, []string{"a", "b"}).Err(), "CROSSSLOT")
}

func TestScriptWithoutKeys(t *testing.T) {
	cl := redis.PlainCluster(t)
	rdb := newClient(t, cl.Options())
	ctx := within(t, time.Minute)
	script := redis.NewScript("return ARGV[1] --" + t.Name())
	for i := range 20 {
		got, err := script.Run(ctx, rdb, nil, i).Int()
		require.NoError(t, err)
		require.Equal(t, i, got)
		require.NoError(t, script.RunRO(ctx, rdb, nil, i).Err())
		require.NoError(t, script.Eval(ctx, rdb, nil, i).Err())
		require.NoError(t, script.EvalRO(ctx, rdb, nil, i).Err())
	}
}

func TestScriptServerSHA(t *testing.T) {
	cl := redis.PlainCluster(t)
	rdb := newClient(t, cl.Options())
	ctx := within(t, time.Minute)
	src := "return redis.call('INCRBY', KEYS[1], ARGV[1]) -- " + t.Name()
	script := redis.NewScriptServerSHA(src)
	require.Empty(t, script.Hash())
	pipe := rdb.Pipeline()
	first := script.Run(ctx, pipe, []string{t.Name()}, 1)
	_, err := pipe.Exec(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 1, first.Val(), "a pipeline cannot ask")

	require.EqualValues(t, 2, script.Run(ctx, rdb, []string{t.Name()}, 1).Val())
	require.Equal(t, redis.NewScript(src).Hash(), script.Hash())
	require.NoError(t, rdb.ScriptFlush(ctx).Err())
	require.EqualValues(t, 3, script.Run(ctx, rdb, []string{t.Name()}, 1).Val())
	require.Equal(t, []bool{false}, script.Exists(ctx, rdb).Val())

	require.Error(t, redis.NewScriptServerSHA("this is no Lua").Run(ctx, rdb, nil).Err())
}

// A script whose SHA-1 a server has told is loaded again where it is missing, and called
// by its SHA-1: it is never sent with a call.
func TestScriptServerSHAIsNeverSentWithACall(t *testing.T) {
	t.Parallel()
	_, rdb := startInProcess(t, clustertest.Options{})
	ctx := within(t, time.Minute)
	names := &namesHook{}
	rdb.AddHook(names)
	for _, c := range []redis.Scripter{rdb, wrapped{rdb}} {
		script := redis.NewScriptServerSHA("return redis.call('GET', KEYS[1]) -- " + t.Name())
		for name, run := range map[string]func(context.Context, redis.Scripter, []string, ...any) *redis.Cmd{
			"Run": script.Run, "RunRO": script.RunRO, "EvalSha": script.EvalSha, "EvalShaRO": script.EvalShaRO,
		} {
			require.NoError(t, rdb.Set(ctx, "n", 7, 0).Err())
			for range 3 {
				require.NoError(t, rdb.ScriptFlush(ctx).Err())
				got, err := run(ctx, c, []string{"n"}).Int()
				require.NoError(t, err, name)
				require.Equal(t, 7, got, name)
			}
		}
	}
	require.NotContains(t, names.seen(), "eval")
	require.NotContains(t, names.seen(), "eval_ro")
}

// namesHook notes the names of single commands.
type namesHook struct {
	mu   sync.Mutex
	list []string
}

func (h *namesHook) seen() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.list)
}

func (*namesHook) DialHook(next redis.DialHook) redis.DialHook { return next }
func (h *namesHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.mu.Lock()
		h.list = append(h.list, cmd.Name())
		h.mu.Unlock()
		return next(ctx, cmd)
	}
}
func (*namesHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// wrapped is a Scripter that is none of ours.
type wrapped struct{ redis.Scripter }

func TestScriptOfForeignScripter(t *testing.T) {
	t.Parallel()
	_, rdb := startInProcess(t, clustertest.Options{})
	ctx := within(t, time.Minute)
	script := incrScript(t)
	for _, c := range []redis.Scripter{rdb, wrapped{rdb}} {
		require.True(t, redis.HasErrorPrefix(script.EvalSha(ctx, c, []string{"n"}, 1).Err(), "NOSCRIPT"))
		require.True(t, redis.HasErrorPrefix(script.EvalShaRO(ctx, c, []string{"n"}, 1).Err(), "NOSCRIPT"))
		require.NoError(t, script.Run(ctx, c, []string{"n"}, 1).Err())
		require.NoError(t, script.Run(ctx, c, []string{"n"}, 1).Err())
		require.NoError(t, rdb.ScriptFlush(ctx).Err())
	}
	look := redis.NewScript("return redis.call('GET', KEYS[1])")
	require.Equal(t, "4", look.RunRO(ctx, wrapped{rdb}, []string{"n"}).Val())
	require.Equal(t, "4", look.RunRO(ctx, rdb, []string{"n"}).Val())
	require.Equal(t, "4", look.EvalShaRO(ctx, rdb, []string{"n"}).Val())
}

func TestScriptLoadThatHangs(t *testing.T) {
	t.Parallel()
	cl, rdb := startInProcess(t, clustertest.Options{})
	require.NoError(t, rdb.Ping(t.Context()).Err())
	script := incrScript(t)
	cl.Pause(cl.PrimaryForKey("n"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, script.Run(ctx, rdb, []string{"n"}, 1).Err(), context.DeadlineExceeded)
	cl.Resume(cl.PrimaryForKey("n"))
	require.NoError(t, script.Run(t.Context(), rdb, []string{"n"}, 1).Err())
}
