package redis

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"sync/atomic"
)

// Scripter is what can run scripts: a client, a pipeline, a transaction.
type Scripter interface {
	Eval(ctx context.Context, script string, keys []string, args ...any) *Cmd
	EvalRO(ctx context.Context, script string, keys []string, args ...any) *Cmd
	EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *Cmd
	EvalShaRO(ctx context.Context, sha1 string, keys []string, args ...any) *Cmd
	ScriptExists(ctx context.Context, hashes ...string) *BoolSliceCmd
	ScriptLoad(ctx context.Context, script string) *StringCmd
}

var (
	_ Scripter = (*Client)(nil)
	_ Scripter = (*ClusterClient)(nil)
	_ Scripter = (Pipeliner)(nil)
)

// Script is a Lua script that servers keep, so that a call of it needs no more
// than its SHA-1. Make one for the life of the program:
//
//	var takeOne = redis.NewScript(`
//		if tonumber(redis.call("GET", KEYS[1]) or 0) < 1 then
//			return 0
//		end
//		redis.call("DECR", KEYS[1])
//		return 1
//	`)
//
//	taken, err := takeOne.Run(ctx, rdb, []string{"stock:42"}).Bool()
//
// It may be used by several goroutines at the same time.
type Script struct {
	src  string
	hash atomic.Pointer[string] // nil: to be learnt from a server
	asks bool                   // a server tells the hash
}

// NewScript makes a script of its source.
func NewScript(src string) *Script {
	sum := sha1.Sum([]byte(src))
	s := &Script{src: src}
	s.setHash(hex.EncodeToString(sum[:]))
	return s
}

// NewScriptServerSHA is NewScript without computing the SHA-1, for programs that
// must not: the first server to load the script tells it. Where a server turns out not to
// have the script, EvalSha and EvalShaRO load it as Run does, and ask once more. A
// pipeline or transaction cannot ask: before the SHA-1 is known it is sent the script.
func NewScriptServerSHA(src string) *Script { return &Script{src: src, asks: true} }

func (s *Script) setHash(hash string) { s.hash.Store(&hash) }

// Hash is the script's SHA-1 in hexadecimal; "" while it is not known.
func (s *Script) Hash() string {
	if hash := s.hash.Load(); hash != nil {
		return *hash
	}
	return ""
}

// Load loads the script, into every node of a cluster. Nobody has to: Run does
// it where it is needed (SCRIPT LOAD).
func (s *Script) Load(ctx context.Context, c Scripter) *StringCmd {
	cmd := c.ScriptLoad(ctx, s.src)
	if cmd.Err() == nil && cmd.Val() != "" {
		s.setHash(cmd.Val())
	}
	return cmd
}

// Exists tells whether the script is loaded; of a cluster, whether every
// primary has it (SCRIPT EXISTS).
func (s *Script) Exists(ctx context.Context, c Scripter) *BoolSliceCmd {
	s.learn(ctx, c)
	return c.ScriptExists(ctx, s.Hash())
}

// Eval runs the script and sends it with the call (EVAL).
func (s *Script) Eval(ctx context.Context, c Scripter, keys []string, args ...any) *Cmd {
	return c.Eval(ctx, s.src, keys, args...)
}

// EvalRO is Eval for a script that only reads, so that a replica may run it
// (EVAL_RO).
func (s *Script) EvalRO(ctx context.Context, c Scripter, keys []string, args ...any) *Cmd {
	return c.EvalRO(ctx, s.src, keys, args...)
}

// EvalSha runs the script by its SHA-1 and fails with NOSCRIPT where it is not
// loaded; Run does not (EVALSHA).
func (s *Script) EvalSha(ctx context.Context, c Scripter, keys []string, args ...any) *Cmd {
	if s.asks {
		return s.Run(ctx, c, keys, args...)
	}
	return c.EvalSha(ctx, s.Hash(), keys, args...)
}

// EvalShaRO is EvalSha for a script that only reads, so that a replica may run
// it (EVALSHA_RO).
func (s *Script) EvalShaRO(ctx context.Context, c Scripter, keys []string, args ...any) *Cmd {
	if s.asks {
		return s.RunRO(ctx, c, keys, args...)
	}
	return c.EvalShaRO(ctx, s.Hash(), keys, args...)
}

// Run runs the script by its SHA-1. A node that does not have it, because it
// was restarted, say, or has been promoted, is sent it first: once, however many
// calls want it, and before the transaction or pipeline that a call belongs to.
// In a pipeline whose node lost its scripts for another reason, a call may run
// after the commands behind it.
func (s *Script) Run(ctx context.Context, c Scripter, keys []string, args ...any) *Cmd {
	return s.run(ctx, c, "evalsha", c.EvalSha, c.Eval, keys, args)
}

// RunRO is Run for a script that only reads, so that a replica may run it.
func (s *Script) RunRO(ctx context.Context, c Scripter, keys []string, args ...any) *Cmd {
	return s.run(ctx, c, "evalsha_ro", c.EvalShaRO, c.EvalRO, keys, args)
}

// evaluation is one of the ways to run a script: by its source or by its SHA-1.
type evaluation func(ctx context.Context, script string, keys []string, args ...any) *Cmd

func (s *Script) run(ctx context.Context, c Scripter, name string, bySHA, bySource evaluation, keys []string, args []any) *Cmd {
	if !s.learn(ctx, c) {
		return bySource(ctx, s.src, keys, args...)
	}
	if runner, ok := c.(scriptRunner); ok {
		return runner.runScript(ctx, s, name, keys, args)
	}
	cmd := bySHA(ctx, s.Hash(), keys, args...)
	switch {
	case !isNoScript(cmd.Err()):
		return cmd
	case s.asks && s.Load(ctx, c).Err() == nil:
		return bySHA(ctx, s.Hash(), keys, args...)
	}
	return bySource(ctx, s.src, keys, args...)
}

// learn has a server tell the hash if it is not known, and reports whether it is
// now. What only collects commands cannot tell.
func (s *Script) learn(ctx context.Context, c Scripter) bool {
	if s.Hash() != "" {
		return true
	}
	if _, collects := c.(interface{ Cmds() []Cmder }); collects {
		return false
	}
	if hash := s.Load(ctx, c).Val(); hash != "" {
		s.setHash(hash) // some node may have failed
	}
	return s.Hash() != ""
}

// scriptRunner is what loads a script by itself where it is missing.
type scriptRunner interface {
	runScript(ctx context.Context, s *Script, name string, keys []string, args []any) *Cmd
}

func (c cmdable) runScript(ctx context.Context, s *Script, name string, keys []string, args []any) *Cmd {
	cmd := newCall(name, s.Hash(), keys, args)
	cmd.script = s
	return do(ctx, c, cmd)
}

func isNoScript(err error) bool { return err != nil && HasErrorPrefix(err, "NOSCRIPT") }
