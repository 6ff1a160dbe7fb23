package redis

import (
	"errors"
	"slices"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// handle does what a link's notices demand. It reports whether the link is of use
// still.
func (p *PubSub) handle(l *link, notices []notice) bool {
	if len(notices) == 0 {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range notices {
		if l.gone {
			return false
		}
		p.handleOne(l, n)
	}
	return !l.gone
}

func (p *PubSub) handleOne(l *link, n notice) {
	l.silent = false
	l.resp3 = l.resp3 || n.push
	switch n.kind {
	case isMessage:
		p.deliver(l, n)
	case isSubscribed:
		p.confirmed(l, n)
	case isUnsubscribed:
		p.ended(l, n)
	case isAnswer:
		p.answered(l, n.replica)
	case isRefusal:
		p.refused(l, n.text)
		return
	}
	delete(p.pauses, l.addr)
}

// deliver passes a message on, unless the subscription is elsewhere by now.
func (p *PubSub) deliver(l *link, n notice) {
	if !p.placed(n.of) {
		p.inbox.put(n.msg)
		return
	}
	key := topicKey{n.of, n.name}
	t := p.topics[key]
	switch {
	case t == nil && l.ending[key] != nil, t != nil && t.old == l:
		p.inbox.put(n.msg)
	case t != nil && t.at == l && t.old == nil:
		p.inbox.put(n.msg)
	case t != nil && t.at == l:
		p.hold(t, n.msg)
	}
}

// confirmed handles the confirmation of a subscription.
func (p *PubSub) confirmed(l *link, n notice) {
	r := l.sent.first()
	if r == nil || r.what != reqSubscribe || r.kind != n.of || r.topics[r.done].name != n.name {
		return
	}
	t := r.topics[r.done]
	if r.done++; r.done == len(r.topics) {
		l.sent.pop()
	}
	switch {
	case p.placed(n.of):
		p.shardConfirmed(l, t)
	case p.topics[t.topicKey] == t:
		l.subs[t] = subMade
		t.failures = 0
		if p.everywhere(t) {
			p.announce(t)
		}
	}
}

// everywhere reports whether a channel or pattern is subscribed to wherever it
// should be.
func (p *PubSub) everywhere(t *topic) bool {
	for _, l := range p.links {
		if !l.shards && l.subs[t] != subMade {
			return false
		}
	}
	return !p.unlinked
}

// ended handles the end of a subscription: one that was asked for, or one that
// the server has ended.
func (p *PubSub) ended(l *link, n notice) {
	r := l.sent.first()
	if r != nil && r.what == reqUnsubscribe && r.kind == n.of {
		left := r.topics[r.done:]
		if i := slices.IndexFunc(left, func(t *topic) bool { return t.name == n.name }); i >= 0 {
			left[0], left[i] = left[i], left[0]
			r.done++
			p.endedAsAsked(l, left[0], r)
			return
		}
	}
	t := p.topics[topicKey{n.of, n.name}]
	switch {
	case t == nil:
	case p.placed(n.of):
		p.shardEnded(l, t)
	case l.subs[t] == subMade:
		delete(l.subs, t)
		nudge(p.wake)
	}
}

// endedAsAsked handles the end of a subscription on a link that was asked for
// by r.
func (p *PubSub) endedAsAsked(l *link, t *topic, r *linkRequest) {
	delete(l.subs, t)
	if p.placed(t.kind) {
		p.shardLeft(l, t)
	}
	if !r.user {
		return
	}
	if l.ending[t.topicKey] == t {
		delete(l.ending, t.topicKey)
	}
	if t.endings--; t.endings == 0 {
		p.announceEnd(t)
	}
}

// answered handles an answer that is no confirmation.
func (p *PubSub) answered(l *link, isReplica bool) {
	r := l.sent.first()
	if r == nil || r.what == reqSubscribe {
		return
	}
	l.sent.pop()
	switch r.what {
	case reqUnsubscribe:
		for _, t := range r.topics[r.done:] {
			p.endedAsAsked(l, t, r)
		}
		nudge(p.wake) // the link may be of no use any more
	case reqPing:
		if r.user {
			p.inbox.put(&Pong{r.payload})
		}
	case reqFence:
		p.fencePassed(l)
	case reqProbe:
		p.probed(l, r.topics[0], "")
	case reqRole:
		l.roleOpen, l.demoted = false, isReplica
		nudge(p.wake)
	}
}

// refused handles an error reply, which is for the oldest request.
func (p *PubSub) refused(l *link, text string) {
	r := l.sent.first()
	switch {
	case r == nil:
		p.drop(l, resp.Error(text))
	case r.what == reqSubscribe:
		l.sent.pop()
		p.subscribeRefused(l, r, text)
	case r.what == reqProbe:
		l.sent.pop()
		p.probed(l, r.topics[0], text)
	case r.what == reqUnsubscribe && !r.refused && r.done < len(r.topics):
		r.refused = true // the answer to the PING behind it is to come
	default:
		if r.user || r.what == reqOther {
			p.fail(l.failed(resp.Error(text)))
		}
		p.answered(l, false)
	}
}

// errRenew is why a connection is closed whose server says MOVED and names
// itself: it wants another connection.
var errRenew = errors.New("the server asks for a new connection")

func (p *PubSub) subscribeRefused(l *link, r *linkRequest, text string) {
	if to, ok := parseRedirect(text); ok && !to.ask && l.shards {
		addr := completeHost(to.addr, l.addr)
		if addr == l.addr {
			p.drop(l, errRenew)
			return
		}
		if p.source.moved(to.slot, addr) {
			err := l.failed(refusal(subscribeWords[r.kind], text))
			for _, t := range r.topics {
				p.deny(t, err, true)
				p.shardRefused(l, t, freeRedirects)
			}
			nudge(p.wake)
			return
		}
	}
	err := refusal(subscribeWords[r.kind], text)
	if !l.shards && judgeReply(text, outcome{err: err}).action != giveUp {
		p.drop(l, err) // another node will do better
		return
	}
	err = l.failed(err)
	p.fail(err)
	r.topics[0].refusedAs = listTopics(r.topics)
	p.source.background().note(backgroundTask{subscribeTo, r.topics[0].refusedAs}, err)
	for _, t := range r.topics {
		p.deny(t, err, false)
		if p.placed(t.kind) {
			p.shardRefused(l, t, 0)
			continue
		}
		delete(l.subs, t)
		p.backOff(t, 0)
	}
	p.source.refresh()
	nudge(p.wake)
}

// backOff leaves a topic alone for a while, after some failures that are free.
func (p *PubSub) backOff(t *topic, free int) {
	if t.failures++; t.failures > free {
		t.retryAt = p.clock() + backoff(shortestPause, longestPause, t.failures-free-1)
	}
}
