package redis

import (
	"context"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// Z is a member of a sorted set and its score.
type Z struct {
	// Score orders the members. It may be infinite.
	Score float64
	// Member is always a string in a reply; in an argument it may be of any
	// type that can be sent.
	Member any
}

// ZWithKey is a member of a sorted set and the key that it was taken from.
type ZWithKey struct {
	Z
	Key string // of the sorted set
}

// RankScore is the position of a member in a sorted set, from 0, and its score.
type RankScore struct {
	Rank  int64   // of the lowest score 0, or of the highest for ZREVRANK
	Score float64 // which may be infinite
}

// ZSliceCmd is a command that answers with members and their scores, in the
// order of the server.
type ZSliceCmd struct{ result[[]Z] }

// NewZSliceCmd makes a command from its name and arguments, for Process.
func NewZSliceCmd(ctx context.Context, args ...any) *ZSliceCmd {
	return fromArgs(new(ZSliceCmd), args)
}

// NewZSliceCmdResult makes a command that has been answered, for tests and
// fakes.
func NewZSliceCmdResult(val []Z, err error) *ZSliceCmd {
	return &ZSliceCmd{made(val, err)}
}

func (c *ZSliceCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeZs(d)
	return err
}

// ZWithKeyCmd is a command that answers with one member, its score and its
// key, or with [Nil] where no key has any.
type ZWithKeyCmd struct{ result[*ZWithKey] }

// NewZWithKeyCmd makes a command from its name and arguments, for Process.
func NewZWithKeyCmd(ctx context.Context, args ...any) *ZWithKeyCmd {
	return fromArgs(new(ZWithKeyCmd), args)
}

// NewZWithKeyCmdResult makes a command that has been answered, for tests and
// fakes.
func NewZWithKeyCmdResult(val *ZWithKey, err error) *ZWithKeyCmd {
	return &ZWithKeyCmd{made(val, err)}
}

func (c *ZWithKeyCmd) decode(d *resp.Decoder) error {
	if err := tuple(d, 3); err != nil {
		return err
	}
	key, err := d.String()
	if err != nil {
		return err
	}
	z, err := decodeZ(d)
	if err != nil {
		return err
	}
	c.val = &ZWithKey{Z: z, Key: key}
	return nil
}

// ZSliceWithKeyCmd is a command that answers with a key and with members of it
// and their scores, or with [Nil] where no key has any.
type ZSliceWithKeyCmd struct{ keyed[Z] }

// NewZSliceWithKeyCmd makes a command from its name and arguments, for Process.
func NewZSliceWithKeyCmd(ctx context.Context, args ...any) *ZSliceWithKeyCmd {
	return fromArgs(new(ZSliceWithKeyCmd), args)
}

func (c *ZSliceWithKeyCmd) decode(d *resp.Decoder) error {
	return c.decodeWith(d, decodeZs)
}

// RankWithScoreCmd is a command that answers with a member's position and
// score, or with [Nil] where the member does not exist.
type RankWithScoreCmd struct{ result[RankScore] }

// NewRankWithScoreCmd makes a command from its name and arguments, for Process.
func NewRankWithScoreCmd(ctx context.Context, args ...any) *RankWithScoreCmd {
	return fromArgs(new(RankWithScoreCmd), args)
}

func (c *RankWithScoreCmd) decode(d *resp.Decoder) error {
	if err := tuple(d, 2); err != nil {
		return err
	}
	rank, err := d.Int()
	if err != nil {
		return err
	}
	score, err := d.Float()
	if err != nil {
		return err
	}
	c.val = RankScore{Rank: rank, Score: score}
	return nil
}

func decodeZs(d *resp.Decoder) ([]Z, error) { return decodePairs(d, decodeZ) }

func decodeZ(d *resp.Decoder) (Z, error) {
	member, err := d.String()
	if err != nil {
		return Z{}, err
	}
	score, err := d.Float()
	if err != nil {
		return Z{}, err
	}
	return Z{Score: score, Member: member}, nil
}
