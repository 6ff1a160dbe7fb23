// Package hscan turns the text of replies into Go values, among them structs
// whose fields have `redis:"name"` tags, and such structs into arguments.
package hscan

import (
	"encoding"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Scanner is implemented by types that read themselves from the text of a
// reply, such as the value of a field of a hash. An error of ScanRedis becomes
// part of the error of the scan.
type Scanner interface {
	ScanRedis(s string) error
}

var errNil = errors.New("redis: cannot scan into nil")

// Value reads s into what dst points to: text, numbers in decimal, a boolean
// as [strconv.ParseBool] knows them, a [time.Time] in RFC 3339, a
// [time.Duration] in nanoseconds, a [net.IP] from its bytes, and types that
// implement [encoding.BinaryUnmarshaler], [Scanner] or
// [encoding.TextUnmarshaler]. What dst points to is unchanged after an error,
// unless it reads itself.
func Value(s string, dst any) error {
	if isNil(dst) {
		if dst == nil {
			return errNil
		}
		return fmt.Errorf("redis: cannot scan into a nil %T", dst)
	}
	if err := scan(s, dst); err != nil {
		return fmt.Errorf("redis: cannot scan %s into %T: %w", shown(s), dst, withoutValue(err, s))
	}
	return nil
}

// Slice reads each text as Value does and appends the results to the slice
// that slicePtr points to, whose elements may be values or pointers to values.
// The slice is unchanged after an error.
func Slice(data []string, slicePtr any) error {
	if list, ok := slicePtr.(*[]string); ok && list != nil {
		*list = append(*list, data...)
		return nil
	}
	ptr := reflect.ValueOf(slicePtr)
	if ptr.Kind() != reflect.Pointer || ptr.IsNil() || ptr.Elem().Kind() != reflect.Slice {
		return fmt.Errorf("redis: cannot scan a list into %s: want a pointer to a slice", describe(slicePtr))
	}
	list := ptr.Elem()
	elem := list.Type().Elem()
	isPointer := elem.Kind() == reflect.Pointer
	if isPointer {
		elem = elem.Elem()
	}
	read := reflect.MakeSlice(list.Type(), len(data), len(data))
	for i, s := range data {
		v := read.Index(i)
		if isPointer {
			v.Set(reflect.New(elem))
		} else {
			v = v.Addr()
		}
		if err := scan(s, v.Interface()); err != nil {
			return fmt.Errorf("redis: cannot scan element %d, %s, into %s: %w", i, shown(s), elem, withoutValue(err, s))
		}
	}
	list.Set(reflect.AppendSlice(list, read))
	return nil
}

// scan knows the most common types itself and leaves the others to a decoder.
func scan(s string, dst any) (err error) {
	switch dst := dst.(type) {
	case *string:
		*dst = s
	case *[]byte:
		*dst = []byte(s)
	case *int:
		return set(dst)(strconv.Atoi(s))
	case *int64:
		return set(dst)(strconv.ParseInt(s, 10, 64))
	case *float64:
		return set(dst)(strconv.ParseFloat(s, 64))
	case *bool:
		return set(dst)(strconv.ParseBool(s))
	case *time.Time:
		return set(dst)(time.Parse(time.RFC3339Nano, s))
	case *net.IP:
		if len(s) == net.IPv4len || len(s) == net.IPv6len || dst.UnmarshalText([]byte(s)) != nil {
			*dst = net.IP(s)
		}
	case encoding.BinaryUnmarshaler:
		if v := reflect.ValueOf(dst); v.Kind() == reflect.Pointer {
			if _, both := dst.(encoding.TextUnmarshaler); both {
				return decodeSelf(v.Elem(), s)
			}
		}
		return dst.UnmarshalBinary([]byte(s))
	default:
		return scanRare(s, dst)
	}
	return nil
}

// set stores a parsed value unless parsing failed.
func set[T any](dst *T) func(T, error) error {
	return func(v T, err error) error {
		if err != nil {
			return reason(err)
		}
		*dst = v
		return nil
	}
}

func scanRare(s string, dst any) error {
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer {
		return errors.New("it is not a pointer")
	}
	decode := decoderOf(v.Type().Elem())
	if decode == nil {
		return errUnsupported
	}
	return decode(v.Elem(), s)
}

// reason takes the number, which the caller quotes anyway, out of strconv's
// errors.
func reason(err error) error {
	var number *strconv.NumError
	if errors.As(err, &number) {
		return number.Err
	}
	return err
}

// shown is what an error tells of a value: how long it is, as it may be a secret.
func shown(s string) string { return fmt.Sprintf("%d bytes", len(s)) }

// withoutValue is err without the value, which errors of the standard library quote.
func withoutValue(err error, s string) error {
	if err == nil {
		return nil
	}
	var when *time.ParseError
	if errors.As(err, &when) {
		return errNoTime
	}
	text := err.Error()
	hidden := strings.NewReplacer(strconv.Quote(s), "it", "'"+s+"'", "it").Replace(text)
	if len(s) >= 4 {
		hidden = strings.ReplaceAll(hidden, s, "it")
	}
	if hidden == text {
		return err
	}
	return &hiddenError{hidden, err}
}

var errNoTime = errors.New("parsing time: cannot parse it as RFC 3339")

// hiddenError is an error with another text.
type hiddenError struct {
	text string
	err  error
}

func (e *hiddenError) Error() string { return e.text }
func (e *hiddenError) Unwrap() error { return e.err }

func isNil(v any) bool {
	if v == nil {
		return true
	}
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}

func describe(v any) string {
	switch {
	case v == nil:
		return "nil"
	case isNil(v):
		return fmt.Sprintf("a nil %T", v)
	}
	return fmt.Sprintf("a %T", v)
}
