package redis

import (
	"context"
	"errors"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
	"github.com/seed-e06f3def/rediscluster/internal/wire"
)

// manner is how a command is sent.
type manner uint8

const (
	asking   manner = 1 << iota // with ASKING before it
	movable                     // given up when the node falls silent
	reserved                    // on a connection that was taken out
)

// exchange sends cmd on one of the node's connections and decodes the reply. A
// script that the server lacks is loaded on the way.
func (p *pool) exchange(ctx context.Context, cmd Cmder, how manner) error {
	if s := scriptOf(cmd); s != nil {
		return p.scripts.run(ctx, s, p.lane, how, func() error { return p.send(ctx, cmd, how) })
	}
	return p.send(ctx, cmd, how)
}

func (p *pool) send(ctx context.Context, cmd Cmder, how manner) error {
	b := cmd.command()
	if b.lookup().Blocks(b.argCount(), b.argText) {
		return p.exchangeAlone(ctx, cmd, how)
	}
	w, err := p.submit(ctx, cmd, how)
	if w.call == nil {
		return err
	}
	return w.wait(ctx, cmd)
}

// submit sends cmd on one of the connections that all share. What is large has a
// connection for itself: it has ended when submit returns, and is not pending.
func (p *pool) submit(ctx context.Context, cmd Cmder, how manner) (pending, error) {
	call := encode(cmd, how)
	if call.Size() >= largeRequest {
		return pending{}, p.exchangeLarge(ctx, cmd, call)
	}
	conn, err := p.lane(ctx)
	if err != nil {
		call.Free()
		return pending{}, err
	}
	return submitCall(ctx, conn, call)
}

// exchangeLarge sends a large call, waits for the reply and decodes it for cmd.
func (p *pool) exchangeLarge(ctx context.Context, cmd Cmder, call *wire.Call) error {
	conn, alone, err := p.connForLarge(ctx)
	if err != nil {
		call.Free()
		return err
	}
	call.Reserved = alone
	sent, err := submitCall(ctx, conn, call)
	if err == nil {
		err = sent.wait(ctx, cmd)
	}
	if alone {
		p.giveAfter(ctx, conn, err)
	}
	return err
}

// giveAfter brings back a connection on which a call has ended with err. If its caller
// has left the connection is closed: the server would still serve the call.
func (p *pool) giveAfter(ctx context.Context, conn *wire.Conn, err error) {
	if ctx.Err() != nil && err != nil {
		conn.Close(wire.ErrClosed) // the error is this caller's alone
	}
	p.give(conn)
}

// exchangeAlone does the same on a connection that nobody shares. If the caller
// leaves, the connection is closed: else the server would still serve it.
func (p *pool) exchangeAlone(ctx context.Context, cmd Cmder, how manner) error {
	conn, err := p.take(ctx)
	if err != nil {
		return err
	}
	err = exchange(ctx, conn, cmd, how|reserved)
	p.giveAfter(ctx, conn, err)
	return err
}

// exchange sends cmd on conn, waits for the reply and decodes it.
func exchange(ctx context.Context, conn *wire.Conn, cmd Cmder, how manner) error {
	p, err := submit(ctx, conn, cmd, how)
	if err != nil {
		return err
	}
	return p.wait(ctx, cmd)
}

// pending is a command that was sent and waits for its reply.
//
// Those who wait for replies are many, and each waits with its stack: what is
// deep in it has gone cold by the time the reply comes, so that returning costs
// more than calling did. Hence sending and finishing are apart: both go as deep
// as they need, and return before and begin after the wait.
type pending struct {
	conn *wire.Conn
	call *wire.Call // nil: nothing is pending
}

// submit sends cmd on conn. Wait for the call, and finish, must follow unless
// there is an error.
func submit(ctx context.Context, conn *wire.Conn, cmd Cmder, how manner) (pending, error) {
	call := encode(cmd, how)
	if call.Reserved {
		call.Timeout = cmd.command().replyTimeout(conn.ReadTimeout())
	}
	return submitCall(ctx, conn, call)
}

func submitCall(ctx context.Context, conn *wire.Conn, call *wire.Call) (pending, error) {
	if err := conn.Submit(ctx, call); err != nil {
		call.Free()
		return pending{}, err
	}
	return pending{conn, call}, nil
}

// encode makes a call of cmd.
func encode(cmd Cmder, how manner) *wire.Call {
	call := wire.NewCall()
	call.Reserved = how&reserved != 0
	call.Movable = how&movable != 0
	b := cmd.command()
	if how&asking != 0 {
		call.Request.Bytes = append(call.Request.Bytes, askingRequest...)
		call.Replies = 2
	}
	appendCommand(call.Request, b)
	return call
}

func (p pending) wait(ctx context.Context, cmd Cmder) error {
	return p.finish(cmd, p.conn.Wait(ctx, p.call))
}

// finish decodes the reply, unless the wait for it ended with an error.
func (p pending) finish(cmd Cmder, err error) error {
	if err != nil {
		p.call.Free()
		return err
	}
	if to := cmd.textOnly(); to != nil {
		if text, ok := p.call.Text(); ok {
			*to = text
			p.call.Free()
			return nil
		}
	}
	replies := p.call.Decoder()
	if p.call.Replies > 1 {
		_ = replies.Skip() // to ASKING; a refusal shows in the next reply
	}
	err = cmd.decode(replies)
	p.call.Free()
	if err != nil {
		closeIfGarbled(p.conn, err)
	}
	return err
}

const askingRequest = "*1\r\n$6\r\nASKING\r\n"

// closeIfGarbled ends a connection that has sent what is not RESP.
func closeIfGarbled(conn *wire.Conn, err error) {
	var protocol resp.ProtocolError
	if errors.As(err, &protocol) {
		conn.Close(err)
	}
}

// appendCommand encodes a command. Large strings stay where they are; large
// byte slices are copied, since their owner may use them again while a call
// that he gave up is still being written.
func appendCommand(r *wire.Request, b *baseCmd) {
	n := b.argCount()
	r.Bytes = resp.AppendArray(r.Bytes, n)
	for i := range n {
		a := b.arg(i)
		if a.n >= wire.LargeString && a.kind() == argText {
			r.Bytes = resp.AppendBulk(r.Bytes, int(a.n))
			r.AppendLarge(a.str())
			continue
		}
		r.Bytes = a.append(r.Bytes)
	}
}
