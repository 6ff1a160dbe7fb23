package cmdinfo

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// exampleCalls are commands whose keys depend on their arguments, and others
// worth a look.
var exampleCalls = []string{
	"GET k", "SET k v NX", "MGET a b c", "MSET a 1 b 2", "MSETNX a 1 b 2", "DEL a b", "UNLINK a",
	"BITOP AND dest a b", "BITOP NOT dest a", "COPY a b DB 1", "RENAME a b", "LCS a b LEN",
	"BLPOP a b 0", "BRPOP a 0", "BRPOPLPUSH a b 0", "BLMOVE a b LEFT RIGHT 0", "LMOVE a b LEFT LEFT",
	"BZPOPMIN a b 1", "BZPOPMAX a 1", "SMOVE a b m", "PFCOUNT a b", "PFMERGE d a b", "SUNIONSTORE d a b",
	"GEOSEARCHSTORE d a FROMMEMBER m BYRADIUS 1 km", "ZRANGESTORE d a 0 -1", "WATCH a b",

	"EVAL script 2 a b x y", "EVAL script 0", "EVAL script 0 x", "EVALSHA sha 1 a", "EVAL_RO script 1 a x",
	"EVALSHA_RO sha 1 a", "FCALL f 3 a b c d", "FCALL f 0 x", "FCALL_RO f 1 a",
	"LMPOP 2 a b LEFT", "ZMPOP 1 a MIN COUNT 2", "BLMPOP 0 2 a b RIGHT COUNT 1", "BZMPOP 1 1 a MAX",
	"SINTERCARD 2 a b LIMIT 1", "ZINTERCARD 1 a", "ZUNION 2 a b WITHSCORES", "ZINTER 2 a b AGGREGATE MAX",
	"ZDIFF 1 a", "ZUNIONSTORE d 2 a b WEIGHTS 1 2", "ZINTERSTORE d 1 a", "ZDIFFSTORE d 2 a b",

	"SORT a", "SORT a BY w_* GET # LIMIT 0 5 STORE d", "SORT a STORE d ALPHA", "SORT a BY store GET store",
	"sort a store d1 store d2", "SORT a LIMIT store 1 DESC", "SORT_RO a BY w_* GET store",
	"GEORADIUS a 1 2 3 km", "GEORADIUS a 1 2 3 km STORE d", "GEORADIUS a 1 2 3 km COUNT 3 storedist d",
	"GEORADIUSBYMEMBER a m 3 km STORE d", "GEORADIUSBYMEMBER a store 3 km", "GEORADIUS_RO a 1 2 3 km ASC",

	"XREAD STREAMS a 0", "XREAD COUNT 2 BLOCK 0 STREAMS a b 0 0", "xread streams a b c 0 0 0",
	"XREADGROUP GROUP g c STREAMS a >", "XREADGROUP GROUP streams c COUNT 1 STREAMS a b > >",
	"XREADGROUP GROUP g c NOACK STREAMS a >", "XADD a * f v", "XCLAIM a g c 0 1-1", "XAUTOCLAIM a g c 0 0",
	"XGROUP CREATE a g $ MKSTREAM", "XGROUP CREATECONSUMER a g c", "XGROUP DELCONSUMER a g c",
	"XGROUP DESTROY a g", "XGROUP SETID a g $", "XINFO STREAM a FULL", "XINFO GROUPS a", "XINFO CONSUMERS a g",

	"MIGRATE host 1 a 0 100", "MIGRATE host 1 a 0 100 COPY REPLACE AUTH keys",
	"MIGRATE host 1 '' 0 100 KEYS a b c", "MIGRATE host 1 '' 0 100 COPY AUTH2 keys keys KEYS a",
	"OBJECT ENCODING a", "OBJECT FREQ a", "OBJECT IDLETIME a", "OBJECT REFCOUNT a", "OBJECT HELP",
	"MEMORY USAGE a SAMPLES 5", "MEMORY STATS", "memory usage a", "PFDEBUG GETREG a",
	"PING", "PUBLISH ch m", "KEYS *", "SCAN 0 MATCH k", "CONFIG GET maxmemory", "CLUSTER KEYSLOT a", "INFO all",
}

// split is strings.Fields with ” as a way to write an empty argument.
func split(call string) []string {
	args := strings.Fields(call)
	for i, arg := range args {
		if arg == "''" {
			args[i] = ""
		}
	}
	return args
}

func find(args []string) *Command {
	if len(args) > 1 {
		return Lookup(args[0]).Sub(args[1])
	}
	return Lookup(args[0])
}

func keysOf(c *Command, args []string) []string {
	var keys []string
	c.Keys(len(args), func(i int) string { return args[i] }, func(i int) { keys = append(keys, args[i]) })
	return keys
}

func TestKeysMatchServer(t *testing.T) {
	s := startServer(t)
	t.Run("examples", func(t *testing.T) {
		for _, call := range exampleCalls {
			args := split(call)
			want := s.getKeys(t, args)
			c := find(args)
			require.NotNil(t, c, call)
			require.Equal(t, want, keysOf(c, args), call)
			requireFirstKey(t, c, args, want)
		}
	})
	// Every command with keys at fixed places, with the fewest arguments and
	// with some more.
	t.Run("all", func(t *testing.T) {
		for i := range generated {
			c := &generated[i]
			if c.Flags&MovableKeys != 0 || strings.HasPrefix(c.Name, "command") || c.IsContainer() {
				continue
			}
			args := strings.Split(c.Name, "|")
			for len(args) < max(c.Arity, -c.Arity) {
				args = append(args, "a"+strconv.Itoa(len(args)))
			}
			if c.Name == "pfmerge" {
				args = append(args, "x") // GETKEYS insists on a source
			}
			requireSameKeys(t, s, c, args)
			if c.Arity < 0 {
				requireSameKeys(t, s, c, append(args, "x", "y", "z", "x", "y", "z"))
			}
		}
	})
}

func requireSameKeys(t *testing.T, s *testServer, c *Command, args []string) {
	t.Helper()
	want := s.getKeys(t, args)
	if strings.Contains(args[0], "spublish") || strings.HasSuffix(args[0], "ssubscribe") || args[0] == "sunsubscribe" {
		require.Empty(t, want)
		if c.FirstKey > 0 && len(args) > 1 {
			require.Equal(t, 1, c.FirstKeyPos(len(args), nil), "the channel counts as the key of %s", c.Name)
		}
		return
	}
	require.Equal(t, want, keysOf(c, args), "%q", args)
	requireFirstKey(t, c, args, want)
}

func requireFirstKey(t *testing.T, c *Command, args, keys []string) {
	t.Helper()
	pos := c.FirstKeyPos(len(args), func(i int) string { return args[i] })
	if len(keys) == 0 {
		require.Zero(t, pos, "%q", args)
		return
	}
	require.Positive(t, pos, "%q", args)
	require.Equal(t, keys[0], args[pos], "%q", args)
}

func TestKeysOfOtherCommands(t *testing.T) {
	t.Parallel()
	for call, want := range map[string][]string{
		"SSUBSCRIBE a b":                       {"a", "b"},
		"SUNSUBSCRIBE":                         nil,
		"SPUBLISH a m":                         {"a"},
		"HEXPIRE k 10 FIELDS 1 f":              {"k"},
		"HGETEX k EX 1 FIELDS 1 f":             {"k"},
		"MSETEX 2 a 1 b 2 EX 10":               {"a", "b"},
		"MSETEX 3 a 1 b 2":                     nil,
		"SUNIONCARD 2 a b LIMIT 3":             {"a", "b"},
		"XACKDEL k g KEEPREF IDS 1 1-1":        {"k"},
		"DELIFEQ k v":                          {"k"},
		"WAITAOF 1 1 0":                        nil,
		"HIMPORT SET k set v":                  {"k"},
		"HIMPORT PREPARE set f":                nil,
		"CLUSTER SLOT-STATS SLOTSRANGE 0 1":    nil,
		"JSON.MGET a b $":                      {"a", "b"},
		"JSON.MSET a $ 1 b $ 2":                {"a", "b"},
		"JSON.DEBUG MEMORY a":                  {"a"},
		"CMS.MERGE d 2 a b WEIGHTS 1 2":        {"d", "a", "b"},
		"TDIGEST.MERGE d 1 a COMPRESSION 100":  {"d", "a"},
		"TS.CREATERULE a b AGGREGATION avg 10": {"a", "b"},
		"TS.MADD a 1 2 b 3 4":                  {"a", "b"},
		"TS.MRANGE - + FILTER l=v":             nil,
		"FT.SEARCH idx *":                      nil,
		"FT.SUGADD k s 1":                      {"k"},
		"VSIM k ELE e":                         {"k"},
		"MIGRATE host 1 '' 0 100":              {""},
		"MIGRATE host 1 a 0 100 KEYS b":        nil,
		"MIGRATE host 1 '' 0 100 KEYS":         nil,
		"MIGRATE host":                         nil,
		"EVAL script many a":                   nil,
		"EVAL script -1 a":                     nil,
		"EVAL script 9223372036854775807 a":    nil,
		"EVAL script 2 a":                      nil,
		"EVAL script":                          nil,
		"ZUNIONSTORE d":                        {"d"},
		"XREAD STREAMS":                        nil,
		"XREAD COUNT 1":                        nil,
		"GET":                                  nil,
		"RENAME a":                             {"a"},
		"BLPOP a":                              nil,
	} {
		args := split(call)
		c := find(args)
		require.NotNil(t, c, call)
		require.Equal(t, want, keysOf(c, args), call)
		requireFirstKey(t, c, args, want)
	}
}

func TestWordFromTheEnd(t *testing.T) {
	t.Parallel()
	args := []string{"cmd", "keys", "x", "KEYS", "a", "b"}
	c := &Command{specs: []keySpec{{word: "keys", at: -2, last: -1, step: 1}}}
	require.Equal(t, []string{"a", "b"}, keysOf(c, args))
	require.Empty(t, keysOf(c, args[:1]))
}

// Whatever the arguments, positions stay among them, in order.
func TestKeysStayInBounds(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	words := []string{"", "0", "1", "2", "3", "-1", "127", "x", "STREAMS", "STORE", "KEYS", "BLOCK", "LIMIT", "AUTH2", "GROUP"}
	for _, c := range table {
		for range 50 {
			args := []string{c.Name}
			for range rnd.IntN(9) {
				args = append(args, words[rnd.IntN(len(words))])
			}
			arg := func(i int) string { return args[i] }
			first := 0
			c.Keys(len(args), arg, func(i int) {
				require.True(t, 0 < i && i < len(args), "%q: %d", args, i)
				if first == 0 {
					first = i
				}
			})
			require.Equal(t, first, c.FirstKeyPos(len(args), arg), "%q", args)
			c.Blocks(len(args), arg)
		}
	}
}

func TestKeysAllocateNothing(t *testing.T) {
	args := split("XREAD COUNT 2 STREAMS a b 0 0")
	c := Lookup("xread")
	n := 0
	require.Zero(t, testing.AllocsPerRun(100, func() {
		c.Keys(len(args), func(i int) string { return args[i] }, func(i int) { n += i })
		n += c.FirstKeyPos(len(args), func(i int) string { return args[i] })
	}))
	require.Positive(t, n)
}

func BenchmarkKeys(b *testing.B) {
	args := split("MGET a b c d e f g h")
	c := Lookup("mget")
	n := 0
	for b.Loop() {
		c.Keys(len(args), func(i int) string { return args[i] }, func(i int) { n += i })
	}
}

func BenchmarkFirstKeyPos(b *testing.B) {
	args := split("EVALSHA sha 1 a")
	c := Lookup("evalsha")
	for b.Loop() {
		c.FirstKeyPos(len(args), func(i int) string { return args[i] })
	}
}

func TestSlot(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]int{
		"cluster countkeysinslot 7":  7,
		"CLUSTER GETKEYSINSLOT 0 10": 0,
		"cluster flushslot 16383":    16383,
		"cluster flushslot 16384":    -1,
		"cluster flushslot x":        -1,
		"cluster flushslot":          -1,
		"cluster addslots 7":         -1,
		"get 7 7":                    -1,
		"nonsense":                   -1,
	} {
		words := strings.Fields(line)
		c := Lookup(words[0])
		if len(words) > 1 {
			c = c.Sub(words[1])
		}
		slot, ok := c.Slot(len(words), func(i int) string { return words[i] })
		if !ok {
			slot = -1
		}
		require.Equal(t, want, slot, line)
	}
}
