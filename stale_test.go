package redis

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// setEpoch sets what the servers say the cluster's epoch is.
func setEpoch(epoch int, servers ...*scripted) {
	for _, s := range servers {
		s.on("CLUSTER INFO", says(bulk(fmt.Sprintf("cluster_state:ok\r\ncluster_current_epoch:%d\r\ncluster_my_epoch:1\r\n", epoch))))
	}
}

// A primary that is cut off from the others, but not from the client, keeps
// answering with the map from before a failover. The successor that was found
// stays, although the map is loaded over and over.
func TestCutOffNodeIsNotBelieved(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		a, heir, b, c := m.add("a:1"), m.add("heir:1"), m.add("b:1"), m.add("c:1")
		third := slotCount / 3
		before := []scriptedRange{{0, third - 1, []string{"a:1", "heir:1"}}, {third, 2*third - 1, []string{"b:1"}}, {2 * third, slotCount - 1, []string{"c:1"}}}
		after := []scriptedRange{{0, third - 1, []string{"heir:1"}}, before[1], before[2]}
		all := []*scripted{a, heir, b, c}
		setSlots(all, before...)
		setEpoch(6, all...)
		rdb := m.client(func(o *ClusterOptions) { o.ClusterStateReloadInterval = -1 }, "c:1", "b:1")
		key, cutOff := keyOn(0, third-1), keyOn(third, 2*third-1)
		require.NoError(t, rdb.Set(t.Context(), key, "v", 0).Err())

		// a dies, heir is elected, and b sees nothing of it. The commands for b's
		// slots have the map loaded again and again.
		m.remove(a)
		b.on("SET", says("-CLUSTERDOWN The cluster is down\r\n"))
		setSlots([]*scripted{heir, c}, after...)
		setEpoch(7, heir, c)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		var waiting sync.WaitGroup
		waiting.Go(func() {
			err := rdb.Set(ctx, cutOff, "v", 0).Err()
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
		began, requests := time.Now(), loads(all...)
		require.NoError(t, rdb.Set(t.Context(), key, "v", 0).Err())
		require.Less(t, time.Since(began), time.Second)
		asked := b.count("CLUSTER SLOTS")
		for ctx.Err() == nil {
			require.Equal(t, "heir:1", rdb.currentMap().at(keySlot(key)).primary.addr)
			began := time.Now()
			require.NoError(t, rdb.Set(t.Context(), key, "v", 0).Err())
			require.Zero(t, time.Since(began), "on the clock of the test")
			time.Sleep(time.Millisecond)
		}
		waiting.Wait()
		require.Greater(t, b.count("CLUSTER SLOTS"), asked+10, "it was asked, and answered")
		require.LessOrEqual(t, loads(all...)-requests, 20*maxAsked)
	})
}

// When nobody is as far as the map is, the cluster was made anew: the newest
// answer counts.
func TestLowerEpochOfAll(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		a, b := m.add("a:1"), m.add("b:1")
		both := []*scripted{a, b}
		setSlots(both, sharedBy("a:1", "b:1")...)
		setEpoch(100, both...)
		c := m.client(nil, "a:1")
		ready(t, c)
		require.EqualValues(t, 100, c.topology.epoch)
		time.Sleep(time.Second)
		a.setSlots(sharedBy("a:1")...)
		setEpoch(2, a)
		b.setSlots(sharedBy("b:1", "a:1")...)
		setEpoch(3, b)
		for range 2 {
			refreshed := c.topology.next()
			c.ReloadState(t.Context())
			<-refreshed
			require.Equal(t, []string{"b:1", "a:1"}, addrsOf(c.currentMap().nodes))
			require.EqualValues(t, 3, c.topology.epoch)
			time.Sleep(time.Second)
		}
	})
}

// A node that was taken out and made a cluster of its own begins with the epoch 0. It
// is not believed, however often it is asked while it is still in the map.
func TestNodeThatWasResetIsNotBelieved(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		a, b, reset := m.add("a:1"), m.add("b:1"), m.add("c:1")
		all := []*scripted{a, b, reset}
		setSlots(all, sharedBy("a:1", "b:1", "c:1")...)
		setEpoch(7, all...)
		c := m.client(nil, "a:1", "b:1")
		ready(t, c)
		setEpoch(0, reset)
		reset.setSlots(sharedBy("c:1")...)
		asked := loads(reset)
		for range 30 {
			refreshed := c.topology.next()
			c.ReloadState(t.Context())
			<-refreshed
			require.Len(t, c.currentMap().nodes, 3)
		}
		require.Greater(t, loads(reset), asked)
		require.EqualValues(t, 7, c.topology.epoch)
	})
}

// An answer that brings no news costs no question for the epoch, and one from a
// server that does not tell it counts.
func TestEpochIsAskedRarely(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		a := m.add("a:1")
		setEpoch(5, a)
		c := m.client(nil, "a:1")
		ready(t, c)
		load := func() {
			time.Sleep(time.Second)
			refreshed := c.topology.next()
			c.ReloadState(t.Context())
			<-refreshed
		}
		load()
		require.Equal(t, 2, loads(a))
		require.Equal(t, 1, a.count("CLUSTER INFO"))
		for _, reply := range []string{"-NOPERM this user has no permissions\r\n", bulk("cluster_state:ok\r\n"), bulk("cluster_current_epoch:many\r\n"), ":1\r\n"} {
			a.on("CLUSTER INFO", says(reply))
			next := "b:1"
			if c.currentMap().nodes[0].addr == next {
				next = "a:1"
			}
			a.setSlots(scriptedRange{0, slotCount - 1, []string{next, "a:1"}})
			load()
			require.Equal(t, next, c.currentMap().nodes[0].addr, reply)
			require.EqualValues(t, 5, c.topology.epoch)
		}
	})
}

func TestHasPrimariesOf(t *testing.T) {
	t.Parallel()
	top := testTopology(t)
	require.False(t, top.now.Load().hasPrimariesOf(nil), "there is no map")
	top.publish([]slotRange{{0, 99, plain("a:1", "b:1")}, {100, 199, plain("c:1")}, {200, 299, plain("a:1")}}, time.Now())
	for _, test := range []struct {
		ranges []slotRange
		want   bool
	}{
		{[]slotRange{{0, 99, plain("a:1", "b:1")}, {100, 199, plain("c:1")}, {200, 299, plain("a:1")}}, true},
		{[]slotRange{{200, 299, plain("a:1", "d:1")}, {100, 199, plain("c:1", "e:1")}}, true},
		{[]slotRange{{0, 100, plain("a:1")}}, false},
		{[]slotRange{{0, 99, plain("b:1", "a:1")}}, false},
		{[]slotRange{{299, 300, plain("a:1")}}, false},
		{[]slotRange{{16383, 16383, plain("a:1")}}, false},
	} {
		require.Equal(t, test.want, top.now.Load().hasPrimariesOf(test.ranges), test.ranges)
	}
}
