package clustertest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// awaitBlocked waits until n connections of the node are blocked.
func awaitBlocked(tb testing.TB, node *Node, n int) {
	tb.Helper()
	require.Eventually(tb, func() bool {
		blocked := 0
		for _, c := range node.clients() {
			c.block.mu.Lock()
			if c.block.active {
				blocked++
			}
			c.block.mu.Unlock()
		}
		return blocked == n
	}, patience, time.Millisecond)
}

func TestBlockingCommands(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2})
	key := keyIn(t, c, 1)
	n := c.Primary(1)
	client, other := dial(t, n), dial(t, n)

	client.send("BLPOP", key, "0")
	awaitBlocked(t, n, 1)
	client.silent()
	require.Equal(t, 1, other.do("RPUSH", key, "v"))
	require.Equal(t, []any{key, "v"}, client.read())
	require.Nil(t, client.do("BLPOP", key, "0.01"), "times out")

	client.send("XREAD", "BLOCK", "0", "STREAMS", "{"+key+"}s", "$")
	awaitBlocked(t, n, 1)
	id := other.do("XADD", "{"+key+"}s", "*", "f", "v")
	require.Equal(t, []any{[]any{"{" + key + "}s", []any{[]any{id, []any{"f", "v"}}}}}, client.read())
	require.Equal(t, "PONG", client.do("PING"))
	require.Equal(t, moved(key, n), dial(t, c.Primary(0)).do("BLPOP", key, "0"))
}

func TestPipelineBehindBlockingCommand(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1})
	n := c.Primary(0)
	client := dial(t, n)
	var pipeline []byte
	pipeline = appendCommand(pipeline, "SET", "before", "1")
	pipeline = appendCommand(pipeline, "BLPOP", "list", "0")
	pipeline = appendCommand(pipeline, "GET", "before")
	client.write(pipeline)
	require.Equal(t, "OK", client.read(), "not held back by the command that blocks")
	awaitBlocked(t, n, 1)
	client.send("ECHO", "later")
	dial(t, n).do("RPUSH", "list", "v")
	require.Equal(t, []any{"list", "v"}, client.read())
	require.Equal(t, "1", client.read())
	require.Equal(t, "later", client.read())
}

func TestBlockedClientGoesAway(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1})
	n := c.Primary(0)
	for _, blocked := range [][]string{{"BLPOP", "list", "0"}, {"XREAD", "BLOCK", "0", "STREAMS", "stream", "$"}} {
		for _, protocol := range []string{"2", "3"} {
			client := dial(t, n)
			client.do("HELLO", protocol)
			client.send(blocked...)
			awaitBlocked(t, n, 1)
			require.NoError(t, client.nc.Close())
			require.Eventually(t, func() bool { return c.Connections(n) == 0 }, patience, time.Millisecond)
		}
	}
	require.Equal(t, 1, dial(t, n).do("RPUSH", "list", "v"), "nobody takes it")
	require.Equal(t, 1, dial(t, n).do("LLEN", "list"))
}

func TestBlockedClientIsOvertaken(t *testing.T) {
	t.Parallel()
	unblocked := "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)"
	for name, test := range map[string]struct {
		change func(t *testing.T, c *Cluster, key string)
		want   func(c *Cluster, key string) replyError
	}{
		"failover": {
			func(t *testing.T, c *Cluster, _ string) { require.NoError(t, c.Failover(0)) },
			func(*Cluster, string) replyError { return replyError(unblocked) },
		},
		"migration": {
			func(t *testing.T, c *Cluster, key string) { require.NoError(t, c.MigrateSlot(Slot(key), c.Primary(1))) },
			func(c *Cluster, key string) replyError { return moved(key, c.Primary(1)) },
		},
		"unassigned": {
			func(t *testing.T, c *Cluster, key string) { require.NoError(t, c.UnassignSlots(Slot(key), Slot(key))) },
			func(*Cluster, string) replyError { return notServed },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := Start(t, Options{Shards: 2, Replicas: 1})
			key := keyIn(t, c, 0)
			n := c.Primary(0)
			client, reader, bystander := dial3(t, n), dial3(t, n), dial(t, c.Primary(1))
			client.send("BLPOP", key, "0")
			reader.send("XREAD", "BLOCK", "0", "STREAMS", "{"+key+"}s", "$")
			awaitBlocked(t, n, 2)
			bystander.send("BLPOP", keyIn(t, c, 1), "0")
			awaitBlocked(t, c.Primary(1), 1)
			test.change(t, c, key)
			require.Equal(t, test.want(c, key), client.read())
			require.Equal(t, test.want(c, key), reader.read())
			require.Equal(t, "PONG", client.do("PING"))
			require.IsType(t, replyMap{}, client.do("HELLO"), "still RESP3")
			bystander.silent()
		})
	}
}

func TestBlockedClientOfAnotherSlotStays(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2})
	key := keyIn(t, c, 0)
	other := 0
	if Slot(key) == 0 {
		other = 1
	}
	client := dial(t, c.Primary(0))
	client.send("BLPOP", key, "0")
	awaitBlocked(t, c.Primary(0), 1)
	require.NoError(t, c.MigrateSlot(other, c.Primary(1)))
	client.silent()
	dial(t, c.Primary(0)).do("RPUSH", key, "v")
	require.Equal(t, []any{key, "v"}, client.read())
}
