package redis_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// longPipeline is pipelines of a thousand commands, and what their replies have
// to be. Its keys are its own.
type longPipeline struct {
	rdb      *redis.ClusterClient
	name     string
	counters map[string]int64 // acknowledged
}

const longPipelineLen = 1000

// key is one of 8 keys; half of them are in the slot of {moving}.
func (l *longPipeline) key(kind string, i int) string {
	if i %= 8; i%2 == 0 {
		return fmt.Sprintf("{moving}%s:%s:%d", l.name, kind, i)
	}
	return fmt.Sprintf("%s:%s:%d", l.name, kind, i)
}

// run sends a pipeline and checks every reply: counters count one by one, and
// what was set is read.
func (l *longPipeline) run(ctx context.Context, round int) error {
	pipe := l.rdb.Pipeline()
	want := make([]string, 0, longPipelineLen)
	for i := range longPipelineLen / 4 {
		counter, text := l.key("counter", i), l.key("text", i)
		l.counters[counter]++
		value := fmt.Sprint(round, "/", i)
		pipe.Incr(ctx, counter)
		pipe.Set(ctx, text, value, 0)
		pipe.Get(ctx, text)
		pipe.Get(ctx, counter)
		count := fmt.Sprint(l.counters[counter])
		want = append(want, count, "OK", value, count)
	}
	cmds, err := pipe.Exec(ctx)
	if err != nil {
		return err
	}
	if len(cmds) != len(want) {
		return fmt.Errorf("%d commands came back of %d", len(cmds), len(want))
	}
	for i, cmd := range cmds {
		if got := replyText(cmd); got != want[i] {
			return fmt.Errorf("command %d, %s: want %s", i, cmd, want[i])
		}
	}
	return nil
}

func replyText(cmd redis.Cmder) string {
	switch cmd := cmd.(type) {
	case *redis.IntCmd:
		return fmt.Sprint(cmd.Val())
	case *redis.StringCmd:
		return cmd.Val()
	case *redis.StatusCmd:
		return cmd.Val()
	}
	return fmt.Sprintf("a reply to %T", cmd)
}

func TestPipelineWhileSlotMoves(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		rdb := newClient(t, cl.Options())
		resetStats(t, cl.Cluster)
		mover := moverOf(t, cl.Cluster, "{moving}")
		pipes := make([]longPipeline, 2)
		for i := range pipes {
			pipes[i] = longPipeline{rdb, fmt.Sprint(t.Name(), i), map[string]int64{}}
		}
		work := startLoad(t, len(pipes), func(ctx context.Context, worker, round int) error {
			return pipes[worker].run(ctx, round)
		})
		mover.passing = func() { work.pass(2) }
		for _, to := range []*redistest.Node{mover.away, mover.home} {
			// A client whose map is old would send to a node which becomes the
			// owner in the middle of a pipeline. So all nodes agree before.
			awaitHealth(t, cl.Cluster)
			work.pass(2)
			mover.move(to)
		}
		work.stop()
		asked, moved := errorReplies(t, cl.Nodes(), "ASK"), errorReplies(t, cl.Nodes(), "MOVED")
		t.Logf("%d commands, %d ASK, %d MOVED", work.total()*longPipelineLen, asked, moved)
		require.Positive(t, asked)
		require.Positive(t, moved)

		// The servers hold what was acknowledged: nothing ran twice.
		for i := range pipes {
			for key, acked := range pipes[i].counters {
				got, err := rdb.Get(t.Context(), key).Int64()
				require.NoError(t, err)
				require.Equal(t, acked, got, key)
			}
		}
	})
}

func TestPipelineErrorsAreTheCommands(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		rdb := newClient(t, cl.Options())
		ctx := within(t, time.Minute)
		a, b, c := t.Name()+"a", t.Name()+"b", t.Name()+"c"
		pipe := rdb.Pipeline()
		set := pipe.Set(ctx, a, "text", 0)
		incr := pipe.Incr(ctx, a) // not a number
		get := pipe.Get(ctx, b)   // not there
		unsendable := pipe.Set(ctx, c, struct{ A chan int }{}, 0)
		push := pipe.RPush(ctx, c, 1, 2)
		require.Equal(t, 5, pipe.Len())
		require.Empty(t, set.Val())

		cmds, err := pipe.Exec(ctx)
		require.Equal(t, []redis.Cmder{set, incr, get, unsendable, push}, cmds)
		require.Equal(t, incr.Err(), err)
		require.NoError(t, set.Err())
		require.ErrorContains(t, incr.Err(), "ERR value is not an integer")
		require.ErrorIs(t, get.Err(), redis.Nil)
		require.ErrorContains(t, unsendable.Err(), "redis: set")
		require.EqualValues(t, 2, push.Val())

		require.Zero(t, pipe.Len())
		cmds, err = pipe.Exec(ctx)
		require.NoError(t, err)
		require.Empty(t, cmds)
	})
}

func TestPipelineWithCancelledContext(t *testing.T) {
	cl := redis.PlainCluster(t)
	rdb := newClient(t, cl.Options())
	key := t.Name()
	require.NoError(t, rdb.Del(t.Context(), key).Err())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cmds, err := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Incr(ctx, key)
		pipe.Incr(ctx, key)
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	for _, cmd := range cmds {
		require.ErrorIs(t, cmd.Err(), context.Canceled)
	}
	require.ErrorIs(t, rdb.Get(t.Context(), key).Err(), redis.Nil)

	broken := errors.New("broken")
	_, err = rdb.Pipelined(t.Context(), func(pipe redis.Pipeliner) error {
		pipe.Incr(t.Context(), key)
		return broken
	})
	require.ErrorIs(t, err, broken)
	require.ErrorIs(t, rdb.Get(t.Context(), key).Err(), redis.Nil)
}

func TestBlockingCommandInPipeline(t *testing.T) {
	cl := redis.SecureCluster(t)
	rdb := newClient(t, cl.Options())
	ctx := within(t, time.Minute)
	list, other := t.Name()+"list", t.Name()+"other"
	cmds, err := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.RPush(ctx, list, "x")
		pipe.BLPop(ctx, time.Second, list)
		pipe.Set(ctx, other, 1, 0)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{list, "x"}, cmds[1].(*redis.StringSliceCmd).Val())
}

// An iterator finds all elements, or says that it does not, wherever its first page has
// come from.
func TestIteratorOfAScanThatWasQueued(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		ctx := within(t, time.Minute)
		rdb := newClient(t, cl.Options())
		const n = 1000
		tag := "{" + t.Name() + "}"
		fill := rdb.Pipeline()
		for i := range n {
			fill.HSet(ctx, tag+"h", fmt.Sprintf("field with a long name %d", i), i)
			fill.SAdd(ctx, tag+"s", fmt.Sprintf("member with a long name %d", i))
			fill.ZAdd(ctx, tag+"z", redis.Z{Score: float64(i), Member: fmt.Sprintf("member with a long name %d", i)})
			fill.Set(ctx, fmt.Sprint(tag, i), i, 0)
		}
		_, err := fill.Exec(ctx)
		require.NoError(t, err)
		scans := map[string]struct {
			scan func(c redis.Cmdable) *redis.ScanCmd
			want int
		}{
			"HSCAN":            {func(c redis.Cmdable) *redis.ScanCmd { return c.HScan(ctx, tag+"h", 0, "", 10) }, 2 * n},
			"SSCAN":            {func(c redis.Cmdable) *redis.ScanCmd { return c.SScan(ctx, tag+"s", 0, "", 10) }, n},
			"ZSCAN":            {func(c redis.Cmdable) *redis.ScanCmd { return c.ZScan(ctx, tag+"z", 0, "", 10) }, 2 * n},
			"SCAN":             {func(c redis.Cmdable) *redis.ScanCmd { return c.Scan(ctx, 0, "*"+tag+"*", 10) }, n + 3},
			"SCAN of a tag":    {func(c redis.Cmdable) *redis.ScanCmd { return c.Scan(ctx, 0, tag+"*", 10) }, n + 3},
			"SCAN of one type": {func(c redis.Cmdable) *redis.ScanCmd { return c.ScanType(ctx, 0, tag+"*", 10, "string") }, n},
		}
		check := func(t *testing.T, p redis.Pipeliner, onNode bool) {
			for name, test := range scans {
				cmd := test.scan(p)
				early := cmd.Iterator()
				require.False(t, early.Next(ctx), name)
				require.ErrorContains(t, early.Err(), "not been executed", name)
				_, err := p.Exec(ctx)
				require.NoError(t, err, name)
				found := map[string]bool{}
				count := 0
				iter := cmd.Iterator()
				for iter.Next(ctx) {
					count++
					found[iter.Val()] = true
				}
				require.Zero(t, p.Len(), name)
				if name[0] == 'S' && name[1] == 'C' && onNode {
					require.ErrorContains(t, iter.Err(), "transaction", name)
					continue
				}
				require.NoError(t, iter.Err(), name)
				if name[0] == 'S' {
					require.Len(t, found, test.want, name)
				}
				require.GreaterOrEqual(t, count, test.want, name)
			}
		}
		t.Run("pipeline", func(t *testing.T) { check(t, rdb.Pipeline(), false) })
		t.Run("transaction", func(t *testing.T) { check(t, rdb.TxPipeline(), true) })
		node, err := rdb.MasterForKey(ctx, tag)
		require.NoError(t, err)
		t.Run("pipeline of a node", func(t *testing.T) { check(t, node.Pipeline(), false) })
		t.Run("transaction of a node", func(t *testing.T) { check(t, node.TxPipeline(), false) })
		conn := node.Conn()
		t.Run("pipeline of a Conn", func(t *testing.T) { check(t, conn.Pipeline(), false) })
		t.Run("transaction of a Conn", func(t *testing.T) { check(t, conn.TxPipeline(), false) })
		require.NoError(t, conn.Close())
		require.NoError(t, rdb.Watch(ctx, func(tx *redis.Tx) error {
			t.Run("pipeline of a Tx", func(t *testing.T) { check(t, tx.Pipeline(), false) })
			t.Run("transaction of a Tx", func(t *testing.T) { check(t, tx.TxPipeline(), false) })
			return nil
		}, tag))
	})
}
