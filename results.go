package redis

import (
	"context"
	"fmt"
	"math/big"
	"strconv"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/hscan"
	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// made is a command that has been answered.
func made[T any](val T, err error) result[T] {
	r := result[T]{val: val}
	r.SetErr(err)
	return r
}

// Scanner is implemented by types that read themselves from the text of a reply,
// by a method ScanRedis(s string) error: Scan uses it.
type Scanner = hscan.Scanner

// StatusCmd is a command that answers with a short text, mostly "OK".
type StatusCmd struct{ result[string] }

// NewStatusCmd makes a command from its name and arguments, for Process.
func NewStatusCmd(ctx context.Context, args ...any) *StatusCmd {
	return fromArgs(new(StatusCmd), args)
}

// NewStatusResult makes a command that has been answered, for tests and fakes.
func NewStatusResult(val string, err error) *StatusCmd { return &StatusCmd{made(val, err)} }

func (c *StatusCmd) textOnly() *string { return &c.val }

// Bytes is the reply as bytes; nil if there is none.
func (c *StatusCmd) Bytes() ([]byte, error) { return bytesOf(c.val, c.Err()) }

func bytesOf(val string, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return []byte(val), nil
}

func (c *StatusCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = d.String()
	return err
}

// IntCmd is a command that answers with an integer.
type IntCmd struct{ result[int64] }

// NewIntCmd makes a command from its name and arguments, for Process.
func NewIntCmd(ctx context.Context, args ...any) *IntCmd {
	return fromArgs(new(IntCmd), args)
}

// NewIntResult makes a command that has been answered, for tests and fakes.
func NewIntResult(val int64, err error) *IntCmd { return &IntCmd{made(val, err)} }

// Uint64 is the reply as an unsigned integer.
func (c *IntCmd) Uint64() (uint64, error) { return uint64(c.val), c.Err() }

func (c *IntCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = d.Int()
	return err
}

// UintCmd is a command that answers with an integer that is not negative.
type UintCmd struct{ result[uint64] }

// NewUintCmd makes a command from its name and arguments, for Process.
func NewUintCmd(ctx context.Context, args ...any) *UintCmd {
	return fromArgs(new(UintCmd), args)
}

func (c *UintCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = d.Uint()
	return err
}

// StringCmd is a command that answers with a string, or with [Nil] where there
// is none.
type StringCmd struct{ result[string] }

// NewStringCmd makes a command from its name and arguments, for Process.
func NewStringCmd(ctx context.Context, args ...any) *StringCmd {
	return fromArgs(new(StringCmd), args)
}

// NewStringResult makes a command that has been answered, for tests and fakes.
func NewStringResult(val string, err error) *StringCmd { return &StringCmd{made(val, err)} }

func (c *StringCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = d.String()
	return err
}

func (c *StringCmd) textOnly() *string { return &c.val }

// Bytes is the reply as bytes of the caller's own.
func (c *StringCmd) Bytes() ([]byte, error) { return bytesOf(c.val, c.Err()) }

// Bool is the reply as a boolean: 1 and 0, true and false and their like.
func (c *StringCmd) Bool() (bool, error) { return scanned[bool](c) }

// Int is the reply as an integer.
func (c *StringCmd) Int() (int, error) { return scanned[int](c) }

// Int64 is the reply as an integer of 64 bits.
func (c *StringCmd) Int64() (int64, error) { return scanned[int64](c) }

// Uint64 is the reply as an unsigned integer of 64 bits.
func (c *StringCmd) Uint64() (uint64, error) { return scanned[uint64](c) }

// Float32 is the reply as a floating-point number of 32 bits.
func (c *StringCmd) Float32() (float32, error) { return scanned[float32](c) }

// Float64 is the reply as a floating-point number of 64 bits.
func (c *StringCmd) Float64() (float64, error) { return scanned[float64](c) }

// Time is the reply as a time, in the form that Set gives it: RFC 3339 with
// nanoseconds.
func (c *StringCmd) Time() (time.Time, error) { return scanned[time.Time](c) }

// Scan puts the reply where val points: to a string, []byte, number, boolean,
// time.Time, time.Duration, net.IP or an encoding.BinaryUnmarshaler.
func (c *StringCmd) Scan(val any) error {
	if err := c.Err(); err != nil {
		return err
	}
	return c.ofCommand(hscan.Value(c.val, val))
}

func scanned[T any](c *StringCmd) (v T, err error) {
	err = c.Scan(&v)
	return v, err
}

// Cmd is a command whose reply may be of any type: string, int64, float64,
// bool, *[big.Int], []any or map[any]any, where the elements of the last two
// may be nil or an [Error] too. Its other methods convert the reply; they fail
// when it is of a type that does not hold what was asked for.
type Cmd struct {
	result[any]
	script *Script // that it calls, to be loaded where it is missing
}

// NewCmd makes a command from its name and arguments, for Process.
func NewCmd(ctx context.Context, args ...any) *Cmd {
	return fromArgs(new(Cmd), args)
}

// NewCmdResult makes a command that has been answered, for tests and fakes.
func NewCmdResult(val any, err error) *Cmd { return &Cmd{result: made(val, err)} }

func (c *Cmd) decode(d *resp.Decoder) (err error) {
	c.val, err = d.Any()
	return err
}

// Text is the reply as a string.
func (c *Cmd) Text() (string, error) { return converted(c, toText) }

// Int is the reply as an integer.
func (c *Cmd) Int() (int, error) { return converted(c, toInt) }

// Int64 is the reply as an integer of 64 bits.
func (c *Cmd) Int64() (int64, error) { return converted(c, toInt64) }

// Uint64 is the reply as an unsigned integer of 64 bits.
func (c *Cmd) Uint64() (uint64, error) { return converted(c, toUint64) }

// Float32 is the reply as a floating-point number of 32 bits.
func (c *Cmd) Float32() (float32, error) { return converted(c, toFloat32) }

// Float64 is the reply as a floating-point number of 64 bits.
func (c *Cmd) Float64() (float64, error) { return converted(c, toFloat64) }

// Bool is the reply as a boolean: of an integer, whether it is not 0; of a
// string, what [strconv.ParseBool] makes of it.
func (c *Cmd) Bool() (bool, error) { return converted(c, toBool) }

// Slice is the reply as a list.
func (c *Cmd) Slice() ([]any, error) { return converted(c, toSlice) }

// StringSlice is the reply as a list of strings.
func (c *Cmd) StringSlice() ([]string, error) { return convertedList(c, toText) }

// Int64Slice is the reply as a list of integers.
func (c *Cmd) Int64Slice() ([]int64, error) { return convertedList(c, toInt64) }

// Uint64Slice is the reply as a list of unsigned integers.
func (c *Cmd) Uint64Slice() ([]uint64, error) { return convertedList(c, toUint64) }

// Float32Slice is the reply as a list of floating-point numbers of 32 bits.
func (c *Cmd) Float32Slice() ([]float32, error) { return convertedList(c, toFloat32) }

// Float64Slice is the reply as a list of floating-point numbers of 64 bits.
func (c *Cmd) Float64Slice() ([]float64, error) { return convertedList(c, toFloat64) }

// BoolSlice is the reply as a list of booleans.
func (c *Cmd) BoolSlice() ([]bool, error) { return convertedList(c, toBool) }

func converted[T any](c *Cmd, convert func(any) (T, error)) (v T, err error) {
	if err := c.Err(); err != nil {
		return v, err
	}
	return convert(c.val)
}

func convertedList[T any](c *Cmd, convert func(any) (T, error)) ([]T, error) {
	from, err := c.Slice()
	if err != nil {
		return nil, err
	}
	list := make([]T, len(from))
	for i, v := range from {
		if list[i], err = convert(v); err != nil {
			return nil, fmt.Errorf("%w (element %d)", err, i)
		}
	}
	return list, nil
}

func toText(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case float64: // RESP2 has these as strings
		return strconv.FormatFloat(v, 'g', -1, 64), nil
	case *big.Int:
		return v.String(), nil
	}
	return "", cannotConvert(v, "a string")
}

func toInt(v any) (int, error) {
	n, err := toInt64(v)
	if int64(int(n)) != n {
		return 0, cannotConvert(v, "an int")
	}
	return int(n), err
}

func toInt64(v any) (int64, error) {
	switch v := v.(type) {
	case int64:
		return v, nil
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case string:
		return strconv.ParseInt(v, 10, 64)
	}
	return 0, cannotConvert(v, "an integer")
}

func toUint64(v any) (uint64, error) {
	switch v := v.(type) {
	case int64:
		return uint64(v), nil
	case string:
		return strconv.ParseUint(v, 10, 64)
	case *big.Int:
		if v.IsUint64() {
			return v.Uint64(), nil
		}
	}
	return 0, cannotConvert(v, "an unsigned integer")
}

func toFloat32(v any) (float32, error) {
	if s, ok := v.(string); ok {
		f, err := strconv.ParseFloat(s, 32)
		return float32(f), err
	}
	f, err := toFloat64(v)
	return float32(f), err
}

func toFloat64(v any) (float64, error) {
	switch v := v.(type) {
	case float64:
		return v, nil
	case int64:
		return float64(v), nil
	case string:
		return strconv.ParseFloat(v, 64)
	}
	return 0, cannotConvert(v, "a number")
}

func toBool(v any) (bool, error) {
	switch v := v.(type) {
	case bool:
		return v, nil
	case int64:
		return v != 0, nil
	case string:
		return strconv.ParseBool(v)
	}
	return false, cannotConvert(v, "a boolean")
}

func toSlice(v any) ([]any, error) {
	if list, ok := v.([]any); ok {
		return list, nil
	}
	return nil, cannotConvert(v, "a list")
}

func cannotConvert(v any, want string) error {
	if err, ok := v.(error); ok { // an element that is an error of the server
		return err
	}
	return fmt.Errorf("redis: a reply of type %T is not %s", v, want)
}

// SliceCmd is a command that answers with a list of values of any type, nil
// among them.
type SliceCmd struct{ result[[]any] }

// NewSliceCmd makes a command from its name and arguments, for Process.
func NewSliceCmd(ctx context.Context, args ...any) *SliceCmd {
	return fromArgs(new(SliceCmd), args)
}

// NewSliceResult makes a command that has been answered, for tests and fakes.
func NewSliceResult(val []any, err error) *SliceCmd { return &SliceCmd{made(val, err)} }

func (c *SliceCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, anyOrNil)
	return err
}

// anyOrNil reads an element of a list: null is nil, and an error of the server
// is a value among others.
func anyOrNil(d *resp.Decoder) (any, error) {
	v, err := d.Any()
	if reply, ok := err.(resp.Error); ok {
		if reply == Nil {
			return nil, nil
		}
		return reply, nil
	}
	return v, err
}

// Scan puts the values that MGET or HMGET found into the fields of the struct
// that dst points to: those with the key, or field, in their `redis:"…"` tag.
// Fields without a value are left alone.
func (c *SliceCmd) Scan(dst any) error {
	if err := c.Err(); err != nil {
		return err
	}
	first := 1 // MGET key …
	if c.Name() == "hmget" {
		first = 2 // HMGET key field …
	}
	if c.argCount()-first != len(c.val) {
		return fmt.Errorf("redis: Scan: %d values for the arguments of %s", len(c.val), c.Name())
	}
	fields, err := hscan.Fields(dst)
	if err != nil {
		return err
	}
	for i, v := range c.val {
		if v == nil {
			continue
		}
		text, err := toText(v)
		if err != nil {
			return err
		}
		if err := fields.Scan(c.argText(first+i), text); err != nil {
			return c.ofCommand(err)
		}
	}
	return nil
}

// decodeList reads an array with elem, which consumes one element. Where that
// is null, the list has the zero value.
func decodeList[T any](d *resp.Decoder, elem func(*resp.Decoder) (T, error)) ([]T, error) {
	n, err := d.Array()
	if err != nil {
		return nil, err
	}
	list := make([]T, 0, d.Cap(n))
	for range n {
		v, err := elem(d)
		if err != nil && err != Nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func decodeStrings(d *resp.Decoder) ([]string, error) {
	return decodeList(d, (*resp.Decoder).String)
}

// StringSliceCmd is a command that answers with a list of strings.
type StringSliceCmd struct{ result[[]string] }

// NewStringSliceCmd makes a command from its name and arguments, for Process.
func NewStringSliceCmd(ctx context.Context, args ...any) *StringSliceCmd {
	return fromArgs(new(StringSliceCmd), args)
}

// NewStringSliceResult makes a command that has been answered, for tests and
// fakes.
func NewStringSliceResult(val []string, err error) *StringSliceCmd {
	return &StringSliceCmd{made(val, err)}
}

func (c *StringSliceCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeStrings(d)
	return err
}

// ScanSlice puts the reply into the slice that container points to, whose
// elements are of any type that [StringCmd.Scan] takes.
func (c *StringSliceCmd) ScanSlice(container any) error {
	if err := c.Err(); err != nil {
		return err
	}
	return c.ofCommand(hscan.Slice(c.val, container))
}

// IntSliceCmd is a command that answers with a list of integers. A null among
// them, as from BITFIELD with OVERFLOW FAIL, is 0.
type IntSliceCmd struct{ result[[]int64] }

// NewIntSliceCmd makes a command from its name and arguments, for Process.
func NewIntSliceCmd(ctx context.Context, args ...any) *IntSliceCmd {
	return fromArgs(new(IntSliceCmd), args)
}

func (c *IntSliceCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, (*resp.Decoder).Int)
	return err
}

// IntPointerSliceCmd is a command that answers with a list of integers in which
// a null is a nil, as those of modules do.
type IntPointerSliceCmd struct{ result[[]*int64] }

// NewIntPointerSliceCmd makes a command from its name and arguments, for
// Process.
func NewIntPointerSliceCmd(ctx context.Context, args ...any) *IntPointerSliceCmd {
	return fromArgs(new(IntPointerSliceCmd), args)
}

func (c *IntPointerSliceCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, func(d *resp.Decoder) (*int64, error) {
		n, err := d.Int()
		if err != nil {
			return nil, err
		}
		return &n, nil
	})
	return err
}

// UintSliceCmd is a command that answers with a list of integers that are not
// negative.
type UintSliceCmd struct{ result[[]uint64] }

// NewUintSliceCmd makes a command from its name and arguments, for Process.
func NewUintSliceCmd(ctx context.Context, args ...any) *UintSliceCmd {
	return fromArgs(new(UintSliceCmd), args)
}

func (c *UintSliceCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, (*resp.Decoder).Uint)
	return err
}

// FloatSliceCmd is a command that answers with a list of floating-point
// numbers. A null among them, as from ZMSCORE for an absent member, is 0.
type FloatSliceCmd struct{ result[[]float64] }

// NewFloatSliceCmd makes a command from its name and arguments, for Process.
func NewFloatSliceCmd(ctx context.Context, args ...any) *FloatSliceCmd {
	return fromArgs(new(FloatSliceCmd), args)
}

// NewFloatSliceResult makes a command that has been answered, for tests and
// fakes.
func NewFloatSliceResult(val []float64, err error) *FloatSliceCmd {
	return &FloatSliceCmd{made(val, err)}
}

func (c *FloatSliceCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, (*resp.Decoder).Float)
	return err
}

// BoolSliceCmd is a command that answers with a list of booleans.
type BoolSliceCmd struct{ result[[]bool] }

// NewBoolSliceCmd makes a command from its name and arguments, for Process.
func NewBoolSliceCmd(ctx context.Context, args ...any) *BoolSliceCmd {
	return fromArgs(new(BoolSliceCmd), args)
}

// NewBoolSliceResult makes a command that has been answered, for tests and
// fakes.
func NewBoolSliceResult(val []bool, err error) *BoolSliceCmd {
	return &BoolSliceCmd{made(val, err)}
}

func (c *BoolSliceCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, (*resp.Decoder).Bool)
	return err
}

// decodeMap reads a map, or an array of keys and values in turn, with elem for
// the values. Where a value is null, the map has the zero value.
func decodeMap[T any](d *resp.Decoder, elem func(*resp.Decoder) (T, error)) (map[string]T, error) {
	n, err := d.Pairs()
	if err != nil {
		return nil, err
	}
	m := make(map[string]T, d.Cap(n))
	for range n {
		key, err := d.String()
		if err != nil {
			return nil, err
		}
		v, err := elem(d)
		if err != nil && err != Nil {
			return nil, err
		}
		m[key] = v
	}
	return m, nil
}

// MapStringStringCmd is a command that answers with names and texts, such as
// the fields of a hash.
type MapStringStringCmd struct{ result[map[string]string] }

// NewMapStringStringCmd makes a command from its name and arguments, for
// Process.
func NewMapStringStringCmd(ctx context.Context, args ...any) *MapStringStringCmd {
	return fromArgs(new(MapStringStringCmd), args)
}

// NewMapStringStringResult makes a command that has been answered, for tests
// and fakes.
func NewMapStringStringResult(val map[string]string, err error) *MapStringStringCmd {
	return &MapStringStringCmd{made(val, err)}
}

func (c *MapStringStringCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeMap(d, (*resp.Decoder).String)
	return err
}

// Scan puts the reply into the struct that dest points to: each value into the
// field with that name in its `redis:"…"` tag. Fields without a value are left
// alone, and so are values without a field.
func (c *MapStringStringCmd) Scan(dest any) error {
	if err := c.Err(); err != nil {
		return err
	}
	fields, err := hscan.Fields(dest)
	if err != nil {
		return err
	}
	for name, value := range c.val {
		if err := fields.Scan(name, value); err != nil {
			return c.ofCommand(err)
		}
	}
	return nil
}

// MapStringIntCmd is a command that answers with names and integers.
type MapStringIntCmd struct{ result[map[string]int64] }

// NewMapStringIntCmd makes a command from its name and arguments, for Process.
func NewMapStringIntCmd(ctx context.Context, args ...any) *MapStringIntCmd {
	return fromArgs(new(MapStringIntCmd), args)
}

// NewMapStringIntCmdResult makes a command that has been answered, for tests
// and fakes.
func NewMapStringIntCmdResult(val map[string]int64, err error) *MapStringIntCmd {
	return &MapStringIntCmd{made(val, err)}
}

func (c *MapStringIntCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeMap(d, (*resp.Decoder).Int)
	return err
}

// MapStringInterfaceCmd is a command that answers with names and values of any
// type.
type MapStringInterfaceCmd struct{ result[map[string]any] }

// NewMapStringInterfaceCmd makes a command from its name and arguments, for
// Process.
func NewMapStringInterfaceCmd(ctx context.Context, args ...any) *MapStringInterfaceCmd {
	return fromArgs(new(MapStringInterfaceCmd), args)
}

func (c *MapStringInterfaceCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeMap(d, anyOrNil)
	return err
}

// BoolCmd is a command that answers yes or no. A null reply, which a
// conditional SET gives when the condition does not hold, is a no and not an
// error.
type BoolCmd struct{ result[bool] }

// NewBoolCmd makes a command from its name and arguments, for Process.
func NewBoolCmd(ctx context.Context, args ...any) *BoolCmd {
	return fromArgs(new(BoolCmd), args)
}

// NewBoolResult makes a command that has been answered, for tests and fakes.
func NewBoolResult(val bool, err error) *BoolCmd { return &BoolCmd{made(val, err)} }

func (c *BoolCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = d.Bool()
	if err == Nil {
		return nil
	}
	return err
}

// FloatCmd is a command that answers with a floating-point number.
type FloatCmd struct{ result[float64] }

// NewFloatCmd makes a command from its name and arguments, for Process.
func NewFloatCmd(ctx context.Context, args ...any) *FloatCmd {
	return fromArgs(new(FloatCmd), args)
}

// NewFloatResult makes a command that has been answered, for tests and fakes.
func NewFloatResult(val float64, err error) *FloatCmd { return &FloatCmd{made(val, err)} }

func (c *FloatCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = d.Float()
	return err
}

// DurationCmd is a command that answers with a span of time. The replies -1
// and -2, which mean something else for each command, are given as that many
// nanoseconds.
type DurationCmd struct {
	result[time.Duration]
	unit time.Duration
}

// NewDurationCmd makes a command from its name and arguments, for Process.
// precision is the unit in which the server answers.
func NewDurationCmd(ctx context.Context, precision time.Duration, args ...any) *DurationCmd {
	return fromArgs(&DurationCmd{unit: precision}, args)
}

// NewDurationResult makes a command that has been answered, for tests and
// fakes.
func NewDurationResult(val time.Duration, err error) *DurationCmd {
	return &DurationCmd{result: made(val, err)}
}

func (c *DurationCmd) decode(d *resp.Decoder) error {
	n, err := d.Int()
	if err != nil {
		return err
	}
	c.val = time.Duration(n)
	if n == -1 || n == -2 {
		return nil
	}
	if c.val *= c.unit; c.unit != 0 && c.val/c.unit != time.Duration(n) {
		c.val = 0
		return &resp.TypeError{Got: strconv.FormatInt(n, 10), Want: "a time that a time.Duration can hold, less than 293 years"}
	}
	return nil
}

// TimeCmd is a command that answers with a point in time, exact to the
// microsecond.
type TimeCmd struct{ result[time.Time] }

// NewTimeCmd makes a command from its name and arguments, for Process.
func NewTimeCmd(ctx context.Context, args ...any) *TimeCmd {
	return fromArgs(new(TimeCmd), args)
}

// NewTimeCmdResult makes a command that has been answered, for tests and
// fakes.
func NewTimeCmdResult(val time.Time, err error) *TimeCmd { return &TimeCmd{made(val, err)} }

func (c *TimeCmd) decode(d *resp.Decoder) error {
	seconds, micros, err := decodeTwo(d, (*resp.Decoder).Int)
	if err == nil {
		c.val = time.Unix(seconds, micros*int64(time.Microsecond))
	}
	return err
}

// StringSliceSliceCmd is a command that answers with lists of strings.
type StringSliceSliceCmd struct{ result[[][]string] }

// NewStringSliceSliceCmd makes a command from its name and arguments, for
// Process.
func NewStringSliceSliceCmd(ctx context.Context, args ...any) *StringSliceSliceCmd {
	return fromArgs(new(StringSliceSliceCmd), args)
}

func (c *StringSliceSliceCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, decodeStrings)
	return err
}

// MapStringStringSliceCmd is a command that answers with a list of names and
// texts.
type MapStringStringSliceCmd struct{ result[[]map[string]string] }

// NewMapStringStringSliceCmd makes a command from its name and arguments, for
// Process.
func NewMapStringStringSliceCmd(ctx context.Context, args ...any) *MapStringStringSliceCmd {
	return fromArgs(new(MapStringStringSliceCmd), args)
}

func (c *MapStringStringSliceCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, func(d *resp.Decoder) (map[string]string, error) {
		return decodeMap(d, (*resp.Decoder).String)
	})
	return err
}

// MapStringInterfaceSliceCmd is a command that answers with a list of names and
// values of any type.
type MapStringInterfaceSliceCmd struct{ result[[]map[string]any] }

// NewMapStringInterfaceSliceCmd makes a command from its name and arguments,
// for Process.
func NewMapStringInterfaceSliceCmd(ctx context.Context, args ...any) *MapStringInterfaceSliceCmd {
	return fromArgs(new(MapStringInterfaceSliceCmd), args)
}

func (c *MapStringInterfaceSliceCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, func(d *resp.Decoder) (map[string]any, error) {
		return decodeMap(d, anyOrNil)
	})
	return err
}

// keyed is a command on several keys that answers for the first of them that
// has something to give: with its name and with what was taken from it.
type keyed[T any] struct {
	baseCmd
	key string
	val []T
}

// Val is the key and its elements; "" and nil when the command failed.
func (k *keyed[T]) Val() (string, []T) { return k.key, k.val }

// SetVal sets what Val returns; hooks and fakes need it.
func (k *keyed[T]) SetVal(key string, val []T) { k.key, k.val = key, val }

// Result is the key, its elements and the command's error, [Nil] when all keys
// were empty.
func (k *keyed[T]) Result() (string, []T, error) { return k.key, k.val, k.Err() }

// String shows the command and its result.
func (k *keyed[T]) String() string { return k.text(fmt.Sprint(k.key, " ", k.val)) }

func (k *keyed[T]) decodeWith(d *resp.Decoder, list func(*resp.Decoder) ([]T, error)) error {
	if err := tuple(d, 2); err != nil {
		return err
	}
	key, err := d.String()
	if err != nil {
		return err
	}
	val, err := list(d)
	if err != nil {
		return err
	}
	k.key, k.val = key, val
	return nil
}

// KeyValuesCmd is a command that answers with a key and with elements of it,
// or with [Nil] where no key has any.
type KeyValuesCmd struct{ keyed[string] }

// NewKeyValuesCmd makes a command from its name and arguments, for Process.
func NewKeyValuesCmd(ctx context.Context, args ...any) *KeyValuesCmd {
	return fromArgs(new(KeyValuesCmd), args)
}

func (c *KeyValuesCmd) decode(d *resp.Decoder) error {
	return c.decodeWith(d, decodeStrings)
}

// KeyValue is a field of a hash and its value.
type KeyValue struct {
	Key   string // the field's name
	Value string // the field's value
}

// KeyValueSliceCmd is a command that answers with a list of fields and values,
// in the order of the server.
type KeyValueSliceCmd struct{ result[[]KeyValue] }

// NewKeyValueSliceCmd makes a command from its name and arguments, for Process.
func NewKeyValueSliceCmd(ctx context.Context, args ...any) *KeyValueSliceCmd {
	return fromArgs(new(KeyValueSliceCmd), args)
}

func (c *KeyValueSliceCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodePairs(d, decodeKeyValue)
	return err
}

func decodeKeyValue(d *resp.Decoder) (kv KeyValue, err error) {
	if kv.Key, err = d.String(); err == nil {
		kv.Value, err = d.String()
	}
	return kv, err
}

// decodePairs reads a list of pairs. RESP3 has each pair in an array of its
// own; so have some commands in RESP2, while the others list both halves in
// turn.
func decodePairs[T any](d *resp.Decoder, pair func(*resp.Decoder) (T, error)) ([]T, error) {
	n, err := d.Array()
	if err != nil {
		return nil, err
	}
	nested := n > 0 && d.Peek() == resp.Array
	if !nested {
		if n%2 != 0 {
			return nil, &resp.TypeError{Got: elements(n), Want: "pairs"}
		}
		n /= 2
	}
	list := make([]T, 0, d.Cap(n))
	for range n {
		if nested {
			if err := tuple(d, 2); err != nil {
				return nil, err
			}
		}
		v, err := pair(d)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// tuple consumes the header of an array that must have n elements.
func tuple(d *resp.Decoder, n int) error {
	got, err := d.Array()
	if err == nil && got != n {
		err = &resp.TypeError{Got: elements(got), Want: elements(n)}
	}
	return err
}

func elements(n int) string { return "an array of " + strconv.Itoa(n) }

// decodeFields reads a map, or an array of keys and values in turn, into fields,
// which has for each key where its value goes: a *string, *int64, *uint64 or
// *float64, or a func(*resp.Decoder) error that reads it. Other keys are
// skipped, since newer servers tell more, and null leaves a field as it is.
func decodeFields(d *resp.Decoder, fields map[string]any) error {
	n, err := d.Pairs()
	if err != nil {
		return err
	}
	for range n {
		name, err := d.String()
		if err != nil {
			return err
		}
		if err := decodeField(d, fields[name]); err != nil && err != Nil {
			return err
		}
	}
	return nil
}

func decodeField(d *resp.Decoder, field any) (err error) {
	switch field := field.(type) {
	case *string:
		err = decodeTo(field, d.String)
	case *int64:
		err = decodeTo(field, d.Int)
	case *uint64:
		err = decodeTo(field, d.Uint)
	case *float64:
		err = decodeTo(field, d.Float)
	case func(*resp.Decoder) error:
		err = field(d)
	default:
		err = d.Skip()
	}
	return err
}

func decodeTo[T any](dst *T, read func() (T, error)) error {
	v, err := read()
	if err == nil {
		*dst = v
	}
	return err
}

// into is a field of another type, which read reads.
func into[T any](dst *T, read func(*resp.Decoder) (T, error)) func(*resp.Decoder) error {
	return func(d *resp.Decoder) error {
		v, err := read(d)
		if err == nil {
			*dst = v
		}
		return err
	}
}

// decodeTuple reads an array into fields, as [decodeFields] takes them, one for
// each element. Old servers tell less, but no fewer than least elements, and
// newer ones more.
func decodeTuple(d *resp.Decoder, least int, fields ...any) error {
	n, err := d.Array()
	if err != nil {
		return err
	}
	if n < least {
		return &resp.TypeError{Got: elements(n), Want: elements(least)}
	}
	for i := range n {
		var field any
		if i < len(fields) {
			field = fields[i]
		}
		if err := decodeField(d, field); err != nil && err != Nil {
			return err
		}
	}
	return nil
}
