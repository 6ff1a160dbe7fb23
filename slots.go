package redis

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
)

// slotMap says which shard serves each slot. It is immutable: a change makes a new
// one, which shares with the old what is the same in both. While slots migrate there is
// one for each.
type slotMap struct {
	slots  [slotCount / blockSize]*slotBlock // indices of shards; 0: nobody serves the slot
	shards []*shard                          // the first is nil
	nodes  []*node                           // all of them, primaries first
}

// blockSize is how many slots are copied together.
const blockSize = 128

type slotBlock [blockSize]uint16

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
func (m *slotMap) at(slot int) *shard { return m.shards[m.indexAt(uint(slot))] }

func (m *slotMap) indexAt(slot uint) uint16 { return m.slots[slot/blockSize][slot%blockSize] }

// set has the slot served by the shard with an index. Nobody else may know m yet.
func (m *slotMap) set(slot int, index uint16) {
	m.slots[uint(slot)/blockSize][uint(slot)%blockSize] = index
}

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
// without a primary and those that there cannot be; an answer in which nothing is left
// is an error.
func readSlots(answer []ClusterSlot, asked string) ([]slotRange, error) {
	if len(answer) > slotCount {
		return nil, fmt.Errorf("redis: %s: CLUSTER SLOTS: %d ranges of %d slots", asked, len(answer), slotCount)
	}
	ranges := make([]slotRange, 0, len(answer))
	var spoiled error
	for _, s := range answer {
		if s.Start < 0 || s.End >= slotCount || s.Start > s.End {
			spoiled = fmt.Errorf("redis: %s: CLUSTER SLOTS: there is no range of slots %d-%d", asked, s.Start, s.End)
			continue
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
	switch {
	case len(ranges) > 0:
		return ranges, nil
	case spoiled != nil:
		return nil, spoiled
	default:
		return nil, fmt.Errorf("redis: %s: %w", asked, errNoSlots)
	}
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

// announcedIn lists the nodes of ranges.
func announcedIn(ranges []slotRange) (list []announced) {
	seen := map[announced]bool{}
	for _, r := range ranges {
		for _, a := range r.nodes {
			if !seen[a] {
				seen[a] = true
				list = append(list, a)
			}
		}
	}
	return list
}

// newSlotMap makes a map from ranges. Slots that they do not cover stay with
// the shard that old has for them: a part of an answer is no reason to forget.
func newSlotMap(ranges []slotRange, old *slotMap, nodeFor func(announced) *node) *slotMap {
	m := &slotMap{shards: make([]*shard, 1, 8)}
	blocks := new([len(m.slots)]slotBlock)
	for i := range blocks {
		m.slots[i] = &blocks[i]
	}
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
			m.set(slot, i)
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
	for slot := range slotCount {
		s := old.at(slot)
		if m.at(slot) != nil || s == nil {
			continue
		}
		i, known := index[s.primary]
		if !known {
			i = m.add(s)
			index[s.primary] = i
		}
		m.set(slot, i)
	}
}

// hasPrimariesOf reports whether m has the primaries of ranges for their slots.
func (m *slotMap) hasPrimariesOf(ranges []slotRange) bool {
	if m == nil {
		return false
	}
	for _, r := range ranges {
		var last *shard
		for slot := r.first; slot <= r.last; slot++ {
			s := m.at(slot)
			if s == nil || s != last && s.primary.addr != r.nodes[0].addr {
				return false
			}
			last = s
		}
	}
	return true
}

// moved is m with the slot at n, as a MOVED reply says. If n is known as a
// replica of the shard that had the slot, it has taken over the whole shard.
func (m *slotMap) moved(slot int, n *node) *slotMap {
	next := *m
	if owner := m.at(slot); owner.hasReplica(n) {
		others := slices.DeleteFunc(slices.Clone(owner.nodes), func(other *node) bool { return other == n })
		next.shards = slices.Clone(m.shards)
		next.shards[m.indexAt(uint(slot))] = newShard(n, others)
		next.nodes = slices.Clone(m.nodes)
		i, j := slices.Index(m.nodes, owner.primary), slices.Index(m.nodes, n)
		next.nodes[i], next.nodes[j] = n, owner.primary
		return &next
	}
	i := slices.IndexFunc(m.shards, func(s *shard) bool { return s != nil && s.primary == n })
	if i < 0 {
		next.shards = slices.Clone(m.shards)
		i = int(next.add(newShard(n, nil)))
		next.nodes = slices.DeleteFunc(slices.Clone(m.nodes), func(other *node) bool { return other == n })
		next.nodes = slices.Insert(next.nodes, min(i-1, len(next.nodes)), n)
	}
	block := *m.slots[slot/blockSize]
	next.slots[slot/blockSize] = &block
	next.set(slot, uint16(i))
	return &next
}

// hasReplica reports whether n is one of the shard's replicas. No shard has any.
func (s *shard) hasReplica(n *node) bool { return s != nil && slices.Contains(s.replicas, n) }

func (m *slotMap) listNodes() {
	seen := map[*node]bool{}
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

// shardOf is the shard that a command is for.
func (m *slotMap) shardOf(t *target) (*shard, error) {
	if t.place == nil {
		if t.anyShard && t.slot >= 0 && m.at(int(t.slot)) == nil {
			return m.serving(-1)
		}
		return m.serving(int(t.slot))
	}
	if n := t.place.node; n != nil {
		if !t.place.outside && !slices.Contains(m.nodes, n) {
			return nil, errNodeLeft
		}
		return newShard(n, nil), nil
	}
	s := t.place.in(m)
	switch {
	case s == nil:
		return nil, &uncoveredError{t.place.slot}
	case t.place.isMerged(s, m):
		return nil, errMerged
	}
	return s, nil
}

// serving is the shard that serves the slot, or any if slot is -1.
func (m *slotMap) serving(slot int) (*shard, error) {
	if slot < 0 {
		return m.shards[1+rand.IntN(len(m.shards)-1)], nil
	}
	if s := m.at(slot); s != nil {
		return s, nil
	}
	return nil, &uncoveredError{slot}
}

// place is a part of the cluster that a command is for as a whole: a shard, or
// one node of it.
type place struct {
	shard *shard // as it was when the command was sent first
	slot  int    // one that it served
	node  *node  // nil: the node that serves the shard
	// summed, if set, is the shards whose numbers are added up, this one among them.
	summed []*place
	// outside says that the node need not be in the slot map: a new primary is
	// not there before it has its first slot.
	outside bool
}

// in finds the shard as it is in m: after a failover another node is its
// primary.
func (p *place) in(m *slotMap) *shard {
	if i := slices.IndexFunc(m.shards[1:], func(s *shard) bool { return s.primary == p.shard.primary }); i >= 0 {
		return m.shards[1+i]
	}
	if i := slices.IndexFunc(m.shards[1:], func(s *shard) bool { return slices.Contains(p.shard.nodes, s.primary) }); i >= 0 {
		return m.shards[1+i]
	}
	return m.at(p.slot)
}

// isMerged reports whether s, as which the shard is in m, is in m what another one
// of the sum is too.
func (p *place) isMerged(s *shard, m *slotMap) bool {
	return s.primary != p.shard.primary &&
		slices.ContainsFunc(p.summed, func(other *place) bool { return other != p && other.in(m) == s })
}

// places is every shard, each with the first slot that it serves.
func (m *slotMap) places() []*place {
	list := make([]*place, 0, len(m.shards))
	for _, sh := range m.shards[1:] {
		list = append(list, &place{shard: sh})
	}
	for slot := slotCount - 1; slot >= 0; slot-- {
		if i := m.indexAt(uint(slot)); i > 0 {
			list[i-1].slot = slot
		}
	}
	return list
}
