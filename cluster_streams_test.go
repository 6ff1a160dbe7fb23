package redis_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
)

// Each command finds the node of its stream wherever the key stands, so that
// nothing has to be redirected.
func TestStreamsOnCluster(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		rdb := newClient(t, cl.Options())
		ctx := within(t, time.Minute)
		for _, n := range cl.Nodes() {
			_, err := n.Do("CONFIG", "RESETSTAT")
			require.NoError(t, err)
		}
		for i := range 12 {
			useStream(t, ctx, rdb, fmt.Sprintf("%s:%d", t.Name(), i))
		}
		for _, n := range cl.Nodes() {
			stats, err := n.Do("INFO", "errorstats")
			require.NoError(t, err)
			require.NotContains(t, stats, "MOVED", n.Addr())
		}
	})
}

// useStream reads what it has added, with a group and without.
func useStream(t *testing.T, ctx context.Context, rdb redis.Cmdable, stream string) {
	require.NoError(t, rdb.XGroupCreateMkStream(ctx, stream, "streams", "0").Err())
	first, err := rdb.XAdd(ctx, &redis.XAddArgs{Stream: stream, Values: []string{"f", "a"}}).Result()
	require.NoError(t, err)
	second, err := rdb.XAdd(ctx, &redis.XAddArgs{Stream: stream, Values: []string{"f", "b"}}).Result()
	require.NoError(t, err)
	want := []redis.XStream{{Stream: stream, Messages: []redis.XMessage{
		{ID: first, Values: map[string]any{"f": "a"}},
		{ID: second, Values: map[string]any{"f": "b"}},
	}}}

	read, err := rdb.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "streams", Consumer: "block", Streams: []string{stream, ">"}}).Result()
	require.NoError(t, err)
	require.Equal(t, want, read)
	read, err = rdb.XRead(ctx, &redis.XReadArgs{Streams: []string{stream, "0"}, Count: 5, Block: time.Second}).Result()
	require.NoError(t, err)
	require.Equal(t, want, read)
	read, err = rdb.XReadStreams(ctx, stream, first).Result()
	require.NoError(t, err)
	require.Equal(t, want[0].Messages[1:], read[0].Messages)

	info, err := rdb.XInfoStream(ctx, stream).Result()
	require.NoError(t, err)
	require.EqualValues(t, 2, info.Length)
	full, err := rdb.XInfoStreamFull(ctx, stream, 0).Result()
	require.NoError(t, err)
	require.Equal(t, want[0].Messages, full.Entries)
	groups, err := rdb.XInfoGroups(ctx, stream).Result()
	require.NoError(t, err)
	require.EqualValues(t, 2, groups[0].Pending)
	consumers, err := rdb.XInfoConsumers(ctx, stream, "streams").Result()
	require.NoError(t, err)
	require.Equal(t, "block", consumers[0].Name)
	require.NoError(t, rdb.XAck(ctx, stream, "streams", first, second).Err())
	require.EqualValues(t, 1, rdb.XGroupDestroy(ctx, stream, "streams").Val())
}

func TestStreamsOfSeveralSlots(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		rdb := newClient(t, cl.Options())
		ctx := within(t, time.Minute)
		one, two := "{"+t.Name()+"}:1", "{"+t.Name()+"}:2"
		for _, stream := range []string{one, two} {
			require.NoError(t, rdb.XGroupCreateMkStream(ctx, stream, "g", "0").Err())
			require.NoError(t, rdb.XAdd(ctx, &redis.XAddArgs{Stream: stream, ID: "1-1", Values: []string{"f", stream}}).Err())
		}
		read, err := rdb.XRead(ctx, &redis.XReadArgs{Streams: []string{two, one}, ID: "0"}).Result()
		require.NoError(t, err)
		require.Len(t, read, 2)
		for _, stream := range read {
			require.Equal(t, []redis.XMessage{{ID: "1-1", Values: map[string]any{"f": stream.Stream}}}, stream.Messages)
		}

		for _, block := range []time.Duration{-1, 0, time.Second} {
			_, err = rdb.XRead(ctx, &redis.XReadArgs{Streams: []string{one, "another"}, ID: "0", Block: block}).Result()
			require.ErrorIs(t, err, redis.ErrCrossSlot, block)
			_, err = rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
				Group: "g", Consumer: "c", Streams: []string{one, "another", ">", ">"}, Block: block,
			}).Result()
			require.ErrorIs(t, err, redis.ErrCrossSlot, block)
		}
	})
}

// A read that waits holds up nobody and gets what comes, however late; a context
// ends it.
func TestWaitingForStreams(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		for _, protocol := range []int{2, 3} {
			opt := cl.Options()
			opt.Protocol, opt.ReadTimeout = protocol, 200*time.Millisecond
			rdb := newClient(t, opt)
			ctx := within(t, time.Minute)
			stream := fmt.Sprint(t.Name(), ":", protocol)

			waiting := make(chan *redis.XStreamSliceCmd, 1)
			go func() { waiting <- rdb.XRead(ctx, &redis.XReadArgs{Streams: []string{stream, "0"}}) }()
			owner := cl.PrimaryFor(slotOf(t, cl.Cluster, stream))
			eventually(t, func() bool {
				info, err := owner.Info("clients")
				require.NoError(t, err)
				return info["blocked_clients"] == "1"
			})

			// ReadTimeout does not count while the server waits.
			short, cancel := context.WithTimeout(ctx, 2*opt.ReadTimeout)
			defer cancel()
			err := rdb.XRead(short, &redis.XReadArgs{Streams: []string{stream, "$"}}).Err()
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorIs(t, short.Err(), context.DeadlineExceeded)
			err = rdb.XRead(ctx, &redis.XReadArgs{Streams: []string{stream, "$"}, Block: opt.ReadTimeout + 50*time.Millisecond}).Err()
			require.ErrorIs(t, err, redis.Nil)
			require.Empty(t, waiting)

			id, err := rdb.XAdd(ctx, &redis.XAddArgs{Stream: stream, Values: []string{"f", "a"}}).Result()
			require.NoError(t, err)
			read, err := (<-waiting).Result()
			require.NoError(t, err)
			require.Equal(t, []redis.XStream{{Stream: stream, Messages: []redis.XMessage{
				{ID: id, Values: map[string]any{"f": "a"}},
			}}}, read)
		}
	})
}
