package redis

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// entry is an entry of a stream with one field, f.
func entry(id, value string) XMessage {
	return XMessage{ID: id, Values: map[string]any{"f": value}}
}

// threeEntries is a setup that gives s three of them.
var threeEntries = []string{"xadd s 1-1 f a", "xadd s 2-1 f b", "xadd s 3-1 f c"}

// onePending is threeEntries with the first pending for "ann" in the group g.
var onePending = append(threeEntries[:3:3], "xgroup create s g 0", "xreadgroup group g ann count 1 streams s >")

// checkEntryID checks an ID that the server made up.
func checkEntryID(t *testing.T, cmd Cmder) {
	require.Regexp(t, `^\d{13}-\d+$`, cmd.(*StringCmd).Val())
}

var _ = testCommandGroup(commandGroup{name: "streams", server: redistest.Options{}, rows: []commandTest{
	{
		name: "XAdd",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAdd(ctx, &XAddArgs{Stream: "s", ID: "5-1", Values: []any{"f", 7, "g", []byte("b")}})
		},
		args: "xadd s 5-1 f 7 g b", want: "5-1",
	},
	{
		name: "XAdd/strings",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAdd(ctx, &XAddArgs{Stream: "s", ID: "5-*", Values: []string{"f", "a"}})
		},
		args: "xadd s 5-* f a", want: "5-0",
	},
	{
		name: "XAdd/map",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAdd(ctx, &XAddArgs{Stream: "s", ID: "5-1", Values: map[string]any{"f": 1.5}})
		},
		args: "xadd s 5-1 f 1.5", want: "5-1",
	},
	{
		name: "XAdd/struct",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAdd(ctx, &XAddArgs{Stream: "s", ID: "5-1", Values: struct {
				Name string `redis:"name"`
				Age  int    `redis:"age"`
			}{"Ada", 36}})
		},
		args: "xadd s 5-1 name Ada age 36", want: "5-1",
	},
	{
		name: "XAdd/ID of the server",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAdd(ctx, &XAddArgs{Stream: "s", Values: []string{"f", "a"}})
		},
		args:  "xadd s * f a",
		check: checkEntryID,
	},
	{
		name: "XAdd/no stream",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAdd(ctx, &XAddArgs{Stream: "s", NoMkStream: true, Values: []string{"f", "a"}})
		},
		args: "xadd s nomkstream * f a", want: Nil,
	},
	{
		name: "XAdd/trimmed by number",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAdd(ctx, &XAddArgs{Stream: "s", MaxLen: 2, MinID: "1", ID: "4-1", Values: []string{"f", "a"}})
		},
		setup: threeEntries,
		args:  "xadd s maxlen = 2 4-1 f a", want: "4-1",
	},
	{
		name: "XAdd/trimmed by ID",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAdd(ctx, &XAddArgs{Stream: "s", MinID: "2", Approx: true, Limit: 50, ID: "4-1", Values: []string{"f", "a"}})
		},
		args: "xadd s minid ~ 2 limit 50 4-1 f a", want: "4-1",
	},
	{
		name: "XAdd/no limit",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAdd(ctx, &XAddArgs{Stream: "s", MaxLen: 2, Approx: true, Limit: XTrimLimitDisabled, ID: "4-1", Values: []string{"f", "a"}})
		},
		args: "xadd s maxlen ~ 2 limit 0 4-1 f a", want: "4-1",
	},
	{
		name: "XAdd/limit of an exact number",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAdd(ctx, &XAddArgs{Stream: "s", MinID: "2", Limit: 50, Values: []string{"f", "a"}})
		},
		args: "xadd s minid = 2 limit 50 * f a", want: fails("syntax error, LIMIT cannot be used without the special ~ option"),
	},
	{
		name: "XAdd/mode",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAdd(ctx, &XAddArgs{Stream: "s", NoMkStream: true, Mode: "DELREF", MaxLen: 2, ID: "4-1", Values: []string{"f", "a"}})
		},
		args: "xadd s nomkstream DELREF maxlen = 2 4-1 f a", want: "4-1",
		since: "8.2", setup: threeEntries,
		scripted: []string{"$3\r\n4-1\r\n"},
	},
	{
		name: "XAdd/once",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAdd(ctx, &XAddArgs{Stream: "s", Mode: "ACKED", ProducerID: "p", IdempotentID: "i", MaxLen: 2, Values: []string{"f", "a"}})
		},
		args: "xadd s ACKED idmp p i maxlen = 2 * f a", check: checkEntryID,
		since:    "8.6",
		scripted: []string{"$15\r\n1700000000000-1\r\n"},
	},
	{
		name: "XAdd/once by contents",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAdd(ctx, &XAddArgs{Stream: "s", ProducerID: "p", IdempotentID: "i", IdempotentAuto: true, Values: []string{"f", "a"}})
		},
		args: "xadd s idmpauto p * f a", check: checkEntryID,
		since:    "8.6",
		scripted: []string{"$15\r\n1700000000000-1\r\n"},
	},
	{
		name: "XAdd/producer only",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAdd(ctx, &XAddArgs{Stream: "s", ProducerID: "p", ID: "5-1", Values: []string{"f", "a"}})
		},
		args: "xadd s 5-1 f a", want: "5-1",
	},
	{
		name: "XAdd/not higher",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAdd(ctx, &XAddArgs{Stream: "s", ID: "3-1", Values: []string{"f", "a"}})
		},
		setup: threeEntries,
		args:  "xadd s 3-1 f a", want: fails("equal or smaller than the target stream top item"),
	},
	{
		name: "XAdd/odd",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAdd(ctx, &XAddArgs{Stream: "s", Values: []string{"f", "a", "g"}})
		},
		want: fails("redis: xadd: 3 values are not pairs of a name and a value"),
	},
	{
		name: "XAdd/nothing",
		call: func(ctx context.Context, c testCommands) Cmder { return c.XAdd(ctx, &XAddArgs{Stream: "s"}) },
		args: "xadd s *", want: fails("wrong number of arguments"),
	},
	{
		name: "XAdd/unsupported type",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAdd(ctx, &XAddArgs{Stream: "s", Values: []any{"f", struct{}{}}})
		},
		want: fails("redis: xadd: argument 4: "),
	},
	{
		name: "XAdd/nil",
		call: func(ctx context.Context, c testCommands) Cmder { return c.XAdd(ctx, nil) },
		want: fails("redis: xadd: the XAddArgs is nil"),
	},
	{
		name:  "XDel",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XDel(ctx, "s", "1-1", "3-1", "9-1") },
		setup: threeEntries,
		args:  "xdel s 1-1 3-1 9-1", want: int64(2),
	},
	{
		name: "XDelEx",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XDelEx(ctx, "s", "ACKED", "1-1", "2-1", "9-1")
		},
		args: "xdelex s ACKED ids 3 1-1 2-1 9-1", want: []any{int64(1), int64(2), int64(-1)},
		since: "8.2", setup: append(onePending[:5:5], "xreadgroup group g ann count 1 streams s >", "xack s g 1-1"),
		scripted: []string{"*3\r\n:1\r\n:2\r\n:-1\r\n"},
	},
	{
		name:  "XLen",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XLen(ctx, "s") },
		setup: threeEntries,
		args:  "xlen s", want: int64(3),
	},
	{
		name:  "XLen/wrong type",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XLen(ctx, "s") },
		setup: []string{"set s x"},
		args:  "xlen s", want: fails("WRONGTYPE"),
	},
	{
		name:  "XRange",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XRange(ctx, "s", "(1-1", "+") },
		setup: []string{"xadd s 1-1 f a", "xadd s 2-1 f b", `xadd s 3-1 f c g ""`},
		args:  "xrange s (1-1 +",
		want:  []XMessage{entry("2-1", "b"), {ID: "3-1", Values: map[string]any{"f": "c", "g": ""}}},
	},
	{
		name: "XRange/no stream",
		call: func(ctx context.Context, c testCommands) Cmder { return c.XRange(ctx, "s", "-", "+") },
		args: "xrange s - +", want: []XMessage{},
	},
	{
		name:  "XRangeN",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XRangeN(ctx, "s", "-", "+", 2) },
		setup: threeEntries,
		args:  "xrange s - + count 2", want: []XMessage{entry("1-1", "a"), entry("2-1", "b")},
	},
	{
		name:  "XRevRange",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XRevRange(ctx, "s", "+", "2") },
		setup: threeEntries,
		args:  "xrevrange s + 2", want: []XMessage{entry("3-1", "c"), entry("2-1", "b")},
	},
	{
		name:  "XRevRangeN",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XRevRangeN(ctx, "s", "+", "-", 1) },
		setup: threeEntries,
		args:  "xrevrange s + - count 1", want: []XMessage{entry("3-1", "c")},
	},
	{
		name: "XRead",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XRead(ctx, &XReadArgs{Streams: []string{"none", "s", "r", "0", "1", "0"}, Count: 1, Block: time.Second})
		},
		setup: append(threeEntries[:3:3], "xadd r 7-1 f z"),
		args:  "xread count 1 block 1000 streams none s r 0 1 0",
		want:  []XStream{{"s", []XMessage{entry("1-1", "a")}}, {"r", []XMessage{entry("7-1", "z")}}},
	},
	{
		name: "XRead/for ever",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XRead(ctx, &XReadArgs{Streams: []string{"s", "2-1"}})
		},
		setup: threeEntries,
		args:  "xread block 0 streams s 2-1", want: []XStream{{"s", []XMessage{entry("3-1", "c")}}},
	},
	{
		name: "XRead/less than a millisecond",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XRead(ctx, &XReadArgs{Streams: []string{"s", "$"}, Block: time.Microsecond})
		},
		args: "xread block 1 streams s $", want: Nil,
	},
	{
		name: "XRead/without waiting",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XRead(ctx, &XReadArgs{Streams: []string{"s", "r"}, ID: "0", Block: -time.Second})
		},
		args: "xread streams s r 0 0", want: Nil,
	},
	{
		name: "XRead/limits",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XRead(ctx, &XReadArgs{Streams: []string{"s", "0"}, Count: 1, MaxCount: 2, MaxSize: 3, Block: time.Second})
		},
		args:  "xread count 1 maxcount 2 maxsize 3 block 1000 streams s 0",
		want:  []XStream{{"s", []XMessage{entry("1-1", "a")}}},
		since: "8.10", setup: threeEntries,
		scripted: []string{
			"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$1\r\na\r\n",
			"%1\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$1\r\na\r\n",
		},
	},
	{
		name: "XRead/odd",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XRead(ctx, &XReadArgs{Streams: []string{"s", "r", "0"}})
		},
		want: fails("redis: xread: 3 streams and IDs are not as many of each"),
	},
	{
		name: "XRead/nil",
		call: func(ctx context.Context, c testCommands) Cmder { return c.XRead(ctx, nil) },
		want: fails("redis: xread: the XReadArgs is nil"),
	},
	{
		name:  "XReadStreams",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XReadStreams(ctx, "s", "1-1") },
		setup: threeEntries,
		args:  "xread streams s 1-1", want: []XStream{{"s", []XMessage{entry("2-1", "b"), entry("3-1", "c")}}},
	},
	{
		name: "XReadStreams/nothing",
		call: func(ctx context.Context, c testCommands) Cmder { return c.XReadStreams(ctx) },
		args: "xread streams", want: fails("wrong number of arguments"),
	},
	{
		name:  "XTrimMaxLen",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XTrimMaxLen(ctx, "s", 1) },
		setup: threeEntries,
		args:  "xtrim s maxlen = 1", want: int64(2),
	},
	{
		name:  "XTrimMaxLenApprox",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XTrimMaxLenApprox(ctx, "s", 1, 0) },
		setup: threeEntries,
		args:  "xtrim s maxlen ~ 1", want: int64(0),
	},
	{
		name:  "XTrimMaxLenApprox/limit",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XTrimMaxLenApprox(ctx, "s", 1, 10) },
		setup: threeEntries,
		args:  "xtrim s maxlen ~ 1 limit 10", want: int64(0),
	},
	{
		name: "XTrimMaxLenApprox/no limit",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XTrimMaxLenApprox(ctx, "s", 1, XTrimLimitDisabled)
		},
		setup: threeEntries,
		args:  "xtrim s maxlen ~ 1 limit 0", want: int64(0),
	},
	{
		name: "XTrimMaxLenMode",
		call: func(ctx context.Context, c testCommands) Cmder { return c.XTrimMaxLenMode(ctx, "s", 1, "KEEPREF") },
		args: "xtrim s maxlen = 1 KEEPREF", want: int64(2),
		since: "8.2", setup: threeEntries,
		scripted: []string{":2\r\n"},
	},
	{
		name: "XTrimMaxLenApproxMode",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XTrimMaxLenApproxMode(ctx, "s", 1, 10, "DELREF")
		},
		args: "xtrim s maxlen ~ 1 limit 10 DELREF", want: int64(0),
		since: "8.2", setup: threeEntries,
		scripted: []string{":0\r\n"},
	},
	{
		name:  "XTrimMinID",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XTrimMinID(ctx, "s", "3-1") },
		setup: threeEntries,
		args:  "xtrim s minid = 3-1", want: int64(2),
	},
	{
		name:  "XTrimMinIDApprox",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XTrimMinIDApprox(ctx, "s", "3-1", 10) },
		setup: threeEntries,
		args:  "xtrim s minid ~ 3-1 limit 10", want: int64(0),
	},
	{
		name: "XTrimMinIDMode",
		call: func(ctx context.Context, c testCommands) Cmder { return c.XTrimMinIDMode(ctx, "s", "3-1", "ACKED") },
		args: "xtrim s minid = 3-1 ACKED", want: int64(2),
		since: "8.2", setup: append(threeEntries[:3:3], "xgroup create s g 0", "xreadgroup group g ann streams s >", "xack s g 1-1 2-1"),
		scripted: []string{":2\r\n"},
	},
	{
		name: "XTrimMinIDApproxMode",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XTrimMinIDApproxMode(ctx, "s", "3-1", XTrimLimitDisabled, "ACKED")
		},
		args: "xtrim s minid ~ 3-1 limit 0 ACKED", want: int64(0),
		since: "8.2", setup: threeEntries,
		scripted: []string{":0\r\n"},
	},
	{
		name: "XCfgSet",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XCfgSet(ctx, &XCfgSetArgs{Stream: "s", Duration: 60, MaxSize: 1000})
		},
		args: "xcfgset s idmp-duration 60 idmp-maxsize 1000", want: "OK",
		since: "8.6", setup: threeEntries,
		scripted: []string{"+OK\r\n"},
	},
	{
		name: "XCfgSet/one",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XCfgSet(ctx, &XCfgSetArgs{Stream: "s", MaxSize: 1000})
		},
		args: "xcfgset s idmp-maxsize 1000", want: "OK",
		since: "8.6", setup: threeEntries,
		scripted: []string{"+OK\r\n"},
	},
	{
		name: "XCfgSet/nil",
		call: func(ctx context.Context, c testCommands) Cmder { return c.XCfgSet(ctx, nil) },
		want: fails("redis: xcfgset: the XCfgSetArgs is nil"),
	},
}})
