package wire

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"time"
	"unsafe"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

const defaultReadBuffer = 64 << 10

// headCalls is how many calls the reader looks up at a time.
const headCalls = 128

// directRead is the number of bytes from which the rest of a reply is read
// straight to where it will stay.
const directRead = 16 << 10

// growStep bounds how much memory is set aside on the word of a length alone.
const growStep = 16 << 20

// intake is what the reader has read and not yet given away.
type intake struct {
	buf    []byte // from the pool, while there is something in it
	r, w   int    // buf[r:w] is unread
	mark   int    // buf[mark:r] belongs to the first call and is not yet kept
	frame  []byte // a reply too long for buf, as far as it has come
	framer resp.Framer
	heads  []*Call // the oldest calls in flight
	done   int     // how many of them are answered
	// partial is how many bytes the first call has of its replies, as far as it was noted.
	partial int
	came    int // bytes that settle does not know of yet
}

var readBuffers sync.Pool

func (in *intake) acquire(size int) {
	if b, ok := readBuffers.Get().(*[]byte); ok && cap(*b) >= size {
		in.buf = (*b)[:size]
		return
	}
	in.buf = make([]byte, size)
}

// release gives the buffer back if nothing is in it.
func (in *intake) release() {
	if in.buf != nil && in.r == in.w {
		buf := in.buf
		readBuffers.Put(&buf)
		in.buf, in.r, in.w, in.mark = nil, 0, 0, 0
	}
}

// becomeReader takes the reader's role for the caller of call, if it is free.
func (c *Conn) becomeReader(call *Call) (turn uint64, ok bool) {
	if c.reader.Load() != nobody {
		return 0, false
	}
	c.mu.Lock()
	if c.reader.Load() != nobody || call.state.Load() != waiting {
		c.mu.Unlock()
		return 0, false
	}
	c.reader.Store(caller)
	c.own = call
	c.turn++
	turn = c.turn
	late := call.late
	c.mu.Unlock()
	if late {
		<-call.ready
		call.patient = false
	}
	return turn, true
}

// readFor reads on behalf of call until it is done, or the context ends.
func (c *Conn) readFor(ctx context.Context, call *Call, turn uint64) {
	stop := func() bool { return false }
	watch := func() { stop = context.AfterFunc(ctx, func() { c.interrupt(turn) }) }
	if !call.patient && ctx.Done() != nil {
		watch()
	}
	c.serve(call, watch)
	stop()
}

// interrupt abandons the call of the caller that is reading, if its turn is
// not over.
func (c *Conn) interrupt(turn uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.turn == turn && c.own != nil && c.own.state.CompareAndSwap(waiting, abandoned) {
		c.kick()
	}
}

var past = time.Unix(1, 0)

// kick makes a read that is under way return. The lock is held, so that serve
// can tell why it was kicked, and clear the deadline, without missing another.
func (c *Conn) kick() { _ = c.nc.SetReadDeadline(past) }

// reside gives the reader's role to a goroutine. The lock is held.
func (c *Conn) reside() {
	c.reader.Store(resident)
	c.own = nil
	c.solo = 0
	c.rest = false
	go c.serve(nil, nil)
}

// serve reads and hands out replies: for a caller until its own call is done
// or abandoned, as the resident reader until it is not needed. A patient caller
// is told when it is late.
func (c *Conn) serve(own *Call, onLate func()) {
	for {
		more, err := c.handOut()
		woken, news, idle, next := c.settle(own, more, err)
		for woken != nil {
			call := woken
			woken, call.next = call.next, nil
			call.ready <- struct{}{}
		}
		if news {
			c.tellSilence()
		}
		if idle {
			c.opt.OnIdle(c)
		}
		switch {
		case next == leave:
			return
		case next == end && err == nil:
			err = ErrClosed
		case err == nil && !more:
			if own == nil {
				c.writeGathered()
			}
			err = c.fill()
			if c.clock.exact && err == nil && c.isTooLate() {
				c.fail(ErrReadTimeout)
				c.bury(own)
				return
			}
		}
		if err == nil {
			continue
		}
		if !c.resume(err) {
			c.fail(err)
			c.bury(own)
			return
		}
		if own != nil && own.patient && c.isLate(own) {
			own.patient = false
			onLate()
		}
	}
}

func isKick(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// resume reports whether a read was only kicked, and makes reading possible
// again.
func (c *Conn) resume(err error) bool {
	if !isKick(err) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err == nil && c.broken == nil && c.nc.SetReadDeadline(time.Time{}) == nil
}

// What the reader does next.
type next uint8

const (
	stay  next = iota
	leave      // the role is somebody else's by now, or nobody's
	end        // close the connection: it is drained
)

// settle takes the answered calls out of the queue and decides what the reader
// does next. It reports whether OnSilence or OnIdle has to be told something. The
// calls whose callers are to be woken are linked by next.
//
// A reader that found something wrong stays, to say so. One that has more to
// hand out does not leave it to nobody: it may be a reply too many, and must
// not become that of the next call.
func (c *Conn) settle(own *Call, more bool, wrong error) (woken *Call, news, idle bool, what next) {
	in := &c.in
	woken, answered := in.finish(own)
	c.mu.Lock()
	defer c.mu.Unlock()
	if in.came > 0 {
		c.gathering.received += in.came
		c.progress.received += in.came
		in.came = 0
		c.silence.heard(answered, c.calls.first(), c.clock.now)
	}
	news = c.silence.news()
	left := c.inFlight.Add(int32(-answered))
	if answered > 0 {
		if c.receiving.Load() {
			c.receiving.Store(false)
		}
		c.solo++
		if answered > 1 || left > 0 {
			c.solo = 0
		}
		c.calls.drop(answered)
		c.replied += uint64(answered)
		c.gathering.answered(answered, c.appended-c.unanswered())
		c.makeRoom()
		if left == 0 && c.tellIdle {
			c.tellIdle, idle = false, c.opt.OnIdle != nil
		}
	}
	switch {
	case (c.closing || c.broken != nil) && left == 0 || c.err != nil:
		return woken, news, idle, end
	case wrong != nil, more && left == 0, own != nil && own.state.Load() == waiting:
		return woken, news, idle, stay
	case own != nil && left > 0:
		c.reside()
		return woken, news, idle, leave
	case own == nil && (left > 0 || !c.rest && c.solo < soloReplies):
		return woken, news, idle, stay
	}
	c.own = nil
	c.reader.Store(nobody)
	c.leftAt = nanos()
	if c.rest {
		c.rest = false
		in.release()
	}
	return woken, news, idle, leave
}

// finish decides the fate of the answered calls, links those whose callers are
// to be woken, and counts them all. Nobody can come between, so it needs no lock:
// it is long, as each call has gone cold.
func (in *intake) finish(own *Call) (woken *Call, answered int) {
	var last *Call
	for _, call := range in.heads[:in.done] {
		switch {
		case !call.state.CompareAndSwap(waiting, done) || call == own:
		case last == nil:
			woken, last = call, call
		default:
			last.next, last = call, call
		}
	}
	answered = in.done
	kept := copy(in.heads, in.heads[answered:])
	clear(in.heads[kept:]) // calls that are over are not to be kept
	in.heads, in.done = in.heads[:kept], 0
	return woken, answered
}

// handOut gives the replies that have come to their calls. It reports whether
// there is more to hand out before the next read.
func (c *Conn) handOut() (more bool, err error) {
	in := &c.in
	for in.done < headCalls {
		reply, long, err := in.reply()
		if err != nil {
			return false, err
		}
		if reply == nil {
			in.keep()
			if part := in.held(); len(part) > 0 && resp.Kind(part[0]) != resp.Push && c.head() == nil {
				return false, unasked(part)
			}
			return false, nil
		}
		if resp.Kind(reply[0]) == resp.Push {
			in.keep()
			if c.opt.OnPush != nil {
				c.opt.OnPush(reply)
			}
			in.pass(len(reply), long)
			in.mark = in.r
			continue
		}
		call := c.head()
		if call == nil {
			return false, unasked(reply)
		}
		if len(reply) > c.opt.MaxReply {
			return false, ErrReplyTooLarge
		}
		call.got++
		in.pass(len(reply), long)
		if long {
			call.adopt(reply)
			in.mark = in.r
		}
		if int(call.got) == call.Replies {
			in.keep()
			in.done++
			in.partial = 0
		} else {
			in.partial = len(call.raw)
		}
	}
	return true, nil
}

// reply finds the next whole reply; nil when there is none yet. A long one
// lies in memory of its own.
func (in *intake) reply() (reply []byte, long bool, err error) {
	b := in.buf[in.r:in.w]
	if in.frame != nil {
		b, long = in.frame, true
	} else if len(b) == 0 {
		return nil, false, nil
	}
	n, err := in.framer.Next(b)
	if n == 0 {
		return nil, false, err
	}
	return b[:n:n], long, nil
}

// pass moves behind a reply of n bytes.
func (in *intake) pass(n int, long bool) {
	if !long {
		in.r += n
		return
	}
	in.r -= len(in.frame) - n // what came behind a long reply is still in buf
	in.frame = nil
}

// keep gives the first call what has been read of its replies.
func (in *intake) keep() {
	if in.mark < in.r {
		in.heads[in.done].keep(in.buf[in.mark:in.r])
		in.mark = in.r
	}
}

// head is the call whose reply comes next; nil when none is in flight, or none
// of which anything has left.
func (c *Conn) head() *Call {
	in := &c.in
	if in.done == len(in.heads) {
		if in.heads == nil {
			in.heads = make([]*Call, 0, headCalls)
		}
		c.mu.Lock()
		sent := c.calls.n - c.unsent
		n := c.calls.copy(len(in.heads), in.heads[len(in.heads):min(headCalls, sent)])
		c.mu.Unlock()
		if n == 0 {
			return nil
		}
		in.heads = in.heads[:len(in.heads)+n]
	}
	return in.heads[in.done]
}

// fill reads once.
func (c *Conn) fill() error {
	in := &c.in
	if in.buf == nil {
		in.acquire(c.opt.ReadBuffer)
	}
	missing := in.framer.Missing()
	if missing > c.opt.MaxReply-len(in.held()) {
		return ErrReplyTooLarge
	}
	if bulky := in.bulky(missing); bulky != c.receiving.Load() {
		c.receiving.Store(bulky)
	}
	switch held := in.w - in.r; {
	case in.frame != nil:
		return c.fillFrame(missing)
	case held == 0:
		in.r, in.w, in.mark = 0, 0, 0
	case held+missing > len(in.buf):
		in.frame = append(make([]byte, 0, held+min(missing, growStep)), in.buf[in.r:in.w]...)
		in.r, in.mark = in.w, in.w
		return c.fillFrame(missing)
	case in.w+missing > len(in.buf):
		in.w = copy(in.buf, in.buf[in.r:in.w])
		in.r, in.mark = 0, 0
	}
	n, err := c.nc.Read(in.buf[in.w:])
	in.w += n
	return in.read(n, err)
}

// bulky reports whether a large reply is on its way in, of which so many bytes are
// missing at the least, or a call has got a lot of replies and not yet all.
func (in *intake) bulky(missing int) bool {
	return missing >= bulk || len(in.frame) >= bulk && !in.framer.Exact() || in.partial >= bulk
}

// read notes the outcome of a read: an error that comes with bytes will come
// once more.
func (in *intake) read(n int, err error) error {
	if n == 0 {
		return err
	}
	in.came += n
	return nil
}

// fillFrame reads once to the end of a long reply: straight to its place when
// much is missing, else through the buffer, since other replies may follow.
func (c *Conn) fillFrame(missing int) error {
	in := &c.in
	if missing < directRead {
		n, err := c.nc.Read(in.buf)
		in.w = n
		in.r = n
		if in.framer.Exact() {
			in.r = min(n, missing) // the frame has room for just that
		}
		in.frame = append(in.frame, in.buf[:in.r]...)
		in.mark = in.r
		return in.read(n, err)
	}
	have := len(in.frame)
	if have == cap(in.frame) {
		in.frame = slices.Grow(in.frame, min(missing, max(growStep, have)))
	}
	n, err := c.nc.Read(in.frame[have:min(have+missing, cap(in.frame))])
	in.frame = in.frame[:have+n]
	return in.read(n, err)
}

func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
