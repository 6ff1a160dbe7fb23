package redis

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/wire"
)

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
