package clustertest

import (
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
)

const (
	// clockStep is how often the clock of ClockTTL advances.
	clockStep = 2 * time.Millisecond
	// clockShare bounds the time that ClockTTL takes from the commands: one part
	// in so many.
	clockShare = 10
)

// Miniredis is the instance of miniredis that holds the keys of all shards, one
// shard in each numbered database. Its methods are those of
// [miniredis.Miniredis], except ClockTTL and SetTime. Start, Close and SetError
// must not be used: the nodes depend on the instance.
type Miniredis struct {
	*miniredis.Miniredis

	mu     sync.Mutex
	ticks  bool      // ClockTTL is on
	fixed  time.Time // set by SetTime; zero is the time of the system
	closed bool
	stop   chan struct{} // of the goroutine that advances the clock; nil without one
	wg     sync.WaitGroup
}

// ClockTTL makes time to live, of keys and of hash fields, pass with the clock:
// the time of the system, or the one of SetTime. It is off at first, and time to
// live passes by FastForward only.
//
// Keys expire a few milliseconds late. miniredis looks at all keys to find those
// that have expired; from about 10,000 keys on it does so more rarely, so that
// the commands keep nine tenths of the time.
func (m *Miniredis) ClockTTL(enabled bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || m.ticks == enabled {
		return
	}
	m.ticks = enabled
	m.halt()
	if enabled && m.fixed.IsZero() {
		m.Miniredis.SetTime(time.Now())
	}
	m.Miniredis.ClockTTL(enabled)
	m.applyTime()
}

// SetTime stops the clock at t: for EXPIREAT, TIME, the ids of XADD and, if
// ClockTTL is on, the time to live. The zero time goes back to the time of the
// system.
func (m *Miniredis) SetTime(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fixed = t
	m.halt()
	m.applyTime()
}

// applyTime hands the time to miniredis. With ClockTTL on, miniredis would look
// at every key before every command, because a little time has always passed.
// So its clock stands still between steps.
func (m *Miniredis) applyTime() {
	switch {
	case m.closed:
	case !m.ticks || !m.fixed.IsZero():
		m.Miniredis.SetTime(m.fixed)
	default:
		m.Miniredis.SetTime(time.Now())
		m.stop = make(chan struct{})
		stop := m.stop
		m.wg.Go(func() { m.advance(stop) })
	}
}

func (m *Miniredis) advance(stop <-chan struct{}) {
	timer := time.NewTimer(clockStep)
	defer timer.Stop()
	for {
		select {
		case <-stop:
			return
		case <-timer.C:
		}
		now := time.Now()
		m.Miniredis.SetTime(now)
		m.DB(0) // whatever has expired goes now
		timer.Reset(max(clockStep, clockShare*time.Since(now)))
	}
}

// halt ends the goroutine that advances the clock. m.mu must be held.
func (m *Miniredis) halt() {
	if m.stop != nil {
		close(m.stop)
		m.stop = nil
		m.wg.Wait()
	}
}

// end stops the clock for good.
func (m *Miniredis) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.halt()
}
