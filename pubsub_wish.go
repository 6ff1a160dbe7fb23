package redis

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

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
