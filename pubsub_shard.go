package redis

import "time"

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
