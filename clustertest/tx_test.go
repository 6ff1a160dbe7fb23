package clustertest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const aborted = replyError("EXECABORT Transaction discarded because of previous errors.")

func TestTransaction(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{})
	client := dial(t, c.PrimaryForKey("tag"))
	require.Equal(t, "OK", client.do("MULTI"))
	require.Equal(t, "QUEUED", client.do("SET", "{tag}a", "1"))
	require.Equal(t, "QUEUED", client.do("INCR", "{tag}a"))
	require.Equal(t, "QUEUED", client.do("PING"))
	require.Equal(t, "QUEUED", client.do("BLPOP", "{tag}list", "0"))
	require.Equal(t, []any{"OK", 2, "PONG", nil}, client.do("EXEC"))
	require.Equal(t, replyError("ERR EXEC without MULTI"), client.do("EXEC"))
	require.Equal(t, replyError("ERR DISCARD without MULTI"), client.do("DISCARD"))

	require.Equal(t, "OK", client.do("MULTI"))
	require.Equal(t, replyError("ERR MULTI calls can not be nested"), client.do("MULTI"))
	require.Equal(t, "QUEUED", client.do("SET", "{tag}a", "9"))
	require.Equal(t, "OK", client.do("DISCARD"))
	require.Equal(t, "2", client.do("GET", "{tag}a"))
	require.Equal(t, "OK", client.do("MULTI"))
	require.Equal(t, []any{}, client.do("EXEC"))
}

func TestWatch(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2})
	key := keyIn(t, c, 1)
	n := c.Primary(1)
	for _, resp3 := range []bool{false, true} {
		client, other := dial(t, n), dial(t, n)
		if resp3 {
			client = dial3(t, n)
		}
		client.do("WATCH", key)
		other.do("SET", key, "other")
		client.do("MULTI")
		client.do("SET", key, "mine")
		require.Nil(t, client.do("EXEC"))
		require.Equal(t, "other", client.do("GET", key))

		client.do("WATCH", key)
		other.do("SET", key, "other")
		client.do("UNWATCH")
		client.do("MULTI")
		client.do("SET", key, "mine")
		require.Equal(t, []any{"OK"}, client.do("EXEC"))
	}
	require.Equal(t, moved(key, n), dial(t, c.Primary(0)).do("WATCH", key))
}

func TestSpoiledTransaction(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{})
	n := c.PrimaryForKey("tag")
	for name, test := range map[string]struct {
		command []string
		want    string
	}{
		"moved":     {[]string{"GET", keyIn(t, c, (n.Shard()+1)%3)}, "MOVED"},
		"crossslot": {[]string{"MGET", "{tag}a", "other"}, "CROSSSLOT"},
		"unknown":   {[]string{"NOSUCH"}, "ERR unknown command"},
		"arguments": {[]string{"SET", "{tag}a"}, "ERR wrong number of arguments"},
		"forbidden": {[]string{"CLUSTER", "SLOTS"}, "ERR Command not allowed inside a transaction"},
		"subscribe": {[]string{"SUBSCRIBE", "news"}, "ERR Command not allowed inside a transaction"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := dial(t, n)
			client.do("MULTI")
			require.Equal(t, "QUEUED", client.do("SET", "{tag}a", "1"))
			require.Contains(t, client.do(test.command...), test.want)
			require.Equal(t, aborted, client.do("EXEC"))
			require.Equal(t, "PONG", client.do("PING"), "not queued any more")
			require.Nil(t, client.do("GET", "{tag}a"))
		})
	}
}

func TestTransactionWhoseSlotMoves(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2})
	key := keyIn(t, c, 0)
	client := dial(t, c.Primary(0))
	client.do("MULTI")
	require.Equal(t, "QUEUED", client.do("SET", key, "1"))
	require.NoError(t, c.MigrateSlot(Slot(key), c.Primary(1)))
	require.Equal(t, moved(key, c.Primary(1)), client.do("EXEC"))
	require.Equal(t, "PONG", client.do("PING"), "not queued any more")
	require.Nil(t, dial(t, c.Primary(1)).do("GET", key))
}

func TestTransactionAfterAsking(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2})
	key := keyIn(t, c, 0)
	require.NoError(t, c.BeginMigration(Slot(key), c.Primary(1)))
	source, target := dial(t, c.Primary(0)), dial(t, c.Primary(1))

	source.do("MULTI")
	require.Equal(t, ask(key, c.Primary(1)), source.do("SET", key, "1"))
	require.Equal(t, aborted, source.do("EXEC"))

	require.Equal(t, "OK", target.do("ASKING"))
	require.Equal(t, "OK", target.do("MULTI"))
	require.Equal(t, "QUEUED", target.do("SET", key, "1"))
	require.Equal(t, "QUEUED", target.do("INCR", key))
	require.Equal(t, []any{"OK", 2}, target.do("EXEC"))
	require.Equal(t, moved(key, c.Primary(0)), target.do("GET", key), "ASKING has passed")
}

func TestReplicaTransaction(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1, Replicas: 1})
	client := dial(t, c.Replicas(0)[0])
	client.do("READONLY")
	client.do("MULTI")
	require.Equal(t, "QUEUED", client.do("GET", "k"))
	require.Equal(t, []any{nil}, client.do("EXEC"))
	client.do("MULTI")
	require.Equal(t, moved("k", c.Primary(0)), client.do("SET", "k", "v"))
	require.Equal(t, aborted, client.do("EXEC"))
}
