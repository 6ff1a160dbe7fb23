package redis_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/clustertest"
	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// One PubSub with 1,000 shard channels, a channel and a pattern lives through
// all that can happen to it. Whatever does: nothing is doubled, out of order or
// mixed up; and what is published a little later arrives. The publishers have a
// client of their own, so that the subscriber learns nothing from what they are
// told.
func TestSubscriptionsFollowTheCluster(t *testing.T) {
	onOwnClusters(t, redistest.Options{}, func(t *testing.T, cl *redistest.Cluster, opt *redis.ClusterOptions) {
		beSlowToSuspect(t, cl.Nodes()...)
		primaries := cl.Primaries()
		from, to, other := primaries[0], primaries[1], primaries[2]
		replica := cl.ReplicasOf(to)[0]
		groups := groupsByPrimary(cl, t.Name(), 30, 1000)
		shardChannels := slices.Concat(groups...)
		news, weather := groups[2][0]+" news", groups[2][0]+" weather "
		groups = append(groups, []string{news, weather + "today"}) // published at the third primary, too

		p := subscribeAt(t, replica, newClient(t, opt), weather+"*")
		require.NoError(t, p.Subscribe(t.Context(), news))
		require.NoError(t, p.SSubscribe(t.Context(), shardChannels...))
		a := listen(t, p, func(m *redis.Message) (channel, number string, ok bool) {
			number, ok = strings.CutPrefix(m.Payload, m.Channel+" is ")
			return m.Channel, number, ok && (m.Pattern == "" || m.Pattern == weather+"*")
		})
		a.awaitSubscriptions(t, 1+len(shardChannels)) // that of the pattern was seen already

		publisher := newClient(t, opt)
		s := startSeries(t, groups, func(ctx context.Context, channels []string, number int) error {
			// A primary that has been demoted goes on to take SPUBLISH, and passes
			// it on to its successor; that may be overtaken by what is published
			// there. But it takes no write: so this tells who is the primary.
			if err := publisher.Set(ctx, channels[0], number, 0).Err(); err != nil {
				return err
			}
			pipe := publisher.Pipeline()
			for _, channel := range channels {
				publish := pipe.SPublish
				if strings.HasPrefix(channel, news) || strings.HasPrefix(channel, weather) {
					publish = pipe.Publish
				}
				publish(ctx, channel, fmt.Sprint(channel, " is ", number))
			}
			_, err := pipe.Exec(ctx)
			return err
		})
		s.pass(2)

		moved := map[int]bool{}
		for _, channel := range groups[0] {
			if slot := clustertest.Slot(channel); !moved[slot] {
				moved[slot] = true
				require.NoError(t, cl.MigrateSlot(slot, to))
			}
		}
		s.requireArrival(a, "the migration")
		require.NotEqual(t, from, cl.PrimaryFor(clustertest.Slot(groups[0][0])))

		awaitHealth(t, cl) // the replica has to know of its slots
		require.NoError(t, cl.Failover(within(t, time.Minute), replica, ""))
		s.requireArrival(a, "the planned failover")

		replica.Kill() // by now a primary, and the one with the channel and the pattern
		require.NoError(t, cl.Failover(within(t, time.Minute), to, "TAKEOVER"))
		s.requireArrival(a, "the failover of a dead primary")

		s.stop()
		s.requireOrder(a)
		s.requireComplete(a, 2, "whose shard was let alone")
		require.Equal(t, other, cl.PrimaryFor(clustertest.Slot(news)))
	})
}

// groupsByPrimary is names of channels or keys, with so many hash tags, grouped
// by the primary that serves them.
func groupsByPrimary(cl *redistest.Cluster, prefix string, tags, count int) [][]string {
	primaries := cl.Primaries()
	groups := make([][]string, len(primaries))
	index := make([]int, tags)
	for i := range count {
		tag := fmt.Sprintf("{%s:%d}", prefix, i%tags)
		if i < tags {
			index[i] = slices.Index(primaries, cl.PrimaryFor(clustertest.Slot(tag)))
		}
		group := &groups[index[i%tags]]
		*group = append(*group, fmt.Sprint(tag, i))
	}
	return groups
}

// subscribeAt subscribes to a pattern until chance has it done at the node.
func subscribeAt(t *testing.T, n *redistest.Node, rdb *redis.ClusterClient, pattern string) *redis.PubSub {
	t.Helper()
	for {
		p := rdb.PSubscribe(t.Context(), pattern)
		ctx := within(t, time.Minute)
		for made := false; !made; require.NoError(t, ctx.Err()) {
			what, _ := p.Receive(ctx) // an error may tell of trouble that is dealt with
			_, made = what.(*redis.Subscription)
		}
		patterns, err := n.Do("PUBSUB", "NUMPAT")
		require.NoError(t, err)
		if patterns == int64(1) {
			return p
		}
		require.NoError(t, p.Close())
	}
}

func subscribers(t *testing.T, n *redistest.Node, count, channel string) int64 {
	t.Helper()
	reply, err := n.Do("PUBSUB", count, channel)
	require.NoError(t, err)
	return reply.([]any)[1].(int64)
}

// A primary that is frozen while its replica takes over serves publishers when
// it wakes, before it hears that it was replaced: it sends their messages to its
// own subscribers and to its successor, which sends them to its.
func TestFrozenPrimaryWakesReplaced(t *testing.T) {
	t.Parallel()
	cl := redistest.Start(t, redistest.Options{Replicas: 1})
	beSlowToSuspect(t, cl.Nodes()...)
	old := cl.Primaries()[0]
	successor := cl.ReplicasOf(old)[0]
	channel := groupsByPrimary(cl, t.Name(), 20, 20)[0][0]
	rdb := newClient(t, &redis.ClusterOptions{Addrs: cl.Addrs()})
	p := rdb.SSubscribe(t.Context(), channel)
	defer p.Close()
	messages := p.Channel()
	eventually(t, func() bool { return subscribers(t, old, "SHARDNUMSUB", channel) == 1 })

	publisher, err := net.Dial("tcp", old.Addr())
	require.NoError(t, err)
	defer publisher.Close()
	_, err = fmt.Fprint(publisher, "PING\r\n") // else the server has not even accepted it
	require.NoError(t, err)
	_, err = publisher.Read(make([]byte, len("+PONG\r\n")))
	require.NoError(t, err)

	require.NoError(t, old.Stop())
	for number := range 3 {
		_, err := fmt.Fprintf(publisher, "SPUBLISH %s %d\r\n", channel, number)
		require.NoError(t, err)
	}
	require.NoError(t, cl.Failover(within(t, time.Minute), successor, "TAKEOVER"))
	rdb.ReloadState(t.Context())
	eventually(t, func() bool { return subscribers(t, successor, "SHARDNUMSUB", channel) == 1 })
	require.NoError(t, old.Resume())
	for number := range 4 {
		if number == 3 {
			_, err = successor.Do("SPUBLISH", channel, "3")
			require.NoError(t, err)
		}
		require.Equal(t, fmt.Sprint(number), (<-messages).Payload)
	}
}

// PUBLISH counts who has subscribed to its channel, as the subscription is at the node
// that it goes to.
func TestPublishCountsReceivers(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		rdb := newClient(t, cl.Options())
		for i := range 20 {
			channel := fmt.Sprint(t.Name(), i)
			p := rdb.Subscribe(t.Context(), channel, fmt.Sprint("another of ", channel))
			require.EqualValues(t, 1, rdb.Publish(t.Context(), channel, "x").Val())
			require.NoError(t, p.Close())
		}
	})
}

// standAlone makes a client of servers that know nothing of each other, which share the
// slots evenly. The slots before the returned one are the first server's, and may be
// made fewer.
func standAlone(t *testing.T, protocol int, servers ...*redistest.Node) (*redis.ClusterClient, *atomic.Int64) {
	border := new(atomic.Int64)
	border.Store(8192)
	return newClient(t, &redis.ClusterOptions{
		Protocol: protocol,
		ClusterSlots: func(context.Context) ([]redis.ClusterSlot, error) {
			end := int(border.Load())
			return []redis.ClusterSlot{
				{Start: 0, End: end - 1, Nodes: []redis.ClusterNode{{Addr: servers[0].Addr()}}},
				{Start: end, End: 16383, Nodes: []redis.ClusterNode{{Addr: servers[1].Addr()}}},
			}, nil
		},
	}), border
}

// Over servers that stand alone each channel is subscribed to where PUBLISH goes, and a
// pattern at all of them. When a slot is given to another server, or a server restarts,
// its channels follow.
func TestChannelsOfServersThatStandAlone(t *testing.T) {
	t.Parallel()
	a, b := redistest.StartServer(t, redistest.Options{}), redistest.StartServer(t, redistest.Options{})
	for _, protocol := range []int{2, 3} {
		t.Run(fmt.Sprint("RESP", protocol), func(t *testing.T) {
			rdb, border := standAlone(t, protocol, a, b)
			ctx := within(t, time.Minute)
			var channels []string
			for i := range 20 {
				channels = append(channels, fmt.Sprint("channel ", i))
			}
			p := rdb.Subscribe(ctx, channels...)
			defer p.Close()
			patterns := rdb.PSubscribe(ctx, "chan*")
			defer patterns.Close()
			both := rdb.Subscribe(ctx)
			defer both.Close()
			require.NoError(t, both.PSubscribe(ctx, "chan*"))
			require.NoError(t, both.Subscribe(ctx, channels[0]))
			requireOnce := func(number string) {
				t.Helper()
				for i, channel := range channels {
					receivers := int64(3)
					if i == 0 {
						receivers++
					}
					require.Equal(t, receivers, rdb.Publish(ctx, channel, number).Val(), channel)
					for _, p := range []*redis.PubSub{p, patterns, both} {
						msg, err := p.ReceiveMessage(ctx)
						require.NoError(t, err)
						require.Equal(t, []string{channel, number}, []string{msg.Channel, msg.Payload})
					}
					if i == 0 { // as a message of the channel, and of the pattern
						_, err := both.ReceiveMessage(ctx)
						require.NoError(t, err)
					}
				}
				for _, p := range []*redis.PubSub{p, patterns, both} {
					require.NoError(t, p.Ping(ctx, number))
				}
				for _, p := range []*redis.PubSub{p, patterns, both} {
					for pong := false; !pong; {
						what, err := p.Receive(ctx)
						require.NoError(t, err)
						_, twice := what.(*redis.Message)
						require.False(t, twice, "%v", what)
						_, pong = what.(*redis.Pong)
					}
				}
			}
			requireOnce("1")

			border.Store(1)
			rdb.ReloadState(ctx)
			for _, channel := range channels {
				eventually(t, func() bool {
					return subscribers(t, b, "NUMSUB", channel) > 0 && subscribers(t, a, "NUMSUB", channel) == 0
				})
			}
			requireOnce("2")

			b.Kill()
			require.NoError(t, b.Restart())
			for _, channel := range channels {
				eventually(t, func() bool { return subscribers(t, b, "NUMSUB", channel) > 0 })
			}
			eventually(t, func() bool {
				number, err := b.Do("PUBLISH", "chan", "for the patterns")
				return err == nil && number == int64(2)
			})
			eventually(t, func() bool { return subscribers(t, b, "NUMSUB", channels[0]) == 2 })
			for _, p := range []*redis.PubSub{p, patterns, both} { // what is left of the loss
				for {
					_, err := p.ReceiveTimeout(ctx, 100*time.Millisecond)
					if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
						break
					}
				}
			}
			requireOnce("3")
		})
	}
}

// A program may name the nodes of a real cluster itself: there a message reaches all
// nodes, and is received once.
func TestClusterSlotsOfARealCluster(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		opt := cl.Options()
		slots, err := newClient(t, opt).ClusterSlots(t.Context()).Result()
		require.NoError(t, err)
		opt.ClusterSlots = func(context.Context) ([]redis.ClusterSlot, error) { return slots, nil }
		rdb := newClient(t, opt)
		ctx := within(t, time.Minute)
		name := strings.ReplaceAll(t.Name(), " ", "_")
		p := rdb.Subscribe(ctx, name, name+"2")
		defer p.Close()
		require.NoError(t, p.PSubscribe(ctx, name+"3*"))
		for i := range 10 {
			for _, channel := range []string{name, name + "2", name + "3"} {
				require.NoError(t, rdb.Publish(ctx, channel, i).Err())
				msg, err := p.ReceiveMessage(ctx)
				require.NoError(t, err)
				require.Equal(t, []string{channel, fmt.Sprint(i)}, []string{msg.Channel, msg.Payload})
			}
		}
	})
}

// A subscription at a primary that is frozen and replaced moves by itself, of whatever
// kind it is and though nothing else uses the client.
func TestSubscriptionsLeaveAFrozenPrimary(t *testing.T) {
	t.Parallel()
	cl := redistest.Start(t, redistest.Options{Replicas: 1, Config: map[string]string{"notify-keyspace-events": "KA"}})
	old := cl.Primaries()[0]
	beSlowToSuspect(t, cl.Nodes()...)
	successor := cl.ReplicasOf(old)[0]
	key := groupsByPrimary(cl, t.Name(), 20, 20)[0][0]
	ctx := within(t, time.Minute)
	publisher := newClient(t, &redis.ClusterOptions{Addrs: cl.Addrs()})
	at := func(subscribe func(*redis.ClusterClient) *redis.PubSub, is func() bool) *redis.PubSub {
		for {
			p := subscribe(newClient(t, &redis.ClusterOptions{Addrs: cl.Addrs()}))
			if is() {
				return p
			}
			require.NoError(t, p.Close())
			require.NoError(t, ctx.Err())
		}
	}
	patternsAt := func(n *redistest.Node, want int64) func() bool {
		return func() bool {
			number, err := n.Do("PUBSUB", "NUMPAT")
			require.NoError(t, err)
			return number == want
		}
	}
	subs := map[string]*redis.PubSub{
		"channel": at(func(c *redis.ClusterClient) *redis.PubSub { return c.Subscribe(ctx, key) },
			func() bool { return subscribers(t, old, "NUMSUB", key) == 1 }),
		"pattern": at(func(c *redis.ClusterClient) *redis.PubSub { return c.PSubscribe(ctx, key+"*") }, patternsAt(old, 1)),
		"shard channel": at(func(c *redis.ClusterClient) *redis.PubSub { return c.SSubscribe(ctx, key) },
			func() bool { return subscribers(t, old, "SHARDNUMSUB", key) == 1 }),
		"keyspace": at(func(c *redis.ClusterClient) *redis.PubSub { return c.SubscribeKeyspace(ctx, "__keyspace@0__:"+key) }, patternsAt(old, 2)),
	}
	require.NoError(t, old.Stop())
	require.NoError(t, cl.Failover(ctx, successor, "TAKEOVER"))
	replaced := time.Now()
	for name, p := range subs {
		received := make(chan error, 1)
		go func() {
			for {
				_, err := p.ReceiveMessage(ctx)
				if err == nil || ctx.Err() != nil {
					received <- err
					return
				}
			}
		}()
		for waiting := true; waiting; {
			publisher.Set(ctx, key, "x", 0)
			publisher.SPublish(ctx, key, "x")
			publisher.Publish(ctx, key, "x")
			select {
			case err := <-received:
				require.NoError(t, err, name)
				waiting = false
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	require.Less(t, time.Since(replaced), 15*time.Second) // a PING after 3 s, and the map
	require.NoError(t, old.Resume())
}
