package clustertest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMigrationStepByStep(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2})
	tag := keyIn(t, c, 0)
	slot := Slot(tag)
	source, target := c.Primary(0), c.Primary(1)
	key := func(name string) string { return "{" + tag + "}" + name }
	a, b := dial(t, source), dial(t, target)
	require.Equal(t, "OK", a.do("MSET", key("a"), "1", key("b"), "2", key("c"), "3"))

	require.NoError(t, c.BeginMigration(slot, target))
	require.Equal(t, "1", a.do("GET", key("a")), "present: served here")
	require.Equal(t, ask(tag, target), a.do("GET", key("new")))
	require.Equal(t, ask(tag, target), a.do("SET", key("new"), "v"))
	require.Equal(t, retry, a.do("MGET", key("a"), key("new")))
	require.Equal(t, moved(tag, source), b.do("GET", key("new")), "not without ASKING")

	require.Equal(t, "OK", b.do("ASKING"))
	require.Equal(t, "OK", b.do("SET", key("new"), "v"))
	require.Equal(t, moved(tag, source), b.do("GET", key("new")), "ASKING holds for one command")
	b.do("ASKING")
	require.Equal(t, "PONG", b.do("PING"))
	require.Equal(t, moved(tag, source), b.do("GET", key("new")), "whichever that is")

	moving, err := c.MoveKeys(slot, 1)
	require.NoError(t, err)
	require.Equal(t, 1, moving)
	require.Equal(t, ask(tag, target), a.do("GET", key("a")))
	require.Equal(t, ask(tag, target), a.do("MGET", key("a"), key("new")))
	require.Equal(t, retry, a.do("MGET", key("a"), key("b")))
	require.Equal(t, []any{"2", "3"}, a.do("MGET", key("b"), key("c")))
	b.do("ASKING")
	require.Equal(t, []any{"1", "v"}, b.do("MGET", key("a"), key("new")))
	b.do("ASKING")
	require.Equal(t, retry, b.do("MGET", key("a"), key("b")))
	b.do("ASKING")
	require.Nil(t, b.do("GET", key("b")), "a single key is served, there or not")

	moving, err = c.MoveKeys(slot, -1)
	require.NoError(t, err)
	require.Equal(t, 2, moving)
	require.Equal(t, source, c.PrimaryForKey(tag), "until it is finished")
	require.Equal(t, "OK", a.do("EVAL", "return redis.call('SET', '"+key("late")+"', 'x')", "0"))
	require.NoError(t, c.FinishMigration(slot))
	require.Equal(t, moved(tag, target), a.do("GET", key("a")))
	require.Equal(t, []any{"1", "2", "3", "v", "x"}, b.do("MGET", key("a"), key("b"), key("c"), key("new"), key("late")))
	require.Empty(t, c.Data(0).Keys())
	require.Equal(t, map[string]int{"ASK": 4, "TRYAGAIN": 2, "MOVED": 1}, c.Redirects(source))
}

func TestMigrationKeepsEverything(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2})
	tag := keyIn(t, c, 0)
	key := func(name string) string { return "{" + tag + "}" + name }
	client := dial3(t, c.Primary(0))
	for _, command := range [][]string{
		{"SET", key("string"), "v", "EX", "100"},
		{"HSET", key("hash"), "f", "v"},
		{"RPUSH", key("list"), "a", "b"},
		{"SADD", key("set"), "m"},
		{"ZADD", key("zset"), "1.5", "m"},
		{"PFADD", key("hll"), "a", "b", "c"},
		{"XADD", key("stream"), "1-1", "f", "v"},
		{"XGROUP", "CREATE", key("stream"), "group", "0"},
	} {
		require.NotContains(t, fmt.Sprint(client.do(command...)), "ERR", command)
	}
	require.NoError(t, c.MigrateSlot(Slot(tag), c.Primary(1)))
	client = dial3(t, c.Primary(1))
	require.Equal(t, "v", client.do("GET", key("string")))
	require.Equal(t, 100, client.do("TTL", key("string")))
	require.Equal(t, replyMap{"f": "v"}, client.do("HGETALL", key("hash")))
	require.Equal(t, []any{"a", "b"}, client.do("LRANGE", key("list"), "0", "-1"))
	require.Equal(t, []any{"m"}, client.do("SMEMBERS", key("set")))
	require.Equal(t, 1.5, client.do("ZSCORE", key("zset"), "m"))
	require.Equal(t, 3, client.do("PFCOUNT", key("hll")))
	require.Len(t, client.do("XREADGROUP", "GROUP", "group", "me", "STREAMS", key("stream"), ">"), 1)
}

func TestAbortMigration(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2})
	key := keyIn(t, c, 0)
	client := dial(t, c.Primary(0))
	client.do("SET", key, "v")
	require.NoError(t, c.BeginMigration(Slot(key), c.Primary(1)))
	_, err := c.MoveKeys(Slot(key), -1)
	require.NoError(t, err)
	require.NoError(t, c.AbortMigration(Slot(key)))
	require.Equal(t, "v", client.do("GET", key))
	require.Nil(t, client.do("GET", "{"+key+"}other"))
}

func TestMigrationErrors(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2, Replicas: 1})
	to := c.Primary(1)
	require.ErrorContains(t, c.BeginMigration(-1, to), "no slots -1 to -1")
	require.ErrorContains(t, c.BeginMigration(0, c.Replicas(1)[0]), "is not a primary")
	require.ErrorContains(t, c.BeginMigration(16383, to), "owns slot 16383 already")
	require.NoError(t, c.UnassignSlots(5, 5))
	require.ErrorContains(t, c.MigrateSlot(5, to), "nobody owns slot 5")
	require.NoError(t, c.BeginMigration(0, to))
	require.ErrorContains(t, c.BeginMigration(0, to), "migrating already")
	require.ErrorContains(t, c.FinishMigration(1), "slot 1 is not migrating")
	require.ErrorContains(t, c.AbortMigration(1), "slot 1 is not migrating")
	_, err := c.MoveKeys(1, 1)
	require.ErrorContains(t, err, "slot 1 is not migrating")
	require.ErrorContains(t, c.AssignSlots(0, 1, c.Replicas(0)[0]), "is not a primary")

	key := keyIn(t, c, 0)
	require.NoError(t, c.Data(0).Set(key, "source"))
	require.NoError(t, c.Data(1).Set(key, "target"))
	require.ErrorContains(t, c.MigrateSlot(Slot(key), to), "does it exist there?")
}

func TestReplicasDuringMigration(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2, Replicas: 1})
	key := keyIn(t, c, 0)
	dial(t, c.Primary(0)).do("SET", key, "v")
	require.NoError(t, c.BeginMigration(Slot(key), c.Primary(1)))
	client := dial(t, c.Replicas(0)[0])
	client.do("READONLY")
	require.Equal(t, "v", client.do("GET", key))
	_, err := c.MoveKeys(Slot(key), -1)
	require.NoError(t, err)
	require.Equal(t, ask(key, c.Primary(1)), client.do("GET", key))
}

// A counter is incremented by clients that follow redirects while its slot
// moves. No increment may be lost or doubled.
func TestMigrationUnderLoad(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2})
	key := keyIn(t, c, 0)
	slot := Slot(key)
	const clients, rounds, each = 4, 10, 25
	var conns [clients]map[string]*testClient
	for i := range conns {
		conns[i] = map[string]*testClient{}
		for _, n := range c.Nodes() {
			conns[i][n.Addr()] = dial(t, n)
		}
	}
	for round := range rounds {
		var wg sync.WaitGroup
		for _, conns := range conns {
			wg.Go(func() {
				for range each {
					increment(conns, c.Primary(0).Addr(), key)
				}
			})
		}
		require.NoError(t, c.BeginMigration(slot, c.Primary((round+1)%2)))
		_, err := c.MoveKeys(slot, -1)
		require.NoError(t, err)
		require.NoError(t, c.FinishMigration(slot))
		wg.Wait()
	}
	require.Equal(t, fmt.Sprint(clients*rounds*each), dial(t, c.PrimaryForKey(key)).do("GET", key))
	redirects := c.Redirects(c.Primary(0))
	require.NotZero(t, redirects["MOVED"])
}

// increment follows redirects as long as it takes.
func increment(conns map[string]*testClient, addr, key string) {
	asking := false
	for {
		if asking {
			conns[addr].do("ASKING")
		}
		failed, ok := conns[addr].do("INCR", key).(replyError)
		if !ok {
			return
		}
		var kind string
		var slot int
		_, _ = fmt.Sscanf(string(failed), "%s %d %s", &kind, &slot, &addr)
		asking = kind == "ASK"
	}
}
