package redis_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// One subscription has the notifications of all primaries, those that become one
// included, and of none twice that is one no longer: replicas repeat what their
// primary does.
func TestKeyspaceOfAllPrimaries(t *testing.T) {
	const space = "__keyspace@0__:"
	notifying := redistest.Options{Config: map[string]string{"notify-keyspace-events": "K$"}}
	onOwnClusters(t, notifying, func(t *testing.T, cl *redistest.Cluster, opt *redis.ClusterOptions) {
		beSlowToSuspect(t, cl.Nodes()...)
		primaries := cl.Primaries()
		groups := groupsByPrimary(cl, t.Name(), 30, 30)
		subscriber := newClient(t, opt)
		pattern := space + "{" + t.Name() + "*"
		a := listen(t, subscriber.SubscribeKeyspace(t.Context(), pattern), func(m *redis.Message) (key, number string, ok bool) {
			key, number, ok = strings.Cut(strings.TrimPrefix(m.Channel, space), " is ")
			return key, number, ok && m.Payload == "set" && m.Pattern == pattern
		})
		a.awaitSubscriptions(t, 1)

		// The number is in the key, as a notification has no other place for it.
		writer := newClient(t, opt)
		s := startSeries(t, groups, func(ctx context.Context, keys []string, number int) error {
			pipe := writer.Pipeline()
			for _, key := range keys {
				pipe.Set(ctx, fmt.Sprint(key, " is ", number), "", 0)
			}
			_, err := pipe.Exec(ctx)
			return err
		})
		s.pass(2)

		require.NoError(t, cl.Failover(within(t, time.Minute), cl.ReplicasOf(primaries[0])[0], ""))
		// The old primary repeats what the new one does, so that nobody misses
		// anything; that there is a new one is learned from the map.
		subscriber.ReloadState(t.Context())
		s.requireArrival(a, "the planned failover")

		primaries[1].Kill()
		require.NoError(t, cl.Failover(within(t, time.Minute), cl.ReplicasOf(primaries[1])[0], "TAKEOVER"))
		s.requireArrival(a, "the failover of a dead primary")

		require.NoError(t, primaries[1].Restart())
		beSlowToSuspect(t, primaries[1])
		eventually(t, func() bool {
			info, err := primaries[1].Info("replication")
			require.NoError(t, err)
			return info["master_link_status"] == "up"
		})
		s.requireArrival(a, "its return as a replica")

		s.stop()
		s.requireOrder(a)
		s.requireComplete(a, 2, "whose shard was let alone")
	})
}
