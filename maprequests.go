package redis

import (
	"math/rand/v2"
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

// How the pauses between loads grow while a trouble lasts and they bring no news.
// Servers take seconds to replace one that is dead, so that it is worth while to ask
// them often at first. If they have not done it by then, each client asks less than
// once in a second: there may be a thousand.
const (
	quickFor    = 7 * time.Second
	slowestLoad = 2 * time.Second
	// slowMost is how many servers a load asks at the slow pace, each of which adds
	// slowRate to the pause after it.
	slowMost = 2
	slowRate = time.Second
	// calmAfter is for how long nobody has wanted a load when the next trouble is
	// another one.
	calmAfter = 5 * time.Second
)

// loadPace says how long to pause between loads of the map.
type loadPace struct {
	mu    sync.Mutex
	since time.Time // when the latest trouble began, or a load brought news
	last  time.Time // when a load ended that was asked for
}

// hurry notes that a trouble has begun: loads are quick again.
func (p *loadPace) hurry(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since = now
}

// starts notes that a load begins because somebody has asked for it.
func (p *loadPace) starts(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.last) > calmAfter {
		p.since = now
	}
	p.last = now
}

// ended notes the end of a load, and whether it has brought news.
func (p *loadPace) ended(now time.Time, news bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if news {
		p.since = now
	}
	p.last = now
}

// slow reports whether the pauses grow.
func (p *loadPace) slow(now time.Time) bool { return p.overtime(now) > 0 }

// overtime is for how long there have been no news by more than quickFor.
func (p *loadPace) overtime(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return now.Sub(p.since) - quickFor
}

// pause is the time until the next load, after one that has asked so many servers.
func (p *loadPace) pause(now time.Time, asked int) time.Duration {
	overtime := p.overtime(now)
	if overtime <= 0 || asked == 0 { // nobody is bothered by a load that reaches none
		return refreshPause + rand.N(refreshJitter)
	}
	limit := max(min(overtime, slowestLoad), 2*refreshPause)
	return max(limit/2+rand.N(limit/2), min(time.Duration(asked-1)*overtime, time.Duration(asked)*slowRate))
}
