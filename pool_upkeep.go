package redis

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/wire"
)

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
