package redis

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
	"github.com/stretchr/testify/require"
)

// SharedCluster is a cluster of real servers that many tests use, one after
// another: three primaries with a replica each. It is exported for the tests in
// package redis_test.
//
// A test that moves slots or counts what the servers do must not be parallel,
// and has to leave the cluster healthy.
type SharedCluster struct {
	*redistest.Cluster
	Username, Password string
}

// Options are for a client of the cluster, which it is told one node of.
func (c *SharedCluster) Options() *ClusterOptions {
	return &ClusterOptions{Addrs: c.Addrs()[:1], Username: c.Username, Password: c.Password, TLSConfig: c.TLSConfig()}
}

// PlainCluster starts, at its first call, a cluster without TLS and passwords,
// and SecureCluster one with both. They run until all tests have ended.
var (
	PlainCluster  = shareCluster(redistest.Options{})
	SecureCluster = shareCluster(redistest.Options{TLS: true, Username: "app", Password: "correct horse"})
)

// sharedClusters is how the clusters that run are stopped.
var sharedClusters struct {
	mu   sync.Mutex
	stop []func()
}

func shareCluster(o redistest.Options) func(testing.TB) *SharedCluster {
	o.Replicas = 1
	start := sync.OnceValues(func() (*SharedCluster, error) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		cl, stop, err := redistest.Run(ctx, o)
		if err != nil {
			return nil, err
		}
		sharedClusters.mu.Lock()
		defer sharedClusters.mu.Unlock()
		sharedClusters.stop = append(sharedClusters.stop, stop)
		// The short timeout made for a quick start; from now on nobody is to be
		// voted out for want of CPU time.
		for _, n := range cl.Nodes() {
			if _, err := n.Do("CONFIG", "SET", "cluster-node-timeout", "5000"); err != nil {
				return nil, err
			}
		}
		return &SharedCluster{cl, o.Username, o.Password}, nil
	})
	return func(tb testing.TB) *SharedCluster {
		tb.Helper()
		cl, err := start()
		require.NoError(tb, err)
		return cl
	}
}

func stopSharedClusters() {
	sharedClusters.mu.Lock()
	defer sharedClusters.mu.Unlock()
	for _, stop := range sharedClusters.stop {
		stop()
	}
	sharedClusters.stop = nil
}
