package wire

import (
	"net"
	"runtime"
)

// socketful is the number of bytes that a socket takes in though the server
// reads none of them.
const socketful = 16 << 10

// write writes what was submitted, batch after batch, until nothing is left;
// after so many rounds, unless 0, it leaves the rest to a goroutine. So does a
// hasty writer, whose context may end, before a write that could have to wait
// for the server. write is entered by whoever has set writing.
func (c *Conn) write(rounds int, hasty bool) {
	c.mu.Lock()
	for round := 1; len(c.out) > 0 && c.err == nil; round++ {
		// All that is unanswered may still be in the socket.
		if hasty && c.unanswered() > socketful {
			c.mu.Unlock()
			go c.write(0, false)
			return
		}
		batch, refs := c.out, c.outRefs
		c.out, c.outRefs = c.spare[:0], c.spareRefs[:0]
		c.spare, c.spareRefs = nil, nil
		c.taken, c.unsent = c.appended, 0
		c.largest = max(c.largest, len(batch))
		c.writeSince = c.clock.now
		c.gathering.writing(c.taken)
		if c.taken-c.written > socketful && c.reader.Load() == nobody && !c.isLone() {
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
		c.written += uint64(n)
		c.writeSince = 0
		c.returned.Signal()
		if c.sending.Load() && c.appended-c.written <= bulk {
			c.sending.Store(false)
		}
		c.spare, c.spareRefs = batch[:0], refs[:0]
		if err != nil {
			c.writing = false
			err = c.lastWords(err)
			c.mu.Unlock()
			c.fail(err)
			return
		}
		if len(c.out) == 0 || c.gathers() {
			break
		}
		c.mu.Unlock()
		if round == rounds {
			go c.write(0, false)
			return
		}
		runtime.Gosched()
		c.mu.Lock()
	}
	c.writing = false
	c.mu.Unlock()
}

// isLone reports whether all that is in flight asks for one reply, which cannot
// come before the whole request has been read. The lock is held.
func (c *Conn) isLone() bool { return c.calls.n == 1 && c.calls.first().Replies == 1 }

// mostStrings is how many strings are written at a time. A socket remembers the
// room that the longest list has taken.
const mostStrings = 64

// send writes a batch with the strings that belong into it.
func (c *Conn) send(batch []byte, refs []ref) (written int64, err error) {
	if len(refs) == 0 {
		n, err := c.nc.Write(batch)
		return int64(n), err
	}
	from := 0
	for len(refs) > 0 && err == nil {
		some := refs[:min(len(refs), mostStrings)]
		refs = refs[len(some):]
		parts := make(net.Buffers, 0, 2*len(some)+1)
		for _, r := range some {
			parts = append(parts, batch[from:r.at], bytesOf(r.s))
			from = r.at
		}
		if len(refs) == 0 {
			parts = append(parts, batch[from:])
		}
		var n int64
		n, err = parts.WriteTo(c.nc)
		written += n
	}
	return written, err
}
