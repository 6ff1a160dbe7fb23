package redis

import (
	"container/list"
	"fmt"
	"math/rand/v2"
	"sync"
)

// maxScans is how many scans of the cluster a client keeps in mind. Most of
// them have been abandoned; of these the oldest are forgotten.
const maxScans = 1024

// scanCursors keeps where the scans of a client have got to, by the cursors it
// has given out for them. A cursor alone could not hold it: it has 64 bits, and
// a server's own may take as many.
//
// A cursor may be used again, after an error for instance, until the one that
// came of it is.
type scanCursors struct {
	mu   sync.Mutex
	next uint64
	byID map[uint64]*list.Element
	used *list.List // of *scanCursor, the latest first
}

type scanCursor struct {
	id     uint64
	before uint64 // the cursor that it came of; 0: none, or it is forgotten
	at     *scanState
}

// UnknownCursorError is returned for a cursor of SCAN that the cluster client
// has not given out, or has forgotten: begin anew with 0. A scan belongs to the
// client that has begun it, which keeps the latest 1,024 in mind.
type UnknownCursorError struct {
	Cursor uint64 // the one that was given
}

// Error names the cursor.
func (e *UnknownCursorError) Error() string {
	return fmt.Sprintf("redis: scan: the cursor %d is none of this client's, or was forgotten", e.Cursor)
}

// get returns where the scan with the cursor has got to.
func (c *scanCursors) get(id uint64) (*scanState, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byID[id]
	if e == nil {
		return nil, &UnknownCursorError{id}
	}
	cursor := e.Value.(*scanCursor)
	c.drop(cursor.before)
	cursor.before = 0
	c.used.MoveToFront(e)
	return cursor.at, nil
}

// put returns a cursor for the state that came of the cursor before.
func (c *scanCursors) put(at *scanState, before uint64) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byID == nil {
		c.byID, c.used = map[uint64]*list.Element{}, list.New()
		// Those of two clients are not likely to be taken for each other, and
		// fit where only integers below 2⁵³ do.
		c.next = 1<<40 + rand.Uint64N(1<<52)
	}
	c.next++
	c.byID[c.next] = c.used.PushFront(&scanCursor{c.next, before, at})
	if c.used.Len() > 2*maxScans { // a scan has two cursors at the most
		c.drop(c.used.Back().Value.(*scanCursor).id)
	}
	return c.next
}

// done forgets a scan that has come to its end.
func (c *scanCursors) done(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(id)
}

// drop forgets a cursor. The lock is held.
func (c *scanCursors) drop(id uint64) {
	if e := c.byID[id]; e != nil {
		delete(c.byID, id)
		c.used.Remove(e)
	}
}
