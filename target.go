package redis

import (
	"errors"
	"fmt"
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
