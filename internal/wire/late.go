package wire

import (
	"context"
	"math"
	"time"
)

// lateness finds the calls in flight that are late, and has their callers look
// at their contexts.
//
// To wait for a reply and for the end of a context costs a good deal more than to
// wait for the reply alone, and nearly all replies come before any context ends.
// So a caller whose context may end, but not soon, is patient: it waits for its
// reply alone, until it is told that this is late.
type lateness struct {
	timer *time.Timer
	armed bool
	told  uint64 // so many of the calls ever submitted, and not dropped, need no more telling
	known uint64 // so many were submitted by the last look
}

// lateAfter is the time between two looks. A call that was in flight at two of
// them is late, so that a patient caller learns of the end of its context once
// twice that time has passed since the call was submitted; from then on at once.
const lateAfter = 10 * time.Millisecond

// endOf tells whether ctx may end, and by when, in nanos.
func endOf(ctx context.Context) (at int64, may bool) {
	if ctx == context.Background() {
		return math.MaxInt64, false
	}
	if deadline, ok := ctx.Deadline(); ok {
		return int64(deadline.Sub(epoch)), true
	}
	return math.MaxInt64, true
}

// isSoon reports whether a context that ends at that time may do so before a call
// that is submitted now counts as late. Times taken from the clock may be too
// early by a tick. The lock is held.
func (c *Conn) isSoon(end int64) bool {
	return end < c.clock.lost.Load()+c.clock.now+int64(2*lateAfter+c.clock.every)
}

// watchOver sees to it that the patient call, about to be submitted, is told when
// it is late. The lock is held.
func (c *Conn) watchOver(call *Call) {
	call.patient = true
	l := &c.late
	if l.armed {
		return
	}
	l.armed = true
	l.known = c.served - c.dropped
	if l.timer == nil {
		l.timer = time.AfterFunc(lateAfter, c.lookForLate)
	} else {
		l.timer.Reset(lateAfter)
	}
}

// isLate reports whether the call has been found to be late.
func (c *Conn) isLate(call *Call) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return call.late
}

// lookForLate tells the callers of calls that were in flight at the last look,
// too.
func (c *Conn) lookForLate() {
	c.mu.Lock()
	l := &c.late
	if !l.armed {
		c.mu.Unlock()
		return
	}
	var late []*Call
	newest := c.served - c.dropped
	oldest := newest - uint64(c.calls.n)
	for i := max(l.told, oldest); i < min(l.known, newest); i++ {
		call := c.calls.at(int(i - oldest))
		switch {
		case !call.patient || call.state.Load() != waiting:
		case call == c.own:
			call.late = true
			c.kick()
		default:
			call.late = true
			late = append(late, call)
		}
	}
	l.told, l.known = l.known, newest
	l.armed = c.calls.n > 0
	if l.armed {
		l.timer.Reset(lateAfter)
	}
	c.mu.Unlock()
	for _, call := range late {
		call.ready <- struct{}{}
	}
}
