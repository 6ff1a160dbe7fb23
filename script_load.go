package redis

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/seed-e06f3def/rediscluster/internal/wire"
)

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
