package redis

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// replacedAlive is how long a node has to be silent before its calls are given
// up when another has taken its slots over. Servers take seconds to replace a
// node that is dead; one that was replaced sooner was so by an operator, and
// means to answer what it was sent.
const replacedAlive = 800 * time.Millisecond

// errReplaced ends the calls to a silent node that is the primary of nothing
// any more, and errRemoved those to one that the map does not have.
var (
	errReplaced = errors.New("another node has taken its slots over")
	errRemoved  = errors.New("it is silent and has left the cluster")
)

// errSilent sends reads elsewhere that wait for a silent node.
var errSilent = errors.New("the node is silent")

// errSuspect is why a command is not sent to a node: it might share the fate of
// those that wait for its replies already.
var errSuspect = fmt.Errorf("not sent: %w", errSilent)

// silenceChanged is told that a node has fallen silent, or speaks again. While any is
// silent the other nodes are asked for the slot map, again and again: they will
// say whether it was replaced.
func (t *topology) silenceChanged(n *node, silent bool) {
	if !silent {
		// Without the connections that were silent it is not suspect, but it may not
		// have spoken.
		if _, yes := n.client.pool.isUnheard(); !yes {
			if _, was := t.suspects.LoadAndDelete(n); was {
				logf("redis: %s speaks again", n.addr)
			}
		}
		t.open(&n.waiting) // those who wait for the node may go on
		return
	}
	if _, known := t.suspects.LoadOrStore(n, true); !known {
		logf("redis: %s is silent; the other nodes are asked whether it was replaced", n.addr)
	}
	if n.waiting.begins(time.Now()) {
		t.hurry()
	}
	t.refresh()
	if t.opt.readMode != readPrimary {
		n.client.pool.shed(errSilent)
	}
	// It may have been replaced already, and no load of the map may follow.
	time.AfterFunc(replacedAlive, func() {
		if m := t.now.Load(); m != nil {
			t.giveUpReplaced(m)
		}
	})
}

// eachSuspect calls do with the nodes that are silent until it returns false. A pool
// tells of silence with no lock held, so that the end of it may have been told first:
// a node that is not silent any more is forgotten here.
func (t *topology) eachSuspect(do func(n *node) bool) {
	t.suspects.Range(func(key, _ any) bool {
		n := key.(*node)
		if _, unheard := n.client.pool.isUnheard(); !unheard && !n.client.pool.suspect() {
			t.suspects.Delete(n)
			return true
		}
		return do(n)
	})
}

// troubled reports whether anything waits for a node that is silent.
func (t *topology) troubled() (yes bool) {
	t.eachSuspect(func(n *node) bool {
		yes = n.client.pool.suspect() || n.client.pool.hasBlocked()
		return !yes
	})
	return yes
}

// giveUpReplaced closes the connections to silent nodes that were primaries
// lately and are none in m, or are not in it at all: what waits for them waits in
// vain.
func (t *topology) giveUpReplaced(m *slotMap) {
	t.eachSuspect(func(n *node) bool {
		since, unheard := n.client.pool.isUnheard()
		if !unheard || time.Since(since) < replacedAlive || m.isPrimary(n) {
			return true
		}
		switch {
		case n.wasPrimary():
			t.giveUp(n, errReplaced)
		case !slices.Contains(m.nodes, n):
			t.giveUp(n, errRemoved)
		}
		return true
	})
}

// giveUp closes the connections to a silent node.
func (t *topology) giveUp(n *node, cause error) {
	t.suspects.Delete(n)
	logf("redis: %s is given up: %v", n.addr, cause)
	n.client.pool.giveUp(cause)
}
