package redis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// source is a server that can be asked for the slot map.
type source struct {
	addr string
	pool *pool // nil: a seed, for which a connection is opened
}

// answer is what a server says of the cluster.
type answer struct {
	ranges []slotRange
	epoch  int64 // of the cluster, as far as the server knows; 0: it does not say
	err    error
}

// loadWaits is what a load of the map waits for, and what has failed it so far: for those
// who wait for the load no longer.
type loadWaits struct {
	mu     sync.Mutex
	begun  []*loadWait
	failed []error
}

// loadWait makes an error of why it is waited no longer.
type loadWait struct{ unanswered func(cause error) error }

// begin notes a wait. At its end the returned function is called with its error.
func (l *loadWaits) begin(unanswered func(cause error) error) (end func(error)) {
	wait := &loadWait{unanswered}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begun = append(l.begun, wait)
	return func(err error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.begun = slices.DeleteFunc(l.begun, func(w *loadWait) bool { return w == wait })
		if err != nil {
			l.failed = append(l.failed, err)
		}
	}
}

// end is the error of a caller that does not wait for the load to end, because of cause;
// nil if the load waits for nothing.
func (l *loadWaits) end(cause error) error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	begun, failed := slices.Clone(l.begun), slices.Clone(l.failed)
	l.mu.Unlock()
	if len(begun) == 0 {
		return nil
	}
	var errs []error
	for _, wait := range begun {
		errs = append(errs, wait.unanswered(cause))
	}
	return errors.Join(append(errs, failed...)...)
}

// ask gets an answer to CLUSTER SLOTS: from one server, or from several at once
// while there is no map at all, and from the next whenever one fails, takes long
// or is behind the times. The first good answer counts. The error tells of every
// server.
//
// A server that is cut off from the others keeps answering with the map of old.
// The cluster's epoch grows with every election, so that an answer of a lower one
// than was seen before counts only if nobody has a better one: the cluster may
// have been made anew.
func (t *topology) ask(ctx context.Context) (ranges []slotRange, asked time.Time, err error) {
	if t.sent = 0; t.opt.ClusterSlots != nil {
		t.sent = 1
		slots, asked, err := t.askProgram(ctx)
		if err != nil {
			return nil, asked, err
		}
		ranges, err := readSlots(slots, "ClusterSlots")
		return ranges, asked, err
	}
	asked = time.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sources, most := t.sources(), maxAsked
	if t.pace.slow(asked) && len(sources) > 0 {
		// The few that are asked are not to be the same each time.
		most = slowMost
		rand.Shuffle(len(sources)-1, func(i, j int) { sources[1+i], sources[1+j] = sources[1+j], sources[1+i] })
	}
	answers := make(chan answer, len(sources))
	running := 0
	known, epoch, waits := t.loaded, t.epoch, t.waits.Load()
	askOne := func() {
		s := sources[0]
		sources = sources[1:]
		running++
		t.sent++
		go func() { answers <- t.askOne(ctx, waits, s, known, epoch) }()
	}
	for range min(t.askFirst(), len(sources), most) {
		askOne()
	}
	slow := time.NewTicker(askNext)
	defer slow.Stop()
	var errs []error
	var newest *answer // of those that are behind
	for running > 0 {
		select {
		case a := <-answers:
			running--
			switch {
			case a.err != nil:
				errs = append(errs, a.err)
				if errors.As(a.err, new(*DialError)) {
					t.sent--
				}
			case a.epoch == epochUnknown || a.epoch >= t.epoch:
				t.epoch = max(a.epoch, t.epoch)
				return a.ranges, asked, nil
			case newest == nil || a.epoch > newest.epoch:
				newest = &a
			}
		case <-slow.C:
		}
		if len(sources) > 0 && t.sent < most && t.asked.wait(time.Now(), 1) == 0 {
			askOne()
		}
	}
	if newest != nil {
		t.epoch = newest.epoch
		return newest.ranges, asked, nil
	}
	return nil, asked, asNetError(errors.Join(errs...))
}

// slotsCall is a call of the program's ClusterSlots.
type slotsCall struct {
	asked time.Time
	done  chan struct{} // closed when it has returned
	slots []ClusterSlot
	err   error
}

// askProgram asks the program's ClusterSlots. A call that does not return in time goes
// on, and no other is made meanwhile: loads fail at once until it has returned. What it
// gives late is the answer for the next load, which then comes.
func (t *topology) askProgram(ctx context.Context) ([]ClusterSlot, time.Time, error) {
	call := t.call
	if call != nil {
		select {
		case <-call.done:
			if t.call = nil; call.err == nil {
				return call.slots, call.asked, nil
			}
		default:
			return nil, call.asked, fmt.Errorf("redis: ClusterSlots has not returned for %v: %w", time.Since(call.asked).Round(time.Millisecond), context.DeadlineExceeded)
		}
	}
	call = &slotsCall{asked: time.Now(), done: make(chan struct{})}
	spawn("ClusterSlots", func() (err error) {
		call.slots, err = t.opt.ClusterSlots(ctx)
		return err
	}, func(err error) {
		call.err = err
		close(call.done)
		if ctx.Err() != nil && err == nil {
			t.refresh()
		}
	})
	defer t.waits.Load().begin(errSlotsAwaited)(nil)
	if returned(ctx, call.done) {
		return call.slots, call.asked, call.err
	}
	t.call = call
	return nil, call.asked, errSlotsAwaited(ctx.Err())
}

func errSlotsAwaited(cause error) error {
	return fmt.Errorf("redis: ClusterSlots has not returned: %w", cause)
}

// askFirst is how many servers are asked together to begin with.
func (t *topology) askFirst() int {
	if t.now.Load() == nil {
		return askAtOnce
	}
	return 1
}

// sources lists whom to ask: the healthy nodes of the cluster, the seeds, the
// nodes that fail; each group in random order.
func (t *topology) sources() []source {
	var good, bad, seeds []source
	known := map[string]bool{}
	if m := t.now.Load(); m != nil {
		for _, n := range m.nodes {
			known[n.addr] = true
			s := source{n.addr, n.client.pool}
			if n.healthy() {
				good = append(good, s)
			} else {
				bad = append(bad, s)
			}
		}
	}
	t.mu.Lock()
	for _, addr := range t.opt.Addrs {
		if known[addr] {
			continue
		}
		s := source{addr: addr}
		if n := t.missing[addr]; n != nil && n.client != nil {
			s.pool = n.client.pool // which knows when it was dialled last
		}
		seeds = append(seeds, s)
	}
	t.mu.Unlock()
	for _, list := range [][]source{good, bad, seeds} {
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	return append(append(good, seeds...), bad...)
}

// lookOptions are those of a connection for nothing but CLUSTER SLOTS.
func (t *topology) lookOptions(addr string) *Options {
	opt := t.opt.nodeOptions(addr)
	opt.MinIdleConns, opt.PoolSize, opt.MaxConcurrentDials, opt.IdleCheckFrequency = 0, 1, 1, -1
	opt.suspectAfter = 0 // there is nobody else to turn to
	opt.readOnly = false
	opt.fillLater = true // never, whatever NewClient makes of the options
	if opt.DialTimeout <= 0 || opt.DialTimeout > seedDialTimeout {
		opt.DialTimeout = seedDialTimeout
	}
	return opt
}

// askOne asks one server for the map, and for the epoch of the cluster if that
// is another map than the one known.
func (t *topology) askOne(ctx context.Context, waits *loadWaits, s source, known *slotMap, epoch int64) answer {
	p := s.pool
	if p == nil {
		made := waits.begin(func(cause error) error { return t.heldUp(cause, s.addr) })
		c, err := t.lookClient(ctx, t.lookOptions(s.addr))
		made(err)
		if err != nil {
			return answer{err: err}
		}
		defer func() { _ = c.Close() }()
		p = c.pool
	}
	answered := waits.begin(func(cause error) error { return p.unanswered("CLUSTER SLOTS", cause) })
	ranges, err := t.slotsOf(ctx, s.addr, p)
	answered(err)
	if err == nil && !known.hasPrimariesOf(ranges) {
		answered := waits.begin(func(cause error) error { return p.unanswered("CLUSTER INFO", cause) })
		epoch = epochOf(ctx, p)
		answered(nil)
	}
	return answer{ranges, epoch, err}
}

// slotsOf asks the server at addr for the map.
func (t *topology) slotsOf(ctx context.Context, addr string, p *pool) ([]slotRange, error) {
	cmd := &ClusterSlotsCmd{lenient: true}
	cmd.start("cluster", "slots")
	now := time.Now()
	t.asked.add(now)
	err := p.exchange(ctx, cmd, 0)
	var lost *NodeError
	switch {
	case err == nil:
		return readSlots(cmd.val, addr)
	case errors.As(err, new(*DialError)):
		t.asked.withdraw(now)
	case errors.As(err, &lost):
		// Of the command that waits for the map nothing was sent.
		err = &NodeError{Node: lost.Node, Waited: lost.Waited, Cause: fmt.Errorf("CLUSTER SLOTS: %w", lost.Cause)}
	default:
		err = fmt.Errorf("redis: %s: CLUSTER SLOTS: %w%s", addr, err, noCluster(err))
	}
	return nil, err
}

// noCluster tells, by what a server has answered to CLUSTER SLOTS, that it is in no
// cluster, and what to do; "" if it may be.
func noCluster(err error) string {
	switch text := strings.ToLower(err.Error()); {
	case strings.HasPrefix(text, "err this instance has cluster support disabled"):
		return " (the server is in no cluster: use NewClient)"
	case strings.HasPrefix(text, "err unknown command"):
		return " (the server does not know the command: it may be a Sentinel, which this library does not support, or a server without a cluster: use NewClient with the address of a server)"
	}
	return ""
}

// epochUnknown stands for the epoch of a cluster whose server does not tell it. 0 is
// that of a server that was made a cluster of its own.
const epochUnknown = -1

// epochOf asks a server for the epoch of the cluster.
func epochOf(ctx context.Context, p *pool) int64 {
	cmd := new(StringCmd)
	cmd.start("cluster", "info")
	if p.exchange(ctx, cmd, 0) != nil {
		return epochUnknown
	}
	for line := range strings.Lines(cmd.val) {
		if text, ok := strings.CutPrefix(line, "cluster_current_epoch:"); ok {
			epoch, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			if err == nil {
				return epoch
			}
		}
	}
	return epochUnknown
}

// hopeless reports whether an error of loading the first map will not mend by
// itself: every server has refused for a reason that lies in the configuration.
func hopeless(err error) bool {
	if outer, ok := err.(netError); ok {
		err = outer.error
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			if !hopeless(e) {
				return false
			}
		}
		return true
	}
	var dial *DialError
	if errors.As(err, &dial) {
		return dial.permanent()
	}
	var reply Error
	if errors.As(err, &reply) {
		text := reply.Error()
		return strings.HasPrefix(text, "ERR") || strings.HasPrefix(text, "NOPERM") || strings.HasPrefix(text, "NOAUTH")
	}
	return false
}

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
