package redis

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/wire"
)

// errSlowDial is why a command does not wait any longer for a connection to a
// node that does not answer the dial. The dial goes on.
var errSlowDial = errors.New("no answer to the dial yet")

// stalled reports whether nothing but a dial could bring a connection. The lock is
// held.
func (p *pool) stalled() bool { return p.dialing > 0 && len(p.conns) == 0 }

// stage is where the latest dial has got to. The lock is held.
func (p *pool) stage() string { return stageOf(p.latest) }

// dialPatience is how long to wait for a dial before it is called slow. Only the first
// who come have it: later ones should learn from a new map that the node was replaced,
// and not sit here meanwhile. The lock is held.
func (p *pool) dialPatience() time.Duration {
	return p.opt.suspectAfter - time.Since(p.dialsAt)
}

// dialForWaiters sees to it that dials are under way for those who wait, or tells them
// that it is no use to wait. The lock is held.
func (p *pool) dialForWaiters() {
	if !p.isAwaited() {
		return
	}
	if missing := min(p.opt.PoolSize-len(p.conns), p.dialsWanted()) - p.dialing; missing > 0 {
		if time.Now().Before(p.retryAt) {
			p.refuseAll(p.lastErr)
			return
		}
		p.open(missing)
	}
	if p.opt.suspectAfter > 0 && p.stalled() {
		p.boundFirstDial()
	}
}

// boundFirstDial ends the waits for a first connection when the dial is slow. The lock
// is held.
func (p *pool) boundFirstDial() {
	patience := p.dialPatience()
	if patience <= 0 {
		p.refuseAll(fmt.Errorf("%w (%s)", errSlowDial, p.stage()))
		return
	}
	if p.slow == nil {
		p.slow = time.AfterFunc(patience, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.slow = nil
			p.serve()
		})
	}
}

// dialsFrom is when the node may be dialled for the next attempt of a command; zero if
// that need not wait. It is no later than PoolTimeout from now.
func (p *pool) dialsFrom() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dialing > 0 || len(p.conns) > 0 {
		return time.Time{}
	}
	if latest := time.Now().Add(p.opt.PoolTimeout); p.opt.PoolTimeout > 0 && p.retryAt.After(latest) {
		return latest
	}
	return p.retryAt
}

// dialsWanted is how many dials should be under way for those who wait: one for all
// who share, but one each for those who need a connection alone. While the node may
// be away, or hang up on everybody, one dial is the trial. The lock is held.
func (p *pool) dialsWanted() int {
	inVain := time.Since(p.inVainAt) < inVainLately
	if len(p.conns) == 0 || p.lastErr != nil || p.suspect() || inVain {
		return 1
	}
	return max(1, p.takers.len())
}

// inVainLately is longer than the usual pauses between dials to a server that hangs
// up on everybody.
const inVainLately = time.Second

// fillJitter bounds the random time before each but the first of the steps in
// which a pool is filled.
const fillJitter = 20 * time.Millisecond

// fill opens the connections that MinIdleConns asks for, by and by: the first as
// a trial, then each time as many as there are, so that neither a node that is
// dead nor one that has just come back is swamped. Each is dialled when it is the
// pool's turn. The lock is held.
func (p *pool) fill() {
	if p.closed || p.fillLater || p.refill != nil || p.step() <= 0 {
		return
	}
	wait := time.Until(p.retryAt)
	if len(p.conns) > 0 {
		wait = max(wait, rand.N(fillJitter))
	}
	if wait <= 0 {
		p.opt.fillTurns.ask(p)
		return
	}
	p.refill = time.AfterFunc(wait, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.refill = nil
		if time.Now().Before(p.retryAt) {
			p.fill()
			return
		}
		p.opt.fillTurns.ask(p)
	})
}

// fillOne opens a connection if the pool still lacks one, and reports whether it does.
// At the end of the dial it calls ended.
func (p *pool) fillOne(ended func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.step() <= 0 || time.Now().Before(p.retryAt) {
		return false
	}
	opened := p.openAndTell(1, ended) > 0
	if opened && p.step() > 0 {
		p.opt.fillTurns.ask(p)
	}
	return opened
}

// fillTurns bounds how fast the pools of one client are filled: a cluster of many nodes
// would have a new client open thousands of connections at once. Pools take turns, with
// one dial each; what commands need is dialled at once. Its lock is the innermost.
type fillTurns struct {
	mu      sync.Mutex
	taken   int // turns that are not over
	waiting []*pool
	asked   map[*pool]bool // those among waiting
}

const (
	// fillsAtOnce is how many turns there are at a time. One ends with its dial, but
	// lasts for shortestTurn, so that no more than 800 connections are opened in a
	// second, and for no longer than longestTurn, as nodes may not answer.
	fillsAtOnce  = 16
	shortestTurn = 20 * time.Millisecond
	longestTurn  = time.Second
)

// ask has [pool.fillOne] called when it is the pool's turn.
func (f *fillTurns) ask(p *pool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.asked[p] {
		return
	}
	if f.asked == nil {
		f.asked = map[*pool]bool{}
	}
	f.asked[p] = true
	f.waiting = append(f.waiting, p)
	f.next()
}

// next gives turns to those who wait. The lock is held.
func (f *fillTurns) next() {
	for f.taken < fillsAtOnce && len(f.waiting) > 0 {
		p := f.waiting[0]
		f.waiting = f.waiting[1:]
		delete(f.asked, p)
		f.taken++
		go f.turn(p)
	}
}

func (f *fillTurns) turn(p *pool) {
	ended := make(chan struct{})
	if p.fillOne(func() { close(ended) }) {
		life, cancel := context.WithTimeout(p.life, longestTurn)
		defer cancel()
		if sleep(life, shortestTurn) == nil {
			select {
			case <-ended:
			case <-life.Done():
			}
		}
	}
	f.over()
}

func (f *fillTurns) over() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.taken--
	f.next()
}

// startFilling has the pool filled if its options have put that off.
func (p *pool) startFilling() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fillLater = false
	p.fill()
}

// step is how many connections may be opened now to fill the pool. The lock is
// held.
func (p *pool) step() int {
	missing := p.opt.MinIdleConns - len(*p.shared.Load()) - p.dialing
	return min(missing, max(1, len(p.conns))-p.dialing)
}

// open starts up to n dials. The lock is held.
func (p *pool) open(n int) { p.openAndTell(n, nil) }

// openAndTell does the same, tells of the end of each dial, and returns how many there
// are. The lock is held.
func (p *pool) openAndTell(n int, ended func()) int {
	if p.closed {
		return 0
	}
	// Where abandoned dials leave no room, one dial is made all the same: it says so.
	abandoned, _ := p.opt.abandoned.at(p.opt.Addr)
	room := max(1, p.opt.MaxConcurrentDials-abandoned) - p.dialing
	n = min(n, p.opt.PoolSize-len(p.conns)-p.dialing, room)
	if p.dialing == 0 {
		p.dialsAt = time.Now()
	}
	for range n {
		p.dialing++
		p.wg.Add(1)
		step := new(atomic.Pointer[dialStep])
		p.latest = step
		go func() {
			p.dial(step)
			if ended != nil {
				ended()
			}
		}()
	}
	return n
}

// dial makes one dial, which notes its steps at step.
func (p *pool) dial(step *atomic.Pointer[dialStep]) {
	defer p.wg.Done()
	d := p.dialer
	d.step = step
	conn, err := d.dial(p.life, p.lost)
	kept := p.dialed(conn, err)
	if kept {
		p.spoke(time.Now())
		p.checkSoon()
	}
	if err == nil && !kept {
		conn.Close(wire.ErrClosed) // here, as close waits for it
	}
}

// noteFill logs how a dial for MinIdleConns has ended, unless there are callers who are
// told of its failure. The lock is held.
func (p *pool) noteFill(err error) {
	told := err != nil && p.isAwaited()
	if p.opt.MinIdleConns > 0 && !told && !p.closed {
		p.opt.background.note(backgroundTask{openIdle, p.opt.Addr}, err)
	}
}

// dialed notes how a dial has ended, and reports whether the pool has the connection
// now.
func (p *pool) dialed(conn *wire.Conn, err error) (kept bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialing--
	p.noteFill(err)
	switch {
	case err != nil:
		p.refused(err)
	case !p.closed:
		kept = true
		p.failures, p.retryAt, p.lastErr = 0, time.Time{}, nil
		now := time.Now()
		info := &pooled{opened: now, expires: p.expiry(), usedAt: now, setUp: conn.Served()}
		p.conns[conn] = info
		p.share(append(slices.Clone(*p.shared.Load()), conn))
		if err := conn.Err(); err != nil { // lost before it was known
			p.forget(conn)
			p.autopsy(conn, info, err)
		}
	}
	p.react()
	return kept
}

// refused notes a failed dial and when the next may be made, and tells those who wait.
// The lock is held, but not while the program is asked for the pause.
func (p *pool) refused(err error) {
	p.lastErr = err
	p.refuseAll(err)
	failures := p.failures
	p.failures++
	pause := p.usualPause(failures)
	if p.opt.DialerRetryBackoff != nil && !p.pauseOverdue {
		p.retryAt = time.Now().Add(longestDialPause) // until it is known
		p.mu.Unlock()
		pause = p.askPause(failures)
		p.mu.Lock()
		if p.failures != failures+1 {
			return // another dial has failed or succeeded, and that is what counts
		}
	}
	if pause > 0 {
		pause = pause/2 + rand.N(pause/2+1)
	}
	p.retryAt = time.Now().Add(pause)
}

// askPause asks the program for the pause after so many failures before this one. If it
// does not answer it is not asked again until it has, and the pause is the usual one.
func (p *pool) askPause(failures int) time.Duration {
	given := make(chan time.Duration, 1)
	usual := p.usualPause(failures)
	pause := usual
	spawn("DialerRetryBackoff", func() error {
		pause = p.opt.DialerRetryBackoff(failures)
		return nil
	}, func(err error) {
		if err != nil {
			logf("%v (for %s)", err, p.opt.Addr)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.pauseOverdue = false
		given <- pause
	})
	timeout := time.NewTimer(returnGrace)
	defer timeout.Stop()
	select {
	case pause := <-given:
		return pause
	case <-timeout.C:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case pause := <-given: // at the last moment
		return pause
	default:
		p.pauseOverdue = true
		return usual
	}
}

// longestDialPause lets a node that comes back be used again within a second.
const longestDialPause = 800 * time.Millisecond

// usualPause is the time between dials after so many failures before this one.
func (p *pool) usualPause(failures int) time.Duration {
	first := min(max(0, p.opt.DialerRetryTimeout), longestDialPause)
	return min(first<<min(failures, p.opt.DialerRetries, 6), longestDialPause)
}

func (p *pool) expiry() time.Time {
	life := p.opt.ConnMaxLifetime
	if life <= 0 {
		return time.Time{}
	}
	// Twice the jitter, and a life that is longer by it, must be times as well.
	if jitter := min(p.opt.ConnMaxLifetimeJitter, life, math.MaxInt64-life); jitter > 0 {
		life += rand.N(2*jitter) - jitter
	}
	return time.Now().Add(life)
}
