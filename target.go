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
	// anyShard says that the slot is a preference: every shard will do.
	anyShard bool
}

// targetOf is where a command belongs by its first key.
func targetOf(cmd Cmder) target {
	b := cmd.command()
	t := target{read: b.lookup().IsReadOnly()}
	if pos := b.firstKey(); pos > 0 {
		t.slot = int16(keySlot(b.argText(pos)))
		return t
	}
	if slot, ok := b.lookup().Slot(b.argCount(), b.argText); ok {
		t.slot = int16(slot)
		return t
	}
	t.slot, t.anyShard = int16(b.preferredSlot()), true
	return t
}

// preferredSlot is the slot whose node a command without keys goes to if it may
// choose, -1 if that makes no difference. It is no key: such a command may stand in a
// transaction with any keys, and be sent to any other node.
func (c *baseCmd) preferredSlot() int {
	info := c.lookup()
	if info == nil {
		return -1
	}
	switch info.Name {
	case "publish": // the messages of a channel keep their order by going one way
		if c.argCount() > 1 {
			return keySlot(c.argText(1))
		}
	case "scan":
		if slot, ok := patternSlot(scanOption(c, "match")); ok {
			return slot
		}
	}
	return -1
}

// transactionTarget is where the commands of a transaction belong: to the slot of all
// their keys. If they have none it is one that a command names or prefers.
func transactionTarget(cmds []Cmder) (t target, err error) {
	slot := -1
	var first string
	t = target{slot: -1, anyShard: true}
	for _, cmd := range cmds {
		b := cmd.command()
		b.eachKey(func(pos int) {
			key := b.argText(pos)
			switch s := keySlot(key); {
			case slot < 0:
				slot, first = s, key
			case s != slot && err == nil:
				err = crossSlot(first, key)
			}
		})
		switch {
		case err != nil:
			return t, err
		case slot >= 0:
			t = target{slot: int16(slot)}
		case t.anyShard:
			if own := targetOf(cmd); t.slot < 0 || !own.anyShard {
				t = own
			}
		}
	}
	t.read = false // MULTI is for the primary
	return t, nil
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

// beside is the shard for a command that any can serve and that the nodes in avoid have
// failed: the first from s on whose primary is not one of them. In this order the
// messages of a channel go one way also while that is not the usual one.
func (m *slotMap) beside(s *shard, avoid []*node) *shard {
	shards := m.shards[1:]
	from := slices.Index(shards, s)
	for i := range shards {
		next := shards[(from+i)%len(shards)]
		if !slices.Contains(avoid, next.primary) {
			return next
		}
	}
	return s
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
