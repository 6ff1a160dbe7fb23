package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"os"
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

// wish is a call that waits until its subscriptions are made. What is published
// after it has returned, by whatever connection, is received.
type wish struct {
	topics  []*topic
	missing int        // how many of topics are not confirmed yet
	over    chan error // has room for what the call returns
	trouble error      // the latest that did not end it
}

// wishPatience is how long a wish may wait, by a client's timeouts. It is long
// enough for a dial that fails to say so, and not longer than by default.
func wishPatience(dial, read time.Duration) time.Duration {
	if dial <= 0 || dial > defaultDialTimeout {
		dial = defaultDialTimeout
	}
	if read <= 0 || read > defaultReadTimeout {
		read = defaultReadTimeout
	}
	return dial + read
}

// subscribe adds topics and waits until they are subscribed to, or until that has
// failed. They are wanted in either case.
func (p *PubSub) subscribe(ctx context.Context, kind topicKind, names []string) error {
	w, err := p.want(kind, names)
	if err != nil || len(w.topics) == 0 {
		return err
	}
	patience := p.source.patience()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	var cause error
	text := "not confirmed"
	select {
	case err := <-w.over:
		return err
	case <-ctx.Done():
		cause = ctx.Err()
	case <-p.life.Done():
		cause = ErrClosed
	case <-timer.C:
		cause = os.ErrDeadlineExceeded
		text = fmt.Sprintf("not confirmed within %s", patience)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(w)
	select {
	case err := <-w.over: // just now
		return err
	default:
	}
	switch {
	case cause == ErrClosed:
		return cause
	case w.trouble == nil:
		err = p.unconfirmed(text, cause, w.topics)
	case cause == os.ErrDeadlineExceeded:
		err = w.trouble
	default:
		err = netError{fmt.Errorf("%w (after: %w)", p.unconfirmed(text, cause, w.topics), w.trouble)}
	}
	if cause == os.ErrDeadlineExceeded && p.source.view() != nil { // else the loads of the map are logged
		p.logUnmade(w.topics, err)
	}
	return err
}

// logUnmade logs that subscriptions cannot be made. The lock is held.
func (p *PubSub) logUnmade(topics []*topic, err error) {
	unmade := slices.DeleteFunc(slices.Clone(topics), func(t *topic) bool { return p.topics[t.topicKey] != t || t.known })
	if len(unmade) == 0 {
		return
	}
	unmade[0].refusedAs = listTopics(unmade)
	p.source.background().note(backgroundTask{subscribeTo, unmade[0].refusedAs}, err)
}

// unconfirmed is the error of a wait for topics to be subscribed to that ends because of
// cause: it says what is awaited of whom. The lock is held.
func (p *PubSub) unconfirmed(text string, cause error, topics []*topic) error {
	var errs []error
	if p.source.view() == nil {
		errs = append(errs, p.source.unloaded(cause))
	}
	for _, l := range p.links {
		asked := slices.ContainsFunc(topics, func(t *topic) bool { return l.subs[t] == subAsked })
		switch {
		case l.gone:
		case l.nc == nil:
			errs = append(errs, unfinished(l.addr, stageOf(l.step), cause))
		case asked:
			errs = append(errs, fmt.Errorf("redis: %s: no answer to the subscription: %w", l.addr, cause))
		}
	}
	switch err := errors.Join(errs...); {
	case err != nil:
		cause = err
	case cause != os.ErrDeadlineExceeded:
		return cause // nothing is under way
	}
	return asNetError(fmt.Errorf("redis: pub/sub: %s: %w", text, cause))
}

// grant notes that a topic is subscribed to, or not wanted any more. The lock is
// held, as it is for those that follow.
func (p *PubSub) grant(t *topic) {
	for _, w := range p.wishes[t] {
		if w.missing--; w.missing == 0 {
			w.over <- nil
		}
	}
	delete(p.wishes, t)
}

// deny tells those who wait for a topic of trouble, which ends their wait unless
// there is hope.
func (p *PubSub) deny(t *topic, err error, hope bool) {
	for _, w := range slices.Clone(p.wishes[t]) {
		if w.trouble = err; !hope {
			p.forget(w)
			w.over <- err
		}
	}
}

// denyAll is deny for all topics, without hope.
func (p *PubSub) denyAll(err error) {
	for t := range p.wishes {
		p.deny(t, err, false)
	}
}

// forget has nothing told to a wish any more.
func (p *PubSub) forget(w *wish) {
	for _, t := range w.topics {
		left := slices.DeleteFunc(p.wishes[t], func(other *wish) bool { return other == w })
		if p.wishes[t] = left; len(left) == 0 {
			delete(p.wishes, t)
		}
	}
}

// hopeFor reports whether what depended on a link that is dropped for this reason
// may be subscribed to at once all the same: because a connection was lost, which
// says nothing about the next, because the map has shown to be out of date, or
// because there is a node that was not tried since. The link has its pause by now.
func (p *PubSub) hopeFor(l *link, cause error) bool {
	var refused resp.Error
	switch {
	case cause == errReplica, cause == errRenew, l.nc != nil && !errors.As(cause, &refused):
		return true
	case l.shards, p.spread:
		return false
	}
	view := p.source.view()
	untried := func(n *node) bool {
		rest := p.pauses[n.addr]
		return rest == nil || rest.until < l.born
	}
	return slices.ContainsFunc(view.primaries(), untried) || slices.ContainsFunc(view.replicas(), untried)
}

// shardTopic is where a shard channel, or whatever else has its place by its slot (see
// [PubSub.placed]), is subscribed to. When its slot moves, the
// subscription at the new node is made before the one at the old node ends, and
// what the new node sends is held until it is certain that everything the old
// node had sent before has come.
//
// The nodes of one shard are another matter. A replica lets clients subscribe
// and publish, and passes on what its primary publishes, and the other way
// round: who is subscribed at two of them gets messages twice. So a subscription
// that moves within a shard ends at the one node before it is made at the other,
// and a primary that has ended one is not asked again before it is known that it
// is a primary still. A primary that was replaced without noticing, because it
// was frozen or cut off, is in no map for a while: it is known by its replica.
type shardTopic struct {
	slot     int
	at       *link // nil: nowhere
	state    subState
	leaveBy  time.Duration // when at is left, whether it has confirmed that or not
	left     string        // the node that has ended the subscription by itself
	leftTill time.Duration // until when it is not asked again
	doubtful bool          // at is that node, which may be a replica by now

	old      *link // where it is subscribed to as well, while it moves
	oldUntil time.Duration
	farewell bool // old was told to end it
	held     []heldMessage
}

// heldMessage waits for a fence of the old link.
type heldMessage struct {
	msg   *Message
	fence uint64
	since time.Duration
}

const (
	// shardOverlap is for how long the old node keeps the subscription after the new
	// one has it, unless it ends it by itself: nodes hear of a moved slot one by
	// one, and until then publishers are served by the old one.
	shardOverlap = time.Second
	// patienceToLeave is how long the old node may take to let go.
	patienceToLeave = 300 * time.Millisecond
	// nodePause is how long a message may take from one node to another. Who has
	// received it at the one and subscribes at the other meanwhile would receive
	// it twice.
	nodePause = 100 * time.Millisecond
	// maxHeld bounds the messages held for a channel.
	maxHeld = 10_000
	// freeRedirects is how many MOVED are followed without a pause.
	freeRedirects = 3
)

// place finds the link where a shard channel belongs.
func (r *linkRound) place(t *topic) {
	r.endOverlaps(t)
	s := r.view.at(t.slot)
	if s == nil {
		r.lacking = true
		return
	}
	switch {
	case t.state != subLeaving:
	case t.at.silent:
		r.p.shardLost(t)
	case r.now >= t.leaveBy:
		r.p.shardLost(t)
		t.retryAt = r.now + nodePause
	}
	if t.at != nil && t.at.addr == s.primary.addr && t.state != subLeaving {
		t.at.shard = s
		return
	}
	if r.now < t.retryAt {
		r.until(t.retryAt)
		return
	}
	if s.primary.addr == t.left && r.now < t.leftTill {
		r.lacking = true
		r.until(t.leftTill)
		return
	}
	switch t.state {
	case subUnsent, subAsked:
		if t.old != nil && t.old.addr == s.primary.addr {
			r.p.shardLost(t) // it is where it should be
			return
		}
		if to := r.linkTo(s.primary, true); to != nil || t.at == nil || t.at.nc == nil {
			t.at, t.state = to, subUnsent
		}
		if t.at != nil {
			t.doubtful = t.at.addr == t.left
		}
	case subLeaving:
		if to := r.linkTo(s.primary, true); to != nil {
			r.kept[to] = true
		}
		r.until(t.leaveBy)
	case subMade:
		r.move(t, s)
	}
}

// move begins to move a subscription to the shard's primary.
func (r *linkRound) move(t *topic, s *shard) {
	to := r.linkTo(s.primary, true)
	if to == nil {
		return // as long as that cannot be reached, better here than nowhere
	}
	if t.doubtful || hasAddr(s.nodes, t.at.addr) || t.at.hadReplica(s.primary.addr) {
		switch {
		case t.at.silent:
			r.p.shardLost(t)
			if t.at == nil {
				t.at = to
			}
		case to.nc == nil:
			r.kept[to] = true // not before it is certain that there is a primary
		default:
			r.kept[to] = true
			t.state, t.leaveBy = subLeaving, r.now+patienceToLeave
			r.leave(t.at, t)
			r.until(t.leaveBy)
		}
		return
	}
	if t.old == to && !t.farewell { // back to where it was
		r.p.deliverHeld(t)
		t.at, t.old, t.oldUntil = to, t.at, r.now+shardOverlap
		return
	}
	if t.old != nil {
		r.p.endOverlap(t)
	}
	t.old, t.at, t.state, t.farewell = t.at, to, subUnsent, false
}

// leave has a link end its subscription at the end of the round.
func (r *linkRound) leave(l *link, t *topic) { r.leaves[l] = append(r.leaves[l], t) }

// endOverlaps ends a subscription at the old node when it has lasted long
// enough.
func (r *linkRound) endOverlaps(t *topic) {
	if t.old == nil {
		return
	}
	if len(t.held) > 0 {
		due := t.held[0].since + patienceToLeave
		if t.old.silent || r.now >= due {
			r.p.endOverlap(t)
			return
		}
		r.until(due)
	}
	if t.state != subMade {
		return
	}
	switch {
	case t.old.silent, r.now >= t.oldUntil+patienceToLeave:
		r.p.endOverlap(t)
	case r.now < t.oldUntil:
		r.until(t.oldUntil)
	default:
		if !t.farewell {
			t.farewell = true
			r.leave(t.old, t)
		}
		r.until(t.oldUntil + patienceToLeave)
	}
}

// endOverlap gives the old link up: what it still sends for the channel does not
// count.
func (p *PubSub) endOverlap(t *topic) {
	old := t.old
	t.old = nil
	p.deliverHeld(t)
	if !t.farewell && !old.gone && old.nc != nil {
		old.sendFor(reqUnsubscribe, false, []*topic{t})
	}
	nudge(p.wake)
}

// hold keeps a message of the new link until the old one has sent what was
// published before.
func (p *PubSub) hold(t *topic, msg *Message) {
	if len(t.held) >= maxHeld {
		p.endOverlap(t)
		p.inbox.put(msg)
		return
	}
	t.held = append(t.held, heldMessage{msg, t.old.fence(), p.clock()})
	if len(t.held) == 1 {
		nudge(p.wake) // to set the timer
	}
}

// deliverHeld delivers all that is held.
func (p *PubSub) deliverHeld(t *topic) {
	for _, h := range t.held {
		p.inbox.put(h.msg)
	}
	t.held = nil
}

// fencePassed delivers what was held until then.
func (p *PubSub) fencePassed(l *link) {
	l.fencesPassed++
	for _, t := range p.topics {
		if t.old != l {
			continue
		}
		for len(t.held) > 0 && t.held[0].fence <= l.fencesPassed {
			p.inbox.put(t.held[0].msg)
			t.held = t.held[1:]
		}
	}
	if l.fenceWanted {
		l.sendFence()
	}
}

// shardConfirmed handles the confirmation of a subscription to a shard channel.
func (p *PubSub) shardConfirmed(l *link, t *topic) {
	now := p.topics[t.topicKey]
	switch {
	case now == t && t.at == l && t.state != subLeaving:
		t.state, t.failures, t.retryAt = subMade, 0, 0
		if l.addr != t.left {
			t.left = ""
		}
		if t.old != nil {
			t.oldUntil = p.clock() + shardOverlap
			nudge(p.wake)
		}
		p.announce(t)
	case now != nil && (now.at == l || now.old == l), l.ending[t.topicKey] != nil:
	default: // it has been sent elsewhere meanwhile, or is not wanted any more
		l.sendFor(reqUnsubscribe, false, []*topic{t})
	}
}

// shardEnded handles the end of a subscription that the server has ended: the
// slot is not its own any more. It is asked at once for a key of that name,
// because its refusal is the quickest way to learn who has the slot: unlike
// subscribing, a replica refuses that.
func (p *PubSub) shardEnded(l *link, t *topic) {
	switch {
	case t.old == l:
		t.farewell = true
		p.endOverlap(t)
	case t.at == l && t.state == subLeaving:
		p.shardLeft(l, t)
	case t.at == l && t.state == subMade:
		t.at, t.state = nil, subUnsent
		t.left, t.leftTill = l.addr, p.clock()+patienceToLeave
		if l.resp3 { // in RESP2 nothing can be asked beside subscriptions
			l.send(&linkRequest{what: reqProbe, topics: []*topic{t}}, "exists", t.name)
		}
	default:
		return
	}
	p.unsettle()
}

// probed handles the answer to the question for a key: refusal is empty if it
// was no error.
func (p *PubSub) probed(l *link, t *topic, refusal string) {
	if t.left != l.addr {
		return
	}
	to, redirected := parseRedirect(refusal)
	switch {
	case refusal == "", redirected && to.ask: // it is the primary
		t.left, t.leftTill = "", 0
	case redirected:
		p.source.moved(to.slot, completeHost(to.addr, l.addr))
	}
	nudge(p.wake)
}

// shardLeft handles the end of a subscription that was asked for.
func (p *PubSub) shardLeft(l *link, t *topic) {
	switch {
	case t.old == l:
		t.farewell = true
		p.endOverlap(t)
	case t.at == l && t.state == subLeaving:
		p.shardLost(t)
		t.retryAt = p.clock() + nodePause
		nudge(p.wake)
	}
}

// shardRefused handles a refused subscription.
func (p *PubSub) shardRefused(l *link, t *topic, free int) {
	if t.at != l || t.state == subLeaving {
		return
	}
	p.backOff(t, free)
	p.shardLost(t)
}

// shardLost notes that a shard channel is not subscribed to where it should be:
// if the old subscription is still there, it is back to that.
func (p *PubSub) shardLost(t *topic) {
	if t.old == nil {
		t.at, t.state = nil, subUnsent
		return
	}
	p.deliverHeld(t)
	t.at, t.state, t.old = t.old, subMade, nil
	if t.farewell {
		t.state, t.leaveBy = subLeaving, p.clock()+patienceToLeave
	}
}

// unsettle has the map asked for, for a while: it may lag behind what a link
// has shown.
func (p *PubSub) unsettle() {
	p.settled = p.clock() + mapSettling
	p.source.refresh()
	nudge(p.wake)
}

// pubsubSource tells a PubSub where its connections may lead: to the nodes of a
// cluster, or to the one server of a Client.
type pubsubSource interface {
	// view is the nodes as they are known now; nil while none are.
	view() nodeView
	// changed returns a channel that is closed when view may give another
	// answer, and nil if it never will.
	changed() <-chan struct{}
	// refresh has the nodes looked up again, without waiting for it.
	refresh()
	// trouble is why view is nil.
	trouble() error
	// unloaded is the error of a wait, while view is nil, that ends because of cause.
	unloaded(cause error) error
	// moved learns from a node that the one at addr serves the slot. It reports
	// whether the source follows.
	moved(slot int, addr string) bool
	// hasReplicas reports whether there may be replicas among the nodes.
	hasReplicas() bool
	// mayStandAlone reports whether the nodes may be servers that stand alone, so that
	// a message reaches the subscribers of one node only.
	mayStandAlone() bool
	// patience is how long Subscribe may wait.
	patience() time.Duration
	// over is closed when the client is.
	over() <-chan struct{}
	// background is the client's log of what fails.
	background() *failureLog
}

// nodeView is what a PubSub has to know of a slotMap.
type nodeView interface {
	at(slot int) *shard
	shardList() []*shard
	primaries() []*node
	replicas() []*node
}

// hasNode reports whether the node at addr is in the view.
func hasNode(v nodeView, addr string) bool {
	return hasAddr(v.primaries(), addr) || hasAddr(v.replicas(), addr)
}

func hasAddr(nodes []*node, addr string) bool {
	return slices.ContainsFunc(nodes, func(n *node) bool { return n.addr == addr })
}

// clusterSource is the nodes of a cluster.
type clusterSource struct{ t *topology }

func (s clusterSource) view() nodeView {
	if m := s.t.now.Load(); m != nil {
		return m
	}
	return nil
}

func (s clusterSource) changed() <-chan struct{} { return s.t.next() }
func (s clusterSource) refresh()                 { s.t.refresh() }
func (s clusterSource) hasReplicas() bool        { return true }
func (s clusterSource) mayStandAlone() bool      { return s.t.opt.ClusterSlots != nil }
func (s clusterSource) over() <-chan struct{}    { return s.t.life.Done() }
func (s clusterSource) background() *failureLog  { return &s.t.background }

func (s clusterSource) unloaded(cause error) error { return s.t.unloaded(cause) }

func (s clusterSource) patience() time.Duration {
	return wishPatience(s.t.opt.DialTimeout, s.t.opt.ReadTimeout)
}

func (s clusterSource) trouble() error {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	return s.t.lastErr
}

func (s clusterSource) moved(slot int, addr string) bool {
	if s.t.meet(s.t.life, announced{addr: addr, stranger: true}) == nil {
		s.t.moved(slot, addr)
	}
	s.t.refresh()
	return true
}

// singleSource is one server, which serves every slot.
type singleSource struct {
	server *shard
	opt    *Options
	done   <-chan struct{}
}

func newSingleSource(c *Client) singleSource {
	n := &node{announced: announced{addr: c.opt.Addr}, client: c}
	return singleSource{newShard(n, nil), c.opt, c.pool.life.Done()}
}

func (s singleSource) view() nodeView           { return s }
func (s singleSource) changed() <-chan struct{} { return nil }
func (s singleSource) refresh()                 {}
func (s singleSource) hasReplicas() bool        { return false }
func (s singleSource) mayStandAlone() bool      { return false }
func (s singleSource) trouble() error           { return nil }
func (s singleSource) unloaded(c error) error   { return c }
func (s singleSource) moved(int, string) bool   { return false }
func (s singleSource) patience() time.Duration {
	return wishPatience(s.opt.DialTimeout, s.opt.ReadTimeout)
}

func (s singleSource) over() <-chan struct{}   { return s.done }
func (s singleSource) background() *failureLog { return s.opt.background }
func (s singleSource) at(int) *shard           { return s.server }
func (s singleSource) shardList() []*shard     { return []*shard{s.server} }
func (s singleSource) primaries() []*node      { return s.server.nodes }
func (s singleSource) replicas() []*node       { return nil }
