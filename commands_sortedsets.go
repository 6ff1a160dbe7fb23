package redis

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// SortedSetCmdable has the commands on sorted sets, whose members are strings
// in the order of their scores and, where those are the same, of their bytes.
// Ranks count from 0 at the lowest score, or from -1 at the highest towards the
// lowest. A sorted set without members does not exist.
//
// A bound of a range of scores is a number, "(" and a number to leave that out,
// "-inf" or "+inf". A bound of a range of members, which must all have the same
// score, is "[" and a string, "(" and a string to leave that out, "-" or "+".
//
// The commands whose name begins with B block while there is nothing to take,
// until timeout, where 0 means for ever.
type SortedSetCmdable interface {
	BZPopMax(ctx context.Context, timeout time.Duration, keys ...string) *ZWithKeyCmd
	BZPopMin(ctx context.Context, timeout time.Duration, keys ...string) *ZWithKeyCmd
	BZMPop(ctx context.Context, timeout time.Duration, order string, count int64, keys ...string) *ZSliceWithKeyCmd
	ZAdd(ctx context.Context, key string, members ...Z) *IntCmd
	ZAddLT(ctx context.Context, key string, members ...Z) *IntCmd
	ZAddGT(ctx context.Context, key string, members ...Z) *IntCmd
	ZAddNX(ctx context.Context, key string, members ...Z) *IntCmd
	ZAddXX(ctx context.Context, key string, members ...Z) *IntCmd
	ZAddArgs(ctx context.Context, key string, args ZAddArgs) *IntCmd
	ZAddArgsIncr(ctx context.Context, key string, args ZAddArgs) *FloatCmd
	ZCard(ctx context.Context, key string) *IntCmd
	ZCount(ctx context.Context, key, min, max string) *IntCmd
	ZLexCount(ctx context.Context, key, min, max string) *IntCmd
	ZIncrBy(ctx context.Context, key string, increment float64, member string) *FloatCmd
	ZInter(ctx context.Context, store *ZStore) *StringSliceCmd
	ZInterWithScores(ctx context.Context, store *ZStore) *ZSliceCmd
	ZInterCard(ctx context.Context, limit int64, keys ...string) *IntCmd
	ZInterStore(ctx context.Context, destination string, store *ZStore) *IntCmd
	ZMPop(ctx context.Context, order string, count int64, keys ...string) *ZSliceWithKeyCmd
	ZMScore(ctx context.Context, key string, members ...string) *FloatSliceCmd
	ZPopMax(ctx context.Context, key string, count ...int64) *ZSliceCmd
	ZPopMin(ctx context.Context, key string, count ...int64) *ZSliceCmd
	ZRange(ctx context.Context, key string, start, stop int64) *StringSliceCmd
	ZRangeWithScores(ctx context.Context, key string, start, stop int64) *ZSliceCmd
	ZRangeByScore(ctx context.Context, key string, opt *ZRangeBy) *StringSliceCmd
	ZRangeByLex(ctx context.Context, key string, opt *ZRangeBy) *StringSliceCmd
	ZRangeByScoreWithScores(ctx context.Context, key string, opt *ZRangeBy) *ZSliceCmd
	ZRangeArgs(ctx context.Context, z ZRangeArgs) *StringSliceCmd
	ZRangeArgsWithScores(ctx context.Context, z ZRangeArgs) *ZSliceCmd
	ZRangeStore(ctx context.Context, dst string, z ZRangeArgs) *IntCmd
	ZRank(ctx context.Context, key, member string) *IntCmd
	ZRankWithScore(ctx context.Context, key, member string) *RankWithScoreCmd
	ZRem(ctx context.Context, key string, members ...any) *IntCmd
	ZRemRangeByRank(ctx context.Context, key string, start, stop int64) *IntCmd
	ZRemRangeByScore(ctx context.Context, key, min, max string) *IntCmd
	ZRemRangeByLex(ctx context.Context, key, min, max string) *IntCmd
	ZRevRange(ctx context.Context, key string, start, stop int64) *StringSliceCmd
	ZRevRangeWithScores(ctx context.Context, key string, start, stop int64) *ZSliceCmd
	ZRevRangeByScore(ctx context.Context, key string, opt *ZRangeBy) *StringSliceCmd
	ZRevRangeByLex(ctx context.Context, key string, opt *ZRangeBy) *StringSliceCmd
	ZRevRangeByScoreWithScores(ctx context.Context, key string, opt *ZRangeBy) *ZSliceCmd
	ZRevRank(ctx context.Context, key, member string) *IntCmd
	ZRevRankWithScore(ctx context.Context, key, member string) *RankWithScoreCmd
	ZScore(ctx context.Context, key, member string) *FloatCmd
	ZUnionStore(ctx context.Context, dest string, store *ZStore) *IntCmd
	ZRandMember(ctx context.Context, key string, count int) *StringSliceCmd
	ZRandMemberWithScores(ctx context.Context, key string, count int) *ZSliceCmd
	ZUnion(ctx context.Context, store ZStore) *StringSliceCmd
	ZUnionWithScores(ctx context.Context, store ZStore) *ZSliceCmd
	ZDiff(ctx context.Context, keys ...string) *StringSliceCmd
	ZDiffWithScores(ctx context.Context, keys ...string) *ZSliceCmd
	ZDiffStore(ctx context.Context, destination string, keys ...string) *IntCmd
	ZScan(ctx context.Context, key string, cursor uint64, match string, count int64) *ScanCmd
}

// ZAddArgs say which members ZAddArgs and ZAddArgsIncr set, and when. NX takes
// precedence over XX, GT and LT, and GT over LT, as not both can be sent.
type ZAddArgs struct {
	NX bool // only members that do not exist yet
	XX bool // only members that exist
	LT bool // of members that exist, only those whose score becomes lower
	GT bool // of members that exist, only those whose score becomes higher
	// Ch counts the members whose score changes as well as the new ones.
	Ch      bool
	Members []Z // what to set; at least one
}

func (c *baseCmd) zadd(a ZAddArgs, incr bool) {
	c.flag(a.NX, "nx")
	c.flag(a.XX && !a.NX, "xx")
	c.flag(a.GT && !a.NX, "gt")
	c.flag(a.LT && !a.NX && !a.GT, "lt")
	c.flag(a.Ch, "ch")
	c.flag(incr, "incr")
	for _, m := range a.Members {
		c.float(m.Score).val(m.Member)
	}
}

// ZStore names the sorted sets that a union or an intersection is made of, and
// how.
type ZStore struct {
	// Keys are the sorted sets, or sets, whose members count as having the
	// score 1.
	Keys []string
	// Weights are what the scores of each key are multiplied by. None means 1
	// for all.
	Weights []float64
	// Aggregate makes one score of the scores that a member has under several
	// keys: "SUM", "MIN" or "MAX"; empty means the sum.
	Aggregate string
}

func (c *baseCmd) zstore(s *ZStore) *baseCmd {
	if s == nil {
		c.rejectNil("ZStore")
		return c
	}
	c.keys(s.Keys)
	if len(s.Weights) > 0 {
		c.str("weights")
		for _, w := range s.Weights {
			c.float(w)
		}
	}
	if s.Aggregate != "" {
		c.strs("aggregate", s.Aggregate)
	}
	return c
}

// ZAdd sets members and their scores, and answers how many members are new
// (ZADD).
func (c cmdable) ZAdd(ctx context.Context, key string, members ...Z) *IntCmd {
	return c.ZAddArgs(ctx, key, ZAddArgs{Members: members})
}

// ZAddLT is ZAdd that leaves scores alone which would not become lower (ZADD
// LT).
func (c cmdable) ZAddLT(ctx context.Context, key string, members ...Z) *IntCmd {
	return c.ZAddArgs(ctx, key, ZAddArgs{LT: true, Members: members})
}

// ZAddGT is ZAdd that leaves scores alone which would not become higher (ZADD
// GT).
func (c cmdable) ZAddGT(ctx context.Context, key string, members ...Z) *IntCmd {
	return c.ZAddArgs(ctx, key, ZAddArgs{GT: true, Members: members})
}

// ZAddNX is ZAdd that leaves members alone which exist (ZADD NX).
func (c cmdable) ZAddNX(ctx context.Context, key string, members ...Z) *IntCmd {
	return c.ZAddArgs(ctx, key, ZAddArgs{NX: true, Members: members})
}

// ZAddXX is ZAdd that adds no members. It answers 0 (ZADD XX).
func (c cmdable) ZAddXX(ctx context.Context, key string, members ...Z) *IntCmd {
	return c.ZAddArgs(ctx, key, ZAddArgs{XX: true, Members: members})
}

// ZAddArgs sets members and their scores under conditions, and answers how many
// members are new, or with Ch, how many are new or changed (ZADD).
func (c cmdable) ZAddArgs(ctx context.Context, key string, args ZAddArgs) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("zadd", key).zadd(args, false)
	return do(ctx, c, cmd)
}

// ZAddArgsIncr adds to the score of the one member given, under conditions, and
// answers the sum; [Nil] when a condition keeps it from that (ZADD INCR).
func (c cmdable) ZAddArgsIncr(ctx context.Context, key string, args ZAddArgs) *FloatCmd {
	cmd := new(FloatCmd)
	cmd.start("zadd", key).zadd(args, true)
	return do(ctx, c, cmd)
}

// ZIncrBy adds increment to the score of a member, 0 when there is none, and
// answers the sum (ZINCRBY).
func (c cmdable) ZIncrBy(ctx context.Context, key string, increment float64, member string) *FloatCmd {
	cmd := new(FloatCmd)
	cmd.start("zincrby", key).float(increment).str(member)
	return do(ctx, c, cmd)
}

// ZRem removes members and answers how many of them there were. A single one
// may be a list (ZREM).
func (c cmdable) ZRem(ctx context.Context, key string, members ...any) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("zrem", key).list(members)
	return do(ctx, c, cmd)
}

// ZRemRangeByRank removes the members from rank start to stop, both included,
// and answers how many there were (ZREMRANGEBYRANK).
func (c cmdable) ZRemRangeByRank(ctx context.Context, key string, start, stop int64) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("zremrangebyrank", key).int(start).int(stop)
	return do(ctx, c, cmd)
}

// ZRemRangeByScore removes the members with a score from min to max, and
// answers how many there were (ZREMRANGEBYSCORE).
func (c cmdable) ZRemRangeByScore(ctx context.Context, key, min, max string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("zremrangebyscore", key, min, max)
	return do(ctx, c, cmd)
}

// ZRemRangeByLex removes the members from min to max, and answers how many
// there were (ZREMRANGEBYLEX).
func (c cmdable) ZRemRangeByLex(ctx context.Context, key, min, max string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("zremrangebylex", key, min, max)
	return do(ctx, c, cmd)
}

// ZPopMax takes the count members, one if it is left out, with the highest
// scores, the highest first; none when the key does not exist (ZPOPMAX).
func (c cmdable) ZPopMax(ctx context.Context, key string, count ...int64) *ZSliceCmd {
	return c.zpop(ctx, "zpopmax", key, count)
}

// ZPopMin takes the count members, one if it is left out, with the lowest
// scores, the lowest first; none when the key does not exist (ZPOPMIN).
func (c cmdable) ZPopMin(ctx context.Context, key string, count ...int64) *ZSliceCmd {
	return c.zpop(ctx, "zpopmin", key, count)
}

func (c cmdable) zpop(ctx context.Context, name, key string, count []int64) *ZSliceCmd {
	cmd := new(ZSliceCmd)
	cmd.start(name, key)
	for _, n := range count {
		cmd.int(n)
	}
	if len(count) > 1 {
		cmd.reject(fmt.Errorf("redis: %s: %d counts, but it takes one", name, len(count)))
	}
	return do(ctx, c, cmd)
}

// ZMPop takes up to count members with the lowest or highest scores, where
// order is "MIN" or "MAX", of the first of keys that has any, and answers the
// key and the members; [Nil] when none has (ZMPOP).
func (c cmdable) ZMPop(ctx context.Context, order string, count int64, keys ...string) *ZSliceWithKeyCmd {
	cmd := new(ZSliceWithKeyCmd)
	cmd.start("zmpop").keys(keys).str(strings.ToLower(order)).str("count").int(count)
	return do(ctx, c, cmd)
}

// BZMPop is ZMPop that blocks; [Nil] after the timeout (BZMPOP).
func (c cmdable) BZMPop(ctx context.Context, timeout time.Duration, order string, count int64, keys ...string) *ZSliceWithKeyCmd {
	cmd := new(ZSliceWithKeyCmd)
	cmd.start("bzmpop").timeout(timeout).keys(keys).str(strings.ToLower(order)).str("count").int(count)
	return do(ctx, c, cmd)
}

// BZPopMax takes the member with the highest score of the first of keys that
// has any; [Nil] after the timeout (BZPOPMAX).
func (c cmdable) BZPopMax(ctx context.Context, timeout time.Duration, keys ...string) *ZWithKeyCmd {
	cmd := new(ZWithKeyCmd)
	cmd.start("bzpopmax", keys...).timeout(timeout)
	return do(ctx, c, cmd)
}

// BZPopMin takes the member with the lowest score of the first of keys that has
// any; [Nil] after the timeout (BZPOPMIN).
func (c cmdable) BZPopMin(ctx context.Context, timeout time.Duration, keys ...string) *ZWithKeyCmd {
	cmd := new(ZWithKeyCmd)
	cmd.start("bzpopmin", keys...).timeout(timeout)
	return do(ctx, c, cmd)
}

// ZInterStore puts the members that all keys have into destination, in place of
// what was there, and answers how many there are (ZINTERSTORE).
func (c cmdable) ZInterStore(ctx context.Context, destination string, store *ZStore) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("zinterstore", destination).zstore(store)
	return do(ctx, c, cmd)
}

// ZUnionStore puts the members that any of the keys has into dest, in place of
// what was there, and answers how many there are (ZUNIONSTORE).
func (c cmdable) ZUnionStore(ctx context.Context, dest string, store *ZStore) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("zunionstore", dest).zstore(store)
	return do(ctx, c, cmd)
}

// ZDiffStore puts the members of the first of keys that none of the others has
// into destination, in place of what was there, and answers how many there are
// (ZDIFFSTORE).
func (c cmdable) ZDiffStore(ctx context.Context, destination string, keys ...string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("zdiffstore", destination).keys(keys)
	return do(ctx, c, cmd)
}

// ZRangeStore puts the members of a range into dst, in place of what was there,
// and answers how many there are (ZRANGESTORE).
func (c cmdable) ZRangeStore(ctx context.Context, dst string, z ZRangeArgs) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("zrangestore", dst).zrange(z)
	return do(ctx, c, cmd)
}
