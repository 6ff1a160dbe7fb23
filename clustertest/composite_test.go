package clustertest

import (
	"cmp"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// likeServer lists commands that a server of version 7.0 answers in the same
// words. Each group starts without keys.
var likeServer = map[string][]string{
	"sort": {
		"RPUSH {t}l 3 1 2 10 1.5",
		"SORT {t}l", "SORT {t}l DESC", "SORT {t}l ALPHA", "SORT {t}l ALPHA DESC", "SORT {t}l LIMIT 1 2", "SORT {t}l LIMIT 9 2",
		"SORT {t}l LIMIT -1 2", "SORT {t}l LIMIT 0 -1", "SORT {t}l LIMIT 1 0", "SORT {t}l LIMIT a 0", "SORT {t}l LIMIT 1",
		"SORT {t}l BY nosort", "SORT {t}l BY nosort DESC LIMIT 1 2", "SORT {t}l BY w_*", "SORT {t}l GET #", "SORT {t}l NOPE",
		"SORT {t}l STORE {t}d", "LRANGE {t}d 0 -1", "SORT {t}l LIMIT 0 0 STORE {t}d", "EXISTS {t}d",
		"SORT_RO {t}l DESC", "SORT_RO {t}l STORE {t}d", "SORT {t}none", "SORT {t}none STORE {t}d",
		"SORT {t}l STORE other", "SORT", "SORT_RO",
		"SADD {t}s b a c", "SORT {t}s", "SORT {t}s ALPHA", "SORT {t}s BY nosort STORE {t}d", "LRANGE {t}d 0 -1",
		"ZADD {t}z 3 1 2 2 1 3", "SORT {t}z", "SORT {t}z BY nosort", "SORT {t}z BY nosort DESC", "SORT {t}z BY nosort LIMIT 1 1",
		"SET {t}k v", "SORT {t}k", "HSET {t}h f v", "SORT {t}h ALPHA",
	},
	"lcs": {
		"MSET {t}a ohmytext {t}b mynewtext", "LCS {t}a {t}b", "LCS {t}a {t}b LEN", "LCS {t}a {t}b IDX",
		"LCS {t}a {t}b IDX MINMATCHLEN 4", "LCS {t}a {t}b IDX MINMATCHLEN 4 WITHMATCHLEN", "LCS {t}a {t}b IDX WITHMATCHLEN",
		"LCS {t}a {t}b IDX LEN", "LCS {t}a {t}b NOPE", "LCS {t}a {t}b MINMATCHLEN", "LCS {t}a {t}b IDX MINMATCHLEN x",
		"LCS {t}a {t}none", "LCS {t}none {t}none LEN", "LCS {t}none {t}a IDX", "LCS {t}a", "LCS {t}a other",
		"RPUSH {t}l 1", "LCS {t}a {t}l", "MSET {t}a aXbXcXd {t}b bcdabcd", "LCS {t}a {t}b", "LCS {t}a {t}b IDX WITHMATCHLEN",
		"LCS {t}b {t}a IDX WITHMATCHLEN",
	},
	"bitfield": {
		"BITFIELD k INCRBY i5 100 1 GET u4 0", "STRLEN k", "BITFIELD k SET u8 0 255 SET u8 #1 128 GET u16 0", "GET k",
		"BITFIELD k INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1", "BITFIELD k OVERFLOW SAT INCRBY u2 100 9 INCRBY i8 0 -200 INCRBY i8 0 400",
		"BITFIELD k OVERFLOW FAIL INCRBY u2 102 9 INCRBY u2 102 -9", "BITFIELD k OVERFLOW WRAP INCRBY u2 102 9 INCRBY i8 0 127",
		"BITFIELD k SET i8 0 -1 GET u8 0 SET i64 8 -9223372036854775808 GET i64 8 GET u63 8", "BITFIELD k SET u8 0 -1 GET u8 0",
		"BITFIELD k OVERFLOW FAIL SET u4 0 99", "BITFIELD k OVERFLOW SAT SET i4 0 99 GET i4 0",
		"BITFIELD k GET u64 0", "BITFIELD k GET x8 0", "BITFIELD k GET u 0", "BITFIELD k GET i65 0", "BITFIELD k GET i8 -1",
		"BITFIELD k GET i8 #x", "BITFIELD k SET i8 0 x", "BITFIELD k OVERFLOW NOPE", "BITFIELD k NOPE", "BITFIELD k GET u8", "BITFIELD k",
		"BITFIELD_RO k GET u8 0 GET i3 5", "BITFIELD_RO k SET u8 0 1", "BITFIELD_RO none GET u8 0", "EXISTS none",
		"BITFIELD none GET u8 0", "EXISTS none", "BITFIELD e OVERFLOW FAIL INCRBY u2 0 5", "STRLEN e",
		"RPUSH l 1", "BITFIELD l GET u8 0", "SET v abc EX 100", "BITFIELD v SET u8 8 65", "GET v", "TTL v",
	},
	"zset": {
		"ZADD {t}a 1 one 2 two 3 three 3 four", "ZADD {t}b 5 two", "SADD {t}s one x",
		"ZDIFF 2 {t}a {t}b", "ZDIFF 2 {t}a {t}b WITHSCORES", "ZDIFF 3 {t}a {t}b {t}s WITHSCORES", "ZDIFF 1 {t}none",
		"ZDIFF 0 {t}a", "ZDIFF x {t}a", "ZDIFF 3 {t}a {t}b", "ZDIFF 1 {t}a NOPE", "ZDIFF 1 {t}s WITHSCORES",
		"ZDIFFSTORE {t}d 2 {t}a {t}b", "ZRANGE {t}d 0 -1", "ZDIFFSTORE {t}d 2 {t}a {t}a", "EXISTS {t}d", "ZDIFFSTORE {t}d 0 {t}a",
		"ZINTERCARD 2 {t}a {t}b", "ZINTERCARD 2 {t}a {t}a LIMIT 2", "ZINTERCARD 2 {t}a {t}a LIMIT 0", "ZINTERCARD 2 {t}a {t}s",
		"ZINTERCARD 1 {t}a LIMIT -1", "ZINTERCARD 1 {t}a LIMIT x", "ZINTERCARD 1 {t}a LIMIT", "ZINTERCARD 0 {t}a", "ZINTERCARD 3 {t}a",
		"ZINTERCARD x {t}a", "ZINTERCARD 1 {t}a NOPE 1",
		"ZRANGESTORE {t}d {t}a 1 2", "ZMSCORE {t}d one two four three", "ZRANGESTORE {t}d {t}a (1 3 BYSCORE", "ZRANGE {t}d 0 -1",
		"ZRANGESTORE {t}d {t}a 3 1 BYSCORE REV LIMIT 0 2", "ZRANGE {t}d 0 -1", "ZRANGESTORE {t}d {t}a - + BYLEX", "ZCARD {t}d",
		"ZRANGESTORE {t}d {t}a 5 9", "EXISTS {t}d", "ZRANGESTORE {t}d {t}a 0 -1 WITHSCORES", "ZRANGESTORE {t}d {t}a a b",
		"SET {t}k v", "ZDIFF 2 {t}a {t}k", "ZINTERCARD 1 {t}k", "ZRANGESTORE {t}d {t}k 0 -1",
		"ZADD {t}i inf up -inf down 1.5 half", "ZDIFF 1 {t}i WITHSCORES", "ZRANGESTORE {t}d {t}i 0 -1", "ZMSCORE {t}d up down half",
	},
	"nan": {
		"ZADD z nan m", "ZADD z 1 a NaN m", "ZADD z NX CH nan m", "ZADD z INCR nan m", "EXISTS z", "ZINCRBY z nan m", "EXISTS z",
		"ZADD z +inf m", "ZINCRBY z -inf m", "ZADD z INCR -inf m", "ZSCORE z m", "ZADD z 1", "ZADD z nan", "ZADD z 1 a x b",
		"ZRANGEBYSCORE z nan 1", "ZRANGEBYSCORE z 1 (nan", "ZREVRANGEBYSCORE z nan 1", "ZCOUNT z nan nan", "ZREMRANGEBYSCORE z 0 nan",
		"ZRANGE z nan 1 BYSCORE", "ZUNIONSTORE {z}d 1 z WEIGHTS nan", "ZINTERSTORE {z}d 1 z WEIGHTS nan", "ZUNION 1 z WEIGHTS nan", "ZINTER 1 z WEIGHTS nan",
		"INCRBYFLOAT f nan", "INCRBYFLOAT f inf", "HINCRBYFLOAT h f nan", "HINCRBYFLOAT h f inf", "GEOADD g nan 1 m", "EXISTS f h g",
	},
	"geo": {
		"GEOADD {t}g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania -0.1278 51.5074 London -122.27652 37.805186 S1",
		"GEOHASH {t}g Palermo Catania none London S1", "GEOHASH {t}g", "GEOHASH {t}none a", "SET {t}k v", "GEOHASH {t}k a",
		"GEOSEARCHSTORE {t}d {t}g FROMLONLAT 15 37 BYRADIUS 200 km ASC", "ZMSCORE {t}d Palermo Catania",
		"GEOSEARCHSTORE {t}d {t}g FROMMEMBER Palermo BYBOX 400 400 km COUNT 1", "ZRANGE {t}d 0 -1",
		"GEOSEARCHSTORE {t}d {t}g FROMLONLAT 15 37 BYRADIUS 1 m", "EXISTS {t}d",
		"GEOSEARCHSTORE {t}d {t}none FROMLONLAT 15 37 BYRADIUS 1 m",
		"GEOSEARCHSTORE {t}d {t}k FROMLONLAT 15 37 BYRADIUS 1 m",
	},
	"streams": {
		"XADD s 1-1 a 1", "XADD s 1-2 b 2", "XADD s 2-1 c 3", "XGROUP CREATE s g 0", "XREADGROUP GROUP g me STREAMS s >",
		"XDEL s 1-2", "XREADGROUP GROUP g me STREAMS s 0", "XREADGROUP GROUP g me STREAMS s 1-1", "XREADGROUP GROUP g me COUNT 2 STREAMS s 0",
		"XREADGROUP GROUP g me BLOCK 0 STREAMS s 1", "XREADGROUP GROUP g other STREAMS s 0", "XREADGROUP GROUP g me STREAMS s 9",
		"XREADGROUP GROUP none me STREAMS s 0", "XREADGROUP GROUP g me STREAMS s", "XREADGROUP GROUP g me STREAMS s x",
		"XPENDING s g", "XACK s g 1-1 1-1 1-2 2-1 9-9", "XACK s none 1-1", "XACK s g x", "XPENDING s g", "XPENDING s none", "XREADGROUP GROUP g me STREAMS s 0",
		"XINFO STREAM none", "XINFO STREAM s NOPE", "XINFO STREAM s FULL COUNT x", "XINFO GROUPS none", "XINFO CONSUMERS s none",
	},
	"transaction": {
		"RPUSH {t}l 2 1", "MULTI", "SORT {t}l", "LCS {t}l {t}x", "SORT {t}l STORE {t}d", "BITFIELD {t}b INCRBY u8 0 1 GET u8 0",
		"BLMPOP 0 1 {t}l LEFT COUNT 5", "BLMPOP 0 1 {t}l LEFT", "EXEC", "LRANGE {t}d 0 -1",
		"MULTI", "SORT {t}l GET", "SORT {t}l STORE", "EXEC",
	},
	"scripts": {
		"EVAL return{redis.call('SADD',KEYS[1],'2','1'),redis.call('SORT',KEYS[1])} 1 s",
		"EVAL return{redis.call('ZADD',KEYS[1],'1','a'),redis.call('ZDIFF','1',KEYS[1],'WITHSCORES')} 1 z",
		"EVAL return{redis.call('BITFIELD',KEYS[1],'SET','u8','0','65'),redis.call('GET',KEYS[1])} 1 b",
	},
	"functions": {
		"FUNCTION LOAD @lib2", "FUNCTION LIST", "FUNCTION LIST WITHCODE", "FUNCTION LOAD @lib2", "FUNCTION LOAD REPLACE @lib2",
		"FUNCTION LOAD @lib", "FUNCTION LOAD @clash", "FUNCTION LOAD @nothing", "FUNCTION LOAD @noname", "FUNCTION LOAD @badname",
		"FUNCTION LOAD @engine", "FUNCTION LOAD @header", "FUNCTION LOAD @option", "FUNCTION LOAD NOPE @lib", "FUNCTION LOAD",
		"FUNCTION LIST LIBRARYNAME lib2", "FUNCTION LIST LIBRARYNAME none*", "FUNCTION LIST NOPE", "FUNCTION STATS", "FUNCTION KILL",
		"FCALL put 1 k v", "FCALL fetch 1 k", "FCALL_RO fetch 1 k", "FCALL_RO put 1 k v", "FCALL one 0", "FCALL none 0",
		"FCALL put 2 k", "FCALL put -1 k", "FCALL put x k", "FCALL put", "FCALL put 2 a b v",
		"MULTI", "FCALL put 1 k w", "FCALL fetch 1 k", "EXEC",
		"FUNCTION DELETE lib2", "FUNCTION DELETE lib2", "FUNCTION DELETE", "FCALL one 0",
		"FUNCTION FLUSH NOPE", "FUNCTION FLUSH SYNC", "FUNCTION LIST", "FCALL put 1 k v", "FUNCTION NOPE", "FUNCTION",
	},
	"diagnostics": {
		"SLOWLOG GET", "SLOWLOG GET 5", "SLOWLOG LEN", "SLOWLOG RESET", "SLOWLOG NOPE", "SLOWLOG",
		"LATENCY LATEST", "LATENCY HISTORY command", "LATENCY HISTORY", "LATENCY RESET", "LATENCY NOPE", "LATENCY",
		"ACL WHOAMI", "ACL USERS", "ACL LIST", "ACL GETUSER none", "ACL GETUSER", "ACL LOG", "ACL LOG RESET", "ACL DRYRUN default GET k",
		"ACL DRYRUN none GET k", "ACL GENPASS 0", "ACL NOPE", "ACL",
	},
	"blmpop": {
		"RPUSH {t}a 1 2 3", "RPUSH {t}b 4", "BLMPOP 1 2 {t}a {t}b LEFT", "BLMPOP 1 2 {t}a {t}b RIGHT COUNT 9", "BLMPOP 1 2 {t}a {t}b LEFT COUNT 9",
		"BLMPOP 0.01 2 {t}a {t}b LEFT", "BLMPOP -1 1 {t}a LEFT", "BLMPOP x 1 {t}a LEFT", "BLMPOP 0 0 {t}a LEFT", "BLMPOP 0 x {t}a LEFT",
		"BLMPOP 0 1 {t}a NOPE", "BLMPOP 0 1 {t}a LEFT COUNT 0", "BLMPOP 0 1 {t}a LEFT COUNT", "BLMPOP 0 9 {t}a LEFT", "BLMPOP 0 1 {t}a", "SET {t}k v",
		"BLMPOP 0 1 {t}k LEFT", "BLMPOP 0 1 other {t}a LEFT", "BLMPOP 0 2 other {t}a LEFT",
	},
}

// likeServerTexts are the arguments that are no single word.
var likeServerTexts = map[string]string{
	"@lib": `#!lua name=lib
redis.register_function('put', function(keys, args) return redis.call('SET', keys[1], args[1]) end)
redis.register_function{function_name='fetch', callback=function(keys, args) return redis.call('GET', keys[1]) end,
  flags={'no-writes'}, description='reads'}`,
	"@lib2":    "#!lua name=lib2\nlocal function one() return 1 end\nredis.register_function('one', one)",
	"@clash":   "#!lua name=clash\nredis.register_function('put', function() return 1 end)",
	"@nothing": "#!lua name=nothing\nlocal x = 1",
	"@noname":  "#!lua\nredis.register_function('x', function() return 1 end)",
	"@badname": "#!lua name=a-b\nredis.register_function('x', function() return 1 end)",
	"@engine":  "#!js name=x\nlet a = 1",
	"@header":  "redis.register_function('x', function() return 1 end)",
	"@option":  "#!lua name=x other=y\nredis.register_function('x', function() return 1 end)",
}

func TestCommandsAreAnsweredAsByAServer(t *testing.T) {
	t.Parallel()
	redistest.Require(t)
	server := redistest.Start(t, redistest.Options{Shards: 1}).Nodes()[0]
	for name, group := range likeServer {
		for _, protocol := range []string{"2", "3"} {
			t.Run(name+"/RESP"+protocol, func(t *testing.T) {
				c := Start(t, Options{Shards: 1})
				ours := dial(t, c.Primary(0))
				nc, err := net.DialTimeout("tcp", server.Addr(), patience)
				require.NoError(t, err)
				theirs := newTestClient(t, nc)
				theirs.do("FLUSHALL")
				theirs.do("FUNCTION", "FLUSH")
				theirs.do("SLOWLOG", "RESET")
				ours.do("HELLO", protocol)
				theirs.do("HELLO", protocol)
				for _, command := range group {
					args := strings.Fields(command)
					for i, arg := range args {
						args[i] = cmp.Or(likeServerTexts[arg], arg)
					}
					if got, want := ours.do(args...), theirs.do(args...); !reflect.DeepEqual(got, want) {
						t.Errorf("%s\n got  %#v\n want %#v", command, got, want)
					}
				}
			})
		}
	}
}

func TestDistancesAreStored(t *testing.T) {
	t.Parallel()
	client := dial3(t, Start(t, Options{Shards: 1}).Primary(0))
	client.do("GEOADD", "g", "13.361389", "38.115556", "Palermo", "15.087269", "37.502669", "Catania")
	for unit, want := range map[string]float64{"m": 190442.42984775784, "km": 190.44242984775784, "mi": 118.33572811789840} {
		require.Equal(t, 1, client.do("GEOSEARCHSTORE", "{g}d", "g", "FROMLONLAT", "15", "37", "BYRADIUS", "200000", unit, "COUNT", "1", "DESC", "STOREDIST"), unit)
		require.InEpsilon(t, want, client.do("ZSCORE", "{g}d", "Palermo"), 1e-6, unit)
	}
}

func TestBLMPopWaits(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1, Replicas: 1})
	for _, test := range []struct {
		command string
		want    []any
	}{
		{"BLMPOP 0 2 {t}a {t}b LEFT", []any{"{t}b", []any{"1"}}},
		{"BLMPOP 0 2 {t}a {t}b RIGHT COUNT 2", []any{"{t}b", []any{"3", "2"}}},
		{"BLMPOP 0 2 {t}a {t}b LEFT COUNT 9", []any{"{t}b", []any{"1", "2", "3"}}},
	} {
		waiting, other := dial(t, c.Primary(0)), dial(t, c.Primary(0))
		waiting.send(strings.Fields(test.command)...)
		waiting.silent()
		other.do("RPUSH", "{t}b", "1", "2", "3")
		require.Equal(t, test.want, waiting.read(), test.command)
		other.do("DEL", "{t}b")
	}
	old := c.Primary(0)
	waiting := dial(t, old)
	waiting.send("BLMPOP", "0", "1", "k", "LEFT")
	waiting.silent()
	require.NoError(t, c.Promote(c.Replicas(0)[0]))
	require.IsType(t, replyError(""), waiting.read(), "it does not wait at a replica")
}

func TestHashFieldsExpire(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1})
	m := c.Miniredis()
	m.SetTime(time.Unix(1_700_000_000, 0))
	client := dial(t, c.Primary(0))
	for _, step := range []struct {
		command string
		want    any
	}{
		{"HSET h a 1 b 2 c 3 d 4", 4},
		{"HEXPIRE h 0 FIELDS 2 a none", []any{2, -2}},
		{"HEXISTS h a", 0},
		{"HEXPIRE h -1 FIELDS 1 b", replyError("ERR invalid expire time, must be >= 0")},
		{"HEXPIRE none 10 FIELDS 2 a b", []any{-2, -2}},
		{"HEXPIRE h 10 FIELDS 1 b", []any{1}},
		{"HTTL h FIELDS 2 b c", []any{10, -1}},
		{"HEXPIRETIME h FIELDS 3 b c none", []any{1_700_000_010, -1, -2}},
		{"HPEXPIRETIME h FIELDS 1 b", []any{1_700_000_010_000}},
		{"HPEXPIRE h 1500 NX FIELDS 2 b c", []any{0, 1}},
		{"HPTTL h FIELDS 2 b c", []any{10_000, 1500}},
		{"HPEXPIRE h 2000 XX FIELDS 2 c d", []any{1, 0}},
		{"HPEXPIRE h 1000 GT FIELDS 3 b c d", []any{0, 0, 0}},
		{"HPEXPIRE h 1000 LT FIELDS 3 b c d", []any{1, 1, 1}},
		{"HEXPIREAT h 1700000020 FIELDS 1 b", []any{1}},
		{"HPEXPIREAT h 1700000030500 GT FIELDS 1 b", []any{1}},
		{"HPTTL h FIELDS 1 b", []any{30_500}},
		{"HEXPIREAT h 1600000000 FIELDS 1 b", []any{2}},
		{"HGETALL h", []any{"c", "3", "d", "4"}},
		{"HGETEX h FIELDS 2 c none", []any{"3", nil}},
		{"HPTTL h FIELDS 1 c", []any{1000}},
		{"HGETEX h EX 7 FIELDS 1 c", []any{"3"}},
		{"HTTL h FIELDS 1 c", []any{7}},
		{"HGETEX h PXAT 1700000009000 FIELDS 1 c", []any{"3"}},
		{"HTTL h FIELDS 1 c", []any{9}},
		{"HGETEX h PERSIST FIELDS 1 c", []any{"3"}},
		{"HTTL h FIELDS 1 c", []any{-1}},
		{"HGETEX h EX 0 FIELDS 1 c", replyError("ERR invalid expire time in 'hgetex' command")},
		{"HGETEX h EX x FIELDS 1 c", replyError("ERR value is not an integer or out of range")},
		{"HGETEX h FIELDS 2 c", replyError("ERR The `numfields` parameter must match the number of arguments")},
		{"HGETEX h FIELDS 0 c", replyError("ERR Number of fields must be a positive integer")},
		{"HGETEX none FIELDS 1 c", []any{nil}},
		{"HGETDEL h FIELDS 2 c none", []any{"3", nil}},
		{"HGETDEL h FELDS 1 c", replyError("ERR Mandatory argument FIELDS is missing or not at the right position")},
		{"HGETDEL h FIELDS 1 d", []any{"4"}},
		{"EXISTS h", 0},
		{"SET k v", "OK"},
		{"HEXPIRE k 1 FIELDS 1 f", replyError("WRONGTYPE Operation against a key holding the wrong kind of value")},
		{"HGETDEL k FIELDS 1 f", replyError("WRONGTYPE Operation against a key holding the wrong kind of value")},
	} {
		require.Equal(t, step.want, client.do(strings.Fields(step.command)...), step.command)
	}
	client.do("HSET", "h", "a", "1")
	client.do("HPEXPIRE", "h", "1500", "FIELDS", "1", "a")
	m.FastForward(1500 * time.Millisecond)
	require.Zero(t, client.do("EXISTS", "h"))
}

func TestStreamInfo(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1})
	c.Miniredis().SetTime(time.Unix(1_700_000_000, 0))
	client := dial3(t, c.Primary(0))
	for _, id := range []string{"1-1", "1-2", "1-3"} {
		client.do("XADD", "s", id, "f", id)
	}
	client.do("XGROUP", "CREATE", "s", "g", "0")
	client.do("XREADGROUP", "GROUP", "g", "me", "COUNT", "2", "STREAMS", "s", ">")

	short := client.do("XINFO", "STREAM", "s").(replyMap)
	require.Equal(t, 3, short["length"])
	require.Equal(t, 1, short["groups"])
	require.Equal(t, "1-3", short["last-generated-id"])
	require.Equal(t, []any{"1-1", []any{"f", "1-1"}}, short["first-entry"])
	require.Equal(t, []any{"1-3", []any{"f", "1-3"}}, short["last-entry"])

	full := client.do("XINFO", "STREAM", "s", "FULL", "COUNT", "1").(replyMap)
	require.Equal(t, []any{[]any{"1-1", []any{"f", "1-1"}}}, full["entries"])
	group := full["groups"].([]any)[0].(replyMap)
	require.Equal(t, "g", group["name"])
	require.Equal(t, "1-2", group["last-delivered-id"])
	require.Equal(t, 2, group["pel-count"])
	require.Equal(t, []any{[]any{"1-1", "me", 1_700_000_000_000, 1}}, group["pending"])
	consumer := group["consumers"].([]any)[0].(replyMap)
	require.Equal(t, "me", consumer["name"])
	require.Equal(t, 2, consumer["pel-count"])
	require.Equal(t, []any{[]any{"1-1", 1_700_000_000_000, 1}}, consumer["pending"])
	require.Len(t, client.do("XINFO", "STREAM", "s", "FULL").(replyMap)["entries"], 3)
}

// TestCompositesAreAtomic runs a command made of others beside one that would be
// lost between them.
func TestCompositesAreAtomic(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1})
	const rounds = 200
	var wg sync.WaitGroup
	for range 4 {
		client := dial(t, c.Primary(0))
		wg.Go(func() {
			for range rounds {
				client.do("BITFIELD", "k", "INCRBY", "u32", "0", "1")
			}
		})
	}
	wg.Wait()
	require.Equal(t, []any{4 * rounds}, dial(t, c.Primary(0)).do("BITFIELD", "k", "GET", "u32", "0"))
}

func TestWatchSeesComposites(t *testing.T) {
	t.Parallel()
	n := Start(t, Options{Shards: 1}).Primary(0)
	client, other := dial(t, n), dial(t, n)
	client.do("WATCH", "k")
	other.do("BITFIELD", "k", "SET", "u8", "0", "1")
	client.do("MULTI")
	client.do("PING")
	require.Nil(t, client.do("EXEC"))
}
