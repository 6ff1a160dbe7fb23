package hscan

import (
	"encoding"
	"encoding/hex"
	"errors"
	"math"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type (
	colour string
	level  int8
)

// point reads and writes itself in binary form.
type point struct{ X, Y byte }

func (p *point) UnmarshalBinary(b []byte) error {
	if len(b) != 2 {
		return errors.New("want two bytes")
	}
	p.X, p.Y = b[0], b[1]
	return nil
}

func (p *point) MarshalBinary() ([]byte, error) { return []byte{p.X, p.Y}, nil }

// upper is a Scanner.
type upper string

func (u *upper) ScanRedis(s string) error {
	if s == "" {
		return errors.New("nothing there")
	}
	*u = upper(strings.ToUpper(s))
	return nil
}

func ptr[T any](v T) *T { return &v }

func TestValue(t *testing.T) {
	t.Parallel()
	when := time.Date(2024, 2, 29, 1, 2, 3, 456, time.UTC)
	for _, test := range []struct {
		text string
		dst  any
		want any
	}{
		{"", new(string), ptr("")},
		{"text", new(string), ptr("text")},
		{"bytes", new([]byte), ptr([]byte("bytes"))},
		{"", new([]byte), ptr([]byte{})},
		{"-12", new(int), ptr(-12)},
		{"127", new(int8), ptr(int8(127))},
		{"-32768", new(int16), ptr(int16(-32768))},
		{"2147483647", new(int32), ptr(int32(math.MaxInt32))},
		{"-9223372036854775808", new(int64), ptr(int64(math.MinInt64))},
		{"12", new(uint), ptr(uint(12))},
		{"255", new(uint8), ptr(uint8(255))},
		{"65535", new(uint16), ptr(uint16(65535))},
		{"4294967295", new(uint32), ptr(uint32(math.MaxUint32))},
		{"18446744073709551615", new(uint64), ptr(uint64(math.MaxUint64))},
		{"0.5", new(float32), ptr(float32(0.5))},
		{"1e300", new(float64), ptr(1e300)},
		{"inf", new(float64), ptr(math.Inf(1))},
		{"1", new(bool), ptr(true)},
		{"0", ptr(true), ptr(false)},
		{"true", new(bool), ptr(true)},
		{"2024-02-29T01:02:03.000000456Z", new(time.Time), &when},
		{"1500", new(time.Duration), ptr(1500 * time.Nanosecond)},
		{"\x7f\x00\x00\x01", new(net.IP), ptr(net.IP{127, 0, 0, 1})},
		{"ab", new(point), &point{'a', 'b'}},
		{"red", new(colour), ptr(colour("red"))},
		{"-3", new(level), ptr(level(-3))},
		{"word", new(upper), ptr(upper("WORD"))},
		{"123456789012345678901234567890", new(big.Int), bigInt("123456789012345678901234567890")},
		{"::1", new(netip.Addr), nil}, // see below: its binary form is meant
		{"5", new(*int), ptr(ptr(5))},
	} {
		err := Value(test.text, test.dst)
		if test.want == nil {
			require.Error(t, err, "%T", test.dst)
			continue
		}
		require.NoError(t, err, "%T", test.dst)
		require.Equal(t, test.want, test.dst, "%T", test.dst)
	}
}

func bigInt(s string) *big.Int {
	n, _ := new(big.Int).SetString(s, 10)
	return n
}

func TestValueErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		dst  any
		want string
	}{
		{"x", nil, "redis: cannot scan into nil"},
		{"x", (*string)(nil), "redis: cannot scan into a nil *string"},
		{"x", (*point)(nil), "redis: cannot scan into a nil *hscan.point"},
		{"x", "text", `redis: cannot scan 1 bytes into string: it is not a pointer`},
		{"x", new(chan int), `redis: cannot scan 1 bytes into *chan int: unsupported type (implement encoding.BinaryUnmarshaler)`},
		{"x", new([]string), "unsupported type"},
		{"x", new(map[string]string), "unsupported type"},
		{"x", new(any), "unsupported type"},
		{"x", new(struct{ A int }), "unsupported type"},
		{"x", new(complex128), "unsupported type"},
		{"twelve", new(int), `redis: cannot scan 6 bytes into *int: invalid syntax`},
		{"", new(int), "invalid syntax"},
		{"1.5", new(int64), "invalid syntax"},
		{" 1", new(int32), "invalid syntax"},
		{"128", new(int8), `redis: cannot scan 3 bytes into *int8: value out of range`},
		{"-32769", new(int16), "value out of range"},
		{"2147483648", new(int32), "value out of range"},
		{"9223372036854775808", new(int64), "value out of range"},
		{"9223372036854775808", new(int), "value out of range"},
		{"-1", new(uint), "invalid syntax"},
		{"256", new(uint8), "value out of range"},
		{"65536", new(uint16), "value out of range"},
		{"4294967296", new(uint32), "value out of range"},
		{"18446744073709551616", new(uint64), "value out of range"},
		{"1e39", new(float32), "value out of range"},
		{"1e309", new(float64), "value out of range"},
		{"half", new(float64), "invalid syntax"},
		{"yes", new(bool), `redis: cannot scan 3 bytes into *bool: invalid syntax`},
		{"", new(bool), "invalid syntax"},
		{"yesterday", new(time.Time), "cannot parse"},
		{"1s", new(time.Duration), "invalid syntax"},
		{"abc", new(point), "want two bytes"},
		{"", new(upper), "nothing there"},
		{"200", new(level), "value out of range"},
		{strings.Repeat("9", 1000), new(int), "cannot scan 1000 bytes into *int"},
	} {
		err := Value(test.text, test.dst)
		require.ErrorContains(t, err, test.want)
		require.ErrorContains(t, err, "redis: ")
	}
	require.ErrorIs(t, Value("300", new(uint8)), strconv.ErrRange)
	require.ErrorIs(t, Value("x", new(int)), strconv.ErrSyntax)
}

func TestValueKeepsTheOldOnError(t *testing.T) {
	t.Parallel()
	n, small, flag := 7, int8(7), true
	require.Error(t, Value("x", &n))
	require.Error(t, Value("999", &small))
	require.Error(t, Value("maybe", &flag))
	require.Equal(t, 7, n)
	require.Equal(t, int8(7), small)
	require.True(t, flag)

	var p *int
	require.Error(t, Value("x", &p))
	require.Nil(t, p)
	p = &n
	require.NoError(t, Value("8", &p))
	require.Equal(t, 8, n)
}

func TestTypesThatPointToThemselves(t *testing.T) {
	t.Parallel()
	type loop *loop
	require.ErrorContains(t, Value("x", new(loop)), "unsupported type")
	_, err := Args(nil, struct {
		L loop `redis:"l"`
	}{})
	require.ErrorContains(t, err, "cannot send field")
}

func TestSlice(t *testing.T) {
	t.Parallel()
	texts := []string{"old"}
	require.NoError(t, Slice([]string{"a", "b"}, &texts))
	require.Equal(t, []string{"old", "a", "b"}, texts)

	numbers := []int{0}
	require.NoError(t, Slice([]string{"1", "2"}, &numbers))
	require.Equal(t, []int{0, 1, 2}, numbers)

	var pointers []*float64
	require.NoError(t, Slice([]string{"1.5", "2"}, &pointers))
	require.Equal(t, []*float64{ptr(1.5), ptr(2.0)}, pointers)

	type points []point
	var list points
	require.NoError(t, Slice([]string{"ab"}, &list))
	require.Equal(t, points{{'a', 'b'}}, list)

	var listOfPointers []*point
	require.NoError(t, Slice([]string{"ab", "cd"}, &listOfPointers))
	require.Equal(t, []*point{{'a', 'b'}, {'c', 'd'}}, listOfPointers)

	// What the spare capacity points to must not be touched.
	old := ptr(1)
	spare := []*int{old}[:0]
	require.NoError(t, Slice([]string{"2"}, &spare))
	require.Equal(t, 1, *old)
	require.Equal(t, 2, *spare[0])

	var none []int
	require.NoError(t, Slice(nil, &none))
	require.Empty(t, none)
}

func TestSliceErrors(t *testing.T) {
	t.Parallel()
	numbers := []int{7}
	err := Slice([]string{"1", "two", "3"}, &numbers)
	require.EqualError(t, err, `redis: cannot scan element 1, 3 bytes, into int: invalid syntax`)
	require.ErrorIs(t, err, strconv.ErrSyntax)
	require.Equal(t, []int{7}, numbers)

	for _, test := range []struct {
		dst  any
		want string
	}{
		{nil, "into nil:"},
		{(*[]int)(nil), "into a nil *[]int:"},
		{(*[]string)(nil), "into a nil *[]string:"},
		{[]int{}, "into a []int:"},
		{new(int), "into a *int:"},
		{new([]any), "unsupported type"},
		{new([][]string), "unsupported type"},
	} {
		err := Slice([]string{"x"}, test.dst)
		require.ErrorContains(t, err, "redis: cannot scan ")
		require.ErrorContains(t, err, test.want)
	}
}

func FuzzValue(f *testing.F) {
	for _, s := range []string{"", "0", "-1", "127", "128", "1e400", "NaN", "true", "::1", "2024-02-29T01:02:03Z",
		"18446744073709551615", "0x1p-2", "\x00\xff", "1_000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var text string
		require.NoError(t, Value(s, &text))
		require.Equal(t, s, text)
		var bytes []byte
		require.NoError(t, Value(s, &bytes))
		require.Equal(t, s, string(bytes))
		var small int8
		if Value(s, &small) == nil {
			n, err := strconv.Atoi(s)
			require.NoError(t, err)
			require.Equal(t, n, int(small))
		}
		var number int64
		if Value(s, &number) == nil {
			again := int64(0)
			require.NoError(t, Value(strconv.FormatInt(number, 10), &again))
			require.Equal(t, number, again)
		}
		for _, dst := range []any{new(int), new(uint16), new(float32), new(float64), new(bool), new(time.Time),
			new(time.Duration), new(net.IP), new(netip.Addr), new(big.Int), new(url.URL), new(point), new(**uint8),
			new(any), new([]int)} {
			if err := Value(s, dst); err != nil {
				require.ErrorContains(t, err, "redis: ")
			}
		}
	})
}

func BenchmarkValue(b *testing.B) {
	var n int64
	for b.Loop() {
		_ = Value("12345", &n)
	}
}

// uuid has both forms. Its binary form takes too long a text without complaint.
type uuid [4]byte

func (u uuid) MarshalBinary() ([]byte, error)  { return u[:], nil }
func (u *uuid) UnmarshalBinary(b []byte) error { copy(u[:], b); return nil }
func (u uuid) MarshalText() ([]byte, error)    { return []byte(hex.EncodeToString(u[:])), nil }
func (u *uuid) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(u)) {
		return errors.New("length")
	}
	_, err := hex.Decode(u[:], text)
	return err
}

// label has a text form that takes anything, its binary form among it.
type label struct{ name string }

func (l label) MarshalBinary() ([]byte, error) { return []byte("label\x00" + l.name), nil }
func (l *label) UnmarshalBinary(b []byte) error {
	name, ok := strings.CutPrefix(string(b), "label\x00")
	if !ok {
		return errors.New("no label")
	}
	l.name = name
	return nil
}
func (l label) MarshalText() ([]byte, error)     { return []byte(l.name), nil }
func (l *label) UnmarshalText(text []byte) error { l.name = string(text); return nil }

// What is sent as an argument, or in a struct, comes back, be it read alone or into a
// struct; so does the text that other programs may have stored.
func TestTypesWithTwoForms(t *testing.T) {
	t.Parallel()
	checkTwoForms(t, netip.MustParseAddr("10.0.0.1"), "")
	checkTwoForms(t, netip.MustParseAddr("49.58.58.50"), "")                             // its bytes: 1::2
	checkTwoForms(t, netip.MustParseAddr("3230:3031:3a64:6238:3a3a:6666:3030:3a34"), "") // 2001:db8::ff00:4
	checkTwoForms(t, netip.MustParseAddr("1::2"), "1::2")
	checkTwoForms(t, netip.MustParseAddr("fe80::1%eth0"), "fe80::1%eth0")
	checkTwoForms(t, netip.MustParseAddr("2001:db8::ff00:4"), "2001:db8::ff00:4")
	checkTwoForms(t, netip.Addr{}, "")
	checkTwoForms(t, netip.MustParseAddrPort("91.58.58.93:12602"), "") // [::]:1
	checkTwoForms(t, netip.MustParseAddrPort("10.0.0.1:80"), "10.0.0.1:80")
	checkTwoForms(t, netip.AddrPort{}, "")
	checkTwoForms(t, netip.MustParsePrefix("10.0.0.0/8"), "10.0.0.0/8")
	checkTwoForms(t, netip.PrefixFrom(netip.MustParseAddr("58.58.49.47"), 56), "") // ::1/8
	checkTwoForms(t, uuid{1, 2, 3, 4}, "01020304")
	checkTwoForms(t, uuid{'a', 'b', 'c', 'd'}, "61626364")
	checkTwoForms(t, label{"a"}, "a")
	checkTwoForms(t, label{}, "")
	checkTwoForms(t, time.Date(2024, 2, 29, 1, 2, 3, 456, time.UTC), "2024-02-29T01:02:03.000000456Z")
	checkTwoForms(t, url.URL{Scheme: "http", Host: "h"}, "http://h")
	checkTwoForms(t, *bigInt("49"), "49")
}

func checkTwoForms[T any](t *testing.T, v T, text string) {
	t.Helper()
	type holder struct {
		V T  `redis:"v"`
		P *T `redis:"p"`
	}
	args, err := Args(nil, holder{v, &v})
	require.NoError(t, err, v)
	for _, i := range []int{1, 3} {
		sent := sentAs(t, args[i])
		var alone T
		require.NoError(t, Value(sent, &alone), "%v as %q", v, sent)
		require.Equal(t, v, alone, "%q", sent)
		var in holder
		fields, err := Fields(&in)
		require.NoError(t, err)
		require.NoError(t, fields.Scan("v", sent), "%v as %q", v, sent)
		require.NoError(t, fields.Scan("p", sent), "%v as %q", v, sent)
		require.Equal(t, holder{v, &v}, in, "%q", sent)
	}
	if text == "" {
		return
	}
	var in holder
	fields, err := Fields(&in)
	require.NoError(t, err)
	require.NoError(t, fields.Scan("v", text), text)
	require.Equal(t, v, in.V, "the text")
}

// sentAs is a field of a struct as the server gets it.
func sentAs(t *testing.T, arg any) string {
	t.Helper()
	switch arg := arg.(type) {
	case string:
		return arg
	case time.Time:
		return arg.Format(time.RFC3339Nano)
	}
	b, err := Marshal(arg.(encoding.BinaryMarshaler))
	require.NoError(t, err)
	return string(b)
}

// An IP is a list of bytes, and may read as text likewise.
func TestIPThatReadsAsText(t *testing.T) {
	t.Parallel()
	for _, ip := range []net.IP{net.IPv4(10, 0, 0, 1), net.IP("1::2"), net.IP("2001:db8::ff00:4"), net.ParseIP("fe80::1")} {
		sent := string(MarshalIP(ip))
		var alone net.IP
		require.NoError(t, Value(sent, &alone))
		require.True(t, ip.Equal(alone), "%v became %v", ip, alone)
		var in struct {
			IP net.IP `redis:"ip"`
		}
		fields, err := Fields(&in)
		require.NoError(t, err)
		require.NoError(t, fields.Scan("ip", sent))
		require.True(t, ip.Equal(in.IP), "%v became %v", ip, in.IP)
	}
}

// A value may be a secret: errors do not repeat it.
func TestErrorsDoNotShowTheValue(t *testing.T) {
	t.Parallel()
	const secret = "opensesame"
	for _, dst := range []any{new(int), new(uint8), new(float32), new(bool), new(time.Time), new(time.Duration), new(netip.Addr), new(big.Int), new(point)} {
		err := Value(secret, dst)
		require.Error(t, err, "%T", dst)
		require.NotContains(t, err.Error(), secret, "%T", dst)
	}
	var s struct {
		N int        `redis:"n"`
		A netip.Addr `redis:"a"`
		T time.Time  `redis:"t"`
	}
	fields, err := Fields(&s)
	require.NoError(t, err)
	for _, name := range []string{"n", "a", "t"} {
		err := fields.Scan(name, secret)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), secret, name)
	}
}
