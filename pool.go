package redis

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/wire"
)

// ErrClosed is returned by every operation on a client that was closed.
var ErrClosed = errors.New("redis: client is closed")

// ErrPoolTimeout is returned when no connection became free within
// PoolTimeout.
var ErrPoolTimeout = errors.New("redis: connection pool timeout")

// PoolStats counts what the pools of a client did. Those of a cluster client
// are the sums over its nodes.
type PoolStats struct {
	Hits     uint32 // commands and check-outs that found a connection open
	Misses   uint32 // those that had to wait for one to be opened
	Timeouts uint32 // those that got none within PoolTimeout

	TotalConns uint32 // connections open now
	IdleConns  uint32 // those among them with nothing in flight
	StaleConns uint32 // connections closed for being dead, idle too long or too old
}

func (s *PoolStats) add(other PoolStats) {
	s.Hits += other.Hits
	s.Misses += other.Misses
	s.Timeouts += other.Timeouts
	s.TotalConns += other.TotalConns
	s.IdleConns += other.IdleConns
	s.StaleConns += other.StaleConns
}

// pool is a node's connections. Ordinary commands share them: all use the
// first, and the next only while the first is busy with bulk. What needs a
// connection of its own takes one out.
//
// Its lock is taken by nobody who holds a connection's, and no connection's
// method that could wait is called under it.
type pool struct {
	dialer dialer
	opt    *Options

	// shared is the connections anyone may use, oldest first. A snapshot: it is
	// replaced, never changed.
	shared atomic.Pointer[[]*wire.Conn]
	misses atomic.Uint32

	// silent is how many connections owe replies for longer than they should:
	// while there are any, the node is suspect.
	silent atomic.Int32
	// onSilence, if set, is told when the node becomes suspect, and when it is
	// suspect no more.
	onSilence func(silent bool)

	mu       sync.Mutex
	conns    map[*wire.Conn]*pooled
	dialing  int
	failures int       // dials in a row that failed
	refusals int       // dials that failed, ever
	lastErr  error     // of the last one
	retryAt  time.Time // no dials before, after a failure
	changed  chan struct{}
	closed   bool
	sweeper  *time.Timer
	refill   *time.Timer
	timeouts uint32
	stale    uint32
	served   uint64 // calls on connections that are gone

	life context.Context // ends with the pool
	end  context.CancelFunc
	wg   sync.WaitGroup
}

// pooled is what the pool knows of a connection.
type pooled struct {
	expires time.Time // zero: never
	usedAt  time.Time // at the last sweep that found it used
	silent  bool
	served  uint64 // by then
	setUp   uint64 // calls that made it ready
	out     bool   // taken out
}

func newPool(opt *Options, readOnly bool) *pool {
	p := &pool{
		opt:     opt,
		conns:   map[*wire.Conn]*pooled{},
		changed: make(chan struct{}),
	}
	p.onSilence = opt.onSilence
	p.dialer = dialer{opt: opt, readOnly: readOnly, onSilence: p.heard}
	p.life, p.end = context.WithCancel(context.Background())
	p.shared.Store(&[]*wire.Conn{})
	if opt.IdleCheckFrequency > 0 && (opt.ConnMaxIdleTime > 0 || opt.ConnMaxLifetime > 0) {
		p.sweeper = time.AfterFunc(opt.IdleCheckFrequency, p.sweep)
	}
	p.mu.Lock()
	p.fill()
	p.mu.Unlock()
	return p
}

// lane returns a connection to share.
func (p *pool) lane(ctx context.Context) (*wire.Conn, error) {
	lanes := *p.shared.Load()
	if len(lanes) > 0 && !lanes[0].Busy() {
		return lanes[0], nil
	}
	if len(lanes) > 0 {
		return p.quietest(lanes), nil
	}
	p.misses.Add(1)
	return p.await(ctx, func() (*wire.Conn, bool) {
		if lanes := *p.shared.Load(); len(lanes) > 0 {
			return lanes[0], true
		}
		return nil, false
	})
}

// quietest chooses a connection when the first is busy: one that is not, else
// the one with least in flight, with another on its way if there may be one.
func (p *pool) quietest(lanes []*wire.Conn) *wire.Conn {
	best := lanes[0]
	for _, conn := range lanes {
		if !conn.Busy() {
			return conn
		}
		if conn.InFlight() < best.InFlight() {
			best = conn
		}
	}
	p.mu.Lock()
	if p.dialing == 0 {
		p.open(1)
	}
	p.mu.Unlock()
	return best
}

// take returns a connection that is the caller's alone until [pool.give].
func (p *pool) take(ctx context.Context) (*wire.Conn, error) {
	conn, ok := p.reserve()
	if ok {
		return conn, nil
	}
	p.misses.Add(1)
	return p.await(ctx, p.reserve)
}

// reserve takes out a connection with nothing in flight, if there is one. The
// last that is shared stays so, unless it is the only one there may be.
func (p *pool) reserve() (*wire.Conn, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	lanes := *p.shared.Load()
	if len(lanes) < 2 && p.opt.PoolSize > 1 {
		return nil, false
	}
	for i := range lanes {
		conn := lanes[len(lanes)-1-i]
		if p.opt.PoolFIFO && len(lanes) > 1 {
			conn = lanes[(i+1)%len(lanes)]
		}
		if conn.Reserve() {
			p.conns[conn].out = true
			p.share(without(lanes, conn))
			return conn, true
		}
	}
	return nil, false
}

// give brings back a connection that was taken.
func (p *pool) give(conn *wire.Conn) {
	conn.Release()
	p.mu.Lock()
	info, known := p.conns[conn]
	keep := known && !p.closed && !(p.opt.MaxIdleConns > 0 && len(*p.shared.Load()) >= p.opt.MaxIdleConns)
	if keep {
		info.out = false
		p.share(append(slices.Clone(*p.shared.Load()), conn))
		p.signal()
	}
	p.mu.Unlock()
	if !keep {
		conn.Close(wire.ErrClosed)
	}
}

// await waits until get succeeds, dialling as needed, for at most PoolTimeout.
func (p *pool) await(ctx context.Context, get func() (*wire.Conn, bool)) (*wire.Conn, error) {
	var timeout <-chan time.Time
	if p.opt.PoolTimeout > 0 {
		timer := time.NewTimer(p.opt.PoolTimeout)
		defer timer.Stop()
		timeout = timer.C
	}
	refusals := -1
	var slow <-chan time.Time
	if p.opt.patience > 0 {
		timer := time.NewTimer(p.opt.patience)
		defer timer.Stop()
		slow = timer.C
	}
	for {
		p.mu.Lock()
		changed := p.changed
		if refusals < 0 {
			refusals = p.refusals
		}
		refused := p.refusals != refusals
		p.mu.Unlock()
		if conn, ok := get(); ok {
			return conn, nil
		}
		if err := p.wanted(refused); err != nil {
			return nil, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, &wire.Error{Node: p.opt.Addr, Cause: ctx.Err()}
		case <-slow:
			if p.stalled() {
				return nil, &wire.Error{Node: p.opt.Addr, Cause: errSlowDial}
			}
		case <-timeout:
			p.mu.Lock()
			p.timeouts++
			p.mu.Unlock()
			return nil, ErrPoolTimeout
		}
	}
}

// errSlowDial is why a command does not wait any longer for a connection to a
// node that does not answer the dial. The dial goes on.
var errSlowDial = errors.New("no answer to the dial yet")

// stalled reports whether nothing but a dial could bring a connection.
func (p *pool) stalled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dialing > 0 && len(p.conns) == 0
}

// wanted sees to it that a dial is under way for somebody who waits, and who may
// have been refused already. An error says that it is no use to wait.
func (p *pool) wanted(refused bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return ErrClosed
	case refused && p.lastErr != nil:
		return p.lastErr
	case len(p.conns)+p.dialing >= p.opt.PoolSize || p.dialing > 0:
		return nil
	case time.Now().Before(p.retryAt):
		return p.lastErr
	}
	p.open(1)
	return nil
}

// fill opens the connections that MinIdleConns asks for. The lock is held.
func (p *pool) fill() {
	if p.closed {
		return
	}
	missing := p.opt.MinIdleConns - len(*p.shared.Load()) - p.dialing
	if missing <= 0 {
		return
	}
	if wait := time.Until(p.retryAt); wait > 0 {
		if p.refill == nil {
			p.refill = time.AfterFunc(wait, func() {
				p.mu.Lock()
				defer p.mu.Unlock()
				p.refill = nil
				p.fill()
			})
		}
		return
	}
	p.open(missing)
}

// open starts up to n dials. The lock is held.
func (p *pool) open(n int) {
	n = min(n, p.opt.PoolSize-len(p.conns)-p.dialing, p.opt.MaxConcurrentDials-p.dialing)
	for range n {
		p.dialing++
		p.wg.Add(1)
		go p.dial()
	}
}

func (p *pool) dial() {
	defer p.wg.Done()
	ctx := p.life
	if p.opt.DialTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.opt.DialTimeout)
		defer cancel()
	}
	conn, err := p.dialer.dial(ctx, p.lost)

	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialing--
	switch {
	case err != nil:
		p.refused(err)
	case p.closed:
		go conn.Close(wire.ErrClosed)
	default:
		p.failures, p.retryAt, p.lastErr = 0, time.Time{}, nil
		p.conns[conn] = &pooled{expires: p.expiry(), usedAt: time.Now(), setUp: conn.Served()}
		p.share(append(slices.Clone(*p.shared.Load()), conn))
		if conn.Err() != nil { // lost before it was known
			p.forget(conn)
		}
	}
	p.fill()
	p.signal()
}

// refused notes a failed dial and when the next may be made. The lock is held.
func (p *pool) refused(err error) {
	p.lastErr = err
	p.refusals++
	pause := p.pauseAfter(p.failures)
	p.failures++
	if pause > 0 {
		pause = pause/2 + rand.N(pause/2+1)
	}
	p.retryAt = time.Now().Add(pause)
}

// longestDialPause lets a node that comes back be used again within a second.
const longestDialPause = 800 * time.Millisecond

// pauseAfter is the time between dials after so many failures before this one.
func (p *pool) pauseAfter(failures int) time.Duration {
	if p.opt.DialerRetryBackoff != nil {
		return p.opt.DialerRetryBackoff(failures)
	}
	return min(max(0, p.opt.DialerRetryTimeout)<<min(failures, p.opt.DialerRetries, 6), longestDialPause)
}

func (p *pool) expiry() time.Time {
	life := p.opt.ConnMaxLifetime
	if life <= 0 {
		return time.Time{}
	}
	if jitter := min(p.opt.ConnMaxLifetimeJitter, life); jitter > 0 {
		life += rand.N(2*jitter) - jitter
	}
	return time.Now().Add(life)
}

// lost is told by a connection that it is dead.
func (p *pool) lost(conn *wire.Conn, cause error) {
	p.mu.Lock()
	wasSuspect := p.suspect()
	if p.forget(conn) && !errors.Is(cause, wire.ErrClosed) {
		p.stale++
	}
	spoke := wasSuspect && !p.suspect()
	var doubtful []*wire.Conn
	if errors.Is(cause, wire.ErrReadTimeout) {
		doubtful = p.forgetIdle()
	}
	p.fill()
	p.signal()
	p.mu.Unlock()
	for _, conn := range doubtful {
		conn.Drain()
	}
	if spoke && p.onSilence != nil {
		p.onSilence(false)
	}
}

// forgetIdle removes the connections with nothing in flight: the server did not
// answer on another one, so that it has to prove itself by a handshake. The
// lock is held.
func (p *pool) forgetIdle() (idle []*wire.Conn) {
	for _, conn := range *p.shared.Load() {
		if conn.InFlight() == 0 {
			idle = append(idle, conn)
		}
	}
	for _, conn := range idle {
		p.forget(conn)
	}
	return idle
}

// heard is told by a connection that it has fallen silent, or speaks again.
func (p *pool) heard(conn *wire.Conn, silent bool) {
	p.mu.Lock()
	info, known := p.conns[conn]
	changed := known && p.setSilent(info, silent)
	p.mu.Unlock()
	if changed && p.onSilence != nil {
		p.onSilence(silent)
	}
}

// setSilent reports whether the pool as a whole has fallen silent by it, or
// speaks again. The lock is held.
func (p *pool) setSilent(info *pooled, silent bool) bool {
	if info.silent == silent {
		return false
	}
	info.silent = silent
	if silent {
		return p.silent.Add(1) == 1
	}
	return p.silent.Add(-1) == 0
}

// suspect reports whether the node owes replies for longer than it should.
func (p *pool) suspect() bool { return p.silent.Load() > 0 }

// shed has reads that wait for the node's replies tried elsewhere.
func (p *pool) shed(cause error) {
	p.mu.Lock()
	conns := p.list()
	p.mu.Unlock()
	for _, conn := range conns {
		conn.Shed(cause)
	}
}

// forget removes a connection. The lock is held.
func (p *pool) forget(conn *wire.Conn) bool {
	info, known := p.conns[conn]
	if !known {
		return false
	}
	p.setSilent(info, false)
	delete(p.conns, conn)
	p.served += conn.Served() - info.setUp
	p.share(without(*p.shared.Load(), conn))
	return true
}

// share replaces the connections that anyone may use. The lock is held.
func (p *pool) share(lanes []*wire.Conn) { p.shared.Store(&lanes) }

// signal wakes those who wait for a connection. The lock is held.
func (p *pool) signal() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// sweep closes connections that have been idle too long or are too old.
func (p *pool) sweep() {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	now := time.Now()
	var old []*wire.Conn
	for conn, info := range p.conns {
		if served := conn.Served(); served != info.served || conn.InFlight() > 0 {
			info.served, info.usedAt = served, now
		}
		idle := p.opt.ConnMaxIdleTime > 0 && now.Sub(info.usedAt) >= p.opt.ConnMaxIdleTime
		aged := !info.expires.IsZero() && now.After(info.expires)
		if !info.out && (idle || aged) {
			old = append(old, conn)
		}
	}
	for _, conn := range old {
		p.forget(conn)
		p.stale++
	}
	p.fill()
	p.sweeper.Reset(p.opt.IdleCheckFrequency)
	p.mu.Unlock()
	for _, conn := range old {
		conn.Drain()
	}
}

// retire closes the pool's connections as soon as their calls are done, and
// those that are taken out when they are given back.
func (p *pool) retire() { _ = p.shut((*wire.Conn).Drain) }

// close closes the connections at once; calls in flight fail with ErrClosed.
func (p *pool) close() error {
	err := p.shut(func(conn *wire.Conn) { conn.Close(ErrClosed) })
	p.wg.Wait()
	return err
}

// renew has the node dialled anew: the connections that are shared take no more
// calls.
func (p *pool) renew() {
	p.mu.Lock()
	old := *p.shared.Load()
	for _, conn := range old {
		p.forget(conn)
	}
	p.fill()
	p.mu.Unlock()
	for _, conn := range old {
		conn.Drain()
	}
}

// giveUp closes every connection because of cause: the node does not serve its
// slots any more. The pool stays open.
func (p *pool) giveUp(cause error) {
	p.mu.Lock()
	conns := p.list()
	p.mu.Unlock()
	for _, conn := range conns {
		conn.Close(cause)
	}
}

func (p *pool) shut(closeConn func(*wire.Conn)) error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return ErrClosed
	}
	conns := p.list()
	p.closed = true
	p.share(nil)
	p.end()
	for _, timer := range []*time.Timer{p.sweeper, p.refill} {
		if timer != nil {
			timer.Stop()
		}
	}
	p.signal()
	p.mu.Unlock()
	for _, conn := range conns {
		closeConn(conn)
	}
	return nil
}

// list is every connection. The lock is held.
func (p *pool) list() []*wire.Conn {
	list := make([]*wire.Conn, 0, len(p.conns))
	for conn := range p.conns {
		list = append(list, conn)
	}
	return list
}

// unreachable reports whether the last dial failed and none has succeeded
// since.
func (p *pool) unreachable() bool {
	if len(*p.shared.Load()) > 0 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lastErr != nil
}

func (p *pool) stats() PoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := PoolStats{
		Misses:     p.misses.Load(),
		Timeouts:   p.timeouts,
		TotalConns: uint32(len(p.conns)),
		StaleConns: p.stale,
	}
	served := p.served
	for conn, info := range p.conns {
		served += conn.Served() - info.setUp
		if conn.InFlight() == 0 && !info.out {
			s.IdleConns++
		}
	}
	s.Hits = uint32(served - min(served, uint64(s.Misses)))
	return s
}

func without(lanes []*wire.Conn, conn *wire.Conn) []*wire.Conn {
	return slices.DeleteFunc(slices.Clone(lanes), func(c *wire.Conn) bool { return c == conn })
}
