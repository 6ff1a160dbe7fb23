package wire

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"math"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Options of a connection. The zero value of each has the meaning given.
type Options struct {
	Node string // names the server in errors
	// ReadTimeout is how long the server may send nothing while it owes a reply.
	// See [Conn.overdue] for one that sends little. 0: no limit.
	ReadTimeout  time.Duration
	WriteTimeout time.Duration // longest time in which a write may get nowhere; 0: no limit
	ReadBuffer   int           // bytes read at once; 0: 64 KiB
	MaxReply     int           // bytes of the longest reply that is accepted; 0: no limit

	// OnPush is given each push message; the bytes are valid until it returns.
	// It runs on the reader and must not wait. Nil: they are dropped.
	OnPush func(message []byte)
	// SilentAfter is how long the server may owe a reply without sending
	// anything before OnSilence is called with true; with false, when it speaks
	// again. 0: never. Calls with a Timeout of their own do not count.
	SilentAfter time.Duration
	OnSilence   func(c *Conn, silent bool)
	// OnIdle is told that nothing is in flight any more, after [Conn.Reserve] has
	// failed because something was.
	OnIdle func(*Conn)
	// OnClose is told, once, that the connection is dead, and why.
	OnClose func(*Conn, error)
}

// Bounds on what one connection holds at a time. Beyond them Submit waits.
const (
	maxInFlight      = 1 << 16 // calls
	maxInFlightBytes = 16 << 20
)

// bulk is the number of bytes from which a batch, or a reply, counts as large:
// it may fill a socket's buffer and keep others waiting.
const bulk = 64 << 10

// combineRounds is how many batches a caller writes, for others too, before it
// leaves the rest to a goroutine.
const combineRounds = 16

// soloReplies is after how many replies in a row with nobody else in flight
// the resident reader leaves the reading to the callers.
const soloReplies = 16

// Conn is a connection that many callers share. Its methods may be called at
// any time from any goroutine.
type Conn struct {
	nc     net.Conn
	opt    Options
	tls    bool
	socket bool // there are buffers on the way to the server

	inFlight  atomic.Int32
	reader    atomic.Uint32 // changed under mu
	receiving atomic.Bool   // a large reply is on its way in
	sending   atomic.Bool   // much is waiting to be written

	mu       sync.Mutex
	calls    queue
	err      error // why the connection is dead
	broken   error // a write has failed, see breakOff
	closing  bool  // no new calls; dead when the last is done
	reserved bool  // for calls that say so
	tellIdle bool  // OnIdle is to be told when nothing is in flight
	buried   bool  // every call has learnt of the death
	served   uint64
	replied  uint64        // calls that got their replies
	room     chan struct{} // closed when there is room again

	// Writing: out and outRefs wait for the writer, spare is the buffer that
	// was written last.
	out        []byte
	outRefs    []ref
	spare      []byte
	spareRefs  []ref
	largest    int           // size of the largest batch of late
	writing    bool          // somebody is the writer
	writeSince int64         // when the write under way began; 0: none is
	unsent     int           // calls of which out is the requests
	soonest    int64         // the first end among those of them that end soon; 0: none does
	appended   uint64        // bytes submitted
	taken      atomic.Uint64 // bytes that have left out; changed under mu
	handed     uint64        // those among them that were handed to write calls
	written    uint64        // those among them that write calls have accepted
	gone       atomic.Int32  // calls given up since somebody looked, see dropGone
	dropped    uint64        // calls that were dropped unwritten
	returned   sync.Cond     // signalled when a write call has returned

	// Reading: in belongs to whoever has the reader's role.
	in     intake
	own    *Call  // the call that a caller reads for
	turn   uint64 // counts the callers that became the reader
	solo   int    // replies in a row that came alone
	rest   bool   // the resident reader should go
	leftAt int64  // when a reader left last that had nothing more to read

	clock    clock
	silence  silence
	progress progress
	late     lateness

	gathering gathering
}

// The reader's role. Once somebody has it, somebody has it until nothing is in
// flight any more.
const (
	nobody uint32 = iota
	caller
	resident
)

// New makes a connection of nc, which it then owns.
func New(nc net.Conn, opt Options) *Conn {
	if opt.ReadBuffer == 0 {
		opt.ReadBuffer = defaultReadBuffer
	}
	if opt.MaxReply == 0 {
		opt.MaxReply = math.MaxInt
	}
	if opt.OnSilence == nil {
		opt.SilentAfter = 0
	}
	c := &Conn{nc: nc, opt: opt}
	c.returned.L = &c.mu
	_, c.tls = nc.(*tls.Conn)
	_, c.socket = socketOf(nc)
	c.clock.every = tickFor(opt)
	c.clock.exact = opt.ReadTimeout > 0 && opt.ReadTimeout < exactBelow
	c.gathering.nearby = int64(nearby)
	now := c.clock.time()
	c.silence.heardAt, c.progress.at, c.progress.sentAt = now, now, now
	return c
}

// socketOf is the socket that nc writes to, if it is one.
func socketOf(nc net.Conn) (socket syscall.Conn, ok bool) {
	if secure, ok := nc.(*tls.Conn); ok {
		nc = secure.NetConn()
	}
	socket, ok = nc.(syscall.Conn)
	return socket, ok
}

// NetConn is the underlying connection.
func (c *Conn) NetConn() net.Conn { return c.nc }

// ReadTimeout is the longest wait for a reply; 0: none.
func (c *Conn) ReadTimeout() time.Duration { return c.opt.ReadTimeout }

// Node names the server, as errors do.
func (c *Conn) Node() string { return c.opt.Node }

// InFlight is the number of calls that wait for replies.
func (c *Conn) InFlight() int { return int(c.inFlight.Load()) }

// Served is the number of calls submitted so far.
func (c *Conn) Served() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.served
}

// Answered is the number of calls that have got their replies so far.
func (c *Conn) Answered() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.replied
}

// Blocked reports whether the oldest call in flight has a time of its own, so that
// its wait is no silence.
func (c *Conn) Blocked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := c.calls.first()
	return first != nil && first.Timeout != 0
}

// HeardAt tells when bytes have come last, as a time that can only be compared with
// another one of this connection.
func (c *Conn) HeardAt() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.silence.heardAt
}

// Busy reports whether so much is under way that a small command would have to
// wait for it.
func (c *Conn) Busy() bool { return c.receiving.Load() || c.sending.Load() }

// Solo reports whether one call is in flight, whose caller reads for itself.
func (c *Conn) Solo() bool { return c.inFlight.Load() == 1 && c.reader.Load() == caller }

// Reserve keeps the connection for calls whose Reserved is set, if nothing is
// in flight on it, and reports whether it did. [Conn.Release] ends that. If calls in
// flight stand in the way, OnIdle is told once there are none.
func (c *Conn) Reserve() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reserved || c.refusal() != nil {
		return false
	}
	c.tellIdle = c.calls.n > 0
	c.reserved = !c.tellIdle
	return c.reserved
}

// Release lets every call use the connection again.
func (c *Conn) Release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reserved = false
}

// Err tells why the connection is dead, or takes no more calls; nil while it
// does.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refusal()
}

// refusal is why the connection takes no more calls, if it does not. The lock is
// held.
func (c *Conn) refusal() error {
	switch {
	case c.err != nil:
		return c.err
	case c.broken != nil:
		return c.broken
	case c.closing:
		return ErrClosed
	}
	return nil
}

// Close ends the connection at once. Calls in flight fail with the cause.
func (c *Conn) Close(cause error) { c.fail(cause) }

// Shed fails the movable calls in flight with cause, so that their callers can
// try elsewhere; their replies are dropped when they come. The connection lives
// on.
func (c *Conn) Shed(cause error) {
	c.mu.Lock()
	var shed []*Call
	all := make([]*Call, c.calls.n)
	c.calls.copy(0, all)
	for _, call := range all {
		if !call.Movable || call == c.own {
			continue
		}
		failure := c.failure(call, cause)
		if call.state.CompareAndSwap(waiting, shedding) {
			call.shed = failure
			shed = append(shed, call)
		}
	}
	if c.own != nil && c.own.Movable && c.reader.Load() == caller {
		failure := c.failure(c.own, cause)
		if c.own.state.CompareAndSwap(waiting, shedding) {
			c.own.shed = failure
			c.kick()
		}
	}
	c.mu.Unlock()
	for _, call := range shed {
		call.ready <- struct{}{}
	}
}

// Drain takes no more calls, and ends the connection when none is in flight.
func (c *Conn) Drain() {
	c.mu.Lock()
	c.closing = true
	idle := c.calls.n == 0
	c.mu.Unlock()
	if idle {
		c.fail(ErrClosed)
	}
}

// Do submits the call and waits for its replies. The error is an [*Error].
// After the context's error the call is abandoned: its replies are dropped
// when they come, and nothing but Free may be done with it.
func (c *Conn) Do(ctx context.Context, call *Call) error {
	if err := c.Submit(ctx, call); err != nil {
		return err
	}
	return c.Wait(ctx, call)
}

// Submit queues the call and sees to it that it is written. Unless it returns
// an error, Wait must follow.
func (c *Conn) Submit(ctx context.Context, call *Call) error {
	if err := ctx.Err(); err != nil {
		return &Error{Node: c.opt.Node, Size: call.Size(), Cause: err}
	}
	end, mayEnd := endOf(ctx)
	delayed := false
	switch {
	case !mayEnd:
		c.mu.Lock()
	case c.mu.TryLock():
	case c.lockBefore(end):
		delayed = true
	default:
		return c.tooLate(ctx, call)
	}
	if err := c.awaitRoom(ctx, call); err != nil {
		return err
	}
	if mayEnd && (delayed && ctx.Err() != nil || c.isSoon(end) && nanos() >= end) {
		c.mu.Unlock()
		return c.tooLate(ctx, call)
	}
	switch {
	case c.refusal() != nil:
	case !c.clock.armed:
		c.wake()
	case c.calls.n == 0:
		c.rouse()
	}
	if err := c.refusal(); err != nil {
		unburied := c.err != nil && !c.buried
		c.mu.Unlock()
		if unburied {
			c.fail(err)
		}
		return &Error{Node: c.opt.Node, Size: call.Size(), Cause: err}
	}
	if c.reserved != call.Reserved {
		c.mu.Unlock()
		return &Error{Node: c.opt.Node, Size: call.Size(), Cause: ErrReserved}
	}
	request := call.Request
	call.Request = nil
	call.since = c.clock.now
	if c.clock.exact {
		call.since = c.clock.time()
	}
	call.start = c.appended
	call.size = request.size()
	c.appended += uint64(call.size)
	for _, r := range request.refs {
		c.outRefs = append(c.outRefs, ref{len(c.out) + r.at, r.s})
	}
	c.out = append(c.out, request.Bytes...)
	switch {
	case !mayEnd:
	case !c.isSoon(end):
		c.watchOver(call)
	case ctx.Done() != nil:
		call.end = end
		if c.soonest == 0 || end < c.soonest {
			c.soonest = end
		}
	}
	c.calls.push(call)
	c.unsent++
	c.served++
	depth := c.inFlight.Add(1)
	if c.appended-c.written > bulk {
		c.sending.Store(true)
	}
	left := c.writing || call.size <= smallRequest && c.gathers() // to others
	c.writing = c.writing || !left
	c.mu.Unlock()
	request.free()
	if left {
		return nil
	}
	if depth > 1 {
		runtime.Gosched() // those who are ready to run add to the batch
	}
	c.write(combineRounds, mayEnd, end)
	return nil
}

// lockTries is how often a caller in haste looks whether the lock is free.
const lockTries = 8

// lockBefore takes the lock, unless its caller is in haste and the time end, in nanos,
// comes first. On a busy processor thousands may want the lock. If all of them queued for
// it, those who have given up too, so would the reader and the writer behind them.
func (c *Conn) lockBefore(end int64) bool {
	for range lockTries {
		now := nanos()
		if now >= end {
			return false
		}
		if now+int64(2*lateAfter) < end {
			break
		}
		runtime.Gosched()
		if c.mu.TryLock() {
			return true
		}
	}
	c.mu.Lock()
	return true
}

// tooLate is the error of a call whose time was up before it could be submitted. Nobody
// waits for it any more, though a busy processor may be late to end the context. It would
// only keep others waiting.
func (c *Conn) tooLate(ctx context.Context, call *Call) error {
	if done := ctx.Done(); done != nil {
		<-done
	}
	return &Error{Node: c.opt.Node, Size: call.Size(), Cause: cmp.Or(ctx.Err(), context.DeadlineExceeded)}
}

func (c *Conn) full() bool {
	return c.calls.n >= maxInFlight || c.unanswered() > maxInFlightBytes
}

// unanswered is the number of bytes from the oldest call in flight on.
func (c *Conn) unanswered() uint64 {
	if first := c.calls.first(); first != nil {
		return c.appended - first.start
	}
	return 0
}

// awaitRoom waits until so many calls were answered that there is room for one
// more. It is entered with the lock held, and left so unless it returns an
// error.
func (c *Conn) awaitRoom(ctx context.Context, call *Call) error {
	var since int64
	for c.refusal() == nil && c.full() {
		if since == 0 {
			since = nanos()
		}
		if c.room == nil {
			c.room = make(chan struct{})
		}
		room := c.room
		c.mu.Unlock()
		select {
		case <-room:
			c.mu.Lock()
		case <-ctx.Done():
			return &Error{Node: c.opt.Node, Size: call.Size(), Waited: time.Duration(nanos() - since), Cause: ctx.Err()}
		}
	}
	return nil
}

// makeRoom wakes those who wait in awaitRoom. The lock is held.
func (c *Conn) makeRoom() {
	if c.room != nil {
		close(c.room)
		c.room = nil
	}
}

// Wait waits for the replies of a submitted call.
func (c *Conn) Wait(ctx context.Context, call *Call) error {
	if turn, ok := c.becomeReader(call); ok {
		c.readFor(ctx, call, turn)
		if call.state.Load() == abandoned {
			return c.abandonment(ctx, call)
		}
		return call.outcome()
	}
	if call.patient {
		if <-call.ready; !call.late {
			return call.outcome()
		}
	}
	stop := ctx.Done()
	if stop == nil {
		<-call.ready
		return call.outcome()
	}
	select {
	case <-call.ready:
		return call.outcome()
	case <-stop:
		if call.state.CompareAndSwap(waiting, abandoned) || call.state.Load() == expired {
			return c.abandonment(ctx, call)
		}
		<-call.ready
		return call.outcome()
	}
}

// abandonment is the error of a call whose context has ended. It takes no lock: those
// who give up are many at a time, when a connection is slow, and would only be in the way
// of others. If nothing has been written of the call by now, nothing ever is: see dropGone.
func (c *Conn) abandonment(ctx context.Context, call *Call) error {
	wrote := 0
	if call.state.Load() == abandoned {
		c.gone.Add(1)
		wrote = call.before(c.taken.Load())
	}
	return &Error{
		Node:   c.opt.Node,
		Wrote:  wrote,
		Size:   call.size,
		Waited: time.Duration(c.clock.time() - call.since),
		Cause:  ctx.Err(),
	}
}

// failure is the error of a call that gets no replies. The lock is held.
func (c *Conn) failure(call *Call, cause error) *Error {
	return &Error{
		Node:   c.opt.Node,
		Wrote:  c.wrote(call),
		Size:   call.size,
		Waited: time.Duration(c.clock.time() - call.since),
		Cause:  cause,
	}
}

// wrote is how many bytes of the call may have left. The lock is held.
func (c *Conn) wrote(call *Call) int {
	if c.writeSince != 0 || c.tls {
		return call.before(c.handed) // how far a write came, or what a record holds, is not known
	}
	return call.before(c.written)
}

// fail marks the connection dead. Its reader will bury it; without a reader it
// is done here.
func (c *Conn) fail(cause error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = cause
		if c.broken != nil && !errors.As(cause, new(*Unasked)) {
			c.err = c.broken
		}
	}
	alone := c.reader.Load() == nobody && !c.buried
	if alone {
		c.reader.Store(caller)
	}
	c.mu.Unlock()
	if secure, ok := c.nc.(*tls.Conn); ok && cause != ErrClosed {
		_ = secure.NetConn().Close() // a goodbye could wait for a dead peer
	}
	_ = c.nc.Close()
	if alone {
		c.bury(nil)
	}
}

// bury fails every call in flight. It is done by who has the reader's role, for
// the call own if any, and gives the role up.
func (c *Conn) bury(own *Call) {
	c.mu.Lock()
	for c.writeSince != 0 && !c.tls {
		c.returned.Wait() // only now is it known how far it came; the socket is closed
	}
	c.in.keep() // replies that have come are the caller's
	dead := make([]*Call, c.calls.n)
	c.calls.copy(0, dead)
	c.calls.drop(len(dead))
	c.inFlight.Store(0)
	wakes := dead[:0]
	for i, call := range dead {
		if call.state.Load() == waiting {
			failure := c.failure(call, c.err)
			if i == 0 {
				failure.Received = len(call.raw) + len(c.in.held())
			}
			call.err = failure
		}
		if call.state.CompareAndSwap(waiting, failed) && call != own {
			wakes = append(wakes, call)
		}
	}
	c.reader.Store(nobody)
	c.own = nil
	c.buried = true
	c.receiving.Store(false)
	c.makeRoom()
	c.clock.stop()
	c.in.release()
	cause := c.err
	c.mu.Unlock()
	for _, call := range wakes {
		call.ready <- struct{}{}
	}
	if c.opt.OnClose != nil {
		c.opt.OnClose(c, cause)
	}
}
