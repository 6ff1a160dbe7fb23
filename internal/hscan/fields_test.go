package hscan

import (
	"net"
	"net/netip"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type user struct {
	Name    string        `redis:"name"`
	Raw     []byte        `redis:"raw"`
	Age     int8          `redis:"age,omitempty"`
	Count   uint16        `redis:"count"`
	Rate    float32       `redis:"rate"`
	Active  bool          `redis:"active"`
	Since   time.Time     `redis:"since"`
	Every   time.Duration `redis:"every"`
	Colour  colour        `redis:"colour"`
	At      point         `redis:"at"`
	Shout   upper         `redis:"shout"`
	Address net.IP        `redis:"address"`
	Skipped string        `redis:"-"`
	Unnamed string        `redis:",omitempty"`
	Plain   string
}

func scanAll(t *testing.T, dst any, pairs ...string) {
	t.Helper()
	s, err := Fields(dst)
	require.NoError(t, err)
	for i := 0; i < len(pairs); i += 2 {
		require.NoError(t, s.Scan(pairs[i], pairs[i+1]))
	}
}

func TestScanFields(t *testing.T) {
	t.Parallel()
	u := user{Plain: "kept", Skipped: "kept", Unnamed: "kept"}
	scanAll(t, &u, "name", "Ada", "raw", "\x00\x01", "age", "36", "count", "65535", "rate", "0.5", "active", "1",
		"since", "1843-07-08T00:00:00Z", "every", "1000000", "colour", "red", "at", "ab", "shout", "hey",
		"address", "127.0.0.1", "Plain", "x", "-", "x", "", "x", "unknown", "x", "Skipped", "x")
	require.Equal(t, user{
		Name: "Ada", Raw: []byte{0, 1}, Age: 36, Count: 65535, Rate: 0.5, Active: true,
		Since: time.Date(1843, 7, 8, 0, 0, 0, 0, time.UTC), Every: time.Millisecond, Colour: "red", At: point{'a', 'b'},
		Shout: "HEY", Address: net.ParseIP("127.0.0.1"), Plain: "kept", Skipped: "kept", Unnamed: "kept",
	}, u)
}

func TestScanPointerFields(t *testing.T) {
	t.Parallel()
	type pointers struct {
		Text  *string     `redis:"text"`
		Int   *int        `redis:"int"`
		Time  *time.Time  `redis:"time"`
		At    *point      `redis:"at"`
		Shout *upper      `redis:"shout"`
		Named *level      `redis:"named"`
		Twice **int       `redis:"twice"`
		Left  *string     `redis:"left"`
		Addr  *netip.Addr `redis:"addr"`
	}
	n := 1
	p := pointers{Int: &n}
	scanAll(t, &p, "text", "", "int", "2", "time", "2024-01-01T00:00:00Z", "at", "xy", "shout", "a", "named", "3",
		"twice", "4", "addr", "10.0.0.1")
	require.Equal(t, 2, n, "what a pointer points to is set")
	require.Equal(t, pointers{
		Text: ptr(""), Int: &n, Time: ptr(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)), At: &point{'x', 'y'},
		Shout: ptr(upper("A")), Named: ptr(level(3)), Twice: ptr(ptr(4)), Addr: ptr(netip.MustParseAddr("10.0.0.1")),
	}, p)

	var q pointers
	s, err := Fields(&q)
	require.NoError(t, err)
	require.Error(t, s.Scan("int", ""))
	require.Error(t, s.Scan("twice", "x"))
	require.Error(t, s.Scan("shout", ""))
	require.Equal(t, pointers{}, q, "a pointer stays nil when its value is bad")
}

type base struct {
	ID   int    `redis:"id"`
	Name string `redis:"name"`
}

type Meta struct {
	Tag string `redis:"tag"`
	*Meta
}

type hidden struct {
	Secret string `redis:"secret"`
}

func TestScanEmbeddedFields(t *testing.T) {
	t.Parallel()
	type outer struct {
		base
		*Meta
		*hidden
		Name string `redis:"name"`
	}
	var o outer
	scanAll(t, &o, "id", "5")
	require.Nil(t, o.Meta, "not made before it is needed")
	scanAll(t, &o, "name", "outer", "tag", "t")
	require.Equal(t, outer{base: base{ID: 5}, Meta: &Meta{Tag: "t"}, Name: "outer"}, o)

	s, err := Fields(&o)
	require.NoError(t, err)
	require.EqualError(t, s.Scan("secret", "x"), `redis: cannot scan 1 bytes into field hscan.outer.hidden.Secret of type string: `+
		`an embedded pointer on the way to it is nil and not exported`)
	o.hidden = new(hidden)
	require.NoError(t, s.Scan("secret", "x"))
	require.Equal(t, "x", o.Secret)

	// With a tag of its own an embedded struct is a field like any other.
	type tagged struct {
		Meta `redis:"meta"`
		base `redis:"-"`
	}
	var g tagged
	s, err = Fields(&g)
	require.NoError(t, err)
	require.NoError(t, s.Scan("id", "5"))
	require.ErrorContains(t, s.Scan("meta", "x"), "unsupported type")
	require.Equal(t, tagged{}, g)
}

func TestScanLaterFieldWins(t *testing.T) {
	t.Parallel()
	type twice struct {
		A int `redis:"n"`
		B int `redis:"n"`
	}
	var v twice
	scanAll(t, &v, "n", "1")
	require.Equal(t, twice{B: 1}, v)
	args, err := Args(nil, v)
	require.NoError(t, err)
	require.Equal(t, []any{"n", int64(1)}, args)
}

func TestScanErrors(t *testing.T) {
	t.Parallel()
	type bad struct {
		Age    int8            `redis:"age"`
		secret string          `redis:"secret"`
		List   []string        `redis:"list"`
		Map    map[string]int  `redis:"map"`
		Any    any             `redis:"any"`
		Struct struct{ A int } `redis:"struct"`
		Func   func()          `redis:"func"`
		At     *point          `redis:"at"`
		Since  time.Time       `redis:"since"`
	}
	var b bad
	s, err := Fields(&b)
	require.NoError(t, err)
	for _, test := range []struct{ name, value, want string }{
		{"age", "300", `redis: cannot scan 3 bytes into field hscan.bad.Age of type int8: value out of range`},
		{"age", "", `redis: cannot scan 0 bytes into field hscan.bad.Age of type int8: invalid syntax`},
		{"secret", "x", `redis: cannot scan 1 bytes into field hscan.bad.secret of type string: the field is not exported`},
		{"list", "x", `field hscan.bad.List of type []string: unsupported type`},
		{"map", "x", "unsupported type"},
		{"any", "x", "unsupported type"},
		{"struct", "x", "unsupported type"},
		{"func", "x", "unsupported type"},
		{"at", "x", "field hscan.bad.At of type *hscan.point: want two bytes"},
		{"since", "now", "field hscan.bad.Since of type time.Time: parsing time"},
	} {
		require.ErrorContains(t, s.Scan(test.name, test.value), test.want)
	}
	require.Equal(t, bad{}, b)
	require.Empty(t, b.secret)
}

func TestFieldsErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		dst  any
		want string
	}{
		{nil, "redis: cannot scan fields into nil: want a pointer to a struct"},
		{user{}, "redis: cannot scan fields into a hscan.user: want a pointer to a struct"},
		{(*user)(nil), "redis: cannot scan fields into a nil *hscan.user: want a pointer to a struct"},
		{new(int), "redis: cannot scan fields into a *int: want a pointer to a struct"},
		{ptr(new(user)), "redis: cannot scan fields into a **hscan.user: want a pointer to a struct"},
		{&map[string]string{}, "redis: cannot scan fields into a *map[string]string: want a pointer to a struct"},
	} {
		_, err := Fields(test.dst)
		require.EqualError(t, err, test.want)
	}
	require.NoError(t, Struct{}.Scan("name", "x"))
}

// What Args sends can be scanned again.
func TestArgsAndScanAgree(t *testing.T) {
	t.Parallel()
	type both struct {
		Text  string        `redis:"text"`
		Time  *time.Time    `redis:"time"`
		Every time.Duration `redis:"every"`
		V4    net.IP        `redis:"v4"`
		V6    net.IP        `redis:"v6"`
		Addr  netip.Addr    `redis:"addr"`
		URL   *url.URL      `redis:"url"`
		At    point         `redis:"at"`
		Level level         `redis:"level"`
		Bytes []byte        `redis:"bytes"`
	}
	u, err := url.Parse("http://example.com/a?b=c")
	require.NoError(t, err)
	in := both{
		Text: "text", Time: ptr(time.Date(2024, 1, 2, 3, 4, 5, 6, time.UTC)), Every: time.Second,
		V4: net.IP{127, 0, 0, 1}, V6: net.ParseIP("2001:db8::1"), Addr: netip.MustParseAddr("10.1.2.3"), URL: u,
		At: point{1, 2}, Level: 3, Bytes: []byte{0, 255},
	}
	args, err := Args(nil, &in)
	require.NoError(t, err)
	var out both
	s, err := Fields(&out)
	require.NoError(t, err)
	for i := 0; i < len(args); i += 2 {
		require.NoError(t, s.Scan(args[i].(string), wire(t, args[i+1])))
	}
	require.Equal(t, in, out)
}

func TestPlansAreShared(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			type fresh struct {
				N int `redis:"n"`
			}
			var v fresh
			s, err := Fields(&v)
			if err == nil {
				err = s.Scan("n", "3")
			}
			if err != nil || v.N != 3 {
				t.Errorf("n is %d, error %v", v.N, err)
			}
		})
	}
	wg.Wait()
}

func BenchmarkScanFields(b *testing.B) {
	var u user
	for b.Loop() {
		s, _ := Fields(&u)
		_ = s.Scan("name", "Ada")
		_ = s.Scan("age", "36")
		_ = s.Scan("active", "1")
	}
}
