package redis

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// node is a member of the cluster as this client sees it. Its identity is host
// and port.
type node struct {
	announced
	client *Client

	// The topology's lock guards these.
	listed  bool      // an answer to CLUSTER SLOTS has named it; else it is a stranger
	namedAt time.Time // when a redirect has named it last

	latency   atomic.Int64 // of a PING, in nanoseconds; 0: not measured
	probing   atomic.Bool
	measuring atomic.Bool
	demotedAt atomic.Int64 // in Unix nanoseconds; 0: never
	waiting   waitingRoom  // for the shard of which it is the primary
	reads     leftOut      // while it does not serve those that it should, as a replica
	failedAt  atomic.Int64 // when a command last failed for want of an answer, in Unix nanoseconds; 0: it answers
}

// errNoClient is the error of a node for which the caller has made no client, or one
// that is the zero value.
var errNoClient = errors.New("redis: the NewClient of the options has returned nil")

// uselessClient makes a client for a node that cannot be used: whoever wants a
// connection gets err at once, without a dial.
func uselessClient(opt *Options, err error) *Client {
	opt.MinIdleConns, opt.IdleCheckFrequency = 0, -1
	c := newClient(opt)
	c.err, c.pool.lastErr = err, err
	c.pool.retryAt = time.Now().Add(math.MaxInt64)
	return c
}

// submit sends cmd to the node, unless the node is suspect. A command that takes
// more than to be sent has ended when submit returns, and is not pending.
func (n *node) submit(ctx context.Context, cmd Cmder, how manner) (pending, error) {
	if n.client.pool.suspect() {
		return pending{}, &NodeError{Node: n.addr, Cause: errSuspect}
	}
	if n.client.isDirect(cmd) {
		return n.client.pool.submit(ctx, cmd, how)
	}
	return pending{}, n.client.exchange(ctx, cmd, how)
}

// exchange does the same and waits for the reply.
func (n *node) exchange(ctx context.Context, cmd Cmder, how manner) error {
	p, err := n.submit(ctx, cmd, how)
	if p.call != nil {
		err = p.wait(ctx, cmd)
	}
	return err
}

// probes is how many PINGs a measurement of the latency takes; the quickest
// counts.
const probes = 3

// measure sets the latency, unless that is being done.
func (n *node) measure(ctx context.Context) {
	if !n.measuring.CompareAndSwap(false, true) {
		return
	}
	defer n.measuring.Store(false)
	best := int64(math.MaxInt64)
	for range probes {
		start := time.Now()
		if err := n.client.pool.exchange(ctx, newPing(), 0); err != nil {
			n.latency.Store(math.MaxInt64)
			return
		}
		best = min(best, int64(time.Since(start)))
	}
	n.latency.Store(max(1, best))
}

// probe finds out whether a node that has failed answers again.
func (n *node) probe(ctx context.Context) error {
	err := n.client.pool.exchange(ctx, newPing(), 0)
	if err == nil {
		n.answered()
	}
	return err
}

// demotionMatters is for how long it is remembered that a node was a primary.
const demotionMatters = time.Minute

// demoted notes that the node is a primary no more.
func (n *node) demoted() { n.demotedAt.Store(time.Now().UnixNano()) }

// wasPrimary reports whether the node was demoted lately.
func (n *node) wasPrimary() bool {
	at := n.demotedAt.Load()
	return at != 0 && time.Since(time.Unix(0, at)) < demotionMatters
}

func newPing() *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("ping")
	return cmd
}

// failed notes that the node did not answer.
func (n *node) failed() { n.failedAt.Store(time.Now().UnixNano()) }

// answered notes that it did.
func (n *node) answered() {
	if n.failedAt.Load() != 0 {
		n.failedAt.Store(0)
	}
}

// healthy reports whether reads should be sent to the node when there are
// others: it has not failed lately, and can be reached.
func (n *node) healthy() bool {
	if at := n.failedAt.Load(); at != 0 {
		avoidFor := time.Duration(n.client.opt.FailingTimeoutSeconds) * time.Second
		if time.Since(time.Unix(0, at)) < avoidFor {
			return false
		}
	}
	return !n.client.pool.suspect() && !n.client.pool.unreachable()
}

// A replica that redirects reads is left out of them for leastLeftOut, and then, as
// long as it goes on, for twice as long each time, up to mostLeftOut.
const (
	leastLeftOut = 5 * time.Second
	mostLeftOut  = 5 * time.Minute
)

// leftOut says until when a node gets no reads.
type leftOut struct {
	until atomic.Int64 // in Unix nanoseconds; 0: it gets them

	mu   sync.Mutex
	last time.Duration // for how long it was left out
}

// extend leaves the node out from now on, and returns for how long: 0 if it is left
// out already.
func (l *leftOut) extend(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	ended := now.Sub(time.Unix(0, l.until.Load()))
	switch {
	case ended < 0:
		return 0
	case ended < mostLeftOut:
		l.last = min(2*l.last, mostLeftOut)
	default:
		l.last = leastLeftOut
	}
	l.until.Store(now.Add(l.last).UnixNano())
	return l.last
}

// over reports whether the node gets reads.
func (l *leftOut) over() bool {
	until := l.until.Load()
	return until == 0 || time.Now().UnixNano() >= until
}

// leaveOut leaves a replica out of reads for a while, since it redirects them to its
// primary, or to itself. Its connections are made anew: a server that has let none of them read may
// let the next.
func (n *node) leaveOut() {
	if pause := n.reads.extend(time.Now()); pause > 0 {
		logf("redis: %s is a replica, and redirects reads of its own shard: it gets none for %v. May the user run READONLY?", n.addr, pause)
		n.client.pool.renew()
	}
}
