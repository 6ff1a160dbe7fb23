package clustertest

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func stringReader(s string) io.Reader { return strings.NewReader(s) }

func TestReadCommand(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 3*readBufferSize)
	tests := []struct {
		name, in string
		want     []string
	}{
		{"array", "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", []string{"GET", "k"}},
		{"empty and binary", "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\n\r\n\x00\xff\r\n", []string{"SET", "", "\r\n\x00\xff"}},
		{"longer than the buffer", string(appendCommand(nil, "SET", "k", long)), []string{"SET", "k", long}},
		{"inline", "PING  hello\r\n", []string{"PING", "hello"}},
		{"inline, newline only", "PING\n", []string{"PING"}},
		{"empty line", "\r\n", nil},
		{"empty array", "*0\r\n", []string{}},
		{"null array", "*-1\r\n", []string{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := bufio.NewReaderSize(iotest.HalfReader(stringReader(test.in+"rest")), readBufferSize)
			got, err := readCommand(r)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
			rest, err := io.ReadAll(r)
			require.NoError(t, err)
			require.Equal(t, "rest", string(rest))
		})
	}
}

func TestReadCommandErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"count is no number", "*x\r\n", "invalid multibulk length"},
		{"too many", "*1048577\r\n", "invalid multibulk length"},
		{"no bulk", "*1\r\n:3\r\n", "expected '$', got ':'"},
		{"empty header", "*1\r\n\r\n", "expected '$', got ''"},
		{"negative", "*1\r\n$-1\r\n", "invalid bulk length"},
		{"too long", "*1\r\n$536870913\r\n", "invalid bulk length"},
		{"endless line", strings.Repeat("x", 2*readBufferSize), "too big inline request"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := readCommand(bufio.NewReaderSize(stringReader(test.in), readBufferSize))
			var protocol protocolError
			require.True(t, errors.As(err, &protocol), "got %v", err)
			require.Equal(t, "Protocol error: "+test.want, err.Error())
		})
	}

	whole := string(appendCommand(nil, "SET", "k", strings.Repeat("x", 2*readBufferSize)))
	for _, n := range []int{1, 5, 10, 30, len(whole) - 3, len(whole) - 1} {
		_, err := readCommand(bufio.NewReaderSize(stringReader(whole[:n]), readBufferSize))
		require.ErrorIs(t, err, io.EOF, "cut at %d", n)
	}
}

func TestGlobMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "any.thing/at all", true},
		{"news.*", "news.", true},
		{"news.*", "new", false},
		{"*.it", "news.it", true},
		{"a*b*c", "aXbYbZc", true},
		{"a*b*c", "aXbYb", false},
		{"h?llo", "hello", true},
		{"h?llo", "hllo", false},
		{"h[ae]llo", "hallo", true},
		{"h[ae]llo", "hillo", false},
		{"h[^e]llo", "hallo", true},
		{"h[^e]llo", "hello", false},
		{"h[a-c]llo", "hbllo", true},
		{"h[c-a]llo", "hbllo", true},
		{"h[a-c]llo", "hdllo", false},
		{"h[ab", "ha", true},
		{"[", "a", false},
		{"[a", "", false},
		{"[a-]", "-", true},
		{"\\*", "*", true},
		{"\\*", "a", false},
		{"[\\]]", "]", true},
		{"a", "b", false},
	}
	for _, test := range tests {
		require.Equal(t, test.want, globMatch(test.pattern, test.s), "%q %q", test.pattern, test.s)
	}
}

func TestSlot(t *testing.T) {
	t.Parallel()
	require.Equal(t, uint16(0x31c3), crc16("123456789"))
	require.Equal(t, 0, Slot(""))
	for key, same := range map[string]string{
		"{user1000}.following": "user1000",
		"foo{{bar}}zap":        "{bar",
		"foo{bar}{zap}":        "bar",
		"{a}":                  "a",
	} {
		require.Equal(t, Slot(same), Slot(key), key)
	}
	// An empty tag is none, and so is one that does not end.
	for _, key := range []string{"foo{}{bar}", "foo{bar", "}foo{"} {
		require.Equal(t, int(crc16(key))%slotCount, Slot(key), key)
	}
}
