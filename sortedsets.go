package redis

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
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

// ZRangeArgs say which range ZRangeArgs, ZRangeArgsWithScores and ZRangeStore
// read.
type ZRangeArgs struct {
	Key string // of the sorted set

	// Start and Stop are the bounds, both included, of any type that can be
	// sent: ranks, or what ByScore and ByLex say.
	Start any
	Stop  any

	// ByScore makes the bounds scores, ByLex members. ByScore takes precedence.
	ByScore bool
	ByLex   bool

	// Rev begins with the highest, and counts ranks from there. Start is the
	// higher bound then.
	Rev bool

	// Offset and Count leave out the first Offset members of a range by score
	// or member, and then read up to Count; below 0 means all. If both are 0
	// the whole range is read.
	Offset int64
	Count  int64
}

func (c *baseCmd) zrange(z ZRangeArgs) *baseCmd {
	c.str(z.Key).val(z.Start).val(z.Stop)
	c.flag(z.ByScore, "byscore").flag(z.ByLex && !z.ByScore, "bylex").flag(z.Rev, "rev")
	return c.limit(z.Offset, z.Count)
}

func (c *baseCmd) limit(offset, count int64) *baseCmd {
	if offset != 0 || count != 0 {
		c.str("limit").int(offset).int(count)
	}
	return c
}

// ZRangeBy is a range of scores or of members, as [SortedSetCmdable] says.
type ZRangeBy struct {
	Min, Max string
	// Offset and Count leave out the first Offset members, and then read up to
	// Count; below 0 means all. If both are 0 the whole range is read.
	Offset, Count int64
}

// ZCard counts the members; 0 when the key does not exist (ZCARD).
func (c cmdable) ZCard(ctx context.Context, key string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("zcard", key)
	return do(ctx, c, cmd)
}

// ZCount counts the members with a score from min to max; 0 when the key does
// not exist (ZCOUNT).
func (c cmdable) ZCount(ctx context.Context, key, min, max string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("zcount", key, min, max)
	return do(ctx, c, cmd)
}

// ZLexCount counts the members from min to max; 0 when the key does not exist
// (ZLEXCOUNT).
func (c cmdable) ZLexCount(ctx context.Context, key, min, max string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("zlexcount", key, min, max)
	return do(ctx, c, cmd)
}

// ZScore reads the score of a member; [Nil] when there is none (ZSCORE).
func (c cmdable) ZScore(ctx context.Context, key, member string) *FloatCmd {
	cmd := new(FloatCmd)
	cmd.start("zscore", key, member)
	return do(ctx, c, cmd)
}

// ZMScore reads the scores of members, in their order; 0 for each that does not
// exist (ZMSCORE).
func (c cmdable) ZMScore(ctx context.Context, key string, members ...string) *FloatSliceCmd {
	cmd := new(FloatSliceCmd)
	cmd.start("zmscore", key).strs(members...)
	return do(ctx, c, cmd)
}

// ZRank reads the rank of a member; [Nil] when there is none (ZRANK).
func (c cmdable) ZRank(ctx context.Context, key, member string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("zrank", key, member)
	return do(ctx, c, cmd)
}

// ZRankWithScore reads the rank and the score of a member; [Nil] when there is
// none (ZRANK WITHSCORE, Redis 7.2).
func (c cmdable) ZRankWithScore(ctx context.Context, key, member string) *RankWithScoreCmd {
	cmd := new(RankWithScoreCmd)
	cmd.start("zrank", key, member, "withscore")
	return do(ctx, c, cmd)
}

// ZRevRank reads the rank of a member, counted from the highest score; [Nil]
// when there is none (ZREVRANK).
func (c cmdable) ZRevRank(ctx context.Context, key, member string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("zrevrank", key, member)
	return do(ctx, c, cmd)
}

// ZRevRankWithScore reads the rank of a member, counted from the highest score,
// and its score; [Nil] when there is none (ZREVRANK WITHSCORE, Redis 7.2).
func (c cmdable) ZRevRankWithScore(ctx context.Context, key, member string) *RankWithScoreCmd {
	cmd := new(RankWithScoreCmd)
	cmd.start("zrevrank", key, member, "withscore")
	return do(ctx, c, cmd)
}

// ZRange reads the members from rank start to stop, both included, the lowest
// first; none when the key does not exist (ZRANGE).
func (c cmdable) ZRange(ctx context.Context, key string, start, stop int64) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("zrange", key).int(start).int(stop)
	return do(ctx, c, cmd)
}

// ZRangeWithScores is ZRange with the scores (ZRANGE WITHSCORES).
func (c cmdable) ZRangeWithScores(ctx context.Context, key string, start, stop int64) *ZSliceCmd {
	cmd := new(ZSliceCmd)
	cmd.start("zrange", key).int(start).int(stop).str("withscores")
	return do(ctx, c, cmd)
}

// ZRangeArgs reads the members of a range; none when the key does not exist
// (ZRANGE).
func (c cmdable) ZRangeArgs(ctx context.Context, z ZRangeArgs) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("zrange").zrange(z)
	return do(ctx, c, cmd)
}

// ZRangeArgsWithScores is ZRangeArgs with the scores (ZRANGE WITHSCORES).
func (c cmdable) ZRangeArgsWithScores(ctx context.Context, z ZRangeArgs) *ZSliceCmd {
	cmd := new(ZSliceCmd)
	cmd.start("zrange").zrange(z).str("withscores")
	return do(ctx, c, cmd)
}

// ZRevRange reads the members from rank start to stop, both included and
// counted from the highest score, the highest first; none when the key does not
// exist (ZREVRANGE).
func (c cmdable) ZRevRange(ctx context.Context, key string, start, stop int64) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("zrevrange", key).int(start).int(stop)
	return do(ctx, c, cmd)
}

// ZRevRangeWithScores is ZRevRange with the scores (ZREVRANGE WITHSCORES).
func (c cmdable) ZRevRangeWithScores(ctx context.Context, key string, start, stop int64) *ZSliceCmd {
	cmd := new(ZSliceCmd)
	cmd.start("zrevrange", key).int(start).int(stop).str("withscores")
	return do(ctx, c, cmd)
}

// ZRangeByScore reads the members of a range of scores, the lowest first; none
// when the key does not exist (ZRANGEBYSCORE).
func (c cmdable) ZRangeByScore(ctx context.Context, key string, opt *ZRangeBy) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("zrangebyscore", key).upwards(opt)
	return do(ctx, c, cmd)
}

// ZRangeByScoreWithScores is ZRangeByScore with the scores (ZRANGEBYSCORE
// WITHSCORES).
func (c cmdable) ZRangeByScoreWithScores(ctx context.Context, key string, opt *ZRangeBy) *ZSliceCmd {
	cmd := new(ZSliceCmd)
	cmd.start("zrangebyscore", key).upwards(opt).str("withscores")
	return do(ctx, c, cmd)
}

// ZRangeByLex reads the members of a range of members, the lowest first; none
// when the key does not exist (ZRANGEBYLEX).
func (c cmdable) ZRangeByLex(ctx context.Context, key string, opt *ZRangeBy) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("zrangebylex", key).upwards(opt)
	return do(ctx, c, cmd)
}

// ZRevRangeByScore reads the members of a range of scores, the highest first;
// none when the key does not exist (ZREVRANGEBYSCORE).
func (c cmdable) ZRevRangeByScore(ctx context.Context, key string, opt *ZRangeBy) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("zrevrangebyscore", key).downwards(opt)
	return do(ctx, c, cmd)
}

// ZRevRangeByScoreWithScores is ZRevRangeByScore with the scores
// (ZREVRANGEBYSCORE WITHSCORES).
func (c cmdable) ZRevRangeByScoreWithScores(ctx context.Context, key string, opt *ZRangeBy) *ZSliceCmd {
	cmd := new(ZSliceCmd)
	cmd.start("zrevrangebyscore", key).downwards(opt).str("withscores")
	return do(ctx, c, cmd)
}

// ZRevRangeByLex reads the members of a range of members, the highest first;
// none when the key does not exist (ZREVRANGEBYLEX).
func (c cmdable) ZRevRangeByLex(ctx context.Context, key string, opt *ZRangeBy) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("zrevrangebylex", key).downwards(opt)
	return do(ctx, c, cmd)
}

func (c *baseCmd) upwards(r *ZRangeBy) *baseCmd {
	if r == nil {
		c.rejectNil("range")
		return c
	}
	return c.strs(r.Min, r.Max).limit(r.Offset, r.Count)
}

func (c *baseCmd) downwards(r *ZRangeBy) *baseCmd {
	if r == nil {
		c.rejectNil("range")
		return c
	}
	return c.strs(r.Max, r.Min).limit(r.Offset, r.Count)
}

// ZInter reads the members that all keys have, in the order of the aggregated
// scores (ZINTER).
func (c cmdable) ZInter(ctx context.Context, store *ZStore) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("zinter").zstore(store)
	return do(ctx, c, cmd)
}

// ZInterWithScores is ZInter with the aggregated scores (ZINTER WITHSCORES).
func (c cmdable) ZInterWithScores(ctx context.Context, store *ZStore) *ZSliceCmd {
	cmd := new(ZSliceCmd)
	cmd.start("zinter").zstore(store).str("withscores")
	return do(ctx, c, cmd)
}

// ZInterCard counts the members that all keys have, up to limit; 0 means
// without one (ZINTERCARD).
func (c cmdable) ZInterCard(ctx context.Context, limit int64, keys ...string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("zintercard").keys(keys).str("limit").int(limit)
	return do(ctx, c, cmd)
}

// ZUnion reads the members that any of the keys has, in the order of the
// aggregated scores (ZUNION).
func (c cmdable) ZUnion(ctx context.Context, store ZStore) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("zunion").zstore(&store)
	return do(ctx, c, cmd)
}

// ZUnionWithScores is ZUnion with the aggregated scores (ZUNION WITHSCORES).
func (c cmdable) ZUnionWithScores(ctx context.Context, store ZStore) *ZSliceCmd {
	cmd := new(ZSliceCmd)
	cmd.start("zunion").zstore(&store).str("withscores")
	return do(ctx, c, cmd)
}

// ZDiff reads the members of the first key that none of the others has (ZDIFF).
func (c cmdable) ZDiff(ctx context.Context, keys ...string) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("zdiff").keys(keys)
	return do(ctx, c, cmd)
}

// ZDiffWithScores is ZDiff with the scores (ZDIFF WITHSCORES).
func (c cmdable) ZDiffWithScores(ctx context.Context, keys ...string) *ZSliceCmd {
	cmd := new(ZSliceCmd)
	cmd.start("zdiff").keys(keys).str("withscores")
	return do(ctx, c, cmd)
}

// ZRandMember reads members at random: up to count different ones or, if count
// is below 0, exactly -count, some maybe more than once. None when the key does
// not exist (ZRANDMEMBER).
func (c cmdable) ZRandMember(ctx context.Context, key string, count int) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("zrandmember", key).int(int64(count))
	return do(ctx, c, cmd)
}

// ZRandMemberWithScores is ZRandMember with the scores (ZRANDMEMBER
// WITHSCORES).
func (c cmdable) ZRandMemberWithScores(ctx context.Context, key string, count int) *ZSliceCmd {
	cmd := new(ZSliceCmd)
	cmd.start("zrandmember", key).int(int64(count)).str("withscores")
	return do(ctx, c, cmd)
}

// ZScan reads some members and scores in turn, and the cursor to go on from; 0
// to begin with, and when it is over. match is a pattern for the members, where
// empty means all; count is how many the server should look at, where 0 leaves
// it to the server (ZSCAN).
func (c cmdable) ZScan(ctx context.Context, key string, cursor uint64, match string, count int64) *ScanCmd {
	cmd := &ScanCmd{process: c}
	cmd.start("zscan", key).uint(cursor).scanOptions(match, count)
	return do(ctx, c, cmd)
}

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
