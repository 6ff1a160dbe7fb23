package redis

import (
	"context"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// ScriptingFunctionsCmdable has the commands on Lua scripts and functions. All
// keys of a call must be in one slot, whose node runs it; a call without keys
// runs on any primary. Of a cluster client the commands that load, list as
// present, delete or end scripts and functions concern the whole cluster. For
// scripts see also [Script], which loads itself where it is missing.
type ScriptingFunctionsCmdable interface {
	Eval(ctx context.Context, script string, keys []string, args ...any) *Cmd
	EvalRO(ctx context.Context, script string, keys []string, args ...any) *Cmd
	EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *Cmd
	EvalShaRO(ctx context.Context, sha1 string, keys []string, args ...any) *Cmd
	ScriptExists(ctx context.Context, hashes ...string) *BoolSliceCmd
	ScriptFlush(ctx context.Context) *StatusCmd
	ScriptKill(ctx context.Context) *StatusCmd
	ScriptLoad(ctx context.Context, script string) *StringCmd

	FCall(ctx context.Context, function string, keys []string, args ...any) *Cmd
	FCallRO(ctx context.Context, function string, keys []string, args ...any) *Cmd
	FCallRo(ctx context.Context, function string, keys []string, args ...any) *Cmd
	FunctionDelete(ctx context.Context, libName string) *StringCmd
	FunctionDump(ctx context.Context) *StringCmd
	FunctionFlush(ctx context.Context) *StringCmd
	FunctionFlushAsync(ctx context.Context) *StringCmd
	FunctionKill(ctx context.Context) *StringCmd
	FunctionList(ctx context.Context, q FunctionListQuery) *FunctionListCmd
	FunctionLoad(ctx context.Context, code string) *StringCmd
	FunctionLoadReplace(ctx context.Context, code string) *StringCmd
	FunctionRestore(ctx context.Context, libDump string) *StringCmd
	FunctionStats(ctx context.Context) *FunctionStatsCmd
}

// Eval runs a script, which it sends (EVAL).
// The script finds keys in KEYS and args in ARGV. All keys must be in one slot.
func (c cmdable) Eval(ctx context.Context, script string, keys []string, args ...any) *Cmd {
	return do(ctx, c, newCall("eval", script, keys, args))
}

// EvalRO is Eval for a script that only reads, so that a replica may run it
// (EVAL_RO).
func (c cmdable) EvalRO(ctx context.Context, script string, keys []string, args ...any) *Cmd {
	return do(ctx, c, newCall("eval_ro", script, keys, args))
}

// EvalSha runs the script whose SHA-1 is sha1, in hexadecimal. It fails with
// NOSCRIPT on a node that does not have it (EVALSHA).
// The script finds keys in KEYS and args in ARGV. All keys must be in one slot.
func (c cmdable) EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *Cmd {
	return do(ctx, c, newCall("evalsha", sha1, keys, args))
}

// EvalShaRO is EvalSha for a script that only reads, so that a replica may run
// it (EVALSHA_RO).
func (c cmdable) EvalShaRO(ctx context.Context, sha1 string, keys []string, args ...any) *Cmd {
	return do(ctx, c, newCall("evalsha_ro", sha1, keys, args))
}

// ScriptExists tells for each SHA-1 whether the script is loaded; of a cluster,
// whether every primary has it (SCRIPT EXISTS).
func (c cmdable) ScriptExists(ctx context.Context, hashes ...string) *BoolSliceCmd {
	cmd := new(BoolSliceCmd)
	cmd.start("script", "exists").strs(hashes...)
	return do(ctx, c, cmd)
}

// ScriptFlush removes all scripts (SCRIPT FLUSH).
func (c cmdable) ScriptFlush(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("script", "flush")
	return do(ctx, c, cmd)
}

// ScriptKill ends a script that has been running for long, unless it has
// written already (SCRIPT KILL).
func (c cmdable) ScriptKill(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("script", "kill")
	return do(ctx, c, cmd)
}

// ScriptLoad loads a script without running it and gives its SHA-1 in
// hexadecimal (SCRIPT LOAD).
// A cluster client loads it on all nodes; if some fail, the error is a
// [NodesError].
func (c cmdable) ScriptLoad(ctx context.Context, script string) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("script", "load", script)
	return do(ctx, c, cmd)
}

// FCall calls a function (FCALL).
// The function gets keys and args as its two parameters. All keys must be in one
// slot.
func (c cmdable) FCall(ctx context.Context, function string, keys []string, args ...any) *Cmd {
	return do(ctx, c, newCall("fcall", function, keys, args))
}

// FCallRO is FCall for a function that only reads, so that a replica may run it
// (FCALL_RO).
func (c cmdable) FCallRO(ctx context.Context, function string, keys []string, args ...any) *Cmd {
	return do(ctx, c, newCall("fcall_ro", function, keys, args))
}

// FCallRo is FCallRO.
//
// Deprecated: the name is kept for programs that use it.
func (c cmdable) FCallRo(ctx context.Context, function string, keys []string, args ...any) *Cmd {
	return c.FCallRO(ctx, function, keys, args...)
}

// FunctionDelete deletes a library with its functions (FUNCTION DELETE).
func (c cmdable) FunctionDelete(ctx context.Context, libName string) *StringCmd {
	return c.function(ctx, "delete", libName)
}

// FunctionDump gives all libraries in a form for FunctionRestore
// (FUNCTION DUMP).
func (c cmdable) FunctionDump(ctx context.Context) *StringCmd { return c.function(ctx, "dump") }

// FunctionFlush deletes all libraries (FUNCTION FLUSH).
func (c cmdable) FunctionFlush(ctx context.Context) *StringCmd { return c.function(ctx, "flush") }

// FunctionFlushAsync is FunctionFlush, but the server frees the memory in the
// background (FUNCTION FLUSH ASYNC).
func (c cmdable) FunctionFlushAsync(ctx context.Context) *StringCmd {
	return c.function(ctx, "flush", "async")
}

// FunctionKill ends a function that has been running for long, unless it has
// written already (FUNCTION KILL).
func (c cmdable) FunctionKill(ctx context.Context) *StringCmd { return c.function(ctx, "kill") }

// FunctionListQuery says which libraries to list.
type FunctionListQuery struct {
	// LibraryNamePattern is a glob-style pattern of their names; empty means
	// all.
	LibraryNamePattern string
	// WithCode asks for their code too.
	WithCode bool
}

// FunctionList lists libraries and their functions (FUNCTION LIST).
func (c cmdable) FunctionList(ctx context.Context, q FunctionListQuery) *FunctionListCmd {
	cmd := new(FunctionListCmd)
	cmd.start("function", "list")
	if q.LibraryNamePattern != "" {
		cmd.strs("libraryname", q.LibraryNamePattern)
	}
	cmd.flag(q.WithCode, "withcode")
	return do(ctx, c, cmd)
}

// FunctionLoad loads a library, which must be new, and gives its name
// (FUNCTION LOAD).
func (c cmdable) FunctionLoad(ctx context.Context, code string) *StringCmd {
	return c.function(ctx, "load", code)
}

// FunctionLoadReplace is FunctionLoad, in place of a library of that name
// (FUNCTION LOAD REPLACE).
func (c cmdable) FunctionLoadReplace(ctx context.Context, code string) *StringCmd {
	return c.function(ctx, "load", "replace", code)
}

// FunctionRestore adds the libraries that FunctionDump gave to those there are;
// it fails if one of them is there (FUNCTION RESTORE).
func (c cmdable) FunctionRestore(ctx context.Context, libDump string) *StringCmd {
	return c.function(ctx, "restore", libDump)
}

// FunctionStats tells which function is being run and how many there are; of a
// cluster, it tells of a shard where one is being run, if there is one
// (FUNCTION STATS).
func (c cmdable) FunctionStats(ctx context.Context) *FunctionStatsCmd {
	cmd := new(FunctionStatsCmd)
	cmd.start("function", "stats")
	return do(ctx, c, cmd)
}

func (c cmdable) function(ctx context.Context, args ...string) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("function", args...)
	return do(ctx, c, cmd)
}

// newCall makes a call of a script or function.
func newCall(name, what string, keys []string, args []any) *Cmd {
	cmd := new(Cmd)
	cmd.start(name, what).keys(keys).list(args)
	return cmd
}

// Library is a library of functions.
type Library struct {
	Name      string     // of the library
	Engine    string     // the language it is written in, "LUA"
	Functions []Function // in no particular order
	Code      string     // "" unless it was asked for
}

// Function is one function of a library.
type Function struct {
	Name        string   // which FCALL takes
	Description string   // "" when it has none
	Flags       []string // what it promises, such as "no-writes"
}

// FunctionListCmd is a command that answers with libraries of functions.
type FunctionListCmd struct{ result[[]Library] }

// NewFunctionListCmd makes a command from its name and arguments, for Process.
func NewFunctionListCmd(ctx context.Context, args ...any) *FunctionListCmd {
	return fromArgs(new(FunctionListCmd), args)
}

// First is the first library; [Nil] when there is none.
func (c *FunctionListCmd) First() (*Library, error) {
	switch err := c.Err(); {
	case err != nil:
		return nil, err
	case len(c.val) == 0:
		return nil, Nil
	}
	return &c.val[0], nil
}

func (c *FunctionListCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, decodeLibrary)
	return err
}

func decodeLibrary(d *resp.Decoder) (lib Library, err error) {
	err = decodeFields(d, map[string]any{
		"library_name": &lib.Name,
		"engine":       &lib.Engine,
		"library_code": &lib.Code,
		"functions": func(d *resp.Decoder) (err error) {
			lib.Functions, err = decodeList(d, decodeFunction)
			return err
		},
	})
	return lib, err
}

func decodeFunction(d *resp.Decoder) (f Function, err error) {
	err = decodeFields(d, map[string]any{
		"name":        &f.Name,
		"description": &f.Description,
		"flags": func(d *resp.Decoder) (err error) {
			f.Flags, err = decodeStrings(d)
			return err
		},
	})
	return f, err
}

// FunctionStats tells what a server knows of its functions.
type FunctionStats struct {
	// Engines are the languages, with what there is of each.
	Engines []Engine

	running []RunningScript
}

// Engine is a language that functions can be written in.
type Engine struct {
	Language       string // "LUA"
	LibrariesCount int64  // libraries loaded in it
	FunctionsCount int64  // functions in these
}

// RunningScript is a function that is being run.
type RunningScript struct {
	Name     string        // of the function
	Command  []string      // that called it
	Duration time.Duration // so far, to the millisecond
}

// Running reports whether a function is being run.
func (s *FunctionStats) Running() bool { return len(s.running) > 0 }

// RunningScript is the function that is being run, if there is one.
func (s *FunctionStats) RunningScript() (RunningScript, bool) {
	if len(s.running) == 0 {
		return RunningScript{}, false
	}
	return s.running[0], true
}

// AllRunningScripts is every function that is being run, on servers that tell
// of several, as Redis Enterprise does.
func (s *FunctionStats) AllRunningScripts() []RunningScript { return s.running }

// FunctionStatsCmd is a command that answers with FunctionStats.
type FunctionStatsCmd struct{ result[FunctionStats] }

// NewFunctionStatsCmd makes a command from its name and arguments, for Process.
func NewFunctionStatsCmd(ctx context.Context, args ...any) *FunctionStatsCmd {
	return fromArgs(new(FunctionStatsCmd), args)
}

func (c *FunctionStatsCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeFunctionStats(d)
	return err
}

func decodeFunctionStats(d *resp.Decoder) (stats FunctionStats, err error) {
	var one, all []RunningScript
	err = decodeFields(d, map[string]any{
		"running_script": func(d *resp.Decoder) error {
			script, err := decodeRunningScript(d)
			if err == nil {
				one = []RunningScript{script}
			}
			return err
		},
		"all_running_scripts": func(d *resp.Decoder) (err error) {
			all, err = decodeList(d, decodeRunningScript)
			return err
		},
		"engines": func(d *resp.Decoder) (err error) {
			stats.Engines, err = decodeEngines(d)
			return err
		},
	})
	stats.running = all
	if len(all) == 0 {
		stats.running = one
	}
	return stats, err
}

func decodeRunningScript(d *resp.Decoder) (script RunningScript, err error) {
	var ms int64
	err = decodeFields(d, map[string]any{
		"name":        &script.Name,
		"duration_ms": &ms,
		"command": func(d *resp.Decoder) (err error) {
			script.Command, err = decodeStrings(d)
			return err
		},
	})
	script.Duration = time.Duration(ms) * time.Millisecond
	return script, err
}

func decodeEngines(d *resp.Decoder) ([]Engine, error) {
	n, err := d.Pairs()
	if err != nil {
		return nil, err
	}
	engines := make([]Engine, 0, d.Cap(n))
	for range n {
		var e Engine
		if e.Language, err = d.String(); err != nil {
			return nil, err
		}
		if err := decodeFields(d, map[string]any{
			"libraries_count": &e.LibrariesCount,
			"functions_count": &e.FunctionsCount,
		}); err != nil {
			return nil, err
		}
		engines = append(engines, e)
	}
	return engines, nil
}
