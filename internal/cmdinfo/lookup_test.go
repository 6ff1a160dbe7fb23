package cmdinfo

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLookup(t *testing.T) {
	t.Parallel()
	get := Lookup("get")
	require.NotNil(t, get)
	require.Equal(t, "get", get.Name)
	require.Equal(t, 2, get.Arity)
	require.Same(t, get, Lookup("GET"))
	require.Same(t, get, Lookup("gEt"))
	require.Same(t, Lookup("waitaof"), Lookup("waitAOF"))
	require.Same(t, Lookup("config").Sub("get"), Lookup("CONFIG|GET"))
	for _, name := range []string{"", "nonsense", "ge", "get ", strings.Repeat("x", 1000)} {
		require.Nil(t, Lookup(name), name)
	}
}

func TestSub(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, sub, want string }{
		{"config", "get", "config|get"},
		{"CONFIG", "Set", "config|set"},
		{"client", "no-touch", "client|no-touch"},
		{"cluster", "SLOT-STATS", "cluster|slot-stats"},
		{"ft.cursor", "read", "ft.cursor|read"},
		{"json.debug", "MEMORY", "json.debug|memory"},
		{"config", "nonsense", "config"},
		{"config", strings.Repeat("x", 1000), "config"},
		{"command", "", "command"},
		{"get", "get", "get"},
	} {
		require.Equal(t, test.want, Lookup(test.name).Sub(test.sub).Name)
	}
	require.Nil(t, Lookup("nonsense").Sub("get"))
	require.True(t, Lookup("config").IsContainer())
	require.False(t, Lookup("get").IsContainer())
	require.False(t, Lookup("config|get").IsContainer())
}

func TestLookupAllocatesNothing(t *testing.T) {
	require.Zero(t, testing.AllocsPerRun(100, func() {
		Lookup("get")
		Lookup("GET")
		Lookup("nonsense")
		Lookup("config").Sub("get")
		Lookup("CONFIG").Sub("GET")
	}))
}

func TestNilCommand(t *testing.T) {
	t.Parallel()
	c := Lookup("nonsense")
	require.False(t, c.IsReadOnly())
	require.False(t, c.IsRepeatable())
	require.False(t, c.IsSession(2))
	require.False(t, c.ChangesConn(2))
	require.False(t, c.IsContainer())
	require.False(t, c.Blocks(1, nil))
	require.Zero(t, c.FirstKeyPos(2, nil))
	c.Keys(2, nil, func(int) { require.Fail(t, "no keys") })
	require.Nil(t, c.Sub("get"))
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	reads := `get mget exists ttl type dump strlen getrange scan hscan sscan zscan hgetall smembers zrange
		eval_ro evalsha_ro fcall_ro pfcount sort_ro georadius_ro georadiusbymember_ro bitfield_ro xread xrange
		xpending object|encoding memory|usage xinfo|stream randomkey keys dbsize touch lcs sintercard
		httl hexpiretime digest vsim json.get ft.search ts.mrange bf.exists clusterscan`
	writes := `set getex getdel getset sort georadius georadiusbymember xreadgroup eval evalsha fcall incr
		blpop pfadd pfmerge bitfield expire migrate publish spublish xgroup|create flushall hgetex hgetdel
		delex delifeq msetex script|load function|load json.set ft.cursor|read wait multi config|set`
	for _, name := range strings.Fields(reads) {
		require.True(t, Lookup(name).IsReadOnly(), name)
		require.True(t, Lookup(name).IsRepeatable(), name)
	}
	for _, name := range strings.Fields(writes) {
		require.NotNil(t, Lookup(name), name)
		require.False(t, Lookup(name).IsReadOnly(), name)
		require.False(t, Lookup(name).IsRepeatable(), name)
	}
	for _, name := range strings.Fields("ping info time config|get cluster|slots object|help") {
		require.False(t, Lookup(name).IsReadOnly(), name)
		require.True(t, Lookup(name).IsRepeatable(), name)
	}
	require.False(t, Lookup("eval").IsReadOnly())
	require.False(t, Lookup("eval").IsRepeatable())
}

func TestSession(t *testing.T) {
	t.Parallel()
	for _, name := range strings.Fields("multi exec watch subscribe monitor select client|reply wait waitaof asking") {
		require.True(t, Lookup(name).IsSession(2), name)
		require.Equal(t, !strings.HasPrefix(name, "wait"), Lookup(name).ChangesConn(2), name)
	}
	for _, name := range strings.Fields("get publish blpop client|list client|kill eval") {
		require.False(t, Lookup(name).IsSession(2), name)
		require.False(t, Lookup(name).ChangesConn(2), name)
	}
	for name, want := range map[string]bool{"hello": false, "multi": true, "reset": true} {
		require.Equal(t, want, Lookup(name).IsSession(1), name)
		require.Equal(t, want, Lookup(name).ChangesConn(1), name)
	}
	require.True(t, Lookup("hello").IsSession(2))
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		request  RequestPolicy
		response ResponsePolicy
	}{
		{"get", ReqDefault, RespDefault},
		{"mget", ReqMultiShard, RespDefault},
		{"mset", ReqMultiShard, RespAllSucceeded},
		{"del", ReqMultiShard, RespSum},
		{"msetnx", ReqDefault, RespDefault},
		{"msetex", ReqMultiShard, RespAllSucceeded},
		{"dbsize", ReqAllShards, RespSum},
		{"keys", ReqAllShards, RespDefault},
		{"scan", ReqSpecial, RespSpecial},
		{"randomkey", ReqAllShards, RespSpecial},
		{"wait", ReqAllShards, RespMin},
		{"config|set", ReqAllNodes, RespAllSucceeded},
		{"config|rewrite", ReqAllNodes, RespAllSucceeded},
		{"script|exists", ReqAllShards, RespLogicalAnd},
		{"script|load", ReqAllNodes, RespAllSucceeded},
		{"function|load", ReqAllShards, RespAllSucceeded},
		{"script|kill", ReqAllShards, RespOneSucceeded},
		{"client|setname", ReqDefault, RespDefault},
	} {
		c := Lookup(test.name)
		require.Equal(t, test.request, c.Request, test.name)
		require.Equal(t, test.response, c.Response, test.name)
	}
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]bool{
		"BLPOP a 0":                                      true,
		"BRPOP a 0":                                      true,
		"BLMOVE a b LEFT LEFT 0":                         true,
		"BRPOPLPUSH a b 0":                               true,
		"BLMPOP 0 1 a LEFT":                              true,
		"BZPOPMIN a 0":                                   true,
		"BZPOPMAX a 0":                                   true,
		"BZMPOP 0 1 a MIN":                               true,
		"BLMOVEM a b LEFT LEFT 0 1":                      true,
		"WAIT 1 0":                                       true,
		"WAITAOF 1 1 0":                                  true,
		"XREAD BLOCK 0 STREAMS a $":                      true,
		"xread count 1 block 0 streams a $":              true,
		"XREAD STREAMS BLOCK 0":                          false,
		"XREAD COUNT 5 STREAMS a 0":                      false,
		"XREADGROUP GROUP g c BLOCK 0 STREAMS a >":       true,
		"XREADGROUP GROUP block block STREAMS a >":       false,
		"XREADGROUP GROUP g c NOACK BLOCK 1 STREAMS a >": true,
		"XREADGROUP GROUP g c CLAIM 5 STREAMS a >":       false,
		"XREAD":        false,
		"GET BLOCK":    false,
		"SUBSCRIBE ch": false,
	} {
		args := split(call)
		require.Equal(t, want, find(args).Blocks(len(args), func(i int) string { return args[i] }), call)
	}
}

func BenchmarkLookup(b *testing.B) {
	for b.Loop() {
		Lookup("get")
	}
}

func BenchmarkLookupUpperCase(b *testing.B) {
	for b.Loop() {
		Lookup("GET")
	}
}

func BenchmarkSub(b *testing.B) {
	for b.Loop() {
		Lookup("config").Sub("get")
	}
}
