package hscan

import (
	"encoding"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// wire is the text of an argument as a command would send it.
func wire(t *testing.T, arg any) string {
	t.Helper()
	switch arg := arg.(type) {
	case time.Time:
		return arg.Format(time.RFC3339Nano)
	case time.Duration:
		return fmt.Sprint(arg.Nanoseconds())
	case encoding.BinaryMarshaler:
		b, err := arg.MarshalBinary()
		require.NoError(t, err)
		return string(b)
	case []byte:
		return string(arg)
	case net.IP:
		return string(arg)
	}
	return fmt.Sprint(arg)
}

func TestArgs(t *testing.T) {
	t.Parallel()
	when := time.Date(2024, 1, 2, 3, 4, 5, 6, time.UTC)
	for _, test := range []struct {
		name string
		v    any
		want []any
	}{
		{"nil", nil, []any{"first"}},
		{"texts", []string{"a", "b"}, []any{"first", "a", "b"}},
		{"list", []any{"a", 1, nil}, []any{"first", "a", 1, nil}},
		{"map", map[string]any{"a": 1}, []any{"first", "a", 1}},
		{"map of texts", map[string]string{"a": "1"}, []any{"first", "a", "1"}},
		{"empty list", []any{}, []any{"first"}},
		{"text", "a", []any{"first", "a"}},
		{"bytes", []byte("a"), []any{"first", []byte("a")}},
		{"number", 5, []any{"first", 5}},
		{"rare number", uint8(5), []any{"first", uint8(5)}},
		{"other list", []int{1}, []any{"first", []int{1}}},
		{"time", when, []any{"first", when}},
		{"duration", time.Second, []any{"first", time.Second}},
		{"address", net.IP{1, 2, 3, 4}, []any{"first", net.IP{1, 2, 3, 4}}},
		{"marshaler", &point{1, 2}, []any{"first", &point{1, 2}}},
		{"pointer", ptr("a"), []any{"first", ptr("a")}},
		{"struct", base{ID: 1, Name: "n"}, []any{"first", "id", int64(1), "name", "n"}},
		{"pointer to struct", &base{ID: 1}, []any{"first", "id", int64(1), "name", ""}},
	} {
		got, err := Args([]any{"first"}, test.v)
		require.NoError(t, err, test.name)
		require.Equal(t, test.want, got, test.name)
	}
	got, err := Args(nil, map[string]string{"a": "1", "b": "2"})
	require.NoError(t, err)
	require.Len(t, got, 4)
	require.ElementsMatch(t, []any{"a", "1", "b", "2"}, got)
}

func TestArgsOfEveryFieldType(t *testing.T) {
	t.Parallel()
	type textual struct{ textKind }
	type all struct {
		String   string        `redis:"string"`
		Bytes    []byte        `redis:"bytes"`
		Bool     bool          `redis:"bool"`
		Int8     int8          `redis:"int8"`
		Uint32   uint32        `redis:"uint32"`
		Float32  float32       `redis:"float32"`
		Float64  float64       `redis:"float64"`
		Colour   colour        `redis:"colour"`
		Pointer  *int          `redis:"pointer"`
		Nil      *int          `redis:"nil"`
		NilTime  *time.Time    `redis:"niltime"`
		NilPoint *point        `redis:"nilpoint"`
		Any      any           `redis:"any"`
		NilAny   any           `redis:"nilany"`
		Text     textual       `redis:"text"`
		Duration time.Duration `redis:"duration"`
		secret   string        `redis:"secret"`
		Plain    string
	}
	v := all{
		String: "s", Bytes: []byte("b"), Bool: true, Int8: -8, Uint32: 32, Float32: 0.1, Float64: 0.2, Colour: "red",
		Pointer: ptr(7), Any: uint8(1), Text: textual{textKind{"t"}}, Duration: time.Second, secret: "x", Plain: "x",
	}
	want := []any{
		"string", "s", "bytes", []byte("b"), "bool", true, "int8", int64(-8), "uint32", uint64(32),
		"float32", float32(0.1), "float64", 0.2, "colour", "red", "pointer", int64(7), "nil", int64(0),
		"niltime", time.Time{}, "nilpoint", &point{}, "any", uint8(1), "nilany", "", "text", "<t>",
		"duration", time.Second,
	}
	got, err := Args(nil, v)
	require.NoError(t, err)
	require.Equal(t, want, got)
	got, err = Args(nil, &v)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// textKind has no binary form.
type textKind struct{ s string }

func (k textKind) MarshalText() ([]byte, error) {
	if k.s == "bad" {
		return nil, errors.New("bad text")
	}
	return []byte("<" + k.s + ">"), nil
}

func TestArgsOmitEmpty(t *testing.T) {
	t.Parallel()
	type sparse struct {
		String  string         `redis:"string,omitempty"`
		Int     int            `redis:"int,omitempty"`
		Uint    uint           `redis:"uint,other,omitempty"`
		Float   float64        `redis:"float,omitempty"`
		Bool    bool           `redis:"bool,omitempty"`
		Bytes   []byte         `redis:"bytes,omitempty"`
		Pointer *int           `redis:"pointer,omitempty"`
		Any     any            `redis:"any,omitempty"`
		Time    time.Time      `redis:"time,omitempty"`
		Map     map[string]int `redis:"map,omitempty"`
		Kept    int            `redis:"kept"`
		Point   point          `redis:"point,omitempty"`
	}
	got, err := Args(nil, sparse{})
	require.NoError(t, err)
	require.Equal(t, []any{"kept", int64(0), "point", &point{}}, got)

	zero := 0
	got, err = Args(nil, sparse{String: "s", Int: 1, Bool: true, Pointer: &zero, Any: 0})
	require.NoError(t, err)
	require.Equal(t, []any{"string", "s", "int", int64(1), "bool", true, "pointer", int64(0), "any", 0,
		"kept", int64(0), "point", &point{}}, got)
}

func TestArgsOfEmbeddedStructs(t *testing.T) {
	t.Parallel()
	type outer struct {
		base
		*Meta
		*hidden
		Name string `redis:"name"`
	}
	got, err := Args(nil, outer{base: base{ID: 1, Name: "inner"}, Name: "outer"})
	require.NoError(t, err)
	require.Equal(t, []any{"id", int64(1), "name", "outer"}, got)
	got, err = Args(nil, outer{Meta: &Meta{Tag: "t"}, hidden: &hidden{"s"}})
	require.NoError(t, err)
	require.Equal(t, []any{"id", int64(0), "tag", "t", "secret", "s", "name", ""}, got)
}

func TestArgsErrors(t *testing.T) {
	t.Parallel()
	type bad struct {
		OK   int      `redis:"ok"`
		List []string `redis:"list"`
	}
	type badText struct {
		Text textKind `redis:"text"`
	}
	for _, test := range []struct {
		v    any
		want string
	}{
		{struct{ A int }{}, "cannot send a struct { A int }: no field has a redis tag, and it does not implement encoding.BinaryMarshaler"},
		{(*base)(nil), "cannot send a nil *hscan.base"},
		{(*string)(nil), "cannot send a nil *string"},
		{(*time.Time)(nil), "cannot send a nil *time.Time"},
		{bad{}, "cannot send field hscan.bad.List of type []string (implement encoding.BinaryMarshaler)"},
		{badText{textKind{"bad"}}, "cannot send field hscan.badText.Text of type hscan.textKind: bad text"},
	} {
		_, err := Args(nil, test.v)
		require.EqualError(t, err, test.want)
	}
}

func BenchmarkArgs(b *testing.B) {
	v := &base{ID: 1, Name: "n"}
	dst := make([]any, 0, 8)
	for b.Loop() {
		_, _ = Args(dst[:0], v)
	}
}
