package redis

import (
	"context"

	"github.com/seed-e06f3def/rediscluster/internal/hscan"
	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

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
