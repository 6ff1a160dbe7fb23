package redis

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	// missingFor is for how long a node is looked for that has left the map.
	missingFor = 10 * time.Minute
	// missingRate is the part of the time that a node has been away that may
	// pass before it is looked for again.
	missingRate = 100
	// lookDialTimeout bounds a dial to a missing node: one that has come back
	// answers a new dial sooner than one from before.
	lookDialTimeout = time.Second
	// returnRate is the part of the time that a node has claimed to be back that
	// may pass before the others are asked for the map again.
	returnRate = 8
)

// missingNode is a node that was in the map and is not any more. Servers leave
// out replicas that have failed, so that one that comes back has to be looked
// for. It may as well have been removed for good: that is why the looks become
// rarer, cost the rest of the cluster nothing, and end.
type missingNode struct {
	announced
	client  *Client // of one connection, for the looks; nil before the first
	since   time.Time
	dueAt   time.Time // no look before
	looking bool

	claim     string    // what it said last, if it counts itself among the nodes
	claimedAt time.Time // for the first time
	askAt     time.Time // no load of the map because of it before
}

// noteMissing starts to look for the nodes of old that are not in m, and ends it
// for those that are. It returns the pools that are of no use any more. The lock
// is held.
func (t *topology) noteMissing(old, m *slotMap) (unused []*pool) {
	if t.opt.ClusterSlots != nil {
		return nil // such nodes cannot tell whether they belong to the cluster
	}
	present := map[string]bool{}
	for _, n := range m.nodes {
		present[n.addr] = true
		if back := t.missing[n.addr]; back != nil {
			delete(t.missing, n.addr)
			unused = append(unused, back.pools()...)
		}
	}
	if old == nil {
		return unused
	}
	for _, n := range old.nodes {
		if n.listed && !present[n.addr] && t.missing[n.addr] == nil {
			t.missing[n.addr] = &missingNode{announced: n.announced, since: time.Now()}
		}
	}
	return unused
}

// lookForMissing asks missing nodes for the map, each by itself and without
// waiting for it.
func (t *topology) lookForMissing() {
	now := time.Now()
	var due []*missingNode
	var unused []*pool
	t.mu.Lock()
	for addr, n := range t.missing {
		switch {
		case n.looking || now.Before(n.dueAt):
		case now.Sub(n.since) > missingFor:
			delete(t.missing, addr)
			unused = append(unused, n.pools()...)
		case t.asked.wait(now, askAtOnce+len(due)+1) > 0: // a load comes first
		default:
			n.looking = true
			due = append(due, n)
		}
	}
	t.mu.Unlock()
	for _, p := range unused {
		p.retire()
	}
	for _, n := range due {
		t.probes.Go(func() { t.look(n) })
	}
}

// look asks a missing node for the map. If it finds itself in there the others
// are asked whether they find it too: theirs is the answer that counts.
func (t *topology) look(n *missingNode) {
	ctx, cancel := context.WithTimeout(t.life, refreshTimeout)
	defer cancel()
	client, err := t.clientFor(ctx, n)
	var ranges []slotRange
	if err == nil {
		ranges, err = t.slotsOf(ctx, n.addr, client.pool)
	}
	claim := ""
	if err == nil && isNamed(n.addr, ranges) {
		claim = fmt.Sprint(ranges)
	}
	now := time.Now()
	t.mu.Lock()
	n.looking = false
	n.dueAt = now.Add(now.Sub(n.since) / missingRate)
	if claim != n.claim {
		n.claim, n.claimedAt, n.askAt = claim, now, now
	}
	believed := claim != "" && !now.Before(n.askAt)
	if believed {
		n.askAt = now.Add(now.Sub(n.claimedAt) / returnRate)
	}
	t.mu.Unlock()
	if believed {
		t.refresh()
	}
}

// pools lists the node's pool, if it was looked for.
func (n *missingNode) pools() []*pool {
	if n.client == nil {
		return nil
	}
	return []*pool{n.client.pool}
}

// clientFor is the client for the looks at a missing node, made for the first of them.
func (t *topology) clientFor(ctx context.Context, n *missingNode) (*Client, error) {
	if n.client != nil { // nobody else changes it while this look goes on
		return n.client, nil
	}
	opt := t.lookOptions(n.addr)
	opt.serverName = n.hostname
	opt.DialTimeout = min(opt.DialTimeout, lookDialTimeout)
	opt.DialerRetryBackoff = func(int) time.Duration { return probePause }
	c, err := t.lookClient(ctx, opt)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	wanted := t.missing[n.addr] == n
	if wanted {
		n.client = c
	}
	t.mu.Unlock()
	if !wanted {
		_ = c.Close()
		return nil, ErrClosed
	}
	return c, nil
}

// isNamed reports whether the node at addr serves any of the ranges.
func isNamed(addr string, ranges []slotRange) bool {
	return slices.ContainsFunc(ranges, func(r slotRange) bool {
		return slices.ContainsFunc(r.nodes, func(a announced) bool { return a.addr == addr })
	})
}
