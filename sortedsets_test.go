package redis

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
	"github.com/stretchr/testify/require"
)

var _ = testCommandGroup(commandGroup{name: "sorted sets", server: redistest.Options{}, rows: []commandTest{
	{
		name:  "BZPopMax",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.BZPopMax(ctx, time.Second, "none", "z") },
		setup: []string{"zadd z 1 a 2.5 b"},
		args:  "bzpopmax none z 1", want: &ZWithKey{Z: Z{2.5, "b"}, Key: "z"},
	},
	{
		name: "BZPopMax/timeout",
		call: func(ctx context.Context, c testCommands) Cmder { return c.BZPopMax(ctx, 5*time.Millisecond, "z") },
		args: "bzpopmax z 0.005", want: Nil,
	},
	{
		name:  "BZPopMin",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.BZPopMin(ctx, 0, "z") },
		setup: []string{"zadd z 1 a 2 b"},
		args:  "bzpopmin z 0", want: &ZWithKey{Z: Z{1, "a"}, Key: "z"},
	},
	{
		name: "BZPopMin/negative timeout",
		call: func(ctx context.Context, c testCommands) Cmder { return c.BZPopMin(ctx, -time.Second, "z") },
		want: fails("redis: bzpopmin: the timeout -1s is negative"),
	},
	{
		name:  "BZPopMin/wrong type",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.BZPopMin(ctx, time.Second, "z") },
		setup: []string{"set z x"},
		args:  "bzpopmin z 1", want: fails("WRONGTYPE"),
	},
	{
		name: "BZMPop",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.BZMPop(ctx, time.Second, "MAX", 2, "none", "z")
		},
		setup: []string{"zadd z 1 a 2 b 3 c"},
		args:  "bzmpop 1 2 none z max count 2", want: values{"z", []Z{{3, "c"}, {2, "b"}}},
	},
	{
		name: "BZMPop/timeout",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.BZMPop(ctx, 5*time.Millisecond, "min", 1, "z")
		},
		args: "bzmpop 0.005 1 z min count 1", want: Nil,
	},
	{
		name: "ZAdd",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZAdd(ctx, "z", Z{1, "a"}, Z{-2.5, 7}, Z{math.Inf(1), []byte("c")})
		},
		setup: []string{"zadd z 5 a"},
		args:  "zadd z 1 a -2.5 7 +Inf c", want: int64(2),
	},
	{
		name: "ZAdd/nothing",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZAdd(ctx, "z") },
		args: "zadd z", want: fails("wrong number of arguments"),
	},
	{
		name: "ZAdd/not a number",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZAdd(ctx, "z", Z{math.NaN(), "a"}) },
		args: "zadd z NaN a", want: fails("not a valid float"),
	},
	{
		name: "ZAdd/unsupported type",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZAdd(ctx, "z", Z{1, struct{}{}}) },
		want: fails("redis: zadd: argument 3: "),
	},
	{
		name: "ZAddLT",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZAddLT(ctx, "z", Z{1, "a"}) },
		args: "zadd z lt 1 a", want: int64(1),
	},
	{
		name: "ZAddGT",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZAddGT(ctx, "z", Z{1, "a"}) },
		args: "zadd z gt 1 a", want: int64(1),
	},
	{
		name:  "ZAddNX",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZAddNX(ctx, "z", Z{1, "a"}) },
		setup: []string{"zadd z 2 a"},
		args:  "zadd z nx 1 a", want: int64(0),
	},
	{
		name: "ZAddXX",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZAddXX(ctx, "z", Z{1, "a"}) },
		args: "zadd z xx 1 a", want: int64(0),
	},
	{
		name: "ZAddArgs",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZAddArgs(ctx, "z", ZAddArgs{XX: true, GT: true, LT: true, Ch: true, Members: []Z{{2, "a"}, {2, "b"}}})
		},
		setup: []string{"zadd z 1 a 3 b"},
		args:  "zadd z xx gt ch 2 a 2 b", want: int64(1),
	},
	{
		name: "ZAddArgs/new members only",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZAddArgs(ctx, "z", ZAddArgs{NX: true, XX: true, GT: true, LT: true, Members: []Z{{2, "a"}}})
		},
		args: "zadd z nx 2 a", want: int64(1),
	},
	{
		name: "ZAddArgsIncr",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZAddArgsIncr(ctx, "z", ZAddArgs{LT: true, Members: []Z{{-0.5, "a"}}})
		},
		setup: []string{"zadd z 2 a"},
		args:  "zadd z lt incr -0.5 a", want: 1.5,
	},
	{
		name: "ZAddArgsIncr/kept from it",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZAddArgsIncr(ctx, "z", ZAddArgs{XX: true, Members: []Z{{1, "a"}}})
		},
		args: "zadd z xx incr 1 a", want: Nil,
	},
	{
		name:  "ZIncrBy",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZIncrBy(ctx, "z", 0.25, "a") },
		setup: []string{"zadd z 1 a"},
		args:  "zincrby z 0.25 a", want: 1.25,
	},
	{
		name:  "ZRem",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZRem(ctx, "z", "a", 7, "none") },
		setup: []string{"zadd z 1 a 2 7"},
		args:  "zrem z a 7 none", want: int64(2),
	},
	{
		name:  "ZRemRangeByRank",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZRemRangeByRank(ctx, "z", 0, -2) },
		setup: []string{"zadd z 1 a 2 b 3 c"},
		args:  "zremrangebyrank z 0 -2", want: int64(2),
	},
	{
		name:  "ZRemRangeByScore",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZRemRangeByScore(ctx, "z", "(1", "+inf") },
		setup: []string{"zadd z 1 a 2 b 3 c"},
		args:  "zremrangebyscore z (1 +inf", want: int64(2),
	},
	{
		name:  "ZRemRangeByLex",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZRemRangeByLex(ctx, "z", "[a", "(c") },
		setup: []string{"zadd z 0 a 0 b 0 c"},
		args:  "zremrangebylex z [a (c", want: int64(2),
	},
	{
		name:  "ZPopMax",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZPopMax(ctx, "z") },
		setup: []string{"zadd z 1 a 2 b"},
		args:  "zpopmax z", want: []Z{{2, "b"}},
	},
	{
		name:  "ZPopMax/count",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZPopMax(ctx, "z", 5) },
		setup: []string{"zadd z 1 a 2 b"},
		args:  "zpopmax z 5", want: []Z{{2, "b"}, {1, "a"}},
	},
	{
		name: "ZPopMax/counts",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZPopMax(ctx, "z", 1, 2) },
		want: fails("redis: zpopmax: 2 counts, but it takes one"),
	},
	{
		name:  "ZPopMin",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZPopMin(ctx, "z", 2) },
		setup: []string{"zadd z -inf a 2 b"},
		args:  "zpopmin z 2", want: []Z{{math.Inf(-1), "a"}, {2, "b"}},
	},
	{
		name: "ZPopMin/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZPopMin(ctx, "z") },
		args: "zpopmin z", want: []Z{},
	},
	{
		name:  "ZMPop",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZMPop(ctx, "MIN", 5, "none", "z") },
		setup: []string{"zadd z 1 a 2 b"},
		args:  "zmpop 2 none z min count 5", want: values{"z", []Z{{1, "a"}, {2, "b"}}},
	},
	{
		name: "ZMPop/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZMPop(ctx, "min", 5, "z") },
		args: "zmpop 1 z min count 5", want: Nil,
	},
	{
		name: "ZInterStore",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZInterStore(ctx, "u", &ZStore{Keys: []string{"z", "y"}, Weights: []float64{2, 0.5}, Aggregate: "MAX"})
		},
		setup: []string{"zadd z 1 a 2 b", "zadd y 3 b"},
		args:  "zinterstore u 2 z y weights 2 0.5 aggregate MAX", want: int64(1),
	},
	{
		name: "ZInterStore/nil",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZInterStore(ctx, "u", nil) },
		want: fails("redis: zinterstore: the ZStore is nil"),
	},
	{
		name: "ZUnionStore",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZUnionStore(ctx, "u", &ZStore{Keys: []string{"z", "y"}})
		},
		setup: []string{"zadd z 1 a 2 b", "zadd y 3 b"},
		args:  "zunionstore u 2 z y", want: int64(2),
	},
	{
		name:  "ZDiffStore",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZDiffStore(ctx, "u", "z", "y") },
		setup: []string{"zadd z 1 a 2 b", "zadd y 3 b"},
		args:  "zdiffstore u 2 z y", want: int64(1),
	},
	{
		name: "ZRangeStore",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZRangeStore(ctx, "u", ZRangeArgs{Key: "z", Start: 0, Stop: -1})
		},
		setup: []string{"zadd z 1 a 2 b"},
		args:  "zrangestore u z 0 -1", want: int64(2),
	},
}})

var _ = testCommandGroup(commandGroup{name: "sorted sets read", server: redistest.Options{}, rows: []commandTest{
	{
		name:  "ZCard",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZCard(ctx, "z") },
		setup: []string{"zadd z 1 a 2 b"},
		args:  "zcard z", want: int64(2),
	},
	{
		name:  "ZCount",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZCount(ctx, "z", "(1", "3") },
		setup: []string{"zadd z 1 a 2 b 3 c"},
		args:  "zcount z (1 3", want: int64(2),
	},
	{
		name:  "ZLexCount",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZLexCount(ctx, "z", "-", "[b") },
		setup: []string{"zadd z 0 a 0 b 0 c"},
		args:  "zlexcount z - [b", want: int64(2),
	},
	{
		name:  "ZScore",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZScore(ctx, "z", "a") },
		setup: []string{"zadd z 0.1 a"},
		args:  "zscore z a", want: 0.1,
	},
	{
		name: "ZScore/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZScore(ctx, "z", "a") },
		args: "zscore z a", want: Nil,
	},
	{
		name:  "ZMScore",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZMScore(ctx, "z", "a", "none", "b") },
		setup: []string{"zadd z 1 a 2.5 b"},
		args:  "zmscore z a none b", want: []float64{1, 0, 2.5},
	},
	{
		name:  "ZRank",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZRank(ctx, "z", "b") },
		setup: []string{"zadd z 1 a 2 b"},
		args:  "zrank z b", want: int64(1),
	},
	{
		name: "ZRank/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZRank(ctx, "z", "b") },
		args: "zrank z b", want: Nil,
	},
	{
		name: "ZRankWithScore",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZRankWithScore(ctx, "z", "b") },
		args: "zrank z b withscore", want: RankScore{Rank: 1, Score: 2.5},
		since: "7.2", setup: []string{"zadd z 1 a 2.5 b"},
		scripted: []string{"*2\r\n:1\r\n$3\r\n2.5\r\n", "*2\r\n:1\r\n,2.5\r\n"},
	},
	{
		name: "ZRankWithScore/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZRankWithScore(ctx, "z", "b") },
		args: "zrank z b withscore", want: Nil,
		since:    "7.2",
		scripted: []string{"*-1\r\n", "_\r\n"},
	},
	{
		name: "ZRankWithScore/another shape",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZRankWithScore(ctx, "z", "b") },
		args: "zrank z b withscore", want: fails("got an array of 1, want an array of 2"),
		scripted: []string{"*1\r\n:1\r\n"},
	},
	{
		name:  "ZRevRank",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZRevRank(ctx, "z", "b") },
		setup: []string{"zadd z 1 a 2 b"},
		args:  "zrevrank z b", want: int64(0),
	},
	{
		name: "ZRevRankWithScore",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZRevRankWithScore(ctx, "z", "b") },
		args: "zrevrank z b withscore", want: RankScore{Rank: 0, Score: 2.5},
		since: "7.2", setup: []string{"zadd z 1 a 2.5 b"},
		scripted: []string{"*2\r\n:0\r\n$3\r\n2.5\r\n", "*2\r\n:0\r\n,2.5\r\n"},
	},
	{
		name:  "ZRange",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZRange(ctx, "z", 0, -2) },
		setup: []string{"zadd z 1 a 2 b 3 c"},
		args:  "zrange z 0 -2", want: []string{"a", "b"},
	},
	{
		name:  "ZRangeWithScores",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZRangeWithScores(ctx, "z", 0, -1) },
		setup: []string{"zadd z 1.5 a +inf b"},
		args:  "zrange z 0 -1 withscores", want: []Z{{1.5, "a"}, {math.Inf(1), "b"}},
	},
	{
		name: "ZRangeWithScores/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZRangeWithScores(ctx, "z", 0, -1) },
		args: "zrange z 0 -1 withscores", want: []Z{},
	},
	{
		name: "ZRangeWithScores/half a pair",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZRangeWithScores(ctx, "z", 0, -1) },
		args: "zrange z 0 -1 withscores", want: fails("got an array of 1, want pairs"),
		scripted: []string{"*1\r\n$1\r\na\r\n"},
	},
	{
		name: "ZRangeArgs",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZRangeArgs(ctx, ZRangeArgs{Key: "z", Start: 3, Stop: "(1", ByScore: true, ByLex: true, Rev: true, Offset: 1, Count: 5})
		},
		setup: []string{"zadd z 1 a 2 b 3 c"},
		args:  "zrange z 3 (1 byscore rev limit 1 5", want: []string{"b"},
	},
	{
		name: "ZRangeArgs/lex",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZRangeArgs(ctx, ZRangeArgs{Key: "z", Start: "[a", Stop: "(c", ByLex: true})
		},
		setup: []string{"zadd z 0 a 0 b 0 c"},
		args:  "zrange z [a (c bylex", want: []string{"a", "b"},
	},
	{
		name: "ZRangeArgs/unsupported type",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZRangeArgs(ctx, ZRangeArgs{Key: "z", Start: 0, Stop: struct{}{}})
		},
		want: fails("redis: zrange: argument 3: "),
	},
	{
		name: "ZRangeArgsWithScores",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZRangeArgsWithScores(ctx, ZRangeArgs{Key: "z", Start: "-inf", Stop: 2.5, ByScore: true})
		},
		setup: []string{"zadd z 1 a 2 b 3 c"},
		args:  "zrange z -inf 2.5 byscore withscores", want: []Z{{1, "a"}, {2, "b"}},
	},
	{
		name:  "ZRevRange",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZRevRange(ctx, "z", 0, 1) },
		setup: []string{"zadd z 1 a 2 b 3 c"},
		args:  "zrevrange z 0 1", want: []string{"c", "b"},
	},
	{
		name:  "ZRevRangeWithScores",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZRevRangeWithScores(ctx, "z", 0, 1) },
		setup: []string{"zadd z 1 a 2 b 3 c"},
		args:  "zrevrange z 0 1 withscores", want: []Z{{3, "c"}, {2, "b"}},
	},
	{
		name: "ZRangeByScore",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZRangeByScore(ctx, "z", &ZRangeBy{Min: "(1", Max: "+inf"})
		},
		setup: []string{"zadd z 1 a 2 b 3 c"},
		args:  "zrangebyscore z (1 +inf", want: []string{"b", "c"},
	},
	{
		name: "ZRangeByScore/nil",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZRangeByScore(ctx, "z", nil) },
		want: fails("redis: zrangebyscore: the range is nil"),
	},
	{
		name: "ZRangeByScoreWithScores",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZRangeByScoreWithScores(ctx, "z", &ZRangeBy{Min: "-inf", Max: "+inf", Offset: 1, Count: 1})
		},
		setup: []string{"zadd z 1 a 2 b 3 c"},
		args:  "zrangebyscore z -inf +inf limit 1 1 withscores", want: []Z{{2, "b"}},
	},
	{
		name: "ZRangeByLex",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZRangeByLex(ctx, "z", &ZRangeBy{Min: "[b", Max: "+", Count: -1})
		},
		setup: []string{"zadd z 0 a 0 b 0 c"},
		args:  "zrangebylex z [b + limit 0 -1", want: []string{"b", "c"},
	},
	{
		name: "ZRevRangeByScore",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZRevRangeByScore(ctx, "z", &ZRangeBy{Min: "(1", Max: "+inf", Count: 1})
		},
		setup: []string{"zadd z 1 a 2 b 3 c"},
		args:  "zrevrangebyscore z +inf (1 limit 0 1", want: []string{"c"},
	},
	{
		name: "ZRevRangeByScoreWithScores",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZRevRangeByScoreWithScores(ctx, "z", &ZRangeBy{Min: "2", Max: "3"})
		},
		setup: []string{"zadd z 1 a 2 b 3 c"},
		args:  "zrevrangebyscore z 3 2 withscores", want: []Z{{3, "c"}, {2, "b"}},
	},
	{
		name: "ZRevRangeByScoreWithScores/nil",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZRevRangeByScoreWithScores(ctx, "z", nil)
		},
		want: fails("redis: zrevrangebyscore: the range is nil"),
	},
	{
		name: "ZRevRangeByLex",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZRevRangeByLex(ctx, "z", &ZRangeBy{Min: "-", Max: "(c"})
		},
		setup: []string{"zadd z 0 a 0 b 0 c"},
		args:  "zrevrangebylex z (c -", want: []string{"b", "a"},
	},
	{
		name: "ZInter",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZInter(ctx, &ZStore{Keys: []string{"z", "y"}})
		},
		setup: []string{"zadd z 1 a 2 b", "zadd y 3 b"},
		args:  "zinter 2 z y", want: []string{"b"},
	},
	{
		name: "ZInter/nil",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZInter(ctx, nil) },
		want: fails("redis: zinter: the ZStore is nil"),
	},
	{
		name: "ZInterWithScores",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZInterWithScores(ctx, &ZStore{Keys: []string{"z", "y"}, Weights: []float64{1, 10}, Aggregate: "min"})
		},
		setup: []string{"zadd z 1 a 2 b", "zadd y 3 b"},
		args:  "zinter 2 z y weights 1 10 aggregate min withscores", want: []Z{{2, "b"}},
	},
	{
		name:  "ZInterCard",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZInterCard(ctx, 0, "z", "y") },
		setup: []string{"zadd z 1 a 2 b", "zadd y 3 b"},
		args:  "zintercard 2 z y limit 0", want: int64(1),
	},
	{
		name: "ZInterCard/no keys",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZInterCard(ctx, 0) },
		args: "zintercard 0 limit 0", want: fails("at least 1 input key"),
	},
	{
		name: "ZUnion",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZUnion(ctx, ZStore{Keys: []string{"z", "s"}})
		},
		setup: []string{"zadd z 5 a", "sadd s b"},
		args:  "zunion 2 z s", want: []string{"b", "a"},
	},
	{
		name: "ZUnionWithScores",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ZUnionWithScores(ctx, ZStore{Keys: []string{"z", "y"}, Aggregate: "SUM"})
		},
		setup: []string{"zadd z 1 a 2 b", "zadd y 3 b"},
		args:  "zunion 2 z y aggregate SUM withscores", want: []Z{{1, "a"}, {5, "b"}},
	},
	{
		name:  "ZDiff",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZDiff(ctx, "z", "y") },
		setup: []string{"zadd z 1 a 2 b", "zadd y 3 b"},
		args:  "zdiff 2 z y", want: []string{"a"},
	},
	{
		name:  "ZDiffWithScores",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZDiffWithScores(ctx, "z", "y") },
		setup: []string{"zadd z 1 a 2 b", "zadd y 3 b"},
		args:  "zdiff 2 z y withscores", want: []Z{{1, "a"}},
	},
	{
		name:  "ZRandMember",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZRandMember(ctx, "z", 5) },
		setup: []string{"zadd z 1 a 2 b"},
		args:  "zrandmember z 5", want: []string{"a", "b"}, unordered: true,
	},
	{
		name:  "ZRandMemberWithScores",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZRandMemberWithScores(ctx, "z", -2) },
		setup: []string{"zadd z 1 a"},
		args:  "zrandmember z -2 withscores", want: []Z{{1, "a"}, {1, "a"}},
	},
	{
		name: "ZRandMemberWithScores/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ZRandMemberWithScores(ctx, "z", 5) },
		args: "zrandmember z 5 withscores", want: []Z{},
	},
	{
		name:  "ZScan",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ZScan(ctx, "z", 0, "a*", 50) },
		setup: []string{"zadd z 1.5 ab 2 b"},
		args:  "zscan z 0 match a* count 50", want: values{[]string{"ab", "1.5"}, uint64(0)},
	},
}})

func TestSortedSetResultsOfFakes(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")

	members, err := NewZSliceCmdResult([]Z{{1, "a"}}, broken).Result()
	require.Equal(t, []Z{{1, "a"}}, members)
	require.Equal(t, broken, err)

	member, err := NewZWithKeyCmdResult(&ZWithKey{Z{1, "a"}, "z"}, nil).Result()
	require.Equal(t, &ZWithKey{Z{1, "a"}, "z"}, member)
	require.NoError(t, err)
}
