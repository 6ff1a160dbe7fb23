package redis

import (
	"context"
)

// What a cluster client sends to a node goes through the hooks of the node's
// client, and its limiter, one attempt at a time.

// attemptKey is for the attempt in a context.
type attemptKey struct{}

// nodeAttempt is what a node's client is to do with a command when the hooks
// come to it: one attempt, of which the cluster client is the judge.
type nodeAttempt struct {
	cmd  Cmder // the first
	send func(ctx context.Context, cmds []Cmder) error
	ran  bool
}

// attemptOf is the attempt that a command is part of; nil for one of the node's
// own callers.
func attemptOf(ctx context.Context, cmd Cmder) *nodeAttempt {
	if ctx == nil { // a mistake of the caller, which is told to him later
		return nil
	}
	if a, ok := ctx.Value(attemptKey{}).(*nodeAttempt); ok && a.cmd == cmd {
		return a
	}
	return nil
}

// bindHooks sets what the client does without hooks.
func (c *Client) bindHooks() {
	c.hooks.base = newSteps(
		func(ctx context.Context, cmd Cmder) error {
			if a := attemptOf(ctx, cmd); a != nil {
				a.ran = true
				err := a.send(ctx, []Cmder{cmd})
				cmd.SetErr(err)
				return err
			}
			return c.processCommand(ctx, cmd)
		},
		hookedAttempt(c.processPipeline),
		hookedAttempt(c.processTx),
	)
}

func hookedAttempt(process ProcessPipelineHook) ProcessPipelineHook {
	return func(ctx context.Context, cmds []Cmder) error {
		if len(cmds) > 0 {
			if a := attemptOf(ctx, cmds[0]); a != nil {
				a.ran = true
				return a.send(ctx, cmds)
			}
		}
		return process(ctx, cmds)
	}
}

// isDirect reports whether nothing stands between cmd and the connections that
// all share: no hook, limiter, script to load or time to block. Nearly all
// commands are of that kind, and go there by as few calls as possible: a caller
// waits with its stack, and what is deep in it has gone cold by the time the
// reply comes.
func (c *Client) isDirect(cmd Cmder) bool {
	b := cmd.command()
	return c.hooks.chain.Load() == nil && c.opt.Limiter == nil && scriptOf(cmd) == nil &&
		!b.lookup().Blocks(b.argCount(), b.argText)
}

// exchange makes one attempt with cmd.
func (c *Client) exchange(ctx context.Context, cmd Cmder, how manner) error {
	chain := c.hooks.chain.Load()
	if chain == nil {
		return c.send(ctx, cmd, how)
	}
	a := &nodeAttempt{cmd: cmd, send: func(ctx context.Context, _ []Cmder) error { return c.send(ctx, cmd, how) }}
	return chain.process(context.WithValue(ctx, attemptKey{}, a), cmd)
}

// exchangeTx makes one attempt with a transaction. The error is one that
// concerns the whole.
func (c *Client) exchangeTx(ctx context.Context, cmds []Cmder, how manner) error {
	chain := c.hooks.chain.Load()
	if chain == nil || len(cmds) == 0 {
		return c.sendTx(ctx, cmds, how)
	}
	var whole error
	a := &nodeAttempt{cmd: cmds[0], send: func(ctx context.Context, cmds []Cmder) error {
		if whole = c.sendTx(ctx, cmds, how); whole != nil {
			return whole
		}
		return firstError(cmds)
	}}
	err := chain.tx(context.WithValue(ctx, attemptKey{}, a), enclosed(cmds))
	if a.ran {
		return whole
	}
	return err
}

// send sends cmd if the limiter allows it.
func (c *Client) send(ctx context.Context, cmd Cmder, how manner) error {
	limiter := c.opt.Limiter
	if limiter == nil {
		return c.pool.exchange(ctx, cmd, how)
	}
	if err := limiter.Allow(); err != nil {
		return err
	}
	err := c.pool.exchange(ctx, cmd, how)
	limiter.ReportResult(failure(err))
	return err
}

func (c *Client) sendTx(ctx context.Context, cmds []Cmder, how manner) error {
	limiter := c.opt.Limiter
	if limiter == nil {
		return c.pool.exchangeTx(ctx, cmds, how)
	}
	if err := limiter.Allow(); err != nil {
		return err
	}
	err := c.pool.exchangeTx(ctx, cmds, how)
	result := err
	if result == nil {
		result = firstFailure(cmds)
	}
	limiter.ReportResult(result)
	return err
}

// failure is err unless it says no more than that something is not there.
func failure(err error) error {
	if err == Nil {
		return nil
	}
	return err
}

func firstFailure(cmds []Cmder) error {
	for _, cmd := range cmds {
		if err := failure(cmd.Err()); err != nil {
			return err
		}
	}
	return nil
}

// cmds makes a slice of the group's commands, which are linked: hooks take one.
func (g *batchGroup) cmds() []Cmder {
	var list []Cmder
	for it := g.first; it != nil; it = it.next {
		list = append(list, it.cmd)
	}
	return list
}

// exchangeHooked sends the group through the hooks of its node, and waits for
// it.
func (g *batchGroup) exchangeHooked(ctx context.Context, chain *hookChain) {
	cmds := g.cmds()
	a := &nodeAttempt{cmd: cmds[0], send: func(ctx context.Context, _ []Cmder) error {
		g.exchange(ctx)
		return firstError(cmds)
	}}
	err := chain.pipeline(context.WithValue(ctx, attemptKey{}, a), cmds)
	if !a.ran && err != nil {
		g.fail(err)
	}
}

// allow asks the limiter, and tells it later.
func (g *batchGroup) allow() error {
	limiter := g.pool.opt.Limiter
	if limiter == nil {
		return nil
	}
	if err := limiter.Allow(); err != nil {
		return err
	}
	g.limiter = limiter
	return nil
}

func (g *batchGroup) report() {
	if g.limiter != nil {
		g.limiter.ReportResult(firstFailure(g.cmds()))
	}
}
