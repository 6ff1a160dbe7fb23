package redis_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	redis "github.com/seed-e06f3def/rediscluster"
)

// Commands whose contexts end at random moments, before they are submitted, in
// the queue, in flight, or when the reply comes, next to others whose contexts
// do not end. Nobody gets another's reply, those others notice nothing, no
// connection is lost, and no goroutine is left.
func TestCommandsCancelledAtRandom(t *testing.T) {
	goals := map[bool]int64{false: 80_000, true: 20_000} // commands cancelled, without and with TLS
	if testing.Short() {
		goals = map[bool]int64{false: 8_000, true: 2_000}
	}
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		goal := goals[cl.TLSConfig() != nil]
		opt := cl.Options()
		opt.ReadTimeout = time.Minute // a machine that is busy is no reason to lose a connection,
		opt.PoolSize = 1              // nor to open another
		rdb := newClient(t, opt)
		told := newTellingKeys(t, rdb)
		for range 100 { // so that all connections and goroutines there are to be are there
			require.NoError(t, told.pipeline(t.Context(), rdb, 50))
		}
		eventually(t, func() bool { return rdb.PoolStats().PendingRequests == 0 })
		primaries := make([]string, 0, 3) // replicas may be asked for the slot map at any time
		for _, n := range cl.Primaries() {
			primaries = append(primaries, n.Addr())
		}
		connected, running := socketsTo(t, primaries), goleak.IgnoreCurrent()

		steady := startLoad(t, 4, func(ctx context.Context, _, round int) error {
			_, err := told.any(ctx, rdb, round)
			return err
		})
		var cancelled atomic.Int64
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() {
				patience := time.Millisecond
				for round := 0; cancelled.Load() < goal && !t.Failed(); round++ {
					ctx, stop := endingSoon(round, rand.N(2*patience))
					commands, err := told.any(ctx, rdb, round)
					stop()
					switch {
					case err == nil:
						patience -= patience / 8
					case ctx.Err() != nil && errors.Is(err, ctx.Err()):
						cancelled.Add(int64(commands))
						patience += patience / 8
					default:
						t.Errorf("round %d: %v", round, err)
					}
				}
			})
		}
		all.Wait()
		steady.stop()
		t.Logf("%d commands cancelled next to %d calls that were not", cancelled.Load(), steady.total())

		require.NoError(t, told.pipeline(t.Context(), rdb, len(told)))
		require.Zero(t, rdb.PoolStats().StaleConns)
		require.Equal(t, connected, socketsTo(t, primaries))
		eventually(t, func() bool { return goleak.Find(running) == nil })
	})
}

// endingSoon is a context that ends at a time of its own, in one way or
// another. One in 16 has ended already.
func endingSoon(round int, d time.Duration) (context.Context, context.CancelFunc) {
	if round%16 == 0 {
		d = 0
	}
	if round%2 == 0 {
		return context.WithTimeout(context.Background(), d)
	}
	ctx, cancel := context.WithCancel(context.Background())
	timer := time.AfterFunc(d, cancel)
	return ctx, func() {
		timer.Stop()
		cancel()
	}
}

// tellingKeys are keys whose values tell which key they belong to.
type tellingKeys []string

func newTellingKeys(t *testing.T, rdb *redis.ClusterClient) tellingKeys {
	t.Helper()
	keys := make(tellingKeys, 1000)
	_, err := rdb.Pipelined(t.Context(), func(pipe redis.Pipeliner) error {
		for i := range keys {
			keys[i] = "key:" + strconv.Itoa(i)
			pipe.Set(t.Context(), keys[i], tellingValue(keys[i]), 0)
		}
		return nil
	})
	require.NoError(t, err)
	return keys
}

func tellingValue(key string) string { return "the value of " + key }

// any makes a call of one kind or another, of so many commands. The error is
// that of the call, or says what was wrong with its result.
func (k tellingKeys) any(ctx context.Context, rdb *redis.ClusterClient, round int) (commands int, err error) {
	switch {
	case round%8 == 3:
		const n = 20
		return n, k.pipeline(ctx, rdb, n)
	case round%8 == 6:
		return 1, k.mget(ctx, rdb, 10)
	case round%4 == 1:
		key := k.one()
		return 1, rdb.Set(ctx, key, tellingValue(key), 0).Err()
	default:
		key := k.one()
		got, err := rdb.Get(ctx, key).Result()
		return 1, k.check(key, got, err)
	}
}

func (k tellingKeys) one() string { return k[rand.IntN(len(k))] }

// check is the error, or says that the reply is not that to this key.
func (k tellingKeys) check(key, got string, err error) error {
	if err == nil && got != tellingValue(key) {
		return fmt.Errorf("%s holds %q", key, got)
	}
	return err
}

func (k tellingKeys) pipeline(ctx context.Context, rdb *redis.ClusterClient, n int) error {
	keys := make([]string, n)
	cmds, err := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i := range keys {
			keys[i] = k.one()
			pipe.Get(ctx, keys[i])
		}
		return nil
	})
	for i, cmd := range cmds {
		got, failed := cmd.(*redis.StringCmd).Result()
		if wrong := k.check(keys[i], got, failed); wrong != nil && (failed == nil || err == nil) {
			return wrong
		}
	}
	return err
}

func (k tellingKeys) mget(ctx context.Context, rdb *redis.ClusterClient, n int) error {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = k.one()
	}
	values, err := rdb.MGet(ctx, keys...).Result()
	for i, value := range values {
		got, came := value.(string)
		if !came && err != nil {
			continue
		}
		if wrong := k.check(keys[i], got, nil); wrong != nil {
			return wrong
		}
	}
	return err
}
