package redis

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
	"github.com/stretchr/testify/require"
)

var _ = testCommandGroup(commandGroup{name: "keys", server: redistest.Options{}, rows: []commandTest{
	{
		name:  "Copy",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Copy(ctx, "a", "b", 0, false) },
		setup: []string{"set a 1"},
		args:  "copy a b db 0", want: int64(1),
	},
	{
		name:  "Copy/replace",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Copy(ctx, "a", "b", 1, true) },
		setup: []string{"set a 1"},
		args:  "copy a b db 1 replace", want: int64(1),
	},
	{
		name:  "Copy/exists",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Copy(ctx, "a", "b", 0, false) },
		setup: []string{"mset a 1 b 2"},
		args:  "copy a b db 0", want: int64(0),
	},
	{
		name:  "Del",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Del(ctx, "a", "b", "c") },
		setup: []string{"mset a 1 b 2"},
		args:  "del a b c", want: int64(2),
	},
	{
		name: "Del/nothing",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Del(ctx) },
		args: "del", want: fails("wrong number of arguments"),
	},
	{
		name:  "Unlink",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Unlink(ctx, "a", "c") },
		setup: []string{"set a 1"},
		args:  "unlink a c", want: int64(1),
	},
	{
		name:  "Dump",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Dump(ctx, "k") },
		setup: []string{"set k v"},
		args:  "dump k",
		check: func(t *testing.T, cmd Cmder) {
			require.Contains(t, cmd.(*StringCmd).Val(), "\x00\x01v")
		},
	},
	{
		name: "Dump/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Dump(ctx, "k") },
		args: "dump k", want: Nil,
	},
	{
		name:  "Exists",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Exists(ctx, "a", "a", "b") },
		setup: []string{"set a 1"},
		args:  "exists a a b", want: int64(2),
	},
	{
		name:  "Keys",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Keys(ctx, "a?") },
		setup: []string{"mset a1 1 a2 2 b1 3"},
		args:  "keys a?", want: []string{"a1", "a2"}, unordered: true,
	},
	{
		name: "Keys/none",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Keys(ctx, "*") },
		args: "keys *", want: []string{},
	},
	{
		name: "Migrate",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.Migrate(ctx, "127.0.0.1", "1", "k", 0, 1500*time.Millisecond)
		},
		args: "migrate 127.0.0.1 1 k 0 1500", want: "NOKEY",
	},
	{
		name:  "Move",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Move(ctx, "k", 1) },
		setup: []string{"set k v"},
		args:  "move k 1", want: true,
	},
	{
		name: "Move/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Move(ctx, "k", 1) },
		args: "move k 1", want: false,
	},
	{
		name:  "ObjectEncoding",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ObjectEncoding(ctx, "k") },
		setup: []string{"set k 12"},
		args:  "object encoding k", want: "int",
	},
	{
		name: "ObjectEncoding/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ObjectEncoding(ctx, "k") },
		args: "object encoding k", want: Nil,
	},
	{
		name:    "ObjectFreq",
		call:    func(ctx context.Context, c testCommands) Cmder { return c.ObjectFreq(ctx, "k") },
		setup:   []string{"config set maxmemory-policy allkeys-lfu", "set k v"},
		cleanup: []string{"config set maxmemory-policy noeviction"},
		args:    "object freq k", want: int64(5),
	},
	{
		name:  "ObjectIdleTime",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ObjectIdleTime(ctx, "k") },
		setup: []string{"set k v"},
		args:  "object idletime k", want: time.Duration(0),
	},
	{
		name:  "ObjectIdleTime/long",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ObjectIdleTime(ctx, "k") },
		setup: []string{`restore k 0 "\x00\x01v\n\x00\x91\b\xce\xb2\x198\x8a\xce" idletime 3600`},
		args:  "object idletime k", want: time.Hour,
	},
	{
		name:  "ObjectRefCount",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ObjectRefCount(ctx, "k") },
		setup: []string{"set k v"},
		args:  "object refcount k", want: int64(1),
	},
	{
		name:  "RandomKey",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.RandomKey(ctx) },
		setup: []string{"set k v"},
		args:  "randomkey", want: "k",
	},
	{
		name: "RandomKey/none",
		call: func(ctx context.Context, c testCommands) Cmder { return c.RandomKey(ctx) },
		args: "randomkey", want: Nil,
	},
	{
		name:  "Rename",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Rename(ctx, "a", "b") },
		setup: []string{"set a 1"},
		args:  "rename a b", want: "OK",
	},
	{
		name: "Rename/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Rename(ctx, "a", "b") },
		args: "rename a b", want: fails("ERR no such key"),
	},
	{
		name:  "RenameNX",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.RenameNX(ctx, "a", "b") },
		setup: []string{"set a 1"},
		args:  "renamenx a b", want: true,
	},
	{
		name:  "RenameNX/exists",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.RenameNX(ctx, "a", "b") },
		setup: []string{"mset a 1 b 2"},
		args:  "renamenx a b", want: false,
	},
	{
		name: "Restore",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.Restore(ctx, "k", 0, "\x00\x01v\n\x00\x91\b\xce\xb2\x198\x8a\xce")
		},
		args: `restore k 0 "\x00\x01v\n\x00\x91\b\xce\xb2\x198\x8a\xce"`, want: "OK",
	},
	{
		name: "Restore/exists",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.Restore(ctx, "k", time.Second, "\x00\x01v\n\x00\x91\b\xce\xb2\x198\x8a\xce")
		},
		setup: []string{"set k v"},
		args:  `restore k 1000 "\x00\x01v\n\x00\x91\b\xce\xb2\x198\x8a\xce"`, want: fails("BUSYKEY"),
	},
	{
		name: "RestoreReplace",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.RestoreReplace(ctx, "k", time.Microsecond, "\x00\x01v\n\x00\x91\b\xce\xb2\x198\x8a\xce")
		},
		setup: []string{"set k v"},
		args:  `restore k 1 "\x00\x01v\n\x00\x91\b\xce\xb2\x198\x8a\xce" replace`, want: "OK",
	},
	{
		name:  "Scan",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Scan(ctx, 0, "", 0) },
		setup: []string{"set k v"},
		args:  "scan 0", want: values{[]string{"k"}, uint64(0)},
	},
	{
		name:  "Scan/options",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Scan(ctx, 0, "{a}*", 1000) },
		setup: []string{"mset {a}1 1 {b}1 1"},
		args:  "scan 0 match {a}* count 1000", want: values{[]string{"{a}1"}, uint64(0)},
	},
	{
		name:     "Scan/large cursor",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.Scan(ctx, math.MaxUint64, "", 0) },
		scripted: []string{"*2\r\n$20\r\n18446744073709551615\r\n*0\r\n"},
		args:     "scan 18446744073709551615", want: values{[]string{}, uint64(math.MaxUint64)},
	},
	{
		name:  "ScanType",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ScanType(ctx, 0, "", 0, "list") },
		setup: []string{"set k v", "rpush l a"},
		args:  "scan 0 type list", want: values{[]string{"l"}, uint64(0)},
	},
	{
		name:  "Sort",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Sort(ctx, "l", nil) },
		setup: []string{"rpush l 10 2 1"},
		args:  "sort l", want: []string{"1", "2", "10"},
	},
	{
		name: "Sort/all",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.Sort(ctx, "l", &Sort{By: "w_*", Offset: 1, Count: 2, Get: []string{"#", "v_*"}, Order: "desc", Alpha: true})
		},
		setup: []string{"rpush l a b c", "mset w_a 1 w_b 2 w_c 3 v_a x"},
		args:  "sort l by w_* limit 1 2 get # get v_* desc alpha", want: []string{"b", "", "a", "x"},
	},
	{
		name:  "Sort/no numbers",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Sort(ctx, "l", &Sort{}) },
		setup: []string{"rpush l a b"},
		args:  "sort l", want: fails("ERR One or more scores"),
	},
	{
		name: "SortInterfaces",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.SortInterfaces(ctx, "l", &Sort{Get: []string{"v_*"}})
		},
		setup: []string{"rpush l 1 2", "set v_1 x"},
		args:  "sort l get v_*", want: []any{"x", nil},
	},
	{
		name:  "SortRO",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SortRO(ctx, "l", &Sort{Order: "DESC"}) },
		setup: []string{"rpush l 1 2"},
		args:  "sort_ro l DESC", want: []string{"2", "1"},
	},
	{
		name:  "SortStore",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SortStore(ctx, "l", "d", &Sort{Count: 1}) },
		setup: []string{"rpush l 1 2"},
		args:  "sort l limit 0 1 store d", want: int64(1),
	},
	{
		name:  "Touch",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Touch(ctx, "a", "b") },
		setup: []string{"set a 1"},
		args:  "touch a b", want: int64(1),
	},
	{
		name:  "Type",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Type(ctx, "k") },
		setup: []string{"rpush k a"},
		args:  "type k", want: "list",
	},
	{
		name: "Type/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Type(ctx, "k") },
		args: "type k", want: "none",
	},
	{
		name:  "Expire",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Expire(ctx, "k", 1500*time.Millisecond) },
		setup: []string{"set k v"},
		args:  "expire k 1", want: true,
	},
	{
		name:  "Expire/less than a second",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Expire(ctx, "k", time.Millisecond) },
		setup: []string{"set k v"},
		args:  "expire k 1", want: true,
	},
	{
		name:  "Expire/at once",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Expire(ctx, "k", -time.Second) },
		setup: []string{"set k v"},
		args:  "expire k -1", want: true,
	},
	{
		name: "Expire/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Expire(ctx, "k", time.Hour) },
		args: "expire k 3600", want: false,
	},
	{
		name:  "ExpireNX",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ExpireNX(ctx, "k", time.Hour) },
		setup: []string{"set k v ex 10"},
		args:  "expire k 3600 nx", want: false,
	},
	{
		name:  "ExpireXX",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ExpireXX(ctx, "k", time.Hour) },
		setup: []string{"set k v ex 10"},
		args:  "expire k 3600 xx", want: true,
	},
	{
		name:  "ExpireGT",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ExpireGT(ctx, "k", time.Hour) },
		setup: []string{"set k v ex 10"},
		args:  "expire k 3600 gt", want: true,
	},
	{
		name:  "ExpireLT",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ExpireLT(ctx, "k", time.Hour) },
		setup: []string{"set k v ex 10"},
		args:  "expire k 3600 lt", want: false,
	},
	{
		name: "ExpireAt",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ExpireAt(ctx, "k", time.Unix(4102444800, 999))
		},
		setup: []string{"set k v"},
		args:  "expireat k 4102444800", want: true,
	},
	{
		name:  "ExpireTime",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ExpireTime(ctx, "k") },
		setup: []string{"set k v exat 4102444800"},
		args:  "expiretime k", want: 4102444800 * time.Second,
	},
	{
		name:  "ExpireTime/never",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ExpireTime(ctx, "k") },
		setup: []string{"set k v"},
		args:  "expiretime k", want: time.Duration(-1),
	},
	{
		name:  "PExpire",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.PExpire(ctx, "k", 1500*time.Microsecond) },
		setup: []string{"set k v"},
		args:  "pexpire k 1", want: true,
	},
	{
		name:  "PExpire/less than a millisecond",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.PExpire(ctx, "k", 1) },
		setup: []string{"set k v"},
		args:  "pexpire k 1", want: true,
	},
	{
		name: "PExpireAt",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.PExpireAt(ctx, "k", time.UnixMilli(41024448005))
		},
		setup: []string{"set k v"},
		args:  "pexpireat k 41024448005", want: true,
	},
	{
		name:  "PExpireTime",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.PExpireTime(ctx, "k") },
		setup: []string{"set k v pxat 4102444800123"},
		args:  "pexpiretime k", want: 4102444800123 * time.Millisecond,
	},
	{
		name:  "TTL",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.TTL(ctx, "k") },
		setup: []string{"set k v ex 100"},
		args:  "ttl k", want: 100 * time.Second,
	},
	{
		name:  "TTL/never",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.TTL(ctx, "k") },
		setup: []string{"set k v"},
		args:  "ttl k", want: time.Duration(-1),
	},
	{
		name: "TTL/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.TTL(ctx, "k") },
		args: "ttl k", want: time.Duration(-2),
	},
	{
		name:  "PTTL",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.PTTL(ctx, "k") },
		setup: []string{"set k v ex 100"},
		args:  "pttl k",
		check: func(t *testing.T, cmd Cmder) {
			require.InDelta(t, 100*time.Second, cmd.(*DurationCmd).Val(), float64(20*time.Second))
			require.Zero(t, cmd.(*DurationCmd).Val()%time.Millisecond)
		},
	},
	{
		name: "PTTL/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.PTTL(ctx, "k") },
		args: "pttl k", want: time.Duration(-2),
	},
	{
		name:  "Persist",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Persist(ctx, "k") },
		setup: []string{"set k v ex 100"},
		args:  "persist k", want: true,
	},
	{
		name:  "Persist/never",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Persist(ctx, "k") },
		setup: []string{"set k v"},
		args:  "persist k", want: false,
	},
}})
