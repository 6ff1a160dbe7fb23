package cmdinfo

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// list makes replies shorter to write.
type list = []any

func TestFromReply(t *testing.T) {
	t.Parallel()
	specs := list{
		list{"flags", list{"RW"}, "begin_search", list{"type", "index", "spec", list{"index", int64(1)}},
			"find_keys", list{"type", "range", "spec", list{"lastkey", int64(0), "keystep", int64(1), "limit", int64(0)}}},
		map[any]any{"flags": list{"RO"},
			"begin_search": map[string]any{"type": "keyword", "spec": map[any]any{"keyword": "KEYS", "startfrom": int64(2)}},
			"find_keys":    list{"type", "keynum", "spec", list{"keynumidx", int64(0), "firstkey", int64(1), "keystep", int64(2)}}},
		list{"flags", list{"incomplete"}, "begin_search", list{"type", "index", "spec", list{"index", int64(5)}},
			"find_keys", list{"type", "range", "spec", list{"lastkey", int64(0), "keystep", int64(1), "limit", int64(0)}}},
		list{"flags", list{}, "begin_search", list{"type", "unknown", "spec", list{}}, "find_keys", list{"type", "unknown", "spec", list{}}},
	}
	sub := list{"MOD.CMD|Info", int64(2), list{"readonly"}, int64(0), int64(0), int64(0)}
	c, err := FromReply(list{"MOD.CMD", int64(-3), list{"write", "movablekeys", "a_later_flag"}, int64(1), int64(1), int64(1),
		list{"@write"}, list{"request_policy:multi_shard", "response_policy:agg_sum", "nondeterministic_output"}, specs, list{sub}})
	require.NoError(t, err)
	require.Equal(t, &Command{Name: "mod.cmd|info", Arity: 2, Flags: ReadOnly}, c.Sub("INFO"))
	require.Same(t, c, c.Sub("other"))
	c.subs = nil
	require.Equal(t, &Command{
		Name: "mod.cmd", Arity: -3, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: Write | MovableKeys,
		Request: ReqMultiShard, Response: RespSum,
		specs: []keySpec{
			{at: 1, step: 1},
			{word: "KEYS", at: 2, find: findCounted, first: 1, step: 2},
		},
	}, c)
	require.Equal(t, []string{"k", "a", "b"}, keysOf(c, []string{"mod.cmd", "k", "keys", "2", "a", "1", "b", "2"}))
}

func TestFromReplyOfOldServers(t *testing.T) {
	t.Parallel()
	c, err := FromReply(list{"get", int64(2), list{"readonly", "fast"}, int64(1), int64(1), int64(1)})
	require.NoError(t, err)
	require.Equal(t, &Command{Name: "get", Arity: 2, FirstKey: 1, LastKey: 1, KeyStep: 1, Flags: ReadOnly | Fast}, c)
}

func TestFromReplyErrors(t *testing.T) {
	t.Parallel()
	good := list{"x", int64(2), list{}, int64(1), int64(1), int64(1), list{}, list{}, list{}, list{}}
	with := func(i int, v any) any {
		row := append(list{}, good...)
		row[i] = v
		return row
	}
	_, err := FromReply(good)
	require.NoError(t, err)
	for reply, part := range map[any]string{
		"text": "form string",
		nil:    "does not know",
	} {
		_, err := FromReply(reply)
		require.ErrorContains(t, err, part)
	}
	for _, test := range []struct {
		reply any
		part  string
	}{
		{good[:5], "form"},
		{with(0, int64(1)), "name 1"},
		{with(1, "2"), "arity of x: 2"},
		{with(3, "1"), "key position of x"},
		{with(4, int64(1000)), "key position of x: 1000"},
		{with(9, list{nil}), "does not know"},
	} {
		_, err := FromReply(test.reply)
		require.ErrorContains(t, err, "redis: ")
		require.ErrorContains(t, err, test.part)
	}
}
