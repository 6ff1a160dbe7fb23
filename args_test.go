package redis

import (
	"encoding"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
	"github.com/stretchr/testify/require"
)

// point sends itself as text.
type point struct{ x, y int }

func (p point) MarshalBinary() ([]byte, error) { return fmt.Appendf(nil, "%d,%d", p.x, p.y), nil }

// pointer does so as a pointer only.
type pointer struct{ name string }

func (p *pointer) MarshalBinary() ([]byte, error) { return []byte(p.name), nil }

type broken struct{}

func (broken) MarshalBinary() ([]byte, error) { return nil, errScripted }

var _ encoding.BinaryMarshaler = broken{}

func ptr[T any](v T) *T { return &v }

func TestArguments(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 2, 29, 23, 59, 58, 123456789, time.UTC)
	for _, test := range []struct {
		value any
		text  string // as the server gets it
		back  any    // as Args tells it
	}{
		{"text", "text", "text"},
		{"", "", ""},
		{"\x00\r\n\xff", "\x00\r\n\xff", "\x00\r\n\xff"},
		{[]byte("bytes"), "bytes", []byte("bytes")},
		{[]byte{}, "", []byte{}},
		{[]byte(nil), "", []byte(nil)},
		{nil, "", ""},
		{7, "7", int64(7)},
		{-7, "-7", int64(-7)},
		{int8(-8), "-8", int64(-8)},
		{int16(-16), "-16", int64(-16)},
		{int32(-32), "-32", int64(-32)},
		{int64(math.MinInt64), "-9223372036854775808", int64(math.MinInt64)},
		{uint(7), "7", uint64(7)},
		{uint8(8), "8", uint64(8)},
		{uint16(16), "16", uint64(16)},
		{uint32(32), "32", uint64(32)},
		{uint64(math.MaxUint64), "18446744073709551615", uint64(math.MaxUint64)},
		{1.5, "1.5", 1.5},
		{0.1, "0.1", 0.1},
		{-1e21, "-1000000000000000000000", -1e21},
		{5e-324, "0." + fmt.Sprintf("%0323d", 0) + "5", 5e-324},
		{math.Inf(1), "+Inf", math.Inf(1)},
		{math.Inf(-1), "-Inf", math.Inf(-1)},
		{float32(0.1), "0.10000000149011612", float64(float32(0.1))},
		{true, "1", true},
		{false, "0", false},
		{at, "2024-02-29T23:59:58.123456789Z", "2024-02-29T23:59:58.123456789Z"},
		{1500 * time.Millisecond, "1500000000", int64(1500000000)},
		{net.IP{10, 0, 0, 1}, "\x0a\x00\x00\x01", []byte{10, 0, 0, 1}},
		{point{3, -4}, "3,-4", []byte("3,-4")},
		{&point{3, -4}, "3,-4", []byte("3,-4")},
		{&pointer{"p"}, "p", []byte("p")},
		{(*point)(nil), "0,0", []byte("0,0")},
		{(*pointer)(nil), "", []byte{}},
		{ptr("text"), "text", "text"},
		{ptr([]byte("bytes")), "bytes", []byte("bytes")},
		{ptr(true), "1", true},
		{ptr(7), "7", int64(7)},
		{ptr(int8(8)), "8", int64(8)},
		{ptr(int16(16)), "16", int64(16)},
		{ptr(int32(32)), "32", int64(32)},
		{ptr(int64(64)), "64", int64(64)},
		{ptr(uint(7)), "7", uint64(7)},
		{ptr(uint8(8)), "8", uint64(8)},
		{ptr(uint16(16)), "16", uint64(16)},
		{ptr(uint32(32)), "32", uint64(32)},
		{ptr(uint64(64)), "64", uint64(64)},
		{ptr(float32(0.5)), "0.5", 0.5},
		{ptr(0.5), "0.5", 0.5},
		{ptr(time.Second), "1000000000", int64(1000000000)},
		{&at, "2024-02-29T23:59:58.123456789Z", "2024-02-29T23:59:58.123456789Z"},
		{(*string)(nil), "", ""},
		{(*[]byte)(nil), "", []byte(nil)},
		{(*bool)(nil), "0", false},
		{(*int)(nil), "0", int64(0)},
		{(*int8)(nil), "0", int64(0)},
		{(*int16)(nil), "0", int64(0)},
		{(*int32)(nil), "0", int64(0)},
		{(*int64)(nil), "0", int64(0)},
		{(*uint)(nil), "0", uint64(0)},
		{(*uint8)(nil), "0", uint64(0)},
		{(*uint16)(nil), "0", uint64(0)},
		{(*uint32)(nil), "0", uint64(0)},
		{(*uint64)(nil), "0", uint64(0)},
		{(*float32)(nil), "0", 0.0},
		{(*float64)(nil), "0", 0.0},
		{(*time.Duration)(nil), "0", int64(0)},
		{(*time.Time)(nil), "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
		{(*netip.Addr)(nil), "", []byte{}},
		{(*url.URL)(nil), "", []byte(nil)},
		{netip.MustParseAddr("10.0.0.1"), "\x0a\x00\x00\x01", []byte{10, 0, 0, 1}},
		{netip.MustParseAddr("49.58.58.50"), "49.58.58.50", []byte("49.58.58.50")},
		{ptr(netip.MustParseAddr("49.58.58.50")), "49.58.58.50", []byte("49.58.58.50")},
		{net.IP("1::2"), "49.58.58.50", []byte("49.58.58.50")},
	} {
		t.Run(fmt.Sprintf("%T %v", test.value, test.value), func(t *testing.T) {
			t.Parallel()
			a, err := makeArg(test.value)
			require.NoError(t, err)
			require.Equal(t, test.text, a.str())
			require.Equal(t, string(resp.AppendString(nil, test.text)), string(a.append(nil)))
			require.Equal(t, test.back, a.value())
			require.Equal(t, []any{"set", test.back}, NewCmd(t.Context(), "set", test.value).Args())
		})
	}
}

func TestNotANumber(t *testing.T) {
	t.Parallel()
	a, err := makeArg(math.NaN())
	require.NoError(t, err)
	require.Equal(t, "NaN", a.str())
}

func TestArgumentsThatCannotBeSent(t *testing.T) {
	t.Parallel()
	type named string
	for _, value := range []any{
		struct{ X int }{1}, []int{1}, []string{"a"}, map[string]any{"a": 1}, complex(1, 2), make(chan int), func() {},
		errors.New("e"), named("n"), ptr(named("n")), ptr(ptr(1)), &struct{}{}, [3]byte{1, 2, 3}, uintptr(1),
	} {
		t.Run(fmt.Sprintf("%T", value), func(t *testing.T) {
			t.Parallel()
			cmd := NewCmd(t.Context(), "set", "key", value, func() {})
			require.EqualError(t, cmd.Err(), fmt.Sprintf("redis: set: argument 2: cannot send a value of type %T (implement encoding.BinaryMarshaler)", value))
			require.Len(t, cmd.Args(), 4)
			require.NotEmpty(t, cmd.String())
		})
	}
	cmd := NewCmd(t.Context(), "set", "key", broken{})
	require.ErrorIs(t, cmd.Err(), errScripted)
	require.ErrorContains(t, cmd.Err(), "redis: set: argument 2: ")
}

// What a caller does with his bytes later is no concern of a command that has
// been sent, and a command says so if it keeps referring to them.
func TestBytesAreNotCopied(t *testing.T) {
	t.Parallel()
	b := []byte("before")
	cmd := NewCmd(t.Context(), "set", "key", b)
	copy(b, "after.")
	require.Equal(t, "set key after.: <nil>", cmd.String())
}

// The text of a command is for logs: it is short, and has no secrets.
func TestCommandTextHidesSecrets(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	const secret = "opensesame"
	for _, args := range [][]any{
		{"auth", secret},
		{"AUTH", "user", secret},
		{"auth", "user", secret, secret},
		{"hello", 3, "AUTH", "user", secret, "setname", "name"},
		{"hello", 3, "setname", "name", "auth", "user", secret},
		{"acl", "setuser", "user", "on", ">" + secret, "~*"},
		{"ACL", "SETUSER", "user", "<" + secret, "#" + secret, "!" + secret},
		{"acl", "setuser", "user", "on >" + secret},
		{"config", "set", "requirepass", secret},
		{"config", "set", "maxmemory", 1, "masterauth", secret, "primaryauth", secret},
		{"CONFIG", "SET", "TLS-Key-File-Pass", secret, "tls-client-key-file-pass", secret},
		{"migrate", "host", 6379, "key", 0, 1000, "copy", "auth", secret},
		{"migrate", "host", 6379, "", 0, 1000, "AUTH2", "user", secret, "keys", "a"},
		{"sentinel", "set", "name", "auth-pass", secret},
	} {
		cmd := NewCmd(ctx, args...)
		require.NotContains(t, cmd.String(), secret)
		require.NotContains(t, fmt.Sprintf("%v %+v %s", cmd, cmd, cmd), secret)
		require.Contains(t, cmd.String(), hidden)
		cmd.SetErr(fmt.Errorf("ERR what is %q", secret))
		require.NotContains(t, cmd.String(), secret)
		require.Contains(t, cmd.String(), "ERR what is")
	}
	for _, args := range [][]any{
		{"config", "get", "requirepass"}, {"config", "get", "*"}, {"config", "get", "maxmemory", "master*"},
		{"acl", "genpass"}, {"acl", "list"}, {"acl", "getuser", "user"},
	} {
		cmd := NewCmd(ctx, args...)
		cmd.SetVal(secret)
		require.NotContains(t, cmd.String(), secret, "%v", args)
	}
	shown := NewCmd(ctx, "config", "get", "maxmemory")
	shown.SetVal("100")
	require.Equal(t, "config get maxmemory: 100", shown.String())
	require.Equal(t, "config set maxmemory 1: <nil>", NewCmd(ctx, "config", "set", "maxmemory", 1).String())
	require.Equal(t, "auth user ***: <nil>", NewCmd(ctx, "auth", "user", secret).String())
	require.Equal(t, "set auth "+secret+": <nil>", NewCmd(ctx, "set", "auth", secret).String())
}

func TestCommandTextIsShort(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("é", 1<<20)
	cmd := NewStringCmd(t.Context(), "getset", "key", large)
	cmd.SetVal(large)
	require.Equal(t, "getset key "+strings.Repeat("é", 32)+"… (2097152 bytes): "+strings.Repeat("é", 256)+"… (2097152 bytes)", cmd.String())
	many := make([]any, 1001)
	many[0] = "del"
	for i := range many[1:] {
		many[1+i] = "k"
	}
	require.Equal(t, "del"+strings.Repeat(" k", 63)+" … (1000 arguments): 0", NewIntCmd(t.Context(), many...).String())
}

func TestOptionsAreShownWithoutSecrets(t *testing.T) {
	t.Parallel()
	const secret = "opensesame"
	opt := &Options{Addr: "127.0.0.1:1", Username: "me", Password: secret}
	cluster := &ClusterOptions{Addrs: []string{"127.0.0.1:1"}, Username: "me", Password: secret}
	universal := &UniversalOptions{Addrs: []string{"127.0.0.1:1"}, Username: "me", Password: secret}
	one, all := NewClient(opt), NewClusterClient(cluster)
	defer func() { _, _ = one.Close(), all.Close() }()
	conn := one.Conn()
	for _, v := range []any{
		opt, *opt, cluster, *cluster, universal, *universal, one.Options(), all.Options(),
		struct{ Opt Options }{*opt}, []*Options{opt}, map[string]any{"o": cluster},
		one, *one, all, conn, all.Subscribe(t.Context()), all.Pipeline(), newTx(one, 0, nil),
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			text := fmt.Sprintf(verb, v)
			require.NotContains(t, text, secret, "%T %s", v, verb)
			require.NotContains(t, text, hex.EncodeToString([]byte(secret)), "%T %s", v, verb)
		}
	}
	require.Contains(t, fmt.Sprintf("%+v", opt), "Addr:127.0.0.1:1")
	require.Contains(t, fmt.Sprintf("%+v", opt), "Password:***")
	require.Equal(t, secret, opt.Password)
	require.NotContains(t, fmt.Sprintf("%+v", new(Options)), "***", "there is none")
}

// A command has the arguments that were added, however many there are and
// whatever its name, and a copy of them is another one.
func TestArgumentsAdded(t *testing.T) {
	t.Parallel()
	text := func(c *baseCmd) (all []string) {
		for i := range c.argCount() {
			all = append(all, c.argText(i))
		}
		return all
	}
	require.Empty(t, text(new(baseCmd)))
	for name, short := range map[string]bool{
		"set": true, "SET": false, "frobnicate": false, "cluster": false, "config|get": true, "": false,
	} {
		for n := range 20 {
			for _, room := range []int{0, 1, n, n + 1} {
				var c baseCmd
				c.growArgs(room)
				c.addArg(textArg(name))
				c.growArgs(max(0, room-1))
				want := []string{name}
				for i := range n {
					a := intArg(int64(i))
					if i%2 == 1 {
						a = textArg("") // which is an argument like all others
					}
					c.addArg(a)
					want = append(want, a.str())
				}
				require.Equal(t, want, text(&c), "%q with %d", name, n)
				require.Equal(t, short && max(n, room-1) <= len(c.short), !c.isListed(), "%q with %d, %d", name, n, room)

				var own baseCmd
				own.SetErr(Nil)
				own.takeArgs(&c)
				require.Equal(t, want, text(&own))
				require.Equal(t, Nil, own.Err())
				own.addArg(textArg("more"))
				if n > 0 {
					own.setArg(1, textArg("changed"))
					require.Equal(t, "changed", own.argText(1))
				}
				require.Equal(t, want, text(&c))
				c.addArg(textArg("other"))
				require.Equal(t, "more", text(&own)[n+1])
			}
		}
	}
}

// What is rare of a command is its own, though a null reply costs none.
func TestErrorsOfCommands(t *testing.T) {
	var a, b, c StringCmd
	for _, cmd := range []*StringCmd{&a, &b, &c} {
		require.NoError(t, cmd.Err())
		cmd.SetErr(Nil)
		require.Equal(t, Nil, cmd.Err())
	}
	a.SetErr(ErrClosed)
	b.SetErr(nil)
	c.SetFirstKeyPos(2)
	require.Equal(t, ErrClosed, a.Err())
	require.NoError(t, b.Err())
	require.Equal(t, Nil, c.Err())
	c.SetErr(nil)
	require.NoError(t, c.Err())
	require.True(t, c.peculiar().keySet)

	var untouched StringCmd
	untouched.SetErr(Nil)
	require.Equal(t, Nil, untouched.Err())
	require.False(t, untouched.peculiar().keySet)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		var cmd StringCmd
		cmd.SetErr(Nil)
		cmd.SetErr(nil)
	}))
}
