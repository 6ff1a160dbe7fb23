package redis

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// decodeText has cmd read a reply.
func decodeText(cmd Cmder, reply string) error {
	d := resp.NewDecoder([]byte(reply), false)
	err := cmd.decode(&d)
	cmd.SetErr(err)
	return err
}

func TestKeyedResults(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	cmd := NewKeyValuesCmd(ctx, "lmpop", 1, "l", "left")
	require.NoError(t, decodeText(cmd, "*2\r\n$1\r\nl\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n"))
	key, val := cmd.Val()
	require.Equal(t, "l", key)
	require.Equal(t, []string{"a", "b"}, val)
	require.Equal(t, "lmpop 1 l left: l [a b]", cmd.String())

	// A second reply that is none leaves nothing half done.
	require.Error(t, decodeText(cmd, "*2\r\n$1\r\nm\r\n$1\r\na\r\n"))
	key, val = cmd.Val()
	require.Equal(t, "l", key)
	require.Equal(t, []string{"a", "b"}, val)

	cmd.SetVal("m", []string{"c"})
	cmd.SetErr(nil)
	key, val, err := cmd.Result()
	require.NoError(t, err)
	require.Equal(t, "m", key)
	require.Equal(t, []string{"c"}, val)

	zs := NewZSliceWithKeyCmd(ctx, "zmpop", 1, "z", "min")
	require.NoError(t, decodeText(zs, "*2\r\n$1\r\nz\r\n*1\r\n*2\r\n$1\r\na\r\n,1.5\r\n"))
	key, members := zs.Val()
	require.Equal(t, "z", key)
	require.Equal(t, []Z{{1.5, "a"}}, members)

	require.ErrorIs(t, decodeText(NewZSliceWithKeyCmd(ctx, "zmpop"), "*-1\r\n"), Nil)
	require.ErrorIs(t, decodeText(NewKeyValuesCmd(ctx, "lmpop"), "_\r\n"), Nil)
}

func TestRepliesOfPairs(t *testing.T) {
	t.Parallel()
	want := []KeyValue{{"a", "1"}, {"b", ""}}
	for name, reply := range map[string]string{
		"flat":   "*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$0\r\n\r\n",
		"nested": "*2\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n*2\r\n$1\r\nb\r\n$0\r\n\r\n",
		"map":    "%2\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$0\r\n\r\n",
		"before the reply to another command": "*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$0\r\n\r\n" +
			"*1\r\n$1\r\nx\r\n",
	} {
		cmd := NewKeyValueSliceCmd(context.Background(), "hrandfield", "h", 2, "withvalues")
		require.NoError(t, decodeText(cmd, reply), name)
		require.Equal(t, want, cmd.Val(), name)
	}

	// An empty list tells nothing about its elements, and what follows it
	// belongs to another command.
	cmd := NewKeyValueSliceCmd(context.Background(), "hrandfield", "h", 2, "withvalues")
	require.NoError(t, decodeText(cmd, "*0\r\n*1\r\n$1\r\nx\r\n"))
	require.Equal(t, []KeyValue{}, cmd.Val())
}

// Replies that are well formed but not what a command answers with.
func TestRepliesOfAnotherShape(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, row := range []struct {
		cmd         Cmder
		reply, want string
	}{
		{NewKeyValuesCmd(ctx, "lmpop"), "*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n", "got an array of 3, want an array of 2"},
		{NewKeyValuesCmd(ctx, "lmpop"), "*2\r\n*0\r\n*0\r\n", "want a single value"},
		{NewKeyValuesCmd(ctx, "lmpop"), "*2\r\n$1\r\nl\r\n:1\r\n", "want an array"},
		{NewKeyValueSliceCmd(ctx, "hrandfield"), "*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n", "got an array of 3, want pairs"},
		{NewKeyValueSliceCmd(ctx, "hrandfield"), "*1\r\n*1\r\n$1\r\na\r\n", "got an array of 1, want an array of 2"},
		{NewKeyValueSliceCmd(ctx, "hrandfield"), "-ERR no\r\n", "ERR no"},
		{NewZSliceCmd(ctx, "zrange"), "*2\r\n$1\r\na\r\n$1\r\nx\r\n", `got a text of 1 bytes, want a number`},
		{NewZSliceCmd(ctx, "zrange"), "*2\r\n*0\r\n*0\r\n", "got an array of 0, want an array of 2"},
		{NewZWithKeyCmd(ctx, "bzpopmin"), "*2\r\n$1\r\na\r\n$1\r\nb\r\n", "got an array of 2, want an array of 3"},
		{NewZWithKeyCmd(ctx, "bzpopmin"), "*3\r\n*0\r\n$1\r\na\r\n:1\r\n", "want a single value"},
		{NewZWithKeyCmd(ctx, "bzpopmin"), "*3\r\n$1\r\nz\r\n*0\r\n:1\r\n", "want a single value"},
		{NewRankWithScoreCmd(ctx, "zrank"), "*2\r\n$1\r\nx\r\n:1\r\n", `got a text of 1 bytes, want an integer`},
		{NewRankWithScoreCmd(ctx, "zrank"), "*2\r\n:1\r\n$1\r\nx\r\n", `got a text of 1 bytes, want a number`},
		{NewStringStructMapCmd(ctx, "smembers"), "*1\r\n*0\r\n", "want a single value"},
		{NewGeoPosCmd(ctx, "geopos"), "*1\r\n*3\r\n:1\r\n:2\r\n:3\r\n", "got an array of 3, want an array of 2"},
		{NewGeoPosCmd(ctx, "geopos"), "*1\r\n*2\r\n$1\r\nx\r\n:2\r\n", `got a text of 1 bytes, want a number`},
		{NewGeoPosCmd(ctx, "geopos"), "*1\r\n*2\r\n:1\r\n$1\r\nx\r\n", `got a text of 1 bytes, want a number`},
		{new(GeoLocationCmd), "*1\r\n*2\r\n$1\r\na\r\n$1\r\nx\r\n", `got a text of 1 bytes, want a number`},
		{new(GeoLocationCmd), "*1\r\n*2\r\n*0\r\n:1\r\n", "want a single value"},
		{new(GeoLocationCmd), "*1\r\n*0\r\n", "got an array of 0, want a name and details"},
		{new(GeoSearchLocationCmd), "*1\r\n*2\r\n$1\r\na\r\n*1\r\n:1\r\n", "got an array of 1, want an array of 2"},
	} {
		require.ErrorContains(t, decodeText(row.cmd, row.reply), row.want, "%T %q", row.cmd, row.reply)
	}
}
