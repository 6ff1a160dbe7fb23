package redis

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-e06f3def/rediscluster/clustertest"
	"github.com/stretchr/testify/require"
)

func TestWaitingRoom(t *testing.T) {
	t.Parallel()
	cause := errors.New("the shard is away")
	var room waitingRoom
	require.NoError(t, room.enter(1, 2*maxWaitingBytes, cause), "alone, however large")
	require.ErrorIs(t, room.enter(1, 0, cause), ErrTooManyWaiting)
	room.leave(1, 2*maxWaitingBytes)

	require.NoError(t, room.enter(maxWaiting-1, 0, cause))
	require.NoError(t, room.enter(1, 0, cause))
	err := room.enter(1, 0, cause)
	require.ErrorIs(t, err, ErrTooManyWaiting)
	require.ErrorIs(t, err, cause)
	room.leave(1, 0)
	require.NoError(t, room.enter(1, maxWaitingBytes, cause))
	room.leave(1, maxWaitingBytes)
	require.ErrorIs(t, room.enter(1, maxWaitingBytes+1, cause), ErrTooManyWaiting)
	room.leave(maxWaiting-1, 0)
	require.Equal(t, []int{0, 0}, []int{room.commands, room.bytes})
}

// While a shard is away, what waits for it is bounded, and the other shards do
// their work; nothing is left behind.
func TestTooManyWait(t *testing.T) {
	t.Parallel()
	cl := clustertest.Start(t, clustertest.Options{})
	rdb := NewClusterClient(&ClusterOptions{Addrs: cl.Addrs()})
	defer func() { require.NoError(t, rdb.Close()) }()
	gone, other := "a", "b"
	require.NotEqual(t, cl.PrimaryForKey(gone), cl.PrimaryForKey(other))
	require.NoError(t, rdb.Set(t.Context(), other, "here", 0).Err())
	cl.Stop(cl.PrimaryForKey(gone))

	for name, crowd := range map[string]struct {
		fits    int
		command func(context.Context, Cmdable) Cmder
	}{
		"commands": {maxWaiting, func(ctx context.Context, c Cmdable) Cmder { return c.Get(ctx, gone) }},
		"bytes": {63, func(ctx context.Context, c Cmdable) Cmder {
			return c.Set(ctx, gone, strings.Repeat("x", 1<<20), 0)
		}},
	} {
		ctx, cancel := context.WithTimeout(background(t), time.Minute)
		pipe := rdb.Pipeline()
		for range crowd.fits + 3 {
			_ = crowd.command(ctx, pipe)
		}
		answered := make(chan []Cmder, 1)
		go func() {
			cmds, _ := pipe.Exec(ctx)
			answered <- cmds
		}()
		node := rdb.topology.node(cl.PrimaryForKey(gone).Addr())
		require.Eventually(t, func() bool {
			node.waiting.mu.Lock()
			defer node.waiting.mu.Unlock()
			return node.waiting.commands == crowd.fits
		}, 30*time.Second, time.Millisecond, name)
		require.Equal(t, "here", rdb.Get(ctx, other).Val())
		cancel()
		refused := 0
		for _, cmd := range <-answered {
			if errors.Is(cmd.Err(), ErrTooManyWaiting) {
				refused++
			} else {
				require.ErrorIs(t, cmd.Err(), context.Canceled, name)
			}
		}
		require.Equal(t, 3, refused, name)
		require.Equal(t, []int{0, 0}, []int{node.waiting.commands, node.waiting.bytes}, name)
	}
}
