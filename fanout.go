package redis

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-e06f3def/rediscluster/internal/cmdinfo"
)

// fanOut is a command that concerns the cluster rather than a key, sent to every
// primary, or to every node, as the command table says. Its parts are not one
// atomic step.
type fanOut struct {
	whole  Cmder
	merge  merge
	enough bool // one node's answer is
	parts  []*partCmd
	places []*place

	b  *batch
	at int // of the first part in the batch
}

func newFanOut(cmd Cmder, m *slotMap, merge merge) *fanOut {
	info := cmd.command().lookup()
	f := &fanOut{whole: cmd, merge: merge, enough: info.Response == cmdinfo.RespOneSucceeded}
	places := m.places()
	for _, p := range places {
		if info.Response == cmdinfo.RespSum {
			p.summed = places
		}
		f.add(p)
		if info.Request == cmdinfo.ReqAllNodes {
			for _, n := range p.shard.replicas {
				f.add(&place{shard: p.shard, node: n})
			}
		}
	}
	return f
}

func (f *fanOut) add(at *place) {
	b := f.whole.command()
	part := &partCmd{once: f.whole.NoRetry()}
	part.takeArgs(b)
	if blocks := b.peculiar().blocks; blocks != 0 {
		part.own().blocks = blocks
	}
	f.parts = append(f.parts, part)
	f.places = append(f.places, at)
}

func (f *fanOut) command() Cmder { return f.whole }

func (f *fanOut) addTo(b *batch) {
	f.b, f.at = b, len(b.items)
	read := f.whole.command().lookup().IsReadOnly()
	for i, part := range f.parts {
		b.addFor(part, target{slot: -1, read: read, place: f.places[i]})
	}
}

// NodesError is the error of a command that goes to several nodes of the
// cluster, such as FLUSHALL or CONFIG SET, of which some failed. The others have
// run it, and the command's value is made of their answers. If the very same
// error reply came from every node, that reply is the command's error instead.
type NodesError struct {
	// Command is the command's name, with the sub-command.
	Command string
	// Nodes is how many nodes the command was sent to.
	Nodes int
	// Failed tells for each node that failed, by its address, why it did.
	Failed map[string]error
	causes []error // in the order of the nodes
}

// Error names every node that failed.
func (e *NodesError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "redis: %s: %d of %d nodes failed: ", e.Command, len(e.Failed), e.Nodes)
	for i, err := range e.causes {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(err.Error())
	}
	return b.String()
}

// Unwrap gives the errors of all nodes that failed.
func (e *NodesError) Unwrap() []error { return e.causes }

func (f *fanOut) join() error {
	var replies [][]byte
	var failed NodesError
	for i, part := range f.parts {
		switch err := part.Err(); {
		case err == nil:
			replies = append(replies, part.reply)
		case errors.Is(err, errNodeLeft):
		default:
			failed.add(f.nodeOf(i), err)
		}
	}
	if len(replies) == 0 {
		return f.failure(&failed)
	}
	reply, err := f.merge(replies)
	if err != nil {
		return fmt.Errorf("redis: %s: %w", f.whole.FullName(), err)
	}
	if err := decodeJoined(f.whole, reply); err != nil || len(failed.Failed) == 0 || f.enough {
		return err
	}
	return f.failure(&failed)
}

// nodeOf is the address of the node that a part was sent to at last.
func (f *fanOut) nodeOf(part int) string {
	if n := f.b.items[f.at+part].node; n != nil {
		return n.addr
	}
	return f.places[part].shard.primary.addr
}

func (e *NodesError) add(node string, err error) {
	if e.Failed == nil {
		e.Failed = map[string]error{}
	}
	e.Failed[node] = err
	e.causes = append(e.causes, fmt.Errorf("%s: %w", node, err))
}

func (f *fanOut) failure(failed *NodesError) error {
	failed.Command, failed.Nodes = f.whole.FullName(), len(f.parts)
	if len(failed.causes) == 0 {
		return errNodeLeft
	}
	first := failed.Failed[f.nodeOf(0)]
	var reply Error
	if len(failed.Failed) < len(f.parts) || !errors.As(first, &reply) {
		return failed
	}
	for _, err := range failed.Failed {
		if err.Error() != first.Error() {
			return failed
		}
	}
	return first
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
