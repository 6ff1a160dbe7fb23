package redis

import (
	"context"
	"fmt"
	"math/big"
	"strconv"

	"github.com/seed-e06f3def/rediscluster/internal/hscan"
	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

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
