package redis

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-e06f3def/rediscluster/clustertest"
)

func TestReadNotice(t *testing.T) {
	t.Parallel()
	message := func(of topicKind, m Message) notice {
		return notice{kind: isMessage, of: of, name: m.Channel, msg: &m}
	}
	for _, test := range []struct {
		name, reply string // without the type of a push
		want        notice
	}{
		{"message", "3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\np\r\n", message(toChannel, Message{Channel: "c", Payload: "p"})},
		{"message of a pattern", "4\r\n$8\r\npmessage\r\n$2\r\nc*\r\n$2\r\ncc\r\n$0\r\n\r\n", message(toPattern, Message{Pattern: "c*", Channel: "cc"})},
		{"message of a shard", "3\r\n$8\r\nsmessage\r\n$1\r\nc\r\n$1\r\np\r\n", message(toShardChannel, Message{Channel: "c", Payload: "p"})},
		{"list of names", "3\r\n$7\r\nmessage\r\n$1\r\nc\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n", message(toChannel, Message{Channel: "c", PayloadSlice: []string{"a", "b"}})},
		{"null", "3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$-1\r\n", message(toChannel, Message{Channel: "c"})},
		{"null list", "3\r\n$7\r\nmessage\r\n$1\r\nc\r\n*-1\r\n", message(toChannel, Message{Channel: "c"})},
		{"subscribed", "3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n", notice{kind: isSubscribed, of: toChannel, name: "c"}},
		{"unsubscribed from a pattern", "3\r\n$12\r\npunsubscribe\r\n$1\r\nc\r\n:0\r\n", notice{kind: isUnsubscribed, of: toPattern, name: "c"}},
		{"unsubscribed from nothing", "3\r\n$12\r\nsunsubscribe\r\n$-1\r\n:0\r\n", notice{kind: isUnsubscribed, of: toShardChannel}},
		{"pong", "2\r\n$4\r\npong\r\n$1\r\np\r\n", notice{kind: isAnswer, text: "p"}},
		{"something new", "2\r\n$3\r\nnew\r\n:1\r\n", notice{}},
		{"nothing", "0\r\n", notice{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := readNotice([]byte("*" + test.reply))
			require.NoError(t, err)
			require.Equal(t, test.want, got)
			got, err = readNotice([]byte(">" + test.reply))
			require.NoError(t, err)
			test.want.push = true
			require.Equal(t, test.want, got)
		})
	}
	for reply, want := range map[string]notice{
		"+PONG\r\n":        {kind: isAnswer, text: "PONG"},
		"$2\r\nhi\r\n":     {kind: isAnswer, text: "hi"},
		":1\r\n":           {kind: isAnswer, text: "1"},
		"-ERR no\r\n":      {kind: isRefusal, text: "ERR no"},
		"!6\r\nERR no\r\n": {kind: isRefusal, text: "ERR no"},

		"%2\r\n$4\r\nmode\r\n*0\r\n$4\r\nrole\r\n$7\r\nreplica\r\n": {kind: isAnswer, replica: true},
		"%1\r\n$4\r\nrole\r\n$6\r\nmaster\r\n":                      {kind: isAnswer},
		"%0\r\n":                                                    {kind: isAnswer},
	} {
		got, err := readNotice([]byte(reply))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, reply := range []string{
		"*3\r\n$8\r\npmessage\r\n$1\r\nc\r\n$1\r\np\r\n",
		"*3\r\n*0\r\n$1\r\nc\r\n$1\r\np\r\n",
		"*3\r\n$7\r\nmessage\r\n*0\r\n$1\r\np\r\n",
	} {
		_, err := readNotice([]byte(reply))
		require.Error(t, err, "%q", reply)
	}
}

// TestMixOfSubscriptions has every kind in one PubSub, in both protocols.
func TestMixOfSubscriptions(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]func() *ClusterOptions{
		"clustertest": func() *ClusterOptions {
			return &ClusterOptions{Addrs: clustertest.Start(t, clustertest.Options{Shards: 3, Replicas: 1}).Addrs()}
		},
		"plain":  PlainCluster(t).Options,
		"secure": SecureCluster(t).Options,
	} {
		for _, protocol := range []int{2, 3} {
			t.Run(fmt.Sprintf("%s, RESP%d", name, protocol), func(t *testing.T) {
				opt := options()
				opt.Protocol = protocol
				testMix(t, opt)
			})
		}
	}
}

func testMix(t *testing.T, opt *ClusterOptions) {
	c := NewClusterClient(opt)
	defer c.Close()
	ctx := background(t)
	p := c.Subscribe(ctx, "c1", "c2")
	defer p.Close()
	require.Equal(t, &Subscription{"subscribe", "c1", 1}, nextSubscription(t, p))
	require.Equal(t, &Subscription{"subscribe", "c2", 2}, nextSubscription(t, p))
	require.NoError(t, p.PSubscribe(ctx, "p*"))
	require.Equal(t, &Subscription{"psubscribe", "p*", 3}, nextSubscription(t, p))
	shards := []string{keyOn(0, 5000), keyOn(6000, 10000), keyOn(11000, 16383)}
	require.NoError(t, p.SSubscribe(ctx, shards...))
	var names []string
	for i := range shards {
		s := nextSubscription(t, p)
		require.Equal(t, i+1, s.Count)
		names = append(names, s.Channel)
	}
	require.ElementsMatch(t, shards, names)
	require.Equal(t, "PubSub(c1, c2, p*, "+strings.Join(slices.Sorted(slices.Values(shards)), ", ")+")", p.String())

	require.NoError(t, c.Publish(ctx, "c2", "to a channel").Err())
	require.Equal(t, "to a channel", nextMessage(t, p))
	require.NoError(t, c.Publish(ctx, "p1", "to a pattern").Err())
	msg, err := p.ReceiveMessage(ctx)
	require.NoError(t, err)
	require.Equal(t, &Message{Pattern: "p*", Channel: "p1", Payload: "to a pattern"}, msg)
	require.Equal(t, "Message<p1: to a pattern>", msg.String())
	for _, channel := range shards {
		require.Equal(t, int64(1), c.SPublish(ctx, channel, "to "+channel).Val())
		require.Equal(t, "to "+channel, nextMessage(t, p))
	}

	require.NoError(t, p.Subscribe(ctx, "c1"))
	s := nextSubscription(t, p)
	require.Equal(t, &Subscription{"subscribe", "c1", 3}, s, "confirmed once more")
	require.Equal(t, "subscribe: c1", s.String())

	require.NoError(t, p.Ping(ctx, "hello"))
	pong, err := p.Receive(ctx)
	require.NoError(t, err)
	require.Equal(t, &Pong{"hello"}, pong)
	require.Equal(t, "Pong<hello>", pong.(*Pong).String())
	require.NoError(t, p.Ping(ctx))
	pong, err = p.Receive(ctx)
	require.NoError(t, err)
	require.Equal(t, "Pong", pong.(*Pong).String())

	require.NoError(t, p.Unsubscribe(ctx, "c1"))
	require.Equal(t, &Subscription{"unsubscribe", "c1", 2}, nextSubscription(t, p))
	require.NoError(t, p.SUnsubscribe(ctx, shards[1]))
	require.Equal(t, &Subscription{"sunsubscribe", shards[1], 2}, nextSubscription(t, p))
	require.Zero(t, c.SPublish(ctx, shards[1], "to nobody").Val())
	require.NoError(t, p.Unsubscribe(ctx))
	require.Equal(t, &Subscription{"unsubscribe", "c2", 1}, nextSubscription(t, p))
	require.NoError(t, p.PUnsubscribe(ctx))
	require.Equal(t, &Subscription{"punsubscribe", "p*", 0}, nextSubscription(t, p))
	require.NoError(t, p.PUnsubscribe(ctx))
	require.Equal(t, &Subscription{"punsubscribe", "", 0}, nextSubscription(t, p), "there is always an answer")
	require.NoError(t, p.Unsubscribe(ctx, "never"))
	require.Equal(t, &Subscription{"unsubscribe", "never", 0}, nextSubscription(t, p))

	require.NoError(t, p.SSubscribe(ctx, shards[1]))
	require.Equal(t, &Subscription{"ssubscribe", shards[1], 3}, nextSubscription(t, p))
	require.Equal(t, int64(1), c.SPublish(ctx, shards[1], "once more").Val())
	require.Equal(t, "once more", nextMessage(t, p))
}

// TestUnsubscribedAndSubscribedAtOnce keeps the order of the wishes.
func TestUnsubscribedAndSubscribedAtOnce(t *testing.T) {
	t.Parallel()
	for kind := range topicKinds {
		s := newStage(t, 3)
		p := clusterOf(t, stageAddrs(s), nil).pubSub(false)
		defer p.Close()
		require.NoError(t, p.subscribe(background(t), kind, []string{"x"}))
		nextSubscription(t, p)
		require.NoError(t, p.unsubscribe(kind, []string{"x"}))
		require.NoError(t, p.subscribe(background(t), kind, []string{"x"}))
		require.Equal(t, unsubscribeWords[kind], nextSubscription(t, p).Kind)
		require.Equal(t, subscribeWords[kind], nextSubscription(t, p).Kind)
		words := []string{"message", "x", "1"}
		switch kind {
		case toPattern:
			words = []string{"pmessage", "x", "x", "1"}
		case toShardChannel:
			words = []string{"smessage", "x", "1"}
		}
		s.tell(t, "x", words...)
		require.Equal(t, "1", nextMessage(t, p))
	}
}

// TestCountsOfEnds has 0 come with the last end only.
func TestCountsOfEnds(t *testing.T) {
	t.Parallel()
	for kind := range topicKinds {
		s := newStage(t, 3)
		p := clusterOf(t, stageAddrs(s), nil).pubSub(false)
		defer p.Close()
		require.NoError(t, p.subscribe(background(t), kind, []string{"{x}1", "{x}2"}))
		nextSubscription(t, p)
		nextSubscription(t, p)
		require.NoError(t, p.unsubscribe(kind, []string{"{x}1", "{x}2"}))
		require.Equal(t, &Subscription{unsubscribeWords[kind], "{x}1", 1}, nextSubscription(t, p))
		require.Equal(t, &Subscription{unsubscribeWords[kind], "{x}2", 0}, nextSubscription(t, p))
	}
}

// TestPatternOfAllPrimariesConfirmedOnceMore has one of them asked.
func TestPatternOfAllPrimariesConfirmedOnceMore(t *testing.T) {
	t.Parallel()
	ctx := background(t)
	p := clusterOf(t, stageAddrs(newStages(t, 3, 3)...), nil).SubscribeKeyspace(ctx, "x*")
	defer p.Close()
	nextSubscription(t, p)
	require.NoError(t, p.PSubscribe(ctx, "x*"))
	require.Equal(t, "x*", nextSubscription(t, p).Channel)
	require.NoError(t, p.PSubscribe(ctx, "y*"))
	require.Equal(t, "y*", nextSubscription(t, p).Channel)
}

// TestWishesWithoutServers are granted when there is one, and ended at once.
func TestWishesWithoutServers(t *testing.T) {
	t.Parallel()
	p := clusterOf(t, nil, func(o *ClusterOptions) { o.Addrs, o.Dialer = []string{"127.0.0.1:1"}, refuses }).pubSub(false)
	defer p.Close()
	for kind := range topicKinds {
		require.ErrorIs(t, p.subscribe(background(t), kind, []string{"x", "x"}), errScripted)
		require.NoError(t, p.unsubscribe(kind, nil))
		require.Equal(t, &Subscription{unsubscribeWords[kind], "x", 0}, nextSubscription(t, p))
	}
	require.Equal(t, "PubSub()", p.String())
}

func TestEndOfPubSub(t *testing.T) {
	t.Parallel()
	s := newStage(t, 3)
	c := clusterOf(t, stageAddrs(s), nil)
	ctx := background(t)

	p := c.Subscribe(ctx, "x")
	waiting := make(chan error)
	nextSubscription(t, p)
	go func() {
		_, err := p.Receive(ctx)
		waiting <- err
	}()
	require.NoError(t, p.Close())
	require.Equal(t, ErrClosed, resultFrom(t, waiting))
	require.Equal(t, ErrClosed, p.Close())
	for _, err := range []error{
		p.Subscribe(ctx, "y"), p.PSubscribe(ctx, "y"), p.SSubscribe(ctx, "y"),
		p.Unsubscribe(ctx), p.PUnsubscribe(ctx), p.SUnsubscribe(ctx),
		p.Ping(ctx), p.ClientSetName(ctx, "y"),
	} {
		require.Equal(t, ErrClosed, err)
	}
	_, open := <-p.Channel()
	require.False(t, open)

	withChannel := c.Subscribe(ctx, "x")
	messages := withChannel.Channel()
	require.Equal(t, messages, withChannel.ChannelSize(5), "there is one channel only")
	_, err := withChannel.Receive(ctx)
	require.Equal(t, errReceiver, err)
	_, open = <-withChannel.ChannelWithSubscriptions()
	require.False(t, open)
	require.NoError(t, withChannel.Close())
	_, open = <-messages
	require.False(t, open)

	withAll := c.Subscribe(ctx, "x")
	all := withAll.ChannelWithSubscriptions()
	require.Equal(t, all, withAll.ChannelWithSubscriptions())
	_, open = <-withAll.Channel()
	require.False(t, open)
	require.NoError(t, c.Close(), "the client's end is the PubSub's")
	for range all {
	}
	require.Equal(t, ErrClosed, withAll.Ping(ctx))
	require.NoError(t, withAll.Close())
	_, err = c.Subscribe(ctx, "x").Receive(ctx)
	require.Equal(t, ErrClosed, err)
}

func TestWaitingEnds(t *testing.T) {
	t.Parallel()
	s := newStage(t, 3)
	p := clusterOf(t, stageAddrs(s), nil).pubSub(false)
	defer p.Close()
	_, err := p.ReceiveTimeout(background(t), time.Millisecond)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Timeout())
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err = p.Receive(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, p.Subscribe(ctx, "x"), context.DeadlineExceeded)
	//lint:ignore SA1012 a mistake of the caller
	_, err = p.ReceiveMessage(nil) //nolint:staticcheck // it must not crash
	require.Equal(t, errNilContext, err)
	require.Equal(t, "PubSub()", p.String())

	bad := NewClusterClient(&ClusterOptions{}).Subscribe(t.Context(), "x")
	_, err = bad.Receive(t.Context())
	require.ErrorContains(t, err, "Addrs is empty")
	require.Equal(t, err, bad.Subscribe(t.Context(), "x"))
	require.NoError(t, bad.Close())
}

func TestPingWithoutSubscriptions(t *testing.T) {
	t.Parallel()
	s := newStage(t, 3)
	p := clusterOf(t, stageAddrs(s), nil).pubSub(false)
	defer p.Close()
	require.NoError(t, p.Ping(t.Context(), "x"))
	pong, err := p.Receive(background(t))
	require.NoError(t, err)
	require.Equal(t, &Pong{"x"}, pong)
}

func TestPubSubName(t *testing.T) {
	t.Parallel()
	s := newStage(t, 3)
	p := clusterOf(t, stageAddrs(s), nil).Subscribe(t.Context(), "x")
	defer p.Close()
	nextSubscription(t, p)
	require.ErrorContains(t, p.ClientSetName(t.Context(), "a space"), "only printable ASCII")
	require.NoError(t, p.ClientSetName(t.Context(), "me"))
	awaitThat(t, "the name", func() bool { return slices.Contains(s.commands(), "client setname me") })
	s.dropConns()
	require.Equal(t, "subscribe", nextSubscription(t, p).Kind)
	require.True(t, slices.ContainsFunc(s.commands(), func(command string) bool {
		return strings.HasPrefix(command, "hello 3") && strings.HasSuffix(command, "setname me")
	}))
}

// TestPubSubNameWhileItConnects has a name come too late for the handshake.
func TestPubSubNameWhileItConnects(t *testing.T) {
	t.Parallel()
	s := newStage(t, 3)
	c := clientOf(t, s.scripted, nil)
	may := make(chan struct{})
	s.on("HELLO", after(may, greets))
	p := c.pubSub()
	defer p.Close()
	require.NoError(t, p.Ping(t.Context()))
	awaitThat(t, "the handshake", func() bool { return s.count("hello") > 0 })
	require.NoError(t, p.ClientSetName(t.Context(), "me"))
	close(may)
	awaitThat(t, "the name", func() bool { return slices.Contains(s.commands(), "client setname me") })
}

// TestClientSubscribes has the subscriptions of a client of one server.
func TestClientSubscribes(t *testing.T) {
	t.Parallel()
	for _, version := range []int{2, 3} {
		s := newStage(t, version)
		c := clientOf(t, s.scripted, nil)
		ctx := background(t)
		p := c.Subscribe(ctx, "channel")
		defer p.Close()
		require.NoError(t, p.PSubscribe(ctx, "pattern*"))
		require.NoError(t, p.SSubscribe(ctx, "shard"))
		awaitAll(t, p)
		s.publish(t, "shard", "1")
		require.Equal(t, "1", nextMessage(t, p))
		s.dropConns()
		awaitAll(t, p)
		require.NoError(t, p.Close())

		for _, other := range []*PubSub{c.PSubscribe(ctx, "x"), c.SSubscribe(ctx, "x")} {
			nextSubscription(t, other)
			require.NoError(t, other.Close())
		}
		s.on("SSUBSCRIBE", says("-MOVED 1 127.0.0.1:1\r\n"))
		lost := c.SSubscribe(ctx, "x")
		require.ErrorContains(t, nextTrouble(t, lost), "MOVED 1 127.0.0.1:1")
		require.NoError(t, c.Close())
		_, err := lost.Receive(ctx)
		for err != nil && err != ErrClosed {
			_, err = lost.Receive(ctx)
		}
		require.Equal(t, ErrClosed, err)
	}
	_, err := NewClient(&Options{DB: -1}).Subscribe(t.Context(), "x").Receive(t.Context())
	require.ErrorContains(t, err, "DB is -1")
}

// TestSlowReceiver drops messages for one receiver, and for nobody else.
func TestSlowReceiver(t *testing.T) {
	t.Parallel()
	cluster := clustertest.Start(t, clustertest.Options{Shards: 2})
	c := NewClusterClient(&ClusterOptions{Addrs: cluster.Addrs()})
	defer c.Close()
	ctx := background(t)
	slow, quick := c.SSubscribe(ctx, "x"), c.SSubscribe(ctx, "x")
	defer slow.Close()
	defer quick.Close()
	nextSubscription(t, slow)
	nextSubscription(t, quick)
	var reported atomic.Uint64
	messages := slow.Channel(
		WithChannelSize(2),
		WithChannelSendTimeout(5*time.Millisecond),
		WithChannelOnDrop(func(n uint64) { reported.Add(n) }))
	const total = 500
	for i := range total {
		require.NoError(t, c.SPublish(ctx, "x", i).Err())
		require.Equal(t, fmt.Sprint(i), nextMessage(t, quick))
	}
	awaitThat(t, "the messages to be dropped", func() bool { return slow.Dropped() == total-2 })
	require.Equal(t, "0", (<-messages).Payload)
	require.NoError(t, c.SPublish(ctx, "x", total).Err())
	require.Equal(t, "1", (<-messages).Payload)
	require.Equal(t, fmt.Sprint(total), (<-messages).Payload)
	awaitThat(t, "the report", func() bool { return reported.Load() == total-2 })
	require.Zero(t, quick.Dropped())
	require.NoError(t, c.Set(ctx, "key", "value", 0).Err())
}

// TestPatientReceiver loses nothing that waits for less than the send timeout,
// however small the Go channel is.
func TestPatientReceiver(t *testing.T) {
	t.Parallel()
	s := newStage(t, 3)
	p := clusterOf(t, stageAddrs(s), nil).Subscribe(t.Context(), "x")
	defer p.Close()
	nextSubscription(t, p)
	messages := p.Channel(WithChannelSize(0))
	const total = 5000
	for i := range total {
		s.tell(t, "x", "message", "x", fmt.Sprint(i))
	}
	for i := range total {
		require.Equal(t, fmt.Sprint(i), (<-messages).Payload)
	}
	require.Zero(t, p.Dropped())
}

// TestInboxIsBounded fills it.
func TestInboxIsBounded(t *testing.T) {
	t.Parallel()
	b := newInbox()
	payload := strings.Repeat("x", maxInbox/10)
	for i := range 12 {
		b.put(&Message{Channel: fmt.Sprint(i), Payload: payload})
	}
	require.Equal(t, uint64(3), b.droppedSoFar())
	b.fail(errScripted)
	for i := range 9 {
		d, ok, err := b.take()
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, fmt.Sprint(i), d.what.(*Message).Channel)
	}
	_, ok, err := b.take()
	require.False(t, ok)
	require.Equal(t, errScripted, err)
	_, ok, err = b.take()
	require.False(t, ok)
	require.NoError(t, err)

	// What is larger than the bound passes alone.
	b.put(&Message{PayloadSlice: []string{strings.Repeat("x", maxInbox)}})
	b.put(&Message{Channel: "dropped"})
	_, ok, _ = b.take()
	require.True(t, ok)
	require.Equal(t, uint64(4), b.droppedSoFar())
}

// TestInboxKeepsOrder has it filled and emptied at different speeds.
func TestInboxKeepsOrder(t *testing.T) {
	t.Parallel()
	b := newInbox()
	put, taken := 0, 0
	take := func() {
		d, ok, _ := b.take()
		require.True(t, ok)
		require.Equal(t, fmt.Sprint(taken), d.what.(*Message).Payload)
		taken++
	}
	for round := range 50 {
		for range 100 + round {
			b.put(&Message{Payload: fmt.Sprint(put)})
			put++
		}
		for range 99 {
			take()
		}
	}
	for taken < put {
		take()
	}
	_, ok, _ := b.take()
	require.False(t, ok)
}

func TestReadBufferGrowsAndShrinks(t *testing.T) {
	t.Parallel()
	full := func(size, used int) []byte { return make([]byte, used, size) }
	for _, test := range []struct {
		name     string
		buf      []byte
		rest     int
		wantSize int
	}{
		{"nothing left", full(4096, 100), 0, 4096},
		{"a part left", full(4096, 4000), 50, 4096},
		{"filled by one read", full(4096, 4096), 0, 8192},
		{"filled at its usual size", full(linkReadBuffer, linkReadBuffer), 10, linkReadBuffer},
		{"one long message", full(linkReadBuffer, linkReadBuffer), linkReadBuffer, 2 * linkReadBuffer},
		{"after a long message", full(1<<20, 1<<19), 100, linkReadBuffer},
		{"within a long message", full(1<<20, 1<<19), 1 << 19, 1 << 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for i := range test.buf {
				test.buf[i] = byte(i)
			}
			rest := test.buf[len(test.buf)-test.rest:]
			want := slices.Clone(rest)
			got := makeRoom(test.buf, rest)
			require.Equal(t, test.wantSize, cap(got))
			require.Equal(t, string(want), string(got))
		})
	}
}

// TestManyNoticesAtOnce has more come in one piece than are handled at once, and
// nonsense behind them.
func TestManyNoticesAtOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t, 3)
	p := clusterOf(t, stageAddrs(s), nil).SSubscribe(t.Context(), "x")
	defer p.Close()
	nextSubscription(t, p)
	const count = 3*maxNotices + 1
	var all strings.Builder
	for i := range count {
		all.WriteString(s.push("smessage", "x", strconv.Itoa(i)))
	}
	s.sayAll(all.String() + "?\r\n")
	for i := range count {
		require.Equal(t, strconv.Itoa(i), nextMessage(t, p))
	}
	require.ErrorContains(t, nextTrouble(t, p), "protocol error")
	require.Equal(t, "ssubscribe", nextSubscription(t, p).Kind)
}
