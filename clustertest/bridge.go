package clustertest

import "github.com/alicebob/miniredis/v2"

// bridge brings to the bus what is published inside miniredis: by scripts, in
// transactions, through Miniredis.Publish.
type bridge struct {
	from  *miniredis.Subscriber
	done  chan struct{}
	ended chan struct{}
}

const everyChannel = "*"

func newBridge(data *miniredis.Miniredis, to *bus) *bridge {
	b := &bridge{
		from:  data.NewSubscriber(),
		done:  make(chan struct{}),
		ended: make(chan struct{}),
	}
	b.from.Psubscribe(everyChannel)
	go b.run(to)
	return b
}

func (b *bridge) run(to *bus) {
	defer close(b.ended)
	for {
		select {
		case msg := <-b.from.Pmessages():
			to.publish(nil, msg.Channel, msg.Message)
		case <-b.done:
			return
		}
	}
}

// close unsubscribes first: whoever publishes later must not wait for a receiver
// that has gone.
func (b *bridge) close() {
	b.from.Punsubscribe(everyChannel)
	close(b.done)
	<-b.ended
}
