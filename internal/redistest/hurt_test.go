package redistest

import (
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFailover(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Replicas: 1, NodeTimeout: time.Second})
	ctx := within(t, time.Minute)
	nodes := c.Nodes()

	for i, mode := range []string{"", "FORCE", "TAKEOVER"} {
		replica := nodes[3+i]
		require.NoError(t, c.Failover(ctx, replica, mode), "mode %q", mode)
		require.NoError(t, c.WaitHealthy(ctx), "mode %q", mode)
		require.Equal(t, []*Node{nodes[i]}, c.ReplicasOf(replica), "mode %q", mode)
	}
	require.Equal(t, nodes[3:], c.Primaries())
	require.Error(t, c.Failover(ctx, nodes[3], ""), "a primary cannot be promoted")

	// Killed: the other half of the shard is elected, and the node comes back
	// as a replica at its old address.
	victim, heir := nodes[3], nodes[0]
	pid := victim.PID()
	victim.Kill()
	victim.Kill()
	require.False(t, victim.Running())
	_, err := net.Dial("tcp", victim.Addr())
	require.Error(t, err)
	_, err = victim.Do("PING")
	require.ErrorIs(t, err, errDown)
	require.Error(t, victim.Stop())
	require.NoError(t, c.WaitHealthy(ctx))
	require.Same(t, heir, c.PrimaryFor(0))

	id := victim.ID()
	require.NoError(t, victim.Restart())
	require.NoError(t, c.WaitHealthy(ctx))
	require.NotEqual(t, pid, victim.PID())
	require.Equal(t, id, mustDo(t, victim, "CLUSTER", "MYID"))
	require.Equal(t, []*Node{victim}, c.ReplicasOf(heir))
}

func TestStopAndResume(t *testing.T) {
	t.Parallel()
	n := StartServer(t, Options{})
	nc, err := net.Dial("tcp", n.Addr())
	require.NoError(t, err)
	defer nc.Close()
	client := newConn(nc)
	_, err = client.do(t.Context(), "PING")
	require.NoError(t, err)

	require.NoError(t, n.Stop())
	require.False(t, n.Running())
	_, err = n.Do("PING")
	require.ErrorIs(t, err, errDown)
	// The connection is up, and silent.
	require.NoError(t, nc.SetDeadline(time.Now().Add(100*time.Millisecond)))
	_, err = client.roundTrip([]string{"PING"})
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)

	require.NoError(t, n.Resume())
	require.True(t, n.Running())
	require.Equal(t, "PONG", mustDo(t, n, "PING"))
	require.NoError(t, nc.SetDeadline(time.Now().Add(10*time.Second)))
	reply, err := readReply(client.r)
	require.NoError(t, err)
	require.Equal(t, "PONG", reply)

	// A stopped server can be killed too.
	require.NoError(t, n.Stop())
	n.Kill()
	require.False(t, n.Running())
	require.NoError(t, n.Restart())
	require.Equal(t, "PONG", mustDo(t, n, "PING"))
}

func TestCommandStats(t *testing.T) {
	t.Parallel()
	n := StartServer(t, Options{})
	mustDo(t, n, "SET", "k", "1")
	mustDo(t, n, "GET", "k")
	mustDo(t, n, "GET", "k")
	mustDo(t, n, "CLIENT", "GETNAME")
	stats, err := n.CommandStats()
	require.NoError(t, err)
	require.Equal(t, int64(1), stats["set"])
	require.Equal(t, int64(2), stats["get"])
	require.Equal(t, int64(1), stats["client|getname"])

	require.NoError(t, n.ResetStats())
	stats, err = n.CommandStats()
	require.NoError(t, err)
	require.Zero(t, stats["get"])
}

// A server that cannot have its port says so, in terms that start a new try.
func TestPortTaken(t *testing.T) {
	t.Parallel()
	n := StartServer(t, Options{})
	n.Kill()
	l, err := net.Listen("tcp", n.Addr())
	require.NoError(t, err)
	defer l.Close()
	require.ErrorIs(t, n.start(within(t, 10*time.Second)), errPortTaken)
	require.NoError(t, l.Close())
	require.NoError(t, n.Restart())
}
