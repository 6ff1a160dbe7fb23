package redis

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// stage is a scripted server with subscribers. It confirms subscriptions; what
// else it says to them, and whether it answers PING, is up to the test.
type stage struct {
	*scripted
	version int

	mu    sync.Mutex
	conns map[string]*scriptedConn // by channel or pattern
	holds chan struct{}            // if set, PING is answered when it is closed,
	held  []*scriptedConn          // on these; nil: on all
}

func newStage(t *testing.T, version int) *stage {
	s := &stage{scripted: newScripted(t), version: version, conns: map[string]*scriptedConn{}}
	if version == 2 {
		s.on("HELLO", says("-NOPROTO unsupported protocol version\r\n"))
	}
	for kind := range topicKinds {
		s.on(strings.ToUpper(subscribeWords[kind]), s.confirms(subscribeWords[kind]))
		s.on(strings.ToUpper(unsubscribeWords[kind]), s.confirms(unsubscribeWords[kind]))
	}
	s.on("PING", func(c *scriptedConn, args []string) {
		s.mu.Lock()
		holds, held := s.holds, s.held
		s.mu.Unlock()
		if holds != nil && (held == nil || slices.Contains(held, c)) {
			c.await(holds)
		}
		switch {
		case len(args) > 1:
			c.say(bulk(args[1]))
		case s.version == 2:
			c.say("*2\r\n$4\r\npong\r\n$0\r\n\r\n")
		default:
			c.say("+PONG\r\n")
		}
	})
	return s
}

// newStages starts servers that share the slots evenly.
func newStages(t *testing.T, n, version int) []*stage {
	stages := make([]*stage, n)
	var ranges []scriptedRange
	for i := range stages {
		stages[i] = newStage(t, version)
		ranges = append(ranges, scriptedRange{i * slotCount / n, (i+1)*slotCount/n - 1, []string{stages[i].addr}})
	}
	for _, s := range stages {
		s.setSlots(ranges...)
	}
	return stages
}

func stageAddrs(stages ...*stage) (list []*scripted) {
	for _, s := range stages {
		list = append(list, s.scripted)
	}
	return list
}

// confirms is the reaction that confirms a subscription, or its end.
func (s *stage) confirms(word string) reaction {
	return func(c *scriptedConn, args []string) {
		for i, name := range args[1:] {
			s.mu.Lock()
			s.conns[name] = c
			s.mu.Unlock()
			c.say(s.push(word, name) + fmt.Sprintf(":%d\r\n", i+1))
		}
	}
}

// push encodes words as a push. Behind one that confirms there is a number to
// come.
func (s *stage) push(words ...string) string {
	kind, n := ">", len(words)
	if s.version == 2 {
		kind = "*"
	}
	if strings.Contains(words[0], "subscribe") {
		n++
	}
	b := fmt.Sprintf("%s%d\r\n", kind, n)
	for _, w := range words {
		b += bulk(w)
	}
	return b
}

// tell sends a push to the subscriber of a channel.
func (s *stage) tell(t *testing.T, channel string, words ...string) {
	t.Helper()
	s.mu.Lock()
	c := s.conns[channel]
	s.mu.Unlock()
	require.NotNil(t, c, "nobody has subscribed to %s", channel)
	b := s.push(words...)
	if strings.Contains(words[0], "subscribe") {
		b += ":0\r\n"
	}
	c.say(b)
}

// publish sends a message on a shard channel.
func (s *stage) publish(t *testing.T, channel, payload string) {
	t.Helper()
	s.tell(t, channel, "smessage", channel, payload)
}

// holdPings has PING wait until release is called.
func (s *stage) holdPings() (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	holds := make(chan struct{})
	s.holds = holds
	return func() {
		s.mu.Lock()
		s.holds = nil
		s.mu.Unlock()
		close(holds)
	}
}

// mute has PING wait until release is called, but not on the connections that
// are yet to be made.
func (s *stage) mute() (release func()) {
	release = s.holdPings()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = slices.Collect(maps.Values(s.conns))
	return release
}

// has reports whether the command has come.
func (s *stage) has(command string) bool { return slices.Contains(s.received(), command) }

// nextMessage receives a message, passing over everything else and trouble.
func nextMessage(t *testing.T, p *PubSub) string {
	t.Helper()
	ctx := background(t)
	for {
		what, err := p.Receive(ctx)
		if msg, ok := what.(*Message); ok {
			return msg.Payload
		}
		if err != nil {
			require.NoError(t, ctx.Err())
			require.NotErrorIs(t, err, ErrClosed)
		}
	}
}

// nextSubscription receives a subscription, passing over trouble only.
func nextSubscription(t *testing.T, p *PubSub) *Subscription {
	t.Helper()
	ctx := background(t)
	for {
		what, err := p.Receive(ctx)
		if err != nil {
			require.NoError(t, ctx.Err())
			require.NotErrorIs(t, err, ErrClosed)
			continue
		}
		require.IsType(t, (*Subscription)(nil), what)
		return what.(*Subscription)
	}
}

// nextTrouble receives an error, passing over everything else. Trouble is reported
// when nothing else is left, and the subscriptions that end it may have come by
// then: they are left for who receives next.
func nextTrouble(t *testing.T, p *PubSub) error {
	t.Helper()
	ctx := background(t)
	var made []*Subscription
	for {
		what, err := p.Receive(ctx)
		if s, ok := what.(*Subscription); ok {
			made = append(made, s)
		}
		if err != nil {
			require.NoError(t, ctx.Err())
			for _, s := range made {
				p.inbox.put(s)
			}
			return err
		}
	}
}

// sayAll sends bytes to every subscriber.
func (s *stage) sayAll(b string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.say(b)
	}
}
