package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/clustertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	t.Setenv("REDIS_ADDRS", "")
	require.NoError(t, run(t.Context()))
}

// A worker that waits for jobs while the shard fails over gets those that come
// afterwards.
func TestTakeDuringFailover(t *testing.T) {
	cluster := clustertest.Start(t, clustertest.Options{Replicas: 1})
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()})
	defer func() { require.NoError(t, rdb.Close()) }()
	ctx := t.Context()
	q := queue{rdb, "jobs", "workers", time.Hour}
	require.NoError(t, rdb.XGroupCreateMkStream(ctx, q.stream, q.group, "0").Err())

	primary := cluster.PrimaryForKey(q.stream)
	var jobs []redis.XMessage
	taken := make(chan error, 1)
	go func() {
		var err error
		jobs, err = q.take(ctx, "ann")
		taken <- err
	}()
	reads := func(n *clustertest.Node) func() bool {
		return func() bool { return cluster.Commands(n)["XREADGROUP"] > 0 }
	}
	require.Eventually(t, reads(primary), 10*time.Second, time.Millisecond)
	require.NoError(t, cluster.Failover(primary.Shard()))
	require.Eventually(t, reads(cluster.PrimaryForKey(q.stream)), 10*time.Second, time.Millisecond)
	require.NoError(t, q.add(ctx, "wash", "dry"))
	require.NoError(t, <-taken)
	require.NotEmpty(t, jobs)
	if len(jobs) == 1 { // the other came a moment later
		more, err := q.take(ctx, "ann")
		require.NoError(t, err)
		jobs = append(jobs, more...)
	}
	require.Len(t, jobs, 2)
	require.NoError(t, q.acknowledge(ctx, jobs[0].ID))

	// What she has not acknowledged goes to bob, once he is out of patience.
	q.patience = 0
	jobs, err := q.take(ctx, "bob")
	require.NoError(t, err)
	require.Len(t, jobs, 1)
	require.Equal(t, "dry", jobs[0].Values["name"])
}
