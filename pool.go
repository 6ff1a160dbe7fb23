package redis

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/wire"
)

// poolTimeout is an [ErrPoolTimeout] of a node.
type poolTimeout struct {
	node   string
	waited time.Duration
	conns  string // what there are
}

func (e *poolTimeout) Error() string {
	return fmt.Sprintf("%v: %s: no connection was free for %v: %s", ErrPoolTimeout, e.node, e.waited.Round(time.Millisecond), e.conns)
}
func (e *poolTimeout) Unwrap() error   { return ErrPoolTimeout }
func (e *poolTimeout) Timeout() bool   { return true }
func (e *poolTimeout) Temporary() bool { return true }

// PoolStats counts what the pools of a client did. Those of a cluster client
// are the sums over its nodes.
type PoolStats struct {
	Hits     uint32 // commands and check-outs that found a connection open
	Misses   uint32 // those that had to wait for one to be opened
	Timeouts uint32 // those that got none within PoolTimeout

	WaitCount       uint32 // those that had to wait, and not in vain, because all connections were in use
	WaitDurationNs  int64  // for how long they did in all, in nanoseconds
	PendingRequests uint32 // those that wait for a connection now, or for a dial

	TotalConns uint32 // connections open now
	IdleConns  uint32 // those among them with nothing in flight
	StaleConns uint32 // connections closed for being dead, idle too long or too old
	Unusable   uint32 // those among StaleConns that were dead

	PubSubStats PubSubStats // of connections for publish and subscribe, which the others leave out
}

// PubSubStats counts the connections for publish and subscribe, of which the
// pools' sizes do not tell.
type PubSubStats struct {
	Created   uint32 // opened so far
	Untracked uint32 // those among them that are closed again
	Active    uint32 // open now
}

func (s *PoolStats) add(other PoolStats) {
	s.Hits += other.Hits
	s.Misses += other.Misses
	s.Timeouts += other.Timeouts
	s.TotalConns += other.TotalConns
	s.IdleConns += other.IdleConns
	s.StaleConns += other.StaleConns
	s.WaitCount += other.WaitCount
	s.WaitDurationNs += other.WaitDurationNs
	s.PendingRequests += other.PendingRequests
	s.Unusable += other.Unusable
	s.PubSubStats.Created += other.PubSubStats.Created
	s.PubSubStats.Untracked += other.PubSubStats.Untracked
	s.PubSubStats.Active += other.PubSubStats.Active
}

// pool is a node's connections. Ordinary commands share them: all use the
// first, but for a few callers who get one each, and for all while the first is
// busy with bulk. What needs a connection of its own takes one out.
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

	// What spread knows of the callers: what speaks for a crowd, and for how long
	// there is one.
	crowding, crowd atomic.Int32

	takersWait atomic.Bool // takers is not empty

	scripts scriptLoads

	// pubsubOpened and pubsubClosed count connections for publish and subscribe.
	pubsubOpened, pubsubClosed atomic.Uint32

	// silent is how many connections owe replies for longer than they should:
	// while there are any, the node is suspect.
	silent atomic.Int32
	// onSilence, if set, is told when the node becomes suspect or does not answer a
	// check, and when it is suspect no more or has answered.
	onSilence func(silent bool)

	mu       sync.Mutex
	health   health
	conns    map[*wire.Conn]*pooled
	leaving  map[*wire.Conn]bool // given out no more, but with calls in flight maybe
	dialing  int
	dialsAt  time.Time                 // when the first of those dials began
	latest   *atomic.Pointer[dialStep] // the steps of the one that began last
	failures int                       // dials in a row that failed
	lastErr  error                     // of the last one
	inVainAt time.Time                 // when a connection ended young that had answered nothing; zero: the last one had
	retryAt  time.Time                 // no dials before, after a failure
	// pauseOverdue says that a call of DialerRetryBackoff has not returned in time.
	pauseOverdue bool
	closed       bool
	sweeper      *time.Timer
	refill       *time.Timer
	timeouts     uint32
	stale        uint32
	dead         uint32 // of them
	waits        uint32
	waited       time.Duration
	served       uint64 // calls on connections that are gone

	fillLater bool // see [pool.startFilling]

	largeOut        int         // connections taken out for large requests
	takers, sharers waitQueue   // who waits for a connection alone, and who for one to share
	slow            *time.Timer // runs while they wait for nothing but a dial

	// In a pool of one connection:
	claimed  *wire.Conn  // shared no more, as a taker waits for it to fall idle
	turnEnds time.Time   // no taker gets it before
	turn     *time.Timer // until then

	renewals    int       // since renewedFrom
	renewedFrom time.Time // within the last second

	life    context.Context // ends with the pool
	endLife context.CancelFunc
	wg      sync.WaitGroup
}

// pooled is what the pool knows of a connection.
type pooled struct {
	opened  time.Time
	expires time.Time // zero: never
	usedAt  time.Time // at the last sweep that found it used
	silent  bool
	served  uint64 // by then
	setUp   uint64 // calls that made it ready
	out     bool   // taken out
	large   bool   // for a large request
}

// aged reports whether the connection has reached its age.
func (i *pooled) aged(now time.Time) bool { return !i.expires.IsZero() && now.After(i.expires) }

func newPool(opt *Options, readOnly bool) *pool {
	p := &pool{
		opt:     opt,
		conns:   map[*wire.Conn]*pooled{},
		leaving: map[*wire.Conn]bool{},
	}
	if opt.fillTurns == nil {
		opt.fillTurns = new(fillTurns)
	}
	if opt.abandoned == nil {
		opt.abandoned = new(abandonedDials)
	}
	p.onSilence = opt.onSilence
	p.fillLater = opt.fillLater
	p.dialer = dialer{opt: opt, readOnly: readOnly, greeted: new(atomic.Bool), onSilence: p.silenceChanged, onIdle: p.fellIdle}
	p.life, p.endLife = context.WithCancel(context.Background())
	p.shared.Store(&[]*wire.Conn{})
	p.mu.Lock()
	defer p.mu.Unlock()
	if opt.IdleCheckFrequency > 0 {
		p.sweeper = time.AfterFunc(opt.IdleCheckFrequency, p.sweep)
	}
	p.fill()
	return p
}

// lane returns a connection to share.
func (p *pool) lane(ctx context.Context) (*wire.Conn, error) {
	if lanes := *p.shared.Load(); len(lanes) > 0 {
		switch first := lanes[0]; {
		case first.Busy():
			return p.quietest(p.sharable(lanes)), nil
		case first.InFlight() > 0 && p.opt.PoolSize > 1:
			return p.spread(p.sharable(lanes)), nil
		default:
			return first, nil
		}
	}
	p.misses.Add(1)
	p.mu.Lock()
	w := p.enqueue(false)
	p.mu.Unlock()
	return p.wait(ctx, w)
}

// sharable leaves out the last connection while anybody waits for one alone: what is
// given to all without a pause would never fall idle.
func (p *pool) sharable(lanes []*wire.Conn) []*wire.Conn {
	if p.takersWait.Load() && len(lanes) > 1 {
		return lanes[:len(lanes)-1]
	}
	return lanes
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
	p.openAnother(lanes)
	return best
}

// spread chooses a connection while the first is in use: one that nobody uses, as
// long as callers are few. Those who read for themselves are faster than those of
// whom one has to wake the others; a crowd is better off together.
func (p *pool) spread(lanes []*wire.Conn) *wire.Conn {
	first := lanes[0]
	if p.crowd.Load() > 0 {
		if first.Solo() {
			p.crowd.Add(-1)
		}
		return first
	}
	few := p.few()
	for _, conn := range lanes[1:min(len(lanes), few)] {
		if conn.InFlight() == 0 {
			if p.crowding.Load() > 0 {
				p.crowding.Add(-1)
			}
			return conn
		}
	}
	count := int32(crowdedOut)
	if len(lanes) < few {
		p.openAnother(lanes)
		count = 1
	}
	if p.crowding.Add(count) >= crowdFrom {
		p.crowding.Store(0)
		p.crowd.Store(crowdStays)
	}
	return first
}

// few is how many callers get a connection each: no more are opened for them than
// are kept.
func (p *pool) few() int {
	few := min(fewCallers, p.opt.PoolSize)
	if p.opt.MaxIdleConns > 0 {
		few = min(few, p.opt.MaxIdleConns)
	}
	return few
}

const (
	// fewCallers is how many get a connection each, if there may be as many.
	fewCallers = 3
	// crowdedOut is what a caller counts who finds all of these in use. One who
	// finds one counts 1 against it, so that it takes every ninth to be a crowd; one
	// for whom another has to be opened counts 1, as maybe it cannot be.
	crowdedOut = 8
	crowdFrom  = 64
	// crowdStays is how often the first connection then has to be found with one
	// caller, who reads for himself, until it is a crowd no more.
	crowdStays = 256
)

// openAnother opens one more connection than lanes, if there may be one. It waits for
// nobody: many may find at the same time that one is missing.
func (p *pool) openAnother(lanes []*wire.Conn) {
	if !p.mu.TryLock() {
		return
	}
	defer p.mu.Unlock()
	if len(*p.shared.Load()) <= len(lanes) && p.dialing == 0 && !time.Now().Before(p.retryAt) {
		p.open(1)
	}
}

// largeRequest is from how many bytes on a request has a connection for itself. It is the
// least that a server can be told to refuse (proto-max-bulk-len, client-query-buffer-limit),
// which it does by hanging up: that must not put in doubt what others have sent. To take
// a connection out costs little beside so many bytes.
const largeRequest = 1 << 20

// connForLarge finds a connection for a large request: one that is the caller's alone until
// [pool.give], unless there is none to be had, and nobody who will soon give one back.
func (p *pool) connForLarge(ctx context.Context) (conn *wire.Conn, alone bool, err error) {
	p.mu.Lock()
	allOut := p.opt.PoolSize > 1 && len(p.conns) >= p.opt.PoolSize && len(*p.shared.Load()) < 2
	hopeless := allOut && p.largeOut == 0
	p.mu.Unlock()
	if !hopeless {
		conn, err = p.take(ctx)
		if err == nil {
			p.mu.Lock()
			if info := p.conns[conn]; info != nil {
				info.large = true
				p.largeOut++
			}
			p.mu.Unlock()
			return conn, true, nil
		}
		if ctx.Err() != nil || len(*p.shared.Load()) == 0 {
			return nil, false, err
		}
	}
	conn, err = p.lane(ctx)
	return conn, false, err
}

// largeEnded notes that a connection is not with a large request any more. The lock is held.
func (p *pool) largeEnded(info *pooled) {
	if info.large {
		info.large = false
		p.largeOut--
	}
}

// take returns a connection that is the caller's alone until [pool.give].
func (p *pool) take(ctx context.Context) (*wire.Conn, error) {
	p.mu.Lock()
	if p.takers.len() == 0 {
		if conn := p.reserve(); conn != nil {
			p.mu.Unlock()
			return conn, nil
		}
	}
	w := p.enqueue(true)
	p.mu.Unlock()
	p.misses.Add(1)
	return p.wait(ctx, w)
}

func (p *pool) stats() PoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := PoolStats{
		Misses:     p.misses.Load(),
		Timeouts:   p.timeouts,
		TotalConns: uint32(len(p.conns)),
		StaleConns: p.stale,
		Unusable:   p.dead,

		WaitCount:       p.waits,
		WaitDurationNs:  int64(p.waited),
		PendingRequests: uint32(p.takers.len() + p.sharers.len()),
	}
	closed := p.pubsubClosed.Load() // before those opened, which are not fewer
	s.PubSubStats = PubSubStats{Created: p.pubsubOpened.Load(), Untracked: closed}
	s.PubSubStats.Active = s.PubSubStats.Created - closed
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

// waiter is a caller that waits for a connection. The pool decides what it gets; it
// looks for nothing itself.
type waiter struct {
	alone bool // it needs the connection for itself
	since time.Time
	place *list.Element // in its queue; nil when it has left that

	ready chan struct{} // closed when it has left the queue with one of these:
	conn  *wire.Conn
	err   error
}

// waitQueue is callers that wait, the oldest first. The pool's lock guards it.
type waitQueue struct{ list list.List }

func (q *waitQueue) len() int { return q.list.Len() }

func (q *waitQueue) push(w *waiter) { w.place = q.list.PushBack(w) }

func (q *waitQueue) remove(w *waiter) {
	q.list.Remove(w.place)
	w.place = nil
}

// oldest is the one that has waited longest; nil if nobody waits.
func (q *waitQueue) oldest() *waiter {
	if first := q.list.Front(); first != nil {
		return first.Value.(*waiter)
	}
	return nil
}

// sharersTurn is how long those who share have the only connection of a pool before
// one who needs it alone gets it.
const sharersTurn = 2 * time.Millisecond

// queueFor is the queue of those who need a connection alone, or of those who share.
func (p *pool) queueFor(alone bool) *waitQueue {
	if alone {
		return &p.takers
	}
	return &p.sharers
}

// enqueue has a caller wait, and does for it what can be done at once. The lock is held.
func (p *pool) enqueue(alone bool) *waiter {
	w := &waiter{alone: alone, since: time.Now(), ready: make(chan struct{})}
	p.queueFor(alone).push(w)
	p.takersWait.Store(p.takers.len() > 0)
	p.serve()
	return w
}

// leave takes a waiter out of its queue. The lock is held.
func (p *pool) leave(w *waiter) {
	p.queueFor(w.alone).remove(w)
	if w.alone && p.takers.len() == 0 {
		p.takersWait.Store(false)
		p.unclaim()
	}
}

// wait waits in the queue for at most PoolTimeout. What comes too late goes to the
// next one.
func (p *pool) wait(ctx context.Context, w *waiter) (*wire.Conn, error) {
	var timeout <-chan time.Time
	if p.opt.PoolTimeout > 0 {
		timer := time.NewTimer(p.opt.PoolTimeout)
		defer timer.Stop()
		timeout = timer.C
	}
	for {
		select {
		case <-w.ready:
			return w.outcome(p.opt.Addr)
		case <-ctx.Done():
			awaited := p.awaited()
			if !p.abandon(w) && w.conn != nil && w.alone {
				p.give(w.conn)
			}
			cause := fmt.Errorf("%w (waiting for a connection: %s)", ctx.Err(), awaited)
			return nil, &wire.Error{Node: p.opt.Addr, Waited: time.Since(w.since), Cause: cause}
		case <-timeout:
			if p.isFirstDialBounded() {
				timeout = nil // the dial has its own bound, and says what went wrong
				continue
			}
			awaited := p.awaited()
			if !p.abandon(w) {
				return w.outcome(p.opt.Addr)
			}
			p.mu.Lock()
			p.timeouts++
			p.mu.Unlock()
			return nil, &poolTimeout{p.opt.Addr, time.Since(w.since), awaited}
		}
	}
}

// isFirstDialBounded reports whether nothing but a dial can bring a connection, and that
// ends by itself.
func (p *pool) isFirstDialBounded() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stalled() && p.opt.DialTimeout > 0
}

// awaited is what those who wait for a connection are waiting for.
func (p *pool) awaited() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stalled() {
		if p.stage() == stageTLS {
			return stageTLS + "; is it a port without TLS?"
		}
		return p.stage()
	}
	text := fmt.Sprintf("all %d of PoolSize %d are in use", len(p.conns), p.opt.PoolSize)
	if p.dialing > 0 {
		text = fmt.Sprintf("%d of PoolSize %d are in use, and one more is not ready yet: %s", len(p.conns), p.opt.PoolSize, p.stage())
	}
	return text
}

// unanswered is the error of a wait for the answer to a command that ends because of cause,
// while nothing else is sent to the node.
func (p *pool) unanswered(command string, cause error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.conns) > 0 {
		return &NodeError{Node: p.opt.Addr, Cause: fmt.Errorf("%s: %w", command, cause)}
	}
	return unfinished(p.opt.Addr, p.stage(), cause)
}

func (w *waiter) outcome(node string) (*wire.Conn, error) {
	if errors.Is(w.err, errSlowDial) {
		return nil, &wire.Error{Node: node, Waited: time.Since(w.since), Cause: w.err}
	}
	return w.conn, w.err
}

// abandon takes a waiter out of the queue, unless it was served meanwhile.
func (p *pool) abandon(w *waiter) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.place == nil {
		return false
	}
	p.leave(w)
	return true
}

// serve gives connections to those who wait, the oldest first, and has one dialled
// for whom there is none. It is called whenever there may be one more, or one less.
// The lock is held.
func (p *pool) serve() {
	if p.closed {
		p.refuseAll(ErrClosed)
		return
	}
	if lanes := *p.shared.Load(); len(lanes) > 0 && p.sharers.len() > 0 {
		for w := p.sharers.oldest(); w != nil; w = p.sharers.oldest() {
			p.handOver(w, lanes[0])
		}
		p.turnEnds = time.Now().Add(sharersTurn)
	}
	for w := p.takers.oldest(); w != nil; w = p.takers.oldest() {
		conn := p.reserve()
		if conn == nil {
			break
		}
		p.handOver(w, conn)
	}
	p.dialForWaiters()
}

// react does what is called for when there are more connections than before, or less:
// those who wait come before idle ones. The lock is held.
func (p *pool) react() {
	p.serve()
	p.fill()
}

// handOver ends a wait. The lock is held.
func (p *pool) handOver(w *waiter, conn *wire.Conn) {
	if full := p.dialing == 0 && len(p.conns) >= p.opt.PoolSize; full && p.conns[conn].opened.Before(w.since) {
		p.waits++
		p.waited += time.Since(w.since)
	}
	p.leave(w)
	w.conn = conn
	close(w.ready)
}

// refuseAll ends every wait with err. The lock is held.
func (p *pool) refuseAll(err error) {
	for _, q := range []*waitQueue{&p.takers, &p.sharers} {
		for w := q.oldest(); w != nil; w = q.oldest() {
			p.leave(w)
			w.err = err
			close(w.ready)
		}
	}
}

// reserve takes out a connection with nothing in flight, if there is one. The last
// that is shared stays so, unless it is the only one there may be. When it finds none,
// the pool is told as soon as one of them falls idle. The lock is held.
func (p *pool) reserve() *wire.Conn {
	if p.opt.PoolSize == 1 {
		return p.reserveOnly()
	}
	lanes := *p.shared.Load()
	if len(lanes) < 2 {
		return nil
	}
	for i := range lanes {
		conn := lanes[len(lanes)-1-i]
		if p.opt.PoolFIFO {
			conn = lanes[(i+1)%len(lanes)]
		}
		if conn.Reserve() {
			p.lend(conn)
			return conn
		}
	}
	return nil
}

// reserveOnly takes out the only connection there may be. Those who share and those
// who need it alone take turns: while one waits for it to fall idle nobody else gets
// it, and those who wait for it to come back then have it for a while. The lock is
// held.
func (p *pool) reserveOnly() *wire.Conn {
	conn := p.claimed
	if conn == nil {
		lanes := *p.shared.Load()
		if len(lanes) == 0 {
			return nil
		}
		if left := time.Until(p.turnEnds); left > 0 {
			p.serveLater(left)
			return nil
		}
		conn = lanes[0]
	}
	if conn.Reserve() {
		p.claimed = nil
		p.lend(conn)
		return conn
	}
	if p.takers.len() > 0 {
		p.claimed = conn
		p.share(nil)
	}
	return nil
}

// unclaim gives the only connection back to those who share, when nobody waits for it
// to fall idle any more. The lock is held.
func (p *pool) unclaim() {
	if conn := p.claimed; conn != nil {
		p.claimed = nil
		p.share([]*wire.Conn{conn})
		p.serve()
	}
}

// serveLater has those who wait served when the turn of others is over. The lock is
// held.
func (p *pool) serveLater(after time.Duration) {
	if p.turn != nil {
		return
	}
	p.turn = time.AfterFunc(after, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.turn = nil
		p.serve()
	})
}

// lend notes that a connection was taken out. The lock is held.
func (p *pool) lend(conn *wire.Conn) {
	p.conns[conn].out = true
	p.share(without(*p.shared.Load(), conn))
	p.fill()
	p.watch()
}

// fellIdle is told by a connection that nothing is in flight on it any more.
func (p *pool) fellIdle(*wire.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serve()
}

// give brings back a connection that was taken. It goes straight to the one who has
// waited longest, if those who share have another. One on which the server still serves
// a command is closed: others would have to wait for the end of that.
func (p *pool) give(conn *wire.Conn) {
	p.mu.Lock()
	info, known := p.conns[conn]
	if known {
		p.largeEnded(info)
	}
	keep := known && !p.closed && conn.Err() == nil && conn.InFlight() == 0
	if keep && p.opt.IdleCheckFrequency > 0 && info.aged(time.Now()) {
		p.stale++ // it may never be seen idle
		keep = false
	}
	lanes := *p.shared.Load()
	othersHave := len(lanes) > 0 || p.opt.PoolSize == 1 && p.sharers.len() == 0
	switch next := p.takers.oldest(); {
	case !keep:
	case next != nil && othersHave:
		p.handOver(next, conn)
	case p.opt.MaxIdleConns > 0 && len(lanes) >= p.opt.MaxIdleConns:
		keep = false
	default:
		conn.Release()
		info.out = false
		p.share(append(slices.Clone(lanes), conn))
		p.serve()
	}
	retired := p.closed
	p.mu.Unlock()
	if !keep {
		conn.Close(wire.ErrClosed)
	}
	if retired {
		p.checkSoon() // or to find that there is nothing left to watch
	}
}

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

// lost is told by a connection that it is dead.
func (p *pool) lost(conn *wire.Conn, cause error) {
	ours := errors.Is(cause, wire.ErrClosed) || errors.Is(cause, ErrClosed)
	p.mu.Lock()
	wasSuspect := p.suspect()
	info := p.conns[conn]
	large := info != nil && info.large // it may be the request that the server refuses
	delete(p.leaving, conn)
	if p.health.spare == conn {
		p.health.spare = nil
	}
	if p.forget(conn) && !errors.Is(cause, wire.ErrClosed) {
		p.stale++
		p.dead++
	}
	calmed := wasSuspect && !p.suspect() // which is no proof that the node lives
	if info != nil && !ours && !large {
		p.autopsy(conn, info, cause)
	}
	var doubtful []*wire.Conn
	// One that was refused at the handshake, and is not known, says nothing about those
	// that were let in.
	if info != nil && !ours && !large && !errors.Is(cause, wire.ErrClosedByServer) {
		doubtful = p.forgetIdle()
	}
	others := *p.shared.Load()
	p.react()
	if calmed {
		p.watch()
	}
	p.mu.Unlock()
	for _, conn := range doubtful {
		conn.Drain()
	}
	if !ours {
		checkConns(others) // the server may have closed them with this one
	}
	if calmed && p.onSilence != nil {
		p.checkSoon()
		p.onSilence(false)
	}
}

// youngest is the age up to which it speaks against a server that it has ended a
// connection without having answered a command. Older ones may have been idle, and
// make for few dials.
const youngest = 100 * time.Millisecond

// autopsy finds out what it means for the next dial that the server has ended
// conn. One that was opened in vain after another was is like a dial that failed:
// a server that hangs up on everybody must not be dialled again and again. The
// lock is held, as [pool.refused] has it.
func (p *pool) autopsy(conn *wire.Conn, info *pooled, cause error) {
	now := time.Now()
	switch {
	case conn.Answered() > info.setUp:
		p.inVainAt = time.Time{}
	case now.Sub(info.opened) > youngest:
	case p.inVainAt.IsZero():
		p.inVainAt = now
	case info.opened.After(p.inVainAt):
		p.inVainAt = now
		p.refused(&DialError{p.opt.Addr, "first command", cause})
	}
}

// dropUnfit gives out no more those connections that take no more calls. A dying
// one may be found by a command before [pool.lost] is told, and must not be found
// by it again and again until then.
func (p *pool) dropUnfit() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.share(slices.DeleteFunc(slices.Clone(*p.shared.Load()), func(conn *wire.Conn) bool { return conn.Err() != nil }))
}

// checkConns closes the connections that the server has closed while they were
// idle, so that nobody is given one of them.
func checkConns(conns []*wire.Conn) {
	for _, conn := range conns {
		conn.Check()
	}
}

// forgetIdle removes the connections with nothing in flight: another one broke
// under way, or got no answer, so that the server has to prove itself by a
// handshake. What the next caller sent might be lost as well, and be in doubt. The
// lock is held.
func (p *pool) forgetIdle() []*wire.Conn { return p.forgetIdleBeyond(0) }

// forgetIdleBeyond removes the connections with nothing in flight but for the first
// so many. The lock is held.
func (p *pool) forgetIdleBeyond(kept int) (idle []*wire.Conn) {
	for _, conn := range *p.shared.Load() {
		if conn.InFlight() == 0 {
			idle = append(idle, conn)
		}
	}
	idle = idle[min(kept, len(idle)):]
	p.dismiss(idle)
	return idle
}

// silenceChanged is told by a connection that it has fallen silent, or speaks again.
func (p *pool) silenceChanged(conn *wire.Conn, silent bool) {
	p.mu.Lock()
	info, known := p.conns[conn]
	changed := known && p.setSilent(info, silent)
	switch {
	case !known:
	case silent:
		p.unheard(time.Now())
	default:
		p.heard(info.opened)
	}
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
	p.largeEnded(info)
	delete(p.conns, conn)
	if conn == p.claimed {
		p.claimed = nil
	}
	p.served += conn.Served() - info.setUp
	p.share(without(*p.shared.Load(), conn))
	return true
}

// dismiss removes connections that the caller drains next. Until their calls are
// done they are known as leaving, so that what ends the pool's calls ends these too.
// The lock is held.
func (p *pool) dismiss(conns []*wire.Conn) {
	for _, conn := range conns {
		if p.forget(conn) {
			p.leaving[conn] = true
		}
	}
}

// share replaces the connections that anyone may use. The lock is held.
func (p *pool) share(lanes []*wire.Conn) { p.shared.Store(&lanes) }

// sweep closes connections that have been idle too long, are too old, or were
// closed by the server, and those that are idle beyond MaxIdleConns.
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
		if !info.out && (idle || info.aged(now)) {
			old = append(old, conn)
		}
	}
	p.dismiss(old)
	p.stale += uint32(len(old))
	if p.opt.MaxIdleConns > 0 {
		old = append(old, p.forgetIdleBeyond(p.opt.MaxIdleConns)...)
	}
	p.react()
	left := *p.shared.Load()
	p.sweeper.Reset(p.opt.IdleCheckFrequency)
	p.mu.Unlock()
	for _, conn := range old {
		conn.Drain()
	}
	checkConns(left)
}

// retire closes the pool's connections as soon as their calls are done, and
// those that are taken out when they are given back.
func (p *pool) retire() {
	_ = p.shut(p.keepSpare, (*wire.Conn).Drain)
	p.checkSoon()
}

// isAwaited reports whether anybody waits for a connection. The lock is held.
func (p *pool) isAwaited() bool { return p.takers.len()+p.sharers.len() > 0 }

// hasWaiters reports the same.
func (p *pool) hasWaiters() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.isAwaited()
}

// isOpen reports whether there is any connection.
func (p *pool) isOpen() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns) > 0
}

// hasEnded reports whether the pool was closed or retired, and nothing is left of it.
func (p *pool) hasEnded() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed && len(p.conns) == 0 && len(p.leaving) == 0 && p.dialing == 0 && p.health.spare == nil
}

// close closes the connections at once, also those that retire has left to their
// calls; calls in flight fail with ErrClosed. It waits for dials to end, which is soon
// even if callbacks do not return.
func (p *pool) close() error {
	err := p.end()
	p.wg.Wait()
	return err
}

// end is close without the wait.
func (p *pool) end() error {
	p.endChecks()
	return p.shut(p.list, func(conn *wire.Conn) { conn.Close(ErrClosed) })
}

// maxRenewals is how often a node may be dialled anew in a second because it
// wants the client on another connection: one that always says so must not be
// dialled by every command it says it to.
const maxRenewals = 5

// renew has the node dialled anew: the connections that are shared take no more
// calls. One that has answered nothing yet stays, as it cannot be the one that the
// server wants the client to leave.
func (p *pool) renew() {
	p.mu.Lock()
	var old []*wire.Conn
	for _, conn := range *p.shared.Load() {
		if conn.Answered() > p.conns[conn].setUp {
			old = append(old, conn)
		}
	}
	if len(old) > 0 && !p.mayRenew(time.Now()) {
		old = nil
	}
	p.dismiss(old)
	p.react()
	p.mu.Unlock()
	for _, conn := range old {
		conn.Drain()
	}
}

// mayRenew counts a renewal, if there may be another one now. The lock is held.
func (p *pool) mayRenew(now time.Time) bool {
	if now.Sub(p.renewedFrom) >= time.Second {
		p.renewedFrom, p.renewals = now, 0
	}
	p.renewals++
	return p.renewals <= maxRenewals
}

// shut lets the pool give out nothing any more, and ends those of its
// connections that which lists. The error is ErrClosed if that is not the first time.
func (p *pool) shut(which func() []*wire.Conn, end func(*wire.Conn)) (err error) {
	p.mu.Lock()
	if p.closed {
		err = ErrClosed
	}
	p.closed = true
	p.refuseAll(ErrClosed)
	conns := which()
	p.share(nil)
	p.endLife()
	for _, timer := range []*time.Timer{p.sweeper, p.refill, p.slow, p.turn} {
		if timer != nil {
			timer.Stop()
		}
	}
	p.mu.Unlock()
	for _, conn := range conns {
		end(conn)
	}
	return err
}

// list is every connection, those that leave included. The lock is held.
func (p *pool) list() []*wire.Conn {
	conns := slices.AppendSeq(slices.Collect(maps.Keys(p.conns)), maps.Keys(p.leaving))
	if p.health.spare != nil {
		conns = append(conns, p.health.spare)
	}
	return conns
}

// unreachable reports whether the last dial failed and none has succeeded since,
// or one has had no answer for long.
func (p *pool) unreachable() bool {
	if len(*p.shared.Load()) > 0 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	slow := p.stalled() && p.opt.suspectAfter > 0 && p.dialPatience() <= 0
	return p.lastErr != nil || slow
}

// A call with a time of its own, such as BLPOP without a timeout, may wait for ever,
// and its wait says nothing about the server. Nor can the server be asked on that
// connection. So as long as there are such calls, the node has to answer a PING on
// another connection once in a while. It counts as unheard if it does not, and when it
// has replaced another process under the same address, what waits for that one ends.

const (
	// checkPeriod is the time between checks.
	checkPeriod = time.Second
	// checkTimeout bounds one check, with the dial if it needs one.
	checkTimeout = time.Second
)

// errOtherProcess ends the calls to a server in whose place another one answers.
var errOtherProcess = errors.New("another server has taken its address over")

// health is what a pool knows of whether its node lives. The pool's lock guards it.
type health struct {
	timer *time.Timer
	armed bool               // the timer is set
	stop  context.CancelFunc // ends the check under way; nil: there is none
	over  bool               // there are no more checks

	// spare is a connection for checks alone, while there is none to share: the pool
	// is retired, or all its connections are taken out or silent.
	spare   *wire.Conn
	spareAt time.Time // when it was opened

	attached map[*attachment]bool

	unheardFrom time.Time // since when the node has owed a sign of life; zero: it owes none

	// A node that speaks on a new connection after a silence may be another process.
	doubtFrom time.Time  // connections from before may lead to nobody; zero: they do not
	doubtAt   time.Time  // when that doubt came up
	process   string     // the run ID of the server; empty: not known
	asked     *wire.Conn // that told it
}

// attachment is a user of a connection to the node that is not the pool's.
type attachment struct {
	from time.Time
	end  func(cause error) // ends the use
}

// watch has the node checked while there is need of it. The lock is held.
func (p *pool) watch() {
	h := &p.health
	if p.onSilence == nil || h.armed || h.over {
		return
	}
	h.armed = true
	if h.timer == nil {
		h.timer = time.AfterFunc(checkPeriod, p.look)
	} else {
		h.timer.Reset(checkPeriod)
	}
}

// checkSoon has the next check made at once, if there is to be one.
func (p *pool) checkSoon() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.health.armed {
		p.health.timer.Reset(0)
	}
}

// endChecks ends the check under way, and there are no more.
func (p *pool) endChecks() {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := &p.health
	h.over = true
	if h.timer != nil {
		h.timer.Stop()
	}
	if h.stop != nil {
		h.stop()
	}
}

// attach has end called when the calls to the node are given up, until the function
// that is returned is called.
func (p *pool) attach(end func(cause error)) (detach func() bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := &attachment{time.Now(), end}
	if p.health.attached == nil {
		p.health.attached = map[*attachment]bool{}
	}
	p.health.attached[a] = true
	p.watch()
	return func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		was := p.health.attached[a]
		delete(p.health.attached, a)
		return was
	}
}

// giveUp closes every connection because of cause: the node does not serve its
// slots any more. What was attached ends as well. The pool stays open.
func (p *pool) giveUp(cause error) {
	p.mu.Lock()
	conns := p.list()
	attached := slices.Collect(maps.Keys(p.health.attached))
	p.mu.Unlock()
	endAll(conns, attached, cause)
}

// endAll ends connections, and what was attached, because of cause.
func endAll(conns []*wire.Conn, attached []*attachment, cause error) {
	for _, conn := range conns {
		conn.Close(cause)
	}
	for _, a := range attached {
		a.end(cause)
	}
}

// look checks the node if anything depends on it, and looks again later as long as
// that may be.
func (p *pool) look() {
	p.mu.Lock()
	h := &p.health
	h.armed = false
	unheard := !h.unheardFrom.IsZero()
	if h.over || !p.isLent() && (p.closed || !unheard) {
		spare := p.takeSpare()
		p.mu.Unlock()
		drain(spare)
		return
	}
	p.watch()
	blocked := p.isBlocked()
	if !blocked {
		h.doubtFrom = time.Time{}
	}
	needed := blocked || unheard
	if p.suspect() { // somebody waits for an answer already
		needed = blocked && time.Since(h.unheardFrom) >= checkPeriod
	}
	if h.stop != nil || !needed {
		p.mu.Unlock()
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), checkTimeout)
	defer stop()
	h.stop = stop
	p.wg.Add(1)
	p.mu.Unlock()
	defer p.wg.Done()

	p.check(ctx)
	p.mu.Lock()
	h.stop = nil
	p.mu.Unlock()
}

// isLent reports whether anybody has a connection to the node for itself. The lock is
// held.
func (p *pool) isLent() bool {
	for _, info := range p.conns {
		if info.out {
			return true
		}
	}
	return len(p.health.attached) > 0
}

// isBlocked reports whether anything waits for the node that would not notice its end.
// The lock is held.
func (p *pool) isBlocked() bool {
	for conn, info := range p.conns {
		if info.out && conn.Blocked() {
			return true
		}
	}
	return len(p.health.attached) > 0
}

// hasBlocked is isBlocked for those who do not hold the lock.
func (p *pool) hasBlocked() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.isBlocked()
}

// check asks the node for a sign of life.
func (p *pool) check(ctx context.Context) {
	began := time.Now()
	conn, err := p.connToCheck(ctx)
	var heardAt int64
	if err == nil {
		heardAt = conn.HeardAt()
		err = exchange(ctx, conn, newPing(), 0)
	}
	var lost *NodeError
	replied := err == nil || errors.As(err, new(Error)) // one that refuses lives as well
	switch {
	case conn == nil && replied:
		p.spoke(began)
	case conn != nil && (replied || conn.HeardAt() != heardAt):
		p.answered(ctx, conn)
	case ctx.Err() == context.Canceled, errors.Is(err, ErrClosed), errors.As(err, &lost) && lost.Wrote == 0 && outdated(lost.Cause):
	default:
		p.mu.Lock()
		news := p.unheard(began)
		spare := p.takeSpare() // the next check should be made on a new one
		p.mu.Unlock()
		if spare != nil && spare.InFlight() <= 1 { // the PING
			spare.Close(wire.ErrClosed)
		}
		drain(spare)
		if news {
			p.onSilence(true)
		}
	}
}

// connToCheck finds a connection on which the node can be asked: one that is shared, or
// the spare one.
func (p *pool) connToCheck(ctx context.Context) (*wire.Conn, error) {
	p.mu.Lock()
	h := &p.health
	lanes := len(*p.shared.Load())
	full := lanes == 0 && len(p.conns) >= p.opt.PoolSize
	silent := lanes > 0 && (p.suspect() || !h.unheardFrom.IsZero())
	if !p.closed && !full && !silent {
		spare := p.takeSpare()
		p.mu.Unlock()
		drain(spare)
		return p.lane(ctx)
	}
	spare := h.spare
	p.mu.Unlock()
	if spare != nil {
		return spare, nil
	}
	conn, err := p.dialer.dial(ctx, p.lost)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	if h.over {
		p.mu.Unlock()
		conn.Close(wire.ErrClosed)
		return nil, ErrClosed
	}
	h.spare, h.spareAt = conn, time.Now()
	p.mu.Unlock()
	return conn, nil
}

// keepSpare is the connections that end when the pool retires: those that are shared,
// but for one to check the node by while calls are blocked there. The lock is held.
func (p *pool) keepSpare() []*wire.Conn {
	lanes := *p.shared.Load()
	h := &p.health
	if p.onSilence == nil || len(lanes) == 0 || h.spare != nil || !p.isBlocked() {
		return lanes
	}
	h.spare, h.spareAt = lanes[0], p.conns[lanes[0]].opened
	p.forget(lanes[0])
	return lanes[1:]
}

// takeSpare takes the spare connection away, for the caller to drain. The lock is held.
func (p *pool) takeSpare() *wire.Conn {
	spare := p.health.spare
	if spare != nil {
		p.leaving[spare] = true
	}
	p.health.spare = nil
	return spare
}

// drain ends a connection, if it is one, when nothing is in flight.
func drain(conn *wire.Conn) {
	if conn != nil {
		conn.Drain()
	}
}

// unheard notes that the node has owed a sign of life since then, and reports whether
// that is news. The lock is held.
func (p *pool) unheard(from time.Time) (news bool) {
	h := &p.health
	if !h.unheardFrom.IsZero() {
		return false
	}
	h.unheardFrom = from
	return true
}

// heard notes a sign of life on a connection that was opened then, and reports whether
// it ends a silence. The lock is held.
func (p *pool) heard(opened time.Time) (news bool) {
	h := &p.health
	switch {
	case h.unheardFrom.IsZero():
	case opened.Before(h.unheardFrom):
		h.doubtFrom = time.Time{}
	case h.doubtFrom.IsZero():
		h.doubtFrom, h.doubtAt = h.unheardFrom, time.Now()
	}
	if p.suspect() { // other connections are silent still
		h.unheardFrom = time.Now()
		return false
	}
	news = !h.unheardFrom.IsZero()
	h.unheardFrom = time.Time{}
	return news
}

// isUnheard reports whether the node owes a sign of life, and since when.
func (p *pool) isUnheard() (since time.Time, yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	since = p.health.unheardFrom
	return since, !since.IsZero()
}

// spoke is heard for those who do not hold the lock, and tells of it.
func (p *pool) spoke(opened time.Time) {
	p.mu.Lock()
	news := p.heard(opened)
	p.mu.Unlock()
	if news && p.onSilence != nil {
		p.onSilence(false)
	}
}

// answered notes that the node has answered on conn. If it was silent before, and conn
// is newer than that, it is found out whether it is the same process: the calls to
// another one end.
func (p *pool) answered(ctx context.Context, conn *wire.Conn) {
	p.mu.Lock()
	h := &p.health
	opened := h.spareAt
	if info := p.conns[conn]; info != nil {
		opened = info.opened
	}
	p.mu.Unlock()
	p.spoke(opened)
	p.mu.Lock()
	needed := p.isBlocked() && (conn != h.asked || !h.doubtFrom.IsZero())
	p.mu.Unlock()
	if !needed {
		return
	}
	process, err := processOf(ctx, conn)
	if err != nil && !errors.As(err, new(Error)) {
		return // the next check will tell
	}
	p.mu.Lock()
	conns, attached := p.identified(conn, process)
	p.mu.Unlock()
	if len(conns)+len(attached) > 0 {
		logf("redis: %s is another process now: the calls to the one before are given up", p.opt.Addr)
	}
	endAll(conns, attached, errOtherProcess)
}

// identified notes which process has answered on conn, and returns what leads to the
// one before. Where processes do not tell, connections from before a silence have one
// period to show that they lead to somebody. The lock is held.
func (p *pool) identified(conn *wire.Conn, process string) (conns []*wire.Conn, attached []*attachment) {
	h := &p.health
	h.asked = conn
	known := process != "" && h.process != ""
	if from := h.doubtFrom; !from.IsZero() {
		if !known && time.Since(h.doubtAt) < checkPeriod {
			return nil, nil
		}
		h.doubtFrom = time.Time{}
		if !known || process != h.process {
			for conn, info := range p.conns {
				if info.opened.Before(from) {
					conns = append(conns, conn)
				}
			}
			for a := range h.attached {
				if a.from.Before(from) {
					attached = append(attached, a)
				}
			}
		}
	}
	h.process = process
	return conns, attached
}

// processOf asks a server for what tells it from the one that ran before; empty if it
// does not say.
func processOf(ctx context.Context, conn *wire.Conn) (string, error) {
	cmd := new(StringCmd)
	cmd.start("info", "server")
	err := exchange(ctx, conn, cmd, 0)
	return runID(cmd.val), err
}
