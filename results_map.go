package redis

import (
	"context"

	"github.com/seed-e06f3def/rediscluster/internal/hscan"
	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

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
