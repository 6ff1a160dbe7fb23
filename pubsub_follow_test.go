package redis

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// subscribedStage is a cluster of two whose first server has the subscription to
// a shard channel.
func subscribedStage(t *testing.T, version int) (c *ClusterClient, p *PubSub, a, b *stage, channel string) {
	stages := newStages(t, 2, version)
	a, b = stages[0], stages[1]
	c = clusterOf(t, stageAddrs(a, b), func(o *ClusterOptions) { o.SuspectAfter = 0 })
	channel = keyOn(0, slotCount/2-1)
	p = c.SSubscribe(t.Context(), channel)
	t.Cleanup(func() { _ = p.Close() })
	require.Equal(t, &Subscription{"ssubscribe", channel, 1}, nextSubscription(t, p))
	return c, p, a, b, channel
}

// moveAll gives all slots to one server, in the maps of these.
func moveAll(to *stage, in ...*stage) {
	for _, s := range in {
		s.setSlots(scriptedRange{0, slotCount - 1, []string{to.addr}})
	}
}

func movedTo(s *stage, channel string) reaction {
	return says(fmt.Sprintf("-MOVED %d %s\r\n", keySlot(channel), s.addr))
}

// TestOrderWhileAChannelMoves has the new server speak before the old one has
// said everything.
func TestOrderWhileAChannelMoves(t *testing.T) {
	t.Parallel()
	for _, version := range []int{2, 3} {
		t.Run(fmt.Sprintf("RESP%d", version), func(t *testing.T) {
			t.Parallel()
			c, p, a, b, channel := subscribedStage(t, version)
			a.publish(t, channel, "1")
			require.Equal(t, "1", nextMessage(t, p))

			moveAll(b, a, b)
			c.ReloadState(t.Context())
			require.Equal(t, "ssubscribe", nextSubscription(t, p).Kind)
			require.True(t, b.has("ssubscribe "+channel))
			require.Zero(t, a.count("sunsubscribe"), "the old subscription must stay until the new one is there")

			release := a.holdPings()
			b.publish(t, channel, "3")
			awaitThat(t, "a fence", func() bool { return a.count("ping") > 0 })
			b.publish(t, channel, "4")
			a.publish(t, channel, "2")
			release()
			for _, want := range []string{"2", "3", "4"} {
				require.Equal(t, want, nextMessage(t, p))
			}

			// Publishers who do not know better are still served by the old one,
			// until it learns of the move itself.
			a.publish(t, channel, "5")
			require.Equal(t, "5", nextMessage(t, p))
			b.publish(t, channel, "6")
			require.Equal(t, "6", nextMessage(t, p))
			a.tell(t, channel, "sunsubscribe", channel)
			b.publish(t, channel, "7")
			require.Equal(t, "7", nextMessage(t, p))
			a.publish(t, channel, "lost: not subscribed to any more")
			b.publish(t, channel, "8")
			require.Equal(t, "8", nextMessage(t, p))
		})
	}
}

// TestOldServerIsLeft has the old server never learn of the move.
func TestOldServerIsLeft(t *testing.T) {
	t.Parallel()
	c, p, a, b, channel := subscribedStage(t, 3)
	moveAll(b, a, b)
	c.ReloadState(t.Context())
	require.Equal(t, "ssubscribe", nextSubscription(t, p).Kind)
	awaitThat(t, "the end of the old subscription", func() bool { return a.has("sunsubscribe " + channel) })
	awaitThat(t, "the end of the old connection", func() bool {
		open, _ := a.connections()
		return open <= 1 // that of the pool
	})
	b.publish(t, channel, "1")
	require.Equal(t, "1", nextMessage(t, p))
}

// TestOldServerIsSilent has the new server wait in vain for the old one's fence.
func TestOldServerIsSilent(t *testing.T) {
	t.Parallel()
	c, p, a, b, channel := subscribedStage(t, 3)
	moveAll(b, a, b)
	c.ReloadState(t.Context())
	require.Equal(t, "ssubscribe", nextSubscription(t, p).Kind)
	defer a.holdPings()()
	b.publish(t, channel, "1")
	promptly(t, func() { require.Equal(t, "1", nextMessage(t, p)) })
	a.publish(t, channel, "too late")
	b.publish(t, channel, "2")
	require.Equal(t, "2", nextMessage(t, p))
}

// TestNewServerCannotBeReached keeps the old subscription meanwhile.
func TestNewServerCannotBeReached(t *testing.T) {
	t.Parallel()
	c, p, a, b, channel := subscribedStage(t, 3)
	down := newStage(t, 3)
	down.stop()
	moveAll(down, a, b)
	c.ReloadState(t.Context())
	require.ErrorAs(t, nextTrouble(t, p), new(*DialError))
	a.publish(t, channel, "1")
	require.Equal(t, "1", nextMessage(t, p))
	moveAll(b, a, b)
	require.Equal(t, "ssubscribe", nextSubscription(t, p).Kind)
	a.publish(t, channel, "2")
	require.Equal(t, "2", nextMessage(t, p))
	b.publish(t, channel, "3")
	require.Equal(t, "3", nextMessage(t, p))
}

// TestServerEndsSubscription has the old server say that the slot has gone. A
// server that speaks RESP3 is asked who has it.
func TestServerEndsSubscription(t *testing.T) {
	t.Parallel()
	for _, version := range []int{2, 3} {
		t.Run(fmt.Sprintf("RESP%d", version), func(t *testing.T) {
			t.Parallel()
			_, p, a, b, channel := subscribedStage(t, version)
			a.on("EXISTS", movedTo(b, channel))
			if version == 2 {
				moveAll(b, a, b) // else nobody tells
			}
			a.tell(t, channel, "sunsubscribe", channel)
			require.Equal(t, &Subscription{"ssubscribe", channel, 1}, nextSubscription(t, p))
			require.Equal(t, version == 3, a.has("exists "+channel))
			require.Equal(t, 1, a.count("ssubscribe"), "a replica would have taken the second")
			b.publish(t, channel, "1")
			require.Equal(t, "1", nextMessage(t, p))
		})
	}
}

// TestServerEndsSubscriptionAndHasTheSlot has the server be the slot's primary
// all the same.
func TestServerEndsSubscriptionAndHasTheSlot(t *testing.T) {
	t.Parallel()
	_, p, a, _, channel := subscribedStage(t, 3)
	a.on("EXISTS", says(":0\r\n"))
	a.tell(t, channel, "sunsubscribe", channel)
	require.Equal(t, "ssubscribe", nextSubscription(t, p).Kind)
	require.Equal(t, 2, a.count("ssubscribe"))
	a.publish(t, channel, "1")
	require.Equal(t, "1", nextMessage(t, p))
}

// TestServerEndsSubscriptionAndForbidsToAsk is left with the map.
func TestServerEndsSubscriptionAndForbidsToAsk(t *testing.T) {
	t.Parallel()
	_, p, a, b, channel := subscribedStage(t, 3)
	a.on("EXISTS", says("-NOPERM no\r\n"))
	moveAll(b, a, b)
	a.tell(t, channel, "sunsubscribe", channel)
	require.Equal(t, "ssubscribe", nextSubscription(t, p).Kind)
	require.True(t, b.has("ssubscribe "+channel))
}

// TestReplicaTakesOver never has subscriptions at two nodes of a shard at the
// same time, though the map lacks a primary that has not noticed that it was
// replaced.
func TestReplicaTakesOver(t *testing.T) {
	t.Parallel()
	for name, oldIsListed := range map[string]bool{"the old primary is a replica": true, "the old primary is in no map": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, a, b := newShardOfTwo(t)
			p := c.SSubscribe(t.Context(), "x")
			defer p.Close()
			require.Equal(t, "ssubscribe", nextSubscription(t, p).Kind)

			left := make(chan struct{})
			a.on("SUNSUBSCRIBE", after(left, a.confirms("sunsubscribe")))
			promote(b, a, oldIsListed)
			c.ReloadState(t.Context())
			awaitThat(t, "the end of the old subscription", func() bool { return a.has("sunsubscribe x") })
			require.Zero(t, b.count("ssubscribe"))
			a.publish(t, "x", "1")
			require.Equal(t, "1", nextMessage(t, p))
			close(left)
			require.Equal(t, "ssubscribe", nextSubscription(t, p).Kind)
			a.publish(t, "x", "a copy")
			b.publish(t, "x", "2")
			require.Equal(t, "2", nextMessage(t, p))
		})
	}
}

// TestReplacedPrimaryDoesNotLetGo has the old primary neither know that it was
// replaced nor answer.
func TestReplacedPrimaryDoesNotLetGo(t *testing.T) {
	t.Parallel()
	c, a, b := newShardOfTwo(t)
	p := c.SSubscribe(t.Context(), "x")
	defer p.Close()
	require.Equal(t, "ssubscribe", nextSubscription(t, p).Kind)
	a.on("SUNSUBSCRIBE", func(*scriptedConn, []string) {})
	defer a.holdPings()()
	promote(b, a, false)
	c.ReloadState(t.Context())
	promptly(t, func() { require.Equal(t, "ssubscribe", nextSubscription(t, p).Kind) })
	a.publish(t, "x", "1")
	b.publish(t, "x", "1")
	b.publish(t, "x", "2")
	require.Equal(t, "1", nextMessage(t, p))
	require.Equal(t, "2", nextMessage(t, p))
}

// TestReplacedPrimaryRepeatsNothing has the old primary not say whether it is
// one still: what it repeats of its successor's notifications must not count.
func TestReplacedPrimaryRepeatsNothing(t *testing.T) {
	t.Parallel()
	c, a, b := newShardOfTwo(t)
	p := c.SubscribeKeyspace(t.Context(), "x*")
	defer p.Close()
	require.Equal(t, "psubscribe", nextSubscription(t, p).Kind)
	a.on("HELLO", func(*scriptedConn, []string) {})
	promote(b, a, false)
	c.ReloadState(t.Context())
	promptly(t, func() { require.Equal(t, "psubscribe", nextSubscription(t, p).Kind) })
	require.True(t, b.has("psubscribe x*"))
	a.tell(t, "x*", "pmessage", "x*", "x1", "a copy")
	b.tell(t, "x*", "pmessage", "x*", "x1", "1")
	require.Equal(t, "1", nextMessage(t, p))
}

// TestDemotedPrimaryIsHeard has the successor take its time: until it can be
// subscribed at, the old primary repeats what it does.
func TestDemotedPrimaryIsHeard(t *testing.T) {
	t.Parallel()
	c, a, b := newShardOfTwo(t)
	p := c.SubscribeKeyspace(t.Context(), "x*")
	defer p.Close()
	require.Equal(t, "psubscribe", nextSubscription(t, p).Kind)
	a.on("HELLO", says("%1\r\n+role\r\n+replica\r\n"))
	ready := make(chan struct{})
	b.on("HELLO", after(ready, says("%1\r\n+role\r\n+master\r\n")))
	asked := a.count("hello")
	promote(b, a, true)
	c.ReloadState(t.Context())
	awaitThat(t, "questions for the role", func() bool { return a.count("hello") >= asked+2 })
	a.tell(t, "x*", "pmessage", "x*", "x1", "1")
	require.Equal(t, "1", nextMessage(t, p))
	close(ready)
	require.Equal(t, "psubscribe", nextSubscription(t, p).Kind)
	a.tell(t, "x*", "pmessage", "x*", "x1", "a copy")
	b.tell(t, "x*", "pmessage", "x*", "x1", "2")
	require.Equal(t, "2", nextMessage(t, p))
}

// TestSilentNodeThatWasReplacedIsLeftAtOnce has a new map be the only sign that the node
// may be dead: nothing else would have it asked for an hour.
func TestSilentNodeThatWasReplacedIsLeftAtOnce(t *testing.T) {
	t.Parallel()
	for name, subscribe := range map[string]func(c *ClusterClient) *PubSub{
		"channel":       func(c *ClusterClient) *PubSub { return c.Subscribe(t.Context(), "x") },
		"shard channel": func(c *ClusterClient) *PubSub { return c.SSubscribe(t.Context(), "x") },
		"keyspace":      func(c *ClusterClient) *PubSub { return c.SubscribeKeyspace(t.Context(), "x") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := newStage(t, 3), newStage(t, 3)
			promote(a, b, true)
			c := clusterOf(t, stageAddrs(a, b), func(o *ClusterOptions) { o.SuspectAfter = 50 * time.Millisecond })
			p := subscribe(c)
			defer p.Close()
			kind := nextSubscription(t, p).Kind
			p.mu.Lock()
			p.health = linkHealth{interval: time.Hour, pong: time.Hour}
			p.mu.Unlock()
			require.Zero(t, b.count(kind))
			defer a.mute()()
			for _, word := range []string{"HELLO", "SUNSUBSCRIBE"} {
				a.on(word, func(*scriptedConn, []string) {})
			}
			promote(b, a, true)
			c.ReloadState(t.Context())
			promptly(t, func() { require.Equal(t, kind, nextSubscription(t, p).Kind) })
			require.Equal(t, 1, b.count(kind))
		})
	}
}

// newShardOfTwo is a cluster of one shard: a is the primary and b its replica.
func newShardOfTwo(t *testing.T) (c *ClusterClient, a, b *stage) {
	a, b = newStage(t, 3), newStage(t, 3)
	promote(a, b, true)
	return clusterOf(t, stageAddrs(a, b), func(o *ClusterOptions) { o.SuspectAfter = 0 }), a, b
}

// promote makes b the primary in the maps of both; if listed, old is its replica
// there.
func promote(b, old *stage, listed bool) {
	nodes := []string{b.addr}
	if listed {
		nodes = append(nodes, old.addr)
	}
	for _, s := range []*stage{old, b} {
		s.setSlots(scriptedRange{0, slotCount - 1, nodes})
	}
}

// TestSubscribingIsRedirected follows MOVED, in the host's place where none is
// named.
func TestSubscribingIsRedirected(t *testing.T) {
	t.Parallel()
	stages := newStages(t, 2, 3)
	a, b := stages[0], stages[1]
	channel := keyOn(0, slotCount/2-1)
	a.on("SSUBSCRIBE", says(fmt.Sprintf("-MOVED %d :%s\r\n", keySlot(channel), b.port())))
	c := clusterOf(t, stageAddrs(a, b), nil)
	p := c.SSubscribe(t.Context(), channel)
	defer p.Close()
	require.Equal(t, &Subscription{"ssubscribe", channel, 1}, nextSubscription(t, p))
	b.publish(t, channel, "1")
	require.Equal(t, "1", nextMessage(t, p))
}

// TestServerWantsAnotherConnection has a server say MOVED and name itself.
func TestServerWantsAnotherConnection(t *testing.T) {
	t.Parallel()
	s := newStage(t, 3)
	s.on("SSUBSCRIBE", inTurn(movedTo(s, "x"), s.confirms("ssubscribe")))
	c := clusterOf(t, stageAddrs(s), nil)
	p := c.SSubscribe(t.Context(), "x")
	defer p.Close()
	require.ErrorIs(t, nextTrouble(t, p), errRenew)
	require.Equal(t, "ssubscribe", nextSubscription(t, p).Kind)
	require.Equal(t, 2, s.count("ssubscribe"))
}

// TestSubscribingIsRefused reports the refusal and asks again.
func TestSubscribingIsRefused(t *testing.T) {
	t.Parallel()
	for kind := range topicKinds {
		for _, reply := range []string{
			"NOPERM this user has no permissions to access one of the channels",
			"CLUSTERDOWN Hash slot not served",
			"LOADING Redis is loading the dataset in memory",
		} {
			t.Run(subscribeWords[kind]+" "+reply[:6], func(t *testing.T) {
				t.Parallel()
				s := newStage(t, 3)
				no, word := says("-"+reply+"\r\n"), subscribeWords[kind]
				s.on(strings.ToUpper(word), inTurn(no, no, s.confirms(word)))
				p := clusterOf(t, stageAddrs(s), nil).pubSub(false)
				defer p.Close()
				require.ErrorContains(t, p.subscribe(background(t), kind, []string{"x"}), reply)
				require.ErrorContains(t, nextTrouble(t, p), reply)
				require.Equal(t, &Subscription{subscribeWords[kind], "x", 1}, nextSubscription(t, p))
			})
		}
	}
}

// TestSlotNobodyServes waits for somebody who does.
func TestSlotNobodyServes(t *testing.T) {
	t.Parallel()
	s := newStage(t, 3)
	channel := keyOn(8192, 16383)
	s.setSlots(scriptedRange{0, 8191, []string{s.addr}})
	c := clusterOf(t, stageAddrs(s), nil)
	p := c.pubSub(false)
	defer p.Close()
	ctx, giveUp := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() { failed <- p.SSubscribe(ctx, channel) }()
	awaitThat(t, "the map to be asked for again", func() bool { return s.count("cluster slots") > 2 })
	giveUp()
	require.Equal(t, context.Canceled, resultFrom(t, failed))
	require.Zero(t, s.count("ssubscribe"))
	moveAll(s, s)
	promptly(t, func() { require.Equal(t, "ssubscribe", nextSubscription(t, p).Kind) })
}
