package redis

import (
	"math"
	"math/rand/v2"
	"time"
)

// choose picks the node that serves a command of the shard. Only reads go
// elsewhere than to the primary, and only if the caller wants them to. A node
// in avoid has failed this very command.
func (s *shard) choose(mode readMode, tolerance time.Duration, avoid []*node) *node {
	var chosen *node
	switch mode {
	case readReplica:
		chosen = anyOf(s.replicas, avoid)
	case readRandom:
		chosen = anyOf(s.nodes, avoid)
	case readLatency:
		chosen = nearest(s.nodes, tolerance, avoid)
		if chosen == nil && !usable(s.primary, avoid) {
			chosen = anyOf(s.replicas, avoid) // though none was measured yet
		}
	}
	if chosen == nil {
		return s.primary
	}
	return chosen
}

// usable reports whether the node can serve a read of its shard.
func usable(n *node, avoid []*node) bool {
	for _, a := range avoid {
		if a == n {
			return false
		}
	}
	return n.healthy() && n.reads.over()
}

// anyOf picks a usable node at random; nil if there is none.
func anyOf(nodes []*node, avoid []*node) *node {
	if len(nodes) == 0 {
		return nil
	}
	start := rand.IntN(len(nodes))
	if n := nodes[start]; usable(n, avoid) {
		return n
	}
	// A node that is out must not send all its share to its neighbour.
	var fit []*node
	for _, n := range nodes {
		if usable(n, avoid) {
			fit = append(fit, n)
		}
	}
	if len(fit) == 0 {
		return nil
	}
	return fit[rand.IntN(len(fit))]
}

// nearest picks the usable node with the lowest latency, or at random one of
// those that exceed it by no more than the tolerance.
func nearest(nodes []*node, tolerance time.Duration, avoid []*node) *node {
	best, chosen := int64(math.MaxInt64), (*node)(nil)
	for _, n := range nodes {
		if l := n.latency.Load(); l > 0 && l < best && usable(n, avoid) {
			best, chosen = l, n
		}
	}
	if tolerance <= 0 || chosen == nil {
		return chosen
	}
	near := []*node{chosen} // whatever has become of it meanwhile
	for _, n := range nodes {
		if l := n.latency.Load(); n != chosen && l > 0 && l-best <= int64(tolerance) && usable(n, avoid) {
			near = append(near, n)
		}
	}
	return near[rand.IntN(len(near))]
}
