package redis

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
	"github.com/seed-e06f3def/rediscluster/internal/wire"
)

// Error is an error that the server sent in reply to a command, as opposed to
// one that kept the reply from coming. Use [errors.As] to tell them apart, or
// the functions IsMovedError and the like for a certain one.
type Error interface {
	error
	// RedisError does nothing; it marks the replies of a server.
	RedisError()
}

var _ Error = resp.Error("")

// Nil is the error for a null reply: the key, field or member does not exist.
// Compare with errors.Is, or ==.
const Nil = resp.Nil

// ErrCrossSlot is returned, before anything is sent, for keys of different
// slots in a transaction or Watch. A server's refusal of a single command is
// equal to it.
var ErrCrossSlot error = errCrossSlot

const errCrossSlot = resp.Error("CROSSSLOT Keys in request don't hash to the same slot")

// crossSlot is [ErrCrossSlot] for two keys.
func crossSlot(a, b string) error {
	return &replyError{errCrossSlot, crossSlotHint(a, b)}
}

func crossSlotHint(a, b string) string {
	return fmt.Sprintf("%q is in slot %d, %q in slot %d: keys with the same {tag} share a slot",
		shortened(a, shownBytes), keySlot(a), shortened(b, shownBytes), keySlot(b))
}

// replyError is a reply of the server with what helps to find its cause behind it. It
// begins with the reply, which is what programs look for.
type replyError struct {
	reply Error
	hint  string
}

func (e *replyError) Error() string { return e.reply.Error() + " (" + e.hint + ")" }
func (e *replyError) Unwrap() error { return e.reply }

// RedisError marks the error as a reply of the server.
func (e *replyError) RedisError() {}

// explained is the error that cmd has met at the node at addr, with what helps to find
// its cause. A reply of the server stays what it is and comes first, as programs look for
// its beginning; no value is named, and no secret. alone says that addr is the only
// server there is.
func explained(err error, cmd Cmder, addr string, alone bool) error {
	switch e := err.(type) {
	case resp.Error:
		if e == Nil {
			return err
		}
		shown := resp.Error(cmd.command().withoutSecrets(string(e)))
		if hint := replyHint(e, cmd, addr, alone); hint != "" {
			return &replyError{shown, hint}
		}
		if shown != e {
			return shown
		}
	case *resp.TypeError:
		return fmt.Errorf("%w (%s at %s)", err, cmd.FullName(), addr)
	}
	return err
}

func replyHint(reply resp.Error, cmd Cmder, addr string, alone bool) string {
	code, _, _ := strings.Cut(string(reply), " ")
	switch code {
	case "WRONGTYPE":
		return fmt.Sprintf("%s at %s", cmd.FullName(), addr)
	case "CROSSSLOT":
		_, err := transactionTarget([]Cmder{cmd})
		var crossing *replyError
		if errors.As(err, &crossing) {
			return fmt.Sprintf("%s: %s", cmd.FullName(), crossing.hint)
		}
		return fmt.Sprintf("%s: keys with the same {tag} share a slot", cmd.FullName())
	case "MOVED":
		if alone {
			return addr + " is a node of a cluster: use NewClusterClient"
		}
	}
	return ""
}

// replyIn is the server's reply in err, as it was sent.
func replyIn(err error) (reply Error, ok bool) {
	if ok = errors.As(err, &reply); ok {
		if e, hinted := reply.(*replyError); hinted {
			reply = e.reply
		}
	}
	return reply, ok
}

// ErrNoScript is what servers answer to EVALSHA for a script that they do not
// have, in the words of Redis. Other servers have other words: test with
// HasErrorPrefix(err, "NOSCRIPT"). [Script.Run] never meets it.
var ErrNoScript error = resp.Error("NOSCRIPT No matching script. Please use EVAL.")

// ErrReplyTooLarge is returned, within a [NodeError], for a command whose reply was
// larger than MaxReplySize allows. Its connection was closed; a write has run.
var ErrReplyTooLarge = wire.ErrReplyTooLarge

var errNilContext = errors.New("redis: the context is nil")

// HasErrorPrefix reports whether err is, or wraps, an [Error] of the server
// that begins with prefix. A leading "ERR " does not count. The error of a
// transaction that was discarded has two, EXECABORT and why.
func HasErrorPrefix(err error, prefix string) bool {
	var aborted *abortedError
	if errors.As(err, &aborted) {
		return HasErrorPrefix(aborted.exec, prefix) || HasErrorPrefix(aborted.refusal, prefix)
	}
	var reply Error
	return errors.As(err, &reply) && strings.HasPrefix(strings.TrimPrefix(reply.Error(), "ERR "), prefix)
}

// IsMovedError reports whether err is a MOVED reply that names an address which can
// be used, and gives this: that of the node that serves the slot. An address without
// a host means the host that was asked. A cluster client follows it; a [Client] of one node returns it.
func IsMovedError(err error) (addr string, ok bool) { return redirection(err, false) }

// IsAskError reports whether err is an ASK reply that names an address which can be
// used, and gives this: that of the node to ask. An address without a host means the host that was asked.
func IsAskError(err error) (addr string, ok bool) { return redirection(err, true) }

func redirection(err error, ask bool) (addr string, ok bool) {
	r, ok := redirectIn(err)
	if !ok || r.ask != ask {
		return "", false
	}
	return r.addr, true
}

// redirectIn is the redirect that err is.
func redirectIn(err error) (r redirect, ok bool) {
	reply, ok := replyIn(err)
	if !ok {
		return r, false
	}
	return parseRedirect(reply.Error())
}

// IsLoadingError reports whether a server refused because it was still reading
// its data into memory (LOADING).
func IsLoadingError(err error) bool { return HasErrorPrefix(err, "LOADING") }

// IsReadOnlyError reports whether a write was refused by a replica (READONLY), be it
// that of a script.
func IsReadOnlyError(err error) bool {
	var reply Error
	return HasErrorPrefix(err, "READONLY") || errors.As(err, &reply) && isReadOnlyScript(reply.Error())
}

// isReadOnlyScript reports whether a reply is what servers before Redis 7 make of
// READONLY when it ends a script.
func isReadOnlyScript(reply string) bool {
	if !strings.HasPrefix(reply, "ERR Error running script (call to f_") {
		return false
	}
	reply = strings.TrimRight(reply, " ") // was the end of a line
	return strings.HasSuffix(reply, ": -READONLY You can't write against a read only replica.") ||
		strings.HasSuffix(reply, ": -READONLY You can't write against a read only slave.")
}

// IsClusterDownError reports whether the cluster, or the slot, was not served
// (CLUSTERDOWN).
func IsClusterDownError(err error) bool { return HasErrorPrefix(err, "CLUSTERDOWN") }

// IsTryAgainError reports whether the keys of a command were on both sides of a
// slot's migration (TRYAGAIN).
func IsTryAgainError(err error) bool { return HasErrorPrefix(err, "TRYAGAIN") }

// IsMasterDownError reports whether a replica refused because it had lost its
// primary (MASTERDOWN).
func IsMasterDownError(err error) bool { return HasErrorPrefix(err, "MASTERDOWN") }

// IsMaxClientsError reports whether a server refused a connection because it
// had as many as its maxclients allows, those of the cluster's bus included or not.
func IsMaxClientsError(err error) bool { return HasErrorPrefix(err, maxClients) }

// IsAuthError reports whether a server wanted a password and got none, or a
// wrong one (NOAUTH, WRONGPASS, unauthenticated).
func IsAuthError(err error) bool {
	return HasErrorPrefix(err, "NOAUTH") || HasErrorPrefix(err, "WRONGPASS") || HasErrorPrefix(err, "unauthenticated")
}

// IsPermissionError reports whether the user may not run the command, or not on
// these keys (NOPERM).
func IsPermissionError(err error) bool { return HasErrorPrefix(err, "NOPERM") }

// IsExecAbortError reports whether a transaction was discarded because one of
// its commands was refused before EXEC (EXECABORT).
func IsExecAbortError(err error) bool { return HasErrorPrefix(err, "EXECABORT") }

// IsOOMError reports whether a write was refused because the server had no
// memory left for it (OOM).
func IsOOMError(err error) bool { return HasErrorPrefix(err, "OOM") }

// IsNoReplicasError reports whether a write was refused because too few
// replicas were in step (NOREPLICAS).
func IsNoReplicasError(err error) bool { return HasErrorPrefix(err, "NOREPLICAS") }

// ErrWriteInDoubt is returned for a command that may change data and whose
// connection was lost after it had been sent: it may have run or not, and was
// not sent again. The [NodeError] within says on which node, and why; the whole is a
// net.Error with the same Timeout. Set RetryWritesInDoubt to have such commands
// repeated.
//
// A write may also be in doubt that comes within a millisecond after a reply on a connection
// that the server has just closed: only connections that were idle for longer are looked at
// before they are used.
//
// A write whose context ended while it was on a connection may have run as well, or
// may yet run. Its error is the context's, in a [NodeError]. If Wrote is above 0 it was
// sent, or is being sent; if it is 0, it did not run and never will.
var ErrWriteInDoubt = errors.New("redis: write in doubt: it was sent, but its connection was lost before the reply came")

// NodeError says that a node did not answer a command. Its fields are
//
//   - Node, the address of the node (a string),
//   - Wrote, how many bytes of the request may have reached it (an int); with 0
//     the command did not run,
//   - Size, how many bytes the request has (an int); unless Wrote is as much, the
//     command did not run,
//   - Received, how many bytes of its reply had come (an int),
//   - Waited, how long the command has waited (a [time.Duration]),
//   - Cause, why there is no reply (an error, which Unwrap gives): the context's
//     error when that has ended.
//
// Timeout reports whether time was up, the connection's or the context's. MayHaveRun
// reports whether Wrote is as much as Size.
type NodeError = wire.Error

// netError makes an error that has others within a [net.Error] itself: many programs
// look for one without errors.As.
type netError struct{ error }

func (e netError) Unwrap() error { return e.error }

func (e netError) Timeout() bool { return isTimeout(e.error) }

func (e netError) Temporary() bool { return isTemporary(e.error) }

// inDoubt is [ErrWriteInDoubt] because of err.
func inDoubt(err error) error {
	return netError{fmt.Errorf("%w: %w", ErrWriteInDoubt, err)}
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

func isTemporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// ErrClosed is returned by every command of a client that was closed, and by a
// second Close.
var ErrClosed = errors.New("redis: client is closed")

// ErrPoolTimeout is returned when no connection became free within PoolTimeout. The
// error that wraps it names the node and tells of its connections; it is a net.Error
// whose Timeout is true. The command was not sent, and is not tried again.
var ErrPoolTimeout = errors.New("redis: connection pool timeout")

// ErrPoolExhausted is here so that existing programs compile. No operation
// returns it: when all connections are in use, a command waits for one, and
// fails with [ErrPoolTimeout] in the end.
var ErrPoolExhausted = errors.New("redis: connection pool exhausted")

// ErrTooManyWaiting is returned for a command that was not run because so many
// others are waiting for the same shard to come back: 65,536, or as many as have
// 64 MiB of arguments. The cause within says what is wrong with the shard.
var ErrTooManyWaiting = errors.New("redis: too many commands are waiting for the shard to come back")

// DialError says that no connection to a node could be made, and at which
// stage: "dial", "TLS handshake", "credentials", "authenticate", "handshake",
// "select database", "OnConnect", or "first command" when the last connections
// ended before any was answered. Nothing was sent for the command that got it.
type DialError struct {
	Node  string // the address dialled
	Stage string // one of those above
	Err   error  // what went wrong there; Unwrap gives it
}

// Error names the node, the stage and the cause.
func (e *DialError) Error() string {
	return fmt.Sprintf("redis: %s: %s: %s", e.Node, e.Stage, strings.TrimPrefix(fmt.Sprint(e.Err), "redis: "))
}

// Unwrap gives the cause.
func (e *DialError) Unwrap() error { return e.Err }

// Timeout reports whether time was up: DialTimeout's, or a shorter one of the system.
func (e *DialError) Timeout() bool { return isTimeout(e.Err) }

// Temporary is there for [net.Error], and is what the cause says.
func (e *DialError) Temporary() bool { return isTemporary(e.Err) }
