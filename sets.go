package redis

import (
	"context"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// SetCmdable has the commands on sets of strings. A set without members does
// not exist.
type SetCmdable interface {
	SAdd(ctx context.Context, key string, members ...any) *IntCmd
	SCard(ctx context.Context, key string) *IntCmd
	SDiff(ctx context.Context, keys ...string) *StringSliceCmd
	SDiffCard(ctx context.Context, opts *SDiffCardOptions, keys ...string) *IntCmd
	SDiffStore(ctx context.Context, destination string, keys ...string) *IntCmd
	SInter(ctx context.Context, keys ...string) *StringSliceCmd
	SInterCard(ctx context.Context, limit int64, keys ...string) *IntCmd
	SInterStore(ctx context.Context, destination string, keys ...string) *IntCmd
	SIsMember(ctx context.Context, key string, member any) *BoolCmd
	SMIsMember(ctx context.Context, key string, members ...any) *BoolSliceCmd
	SMembers(ctx context.Context, key string) *StringSliceCmd
	SMembersMap(ctx context.Context, key string) *StringStructMapCmd
	SMove(ctx context.Context, source, destination string, member any) *BoolCmd
	SPop(ctx context.Context, key string) *StringCmd
	SPopN(ctx context.Context, key string, count int64) *StringSliceCmd
	SRandMember(ctx context.Context, key string) *StringCmd
	SRandMemberN(ctx context.Context, key string, count int64) *StringSliceCmd
	SRem(ctx context.Context, key string, members ...any) *IntCmd
	SScan(ctx context.Context, key string, cursor uint64, match string, count int64) *ScanCmd
	SUnion(ctx context.Context, keys ...string) *StringSliceCmd
	SUnionCard(ctx context.Context, opts *SUnionCardOptions, keys ...string) *IntCmd
	SUnionStore(ctx context.Context, destination string, keys ...string) *IntCmd
}

// SUnionCardOptions are the options of SUnionCard.
type SUnionCardOptions struct {
	// Approx lets the server estimate instead of count.
	Approx bool
	// Limit is where the server stops to count; 0 means never.
	Limit int64
}

// SDiffCardOptions are the options of SDiffCard.
type SDiffCardOptions struct {
	// Limit is where the server stops to count; 0 means never.
	Limit int64
}

// SAdd adds members and answers how many of them are new. A single one may be a
// list (SADD).
func (c cmdable) SAdd(ctx context.Context, key string, members ...any) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("sadd", key).list(members)
	return do(ctx, c, cmd)
}

// SCard counts the members; 0 when the key does not exist (SCARD).
func (c cmdable) SCard(ctx context.Context, key string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("scard", key)
	return do(ctx, c, cmd)
}

// SDiff reads the members of the first key that none of the others has (SDIFF).
func (c cmdable) SDiff(ctx context.Context, keys ...string) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("sdiff", keys...)
	return do(ctx, c, cmd)
}

// SDiffCard counts the members of the first key that none of the others has.
// opts may be nil (SDIFFCARD, Redis 8.10).
func (c cmdable) SDiffCard(ctx context.Context, opts *SDiffCardOptions, keys ...string) *IntCmd {
	var o SDiffCardOptions
	if opts != nil {
		o = *opts
	}
	cmd := new(IntCmd)
	cmd.start("sdiffcard").keys(keys).str("limit").int(o.Limit)
	return do(ctx, c, cmd)
}

// SDiffStore puts the members of the first of keys that none of the others has
// into destination, in place of what was there, and answers how many there are
// (SDIFFSTORE).
func (c cmdable) SDiffStore(ctx context.Context, destination string, keys ...string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("sdiffstore", destination).strs(keys...)
	return do(ctx, c, cmd)
}

// SInter reads the members that all keys have (SINTER).
func (c cmdable) SInter(ctx context.Context, keys ...string) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("sinter", keys...)
	return do(ctx, c, cmd)
}

// SInterCard counts the members that all keys have, up to limit; 0 means
// without one (SINTERCARD).
func (c cmdable) SInterCard(ctx context.Context, limit int64, keys ...string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("sintercard").keys(keys).str("limit").int(limit)
	return do(ctx, c, cmd)
}

// SInterStore puts the members that all keys have into destination, in place of
// what was there, and answers how many there are (SINTERSTORE).
func (c cmdable) SInterStore(ctx context.Context, destination string, keys ...string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("sinterstore", destination).strs(keys...)
	return do(ctx, c, cmd)
}

// SIsMember tells whether the set has the member (SISMEMBER).
func (c cmdable) SIsMember(ctx context.Context, key string, member any) *BoolCmd {
	cmd := new(BoolCmd)
	cmd.start("sismember", key).val(member)
	return do(ctx, c, cmd)
}

// SMIsMember tells for each of members, in their order, whether the set has it.
// A single one may be a list (SMISMEMBER).
func (c cmdable) SMIsMember(ctx context.Context, key string, members ...any) *BoolSliceCmd {
	cmd := new(BoolSliceCmd)
	cmd.start("smismember", key).list(members)
	return do(ctx, c, cmd)
}

// SMembers reads all members; none when the key does not exist (SMEMBERS).
func (c cmdable) SMembers(ctx context.Context, key string) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("smembers", key)
	return do(ctx, c, cmd)
}

// SMembersMap reads all members as the keys of a map; none when the key does
// not exist (SMEMBERS).
func (c cmdable) SMembersMap(ctx context.Context, key string) *StringStructMapCmd {
	cmd := new(StringStructMapCmd)
	cmd.start("smembers", key)
	return do(ctx, c, cmd)
}

// SMove moves a member from source to destination, and tells whether source had
// it (SMOVE).
func (c cmdable) SMove(ctx context.Context, source, destination string, member any) *BoolCmd {
	cmd := new(BoolCmd)
	cmd.start("smove", source, destination).val(member)
	return do(ctx, c, cmd)
}

// SPop takes a member at random; [Nil] when the key does not exist (SPOP).
func (c cmdable) SPop(ctx context.Context, key string) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("spop", key)
	return do(ctx, c, cmd)
}

// SPopN takes up to count members at random; none when the key does not exist
// (SPOP).
func (c cmdable) SPopN(ctx context.Context, key string, count int64) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("spop", key).int(count)
	return do(ctx, c, cmd)
}

// SRandMember reads a member at random; [Nil] when the key does not exist
// (SRANDMEMBER).
func (c cmdable) SRandMember(ctx context.Context, key string) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("srandmember", key)
	return do(ctx, c, cmd)
}

// SRandMemberN reads members at random: up to count different ones or, if count
// is below 0, exactly -count, some maybe more than once. None when the key does
// not exist (SRANDMEMBER).
func (c cmdable) SRandMemberN(ctx context.Context, key string, count int64) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("srandmember", key).int(count)
	return do(ctx, c, cmd)
}

// SRem removes members and answers how many of them there were. A single one
// may be a list (SREM).
func (c cmdable) SRem(ctx context.Context, key string, members ...any) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("srem", key).list(members)
	return do(ctx, c, cmd)
}

// SScan reads some members, and the cursor to go on from; 0 to begin with, and
// when it is over. match is a pattern for the members, where empty means all;
// count is how many the server should look at, where 0 leaves it to the server
// (SSCAN).
func (c cmdable) SScan(ctx context.Context, key string, cursor uint64, match string, count int64) *ScanCmd {
	cmd := &ScanCmd{process: c}
	cmd.start("sscan", key).uint(cursor).scanOptions(match, count)
	return do(ctx, c, cmd)
}

// SUnion reads the members that any of keys has (SUNION).
func (c cmdable) SUnion(ctx context.Context, keys ...string) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("sunion", keys...)
	return do(ctx, c, cmd)
}

// SUnionCard counts the members that any of keys has. opts may be nil
// (SUNIONCARD, Redis 8.10).
func (c cmdable) SUnionCard(ctx context.Context, opts *SUnionCardOptions, keys ...string) *IntCmd {
	var o SUnionCardOptions
	if opts != nil {
		o = *opts
	}
	cmd := new(IntCmd)
	cmd.start("sunioncard").keys(keys).flag(o.Approx, "approx").str("limit").int(o.Limit)
	return do(ctx, c, cmd)
}

// SUnionStore puts the members that any of keys has into destination, in place
// of what was there, and answers how many there are (SUNIONSTORE).
func (c cmdable) SUnionStore(ctx context.Context, destination string, keys ...string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("sunionstore", destination).strs(keys...)
	return do(ctx, c, cmd)
}

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
