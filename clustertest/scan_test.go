package clustertest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// scanAll follows the cursors to the end; meanwhile runs between the pages.
func scanAll(tb testing.TB, client *testClient, meanwhile func(page int), options ...string) (keys []string, pages int) {
	tb.Helper()
	cursor := "0"
	for {
		reply := client.do(append([]string{"SCAN", cursor}, options...)...).([]any)
		for _, key := range reply[1].([]any) {
			keys = append(keys, key.(string))
		}
		pages++
		if cursor = reply[0].(string); cursor == "0" {
			slices.Sort(keys)
			return keys, pages
		}
		if meanwhile != nil {
			meanwhile(pages)
		}
	}
}

func TestScan(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2, Replicas: 1})
	client, writer := dial(t, c.Primary(1)), dial(t, c.Primary(1))
	tag := "{" + keyIn(t, c, 1) + "}"
	var want []string
	for i := range 100 {
		key := fmt.Sprintf("%s%03d", tag, i)
		writer.do("SET", key, "v")
		want = append(want, key)
	}
	keys, pages := scanAll(t, client, nil)
	require.Equal(t, want, keys)
	require.Equal(t, 10, pages, "ten a page is the default")
	keys, pages = scanAll(t, client, nil, "count", "1000")
	require.Equal(t, want, keys)
	require.Equal(t, 1, pages)
	keys, _ = scanAll(t, client, nil, "MATCH", tag+"00*")
	require.Equal(t, want[:10], keys)
	keys, _ = scanAll(t, client, nil, "TYPE", "hash")
	require.Empty(t, keys)
	keys, _ = scanAll(t, dial(t, c.Replicas(1)[0]), nil)
	require.Equal(t, want, keys)
	keys, _ = scanAll(t, dial(t, c.Primary(0)), nil)
	require.Empty(t, keys)

	// What was there all the time is found, whatever comes and goes, and other
	// scans do not disturb.
	keys, _ = scanAll(t, client, func(page int) {
		writer.do("SET", fmt.Sprintf("%snew%d", tag, page), "v")
		writer.do("DEL", fmt.Sprintf("%snew%d", tag, page-1))
		scanAll(t, writer, nil, "MATCH", "*1*", "COUNT", "3")
	}, "COUNT", "7")
	keys = slices.DeleteFunc(keys, func(key string) bool { return strings.Contains(key, "new") })
	require.Equal(t, want, keys)

	client.do("MULTI")
	require.Equal(t, "QUEUED", client.do("SCAN", "0", "MATCH", "none"))
	require.Equal(t, []any{[]any{"0", []any{}}}, client.do("EXEC"))

	for command, want := range map[string]string{
		"SCAN x":           "ERR invalid cursor",
		"SCAN 0 COUNT":     "ERR syntax error",
		"SCAN 0 COUNT x":   "ERR value is not an integer or out of range",
		"SCAN 0 COUNT 0":   "ERR syntax error",
		"SCAN 0 NOPE nope": "ERR syntax error",
	} {
		require.Equal(t, replyError(want), client.do(strings.Fields(command)...), command)
	}
}

func TestScanPageKeepsEqualHashesTogether(t *testing.T) {
	t.Parallel()
	entries := []scanEntry{{1, "a"}, {3, "b"}, {3, "c"}, {3, "d"}, {5, "e"}}
	page, next := scanPage(entries, 0, 2)
	require.Equal(t, []string{"a", "b", "c", "d"}, page)
	require.Equal(t, uint64(5), next)
	page, next = scanPage(entries, next, 2)
	require.Equal(t, []string{"e"}, page)
	require.Zero(t, next)
	page, next = scanPage(entries, 9, 2)
	require.Empty(t, page)
	require.Zero(t, next)
}
