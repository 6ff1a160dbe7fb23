package redis

import "context"

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
