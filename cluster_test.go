package redis_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/internal/redistest"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// writeKeys writes keys that are spread over the shards, each with its name as
// the value, and waits until the replicas have them.
func writeKeys(t *testing.T, cl *redis.SharedCluster, count int) []string {
	rdb := newClient(t, cl.Options())
	keys := make([]string, count)
	pipe := rdb.Pipeline()
	for i := range keys {
		keys[i] = fmt.Sprintf("%s:%d", t.Name(), i)
		pipe.Set(t.Context(), keys[i], keys[i], 0)
	}
	_, err := pipe.Exec(t.Context())
	require.NoError(t, err)
	awaitReplicas(t, cl.Cluster)
	return keys
}

// readKeys has eight goroutines read all the keys, and then a pipeline, and
// returns how many reads that were.
func readKeys(t *testing.T, rdb *redis.ClusterClient, keys []string) (reads int64) {
	const workers = 8
	ctx := within(t, time.Minute)
	var group errgroup.Group
	for range workers {
		group.Go(func() error {
			for _, key := range keys {
				if val, err := rdb.Get(ctx, key).Result(); err != nil || val != key {
					return fmt.Errorf("%s: got %q, %v", key, val, err)
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	cmds, err := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, key := range keys {
			pipe.Get(ctx, key)
		}
		return nil
	})
	require.NoError(t, err)
	for i, cmd := range cmds {
		require.Equal(t, keys[i], cmd.(*redis.StringCmd).Val())
	}
	return int64(len(keys) * (workers + 1))
}

func TestReadRouting(t *testing.T) {
	for _, mode := range []struct {
		name               string
		readOnly, randomly bool
		// check looks at the GETs that a primary and its replica have had.
		check func(t *testing.T, primary, replica int64)
	}{
		{"off", false, false, func(t *testing.T, primary, replica int64) {
			require.Positive(t, primary)
			require.Zero(t, replica)
		}},
		{"ReadOnly", true, false, func(t *testing.T, primary, replica int64) {
			require.Zero(t, primary)
			require.Positive(t, replica)
		}},
		{"RouteRandomly", false, true, func(t *testing.T, primary, replica int64) {
			require.InEpsilon(t, 0.5, float64(primary)/float64(primary+replica), 0.2)
		}},
		{"ReadOnly and RouteRandomly", true, true, func(t *testing.T, primary, replica int64) {
			require.InEpsilon(t, 0.5, float64(primary)/float64(primary+replica), 0.2)
		}},
	} {
		t.Run(mode.name, func(t *testing.T) {
			onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
				keys := writeKeys(t, cl, 300)
				opt := cl.Options()
				opt.ReadOnly, opt.RouteRandomly = mode.readOnly, mode.randomly
				opt.SuspectAfter = -1 // a pause of a node must not send its reads elsewhere
				rdb := newClient(t, opt)
				resetStats(t, cl.Cluster)
				reads := readKeys(t, rdb, keys)
				require.NoError(t, rdb.Set(t.Context(), keys[0], "new", 0).Err())

				gets := callsOf(t, cl.Nodes(), "get")
				var sum int64
				for _, primary := range cl.Primaries() {
					replica := cl.ReplicasOf(primary)[0]
					mode.check(t, gets[primary.Addr()], gets[replica.Addr()])
					sum += gets[primary.Addr()] + gets[replica.Addr()]
				}
				require.Equal(t, reads, sum)
				// Everything went to the right node at once.
				require.Zero(t, errorReplies(t, cl.Nodes(), "MOVED"))
			})
		})
	}
}

func TestRouteByLatency(t *testing.T) {
	const delay = 5 * time.Millisecond
	cl := redis.SecureCluster(t)
	keys := writeKeys(t, cl, 100)
	for _, slow := range []struct {
		name string
		node *redistest.Node
	}{
		{"a primary is slow", cl.Primaries()[0]},
		{"a replica is slow", cl.ReplicasOf(cl.Primaries()[0])[0]},
	} {
		t.Run(slow.name, func(t *testing.T) {
			opt := cl.Options()
			// Latency decides though the other two are set, as many programs do.
			opt.ReadOnly, opt.RouteRandomly, opt.RouteByLatency = true, true, true
			opt.SuspectAfter = -1
			opt.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
				nc, err := new(net.Dialer).DialContext(ctx, network, addr)
				if err != nil {
					return nil, err
				}
				if addr == slow.node.Addr() {
					nc = lateConn{nc, delay}
				}
				return startTLS(ctx, nc, cl.TLSConfig(), addr)
			}
			rdb := newClient(t, opt)
			eventually(t, func() bool { // until it was measured
				resetStats(t, cl.Cluster)
				readKeys(t, rdb, keys)
				return callsOf(t, cl.Nodes(), "get")[slow.node.Addr()] == 0
			})
			resetStats(t, cl.Cluster)
			reads := readKeys(t, rdb, keys)

			gets := callsOf(t, cl.Nodes(), "get")
			require.Zero(t, gets[slow.node.Addr()])
			var sum int64
			for _, calls := range gets {
				sum += calls
			}
			require.Equal(t, reads, sum)
		})
	}
}

// lateConn delivers what it receives late.
type lateConn struct {
	net.Conn
	delay time.Duration
}

func (c lateConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	time.Sleep(c.delay)
	return n, err
}

// startTLS is what a Dialer of one's own has to do: the client leaves TLS to it.
func startTLS(ctx context.Context, nc net.Conn, config *tls.Config, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	config = config.Clone()
	config.ServerName = host
	secure := tls.Client(nc, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = nc.Close()
		return nil, err
	}
	return secure, nil
}

func TestKeylessCommandsFindANode(t *testing.T) {
	cl := redis.PlainCluster(t)
	rdb := newClient(t, cl.Options())
	for range 20 {
		pong, err := rdb.Ping(t.Context()).Result()
		require.NoError(t, err)
		require.Equal(t, "PONG", pong)
	}
}

// What is asked about a key, or a slot, is asked of the node that has it.
func TestQuestionsAboutKeysAndSlots(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		rdb := newClient(t, cl.Options())
		for i := range 10 {
			key := fmt.Sprint(t.Name(), i)
			slot := slotOf(t, cl.Cluster, key)
			require.NoError(t, rdb.Set(t.Context(), key, i, 0).Err())
			require.GreaterOrEqual(t, rdb.ClusterCountKeysInSlot(t.Context(), slot).Val(), int64(1))
			require.Contains(t, rdb.ClusterGetKeysInSlot(t.Context(), slot, 1000).Val(), key)
			counted, err := rdb.Do(t.Context(), "CLUSTER", "COUNTKEYSINSLOT", slot).Int64()
			require.NoError(t, err)
			require.GreaterOrEqual(t, counted, int64(1))
			require.NoError(t, rdb.DebugObject(t.Context(), key).Err())
		}
		require.ErrorContains(t, rdb.ClusterCountKeysInSlot(t.Context(), 16384).Err(), "Invalid")
	})
}

func TestForEachNode(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		rdb := newClient(t, cl.Options())
		type visitor = func(context.Context, func(context.Context, *redis.Client) error) error
		for _, walk := range []struct {
			name  string
			each  visitor
			nodes []*redistest.Node
		}{
			{"ForEachMaster", rdb.ForEachMaster, cl.Primaries()},
			{"ForEachSlave", rdb.ForEachSlave, cl.Replicas()},
			{"ForEachShard", rdb.ForEachShard, cl.Nodes()},
		} {
			t.Run(walk.name, func(t *testing.T) {
				want := []string{}
				for _, n := range walk.nodes {
					want = append(want, n.ID())
				}
				visited := make(chan string, len(cl.Nodes()))
				require.NoError(t, walk.each(t.Context(), func(ctx context.Context, node *redis.Client) error {
					id, err := node.ClusterMyID(ctx).Result()
					visited <- id
					return err
				}))
				close(visited)
				got := slices.Collect(func(yield func(string) bool) {
					for id := range visited {
						if !yield(id) {
							return
						}
					}
				})
				require.ElementsMatch(t, want, got)

				broken := fmt.Errorf("broken")
				require.ErrorIs(t, walk.each(t.Context(), func(context.Context, *redis.Client) error { return broken }), broken)
			})
		}
	})
}

func TestMasterForKey(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		rdb := newClient(t, cl.Options())
		for i := range 10 {
			key := fmt.Sprint(t.Name(), i)
			owner := cl.PrimaryFor(slotOf(t, cl.Cluster, key))
			primary, err := rdb.MasterForKey(t.Context(), key)
			require.NoError(t, err)
			require.Equal(t, owner.Addr(), primary.Options().Addr)
			require.NoError(t, primary.Set(t.Context(), key, i, 0).Err())

			replica, err := rdb.SlaveForKey(t.Context(), key)
			require.NoError(t, err)
			require.Equal(t, cl.ReplicasOf(owner)[0].Addr(), replica.Options().Addr)
		}
	})
}

func TestOnNewNode(t *testing.T) {
	cl := redis.SecureCluster(t)
	rdb := newClient(t, cl.Options())
	known := make(chan string, len(cl.Nodes()))
	rdb.OnNewNode(func(node *redis.Client) { known <- node.Options().Addr })
	require.NoError(t, rdb.Ping(t.Context()).Err())
	var addrs []string
	for range cl.Nodes() {
		addrs = append(addrs, <-known)
	}
	require.ElementsMatch(t, cl.Addrs(), addrs)
}
