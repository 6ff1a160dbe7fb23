package redis

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStreamResultsOfFakes(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")

	messages, err := NewXMessageSliceCmdResult([]XMessage{entry("1-1", "a")}, broken).Result()
	require.Equal(t, []XMessage{entry("1-1", "a")}, messages)
	require.Equal(t, broken, err)

	streams, err := NewXStreamSliceCmdResult([]XStream{{"s", messages}}, nil).Result()
	require.Equal(t, []XStream{{"s", messages}}, streams)
	require.NoError(t, err)

	pending, err := NewXPendingResult(&XPending{Count: 1}, nil).Result()
	require.Equal(t, &XPending{Count: 1}, pending)
	require.NoError(t, err)
}

func TestClaimResults(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	messages := []XMessage{entry("1-1", "a")}
	reply := "*3\r\n$3\r\n2-1\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$1\r\na\r\n*1\r\n$3\r\n0-5\r\n"

	claim := NewXAutoClaimCmd(ctx, "xautoclaim", "s", "g", "c", 0, "0")
	require.NoError(t, decodeText(claim, reply))
	require.Equal(t, "xautoclaim s g c 0 0: [{1-1 map[f:a] 0 0}] 2-1", claim.String())
	val, next := claim.Val()
	require.Equal(t, messages, val)
	require.Equal(t, "2-1", next)

	deleted := NewXAutoClaimWithDeletedCmd(ctx, "xautoclaim", "s", "g", "c", 0, "0")
	require.NoError(t, decodeText(deleted, reply))
	require.Equal(t, "xautoclaim s g c 0 0: [{1-1 map[f:a] 0 0}] 2-1 [0-5]", deleted.String())
	val, next, gone := deleted.Val()
	require.Equal(t, messages, val)
	require.Equal(t, "2-1", next)
	require.Equal(t, []string{"0-5"}, gone)

	// A second reply that is none leaves nothing half done.
	for _, cmd := range []Cmder{claim, deleted} {
		require.Error(t, decodeText(cmd, "*2\r\n$3\r\n9-9\r\n:1\r\n"))
	}
	_, next = claim.Val()
	require.Equal(t, "2-1", next)
	_, next, gone = deleted.Val()
	require.Equal(t, "2-1", next)
	require.Equal(t, []string{"0-5"}, gone)

	ids := NewXAutoClaimJustIDCmd(ctx, "xautoclaim", "s", "g", "c", 0, "0", "justid")
	ids.SetVal([]string{"3-1"}, "0-0")
	list, next, err := ids.Result()
	require.NoError(t, err)
	require.Equal(t, []string{"3-1"}, list)
	require.Equal(t, "0-0", next)
	claim.SetVal(nil, "4-1")
	_, next = claim.Val()
	require.Equal(t, "4-1", next)
	deleted.SetVal(nil, "5-1", []string{"4-1"})
	_, next, gone = deleted.Val()
	require.Equal(t, "5-1", next)
	require.Equal(t, []string{"4-1"}, gone)
}

func TestStreamInfoCommands(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	require.Equal(t, []any{"xinfo", "stream", "s"}, NewXInfoStreamCmd(ctx, "s").Args())
	require.Equal(t, []any{"xinfo", "groups", "s"}, NewXInfoGroupsCmd(ctx, "s").Args())
	require.Equal(t, []any{"xinfo", "consumers", "s", "g"}, NewXInfoConsumersCmd(ctx, "s", "g").Args())
	full := NewXInfoStreamFullCmd(ctx, "xinfo", "stream", "s", "full")
	require.Equal(t, "xinfo stream", full.FullName())
	full.SetVal(&XInfoStreamFull{Length: 1})
	require.Equal(t, int64(1), full.Val().Length)
}

// What servers after 7.0 tell of a stream, in RESP2 and RESP3.
func TestStreamInfoOfNewServers(t *testing.T) {
	t.Parallel()
	idmp := "+idmp-duration\r\n:100\r\n+idmp-maxsize\r\n:200\r\n+pids-tracked\r\n:1\r\n" +
		"+iids-tracked\r\n:2\r\n+iids-added\r\n:3\r\n+iids-duplicates\r\n:4\r\n+unheard-of\r\n*1\r\n:1\r\n"
	for _, header := range []string{"*14\r\n", "%7\r\n"} {
		cmd := answered(NewXInfoStreamCmd(t.Context(), "s"), header+idmp)
		require.NoError(t, cmd.Err())
		require.Equal(t, &XInfoStream{
			IDMPDuration: 100, IDMPMaxSize: 200, PIDsTracked: 1, IIDsTracked: 2, IIDsAdded: 3, IIDsDuplicates: 4,
		}, cmd.Val())

		full := answered(NewXInfoStreamFullCmd(t.Context(), "xinfo"), header+idmp)
		require.NoError(t, full.Err())
		require.Equal(t, &XInfoStreamFull{
			IDMPDuration: 100, IDMPMaxSize: 200, PIDsTracked: 1, IIDsTracked: 2, IIDsAdded: 3, IIDsDuplicates: 4,
		}, full.Val())
	}

	const (
		consumer = "+name\r\n$3\r\nann\r\n+seen-time\r\n:1700000000123\r\n+active-time\r\n:1700000000456\r\n"
		idle     = "+name\r\n$3\r\nbob\r\n+seen-time\r\n:1700000000123\r\n+active-time\r\n:-1\r\n"
		group    = "+name\r\n$1\r\ng\r\n+nacked-count\r\n:18446744073709551615\r\n+consumers\r\n*2\r\n"
	)
	for _, reply := range []string{
		"*4\r\n+entries\r\n*0\r\n+groups\r\n*1\r\n*8\r\n" + group + "*6\r\n" + consumer + "*6\r\n" + idle + "+lag\r\n$-1\r\n",
		"%2\r\n+entries\r\n*0\r\n+groups\r\n*1\r\n%4\r\n" + group + "%3\r\n" + consumer + "%3\r\n" + idle + "+lag\r\n_\r\n",
	} {
		cmd := answered(NewXInfoStreamFullCmd(t.Context(), "xinfo"), reply)
		require.NoError(t, cmd.Err())
		require.Equal(t, &XInfoStreamFull{Entries: []XMessage{}, Groups: []XInfoStreamGroup{{
			Name: "g", Lag: -1, NackedCount: 18446744073709551615,
			Consumers: []XInfoStreamConsumer{
				{Name: "ann", SeenTime: time.UnixMilli(1700000000123), ActiveTime: time.UnixMilli(1700000000456)},
				{Name: "bob", SeenTime: time.UnixMilli(1700000000123)},
			},
		}}}, cmd.Val())
	}
}

func TestStreamRepliesOfAnotherShape(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for _, row := range []struct {
		cmd         Cmder
		reply, want string
	}{
		{NewXMessageSliceCmd(ctx, "xrange"), ":1\r\n", "want an array"},
		{NewXMessageSliceCmd(ctx, "xrange"), "*1\r\n:1\r\n", "want an array"},
		{NewXMessageSliceCmd(ctx, "xrange"), "*1\r\n*1\r\n$3\r\n1-1\r\n", "got an array of 1, want an ID and values"},
		{NewXMessageSliceCmd(ctx, "xrange"), "*1\r\n*2\r\n*0\r\n*0\r\n", "want a single value"},
		{NewXMessageSliceCmd(ctx, "xrange"), "*1\r\n*2\r\n$3\r\n1-1\r\n*1\r\n$1\r\nf\r\n", "want an even number"},
		{NewXMessageSliceCmd(ctx, "xrange"), "*1\r\n*4\r\n$3\r\n1-1\r\n*0\r\n$1\r\nx\r\n:1\r\n", `got a text of 1 bytes, want an integer`},
		{NewXStreamSliceCmd(ctx, "xread"), "*1\r\n*2\r\n$1\r\ns\r\n:1\r\n", "want an array"},
		{NewXStreamSliceCmd(ctx, "xread"), "*1\r\n*1\r\n$1\r\ns\r\n", "got an array of 1, want an array of 2"},
		{NewXStreamSliceCmd(ctx, "xread"), "%1\r\n$1\r\ns\r\n:1\r\n", "want an array"},
		{NewXPendingCmd(ctx, "xpending"), "*3\r\n:1\r\n:1\r\n:1\r\n", "got an array of 3, want an array of 4"},
		{NewXPendingCmd(ctx, "xpending"), "*4\r\n:1\r\n+1-1\r\n+1-1\r\n*1\r\n*1\r\n+ann\r\n", "got an array of 1, want an array of 2"},
		{NewXPendingExtCmd(ctx, "xpending"), "*1\r\n*3\r\n+1-1\r\n+ann\r\n:1\r\n", "got an array of 3, want an array of 4"},
		{NewXPendingExtCmd(ctx, "xpending"), "*1\r\n*4\r\n+1-1\r\n+ann\r\n+x\r\n:1\r\n", `got a text of 1 bytes, want an integer`},
		{NewXAutoClaimCmd(ctx, "xautoclaim"), "*1\r\n+0-0\r\n", "got an array of 1, want an array of 2"},
		{NewXInfoStreamCmd(ctx, "s"), ":1\r\n", "want"},
		{NewXInfoStreamCmd(ctx, "s"), "%1\r\n+length\r\n+x\r\n", `got a text of 1 bytes, want an integer`},
		{NewXInfoGroupsCmd(ctx, "s"), "*1\r\n:1\r\n", "want"},
		{NewXInfoConsumersCmd(ctx, "s", "g"), "*1\r\n%1\r\n+idle\r\n+x\r\n", `got a text of 1 bytes, want an integer`},
		{NewXInfoStreamFullCmd(ctx, "xinfo"), "%1\r\n+groups\r\n*1\r\n%1\r\n+pending\r\n*1\r\n*0\r\n", "got an array of 0, want an array of 4"},
	} {
		require.ErrorContains(t, decodeText(row.cmd, row.reply), row.want, "%T %q", row.cmd, row.reply)
	}
}

// More than is known belongs to the entry, not to what follows it.
func TestEntriesWithMore(t *testing.T) {
	t.Parallel()
	cmd := answered(NewXMessageSliceCmd(t.Context(), "xrange"),
		"*2\r\n*6\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$1\r\na\r\n:1\r\n:2\r\n*1\r\n:3\r\n:4\r\n*2\r\n$3\r\n2-1\r\n%1\r\n$1\r\nf\r\n$1\r\nb\r\n")
	require.NoError(t, cmd.Err())
	first := entry("1-1", "a")
	first.MillisElapsedFromDelivery, first.DeliveredCount = 1, 2
	require.Equal(t, []XMessage{first, entry("2-1", "b")}, cmd.Val())
}
