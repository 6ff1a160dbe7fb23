package clustertest

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFailover(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2, Replicas: 2})
	key := keyIn(t, c, 0)
	old, next := c.Primary(0), c.Replicas(0)[0]
	a, b := dial(t, old), dial(t, next)
	require.Equal(t, "OK", a.do("SET", key, "v"))
	require.NoError(t, c.Failover(0))
	require.Same(t, next, c.Primary(0))
	require.Contains(t, c.Replicas(0), old)
	require.Equal(t, moved(key, next), a.do("SET", key, "w"))
	require.Equal(t, "OK", b.do("SET", key, "w"))
	a.do("READONLY")
	require.Equal(t, "w", a.do("GET", key))
	require.Equal(t, moved(key, next), dial(t, c.Primary(1)).do("GET", key))

	require.NoError(t, c.Promote(old))
	require.Same(t, old, c.Primary(0))
	require.NoError(t, c.Promote(old), "is primary already")
	require.ErrorContains(t, c.Failover(7), "no shard 7")
	require.ErrorContains(t, c.Failover(-1), "no shard -1")
}

func TestFailoverCommand(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1, Replicas: 1})
	replica := c.Replicas(0)[0]
	require.Equal(t, replyError("ERR You should send CLUSTER FAILOVER to a replica"), dial(t, c.Primary(0)).do("CLUSTER", "FAILOVER"))
	require.Equal(t, "OK", dial(t, replica).do("CLUSTER", "FAILOVER"))
	require.Same(t, replica, c.Primary(0))
}

func TestFailoverNeedsAHealthyReplica(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1, Replicas: 3})
	replicas := c.Replicas(0)
	c.Stop(replicas[0])
	c.Pause(replicas[1])
	require.ErrorContains(t, c.Promote(replicas[0]), "has failed")
	require.NoError(t, c.Failover(0))
	require.Same(t, replicas[2], c.Primary(0))

	alone := Start(t, Options{Shards: 1})
	require.ErrorContains(t, alone.Failover(0), "no replica to promote")
	_, err := alone.FailPrimary(0, 0)
	require.ErrorContains(t, err, "no replica to promote")
	_, err = alone.FailPrimary(1, 0)
	require.ErrorContains(t, err, "no shard 1")
	require.Equal(t, "PONG", dial(t, alone.Primary(0)).do("PING"), "nothing was stopped")
}

func TestFailPrimary(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2, Replicas: 1, RequireFullCoverage: true})
	key := keyIn(t, c, 0)
	client, bystander := dial(t, c.Primary(0)), dial(t, c.Primary(1))
	replica := c.Replicas(0)[0]
	client.do("SET", key, "v")
	start := time.Now()
	old, err := c.FailPrimary(0, 100*time.Millisecond)
	require.NoError(t, err)
	client.ended()
	_, err = net.Dial("tcp", old.Addr())
	require.Error(t, err)
	require.Equal(t, downError, bystander.do("GET", keyIn(t, c, 1)))
	require.Eventually(t, func() bool { return c.Primary(0) == replica }, patience, time.Millisecond)
	require.GreaterOrEqual(t, time.Since(start), 100*time.Millisecond)
	require.Equal(t, "v", dial(t, replica).do("GET", key))
	require.Nil(t, bystander.do("GET", keyIn(t, c, 1)))

	require.NoError(t, c.Start(old))
	require.Equal(t, moved(key, replica), dial(t, old).do("GET", key), "comes back as a replica")
}

func TestFailPrimaryWithoutDelay(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1, Replicas: 1})
	replica := c.Replicas(0)[0]
	_, err := c.FailPrimary(0, 0)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return c.Primary(0) == replica }, patience, time.Millisecond)
}

func TestNoElectionWhenThePrimaryIsBack(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1, Replicas: 1})
	old, err := c.FailPrimary(0, 50*time.Millisecond)
	require.NoError(t, err)
	require.NoError(t, c.Start(old))
	c.wg.Wait() // the election that does not take place
	require.Same(t, old, c.Primary(0))
}
