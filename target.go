package redis

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
)

// target says where a command belongs.
type target struct {
	place *place // where it belongs in place of the slot's shard
	slot  int16  // -1: any node will do
	read  bool   // a replica will do
}

// targetOf is where a command belongs by its first key.
func targetOf(cmd Cmder) target {
	return target{slot: int16(slotOf(cmd)), read: cmd.command().lookup().IsReadOnly()}
}

// slotOf is the slot of the command's first key, or the one that it names, or -1
// when there is neither.
func slotOf(cmd Cmder) int {
	b := cmd.command()
	if pos := b.firstKey(); pos > 0 {
		return keySlot(b.argText(pos))
	}
	if slot, ok := b.lookup().Slot(b.argCount(), b.argText); ok {
		return slot
	}
	return -1
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

// errNodeLeft is why a command for one node is not sent there any more.
var errNodeLeft = errors.New("redis: the node has left the cluster")

// errMerged is why a shard is not asked for its part of a sum: the node that has
// its slots by now is asked for another's, or was before they came to it.
var errMerged = errors.New("redis: the shard has become one with another while both were asked")

// uncoveredError says that nobody serves a slot, as far as is known.
type uncoveredError struct{ slot int }

func (e *uncoveredError) Error() string {
	return fmt.Sprintf("redis: no node of the cluster serves slot %d", e.slot)
}

// shardOf is the shard that a command is for.
func (m *slotMap) shardOf(t *target) (*shard, error) {
	if t.place == nil {
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

// places is every shard.
func (m *slotMap) places() []*place {
	list := make([]*place, 0, len(m.shards))
	for i, sh := range m.shards {
		if sh != nil {
			list = append(list, &place{shard: sh, slot: m.slotOf(i)})
		}
	}
	return list
}

// slotOf is a slot that the shard with this index serves.
func (m *slotMap) slotOf(shard int) int { return max(0, slices.Index(m.slots[:], uint16(shard))) }
