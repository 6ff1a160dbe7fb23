package redis

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

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
