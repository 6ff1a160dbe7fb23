package redis_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// shownBy counts the running nodes whose CLUSTER SLOTS names the node at a port.
func shownBy(t *testing.T, cl *redistest.Cluster, port int) (count, running int) {
	t.Helper()
	for _, n := range cl.Nodes() {
		if !n.Running() {
			continue
		}
		running++
		reply, err := n.Do("CLUSTER", "SLOTS")
		require.NoError(t, err)
		if slices.ContainsFunc(reply.([]any), func(r any) bool {
			return slices.ContainsFunc(r.([]any)[2:], func(n any) bool { return n.([]any)[1] == int64(port) })
		}) {
			count++
		}
	}
	return count, running
}

// A node that was killed, and missed by the cluster, is used for reads again
// soon after it is back in the servers' map, and has its idle connections. The
// map is loaded for no other reason. That takes half a second or so, and more on
// a busy machine.
func TestNodeReturns(t *testing.T) {
	t.Parallel()
	const patience = 5 * time.Second
	for _, was := range []string{"replica", "primary"} {
		t.Run(was, func(t *testing.T) {
			t.Parallel()
			cl := redistest.Start(t, redistest.Options{Replicas: 1, NodeTimeout: 2 * time.Second})
			rdb := newClient(t, &redis.ClusterOptions{
				Addrs: cl.Addrs(), ReadOnly: true, MinIdleConns: 4, ClientName: "returning", ClusterStateReloadInterval: -1,
			})
			key := keyOfEach(t, cl, t.Name())[0]
			require.NoError(t, rdb.Set(t.Context(), key, "v", 0).Err())
			awaitReplicas(t, cl)
			victim := cl.PrimaryFor(slotOf(t, cl, key))
			if was == "replica" {
				victim = cl.ReplicasOf(victim)[0]
			}
			victim.Kill()
			eventually(t, func() bool {
				require.NoError(t, rdb.Get(t.Context(), key).Err())
				count, _ := shownBy(t, cl, victim.Port())
				return count == 0
			})
			rdb.ReloadState(t.Context())
			require.NoError(t, victim.Restart())
			restarted := time.Now()
			var first, all time.Time // when the servers' maps show it
			gets := func() int64 {
				stats, err := victim.CommandStats()
				require.NoError(t, err)
				return stats["get"]
			}
			eventually(t, func() bool {
				count, running := shownBy(t, cl, victim.Port())
				if count > 0 && first.IsZero() {
					first = time.Now()
				}
				if count == running && all.IsZero() {
					all = time.Now()
				}
				require.NoError(t, rdb.Get(t.Context(), key).Err())
				return gets() > 0
			})
			read := time.Now()
			eventually(t, func() bool {
				list, err := victim.Do("CLIENT", "LIST")
				require.NoError(t, err)
				return strings.Count(list.(string), " name=returning ") >= 4
			})
			filled := time.Now()
			eventually(t, func() bool {
				count, running := shownBy(t, cl, victim.Port())
				return count == running
			})
			if all.IsZero() {
				all = time.Now()
			}
			t.Logf("shown by one server %v after its start, by all %v; read from %v, idle connections %v",
				first.Sub(restarted), all.Sub(restarted), read.Sub(restarted), filled.Sub(restarted))
			require.False(t, first.IsZero())
			require.Less(t, read.Sub(slices.MaxFunc([]time.Time{first, all}, time.Time.Compare)), patience)
			require.Less(t, filled.Sub(read), patience)
		})
	}
}
