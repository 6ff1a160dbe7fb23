package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/wire"
)

// ErrClosed is returned by every command of a client that was closed, and by a
// second Close.
var ErrClosed = errors.New("redis: client is closed")

// ErrPoolTimeout is returned when no connection became free within PoolTimeout. The
// error that wraps it names the node and tells of its connections; it is a net.Error
// whose Timeout is true. The command was not sent, and is not tried again.
var ErrPoolTimeout = errors.New("redis: connection pool timeout")

// poolTimeout is an [ErrPoolTimeout] of a node.
type poolTimeout struct {
	node   string
	waited time.Duration
	conns  string // what there are
}

func (e *poolTimeout) Error() string {
	return fmt.Sprintf("%v: %s: no connection was free for %v: %s", ErrPoolTimeout, e.node, e.waited.Round(time.Millisecond), e.conns)
}
func (e *poolTimeout) Unwrap() error   { return ErrPoolTimeout }
func (e *poolTimeout) Timeout() bool   { return true }
func (e *poolTimeout) Temporary() bool { return true }

// ErrPoolExhausted is here so that existing programs compile. No operation
// returns it: when all connections are in use, a command waits for one, and
// fails with [ErrPoolTimeout] in the end.
var ErrPoolExhausted = errors.New("redis: connection pool exhausted")

// PoolStats counts what the pools of a client did. Those of a cluster client
// are the sums over its nodes.
type PoolStats struct {
	Hits     uint32 // commands and check-outs that found a connection open
	Misses   uint32 // those that had to wait for one to be opened
	Timeouts uint32 // those that got none within PoolTimeout

	WaitCount       uint32 // those that had to wait, and not in vain, because all connections were in use
	WaitDurationNs  int64  // for how long they did in all, in nanoseconds
	PendingRequests uint32 // those that wait for a connection now, or for a dial

	TotalConns uint32 // connections open now
	IdleConns  uint32 // those among them with nothing in flight
	StaleConns uint32 // connections closed for being dead, idle too long or too old
	Unusable   uint32 // those among StaleConns that were dead

	PubSubStats PubSubStats // of connections for publish and subscribe, which the others leave out
}

// PubSubStats counts the connections for publish and subscribe, of which the
// pools' sizes do not tell.
type PubSubStats struct {
	Created   uint32 // opened so far
	Untracked uint32 // those among them that are closed again
	Active    uint32 // open now
}

func (s *PoolStats) add(other PoolStats) {
	s.Hits += other.Hits
	s.Misses += other.Misses
	s.Timeouts += other.Timeouts
	s.TotalConns += other.TotalConns
	s.IdleConns += other.IdleConns
	s.StaleConns += other.StaleConns
	s.WaitCount += other.WaitCount
	s.WaitDurationNs += other.WaitDurationNs
	s.PendingRequests += other.PendingRequests
	s.Unusable += other.Unusable
	s.PubSubStats.Created += other.PubSubStats.Created
	s.PubSubStats.Untracked += other.PubSubStats.Untracked
	s.PubSubStats.Active += other.PubSubStats.Active
}

// pool is a node's connections. Ordinary commands share them: all use the
// first, but for a few callers who get one each, and for all while the first is
// busy with bulk. What needs a connection of its own takes one out.
//
// Its lock is taken by nobody who holds a connection's, and no connection's
// method that could wait is called under it.
type pool struct {
	dialer dialer
	opt    *Options

	// shared is the connections anyone may use, oldest first. A snapshot: it is
	// replaced, never changed.
	shared atomic.Pointer[[]*wire.Conn]
	misses atomic.Uint32

	// What spread knows of the callers: what speaks for a crowd, and for how long
	// there is one.
	crowding, crowd atomic.Int32

	takersWait atomic.Bool // takers is not empty

	scripts scriptLoads

	// pubsubOpened and pubsubClosed count connections for publish and subscribe.
	pubsubOpened, pubsubClosed atomic.Uint32

	// silent is how many connections owe replies for longer than they should:
	// while there are any, the node is suspect.
	silent atomic.Int32
	// onSilence, if set, is told when the node becomes suspect or does not answer a
	// check, and when it is suspect no more or has answered.
	onSilence func(silent bool)

	mu       sync.Mutex
	health   health
	conns    map[*wire.Conn]*pooled
	leaving  map[*wire.Conn]bool // given out no more, but with calls in flight maybe
	dialing  int
	dialsAt  time.Time                 // when the first of those dials began
	latest   *atomic.Pointer[dialStep] // the steps of the one that began last
	failures int                       // dials in a row that failed
	lastErr  error                     // of the last one
	inVainAt time.Time                 // when a connection ended young that had answered nothing; zero: the last one had
	retryAt  time.Time                 // no dials before, after a failure
	// pauseOverdue says that a call of DialerRetryBackoff has not returned in time.
	pauseOverdue bool
	closed       bool
	sweeper      *time.Timer
	refill       *time.Timer
	timeouts     uint32
	stale        uint32
	dead         uint32 // of them
	waits        uint32
	waited       time.Duration
	served       uint64 // calls on connections that are gone

	fillLater bool // see [pool.startFilling]

	largeOut        int         // connections taken out for large requests
	takers, sharers waitQueue   // who waits for a connection alone, and who for one to share
	slow            *time.Timer // runs while they wait for nothing but a dial

	// In a pool of one connection:
	claimed  *wire.Conn  // shared no more, as a taker waits for it to fall idle
	turnEnds time.Time   // no taker gets it before
	turn     *time.Timer // until then

	renewals    int       // since renewedFrom
	renewedFrom time.Time // within the last second

	life    context.Context // ends with the pool
	endLife context.CancelFunc
	wg      sync.WaitGroup
}

// pooled is what the pool knows of a connection.
type pooled struct {
	opened  time.Time
	expires time.Time // zero: never
	usedAt  time.Time // at the last sweep that found it used
	silent  bool
	served  uint64 // by then
	setUp   uint64 // calls that made it ready
	out     bool   // taken out
	large   bool   // for a large request
}

// aged reports whether the connection has reached its age.
func (i *pooled) aged(now time.Time) bool { return !i.expires.IsZero() && now.After(i.expires) }

func newPool(opt *Options, readOnly bool) *pool {
	p := &pool{
		opt:     opt,
		conns:   map[*wire.Conn]*pooled{},
		leaving: map[*wire.Conn]bool{},
	}
	if opt.fillTurns == nil {
		opt.fillTurns = new(fillTurns)
	}
	if opt.abandoned == nil {
		opt.abandoned = new(abandonedDials)
	}
	p.onSilence = opt.onSilence
	p.fillLater = opt.fillLater
	p.dialer = dialer{opt: opt, readOnly: readOnly, greeted: new(atomic.Bool), onSilence: p.silenceChanged, onIdle: p.fellIdle}
	p.life, p.endLife = context.WithCancel(context.Background())
	p.shared.Store(&[]*wire.Conn{})
	p.mu.Lock()
	defer p.mu.Unlock()
	if opt.IdleCheckFrequency > 0 {
		p.sweeper = time.AfterFunc(opt.IdleCheckFrequency, p.sweep)
	}
	p.fill()
	return p
}

// lane returns a connection to share.
func (p *pool) lane(ctx context.Context) (*wire.Conn, error) {
	if lanes := *p.shared.Load(); len(lanes) > 0 {
		switch first := lanes[0]; {
		case first.Busy():
			return p.quietest(p.sharable(lanes)), nil
		case first.InFlight() > 0 && p.opt.PoolSize > 1:
			return p.spread(p.sharable(lanes)), nil
		default:
			return first, nil
		}
	}
	p.misses.Add(1)
	p.mu.Lock()
	w := p.enqueue(false)
	p.mu.Unlock()
	return p.wait(ctx, w)
}

// sharable leaves out the last connection while anybody waits for one alone: what is
// given to all without a pause would never fall idle.
func (p *pool) sharable(lanes []*wire.Conn) []*wire.Conn {
	if p.takersWait.Load() && len(lanes) > 1 {
		return lanes[:len(lanes)-1]
	}
	return lanes
}

// quietest chooses a connection when the first is busy: one that is not, else
// the one with least in flight, with another on its way if there may be one.
func (p *pool) quietest(lanes []*wire.Conn) *wire.Conn {
	best := lanes[0]
	for _, conn := range lanes {
		if !conn.Busy() {
			return conn
		}
		if conn.InFlight() < best.InFlight() {
			best = conn
		}
	}
	p.openAnother(lanes)
	return best
}

// spread chooses a connection while the first is in use: one that nobody uses, as
// long as callers are few. Those who read for themselves are faster than those of
// whom one has to wake the others; a crowd is better off together.
func (p *pool) spread(lanes []*wire.Conn) *wire.Conn {
	first := lanes[0]
	if p.crowd.Load() > 0 {
		if first.Solo() {
			p.crowd.Add(-1)
		}
		return first
	}
	few := p.few()
	for _, conn := range lanes[1:min(len(lanes), few)] {
		if conn.InFlight() == 0 {
			if p.crowding.Load() > 0 {
				p.crowding.Add(-1)
			}
			return conn
		}
	}
	count := int32(crowdedOut)
	if len(lanes) < few {
		p.openAnother(lanes)
		count = 1
	}
	if p.crowding.Add(count) >= crowdFrom {
		p.crowding.Store(0)
		p.crowd.Store(crowdStays)
	}
	return first
}

// few is how many callers get a connection each: no more are opened for them than
// are kept.
func (p *pool) few() int {
	few := min(fewCallers, p.opt.PoolSize)
	if p.opt.MaxIdleConns > 0 {
		few = min(few, p.opt.MaxIdleConns)
	}
	return few
}

const (
	// fewCallers is how many get a connection each, if there may be as many.
	fewCallers = 3
	// crowdedOut is what a caller counts who finds all of these in use. One who
	// finds one counts 1 against it, so that it takes every ninth to be a crowd; one
	// for whom another has to be opened counts 1, as maybe it cannot be.
	crowdedOut = 8
	crowdFrom  = 64
	// crowdStays is how often the first connection then has to be found with one
	// caller, who reads for himself, until it is a crowd no more.
	crowdStays = 256
)

// openAnother opens one more connection than lanes, if there may be one. It waits for
// nobody: many may find at the same time that one is missing.
func (p *pool) openAnother(lanes []*wire.Conn) {
	if !p.mu.TryLock() {
		return
	}
	defer p.mu.Unlock()
	if len(*p.shared.Load()) <= len(lanes) && p.dialing == 0 && !time.Now().Before(p.retryAt) {
		p.open(1)
	}
}

// largeRequest is from how many bytes on a request has a connection for itself. It is the
// least that a server can be told to refuse (proto-max-bulk-len, client-query-buffer-limit),
// which it does by hanging up: that must not put in doubt what others have sent. To take
// a connection out costs little beside so many bytes.
const largeRequest = 1 << 20

// connForLarge finds a connection for a large request: one that is the caller's alone until
// [pool.give], unless there is none to be had, and nobody who will soon give one back.
func (p *pool) connForLarge(ctx context.Context) (conn *wire.Conn, alone bool, err error) {
	p.mu.Lock()
	allOut := p.opt.PoolSize > 1 && len(p.conns) >= p.opt.PoolSize && len(*p.shared.Load()) < 2
	hopeless := allOut && p.largeOut == 0
	p.mu.Unlock()
	if !hopeless {
		conn, err = p.take(ctx)
		if err == nil {
			p.mu.Lock()
			if info := p.conns[conn]; info != nil {
				info.large = true
				p.largeOut++
			}
			p.mu.Unlock()
			return conn, true, nil
		}
		if ctx.Err() != nil || len(*p.shared.Load()) == 0 {
			return nil, false, err
		}
	}
	conn, err = p.lane(ctx)
	return conn, false, err
}

// largeEnded notes that a connection is not with a large request any more. The lock is held.
func (p *pool) largeEnded(info *pooled) {
	if info.large {
		info.large = false
		p.largeOut--
	}
}

// take returns a connection that is the caller's alone until [pool.give].
func (p *pool) take(ctx context.Context) (*wire.Conn, error) {
	p.mu.Lock()
	if p.takers.len() == 0 {
		if conn := p.reserve(); conn != nil {
			p.mu.Unlock()
			return conn, nil
		}
	}
	w := p.enqueue(true)
	p.mu.Unlock()
	p.misses.Add(1)
	return p.wait(ctx, w)
}

func (p *pool) stats() PoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := PoolStats{
		Misses:     p.misses.Load(),
		Timeouts:   p.timeouts,
		TotalConns: uint32(len(p.conns)),
		StaleConns: p.stale,
		Unusable:   p.dead,

		WaitCount:       p.waits,
		WaitDurationNs:  int64(p.waited),
		PendingRequests: uint32(p.takers.len() + p.sharers.len()),
	}
	closed := p.pubsubClosed.Load() // before those opened, which are not fewer
	s.PubSubStats = PubSubStats{Created: p.pubsubOpened.Load(), Untracked: closed}
	s.PubSubStats.Active = s.PubSubStats.Created - closed
	served := p.served
	for conn, info := range p.conns {
		served += conn.Served() - info.setUp
		if conn.InFlight() == 0 && !info.out {
			s.IdleConns++
		}
	}
	s.Hits = uint32(served - min(served, uint64(s.Misses)))
	return s
}

func without(lanes []*wire.Conn, conn *wire.Conn) []*wire.Conn {
	return slices.DeleteFunc(slices.Clone(lanes), func(c *wire.Conn) bool { return c == conn })
}
