package resp

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAppend(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		got  []byte
		want string
	}{
		{"request of one argument", AppendArray(nil, 1), "*1\r\n"},
		{"request of nine", AppendArray(nil, 9), "*9\r\n"},
		{"request of ten", AppendArray(nil, 10), "*10\r\n"},
		{"request of many", AppendArray(nil, 1234567), "*1234567\r\n"},
		{"string", AppendString(nil, "get"), "$3\r\nget\r\n"},
		{"empty string", AppendString(nil, ""), "$0\r\n\r\n"},
		{"string that looks like RESP", AppendString(nil, "\r\n$1\r\n\x00"), "$7\r\n\r\n$1\r\n\x00\r\n"},
		{"string not in UTF-8", AppendString(nil, "\xff"), "$1\r\n\xff\r\n"},
		{"long string", AppendString(nil, strings.Repeat("x", 1000)), "$1000\r\n" + strings.Repeat("x", 1000) + "\r\n"},
		{"header of a string", AppendBulk(nil, 65536), "$65536\r\n"},
		{"integer", AppendInt(nil, 42), "$2\r\n42\r\n"},
		{"0", AppendInt(nil, 0), "$1\r\n0\r\n"},
		{"negative integer", AppendInt(nil, -1), "$2\r\n-1\r\n"},
		{"smallest integer", AppendInt(nil, math.MinInt64), "$20\r\n-9223372036854775808\r\n"},
		{"largest unsigned integer", AppendUint(nil, math.MaxUint64), "$20\r\n18446744073709551615\r\n"},
		{"number", AppendFloat(nil, 0.1), "$3\r\n0.1\r\n"},
		{"whole number", AppendFloat(nil, 3), "$1\r\n3\r\n"},
		{"negative zero", AppendFloat(nil, math.Copysign(0, -1)), "$2\r\n-0\r\n"},
		{"large number", AppendFloat(nil, 1e21), "$22\r\n1000000000000000000000\r\n"},
		{"infinity", AppendFloat(nil, math.Inf(1)), "$4\r\n+Inf\r\n"},
		{"negative infinity", AppendFloat(nil, math.Inf(-1)), "$4\r\n-Inf\r\n"},
		{"behind something", AppendString([]byte("*1\r\n"), "ping"), "*1\r\n$4\r\nping\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, string(test.got))
		})
	}
}

// TestAppendFloatKeepsTheNumber reads back what was written, in one piece.
func TestAppendFloatKeepsTheNumber(t *testing.T) {
	t.Parallel()
	for _, f := range []float64{
		0, 1, -1, 0.1, 1.0 / 3, math.Pi, 1e15, 1e16, 1e21, 1e300,
		math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64,
		math.Inf(1), math.Inf(-1), math.Nextafter(1, 2),
	} {
		d := NewDecoder(AppendFloat(nil, f), false)
		got, err := d.Float()
		require.NoError(t, err)
		require.Equal(t, f, got)
		require.False(t, d.More())
	}
}

// TestAppendRoundTrip reads a request as if it were a reply, which has the same
// form.
func TestAppendRoundTrip(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 9, 10, 11, 99, 100, 200} {
		var b []byte
		var want []any
		for i := range n {
			arg := strings.Repeat(strconv.Itoa(i%10), i)
			want = append(want, arg)
			b = AppendString(b, arg)
		}
		b = append(AppendArray(nil, n), b...)
		var f Framer
		size, err := f.Next(b)
		require.NoError(t, err)
		require.Equal(t, len(b), size)
		d := NewDecoder(b, false)
		got, err := d.Any()
		require.NoError(t, err)
		require.ElementsMatch(t, want, got)
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 4096)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		b := AppendArray(buf[:0], 5)
		b = AppendString(b, "set")
		b = AppendBulk(b, 3)
		b = AppendInt(b, math.MinInt64)
		b = AppendUint(b, math.MaxUint64)
		_ = AppendFloat(b, -math.Pi)
	}))
}
