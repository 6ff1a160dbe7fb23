package redis

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
	"github.com/seed-e06f3def/rediscluster/internal/wire"
)

// TxFailedErr is returned for a transaction that did not run because a watched
// key had changed.
const TxFailedErr = resp.Error("redis: transaction failed")

// TxPipeline starts a transaction: Exec sends the commands between MULTI and
// EXEC, to one server, which runs all of them with no others between them, or none. One
// that fails does not undo the rest. If the server refuses one before EXEC none runs: the
// error of each satisfies [IsExecAbortError], and is what was refused as well.
func (c *Client) TxPipeline() Pipeliner { return newPipeline(c.hooks.tx, c.Process) }

// TxPipelined calls fn with a transaction and executes it, unless fn fails.
func (c *Client) TxPipelined(ctx context.Context, fn func(Pipeliner) error) ([]Cmder, error) {
	return c.TxPipeline().Pipelined(ctx, fn)
}

// TxPipeline starts a transaction: Exec sends the commands between MULTI and
// EXEC to the node that serves their keys, which runs all of them with no others
// between them, or none. One that fails does not undo the rest. If the server refuses one
// before EXEC none runs: the error of each satisfies [IsExecAbortError], and is what was
// refused as well. Keys of several slots fail with [ErrCrossSlot] before anything is sent;
// a channel of Publish is no key.
func (c *ClusterClient) TxPipeline() Pipeliner {
	p := newPipeline(c.hooks.tx, c.Process)
	p.oneNode = true
	return p
}

// TxPipelined calls fn with a transaction and executes it, unless fn fails.
func (c *ClusterClient) TxPipelined(ctx context.Context, fn func(Pipeliner) error) ([]Cmder, error) {
	return c.TxPipeline().Pipelined(ctx, fn)
}

func (c *Client) processTx(ctx context.Context, cmds []Cmder) error {
	if c.err != nil {
		return setErrors(cmds, c.err)
	}
	if err := checkAll(ctx, cmds); err != nil {
		return err
	}
	var try attempt
	for {
		err := c.sendTx(ctx, cmds, 0)
		if err == nil {
			return firstError(cmds)
		}
		if err = c.tryAgain(ctx, &try, err, cmds...); err != nil {
			return setErrors(cmds, err)
		}
	}
}

func (c *ClusterClient) processTx(ctx context.Context, cmds []Cmder) error {
	if c.err != nil {
		return setErrors(cmds, c.err)
	}
	if err := checkAll(ctx, cmds); err != nil {
		return err
	}
	t, err := transactionTarget(cmds)
	if err != nil {
		return setErrors(cmds, err)
	}
	var try attempt
	strays := 0
	for {
		n, err := c.route(ctx, &t, &try)
		if err == nil {
			err = n.exchangeTx(ctx, cmds, try.how)
		}
		if err == nil {
			c.report(&try, true)
			return firstError(cmds)
		}
		if stray := strayKey(err, int(t.slot), "the transaction is"); stray != nil && !t.anyShard {
			if strays++; strays > 1 { // it has been there, and was sent back
				return setErrors(cmds, stray)
			}
		}
		if err = c.tryAgain(ctx, &t, &try, n, err, cmds...); err != nil {
			return setErrors(cmds, err)
		}
	}
}

// checkAll finds mistakes in the commands of a transaction: if there is one,
// nothing is sent.
func checkAll(ctx context.Context, cmds []Cmder) error {
	for _, cmd := range cmds {
		cmd.SetErr(checkCommand(ctx, cmd))
	}
	err := firstError(cmds)
	if err != nil {
		failTx(cmds, err)
	}
	return err
}

// failTx gives err to the commands that have no error of their own.
func failTx(cmds []Cmder, err error) error {
	for _, cmd := range cmds {
		if cmd.Err() == nil {
			cmd.SetErr(err)
		}
	}
	return err
}

// exchangeTx sends the commands between MULTI and EXEC, all adjacent, and hands
// out the replies. An error is one that concerns the whole: then nothing ran,
// or nobody knows.
func (p *pool) exchangeTx(ctx context.Context, cmds []Cmder, how manner) error {
	if textBytes(cmds...) >= largeRequest {
		conn, alone, err := p.connForLarge(ctx)
		if err != nil {
			return err
		}
		if alone {
			defer func() { p.giveAfter(ctx, conn, err) }()
			how |= reserved
		}
		err = p.exchangeTxOn(ctx, conn, cmds, how)
		return err
	}
	conn, err := p.lane(ctx)
	if err != nil {
		return err
	}
	return p.exchangeTxOn(ctx, conn, cmds, how)
}

func (p *pool) exchangeTxOn(ctx context.Context, conn *wire.Conn, cmds []Cmder, how manner) error {
	if err := p.scripts.ensure(ctx, cmds, conn, how); err != nil {
		return err
	}
	return exchangeTx(ctx, conn, cmds, how)
}

// exchangeTx does the same, unless the node is suspect.
func (n *node) exchangeTx(ctx context.Context, cmds []Cmder, how manner) error {
	if n.client.pool.suspect() {
		return &NodeError{Node: n.addr, Cause: errSuspect}
	}
	return n.client.exchangeTx(ctx, cmds, how)
}

func exchangeTx(ctx context.Context, conn *wire.Conn, cmds []Cmder, how manner) error {
	call := wire.NewCall()
	defer call.Free()
	call.Reserved = how&reserved != 0
	call.Replies = len(cmds) + 2
	if how&asking != 0 {
		call.Request.Bytes = append(call.Request.Bytes, askingRequest...)
		call.Replies++
	}
	call.Request.Bytes = append(call.Request.Bytes, "*1\r\n$5\r\nMULTI\r\n"...)
	for _, cmd := range cmds {
		cmd.SetErr(nil)
		appendCommand(call.Request, cmd.command())
	}
	call.Request.Bytes = append(call.Request.Bytes, "*1\r\n$4\r\nEXEC\r\n"...)
	if err := conn.Do(ctx, call); err != nil {
		if refusal := refusalBefore(call, how); refusal != nil {
			return refusal
		}
		return err // without the whole of EXEC nothing ran
	}
	err := readTx(call, cmds, how, conn.Node())
	if err != nil {
		closeIfGarbled(conn, err)
	}
	return err
}

// refusalBefore is what the server has refused of a transaction before the connection was
// lost; nil if it had refused nothing by then. Then none of it ran.
func refusalBefore(call *wire.Call, how manner) error {
	if call.GivenUp() {
		return nil
	}
	before := 1 // MULTI
	if how&asking != 0 {
		before++
	}
	for i := 0; ; i++ {
		reply, end := call.Next()
		if end != nil {
			return nil
		}
		err := reply.Skipped()
		switch {
		case err == nil:
		case i < before || !errors.As(err, new(Error)):
			return nil
		default:
			return err
		}
	}
}

// readTx hands out the replies of a transaction: one for MULTI, one for every
// command that was queued, and that of EXEC, which holds the results.
func readTx(call *wire.Call, cmds []Cmder, how manner, node string) error {
	if how&asking != 0 {
		if _, err := call.Next(); err != nil {
			return err
		}
	}
	multi, err := call.Next()
	if err != nil {
		return err
	}
	if err := multi.Skipped(); err != nil {
		return withoutMulti(err)
	}
	var refused error
	for _, cmd := range cmds {
		queued, err := call.Next()
		if err != nil {
			return err
		}
		if err := explained(queued.Skipped(), cmd, node, false); err != nil {
			cmd.SetErr(err)
			if refused == nil {
				refused = err
			}
		}
	}
	exec, err := call.Next()
	if err != nil {
		return err
	}
	n, err := exec.Array()
	switch {
	case refused != nil && err != nil:
		if judgeReply(refused.Error(), outcome{err: refused}).action != giveUp {
			return &abortedError{refused.Error(), err, refused}
		}
		for _, cmd := range cmds {
			if own := cmd.Err(); own != nil {
				cmd.SetErr(&abortedError{own.Error(), err, own})
			} else {
				cmd.SetErr(&abortedError{fmt.Sprintf("%v (%v)", err, refused), err, refused})
			}
		}
		return nil
	case err == Nil:
		failTx(cmds, TxFailedErr)
		return nil
	case err != nil:
		if cause := abortCause(err.Error()); cause != "" {
			return &abortedError{err.Error(), err, resp.Error(cause)}
		}
		return err
	case n != len(cmds):
		return fmt.Errorf("redis: EXEC answered %d commands of %d", n, len(cmds))
	}
	for _, cmd := range cmds {
		result, err := exec.Next()
		if err != nil {
			return err
		}
		cmd.SetErr(explained(cmd.decode(&result), cmd, node, false))
	}
	return nil
}

// abortedError is the error of a transaction that was discarded because the server had
// refused one of its commands, or EXEC itself: it is the reply to EXEC, and why.
type abortedError struct {
	text          string
	exec, refusal error
}

func (e *abortedError) Error() string   { return e.text }
func (e *abortedError) Unwrap() []error { return []error{e.exec, e.refusal} }

// RedisError marks the error as a reply of the server.
func (e *abortedError) RedisError() {}

// withoutMulti is the error of a transaction whose MULTI was refused, to a user who
// may not run it, for instance: what was sent behind it ran all the same, each
// command by itself. What refuses all commands alike kept those from running.
func withoutMulti(err error) error {
	if judgeReply(err.Error(), outcome{err: err}).action != giveUp {
		return err
	}
	return fmt.Errorf("%w: MULTI was refused, and the commands may have run outside of a transaction: %w", ErrWriteInDoubt, err)
}
