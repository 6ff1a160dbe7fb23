package redis_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/clustertest"
	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// watcher is a client that has Watch.
type watcher interface {
	Watch(ctx context.Context, fn func(*redis.Tx) error, keys ...string) error
}

// increment adds 1 to the key by a transaction, as often as it takes.
func increment(ctx context.Context, c watcher, key string) error {
	for {
		err := c.Watch(ctx, func(tx *redis.Tx) error {
			n, err := tx.Get(ctx, key).Int()
			if err != nil && !errors.Is(err, redis.Nil) {
				return fmt.Errorf("reading %s: %w", key, err)
			}
			_, err = tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
				pipe.Set(ctx, key, n+1, 0)
				pipe.RPush(ctx, key+":log", n+1)
				return nil
			})
			return err
		}, key, key+":log")
		if !errors.Is(err, redis.TxFailedErr) {
			return err
		}
	}
}

// requireCount checks that each of n increments happened once.
func requireCount(t *testing.T, rdb redis.Cmdable, key string, n int) {
	t.Helper()
	require.Equal(t, strconv.Itoa(n), rdb.Get(t.Context(), key).Val(), key)
	log := rdb.LRange(t.Context(), key+":log", 0, -1).Val()
	require.Len(t, log, n)
	for i, entry := range log {
		require.Equal(t, strconv.Itoa(i+1), entry)
	}
}

func TestWatch(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		rdb := newClient(t, cl.Options())
		ctx := within(t, time.Minute)
		keys := []string{"{" + t.Name() + "}", "{" + t.Name() + "-other}"}
		for _, key := range keys {
			require.NoError(t, rdb.Del(ctx, key, key+":log").Err())
		}
		var wg sync.WaitGroup
		for range 4 {
			for _, key := range keys {
				wg.Go(func() {
					for range 25 {
						if err := increment(ctx, rdb, key); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
		}
		wg.Wait()
		for _, key := range keys {
			requireCount(t, rdb, key, 100)
		}
	})
}

func TestWatchWhileSlotMoves(t *testing.T) {
	cl := redis.PlainCluster(t)
	opt := cl.Options()
	opt.PoolSize = 16 // each Watch has a connection of its own, on a single CPU too
	rdb := newClient(t, opt)
	resetStats(t, cl.Cluster)
	mover := moverOf(t, cl.Cluster, "{moving}")
	key := func(worker int) string { return fmt.Sprintf("{moving}%s:%d", t.Name(), worker/2) }
	for worker := range 8 {
		require.NoError(t, rdb.Del(t.Context(), key(worker), key(worker)+":log").Err())
	}
	work := startLoad(t, 8, func(ctx context.Context, worker, _ int) error {
		return increment(ctx, rdb, key(worker))
	})
	work.pass(1)
	for range 5 {
		// The two keys of a transaction may be at different ends for a while:
		// that is waited out, so that not every state can be passed.
		mover.roundTrip()
		work.pass(1)
	}
	work.stop()
	asked, moved := errorReplies(t, cl.Nodes(), "ASK"), errorReplies(t, cl.Nodes(), "MOVED")
	t.Logf("%d transactions, %d ASK, %d MOVED", work.total(), asked, moved)
	require.Positive(t, moved)
	for worker := 0; worker < 8; worker += 2 {
		n := work.rounds[worker].Load() + work.rounds[worker+1].Load()
		requireCount(t, rdb, key(worker), int(n))
	}
}

// While the watched key has moved and the slot has not, the transaction is at
// the target; and it is refused keys that may be at the source.
func TestWatchDuringMigration(t *testing.T) {
	t.Parallel()
	cl, rdb := startInProcess(t, clustertest.Options{})
	ctx := within(t, time.Minute)
	require.NoError(t, rdb.MSet(ctx, "{t}gone", 1, "{t}left", 2).Err())
	slot := clustertest.Slot("{t}")
	source, target := cl.PrimaryForSlot(slot), cl.Primary(0)
	if source == target {
		target = cl.Primary(1)
	}
	require.NoError(t, cl.BeginMigration(slot, target))
	_, err := cl.MoveKeys(slot, 1)
	require.NoError(t, err)

	require.NoError(t, rdb.Watch(ctx, func(tx *redis.Tx) error {
		require.Equal(t, "1", tx.Get(ctx, "{t}gone").Val())
		cmds, err := tx.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			pipe.Get(ctx, "{t}gone")
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, "1", cmds[0].(*redis.StringCmd).Val())
		_, err = tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			pipe.Incr(ctx, "{t}gone")
			return nil
		})
		return err
	}, "{t}gone"))
	require.Equal(t, "2", rdb.Get(ctx, "{t}gone").Val())
	require.Positive(t, cl.Commands(target)["EXEC"])

	runs := 0
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	err = rdb.Watch(short, func(tx *redis.Tx) error {
		runs++
		return tx.Get(short, "{t}left").Err()
	}, "{t}gone")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Greater(t, runs, 1)

	runs = 0
	err = rdb.Watch(ctx, func(tx *redis.Tx) error {
		err := tx.Get(ctx, "{t}left").Err()
		if runs++; runs == 2 {
			require.NoError(t, cl.FinishMigration(slot))
		}
		return err
	}, "{t}gone")
	require.NoError(t, err)
	require.Equal(t, 3, runs)
}

func TestWatchErrors(t *testing.T) {
	cl := redis.PlainCluster(t)
	rdb := newClient(t, cl.Options())
	ctx := within(t, time.Minute)
	key := "{" + t.Name() + "}"
	require.NoError(t, rdb.Set(ctx, key, "text", 0).Err())
	never := func(*redis.Tx) error { t.Error("called"); return nil }

	require.ErrorIs(t, rdb.Watch(ctx, never, "a", "b"), redis.ErrCrossSlot)
	require.ErrorContains(t, rdb.Watch(ctx, never), "at least one key")
	//lint:ignore SA1012 a mistake of the caller
	require.Error(t, rdb.Watch(nil, never, key))
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, rdb.Watch(cancelled, never, key), context.Canceled)

	broken := errors.New("broken")
	require.Equal(t, broken, rdb.Watch(ctx, func(*redis.Tx) error { return broken }, key))
	require.Equal(t, redis.Nil, rdb.Watch(ctx, func(tx *redis.Tx) error { return tx.Get(ctx, key+"absent").Err() }, key))

	var failed []redis.Cmder
	err := rdb.Watch(ctx, func(tx *redis.Tx) (err error) {
		require.NoError(t, rdb.Set(ctx, key, "changed", 0).Err())
		failed, err = tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			pipe.Set(ctx, key, "lost", 0)
			pipe.Get(ctx, key)
			return nil
		})
		return err
	}, key)
	require.Equal(t, redis.TxFailedErr, err)
	for _, cmd := range failed {
		require.Equal(t, redis.TxFailedErr, cmd.Err())
	}
	require.Equal(t, "changed", rdb.Get(ctx, key).Val())

	err = rdb.Watch(ctx, func(tx *redis.Tx) error {
		cmds, err := tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			pipe.Set(ctx, key, "set", 0)
			pipe.Incr(ctx, key)
			return nil
		})
		require.NoError(t, cmds[0].Err())
		return err
	}, key)
	require.ErrorContains(t, err, "not an integer")
	require.Equal(t, "set", rdb.Get(ctx, key).Val(), "an error inside does not undo the rest")

	err = rdb.Watch(ctx, func(tx *redis.Tx) error {
		_, err := tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			pipe.Set(ctx, key, "refused", 0)
			pipe.Do(ctx, "get", key, "too", "many")
			return nil
		})
		return err
	}, key)
	require.True(t, redis.IsExecAbortError(err), "%v", err)
	require.Equal(t, "set", rdb.Get(ctx, key).Val())
}

// A key of another shard is a mistake of the function, which another connection does
// not mend.
func TestWatchWithAKeyOfAnotherShard(t *testing.T) {
	cl := clustertest.Start(t, clustertest.Options{Shards: 3})
	rdb := newClient(t, &redis.ClusterOptions{Addrs: cl.Addrs()})
	ctx := within(t, time.Minute)
	for name, get := range map[string]func(*redis.Tx) error{
		"command": func(tx *redis.Tx) error { return tx.Get(ctx, "b").Err() },
		"pipeline": func(tx *redis.Tx) error {
			_, err := tx.Pipelined(ctx, func(p redis.Pipeliner) error { return p.Get(ctx, "b").Err() })
			return err
		},
		"transaction": func(tx *redis.Tx) error {
			_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error { return p.Get(ctx, "b").Err() })
			return err
		},
	} {
		calls := 0
		err := rdb.Watch(ctx, func(tx *redis.Tx) error {
			calls++
			return get(tx)
		}, "a")
		_, moved := redis.IsMovedError(err)
		require.True(t, moved, "%s: %v", name, err)
		require.ErrorContains(t, err, "(the watched keys are in slot 15495: keys with the same {tag} share a slot)", name)
		require.Equal(t, 1, calls, name)
	}
}

// What was watched in vain concerns nobody who gets the connection later.
func TestWatchLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	node := redistest.StartServer(t, redistest.Options{})
	rdb := redis.NewClient(&redis.Options{Addr: node.Addr(), PoolSize: 1})
	defer func() { require.NoError(t, rdb.Close()) }()
	ctx := within(t, time.Minute)
	broken := errors.New("broken")
	for name, leave := range map[string]func(ctx context.Context, cancel func(), tx *redis.Tx) error{
		"an error":        func(context.Context, func(), *redis.Tx) error { return broken },
		"nothing":         func(context.Context, func(), *redis.Tx) error { return nil },
		"Unwatch":         func(ctx context.Context, _ func(), tx *redis.Tx) error { return tx.Unwatch(ctx).Err() },
		"Close":           func(ctx context.Context, _ func(), tx *redis.Tx) error { return tx.Close(ctx) },
		"a cancelled ctx": func(_ context.Context, cancel func(), _ *redis.Tx) error { cancel(); return nil },
		"an abandoned call": func(ctx context.Context, cancel func(), tx *redis.Tx) error {
			time.AfterFunc(10*time.Millisecond, cancel)
			return tx.BLPop(ctx, time.Minute, "nothing").Err()
		},
		"a panic": func(context.Context, func(), *redis.Tx) error { panic(broken) },
	} {
		t.Run(name, func(t *testing.T) {
			for range 3 {
				ctx, cancel := context.WithCancel(ctx)
				func() {
					defer func() { _ = recover() }()
					_ = rdb.Watch(ctx, func(tx *redis.Tx) error { return leave(ctx, cancel, tx) }, "key")
				}()
				cancel()
			}
			require.NoError(t, rdb.Set(ctx, "key", name, 0).Err())
			_, err := rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
				pipe.Set(ctx, "other", 1, 0)
				return nil
			})
			require.NoError(t, err)
			require.LessOrEqual(t, rdb.PoolStats().TotalConns, uint32(1))
		})
	}
}

func TestWatchOnOneNode(t *testing.T) {
	t.Parallel()
	node := redistest.StartServer(t, redistest.Options{})
	rdb := redis.NewClient(&redis.Options{Addr: node.Addr(), PoolSize: 4})
	defer func() { require.NoError(t, rdb.Close()) }()
	ctx := within(t, time.Minute)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				if err := increment(ctx, rdb, "n"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	requireCount(t, rdb, "n", 200)

	require.NoError(t, rdb.Watch(ctx, func(tx *redis.Tx) error {
		require.NoError(t, tx.Watch(ctx, "a", "b").Err())
		require.NoError(t, tx.Unwatch(ctx, "a").Err())
		require.NoError(t, rdb.Set(ctx, "b", 1, 0).Err())
		require.NoError(t, tx.ClientSetName(ctx, "").Err(), "a command on the connection")
		_, err := tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			pipe.Set(ctx, "a", 1, 0)
			return nil
		})
		return err
	}))
}

func TestWatchDuringFailover(t *testing.T) {
	t.Parallel()
	cl, rdb := startInProcess(t, clustertest.Options{Replicas: 1})
	ctx := within(t, time.Minute)
	require.NoError(t, increment(ctx, rdb, "{n}"))
	done := 1
	for _, test := range []struct {
		name       string
		before     string
		failShards func(shard int) error
	}{
		{"planned", "GET", cl.Failover},
		{"planned", "EXEC", cl.Failover},
		{"killed", "GET", func(shard int) error {
			old, err := cl.FailPrimary(shard, 200*time.Millisecond)
			t.Cleanup(func() { _ = cl.Start(old) })
			return err
		}},
	} {
		failed := false
		failBefore := func(step string) {
			if step != test.before || failed {
				return
			}
			failed = true
			for shard := range 3 {
				require.NoError(t, test.failShards(shard))
			}
		}
		err := rdb.Watch(ctx, func(tx *redis.Tx) error {
			failBefore("GET")
			n, err := tx.Get(ctx, "{n}").Int()
			if err != nil {
				return err
			}
			failBefore("EXEC")
			_, err = tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
				pipe.Set(ctx, "{n}", n+1, 0)
				pipe.RPush(ctx, "{n}:log", n+1)
				return nil
			})
			return err
		}, "{n}", "{n}:log")
		require.NoError(t, err, "%s before %s", test.name, test.before)
		done++
		requireCount(t, rdb, "{n}", done)
	}
}

// A transaction whose answer was lost is not run again.
func TestWatchInDoubt(t *testing.T) {
	t.Parallel()
	cl, rdb := startInProcess(t, clustertest.Options{})
	ctx := within(t, time.Minute)
	require.NoError(t, rdb.Set(ctx, "n", 0, 0).Err())
	node := cl.PrimaryForKey("n")
	runs := 0
	err := rdb.Watch(ctx, func(tx *redis.Tx) error {
		runs++
		cl.Delay(node, time.Hour)
		cl.ResetStats()
		time.AfterFunc(100*time.Millisecond, func() { cl.Disconnect(node) })
		_, err := tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			pipe.Incr(ctx, "n")
			return nil
		})
		cl.Delay(node, 0)
		return err
	}, "n")
	require.ErrorIs(t, err, redis.ErrWriteInDoubt)
	require.Equal(t, 1, runs)
	require.Equal(t, "1", rdb.Get(ctx, "n").Val())

	// A read is: the function starts over.
	runs = 0
	err = rdb.Watch(ctx, func(tx *redis.Tx) error {
		if runs++; runs == 1 {
			cl.Disconnect(node)
		}
		return tx.Get(ctx, "n").Err()
	}, "n")
	require.NoError(t, err)
	require.Equal(t, 2, runs)
}

// Once it has written, the function is not called again, whatever gets lost after
// that, or got lost before.
func TestWatchWritesOnce(t *testing.T) {
	t.Parallel()
	incr := func(ctx context.Context) func(redis.Pipeliner) error {
		return func(pipe redis.Pipeliner) error {
			pipe.Incr(ctx, "n")
			return nil
		}
	}
	tests := map[string]func(context.Context, *redis.Tx) error{
		"transaction": func(ctx context.Context, tx *redis.Tx) error {
			_, err := tx.TxPipelined(ctx, incr(ctx))
			return err
		},
		"pipeline": func(ctx context.Context, tx *redis.Tx) error {
			_, err := tx.Pipelined(ctx, incr(ctx))
			return err
		},
		"command": func(ctx context.Context, tx *redis.Tx) error { return tx.Incr(ctx, "n").Err() },
	}
	for name, write := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cl, rdb := startInProcess(t, clustertest.Options{})
			ctx := within(t, time.Minute)
			runs := 0
			err := rdb.Watch(ctx, func(tx *redis.Tx) error {
				runs++
				require.NoError(t, write(ctx, tx))
				cl.Disconnect(cl.PrimaryForKey("n"))
				return tx.Get(ctx, "n").Err()
			}, "n")
			var lost *redis.NodeError
			require.ErrorAs(t, err, &lost)
			require.Equal(t, 1, runs)

			err = rdb.Watch(ctx, func(tx *redis.Tx) error {
				runs++
				cl.SetError(cl.PrimaryForKey("n"), "TRYAGAIN later")
				again := tx.Get(ctx, "n").Err()
				cl.SetError(cl.PrimaryForKey("n"), "")
				require.NoError(t, write(ctx, tx))
				return again
			}, "n")
			require.True(t, redis.IsTryAgainError(err), "%v", err)
			require.Equal(t, 2, runs)
			require.Equal(t, "2", rdb.Get(ctx, "n").Val())
		})
	}
}

func TestWatchGivesUp(t *testing.T) {
	t.Parallel()
	cl := clustertest.Start(t, clustertest.Options{})
	rdb := newClient(t, &redis.ClusterOptions{Addrs: cl.Addrs(), FailoverTimeout: 100 * time.Millisecond})
	ctx := t.Context() // without a deadline
	require.NoError(t, rdb.Ping(ctx).Err())
	cl.SetError(cl.PrimaryForKey("n"), "CLUSTERDOWN The cluster is down")
	err := rdb.Watch(ctx, func(*redis.Tx) error { return nil }, "n")
	require.True(t, redis.IsClusterDownError(err), "%v", err)

	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	err = rdb.Watch(short, func(*redis.Tx) error { return nil }, "n")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.True(t, redis.IsClusterDownError(err), "%v", err)
	cl.SetError(cl.PrimaryForKey("n"), "")

	// What fn says about it is kept.
	err = rdb.Watch(ctx, func(tx *redis.Tx) error {
		cl.SetError(cl.PrimaryForKey("n"), "TRYAGAIN later")
		err := tx.Get(ctx, "n").Err()
		cl.SetError(cl.PrimaryForKey("n"), "")
		return fmt.Errorf("counting: %w", err)
	}, "n")
	require.EqualError(t, err, "counting: TRYAGAIN later")
}
