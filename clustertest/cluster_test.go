package clustertest

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDefaults(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{})
	require.Equal(t, 3, c.Shards())
	require.Len(t, c.Nodes(), 3)
	require.Equal(t, c.Nodes(), c.Primaries())
	require.Len(t, c.Addrs(), 3)
	require.Empty(t, c.Replicas(0))
	require.Nil(t, c.TLSConfig())
	for slot, shard := range map[int]int{0: 0, 5460: 0, 5461: 1, 10922: 1, 10923: 2, 16383: 2} {
		require.Same(t, c.Primary(shard), c.PrimaryForSlot(slot), "slot %d", slot)
	}
	require.Nil(t, c.Primary(3))
	require.Nil(t, c.Primary(-1))
	require.Nil(t, c.PrimaryForSlot(-1))
	require.Nil(t, c.PrimaryForSlot(slotCount))
	for i, n := range c.Nodes() {
		require.Equal(t, c.Addrs()[i], n.Addr())
		require.Equal(t, fmt.Sprintf("127.0.0.1:%d", n.Port()), n.Addr())
		require.Equal(t, i, n.Shard())
		require.Len(t, n.ID(), 40)
		require.Empty(t, n.Host())
		require.True(t, n.IsPrimary())
		require.Equal(t, fmt.Sprintf("node %d (%s, primary of shard %d)", i, n.Addr(), i), n.String())
		require.Equal(t, "PONG", dial(t, n).do("PING"))
	}
}

func TestReplicaNodes(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2, Replicas: 2})
	nodes := c.Nodes()
	require.Len(t, nodes, 6)
	require.Equal(t, []*Node{nodes[2], nodes[4]}, c.Replicas(0))
	require.Equal(t, []*Node{nodes[3], nodes[5]}, c.Replicas(1))
	require.False(t, nodes[5].IsPrimary())
	require.Contains(t, nodes[5].String(), "replica of shard 1")
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]Options{
		"negative shards":   {Shards: -1},
		"too many shards":   {Shards: 1001},
		"negative replicas": {Replicas: -1},
		"endpoint":          {Endpoint: 7},
		"user alone":        {Username: "alice"},
	} {
		c, err := Run(opts)
		require.ErrorContains(t, err, "clustertest: ", name)
		require.Nil(t, c, name)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	t.Parallel()
	c, err := Run(Options{Replicas: 1})
	require.NoError(t, err)
	client := dial(t, c.Primary(0))
	require.Equal(t, "PONG", client.do("PING"))
	_, err = c.FailPrimary(2, patience)
	require.NoError(t, err)

	var wg sync.WaitGroup
	for range 3 {
		wg.Go(c.Close)
	}
	wg.Wait()
	c.Close()
	client.ended()
	for _, addr := range c.Addrs() {
		_, err := net.Dial("tcp", addr)
		require.Error(t, err)
	}
	require.ErrorIs(t, c.Start(c.Primary(0)), errClosed)
	_, err = c.AddShard()
	require.ErrorIs(t, err, errClosed)
	_, err = c.FailPrimary(0, 0)
	require.ErrorIs(t, err, errClosed)
}

func TestCloseWithBusyConnections(t *testing.T) {
	t.Parallel()
	c, err := Run(Options{Shards: 1})
	require.NoError(t, err)
	n := c.Primary(0)

	blocked := dial(t, n)
	blocked.send("BLPOP", "list", "0")
	awaitBlocked(t, n, 1)
	subscriber := dial(t, n)
	subscriber.do("SUBSCRIBE", "news")
	queued := dial(t, n)
	queued.send("MULTI")
	queued.send("PUBLISH", "news", "x")
	stuck := dial(t, n) // does not read what it asked for
	var wg sync.WaitGroup
	wg.Go(func() {
		echo := appendCommand(nil, "ECHO", strings.Repeat("x", 1<<20))
		for {
			if _, err := stuck.nc.Write(echo); err != nil {
				return
			}
		}
	})
	c.Pause(n)
	c.Close()
	wg.Wait()
	blocked.ended()
}

func TestAddShard(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1, Replicas: 1})
	n, err := c.AddShard()
	require.NoError(t, err)
	require.Equal(t, 2, c.Shards())
	require.Equal(t, 1, n.Shard())
	require.True(t, n.IsPrimary())
	require.Len(t, c.Replicas(1), 1)
	require.Equal(t, moved("k", c.Primary(0)), dial(t, n).do("SET", "k", "v"))
	require.NoError(t, c.AssignSlots(0, slotCount-1, n))
	require.Equal(t, "OK", dial(t, n).do("SET", "k", "v"))
}

func TestDirectAccess(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{})
	key := keyIn(t, c, 1)
	client := dial(t, c.Primary(1))
	require.Equal(t, "OK", client.do("SET", key, "v", "EX", "10"))
	got, err := c.Data(1).Get(key)
	require.NoError(t, err)
	require.Equal(t, "v", got)
	require.False(t, c.Data(0).Exists(key))
	require.NoError(t, c.Data(1).Set("{"+key+"}", "w"))
	require.Equal(t, "w", client.do("GET", "{"+key+"}"))
	c.Miniredis().FastForward(patience)
	require.Nil(t, client.do("GET", key))
}

func TestDialContext(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{
		Endpoint: EndpointHostname,
		Hostname: func(i int) string { return fmt.Sprintf("node-%d.cluster.test", i) },
	})
	for i, n := range c.Nodes() {
		require.Equal(t, fmt.Sprintf("node-%d.cluster.test", i), n.Host())
		for _, host := range []string{n.Host(), loopback} {
			nc, err := c.DialContext(context.Background(), "tcp", net.JoinHostPort(host, fmt.Sprint(n.Port())))
			require.NoError(t, err)
			require.Equal(t, n.ID(), newTestClient(t, nc).do("CLUSTER", "MYID"))
		}
	}
	_, err := c.DialContext(context.Background(), "tcp", "nonsense")
	require.Error(t, err)
}

// The count is kept by the node, so that it is right as soon as a reply is there.
func TestConnectionsAndCounters(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Replicas: 1})
	n := c.Primary(0)
	key := keyIn(t, c, 0)
	require.Equal(t, 0, c.Connections(n))
	a, b := dial(t, n), dial(t, n)
	a.do("GET", key)
	b.do("get", key)
	b.do("GET", keyIn(t, c, 1))
	b.do("MGET", key, keyIn(t, c, 1))
	b.do("NOSUCH", key)
	b.do("GET")
	require.Equal(t, 2, c.Connections(n))
	require.Equal(t, map[string]int{"GET": 2}, c.Commands(n))
	require.Equal(t, map[string]int{"MOVED": 1, "CROSSSLOT": 1}, c.Redirects(n))
	require.Empty(t, c.Commands(c.Replicas(0)[0]))

	c.ResetStats()
	require.Empty(t, c.Commands(n))
	require.Empty(t, c.Redirects(n))
	a.do("PING")
	require.Equal(t, "OK", a.do("CONFIG", "RESETSTAT"))
	require.Empty(t, c.Commands(n))

	c.Disconnect(n)
	require.Equal(t, 0, c.Connections(n))
	a.ended()
	require.Equal(t, "PONG", dial(t, n).do("PING"))
}
