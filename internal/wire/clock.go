package wire

import (
	"sync/atomic"
	"time"
)

var epoch = time.Now()

// nanos is the time on a clock that only goes forward.
func nanos() int64 { return int64(time.Since(epoch)) }

// clock keeps the time of a connection in use, so that a call costs neither a
// timer nor a look at the real clock. It ticks while there is something to
// watch over, and the tick does all that has to do with time but [lateness]: the
// timeouts, and sending the resident reader to rest.
type clock struct {
	every time.Duration
	timer *time.Timer
	armed bool
	exact bool         // a tick is too coarse for ReadTimeout
	now   int64        // at the last tick
	lost  atomic.Int64 // time that went by while the process was stopped; changed under the lock
}

// time is the time by the clock.
func (k *clock) time() int64 { return nanos() - k.lost.Load() }

// mostTicks is how many ticks' time may pass at one tick. A process that was
// stopped, or starved, for longer than that has not waited for the server all
// the while; and what was submitted since the last tick seems as old as that.
const mostTicks = 4

func (k *clock) advance() {
	if late := k.time() - k.now - mostTicks*int64(k.every); late > 0 {
		k.lost.Add(late)
	}
	k.now = k.time()
}

// The clock ticks every eighth of the shortest limit, within these bounds.
const (
	shortestTick = 200 * time.Microsecond
	longestTick  = 50 * time.Millisecond
)

// exactBelow is the ReadTimeout below which replies are timed one by one when they come,
// since a tick may see nothing of them. Programs use such times to see what happens then.
const exactBelow = time.Millisecond

// isTooLate reports whether what has just come has come too late.
func (c *Conn) isTooLate() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := c.calls.first()
	return first != nil && first.Timeout == 0 && c.clock.time()-first.since > int64(c.opt.ReadTimeout)
}

func tickFor(opt Options) time.Duration {
	tick := longestTick
	for _, t := range []time.Duration{opt.ReadTimeout, opt.WriteTimeout, opt.SilentAfter} {
		if t > 0 {
			tick = min(tick, t/8)
		}
	}
	return max(tick, shortestTick)
}

// wake starts the clock for the first call after a pause, and finds out
// whether the server has closed the connection meanwhile. The lock is held.
func (c *Conn) wake() {
	if c.reader.Load() == nobody {
		if err := c.checkAlive(); err != nil {
			c.err = err
			return
		}
	}
	c.clock.armed = true
	c.clock.now = c.clock.time()
	if c.clock.timer == nil {
		c.clock.timer = time.AfterFunc(c.clock.every, c.tick)
	} else {
		c.clock.timer.Reset(c.clock.every)
	}
}

// unlooked is for how long nobody may have read before the connection is looked at
// ahead of the next call. The look costs a system call, which callers that send one
// command right after the other are spared.
const unlooked = time.Millisecond

// rouse finds out for a call that comes soon after the last reply whether the server
// has closed the connection in between. The lock is held, and nothing is in flight.
func (c *Conn) rouse() {
	if c.reader.Load() != nobody || nanos()-c.leftAt < int64(unlooked) {
		return
	}
	if err := c.checkAlive(); err != nil {
		c.err = err
	}
}

// stop ends the ticking. The connection's lock is held.
func (k *clock) stop() {
	if k.timer != nil {
		k.timer.Stop()
	}
	k.armed = false
}

func (c *Conn) tick() {
	c.mu.Lock()
	if c.err != nil || !c.clock.armed {
		c.mu.Unlock()
		return
	}
	c.clock.advance()
	c.largest /= 2
	c.gathering.age()
	first := c.calls.first()
	c.progress.look(c, first)
	if first == nil && !c.writing {
		c.clock.armed = false
		c.unwind()
		c.mu.Unlock()
		return
	}
	if cause := c.overdue(first); cause != nil {
		c.mu.Unlock()
		c.fail(cause)
		return
	}
	if first != nil && c.reader.Load() == nobody {
		c.reside() // its caller is busy elsewhere
	}
	c.silence.fallen = c.silence.fallen || c.isSilent(first)
	news := c.silence.news()
	c.clock.timer.Reset(c.clock.every)
	c.mu.Unlock()
	if news {
		c.tellSilence()
	}
}

// progress is how far the server has come lately with what it owes.
type progress struct {
	received int   // bytes since from
	from     int64 // when that count began
	at       int64 // when it came to a bulk within a ReadTimeout
	sentAt   int64 // when more was written of the oldest call in flight

	// At the last look:
	written uint64
	partly  *Call // the oldest call in flight, unless it was written to the end
}

// look is made at every tick. The lock is held.
func (p *progress) look(c *Conn, first *Call) {
	now := c.clock.now
	switch {
	case p.received >= bulk:
		p.received, p.from, p.at = 0, now, now
	case now-p.from >= int64(c.opt.ReadTimeout):
		p.received, p.from = 0, now
	}
	// A small request that is first goes into the socket at once: there is room. If it
	// does not, the server is not to blame for the time before.
	partly := first != nil && first.before(c.written) < first.size &&
		(first.size > socketful || now-first.since > 2*int64(c.clock.every))
	if c.written != p.written && first != nil && (partly || first == p.partly) {
		p.sentAt = now
	}
	p.written, p.partly = c.written, nil
	if partly {
		p.partly = first
	}
}

// trickling is how many ReadTimeouts a server may take that sends something all the
// time, but less than a bulk in each.
const trickling = 10

// overdue is the timeout that has passed, if any. Times taken from the clock
// may be too early by a tick.
//
// A write has WriteTimeout to take in each piece. Then the server has ReadTimeout to
// send something, and again after each byte: a reply may take longer that is large or
// comes over a slow line, and those behind it have to wait. But if the server sends less
// than a bulk in each ReadTimeout, it is over after ten of them.
func (c *Conn) overdue(first *Call) error {
	now := c.clock.now - int64(c.clock.every)
	if c.writeSince != 0 && c.opt.WriteTimeout > 0 && now-c.writeSince >= int64(c.opt.WriteTimeout) {
		return errWriteTimeout
	}
	if first == nil {
		return nil
	}
	limit := first.Timeout
	if limit == 0 {
		limit = c.opt.ReadTimeout
	}
	if limit <= 0 {
		return nil
	}
	from := max(first.since, c.progress.sentAt)
	if now-max(from, c.silence.heardAt) >= int64(limit) || (now-max(from, c.progress.at))/trickling >= int64(limit) {
		return ErrReadTimeout
	}
	return nil
}

// unwind lets go of what an idle connection does not need.
func (c *Conn) unwind() {
	const keep = 4 << 10
	if cap(c.out) > keep {
		c.out = nil
	}
	if cap(c.spare) > keep {
		c.spare = nil
	}
	c.outRefs, c.spareRefs = nil, nil
	if len(c.calls.ring) > 256 {
		c.calls = queue{}
	}
	if c.reader.Load() == nobody {
		c.in.release()
		return
	}
	c.rest = true
	c.kick()
}
