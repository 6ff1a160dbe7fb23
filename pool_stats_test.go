package redis

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPoolStatsOfWaiting(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := clientOf(t, s, func(o *Options) { o.PoolSize = 1 })
	ctx := background(t)
	holder := c.Conn()
	require.NoError(t, holder.Ping(ctx).Err())
	require.Equal(t, PoolStats{Misses: 1, TotalConns: 1}, *c.PoolStats(), "a dial is no connection in use")

	const pause = 20 * time.Millisecond
	waiter := make(chan error)
	go func() { waiter <- c.Ping(ctx).Err() }()
	awaitThat(t, "the waiter", func() bool { return c.PoolStats().PendingRequests == 1 })
	time.Sleep(pause) // for the sum to be of some size
	require.NoError(t, holder.Close())
	require.NoError(t, <-waiter)

	stats := c.PoolStats()
	require.EqualValues(t, 1, stats.WaitCount)
	require.GreaterOrEqual(t, stats.WaitDurationNs, int64(pause)/2)
	require.Zero(t, stats.PendingRequests)
	require.Zero(t, stats.Unusable)

	s.dropConns()
	awaitThat(t, "the end of the connection", func() bool {
		_ = c.Ping(ctx)
		return c.PoolStats().Unusable == 1
	})
	require.EqualValues(t, 1, c.PoolStats().StaleConns)
}

func TestPoolStatsOfPubSub(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("SUBSCRIBE", says(">3\r\n+subscribe\r\n+a\r\n:1\r\n"))
	c := clusterOf(t, []*scripted{s}, nil)
	sub := c.Subscribe(background(t), "a")
	_, err := sub.Receive(background(t))
	require.NoError(t, err)
	require.Equal(t, PubSubStats{Created: 1, Active: 1}, c.PoolStats().PubSubStats)
	require.NoError(t, sub.Close())
	awaitThat(t, "the end of the connection", func() bool {
		return c.PoolStats().PubSubStats == PubSubStats{Created: 1, Untracked: 1}
	})
}

func TestPoolStatsAdd(t *testing.T) {
	t.Parallel()
	one := PoolStats{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, PubSubStats{11, 12, 13}}
	sum := one
	sum.add(one)
	require.Equal(t, PoolStats{2, 4, 6, 8, 10, 12, 14, 16, 18, 20, PubSubStats{22, 24, 26}}, sum)
}
