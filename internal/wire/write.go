package wire

import (
	"math"
	"net"
	"runtime"
	"time"
)

// socketful is the number of bytes that a socket takes in though the server
// reads none of them.
const socketful = 16 << 10

// writeAll writes what was submitted, batch after batch, until nothing is left. It is
// entered by whoever has set writing.
func (c *Conn) writeAll() { c.write(math.MaxInt, false, math.MaxInt64) }

// write does so, but leaves the rest to a goroutine after so many rounds, or at the
// time end, in nanos. So does a hasty writer, whose context may end, before a write that
// could have to wait for the server.
func (c *Conn) write(rounds int, hasty bool, end int64) {
	c.mu.Lock()
	for round := 1; len(c.out) > 0 && c.err == nil && c.broken == nil; round++ {
		// All that is unanswered may still be in the socket.
		if hasty && c.unanswered() > socketful {
			c.mu.Unlock()
			go c.writeAll()
			return
		}
		batch, refs := c.out, c.outRefs
		c.out, c.outRefs = c.spare[:0], c.spareRefs[:0]
		c.spare, c.spareRefs = nil, nil
		c.taken.Store(c.appended)
		gone := c.gone.Load() > 0
		if c.soonest != 0 {
			gone = nanos() >= c.soonest || gone
			c.soonest = 0
		}
		if gone {
			batch, refs = c.dropGone(batch, refs)
			if len(batch) == 0 { // c.out is empty, too
				c.spare, c.spareRefs = batch, refs
				break
			}
		}
		if isPiece(batch, refs) {
			c.handed = c.appended
		}
		c.unsent = 0
		c.largest = max(c.largest, len(batch))
		c.writeSince = c.clock.now
		c.gathering.writing(c.appended)
		if c.appended-c.written > socketful && c.reader.Load() == nobody && !c.isLone() {
			// The server may stop reading until its replies are read.
			c.reside()
		}
		c.mu.Unlock()

		n, err := c.send(batch, refs)
		clear(refs)

		c.mu.Lock()
		if cap(batch) > 4*bulk && cap(batch) > 8*c.largest {
			batch = nil // it was of use once, but not lately
		}
		c.accepted(n)
		c.writeSince = 0
		c.returned.Signal()
		c.spare, c.spareRefs = batch[:0], refs[:0]
		if err != nil {
			c.writing = false
			c.breakOff(err)
			return
		}
		if len(c.out) == 0 || c.gathers() {
			break
		}
		c.mu.Unlock()
		if round == rounds || end != math.MaxInt64 && nanos() >= end {
			go c.writeAll()
			return
		}
		runtime.Gosched()
		c.mu.Lock()
	}
	c.writing = false
	empty := c.calls.n == 0 // the last may have been dropped
	closed, idle := empty && c.closing, empty && c.tellIdle && c.opt.OnIdle != nil
	c.tellIdle = c.tellIdle && !empty
	c.mu.Unlock()
	if closed {
		c.fail(ErrClosed)
	}
	if idle {
		c.opt.OnIdle(c)
	}
}

// isLone reports whether all that is in flight asks for one reply, which cannot
// come before the whole request has been read. The lock is held.
func (c *Conn) isLone() bool { return c.calls.n == 1 && c.calls.first().Replies == 1 }

// accepted notes that a write call has taken in n bytes. The lock is held.
func (c *Conn) accepted(n int64) {
	c.written += uint64(n)
	if c.sending.Load() && c.appended-c.written <= bulk {
		c.sending.Store(false)
	}
}

// listening is for how long a server is listened to that takes in nothing more.
const listening = 100 * time.Millisecond

// breakOff is for a write that has failed with err. A server that refuses a request, for
// its size, says so and hangs up while the rest is still being written: that is the
// answer, and must not be lost. So the connection takes no more calls, and dies when
// all has been read that came before the end. The lock is held, and is released.
func (c *Conn) breakOff(err error) {
	if c.err == nil {
		c.broken = err
		for c.unsent < c.calls.n && c.calls.at(c.calls.n-1-c.unsent).start >= c.written {
			c.unsent++ // what comes is no reply to it
		}
		if c.reader.Load() == nobody {
			c.reside()
		}
		_ = c.nc.SetReadDeadline(time.Now().Add(listening))
	}
	c.mu.Unlock()
}

// dropGone takes the calls that were given up, or whose time is up, out of a batch that
// is about to be written. On a busy processor most callers have no chance to give up in
// time, and what is sent for them would only keep others waiting. A call may be given up after it was looked at: its caller looks at taken then,
// which has been set before, and finds that the request may have been sent. The lock is
// held.
//
// What was dropped counts as written. So all other calls keep their places, and what is
// told of them if the write fails is no less than has left.
func (c *Conn) dropGone(batch []byte, refs []ref) ([]byte, []ref) {
	c.gone.Store(0)
	now := nanos()
	first := c.calls.n - c.unsent
	all, calls, kept := refs, first, refs[:0]
	from, to := 0, 0 // in the batch
	for i := first; i < first+c.unsent; i++ {
		call := c.calls.at(i)
		given := call.GivenUp()
		if call.end != 0 && call.end <= now && call != c.own {
			given = call.state.CompareAndSwap(waiting, expired) || given
		}
		end, own := from+call.size, 0
		for own < len(refs) && refs[own].at < end {
			end -= len(refs[own].s)
			if !given {
				kept = append(kept, ref{refs[own].at - from + to, refs[own].s})
			}
			own++
		}
		refs = refs[own:]
		if given {
			c.written += uint64(call.size)
			c.handed += uint64(call.size)
		} else {
			if to < from {
				copy(batch[to:], batch[from:end])
			}
			to += end - from
			c.calls.set(calls, call)
			calls++
		}
		from = end
	}
	clear(all[len(kept):])
	n := c.calls.n - calls
	c.calls.cut(n)
	c.unsent -= n
	c.inFlight.Add(int32(-n))
	c.dropped += uint64(n)
	if n > 0 {
		c.makeRoom()
	}
	return batch[:to], kept
}

const (
	// pieceSize is how many bytes are written at a time. WriteTimeout is for each piece.
	pieceSize = 256 << 10
	// mostStrings is how many strings are written at a time. A socket remembers the
	// room that the longest list has taken.
	mostStrings = 64
)

// isPiece reports whether a batch is written by one simple call.
func isPiece(batch []byte, refs []ref) bool { return len(refs) == 0 && len(batch) <= pieceSize }

// send writes a batch with the strings that belong into it. It returns what the last
// write call did.
func (c *Conn) send(batch []byte, refs []ref) (n int64, err error) {
	if isPiece(batch, refs) {
		n, err := c.nc.Write(batch)
		return int64(n), err
	}
	left := unwritten{batch: batch, refs: refs}
	parts, size := left.next()
	for {
		c.mu.Lock()
		c.handed += uint64(size)
		c.writeSince = c.clock.now
		c.mu.Unlock()
		n, err = parts.WriteTo(c.nc)
		if err != nil {
			return n, err
		}
		if parts, size = left.next(); size == 0 {
			return n, nil
		}
		c.mu.Lock()
		c.accepted(n)
		c.mu.Unlock()
	}
}

// unwritten is what is left of a batch to be written.
type unwritten struct {
	batch []byte
	at    int // of it is written
	refs  []ref
	s     string // what is left of one of them
}

// next returns the next piece and its size in bytes, which is 0 at the end.
func (p *unwritten) next() (parts net.Buffers, size int) {
	for size < pieceSize && len(parts) < 2*mostStrings {
		if p.s == "" && len(p.refs) > 0 && p.refs[0].at == p.at {
			p.s, p.refs = p.refs[0].s, p.refs[1:]
			continue
		}
		b := p.batch[p.at:]
		switch {
		case p.s != "":
			b = bytesOf(p.s)
		case len(p.refs) > 0:
			b = p.batch[p.at:p.refs[0].at]
		}
		if len(b) == 0 {
			break
		}
		b = b[:min(len(b), pieceSize-size)]
		if p.s != "" {
			p.s = p.s[len(b):]
		} else {
			p.at += len(b)
		}
		parts = append(parts, b)
		size += len(b)
	}
	return parts, size
}
