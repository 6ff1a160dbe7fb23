package clustertest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClockTTL(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2})
	m := c.Miniredis()
	client := dial(t, c.PrimaryForKey("k"))
	client.do("SET", "k", "v", "PX", "20")
	require.Equal(t, 20, client.do("PTTL", "k"), "time stands still")
	m.ClockTTL(true)
	m.ClockTTL(true) // changes nothing
	expired := func() bool { return client.do("GET", "k") == nil }
	require.Eventually(t, expired, patience, time.Millisecond)

	client.do("SET", "k", "v", "PX", "20")
	require.Eventually(t, func() bool { return !m.DB(c.PrimaryForKey("k").Shard()).Exists("k") },
		patience, time.Millisecond, "expires without commands too")

	client.do("SET", "k", "v", "EX", "100")
	client.do("HSET", "{k}h", "f", "v")
	client.do("HEXPIRE", "{k}h", "100", "FIELDS", "1", "f")
	fixed := time.Now().Add(time.Hour).Truncate(time.Second)
	m.SetTime(fixed)
	require.True(t, expired(), "the clock has jumped")
	require.Zero(t, client.do("EXISTS", "{k}h"))
	client.do("SET", "k", "v", "EX", "100")
	require.Equal(t, []any{fmt.Sprint(fixed.Unix()), "0"}, client.do("TIME"))
	require.Equal(t, 100_000, client.do("PTTL", "k"), "time stands still")

	m.SetTime(time.Time{})
	require.Equal(t, "v", client.do("GET", "k"), "time to live does not pass backwards, nor all at once")
	require.Eventually(t, func() bool { return client.do("PTTL", "k").(int) < 100_000 }, patience, time.Millisecond)

	m.ClockTTL(false)
	left := client.do("PTTL", "k")
	m.SetTime(fixed)
	m.SetTime(time.Time{})
	require.Equal(t, left, client.do("PTTL", "k"), "time stands still")
}

func TestClockTTLCostsLittle(t *testing.T) {
	t.Parallel()
	// The work is a count of steps, not a time: the clock of miniredis must not
	// advance with every command, since each advance looks at all keys.
	c := Start(t, Options{Shards: 1})
	c.Miniredis().ClockTTL(true)
	client := dial(t, c.Primary(0))
	const commands = 2000
	times := map[string]struct{}{}
	begin := time.Now()
	for range commands {
		times[fmt.Sprint(client.do("TIME"))] = struct{}{}
	}
	require.LessOrEqual(t, len(times), int(time.Since(begin)/clockStep)+2)
}
