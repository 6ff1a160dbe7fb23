package redis

import (
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// How a PubSub gets its connections back.
const (
	// The pause before a node is dialled again, or asked again, is random, with
	// an upper limit that grows from the one to the other.
	shortestPause = 10 * time.Millisecond
	longestPause  = 500 * time.Millisecond
	// mapSettling is for how long the map is asked for after it has shown to be
	// out of date.
	mapSettling = time.Second
	// While anything is lacking the map is asked for at this pace, slower when
	// it takes long.
	shortestRefresh = 150 * time.Millisecond
	longestRefresh  = 500 * time.Millisecond
	// dialPatience is how long the dial to one node of several may take, at
	// first.
	dialPatience = time.Second
	// mapPatience is for how long the map may lack a node before it counts as
	// having left.
	mapPatience = 5 * time.Second
	// roleDoubts is after how many failures a node is taken for the primary that
	// the map says it is, whatever it says itself.
	roleDoubts = 8
	// idleRound is the longest time between two rounds.
	idleRound = time.Hour
)

// keep brings the links and subscriptions into line with what is wanted and what
// is known of the nodes, whenever either changes.
func (p *PubSub) keep() {
	timer := time.NewTimer(idleRound)
	defer timer.Stop()
	for {
		changed := p.source.changed()
		timer.Reset(p.arrange())
		select {
		case <-p.wake:
		case <-timer.C:
		case <-changed:
			if p.source.view() == nil {
				if err := p.source.trouble(); err != nil {
					p.mu.Lock()
					p.fail(err)
					p.denyAll(err)
					p.mu.Unlock()
				}
			}
		case <-p.source.over():
			p.mu.Lock()
			p.shutLocked()
			p.mu.Unlock()
			return
		case <-p.life.Done():
			return
		}
	}
}

// linkRound is one run of arrange.
type linkRound struct {
	p       *PubSub
	view    nodeView
	now     time.Duration
	next    time.Duration      // when the next round is due
	lacking bool               // something is not as it should be: the map may be out of date
	leaves  map[*link][]*topic // subscriptions to end
	kept    map[*link]bool     // links that will be needed
}

// until has the next round come no later than at.
func (r *linkRound) until(at time.Duration) { r.next = min(r.next, at) }

// arrange does a round and returns the time until the next.
func (p *PubSub) arrange() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return idleRound
	}
	select {
	case <-p.source.over(): // nothing is dialled for a client that is closed
		return idleRound
	default:
	}
	now := p.clock()
	r := &linkRound{p: p, view: p.source.view(), now: now, next: now + idleRound, leaves: map[*link][]*topic{}, kept: map[*link]bool{}}
	if r.view != p.seen {
		p.seen = r.view
		r.doubtReplaced()
	}
	r.watch()
	if r.view == nil {
		r.lacking = len(p.topics)+len(p.pings) > 0
	} else {
		r.placeLinks()
		r.placeShards()
	}
	r.dropUnused()
	r.refresh()
	r.tellLoss()
	return max(0, r.next-p.clock())
}

// watch sends PING on links where nothing has come for a while, and gives those
// up whose servers are silent for too long.
func (r *linkRound) watch() {
	for _, l := range slices.Clone(r.p.links) {
		if l.nc == nil {
			r.watchDial(l)
			continue
		}
		h := r.p.health
		if len(l.sent) == 0 {
			if h.interval <= 0 {
				continue
			}
			due := time.Duration(l.heard.Load()) + h.interval
			if r.now < due {
				r.until(due)
				continue
			}
			l.send(&linkRequest{what: reqPing}, "ping")
		}
		if h.interval > 0 {
			r.until(r.now + h.interval)
		}
		silence := l.silence(r.now)
		patience := l.node.client.opt.suspectAfter
		l.silent = patience > 0 && silence >= patience
		switch {
		case h.pong > 0 && silence >= h.pong:
			r.p.drop(l, errNoPong)
			continue
		case l.silent:
			r.lacking = true
		case patience > 0:
			r.until(r.now + patience - silence)
		}
		if h.pong > 0 {
			r.until(r.now + h.pong - silence)
		}
	}
}

// doubtReplaced sends PING at once on links to nodes that are primaries no more by a
// new map: one that does not answer was replaced because it is dead, and is left.
func (r *linkRound) doubtReplaced() {
	if r.view == nil {
		return
	}
	for _, l := range r.p.links {
		switch {
		case hasAddr(r.view.primaries(), l.addr):
			l.wasPrimary = true
		case l.wasPrimary && l.nc != nil && len(l.sent) == 0:
			l.send(&linkRequest{what: reqPing}, "ping")
		}
	}
}

// watchDial has the map asked for when a node does not answer the dial, and
// another node chosen where any will do.
func (r *linkRound) watchDial(l *link) {
	slow := l.born + shortestRefresh
	if r.now < slow {
		r.until(slow)
		return
	}
	r.lacking = true
	if l.shards || r.p.spread || len(r.view.primaries())+len(r.view.replicas()) < 2 {
		return
	}
	failures := 0
	if rest := r.p.pauses[l.addr]; rest != nil {
		failures = rest.failures
	}
	if due := l.born + dialPatience<<min(failures, 3); r.now >= due {
		r.p.drop(l, errSlowDial)
	} else {
		r.until(due)
	}
}

// placeLinks sees to the links for channels and patterns.
func (r *linkRound) placeLinks() {
	p := r.p
	var wanted []*topic
	for _, t := range p.topics {
		if !p.placed(t.kind) {
			wanted = append(wanted, t)
		}
	}
	if p.spread {
		r.linkPrimaries(len(wanted) > 0)
	} else {
		r.linkAny(len(wanted) > 0)
	}
	for _, l := range p.links {
		if l.nc == nil {
			continue
		}
		for _, payload := range p.pings {
			words := []string{"ping", payload}
			if payload == "" {
				words = words[:1]
			}
			l.send(&linkRequest{what: reqPing, user: true, payload: payload}, words...)
		}
		p.pings = nil
		if !l.shards && !(p.spread && r.rolesOpen()) {
			r.ask(l, wanted)
		}
	}
}

// ask subscribes to what a link has not.
func (r *linkRound) ask(l *link, wanted []*topic) {
	var missing []*topic
	for _, t := range wanted {
		switch {
		case l.subs[t] != subUnsent:
		case r.now < t.retryAt:
			r.until(t.retryAt)
		default:
			l.subs[t] = subAsked
			missing = append(missing, t)
		}
	}
	l.sendFor(reqSubscribe, false, missing)
}

// linkPrimaries keeps a link to each primary. What a primary does is repeated by
// its replicas: so a link to a node that has been replaced ends before anything
// is subscribed to at its successor. A map may be out of date: whether the node
// has been replaced is for the successor to say, to which no link is made unless
// it says that it is a primary, or for the node itself, where that can be asked.
func (r *linkRound) linkPrimaries(wanted bool) {
	p := r.p
	primaries := r.view.primaries()
	for _, l := range slices.Clone(p.links) {
		switch {
		case l.shards:
		case hasAddr(primaries, l.addr):
			l.shard = r.shardOf(l.addr)
			l.absent, l.demoted = false, false
		case l.nc == nil, r.goneForLong(l), r.succeeded(l), !l.resp3 && r.replaced(l):
			p.drop(l, nil)
		case l.resp3:
			r.askRole(l)
		}
	}
	p.unlinked = false
	if !wanted {
		return
	}
	for _, n := range primaries {
		if r.linkTo(n, false) == nil {
			p.unlinked = true
		}
	}
}

// askRole asks the server of a link whether it is a replica, every now and then.
func (r *linkRound) askRole(l *link) {
	due := l.roleAskedAt + shortestRefresh
	if l.roleAskedAt != 0 && r.now < due {
		r.until(due)
		return
	}
	l.roleAskedAt, l.roleOpen = r.now, true
	l.send(&linkRequest{what: reqRole}, "hello")
	r.until(r.now + shortestRefresh)
}

// rolesOpen reports whether a server has not said yet whether it is a replica,
// and may take its time for it.
func (r *linkRound) rolesOpen() bool {
	for _, l := range r.p.links {
		if l.absent && !l.shards && l.resp3 && !l.silent && l.roleOpen && r.now < l.absentSince+patienceToLeave {
			r.until(l.absentSince + patienceToLeave)
			return true
		}
	}
	return false
}

// shardOf is the shard of a primary.
func (r *linkRound) shardOf(addr string) *shard {
	list := r.view.shardList()
	if i := slices.IndexFunc(list, func(s *shard) bool { return s.primary.addr == addr }); i >= 0 {
		return list[i]
	}
	return nil
}

// replaced reports whether the node, a primary when it was seen last, is a
// replica now, or has left its slots to one of its replicas.
func (r *linkRound) replaced(l *link) bool {
	if hasAddr(r.view.replicas(), l.addr) {
		return true
	}
	return slices.ContainsFunc(r.view.primaries(), func(n *node) bool { return l.hadReplica(n.addr) })
}

// succeeded reports whether the node's successor can be subscribed at: one of its
// replicas that has become a primary; or, if the node says itself that it is a
// replica, any primary that is new. Until then it repeats what its successor
// does.
func (r *linkRound) succeeded(l *link) bool {
	return slices.ContainsFunc(r.p.links, func(other *link) bool {
		return !other.shards && other.nc != nil && hasAddr(r.view.primaries(), other.addr) &&
			(l.hadReplica(other.addr) || l.demoted && len(other.subs) == 0)
	})
}

// goneForLong reports whether the map has not had the node for a while. A map
// may lack a node for a moment: a server may not have heard yet that it joined,
// or whose replica it has become.
func (r *linkRound) goneForLong(l *link) bool {
	if !l.absent {
		l.absent, l.absentSince = true, r.now
	}
	r.lacking = true
	r.until(l.absentSince + mapPatience)
	return r.now >= l.absentSince+mapPatience
}

// linkAny keeps a link to some node that is part of the cluster.
func (r *linkRound) linkAny(wanted bool) {
	p := r.p
	if i := slices.IndexFunc(p.links, func(l *link) bool { return !l.shards }); i >= 0 {
		l := p.links[i]
		if hasNode(r.view, l.addr) {
			l.absent = false
			if !l.silent || !l.wasPrimary || hasAddr(r.view.primaries(), l.addr) {
				return
			}
		} else if !l.silent && !r.goneForLong(l) {
			return
		}
		p.drop(l, errLeft)
	}
	if !wanted && (len(p.pings) == 0 || len(p.links) > 0) {
		return
	}
	n := r.choose()
	if n == nil {
		return
	}
	if n.addr != p.lastNode && r.now < p.elsewhere {
		r.until(p.elsewhere)
		return
	}
	r.linkTo(n, false)
}

// preferred is the node that PUBLISH to the first channel goes to, so that it counts
// the receiver; nil if there is no channel, or if it seems to be away.
func (r *linkRound) preferred() *node {
	var first *topic
	for _, t := range r.p.topics {
		if t.kind == toChannel && (first == nil || t.number < first.number) {
			first = t
		}
	}
	if first == nil {
		return nil
	}
	s := r.view.at(first.slot)
	if s == nil || s.primary.client.pool.suspect() || s.primary.client.pool.unreachable() {
		return nil
	}
	if rest := r.p.pauses[s.primary.addr]; rest != nil && (rest.failures > 1 || s.primary.addr != r.p.lastNode) {
		return nil
	}
	return s.primary
}

// choose picks a node for channels and patterns: the preferred one; else the one that
// they were at, if it has not failed more than once; else at random among those that seem
// well; else the one that may be tried first.
func (r *linkRound) choose() *node {
	if n := r.preferred(); n != nil {
		return n
	}
	nodes := slices.Clone(r.view.primaries())
	if !r.p.unknown {
		nodes = append(nodes, r.view.replicas()...)
	}
	if len(nodes) == 0 {
		return nil
	}
	rand.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	paused := func(n *node) time.Duration {
		rest := r.p.pauses[n.addr]
		switch {
		case n.addr == r.p.lastNode && (rest == nil || rest.failures == 1):
			return -1
		case rest != nil:
			return rest.until
		}
		return 0
	}
	return slices.MinFunc(nodes, func(a, b *node) int {
		if c := cmp.Compare(paused(a), paused(b)); c != 0 {
			return c
		}
		switch {
		case a.healthy() == b.healthy():
			return 0
		case a.healthy():
			return -1
		}
		return 1
	})
}

// placeShards sees to the shard channels and their links.
func (r *linkRound) placeShards() {
	asks := map[*link][]*topic{}
	for _, t := range r.p.topics {
		if !r.p.placed(t.kind) {
			continue
		}
		r.place(t)
		if t.at != nil && t.at.nc != nil && t.state == subUnsent {
			t.state = subAsked
			asks[t.at] = append(asks[t.at], t)
		}
	}
	for l, topics := range r.leaves {
		l.sendFor(reqUnsubscribe, false, topics)
	}
	for l, topics := range asks {
		l.sendFor(reqSubscribe, false, topics)
	}
}

// linkTo returns the link to a node, dialling it if need be; nil if the node is
// to be left alone for now.
func (r *linkRound) linkTo(n *node, shards bool) *link {
	p := r.p
	for _, l := range p.links {
		if l.addr == n.addr && l.shards == shards {
			return l
		}
	}
	if pause := p.pauses[n.addr]; pause != nil {
		r.lacking = true
		if r.now < pause.until {
			r.until(pause.until)
			return nil
		}
	}
	ctx, cancel := context.WithCancel(p.life)
	l := &link{
		p:          p,
		node:       n,
		addr:       n.addr,
		shards:     shards,
		born:       r.now,
		wasPrimary: hasAddr(r.view.primaries(), n.addr),
		cancel:     cancel,
		step:       new(atomic.Pointer[dialStep]),
		subs:       map[*topic]subState{},
		ending:     map[topicKey]*topic{},
	}
	p.links = append(p.links, l)
	d := &dialer{opt: p.optionsFor(n), greeted: n.client.pool.dialer.greeted, step: l.step}
	l.clientName = d.opt.ClientName
	primaryOnly := (shards || p.spread || p.unknown) && p.source.hasReplicas()
	if rest := p.pauses[n.addr]; rest != nil && rest.failures >= roleDoubts {
		primaryOnly = false // it may not mean by it what servers do
	}
	p.tasks.Go(func() {
		defer cancel()
		l.run(ctx, d, primaryOnly)
	})
	return l
}

// optionsFor is the node's options with what was set for the PubSub.
func (p *PubSub) optionsFor(n *node) *Options {
	opt := *n.client.opt
	if p.clientName != nil {
		opt.ClientName = *p.clientName
	}
	if limit := p.health.dial; limit > 0 && (opt.DialTimeout <= 0 || limit < opt.DialTimeout) {
		opt.DialTimeout = limit
	}
	return &opt
}

// dropUnused closes links that have no shard channels any more.
func (r *linkRound) dropUnused() {
	used := map[*link]bool{}
	for _, t := range r.p.topics {
		used[t.at], used[t.old] = true, true
	}
	for _, l := range slices.Clone(r.p.links) {
		idle := len(l.sent) == 0 || l.silent || l.nc == nil
		if l.shards && !used[l] && !r.kept[l] && idle {
			r.p.drop(l, nil)
		}
	}
}

// refresh has the map asked for while anything is lacking.
func (r *linkRound) refresh() {
	p := r.p
	if !r.lacking && r.now >= p.settled {
		p.lackingSince, p.refreshAt = -1, 0
		return
	}
	if p.lackingSince < 0 {
		p.lackingSince = r.now
	}
	if r.now >= p.refreshAt {
		p.source.refresh()
		pace := min(max((r.now-p.lackingSince)/10, shortestRefresh), longestRefresh)
		p.refreshAt = r.now + pace/2 + rand.N(pace/2)
	}
	r.until(p.refreshAt)
}

// connected notes that a link can be used, and reports whether it is wanted
// still.
func (p *PubSub) connected(l *link, nc net.Conn, self serverSelf) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l.gone {
		return false
	}
	if p.unknown && !l.shards {
		p.learn(l, self)
	}
	l.nc = nc
	if p.failing[l.addr] {
		delete(p.failing, l.addr)
		p.source.background().note(backgroundTask{connectPubSub, l.addr}, nil)
	}
	l.heard.Store(int64(p.clock()))
	if p.clientName != nil && *p.clientName != l.clientName { // given meanwhile
		l.setName()
	}
	nudge(p.wake)
	return true
}

// learn notes, by the first connection for channels and patterns, whether the nodes
// stand alone. If they do and there are no patterns, the link goes on as one for channels
// that have their places.
func (p *PubSub) learn(l *link, self serverSelf) {
	p.unknown = false
	if self.clustered {
		return
	}
	p.apart, p.spread = true, true
	l.shards = len(p.names(toPattern)) == 0 && len(p.pings) == 0
}

// lost notes that a link has ended.
func (p *PubSub) lost(l *link, cause error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(l, cause)
}

var errLeft = errors.New("the node does not belong to the cluster any more")

// drop ends a link and sees to what depended on it. The cause, if there is one,
// is reported, and keeps the node from being dialled again at once. The lock is
// held.
func (p *PubSub) drop(l *link, cause error) {
	if l.gone {
		return
	}
	l.gone = true
	l.cancel()
	if l.nc != nil {
		closeNow(l.nc)
	}
	p.links = slices.DeleteFunc(p.links, func(other *link) bool { return other == l })
	lost := isLoss(l, cause)
	if lost {
		p.noteLoss(l, cause)
	}
	var waiting []*topic // for what the link was to do
	for t := range p.wishes {
		if t.at == l || !l.shards && !p.placed(t.kind) {
			waiting = append(waiting, t)
		}
	}
	for _, t := range p.topics {
		switch {
		case t.old == l:
			t.farewell = true
			p.endOverlap(t)
		case t.at == l:
			p.shardLost(t)
		}
	}
	for _, r := range l.sent {
		if r.what == reqUnsubscribe {
			for _, t := range r.topics[r.done:] {
				p.endedAsAsked(l, t, r)
			}
		}
	}
	l.sent = nil
	nudge(p.wake)
	if !l.shards && l.nc != nil && !p.spread {
		p.lastNode, p.elsewhere = l.addr, p.clock()+nodePause
		if cause == errNoPong || cause == errLeft {
			p.lastNode = ""
		}
	}
	if cause == nil {
		return
	}
	rest := p.pauses[l.addr]
	if rest == nil {
		rest = new(dialPause)
		p.pauses[l.addr] = rest
	}
	rest.until = p.clock() + backoff(shortestPause, longestPause, rest.failures)
	rest.failures++
	err := l.failed(cause)
	if !lost {
		p.fail(err)
	}
	hope := p.hopeFor(l, cause)
	if !lost && !hope {
		p.failing[l.addr] = true
		p.source.background().note(backgroundTask{connectPubSub, l.addr}, err)
	}
	for _, t := range waiting {
		p.deny(t, err, hope)
	}
	p.unsettle()
}

// fail tells the receiver of trouble, and of what was lost before it. The lock is
// held, as it is for those that follow.
func (p *PubSub) fail(err error) {
	p.tellLoss()
	p.inbox.fail(err)
}

// isLoss reports whether a link that ends for this reason had a connection that is
// lost, as opposed to one that was never made, is not needed any more, or was refused
// something.
func isLoss(l *link, cause error) bool {
	var refused resp.Error
	return l.nc != nil && cause != nil && !errors.As(cause, &refused)
}

// noteLoss notes that the connection of a link is lost. The receiver is told at once if
// nothing was subscribed to there, and of an earlier loss if this one shows that the
// subscriptions could not be made again.
func (p *PubSub) noteLoss(l *link, cause error) {
	missing := map[*topic]bool{}
	first := true
	for _, t := range p.topics {
		if t.at == l && t.old == nil || l.subs[t] != subUnsent {
			missing[t] = true
			first = first && (p.loss == nil || !p.loss.missing[t])
		}
	}
	if !first {
		p.tellLoss()
	}
	if p.loss == nil {
		p.loss = &linkLoss{missing: missing, until: p.clock() + p.source.patience()}
		nudge(p.wake)
	}
	maps.Copy(p.loss.missing, missing)
	p.loss.err = lossError(l, cause)
	if len(p.loss.missing) == 0 {
		p.tellLoss()
	}
}

// lossError is io.EOF itself if the server has closed the connection: programs compare
// with it. Any other is a [net.Error].
func lossError(l *link, cause error) error {
	if cause == io.EOF {
		return cause
	}
	return netError{l.failed(cause)}
}

// regained notes that a topic is subscribed to again, or not wanted any more.
func (p *PubSub) regained(t *topic) {
	if p.loss == nil || !p.loss.missing[t] {
		return
	}
	delete(p.loss.missing, t)
	if len(p.loss.missing) == 0 {
		p.tellLoss()
	}
}

// tellLoss tells the receiver of a lost connection.
func (p *PubSub) tellLoss() {
	if p.loss != nil {
		p.inbox.failLost(p.loss.err)
		p.loss = nil
	}
}

// tellLoss does so in any case when it is time.
func (r *linkRound) tellLoss() {
	switch loss := r.p.loss; {
	case loss == nil:
	case r.now >= loss.until:
		r.p.tellLoss()
	default:
		r.until(loss.until)
	}
}
