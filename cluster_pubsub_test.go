package redis_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
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

		p := subscribeAt(t, replica, newClient(t, opt), news)
		require.NoError(t, p.PSubscribe(t.Context(), weather+"*"))
		require.NoError(t, p.SSubscribe(t.Context(), shardChannels...))
		a := listen(t, p, func(m *redis.Message) (channel, number string, ok bool) {
			number, ok = strings.CutPrefix(m.Payload, m.Channel+" is ")
			return m.Channel, number, ok && (m.Pattern == "" || m.Pattern == weather+"*")
		})
		a.awaitSubscriptions(t, 1+len(shardChannels)) // that of news was seen already

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

// subscribeAt subscribes to a channel until chance has it done at the node.
func subscribeAt(t *testing.T, n *redistest.Node, rdb *redis.ClusterClient, channel string) *redis.PubSub {
	t.Helper()
	for {
		p := rdb.Subscribe(t.Context(), channel)
		ctx := within(t, time.Minute)
		for made := false; !made; require.NoError(t, ctx.Err()) {
			what, _ := p.Receive(ctx) // an error may tell of trouble that is dealt with
			_, made = what.(*redis.Subscription)
		}
		if subscribers(t, n, "NUMSUB", channel) == 1 {
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
