package redis

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// subscribeAll subscribes to one topic of each kind and waits for that.
func subscribeAll(t *testing.T, p *PubSub) {
	t.Helper()
	ctx := background(t)
	require.NoError(t, p.Subscribe(ctx, "channel"))
	require.NoError(t, p.PSubscribe(ctx, "pattern*"))
	require.NoError(t, p.SSubscribe(ctx, "shard"))
	awaitAll(t, p)
}

func awaitAll(t *testing.T, p *PubSub) {
	t.Helper()
	got := map[string]string{}
	for len(got) < 3 {
		s := nextSubscription(t, p)
		got[s.Kind] = s.Channel
	}
	require.Equal(t, map[string]string{"subscribe": "channel", "psubscribe": "pattern*", "ssubscribe": "shard"}, got)
}

func TestConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		harm   func(s *stage) (repair func())
		reason string // empty: io.EOF
	}{
		{"closed by the server", func(s *stage) func() { s.dropConns(); return func() {} }, ""},
		{"silent", (*stage).mute, errNoPong.Error()},
		{"garbled", func(s *stage) func() { s.sayAll("?\r\n"); return func() {} }, "protocol error"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, 3)
			p := clusterOf(t, stageAddrs(s), nil).pubSub(false)
			defer p.Close()
			subscribeAll(t, p)
			p.mu.Lock()
			p.health = linkHealth{interval: 20 * time.Millisecond, pong: 200 * time.Millisecond}
			p.mu.Unlock()
			nudge(p.wake)
			defer test.harm(s)()
			err := nextTrouble(t, p)
			if test.reason == "" {
				require.True(t, err == io.EOF, "programs compare: %v", err)
			} else {
				require.ErrorContains(t, err, "redis: "+s.addr+": pub/sub: ")
				require.ErrorContains(t, err, test.reason)
				require.Implements(t, (*net.Error)(nil), err)
			}
			awaitAll(t, p)
			p.mu.Lock()
			p.health.pong = testPatience // the new ones are well, if slow
			p.mu.Unlock()
			s.publish(t, "shard", "1")
			require.Equal(t, "1", nextMessage(t, p))
			s.tell(t, "channel", "message", "channel", "2")
			require.Equal(t, "2", nextMessage(t, p))
			s.tell(t, "pattern*", "pmessage", "pattern*", "pattern1", "3")
			require.Equal(t, "3", nextMessage(t, p))
		})
	}
}

// TestLossIsToldWhenSubscribedAgain has the receiver hear of a lost connection not before
// all that it has subscribed to is confirmed again, and of what comes of it otherwise.
func TestLossIsToldWhenSubscribedAgain(t *testing.T) {
	t.Parallel()
	for kind := range topicKinds {
		t.Run(subscribeWords[kind], func(t *testing.T) {
			t.Parallel()
			s := newStage(t, 3)
			p := clusterOf(t, stageAddrs(s), nil).pubSub(false)
			defer p.Close()
			require.NoError(t, p.subscribe(background(t), kind, []string{"{x}1", "{x}2"}))
			word := subscribeWords[kind]
			may := make(chan struct{})
			s.on(strings.ToUpper(word), func(c *scriptedConn, args []string) {
				s.confirms(word)(c, []string{word, "{x}1"})
				c.await(may)
				s.confirms(word)(c, []string{word, "{x}2"})
			})
			s.dropConns()
			for _, name := range []string{"{x}1", "{x}2", "{x}1"} {
				require.Equal(t, name, nextSubscription(t, p).Channel)
			}
			_, ok, trouble := p.inbox.take()
			require.False(t, ok)
			require.NoError(t, trouble)
			close(may)
			require.Equal(t, io.EOF, nextTrouble(t, p))
			require.Equal(t, "{x}2", nextSubscription(t, p).Channel)
		})
	}
	t.Run("not wanted any more", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, 3)
		p := clusterOf(t, stageAddrs(s), nil).Subscribe(t.Context(), "x")
		defer p.Close()
		s.on("SUBSCRIBE", func(*scriptedConn, []string) {})
		s.dropConns()
		awaitThat(t, "the loss", func() bool {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.loss != nil
		})
		require.NoError(t, p.Unsubscribe(t.Context()))
		require.Equal(t, io.EOF, nextTrouble(t, p))
	})
	t.Run("the server is down", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, 3)
		p := clientOf(t, s.scripted, nil).Subscribe(t.Context(), "x")
		defer p.Close()
		nextSubscription(t, p)
		s.stop()
		require.Equal(t, io.EOF, nextTrouble(t, p))
		require.ErrorAs(t, nextTrouble(t, p), new(*DialError))
	})
	t.Run("the server hangs up each time", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, 3)
		p := clientOf(t, s.scripted, nil).Subscribe(t.Context(), "x")
		defer p.Close()
		nextSubscription(t, p)
		s.on("SUBSCRIBE", func(c *scriptedConn, _ []string) { _ = c.Close() })
		s.dropConns()
		for range 3 {
			promptly(t, func() { require.ErrorIs(t, nextTrouble(t, p), io.EOF) })
		}
	})
	t.Run("the server does not confirm", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, 3)
		p := clientOf(t, s.scripted, func(o *Options) {
			o.DialTimeout, o.ReadTimeout = 100*time.Millisecond, 100*time.Millisecond
		}).Subscribe(t.Context(), "x")
		defer p.Close()
		nextSubscription(t, p)
		s.on("SUBSCRIBE", func(*scriptedConn, []string) {})
		s.dropConns()
		promptly(t, func() { require.Equal(t, io.EOF, nextTrouble(t, p)) })
	})
}

// TestQuietConnectionIsPinged keeps a connection on which nothing is said.
func TestQuietConnectionIsPinged(t *testing.T) {
	t.Parallel()
	s := newStage(t, 3)
	p := clusterOf(t, stageAddrs(s), nil).Subscribe(t.Context(), "x")
	defer p.Close()
	all := p.ChannelWithSubscriptions(
		WithChannelHealthCheckInterval(5*time.Millisecond),
		WithChannelPingTimeout(testPatience))
	require.Equal(t, &Subscription{"subscribe", "x", 1}, <-all)
	awaitThat(t, "several PINGs", func() bool { return s.count("ping") >= 5 })
	s.tell(t, "x", "message", "x", "1")
	require.Equal(t, &Message{Channel: "x", Payload: "1"}, <-all)
	require.Equal(t, 1, s.count("subscribe"))
}

// TestPausesBetweenDials counts the dials to a node that refuses.
func TestPausesBetweenDials(t *testing.T) {
	t.Parallel()
	s := newStage(t, 3)
	dials := make(chan time.Time, 1000)
	c := clusterOf(t, stageAddrs(s), func(o *ClusterOptions) {
		o.ClusterSlots = func(context.Context) ([]ClusterSlot, error) {
			return []ClusterSlot{{Start: 0, End: slotCount - 1, Nodes: []ClusterNode{{Addr: s.addr}}}}, nil
		}
		o.Dialer = func(context.Context, string, string) (net.Conn, error) {
			dials <- time.Now()
			return nil, errScripted
		}
	})
	p := c.Subscribe(t.Context(), "x")
	defer p.Close()
	require.ErrorIs(t, nextTrouble(t, p), errScripted)
	began := <-dials
	for range 7 {
		<-dials
	}
	// Seven pauses: up to 10, 20, 40, 80, 160, 320 and 500 ms.
	took := time.Since(began)
	require.Greater(t, took, 50*time.Millisecond)
	require.ErrorIs(t, nextTrouble(t, p), errScripted)
}

// TestChannelsGoToAnotherNode has a node that cannot be reached, or that refuses.
func TestChannelsGoToAnotherNode(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		hurt func(s *stage)
	}{
		{"down", func(s *stage) { s.stop() }},
		{"loading", func(s *stage) { s.on("SUBSCRIBE", says("-LOADING Redis is loading\r\n")) }},
		{"left", func(s *stage) {}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			stages := newStages(t, 2, 3)
			c := clusterOf(t, stageAddrs(stages...), nil)
			p := c.Subscribe(t.Context(), "x")
			defer p.Close()
			nextSubscription(t, p)
			here, there := stages[0], stages[1]
			if there.has("subscribe x") {
				here, there = there, here
			}
			test.hurt(here)
			moveAll(there, here, there)
			c.ReloadState(t.Context())
			awaitThat(t, "the map", func() bool { return len(c.topology.now.Load().nodes) == 1 })
			here.dropConns()
			require.Equal(t, "subscribe", nextSubscription(t, p).Kind)
			require.True(t, there.has("subscribe x"))
		})
	}
}

// TestNobodyToSubscribeTo reports why and stays of good hope.
func TestNobodyToSubscribeTo(t *testing.T) {
	t.Parallel()
	s := newStage(t, 3)
	answers := s.slotsReply()
	s.on("CLUSTER SLOTS", inTurn(says("-LOADING Redis is loading\r\n"), says(answers)))
	p := clusterOf(t, stageAddrs(s), nil).SSubscribe(t.Context(), "x")
	defer p.Close()
	require.ErrorContains(t, nextTrouble(t, p), "LOADING")
	require.Equal(t, "ssubscribe", nextSubscription(t, p).Kind)

	down := clusterOf(t, nil, func(o *ClusterOptions) {
		o.Addrs = []string{"127.0.0.1:1"}
		o.Dialer = refuses
	}).Subscribe(t.Context(), "x")
	defer down.Close()
	for range 3 {
		require.ErrorIs(t, nextTrouble(t, down), errScripted)
	}
}

// TestSlowDial has a node never answer the dial: channels go to the other, and
// Close does not wait.
func TestSlowDial(t *testing.T) {
	t.Parallel()
	stages := newStages(t, 2, 3)
	for _, s := range stages {
		s.on("HELLO", says("%1\r\n+mode\r\n+cluster\r\n"))
	}
	c := clusterOf(t, stageAddrs(stages...), func(o *ClusterOptions) {
		o.ClusterSlots = func(context.Context) ([]ClusterSlot, error) {
			return []ClusterSlot{
				{Start: 0, End: 8191, Nodes: []ClusterNode{{Addr: stages[0].addr}}},
				{Start: 8192, End: slotCount - 1, Nodes: []ClusterNode{{Addr: stages[1].addr}}},
			}, nil
		}
		dial := NewDialer(&Options{})
		o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if addr == stages[0].addr {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return dial(ctx, network, addr)
		}
	})
	for range 2 { // the slow one is the first choice
		p := c.Subscribe(t.Context(), keyOn(0, 8191))
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		require.ErrorIs(t, p.SSubscribe(ctx, keyOn(0, 8191)), context.DeadlineExceeded)
		cancel()
		require.Equal(t, "subscribe", nextSubscription(t, p).Kind)
		promptly(t, func() { require.NoError(t, p.Close()) })
	}
}

// TestDialerWithoutContext has a Dialer return long after its context has ended.
func TestDialerWithoutContext(t *testing.T) {
	t.Parallel()
	s := newStage(t, 3)
	may := make(chan struct{})
	c := clientOf(t, s.scripted, func(o *Options) {
		o.DialTimeout = 10 * time.Millisecond
		o.Dialer = func(_ context.Context, network, addr string) (net.Conn, error) {
			<-may
			return net.Dial(network, addr)
		}
	})
	p := c.pubSub()
	require.ErrorIs(t, p.Subscribe(background(t), "x"), context.DeadlineExceeded)
	promptly(t, func() { require.NoError(t, p.Close()) })
	require.ErrorIs(t, c.Monitor(t.Context(), make(chan string)).Err(), context.DeadlineExceeded)
	close(may)
	awaitThat(t, "the late connections", func() bool { _, opened := s.connections(); return opened >= 2 })
	awaitThat(t, "their end", func() bool { open, _ := s.connections(); return open == 0 })
}

// TestLentConn takes a connection back while somebody reads from it.
func TestLentConn(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	lent := &lentConn{Conn: near}
	failed := make(chan error)
	go func() {
		_, err := lent.Read(make([]byte, 1))
		failed <- err
	}()
	awaitThat(t, "the read to begin", func() bool {
		began := !lent.reading.TryLock()
		if !began {
			lent.reading.Unlock()
		}
		return began
	})
	require.NoError(t, lent.takeBack())
	var timeout net.Error
	require.ErrorAs(t, resultFrom(t, failed), &timeout)
	for _, use := range []func() error{
		func() error { _, err := lent.Read(nil); return err },
		func() error { _, err := lent.Write(nil); return err },
		func() error { return lent.SetDeadline(time.Now()) },
		func() error { return lent.SetReadDeadline(time.Now()) },
		func() error { return lent.SetWriteDeadline(time.Now()) },
	} {
		require.ErrorIs(t, use(), net.ErrClosed)
	}
	require.NoError(t, lent.Close())
	go func() { _, _ = far.Write([]byte("x")) }()
	_, err := near.Read(make([]byte, 1))
	require.NoError(t, err, "the connection itself must be as it was")
}
