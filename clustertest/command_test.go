package clustertest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryCommandCanBeRun(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1})
	for name := range commands {
		_, ours := handlers[name]
		_, composite := composites[name]
		require.True(t, ours || composite || c.backend.IsRegisteredCommand(name), "nobody runs %s", name)
	}
	for name := range composites {
		require.Contains(t, commands, name)
	}
	for name := range handlers {
		require.Contains(t, commands, name)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	tests := []struct{ command, want string }{
		{"PING", ""},
		{"GET k", "k"},
		{"MGET a b c", "a b c"},
		{"MSET a 1 b 2", "a b"},
		{"MSET a 1 b", "a b"},
		{"RENAME a b", "a b"},
		{"COPY a b REPLACE", "a b"},
		{"BITOP AND dest a b", "dest a b"},
		{"BLPOP a b 0", "a b"},
		{"EVAL return 2 a b x", "a b"},
		{"EVAL return 0 x", ""},
		{"EVAL return 9 a", ""},
		{"EVAL return -1 a", ""},
		{"EVAL return x a", ""},
		{"EVAL return", ""},
		{"ZUNION 2 a b WEIGHTS 1 2", "a b"},
		{"ZUNIONSTORE dest 2 a b AGGREGATE MAX", "dest a b"},
		{"ZUNIONSTORE dest", ""},
		{"SINTERCARD 2 a b LIMIT 3", "a b"},
		{"LMPOP 1 a LEFT", "a"},
		{"BZMPOP 0 2 a b MIN", "a b"},
		{"OBJECT ENCODING a", "a"},
		{"MEMORY USAGE a SAMPLES 5", "a"},
		{"XINFO STREAM a", "a"},
		{"XGROUP CREATE a g $ MKSTREAM", "a"},
		{"XREAD COUNT 1 BLOCK 0 streams a b 0 0", "a b"},
		{"XREADGROUP GROUP g c STREAMS a >", "a"},
		{"XREAD COUNT 1 a", ""},
		{"XREAD COUNT 1 STREAMS", ""},
		{"GEORADIUS a 1 2 3 km STORE b STOREDIST c", "a b c"},
		{"GEORADIUSBYMEMBER a m 1 km storedist b", "a b"},
		{"GEORADIUS", ""},
		{"SORT a LIMIT 0 1 store b", "a b"},
		{"SORT_RO a STORE b", "a"},
		{"LCS a b LEN", "a b"},
		{"ZDIFFSTORE dest 2 a b", "dest a b"},
		{"ZRANGESTORE dest a 0 -1", "dest a"},
		{"GEOSEARCHSTORE dest a FROMMEMBER m", "dest a"},
		{"WATCH a b", "a b"},
		{"SSUBSCRIBE a b", "a b"},
	}
	for _, test := range tests {
		args := strings.Fields(test.command)
		got := commands[args[0]].keys.of(args)
		require.Equal(t, strings.Fields(test.want), append([]string{}, got...), test.command)
	}
}

func TestBlocksWith(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]bool{
		"GET k":                         false,
		"BLPOP k 0":                     true,
		"XREAD STREAMS k 0":             false,
		"xread block 0 streams k 0":     true,
		"XREADGROUP GROUP g c STREAMS":  false,
		"XREADGROUP GROUP g c BLOCK 10": true,
	} {
		args := strings.Fields(command)
		require.Equal(t, want, commands[strings.ToUpper(args[0])].blocksWith(args), command)
	}
}

func TestCommandInfo(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1})
	client := dial(t, c.Primary(0))
	require.Equal(t, len(commands), client.do("COMMAND", "COUNT"))
	require.Len(t, client.do("COMMAND"), len(commands))
	require.Len(t, client.do("COMMAND", "LIST"), len(commands))
	require.Equal(t, []any{}, client.do("COMMAND", "DOCS"))
	require.Equal(t, []any{
		[]any{"get", 2, []any{"readonly"}, 1, 1, 1, []any{}, []any{}, []any{}, []any{}},
		nil,
		[]any{"blpop", -3, []any{"write", "blocking"}, 1, -2, 1, []any{}, []any{}, []any{}, []any{}},
		[]any{"eval", -3, []any{"movablekeys"}, 0, 0, 0, []any{}, []any{}, []any{}, []any{}},
	}, client.do("COMMAND", "INFO", "GET", "nope", "blpop", "eval"))

	require.Equal(t, []any{"a", "b"}, client.do("COMMAND", "GETKEYS", "mset", "a", "1", "b", "2"))
	for _, test := range []struct{ command, want string }{
		{"COMMAND GETKEYS", "ERR wrong number of arguments for 'command|getkeys' command"},
		{"COMMAND GETKEYS nope", "ERR Invalid command specified"},
		{"COMMAND GETKEYS GET", "ERR Invalid number of arguments specified for command"},
		{"COMMAND GETKEYS PING", "ERR The command has no key arguments"},
		{"COMMAND NOPE", "ERR unknown subcommand 'NOPE'. Try COMMAND HELP."},
	} {
		require.Equal(t, replyError(test.want), client.do(strings.Fields(test.command)...), test.command)
	}
}
