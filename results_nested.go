package redis

import (
	"context"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

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
