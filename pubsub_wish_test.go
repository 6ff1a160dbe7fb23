package redis

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-e06f3def/rediscluster/clustertest"
)

// TestNothingIsMissedAfterSubscribe publishes as soon as Subscribe has returned.
func TestNothingIsMissedAfterSubscribe(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]func() *ClusterOptions{
		"clustertest": func() *ClusterOptions {
			return &ClusterOptions{Addrs: clustertest.Start(t, clustertest.Options{Shards: 3}).Addrs()}
		},
		"plain": PlainCluster(t).Options,
	} {
		t.Run(name, func(t *testing.T) {
			ctx := background(t)
			number := 0
			for range 10 {
				c := NewClusterClient(options())
				node, err := c.MasterForKey(ctx, "x")
				require.NoError(t, err)
				for kind, p := range map[topicKind]func(name string) *PubSub{
					toChannel:      func(name string) *PubSub { return c.Subscribe(ctx, name) },
					toPattern:      func(name string) *PubSub { return c.PSubscribe(ctx, name) },
					toShardChannel: func(name string) *PubSub { return c.SSubscribe(ctx, name) },
					topicKinds:     func(name string) *PubSub { return c.SubscribeKeyspace(ctx, name) },
					topicKinds + 1: func(name string) *PubSub { return node.Subscribe(ctx, name) },
					topicKinds + 2: func(name string) *PubSub { return node.PSubscribe(ctx, name) },
				} {
					publish := c.Publish
					if kind == toShardChannel {
						publish = c.SPublish
					}
					p := p(fmt.Sprint("{x}", number))
					require.NoError(t, publish(ctx, fmt.Sprint("{x}", number), number).Err())
					require.Equal(t, strconv.Itoa(number), nextMessage(t, p))
					number++
					if kind < topicKinds {
						require.NoError(t, p.subscribe(ctx, kind, []string{fmt.Sprint("{x}", number)}))
						require.NoError(t, publish(ctx, fmt.Sprint("{x}", number), number).Err())
						require.Equal(t, strconv.Itoa(number), nextMessage(t, p))
						number++
					}
					require.NoError(t, p.Close())
				}
				require.NoError(t, c.Close())
			}
		})
	}
}

// TestNothingIsMissedAfterALoss publishes as soon as the receiver has heard that the
// server has closed its connection.
func TestNothingIsMissedAfterALoss(t *testing.T) {
	t.Parallel()
	cluster := PlainCluster(t)
	c := NewClusterClient(cluster.Options())
	defer c.Close()
	ctx := background(t)
	node, err := c.MasterForKey(ctx, "x")
	require.NoError(t, err)
	for _, test := range []struct {
		name      string
		subscribe func(channel string) *PubSub
		publish   func(context.Context, string, any) *IntCmd
	}{
		{"{x} of the cluster", func(name string) *PubSub { return c.Subscribe(ctx, name) }, c.Publish},
		{"{x} of the cluster by a pattern", func(name string) *PubSub { return c.PSubscribe(ctx, name[:5]+"*"+name[5:]) }, c.Publish},
		{"{x} of a shard", func(name string) *PubSub { return c.SSubscribe(ctx, name) }, c.SPublish},
		{"{x} of a server", func(name string) *PubSub { return node.Subscribe(ctx, name) }, c.Publish},
		{"{x} of a server by a pattern", func(name string) *PubSub { return node.PSubscribe(ctx, name[:5]+"*"+name[5:]) }, c.Publish},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := test.subscribe(test.name)
			defer p.Close()
			for round := range 20 {
				number := strconv.Itoa(round)
				for _, l := range p.openLinks() {
					require.NoError(t, l.node.client.ClientKillByFilter(ctx, "LADDR", l.nc.RemoteAddr().String(), "ADDR", l.nc.LocalAddr().String()).Err())
				}
				_, err := p.ReceiveMessage(ctx)
				require.Equal(t, io.EOF, err)
				require.NoError(t, test.publish(ctx, test.name, number).Err())
				msg, err := p.ReceiveMessage(ctx)
				require.NoError(t, err)
				require.Equal(t, number, msg.Payload)
			}
		})
	}
}

// openLinks is the links that have a connection.
func (p *PubSub) openLinks() (list []*link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.links {
		if l.nc != nil {
			list = append(list, l)
		}
	}
	return list
}

// TestSubscribeWaits returns when every subscription is confirmed, and not before.
func TestSubscribeWaits(t *testing.T) {
	t.Parallel()
	for kind := range topicKinds {
		t.Run(subscribeWords[kind], func(t *testing.T) {
			t.Parallel()
			s := newStage(t, 3)
			word := subscribeWords[kind]
			may := make(chan struct{})
			s.on(strings.ToUpper(word), func(c *scriptedConn, args []string) {
				for _, name := range args[1:] {
					if name == "{x}2" {
						c.await(may)
					}
					s.confirms(word)(c, []string{word, name})
				}
			})
			p := clusterOf(t, stageAddrs(s), nil).pubSub(false)
			defer p.Close()
			done := make(chan error, 1)
			go func() { done <- p.subscribe(t.Context(), kind, []string{"{x}1", "{x}2", "{x}1"}) }()
			require.Equal(t, "{x}1", nextSubscription(t, p).Channel)
			require.Empty(t, done)
			close(may)
			require.NoError(t, resultFrom(t, done))
			require.Equal(t, "{x}2", nextSubscription(t, p).Channel)
			require.NoError(t, p.subscribe(background(t), kind, []string{"{x}1"}))
			require.Equal(t, "{x}1", nextSubscription(t, p).Channel, "confirmed once more")
			require.NoError(t, p.subscribe(background(t), kind, nil))
		})
	}
}

// TestWaitOfSubscribeEnds has no server confirm.
func TestWaitOfSubscribeEnds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		end  func(p *PubSub, cancel context.CancelFunc) // of the wait
		want error
	}{
		{"context", func(_ *PubSub, cancel context.CancelFunc) { cancel() }, context.Canceled},
		{"end of the PubSub", func(p *PubSub, _ context.CancelFunc) { _ = p.Close() }, ErrClosed},
		{"not wanted any more", func(p *PubSub, _ context.CancelFunc) { _ = p.Unsubscribe(p.life) }, nil},
		{"time", func(*PubSub, context.CancelFunc) {}, os.ErrDeadlineExceeded},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, 3)
			s.on("SUBSCRIBE", func(*scriptedConn, []string) {})
			p := clientOf(t, s.scripted, func(o *Options) {
				if test.want == os.ErrDeadlineExceeded {
					o.DialTimeout, o.ReadTimeout = 100*time.Millisecond, 100*time.Millisecond
				}
			}).pubSub()
			defer p.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan error)
			go func() { done <- p.Subscribe(ctx, "x", "y") }()
			awaitThat(t, "the question", func() bool { return s.has("subscribe x y") })
			test.end(p, cancel)
			err := resultFrom(t, done)
			require.ErrorIs(t, err, test.want)
			if test.want == os.ErrDeadlineExceeded {
				require.Implements(t, (*net.Error)(nil), err)
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			require.Empty(t, p.wishes)
		})
	}
}

// TestSubscribeTellsWhatFails returns when there is nothing to wait for, and has
// the subscription made when it can be.
func TestSubscribeTellsWhatFails(t *testing.T) {
	t.Parallel()
	refused := says("-NOPERM no\r\n")
	for _, test := range []struct {
		name   string
		harm   func(s *stage, down chan<- error)
		repair func(s *stage, down <-chan error)
		want   string
	}{
		{
			"dial",
			func(_ *stage, down chan<- error) { down <- errScripted },
			func(_ *stage, down <-chan error) { <-down }, errScripted.Error(),
		},
		{
			"refusal",
			func(s *stage, _ chan<- error) { s.on("SUBSCRIBE", refused) },
			func(s *stage, _ <-chan error) { s.on("SUBSCRIBE", s.confirms("subscribe")) }, "NOPERM",
		},
	} {
		for _, cluster := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, cluster %v", test.name, cluster), func(t *testing.T) {
				t.Parallel()
				s := newStage(t, 3)
				down := make(chan error, 1)
				dialer := func(ctx context.Context, network, addr string) (net.Conn, error) {
					select {
					case err := <-down:
						down <- err
						return nil, err
					default:
						return new(net.Dialer).DialContext(ctx, network, addr)
					}
				}
				test.harm(s, down)
				var p *PubSub
				if cluster {
					p = clusterOf(t, stageAddrs(s), func(o *ClusterOptions) { o.Dialer = dialer }).pubSub(false)
				} else {
					p = clientOf(t, s.scripted, func(o *Options) { o.Dialer = dialer }).pubSub()
				}
				defer p.Close()
				promptly(t, func() { require.ErrorContains(t, p.Subscribe(t.Context(), "x"), test.want) })
				require.ErrorContains(t, nextTrouble(t, p), test.want)
				test.repair(s, down)
				require.Equal(t, "x", nextSubscription(t, p).Channel)
			})
		}
	}
}

// TestSubscribeGoesOn has trouble that does not mean that the subscription cannot
// be made now.
func TestSubscribeGoesOn(t *testing.T) {
	t.Parallel()
	t.Run("one node of several is down", func(t *testing.T) {
		t.Parallel()
		stages := newStages(t, 2, 3)
		c := clusterOf(t, stageAddrs(stages...), nil)
		require.NoError(t, c.Ping(t.Context()).Err())
		stages[0].stop()
		for range 5 { // it is the first choice
			p := c.pubSub(false)
			require.NoError(t, p.Subscribe(background(t), keyOn(0, 8191)))
			require.NoError(t, p.Close())
		}
	})
	t.Run("a connection is lost", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, 3)
		hangUp := func(c *scriptedConn, _ []string) { _ = c.Close() }
		s.on("SSUBSCRIBE", inTurn(hangUp, movedTo(s, "x"), s.confirms("ssubscribe")))
		p := clusterOf(t, stageAddrs(s), nil).pubSub(false)
		defer p.Close()
		require.NoError(t, p.SSubscribe(background(t), "x"))
	})
	t.Run("nothing fits into the inbox", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, 3)
		p := clusterOf(t, stageAddrs(s), nil).pubSub(false)
		defer p.Close()
		p.inbox.put(&Message{Payload: strings.Repeat("x", maxInbox)})
		require.NoError(t, p.Subscribe(background(t), "x"))
		require.NotZero(t, p.Dropped())
	})
}

// A caller whose context ends before anything is subscribed to is told what is awaited of
// whom, by Subscribe and by Receive.
func TestContextEndsBeforeTheFirstSubscription(t *testing.T) {
	for name, test := range map[string]struct {
		addr   string
		script func(s *scripted)
		single string // what a Client says
		want   string // what a ClusterClient says; empty: the same
	}{
		"dropped packets": {"blackhole:1", nil, "redis: blackhole:1: dial: ", ""},
		"no greeting":     {"a:1", func(s *scripted) { s.on("HELLO", stalls) }, "redis: a:1: handshake: ", ""},
		"no map":          {"a:1", func(s *scripted) { s.on("CLUSTER SLOTS", stalls) }, "", "redis: a:1: CLUSTER SLOTS: "},
		"no answer":       {"a:1", func(s *scripted) { s.on("SUBSCRIBE", stalls) }, "redis: a:1: no answer to the subscription: ", ""},
	} {
		for _, cluster := range []bool{false, true} {
			want := test.single
			if cluster && test.want != "" {
				want = test.want
			}
			if want == "" {
				continue
			}
			t.Run(fmt.Sprint(name, " cluster:", cluster), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					m := newMemoryNet(t)
					if s := m.add("a:1"); test.script != nil {
						test.script(s)
					}
					var c UniversalClient = NewClient(&Options{Addr: test.addr, Dialer: m.dial, DisableIdentity: true})
					if cluster {
						c = m.client(nil, test.addr)
					}
					ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
					defer cancel()
					p := c.Subscribe(ctx)
					_, received := p.Receive(ctx)
					require.Equal(t, context.DeadlineExceeded, received, "no channel is wanted")
					ctx, cancel = context.WithTimeout(t.Context(), 200*time.Millisecond)
					defer cancel()
					began := time.Now()
					subscribed := p.Subscribe(ctx, "news")
					_, received = p.Receive(ctx)
					require.Equal(t, 200*time.Millisecond, time.Since(began))
					for _, err := range []error{subscribed, received} {
						require.ErrorContains(t, err, "redis: pub/sub: ")
						require.ErrorContains(t, err, want)
						require.ErrorIs(t, err, context.DeadlineExceeded)
						timeout, ok := err.(net.Error)
						require.True(t, ok && timeout.Timeout())
					}
					require.NoError(t, p.Close())
					require.NoError(t, c.Close())
				})
			})
		}
	}
}
