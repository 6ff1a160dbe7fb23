package redis

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/wire"
)

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
