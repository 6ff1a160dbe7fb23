package main

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	redis "github.com/seed-e06f3def/rediscluster"
)

// role is what a node is to its shard at the moment.
type role string

const (
	primary role = "primary"
	replica role = "replica"
	down    role = "down"
)

// nodeView is what is known of a node.
type nodeView struct {
	addr    string
	shard   int // from 1
	role    role
	latency time.Duration
	served  int64 // reads
	rate    float64
	history []point

	began  int64 // reads served before the program
	seenAt time.Time
	missed int // looks in a row without an answer
}

// missesDown is how many looks a node has to miss to be called down: a busy
// machine may well miss one.
const missesDown = 2

// point is a node's state over one period.
type point struct {
	rate float64
	role role
}

// watch looks at the nodes again and again.
type watch struct {
	rdb  *redis.ClusterClient
	site site

	mu    sync.Mutex
	nodes []*nodeView // by shard
}

// looks is how often the nodes are looked at in all.
const looks = 48

// lookTimeout bounds a look: a node that is down must not delay the others.
const lookTimeout = 200 * time.Millisecond

func newWatch(rdb *redis.ClusterClient, site site) *watch { return &watch{rdb: rdb, site: site} }

// run looks again and again until the context ends.
func (w *watch) run(ctx context.Context, length time.Duration) {
	ticker := time.NewTicker(length / looks)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			_ = w.look(ctx, lookTimeout) // the next look may succeed
		case <-ctx.Done():
			return
		}
	}
}

// look looks once at all nodes.
func (w *watch) look(ctx context.Context, timeout time.Duration) error {
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var wg sync.WaitGroup
	var slots []redis.ClusterSlot
	var err error
	var served map[string]int64
	latency := map[string]time.Duration{}
	wg.Go(func() { slots, err = w.rdb.ClusterSlots(bounded).Result() })
	wg.Go(func() { served = w.site.served(bounded, w.rdb) })
	wg.Go(func() { latency = w.ping(bounded) })
	wg.Wait()
	if ctx.Err() != nil {
		return ctx.Err() // the look was cut short
	}

	w.mu.Lock()
	defer w.mu.Unlock()
	w.assign(slots)
	for _, n := range w.nodes {
		n.update(served, latency)
	}
	return err
}

// ping measures how long each node takes to answer. What does not answer is
// missing.
func (w *watch) ping(ctx context.Context) map[string]time.Duration {
	var mu sync.Mutex
	latency := map[string]time.Duration{}
	_ = w.rdb.ForEachShard(ctx, func(ctx context.Context, node *redis.Client) error {
		start := time.Now()
		if err := node.Ping(ctx).Err(); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		latency[node.Options().Addr] = time.Since(start)
		return nil
	})
	return latency
}

// assign notes the shards and the roles that CLUSTER SLOTS tells. A node once
// seen keeps its line.
func (w *watch) assign(slots []redis.ClusterSlot) {
	slices.SortFunc(slots, func(a, b redis.ClusterSlot) int { return cmp.Compare(a.Start, b.Start) })
	primaries := map[string]bool{}
	for _, s := range slots {
		if len(s.Nodes) == 0 || primaries[s.Nodes[0].Addr] {
			continue
		}
		primaries[s.Nodes[0].Addr] = true
		for i, n := range s.Nodes {
			if strings.HasPrefix(n.Addr, "?:") {
				continue
			}
			view := w.node(n.Addr)
			view.shard, view.role = len(primaries), replica
			if i == 0 {
				view.role = primary
			}
		}
	}
	slices.SortStableFunc(w.nodes, func(a, b *nodeView) int { return cmp.Compare(a.shard, b.shard) })
}

// node is the view of the node at addr.
func (w *watch) node(addr string) *nodeView {
	for _, n := range w.nodes {
		if n.addr == addr {
			return n
		}
	}
	n := &nodeView{addr: addr, began: -1}
	w.nodes = append(w.nodes, n)
	return n
}

// update adds what was seen of the node.
func (n *nodeView) update(served map[string]int64, latency map[string]time.Duration) {
	now := time.Now()
	rtt, answers := latency[n.addr]
	switch {
	case !answers:
		if n.missed++; n.missed >= missesDown {
			n.role, n.latency = down, 0
		}
	case n.latency == 0:
		n.latency, n.missed = rtt, 0
	default:
		n.latency += (rtt - n.latency) / 4 // it should not flicker
		n.missed = 0
	}
	count, counted := served[n.addr]
	if n.began < 0 && counted {
		n.began, n.served, n.seenAt = count, count, now
		return
	}
	if len(n.history) == looks {
		return
	}
	if n.rate = 0; counted && count >= n.served {
		n.rate = float64(count-n.served) / now.Sub(n.seenAt).Seconds()
		n.served, n.seenAt = count, now
	}
	n.history = append(n.history, point{n.rate, n.role})
}

// total is how many reads the node has served since the program began.
func (n *nodeView) total() int64 { return n.served - max(0, n.began) }

// view is a copy of what is known.
func (w *watch) view() []nodeView {
	w.mu.Lock()
	defer w.mu.Unlock()
	views := make([]nodeView, len(w.nodes))
	for i, n := range w.nodes {
		views[i] = *n
		views[i].history = slices.Clone(n.history)
	}
	return views
}
