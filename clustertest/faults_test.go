package clustertest

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStopAndStart(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2})
	n := c.Primary(0)
	key := keyIn(t, c, 0)
	client := dial(t, n)
	client.do("SET", key, "v")
	c.Stop(n)
	client.ended()
	require.Equal(t, 0, c.Connections(n))
	_, err := net.Dial("tcp", n.Addr())
	require.Error(t, err)
	require.Equal(t, moved(key, n), dial(t, c.Primary(1)).do("GET", key), "nobody took its place")
	c.Stop(n)

	addr := n.Addr()
	require.NoError(t, c.Start(n))
	require.Equal(t, addr, n.Addr())
	require.Equal(t, "v", dial(t, n).do("GET", key))
	require.NoError(t, c.Start(n), "runs already")
}

func TestStartFailsWhenThePortIsTaken(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1})
	c.Stop(c.Primary(0))
	other, err := net.Listen("tcp", c.Primary(0).Addr())
	require.NoError(t, err)
	require.ErrorContains(t, c.Start(c.Primary(0)), "start a node")
	require.NoError(t, other.Close())
	require.NoError(t, c.Start(c.Primary(0)))
}

func TestPause(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1})
	n := c.Primary(0)
	old := dial(t, n)
	require.Equal(t, "PONG", old.do("PING"))
	c.Pause(n)
	c.Pause(n)
	old.send("SET", "k", "v")
	fresh := dial(t, n) // the port accepts
	fresh.send("PING")
	old.silent()
	fresh.silent()
	require.False(t, c.Data(0).Exists("k"), "nothing is run")
	c.Resume(n)
	c.Resume(n)
	require.Equal(t, "OK", old.read())
	require.Equal(t, "PONG", fresh.read())
}

func TestPausedPrimaryIsReplaced(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1, Replicas: 1})
	old := c.Primary(0)
	client := dial(t, old)
	client.do("PING")
	c.Pause(old)
	client.send("SET", "k", "stale")
	require.NoError(t, c.Failover(0))
	require.Contains(t, dial(t, c.Primary(0)).do("CLUSTER", "NODES"), old.ID()+" "+fmt.Sprintf("%s@%d slave,fail", old.Addr(), old.Port()+10000))
	c.Resume(old)
	require.Equal(t, moved("k", c.Primary(0)), client.read(), "by the roles of now")
	require.NotContains(t, dial(t, c.Primary(0)).do("CLUSTER", "NODES"), "fail")
}

func TestStopWhilePaused(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1})
	n := c.Primary(0)
	client := dial(t, n)
	client.do("PING")
	c.Pause(n)
	client.send("PING")
	c.Stop(n)
	client.ended()
	require.NoError(t, c.Start(n))
	require.Equal(t, "PONG", dial(t, n).do("PING"), "not paused any more")
}

func TestDelay(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1})
	n := c.Primary(0)
	client := dial(t, n)
	const delay = 100 * time.Millisecond
	c.Delay(n, delay)
	start := time.Now()
	for i := range 10 {
		client.send("ECHO", fmt.Sprint(i))
	}
	for i := range 10 {
		require.Equal(t, fmt.Sprint(i), client.read())
		require.GreaterOrEqual(t, time.Since(start), delay)
	}
	require.Less(t, time.Since(start), 5*delay, "delays do not add up")

	c.Delay(n, time.Hour)
	client.send("SET", "k", "v")
	require.Eventually(t, func() bool { return c.Data(0).Exists("k") }, patience, time.Millisecond, "run at once")
	c.Delay(n, 0)
	client.send("PING")
	client.silent() // order is kept
	c.Disconnect(n)
	client.ended()
	require.Equal(t, "v", dial(t, n).do("GET", "k"))
}

func TestSetError(t *testing.T) {
	t.Parallel()
	const loading = "LOADING Redis is loading the dataset in memory"
	c := Start(t, Options{Shards: 2})
	client := dial(t, c.Primary(0))
	c.SetError(c.Primary(0), loading)
	require.IsType(t, replyMap{}, client.do("HELLO", "3"))
	require.Equal(t, replyError(loading), client.do("PING"))
	require.Equal(t, replyError(loading), client.do("GET", keyIn(t, c, 0)))
	require.Equal(t, "PONG", dial(t, c.Primary(1)).do("PING"))
	c.SetError(c.Primary(0), "")
	require.Equal(t, "PONG", client.do("PING"))
}

// A client that sends and does not read is stopped by its own socket, and gets
// everything once it reads.
func TestClientThatDoesNotRead(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1})
	for _, delay := range []time.Duration{0, time.Millisecond} {
		c.Delay(c.Primary(0), delay)
		client := dial(t, c.Primary(0))
		value := string(make([]byte, 100<<10))
		const n = 100 // 10 MB: more than sockets and the queue hold
		sent := make(chan error, 1)
		go func() {
			echo := appendCommand(nil, "ECHO", value)
			for range n {
				if _, err := client.nc.Write(echo); err != nil {
					sent <- err
					return
				}
			}
			sent <- nil
		}()
		require.Equal(t, "PONG", dial(t, c.Primary(0)).do("PING"), "others are served")
		for range n {
			require.Equal(t, value, client.read())
		}
		require.NoError(t, <-sent)
	}
}
