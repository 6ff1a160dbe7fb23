package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// ErrClosed is the cause of a call's failure on a connection that its own side
// closed.
var ErrClosed = errors.New("connection closed")

// ErrClosedByServer is the cause when an idle connection turned out to be
// closed; nothing was sent on it.
var ErrClosedByServer = errors.New("connection closed by the server")

// ErrReserved is the cause when a connection is kept for others' calls; nothing
// was sent.
var ErrReserved = errors.New("connection reserved")

// timeout is the cause when ReadTimeout or WriteTimeout has passed.
type timeout string

func (t timeout) Error() string { return string(t) }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

// Is lets the error pass for that of a net.Conn.
func (timeout) Is(target error) bool { return target == os.ErrDeadlineExceeded }

// ErrReadTimeout is the cause when the oldest call got no reply in time.
var ErrReadTimeout net.Error = timeout("read timeout")

// ErrReplyTooLarge is the cause when a reply was longer than MaxReply.
var ErrReplyTooLarge = errors.New("reply larger than MaxReplySize")

var errWriteTimeout net.Error = timeout("write timeout")

// Error says why a call has no replies.
type Error struct {
	Node     string
	Wrote    int           // bytes of the request that may have reached the server, or may yet
	Size     int           // bytes of the request
	Received int           // bytes of the replies that had come
	Waited   time.Duration // since the call was submitted
	Cause    error         // of the connection's death, or the context's error
}

// MayHaveRun reports whether the server may have run the request, which it does not
// before it has read the last byte.
func (e *Error) MayHaveRun() bool { return e.Wrote > 0 && e.Wrote >= e.Size }

func (e *Error) Error() string {
	stage := "queued"
	if e.Wrote > 0 {
		stage = "sent"
	}
	return fmt.Sprintf("redis: %s: %v (command %s, waited %v)", e.Node, e.Cause, stage, e.Waited.Round(100*time.Microsecond))
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Timeout reports whether the time was up: the connection's or the context's.
func (e *Error) Timeout() bool {
	var t interface{ Timeout() bool }
	return errors.Is(e.Cause, context.DeadlineExceeded) || errors.As(e.Cause, &t) && t.Timeout()
}

// Temporary is there for net.Error.
func (e *Error) Temporary() bool { return e.Timeout() }
