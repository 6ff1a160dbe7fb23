package redis

import (
	"context"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// StringStructMapCmd is a command that answers with a set of strings, which are
// the keys of its map.
type StringStructMapCmd struct{ result[map[string]struct{}] }

// NewStringStructMapCmd makes a command from its name and arguments, for
// Process.
func NewStringStructMapCmd(ctx context.Context, args ...any) *StringStructMapCmd {
	return fromArgs(new(StringStructMapCmd), args)
}

func (c *StringStructMapCmd) decode(d *resp.Decoder) error {
	n, err := d.Array()
	if err != nil {
		return err
	}
	set := make(map[string]struct{}, d.Cap(n))
	for range n {
		member, err := d.String()
		if err != nil {
			return err
		}
		set[member] = struct{}{}
	}
	c.val = set
	return nil
}
