package redis

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseSlotView(t *testing.T) {
	t.Parallel()
	text := "aa 127.0.0.1:7000@17000,host-0 myself,master - 0 0 2 connected 0-3 7 [3->-bb] [100-<-bb]\n" +
		"bb 10.0.0.2:7001@17001 master - 0 1 3 connected 4-6 8-16383\n" +
		"cc :0@0 slave,fail,noaddr bb 1 2 3 disconnected\n" +
		"dd fe80::1:7003@17003,,shard-id=1 slave bb 1 2 3 connected\n" +
		"ee :7004@17004 handshake - 0 0 0 connected\n" +
		"short line\n"
	v, ok := parseSlotView(text, "192.0.2.1:6379")
	require.True(t, ok)
	require.Equal(t, "aa", v.id)
	for slot := range slotCount {
		require.Equal(t, slot <= 3 || slot == 7, v.serves.has(slot), slot)
		require.Equal(t, slot <= 2 || slot == 7, v.settled(slot), slot)
	}
	require.Equal(t, map[int]string{3: "bb"}, v.leaving)
	require.Equal(t, map[int]string{100: "bb"}, v.arriving)
	require.Equal(t, "192.0.2.1:7000", v.addresses["aa"])
	require.Equal(t, "10.0.0.2:7001", v.addresses["bb"])
	require.Equal(t, "[fe80::1]:7003", v.addresses["dd"])
	require.Equal(t, "192.0.2.1:7004", v.addresses["ee"])

	for _, nonsense := range []string{"", "\n", "aa 127.0.0.1:1@2 master - 0 0 1 connected 0-1"} {
		_, ok = parseSlotView(nonsense, "192.0.2.1:6379")
		require.False(t, ok, "%q has no line of its own", nonsense)
	}
	v, ok = parseSlotView("aa no-address myself - 0 0 1 connected 5-3 x y-z -1 16384 70000-80000 [x->-y] [-1-<-b] []", "h:1")
	require.True(t, ok)
	require.Zero(t, v.serves)
	require.Empty(t, v.leaving)
	require.Empty(t, v.arriving)
}

func TestRunID(t *testing.T) {
	t.Parallel()
	require.Equal(t, "c0ffee", runID("# Server\r\nredis_version:7\r\nrun_id:c0ffee\r\ntcp_port:1\r\n"))
	require.Empty(t, runID("# Server\r\n"))
}

func TestPatternSlot(t *testing.T) {
	t.Parallel()
	for pattern, key := range map[string]string{
		"{a}*":       "{a}",
		"x{a}*[b]?":  "{a}",
		"x{a}{*}":    "{a}",
		"plain":      "plain",
		"{}plain":    "{}plain",
		"{a}":        "{a}",
		"{open":      "{open",
		"no}brace{}": "no}brace{}",
	} {
		slot, ok := patternSlot(pattern)
		require.True(t, ok, pattern)
		require.Equal(t, keySlot(key), slot, pattern)
	}
	for _, pattern := range []string{"", "*", "*{a}", "?{a}*", "{a*}", "{a?}x", "{[a]}", `{\a}`, `\{a}`, "{}*", "user:*", "{*", "a[{b}]c"} {
		_, ok := patternSlot(pattern)
		require.False(t, ok, pattern)
	}
}

func TestScanCursorsAreForgotten(t *testing.T) {
	t.Parallel()
	var c scanCursors
	at := new(scanState)
	first := c.put(at, 0)
	got, err := c.get(first)
	require.NoError(t, err)
	require.Same(t, at, got)

	second := c.put(new(scanState), first)
	_, err = c.get(first)
	require.NoError(t, err, "while the next is not used")
	_, err = c.get(second)
	require.NoError(t, err)
	_, err = c.get(first)
	require.Error(t, err)
	c.done(second)
	_, err = c.get(second)
	require.Error(t, err)

	kept := c.put(at, 0)
	for range 2*maxScans - 1 {
		c.put(at, 0)
		_, err := c.get(kept)
		require.NoError(t, err, "it is in use")
	}
	oldest := c.used.Back().Value.(*scanCursor).id
	c.put(at, 0)
	_, err = c.get(oldest)
	require.Error(t, err)
	require.Equal(t, 2*maxScans, c.used.Len())
	require.Len(t, c.byID, 2*maxScans)
	require.Less(t, c.next, uint64(1)<<53)
}
