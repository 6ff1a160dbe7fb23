package redis

import (
	"fmt"
	"strings"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// Message is one that was published to a channel.
type Message struct {
	// Channel is where it was published.
	Channel string
	// Pattern is the pattern that the subscription is for; empty for one to the
	// channel itself.
	Pattern string
	// Payload is what was published.
	Payload string
	// PayloadSlice takes the place of Payload where a server sends a list: the names
	// of keys on __redis__:invalidate, for client-side caching in RESP2. There is
	// neither when no key is valid any more.
	PayloadSlice []string
}

// String shows the channel and the payload.
func (m *Message) String() string { return fmt.Sprintf("Message<%s: %s>", m.Channel, m.Payload) }

// Subscription says that a subscription was made or ended. When one comes again
// that nobody has asked for, the subscription was made anew, and messages may
// have been missed before.
type Subscription struct {
	// Kind is "subscribe", "psubscribe" or "ssubscribe", or one of these with
	// "un" before "subscribe": "unsubscribe", "punsubscribe", "sunsubscribe".
	Kind string
	// Channel is the channel or pattern.
	Channel string
	// Count is the number of subscriptions that the PubSub has: of channels and
	// patterns together, or of shard channels.
	Count int
}

// String shows the kind and the channel.
func (s *Subscription) String() string { return fmt.Sprintf("%s: %s", s.Kind, s.Channel) }

// Pong is the answer to [PubSub.Ping].
type Pong struct {
	// Payload is that of the Ping; empty if it had none.
	Payload string
}

// String shows the payload.
func (p *Pong) String() string {
	if p.Payload == "" {
		return "Pong"
	}
	return fmt.Sprintf("Pong<%s>", p.Payload)
}

// topicKind is what a subscription is to.
type topicKind uint8

const (
	toChannel topicKind = iota
	toPattern
	toShardChannel
	topicKinds
)

// The commands, which are the words of the confirmations too.
var (
	subscribeWords   = [topicKinds]string{"subscribe", "psubscribe", "ssubscribe"}
	unsubscribeWords = [topicKinds]string{"unsubscribe", "punsubscribe", "sunsubscribe"}
)

const (
	maxListed       = 3  // names in a list for the log
	maxListedLength = 64 // bytes of each
)

// listTopics names topics for the log.
func listTopics(topics []*topic) string {
	var b strings.Builder
	for i, t := range topics[:min(len(topics), maxListed)] {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%.*q", maxListedLength, t.name)
	}
	if more := len(topics) - maxListed; more > 0 {
		fmt.Fprintf(&b, " and %d more", more)
	}
	return b.String()
}

// notice is what a server says on a connection with subscriptions: as a push in
// RESP3, as an array in RESP2.
type notice struct {
	kind noticeKind
	of   topicKind
	name string   // of the channel or pattern concerned
	msg  *Message // of a message
	text string   // of an answer or a refusal
	push bool     // it is one of RESP3

	replica bool // the answer says that the server is one
}

type noticeKind uint8

const (
	isOther noticeKind = iota
	isMessage
	isSubscribed
	isUnsubscribed
	isAnswer  // to a PING or another plain command
	isRefusal // of the oldest command that has no answer
)

// noticeWords are the first words of pushes and what they mean.
var noticeWords = map[string]notice{
	"message":      {kind: isMessage, of: toChannel},
	"pmessage":     {kind: isMessage, of: toPattern},
	"smessage":     {kind: isMessage, of: toShardChannel},
	"subscribe":    {kind: isSubscribed, of: toChannel},
	"psubscribe":   {kind: isSubscribed, of: toPattern},
	"ssubscribe":   {kind: isSubscribed, of: toShardChannel},
	"unsubscribe":  {kind: isUnsubscribed, of: toChannel},
	"punsubscribe": {kind: isUnsubscribed, of: toPattern},
	"sunsubscribe": {kind: isUnsubscribed, of: toShardChannel},
	"pong":         {kind: isAnswer},
}

// readNotice takes one reply apart. The error is that of the protocol.
func readNotice(reply []byte) (notice, error) {
	d := resp.NewDecoder(reply, false)
	switch d.Peek() {
	case resp.Push:
		n, err := readPush(&d)
		n.push = true
		return n, err
	case resp.Array:
		return readPush(&d)
	case resp.Map:
		return notice{kind: isAnswer, replica: readSelf(&d).replica}, nil
	}
	text, err := d.String()
	switch err := err.(type) {
	case nil:
		return notice{kind: isAnswer, text: text}, nil
	case resp.Error:
		return notice{kind: isRefusal, text: string(err)}, nil
	default:
		return notice{}, err
	}
}

func readPush(d *resp.Decoder) (notice, error) {
	n, err := d.Array()
	if err != nil || n == 0 {
		return notice{}, err
	}
	word, err := d.String()
	if err != nil {
		return notice{}, err
	}
	is := noticeWords[word]
	switch {
	case is.kind == isAnswer && n == 2:
		is.text, err = d.String()
	case is.kind == isMessage && n >= 3:
		is.msg, err = readMessage(d, is.of, n)
		if err == nil {
			is.name = is.msg.Channel
		}
	case is.kind != isOther && n >= 2:
		if is.name, err = d.String(); err == resp.Nil {
			err = nil // there was nothing to end
		}
	}
	return is, err
}

func readMessage(d *resp.Decoder, of topicKind, n int) (*Message, error) {
	m := new(Message)
	fields := []*string{&m.Channel}
	if of == toPattern {
		if n < 4 {
			return nil, resp.ProtocolError("a message without a channel")
		}
		fields = []*string{&m.Pattern, &m.Channel}
	}
	var err error
	for _, field := range fields {
		if *field, err = d.String(); err != nil {
			return nil, err
		}
	}
	if d.Peek() == resp.Array {
		m.PayloadSlice, err = decodeStrings(d)
	} else {
		m.Payload, err = d.String()
	}
	if err == resp.Nil {
		err = nil
	}
	return m, err
}
