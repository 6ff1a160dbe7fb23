package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// What every cluster here looks like.
const (
	shards      = 3
	nodeTimeout = 2 * time.Second
)

// member is a node with the proxies before it.
type member struct {
	*redistest.Node
	front *front
	bus   *busProxy
}

// testbed is a real cluster that clients reach through proxies only. The test
// itself talks to the nodes directly.
type testbed struct {
	cluster *redistest.Cluster
	stop    func()
	parting *parting
	members []*member // the primaries, then their replicas in the same order
	network *network
	target  int              // the shard that is hurt
	keys    [shards][]string // of the callers of each shard
}

func newTestbed(ctx context.Context, fullCoverage bool, config map[string]string) (*testbed, error) {
	conf := map[string]string{"cluster-migration-barrier": "10"}
	for name, value := range config {
		conf[name] = value
	}
	cluster, stop, err := redistest.Run(ctx, redistest.Options{
		Shards: shards, Replicas: 1, NodeTimeout: nodeTimeout, FullCoverage: &fullCoverage, Config: conf,
	})
	if err != nil {
		return nil, err
	}
	b := &testbed{cluster: cluster, stop: stop, parting: &parting{ids: map[string]bool{}}, network: newNetwork()}
	if err := b.proxies(ctx); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// proxies puts proxies before all nodes and waits until the nodes know each
// other by them.
func (b *testbed) proxies(ctx context.Context) error {
	server := toxins()
	for _, n := range b.cluster.Nodes() {
		f, err := newFront(server, n.Addr())
		if err != nil {
			return err
		}
		bus, err := newBusProxy(n.ID(), fmt.Sprintf("%s:%d", n.Host(), n.Port()+10000), b.parting)
		if err != nil {
			f.close()
			return err
		}
		b.members = append(b.members, &member{n, f, bus})
	}
	for _, m := range b.members {
		if err := m.announce(); err != nil {
			return err
		}
	}
	return b.settle(ctx)
}

// announce has the node tell the others of its proxies.
func (m *member) announce() error {
	_, err := m.Do("CONFIG", "SET", "cluster-announce-port", strconv.Itoa(m.front.port()),
		"cluster-announce-bus-port", strconv.Itoa(m.bus.port()))
	return err
}

// settle waits until the cluster is healthy and every node knows every other by
// its proxies.
func (b *testbed) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 40*time.Second)
	defer cancel()
	for {
		err := b.acquainted()
		if err == nil {
			return b.cluster.WaitHealthy(ctx)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

func (b *testbed) acquainted() error {
	for _, m := range b.members {
		reply, err := m.Do("CLUSTER", "NODES")
		if err != nil {
			return err
		}
		text, _ := reply.(string)
		for _, other := range b.members {
			if name := fmt.Sprintf(":%d@%d", other.front.port(), other.bus.port()); !strings.Contains(text, name) {
				return fmt.Errorf("%s does not know %s by its proxies", m.Addr(), other.Addr())
			}
		}
	}
	return nil
}

// addrs is where clients find the nodes.
func (b *testbed) addrs() []string {
	var addrs []string
	for _, m := range b.members {
		addrs = append(addrs, m.front.addr())
	}
	return addrs
}

// primary is the node that is the primary of the shard now. The nodes must agree.
func (b *testbed) primary(shard int) *member {
	first, second := b.members[shard], b.members[shards+shard]
	reply, err := first.Do("ROLE")
	if role, _ := reply.([]any); err == nil && len(role) > 0 && role[0] == "master" {
		return first
	}
	return second
}

// replica is the other node of the shard.
func (b *testbed) replica(shard int) *member {
	first, second := b.members[shard], b.members[shards+shard]
	if b.primary(shard) == first {
		return second
	}
	return first
}

// findKeys finds n keys for each shard, by asking the primaries: nothing here
// relies on the code under test.
func (b *testbed) findKeys(n int) error {
	var primaries [shards]*member
	for shard := range shards {
		primaries[shard] = b.primary(shard)
	}
	for i, found := 0, 0; found < shards*n; i++ {
		key := fmt.Sprintf("key:%d", i)
		shard := 0
		for shard < shards {
			if _, err := primaries[shard].Do("EXISTS", key); err == nil {
				break
			}
			shard++
		}
		if shard == shards {
			return fmt.Errorf("no shard takes %s", key)
		}
		if len(b.keys[shard]) < n {
			b.keys[shard] = append(b.keys[shard], key)
			found++
		}
	}
	return nil
}

// slot is the slot of a key.
func (b *testbed) slot(key string) (int, error) {
	reply, err := b.members[0].Do("CLUSTER", "KEYSLOT", key)
	if err != nil {
		return 0, err
	}
	slot, ok := reply.(int64)
	if !ok {
		return 0, errors.New("CLUSTER KEYSLOT did not answer a number")
	}
	return int(slot), nil
}

func (b *testbed) close() {
	b.stop()
	for _, m := range b.members {
		m.front.close()
		m.bus.close()
	}
}
