package redis

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrTooManyWaiting is returned for a command that was not run because so many
// others are waiting for the same shard to come back: 65,536, or as many as have
// 64 MiB of arguments. The cause within says what is wrong with the shard.
var ErrTooManyWaiting = errors.New("redis: too many commands are waiting for the shard to come back")

// Bounds on what waits for one shard. A shard that is away for long must not
// take the program's memory.
const (
	maxWaiting      = 1 << 16
	maxWaitingBytes = 64 << 20
)

// sameTrouble is for how long after a shard was away it is not another trouble that it
// is away: longer than any single try of a command takes to fail.
const sameTrouble = 30 * time.Second

// waitingRoom counts the commands that wait for one shard. It belongs to the
// node that was its primary last.
type waitingRoom struct {
	mu       sync.Mutex
	commands int
	bytes    int
	last     time.Time // when the shard was seen to be away last
	opened   int       // how often those who wait were let go
	scouted  uint64    // after which load one of them has gone ahead
}

// scout is a command that has gone ahead of those that wait for the same shard.
type scout struct {
	room *waitingRoom
	late *time.Timer // lets the others go, if there is no news of it
}

// scoutPatience is how long the others wait for a scout: it may block at a node that is
// well.
const scoutPatience = 500 * time.Millisecond

// openings is how often the room was opened.
func (w *waitingRoom) openings() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.opened
}

// sendsScout reports whether the caller is the one that goes ahead after a load.
func (w *waitingRoom) sendsScout(load uint64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.scouted >= load {
		return false
	}
	w.scouted = load
	return true
}

// open lets all go that wait in the room.
func (t *topology) open(w *waitingRoom) {
	w.mu.Lock()
	w.opened++
	w.mu.Unlock()
	t.signal()
}

// wait is what a command knows that waits for its shard.
type shardWait struct {
	t      *target
	n      *node // that has failed it
	room   *waitingRoom
	opened int    // how often the room had been opened
	load   uint64 // the last one before
}

// waitFor is the wait of a command for t that n has failed.
func (c *ClusterClient) waitFor(t *target, n *node) shardWait {
	room := c.waitingRoom(n)
	return shardWait{t, n, room, room.openings(), c.topology.loads.Load()}
}

// isOver reports whether the command may go: the map has another primary, the node
// serves others by now, or it is the command's turn to find that out.
func (c *ClusterClient) isOver(w shardWait, try *attempt) bool {
	s, err := c.currentMap().shardOf(w.t)
	switch {
	case err != nil:
		return !errors.As(err, new(*uncoveredError))
	case s.primary != w.n, w.room.openings() != w.opened:
		return true
	}
	load := c.topology.loads.Load()
	if load == w.load || !w.room.sendsScout(load) {
		return false
	}
	late := time.AfterFunc(scoutPatience, func() { c.topology.open(w.room) })
	try.scout = &scout{w.room, late}
	return true
}

// report ends the errand of a command that was sent ahead. The others go if it was
// served.
func (c *ClusterClient) report(try *attempt, served bool) {
	s := try.scout
	if s == nil {
		return
	}
	try.scout = nil
	if s.late.Stop() && served {
		c.topology.open(s.room)
	}
}

// begins notes that the shard is away, and reports whether this is a new trouble.
func (w *waitingRoom) begins(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := w.last
	w.last = now
	return now.Sub(last) > sameTrouble
}

// isTaken reports whether any command waits.
func (w *waitingRoom) isTaken() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.commands > 0
}

// enter lets commands in that have so many bytes of arguments. cause is why they
// have to wait, and leave must follow unless there is an error.
func (w *waitingRoom) enter(commands, bytes int, cause error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	// What is too large by itself may wait alone.
	if w.commands > 0 && (w.commands+commands > maxWaiting || w.bytes+bytes > maxWaitingBytes) {
		return asNetError(fmt.Errorf("%w: %w", ErrTooManyWaiting, cause))
	}
	w.commands += commands
	w.bytes += bytes
	return nil
}

func (w *waitingRoom) leave(commands, bytes int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.commands -= commands
	w.bytes -= bytes
}

// waitingRoom is where to wait for the shard of n; nil stands for all slots that
// nobody serves.
func (c *ClusterClient) waitingRoom(n *node) *waitingRoom {
	if n == nil {
		return &c.topology.unserved
	}
	return &n.waiting
}

// textBytes is about how much memory the arguments of commands hold.
func textBytes(cmds ...Cmder) (bytes int) {
	for _, cmd := range cmds {
		b := cmd.command()
		for i := range b.argCount() {
			bytes += b.arg(i).size()
		}
	}
	return bytes
}
