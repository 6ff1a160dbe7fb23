package clustertest

import (
	"net"
	"slices"
	"sync"
	"time"
)

// maxQueued is how many bytes may wait for a slow client before its own
// commands have to wait too.
const maxQueued = 8 << 20

// outbox writes to one client. Whoever finds nobody writing writes at once;
// what comes meanwhile, or is to be delayed, queues for a goroutine that lives
// no longer than the queue.
type outbox struct {
	nc    net.Conn
	gate  *gate
	delay func() time.Duration
	done  <-chan struct{}
	wg    *sync.WaitGroup

	mu      sync.Mutex
	changed *sync.Cond
	queue   []chunk
	queued  int // bytes in queue
	writing bool
	closed  bool
}

type chunk struct {
	bytes []byte
	due   time.Time
}

// send writes b or queues a copy, in order. It waits while too much is queued;
// only the goroutine of the connection itself may call it.
func (o *outbox) send(b []byte) {
	o.mu.Lock()
	for o.queued > maxQueued && !o.closed {
		o.changed.Wait()
	}
	if o.writing || o.delay() > 0 || o.closed {
		o.enqueue(b)
		o.mu.Unlock()
		return
	}
	o.writing = true
	o.mu.Unlock()

	ok := o.write(b)

	o.mu.Lock()
	defer o.mu.Unlock()
	o.written(ok)
	if o.writing = len(o.queue) > 0; o.writing {
		o.wg.Go(o.drain)
	}
}

// post queues b and never waits: for messages from other connections.
func (o *outbox) post(b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.enqueue(b)
}

func (o *outbox) enqueue(b []byte) {
	if o.closed {
		return
	}
	o.queue = append(o.queue, chunk{slices.Clone(b), time.Now().Add(o.delay())})
	o.queued += len(b)
	if !o.writing {
		o.writing = true
		o.wg.Go(o.drain)
	}
}

// drain writes until the queue is empty.
func (o *outbox) drain() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.queue) > 0 {
		next := o.queue[0]
		o.queue = o.queue[1:]
		o.queued -= len(next.bytes)
		o.mu.Unlock()
		ok := o.waitUntil(next.due) && o.write(next.bytes)
		o.mu.Lock()
		o.written(ok)
	}
	o.writing = false
	o.changed.Broadcast()
}

func (o *outbox) write(b []byte) bool {
	if !o.gate.wait(o.done) {
		return false
	}
	_, err := o.nc.Write(b)
	return err == nil
}

func (o *outbox) waitUntil(due time.Time) bool {
	left := time.Until(due)
	if left <= 0 {
		return true
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-o.done:
		return false
	}
}

// written notes the end of a write. What is queued for a client that is gone is
// dropped.
func (o *outbox) written(ok bool) {
	if !ok {
		o.closed = true
	}
	if o.closed {
		o.queue, o.queued = nil, 0
	}
	o.changed.Broadcast()
}

// flushed waits until all is written.
func (o *outbox) flushed() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.writing {
		o.changed.Wait()
	}
}

// close drops what is queued. Closing the socket and done ends a write that is
// under way.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.written(false)
}
