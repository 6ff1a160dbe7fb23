package clustertest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEval(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2})
	key := keyIn(t, c, 1)
	const script = "return redis.call('SET', KEYS[1], ARGV[1])"
	client := dial(t, c.Primary(1))
	require.Equal(t, "OK", client.do("EVAL", script, "1", key, "v"))
	require.Equal(t, "v", client.do("GET", key), "the script works on the shard's data")
	require.Equal(t, moved(key, c.Primary(1)), dial(t, c.Primary(0)).do("EVAL", script, "1", key, "v"))
	require.Contains(t, client.do("EVAL", "this is no Lua", "0"), "ERR")
}

// A script is known only where it was sent to.
func TestScriptCacheIsPerNode(t *testing.T) {
	t.Parallel()
	const noScript = replyError("NOSCRIPT No matching script. Please use EVAL.")
	c := Start(t, Options{Shards: 2, Replicas: 1})
	const script = "return ARGV[1]"
	sha := scriptSHA(script)
	a, b, replica := dial(t, c.Primary(0)), dial(t, c.Primary(1)), dial(t, c.Replicas(0)[0])
	require.Equal(t, sha, a.do("SCRIPT", "LOAD", script))
	require.Equal(t, "x", a.do("EVALSHA", sha, "0", "x"))
	require.Equal(t, noScript, b.do("EVALSHA", sha, "0", "x"))
	require.Equal(t, noScript, replica.do("EVALSHA_RO", sha, "0", "x"))
	require.Equal(t, []any{1, 0}, a.do("SCRIPT", "EXISTS", sha, "none"))
	require.Equal(t, []any{0}, b.do("SCRIPT", "EXISTS", sha))

	require.Equal(t, "x", b.do("EVAL", script, "0", "x"), "EVAL loads")
	require.Equal(t, "x", b.do("EVALSHA", sha, "0", "x"))
	require.Equal(t, "OK", a.do("SCRIPT", "FLUSH", "SYNC"))
	require.Equal(t, noScript, a.do("EVALSHA", sha, "0", "x"))
	require.Equal(t, "x", b.do("EVALSHA", sha, "0", "x"))

	key := keyIn(t, c, 1)
	require.Equal(t, moved(key, c.Primary(1)), a.do("EVALSHA", sha, "1", key, "x"), "redirected first")

	require.Contains(t, a.do("SCRIPT", "LOAD", "this is no Lua"), "ERR")
	require.Equal(t, []any{0}, a.do("SCRIPT", "EXISTS", scriptSHA("this is no Lua")))
	require.Equal(t, replyError("ERR wrong number of arguments for 'script|load' command"), a.do("SCRIPT", "LOAD"))
	require.Equal(t, replyError("ERR wrong number of arguments for 'script|exists' command"), a.do("SCRIPT", "EXISTS"))
	require.Equal(t, replyError("ERR SCRIPT FLUSH only support SYNC|ASYNC option"), a.do("SCRIPT", "FLUSH", "NOW"))
	require.Contains(t, a.do("SCRIPT", "KILL"), "NOTBUSY")
}
