package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
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

// A stranger is a node that only a redirect has named, by an address: the name that
// its certificate may be for is not known.

const (
	// strangerFor is how long a stranger that works is kept after a redirect has named
	// it last.
	strangerFor = time.Minute
	// mostStrangers bounds how many there may be. A cluster that has this many nodes
	// tells them in the slot map; a server that names more means no good.
	mostStrangers = 100
)

// isWelcome reports whether a stranger is kept when the map is loaded without it: while
// commands wait for its first connection, and while it is in use. Otherwise it would be
// dialled anew after each load. The topology's lock is held.
func (n *node) isWelcome(now time.Time) bool {
	p := n.client.pool
	return !n.listed && (p.hasWaiters() || now.Sub(n.namedAt) < strangerFor && p.isOpen())
}

// mayAddStranger reports whether there is room for one more. The lock is held.
func (t *topology) mayAddStranger() bool {
	strangers := 0
	for _, n := range t.nodes {
		if !n.listed {
			strangers++
		}
	}
	return strangers < mostStrangers
}

// askForName is how many servers are asked for the host name of a stranger, one after
// the other.
const askForName = 3

// mayLackName reports whether TLS verifies the names that the cluster announces:
// the names of strangers are not known.
func (t *topology) mayLackName() bool {
	config := t.opt.TLSConfig
	return config != nil && config.ServerName == "" && !config.InsecureSkipVerify &&
		t.opt.Dialer == nil && t.opt.NewClient == nil // which see to TLS themselves
}

// strangerDialer dials a node that only a redirect has named: while its first slot
// is on its way to it, it is in no slot map. If it cannot prove that it is the host
// of its address, other nodes are asked for its name.
func (t *topology) strangerDialer(opt Options) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		named := opt
		if name, known := t.names.Load(addr); known {
			named.serverName = name.(string)
		}
		nc, err := NewDialer(&named)(ctx, network, addr)
		if !errors.As(err, new(*tls.CertificateVerificationError)) {
			return nc, err
		}
		name := t.nameOf(ctx, addr)
		if name == named.serverName {
			return nil, err
		}
		t.names.Store(addr, name)
		named.serverName = name
		return NewDialer(&named)(ctx, network, addr)
	}
}

// nameOf asks a few nodes for the host name of the one at addr; empty if they do
// not tell. Those without a connection are left out: they may be strangers who
// wait for each other.
func (t *topology) nameOf(ctx context.Context, addr string) string {
	asked := 0
	for _, s := range t.sources() {
		if s.pool == nil || s.pool.suspect() || len(*s.pool.shared.Load()) == 0 {
			continue
		}
		if asked++; asked > askForName || ctx.Err() != nil {
			break
		}
		if name := t.askName(ctx, s, addr); name != "" {
			return name
		}
	}
	return ""
}

// askName asks one server for the host name of the node at addr.
func (t *topology) askName(ctx context.Context, s source, addr string) string {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout/askForName)
	defer cancel()
	cmd := new(StringCmd)
	cmd.start("cluster", "nodes")
	t.asked.add(time.Now()) // it costs a server as much
	if s.pool.exchange(ctx, cmd, 0) != nil {
		return ""
	}
	return hostnameIn(cmd.val, addr, s.addr)
}

// hostnameIn is the host name of the node at addr in the answer of the node at
// asked to CLUSTER NODES; empty if it has none.
func hostnameIn(text, addr, asked string) string {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 8 || completeHost(clientAddr(fields[1]), asked) != addr {
			continue
		}
		_, rest, _ := strings.Cut(fields[1], ",")
		if name, _, _ := strings.Cut(rest, ","); name != "" { // else a node that was here before
			return name
		}
	}
	return ""
}

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
