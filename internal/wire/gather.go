package wire

import (
	"math"
	"runtime"
	"time"
)

// gathering is for how long the server takes to reply, which decides whether
// what is submitted stays unwritten until the next reply comes. More travels
// together then, and saves both ends system calls, which are most of what a small
// command costs.
//
// It is done as long as the server is near and in demand. What waits, waits for
// one reply at most, so nobody loses more than the way to the server and back.
// That is next to nothing between two processes of one machine, who compete for
// its processors. To another machine the way is long, and a command that waited
// for the reply to another would take up to twice as long itself.
type gathering struct {
	nearby   int64  // the time to a reply below which the server counts as near
	quickest int64  // the shortest time to a reply of late; 0: not known
	untimed  int    // batches written since the last one that was timed
	from     int64  // when the write began of the one that is timed; 0: none is
	until    uint64 // where it ends in the stream of bytes sent
	received int    // bytes of replies since calls were answered last
	size     int    // the usual size of the replies to a call
}

const (
	nearby = 64 * time.Microsecond

	// inDemand is how many calls have to be in flight. With less, there is
	// little to be saved, and processors have nothing better to do.
	inDemand = 4

	// smallRequest and smallReply are up to which size in bytes there is more to
	// a command than its bytes.
	smallRequest = 512
	smallReply   = 2 << 10

	// timedBatches is of how many batches one is timed.
	timedBatches = 8
)

// writing notes that a batch which ends at end is about to be written.
func (g *gathering) writing(end uint64) {
	if g.untimed++; g.untimed >= timedBatches && g.from == 0 {
		g.untimed, g.from, g.until = 0, nanos(), end
	}
}

// answered notes that the replies to n calls have come, and to all before end.
func (g *gathering) answered(n int, end uint64) {
	g.size += (g.received/n - g.size) / 8
	g.received = 0
	if g.from == 0 || end < g.until {
		return
	}
	took := max(1, nanos()-g.from)
	if g.quickest == 0 || took < g.quickest {
		g.quickest = took
	}
	g.from = 0
}

// age makes the time count for more with every tick: that the way has become
// longer is known a second or two later.
func (g *gathering) age() { g.quickest += g.quickest / 32 }

// pays reports whether the server is near, and replies are small.
func (g *gathering) pays() bool {
	return g.quickest != 0 && g.quickest < g.nearby && g.size <= smallReply
}

// gathers reports whether what has been submitted is left to the resident reader
// to write, once the server sends what it owes. The lock is held.
func (c *Conn) gathers() bool {
	return c.calls.n > c.unsent && c.calls.n >= inDemand && c.gathering.pays() && c.reader.Load() == resident
}

// writeGathered writes what nobody else does.
func (c *Conn) writeGathered() {
	c.mu.Lock()
	if len(c.out) == 0 || c.writing || c.err != nil {
		c.mu.Unlock()
		return
	}
	c.writing = true
	c.mu.Unlock()
	if !c.socket {
		go c.writeAll() // the server may read nothing until somebody reads
		return
	}
	runtime.Gosched() // those who have just got their replies add to the batch
	c.write(combineRounds, true, math.MaxInt64)
}
