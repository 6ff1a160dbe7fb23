package hscan

import (
	"encoding"
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"time"
)

// Args appends v to a command's arguments. A list or a map is spread out, as
// is a struct: for each field with a `redis:"name"` tag the name and the
// value, without those that are empty and tagged `redis:"name,omitempty"`.
// A time, an address or whatever implements [encoding.BinaryMarshaler] is one
// argument, and so is every other value. A nil adds nothing. Errors have no
// "redis: " in front, as the caller knows the command that they belong to.
func Args(dst []any, v any) ([]any, error) {
	switch v := v.(type) {
	case nil:
		return dst, nil
	case []string:
		for _, s := range v {
			dst = append(dst, s)
		}
		return dst, nil
	case []any:
		return append(dst, v...), nil
	case map[string]any:
		for name, value := range v {
			dst = append(dst, name, value)
		}
		return dst, nil
	case map[string]string:
		for name, value := range v {
			dst = append(dst, name, value)
		}
		return dst, nil
	case string, []byte, int, int64, float64, time.Time, time.Duration, net.IP:
		return append(dst, v), nil
	}
	if isNil(v) {
		return dst, fmt.Errorf("cannot send a nil %T", v)
	}
	if _, ok := v.(encoding.BinaryMarshaler); ok {
		return append(dst, v), nil
	}
	r := reflect.ValueOf(v)
	if r.Kind() == reflect.Pointer {
		r = r.Elem()
	}
	if r.Kind() != reflect.Struct {
		return append(dst, v), nil
	}
	return structArgs(dst, r)
}

func structArgs(dst []any, v reflect.Value) ([]any, error) {
	p := planOf(v.Type())
	if len(p.fields) == 0 {
		return dst, fmt.Errorf("cannot send a %s: no field has a redis tag, and it does not implement encoding.BinaryMarshaler", v.Type())
	}
	for _, f := range p.fields {
		value, ok := f.find(v)
		if !ok || !f.exported || f.omitEmpty && isEmpty(value) {
			continue
		}
		if f.encode == nil {
			return dst, fmt.Errorf("cannot send field %s of type %s (implement encoding.BinaryMarshaler)", f.path, f.typ)
		}
		arg, err := f.encode(value)
		if err != nil {
			return dst, fmt.Errorf("cannot send field %s of type %s: %w", f.path, f.typ, err)
		}
		dst = append(dst, f.name, arg)
	}
	return dst, nil
}

// isEmpty is what omitempty means: false, zero, nil, no length, and the zero
// time. No other struct is empty.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice:
		return v.Len() == 0
	case reflect.Struct:
		return v.Type() == timeType && v.IsZero()
	}
	return v.IsZero()
}

// encoder gives the value of a field as one of the types that every command
// takes as an argument, or as an encoding.BinaryMarshaler.
type encoder func(v reflect.Value) (any, error)

var (
	timeType            = reflect.TypeFor[time.Time]()
	addrType            = reflect.TypeFor[netip.Addr]()
	addrPortType        = reflect.TypeFor[netip.AddrPort]()
	prefixType          = reflect.TypeFor[netip.Prefix]()
	durationType        = reflect.TypeFor[time.Duration]()
	binaryMarshalerType = reflect.TypeFor[encoding.BinaryMarshaler]()
	textMarshalerType   = reflect.TypeFor[encoding.TextMarshaler]()
)

// Marshal gives the bytes that m is sent as: its binary form, of a nil pointer that of
// the zero value, as in a struct. The few addresses whose bytes read as the text of
// another, as those of 49.58.58.50 do, are sent as text.
func Marshal(m encoding.BinaryMarshaler) ([]byte, error) {
	if p := reflect.ValueOf(m); p.Kind() == reflect.Pointer {
		if p.IsNil() {
			p = reflect.New(p.Type().Elem())
			m = p.Interface().(encoding.BinaryMarshaler)
		}
		if isAddress(p.Type().Elem()) {
			m = p.Elem().Interface().(encoding.BinaryMarshaler)
		}
	}
	switch m := m.(type) {
	case netip.Addr:
		return marshalAddress(m, new(netip.Addr))
	case netip.AddrPort:
		return marshalAddress(m, new(netip.AddrPort))
	case netip.Prefix:
		return marshalAddress(m, new(netip.Prefix))
	}
	return m.MarshalBinary()
}

// MarshalIP is Marshal for an IP.
func MarshalIP(ip net.IP) []byte {
	if new(net.IP).UnmarshalText(ip) == nil {
		if text, err := ip.MarshalText(); err == nil {
			return text
		}
	}
	return ip
}

func isAddress(t reflect.Type) bool {
	return t == addrType || t == addrPortType || t == prefixType
}

func marshalAddress(v interface {
	encoding.BinaryMarshaler
	encoding.TextMarshaler
}, other encoding.TextUnmarshaler) ([]byte, error) {
	b, err := v.MarshalBinary()
	if err == nil && other.UnmarshalText(b) == nil {
		return v.MarshalText()
	}
	return b, err
}

// newEncoder returns nil when values of the type cannot be sent.
func newEncoder(t reflect.Type, depth int) encoder {
	ptr := reflect.PointerTo(t)
	switch {
	case t == timeType || t == durationType || t == ipType:
		return asIs
	case t.Kind() == reflect.Pointer:
		if depth == deepest {
			return nil
		}
		return pointerEncoder(t.Elem(), newEncoder(t.Elem(), depth+1))
	case t.Kind() == reflect.Interface:
		return encodeInterface
	case t.Implements(binaryMarshalerType):
		return asIs
	case ptr.Implements(binaryMarshalerType):
		return func(v reflect.Value) (any, error) { return addressable(v).Interface(), nil }
	case ptr.Implements(textMarshalerType):
		return encodeText
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return func(v reflect.Value) (any, error) { return v.Bytes(), nil }
	}
	return kindEncoders[t.Kind()]
}

// kindEncoders also takes care of types like `type Colour string`.
var kindEncoders = [reflect.UnsafePointer + 1]encoder{
	reflect.String:  func(v reflect.Value) (any, error) { return v.String(), nil },
	reflect.Bool:    func(v reflect.Value) (any, error) { return v.Bool(), nil },
	reflect.Int:     encodeInt,
	reflect.Int8:    encodeInt,
	reflect.Int16:   encodeInt,
	reflect.Int32:   encodeInt,
	reflect.Int64:   encodeInt,
	reflect.Uint:    encodeUint,
	reflect.Uint8:   encodeUint,
	reflect.Uint16:  encodeUint,
	reflect.Uint32:  encodeUint,
	reflect.Uint64:  encodeUint,
	reflect.Uintptr: encodeUint,
	reflect.Float32: func(v reflect.Value) (any, error) { return float32(v.Float()), nil },
	reflect.Float64: func(v reflect.Value) (any, error) { return v.Float(), nil },
}

func asIs(v reflect.Value) (any, error) { return v.Interface(), nil }

func encodeInt(v reflect.Value) (any, error) { return v.Int(), nil }

func encodeUint(v reflect.Value) (any, error) { return v.Uint(), nil }

func encodeText(v reflect.Value) (any, error) {
	text, err := addressable(v).Interface().(encoding.TextMarshaler).MarshalText()
	return string(text), err
}

// encodeInterface leaves the judgement of what is inside to the caller, but a
// nil is the empty string.
func encodeInterface(v reflect.Value) (any, error) {
	if v.IsNil() {
		return "", nil
	}
	return v.Interface(), nil
}

// pointerEncoder sends what is pointed to. For a nil pointer that is the zero
// value, as a hash cannot hold a nil.
func pointerEncoder(elem reflect.Type, encode encoder) encoder {
	if encode == nil {
		return nil
	}
	return func(v reflect.Value) (any, error) {
		if v.IsNil() {
			return encode(reflect.Zero(elem))
		}
		return encode(v.Elem())
	}
}

// addressable returns a pointer to v, or to a copy of it.
func addressable(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v.Addr()
	}
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return p
}
