package redis

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

func collect(t *testing.T, iter *ScanIterator) []string {
	t.Helper()
	var got []string
	for iter.Next(t.Context()) {
		got = append(got, iter.Val())
	}
	require.NoError(t, iter.Err())
	require.Empty(t, iter.Val(), "behind the last")
	require.False(t, iter.Next(t.Context()), "behind the last")
	return got
}

func TestScanIterator(t *testing.T) {
	t.Parallel()
	conn := dialTestConn(t, redistest.StartServer(t, redistest.Options{}).Addr(), 3)
	c := testCommands{conn.process, conn.process}
	var keys, members, fields []string
	for i := range 500 {
		k := fmt.Sprintf("key:%d", i)
		keys, members, fields = append(keys, k), append(members, k), append(fields, k, "v")
		conn.do(t, "set "+k+" v")
		conn.do(t, "hset hash "+k+" v")
		conn.do(t, "sadd set "+k)
	}

	iter := c.Scan(t.Context(), 0, "key:*", 10).Iterator()
	require.Empty(t, iter.Val(), "before the first")
	require.ElementsMatch(t, keys, collect(t, iter))
	require.ElementsMatch(t, members, collect(t, c.SScan(t.Context(), "set", 0, "", 10).Iterator()))
	require.ElementsMatch(t, fields, collect(t, c.HScan(t.Context(), "hash", 0, "", 10).Iterator()))

	// A pattern that fits little gives many empty pages.
	require.Equal(t, []string{"key:7"}, collect(t, c.Scan(t.Context(), 0, "key:7", 10).Iterator()))

	// Pages that the iterator gets leave the command it began with alone.
	first := c.Scan(t.Context(), 0, "key:*", 10)
	before, cursor := first.Val()
	collect(t, first.Iterator())
	after, cursorAfter := first.Val()
	require.Equal(t, before, after)
	require.Equal(t, cursor, cursorAfter)
	require.Equal(t, []any{"scan", uint64(0), "match", "key:*", "count", int64(10)}, first.Args())
}

func TestScanIteratorStopsAtAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	var asked [][]any
	process := func(_ context.Context, cmd Cmder) error {
		asked = append(asked, cmd.Args())
		cmd.SetErr(broken)
		return broken
	}
	cmd := NewScanCmd(t.Context(), process, "zscan", "z", 0)
	cmd.SetVal([]string{"a", "1"}, 7)
	iter := cmd.Iterator()
	require.True(t, iter.Next(t.Context()))
	require.True(t, iter.Next(t.Context()))
	require.Equal(t, "1", iter.Val())
	require.False(t, iter.Next(t.Context()))
	require.ErrorIs(t, iter.Err(), broken)
	require.Empty(t, iter.Val())
	require.False(t, iter.Next(t.Context()))
	require.Equal(t, [][]any{{"zscan", "z", uint64(7)}}, asked, "asks for the next page, once")

	require.NoError(t, cmd.Err(), "it is the next page that failed")
	failed := NewScanCmdResult(nil, 3, broken).Iterator()
	require.False(t, failed.Next(t.Context()))
	require.ErrorIs(t, failed.Err(), broken)
}

func TestScanIteratorOfAFake(t *testing.T) {
	t.Parallel()
	cmd := NewScanCmdResult([]string{"a", "b"}, 3, nil)
	require.Equal(t, []string{"a", "b"}, collect(t, cmd.Iterator()))
	keys, cursor, err := cmd.Result()
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, keys)
	require.Equal(t, uint64(3), cursor)
}

func TestScanGoesWhereAllMatchesAre(t *testing.T) {
	t.Parallel()
	process := func(context.Context, Cmder) error { return nil }
	for pattern, key := range map[string]string{
		"{a}*":      "a",
		"x{a}":      "a",
		"x{a}{*}":   "a",
		"*{a}":      "", // also fits {b}{a}
		"{a*}":      "",
		"{[ab]}":    "",
		`\{a}`:      "",
		"{}a":       "{}a",
		"{}*":       "",
		"{a":        "{a",
		"a":         "a",
		"":          "",
		"a?{a}":     "",
		"user:{1}:": "1",
	} {
		cmd := cmdable(process).Scan(t.Context(), 0, pattern, 0)
		want := -1
		if key != "" {
			want = keySlot(key)
		}
		require.Equal(t, want, cmd.preferredSlot(), pattern)
		require.Zero(t, cmd.firstKey(), pattern)
	}
}
