package clustertest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const noAuthError = replyError("NOAUTH Authentication required.")

func TestHello(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1, Replicas: 1})
	client := dial(t, c.Primary(0))
	id := client.do("CLIENT", "ID")
	require.Equal(t, []any{"server", "redis", "version", serverVersion, "proto", 2, "id", id,
		"mode", "cluster", "role", "master", "modules", []any{}}, client.do("HELLO"))
	require.Equal(t, replyMap{"server": "redis", "version": serverVersion, "proto": 3, "id": id,
		"mode": "cluster", "role": "master", "modules": []any{}}, client.do("HELLO", "3", "SETNAME", "me"))
	require.Equal(t, "me", client.do("CLIENT", "GETNAME"))
	require.Equal(t, replyMap{}, client.do("HGETALL", "none"))
	require.Equal(t, 3, client.do("HELLO").(replyMap)["proto"])
	require.IsType(t, []any{}, client.do("HELLO", "2"))
	require.Equal(t, []any{}, client.do("HGETALL", "none"))
	require.Equal(t, "replica", dial3(t, c.Replicas(0)[0]).do("HELLO").(replyMap)["role"])

	for command, want := range map[string]string{
		"HELLO 4":               "NOPROTO unsupported protocol version",
		"HELLO x":               "NOPROTO unsupported protocol version",
		"HELLO 3 AUTH a":        "ERR Syntax error in HELLO option 'AUTH'",
		"HELLO 3 SETNAME":       "ERR Syntax error in HELLO option 'SETNAME'",
		"HELLO 3 SETNAME a\tb":  "",
		"HELLO 3 WHAT x":        "ERR Syntax error in HELLO option 'WHAT'",
		"HELLO 3 SETNAME näme":  invalidName,
		"HELLO 3 SETNAME a WHO": "ERR Syntax error in HELLO option 'WHO'",
	} {
		if want != "" {
			require.Equal(t, replyError(want), client.do(strings.Fields(command)...), command)
		}
	}
	require.Equal(t, replyError(invalidName), client.do("HELLO", "3", "SETNAME", "a b"))
}

func TestPassword(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1, Password: "secret"})
	client := dial(t, c.Primary(0))
	for _, command := range []string{"PING", "GET k", "CLUSTER SLOTS", "MULTI", "SUBSCRIBE a", "COMMAND"} {
		require.Equal(t, noAuthError, client.do(strings.Fields(command)...), command)
	}
	require.Contains(t, client.do("HELLO", "3"), "NOAUTH HELLO must be called")
	require.Equal(t, replyError(wrongPassword), client.do("AUTH", "wrong"))
	require.Equal(t, replyError(wrongPassword), client.do("AUTH", "alice", "secret"))
	require.Equal(t, replyError(wrongPassword), client.do("HELLO", "3", "AUTH", "default", "wrong"))
	require.Equal(t, noAuthError, client.do("PING"))
	require.Equal(t, "OK", client.do("AUTH", "secret"))
	require.Equal(t, "PONG", client.do("PING"))
	require.Equal(t, "RESET", client.do("RESET"))
	require.Equal(t, noAuthError, client.do("PING"))
	require.IsType(t, replyMap{}, client.do("HELLO", "3", "AUTH", "default", "secret"))
	require.Equal(t, "PONG", client.do("PING"))
	require.Equal(t, replyError("ERR syntax error"), client.do("AUTH", "a", "b", "c"))
}

func TestUsername(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1, Username: "alice", Password: "secret"})
	client := dial(t, c.Primary(0))
	require.Equal(t, replyError(wrongPassword), client.do("AUTH", "secret"))
	require.Equal(t, "OK", client.do("AUTH", "alice", "secret"))
	require.Equal(t, "PONG", client.do("PING"))
}

func TestNoPasswordNeeded(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1})
	client := dial(t, c.Primary(0))
	require.Contains(t, client.do("AUTH", "x"), "called without any password configured")
	require.Equal(t, "OK", client.do("AUTH", "default", "x"))
}

func TestRotatePasswords(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1, Password: "old"})
	before := dial(t, c.Primary(0))
	require.Equal(t, "OK", before.do("AUTH", "old"))
	c.SetPasswords("old", "new")
	require.Equal(t, "OK", dial(t, c.Primary(0)).do("AUTH", "old"))
	require.Equal(t, "OK", dial(t, c.Primary(0)).do("AUTH", "new"))
	c.SetPasswords("new")
	require.Equal(t, replyError(wrongPassword), dial(t, c.Primary(0)).do("AUTH", "old"))
	require.Equal(t, "PONG", before.do("PING"))
	c.SetPasswords()
	require.Equal(t, "PONG", dial(t, c.Primary(0)).do("PING"))
}

func TestClientCommands(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1})
	client, other := dial(t, c.Primary(0)), dial(t, c.Primary(0))
	require.NotEqual(t, client.do("CLIENT", "ID"), other.do("CLIENT", "ID"))
	require.Nil(t, client.do("CLIENT", "GETNAME"))
	require.Equal(t, "OK", client.do("CLIENT", "SETNAME", "worker"))
	require.Equal(t, "worker", client.do("client", "getname"))
	require.Equal(t, "OK", client.do("CLIENT", "SETINFO", "LIB-NAME", "lib"))
	require.Equal(t, "OK", client.do("CLIENT", "SETINFO", "lib-ver", "1.2"))
	require.Contains(t, client.do("CLIENT", "INFO"), "name=worker db=0 resp=2 lib-name=lib lib-ver=1.2\n")
	list := client.do("CLIENT", "LIST").(string)
	require.Equal(t, 2, strings.Count(list, "\n"))
	require.Contains(t, list, "addr="+other.nc.LocalAddr().String())
	require.Equal(t, "OK", client.do("CLIENT", "NO-EVICT", "on"))

	for command, want := range map[string]string{
		"CLIENT":                  "ERR wrong number of arguments for 'client' command",
		"CLIENT SETNAME":          "ERR wrong number of arguments for 'client|setname' command",
		"CLIENT SETINFO lib-name": "ERR wrong number of arguments for 'client|setinfo' command",
		"CLIENT SETINFO color x":  "ERR Unrecognized option 'color'",
		"CLIENT NOPE":             "ERR unknown subcommand 'NOPE'. Try CLIENT HELP.",
	} {
		require.Equal(t, replyError(want), client.do(strings.Fields(command)...), command)
	}
	require.Equal(t, replyError(invalidName), client.do("CLIENT", "SETNAME", "a\nb"))
	require.Contains(t, client.do("CLIENT", "SETINFO", "LIB-NAME", "a b"), "ERR lib-name cannot contain spaces")
	require.Equal(t, "OK", client.do("CLIENT", "SETNAME", ""))
	require.Nil(t, client.do("CLIENT", "GETNAME"))
}

func TestResetAndQuit(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1, Replicas: 1})
	client := dial3(t, c.Replicas(0)[0])
	client.do("CLIENT", "SETNAME", "me")
	client.do("READONLY")
	client.do("SUBSCRIBE", "news")
	client.do("MULTI")
	require.Equal(t, "RESET", client.do("RESET"))
	require.Nil(t, client.do("CLIENT", "GETNAME"))
	require.Equal(t, moved("k", c.Primary(0)), client.do("GET", "k"))
	require.Contains(t, client.do("CLIENT", "INFO"), " resp=2 ")
	require.Equal(t, replyError("ERR EXEC without MULTI"), client.do("EXEC"))
	require.Equal(t, 0, dial(t, c.Primary(0)).do("PUBLISH", "news", "x"))

	client.write(append(appendCommand(nil, "QUIT"), appendCommand(nil, "PING")...))
	require.Equal(t, "OK", client.read())
	client.ended()
}
