package redis

import (
	"slices"
	"sync"
	"time"
)

const (
	// maxAsked is how many times servers may be asked for the slot map within
	// askedWithin: a second, and a little for requests that take different times
	// to arrive. Loads that need one request each are not slowed down by it.
	maxAsked    = 10
	askedWithin = 1050 * time.Millisecond
)

// mapRequests remembers when servers were asked for the slot map lately.
type mapRequests struct {
	mu sync.Mutex
	at []time.Time // oldest first
}

// add notes a request, even one too many.
func (r *mapRequests) add(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(now)
	r.at = append(r.at, now)
}

// withdraw takes back what was noted for a request that was never sent.
func (r *mapRequests) withdraw(at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.Index(r.at, at); i >= 0 {
		r.at = slices.Delete(r.at, i, i+1)
	}
}

// wait is the time until n more requests may be made; 0 if they may be now.
func (r *mapRequests) wait(now time.Time, n int) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(now)
	tooMany := len(r.at) + n - maxAsked
	if tooMany <= 0 {
		return 0
	}
	return r.at[tooMany-1].Add(askedWithin).Sub(now)
}

// forget drops what was too long ago to matter. The lock is held.
func (r *mapRequests) forget(now time.Time) {
	kept := slices.IndexFunc(r.at, func(at time.Time) bool { return now.Sub(at) < askedWithin })
	if kept < 0 {
		kept = len(r.at)
	}
	r.at = slices.Delete(r.at, 0, kept)
}
