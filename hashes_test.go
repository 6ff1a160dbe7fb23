package redis

import (
	"context"
	"testing"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
	"github.com/stretchr/testify/require"
)

var _ = testCommandGroup(commandGroup{name: "hashes", server: redistest.Options{}, rows: []commandTest{
	{
		name:  "HDel",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.HDel(ctx, "h", "a", "b", "none") },
		setup: []string{"hset h a 1 b 2 c 3"},
		args:  "hdel h a b none", want: int64(2),
	},
	{
		name: "HDel/no fields",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HDel(ctx, "h") },
		args: "hdel h", want: fails("wrong number of arguments"),
	},
	{
		name:  "HExists",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.HExists(ctx, "h", "a") },
		setup: []string{"hset h a 1"},
		args:  "hexists h a", want: true,
	},
	{
		name: "HExists/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HExists(ctx, "h", "a") },
		args: "hexists h a", want: false,
	},
	{
		name:  "HGet",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.HGet(ctx, "h", "a") },
		setup: []string{"hset h a one"},
		args:  "hget h a", want: "one",
	},
	{
		name: "HGet/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HGet(ctx, "h", "a") },
		args: "hget h a", want: Nil,
	},
	{
		name:  "HGetAll",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.HGetAll(ctx, "h") },
		setup: []string{`hset h a 1 "" ""`},
		args:  "hgetall h", want: map[string]string{"a": "1", "": ""},
	},
	{
		name: "HGetAll/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HGetAll(ctx, "h") },
		args: "hgetall h", want: map[string]string{},
	},
	{
		name:  "HGetAll/wrong type",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.HGetAll(ctx, "h") },
		setup: []string{"set h x"},
		args:  "hgetall h", want: fails("WRONGTYPE"),
	},
	{
		name:  "HIncrBy",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.HIncrBy(ctx, "h", "a", -3) },
		setup: []string{"hset h a 5"},
		args:  "hincrby h a -3", want: int64(2),
	},
	{
		name:  "HIncrByFloat",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.HIncrByFloat(ctx, "h", "a", 0.25) },
		setup: []string{"hset h a 5.5"},
		args:  "hincrbyfloat h a 0.25", want: 5.75,
	},
	{
		name:  "HKeys",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.HKeys(ctx, "h") },
		setup: []string{"hset h a 1 b 2"},
		args:  "hkeys h", want: []string{"a", "b"}, unordered: true,
	},
	{
		name: "HKeys/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HKeys(ctx, "h") },
		args: "hkeys h", want: []string{},
	},
	{
		name:  "HLen",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.HLen(ctx, "h") },
		setup: []string{"hset h a 1 b 2"},
		args:  "hlen h", want: int64(2),
	},
	{
		name:  "HMGet",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.HMGet(ctx, "h", "a", "none", "b") },
		setup: []string{"hset h a 1 b 2"},
		args:  "hmget h a none b", want: []any{"1", nil, "2"},
	},
	{
		name: "HSet",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.HSet(ctx, "h", "a", 1, "b", 2.5, "c", true, "d", []byte("x y"))
		},
		setup: []string{"hset h a 0"},
		args:  `hset h a 1 b 2.5 c 1 d "x y"`, want: int64(3),
	},
	{
		name: "HSet/map",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.HSet(ctx, "h", map[string]any{"a": 1})
		},
		args: "hset h a 1", want: int64(1),
	},
	{
		name: "HSet/map of strings",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.HSet(ctx, "h", map[string]string{"a": "1"})
		},
		args: "hset h a 1", want: int64(1),
	},
	{
		name: "HSet/list",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.HSet(ctx, "h", []string{"a", "1", "b", "2"})
		},
		args: "hset h a 1 b 2", want: int64(2),
	},
	{
		name: "HSet/struct",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.HSet(ctx, "h", hashTestUser{Name: "Ada", Age: 36, Secret: "s"})
		},
		args: "hset h name Ada age 36", want: int64(2),
	},
	{
		name: "HSet/pointer to a struct",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.HSet(ctx, "h", &hashTestUser{Name: "Ada", Age: 36})
		},
		args: "hset h name Ada age 36", want: int64(2),
	},
	{
		name: "HSet/odd",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HSet(ctx, "h", "a", 1, "b") },
		want: fails("redis: hset: 3 values are not pairs of a name and a value"),
	},
	{
		name: "HSet/odd list",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HSet(ctx, "h", []string{"a"}) },
		want: fails("redis: hset: 1 values are not pairs of a name and a value"),
	},
	{
		name: "HSet/unsupported type",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.HSet(ctx, "h", "a", 1, "b", make(chan int))
		},
		want: fails("redis: hset: argument 5: "),
	},
	{
		name: "HSet/nil struct",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.HSet(ctx, "h", (*hashTestUser)(nil))
		},
		want: fails("redis: hset: argument 2: cannot send a nil"),
	},
	{
		name: "HSet/nothing",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HSet(ctx, "h") },
		args: "hset h", want: fails("wrong number of arguments"),
	},
	{
		name: "HMSet",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HMSet(ctx, "h", "a", 1, "b", 2) },
		args: "hmset h a 1 b 2", want: true,
	},
	{
		name: "HMSet/odd",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HMSet(ctx, "h", "a", 1, "b") },
		want: fails("redis: hmset: 3 values"),
	},
	{
		name: "HSetNX",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HSetNX(ctx, "h", "a", 1) },
		args: "hsetnx h a 1", want: true,
	},
	{
		name:  "HSetNX/exists",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.HSetNX(ctx, "h", "a", 1) },
		setup: []string{"hset h a 0"},
		args:  "hsetnx h a 1", want: false,
	},
	{
		name:  "HScan",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.HScan(ctx, "h", 0, "a*", 100) },
		setup: []string{"hset h ab 1 b 2"},
		args:  "hscan h 0 match a* count 100", want: values{[]string{"ab", "1"}, uint64(0)},
	},
	{
		name: "HScan/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HScan(ctx, "h", 1<<63, "", 0) },
		args: "hscan h 9223372036854775808", want: values{[]string{}, uint64(0)},
	},
	{
		name: "HScanNoValues",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HScanNoValues(ctx, "h", 7, "*", 10) },
		args: "hscan h 7 match * count 10 novalues", want: values{[]string{"a", "b"}, uint64(0)},
		since: "7.4, valkey 8.0", setup: []string{"hset h a 1 b 2"},
		scripted: []string{"*2\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n"},
	},
	{
		name:  "HVals",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.HVals(ctx, "h") },
		setup: []string{"hset h a 1 b 2"},
		args:  "hvals h", want: []string{"1", "2"}, unordered: true,
	},
	{
		name:  "HRandField",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.HRandField(ctx, "h", 5) },
		setup: []string{"hset h a 1 b 2"},
		args:  "hrandfield h 5", want: []string{"a", "b"}, unordered: true,
	},
	{
		name:  "HRandFieldWithValues",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.HRandFieldWithValues(ctx, "h", 5) },
		setup: []string{"hset h a 1 b 2"},
		args:  "hrandfield h 5 withvalues", want: []KeyValue{{"a", "1"}, {"b", "2"}}, unordered: true,
	},
	{
		name:  "HRandFieldWithValues/repeated",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.HRandFieldWithValues(ctx, "h", -2) },
		setup: []string{"hset h a 1"},
		args:  "hrandfield h -2 withvalues", want: []KeyValue{{"a", "1"}, {"a", "1"}},
	},
	{
		name: "HRandFieldWithValues/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HRandFieldWithValues(ctx, "h", 5) },
		args: "hrandfield h 5 withvalues", want: []KeyValue{},
	},
	{
		name:  "HStrLen",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.HStrLen(ctx, "h", "a") },
		setup: []string{"hset h a four"},
		args:  "hstrlen h a", want: int64(4),
	},
}})

// hashTestTime is 1700000000.5 s of Unix time.
var hashTestTime = time.UnixMilli(1_700_000_000_500)

var _ = testCommandGroup(commandGroup{name: "hashes expiry", server: redistest.Options{}, rows: []commandTest{
	{
		name: "HGetDel",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HGetDel(ctx, "h", "a", "none") },
		args: "hgetdel h fields 2 a none", want: []string{"1", ""},
		since: "8.0, valkey 9.1", setup: []string{"hset h a 1"},
		scripted: []string{"*2\r\n$1\r\n1\r\n$-1\r\n", "*2\r\n$1\r\n1\r\n_\r\n"},
	},
	{
		name: "HGetEX",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HGetEX(ctx, "h", "a", "none") },
		args: "hgetex h fields 2 a none", want: []string{"1", ""},
		since: "8.0, valkey 9.0", setup: []string{"hset h a 1"},
		scripted: []string{"*2\r\n$1\r\n1\r\n$-1\r\n", "*2\r\n$1\r\n1\r\n_\r\n"},
	},
	{
		name: "HGetEXWithArgs",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.HGetEXWithArgs(ctx, "h", &HGetEXOptions{ExpirationType: HGetEXExpirationPX, ExpirationVal: 1500}, "a")
		},
		args: "hgetex h PX 1500 fields 1 a", want: []string{"1"},
		since: "8.0, valkey 9.0", setup: []string{"hset h a 1"},
		scripted: []string{"*1\r\n$1\r\n1\r\n"},
	},
	{
		name: "HGetEXWithArgs/persist",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.HGetEXWithArgs(ctx, "h", &HGetEXOptions{ExpirationType: HGetEXExpirationPERSIST, ExpirationVal: 5}, "a")
		},
		args: "hgetex h PERSIST fields 1 a", want: []string{"1"},
		since: "8.0, valkey 9.0", setup: []string{"hset h a 1", "hexpire h 60 fields 1 a"},
		scripted: []string{"*1\r\n$1\r\n1\r\n"},
	},
	{
		name: "HGetEXWithArgs/no options",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HGetEXWithArgs(ctx, "h", nil, "a") },
		args: "hgetex h fields 1 a", want: []string{"1"},
		since: "8.0, valkey 9.0", setup: []string{"hset h a 1"},
		scripted: []string{"*1\r\n$1\r\n1\r\n"},
	},
	{
		name: "HSetEX",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HSetEX(ctx, "h", "a", "1", "b", "2") },
		args: "hsetex h fields 2 a 1 b 2", want: int64(1),
		since:    "8.0, valkey 9.0",
		scripted: []string{":1\r\n"},
	},
	{
		name: "HSetEX/odd",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HSetEX(ctx, "h", "a", "1", "b") },
		want: fails("redis: hsetex: 3 values are not pairs of a name and a value"),
	},
	{
		name: "HSetEXWithArgs",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.HSetEXWithArgs(ctx, "h", &HSetEXOptions{
				Condition: HSetEXFNX, ExpirationType: HSetEXExpirationEXAT, ExpirationVal: 1700000000,
			}, "a", "1")
		},
		args: "hsetex h FNX EXAT 1700000000 fields 1 a 1", want: int64(0),
		since: "8.0, valkey 9.0", setup: []string{"hset h a 1"},
		scripted: []string{":0\r\n"},
	},
	{
		name: "HSetEXWithArgs/keep",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.HSetEXWithArgs(ctx, "h", &HSetEXOptions{
				Condition: HSetEXFXX, ExpirationType: HSetEXExpirationKEEPTTL, ExpirationVal: 5,
			}, "a", "1")
		},
		args: "hsetex h FXX KEEPTTL fields 1 a 1", want: int64(1),
		since: "8.0, valkey 9.0", setup: []string{"hset h a 1"},
		scripted: []string{":1\r\n"},
	},
	{
		name: "HExpire",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.HExpire(ctx, "h", 90*time.Second, "a", "none")
		},
		args: "hexpire h 90 fields 2 a none", want: []int64{1, -2},
		since: "7.4, valkey 9.0", setup: []string{"hset h a 1"},
		scripted: []string{"*2\r\n:1\r\n:-2\r\n"},
	},
	{
		name: "HExpire/less than a second",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HExpire(ctx, "h", time.Millisecond, "a") },
		args: "hexpire h 1 fields 1 a", want: []int64{1},
		since: "7.4, valkey 9.0", setup: []string{"hset h a 1"},
		scripted: []string{"*1\r\n:1\r\n"},
	},
	{
		name: "HExpireWithArgs",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.HExpireWithArgs(ctx, "h", time.Minute, HExpireArgs{NX: true, XX: true, GT: true, LT: true}, "a")
		},
		args: "hexpire h 60 nx fields 1 a", want: []int64{0},
		since: "7.4, valkey 9.0", setup: []string{"hset h a 1", "hexpire h 60 fields 1 a"},
		scripted: []string{"*1\r\n:0\r\n"},
	},
	{
		name: "HPExpire",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.HPExpire(ctx, "h", 1500*time.Millisecond, "a")
		},
		args: "hpexpire h 1500 fields 1 a", want: []int64{1},
		since: "7.4, valkey 9.0", setup: []string{"hset h a 1"},
		scripted: []string{"*1\r\n:1\r\n"},
	},
	{
		name: "HPExpireWithArgs",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.HPExpireWithArgs(ctx, "h", time.Microsecond, HExpireArgs{XX: true, GT: true, LT: true}, "a")
		},
		args: "hpexpire h 1 xx fields 1 a", want: []int64{1},
		since: "7.4, valkey 9.0", setup: []string{"hset h a 1", "hexpire h 60 fields 1 a"},
		scripted: []string{"*1\r\n:1\r\n"},
	},
	{
		name: "HExpireAt",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HExpireAt(ctx, "h", hashTestTime, "a") },
		args: "hexpireat h 1700000000 fields 1 a", want: []int64{2},
		since: "7.4, valkey 9.0", setup: []string{"hset h a 1"},
		scripted: []string{"*1\r\n:2\r\n"},
	},
	{
		name: "HExpireAtWithArgs",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.HExpireAtWithArgs(ctx, "h", hashTestTime, HExpireArgs{GT: true, LT: true}, "a")
		},
		args: "hexpireat h 1700000000 gt fields 1 a", want: []int64{0},
		since: "7.4, valkey 9.0", setup: []string{"hset h a 1"},
		scripted: []string{"*1\r\n:0\r\n"},
	},
	{
		name: "HPExpireAt",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HPExpireAt(ctx, "h", hashTestTime, "a") },
		args: "hpexpireat h 1700000000500 fields 1 a", want: []int64{2},
		since: "7.4, valkey 9.0", setup: []string{"hset h a 1"},
		scripted: []string{"*1\r\n:2\r\n"},
	},
	{
		name: "HPExpireAtWithArgs",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.HPExpireAtWithArgs(ctx, "h", hashTestTime, HExpireArgs{LT: true}, "a")
		},
		args: "hpexpireat h 1700000000500 lt fields 1 a", want: []int64{2},
		since: "7.4, valkey 9.0", setup: []string{"hset h a 1"},
		scripted: []string{"*1\r\n:2\r\n"},
	},
	{
		name: "HPersist",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HPersist(ctx, "h", "a", "b") },
		args: "hpersist h fields 2 a b", want: []int64{1, -1},
		since: "7.4, valkey 9.0", setup: []string{"hset h a 1 b 2", "hexpire h 60 fields 1 a"},
		scripted: []string{"*2\r\n:1\r\n:-1\r\n"},
	},
	{
		name: "HExpireTime",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HExpireTime(ctx, "h", "a") },
		args: "hexpiretime h fields 1 a", want: []int64{4102444800},
		since: "7.4, valkey 9.0", setup: []string{"hset h a 1", "hexpireat h 4102444800 fields 1 a"},
		scripted: []string{"*1\r\n:4102444800\r\n"},
	},
	{
		name: "HPExpireTime",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HPExpireTime(ctx, "h", "a") },
		args: "hpexpiretime h fields 1 a", want: []int64{4102444800500},
		since: "7.4, valkey 9.0", setup: []string{"hset h a 1", "hpexpireat h 4102444800500 fields 1 a"},
		scripted: []string{"*1\r\n:4102444800500\r\n"},
	},
	{
		name: "HTTL",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HTTL(ctx, "h", "a", "b", "none") },
		args: "httl h fields 3 a b none",
		check: func(t *testing.T, cmd Cmder) {
			left := cmd.(*IntSliceCmd).Val()
			require.Len(t, left, 3)
			require.InDelta(t, 30, left[0], 30)
			require.Equal(t, []int64{-1, -2}, left[1:])
		},
		since: "7.4, valkey 9.0", setup: []string{"hset h a 1 b 2", "hexpire h 60 fields 1 a"},
		scripted: []string{"*3\r\n:60\r\n:-1\r\n:-2\r\n"},
	},
	{
		name: "HPTTL",
		call: func(ctx context.Context, c testCommands) Cmder { return c.HPTTL(ctx, "h", "a") },
		args: "hpttl h fields 1 a",
		check: func(t *testing.T, cmd Cmder) {
			left := cmd.(*IntSliceCmd).Val()
			require.Len(t, left, 1)
			require.InDelta(t, 30_000, left[0], 30_000)
		},
		since: "7.4, valkey 9.0", setup: []string{"hset h a 1", "hpexpire h 60000 fields 1 a"},
		scripted: []string{"*1\r\n:59999\r\n"},
	},
}})

type hashTestUser struct {
	Name   string `redis:"name"`
	Age    int    `redis:"age"`
	Email  string `redis:"email,omitempty"`
	Secret string
}
