package redis

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"
)

// receiveMode is who gets the messages.
type receiveMode uint8

const (
	byMethod receiveMode = iota
	byChannel
	byChannelOfAll
)

var errReceiver = errors.New("redis: pub/sub: the messages go to a Go channel, and cannot be received by a method as well")

// receiveTimeout is the error of ReceiveTimeout.
type receiveTimeout time.Duration

func (e receiveTimeout) Error() string {
	return fmt.Sprintf("redis: pub/sub: nothing was received within %s", time.Duration(e))
}
func (receiveTimeout) Timeout() bool   { return true }
func (receiveTimeout) Temporary() bool { return true }

// Is lets the error pass for that of a net.Conn.
func (receiveTimeout) Is(target error) bool { return target == os.ErrDeadlineExceeded }

// Receive waits for what comes next: a *[Message], *[Subscription] or *[Pong].
//
// An error may tell of trouble that the PubSub deals with by itself: a
// connection was lost or could not be made, a server has refused something.
// Receive can be called again; only the latest trouble of each of these is reported.
//
// When a connection was lost, everything is subscribed to again by the time the error
// is returned: what is published from then on is received. If that fails, or takes
// longer than a Subscribe would wait, the error is returned all the same. It is
// [io.EOF] if the server has closed the connection, else a [net.Error].
//
// The other errors are that of ctx, [ErrClosed], and one after Channel was called.
func (p *PubSub) Receive(ctx context.Context) (any, error) {
	return p.ReceiveTimeout(ctx, 0)
}

// ReceiveTimeout is Receive that waits no longer than timeout, if that is
// positive; the error then is a [net.Error] whose Timeout method says so.
func (p *PubSub) ReceiveTimeout(ctx context.Context, timeout time.Duration) (any, error) {
	if ctx == nil {
		return nil, errNilContext
	}
	p.mu.Lock()
	by := p.receiver
	p.mu.Unlock()
	if by != byMethod {
		return nil, errReceiver
	}
	var late <-chan time.Time
	if timeout > 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		late = timer.C
	}
	for {
		if err := p.finished(); err != nil {
			return nil, err
		}
		d, ok, trouble := p.inbox.take()
		switch {
		case ok:
			return d.what, nil
		case trouble != nil:
			return nil, trouble
		}
		select {
		case <-p.inbox.ready:
		case <-p.life.Done():
		case <-late:
			return nil, receiveTimeout(timeout)
		case <-ctx.Done():
			return nil, p.nothingCame(ctx.Err())
		}
	}
}

// nothingCame is the error of a Receive whose context has ended with cause. It is more
// than that when there is no subscription yet from which a message could come.
func (p *PubSub) nothingCame(cause error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	topics := slices.Collect(maps.Values(p.topics))
	if len(topics) == 0 || p.counts != [2]int{} {
		return cause
	}
	return p.unconfirmed("nothing is subscribed to yet", cause, topics)
}

// finished is why nothing will come any more.
func (p *PubSub) finished() error {
	switch {
	case p.err != nil:
		return p.err
	case p.life.Err() != nil:
		return ErrClosed
	}
	return nil
}

// ReceiveMessage is Receive that passes over everything but messages.
func (p *PubSub) ReceiveMessage(ctx context.Context) (*Message, error) {
	for {
		what, err := p.Receive(ctx)
		if err != nil {
			return nil, err
		}
		if msg, ok := what.(*Message); ok {
			return msg, nil
		}
	}
}
