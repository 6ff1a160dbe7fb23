package redis_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
)

// What connections to idle nodes cost: a thousand clients, each of a server of its
// own as far as it knows, with a connection each; with TLS, a quarter of that. All
// that a client holds counts; the server is another process.
func TestMemoryOfIdleNodes(t *testing.T) {
	const most = 20 << 10 // each: well below 25 MiB for all
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		testMemory(t, cl, most, func(t *testing.T, rdb *redis.Client, _ int) {
			require.NoError(t, rdb.Set(t.Context(), "k", "v", 0).Err())
		})
	})
}

// The same for connections that have carried load. With TLS they cost more than the
// rest together: crypto/tls keeps the buffer of the largest record, and nothing that
// it exports lets go of that.
func TestMemoryOfIdleNodesAfterLoad(t *testing.T) {
	large, small := strings.Repeat("v", 1<<20), strings.Repeat("v", 40<<10)
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		most := int64(20 << 10)
		if cl.TLSConfig() != nil {
			most = 64 << 10
		}
		testMemory(t, cl, most, func(t *testing.T, rdb *redis.Client, i int) {
			value := small
			if i%25 == 0 {
				value = large
			}
			carryLoad(t, rdb, "k", value)
		})
	})
}

// testMemory demands that a client which was used by use holds at most so many
// bytes once it is idle.
func testMemory(t *testing.T, cl *redis.SharedCluster, most int64, use func(t *testing.T, rdb *redis.Client, i int)) {
	server, config := cl.PrimaryFor(slotOf(t, cl.Cluster, "k")), cl.TLSConfig()
	nodes := 1000
	if config != nil {
		nodes = 250
	}
	clients := make([]*redis.Client, nodes)
	before := inUse()
	for i := range clients {
		clients[i] = redis.NewClient(&redis.Options{
			Addr: server.Addr(), Username: cl.Username, Password: cl.Password, TLSConfig: config, PoolSize: 1,
		})
		use(t, clients[i], i)
	}
	for _, rdb := range clients {
		stats := rdb.PoolStats()
		require.Equal(t, uint32(1), stats.TotalConns)
		require.Equal(t, uint32(1), stats.IdleConns)
	}
	var cost footprint
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		// Connections let go of their buffers at a tick of their clocks.
		cost = inUse().less(before)
		if cost.goroutines <= 0 && cost.bytes <= int64(nodes)*most || time.Now().After(deadline) {
			break
		}
	}
	each := cost.bytes / int64(nodes)
	t.Logf("%d bytes each", each)
	require.LessOrEqual(t, cost.goroutines, 0)
	require.LessOrEqual(t, each, most)
	for _, rdb := range clients {
		require.NoError(t, rdb.Close())
	}
}

// carryLoad makes a connection use all the buffers it has.
func carryLoad(t *testing.T, rdb *redis.Client, key, value string) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, rdb.Set(ctx, key, value, 0).Err())
	got, err := rdb.Get(ctx, key).Result()
	require.NoError(t, err)
	require.True(t, got == value) // Equal would take longer than all the rest
	_, err = rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for range 100 {
			pipe.Exists(ctx, key)
			pipe.SetRange(ctx, key, 0, value[:1000])
		}
		return nil
	})
	require.NoError(t, err)
}

// footprint is what is in use once nothing is left to collect.
type footprint struct {
	bytes      int64 // of heap and stacks
	goroutines int
}

func inUse() footprint {
	for range 3 { // what lies in a sync.Pool goes at the second
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return footprint{int64(m.HeapAlloc + m.StackInuse), runtime.NumGoroutine()}
}

func (f footprint) less(other footprint) footprint {
	return footprint{f.bytes - other.bytes, f.goroutines - other.goroutines}
}
