package redis_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/clustertest"
	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// notebook keeps what is logged: as a logger, and as what slog writes to.
type notebook struct {
	mu   sync.Mutex
	text strings.Builder
}

func (n *notebook) Printf(_ context.Context, format string, v ...any) {
	_, _ = fmt.Fprintf(n, format+"\n", v...)
}

func (n *notebook) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(b)
}

// lines is what was logged.
func (n *notebook) lines() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Split(strings.TrimSuffix(n.text.String(), "\n"), "\n")
}

func (n *notebook) has(what string) func() bool {
	return func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		return strings.Contains(n.text.String(), what)
	}
}

// A node that falls silent and speaks again is logged, where the program wants
// it. The log is that of the whole program, so that this test runs alone.
func TestLog(t *testing.T) {
	cl := clustertest.Start(t, clustertest.Options{})
	rdb := newClient(t, &redis.ClusterOptions{Addrs: cl.Addrs()})
	require.NoError(t, rdb.Set(t.Context(), "k", "v", 0).Err())
	node := cl.PrimaryForKey("k")
	hurt := func(book *notebook) {
		cl.Pause(node)
		answered := make(chan error, 1)
		go func() { answered <- rdb.Get(t.Context(), "k").Err() }()
		require.Eventually(t, book.has("redis: "+node.Addr()+" is silent"), 10*time.Second, time.Millisecond)
		cl.Resume(node)
		require.NoError(t, <-answered)
		require.Eventually(t, book.has("redis: "+node.Addr()+" speaks again"), 10*time.Second, time.Millisecond)
	}

	own := new(notebook)
	redis.SetLogger(own)
	defer redis.SetLogger(nil)
	hurt(own)

	redis.SetLogger(nil)
	before := slog.Default()
	defer slog.SetDefault(before)
	general := new(notebook)
	slog.SetDefault(slog.New(slog.NewTextHandler(general, nil)))
	hurt(general)
	require.True(t, general.has("level=WARN")())
}

// What keeps a subscriber from ever receiving anything is logged, and once only though
// it is tried again and again.
func TestLogOfSubscriberInVain(t *testing.T) {
	server := redistest.StartServer(t, redistest.Options{Password: "correct horse"})
	_, err := server.Do("ACL", "SETUSER", "bob", "on", ">pony", "+@all", "~*", "resetchannels", "&allowed")
	require.NoError(t, err)
	cl := redis.PlainCluster(t)
	for _, test := range []struct {
		name string
		opt  redis.UniversalOptions
		want string
	}{
		{
			"wrong password of a server", redis.UniversalOptions{Addrs: []string{server.Addr()}, Password: "wrong"},
			"redis: " + server.Addr() + ": no connection for subscriptions can be made: redis: " + server.Addr() + ": authenticate: WRONGPASS",
		},
		{
			"unknown host", redis.UniversalOptions{Addrs: []string{"nowhere.invalid:6379"}},
			"redis: nowhere.invalid:6379: no connection for subscriptions can be made: redis: nowhere.invalid:6379: dial: ",
		},
		{
			"a channel that is not allowed", redis.UniversalOptions{Addrs: []string{server.Addr()}, Username: "bob", Password: "pony"},
			`redis: "news": the subscription cannot be made: redis: ` + server.Addr() + ": pub/sub: SUBSCRIBE: NOPERM",
		},
		{
			"wrong password of a cluster", redis.UniversalOptions{Addrs: cl.Addrs(), IsClusterMode: true, Username: "nobody", Password: "wrong"},
			"redis: the slot map cannot be loaded: ",
		},
		{
			"TLS with a cluster that has none", redis.UniversalOptions{Addrs: cl.Addrs(), IsClusterMode: true, TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12}},
			"redis: the slot map cannot be loaded: ",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			book := new(notebook)
			redis.SetLogger(book)
			defer redis.SetLogger(nil)
			rdb := redis.NewUniversalClient(&test.opt)
			defer rdb.Close()
			p := rdb.Subscribe(within(t, time.Minute), "news")
			defer p.Close()
			for range 4 { // attempts
				_, err := p.Receive(within(t, time.Minute))
				require.Error(t, err)
			}
			require.Eventually(t, book.has(test.want), 10*time.Second, time.Millisecond)
			require.Len(t, book.lines(), 1)
			if strings.Contains(test.want, "NOPERM") {
				_, err := server.Do("ACL", "SETUSER", "bob", "&news")
				require.NoError(t, err)
				require.Eventually(t, book.has("redis: \"news\": the subscription is made\n"), 10*time.Second, time.Millisecond)
			}
		})
	}
}

// A subscription that nobody refuses but nobody confirms is logged as well, and that it
// is made in the end.
func TestLogOfSubscriptionNobodyServes(t *testing.T) {
	book := new(notebook)
	redis.SetLogger(book)
	defer redis.SetLogger(nil)
	cl := clustertest.Start(t, clustertest.Options{})
	node, slot := cl.PrimaryForKey("news"), clustertest.Slot("news")
	require.NoError(t, cl.UnassignSlots(slot, slot))
	rdb := newClient(t, &redis.ClusterOptions{Addrs: cl.Addrs(), DialTimeout: 250 * time.Millisecond, ReadTimeout: 250 * time.Millisecond})
	require.NoError(t, rdb.Set(t.Context(), "k", "v", 0).Err())
	p := rdb.SSubscribe(t.Context(), "news")
	defer p.Close()
	require.Eventually(t, book.has("redis: \"news\": the subscription cannot be made: redis: pub/sub: not confirmed within 500ms"), 10*time.Second, time.Millisecond)
	require.NoError(t, cl.AssignSlots(slot, slot, node))
	require.Eventually(t, book.has("redis: \"news\": the subscription is made\n"), 10*time.Second, time.Millisecond)
	require.Len(t, book.lines(), 2)
}

// Messages that a Go channel has no room for are logged when no function is told.
func TestLogOfDroppedMessages(t *testing.T) {
	book := new(notebook)
	redis.SetLogger(book)
	defer redis.SetLogger(nil)
	cl := clustertest.Start(t, clustertest.Options{})
	rdb := newClient(t, &redis.ClusterOptions{Addrs: cl.Addrs()})
	p := rdb.Subscribe(t.Context(), "news")
	defer p.Close()
	p.Channel(redis.WithChannelSize(0), redis.WithChannelSendTimeout(0))
	for range 3 {
		require.NoError(t, rdb.Publish(t.Context(), "news", "x").Err())
	}
	require.Eventually(t, func() bool { return p.Dropped() == 3 }, 10*time.Second, time.Millisecond)
	require.Eventually(t, book.has("redis: \"news\": messages are dropped: the receiver is too slow, 1 so far"), 10*time.Second, time.Millisecond)
	require.Len(t, book.lines(), 1)
}

// clockBook keeps when lines were logged.
type clockBook struct {
	notebook
	began time.Time
	times []time.Duration
}

func (b *clockBook) Printf(ctx context.Context, format string, v ...any) {
	b.notebook.Printf(ctx, format, v...)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.times = append(b.times, time.Since(b.began))
}

// What goes on failing is logged ever more rarely, up to once an hour, and that it works
// again is logged too. Here it is connections for MinIdleConns, for which no command asks.
func TestLogOfLastingFailure(t *testing.T) {
	defer redis.SetLogger(nil)
	synctest.Test(t, func(t *testing.T) {
		book := &clockBook{began: time.Now()}
		redis.SetLogger(book)
		var mended atomic.Bool
		near, far := net.Pipe()
		defer far.Close()
		rdb := redis.NewClient(&redis.Options{
			Addr:            "redis:6379",
			MinIdleConns:    1,
			Protocol:        2,
			DisableIdentity: true, // so that nothing is asked of a new connection
			Dialer: func(context.Context, string, string) (net.Conn, error) {
				if mended.Load() {
					return near, nil
				}
				return nil, errors.New("out of order")
			},
		})
		defer rdb.Close()
		time.Sleep(4 * time.Hour)
		mended.Store(true)
		time.Sleep(time.Second)

		lines := book.lines()
		require.Equal(t, "redis: redis:6379: MinIdleConns cannot be kept up: redis: redis:6379: dial: out of order", lines[0])
		require.Regexp(t, `^redis: redis:6379: MinIdleConns cannot be kept up, for 1[01]s now: redis: redis:6379: dial: out of order`, lines[1])
		require.Equal(t, "redis: redis:6379: MinIdleConns are kept up again", lines[len(lines)-1])
		due := time.Duration(0)
		pauses := []time.Duration{0, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600}
		for i, pause := range pauses {
			due += pause * time.Second
			require.InDelta(t, due, book.times[i], float64(15*time.Second), "line %d", i) // as the next dial comes
		}
		require.LessOrEqual(t, len(lines), len(pauses)+3)
	})
}

// A connection that has had no answer in time is closed. That is no sign of life.
func TestNodeThatHangsIsNotSaidToSpeak(t *testing.T) {
	cl := clustertest.Start(t, clustertest.Options{})
	rdb := newClient(t, &redis.ClusterOptions{Addrs: cl.Addrs(), ReadTimeout: 300 * time.Millisecond})
	require.NoError(t, rdb.Set(t.Context(), "k", "v", 0).Err())
	node := cl.PrimaryForKey("k")
	book := new(notebook)
	redis.SetLogger(book)
	defer redis.SetLogger(nil)

	cl.Pause(node)
	answered := make(chan error, 1)
	go func() { answered <- rdb.Get(t.Context(), "k").Err() }()
	require.Eventually(t, book.has("redis: "+node.Addr()+" is silent"), 10*time.Second, time.Millisecond)
	require.Eventually(t, func() bool { return rdb.PoolStats().StaleConns > 0 }, 10*time.Second, time.Millisecond)
	require.Never(t, book.has("speaks again"), 500*time.Millisecond, 10*time.Millisecond)
	cl.Resume(node)
	require.NoError(t, <-answered)
	require.Eventually(t, book.has("redis: "+node.Addr()+" speaks again"), 10*time.Second, time.Millisecond)
}
