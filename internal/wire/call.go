package wire

import (
	"io"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// Call is one or more commands that travel together, and their replies. Get
// one with [NewCall], give it back with [Call.Free].
//
// The fields stand by who needs them together. At a thousand callers a call has
// gone cold whenever somebody comes back to it, and each line of the cache that
// is touched counts.
type Call struct {
	// The reader needs these.

	state atomic.Uint32
	// Reserved is set on the calls of whoever has reserved the connection.
	Reserved bool
	// Movable is set on a call that may be given up for another connection's
	// sake: see [Conn.Shed].
	Movable bool
	split   bool
	bare    bool // raw is the text of a string, not a reply
	// Replies is how many replies the request asks for; 1 at first.
	Replies int
	got     int32         // replies read so far
	decoded bool          // decoder was used
	patient bool          // the caller waits for ready alone until late, see lateness
	late    bool          // it was told so, by ready unless it reads for itself
	raw     []byte        // the replies
	next    *Call         // of those to be woken together
	ready   chan struct{} // signalled when state is decided, but to a caller that reads for itself

	// Submit needs these too.

	since int64  // when it was submitted, by the connection's clock
	end   int64  // in nanos, when its context ends, if that is soon; 0: not so
	start uint64 // where the request begins in the stream of bytes sent
	size  int    // of the request that was submitted
	// Timeout bounds the wait for the replies from submission on, in place of
	// the connection's ReadTimeout: 0 keeps that, a negative one never ends.
	Timeout time.Duration
	// Request is what to send. The caller appends to it; Submit takes it away.
	Request *Request

	// Few calls need these.

	err     error
	shed    *Error   // what Shed has said
	inline  [32]byte // backs raw when it is short
	decoder resp.Decoder
	taken   int32 // replies that Next has returned
	block   resp.Decoder
}

// The life of a call. Whoever changes waiting to something else has decided
// its fate: the reader by done or failed, the caller by abandoned, Shed by
// shedding, the writer by expired. The reader drops the replies of abandoned and
// shedding ones. An expired one was not sent, and its caller waits for its context, whose
// time is up.
const (
	waiting uint32 = iota
	done
	failed
	abandoned
	shedding
	expired
)

var calls = sync.Pool{New: func() any { return emptyCall() }}

// emptyCall is a call for the pool. It is signalled at most twice, see lateness.
func emptyCall() *Call { return &Call{ready: make(chan struct{}, 2)} }

// NewCall returns a call with an empty request.
func NewCall() *Call {
	c := calls.Get().(*Call)
	c.Replies = 1
	c.Request = requests.Get().(*Request)
	return c
}

// Size is the length of the request in bytes.
func (c *Call) Size() int {
	if c.Request != nil {
		return c.Request.size()
	}
	return c.size
}

// Decoder returns a decoder of the replies of a call that succeeded. It must
// not be used after Free; what it returns may.
func (c *Call) Decoder() *resp.Decoder {
	c.decoder, c.decoded = c.decode(), true
	return &c.decoder
}

// before is how many bytes of the request are before a place in the stream of bytes
// sent.
func (c *Call) before(place uint64) int {
	if place <= c.start {
		return 0
	}
	return int(min(place-c.start, uint64(c.size)))
}

func (c *Call) decode() resp.Decoder {
	if c.bare {
		return resp.NewStringDecoder(c.raw)
	}
	// Within the call the bytes are good until Free.
	return resp.NewDecoder(c.raw, len(c.raw) > 0 && &c.raw[0] != &c.inline[0])
}

// Next returns a decoder of the next reply of several, valid until the next
// call of Next. After an error of the connection it gives the replies that had
// come before, and [io.EOF] then.
func (c *Call) Next() (*resp.Decoder, error) {
	if !c.split {
		c.split = true
		c.block = c.decode()
	}
	if c.err != nil && c.taken == c.got {
		return nil, io.EOF
	}
	c.taken++
	c.decoded = true
	var err error
	c.decoder, err = c.block.Next()
	return &c.decoder, err
}

// Text is the reply of a call that succeeded, if it is one string and nothing
// else. It may be used after Free.
func (c *Call) Text() (text string, ok bool) {
	return unsafe.String(unsafe.SliceData(c.raw), len(c.raw)), c.bare
}

// outcome is the error of a call that has ended but was not abandoned.
func (c *Call) outcome() error {
	switch c.state.Load() {
	case failed:
		return c.err
	case shedding:
		return c.shed
	}
	return nil
}

// GivenUp reports whether the call ended before its replies had come, which are
// the reader's from then on.
func (c *Call) GivenUp() bool {
	state := c.state.Load()
	return state >= abandoned
}

// Free gives the call back. One whose reply is still to come is left to the
// reader.
func (c *Call) Free() {
	if c.GivenUp() {
		return
	}
	c.reset()
	calls.Put(c)
}

// reset makes the call as good as new, with as few writes as will do.
func (c *Call) reset() {
	if c.Request != nil {
		c.Request.free()
		c.Request = nil
	}
	c.Timeout, c.Reserved, c.Movable = 0, false, false
	c.patient, c.late = false, false
	c.end = 0
	c.raw, c.got = nil, 0
	if c.state.Load() == failed {
		c.err = nil
	}
	c.bare = false
	if c.decoded {
		c.decoder, c.decoded = resp.Decoder{}, false
	}
	if c.split {
		c.block, c.split, c.taken = resp.Decoder{}, false, 0
	}
	c.state.Store(waiting)
}

// keep adds a copy of b to the replies: a short single one stays within the
// call, all others get memory of their own. Of a single string only the text is
// kept, which is often of a size that memory comes in.
func (c *Call) keep(b []byte) {
	if c.raw == nil && c.Replies == 1 {
		if len(b) <= len(c.inline) && !isAggregate(b[0]) {
			if string(b) == "+OK\r\n" {
				c.raw, c.bare = ok, true
				return
			}
			c.raw = append(c.inline[:0], b...)
			return
		}
		if text, ok := resp.TextOf(b); ok {
			c.raw, c.bare = append([]byte(nil), text...), true
			return
		}
	}
	c.raw = append(c.raw, b...)
}

// adopt adds b to the replies, without a copy if it is the only one. b must be
// memory of its own.
func (c *Call) adopt(b []byte) {
	if c.raw == nil && c.Replies == 1 {
		c.raw = b
		return
	}
	c.raw = append(c.raw, b...)
}

// ok is the text of the reply to most writes.
var ok = []byte("OK")

func isAggregate(kind byte) bool {
	return kind == '*' || kind == '%' || kind == '~'
}
