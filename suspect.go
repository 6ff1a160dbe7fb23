package redis

import (
	"errors"
	"fmt"
	"time"
)

// replacedAlive is how long a node has to be silent before its calls are given
// up when another has taken its slots over. Servers take seconds to replace a
// node that is dead; one that was replaced sooner was so by an operator, and
// means to answer what it was sent.
const replacedAlive = 500 * time.Millisecond

// errReplaced ends the calls to a silent node that is the primary of nothing
// any more.
var errReplaced = errors.New("another node has taken its slots over")

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
		if _, was := t.suspects.LoadAndDelete(n); was {
			logf("redis: %s speaks again", n.addr)
		}
		t.signal() // those who wait for the node may go on
		return
	}
	logf("redis: %s is silent; the other nodes are asked whether it was replaced", n.addr)
	t.suspects.Store(n, time.Now())
	if n.waiting.begins(time.Now()) {
		t.hurry()
	}
	t.refresh()
	if t.opt.readMode != readPrimary {
		n.client.pool.shed(errSilent)
	}
	if m := t.now.Load(); m != nil {
		t.giveUpReplaced(m)
	}
}

// eachSuspect calls do with the nodes that are silent, and since when, until it
// returns false. A pool tells of silence with no lock held, so that the end of it
// may have been told first: who is not silent any more is forgotten here.
func (t *topology) eachSuspect(do func(n *node, since time.Time) bool) {
	t.suspects.Range(func(key, since any) bool {
		n := key.(*node)
		if !n.client.pool.suspect() {
			t.suspects.CompareAndDelete(n, since)
			return true
		}
		return do(n, since.(time.Time))
	})
}

// troubled reports whether any node is silent.
func (t *topology) troubled() (yes bool) {
	t.eachSuspect(func(*node, time.Time) bool {
		yes = true
		return false
	})
	return yes
}

// giveUpReplaced closes the connections to silent nodes that were primaries
// lately and are none in m: what waits for them waits in vain.
func (t *topology) giveUpReplaced(m *slotMap) {
	t.eachSuspect(func(n *node, since time.Time) bool {
		if n.wasPrimary() && !m.isPrimary(n) && time.Since(since) >= replacedAlive {
			t.suspects.Delete(n)
			t.giveUp(n)
		}
		return true
	})
}

// giveUp closes the connections to a silent node that was replaced.
func (t *topology) giveUp(n *node) {
	logf("redis: %s is given up: another node has taken its slots over", n.addr)
	n.client.pool.giveUp(errReplaced)
}
