package redis

import (
	"context"
	"fmt"
	"io"
)

// Client talks to one server: a node of a cluster, or one that stands alone.
// It is safe for use by any number of goroutines.
//
// It follows no redirects: a MOVED is returned as the error it is.
type Client struct {
	cmdable
	opt   *Options
	pool  *pool
	hooks *hooks
	err   error // of the options: every call fails with it
}

// NewClient makes a client of the server at opt.Addr. It does not dial unless
// opt.MinIdleConns asks for connections. With options that cannot be used,
// every call of the client returns the error that says why.
func NewClient(opt *Options) *Client {
	opt, err := opt.withDefaults()
	if err != nil {
		return unusableClient(err)
	}
	return newClient(opt)
}

// unusableClient makes a client of which every call fails with err.
func unusableClient(err error) *Client {
	c := &Client{opt: new(Options), hooks: new(hooks), err: err}
	c.bind()
	return c
}

// newClient makes a client with options that are complete.
func newClient(opt *Options) *Client {
	opt.hooks = new(hooks)
	if opt.background == nil {
		opt.background = new(failureLog)
	}
	c := &Client{opt: opt, hooks: opt.hooks}
	c.bind()
	c.pool = newPool(opt, opt.readOnly)
	return c
}

func (c *Client) bind() {
	c.cmdable = c.Process
	c.bindHooks()
}

// Options returns the options in use, defaults filled in. They must not be
// changed.
func (c *Client) Options() *Options { return c.opt }

// String names the server.
func (c *Client) String() string { return c.opt.name() }

// Format names the server for all verbs of package fmt.
func (c Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

func (o *Options) name() string { return fmt.Sprintf("Redis<%s db:%d>", o.Addr, o.DB) }

// NodeAddress is the address under which the cluster announces the server; of a
// server that stands alone, that of the options.
func (c *Client) NodeAddress() string { return c.opt.NodeAddress }

// PoolStats counts what the client's connections did.
func (c *Client) PoolStats() *PoolStats {
	if c.err != nil {
		return new(PoolStats)
	}
	s := c.pool.stats()
	return &s
}

// Close ends the client: commands in flight and later ones fail with
// [ErrClosed]. It returns ErrClosed itself if the client was closed before.
func (c *Client) Close() error {
	if c.err != nil {
		return nil
	}
	return c.pool.close()
}

// Process sends cmd and puts the reply into it. The error is the command's.
func (c *Client) Process(ctx context.Context, cmd Cmder) error {
	return c.process(ctx, cmd, c.hooks.chain.Load())
}

// processCommand is what the hooks end in, so it must not run them again.
func (c *Client) processCommand(ctx context.Context, cmd Cmder) error {
	return c.process(ctx, cmd, nil)
}

// process waits here, see [pending].
func (c *Client) process(ctx context.Context, cmd Cmder, chain *hookChain) error {
	if chain != nil {
		return c.hooks.process(ctx, cmd)
	}
	p, final, err := c.begin(ctx, cmd)
	if p.call != nil {
		err = p.finish(cmd, p.conn.Wait(ctx, p.call))
	}
	if err != nil && !final {
		err = c.persist(ctx, cmd, err)
	}
	cmd.SetErr(err)
	return err
}

// begin makes the first attempt with cmd. One that has ended at once is not
// pending; its error is final if there is nothing to try again.
func (c *Client) begin(ctx context.Context, cmd Cmder) (p pending, final bool, err error) {
	if c.err != nil {
		return p, true, c.err
	}
	if err := checkCommand(ctx, cmd); err != nil {
		return p, true, err
	}
	if c.isDirect(cmd) {
		p, err = c.pool.submit(ctx, cmd, 0)
	} else {
		err = c.send(ctx, cmd, 0)
	}
	return p, false, err
}

// persist tries again after an attempt that failed with err, as long as that
// makes sense.
func (c *Client) persist(ctx context.Context, cmd Cmder, err error) error {
	var try attempt
	for err != nil {
		if err := c.tryAgain(ctx, &try, err, cmd); err != nil {
			return err
		}
		err = c.send(ctx, cmd, 0)
	}
	return nil
}

// Conn takes a connection out for the caller alone, who must close it to give
// it back. The connection is taken with the first command, which waits for it as those of
// the client do.
func (c *Client) Conn() *Conn {
	conn := c.conn()
	conn.from = c
	return conn
}

// conn is Conn for one attempt: a dial that fails is not made again.
func (c *Client) conn() *Conn {
	conn := &Conn{opt: c.opt, pool: c.pool, err: c.err}
	conn.bind(c.hooks.list())
	return conn
}

// EphemeralConn is Conn, but the connection is closed instead of given back: so
// the caller may leave it in any state, after AUTH or SELECT for instance.
func (c *Client) EphemeralConn() *Conn {
	conn := c.Conn()
	conn.once = true
	return conn
}

// sessionMethods are what to use in place of a session command, where that is not a
// [Conn].
var sessionMethods = map[string]string{
	"multi": "TxPipeline", "exec": "TxPipeline", "discard": "TxPipeline",
	"watch": "Watch", "unwatch": "Watch",
	"subscribe": "Subscribe", "unsubscribe": "Subscribe",
	"psubscribe": "PSubscribe", "punsubscribe": "PSubscribe",
	"ssubscribe": "SSubscribe", "sunsubscribe": "SSubscribe",
	"monitor": "Monitor",
}

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
