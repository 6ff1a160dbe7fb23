package redis

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Callbacks are the functions of the program that the client calls: a Dialer, hooks,
// OnConnect and so on. They may block for ever, heed no context, or panic. None of that
// may harm anybody but the caller who needs what they give.

// PanicError is the error of what failed because a function of the program, such as a
// Dialer, OnConnect or a hook, has panicked on a goroutine of the client. On the
// goroutine of a caller a panic is not recovered.
type PanicError struct {
	Callback string // which function, by the name of the option or the method
	Value    any    // what it has panicked with
	Stack    []byte // of its goroutine, as [debug.Stack] shows it
	text     string
}

// Error names the function, what it has panicked with, and where. Of a value that is
// neither an error nor text nor a number it names only the type: it might hold a secret.
func (e *PanicError) Error() string { return e.text }

// newPanicError makes the error of a panic with value. It must be called by the
// deferred function that has recovered it.
func newPanicError(callback string, value any) *PanicError {
	text := "redis: " + callback + " has panicked: " + panicText(value)
	if at := panicOrigin(); at != "" {
		text += " (at " + at + ")"
	}
	return &PanicError{callback, value, debug.Stack(), text}
}

func panicText(value any) string {
	switch value.(type) {
	case error, fmt.Stringer:
		return fmt.Sprint(value)
	}
	switch kind := reflect.ValueOf(value).Kind(); {
	case kind == reflect.String, kind <= reflect.Complex128 && kind != reflect.Invalid:
		return fmt.Sprint(value)
	}
	return fmt.Sprintf("a value of type %T", value)
}

// panicOrigin is the function that has panicked, and the line.
func panicOrigin() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	panicking := false
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(frame.Function, "runtime."):
			return fmt.Sprintf("%s, %s:%d", frame.Function, frame.File, frame.Line)
		}
		if !more {
			return ""
		}
	}
}

// errGoexit is why a function of the program has no result: it has ended its goroutine,
// as the FailNow of a test does.
var errGoexit = errors.New("it has called runtime.Goexit")

// guard calls a function of the program on a goroutine of the client, and makes an error
// of a panic in it.
func guard(callback string, call func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = newPanicError(callback, value)
		}
	}()
	return call()
}

// spawn calls a function of the program on a goroutine, and there done with its error:
// also when it has panicked, or ended the goroutine.
func spawn(callback string, call func() error, done func(error)) {
	go func() {
		err := fmt.Errorf("redis: %s: %w", callback, errGoexit)
		defer func() { done(err) }()
		err = guard(callback, call)
	}()
}

// returnGrace is how long after the end of its time a callback may take to say what went
// wrong, which tells more than that time is up.
const returnGrace = 250 * time.Millisecond

// returned waits for a callback to be done, and gives up soon after the end of ctx.
func returned(ctx context.Context, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-ctx.Done():
	}
	grace := time.NewTimer(returnGrace)
	defer grace.Stop()
	select {
	case <-done:
		return true
	case <-grace.C:
		return false
	}
}

// dialStep is where a dial has got to: the stage, and the callback that has it, if any.
type dialStep struct{ stage, callback string }

// stageOf is the stage of a dial that notes its steps at step.
func stageOf(step *atomic.Pointer[dialStep]) string {
	if step != nil {
		if at := step.Load(); at != nil {
			return at.stage
		}
	}
	return "dial"
}

// unfinished is the error of a wait for a dial that ends before the dial, because of cause.
func unfinished(addr, stage string, cause error) error {
	if stage == stageTLS {
		cause = askForTLS(cause)
	}
	return &DialError{addr, stage, cause}
}

// at notes where the dial has got to.
func (d *dialer) at(stage string) {
	if d.step != nil {
		d.step.Store(&dialStep{stage: stage})
	}
}

// stepKey is the key of a dial's step in the context of a Dialer.
type stepKey struct{}

// reachTLS notes that the dial with this context has got to the TLS handshake.
func reachTLS(ctx context.Context) {
	if step, _ := ctx.Value(stepKey{}).(*atomic.Pointer[dialStep]); step != nil {
		at := dialStep{stage: stageTLS}
		if before := step.Load(); before != nil {
			at.callback = before.callback
		}
		step.Store(&at)
	}
}

// call calls a function of the program for one stage of the dial.
func (d *dialer) call(stage, callback string, do func() error) error {
	before := d.step.Swap(&dialStep{stage, callback})
	defer d.step.Store(before)
	return guard(callback, do)
}

// inTime makes one dial, of a connection of type T. It returns soon after the end of ctx,
// or of DialTimeout, even if a callback does not return. Such a dial is abandoned: its
// connection is discarded when it comes. While as many as MaxConcurrentDials of them go
// on, further dials to the address fail like the last of them.
func inTime[T any](ctx context.Context, d *dialer, dial func(context.Context, *dialer) (T, error), discard func(T)) (T, error) {
	var none T
	addr, abandoned := d.opt.Addr, d.opt.abandoned
	if n, err := abandoned.at(addr); n >= max(1, d.opt.MaxConcurrentDials) {
		return none, err
	}
	if limit := d.opt.DialTimeout; limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	own := *d
	if own.step == nil {
		own.step = new(atomic.Pointer[dialStep])
	}
	var conn T
	var err error
	done := make(chan struct{})
	var over atomic.Bool                 // the dial, or the wait for it: what comes first decides
	spawn("Dialer", func() (err error) { // what that has returned may panic, too
		conn, err = dial(ctx, &own)
		return err
	}, func(failure error) {
		if over.CompareAndSwap(false, true) {
			if err = failure; err != nil && !errors.As(err, new(*DialError)) {
				err = own.failed("dial", err)
			}
			close(done)
			return
		}
		if failure == nil {
			discard(conn)
		}
		abandoned.ended(addr)
	})
	if returned(ctx, done) {
		return conn, err
	}
	// The end of this ctx, which may be a caller's, is nothing to later dials.
	abandoned.add(addr, own.unreturned(context.DeadlineExceeded))
	if !over.CompareAndSwap(false, true) {
		abandoned.ended(addr)
		<-done
		return conn, err
	}
	return none, own.unreturned(ctx.Err())
}

// unreturned is the error of a dial that is abandoned.
func (d *dialer) unreturned(cause error) error {
	at := d.step.Load()
	switch {
	case at == nil:
		return d.failed("dial", cause)
	case at.callback == "":
		return d.failed(at.stage, cause)
	}
	return d.failed(at.stage, fmt.Errorf("%w (%s has not returned)", cause, at.callback))
}

// abandonedDials counts the dials that are abandoned but go on, for each address. All
// pools of a client share one, since those for seeds do not live long.
type abandonedDials struct {
	mu   sync.Mutex
	list map[string]abandonedAt
}

// abandonedAt is what there is for one address.
type abandonedAt struct {
	count int
	err   error // of the last
}

// add counts a dial that is abandoned with err.
func (a *abandonedDials) add(addr string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.list == nil {
		a.list = map[string]abandonedAt{}
	}
	a.list[addr] = abandonedAt{a.list[addr].count + 1, err}
}

// ended counts no more a dial that has ended.
func (a *abandonedDials) ended(addr string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := a.list[addr]
	if at.count--; at.count == 0 {
		delete(a.list, addr)
	} else {
		a.list[addr] = at
	}
}

// at is how many dials to an address are abandoned, and the error of the last.
func (a *abandonedDials) at(addr string) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.list[addr].count, a.list[addr].err
}
