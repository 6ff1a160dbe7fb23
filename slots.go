package redis

import (
	"errors"
	"fmt"
	"net"
	"slices"
)

// slotMap says which shard serves each slot. It is immutable: a change makes a
// new one.
type slotMap struct {
	slots  [slotCount]uint16 // indices of shards; 0: nobody serves the slot
	shards []*shard          // the first is nil
	nodes  []*node           // all of them, primaries first
}

// shard is a primary and its replicas.
type shard struct {
	primary  *node
	replicas []*node
	nodes    []*node // the primary, then the replicas
}

func newShard(primary *node, replicas []*node) *shard {
	return &shard{primary, replicas, append([]*node{primary}, replicas...)}
}

// at is the shard that serves the slot, or nil.
func (m *slotMap) at(slot int) *shard { return m.shards[m.slots[slot]] }

// primaries is the primary of every shard.
func (m *slotMap) primaries() []*node {
	list := make([]*node, 0, len(m.shards))
	for _, s := range m.shards[1:] {
		list = append(list, s.primary)
	}
	return list
}

// replicas is the replicas of every shard.
func (m *slotMap) replicas() []*node {
	var list []*node
	for _, s := range m.shards[1:] {
		list = append(list, s.replicas...)
	}
	return list
}

// slotRange is a range of slots with the addresses of the nodes that serve it,
// as CLUSTER SLOTS tells it.
type slotRange struct {
	first, last int
	nodes       []announced // the first is the primary
}

// announced is how the cluster says that a node is reached.
type announced struct {
	addr     string
	hostname string // for TLS to verify; empty when it is the address's host
	stranger bool   // only a redirect has named it: it may have a host name yet
}

// readSlots takes an answer to CLUSTER SLOTS apart. asked is the node that gave
// it. Nodes that the server cannot locate are left out, and so are ranges
// without a primary; an answer in which nothing is left is an error.
func readSlots(answer []ClusterSlot, asked string) ([]slotRange, error) {
	ranges := make([]slotRange, 0, len(answer))
	for _, s := range answer {
		if s.Start < 0 || s.End >= slotCount || s.Start > s.End {
			return nil, fmt.Errorf("redis: %s: CLUSTER SLOTS: there is no range of slots %d-%d", asked, s.Start, s.End)
		}
		r := slotRange{first: s.Start, last: s.End}
		for i, n := range s.Nodes {
			a, ok := announcedNode(n, asked)
			if ok {
				r.nodes = append(r.nodes, a)
			} else if i == 0 {
				break
			}
		}
		if len(r.nodes) > 0 {
			ranges = append(ranges, r)
		}
	}
	if len(ranges) == 0 {
		return nil, fmt.Errorf("redis: %s: %w", asked, errNoSlots)
	}
	return ranges, nil
}

var errNoSlots = errors.New("CLUSTER SLOTS: no slot is served by a known node")

func announcedNode(n ClusterNode, asked string) (announced, bool) {
	host, port, err := net.SplitHostPort(n.Addr)
	if err != nil || !isHost(host) || !isPort(port) {
		return announced{}, false
	}
	host = hostFrom(host, asked)
	hostname := n.NetworkingMetadata["hostname"]
	if hostname == "?" || hostname == host {
		hostname = ""
	}
	return announced{addr: net.JoinHostPort(host, port), hostname: hostname}, true
}

// newSlotMap makes a map from ranges. Slots that they do not cover stay with
// the shard that old has for them: a part of an answer is no reason to forget.
func newSlotMap(ranges []slotRange, old *slotMap, nodeFor func(announced) *node) *slotMap {
	m := &slotMap{shards: make([]*shard, 1, 8)}
	index := map[*node]uint16{}
	for _, r := range ranges {
		primary := nodeFor(r.nodes[0])
		i, known := index[primary]
		if !known {
			var replicas []*node
			for _, a := range r.nodes[1:] {
				replicas = append(replicas, nodeFor(a))
			}
			i = m.add(newShard(primary, replicas))
			index[primary] = i
		}
		for slot := r.first; slot <= r.last; slot++ {
			m.slots[slot] = i
		}
	}
	if old != nil {
		m.inherit(old, index)
	}
	m.listNodes()
	return m
}

func (m *slotMap) add(s *shard) uint16 {
	m.shards = append(m.shards, s)
	return uint16(len(m.shards) - 1)
}

// inherit fills the holes of m from old.
func (m *slotMap) inherit(old *slotMap, index map[*node]uint16) {
	for slot := range m.slots {
		s := old.at(slot)
		if m.slots[slot] != 0 || s == nil {
			continue
		}
		i, known := index[s.primary]
		if !known {
			i = m.add(s)
			index[s.primary] = i
		}
		m.slots[slot] = i
	}
}

// hasPrimariesOf reports whether m has the primaries of ranges for their slots.
func (m *slotMap) hasPrimariesOf(ranges []slotRange) bool {
	if m == nil {
		return false
	}
	for _, r := range ranges {
		last := uint16(0)
		for _, i := range m.slots[r.first : r.last+1] {
			if i == last && i != 0 {
				continue
			}
			if i == 0 || m.shards[i].primary.addr != r.nodes[0].addr {
				return false
			}
			last = i
		}
	}
	return true
}

// moved is m with the slot at n, as a MOVED reply says. If n is known as a
// replica of the shard that had the slot, it has taken over the whole shard.
func (m *slotMap) moved(slot int, n *node) *slotMap {
	next := &slotMap{slots: m.slots, shards: slices.Clone(m.shards)}
	owner := m.at(slot)
	if owner != nil && slices.Contains(owner.replicas, n) {
		others := slices.DeleteFunc(slices.Clone(owner.nodes), func(other *node) bool { return other == n })
		next.shards[m.slots[slot]] = newShard(n, others)
	} else {
		i := slices.IndexFunc(next.shards, func(s *shard) bool { return s != nil && s.primary == n })
		if i < 0 {
			i = int(next.add(newShard(n, nil)))
		}
		next.slots[slot] = uint16(i)
	}
	next.listNodes()
	return next
}

func (m *slotMap) listNodes() {
	seen := map[*node]bool{}
	m.nodes = m.nodes[:0]
	for _, n := range append(m.primaries(), m.replicas()...) {
		if !seen[n] {
			seen[n] = true
			m.nodes = append(m.nodes, n)
		}
	}
}

// shardList is every shard.
func (m *slotMap) shardList() []*shard { return m.shards[1:] }

// isPrimary reports whether n is the primary of any shard.
func (m *slotMap) isPrimary(n *node) bool {
	for _, s := range m.shards[1:] {
		if s.primary == n {
			return true
		}
	}
	return false
}
