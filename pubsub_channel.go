package redis

import (
	"fmt"
	"time"
)

// ChannelOption is an option of [PubSub.Channel].
type ChannelOption func(*channelOptions)

type channelOptions struct {
	size   int
	send   time.Duration
	health linkHealth
	onDrop func(n uint64)
}

// WithChannelSize sets how many messages the Go channel itself has room for.
// Default 100. More wait behind it, see [PubSub].
func WithChannelSize(size int) ChannelOption {
	return func(o *channelOptions) { o.size = max(0, size) }
}

// WithChannelSendTimeout sets for how long a message may wait for the receiver,
// counted from when it came, before it is dropped and counted by
// [PubSub.Dropped]. Default 60 s; 0 or less drops what finds no room in the Go
// channel at once.
func WithChannelSendTimeout(d time.Duration) ChannelOption {
	return func(o *channelOptions) { o.send = d }
}

// WithChannelHealthCheckInterval sets how long a connection may be without a
// word from the server before it is sent a PING. Default 3 s, also without
// Channel; 0 sends none.
func WithChannelHealthCheckInterval(d time.Duration) ChannelOption {
	return func(o *channelOptions) { o.health.interval = d }
}

// WithChannelPingTimeout sets how long a server may owe an answer, to PING or
// anything else, without saying anything, before its connection is replaced.
// Default 5 s, also without Channel; 0 waits for ever.
func WithChannelPingTimeout(d time.Duration) ChannelOption {
	return func(o *channelOptions) { o.health.pong = d }
}

// WithChannelReconnectTimeout bounds each attempt to make a connection, where
// that is shorter than DialTimeout. Default 0: DialTimeout alone counts.
func WithChannelReconnectTimeout(d time.Duration) ChannelOption {
	return func(o *channelOptions) { o.health.dial = d }
}

// WithChannelOnDrop has fn called when messages were dropped, with their number
// since it was called last. It is called by the goroutine that fills the Go
// channel, and should return soon. It may close the PubSub.
func WithChannelOnDrop(fn func(dropped uint64)) ChannelOption {
	return func(o *channelOptions) { o.onDrop = fn }
}

// Channel returns a Go channel with the messages, which is closed when the PubSub
// is. Every call returns the same one, with the options of the first. From then
// on the methods that receive return an error.
//
// Trouble does not come through the Go channel: the PubSub deals with it, and a
// subscription that cannot be made, as for a wrong password or for want of permission,
// is asked for again and again. To see that there is any:
//
//   - Subscribe and its like return what kept a server from confirming: make the PubSub
//     without channels, by rdb.Subscribe(ctx), and add them by [PubSub.Subscribe].
//   - [PubSub.ChannelWithSubscriptions] shows each subscription that is made, and that
//     is made anew after a connection was lost.
//   - The log says what fails, and that it works again; see [SetLogger].
//
// After ChannelWithSubscriptions was called, what Channel returns is closed.
func (p *PubSub) Channel(opts ...ChannelOption) <-chan *Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch p.receiver {
	case byMethod:
		p.receiver = byChannel
		o := p.channelOptions(opts)
		p.messages = make(chan *Message, o.size)
		go pump(p, o, p.messages, func(what any) (*Message, bool) {
			msg, ok := what.(*Message)
			return msg, ok
		})
	case byChannelOfAll:
		closed := make(chan *Message)
		close(closed)
		return closed
	}
	return p.messages
}

// ChannelSize is Channel with [WithChannelSize].
//
// Deprecated: use Channel(WithChannelSize(size)).
func (p *PubSub) ChannelSize(size int) <-chan *Message {
	return p.Channel(WithChannelSize(size))
}

// ChannelWithSubscriptions is Channel for both *[Message] and *[Subscription]:
// the latter show when a subscription was made anew. After Channel was called,
// what it returns is closed.
func (p *PubSub) ChannelWithSubscriptions(opts ...ChannelOption) <-chan any {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch p.receiver {
	case byMethod:
		p.receiver = byChannelOfAll
		o := p.channelOptions(opts)
		p.everything = make(chan any, o.size)
		go pump(p, o, p.everything, func(what any) (any, bool) {
			_, pong := what.(*Pong)
			return what, !pong
		})
	case byChannel:
		closed := make(chan any)
		close(closed)
		return closed
	}
	return p.everything
}

// channelOptions completes the options and has those of the links followed.
func (p *PubSub) channelOptions(opts []ChannelOption) *channelOptions {
	o := &channelOptions{size: defaultChannelSize, send: defaultSendTimeout, health: p.health}
	for _, set := range opts {
		set(o)
	}
	p.health = o.health
	nudge(p.wake)
	return o
}

const (
	defaultChannelSize = 100
	defaultSendTimeout = time.Minute
)

// pump moves what pick picks from the inbox to out, until the PubSub ends.
func pump[T any](p *PubSub, o *channelOptions, out chan<- T, pick func(any) (T, bool)) {
	defer close(out)
	timer := time.NewTimer(o.send)
	defer timer.Stop()
	var reported uint64
	report := func() {
		n := p.inbox.droppedSoFar()
		switch {
		case n == reported:
			return
		case o.onDrop != nil:
			o.onDrop(n - reported)
		default:
			p.source.background().note(backgroundTask{deliverMessages, p.listed()},
				fmt.Errorf("the receiver is too slow, %d so far", n))
		}
		reported = n
	}
	for p.life.Err() == nil {
		d, ok, _ := p.inbox.take()
		if !ok {
			select {
			case <-p.inbox.ready:
			case <-p.inbox.lost:
				report()
			case <-p.life.Done():
			}
			continue
		}
		v, wanted := pick(d.what)
		if !wanted {
			continue
		}
		select {
		case out <- v:
			continue
		default:
		}
		timer.Reset(o.send - time.Since(d.at))
		for waiting := true; waiting; {
			select {
			case out <- v:
				waiting = false
			case <-timer.C:
				p.inbox.drop()
				report()
				waiting = false
			case <-p.inbox.lost:
				report()
			case <-p.life.Done():
				return
			}
		}
	}
}
