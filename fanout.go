package redis

import (
	"errors"
	"fmt"
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
	err = decodeJoined(f.whole, reply)
	if err != nil && err != Nil || len(failed.Failed) == 0 || f.enough {
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
	e.causes = append(e.causes, asNetError(fmt.Errorf("%s: %w", node, err)))
}

func (f *fanOut) failure(failed *NodesError) error {
	failed.Command, failed.Nodes = f.whole.FullName(), len(f.parts)
	if len(failed.causes) == 0 {
		return errNodeLeft
	}
	first := failed.Failed[f.nodeOf(0)]
	var reply Error
	if len(failed.Failed) < len(f.parts) || !errors.As(first, &reply) {
		return asNetError(failed)
	}
	for _, err := range failed.Failed {
		if err.Error() != first.Error() {
			return asNetError(failed)
		}
	}
	return first
}
