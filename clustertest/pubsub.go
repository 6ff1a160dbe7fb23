package clustertest

import (
	"slices"
	"strings"
	"sync"
)

// topicKind is what a subscription is to.
type topicKind int

const (
	channels topicKind = iota
	patterns
	shardChannels
	topicKinds
)

// The words of the replies and pushes, by topicKind.
var (
	subscribeWord   = [topicKinds]string{"subscribe", "psubscribe", "ssubscribe"}
	unsubscribeWord = [topicKinds]string{"unsubscribe", "punsubscribe", "sunsubscribe"}
)

type subscribers map[*conn]struct{}

// bus carries messages between all connections of the cluster. Its lock also
// keeps the order of a subscriber's confirmations and messages.
type bus struct {
	mu     sync.Mutex
	topics [topicKinds]map[string]subscribers
}

func newBus() *bus {
	b := &bus{}
	for kind := range b.topics {
		b.topics[kind] = map[string]subscribers{}
	}
	return b
}

func (b *bus) subscribe(c *conn, kind topicKind, names []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, name := range names {
		if c.subs[kind] == nil {
			c.subs[kind] = map[string]struct{}{}
		}
		c.subs[kind][name] = struct{}{}
		if b.topics[kind][name] == nil {
			b.topics[kind][name] = subscribers{}
		}
		b.topics[kind][name][c] = struct{}{}
		c.confirm(subscribeWord[kind], &name, c.subscriptions(kind))
	}
}

// unsubscribe ends the named subscriptions, or all of their kind if there are
// no names. There is always an answer.
func (b *bus) unsubscribe(c *conn, kind topicKind, names []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(names) == 0 {
		for name := range c.subs[kind] {
			names = append(names, name)
		}
		slices.Sort(names)
	}
	for _, name := range names {
		b.remove(c, kind, name)
		c.confirm(unsubscribeWord[kind], &name, c.subscriptions(kind))
	}
	if len(names) == 0 {
		c.confirm(unsubscribeWord[kind], nil, c.subscriptions(kind))
	}
}

func (b *bus) remove(c *conn, kind topicKind, name string) {
	delete(c.subs[kind], name)
	delete(b.topics[kind][name], c)
	if len(b.topics[kind][name]) == 0 {
		delete(b.topics[kind], name)
	}
}

// forget ends all subscriptions of c without a word.
func (b *bus) forget(c *conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for kind := range c.subs {
		for name := range c.subs[kind] {
			b.remove(c, topicKind(kind), name)
		}
	}
}

// dropSlots ends the shard subscriptions whose slot is concerned, and tells the
// subscribers so.
func (b *bus) dropSlots(concerned func(slot int) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for name, subs := range b.topics[shardChannels] {
		if !concerned(Slot(name)) {
			continue
		}
		for c := range subs {
			b.remove(c, shardChannels, name)
			c.confirm(unsubscribeWord[shardChannels], &name, c.subscriptions(shardChannels))
		}
	}
}

// count returns the number of subscriptions that c has, of all kinds.
func (b *bus) count(c *conn) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return c.subscriptions(channels) + c.subscriptions(shardChannels)
}

// publish delivers a message to the whole cluster. It returns the number of
// receivers at the node, which is all that a real node knows.
func (b *bus) publish(at *Node, channel, payload string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := deliver(b.topics[channels][channel], at, "message", channel, payload)
	for pattern, subs := range b.topics[patterns] {
		if globMatch(pattern, channel) {
			n += deliver(subs, at, "pmessage", pattern, channel, payload)
		}
	}
	return n
}

func (b *bus) publishShard(at *Node, channel, payload string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return deliver(b.topics[shardChannels][channel], at, "smessage", channel, payload)
}

func deliver(to subscribers, at *Node, words ...string) int {
	local := 0
	for c := range to {
		b := appendPush(nil, len(words), c.resp3.Load())
		for _, word := range words {
			b = appendBulk(b, word)
		}
		c.out.post(b)
		if c.node == at {
			local++
		}
	}
	return local
}

// names returns the topics of a kind that have subscribers at the node and match
// the pattern.
func (b *bus) names(at *Node, kind topicKind, pattern string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	names := []string{}
	for name, subs := range b.topics[kind] {
		if globMatch(pattern, name) && subs.at(at) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (b *bus) subscribersAt(at *Node, kind topicKind, name string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.topics[kind][name].at(at)
}

func (s subscribers) at(n *Node) int {
	count := 0
	for c := range s {
		if c.node == n {
			count++
		}
	}
	return count
}

// subscriptions is the number that stands in the confirmations: channels and
// patterns count together, shard channels apart. bus.mu must be held.
func (c *conn) subscriptions(kind topicKind) int {
	if kind == shardChannels {
		return len(c.subs[shardChannels])
	}
	return len(c.subs[channels]) + len(c.subs[patterns])
}

// confirm tells c of a change to its subscriptions; name is nil if there was
// none to end.
func (c *conn) confirm(word string, name *string, count int) {
	resp3 := c.resp3.Load()
	b := appendPush(nil, 3, resp3)
	b = appendBulk(b, word)
	if name == nil {
		b = appendNull(b, resp3)
	} else {
		b = appendBulk(b, *name)
	}
	c.out.post(appendInt(b, count))
}

func cmdSubscribe(c *conn, args []string)    { c.changeSubs(args, channels, c.cluster.bus.subscribe) }
func cmdUnsubscribe(c *conn, args []string)  { c.changeSubs(args, channels, c.cluster.bus.unsubscribe) }
func cmdPSubscribe(c *conn, args []string)   { c.changeSubs(args, patterns, c.cluster.bus.subscribe) }
func cmdPUnsubscribe(c *conn, args []string) { c.changeSubs(args, patterns, c.cluster.bus.unsubscribe) }
func cmdSUnsubscribe(c *conn, args []string) {
	c.changeSubs(args, shardChannels, c.cluster.bus.unsubscribe)
}

func (c *conn) changeSubs(args []string, kind topicKind, change func(*conn, topicKind, []string)) {
	c.node.stats.ran(strings.ToUpper(args[0]))
	c.flush() // earlier replies go first
	change(c, kind, args[1:])
}

func cmdSSubscribe(c *conn, args []string) {
	c.flush()
	c.routed("SSUBSCRIBE", commands["SSUBSCRIBE"], args, func() {
		c.cluster.bus.subscribe(c, shardChannels, args[1:])
	})
}

// cmdPublish leaves a PUBLISH in a transaction to miniredis, whose bridge brings
// it to the bus when the time has come.
func cmdPublish(c *conn, args []string) {
	if c.tx.active {
		c.routed("PUBLISH", commands["PUBLISH"], args, nil)
		return
	}
	c.node.stats.ran("PUBLISH")
	c.peer.WriteInt(c.cluster.bus.publish(c.node, args[1], args[2]))
}

func cmdSPublish(c *conn, args []string) {
	c.routed("SPUBLISH", commands["SPUBLISH"], args, func() {
		c.peer.WriteInt(c.cluster.bus.publishShard(c.node, args[1], args[2]))
	})
}

var pubsubCommands = map[string]func(c *conn, args []string){
	"CHANNELS":      func(c *conn, args []string) { c.writeTopics(channels, args) },
	"NUMPAT":        func(c *conn, _ []string) { c.peer.WriteInt(len(c.cluster.bus.names(c.node, patterns, "*"))) },
	"NUMSUB":        func(c *conn, args []string) { c.writeCounts(channels, args) },
	"SHARDCHANNELS": func(c *conn, args []string) { c.writeTopics(shardChannels, args) },
	"SHARDNUMSUB":   func(c *conn, args []string) { c.writeCounts(shardChannels, args) },
}

func cmdPubSub(c *conn, args []string) {
	c.subcommand("PUBSUB", pubsubCommands, args)
}

func (c *conn) writeTopics(kind topicKind, args []string) {
	pattern := "*"
	if len(args) > 0 {
		pattern = args[0]
	}
	c.peer.WriteStrings(c.cluster.bus.names(c.node, kind, pattern))
}

func (c *conn) writeCounts(kind topicKind, names []string) {
	c.peer.WriteLen(2 * len(names))
	for _, name := range names {
		c.peer.WriteBulk(name)
		c.peer.WriteInt(c.cluster.bus.subscribersAt(c.node, kind, name))
	}
}
