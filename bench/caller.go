package main

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// caller is one goroutine that calls a library again and again. Nothing in its
// loop is shared with the other callers but the library itself and, once in
// bufferLength calls, a histogram.
type caller struct {
	driver driver
	data   *dataset
	work   workload
	mode   contextMode
	gap    time.Duration // mean time between two calls; 0: none
	random uint64

	keys, wants, outs []string // of a call with many keys

	calls    uint64
	wroteKey string
	wroteVal string

	small, bulk recorder
	failed      int
	firstErr    error

	abort *atomic.Bool // set for all callers when one has read wrong data
}

// run makes calls until the deadline, on the clock of now.
func (c *caller) run(ctx context.Context, deadline time.Duration) {
	c.failed, c.firstErr = 0, nil
	ended := now()
	due := ended
	for ended < deadline && !c.abort.Load() {
		if c.gap > 0 {
			// The latency counts from when the call was due, so that a
			// library that falls behind cannot hide it.
			due += c.pause()
			if due >= deadline {
				break
			}
			if wait := due - now(); wait > 0 {
				time.Sleep(wait)
			}
		}
		callCtx, cancel := c.mode.perCall(ctx)
		bulk, err := c.work.step(c, callCtx)
		if cancel != nil {
			cancel()
		}
		ended = now()
		switch {
		case err != nil:
			c.fail(err)
		case bulk:
			c.bulk.record(ended - due)
		default:
			c.small.record(ended - due)
		}
		if c.gap == 0 {
			due = ended
		}
	}
	c.small.flush()
	c.bulk.flush()
}

func (c *caller) fail(err error) {
	c.failed++
	if c.firstErr == nil || errors.Is(err, errWrongData) {
		c.firstErr = err
	}
	if errors.Is(err, errWrongData) {
		c.abort.Store(true)
	}
}

// next is xorshift64*: cheap, and each caller has its own.
func (c *caller) next() uint64 {
	c.random ^= c.random >> 12
	c.random ^= c.random << 25
	c.random ^= c.random >> 27
	return c.random * 0x2545F4914F6CDD1D
}

func (c *caller) below(n int) int {
	return int((c.next() >> 32) * uint64(n) >> 32)
}

// pause is the time to the next call of a Poisson process.
func (c *caller) pause() time.Duration {
	u := (float64(c.next()>>11) + 1) / (1 << 53)
	return time.Duration(-math.Log(u) * float64(c.gap))
}

var epoch = time.Now()

// now is a monotonic clock: one reading a call, the same for every library.
func now() time.Duration { return time.Since(epoch) }

// contextMode is which context the calls get.
type contextMode struct {
	name string // as in -ctx

	// perRun makes the context that all callers share.
	perRun func() (context.Context, context.CancelFunc)

	// perCall makes that of one call; the cancel function may be nil.
	perCall func(context.Context) (context.Context, context.CancelFunc)
}

const callTimeout = 5 * time.Second

var contextModes = []contextMode{
	{"background", backgroundRun, sharedCall},
	{"timeout", backgroundRun, func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, callTimeout)
	}},
	{"cancel", backgroundRun, func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithCancel(ctx)
	}},
	{"unused-timeout", backgroundRun, func(ctx context.Context) (context.Context, context.CancelFunc) {
		_, cancel := context.WithTimeout(ctx, callTimeout)
		return ctx, cancel
	}},
	{"unused-cancel", backgroundRun, func(ctx context.Context) (context.Context, context.CancelFunc) {
		_, cancel := context.WithCancel(ctx)
		return ctx, cancel
	}},
	{"shared", func() (context.Context, context.CancelFunc) {
		return context.WithCancel(context.Background())
	}, sharedCall},
}

func backgroundRun() (context.Context, context.CancelFunc) {
	return context.Background(), func() {}
}

func sharedCall(ctx context.Context) (context.Context, context.CancelFunc) { return ctx, nil }

const (
	bufferLength = 64

	lowestLatency  = 100 * time.Nanosecond
	highestLatency = time.Minute
	latencyDigits  = 2 // to within one percent
)

// histogram is shared by some of the callers.
type histogram struct {
	mu sync.Mutex
	h  *hdrhistogram.Histogram
}

func newHistogram() *histogram {
	return &histogram{h: hdrhistogram.New(int64(lowestLatency), int64(highestLatency), latencyDigits)}
}

// recorder is a caller's access to a histogram: it takes the lock once in
// bufferLength calls.
type recorder struct {
	into   *histogram
	n      int
	buffer [bufferLength]time.Duration
}

func (r *recorder) record(d time.Duration) {
	r.buffer[r.n] = d
	r.n++
	if r.n == bufferLength {
		r.flush()
	}
}

func (r *recorder) flush() {
	r.into.mu.Lock()
	defer r.into.mu.Unlock()
	for _, d := range r.buffer[:r.n] {
		// Out of range only beyond highestLatency: that counts as the highest.
		_ = r.into.h.RecordValue(int64(min(d, highestLatency)))
	}
	r.n = 0
}
