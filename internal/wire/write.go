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
		c.taken = c.appended
		c.largest = max(c.largest, len(batch))
		c.writeSince = c.clock.now
		if c.taken-c.written > socketful && c.reader.Load() == nobody {
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
			c.mu.Unlock()
			c.fail(err)
			return
		}
		if len(c.out) == 0 {
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

// send writes a batch with the strings that belong into it.
func (c *Conn) send(batch []byte, refs []ref) (int64, error) {
	if len(refs) == 0 {
		n, err := c.nc.Write(batch)
		return int64(n), err
	}
	parts := make(net.Buffers, 0, 2*len(refs)+1)
	from := 0
	for _, r := range refs {
		parts = append(parts, batch[from:r.at], bytesOf(r.s))
		from = r.at
	}
	parts = append(parts, batch[from:])
	return parts.WriteTo(c.nc)
}
