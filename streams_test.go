package redis

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
	"github.com/stretchr/testify/require"
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

// requireRecent is for times that a server of this machine gave just now.
func requireRecent(t *testing.T, at time.Time) {
	require.WithinDuration(t, time.Now(), at, time.Minute)
}

var _ = testCommandGroup(commandGroup{name: "groups of streams", server: redistest.Options{}, rows: []commandTest{
	{
		name:  "XGroupCreate",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XGroupCreate(ctx, "s", "g", "$") },
		setup: threeEntries,
		args:  "xgroup create s g $", want: "OK",
	},
	{
		name:  "XGroupCreate/exists",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XGroupCreate(ctx, "s", "g", "0") },
		setup: onePending,
		args:  "xgroup create s g 0", want: fails("BUSYGROUP"),
	},
	{
		name: "XGroupCreate/no stream",
		call: func(ctx context.Context, c testCommands) Cmder { return c.XGroupCreate(ctx, "s", "g", "0") },
		args: "xgroup create s g 0", want: fails("requires the key to exist"),
	},
	{
		name: "XGroupCreateMkStream",
		call: func(ctx context.Context, c testCommands) Cmder { return c.XGroupCreateMkStream(ctx, "s", "g", "0") },
		args: "xgroup create s g 0 mkstream", want: "OK",
	},
	{
		name:  "XGroupSetID",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XGroupSetID(ctx, "s", "g", "$") },
		setup: onePending,
		args:  "xgroup setid s g $", want: "OK",
	},
	{
		name:  "XGroupDestroy",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XGroupDestroy(ctx, "s", "g") },
		setup: onePending,
		args:  "xgroup destroy s g", want: int64(1),
	},
	{
		name:  "XGroupDestroy/none",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XGroupDestroy(ctx, "s", "g") },
		setup: threeEntries,
		args:  "xgroup destroy s g", want: int64(0),
	},
	{
		name:  "XGroupCreateConsumer",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XGroupCreateConsumer(ctx, "s", "g", "bob") },
		setup: onePending,
		args:  "xgroup createconsumer s g bob", want: int64(1),
	},
	{
		name:  "XGroupDelConsumer",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XGroupDelConsumer(ctx, "s", "g", "ann") },
		setup: onePending,
		args:  "xgroup delconsumer s g ann", want: int64(1),
	},
	{
		name: "XReadGroup",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XReadGroup(ctx, &XReadGroupArgs{Group: "g", Consumer: "bob", Streams: []string{"s", ">"}, Count: 10, Block: time.Second, NoAck: true})
		},
		setup: onePending,
		args:  "xreadgroup group g bob count 10 block 1000 noack streams s >",
		want:  []XStream{{"s", []XMessage{entry("2-1", "b"), entry("3-1", "c")}}},
	},
	{
		name: "XReadGroup/what is pending",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XReadGroup(ctx, &XReadGroupArgs{Group: "g", Consumer: "ann", Streams: []string{"s", "0"}})
		},
		setup: append(onePending[:5:5], "xreadgroup group g ann count 1 streams s >", "xdel s 1-1"),
		args:  "xreadgroup group g ann block 0 streams s 0",
		want:  []XStream{{"s", []XMessage{{ID: "1-1"}, entry("2-1", "b")}}},
	},
	{
		name: "XReadGroup/nothing pending",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XReadGroup(ctx, &XReadGroupArgs{Group: "g", Consumer: "bob", Streams: []string{"s", "0"}, Block: -1})
		},
		setup: onePending,
		args:  "xreadgroup group g bob streams s 0", want: []XStream{{"s", []XMessage{}}},
	},
	{
		name: "XReadGroup/nothing new",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XReadGroup(ctx, &XReadGroupArgs{Group: "g", Consumer: "ann", Streams: []string{"s", ">"}, Block: 5 * time.Millisecond})
		},
		setup: []string{"xgroup create s g $ mkstream"},
		args:  "xreadgroup group g ann block 5 streams s >", want: Nil,
	},
	{
		name: "XReadGroup/no group",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XReadGroup(ctx, &XReadGroupArgs{Group: "g", Consumer: "ann", Streams: []string{"s", ">"}, Block: -1})
		},
		args: "xreadgroup group g ann streams s >", want: fails("NOGROUP"),
	},
	{
		name: "XReadGroup/claims and limits",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XReadGroup(ctx, &XReadGroupArgs{
				Group: "g", Consumer: "bob", Streams: []string{"s", ">"}, Block: time.Second,
				Count: 1, MaxCount: 2, MaxSize: 3, NoAck: true, Claim: 1500 * time.Microsecond,
			})
		},
		args: "xreadgroup group g bob count 1 maxcount 2 maxsize 3 block 1000 noack claim 1 streams s >",
		check: func(t *testing.T, cmd Cmder) {
			streams := cmd.(*XStreamSliceCmd).Val()
			require.Len(t, streams, 1)
			require.Equal(t, "s", streams[0].Stream)
			first := streams[0].Messages[0]
			require.Equal(t, "1-1", first.ID)
			require.Equal(t, map[string]any{"f": "a"}, first.Values)
			require.GreaterOrEqual(t, first.MillisElapsedFromDelivery, int64(1500))
			require.Positive(t, first.DeliveredCount)
			if len(streams[0].Messages) > 1 {
				require.Equal(t, entry("2-1", "b"), streams[0].Messages[1])
			}
		},
		since: "8.10", setup: append(onePending[:5:5], "xclaim s g ann 0 1-1 idle 1500 retrycount 2"),
		scripted: []string{
			"*1\r\n*2\r\n$1\r\ns\r\n*2\r\n" +
				"*4\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$1\r\na\r\n:1500\r\n:2\r\n" +
				"*4\r\n$3\r\n2-1\r\n*2\r\n$1\r\nf\r\n$1\r\nb\r\n:0\r\n:0\r\n",
			"%1\r\n$1\r\ns\r\n*2\r\n" +
				"*4\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$1\r\na\r\n:1500\r\n:2\r\n" +
				"*4\r\n$3\r\n2-1\r\n*2\r\n$1\r\nf\r\n$1\r\nb\r\n:0\r\n:0\r\n",
		},
	},
	{
		name: "XReadGroup/odd",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XReadGroup(ctx, &XReadGroupArgs{Group: "g", Consumer: "ann", Streams: []string{"s"}})
		},
		want: fails("redis: xreadgroup: 1 streams and IDs are not as many of each"),
	},
	{
		name: "XReadGroup/nil",
		call: func(ctx context.Context, c testCommands) Cmder { return c.XReadGroup(ctx, nil) },
		want: fails("redis: xreadgroup: the XReadGroupArgs is nil"),
	},
	{
		name:  "XAck",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XAck(ctx, "s", "g", "1-1", "2-1") },
		setup: onePending,
		args:  "xack s g 1-1 2-1", want: int64(1),
	},
	{
		name: "XAckDel",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAckDel(ctx, "s", "g", "DELREF", "1-1", "9-1")
		},
		args: "xackdel s g DELREF ids 2 1-1 9-1", want: []any{int64(1), int64(-1)},
		since: "8.2", setup: onePending,
		scripted: []string{"*2\r\n:1\r\n:-1\r\n"},
	},
	{
		name: "XNack",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XNack(ctx, &XNackArgs{Stream: "s", Group: "g", Mode: XNackModeFail, IDs: []string{"1-1", "2-1"}})
		},
		args: "xnack s g FAIL ids 2 1-1 2-1", want: int64(2),
		since: "8.8", setup: append(onePending[:5:5], "xreadgroup group g ann count 1 streams s >"),
		scripted: []string{":2\r\n"},
	},
	{
		name: "XNack/all",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XNack(ctx, &XNackArgs{
				Stream: "s", Group: "g", Mode: XNackModeSilent, IDs: []string{"1-1"}, RetryCount: new(uint64), Force: true,
			})
		},
		args: "xnack s g SILENT ids 1 1-1 retrycount 0 force", want: int64(1),
		since: "8.8", setup: onePending,
		scripted: []string{":1\r\n"},
	},
	{
		name: "XNack/no group",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XNack(ctx, &XNackArgs{Stream: "s", Group: "g", Mode: XNackModeFatal, IDs: []string{"1-1"}})
		},
		args: "xnack s g FATAL ids 1 1-1", want: fails("NOGROUP"),
		since:    "8.8",
		scripted: []string{"-NOGROUP No such key 's' or consumer group 'g'\r\n"},
	},
	{
		name: "XNack/nil",
		call: func(ctx context.Context, c testCommands) Cmder { return c.XNack(ctx, nil) },
		want: fails("redis: xnack: the XNackArgs is nil"),
	},
	{
		name:  "XPending",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XPending(ctx, "s", "g") },
		setup: append(onePending[:5:5], "xreadgroup group g bob streams s >"),
		args:  "xpending s g",
		want:  &XPending{Count: 3, Lower: "1-1", Higher: "3-1", Consumers: map[string]int64{"ann": 1, "bob": 2}},
	},
	{
		name:  "XPending/nothing",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XPending(ctx, "s", "g") },
		setup: []string{"xgroup create s g $ mkstream"},
		args:  "xpending s g", want: &XPending{Consumers: map[string]int64{}},
	},
	{
		name: "XPending/no group",
		call: func(ctx context.Context, c testCommands) Cmder { return c.XPending(ctx, "s", "g") },
		args: "xpending s g", want: fails("NOGROUP"),
	},
	{
		name: "XPendingExt",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XPendingExt(ctx, &XPendingExtArgs{Stream: "s", Group: "g", Start: "-", End: "+", Count: 10})
		},
		setup: append(onePending[:5:5], "xclaim s g ann 0 1-1 idle 90000 retrycount 7"),
		args:  "xpending s g - + 10",
		check: func(t *testing.T, cmd Cmder) {
			val := cmd.(*XPendingExtCmd).Val()
			require.Len(t, val, 1)
			require.InDelta(t, 90*time.Second, val[0].Idle, float64(time.Minute))
			val[0].Idle = 0
			require.Equal(t, XPendingExt{ID: "1-1", Consumer: "ann", RetryCount: 7}, val[0])
		},
	},
	{
		name: "XPendingExt/all",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XPendingExt(ctx, &XPendingExtArgs{
				Stream: "s", Group: "g", Idle: time.Minute, Start: "(1-1", End: "+", Count: 10, Consumer: "ann",
			})
		},
		setup: onePending,
		args:  "xpending s g idle 60000 (1-1 + 10 ann", want: []XPendingExt{},
	},
	{
		name: "XPendingExt/of nobody",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XPendingExt(ctx, &XPendingExtArgs{Stream: "s", Group: "g", Start: "-", End: "+", Count: 1})
		},
		args: "xpending s g - + 1", want: []XPendingExt{{ID: "1-1", Idle: 1500 * time.Millisecond, RetryCount: 2}},
		scripted: []string{
			"*1\r\n*4\r\n$3\r\n1-1\r\n$-1\r\n:1500\r\n:2\r\n",
			"*1\r\n*4\r\n$3\r\n1-1\r\n_\r\n:1500\r\n:2\r\n",
		},
	},
	{
		name: "XPendingExt/nil",
		call: func(ctx context.Context, c testCommands) Cmder { return c.XPendingExt(ctx, nil) },
		want: fails("redis: xpending: the XPendingExtArgs is nil"),
	},
	{
		name: "XClaim",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XClaim(ctx, &XClaimArgs{Stream: "s", Group: "g", Consumer: "bob", Messages: []string{"1-1", "2-1"}})
		},
		setup: onePending,
		args:  "xclaim s g bob 0 1-1 2-1", want: []XMessage{entry("1-1", "a")},
	},
	{
		name: "XClaim/not idle",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XClaim(ctx, &XClaimArgs{Stream: "s", Group: "g", Consumer: "bob", MinIdle: time.Hour, Messages: []string{"1-1"}})
		},
		setup: onePending,
		args:  "xclaim s g bob 3600000 1-1", want: []XMessage{},
	},
	{
		name: "XClaim/deleted, Redis 6",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XClaim(ctx, &XClaimArgs{Stream: "s", Group: "g", Consumer: "bob", Messages: []string{"1-1", "2-1"}})
		},
		args: "xclaim s g bob 0 1-1 2-1", want: []XMessage{entry("2-1", "b")},
		scripted: []string{
			"*2\r\n*-1\r\n*2\r\n$3\r\n2-1\r\n*2\r\n$1\r\nf\r\n$1\r\nb\r\n",
			"*2\r\n_\r\n*2\r\n$3\r\n2-1\r\n*2\r\n$1\r\nf\r\n$1\r\nb\r\n",
		},
	},
	{
		name: "XClaim/nil",
		call: func(ctx context.Context, c testCommands) Cmder { return c.XClaim(ctx, nil) },
		want: fails("redis: xclaim: the XClaimArgs is nil"),
	},
	{
		name: "XClaimJustID",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XClaimJustID(ctx, &XClaimArgs{Stream: "s", Group: "g", Consumer: "bob", Messages: []string{"1-1"}})
		},
		setup: onePending,
		args:  "xclaim s g bob 0 1-1 justid", want: []string{"1-1"},
	},
	{
		name: "XAutoClaim",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAutoClaim(ctx, &XAutoClaimArgs{Stream: "s", Group: "g", Consumer: "bob", Start: "0", Count: 1})
		},
		setup: append(onePending[:5:5], "xreadgroup group g ann count 1 streams s >"),
		args:  "xautoclaim s g bob 0 0 count 1", want: values{[]XMessage{entry("1-1", "a")}, "2-1"},
	},
	{
		name: "XAutoClaim/nothing",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAutoClaim(ctx, &XAutoClaimArgs{Stream: "s", Group: "g", Consumer: "bob", MinIdle: time.Hour, Start: "0"})
		},
		setup: onePending,
		args:  "xautoclaim s g bob 3600000 0", want: values{[]XMessage{}, "0-0"},
	},
	{
		name: "XAutoClaim/Redis 6",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAutoClaim(ctx, &XAutoClaimArgs{Stream: "s", Group: "g", Consumer: "bob", Start: "0"})
		},
		args: "xautoclaim s g bob 0 0", want: values{[]XMessage{entry("2-1", "b")}, "0-0"},
		scripted: []string{
			"*2\r\n$3\r\n0-0\r\n*2\r\n*-1\r\n*2\r\n$3\r\n2-1\r\n*2\r\n$1\r\nf\r\n$1\r\nb\r\n",
			"*2\r\n$3\r\n0-0\r\n*2\r\n_\r\n*2\r\n$3\r\n2-1\r\n*2\r\n$1\r\nf\r\n$1\r\nb\r\n",
		},
	},
	{
		name: "XAutoClaim/nil",
		call: func(ctx context.Context, c testCommands) Cmder { return c.XAutoClaim(ctx, nil) },
		want: fails("redis: xautoclaim: the XAutoClaimArgs is nil"),
	},
	{
		name: "XAutoClaimWithDeleted",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAutoClaimWithDeleted(ctx, &XAutoClaimArgs{Stream: "s", Group: "g", Consumer: "bob", Start: "0"})
		},
		setup: append(onePending[:5:5], "xreadgroup group g ann count 1 streams s >", "xdel s 1-1"),
		args:  "xautoclaim s g bob 0 0", want: values{[]XMessage{entry("2-1", "b")}, "0-0", []string{"1-1"}},
	},
	{
		name: "XAutoClaimWithDeleted/Redis 6",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAutoClaimWithDeleted(ctx, &XAutoClaimArgs{Stream: "s", Group: "g", Consumer: "bob", Start: "0"})
		},
		args: "xautoclaim s g bob 0 0", want: values{[]XMessage{}, "0-0", []string(nil)},
		scripted: []string{"*2\r\n$3\r\n0-0\r\n*0\r\n"},
	},
	{
		name: "XAutoClaimJustID",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.XAutoClaimJustID(ctx, &XAutoClaimArgs{Stream: "s", Group: "g", Consumer: "bob", Start: "0", Count: 5})
		},
		setup: onePending,
		args:  "xautoclaim s g bob 0 0 count 5 justid", want: values{[]string{"1-1"}, "0-0"},
	},
	{
		name:  "XInfoGroups",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XInfoGroups(ctx, "s") },
		setup: append(onePending[:5:5], "xdel s 2-1", "xgroup create s h 3-1"),
		args:  "xinfo groups s",
		want: []XInfoGroup{
			{Name: "g", Consumers: 1, Pending: 1, LastDeliveredID: "1-1", EntriesRead: 1, Lag: -1},
			{Name: "h", LastDeliveredID: "3-1", Lag: 0},
		},
	},
	{
		name: "XInfoGroups/no stream",
		call: func(ctx context.Context, c testCommands) Cmder { return c.XInfoGroups(ctx, "s") },
		args: "xinfo groups s", want: fails("no such key"),
	},
	{
		name:  "XInfoStream",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XInfoStream(ctx, "s") },
		setup: append(onePending[:5:5], "xdel s 2-1"),
		args:  "xinfo stream s",
		want: &XInfoStream{
			Length: 2, RadixTreeKeys: 1, RadixTreeNodes: 2, Groups: 1, LastGeneratedID: "3-1", MaxDeletedEntryID: "2-1",
			EntriesAdded: 3, FirstEntry: entry("1-1", "a"), LastEntry: entry("3-1", "c"), RecordedFirstEntryID: "1-1",
		},
	},
	{
		name:  "XInfoStream/empty",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XInfoStream(ctx, "s") },
		setup: []string{"xgroup create s g $ mkstream"},
		args:  "xinfo stream s",
		want: &XInfoStream{
			RadixTreeNodes: 1, Groups: 1, LastGeneratedID: "0-0", MaxDeletedEntryID: "0-0", RecordedFirstEntryID: "0-0",
		},
	},
	{
		name:  "XInfoStreamFull",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XInfoStreamFull(ctx, "s", 2) },
		setup: onePending,
		args:  "xinfo stream s full count 2",
		check: func(t *testing.T, cmd Cmder) {
			s := cmd.(*XInfoStreamFullCmd).Val()
			delivered := s.Groups[0].Pending[0].DeliveryTime
			seen := s.Groups[0].Consumers[0].SeenTime
			active := s.Groups[0].Consumers[0].ActiveTime
			requireRecent(t, delivered)
			requireRecent(t, seen)
			if !active.IsZero() { // Redis 7.2 and later tell it
				requireRecent(t, active)
			}
			require.Equal(t, &XInfoStreamFull{
				Length: 3, RadixTreeKeys: 1, RadixTreeNodes: 2, LastGeneratedID: "3-1", MaxDeletedEntryID: "0-0",
				EntriesAdded: 3, Entries: []XMessage{entry("1-1", "a"), entry("2-1", "b")}, RecordedFirstEntryID: "1-1",
				Groups: []XInfoStreamGroup{{
					Name: "g", LastDeliveredID: "1-1", EntriesRead: 1, Lag: 2, PelCount: 1,
					Pending: []XInfoStreamGroupPending{{"1-1", "ann", delivered, 1}},
					Consumers: []XInfoStreamConsumer{{
						Name: "ann", SeenTime: seen, ActiveTime: active, PelCount: 1,
						Pending: []XInfoStreamConsumerPending{{"1-1", delivered, 1}},
					}},
				}},
			}, s)
		},
	},
	{
		name: "XInfoStreamFull/no stream",
		call: func(ctx context.Context, c testCommands) Cmder { return c.XInfoStreamFull(ctx, "s", 0) },
		args: "xinfo stream s full", want: fails("no such key"),
	},
	{
		name:  "XInfoConsumers",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.XInfoConsumers(ctx, "s", "g") },
		setup: append(onePending[:5:5], "xgroup createconsumer s g bob"),
		args:  "xinfo consumers s g",
		check: func(t *testing.T, cmd Cmder) {
			val := cmd.(*XInfoConsumersCmd).Val()
			require.Len(t, val, 2)
			for i := range val {
				require.InDelta(t, 0, val[i].Idle, float64(time.Minute))
				val[i].Idle = 0
			}
			// Redis 7.2 and later tell it; bob has read nothing yet.
			require.InDelta(t, 0, val[0].Inactive, float64(time.Minute))
			require.Contains(t, []time.Duration{0, -time.Millisecond}, val[1].Inactive)
			val[0].Inactive, val[1].Inactive = 0, 0
			require.Equal(t, []XInfoConsumer{{Name: "ann", Pending: 1}, {Name: "bob"}}, val)
		},
	},
	{
		name: "XInfoConsumers/Redis 7.2",
		call: func(ctx context.Context, c testCommands) Cmder { return c.XInfoConsumers(ctx, "s", "g") },
		args: "xinfo consumers s g",
		check: func(t *testing.T, cmd Cmder) {
			consumers := cmd.(*XInfoConsumersCmd).Val()
			require.Len(t, consumers, 1)
			require.Less(t, consumers[0].Idle, time.Minute)
			consumers[0].Idle = 0
			require.Equal(t, XInfoConsumer{Name: "ann", Inactive: -time.Millisecond}, consumers[0])
		},
		since: "7.2", setup: []string{"xgroup create s g 0 mkstream", "xgroup createconsumer s g ann"},
		scripted: []string{
			"*1\r\n*8\r\n+name\r\n$3\r\nann\r\n+pending\r\n:0\r\n+idle\r\n:20\r\n+inactive\r\n:-1\r\n",
			"*1\r\n%4\r\n+name\r\n$3\r\nann\r\n+pending\r\n:0\r\n+idle\r\n:20\r\n+inactive\r\n:-1\r\n",
		},
	},
}})

func TestStreamResultsOfFakes(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")

	messages, err := NewXMessageSliceCmdResult([]XMessage{entry("1-1", "a")}, broken).Result()
	require.Equal(t, []XMessage{entry("1-1", "a")}, messages)
	require.Equal(t, broken, err)

	streams, err := NewXStreamSliceCmdResult([]XStream{{"s", messages}}, nil).Result()
	require.Equal(t, []XStream{{"s", messages}}, streams)
	require.NoError(t, err)

	pending, err := NewXPendingResult(&XPending{Count: 1}, nil).Result()
	require.Equal(t, &XPending{Count: 1}, pending)
	require.NoError(t, err)
}

func TestClaimResults(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	messages := []XMessage{entry("1-1", "a")}
	reply := "*3\r\n$3\r\n2-1\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$1\r\na\r\n*1\r\n$3\r\n0-5\r\n"

	claim := NewXAutoClaimCmd(ctx, "xautoclaim", "s", "g", "c", 0, "0")
	require.NoError(t, decodeText(claim, reply))
	require.Equal(t, "xautoclaim s g c 0 0: [{1-1 map[f:a] 0 0}] 2-1", claim.String())
	val, next := claim.Val()
	require.Equal(t, messages, val)
	require.Equal(t, "2-1", next)

	deleted := NewXAutoClaimWithDeletedCmd(ctx, "xautoclaim", "s", "g", "c", 0, "0")
	require.NoError(t, decodeText(deleted, reply))
	require.Equal(t, "xautoclaim s g c 0 0: [{1-1 map[f:a] 0 0}] 2-1 [0-5]", deleted.String())
	val, next, gone := deleted.Val()
	require.Equal(t, messages, val)
	require.Equal(t, "2-1", next)
	require.Equal(t, []string{"0-5"}, gone)

	// A second reply that is none leaves nothing half done.
	for _, cmd := range []Cmder{claim, deleted} {
		require.Error(t, decodeText(cmd, "*2\r\n$3\r\n9-9\r\n:1\r\n"))
	}
	_, next = claim.Val()
	require.Equal(t, "2-1", next)
	_, next, gone = deleted.Val()
	require.Equal(t, "2-1", next)
	require.Equal(t, []string{"0-5"}, gone)

	ids := NewXAutoClaimJustIDCmd(ctx, "xautoclaim", "s", "g", "c", 0, "0", "justid")
	ids.SetVal([]string{"3-1"}, "0-0")
	list, next, err := ids.Result()
	require.NoError(t, err)
	require.Equal(t, []string{"3-1"}, list)
	require.Equal(t, "0-0", next)
	claim.SetVal(nil, "4-1")
	_, next = claim.Val()
	require.Equal(t, "4-1", next)
	deleted.SetVal(nil, "5-1", []string{"4-1"})
	_, next, gone = deleted.Val()
	require.Equal(t, "5-1", next)
	require.Equal(t, []string{"4-1"}, gone)
}

func TestStreamInfoCommands(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	require.Equal(t, []any{"xinfo", "stream", "s"}, NewXInfoStreamCmd(ctx, "s").Args())
	require.Equal(t, []any{"xinfo", "groups", "s"}, NewXInfoGroupsCmd(ctx, "s").Args())
	require.Equal(t, []any{"xinfo", "consumers", "s", "g"}, NewXInfoConsumersCmd(ctx, "s", "g").Args())
	full := NewXInfoStreamFullCmd(ctx, "xinfo", "stream", "s", "full")
	require.Equal(t, "xinfo stream", full.FullName())
	full.SetVal(&XInfoStreamFull{Length: 1})
	require.Equal(t, int64(1), full.Val().Length)
}

// What servers after 7.0 tell of a stream, in RESP2 and RESP3.
func TestStreamInfoOfNewServers(t *testing.T) {
	t.Parallel()
	idmp := "+idmp-duration\r\n:100\r\n+idmp-maxsize\r\n:200\r\n+pids-tracked\r\n:1\r\n" +
		"+iids-tracked\r\n:2\r\n+iids-added\r\n:3\r\n+iids-duplicates\r\n:4\r\n+unheard-of\r\n*1\r\n:1\r\n"
	for _, header := range []string{"*14\r\n", "%7\r\n"} {
		cmd := answered(NewXInfoStreamCmd(t.Context(), "s"), header+idmp)
		require.NoError(t, cmd.Err())
		require.Equal(t, &XInfoStream{
			IDMPDuration: 100, IDMPMaxSize: 200, PIDsTracked: 1, IIDsTracked: 2, IIDsAdded: 3, IIDsDuplicates: 4,
		}, cmd.Val())

		full := answered(NewXInfoStreamFullCmd(t.Context(), "xinfo"), header+idmp)
		require.NoError(t, full.Err())
		require.Equal(t, &XInfoStreamFull{
			IDMPDuration: 100, IDMPMaxSize: 200, PIDsTracked: 1, IIDsTracked: 2, IIDsAdded: 3, IIDsDuplicates: 4,
		}, full.Val())
	}

	const (
		consumer = "+name\r\n$3\r\nann\r\n+seen-time\r\n:1700000000123\r\n+active-time\r\n:1700000000456\r\n"
		idle     = "+name\r\n$3\r\nbob\r\n+seen-time\r\n:1700000000123\r\n+active-time\r\n:-1\r\n"
		group    = "+name\r\n$1\r\ng\r\n+nacked-count\r\n:18446744073709551615\r\n+consumers\r\n*2\r\n"
	)
	for _, reply := range []string{
		"*4\r\n+entries\r\n*0\r\n+groups\r\n*1\r\n*8\r\n" + group + "*6\r\n" + consumer + "*6\r\n" + idle + "+lag\r\n$-1\r\n",
		"%2\r\n+entries\r\n*0\r\n+groups\r\n*1\r\n%4\r\n" + group + "%3\r\n" + consumer + "%3\r\n" + idle + "+lag\r\n_\r\n",
	} {
		cmd := answered(NewXInfoStreamFullCmd(t.Context(), "xinfo"), reply)
		require.NoError(t, cmd.Err())
		require.Equal(t, &XInfoStreamFull{Entries: []XMessage{}, Groups: []XInfoStreamGroup{{
			Name: "g", Lag: -1, NackedCount: 18446744073709551615,
			Consumers: []XInfoStreamConsumer{
				{Name: "ann", SeenTime: time.UnixMilli(1700000000123), ActiveTime: time.UnixMilli(1700000000456)},
				{Name: "bob", SeenTime: time.UnixMilli(1700000000123)},
			},
		}}}, cmd.Val())
	}
}

func TestStreamRepliesOfAnotherShape(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for _, row := range []struct {
		cmd         Cmder
		reply, want string
	}{
		{NewXMessageSliceCmd(ctx, "xrange"), ":1\r\n", "want an array"},
		{NewXMessageSliceCmd(ctx, "xrange"), "*1\r\n:1\r\n", "want an array"},
		{NewXMessageSliceCmd(ctx, "xrange"), "*1\r\n*1\r\n$3\r\n1-1\r\n", "got an array of 1, want an ID and values"},
		{NewXMessageSliceCmd(ctx, "xrange"), "*1\r\n*2\r\n*0\r\n*0\r\n", "want a single value"},
		{NewXMessageSliceCmd(ctx, "xrange"), "*1\r\n*2\r\n$3\r\n1-1\r\n*1\r\n$1\r\nf\r\n", "want an even number"},
		{NewXMessageSliceCmd(ctx, "xrange"), "*1\r\n*4\r\n$3\r\n1-1\r\n*0\r\n$1\r\nx\r\n:1\r\n", `got a text of 1 bytes, want an integer`},
		{NewXStreamSliceCmd(ctx, "xread"), "*1\r\n*2\r\n$1\r\ns\r\n:1\r\n", "want an array"},
		{NewXStreamSliceCmd(ctx, "xread"), "*1\r\n*1\r\n$1\r\ns\r\n", "got an array of 1, want an array of 2"},
		{NewXStreamSliceCmd(ctx, "xread"), "%1\r\n$1\r\ns\r\n:1\r\n", "want an array"},
		{NewXPendingCmd(ctx, "xpending"), "*3\r\n:1\r\n:1\r\n:1\r\n", "got an array of 3, want an array of 4"},
		{NewXPendingCmd(ctx, "xpending"), "*4\r\n:1\r\n+1-1\r\n+1-1\r\n*1\r\n*1\r\n+ann\r\n", "got an array of 1, want an array of 2"},
		{NewXPendingExtCmd(ctx, "xpending"), "*1\r\n*3\r\n+1-1\r\n+ann\r\n:1\r\n", "got an array of 3, want an array of 4"},
		{NewXPendingExtCmd(ctx, "xpending"), "*1\r\n*4\r\n+1-1\r\n+ann\r\n+x\r\n:1\r\n", `got a text of 1 bytes, want an integer`},
		{NewXAutoClaimCmd(ctx, "xautoclaim"), "*1\r\n+0-0\r\n", "got an array of 1, want an array of 2"},
		{NewXInfoStreamCmd(ctx, "s"), ":1\r\n", "want"},
		{NewXInfoStreamCmd(ctx, "s"), "%1\r\n+length\r\n+x\r\n", `got a text of 1 bytes, want an integer`},
		{NewXInfoGroupsCmd(ctx, "s"), "*1\r\n:1\r\n", "want"},
		{NewXInfoConsumersCmd(ctx, "s", "g"), "*1\r\n%1\r\n+idle\r\n+x\r\n", `got a text of 1 bytes, want an integer`},
		{NewXInfoStreamFullCmd(ctx, "xinfo"), "%1\r\n+groups\r\n*1\r\n%1\r\n+pending\r\n*1\r\n*0\r\n", "got an array of 0, want an array of 4"},
	} {
		require.ErrorContains(t, decodeText(row.cmd, row.reply), row.want, "%T %q", row.cmd, row.reply)
	}
}

// More than is known belongs to the entry, not to what follows it.
func TestEntriesWithMore(t *testing.T) {
	t.Parallel()
	cmd := answered(NewXMessageSliceCmd(t.Context(), "xrange"),
		"*2\r\n*6\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$1\r\na\r\n:1\r\n:2\r\n*1\r\n:3\r\n:4\r\n*2\r\n$3\r\n2-1\r\n%1\r\n$1\r\nf\r\n$1\r\nb\r\n")
	require.NoError(t, cmd.Err())
	first := entry("1-1", "a")
	first.MillisElapsedFromDelivery, first.DeliveredCount = 1, 2
	require.Equal(t, []XMessage{first, entry("2-1", "b")}, cmd.Val())
}
