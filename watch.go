package redis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// Tx is a connection of its own on which keys are watched: a transaction on it
// runs only if none of them has changed. Get it from Watch. It has all commands;
// those outside of TxPipelined are sent at once, as reads are meant to be. It
// belongs to one goroutine at a time, and ends with the function it was given
// to.
type Tx struct {
	cmdable
	statefulCmdable
	conn  *Conn
	hooks hooks
	retry bool // writes in doubt, as RetryWritesInDoubt says
	slot  int  // of the watched keys; -1: of a single server

	watched []string // since the last transaction
	cause   error    // why the function should be run anew: the first error that asks for it
	changed bool     // why it must not be: something was written, or may have been
}

func newTx(c *Client, how manner, outer []Hook) *Tx {
	tx := &Tx{conn: c.conn(), retry: c.opt.RetryWritesInDoubt, slot: -1}
	tx.hooks.base = newSteps(tx.processCommand, tx.processPipeline, tx.processTx)
	tx.hooks.add(append(slices.Clone(outer), c.hooks.list()...)...)
	tx.conn.how = how
	tx.cmdable = tx.Process
	tx.statefulCmdable = tx.Process
	return tx
}

// Watch calls fn with a connection on which keys are watched. What fn sends by
// TxPipelined of that [Tx] runs only if none of the keys has changed since; if
// one has, it fails with [TxFailedErr], and the caller decides whether to start
// over:
//
//	for errors.Is(err, redis.TxFailedErr) { err = rdb.Watch(ctx, transfer, "a", "b") }
//
// Watch returns what fn returns. When the connection is lost and nothing can
// have been changed, it calls fn again with a new one, up to MaxRetries times:
// then fn should return the error that it got, or wrap it.
func (c *Client) Watch(ctx context.Context, fn func(*Tx) error, keys ...string) error {
	switch {
	case c.err != nil:
		return c.err
	case ctx == nil:
		return errNilContext
	}
	var try attempt
	for {
		err, cause := c.watch(ctx, fn, keys, -1, 0, nil)
		if cause == nil {
			return err
		}
		wait, end := c.admit(&try, judge(outcome{err: cause, repeatable: true}))
		if end != nil {
			return err // which tells more
		}
		if err := c.pause(ctx, wait, &try, err); err != nil {
			return err
		}
	}
}

// Watch calls fn with a connection, to the node that serves the keys, on which
// they are watched. What fn sends by TxPipelined of that [Tx] runs only if none
// of the keys has changed since; if one has, it fails with [TxFailedErr], and
// the caller decides whether to start over:
//
//	for errors.Is(err, redis.TxFailedErr) { err = rdb.Watch(ctx, transfer, "{a}1", "{a}2") }
//
// Watch returns what fn returns. When the slot moves, the node is lost or a
// replica takes its place, and nothing can have been changed, it calls fn again,
// from the beginning and within the bounds of a command's own retries: then fn
// should return the error that it got, or wrap it. A transaction whose answer
// was lost is [ErrWriteInDoubt]. Keys of several slots are [ErrCrossSlot].
//
// Valkey 9 takes a slot that has moved away since for a change of its keys: then it is
// TxFailedErr in place of another call.
func (c *ClusterClient) Watch(ctx context.Context, fn func(*Tx) error, keys ...string) error {
	switch {
	case c.err != nil:
		return c.err
	case ctx == nil:
		return errNilContext
	}
	slot, err := slotOfAll(keys)
	if err != nil {
		return err
	}
	t := target{slot: int16(slot)}
	var try attempt
	for {
		var cause error
		n, err := c.route(ctx, &t, &try)
		if err != nil {
			cause = err
		} else {
			err, cause = n.watch(ctx, fn, keys, slot, try.how, c.hooks.list())
		}
		if cause == nil {
			return err
		}
		v := c.decide(ctx, &t, &try, n, cause, true)
		wait, end := c.admit(ctx, &try, v)
		switch {
		case end == ErrClosed:
			return end
		case end != nil:
			return err // which tells more
		}
		if err := c.pause(ctx, wait, &try, err); err != nil {
			return err
		}
	}
}

var errNothingWatched = errors.New("redis: Watch needs at least one key")

func slotOfAll(keys []string) (int, error) {
	if len(keys) == 0 {
		return 0, errNothingWatched
	}
	slot := keySlot(keys[0])
	for _, key := range keys[1:] {
		if keySlot(key) != slot {
			return 0, crossSlot(keys[0], key)
		}
	}
	return slot, nil
}

// watch watches the keys at the node, unless the node is suspect.
func (n *node) watch(ctx context.Context, fn func(*Tx) error, keys []string, slot int, how manner, outer []Hook) (err, cause error) {
	if n.client.pool.suspect() {
		err = &NodeError{Node: n.addr, Cause: errSuspect}
		return err, err
	}
	return n.client.watch(ctx, fn, keys, slot, how, outer)
}

// watch calls fn once. cause, if not nil, is why it should be called again.
func (c *Client) watch(ctx context.Context, fn func(*Tx) error, keys []string, slot int, how manner, outer []Hook) (err, cause error) {
	tx := newTx(c, how, outer)
	tx.slot = slot
	defer func() { _ = tx.Close(ctx) }()
	if len(keys) > 0 {
		err = tx.Watch(ctx, keys...).Err()
	}
	if err == nil {
		err = fn(tx)
	}
	if err != nil && tx.cause != nil && !tx.changed && errors.Is(err, tx.cause) {
		return err, tx.cause
	}
	return err, nil
}

// String names the server.
func (tx *Tx) String() string { return tx.conn.String() }

// Format names the server for all verbs of package fmt.
func (tx *Tx) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, tx.String()) }

// Process sends cmd and puts the reply into it. The error is the command's.
func (tx *Tx) Process(ctx context.Context, cmd Cmder) error { return tx.hooks.process(ctx, cmd) }

func (tx *Tx) processCommand(ctx context.Context, cmd Cmder) error {
	name := cmd.Name()
	watching := name == "watch" || name == "unwatch"
	var err error
	if !watching {
		tx.conn.mark(cmd)
		err = tx.check(cmd)
	}
	if err == nil {
		err = tx.judge(tx.conn.process(ctx, cmd), watching || mayRepeat(cmd, tx.retry))
	}
	cmd.SetErr(err)
	switch {
	case err != nil:
	case name == "watch":
		b := cmd.command()
		for pos := 1; pos < b.argCount(); pos++ {
			tx.watched = append(tx.watched, strings.Clone(b.argText(pos)))
		}
	case name == "unwatch":
		tx.watched = nil
	}
	return err
}

// Watch watches more keys (WATCH). In a cluster they must be in the slot of the
// first.
func (tx *Tx) Watch(ctx context.Context, keys ...string) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("watch", keys...)
	return do(ctx, tx.cmdable, cmd)
}

// Unwatch watches no key any more, whichever are given (UNWATCH).
func (tx *Tx) Unwatch(ctx context.Context, keys ...string) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("unwatch")
	return do(ctx, tx.cmdable, cmd)
}

// Close gives the connection back. Watch does it when the function has ended.
func (tx *Tx) Close(ctx context.Context) error {
	if tx.watched != nil && (ctx.Err() != nil || tx.Unwatch(ctx).Err() != nil) {
		tx.conn.discard()
	}
	return tx.conn.Close()
}

// Pipeline starts a pipeline on this connection. It is no transaction.
func (tx *Tx) Pipeline() Pipeliner { return newPipeline(tx.hooks.pipeline, tx.Process) }

// Pipelined calls fn with a pipeline on this connection and executes it, unless
// fn fails. It is no transaction.
func (tx *Tx) Pipelined(ctx context.Context, fn func(Pipeliner) error) ([]Cmder, error) {
	return tx.Pipeline().Pipelined(ctx, fn)
}

// TxPipeline starts a transaction, which fails with [TxFailedErr] if a watched
// key has changed.
func (tx *Tx) TxPipeline() Pipeliner { return newPipeline(tx.hooks.tx, tx.Process) }

// TxPipelined calls fn with a transaction and executes it, unless fn fails. It
// fails with [TxFailedErr] if a watched key has changed.
func (tx *Tx) TxPipelined(ctx context.Context, fn func(Pipeliner) error) ([]Cmder, error) {
	return tx.TxPipeline().Pipelined(ctx, fn)
}

func (tx *Tx) processPipeline(ctx context.Context, cmds []Cmder) error {
	if err := tx.check(cmds...); err != nil {
		return setErrors(cmds, err)
	}
	tx.conn.pipeline(ctx, cmds)
	for _, cmd := range cmds {
		cmd.SetErr(tx.judge(cmd.Err(), mayRepeat(cmd, tx.retry)))
	}
	return firstError(cmds)
}

func (tx *Tx) processTx(ctx context.Context, cmds []Cmder) error {
	if err := tx.check(cmds...); err != nil {
		return setErrors(cmds, err)
	}
	err := tx.conn.execute(ctx, cmds)
	if err == nil {
		tx.watched = nil
		err = firstError(cmds)
		tx.changed = tx.changed || err != TxFailedErr && !mayRepeatAll(cmds, tx.retry)
		return err
	}
	return failTx(cmds, tx.judge(err, mayRepeatAll(cmds, tx.retry)))
}

// judge makes an error what a client would make of it, and notes whether it is a
// reason to start over, or not to. What has ended for good may have run.
func (tx *Tx) judge(err error, repeatable bool) error {
	v := verdict{err: err}
	if stray := strayKey(err, tx.slot, "the watched keys are"); stray != nil {
		return stray
	}
	if err != nil {
		v = judge(outcome{err: err, repeatable: repeatable})
	}
	switch {
	case v.action == giveUp:
		tx.changed = tx.changed || !repeatable
	case tx.cause == nil:
		tx.cause = v.err
	}
	return v.err
}

// errNotMoved is for a transaction whose slot moves and whose watched keys have
// gone ahead: of other keys, nobody knows at which end they are.
const errNotMoved = resp.Error("TRYAGAIN the slot is moving, and this key was not watched")

// check refuses, at the far end of a migration, keys that may not have arrived.
func (tx *Tx) check(cmds ...Cmder) error {
	if tx.conn.how&asking == 0 {
		return nil
	}
	for _, cmd := range cmds {
		b := cmd.command()
		known := true
		b.lookup().Keys(b.argCount(), b.argText, func(pos int) {
			known = known && slices.Contains(tx.watched, b.argText(pos))
		})
		if !known {
			return tx.judge(errNotMoved, true)
		}
	}
	return nil
}
