package clustertest

import (
	"cmp"
	_ "embed"
	"maps"
	"math/rand/v2"
	"net"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// likeServerTexts are the arguments in testdata/commands.txt that are no single
// word.
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

//go:embed testdata/commands.txt
var commandsText string

// commandGroups returns the commands of testdata/commands.txt by group.
func commandGroups(t *testing.T) map[string][]string {
	groups := map[string][]string{}
	name := ""
	for line := range strings.Lines(commandsText) {
		line = strings.TrimSpace(line)
		if heading, ok := strings.CutPrefix(line, "== "); ok {
			name = heading
		} else if line != "" && line[0] != '#' {
			groups[name] = append(groups[name], line)
		}
	}
	require.NotEmpty(t, groups)
	return groups
}

func TestCommandsAreAnsweredAsByAServer(t *testing.T) {
	t.Parallel()
	redistest.Require(t)
	server := redistest.Start(t, redistest.Options{Shards: 1}).Nodes()[0]
	for name, group := range commandGroups(t) {
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
		{"HPEXPIRETIME h FIELDS 1 b", []any{int(time.Unix(1_700_000_010, 0).UnixMilli())}},
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
	require.Equal(t, []any{[]any{"1-1", "me", int(time.Unix(1_700_000_000, 0).UnixMilli()), 1}}, group["pending"])
	consumer := group["consumers"].([]any)[0].(replyMap)
	require.Equal(t, "me", consumer["name"])
	require.Equal(t, 2, consumer["pel-count"])
	require.Equal(t, []any{[]any{"1-1", int(time.Unix(1_700_000_000, 0).UnixMilli()), 1}}, consumer["pending"])
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

func TestGeoSearchWithCountFindsTheNearest(t *testing.T) {
	t.Parallel()
	client := dial(t, Start(t, Options{Shards: 1}).Primary(0))
	client.do("GEOADD", "g", "13.361389", "38.115556", "Palermo", "15.087269", "37.502669", "Catania")
	for _, command := range []string{
		"GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1",
		"GEORADIUS_RO g 15 37 200 km COUNT 1",
	} {
		require.Equal(t, []any{"Catania"}, client.do(strings.Fields(command)...), command)
		client.do("MULTI")
		require.Equal(t, "QUEUED", client.do(strings.Fields(command)...), command)
		require.Equal(t, []any{[]any{"Catania"}}, client.do("EXEC"), command)
	}
}

//go:embed doc.go
var manual string

// TestTheManualListsWhatIsLeftOut also fails when the table disagrees with a
// server about the arguments of a command.
func TestTheManualListsWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	redistest.Require(t)
	server := redistest.Start(t, redistest.Options{Shards: 1}).Nodes()[0]
	nc, err := net.DialTimeout("tcp", server.Addr(), patience)
	require.NoError(t, err)
	for _, item := range newTestClient(t, nc).do("COMMAND").([]any) {
		entry := item.([]any)
		name := strings.ToUpper(entry[0].(string))
		ours, known := commands[name]
		if !known {
			require.Regexp(t, `\b`+name+`\b`, manual)
			continue
		}
		if name == "ZRANK" || name == "ZREVRANK" { // they take more since 7.2
			continue
		}
		require.Equal(t, entry[1], ours.arity, name)
		// Containers name their keys by subcommand, and what is refused in a
		// cluster needs none.
		if ours.keys.find != nil || ours.keys.first == 2 || name == "MOVE" || name == "SUNSUBSCRIBE" {
			continue
		}
		require.Equal(t, entry[3:6], []any{ours.keys.first, ours.keys.last, ours.keys.step}, name)
	}
}

// TestSenselessArgumentsAreAnswered sends words that are arguments of some
// command to all: each has one reply, and none ends the process.
func TestSenselessArgumentsAreAnswered(t *testing.T) {
	t.Parallel()
	client := dial(t, Start(t, Options{Shards: 1}).Primary(0))
	words := strings.Fields(`0 1 -1 2 x FIELDS COUNT STREAMS GROUP LIMIT STORE BY GET EX PX PERSIST NX XX GT WITHSCORES
		BYSCORE BYLEX IDX MINMATCHLEN u8 i5 #1 INCRBY SET OVERFLOW SAT FROMLONLAT FROMMEMBER BYRADIUS BYBOX km STOREDIST
		STREAM GROUPS FULL text {text}set stream LEFT WEIGHTS nan inf LOAD LIST > $ - + (1 BIT BYTE * 1-1 MATCH JUSTID`)
	random := rand.New(rand.NewPCG(1, 2))
	names := slices.Sorted(maps.Keys(commands))
	for round := range 5000 {
		if round%500 == 0 {
			for _, command := range []string{"DISCARD", "FLUSHALL", "SET text v", "ZADD {text}set 1 a 2 b", "XADD stream 1-1 a b"} {
				client.do(strings.Fields(command)...)
			}
		}
		args := []string{names[random.IntN(len(names))]}
		cmd := commands[args[0]]
		if cmd.is(blocks|inSub) || args[0] == "HELLO" || args[0] == "MONITOR" || args[0] == "CLIENT" {
			continue
		}
		count := cmd.arity
		if count < 0 {
			count = -count + random.IntN(5)
		}
		for len(args) < count {
			args = append(args, words[random.IntN(len(words))])
		}
		client.do(args...)
		require.Contains(t, []any{"here", "QUEUED"}, client.do("PING", "here"), "%v", args)
	}
}
