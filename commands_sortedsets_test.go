package redis

import (
	"context"
	"math"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
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
