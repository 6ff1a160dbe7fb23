package redis

import (
	"context"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
	"github.com/stretchr/testify/require"
)

// answered gives cmd a reply.
func answered[C Cmder](cmd C, reply string) C {
	d := resp.NewDecoder([]byte(reply), false)
	cmd.SetErr(cmd.decode(&d))
	return cmd
}

func anyCmd(t *testing.T, reply string) *Cmd {
	return answered(NewCmd(t.Context(), "x"), reply)
}

func TestCmdConversions(t *testing.T) {
	t.Parallel()
	type conversion func(*Cmd) (any, error)
	text := func(c *Cmd) (any, error) { return c.Text() }
	integer := func(c *Cmd) (any, error) { return c.Int() }
	int64s := func(c *Cmd) (any, error) { return c.Int64() }
	uint64s := func(c *Cmd) (any, error) { return c.Uint64() }
	float32s := func(c *Cmd) (any, error) { return c.Float32() }
	float64s := func(c *Cmd) (any, error) { return c.Float64() }
	boolean := func(c *Cmd) (any, error) { return c.Bool() }
	list := func(c *Cmd) (any, error) { return c.Slice() }
	texts := func(c *Cmd) (any, error) { return c.StringSlice() }
	bools := func(c *Cmd) (any, error) { return c.BoolSlice() }

	for _, test := range []struct {
		name, reply string
		to          conversion
		want        any
	}{
		{"text", "$1\r\na\r\n", text, "a"},
		{"text of a status", "+OK\r\n", text, "OK"},
		{"text of a double", ",1.5\r\n", text, "1.5"},
		{"text of a large double", ",1e+300\r\n", text, "1e+300"},
		{"text of a big number", "(12345678901234567890123\r\n", text, "12345678901234567890123"},
		{"text of an integer", ":1\r\n", text, fails("redis: a reply of type int64 is not a string")},
		{"int", ":-5\r\n", integer, -5},
		{"int of text", "+17\r\n", integer, 17},
		{"int of other text", "+x\r\n", integer, fails("invalid syntax")},
		{"int64", ":9223372036854775807\r\n", int64s, int64(9223372036854775807)},
		{"int64 of a boolean", "#t\r\n", int64s, int64(1)},
		{"int64 of false", "#f\r\n", int64s, int64(0)},
		{"int64 of a list", "*0\r\n", int64s, fails("redis: a reply of type []interface {} is not an integer")},
		{"uint64", ":5\r\n", uint64s, uint64(5)},
		{"uint64 of text", "$20\r\n18446744073709551615\r\n", uint64s, uint64(18446744073709551615)},
		{"uint64 of a big number", "(18446744073709551615\r\n", uint64s, uint64(18446744073709551615)},
		{"uint64 of a bigger number", "(18446744073709551616\r\n", uint64s, fails("redis: a reply of type *big.Int")},
		{"float32", "$3\r\n0.1\r\n", float32s, float32(0.1)},
		{"float32 of a double", ",0.5\r\n", float32s, float32(0.5)},
		{"float64 of text", "$3\r\n0.1\r\n", float64s, 0.1},
		{"float64 of a double", ",0.1\r\n", float64s, 0.1},
		{"float64 of an integer", ":3\r\n", float64s, 3.0},
		{"float64 of a boolean", "#t\r\n", float64s, fails("is not a number")},
		{"bool", "#t\r\n", boolean, true},
		{"bool of an integer", ":2\r\n", boolean, true},
		{"bool of text", "+false\r\n", boolean, false},
		{"bool of a double", ",1\r\n", boolean, fails("is not a boolean")},
		{"list", "*2\r\n:1\r\n_\r\n", list, []any{int64(1), nil}},
		{"list of a set", "~1\r\n:1\r\n", list, []any{int64(1)}},
		{"list of text", "+a\r\n", list, fails("redis: a reply of type string is not a list")},
		{"texts", "*2\r\n+a\r\n$1\r\nb\r\n", texts, []string{"a", "b"}},
		{"texts with a null", "*2\r\n+a\r\n$-1\r\n", texts, fails("redis: a reply of type <nil> is not a string (element 1)")},
		{"texts with an error", "*2\r\n+a\r\n-ERR no\r\n", texts, fails("ERR no (element 1)")},
		{"bools", "*2\r\n:1\r\n#f\r\n", bools, []bool{true, false}},
		{"error", "-ERR no\r\n", text, fails("ERR no")},
		{"error of a list", "-ERR no\r\n", texts, fails("ERR no")},
		{"null", "_\r\n", integer, Nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := test.to(anyCmd(t, test.reply))
			switch want := test.want.(type) {
			case fails:
				require.ErrorContains(t, err, string(want))
			case error:
				require.ErrorIs(t, err, want)
			default:
				require.NoError(t, err)
				require.Equal(t, test.want, got)
			}
		})
	}
}

func TestCmdNumberLists(t *testing.T) {
	t.Parallel()
	cmd := anyCmd(t, "*2\r\n:1\r\n$1\r\n2\r\n")
	int64s, err := cmd.Int64Slice()
	require.NoError(t, err)
	require.Equal(t, []int64{1, 2}, int64s)
	uint64s, err := cmd.Uint64Slice()
	require.NoError(t, err)
	require.Equal(t, []uint64{1, 2}, uint64s)
	float32s, err := cmd.Float32Slice()
	require.NoError(t, err)
	require.Equal(t, []float32{1, 2}, float32s)
	float64s, err := cmd.Float64Slice()
	require.NoError(t, err)
	require.Equal(t, []float64{1, 2}, float64s)
}

func TestCmdKeepsWhatComes(t *testing.T) {
	t.Parallel()
	val, err := anyCmd(t, "%2\r\n+a\r\n*1\r\n#t\r\n:1\r\n(5\r\n").Result()
	require.NoError(t, err)
	require.Equal(t, map[any]any{"a": []any{true}, int64(1): big.NewInt(5)}, val)
}

type scannedFields struct {
	A  int            `redis:"a"`
	B  string         `redis:"b"`
	At *time.Duration `redis:"at"`
}

func TestScanIntoStruct(t *testing.T) {
	t.Parallel()
	t.Run("MGET", func(t *testing.T) {
		got := scannedFields{B: "old"}
		cmd := answered(NewSliceCmd(t.Context(), "mget", "a", "b", "other"), "*3\r\n$1\r\n7\r\n$-1\r\n$1\r\nx\r\n")
		require.NoError(t, cmd.Scan(&got))
		require.Equal(t, scannedFields{A: 7, B: "old"}, got)
	})
	t.Run("HMGET", func(t *testing.T) {
		var got scannedFields
		cmd := answered(NewSliceCmd(t.Context(), "HMGET", "key", "b", "a"), "*2\r\n$1\r\nx\r\n$1\r\n7\r\n")
		require.NoError(t, cmd.Scan(&got))
		require.Equal(t, scannedFields{A: 7, B: "x"}, got)
	})
	t.Run("not as many as asked for", func(t *testing.T) {
		cmd := answered(NewSliceCmd(t.Context(), "mget", "a"), "*0\r\n")
		require.ErrorContains(t, cmd.Scan(new(scannedFields)), "redis: Scan: 0 values for the arguments of mget")
	})
	t.Run("map", func(t *testing.T) {
		got := scannedFields{B: "old"}
		cmd := answered(NewMapStringStringCmd(t.Context(), "hgetall", "key"), "%2\r\n+a\r\n+7\r\n+other\r\n+x\r\n")
		require.NoError(t, cmd.Scan(&got))
		require.Equal(t, scannedFields{A: 7, B: "old"}, got)
	})
	t.Run("wrong value", func(t *testing.T) {
		require.Error(t, NewMapStringStringResult(map[string]string{"a": "x"}, nil).Scan(new(scannedFields)))
		require.Error(t, answered(NewSliceCmd(t.Context(), "mget", "a"), "*1\r\n+x\r\n").Scan(new(scannedFields)))
		require.Error(t, answered(NewSliceCmd(t.Context(), "mget", "a"), "*1\r\n:1\r\n").Scan(new(scannedFields)))
	})
	t.Run("no struct", func(t *testing.T) {
		require.Error(t, NewMapStringStringResult(nil, nil).Scan(scannedFields{}))
		require.Error(t, answered(NewSliceCmd(t.Context(), "mget", "a"), "*1\r\n+x\r\n").Scan(7))
	})
	t.Run("failed", func(t *testing.T) {
		broken := errors.New("broken")
		require.ErrorIs(t, NewMapStringStringResult(nil, broken).Scan(new(scannedFields)), broken)
		require.ErrorIs(t, NewSliceResult(nil, broken).Scan(new(scannedFields)), broken)
		require.ErrorIs(t, NewStringSliceResult(nil, broken).ScanSlice(new([]int)), broken)
	})
}

func TestScanSlice(t *testing.T) {
	t.Parallel()
	var got []int
	require.NoError(t, NewStringSliceResult([]string{"1", "2"}, nil).ScanSlice(&got))
	require.Equal(t, []int{1, 2}, got)
}

func TestReplyOfAnotherType(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for _, cmd := range []Cmder{
		answered(NewStringSliceCmd(ctx, "x"), "+OK\r\n"),
		answered(NewSliceCmd(ctx, "x"), ":1\r\n"),
		answered(NewIntCmd(ctx, "x"), "*1\r\n:1\r\n"),
		answered(NewBoolCmd(ctx, "x"), "+no\r\n"),
		answered(NewFloatCmd(ctx, "x"), "+x\r\n"),
		answered(NewDurationCmd(ctx, time.Second, "x"), "+x\r\n"),
		answered(NewTimeCmd(ctx, "x"), "*3\r\n:1\r\n:1\r\n:1\r\n"),
		answered(NewMapStringStringCmd(ctx, "x"), "*1\r\n+a\r\n"),
		answered(NewMapStringIntCmd(ctx, "x"), "%1\r\n+a\r\n+x\r\n"),
		answered(newScan(nil), "*2\r\n+x\r\n*0\r\n"),
		answered(newScan(nil), "*1\r\n+1\r\n"),
		answered(NewClusterSlotsCmd(ctx, "x"), "*1\r\n+a\r\n"),
		answered(NewClusterShardsCmd(ctx, "x"), "*1\r\n%1\r\n+slots\r\n*1\r\n:1\r\n"),
		answered(NewLCSCmd(ctx, &LCSQuery{}), "%1\r\n+matches\r\n*1\r\n*1\r\n:1\r\n"),
	} {
		var wrong *resp.TypeError
		require.ErrorAs(t, cmd.Err(), &wrong, "%T", cmd)
		require.ErrorContains(t, cmd.Err(), "redis: unexpected reply")
	}
}

func TestMadeResults(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	at := time.Unix(5, 0)
	for _, test := range []struct {
		cmd  Cmder
		want any
	}{
		{NewCmdResult(1, broken), 1},
		{NewSliceResult([]any{1}, broken), []any{1}},
		{NewStatusResult("a", broken), "a"},
		{NewIntResult(7, broken), int64(7)},
		{NewDurationResult(time.Hour, broken), time.Hour},
		{NewBoolResult(true, broken), true},
		{NewStringResult("a", broken), "a"},
		{NewFloatResult(1.5, broken), 1.5},
		{NewStringSliceResult([]string{"a"}, broken), []string{"a"}},
		{NewBoolSliceResult([]bool{true}, broken), []bool{true}},
		{NewFloatSliceResult([]float64{1}, broken), []float64{1}},
		{NewMapStringStringResult(map[string]string{"a": "b"}, broken), map[string]string{"a": "b"}},
		{NewMapStringIntCmdResult(map[string]int64{"a": 1}, broken), map[string]int64{"a": 1}},
		{NewTimeCmdResult(at, broken), at},
		{NewClusterSlotsCmdResult([]ClusterSlot{{End: 1}}, broken), []ClusterSlot{{End: 1}}},
		{NewCommandsInfoCmdResult(map[string]*CommandInfo{"a": nil}, broken), map[string]*CommandInfo{"a": nil}},
	} {
		got, err := resultOf(test.cmd)
		require.Equal(t, broken, err, "%T", test.cmd)
		require.Equal(t, test.want, got)
		require.Empty(t, test.cmd.Args())
	}
}

func TestClientFlagValues(t *testing.T) {
	t.Parallel()
	require.Equal(t, ClientFlags(1), ClientSlave)
	require.Equal(t, ClientFlags(1<<18), ClientPubSub)
	require.Equal(t, ClientFlags(1<<31), ClientTracking)
	require.Equal(t, ClientFlags(1<<46), ClientPushing)
	require.Equal(t, ClientFlags(1<<19|1<<20), ClientPreventProp)
}

func TestConstructors(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for _, test := range []struct {
		cmd          Cmder
		resp2, resp3 string
		want         any
	}{
		{NewBoolSliceCmd(ctx, "x", 1), "*2\r\n:1\r\n:0\r\n", "*2\r\n#t\r\n#f\r\n", []bool{true, false}},
		{NewClientInfoCmd(ctx, "x", 1), "+id=1\r\n", "=8\r\ntxt:id=1\r\n", &ClientInfo{ID: 1}},
		{NewClusterLinksCmd(ctx, "x", 1), "*0\r\n", "*0\r\n", []ClusterLink{}},
		{NewClusterShardsCmd(ctx, "x", 1), "*0\r\n", "*0\r\n", []ClusterShard{}},
		{NewCommandsInfoCmd(ctx, "x", 1), "*0\r\n", "*0\r\n", map[string]*CommandInfo{}},
		{NewDigestCmd(ctx, "x", 1), "+ff\r\n", "+ff\r\n", uint64(255)},
		{NewFloatSliceCmd(ctx, "x", 1), "*2\r\n+1.5\r\n$-1\r\n", "*2\r\n,1.5\r\n_\r\n", []float64{1.5, 0}},
		{NewIncrEXFloatCmd(ctx, "x", 1), "*2\r\n+1\r\n+1\r\n", "*2\r\n,1\r\n,1\r\n", IncrEXFloatResult{1, 1}},
		{NewIncrEXIntCmd(ctx, "x", 1), "*2\r\n:1\r\n:1\r\n", "*2\r\n:1\r\n:1\r\n", IncrEXIntResult{1, 1}},
		{NewInfoCmd(ctx, "x", 1), "$7\r\n# A\na:1\r\n", "=11\r\ntxt:# A\na:1\r\n", map[string]map[string]string{"A": {"a": "1"}}},
		{NewIntSliceCmd(ctx, "x", 1), "*1\r\n:1\r\n", "*1\r\n:1\r\n", []int64{1}},
		{NewKeyFlagsCmd(ctx, "x", 1), "*0\r\n", "*0\r\n", []KeyFlags{}},
		{NewLatencyCmd(ctx, "x", 1), "*0\r\n", "*0\r\n", []Latency{}},
		{NewMapStringIntCmd(ctx, "x", 1), "*2\r\n+a\r\n:1\r\n", "%1\r\n+a\r\n:1\r\n", map[string]int64{"a": 1}},
		{NewMapStringInterfaceCmd(ctx, "x", 1), "*4\r\n+a\r\n*1\r\n:1\r\n+b\r\n$-1\r\n", "%2\r\n+a\r\n~1\r\n:1\r\n+b\r\n_\r\n", map[string]any{"a": []any{int64(1)}, "b": nil}},
		{NewMapStringInterfaceSliceCmd(ctx, "x", 1), "*2\r\n*2\r\n+a\r\n:1\r\n*-1\r\n", "*2\r\n%1\r\n+a\r\n:1\r\n_\r\n", []map[string]any{{"a": int64(1)}, nil}},
		{NewMapStringStringCmd(ctx, "x", 1), "*2\r\n+a\r\n+1\r\n", "%1\r\n+a\r\n+1\r\n", map[string]string{"a": "1"}},
		{NewMapStringStringSliceCmd(ctx, "x", 1), "*1\r\n*2\r\n+a\r\n+1\r\n", "*1\r\n%1\r\n+a\r\n+1\r\n", []map[string]string{{"a": "1"}}},
		{NewSlowLogCmd(ctx, "x", 1), "*0\r\n", "*0\r\n", []SlowLog{}},
		{NewStatusCmd(ctx, "x", 1), "+OK\r\n", "+OK\r\n", "OK"},
		{NewStringCmd(ctx, "x", 1), "+a\r\n", "=5\r\ntxt:a\r\n", "a"},
		{NewStringSliceSliceCmd(ctx, "x", 1), "*2\r\n*1\r\n+a\r\n*0\r\n", "*2\r\n~1\r\n+a\r\n~0\r\n", [][]string{{"a"}, {}}},
		{NewUintCmd(ctx, "x", 1), "$20\r\n18446744073709551615\r\n", "(18446744073709551615\r\n", uint64(1<<64 - 1)},
		{NewUintSliceCmd(ctx, "x", 1), "*2\r\n:1\r\n$-1\r\n", "*2\r\n:1\r\n_\r\n", []uint64{1, 0}},
	} {
		require.Equal(t, []any{"x", int64(1)}, test.cmd.Args(), "%T", test.cmd)
		for _, reply := range []string{test.resp2, test.resp3} {
			got, err := resultOf(answered(test.cmd, reply))
			require.NoError(t, err, "%T %q", test.cmd, reply)
			require.Equal(t, test.want, got)
		}
		require.Contains(t, test.cmd.(interface{ String() string }).String(), "x 1: ")

		// A reply that ends too soon is an error wherever it ends, never a panic.
		for _, reply := range []string{test.resp2, test.resp3} {
			for end := range len(reply) {
				require.Error(t, answered(test.cmd, reply[:end]).Err(), "%T %q", test.cmd, reply[:end])
			}
		}
	}
}

func TestStringCmdConversions(t *testing.T) {
	t.Parallel()
	cmd := NewStringResult("1", nil)
	b, err := cmd.Bytes()
	require.NoError(t, err)
	require.Equal(t, []byte("1"), b)
	yes, err := cmd.Bool()
	require.NoError(t, err)
	require.True(t, yes)
	n, err := cmd.Int()
	require.NoError(t, err)
	require.Equal(t, 1, n)
	n64, err := cmd.Int64()
	require.NoError(t, err)
	require.Equal(t, int64(1), n64)
	u64, err := cmd.Uint64()
	require.NoError(t, err)
	require.Equal(t, uint64(1), u64)
	f32, err := cmd.Float32()
	require.NoError(t, err)
	require.Equal(t, float32(1), f32)
	f64, err := cmd.Float64()
	require.NoError(t, err)
	require.Equal(t, 1.0, f64)
	at, err := NewStringResult("2024-05-06T07:08:09.000000001Z", nil).Time()
	require.NoError(t, err)
	require.Equal(t, time.Date(2024, 5, 6, 7, 8, 9, 1, time.UTC), at)

	_, err = NewStringResult("x", nil).Int()
	require.Error(t, err)
	_, err = NewStringResult("", Nil).Int()
	require.ErrorIs(t, err, Nil)
	u, err := NewIntResult(5, nil).Uint64()
	require.NoError(t, err)
	require.Equal(t, uint64(5), u)
	b, err = NewStatusResult("OK", nil).Bytes()
	require.NoError(t, err)
	require.Equal(t, []byte("OK"), b)
}

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
