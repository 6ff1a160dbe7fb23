package redis

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/seed-e06f3def/rediscluster/internal/wire"
)

// asNetError is err, as a net.Error itself if one is within.
func asNetError(err error) error {
	if errors.As(err, new(net.Error)) {
		return netError{err}
	}
	return err
}

// outcome is what a command met at a node.
type outcome struct {
	err        error
	repeatable bool // running the command twice does no harm, or is asked for
	replica    bool // it was a read, on a node that others can stand in for
	circling   bool // it was redirected MaxRedirects times since its last pause
	self       bool // a redirect names the very node that was asked
	known      bool // a MOVED says what the slot map says already
}

// action is what to do about an outcome.
type action uint8

const (
	giveUp  action = iota // the caller gets the error
	again                 // the same once more, at once: nothing is wrong with the node
	retry                 // once more after a pause, counted by MaxRetries
	outlast               // once more after a pause, for at most FailoverTimeout
	await                 // once more when the shard is back, for at most FailoverTimeout
	avoid                 // at another node of the shard, at once
	move                  // at the node that MOVED names
	ask                   // at the node that ASK names, after ASKING
)

// maxUnfit bounds how many connections in a row may turn out to be unfit for a
// command before it pauses: a server that died may leave a whole pool of them.
const maxUnfit = 1000

// verdict is an action with what goes with it.
type verdict struct {
	action  action
	addr    string // that a redirect names
	slot    int    // of a redirect
	refresh bool   // the slot map may be out of date
	err     error  // for the caller, if it ends here

	redirected bool // another server would have run it
	counted    bool // another attempt counts against MaxRetries, whatever the action
}

// replyRules say what to do about an error reply that tells of the state of
// the cluster rather than of the command: none of these commands ran.
var replyRules = []struct {
	prefix  string
	action  action
	replica action // when it was a read on a replica
	refresh bool
}{
	{"TRYAGAIN", outlast, outlast, false}, // the keys of a slot move one by one
	{"LOADING", await, avoid, false},
	{"CLUSTERDOWN", await, await, true},
	{"MASTERDOWN", await, avoid, true},
	{"READONLY", await, await, true},
	{"NOREPLICAS", retry, retry, false},
	// A command that blocked when its primary was demoted; CLIENT UNBLOCK says
	// otherwise.
	{"UNBLOCKED force", await, await, true},
}

// judge decides about an outcome that is an error. It is the whole of the retry
// rules: DESIGN.md shows them as a table.
func judge(o outcome) verdict {
	var reply Error
	if errors.As(o.err, &reply) && !errors.As(o.err, new(*DialError)) {
		return judgeReply(reply.Error(), o)
	}

	var dial *DialError
	if errors.As(o.err, &dial) {
		switch {
		case dial.permanent():
			return verdict{err: o.err}
		case !dial.passes() && !o.replica:
			return verdict{action: retry, refresh: true, err: o.err}
		}
		return o.absent()
	}

	var lost *NodeError
	switch {
	case errors.Is(o.err, ErrPoolTimeout):
		return verdict{err: o.err}
	case !errors.As(o.err, &lost):
		return verdict{err: o.err} // the reply made no sense
	case errors.Is(lost.Cause, context.Canceled), errors.Is(lost.Cause, context.DeadlineExceeded):
		return verdict{err: o.err}
	case lost.Wrote == 0 && outdated(lost.Cause):
		return verdict{action: again, err: o.err}
	case lost.Wrote == 0:
		return o.absent()
	case !lost.MayHaveRun():
		// The server died, or refused the request for its size: that must not go on.
		v := o.absent()
		v.counted = true
		return v
	case !o.repeatable:
		return verdict{refresh: true, err: inDoubt(o.err)}
	case lost.Cause == ErrReplyTooLarge && lost.Received > 0, lost.Received >= largeReply && lost.Timeout():
		return verdict{err: o.err} // the next attempt would end like this one
	case o.replica:
		return verdict{action: avoid, refresh: true, err: o.err}
	}
	return verdict{action: retry, refresh: true, err: o.err}
}

// largeReply is from how many bytes on it is the reply itself that did not come in time.
const largeReply = 64 << 10

// absent is for a command that could not be sent because its node is away.
func (o outcome) absent() verdict {
	if o.replica {
		return verdict{action: avoid, refresh: true, err: o.err}
	}
	return verdict{action: await, refresh: true, err: o.err}
}

// outdated reports whether it was only the connection that was not fit: it had
// been idle and closed, or had just been retired or taken.
func outdated(cause error) bool {
	return cause == wire.ErrClosedByServer || cause == wire.ErrReserved || cause == wire.ErrClosed
}

func judgeReply(text string, o outcome) verdict {
	if cause := abortCause(text); cause != "" {
		text = cause
	}
	if isRedirect(text) {
		return judgeRedirect(text, o)
	}
	if isReadOnlyScript(text) {
		text = "READONLY"
	}
	for _, rule := range replyRules {
		if !strings.HasPrefix(text, rule.prefix) {
			continue
		}
		v := verdict{action: rule.action, refresh: rule.refresh, err: o.err}
		if o.replica {
			v.action = rule.replica
		}
		return v
	}
	return verdict{err: o.err}
}

// judgeRedirect decides about MOVED and ASK: the command did not run. Where that
// leads nowhere the servers do not agree yet who serves the slot.
func judgeRedirect(text string, o outcome) verdict {
	r, usable := parseRedirect(text)
	v := verdict{action: await, addr: r.addr, slot: r.slot, refresh: !o.known || o.circling, err: o.err, redirected: true}
	self := usable && o.self && !r.ask
	switch {
	case o.replica && (!usable || self || o.circling):
		v.action = avoid
	case self: // the server wants the client on another connection
		v.action = outlast
	case !usable, o.circling:
	case r.ask:
		v.action, v.refresh = ask, false
	default:
		v.action = move
	}
	return v
}

// abortCause is why EXEC itself was refused, where that is what an EXECABORT says; ""
// if it is not.
func abortCause(text string) string {
	if !strings.HasPrefix(text, "EXECABORT ") {
		return ""
	}
	_, cause, _ := strings.Cut(text, " because of: ")
	return strings.TrimPrefix(cause, "-")
}
