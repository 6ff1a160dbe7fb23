package redis

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
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
