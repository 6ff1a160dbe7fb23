package redis

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/seed-e06f3def/rediscluster/internal/wire"
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

// scriptLoads loads scripts into one server: each once, however many calls find
// at the same time that the server lacks it.
type scriptLoads struct {
	mu   sync.Mutex
	list map[string]*scriptLoad // by hash
}

type scriptLoad struct {
	count int        // how often it was loaded
	conn  *wire.Conn // by which it was loaded last
	now   *loading   // nil: it is not being loaded
}

type loading struct {
	done chan struct{}
	err  error
}

// lane is how to get a connection to the server.
type lane func(context.Context) (*wire.Conn, error)

// scriptOf is the script that cmd calls, if it is to be loaded where it is
// missing.
func scriptOf(cmd Cmder) *Script {
	if c, ok := cmd.(*Cmd); ok {
		return c.script
	}
	return nil
}

// loaded tells how often a script was loaded, and whether the server should
// have it: it has not been restarted since.
func (l *scriptLoads) loaded(s *Script) (count int, there bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.list[s.Hash()]
	if e == nil {
		return 0, false
	}
	return e.count, e.conn != nil && e.conn.Err() == nil
}

// missing notes that the server lacks a script after all.
func (l *scriptLoads) missing(s *Script) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.list[s.Hash()]; e != nil {
		e.conn = nil
	}
}

// load loads a script, unless that was done since it had been loaded count
// times.
func (l *scriptLoads) load(ctx context.Context, s *Script, count int, from lane, how manner) error {
	for {
		l.mu.Lock()
		e := l.list[s.Hash()]
		if e == nil {
			e = new(scriptLoad)
			if l.list == nil {
				l.list = map[string]*scriptLoad{}
			}
			l.list[s.Hash()] = e
		}
		if e.count != count {
			l.mu.Unlock()
			return nil
		}
		now := e.now
		if now == nil {
			now = &loading{done: make(chan struct{})}
			e.now = now
			l.mu.Unlock()
			conn, err := sendScript(ctx, s, from, how)
			l.mu.Lock()
			if err == nil {
				e.count++
				e.conn = conn
			}
			e.now, now.err = nil, err
			close(now.done)
			l.mu.Unlock()
			return err
		}
		l.mu.Unlock()
		select {
		case <-now.done:
			var reply Error
			if errors.As(now.err, &reply) {
				return now.err // the script is at fault
			}
		case <-ctx.Done():
			return asNetError(fmt.Errorf("redis: waiting for a script to be loaded: %w", ctx.Err()))
		}
	}
}

func sendScript(ctx context.Context, s *Script, from lane, how manner) (*wire.Conn, error) {
	conn, err := from(ctx)
	if err != nil {
		return nil, err
	}
	cmd := new(StringCmd)
	cmd.start("script", "load", s.src)
	return conn, nothingRan(exchange(ctx, conn, cmd, how&reserved))
}

// nothingRan is the error of what only prepares a command: if it got lost, the
// command was not sent.
func nothingRan(err error) error {
	var lost *NodeError
	if !errors.As(err, &lost) || lost.Wrote == 0 {
		return err
	}
	own := *lost
	own.Wrote = 0
	return &own
}

// run sends a call of a script, and once more if the server had to be given the
// script.
func (l *scriptLoads) run(ctx context.Context, s *Script, from lane, how manner, send func() error) error {
	count, _ := l.loaded(s)
	err := send()
	if !isNoScript(err) {
		return err
	}
	if err := l.load(ctx, s, count, from, how); err != nil {
		return err
	}
	return send()
}

// prepare loads the scripts of a group of commands before they are sent, so that
// they run in their order. A failure shows when the commands are sent.
func (l *scriptLoads) prepare(ctx context.Context, g *batchGroup) {
	for s, count := range l.lacking(g) {
		_ = l.load(ctx, s, count, on(g.conn), g.manner())
	}
}

// lacking is the scripts of a group of commands that are not known to be there, and
// how often each had been loaded.
func (l *scriptLoads) lacking(g *batchGroup) iter.Seq2[*Script, int] {
	return func(yield func(*Script, int) bool) {
		for it := g.first; it != nil && g.scripts; it = it.next {
			s := scriptOf(it.cmd)
			if s == nil {
				continue
			}
			if count, there := l.loaded(s); !there && !yield(s, count) {
				return
			}
		}
	}
}

func (g *batchGroup) manner() manner {
	if g.alone {
		return reserved
	}
	return 0
}

// lacksScript reports whether the command is to be sent once more because its
// node turned out not to have the script that it should have.
func (it *batchItem) lacksScript() bool {
	s := scriptOf(it.cmd)
	if s == nil || it.reloaded || !isNoScript(it.cmd.Err()) {
		return false
	}
	it.reloaded = true
	it.node.client.pool.scripts.missing(s)
	return true
}

// ensure loads those scripts of a transaction that the server says it lacks:
// there a call that fails does not keep the other commands from running.
func (l *scriptLoads) ensure(ctx context.Context, cmds []Cmder, conn *wire.Conn, how manner) error {
	var scripts []*Script
	exists := new(BoolSliceCmd)
	for _, cmd := range cmds {
		if s := scriptOf(cmd); s != nil && !slices.Contains(scripts, s) {
			scripts = append(scripts, s)
		}
	}
	if scripts == nil {
		return nil
	}
	counts := make([]int, len(scripts))
	exists.start("script", "exists")
	for i, s := range scripts {
		counts[i], _ = l.loaded(s)
		exists.str(s.Hash())
	}
	if err := exchange(ctx, conn, exists, how&reserved); err != nil {
		var reply Error
		if errors.As(err, &reply) {
			return nil // it does not tell
		}
		return nothingRan(err)
	}
	for i, there := range exists.val {
		if there || i >= len(scripts) {
			continue
		}
		if err := l.load(ctx, scripts[i], counts[i], on(conn), how); err != nil {
			return err
		}
	}
	return nil
}

func on(conn *wire.Conn) lane {
	return func(context.Context) (*wire.Conn, error) { return conn, nil }
}
