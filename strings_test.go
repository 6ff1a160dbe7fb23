package redis

import (
	"context"
	"math"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

var _ = testCommandGroup(commandGroup{name: "strings", server: redistest.Options{}, rows: []commandTest{
	{
		name:  "Append",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Append(ctx, "k", "bc") },
		setup: []string{"set k a"},
		args:  "append k bc", want: int64(3),
	},
	{
		name: "Append/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Append(ctx, "k", "") },
		args: `append k ""`, want: int64(0),
	},
	{
		name: "Decr",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Decr(ctx, "k") },
		args: "decr k", want: int64(-1),
	},
	{
		name:  "DecrBy",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.DecrBy(ctx, "k", 5) },
		setup: []string{"set k 10"},
		args:  "decrby k 5", want: int64(5),
	},
	{
		name: "DecrBy/smallest",
		call: func(ctx context.Context, c testCommands) Cmder { return c.DecrBy(ctx, "k", math.MaxInt64) },
		args: "decrby k 9223372036854775807", want: int64(-math.MaxInt64),
	},
	{
		name:  "DelExArgs",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.DelExArgs(ctx, "k", DelExArgs{}) },
		since: "8.4", setup: []string{"set k v"},
		scripted: []string{":1\r\n"},
		args:     "delex k", want: int64(1),
	},
	{
		name: "DelExArgs/equal",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.DelExArgs(ctx, "k", DelExArgs{Mode: "IFEQ", MatchValue: 12})
		},
		since: "8.4", setup: []string{"set k v"},
		scripted: []string{":0\r\n"},
		args:     "delex k IFEQ 12", want: int64(0),
	},
	{
		name: "DelExArgs/digest",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.DelExArgs(ctx, "k", DelExArgs{Mode: "ifdne", MatchDigest: 0xabc})
		},
		since: "8.4", setup: []string{"set k v"},
		scripted: []string{":1\r\n"},
		args:     "delex k ifdne 0000000000000abc", want: int64(1),
	},
	{
		name: "DelExArgs/zero digest",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.DelExArgs(ctx, "k", DelExArgs{Mode: "IFDEQ"})
		},
		since: "8.4", setup: []string{"set k v"},
		scripted: []string{":0\r\n"},
		args:     "delex k IFDEQ 0000000000000000", want: int64(0),
	},
	{
		name: "DelExArgs/nothing to compare",
		call: func(ctx context.Context, c testCommands) Cmder { return c.DelExArgs(ctx, "k", DelExArgs{Mode: "IFEQ"}) },
		want: fails("redis: delex: the value to match is nil"),
	},
	{
		name:  "Digest",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Digest(ctx, "k") },
		since: "8.4", setup: []string{`set k "Hello world"`},
		scripted: []string{"$16\r\nb6acb9d84a38ff74\r\n"},
		args:     "digest k", want: uint64(0xb6acb9d84a38ff74),
	},
	{
		name:     "Digest/absent",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.Digest(ctx, "k") },
		since:    "8.4",
		scripted: []string{"$-1\r\n", "_\r\n"},
		args:     "digest k", want: Nil,
	},
	{
		name:     "Digest/no digest",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.Digest(ctx, "k") },
		scripted: []string{"+OK\r\n"},
		args:     "digest k", want: fails("redis: unexpected reply"),
	},
	{
		name:  "Get",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Get(ctx, "k") },
		setup: []string{`set k "a b\r\n"`},
		args:  "get k", want: "a b\r\n",
	},
	{
		name: "Get/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Get(ctx, "k") },
		args: "get k", want: Nil,
	},
	{
		name:  "Get/wrong type",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Get(ctx, "k") },
		setup: []string{"rpush k a"},
		args:  "get k", want: fails("WRONGTYPE"),
	},
	{
		name:  "GetDel",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.GetDel(ctx, "k") },
		setup: []string{"set k v"},
		args:  "getdel k", want: "v",
	},
	{
		name: "GetDel/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.GetDel(ctx, "k") },
		args: "getdel k", want: Nil,
	},
	{
		name:  "GetEx",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.GetEx(ctx, "k", 10*time.Second) },
		setup: []string{"set k v"},
		args:  "getex k ex 10", want: "v",
	},
	{
		name:  "GetEx/milliseconds",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.GetEx(ctx, "k", 1500*time.Millisecond) },
		setup: []string{"set k v"},
		args:  "getex k px 1500", want: "v",
	},
	{
		name:  "GetEx/less than a millisecond",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.GetEx(ctx, "k", time.Microsecond) },
		setup: []string{"set k v"},
		args:  "getex k px 1", want: "v",
	},
	{
		name:  "GetEx/persist",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.GetEx(ctx, "k", 0) },
		setup: []string{"set k v ex 100"},
		args:  "getex k persist", want: "v",
	},
	{
		name:  "GetEx/keep",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.GetEx(ctx, "k", KeepTTL) },
		setup: []string{"set k v ex 100"},
		args:  "getex k", want: "v",
	},
	{
		name:  "GetEx/negative",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.GetEx(ctx, "k", -time.Second) },
		setup: []string{"set k v ex 100"},
		args:  "getex k", want: "v",
	},
	{
		name:  "GetRange",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.GetRange(ctx, "k", 1, -2) },
		setup: []string{"set k abcd"},
		args:  "getrange k 1 -2", want: "bc",
	},
	{
		name: "GetRange/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.GetRange(ctx, "k", 0, -1) },
		args: "getrange k 0 -1", want: "",
	},
	{
		name:  "GetSet",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.GetSet(ctx, "k", 2.5) },
		setup: []string{"set k v"},
		args:  "getset k 2.5", want: "v",
	},
	{
		name: "GetSet/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.GetSet(ctx, "k", true) },
		args: "getset k 1", want: Nil,
	},
	{
		name:  "Incr",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Incr(ctx, "k") },
		setup: []string{"set k 9"},
		args:  "incr k", want: int64(10),
	},
	{
		name:  "Incr/no number",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Incr(ctx, "k") },
		setup: []string{"set k x"},
		args:  "incr k", want: fails("not an integer"),
	},
	{
		name: "IncrBy",
		call: func(ctx context.Context, c testCommands) Cmder { return c.IncrBy(ctx, "k", -3) },
		args: "incrby k -3", want: int64(-3),
	},
	{
		name:  "IncrByFloat",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.IncrByFloat(ctx, "k", 0.1) },
		setup: []string{"set k 10.5"},
		args:  "incrbyfloat k 0.1", want: 10.6,
	},
	{
		name: "IncrByFloat/large",
		call: func(ctx context.Context, c testCommands) Cmder { return c.IncrByFloat(ctx, "k", 1e20) },
		args: "incrbyfloat k 100000000000000000000", want: 1e20,
	},
	{
		name:     "IncrEXInt",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.IncrEXInt(ctx, "k", IncrEXIntArgs{}) },
		since:    "8.8",
		scripted: []string{"*2\r\n:1\r\n:1\r\n"},
		args:     "increx k", want: IncrEXIntResult{Value: 1, AppliedIncrement: 1},
	},
	{
		name: "IncrEXInt/all",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.IncrEXInt(ctx, "k", IncrEXIntArgs{
				By: 5, HasBy: true, LBound: -1, HasLBound: true, UBound: 9, HasUBound: true, Saturate: true,
				Expiration: &ExpirationOption{Mode: EX, Value: 60}, ENX: true,
			})
		},
		since: "8.8", setup: []string{"set k 7"},
		scripted: []string{"*2\r\n:9\r\n:2\r\n"},
		args:     "increx k byint 5 lbound -1 ubound 9 saturate ex 60 enx", want: IncrEXIntResult{Value: 9, AppliedIncrement: 2},
	},
	{
		name: "IncrEXInt/no such mode",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.IncrEXInt(ctx, "k", IncrEXIntArgs{Expiration: &ExpirationOption{Mode: "SOON"}})
		},
		want: fails(`redis: increx: there is no expiration mode "SOON"`),
	},
	{
		name: "IncrEXFloat",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.IncrEXFloat(ctx, "k", IncrEXFloatArgs{By: 0.5})
		},
		since: "8.8", setup: []string{"set k 1"},
		scripted: []string{"*2\r\n$3\r\n1.5\r\n$3\r\n0.5\r\n", "*2\r\n,1.5\r\n,0.5\r\n"},
		args:     "increx k byfloat 0.5", want: IncrEXFloatResult{Value: 1.5, AppliedIncrement: 0.5},
	},
	{
		name: "IncrEXFloat/all",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.IncrEXFloat(ctx, "k", IncrEXFloatArgs{
				By: 2, LBound: 0, HasLBound: true, UBound: 1.5, HasUBound: true, Saturate: true,
				Expiration: &ExpirationOption{Mode: PERSIST},
			})
		},
		since:    "8.8",
		scripted: []string{"*2\r\n$3\r\n1.5\r\n$3\r\n1.5\r\n", "*2\r\n,1.5\r\n,1.5\r\n"},
		args:     "increx k byfloat 2 lbound 0 ubound 1.5 saturate persist", want: IncrEXFloatResult{Value: 1.5, AppliedIncrement: 1.5},
	},
	{
		name:  "LCS",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.LCS(ctx, &LCSQuery{Key1: "a", Key2: "b"}) },
		setup: []string{"mset a ohmytext b mynewtext"},
		args:  "lcs a b", want: &LCSMatch{MatchString: "mytext"},
	},
	{
		name: "LCS/length",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.LCS(ctx, &LCSQuery{Key1: "a", Key2: "b", Len: true, Idx: true})
		},
		setup: []string{"mset a ohmytext b mynewtext"},
		args:  "lcs a b len", want: &LCSMatch{Len: 6},
	},
	{
		name: "LCS/positions",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.LCS(ctx, &LCSQuery{Key1: "a", Key2: "b", Idx: true})
		},
		setup: []string{"mset a ohmytext b mynewtext"},
		args:  "lcs a b idx", want: &LCSMatch{Len: 6, Matches: []LCSMatchedPosition{
			{Key1: LCSPosition{4, 7}, Key2: LCSPosition{5, 8}},
			{Key1: LCSPosition{2, 3}, Key2: LCSPosition{0, 1}},
		}},
	},
	{
		name: "LCS/positions and lengths",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.LCS(ctx, &LCSQuery{Key1: "a", Key2: "b", Idx: true, MinMatchLen: 4, WithMatchLen: true})
		},
		setup: []string{"mset a ohmytext b mynewtext"},
		args:  "lcs a b idx minmatchlen 4 withmatchlen", want: &LCSMatch{Len: 6, Matches: []LCSMatchedPosition{
			{Key1: LCSPosition{4, 7}, Key2: LCSPosition{5, 8}, MatchLen: 4},
		}},
	},
	{
		name: "LCS/wrong type",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.LCS(ctx, &LCSQuery{Key1: "a", Key2: "b", Idx: true})
		},
		setup: []string{"rpush a x"},
		args:  "lcs a b idx", want: fails("ERR The specified keys must contain string values"),
	},
	{
		name: "LCS/no query",
		call: func(ctx context.Context, c testCommands) Cmder { return c.LCS(ctx, nil) },
		want: fails("redis: lcs: the query is nil"),
	},
	{
		name:  "MGet",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.MGet(ctx, "a", "b", "l") },
		setup: []string{"set a 1", "rpush l x"},
		args:  "mget a b l", want: []any{"1", nil, nil},
	},
	{
		name: "MSet",
		call: func(ctx context.Context, c testCommands) Cmder { return c.MSet(ctx, "a", 1, "b", []byte("x")) },
		args: "mset a 1 b x", want: "OK",
	},
	{
		name: "MSet/slice",
		call: func(ctx context.Context, c testCommands) Cmder { return c.MSet(ctx, []string{"a", "1"}) },
		args: "mset a 1", want: "OK",
	},
	{
		name: "MSet/map",
		call: func(ctx context.Context, c testCommands) Cmder { return c.MSet(ctx, map[string]any{"a": 1.5}) },
		args: "mset a 1.5", want: "OK",
	},
	{
		name: "MSet/struct",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.MSet(ctx, struct {
				A int    `redis:"a"`
				B string `redis:"b"`
			}{1, "x"})
		},
		args: "mset a 1 b x", want: "OK",
	},
	{
		name: "MSet/odd",
		call: func(ctx context.Context, c testCommands) Cmder { return c.MSet(ctx, "a", 1, "b") },
		want: fails("redis: mset: 3 values"),
	},
	{
		name: "MSet/no argument type",
		call: func(ctx context.Context, c testCommands) Cmder { return c.MSet(ctx, "a", struct{}{}) },
		want: fails("redis: mset: argument 2: cannot send a value of type struct {}"),
	},
	{
		name:     "MSetEX",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.MSetEX(ctx, MSetEXArgs{}, "a", 1, "b", 2) },
		since:    "8.4, valkey 9.1",
		scripted: []string{":1\r\n"},
		args:     "msetex 2 a 1 b 2", want: int64(1),
	},
	{
		name: "MSetEX/all",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.MSetEX(ctx, MSetEXArgs{Condition: XX, Expiration: &ExpirationOption{Mode: PXAT, Value: 9}}, map[string]string{"a": "1"})
		},
		since:    "8.4, valkey 9.1",
		scripted: []string{":0\r\n"},
		args:     "msetex 1 a 1 XX pxat 9", want: int64(0),
	},
	{
		name: "MSetEX/keep",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.MSetEX(ctx, MSetEXArgs{Condition: NX, Expiration: &ExpirationOption{Mode: KEEPTTL}}, "a", 1)
		},
		since:    "8.4, valkey 9.1",
		scripted: []string{":1\r\n"},
		args:     "msetex 1 a 1 NX keepttl", want: int64(1),
	},
	{
		name: "MSetEX/odd",
		call: func(ctx context.Context, c testCommands) Cmder { return c.MSetEX(ctx, MSetEXArgs{}, "a") },
		want: fails("redis: msetex: "),
	},
	{
		name: "MSetNX",
		call: func(ctx context.Context, c testCommands) Cmder { return c.MSetNX(ctx, "a", 1, "b", 2) },
		args: "msetnx a 1 b 2", want: true,
	},
	{
		name:  "MSetNX/one exists",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.MSetNX(ctx, "a", 1, "b", 2) },
		setup: []string{"set b x"},
		args:  "msetnx a 1 b 2", want: false,
	},
	{
		name: "Set",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Set(ctx, "k", "v", 0) },
		args: "set k v", want: "OK",
	},
	{
		name: "Set/seconds",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Set(ctx, "k", "", 10*time.Second) },
		args: `set k "" ex 10`, want: "OK",
	},
	{
		name: "Set/milliseconds",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.Set(ctx, "k", int8(-1), 1500*time.Millisecond)
		},
		args: "set k -1 px 1500", want: "OK",
	},
	{
		name: "Set/less than a millisecond",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Set(ctx, "k", nil, time.Nanosecond) },
		args: `set k "" px 1`, want: "OK",
	},
	{
		name:  "Set/keep",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Set(ctx, "k", false, KeepTTL) },
		setup: []string{"set k v ex 100"},
		args:  "set k 0 keepttl", want: "OK",
	},
	{
		name: "Set/time",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Set(ctx, "k", time.Unix(0, 5).UTC(), 0) },
		args: "set k 1970-01-01T00:00:00.000000005Z", want: "OK",
	},
	{
		name: "Set/pointer",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Set(ctx, "k", new(int), 0) },
		args: "set k 0", want: "OK",
	},
	{
		name: "Set/negative",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Set(ctx, "k", "v", -time.Hour) },
		args: "set k v", want: "OK",
	},
	{
		name: "SetNX/negative",
		call: func(ctx context.Context, c testCommands) Cmder { return c.SetNX(ctx, "k", "v", -time.Hour) },
		want: fails("redis: set: the expiration -1h0m0s is negative"),
	},
	{
		name: "SetXX/negative",
		call: func(ctx context.Context, c testCommands) Cmder { return c.SetXX(ctx, "k", "v", -time.Millisecond) },
		want: fails("redis: set: the expiration -1ms is negative"),
	},
	{
		name: "SetArgs/negative",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.SetArgs(ctx, "k", "v", SetArgs{TTL: -time.Hour})
		},
		args: "set k v", want: "OK",
	},
	{
		name: "Set/no argument type",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Set(ctx, "k", []int{1}, 0) },
		want: fails("redis: set: argument 2: cannot send a value of type []int"),
	},
	{
		name: "SetArgs",
		call: func(ctx context.Context, c testCommands) Cmder { return c.SetArgs(ctx, "k", "v", SetArgs{}) },
		args: "set k v", want: "OK",
	},
	{
		name: "SetArgs/get",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.SetArgs(ctx, "k", "w", SetArgs{Mode: "XX", TTL: time.Second, Get: true})
		},
		setup: []string{"set k v"},
		args:  "set k w ex 1 XX get", want: "v",
	},
	{
		name:  "SetArgs/condition does not hold",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SetArgs(ctx, "k", "w", SetArgs{Mode: "NX"}) },
		setup: []string{"set k v"},
		args:  "set k w NX", want: Nil,
	},
	{
		name: "SetArgs/at",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.SetArgs(ctx, "k", "v", SetArgs{ExpireAt: time.Unix(4102444800, 0)})
		},
		args: "set k v exat 4102444800", want: "OK",
	},
	{
		name: "SetArgs/at millisecond",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.SetArgs(ctx, "k", "v", SetArgs{ExpireAt: time.UnixMilli(4102444800500)})
		},
		args: "set k v pxat 4102444800500", want: "OK",
	},
	{
		name: "SetArgs/keep",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.SetArgs(ctx, "k", "v", SetArgs{KeepTTL: true})
		},
		args: "set k v keepttl", want: "OK",
	},
	{
		name: "SetArgs/equal",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.SetArgs(ctx, "k", "v", SetArgs{Mode: "IFEQ", MatchValue: "old", Get: true})
		},
		since: "8.4, valkey 8.1", setup: []string{"set k old"},
		scripted: []string{"$3\r\nold\r\n"},
		args:     "set k v IFEQ old get", want: "old",
	},
	{
		name: "SetEx",
		call: func(ctx context.Context, c testCommands) Cmder { return c.SetEx(ctx, "k", 1, 1500*time.Millisecond) },
		args: "setex k 1 1", want: "OK",
	},
	{
		name: "SetEx/never",
		call: func(ctx context.Context, c testCommands) Cmder { return c.SetEx(ctx, "k", 1, 0) },
		args: "setex k 0 1", want: fails("invalid expire time"),
	},
	{
		name: "SetNX",
		call: func(ctx context.Context, c testCommands) Cmder { return c.SetNX(ctx, "k", "v", 0) },
		args: "set k v nx", want: true,
	},
	{
		name:  "SetNX/exists",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SetNX(ctx, "k", "v", time.Minute) },
		setup: []string{"set k x"},
		args:  "set k v ex 60 nx", want: false,
	},
	{
		name: "SetNX/keep",
		call: func(ctx context.Context, c testCommands) Cmder { return c.SetNX(ctx, "k", "v", KeepTTL) },
		args: "set k v keepttl nx", want: true,
	},
	{
		name: "SetRange",
		call: func(ctx context.Context, c testCommands) Cmder { return c.SetRange(ctx, "k", 2, "x") },
		args: "setrange k 2 x", want: int64(3),
	},
	{
		name:  "SetXX",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SetXX(ctx, "k", "v", 20*time.Millisecond) },
		setup: []string{"set k x"},
		args:  "set k v px 20 xx", want: true,
	},
	{
		name: "SetXX/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.SetXX(ctx, "k", "v", 0) },
		args: "set k v xx", want: false,
	},
	{
		name:  "StrLen",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.StrLen(ctx, "k") },
		setup: []string{"set k ab"},
		args:  "strlen k", want: int64(2),
	},
	{
		name:  "SetIFEQ",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SetIFEQ(ctx, "k", "v", "old", time.Minute) },
		since: "8.4, valkey 8.1", setup: []string{"set k old"},
		scripted: []string{"+OK\r\n"},
		args:     "set k v ex 60 ifeq old", want: "OK",
	},
	{
		name:  "SetIFEQ/does not hold",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SetIFEQ(ctx, "k", "v", "old", 0) },
		since: "8.4, valkey 8.1", setup: []string{"set k other"},
		scripted: []string{"$-1\r\n", "_\r\n"},
		args:     "set k v ifeq old", want: Nil,
	},
	{
		name:  "SetIFEQGet",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SetIFEQGet(ctx, "k", "v", "old", KeepTTL) },
		since: "8.4, valkey 8.1", setup: []string{"set k old"},
		scripted: []string{"$3\r\nold\r\n"},
		args:     "set k v keepttl ifeq old get", want: "old",
	},
	{
		name:  "SetIFNE",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SetIFNE(ctx, "k", "v", 7, time.Minute) },
		since: "8.4", setup: []string{"set k old"},
		scripted: []string{"+OK\r\n"},
		args:     "set k v ex 60 ifne 7", want: "OK",
	},
	{
		name:  "SetIFNE/does not hold",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SetIFNE(ctx, "k", "v", 7, 0) },
		since: "8.4", setup: []string{"set k 7"},
		scripted: []string{"$-1\r\n", "_\r\n"},
		args:     "set k v ifne 7", want: Nil,
	},
	{
		name:  "SetIFNEGet",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SetIFNEGet(ctx, "k", "v", 7, KeepTTL) },
		since: "8.4", setup: []string{"set k old"},
		scripted: []string{"$3\r\nold\r\n"},
		args:     "set k v keepttl ifne 7 get", want: "old",
	},
	{
		name: "SetIFDEQ",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.SetIFDEQ(ctx, "k", "v", 0x0f3ca07a8cc8bf40, time.Minute)
		},
		since: "8.4", setup: []string{"set k old"},
		scripted: []string{"+OK\r\n"},
		args:     "set k v ex 60 ifdeq 0f3ca07a8cc8bf40", want: "OK",
	},
	{
		name: "SetIFDEQ/does not hold",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.SetIFDEQ(ctx, "k", "v", 0x0f3ca07a8cc8bf40, 0)
		},
		since: "8.4", setup: []string{"set k other"},
		scripted: []string{"$-1\r\n", "_\r\n"},
		args:     "set k v ifdeq 0f3ca07a8cc8bf40", want: Nil,
	},
	{
		name: "SetIFDEQGet",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.SetIFDEQGet(ctx, "k", "v", 0x0f3ca07a8cc8bf40, KeepTTL)
		},
		since: "8.4", setup: []string{"set k old"},
		scripted: []string{"$3\r\nold\r\n"},
		args:     "set k v keepttl ifdeq 0f3ca07a8cc8bf40 get", want: "old",
	},
	{
		name:  "SetIFDNE",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SetIFDNE(ctx, "k", "v", 1<<63, time.Minute) },
		since: "8.4", setup: []string{"set k old"},
		scripted: []string{"+OK\r\n"},
		args:     "set k v ex 60 ifdne 8000000000000000", want: "OK",
	},
	{
		name: "SetIFDNE/does not hold",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.SetIFDNE(ctx, "k", "v", 0x0f3ca07a8cc8bf40, 0)
		},
		since: "8.4", setup: []string{"set k old"},
		scripted: []string{"$-1\r\n", "_\r\n"},
		args:     "set k v ifdne 0f3ca07a8cc8bf40", want: Nil,
	},
	{
		name:  "SetIFDNEGet",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SetIFDNEGet(ctx, "k", "v", 1<<63, KeepTTL) },
		since: "8.4", setup: []string{"set k old"},
		scripted: []string{"$3\r\nold\r\n"},
		args:     "set k v keepttl ifdne 8000000000000000 get", want: "old",
	},
}})
