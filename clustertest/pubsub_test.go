package clustertest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPublishReachesTheWholeCluster(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Replicas: 1})
	var clients []*testClient
	for _, n := range c.Nodes() {
		client := dial3(t, n)
		require.Equal(t, replyPush{"subscribe", "news", 1}, client.do("SUBSCRIBE", "news"))
		require.Equal(t, replyPush{"psubscribe", "n?ws", 2}, client.do("PSUBSCRIBE", "n?ws"))
		clients = append(clients, client)
	}
	require.Equal(t, 2, dial(t, c.Primary(1)).do("PUBLISH", "news", "hello"), "only those at the node are counted")
	for _, client := range clients {
		require.Equal(t, replyPush{"message", "news", "hello"}, client.read())
		require.Equal(t, replyPush{"pmessage", "n?ws", "news", "hello"}, client.read())
		require.Equal(t, "PONG", client.do("PING"), "RESP3 allows other commands")
	}
	require.Equal(t, 0, dial(t, c.Primary(1)).do("PUBLISH", "other", "hello"))
}

func TestSubscriberInRESP2(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1})
	client := dial(t, c.Primary(0))
	client.write(append(appendCommand(nil, "PING"), appendCommand(nil, "SUBSCRIBE", "a", "b")...))
	require.Equal(t, "PONG", client.read())
	require.Equal(t, []any{"subscribe", "a", 1}, client.read())
	require.Equal(t, []any{"subscribe", "b", 2}, client.read())
	require.Contains(t, client.do("GET", "k"), "ERR Can't execute 'get'")
	require.Equal(t, []any{"pong", ""}, client.do("PING"))
	require.Equal(t, []any{"pong", "hi"}, client.do("PING", "hi"))
	require.Equal(t, 1, dial(t, c.Primary(0)).do("PUBLISH", "b", "x"))
	require.Equal(t, []any{"message", "b", "x"}, client.read())

	require.Equal(t, []any{"unsubscribe", "c", 2}, client.do("UNSUBSCRIBE", "c"))
	client.send("UNSUBSCRIBE")
	require.Equal(t, []any{"unsubscribe", "a", 1}, client.read())
	require.Equal(t, []any{"unsubscribe", "b", 0}, client.read())
	require.Equal(t, []any{"unsubscribe", nil, 0}, client.do("UNSUBSCRIBE"))
	require.Equal(t, []any{"punsubscribe", nil, 0}, client.do("PUNSUBSCRIBE"))
	require.Equal(t, "PONG", client.do("PING"))
}

func TestPublishFromInside(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2})
	client := dial(t, c.Primary(1))
	require.Equal(t, []any{"psubscribe", "*", 1}, client.do("PSUBSCRIBE", "*"))

	publisher := dial(t, c.Primary(0))
	publisher.do("MULTI")
	require.Equal(t, "QUEUED", publisher.do("PUBLISH", "a", "from a transaction"))
	publisher.do("EXEC")
	require.Equal(t, []any{"pmessage", "*", "a", "from a transaction"}, client.read())
	publisher.do("EVAL", "redis.call('PUBLISH', 'b', 'from a script')", "0")
	require.Equal(t, []any{"pmessage", "*", "b", "from a script"}, client.read())
	c.Miniredis().Publish("c", "from Go")
	require.Equal(t, []any{"pmessage", "*", "c", "from Go"}, client.read())
}

func TestShardChannels(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2, Replicas: 1})
	channel := keyIn(t, c, 0)
	primary, replica := c.Primary(0), c.Replicas(0)[0]
	a, b := dial3(t, primary), dial(t, replica)
	require.Equal(t, replyPush{"ssubscribe", channel, 1}, a.do("SSUBSCRIBE", channel))
	require.Equal(t, []any{"ssubscribe", channel, 1}, b.do("SSUBSCRIBE", channel), "replicas serve them without READONLY")
	require.Equal(t, moved(channel, primary), dial(t, c.Primary(1)).do("SSUBSCRIBE", channel))
	require.Equal(t, moved(channel, primary), dial(t, c.Primary(1)).do("SPUBLISH", channel, "x"))
	require.Equal(t, 1, dial(t, replica).do("SPUBLISH", channel, "x"))
	require.Equal(t, replyPush{"smessage", channel, "x"}, a.read())
	require.Equal(t, []any{"smessage", channel, "x"}, b.read())
	require.Equal(t, 0, dial(t, primary).do("PUBLISH", channel, "x"), "a name apart")

	require.NoError(t, c.BeginMigration(Slot(channel), c.Primary(1)))
	require.Equal(t, 1, dial(t, primary).do("SPUBLISH", channel, "y"), "the source serves until the end")
	require.Equal(t, replyPush{"smessage", channel, "y"}, a.read())
	require.Equal(t, []any{"smessage", channel, "y"}, b.read())
	require.NoError(t, c.FinishMigration(Slot(channel)))
	require.Equal(t, replyPush{"sunsubscribe", channel, 0}, a.read())
	require.Equal(t, []any{"sunsubscribe", channel, 0}, b.read())
	require.Equal(t, moved(channel, c.Primary(1)), a.do("SSUBSCRIBE", channel))
	require.Equal(t, replyPush{"sunsubscribe", "none", 0}, a.do("SUNSUBSCRIBE", "none"))
}

func TestFailoverUnsubscribesShardChannels(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2, Replicas: 1})
	channel, other := keyIn(t, c, 0), keyIn(t, c, 1)
	client, bystander := dial3(t, c.Primary(0)), dial3(t, c.Primary(1))
	client.do("SSUBSCRIBE", channel)
	bystander.do("SSUBSCRIBE", other)
	require.NoError(t, c.Failover(0))
	require.Equal(t, replyPush{"sunsubscribe", channel, 0}, client.read())
	bystander.silent()
}

func TestPubSubCommand(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2})
	channel := keyIn(t, c, 0)
	subscriber := dial3(t, c.Primary(0))
	subscriber.do("SUBSCRIBE", "news.it")
	subscriber.do("SUBSCRIBE", "art")
	subscriber.do("PSUBSCRIBE", "n*")
	subscriber.do("SSUBSCRIBE", channel)
	client, elsewhere := dial(t, c.Primary(0)), dial(t, c.Primary(1))
	for _, test := range []struct {
		command string
		want    any
	}{
		{"PUBSUB CHANNELS", []any{"art", "news.it"}},
		{"PUBSUB CHANNELS news.*", []any{"news.it"}},
		{"PUBSUB NUMSUB art none", []any{"art", 1, "none", 0}},
		{"PUBSUB NUMPAT", 1},
		{"PUBSUB SHARDCHANNELS", []any{channel}},
		{"PUBSUB SHARDNUMSUB " + channel, []any{channel, 1}},
		{"PUBSUB NOPE", replyError("ERR unknown subcommand 'NOPE'. Try PUBSUB HELP.")},
	} {
		require.Equal(t, test.want, client.do(strings.Fields(test.command)...), test.command)
	}
	require.Equal(t, []any{}, elsewhere.do("PUBSUB", "CHANNELS"))
	require.Equal(t, 0, elsewhere.do("PUBSUB", "NUMPAT"))

	c.Disconnect(c.Primary(0))
	require.Equal(t, []any{}, dial(t, c.Primary(0)).do("PUBSUB", "CHANNELS"))
}

// A subscriber that does not read must hold up nobody, and gets everything in
// order in the end.
func TestSlowSubscriber(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1})
	subscriber, publisher := dial3(t, c.Primary(0)), dial(t, c.Primary(0))
	subscriber.do("SUBSCRIBE", "news")
	payload := strings.Repeat("x", 64<<10)
	const n = 120 // 8 MB: more than sockets hold
	for i := range n {
		require.Equal(t, 1, publisher.do("PUBLISH", "news", fmt.Sprint(i, payload)))
	}
	for i := range n {
		require.Equal(t, replyPush{"message", "news", fmt.Sprint(i, payload)}, subscriber.read())
	}
}
