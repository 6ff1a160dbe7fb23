package redis_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// While a primary of a real cluster is killed and its replica elected, what
// concerns the whole cluster goes on: nothing is missing, and nothing fails.
func TestWholeClusterThroughElection(t *testing.T) {
	t.Parallel()
	cl := redistest.Start(t, redistest.Options{Replicas: 1})
	rdb := newClient(t, &redis.ClusterOptions{Addrs: cl.Addrs()})
	keys := fillKeys(t, rdb, "k", 1000)
	awaitReplicas(t, cl)
	look := redis.NewScript("return redis.call('GET', KEYS[1])")
	work := startLoad(t, 4, func(ctx context.Context, worker, _ int) error {
		switch worker {
		case 0:
			got, err := rdb.Keys(ctx, "k:*").Result()
			if err == nil && !slices.Equal(keys, sorted(got)) {
				err = fmt.Errorf("KEYS: %d keys", len(got))
			}
			return err
		case 1:
			got, err := scanLoop(ctx, rdb, "k:*", 50, nil)
			if lost := missing(keys, got); err == nil && len(lost) > 0 {
				err = fmt.Errorf("SCAN: %d keys are missing", len(lost))
			}
			return err
		case 2:
			return rdb.Watch(ctx, func(tx *redis.Tx) error { return tx.Get(ctx, keys[1]).Err() }, keys[1])
		default:
			return look.RunRO(ctx, rdb, keys[2:3]).Err()
		}
	})
	work.pass(1)
	victim := cl.PrimaryFor(slotOf(t, cl, keys[1]))
	victim.Kill()
	deadline := time.Now().Add(30 * time.Second)
	for {
		if now := cl.PrimaryFor(slotOf(t, cl, keys[1])); now != nil && now.Addr() != victim.Addr() {
			break
		}
		require.False(t, time.Now().After(deadline), "nobody was elected")
		time.Sleep(20 * time.Millisecond)
	}
	work.pass(2)
	work.stop()
	t.Logf("the longest round took %v", time.Duration(work.longest.Load()))
}
