package redis

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
	"github.com/stretchr/testify/require"
)

const (
	shaOfOne  = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db" // of "return 1"
	shaOfNone = "0000000000000000000000000000000000000000"

	testLibrary = "#!lua name=lib\n" +
		"redis.register_function('touch', function(keys, args) return redis.call('set', keys[1], args[1]) end)\n" +
		"redis.register_function{function_name='look', callback=function(keys) return redis.call('get', keys[1]) end, flags={'no-writes'}, description='reads'}"
)

var loadTestLibrary = []string{"function flush", "function load " + quoted(testLibrary)}

// quoted is a word for commandWords.
func quoted(s string) string { return strconv.Quote(s) }

var _ = testCommandGroup(commandGroup{name: "scripting", server: redistest.Options{}, rows: []commandTest{
	{
		name: "Eval",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.Eval(ctx, "return {KEYS[1],ARGV[1],ARGV[2]}", []string{"k"}, "a", 2)
		},
		args: "eval \"return {KEYS[1],ARGV[1],ARGV[2]}\" 1 k a 2", want: []any{"k", "a", "2"},
	},
	{
		name: "Eval/without keys",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Eval(ctx, "return 1", nil) },
		args: "eval \"return 1\" 0", want: int64(1),
	},
	{
		name: "Eval/arguments in a slice",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.Eval(ctx, "return #ARGV", nil, []string{"a", "b"})
		},
		args: "eval \"return #ARGV\" 0 a b", want: int64(2),
	},
	{
		name: "Eval/null",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Eval(ctx, "return false", nil) },
		args: "eval \"return false\" 0", want: Nil,
	},
	{
		name: "Eval/error",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Eval(ctx, "this is no Lua", nil) },
		args: "eval \"this is no Lua\" 0", want: fails("Error compiling script"),
	},
	{
		name: "Eval/argument that cannot be sent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Eval(ctx, "return 1", nil, 1, struct{}{}) },
		want: fails("redis: eval: argument 4"),
	},
	{
		name: "EvalRO",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.EvalRO(ctx, "return redis.call('get', KEYS[1])", []string{"k"})
		},
		setup: []string{"set k v"},
		args:  "eval_ro \"return redis.call('get', KEYS[1])\" 1 k", want: "v",
	},
	{
		name:  "EvalSha",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.EvalSha(ctx, shaOfOne, []string{"k"}, "a") },
		setup: []string{"script load \"return 1\""},
		args:  "evalsha " + shaOfOne + " 1 k a", want: int64(1),
	},
	{
		name: "EvalSha/not loaded",
		call: func(ctx context.Context, c testCommands) Cmder { return c.EvalSha(ctx, shaOfNone, nil) },
		args: "evalsha " + shaOfNone + " 0", want: fails("NOSCRIPT"),
	},
	{
		name:  "EvalShaRO",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.EvalShaRO(ctx, shaOfOne, []string{"k"}) },
		setup: []string{"script load \"return 1\""},
		args:  "evalsha_ro " + shaOfOne + " 1 k", want: int64(1),
	},
	{
		name:  "ScriptExists",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ScriptExists(ctx, shaOfOne, shaOfNone) },
		setup: []string{"script load \"return 1\""},
		args:  "script exists " + shaOfOne + " " + shaOfNone, want: []bool{true, false},
	},
	{
		name: "ScriptFlush",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ScriptFlush(ctx) },
		args: "script flush", want: "OK",
	},
	{
		name: "ScriptKill",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ScriptKill(ctx) },
		args: "script kill", want: fails("NOTBUSY"),
	},
	{
		name: "ScriptLoad",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ScriptLoad(ctx, "return 1") },
		args: "script load \"return 1\"", want: shaOfOne,
	},
	{
		name:  "FCall",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.FCall(ctx, "touch", []string{"k"}, 7) },
		setup: loadTestLibrary,
		args:  "fcall touch 1 k 7", want: "OK",
	},
	{
		name:  "FCallRO",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.FCallRO(ctx, "look", []string{"k"}) },
		setup: append(loadTestLibrary, "set k v"),
		args:  "fcall_ro look 1 k", want: "v",
	},
	{
		name:  "FCallRo",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.FCallRo(ctx, "touch", []string{"k"}, 1) },
		setup: loadTestLibrary,
		args:  "fcall_ro touch 1 k 1", want: fails("write"),
	},
	{
		name: "FunctionLoad",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.FunctionLoad(ctx, testLibrary)
		},
		setup: []string{"function flush"},
		args:  "function load " + quoted(testLibrary), want: "lib",
	},
	{
		name: "FunctionLoad/there is one",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.FunctionLoad(ctx, testLibrary)
		},
		setup: loadTestLibrary,
		args:  "function load " + quoted(testLibrary), want: fails("already exists"),
	},
	{
		name: "FunctionLoadReplace",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.FunctionLoadReplace(ctx, testLibrary)
		},
		setup: loadTestLibrary,
		args:  "function load replace " + quoted(testLibrary), want: "lib",
	},
	{
		name:  "FunctionDelete",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.FunctionDelete(ctx, "lib") },
		setup: loadTestLibrary,
		args:  "function delete lib", want: "OK",
	},
	{
		name: "FunctionFlush",
		call: func(ctx context.Context, c testCommands) Cmder { return c.FunctionFlush(ctx) },
		args: "function flush", want: "OK",
	},
	{
		name: "FunctionFlushAsync",
		call: func(ctx context.Context, c testCommands) Cmder { return c.FunctionFlushAsync(ctx) },
		args: "function flush async", want: "OK",
	},
	{
		name: "FunctionKill",
		call: func(ctx context.Context, c testCommands) Cmder { return c.FunctionKill(ctx) },
		args: "function kill", want: fails("NOTBUSY"),
	},
	{
		name: "FunctionList",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.FunctionList(ctx, FunctionListQuery{LibraryNamePattern: "l*", WithCode: true})
		},
		setup: loadTestLibrary,
		args:  "function list libraryname l* withcode",
		check: func(t *testing.T, cmd Cmder) {
			libs := cmd.(*FunctionListCmd)
			require.Len(t, libs.Val(), 1)
			lib, err := libs.First()
			require.NoError(t, err)
			require.Equal(t, "lib", lib.Name)
			require.Equal(t, "LUA", lib.Engine)
			require.Equal(t, testLibrary, lib.Code)
			require.ElementsMatch(t, []Function{
				{Name: "touch", Flags: []string{}},
				{Name: "look", Description: "reads", Flags: []string{"no-writes"}},
			}, lib.Functions)
		},
	},
	{
		name:  "FunctionList/none",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.FunctionList(ctx, FunctionListQuery{}) },
		setup: []string{"function flush"},
		args:  "function list", want: []Library{},
	},
	{
		name:  "FunctionDump",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.FunctionDump(ctx) },
		setup: loadTestLibrary,
		args:  "function dump",
		check: func(t *testing.T, cmd Cmder) { require.Contains(t, cmd.(*StringCmd).Val(), "name=lib") },
	},
	{
		name: "FunctionRestore",
		call: func(ctx context.Context, c testCommands) Cmder { return c.FunctionRestore(ctx, "no dump") },
		args: "function restore \"no dump\"", want: fails("payload version or checksum are wrong"),
	},
	{
		name:  "FunctionStats",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.FunctionStats(ctx) },
		setup: loadTestLibrary,
		args:  "function stats", want: FunctionStats{Engines: []Engine{{"LUA", 1, 2}}},
	},
	{
		name: "FunctionStats/running",
		call: func(ctx context.Context, c testCommands) Cmder { return c.FunctionStats(ctx) },
		args: "function stats",
		scripted: []string{
			"*4\r\n$14\r\nrunning_script\r\n*6\r\n$4\r\nname\r\n$4\r\nslow\r\n$7\r\ncommand\r\n*3\r\n$5\r\nfcall\r\n$4\r\nslow\r\n$1\r\n0\r\n" +
				"$11\r\nduration_ms\r\n:1500\r\n$7\r\nengines\r\n*2\r\n$3\r\nLUA\r\n*4\r\n$15\r\nlibraries_count\r\n:1\r\n$15\r\nfunctions_count\r\n:2\r\n",
			"%2\r\n$14\r\nrunning_script\r\n%3\r\n$4\r\nname\r\n$4\r\nslow\r\n$7\r\ncommand\r\n*3\r\n$5\r\nfcall\r\n$4\r\nslow\r\n$1\r\n0\r\n" +
				"$11\r\nduration_ms\r\n:1500\r\n$7\r\nengines\r\n%1\r\n$3\r\nLUA\r\n%2\r\n$15\r\nlibraries_count\r\n:1\r\n$15\r\nfunctions_count\r\n:2\r\n",
		},
		want: FunctionStats{
			Engines: []Engine{{"LUA", 1, 2}},
			running: []RunningScript{{"slow", []string{"fcall", "slow", "0"}, 1500 * time.Millisecond}},
		},
	},
}})

func TestFunctionStats(t *testing.T) {
	t.Parallel()
	var idle FunctionStats
	require.False(t, idle.Running())
	_, ok := idle.RunningScript()
	require.False(t, ok)
	require.Empty(t, idle.AllRunningScripts())

	slow := RunningScript{Name: "slow"}
	busy := FunctionStats{running: []RunningScript{slow}}
	require.True(t, busy.Running())
	script, ok := busy.RunningScript()
	require.True(t, ok)
	require.Equal(t, slow, script)
	require.Equal(t, []RunningScript{slow}, busy.AllRunningScripts())
}

func TestFirstLibrary(t *testing.T) {
	t.Parallel()
	cmd := NewFunctionListCmd(context.Background(), "function", "list")
	_, err := cmd.First()
	require.ErrorIs(t, err, Nil)
	cmd.SetErr(ErrClosed)
	_, err = cmd.First()
	require.ErrorIs(t, err, ErrClosed)
}
