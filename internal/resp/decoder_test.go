package resp

import (
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// A method fails with one of these, whose message the tables do not repeat.
var (
	wrongType = &TypeError{}
)

type method struct {
	name   string
	header bool // reads only a header
	call   func(*Decoder) (any, error)
}

// methods are all that read one element, or the header of one.
var methods = []method{
	{"String", false, func(d *Decoder) (any, error) { return d.String() }},
	{"Int", false, func(d *Decoder) (any, error) { return d.Int() }},
	{"Uint", false, func(d *Decoder) (any, error) { return d.Uint() }},
	{"Float", false, func(d *Decoder) (any, error) { return d.Float() }},
	{"Bool", false, func(d *Decoder) (any, error) { return d.Bool() }},
	{"Array", true, func(d *Decoder) (any, error) { return d.Array() }},
	{"Pairs", true, func(d *Decoder) (any, error) { return d.Pairs() }},
	{"Any", false, func(d *Decoder) (any, error) { return d.Any() }},
	{"Skip", false, func(d *Decoder) (any, error) { return nil, d.Skip() }},
}

// TestDecoderMethods calls every method on every type.
func TestDecoderMethods(t *testing.T) {
	t.Parallel()
	no := wrongType
	for _, test := range []struct {
		name, wire string
		// What String, Int, Uint, Float, Bool, Array, Pairs and Any return.
		want [8]any
	}{
		{"status", "+hello\r\n", [8]any{"hello", no, no, no, no, no, no, "hello"}},
		{"status OK", "+OK\r\n", [8]any{"OK", no, no, no, true, no, no, "OK"}},
		{"status with a number", "+12\r\n", [8]any{"12", int64(12), uint64(12), 12.0, no, no, no, "12"}},
		{"empty status", "+\r\n", [8]any{"", no, no, no, no, no, no, ""}},
		{"bulk string", "$5\r\nhello\r\n", [8]any{"hello", no, no, no, no, no, no, "hello"}},
		{"empty bulk string", "$0\r\n\r\n", [8]any{"", no, no, no, no, no, no, ""}},
		{"integer in a string", "$3\r\n-12\r\n", [8]any{"-12", int64(-12), no, -12.0, no, no, no, "-12"}},
		{"large unsigned integer in a string", "$20\r\n18446744073709551615\r\n",
			[8]any{"18446744073709551615", no, uint64(math.MaxUint64), 18446744073709551615.0, no, no, no, "18446744073709551615"}},
		{"number in a string", "$4\r\n0.25\r\n", [8]any{"0.25", no, no, 0.25, no, no, no, "0.25"}},
		{"infinity in a string", "$3\r\ninf\r\n", [8]any{"inf", no, no, math.Inf(1), no, no, no, "inf"}},
		{"negative infinity in a string", "$4\r\n-inf\r\n", [8]any{"-inf", no, no, math.Inf(-1), no, no, no, "-inf"}},
		{"1 in a string", "$1\r\n1\r\n", [8]any{"1", int64(1), uint64(1), 1.0, true, no, no, "1"}},
		{"streamed string", "$?\r\n;1\r\n4\r\n;1\r\n2\r\n;0\r\n", [8]any{"42", int64(42), uint64(42), 42.0, no, no, no, "42"}},
		{"verbatim string", "=6\r\ntxt:42\r\n", [8]any{"42", int64(42), uint64(42), 42.0, no, no, no, "42"}},
		{"verbatim string without a format", "=2\r\n42\r\n", [8]any{"42", int64(42), uint64(42), 42.0, no, no, no, "42"}},

		{"integer", ":42\r\n", [8]any{"42", int64(42), uint64(42), 42.0, no, no, no, int64(42)}},
		{"negative integer", ":-42\r\n", [8]any{"-42", int64(-42), no, -42.0, no, no, no, int64(-42)}},
		{"largest integer", ":9223372036854775807\r\n",
			[8]any{"9223372036854775807", int64(math.MaxInt64), uint64(math.MaxInt64), float64(math.MaxInt64), no, no, no, int64(math.MaxInt64)}},
		{"smallest integer", ":-9223372036854775808\r\n",
			[8]any{"-9223372036854775808", int64(math.MinInt64), no, float64(math.MinInt64), no, no, no, int64(math.MinInt64)}},
		{"0", ":0\r\n", [8]any{"0", int64(0), uint64(0), 0.0, false, no, no, int64(0)}},
		{"1", ":1\r\n", [8]any{"1", int64(1), uint64(1), 1.0, true, no, no, int64(1)}},
		{"integer too large", ":9223372036854775808\r\n",
			[8]any{"9223372036854775808", no, uint64(math.MaxInt64 + 1), -float64(math.MinInt64), no, no, no, no}},
		{"integer that is none", ":x\r\n", [8]any{"x", no, no, no, no, no, no, no}},
		{"empty integer", ":\r\n", [8]any{"", no, no, no, no, no, no, no}},
		{"sign without an integer", ":-\r\n", [8]any{"-", no, no, no, no, no, no, no}},
		{"double", ",0.25\r\n", [8]any{"0.25", no, no, 0.25, no, no, no, 0.25}},
		{"whole double", ",42\r\n", [8]any{"42", int64(42), uint64(42), 42.0, no, no, no, 42.0}},
		{"infinity", ",inf\r\n", [8]any{"inf", no, no, math.Inf(1), no, no, no, math.Inf(1)}},
		{"negative infinity", ",-inf\r\n", [8]any{"-inf", no, no, math.Inf(-1), no, no, no, math.Inf(-1)}},
		{"double that is none", ",x\r\n", [8]any{"x", no, no, no, no, no, no, no}},
		{"double out of range", ",1e999\r\n", [8]any{"1e999", no, no, no, no, no, no, no}},
		{"true", "#t\r\n", [8]any{"1", int64(1), uint64(1), 1.0, true, no, no, true}},
		{"false", "#f\r\n", [8]any{"0", int64(0), uint64(0), 0.0, false, no, no, false}},
		{"big number", "(18446744073709551616\r\n",
			[8]any{"18446744073709551616", no, no, 18446744073709551616.0, no, no, no, bigNumber("18446744073709551616")}},
		{"small big number", "(42\r\n", [8]any{"42", int64(42), uint64(42), 42.0, no, no, no, bigNumber("42")}},
		{"big number that is none", "(1x\r\n", [8]any{"1x", no, no, no, no, no, no, no}},

		{"null bulk string", "$-1\r\n", [8]any{Nil, Nil, Nil, Nil, Nil, Nil, Nil, Nil}},
		{"null array", "*-1\r\n", [8]any{Nil, Nil, Nil, Nil, Nil, Nil, Nil, Nil}},
		{"null", "_\r\n", [8]any{Nil, Nil, Nil, Nil, Nil, Nil, Nil, Nil}},
		{"error", "-ERR a\r\n", errorEverywhere("ERR a")},
		{"bulk error", "!6\r\nERR\r\na\r\n", errorEverywhere("ERR\r\na")},

		{"array", "*2\r\n+a\r\n:1\r\n", [8]any{no, no, no, no, no, 2, 1, []any{"a", int64(1)}}},
		{"empty array", "*0\r\n", [8]any{no, no, no, no, no, 0, 0, []any{}}},
		{"odd array", "*3\r\n:1\r\n*1\r\n:2\r\n:3\r\n", [8]any{no, no, no, no, no, 3, no, []any{int64(1), []any{int64(2)}, int64(3)}}},
		{"set", "~2\r\n+a\r\n:1\r\n", [8]any{no, no, no, no, no, 2, 1, []any{"a", int64(1)}}},
		{"push", ">2\r\n+a\r\n:1\r\n", [8]any{no, no, no, no, no, 2, 1, []any{"a", int64(1)}}},
		{"map", "%1\r\n+a\r\n:1\r\n", [8]any{no, no, no, no, no, 2, 1, map[any]any{"a": int64(1)}}},
		{"empty map", "%0\r\n", [8]any{no, no, no, no, no, 0, 0, map[any]any{}}},
		{"map with a list for a key", "%2\r\n*1\r\n:1\r\n:1\r\n+a\r\n+b\r\n", [8]any{no, no, no, no, no, 4, 2, no}},
		{"list with a bad number", "*2\r\n:x\r\n:1\r\n", [8]any{no, no, no, no, no, 2, 1, no}},
		{"streamed array", "*?\r\n+a\r\n:1\r\n.\r\n", [8]any{no, no, no, no, no, 2, 1, []any{"a", int64(1)}}},
		{"odd streamed array", "*?\r\n:1\r\n.\r\n", [8]any{no, no, no, no, no, 1, no, []any{int64(1)}}},
		{"empty streamed array", "*?\r\n.\r\n", [8]any{no, no, no, no, no, 0, 0, []any{}}},
		{"streamed map", "%?\r\n+a\r\n:1\r\n.\r\n", [8]any{no, no, no, no, no, 2, 1, map[any]any{"a": int64(1)}}},
		{"streams in a stream", "*?\r\n*?\r\n:1\r\n.\r\n%?\r\n.\r\n.\r\n",
			[8]any{no, no, no, no, no, 2, 1, []any{[]any{int64(1)}, map[any]any{}}}},
	} {
		for _, attribute := range []string{"", "|1\r\n+ttl\r\n:3600\r\n", "|?\r\n+ttl\r\n*?\r\n.\r\n.\r\n|0\r\n"} {
			for i, method := range methods {
				t.Run(test.name+" "+method.name, func(t *testing.T) {
					t.Parallel()
					d := NewDecoder([]byte(attribute+test.wire+"+behind\r\n"), false)
					got, err := method.call(&d)
					var want any
					if i < len(test.want) {
						want = test.want[i]
					}
					switch want := want.(type) {
					case *TypeError:
						require.IsType(t, want, err)
						require.ErrorContains(t, err, "redis: unexpected reply: ")
					case Error:
						require.Equal(t, want, err)
					default:
						require.NoError(t, err)
						require.Equal(t, want, got)
						if n, ok := got.(int); ok {
							if method.name == "Pairs" {
								n *= 2
							}
							for range n {
								require.NoError(t, d.Skip())
							}
						}
					}
					behind, err := d.String()
					require.NoError(t, err)
					require.Equal(t, "behind", behind)
					require.False(t, d.More())
				})
			}
		}
	}
}

func errorEverywhere(text string) (want [8]any) {
	for i := range want {
		want[i] = Error(text)
	}
	return want
}

// A decoder of the text alone does what one of the whole reply does, and is done
// when that is.
func TestStringDecoder(t *testing.T) {
	t.Parallel()
	calls := append(slices.Clone(methods), []method{
		{"Raw", false, func(d *Decoder) (any, error) { return d.Raw() }},
		{"Peek", false, func(d *Decoder) (any, error) { return d.Peek(), nil }},
		{"Rest", false, func(d *Decoder) (any, error) { return string(d.Rest()), nil }},
		{"Next, Raw", false, func(d *Decoder) (any, error) {
			next, err := d.Next()
			if err != nil {
				return nil, err
			}
			return next.Raw()
		}},
		{"Next, String", false, func(d *Decoder) (any, error) {
			next, err := d.Next()
			if err != nil {
				return nil, err
			}
			return next.String()
		}},
	}...)
	for _, text := range []string{"", "hello", "OK", "1", "-12", "0.25", "inf", "x\r\ny", strings.Repeat("x", 2*shareMax)} {
		reply := string(AppendString(nil, text))
		got, ok := TextOf([]byte(reply))
		require.True(t, ok)
		require.Equal(t, text, string(got))
		for _, m := range calls {
			t.Run(m.name, func(t *testing.T) {
				framed, bare := NewDecoder([]byte(reply), true), NewStringDecoder([]byte(text))
				for range 2 {
					want, wantErr := m.call(&framed)
					got, err := m.call(&bare)
					require.Equal(t, wantErr, err, "%.20q", text)
					require.Equal(t, want, got, "%.20q", text)
					require.Equal(t, framed.More(), bare.More(), "%.20q", text)
				}
			})
		}
	}
	for _, reply := range []string{"", "+OK\r\n", "$-1\r\n", "$?\r\n;0\r\n", "$1\r\nx\r\n+OK\r\n", "$2\r\nx\r\n", "*1\r\n$1\r\nx\r\n"} {
		_, ok := TextOf([]byte(reply))
		require.False(t, ok, "%q", reply)
	}
}

func TestDecoderNaN(t *testing.T) {
	t.Parallel()
	for _, wire := range []string{",nan\r\n", ",-nan\r\n", "$3\r\nnan\r\n", "$4\r\n-nan\r\n"} {
		d := NewDecoder([]byte(wire), false)
		f, err := d.Float()
		require.NoError(t, err)
		require.True(t, math.IsNaN(f), wire)
	}
}

// TestDecoderSameInBothVersions reads what a command answers in RESP2 and in
// RESP3 by the same calls.
func TestDecoderSameInBothVersions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, resp2, resp3 string
		read               func(*Decoder) (any, error)
	}{
		{"ZSCORE", "$4\r\n0.25\r\n", ",0.25\r\n", func(d *Decoder) (any, error) { return d.Float() }},
		{"ZSCORE of infinity", "$3\r\ninf\r\n", ",inf\r\n", func(d *Decoder) (any, error) { return d.Float() }},
		{"ZSCORE of nothing", "$-1\r\n", "_\r\n", func(d *Decoder) (any, error) { return d.Float() }},
		{"EXISTS", ":1\r\n", "#t\r\n", func(d *Decoder) (any, error) { return d.Bool() }},
		{"INFO", "$7\r\n# Heap\n\r\n", "=11\r\ntxt:# Heap\n\r\n", func(d *Decoder) (any, error) { return d.String() }},
		{"SMEMBERS", "*2\r\n$1\r\na\r\n$1\r\nb\r\n", "~2\r\n$1\r\na\r\n$1\r\nb\r\n", readStrings},
		{"BLPOP that times out", "*-1\r\n", "_\r\n", readStrings},
		{"HGETALL", "*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$1\r\n2\r\n", "%2\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$1\r\n2\r\n", readMap},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d2, d3 := NewDecoder([]byte(test.resp2), false), NewDecoder([]byte(test.resp3), false)
			want, wantErr := test.read(&d2)
			got, err := test.read(&d3)
			require.Equal(t, wantErr, err)
			require.Equal(t, want, got)
			require.False(t, d2.More())
			require.False(t, d3.More())
		})
	}
}

func readStrings(d *Decoder) (any, error) {
	n, err := d.Array()
	if err != nil {
		return nil, err
	}
	var list []string
	for range n {
		s, err := d.String()
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

func readMap(d *Decoder) (any, error) {
	n, err := d.Pairs()
	if err != nil {
		return nil, err
	}
	m := map[string]string{}
	for range n {
		k, err := d.String()
		if err != nil {
			return nil, err
		}
		if m[k], err = d.String(); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func TestDecoderAny(t *testing.T) {
	t.Parallel()
	for _, reply := range replies {
		t.Run(reply.name, func(t *testing.T) {
			t.Parallel()
			for _, share := range []bool{false, true} {
				d := NewDecoder([]byte(reply.wire+"+behind\r\n"), share)
				got, err := d.Any()
				require.Equal(t, reply.err, err)
				require.Equal(t, reply.want, got)
				require.Equal(t, "+behind\r\n", string(d.Rest()))
			}
		})
	}
}

func TestDecoderSkip(t *testing.T) {
	t.Parallel()
	var all []byte
	for _, reply := range replies {
		all = append(all, reply.wire...)
	}
	d := NewDecoder(all, false)
	for _, reply := range replies {
		require.True(t, d.More(), reply.name)
		require.NoError(t, d.Skip(), reply.name)
		all = all[len(reply.wire):]
		if len(all) == 0 || all[0] != byte(Attribute) { // Rest passes over those
			require.Equal(t, len(all), len(d.Rest()), reply.name)
		}
	}
	require.False(t, d.More())
}

func TestDecoderPeek(t *testing.T) {
	t.Parallel()
	d := NewDecoder([]byte("|1\r\n+a\r\n+b\r\n*?\r\n:1\r\n.\r\n$-1\r\n"), false)
	require.Equal(t, Array, d.Peek())
	n, err := d.Array()
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, Integer, d.Peek())
	require.NoError(t, d.Skip())
	require.Equal(t, BulkString, d.Peek())
	require.NoError(t, d.Skip())
	require.Zero(t, d.Peek())
	require.Empty(t, d.Rest())
}

// An error in an array is the error of that element alone.
func TestDecoderErrorsInsideAnArray(t *testing.T) {
	t.Parallel()
	d := NewDecoder([]byte("*6\r\n-MOVED 1 a:1\r\n$1\r\na\r\n$-1\r\n*2\r\n-ERR x\r\n:1\r\n!5\r\nERR y\r\n:2\r\n"), false)
	n, err := d.Array()
	require.NoError(t, err)
	require.Equal(t, 6, n)

	_, err = d.String()
	require.Equal(t, Error("MOVED 1 a:1"), err)
	s, err := d.String()
	require.NoError(t, err)
	require.Equal(t, "a", s)
	_, err = d.Int()
	require.Equal(t, Nil, err)
	_, err = d.Int()
	require.IsType(t, wrongType, err)
	_, err = d.Any()
	require.Equal(t, Error("ERR y"), err)
	i, err := d.Int()
	require.NoError(t, err)
	require.EqualValues(t, 2, i)
	require.False(t, d.More())
}

func TestDecoderSharesMemory(t *testing.T) {
	t.Parallel()
	bulk := func(n int) string {
		return string(AppendString(nil, strings.Repeat("x", n)))
	}
	for _, test := range []struct {
		name, wire string
		share      bool // whether the Decoder may
		want       bool // whether its first string does
	}{
		{"not asked to", bulk(10), false, false},
		{"small", bulk(10) + bulk(10000), true, true},
		{"as large as may be", bulk(shareMax) + bulk(10000), true, true},
		{"too large", bulk(shareMax+1) + bulk(10000), true, false},
		{"large, but most of the reply", bulk(10000) + bulk(1000), true, true},
		{"status", "+some status\r\n", true, true},
		{"frequent status", "+OK\r\n", true, false},
		{"streamed", "$?\r\n;1\r\na\r\n;0\r\n", true, false},
		{"boolean", "#t\r\n", true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := []byte(test.wire)
			d := NewDecoder(b, test.share)
			s, err := d.String()
			require.NoError(t, err)
			from, to := uintptr(unsafe.Pointer(&b[0])), uintptr(unsafe.Pointer(&b[len(b)-1]))
			at := uintptr(unsafe.Pointer(unsafe.StringData(s)))
			require.Equal(t, test.want, from <= at && at <= to)
		})
	}
}

func TestDecoderAllocates(t *testing.T) {
	for _, test := range []struct {
		name, wire string
		share      bool
		read       func(*Decoder) error
		want       float64
	}{
		{"shared string", "$3\r\nabc\r\n", true, func(d *Decoder) error { _, err := d.String(); return err }, 0},
		{"copied string", "$3\r\nabc\r\n", false, func(d *Decoder) error { _, err := d.String(); return err }, 1},
		{"OK", "+OK\r\n", false, func(d *Decoder) error { _, err := d.String(); return err }, 0},
		{"null", "_\r\n", false, func(d *Decoder) error { _, _ = d.String(); return nil }, 0},
		{"integer", ":123\r\n", false, func(d *Decoder) error { _, err := d.Int(); return err }, 0},
		{"long integer", ":-9223372036854775808\r\n", false, func(d *Decoder) error { _, err := d.Int(); return err }, 0},
		{"unsigned integer", "$20\r\n18446744073709551615\r\n", false, func(d *Decoder) error { _, err := d.Uint(); return err }, 0},
		{"double", ",0.30000000000000004\r\n", false, func(d *Decoder) error { _, err := d.Float(); return err }, 0},
		{"boolean", "#t\r\n", false, func(d *Decoder) error { _, err := d.Bool(); return err }, 0},
		{"map of strings", "%1\r\n$1\r\na\r\n$1\r\nb\r\n", true, func(d *Decoder) error {
			_, err := d.Pairs()
			_, _ = d.String()
			_, _ = d.String()
			return err
		}, 0},
		{"streamed array", "*?\r\n:1\r\n:2\r\n.\r\n", true, func(d *Decoder) error { _, err := d.Array(); return err }, 0},
		{"skipped array", "*2\r\n:1\r\n:2\r\n", true, func(d *Decoder) error { return d.Skip() }, 0},
		{"skipped array in an array", "*1\r\n*1\r\n:1\r\n", true, func(d *Decoder) error { return d.Skip() }, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := []byte(test.wire)
			var d Decoder
			require.Equal(t, test.want, testing.AllocsPerRun(100, func() {
				d = NewDecoder(b, test.share)
				if err := test.read(&d); err != nil {
					panic(err)
				}
			}))
		})
	}
}

// A header may announce anything: memory is taken only for what is there.
func TestDecoderAllocatesNothingForAHeaderAlone(t *testing.T) {
	for _, wire := range []string{
		"*268435456\r\n:1\r\n",
		"~268435456\r\n:1\r\n",
		"%268435456\r\n+a\r\n:1\r\n",
		"|268435456\r\n+a\r\n:1\r\n",
		strings.Repeat("*268435456\r\n", 128),
		"$536870912\r\nabc\r\n",
		"!536870912\r\nabc\r\n",
		"$?\r\n;536870912\r\nabc\r\n",
		"*?\r\n*268435456\r\n:1\r\n",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d := NewDecoder([]byte(wire), false)
		_, err := d.Any()
		runtime.ReadMemStats(&after)
		require.Equal(t, errShort, err)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20), "%.20q", wire)
	}
}

func TestDecoderCap(t *testing.T) {
	t.Parallel()
	d := NewDecoder([]byte("*268435456\r\n:1\r\n"), false)
	n, err := d.Array()
	require.NoError(t, err)
	require.Equal(t, 1, d.Cap(n))
	require.Equal(t, 0, d.Cap(0))
	require.Equal(t, 0, d.Cap(-1), "a count less some")
}

// TestDecoderTruncated: whatever is cut short is an error for every method.
func TestDecoderTruncated(t *testing.T) {
	t.Parallel()
	for _, reply := range replies {
		t.Run(reply.name, func(t *testing.T) {
			t.Parallel()
			for _, cut := range cuts(reply.wire) {
				for _, method := range methods {
					d := NewDecoder([]byte(reply.wire[:cut]), true)
					_, err := method.call(&d)
					if method.header && err == nil {
						err = d.Skip()
						for err == nil {
							err = d.Skip()
						}
					}
					require.Equal(t, errShort, err, "%s, cut at %d", method.name, cut)
				}
			}
		})
	}
}

func TestDecoderRefusesGarbage(t *testing.T) {
	t.Parallel()
	for _, test := range garbage {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, method := range methods {
				d := NewDecoder([]byte(test.wire), true)
				_, err := method.call(&d)
				if method.header {
					if strings.Contains(test.name, "too deep") {
						continue // who goes down by himself may go as deep as he likes
					}
					for !isProtocolError(err) { // go on with what is inside
						_, err = d.Array()
					}
				}
				require.IsType(t, ProtocolError(""), err, method.name)
				require.NotEqual(t, errShort, err, method.name)
			}
		})
	}
}

func isProtocolError(err error) bool {
	_, ok := err.(ProtocolError)
	return ok
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		wire string
		read func(*Decoder) error
		want string
	}{
		{"$3\r\nabc\r\n", func(d *Decoder) error { _, err := d.Int(); return err },
			`redis: unexpected reply: got a text of 3 bytes, want an integer`},
		{"$40\r\n" + strings.Repeat("x", 40) + "\r\n", func(d *Decoder) error { _, err := d.Float(); return err },
			`redis: unexpected reply: got a text of 40 bytes, want a number`},
		{"*0\r\n", func(d *Decoder) error { _, err := d.String(); return err },
			`redis: unexpected reply: got a reply of type '*', want a single value`},
		{":1\r\n", func(d *Decoder) error { _, err := d.Array(); return err },
			`redis: unexpected reply: got a reply of type ':', want an array`},
		{"*1\r\n:1\r\n", func(d *Decoder) error { _, err := d.Pairs(); return err },
			`redis: unexpected reply: got a reply of type '*', want an even number of elements`},
		{":1x\r\n", func(d *Decoder) error { _, err := d.Int(); return err },
			`redis: unexpected reply: got a text of 2 bytes, want an integer`},
		{"-ERR something\r\n", func(d *Decoder) error { _, err := d.Int(); return err }, "ERR something"},
		{"_\r\n", func(d *Decoder) error { _, err := d.Int(); return err }, "redis: nil"},
		{"", func(d *Decoder) error { _, err := d.Int(); return err }, "redis: protocol error: a reply that is cut short"},
	} {
		d := NewDecoder([]byte(test.wire), false)
		require.EqualError(t, test.read(&d), test.want)
	}
}
