package clustertest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	crossSlot = replyError("CROSSSLOT Keys in request don't hash to the same slot")
	notServed = replyError("CLUSTERDOWN Hash slot not served")
	downError = replyError("CLUSTERDOWN The cluster is down")
	retry     = replyError(tryAgain)
	refused   = replyError("READONLY You can't write against a read only replica.")
)

func TestPrimaryServesItsSlots(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{})
	for shard := range 3 {
		key := keyIn(t, c, shard)
		for _, n := range c.Nodes() {
			client := dial(t, n)
			if n.Shard() == shard {
				require.Equal(t, "OK", client.do("SET", key, "v"))
				require.Equal(t, "v", client.do("get", key))
				continue
			}
			require.Equal(t, moved(key, c.Primary(shard)), client.do("SET", key, "v"))
			require.Equal(t, moved(key, c.Primary(shard)), client.do("GET", key))
		}
	}
}

func TestSeveralKeys(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{})
	n := c.PrimaryForKey("tag")
	client := dial(t, n)
	require.Equal(t, "OK", client.do("MSET", "{tag}a", "1", "{tag}b", "2"))
	require.Equal(t, []any{"1", nil, "2"}, client.do("MGET", "{tag}a", "{tag}c", "{tag}b"))
	require.Equal(t, crossSlot, client.do("MGET", "{tag}a", "other"))
	require.Equal(t, crossSlot, client.do("EVAL", "return 1", "2", "{tag}a", "other"))
	require.Equal(t, crossSlot, client.do("SSUBSCRIBE", "{tag}a", "other"))

	elsewhere := c.Nodes()[(n.Shard()+1)%3]
	require.Equal(t, moved("tag", n), dial(t, elsewhere).do("MGET", "{tag}a", "{tag}b"))
	require.Equal(t, crossSlot, dial(t, elsewhere).do("MGET", "{tag}a", "other"))
}

func TestReplicaReads(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2, Replicas: 1})
	key, primary, replica := keyIn(t, c, 0), c.Primary(0), c.Replicas(0)[0]
	require.Equal(t, "OK", dial(t, primary).do("SET", key, "v"))
	client := dial(t, replica)
	require.Equal(t, moved(key, primary), client.do("GET", key))
	require.Equal(t, "OK", client.do("READONLY"))
	require.Equal(t, "v", client.do("GET", key))
	require.Equal(t, moved(key, primary), client.do("SET", key, "w"))
	require.Equal(t, moved(key, primary), client.do("EVAL", "return 1", "1", key))
	require.Equal(t, "v", client.do("EVAL_RO", "return redis.call('GET', KEYS[1])", "1", key))
	require.Equal(t, moved(keyIn(t, c, 1), c.Primary(1)), client.do("GET", keyIn(t, c, 1)))
	require.Equal(t, "OK", client.do("READWRITE"))
	require.Equal(t, moved(key, primary), client.do("GET", key))
	require.Equal(t, "v", dial(t, primary).do("GET", key), "READONLY means nothing to a primary")
	require.Equal(t, map[string]int{"READONLY": 1, "GET": 1, "EVAL_RO": 1, "READWRITE": 1}, c.Commands(replica))
}

func TestCommandsWithoutKeys(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2, Replicas: 1})
	for shard := range 2 {
		for i := range shard + 1 {
			key := keyIn(t, c, shard)
			require.Equal(t, "OK", dial(t, c.Primary(shard)).do("SET", fmt.Sprintf("{%s}%d", key, i), "v"))
		}
	}
	for _, n := range c.Nodes() {
		client := dial(t, n)
		require.Equal(t, n.Shard()+1, client.do("DBSIZE"), n)
		require.Len(t, client.do("KEYS", "*"), n.Shard()+1, n)
		require.Equal(t, "hi", client.do("ECHO", "hi"), n)
		require.Equal(t, 7, client.do("EVAL", "return 7", "0"), n)
	}
	require.Equal(t, refused, dial(t, c.Replicas(0)[0]).do("FLUSHALL"))
	require.Equal(t, replyError("ERR syntax error"), dial(t, c.Primary(0)).do("FLUSHALL", "NOW"))
	require.Equal(t, "OK", dial(t, c.Primary(0)).do("FLUSHALL", "SYNC"))
	require.Equal(t, 0, dial(t, c.Primary(0)).do("DBSIZE"))
	require.Equal(t, 2, dial(t, c.Primary(1)).do("DBSIZE"))
	require.Equal(t, "OK", dial(t, c.Primary(1)).do("FLUSHDB"))
	require.Equal(t, 0, dial(t, c.Primary(1)).do("DBSIZE"))
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1, Replicas: 2})
	client := dial(t, c.Primary(0))
	for _, test := range []struct{ command, want string }{
		{"NOSUCH a b", "ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' "},
		{"GET", "ERR wrong number of arguments for 'GET' command"},
		{"get a b", "ERR wrong number of arguments for 'get' command"},
		{"SELECT 1", "ERR SELECT is not allowed in cluster mode"},
		{"MOVE k 1", "ERR MOVE is not allowed in cluster mode"},
		{"SWAPDB 0 1", "ERR SWAPDB is not allowed in cluster mode"},
		{"COPY a a DB 1", "ERR Copying to another database is not allowed in cluster mode"},
		{"WAIT x 0", "ERR value is not an integer or out of range"},
		{"LPUSH", "ERR wrong number of arguments for 'LPUSH' command"},
	} {
		require.Equal(t, strings.ToLower(test.want), strings.ToLower(string(client.do(strings.Fields(test.command)...).(replyError))), test.command)
	}
	require.Equal(t, "OK", client.do("SELECT", "0"))
	client.do("SET", "{a}1", "v")
	require.Equal(t, 1, client.do("COPY", "{a}1", "{a}2"))
	require.Equal(t, 2, client.do("WAIT", "1", "0"))
	require.Contains(t, dial(t, c.Replicas(0)[0]).do("WAIT", "1", "0"), "ERR WAIT cannot be used with replica")

	client.write([]byte("*1\r\n:1\r\n"))
	require.Equal(t, replyError("ERR Protocol error: expected '$', got ':'"), client.read())
	client.ended()
}

func TestRegisteredCommands(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{})
	require.NoError(t, registerDouble(c))
	key := keyIn(t, c, 0)
	require.Equal(t, "kk", dial(t, c.Primary(0)).do("DOUBLE", key, "k"))
	require.Equal(t, moved(key, c.Primary(0)), dial(t, c.Primary(1)).do("DOUBLE", key, "k"))
}

func TestUnassignedSlots(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{})
	key := keyIn(t, c, 0)
	slot := Slot(key)
	require.Equal(t, "OK", dial(t, c.Primary(0)).do("SET", key, "v"))
	require.NoError(t, c.UnassignSlots(slot, slot))
	require.Nil(t, c.PrimaryForKey(key))
	for _, n := range c.Nodes() {
		require.Equal(t, notServed, dial(t, n).do("GET", key), n)
	}
	require.Equal(t, "OK", dial(t, c.Primary(1)).do("SET", keyIn(t, c, 1), "v"), "other slots are served")
	require.NoError(t, c.AssignSlots(slot, slot, c.Primary(2)))
	require.Equal(t, "v", dial(t, c.Primary(2)).do("GET", key))
	require.Equal(t, moved(key, c.Primary(2)), dial(t, c.Primary(0)).do("GET", key))

	require.Error(t, c.UnassignSlots(-1, 0))
	require.Error(t, c.AssignSlots(0, slotCount, c.Primary(0)))
	require.Error(t, c.AssignSlots(2, 1, c.Primary(0)))
}

func TestRequireFullCoverage(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Replicas: 1, RequireFullCoverage: true})
	key := keyIn(t, c, 1)
	client := dial(t, c.Primary(1))
	require.Equal(t, "OK", client.do("SET", key, "v"))

	require.NoError(t, c.UnassignSlots(0, 0))
	require.Equal(t, downError, client.do("GET", key))
	require.Equal(t, "PONG", client.do("PING"))
	require.NoError(t, c.AssignSlots(0, 0, c.Primary(0)))
	require.Equal(t, "v", client.do("GET", key))

	c.Stop(c.Replicas(0)[0])
	require.Equal(t, "v", client.do("GET", key), "replicas do not count")
	c.Stop(c.Primary(0))
	require.Equal(t, downError, client.do("GET", key))
	require.NoError(t, c.Start(c.Primary(0)))
	require.Equal(t, "v", client.do("GET", key))
}

func TestUnknownEndpoint(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Endpoint: EndpointUnknown})
	key := keyIn(t, c, 1)
	require.Equal(t, replyError(fmt.Sprintf("MOVED %d :%d", Slot(key), c.Primary(1).Port())), dial(t, c.Primary(0)).do("GET", key))
}

func TestHostnameEndpoint(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		hostname func(int) string
		want     string
	}{
		"default": {nil, "localhost"},
		"given":   {func(i int) string { return fmt.Sprintf("n%d.test", i) }, "n1.test"},
		"none":    {func(int) string { return "" }, "?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := Start(t, Options{Endpoint: EndpointHostname, Hostname: test.hostname})
			key := keyIn(t, c, 1)
			want := fmt.Sprintf("MOVED %d %s:%d", Slot(key), test.want, c.Primary(1).Port())
			require.Equal(t, replyError(want), dial(t, c.Primary(0)).do("GET", key))
		})
	}
}
