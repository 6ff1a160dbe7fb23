package redistest

import (
	"bufio"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadReply(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		in   string
		want any
	}{
		"simple":      {"+OK\r\n", "OK"},
		"error":       {"-ERR no\r\n", ServerError("ERR no")},
		"integer":     {":-7\r\n", int64(-7)},
		"bulk":        {"$5\r\na\r\nbc\r\n", "a\r\nbc"},
		"empty bulk":  {"$0\r\n\r\n", ""},
		"nil bulk":    {"$-1\r\n", nil},
		"nil array":   {"*-1\r\n", nil},
		"empty array": {"*0\r\n", []any{}},
		"nested":      {"*3\r\n:1\r\n*1\r\n+a\r\n-ERR x\r\n", []any{int64(1), []any{"a"}, ServerError("ERR x")}},
	} {
		t.Run(name, func(t *testing.T) {
			r := bufio.NewReader(strings.NewReader(tc.in))
			got, err := readReply(r)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
			require.Zero(t, r.Buffered(), "all of it is read")
		})
	}
	for _, in := range []string{"", "+OK", "+OK\n", "$x\r\n", "$-2\r\n", "$3\r\nab", "*2\r\n:1\r\n", "?1\r\n", "$999999999999\r\n"} {
		_, err := readReply(bufio.NewReader(strings.NewReader(in)))
		require.Error(t, err, "%q", in)
	}
}

func TestParseView(t *testing.T) {
	t.Parallel()
	v, err := parseView("aa 127.0.0.1:7000@17000,node-0.redistest.local myself,master - 0 0 5 connected 0-10 12 [13->-bb]\n" +
		"bb 127.0.0.1:7001@17001 slave,fail? aa 1 2 5 disconnected\n")
	require.NoError(t, err)
	require.Len(t, v, 2)
	require.Equal(t, int64(5), v.epoch())
	require.True(t, v["aa"].primary())
	require.Empty(t, v["aa"].primaryID)
	for slot, want := range map[int]bool{0: true, 10: true, 11: false, 12: true, 13: false} {
		require.Equal(t, want, v["aa"].owns(slot), "slot %d", slot)
	}
	require.False(t, v["bb"].primary())
	require.True(t, v["bb"].is("fail?"))
	require.Equal(t, "aa", v["bb"].primaryID)

	for _, bad := range []string{"aa 127.0.0.1:7000@17000 master", "aa x master - 0 0 x connected", "aa x master - 0 0 1 connected 1-x"} {
		_, err := parseView(bad)
		require.Error(t, err, bad)
	}
}

func TestTakePort(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	for range 50 {
		port, err := takePort()
		require.NoError(t, err)
		defer releasePort(port)
		for _, p := range []int{port, port + busOffset} {
			require.False(t, seen[p], "port %d is given out twice", p)
			seen[p] = true
			require.True(t, canListen(p))
		}
	}
}
