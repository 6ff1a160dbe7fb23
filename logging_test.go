package redis_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/clustertest"
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
