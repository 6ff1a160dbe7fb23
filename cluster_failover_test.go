package redis_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// keyOfEach finds a key for the slots of each primary.
func keyOfEach(t *testing.T, cl *redistest.Cluster, prefix string) []string {
	t.Helper()
	primaries := cl.Primaries()
	keys := make([]string, len(primaries))
	for i, left := 0, len(keys); left > 0; i++ {
		key := fmt.Sprintf("{%s%d}", prefix, i)
		owner := cl.PrimaryFor(slotOf(t, cl, key))
		for j, primary := range primaries {
			if primary == owner && keys[j] == "" {
				keys[j] = key
				left--
			}
		}
	}
	return keys
}

func TestPlannedFailover(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		rdb := newClient(t, cl.Options())
		tags := keyOfEach(t, cl.Cluster, t.Name())
		key := func(worker int) string { return fmt.Sprint(tags[worker%len(tags)], worker) }
		const workers = 9
		acked := make([]int64, workers)
		for worker := range workers {
			require.NoError(t, rdb.Del(t.Context(), key(worker)).Err())
		}
		work := startLoad(t, workers, func(ctx context.Context, worker, round int) error {
			var cmds []redis.Cmder
			var err error
			add := func(c redis.Cmdable) error {
				for range 3 {
					cmds = append(cmds, c.Incr(ctx, key(worker)))
				}
				return nil
			}
			switch round % 3 {
			case 0:
				_ = add(rdb)
			case 1:
				_, err = rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error { return add(pipe) })
			case 2:
				_, err = rdb.TxPipelined(ctx, func(tx redis.Pipeliner) error { return add(tx) })
			}
			if err != nil {
				return err
			}
			for _, cmd := range cmds {
				acked[worker]++
				if got, err := cmd.(*redis.IntCmd).Result(); err != nil || got != acked[worker] {
					return fmt.Errorf("%s, not %d", cmd, acked[worker])
				}
			}
			return nil
		})
		for _, primary := range cl.Primaries() {
			work.pass(3)
			replica := cl.ReplicasOf(primary)[0]
			require.NoError(t, cl.Failover(within(t, time.Minute), replica, ""))
		}
		work.pass(3)
		work.stop()
		t.Logf("%d rounds of three INCRs, the longest took %v", work.total(), time.Duration(work.longest.Load()))
		for worker := range workers {
			got, err := rdb.Get(t.Context(), key(worker)).Int64()
			require.NoError(t, err)
			require.Equal(t, acked[worker], got)
		}
		awaitHealth(t, cl.Cluster)
	})
}

func TestPrimaryKilled(t *testing.T) {
	cl := redistest.Start(t, redistest.Options{Replicas: 1, TLS: true, Password: "secret", NodeTimeout: 2 * time.Second})
	opt := &redis.ClusterOptions{Addrs: cl.Addrs(), Password: "secret", TLSConfig: cl.TLSConfig(), MinIdleConns: 2, ClientName: "killing"}
	tags := keyOfEach(t, cl, t.Name())
	goroutines := goleak.IgnoreCurrent()
	rdb := redis.NewClusterClient(opt)
	replicas := *opt
	replicas.ReadOnly = true
	reader := redis.NewClusterClient(&replicas)
	for _, tag := range tags {
		require.NoError(t, rdb.Set(t.Context(), tag+"fixed", tag, 0).Err())
	}
	awaitReplicas(t, cl)

	// For each shard somebody counts, somebody sets, and others read, from the
	// primary, from the replica and by pipelines over all shards.
	const kinds = 5
	sent := make([]int64, len(tags))
	var doubts atomic.Int64
	expect := func(cmd *redis.StringCmd, want string) error {
		if got, err := cmd.Result(); err != nil || got != want {
			return fmt.Errorf("%s, not %s", cmd, want)
		}
		return nil
	}
	unlessInDoubt := func(err error) error {
		if errors.Is(err, redis.ErrWriteInDoubt) {
			doubts.Add(1)
			return nil
		}
		return err
	}
	work := startLoad(t, kinds*len(tags), func(ctx context.Context, worker, round int) error {
		shard := worker % len(tags)
		tag := tags[shard]
		switch worker / len(tags) {
		case 0:
			sent[shard]++
			return unlessInDoubt(rdb.Incr(ctx, tag+"counter").Err())
		case 1:
			return unlessInDoubt(rdb.Set(ctx, tag+"text", round, 0).Err())
		case 2:
			return expect(rdb.Get(ctx, tag+"fixed"), tag)
		case 3:
			return expect(reader.Get(ctx, tag+"fixed"), tag)
		default:
			pipe := rdb.Pipeline()
			for _, tag := range tags {
				pipe.Get(ctx, tag+"fixed")
			}
			cmds, err := pipe.Exec(ctx)
			for i, cmd := range cmds {
				err = errors.Join(err, expect(cmd.(*redis.StringCmd), tags[i]))
			}
			return err
		}
	})
	work.pass(3)
	killed := cl.Primaries()[0]
	killed.Kill()
	work.pass(3)
	t.Logf("service was back after %v at most, %d writes in doubt", time.Duration(work.longest.Load()), doubts.Load())
	require.NotContains(t, cl.Primaries(), killed)

	require.NoError(t, killed.Restart())
	awaitHealth(t, cl)
	work.pass(3)
	work.stop()
	for shard, tag := range tags {
		got, err := rdb.Get(t.Context(), tag+"counter").Int64()
		require.NoError(t, err)
		require.LessOrEqual(t, got, sent[shard], "an INCR ran twice")
	}

	require.NoError(t, rdb.Close())
	require.NoError(t, reader.Close())
	awaitNoClients(t, cl.Nodes(), opt.ClientName)
	// The server that was started again has a goroutine that waits for its end.
	goleak.VerifyNone(t, goroutines, goleak.IgnoreAnyFunction("github.com/seed-e06f3def/rediscluster/internal/redistest.startProcess.func1"))
}

// awaitNoClients returns when no node has a connection of that name.
func awaitNoClients(t *testing.T, nodes []*redistest.Node, name string) {
	t.Helper()
	for _, n := range nodes {
		eventually(t, func() bool {
			list, err := n.Do("CLIENT", "LIST")
			require.NoError(t, err)
			return !strings.Contains(list.(string), " name="+name+" ")
		})
	}
}

func TestCloseUnderLoad(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		goroutines := goleak.IgnoreCurrent()
		opt := cl.Options()
		opt.PoolSize, opt.MinIdleConns, opt.RouteRandomly, opt.ClientName = 4, 4, true, "closing"
		rdb := redis.NewClusterClient(opt)
		blocked := make(chan error, 1)
		go func() { blocked <- rdb.BLPop(context.Background(), 0, "nothing").Err() }()
		var closing atomic.Bool
		work := startLoad(t, 8, func(ctx context.Context, worker, round int) error {
			var err error
			if worker%2 == 0 {
				err = rdb.Set(ctx, fmt.Sprint(worker, round), round, 0).Err()
			} else {
				_, err = rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
					for i := range 10 {
						pipe.Set(ctx, fmt.Sprint(worker, round, i), round, 0)
					}
					return nil
				})
			}
			if errors.Is(err, redis.ErrClosed) && closing.Load() {
				return nil
			}
			return err
		})
		work.pass(2)
		owner := cl.PrimaryFor(slotOf(t, cl.Cluster, "nothing"))
		eventually(t, func() bool {
			info, err := owner.Info("clients")
			require.NoError(t, err)
			return info["blocked_clients"] == "1"
		})

		closing.Store(true)
		require.NoError(t, rdb.Close())
		require.ErrorIs(t, <-blocked, redis.ErrClosed)
		work.stop()
		require.NoError(t, rdb.Close(), "once more")
		require.ErrorIs(t, rdb.Get(t.Context(), "key").Err(), redis.ErrClosed)
		require.Zero(t, rdb.PoolStats().TotalConns)
		awaitNoClients(t, cl.Nodes(), opt.ClientName)
		goleak.VerifyNone(t, goroutines)
	})
}

// A primary that hangs and is replaced keeps nobody: neither the calls that wait for as
// long as it takes, nor MONITOR, nor subscriptions. The client does nothing else, and
// never loads the map without a reason.
func TestCallsThatBlockLeaveAPrimaryThatHangs(t *testing.T) {
	cl := redistest.Start(t, redistest.Options{Replicas: 1, NodeTimeout: 2 * time.Second})
	rdb := newClient(t, &redis.ClusterOptions{Addrs: cl.Addrs(), ClusterStateReloadInterval: -1})
	ctx := within(t, 2*time.Minute)
	old := cl.Primaries()[0]
	key := keyOfEach(t, cl, t.Name())[0]
	stream, list, slot := key+"stream", key+"list", slotOf(t, cl, key)
	require.NoError(t, rdb.XGroupCreateMkStream(ctx, stream, "group", "$").Err())
	awaitReplicas(t, cl)

	lines := make(chan string, 1000)
	monitor := rdb.Monitor(ctx, lines)
	require.NoError(t, monitor.Err())
	monitor.Start()
	defer monitor.Stop()
	sub := rdb.SSubscribe(ctx, key)
	defer func() { require.NoError(t, sub.Close()) }()
	messages := sub.Channel()
	read := make(chan error, 1)
	go func() { read <- rdb.XRead(ctx, &redis.XReadArgs{Streams: []string{stream, "$"}}).Err() }()
	inDoubt := map[string]func() error{
		"BLPOP": func() error { return rdb.BLPop(ctx, 0, list).Err() },
		"XREADGROUP": func() error {
			return rdb.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "group", Consumer: "c", Streams: []string{stream, ">"}}).Err()
		},
		"BLPOP in Watch": func() error {
			return rdb.Watch(ctx, func(tx *redis.Tx) error { return tx.BLPop(ctx, 0, list).Err() }, list)
		},
	}
	errs := make(chan error, len(inDoubt))
	for name, call := range inDoubt {
		go func() {
			err := call()
			if !errors.Is(err, redis.ErrWriteInDoubt) {
				err = fmt.Errorf("%s: got %w", name, err)
			}
			errs <- err
		}()
	}
	eventually(t, func() bool {
		info, err := old.Do("INFO", "clients")
		require.NoError(t, err)
		return strings.Contains(info.(string), "blocked_clients:4")
	})

	require.NoError(t, old.Stop())
	defer func() { require.NoError(t, old.Resume()) }()
	eventually(t, func() bool { return cl.PrimaryFor(slot) != old })
	elected := time.Now()
	for range inDoubt {
		select {
		case err := <-errs:
			require.ErrorIs(t, err, redis.ErrWriteInDoubt)
		case <-ctx.Done():
			require.FailNow(t, "a call has outlived its node")
		}
	}
	t.Logf("the calls have ended %v after the election was seen", time.Since(elected))
	eventually(t, func() bool { return monitor.Err() != nil })
	added, published := false, false
	eventually(t, func() bool {
		require.NoError(t, rdb.XAdd(ctx, &redis.XAddArgs{Stream: stream, Values: []any{"a", "b"}}).Err())
		require.NoError(t, rdb.SPublish(ctx, key, "hello").Err())
		select {
		case err := <-read:
			require.NoError(t, err)
			added = true
		case <-messages:
			published = true
		case <-time.After(10 * time.Millisecond):
		}
		return added && published
	})
}
