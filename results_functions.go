package redis

import (
	"context"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

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
