package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// PubSub is a set of subscriptions to channels, patterns and shard channels, in
// any mix. Get one from [ClusterClient.Subscribe], PSubscribe, SSubscribe or
// SubscribeKeyspace, or from the methods of [Client]. It must be closed.
//
// It keeps connections of its own, beside those of the client's pools: one for
// channels and patterns, since a message reaches all nodes of a cluster; and one to
// each primary that serves a slot of its shard channels, which it follows when slots
// move and when primaries change. The one for channels and patterns leads to the node
// that PUBLISH to the first channel goes to, so that PUBLISH counts the receiver, or to
// any node if that one is away or if there are patterns only; it stays there as long as
// the node is well. Over servers that stand alone, which ClusterOptions.ClusterSlots
// makes a cluster of, no message reaches another node: there each channel is subscribed
// to at the primary of its slot, and follows it, and each pattern at all primaries. The
// first server tells which of these it is (HELLO). A connection that is lost, or whose
// server does not answer PING, is replaced, after a short random pause that
// grows while that fails, and everything is subscribed to again. What was
// published meanwhile is missed: Redis keeps no message for a subscriber who is
// away. A [Subscription] that comes again tells of it.
//
// The messages of one channel are received in the order in which they were
// published, each once. While a shard channel moves, messages of its old and its
// new node are put into that order.
//
// A receiver that is too slow holds up nobody but itself: up to 32 MiB of
// messages wait for it, beyond which new ones are dropped; see [PubSub.Dropped].
//
// Receive messages by one of the methods Receive, ReceiveTimeout and
// ReceiveMessage, or by Channel, or by ChannelWithSubscriptions. All methods are
// safe for concurrent use.
type PubSub struct {
	source pubsubSource
	spread bool // channels and patterns, if they are not placed, are subscribed to at every primary
	err    error
	inbox  *inbox
	born   time.Time
	wake   chan struct{}
	life   context.Context
	end    context.CancelFunc
	tasks  sync.WaitGroup

	mu         sync.Mutex
	closed     bool // by the user
	over       bool // nothing is done any more
	receiver   receiveMode
	messages   chan *Message // of Channel
	everything chan any      // of ChannelWithSubscriptions
	topics     map[topicKey]*topic
	wishes     map[*topic][]*wish // who waits for what
	numbers    int                // of topics, ever
	counts     [2]int             // subscriptions made: to channels and patterns, to shard channels
	links      []*link
	pauses     map[string]*dialPause // by address
	pings      []string              // to be sent when there is a connection
	clientName *string               // of ClientSetName
	health     linkHealth

	lastNode  string        // where channels and patterns were subscribed to last
	elsewhere time.Duration // when another node may be chosen for them

	unknown bool // whether the nodes stand alone is not known yet: the first connection tells
	apart   bool // they do: what is published at one of them reaches no other

	seen    nodeView        // that links were compared with last
	failing map[string]bool // addresses of nodes to which no connection could be made

	loss *linkLoss // nil: none that the receiver is still to be told of

	unlinked     bool          // a primary has no link, though it should
	settled      time.Duration // until when the map may lag behind what links have shown
	lackingSince time.Duration // -1: nothing is
	refreshAt    time.Duration // when the map is asked for next, if anything is lacking
}

// topic is a subscription that the user wants.
type topic struct {
	topicKey
	number    int    // in the order of the user's wishes
	known     bool   // the user was told of it
	endings   int    // links that have to confirm its end
	failures  int    // in a row, of asking for it
	refusedAs string // what the log was told when a server refused it; empty: nothing
	retryAt   time.Duration

	shardTopic
}

// linkLoss is a lost connection. The receiver is told of it when what was subscribed
// to on it is subscribed to again: who publishes on hearing of it is received.
type linkLoss struct {
	err     error           // of the latest, if there were several
	missing map[*topic]bool // what is not subscribed to again
	until   time.Duration   // when the receiver is told in any case
}

// dialPause is how long a node is left alone after failures.
type dialPause struct {
	failures int
	until    time.Duration
}

// linkHealth says how links are watched.
type linkHealth struct {
	interval time.Duration // without a word from the server, before a PING; 0: never
	pong     time.Duration // before a silent server is given up
	dial     time.Duration // for a connection to be made; 0: as the options say
}

const (
	defaultHealthInterval = 3 * time.Second
	defaultPongTimeout    = 5 * time.Second
)

// Subscribe subscribes to channels, whose messages may be published at any node
// (SUBSCRIBE). It returns when the server has confirmed that, so that nothing
// published afterwards is missed; or when it has failed, as [PubSub.Subscribe]
// says, which the PubSub's Receive reports. Then the PubSub goes on trying. ctx is
// for the wait alone: subscriptions last until Close.
func (c *ClusterClient) Subscribe(ctx context.Context, channels ...string) *PubSub {
	return c.pubSub(false).with(ctx, toChannel, channels)
}

// PSubscribe is Subscribe for all channels whose names match one of the patterns
// (PSUBSCRIBE).
func (c *ClusterClient) PSubscribe(ctx context.Context, patterns ...string) *PubSub {
	return c.pubSub(false).with(ctx, toPattern, patterns)
}

// SSubscribe subscribes to shard channels, each at the node that serves the slot
// of its name; they may have different slots (SSUBSCRIBE).
func (c *ClusterClient) SSubscribe(ctx context.Context, channels ...string) *PubSub {
	return c.pubSub(false).with(ctx, toShardChannel, channels)
}

// SubscribeKeyspace subscribes to patterns at every primary, those that join
// later included, and makes one stream of it: for keyspace notifications, which
// a node sends to its own subscribers only. The patterns are those of PSUBSCRIBE,
// such as "__keyevent@0__:expired" or "__keyspace@0__:user:*". The nodes must
// have been told to notify, by notify-keyspace-events.
//
// Subscribe and PSubscribe of this PubSub concern every primary too; a channel
// that is published to by PUBLISH would be received once for each of them. A
// Subscription is received when all primaries have confirmed it, and again when
// one that is new, or has been away, has confirmed it. The notifications of one
// primary keep their order; those of two primaries have none between them.
//
// It returns when all primaries have confirmed, or when it has failed at one of
// them; see Subscribe.
func (c *ClusterClient) SubscribeKeyspace(ctx context.Context, patterns ...string) *PubSub {
	return c.pubSub(true).with(ctx, toPattern, patterns)
}

func (c *ClusterClient) pubSub(spread bool) *PubSub {
	if c.err != nil {
		return newPubSub(nil, c.err, false)
	}
	return newPubSub(clusterSource{c.topology}, nil, spread)
}

// Subscribe subscribes to channels (SUBSCRIBE). It returns when the server has
// confirmed that, so that nothing published afterwards is missed; or when it has
// failed, as [PubSub.Subscribe] says, which the PubSub's Receive reports. Then the
// PubSub goes on trying. ctx is for the wait alone: subscriptions last until Close.
func (c *Client) Subscribe(ctx context.Context, channels ...string) *PubSub {
	return c.pubSub().with(ctx, toChannel, channels)
}

// PSubscribe is Subscribe for all channels whose names match one of the patterns
// (PSUBSCRIBE).
func (c *Client) PSubscribe(ctx context.Context, patterns ...string) *PubSub {
	return c.pubSub().with(ctx, toPattern, patterns)
}

// SSubscribe subscribes to shard channels, which this server has to serve
// (SSUBSCRIBE).
func (c *Client) SSubscribe(ctx context.Context, channels ...string) *PubSub {
	return c.pubSub().with(ctx, toShardChannel, channels)
}

func (c *Client) pubSub() *PubSub {
	if c.err != nil {
		return newPubSub(nil, c.err, false)
	}
	return newPubSub(newSingleSource(c), nil, false)
}

// newPubSub makes a PubSub without subscriptions. With an error it is dead.
func newPubSub(source pubsubSource, err error, spread bool) *PubSub {
	p := &PubSub{
		source:       source,
		spread:       spread,
		err:          err,
		inbox:        newInbox(),
		unknown:      source != nil && source.mayStandAlone() && !spread,
		born:         time.Now(),
		wake:         make(chan struct{}, 1),
		topics:       map[topicKey]*topic{},
		wishes:       map[*topic][]*wish{},
		pauses:       map[string]*dialPause{},
		failing:      map[string]bool{},
		health:       linkHealth{interval: defaultHealthInterval, pong: defaultPongTimeout},
		lackingSince: -1,
	}
	p.life, p.end = context.WithCancel(context.Background())
	if err != nil {
		p.over = true
		p.end()
		return p
	}
	p.tasks.Go(p.keep)
	return p
}

// clock is the time since the PubSub was made.
func (p *PubSub) clock() time.Duration { return time.Since(p.born) }

func (p *PubSub) with(ctx context.Context, kind topicKind, names []string) *PubSub {
	if ctx == nil {
		_ = p.Close()
		return newPubSub(nil, errNilContext, false)
	}
	_ = p.subscribe(ctx, kind, names)
	return p
}

// Subscribe adds channels, and waits until a server has confirmed that: then it
// returns nil, and what is published from then on is received. A [Subscription] is
// received for each channel, too.
//
// It waits until ctx ends, and not longer than DialTimeout and ReadTimeout together,
// of which more than their defaults, 5 s and 3 s, does not count. It returns before
// that when a server refuses, or when a connection cannot be made to where it would
// have to lead. An error tells what has gone wrong; the channels are subscribed to
// as soon as that can be done, nevertheless, and a Subscription tells of it. Only
// after [ErrClosed], and if ctx has ended before the call, they are not.
func (p *PubSub) Subscribe(ctx context.Context, channels ...string) error {
	return p.change(ctx, func() error { return p.subscribe(ctx, toChannel, channels) })
}

// PSubscribe adds patterns, as Subscribe does channels.
func (p *PubSub) PSubscribe(ctx context.Context, patterns ...string) error {
	return p.change(ctx, func() error { return p.subscribe(ctx, toPattern, patterns) })
}

// SSubscribe adds shard channels, as Subscribe does channels. They may have
// different slots.
func (p *PubSub) SSubscribe(ctx context.Context, channels ...string) error {
	return p.change(ctx, func() error { return p.subscribe(ctx, toShardChannel, channels) })
}

// Unsubscribe ends the subscriptions to channels, to all if none is named. It
// does not wait for a server to confirm it: a [Subscription] is received then,
// for each; messages of the channel may come before that. The error is that of
// ctx, or [ErrClosed].
func (p *PubSub) Unsubscribe(ctx context.Context, channels ...string) error {
	return p.change(ctx, func() error { return p.unsubscribe(toChannel, channels) })
}

// PUnsubscribe ends the subscriptions to patterns, as Unsubscribe does.
func (p *PubSub) PUnsubscribe(ctx context.Context, patterns ...string) error {
	return p.change(ctx, func() error { return p.unsubscribe(toPattern, patterns) })
}

// SUnsubscribe ends the subscriptions to shard channels, as Unsubscribe does.
func (p *PubSub) SUnsubscribe(ctx context.Context, channels ...string) error {
	return p.change(ctx, func() error { return p.unsubscribe(toShardChannel, channels) })
}

func (p *PubSub) change(ctx context.Context, do func() error) error {
	if ctx == nil {
		return errNilContext
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return do()
}

// want adds topics, and asks for those anew that are there.
func (p *PubSub) want(kind topicKind, names []string) (*wish, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.refusalLocked(); err != nil {
		return nil, err
	}
	w := &wish{over: make(chan error, 1)}
	asks := map[*link][]*topic{}
	for _, name := range names {
		key := topicKey{kind, name}
		t, known := p.topics[key]
		if !known {
			p.numbers++
			t = &topic{topicKey: key, number: p.numbers}
			t.slot = keySlot(name)
			p.topics[key] = t
		}
		if !slices.Contains(p.wishes[t], w) { // not named before
			w.topics = append(w.topics, t)
			p.wishes[t] = append(p.wishes[t], w)
		}
		if !known {
			at := p.askAtOnce(t)
			for _, l := range at {
				asks[l] = append(asks[l], t)
			}
			if len(at) == 0 {
				nudge(p.wake)
			}
			continue
		}
		for _, l := range p.links { // confirmed once more
			if l.nc != nil && (t.at == l && t.state == subMade || l.subs[t] == subMade) {
				asks[l] = append(asks[l], t)
				break // one answer will do
			}
		}
	}
	w.missing = len(w.topics)
	for l, topics := range asks {
		l.sendFor(reqSubscribe, false, topics)
	}
	return w, nil
}

// askAtOnce returns the links at which a new topic is to be asked for without waiting
// for a round, none if it takes one. A round looks at all topics: one for each would
// take long for who subscribes to many, one by one.
func (p *PubSub) askAtOnce(t *topic) (at []*link) {
	shards := p.placed(t.kind)
	var s *shard
	if view := p.source.view(); view != nil {
		s = view.at(t.slot)
	}
	if p.unknown || shards && s == nil || p.unlinked && !shards {
		return nil
	}
	for _, l := range p.links {
		switch {
		case l.shards != shards, shards && l.addr != s.primary.addr:
		case l.nc == nil, l.silent, l.absent:
			return nil
		default:
			at = append(at, l)
		}
	}
	for _, l := range at {
		if shards {
			l.shard, t.at, t.state = s, l, subAsked
		} else {
			l.subs[t] = subAsked
		}
	}
	return at
}

func (p *PubSub) unsubscribe(kind topicKind, names []string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.refusalLocked(); err != nil {
		return err
	}
	if len(names) == 0 {
		names = p.names(kind)
		if len(names) == 0 {
			names = []string{""} // there is always an answer
		}
	}
	ending := map[*link][]*topic{}
	for _, name := range names {
		t := p.topics[topicKey{kind, name}]
		if t == nil {
			p.inbox.put(&Subscription{unsubscribeWords[kind], name, p.counts[countGroup(kind)]})
			continue
		}
		delete(p.topics, t.topicKey)
		p.regained(t)
		p.grant(t) // nothing comes of it any more
		p.deliverHeld(t)
		for _, l := range p.links {
			if l.nc != nil && (t.old == l || t.at == l && t.state != subUnsent || l.subs[t] != subUnsent) {
				ending[l] = append(ending[l], t)
				l.ending[t.topicKey] = t
				t.endings++
			}
		}
		if t.endings == 0 {
			p.announceEnd(t)
		}
	}
	for l, topics := range ending {
		l.sendFor(reqUnsubscribe, true, topics)
	}
	nudge(p.wake)
	return nil
}

// Ping has the server asked whether it is there. It does not wait: a [Pong] with
// the payload is received when it has answered. Without subscriptions it opens
// a connection to any node. The error is that of ctx, or [ErrClosed] (PING).
func (p *PubSub) Ping(ctx context.Context, payload ...string) error {
	return p.change(ctx, func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		if err := p.refusalLocked(); err != nil {
			return err
		}
		p.pings = append(p.pings, strings.Join(payload, " "))
		nudge(p.wake)
		return nil
	})
}

// ClientSetName names the connections of the PubSub, those that are to come
// included. It does not wait for the servers. A server that speaks RESP2 lets no
// connection with subscriptions be named; Receive reports its refusal. The error
// is that of ctx, [ErrClosed], or about a name that no server takes (CLIENT SETNAME).
func (p *PubSub) ClientSetName(ctx context.Context, name string) error {
	return p.change(ctx, func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		if err := p.refusalLocked(); err != nil {
			return err
		}
		if err := checkWord("ClientName", name); err != nil {
			return err
		}
		p.clientName = &name
		for _, l := range p.links {
			if l.nc != nil {
				l.setName()
			}
		}
		return nil
	})
}

// Close ends the subscriptions and closes the connections. What has not been
// received is lost, except for what is in a Go channel already. It returns
// [ErrClosed] if the PubSub was closed before. Closing the client closes its
// PubSubs, too.
func (p *PubSub) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return ErrClosed
	}
	p.closed = true
	p.shutLocked()
	p.mu.Unlock()
	p.tasks.Wait()
	return nil
}

// shutLocked ends everything.
func (p *PubSub) shutLocked() {
	if p.over {
		return
	}
	p.over = true
	p.end()
	for _, l := range p.links {
		l.gone = true
		if l.nc != nil {
			closeNow(l.nc)
		}
	}
	p.links = nil
}

// refusalLocked is why nothing can be done any more.
func (p *PubSub) refusalLocked() error {
	switch {
	case p.err != nil:
		return p.err
	case p.over:
		return ErrClosed
	}
	return nil
}

// String lists the channels, patterns and shard channels.
func (p *PubSub) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for kind := range topicKinds {
		all = append(all, p.names(kind)...)
	}
	return fmt.Sprintf("PubSub(%s)", strings.Join(all, ", "))
}

// listed names the topics, but only some if there are many.
func (p *PubSub) listed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	topics := slices.SortedFunc(maps.Values(p.topics), func(a, b *topic) int { return cmp.Compare(a.number, b.number) })
	return listTopics(topics)
}

// Format names the subscriptions for all verbs of package fmt.
func (p *PubSub) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }

// names are the names of the topics of a kind.
func (p *PubSub) names(kind topicKind) []string {
	var names []string
	for key := range p.topics {
		if key.kind == kind {
			names = append(names, key.name)
		}
	}
	slices.Sort(names)
	return names
}

// Dropped is the number of messages that were dropped because the receiver was
// too slow: more than 32 MiB were waiting, or one has waited for longer than
// [WithChannelSendTimeout] allows.
func (p *PubSub) Dropped() uint64 { return p.inbox.droppedSoFar() }

// placed reports whether topics of a kind have their place at the node that serves the
// slot of their name: shard channels, and the channels of servers that stand alone, where
// PUBLISH goes by the slot. There a pattern is subscribed to at all primaries.
func (p *PubSub) placed(kind topicKind) bool {
	return kind == toShardChannel || kind == toChannel && p.apart
}

// countGroup is 0 for the kinds that a server counts together, and 1 for the other.
func countGroup(kind topicKind) int {
	if kind == toShardChannel {
		return 1
	}
	return 0
}

// announce tells the user that a subscription was made.
func (p *PubSub) announce(t *topic) {
	if !t.known {
		t.known = true
		p.counts[countGroup(t.kind)]++
	}
	p.inbox.put(&Subscription{subscribeWords[t.kind], t.name, p.counts[countGroup(t.kind)]})
	p.regained(t)
	p.grant(t)
	if t.refusedAs != "" {
		p.source.background().note(backgroundTask{subscribeTo, t.refusedAs}, nil)
		t.refusedAs = ""
	}
}

// announceEnd tells the user that one has ended.
func (p *PubSub) announceEnd(t *topic) {
	if t.known {
		p.counts[countGroup(t.kind)]--
	}
	p.inbox.put(&Subscription{unsubscribeWords[t.kind], t.name, p.counts[countGroup(t.kind)]})
}

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
