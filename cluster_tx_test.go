package redis_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
)

func TestTransaction(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		rdb := newClient(t, cl.Options())
		ctx := within(t, time.Minute)
		tag := "{" + t.Name() + "}"

		t.Run("all commands run", func(t *testing.T) {
			resetStats(t, cl.Cluster)
			tx := rdb.TxPipeline()
			set := tx.Set(ctx, tag+"a", "1", 0)
			incr := tx.Incr(ctx, tag+"a")
			get := tx.Get(ctx, tag+"a")
			push := tx.RPush(ctx, tag+"list", "x", "y")
			list := tx.LRange(ctx, tag+"list", 0, -1)
			cmds, err := tx.Exec(ctx)
			require.NoError(t, err)
			require.Equal(t, []redis.Cmder{set, incr, get, push, list}, cmds)
			require.Equal(t, "OK", set.Val())
			require.EqualValues(t, 2, incr.Val())
			require.Equal(t, "2", get.Val())
			require.EqualValues(t, 2, push.Val())
			require.Equal(t, []string{"x", "y"}, list.Val())
			owner := cl.PrimaryFor(slotOf(t, cl.Cluster, tag))
			require.EqualValues(t, 1, callsOf(t, cl.Nodes(), "exec")[owner.Addr()])
		})

		t.Run("one fails and the others run", func(t *testing.T) {
			cmds, err := rdb.TxPipelined(ctx, func(tx redis.Pipeliner) error {
				tx.Set(ctx, tag+"text", "text", 0)
				tx.Incr(ctx, tag+"text")
				tx.Set(ctx, tag+"after", "set", 0)
				tx.Get(ctx, tag+"absent")
				return nil
			})
			require.ErrorContains(t, err, "ERR value is not an integer")
			require.NoError(t, cmds[0].Err())
			require.Equal(t, err, cmds[1].Err())
			require.NoError(t, cmds[2].Err())
			require.ErrorIs(t, cmds[3].Err(), redis.Nil)
			require.Equal(t, "set", rdb.Get(ctx, tag+"after").Val())
		})

		t.Run("one is refused and none runs", func(t *testing.T) {
			cmds, err := rdb.TxPipelined(ctx, func(tx redis.Pipeliner) error {
				tx.Set(ctx, tag+"never", 1, 0)
				tx.Do(ctx, "incr", tag+"never", "one too many")
				return nil
			})
			require.ErrorContains(t, err, "EXECABORT")
			require.ErrorContains(t, cmds[0].Err(), "EXECABORT")
			require.ErrorContains(t, cmds[1].Err(), "ERR wrong number of arguments")
			require.ErrorIs(t, rdb.Get(ctx, tag+"never").Err(), redis.Nil)
		})

		t.Run("keys of two slots", func(t *testing.T) {
			resetStats(t, cl.Cluster)
			for name, add := range map[string]func(tx redis.Pipeliner){
				"in two commands": func(tx redis.Pipeliner) { tx.Incr(ctx, tag+"n"); tx.Incr(ctx, "{other}n") },
				"in one command":  func(tx redis.Pipeliner) { tx.MSet(ctx, tag+"n", 1, "{other}n", 1) },
			} {
				cmds, err := rdb.TxPipelined(ctx, func(tx redis.Pipeliner) error {
					add(tx)
					return nil
				})
				require.ErrorIs(t, err, redis.ErrCrossSlot, name)
				for _, cmd := range cmds {
					require.ErrorIs(t, cmd.Err(), redis.ErrCrossSlot, name)
				}
			}
			for addr, calls := range callsOf(t, cl.Nodes(), "multi") {
				require.Zero(t, calls, addr)
			}
		})

		t.Run("empty", func(t *testing.T) {
			cmds, err := rdb.TxPipelined(ctx, func(redis.Pipeliner) error { return nil })
			require.NoError(t, err)
			require.Empty(t, cmds)
		})

		t.Run("without keys", func(t *testing.T) {
			cmds, err := rdb.TxPipelined(ctx, func(tx redis.Pipeliner) error {
				tx.Echo(ctx, "hello")
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, "hello", cmds[0].(*redis.StringCmd).Val())
		})
	})
}

func TestTransactionWhileSlotMoves(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		rdb := newClient(t, cl.Options())
		resetStats(t, cl.Cluster)
		mover := moverOf(t, cl.Cluster, "{moving}")
		key := func(worker, i int) string { return fmt.Sprintf("{moving}%s:%d:%d", t.Name(), worker, i) }
		const workers = 4
		acked := make([]int64, workers)
		work := startLoad(t, workers, func(ctx context.Context, worker, _ int) error {
			cmds, err := rdb.TxPipelined(ctx, func(tx redis.Pipeliner) error {
				tx.Incr(ctx, key(worker, 0))
				tx.Incr(ctx, key(worker, 1))
				tx.MGet(ctx, key(worker, 0), key(worker, 1))
				return nil
			})
			if err != nil {
				return err
			}
			acked[worker]++
			first, second := cmds[0].(*redis.IntCmd).Val(), cmds[1].(*redis.IntCmd).Val()
			if first != acked[worker] || second != acked[worker] {
				return fmt.Errorf("counters at %d and %d, not %d", first, second, acked[worker])
			}
			return nil
		})
		for range 6 {
			// It stands still only where all keys are on one side.
			work.pass(1)
			mover.move(mover.away)
			work.pass(1)
			mover.move(mover.home)
		}
		work.stop()
		t.Logf("%d transactions, %d ASK, %d MOVED, %d TRYAGAIN", work.total(), errorReplies(t, cl.Nodes(), "ASK"),
			errorReplies(t, cl.Nodes(), "MOVED"), errorReplies(t, cl.Nodes(), "TRYAGAIN"))
		require.Positive(t, errorReplies(t, cl.Nodes(), "MOVED"))
		for worker := range workers {
			vals, err := rdb.MGet(t.Context(), key(worker, 0), key(worker, 1)).Result()
			require.NoError(t, err)
			require.Equal(t, []any{fmt.Sprint(acked[worker]), fmt.Sprint(acked[worker])}, vals)
		}
	})
}
