package redis

import (
	"context"
	"net"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

var _ = testCommandGroup(commandGroup{name: "lists", server: redistest.Options{}, rows: []commandTest{
	{
		name:  "BLPop",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.BLPop(ctx, time.Second, "none", "l") },
		setup: []string{"rpush l a b"},
		args:  "blpop none l 1", want: []string{"l", "a"},
	},
	{
		name: "BLPop/timeout",
		call: func(ctx context.Context, c testCommands) Cmder { return c.BLPop(ctx, 5*time.Millisecond, "l") },
		args: "blpop l 0.005", want: Nil,
	},
	{
		name: "BLPop/timeout too short for the server",
		call: func(ctx context.Context, c testCommands) Cmder { return c.BLPop(ctx, time.Nanosecond, "l") },
		args: "blpop l 0.001", want: Nil,
	},
	{
		name:  "BLPop/timeout with a fraction",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.BLPop(ctx, 1500*time.Millisecond, "l") },
		setup: []string{"rpush l a"},
		args:  "blpop l 1.5", want: []string{"l", "a"},
	},
	{
		name:  "BLPop/for ever",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.BLPop(ctx, 0, "l") },
		setup: []string{"rpush l a"},
		args:  "blpop l 0", want: []string{"l", "a"},
	},
	{
		name: "BLPop/negative timeout",
		call: func(ctx context.Context, c testCommands) Cmder { return c.BLPop(ctx, -time.Second, "l") },
		want: fails("redis: blpop: the timeout -1s is negative"),
	},
	{
		name: "BLPop/no keys",
		call: func(ctx context.Context, c testCommands) Cmder { return c.BLPop(ctx, time.Second) },
		args: "blpop 1", want: fails("wrong number of arguments"),
	},
	{
		name: "BLMPop",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.BLMPop(ctx, time.Second, "RIGHT", 2, "none", "l")
		},
		setup: []string{"rpush l a b c"},
		args:  "blmpop 1 2 none l right count 2", want: values{"l", []string{"c", "b"}},
	},
	{
		name: "BLMPop/timeout",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.BLMPop(ctx, 5*time.Millisecond, "left", 1, "l")
		},
		args: "blmpop 0.005 1 l left count 1", want: Nil,
	},
	{
		name: "BLMPop/negative timeout",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.BLMPop(ctx, -time.Millisecond, "left", 1, "l")
		},
		want: fails("redis: blmpop: the timeout -1ms is negative"),
	},
	{
		name:  "BRPop",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.BRPop(ctx, time.Second, "l") },
		setup: []string{"rpush l a b"},
		args:  "brpop l 1", want: []string{"l", "b"},
	},
	{
		name:  "BRPopLPush",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.BRPopLPush(ctx, "l", "m", time.Second) },
		setup: []string{"rpush l a b"},
		args:  "brpoplpush l m 1", want: "b",
	},
	{
		name: "BRPopLPush/timeout",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.BRPopLPush(ctx, "l", "m", 5*time.Millisecond)
		},
		args: "brpoplpush l m 0.005", want: Nil,
	},
	{
		name:  "LIndex",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.LIndex(ctx, "l", -1) },
		setup: []string{"rpush l a b"},
		args:  "lindex l -1", want: "b",
	},
	{
		name: "LIndex/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.LIndex(ctx, "l", 0) },
		args: "lindex l 0", want: Nil,
	},
	{
		name:  "LInsert",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.LInsert(ctx, "l", "BEFORE", 2, 1) },
		setup: []string{"rpush l 2 3"},
		args:  "linsert l BEFORE 2 1", want: int64(3),
	},
	{
		name:  "LInsertBefore",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.LInsertBefore(ctx, "l", "b", "a") },
		setup: []string{"rpush l b"},
		args:  "linsert l before b a", want: int64(2),
	},
	{
		name:  "LInsertAfter",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.LInsertAfter(ctx, "l", "none", "a") },
		setup: []string{"rpush l b"},
		args:  "linsert l after none a", want: int64(-1),
	},
	{
		name:  "LLen",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.LLen(ctx, "l") },
		setup: []string{"rpush l a b"},
		args:  "llen l", want: int64(2),
	},
	{
		name:  "LMPop",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.LMPop(ctx, "LEFT", 5, "none", "l") },
		setup: []string{"rpush l a b"},
		args:  "lmpop 2 none l left count 5", want: values{"l", []string{"a", "b"}},
	},
	{
		name: "LMPop/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.LMPop(ctx, "left", 5, "l") },
		args: "lmpop 1 l left count 5", want: Nil,
	},
	{
		name: "LMPop/no keys",
		call: func(ctx context.Context, c testCommands) Cmder { return c.LMPop(ctx, "left", 5) },
		args: "lmpop 0 left count 5", want: fails("numkeys should be greater than 0"),
	},
	{
		name:  "LPop",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.LPop(ctx, "l") },
		setup: []string{"rpush l a b"},
		args:  "lpop l", want: "a",
	},
	{
		name: "LPop/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.LPop(ctx, "l") },
		args: "lpop l", want: Nil,
	},
	{
		name:  "LPopCount",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.LPopCount(ctx, "l", 2) },
		setup: []string{"rpush l a b c"},
		args:  "lpop l 2", want: []string{"a", "b"},
	},
	{
		name: "LPopCount/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.LPopCount(ctx, "l", 2) },
		args: "lpop l 2", want: Nil,
	},
	{
		name:  "LPos",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.LPos(ctx, "l", "a", LPosArgs{}) },
		setup: []string{"rpush l b a a"},
		args:  "lpos l a", want: int64(1),
	},
	{
		name: "LPos/options",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.LPos(ctx, "l", "a", LPosArgs{Rank: -1, MaxLen: 10})
		},
		setup: []string{"rpush l b a a"},
		args:  "lpos l a rank -1 maxlen 10", want: int64(2),
	},
	{
		name:  "LPos/absent",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.LPos(ctx, "l", "a", LPosArgs{}) },
		setup: []string{"rpush l b"},
		args:  "lpos l a", want: Nil,
	},
	{
		name: "LPosCount",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.LPosCount(ctx, "l", "a", 0, LPosArgs{Rank: 2})
		},
		setup: []string{"rpush l a b a a"},
		args:  "lpos l a count 0 rank 2", want: []int64{2, 3},
	},
	{
		name: "LPosCount/absent",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.LPosCount(ctx, "l", "a", 0, LPosArgs{MaxLen: 5})
		},
		args: "lpos l a count 0 maxlen 5", want: []int64{},
	},
	{
		name: "LPush",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.LPush(ctx, "l", "a", 1, int64(-2), uint8(3), 1.5, true, nil)
		},
		args: `lpush l a 1 -2 3 1.5 1 ""`, want: int64(7),
	},
	{
		name: "LPush/list",
		call: func(ctx context.Context, c testCommands) Cmder { return c.LPush(ctx, "l", []any{"a", 2}) },
		args: "lpush l a 2", want: int64(2),
	},
	{
		name: "LPush/one value that is a slice of bytes",
		call: func(ctx context.Context, c testCommands) Cmder { return c.LPush(ctx, "l", []byte("ab")) },
		args: "lpush l ab", want: int64(1),
	},
	{
		name: "LPush/one value that marshals itself",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.LPush(ctx, "l", net.IPv4(127, 0, 0, 1).To4())
		},
		args: `lpush l "\x7f\x00\x00\x01"`, want: int64(1),
	},
	{
		name: "LPush/nothing",
		call: func(ctx context.Context, c testCommands) Cmder { return c.LPush(ctx, "l") },
		args: "lpush l", want: fails("wrong number of arguments"),
	},
	{
		name: "LPush/one nil",
		call: func(ctx context.Context, c testCommands) Cmder { return c.LPush(ctx, "l", nil) },
		args: "lpush l", want: fails("wrong number of arguments"),
	},
	{
		name: "LPush/unsupported type",
		call: func(ctx context.Context, c testCommands) Cmder { return c.LPush(ctx, "l", make(chan int)) },
		want: fails("redis: lpush: argument 2: "),
	},
	{
		name: "LPushX",
		call: func(ctx context.Context, c testCommands) Cmder { return c.LPushX(ctx, "l", "a", "b") },
		args: "lpushx l a b", want: int64(0),
	},
	{
		name:  "LRange",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.LRange(ctx, "l", 0, -2) },
		setup: []string{"rpush l a b c"},
		args:  "lrange l 0 -2", want: []string{"a", "b"},
	},
	{
		name: "LRange/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.LRange(ctx, "l", 0, -1) },
		args: "lrange l 0 -1", want: []string{},
	},
	{
		name:  "LRem",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.LRem(ctx, "l", -1, "a") },
		setup: []string{"rpush l a b a"},
		args:  "lrem l -1 a", want: int64(1),
	},
	{
		name:  "LSet",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.LSet(ctx, "l", 1, 2.5) },
		setup: []string{"rpush l a b"},
		args:  "lset l 1 2.5", want: "OK",
	},
	{
		name: "LSet/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.LSet(ctx, "l", 1, "a") },
		args: "lset l 1 a", want: fails("no such key"),
	},
	{
		name:  "LTrim",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.LTrim(ctx, "l", 1, -1) },
		setup: []string{"rpush l a b"},
		args:  "ltrim l 1 -1", want: "OK",
	},
	{
		name:  "RPop",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.RPop(ctx, "l") },
		setup: []string{"rpush l a b"},
		args:  "rpop l", want: "b",
	},
	{
		name:  "RPopCount",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.RPopCount(ctx, "l", 2) },
		setup: []string{"rpush l a b c"},
		args:  "rpop l 2", want: []string{"c", "b"},
	},
	{
		name:  "RPopLPush",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.RPopLPush(ctx, "l", "m") },
		setup: []string{"rpush l a b"},
		args:  "rpoplpush l m", want: "b",
	},
	{
		name: "RPush",
		call: func(ctx context.Context, c testCommands) Cmder { return c.RPush(ctx, "l", "a", 2) },
		args: "rpush l a 2", want: int64(2),
	},
	{
		name:  "RPushX",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.RPushX(ctx, "l", []string{"b", "c"}) },
		setup: []string{"rpush l a"},
		args:  "rpushx l b c", want: int64(3),
	},
	{
		name:  "LMove",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.LMove(ctx, "l", "m", "RIGHT", "LEFT") },
		setup: []string{"rpush l a b"},
		args:  "lmove l m RIGHT LEFT", want: "b",
	},
	{
		name: "LMove/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.LMove(ctx, "l", "m", "left", "left") },
		args: "lmove l m left left", want: Nil,
	},
	{
		name: "BLMove",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.BLMove(ctx, "l", "m", "left", "right", 2*time.Second)
		},
		setup: []string{"rpush l a b"},
		args:  "blmove l m left right 2", want: "a",
	},
	{
		name: "BLMove/timeout",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.BLMove(ctx, "l", "m", "left", "right", 5*time.Millisecond)
		},
		args: "blmove l m left right 0.005", want: Nil,
	},
	{
		name: "LMoveM",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.LMoveM(ctx, "l", "m", "left", "right", LMoveMArgs{})
		},
		args: "lmovem l m left right", want: []string{"a"},
		since: "8.10", setup: []string{"rpush l a b"},
		scripted: []string{"*1\r\n$1\r\na\r\n"},
	},
	{
		name: "LMoveM/count",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.LMoveM(ctx, "l", "m", "left", "right", LMoveMArgs{Count: 2})
		},
		args: "lmovem l m left right COUNT 2 BULK", want: []string{"a", "b"},
		since: "8.10", setup: []string{"rpush l a b c"},
		scripted: []string{"*2\r\n$1\r\na\r\n$1\r\nb\r\n"},
	},
	{
		name: "LMoveM/absent",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.LMoveM(ctx, "l", "m", "left", "right", LMoveMArgs{Mode: LMoveMExactly, Count: 2, Order: LMoveMOBO})
		},
		args: "lmovem l m left right EXACTLY 2 OBO", want: Nil,
		since:    "8.10",
		scripted: []string{"*-1\r\n", "_\r\n"},
	},
	{
		name: "BLMoveM",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.BLMoveM(ctx, "l", "m", "left", "right", time.Second, LMoveMArgs{Mode: LMoveMExactly, Count: 2})
		},
		args: "blmovem l m left right 1 EXACTLY 2 BULK", want: []string{"a", "b"},
		since: "8.10", setup: []string{"rpush l a b c"},
		scripted: []string{"*2\r\n$1\r\na\r\n$1\r\nb\r\n"},
	},
	{
		name: "BLMoveM/negative timeout",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.BLMoveM(ctx, "l", "m", "left", "right", -time.Second, LMoveMArgs{})
		},
		want: fails("redis: blmovem: the timeout -1s is negative"),
	},
}})
