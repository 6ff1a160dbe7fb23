package redis_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/internal/redistest"
	"github.com/stretchr/testify/require"
)

// onSharedClusters runs the test on the plain cluster and on the one with TLS
// and passwords, both empty.
func onSharedClusters(t *testing.T, test func(t *testing.T, cl *redis.SharedCluster)) {
	for _, kind := range []struct {
		name  string
		start func(testing.TB) *redis.SharedCluster
	}{
		{"plain", redis.PlainCluster},
		{"TLS and AUTH", redis.SecureCluster},
	} {
		t.Run(kind.name, func(t *testing.T) {
			cl := kind.start(t)
			awaitHealth(t, cl.Cluster) // a busy machine may have cost it a node meanwhile
			for _, n := range cl.Primaries() {
				_, err := n.Do("FLUSHALL")
				require.NoError(t, err)
			}
			test(t, cl)
		})
	}
}

// onOwnClusters runs the test on clusters of six that it may hurt, at the same
// time: a plain one and one with TLS and a password.
func onOwnClusters(t *testing.T, o redistest.Options, test func(t *testing.T, cl *redistest.Cluster, opt *redis.ClusterOptions)) {
	o.Replicas = 1
	secure := o
	secure.TLS, secure.Password = true, "secret"
	for name, o := range map[string]redistest.Options{"plain": o, "TLS and AUTH": secure} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cl := redistest.Start(t, o)
			test(t, cl, &redis.ClusterOptions{Addrs: cl.Addrs()[:1], Password: o.Password, TLSConfig: cl.TLSConfig()})
		})
	}
}

// newClient makes a client that is closed with the test.
func newClient(t *testing.T, opt *redis.ClusterOptions) *redis.ClusterClient {
	rdb := redis.NewClusterClient(opt)
	t.Cleanup(func() { require.NoError(t, rdb.Close()) })
	return rdb
}

// within is the test's context, with an end that only a test that hangs sees.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits until ok. Unlike that of testify it stays on the test's
// goroutine, where ok may end the test.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "it did not come to be")
	}
}

// load is goroutines that do a piece of work over and over until the test has
// seen enough.
type load struct {
	t       *testing.T
	rounds  []atomic.Int64 // done by each
	longest atomic.Int64   // of all rounds, in nanoseconds
	quit    atomic.Bool
	failed  chan struct{} // closed when one has failed
	once    sync.Once
	wg      sync.WaitGroup
}

// startLoad starts the goroutines. One whose work fails fails the test.
func startLoad(t *testing.T, workers int, work func(ctx context.Context, worker, round int) error) *load {
	l := &load{t: t, rounds: make([]atomic.Int64, workers), failed: make(chan struct{})}
	ctx := context.Background() // no deadline: the options alone bound a command
	for worker := range workers {
		l.wg.Go(func() {
			for round := 0; !l.quit.Load(); round++ {
				began := time.Now()
				if err := work(ctx, worker, round); err != nil {
					t.Errorf("worker %d, round %d, after %v: %v", worker, round, time.Since(began), err)
					l.once.Do(func() { close(l.failed) })
					return
				}
				l.note(time.Since(began))
				l.rounds[worker].Add(1)
			}
		})
	}
	t.Cleanup(l.stop)
	return l
}

func (l *load) note(took time.Duration) {
	for {
		longest := l.longest.Load()
		if int64(took) <= longest || l.longest.CompareAndSwap(longest, int64(took)) {
			return
		}
	}
}

// pass waits until each goroutine has done another count rounds from start to
// end.
func (l *load) pass(count int64) {
	l.t.Helper()
	goals := make([]int64, len(l.rounds))
	for i := range l.rounds {
		goals[i] = l.rounds[i].Load() + 1 + count // the one under way does not count
	}
	deadline := time.Now().Add(time.Minute)
	for i, goal := range goals {
		for l.rounds[i].Load() < goal {
			select {
			case <-l.failed:
				l.t.FailNow()
			case <-time.After(time.Millisecond):
			}
			require.False(l.t, time.Now().After(deadline), "worker %d is stuck", i)
		}
	}
}

// stop ends the load and waits for it.
func (l *load) stop() {
	l.quit.Store(true)
	l.wg.Wait()
}

// total is how many rounds were done.
func (l *load) total() (n int64) {
	for i := range l.rounds {
		n += l.rounds[i].Load()
	}
	return n
}

// callsOf is how often each node was sent the command, by its address.
func callsOf(t *testing.T, nodes []*redistest.Node, command string) map[string]int64 {
	t.Helper()
	calls := map[string]int64{}
	for _, n := range nodes {
		stats, err := n.CommandStats()
		require.NoError(t, err)
		calls[n.Addr()] = stats[command]
	}
	return calls
}

// resetStats has all nodes count anew.
func resetStats(t *testing.T, cl *redistest.Cluster) {
	t.Helper()
	for _, n := range cl.Nodes() {
		require.NoError(t, n.ResetStats())
	}
}

// errorReplies is how often nodes have answered with the error.
func errorReplies(t *testing.T, nodes []*redistest.Node, code string) (count int64) {
	t.Helper()
	for _, n := range nodes {
		info, err := n.Info("errorstats")
		require.NoError(t, err)
		if value, ok := strings.CutPrefix(info["errorstat_"+code], "count="); ok {
			c, err := strconv.ParseInt(value, 10, 64)
			require.NoError(t, err)
			count += c
		}
	}
	return count
}

// awaitReplicas returns when the replicas have all that the primaries have now.
func awaitReplicas(t *testing.T, cl *redistest.Cluster) {
	t.Helper()
	for _, primary := range cl.Primaries() {
		want := offsetOf(t, primary, "master_repl_offset")
		for _, replica := range cl.ReplicasOf(primary) {
			eventually(t, func() bool {
				return offsetOf(t, replica, "slave_repl_offset") >= want
			})
		}
	}
}

func offsetOf(t *testing.T, n *redistest.Node, field string) int64 {
	info, err := n.Info("replication")
	require.NoError(t, err)
	offset, err := strconv.ParseInt(info[field], 10, 64)
	require.NoError(t, err)
	return offset
}

// slotOf is the slot of a key.
func slotOf(t *testing.T, cl *redistest.Cluster, key string) int {
	t.Helper()
	slot, err := cl.Nodes()[0].Do("CLUSTER", "KEYSLOT", key)
	require.NoError(t, err)
	return int(slot.(int64))
}
