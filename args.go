package redis

import (
	"encoding"
	"fmt"
	"math"
	"net"
	"strconv"
	"time"
	"unsafe"

	"github.com/seed-e06f3def/rediscluster/internal/hscan"
	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// arg is one argument of a command, kept without boxing: Redis takes text and
// numbers only, so everything a caller may pass comes down to one of the kinds
// below. It is as small as an interface, since every command has room for some.
type arg struct {
	text unsafe.Pointer // the first byte; of a number, the mark of its kind
	n    uint64         // of text the length, with ofBytes; else the number
}

type argKind uint8

const (
	argText argKind = iota
	argBytes
	argInt
	argUint
	argFloat
	argBool
	argKinds
)

// ofBytes is set in the length of a []byte.
const ofBytes = 1 << 63

// marks is for its addresses.
var marks [argKinds]byte

func (a arg) kind() argKind {
	mark := uintptr(a.text) - uintptr(unsafe.Pointer(&marks))
	switch {
	case mark < uintptr(argKinds):
		return argKind(mark)
	case a.n&ofBytes != 0:
		return argBytes
	}
	return argText
}

func textArg(s string) arg {
	if s == "" {
		return arg{unsafe.Pointer(&marks[argText]), 0} // not the same as none
	}
	return arg{unsafe.Pointer(unsafe.StringData(s)), uint64(len(s))}
}

func bytesArg(b []byte) arg {
	return arg{unsafe.Pointer(unsafe.SliceData(b)), uint64(len(b)) | ofBytes}
}

func numberArg(kind argKind, n uint64) arg { return arg{unsafe.Pointer(&marks[kind]), n} }
func intArg(n int64) arg                   { return numberArg(argInt, uint64(n)) }
func uintArg(n uint64) arg                 { return numberArg(argUint, n) }
func floatArg(f float64) arg               { return numberArg(argFloat, math.Float64bits(f)) }

// The text that servers have for the floating-point numbers that are none.
const (
	NaN  = "nan"
	Inf  = "inf"
	NInf = "-inf"
)

// makeArg converts a value as callers of go-redis know it: a time in RFC 3339
// with nanoseconds, a duration in nanoseconds, a boolean as 1 or 0, nil as the
// empty string, whatever implements [encoding.BinaryMarshaler] as its bytes, and
// pointers to these as what they point to, nil pointers as the zero value.
func makeArg(v any) (arg, error) {
	switch v := v.(type) {
	case string:
		return textArg(v), nil
	case []byte:
		return bytesArg(v), nil
	case int:
		return intArg(int64(v)), nil
	case int64:
		return intArg(v), nil
	case float64:
		return floatArg(v), nil
	case bool:
		a := numberArg(argBool, 0)
		if v {
			a.n = 1
		}
		return a, nil
	case nil:
		return textArg(""), nil
	}
	return makeRareArg(v)
}

func makeRareArg(v any) (arg, error) {
	switch v := v.(type) {
	case int8:
		return intArg(int64(v)), nil
	case int16:
		return intArg(int64(v)), nil
	case int32:
		return intArg(int64(v)), nil
	case uint:
		return uintArg(uint64(v)), nil
	case uint8:
		return uintArg(uint64(v)), nil
	case uint16:
		return uintArg(uint64(v)), nil
	case uint32:
		return uintArg(uint64(v)), nil
	case uint64:
		return uintArg(v), nil
	case float32:
		return floatArg(float64(v)), nil
	case time.Time:
		return textArg(v.Format(time.RFC3339Nano)), nil
	case time.Duration:
		return intArg(v.Nanoseconds()), nil
	case net.IP:
		return bytesArg(hscan.MarshalIP(v)), nil
	}
	if elem, ok := pointee(v); ok {
		return makeArg(elem)
	}
	if m, ok := v.(encoding.BinaryMarshaler); ok {
		b, err := hscan.Marshal(m)
		return bytesArg(b), err
	}
	return textArg(""), fmt.Errorf("cannot send a value of type %T (implement encoding.BinaryMarshaler)", v)
}

// pointee is what a pointer to a sendable type points to; of a nil pointer it is the
// zero value, as a struct's field that is one.
func pointee(v any) (any, bool) {
	switch p := v.(type) {
	case *string:
		return deref(p), true
	case *[]byte:
		return deref(p), true
	case *bool:
		return deref(p), true
	case *int:
		return deref(p), true
	case *int8:
		return deref(p), true
	case *int16:
		return deref(p), true
	case *int32:
		return deref(p), true
	case *int64:
		return deref(p), true
	case *uint:
		return deref(p), true
	case *uint8:
		return deref(p), true
	case *uint16:
		return deref(p), true
	case *uint32:
		return deref(p), true
	case *uint64:
		return deref(p), true
	case *float32:
		return deref(p), true
	case *float64:
		return deref(p), true
	case *time.Duration:
		return deref(p), true
	case *time.Time:
		return deref(p), true
	}
	return nil, false
}

func deref[T any](p *T) any {
	if p == nil {
		p = new(T)
	}
	return *p
}

// size is the length of a text; numbers have none.
func (a arg) size() int {
	if k := a.kind(); k == argText || k == argBytes {
		return int(a.n &^ ofBytes)
	}
	return 0
}

// str gives the argument's text, as the server will see it.
func (a arg) str() string {
	switch a.kind() {
	case argText, argBytes:
		return unsafe.String((*byte)(a.text), int(a.n&^ofBytes))
	case argFloat:
		return strconv.FormatFloat(math.Float64frombits(a.n), 'f', -1, 64)
	case argUint, argBool:
		return strconv.FormatUint(a.n, 10)
	}
	return strconv.FormatInt(int64(a.n), 10)
}

// value gives the argument back as Go knows it.
func (a arg) value() any {
	switch a.kind() {
	case argBytes:
		return unsafe.Slice((*byte)(a.text), int(a.n&^ofBytes))
	case argInt:
		return int64(a.n)
	case argUint:
		return a.n
	case argFloat:
		return math.Float64frombits(a.n)
	case argBool:
		return a.n == 1
	}
	return a.str()
}

// append encodes the argument for the wire.
func (a arg) append(b []byte) []byte {
	switch a.kind() {
	case argInt:
		return resp.AppendInt(b, int64(a.n))
	case argUint, argBool:
		return resp.AppendUint(b, a.n)
	case argFloat:
		return resp.AppendFloat(b, math.Float64frombits(a.n))
	}
	return resp.AppendString(b, a.str())
}
