package redis

import (
	"sync"
	"time"
)

// inbox is what has come for the receiver of a PubSub, in the order in which it
// came. The connections never wait for the receiver: what finds no room is
// dropped and counted.
type inbox struct {
	ready chan struct{} // there may be something to take
	lost  chan struct{} // something was dropped

	mu      sync.Mutex
	list    []delivery // from head on
	head    int
	size    int   // of what is there, in bytes
	loss    error // of a connection; it is told before other trouble
	trouble error
	dropped uint64
}

// delivery is a *Message, *Subscription or *Pong.
type delivery struct {
	what any
	size int
	at   time.Time
}

// Bounds on what waits for a receiver. They are those within which a server,
// too, keeps messages for a subscriber that does not read.
const (
	maxInbox     = 32 << 20 // bytes
	deliverySize = 128      // bytes of a delivery beside its text, about

	keptDeliveries = 1 << 10 // room for so many is kept when nothing waits
)

func newInbox() *inbox {
	return &inbox{ready: make(chan struct{}, 1), lost: make(chan struct{}, 1)}
}

// put adds what has come, or drops it.
func (b *inbox) put(what any) {
	size := deliverySize
	if m, ok := what.(*Message); ok {
		size += len(m.Channel) + len(m.Pattern) + len(m.Payload)
		for _, s := range m.PayloadSlice {
			size += len(s)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.size+size > maxInbox && b.size > 0 {
		b.dropLocked()
		return
	}
	if len(b.list) == cap(b.list) && b.head > len(b.list)/2 {
		n := copy(b.list, b.list[b.head:])
		clear(b.list[n:])
		b.list, b.head = b.list[:n], 0
	}
	b.list = append(b.list, delivery{what, size, time.Now()})
	b.size += size
	nudge(b.ready)
}

// drop counts a delivery that was taken and not delivered.
func (b *inbox) drop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dropLocked()
}

func (b *inbox) dropLocked() {
	b.dropped++
	nudge(b.lost)
}

// fail tells the receiver of trouble. Only the latest is kept.
func (b *inbox) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trouble = err
	nudge(b.ready)
}

// failLost tells the receiver that a connection was lost. Only the latest loss is
// kept. Trouble that comes later, such as that of the next dial, does not hide it.
func (b *inbox) failLost(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.loss = err
	nudge(b.ready)
}

// take removes what has come first. Trouble is reported when nothing else is
// left.
func (b *inbox) take() (d delivery, ok bool, trouble error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.size == 0 {
		if b.loss == nil {
			trouble, b.trouble = b.trouble, nil
			return d, false, trouble
		}
		trouble, b.loss = b.loss, nil
		if b.trouble != nil {
			nudge(b.ready)
		}
		return d, false, trouble
	}
	d = b.list[b.head]
	b.list[b.head] = delivery{}
	b.head++
	b.size -= d.size
	switch {
	case b.size > 0:
		nudge(b.ready)
		return d, true, nil
	case cap(b.list) > keptDeliveries:
		b.list = nil
	}
	b.list, b.head = b.list[:0], 0
	if b.loss != nil || b.trouble != nil {
		nudge(b.ready)
	}
	return d, true, nil
}

func (b *inbox) droppedSoFar() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.dropped
}

// nudge wakes who waits for c, now or later.
func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
