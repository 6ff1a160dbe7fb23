package hscan

import (
	"encoding"
	"errors"
	"net"
	"reflect"
	"strconv"
	"sync"
)

// decoder reads text into a value that can be set.
type decoder func(dst reflect.Value, s string) error

var errUnsupported = errors.New("unsupported type (implement encoding.BinaryUnmarshaler)")

// deepest bounds how many pointers are followed, as a type may point to itself.
const deepest = 4

var (
	scannerType           = reflect.TypeFor[Scanner]()
	textUnmarshalerType   = reflect.TypeFor[encoding.TextUnmarshaler]()
	binaryUnmarshalerType = reflect.TypeFor[encoding.BinaryUnmarshaler]()
	ipType                = reflect.TypeFor[net.IP]()
)

// decoders has the decoder of every type that was asked for, also of those
// that have none.
var decoders sync.Map // reflect.Type → decoder

// decoderOf returns nil when values of the type cannot be read.
func decoderOf(t reflect.Type) decoder {
	if d, ok := decoders.Load(t); ok {
		return d.(decoder)
	}
	d := newDecoder(t, 0)
	decoders.Store(t, d)
	return d
}

func newDecoder(t reflect.Type, depth int) decoder {
	ptr := reflect.PointerTo(t)
	switch {
	case ptr.Implements(scannerType):
		return decodeScanner
	case t == ipType:
		return decodeIP
	case isAddress(t):
		return decodeAddress
	case ptr.Implements(textUnmarshalerType) && ptr.Implements(binaryUnmarshalerType):
		return decodeBinaryOrText
	case ptr.Implements(textUnmarshalerType):
		return decodeText
	case ptr.Implements(binaryUnmarshalerType):
		return decodeBinary
	case t.Kind() == reflect.Pointer:
		if depth == deepest {
			return nil
		}
		return pointerDecoder(newDecoder(t.Elem(), depth+1))
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return decodeBytes
	}
	return kindDecoders[t.Kind()]
}

// kindDecoders has nil for the kinds that cannot be read.
var kindDecoders = [reflect.UnsafePointer + 1]decoder{
	reflect.String:  func(dst reflect.Value, s string) error { dst.SetString(s); return nil },
	reflect.Bool:    decodeBool,
	reflect.Int:     decodeInt,
	reflect.Int8:    decodeInt,
	reflect.Int16:   decodeInt,
	reflect.Int32:   decodeInt,
	reflect.Int64:   decodeInt,
	reflect.Uint:    decodeUint,
	reflect.Uint8:   decodeUint,
	reflect.Uint16:  decodeUint,
	reflect.Uint32:  decodeUint,
	reflect.Uint64:  decodeUint,
	reflect.Uintptr: decodeUint,
	reflect.Float32: decodeFloat,
	reflect.Float64: decodeFloat,
}

func decodeBool(dst reflect.Value, s string) error {
	b, err := strconv.ParseBool(s)
	if err == nil {
		dst.SetBool(b)
	}
	return reason(err)
}

func decodeInt(dst reflect.Value, s string) error {
	n, err := strconv.ParseInt(s, 10, dst.Type().Bits())
	if err == nil {
		dst.SetInt(n)
	}
	return reason(err)
}

func decodeUint(dst reflect.Value, s string) error {
	n, err := strconv.ParseUint(s, 10, dst.Type().Bits())
	if err == nil {
		dst.SetUint(n)
	}
	return reason(err)
}

func decodeFloat(dst reflect.Value, s string) error {
	f, err := strconv.ParseFloat(s, dst.Type().Bits())
	if err == nil {
		dst.SetFloat(f)
	}
	return reason(err)
}

func decodeBytes(dst reflect.Value, s string) error {
	dst.SetBytes([]byte(s))
	return nil
}

func decodeScanner(dst reflect.Value, s string) error {
	return dst.Addr().Interface().(Scanner).ScanRedis(s)
}

func decodeText(dst reflect.Value, s string) error {
	return dst.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s))
}

func decodeBinary(dst reflect.Value, s string) error {
	return dst.Addr().Interface().(encoding.BinaryUnmarshaler).UnmarshalBinary([]byte(s))
}

// decodeBinaryOrText is for types that have both forms: Args sends the binary one, and
// other programs may store the text. A form is what s is in if the value that it gives
// would be written as s again. Where neither is, either will do.
func decodeBinaryOrText(dst reflect.Value, s string) error {
	v := dst.Addr().Interface()
	binary, sends := v.(encoding.BinaryMarshaler)
	if !sends { // the text is what Args sends
		err := decodeText(dst, s)
		if err != nil && decodeBinary(dst, s) == nil {
			return nil
		}
		return err
	}
	err := decodeBinary(dst, s)
	if err == nil {
		if b, err := binary.MarshalBinary(); err == nil && string(b) == s {
			return nil
		}
	}
	if errText := decodeText(dst, s); errText == nil {
		if err != nil {
			return nil
		}
		if text, ok := v.(encoding.TextMarshaler); ok {
			if b, err := text.MarshalText(); err == nil && string(b) == s {
				return nil
			}
		}
	} else if err != nil {
		return errText
	}
	return decodeBinary(dst, s)
}

// decodeSelf is for Value, which reads what is sent: of an address mostly its bytes.
func decodeSelf(dst reflect.Value, s string) error {
	if !isAddress(dst.Type()) {
		return decodeBinaryOrText(dst, s)
	}
	other := reflect.New(dst.Type())
	if decodeText(other.Elem(), s) == nil {
		if b, _ := Marshal(other.Interface().(encoding.BinaryMarshaler)); string(b) == s {
			dst.Set(other.Elem())
			return nil
		}
	}
	return decodeBinary(dst, s)
}

// decodeAddress reads an address as text, and else as the bytes that Args sends.
func decodeAddress(dst reflect.Value, s string) error {
	err := decodeText(dst, s)
	if err != nil && decodeBinary(dst, s) == nil {
		return nil
	}
	return err
}

// decodeIP reads an address as text, and else as the bytes that Args sends.
func decodeIP(dst reflect.Value, s string) error {
	err := decodeText(dst, s)
	if err != nil && (len(s) == net.IPv4len || len(s) == net.IPv6len) {
		dst.SetBytes([]byte(s))
		return nil
	}
	return err
}

// pointerDecoder reads into what the pointer points to, which is made when the
// pointer is nil.
func pointerDecoder(decode decoder) decoder {
	if decode == nil {
		return nil
	}
	return func(dst reflect.Value, s string) error {
		if !dst.IsNil() {
			return decode(dst.Elem(), s)
		}
		fresh := reflect.New(dst.Type().Elem())
		if err := decode(fresh.Elem(), s); err != nil {
			return err
		}
		dst.Set(fresh)
		return nil
	}
}
