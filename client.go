package redis

import (
	"cmp"
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

// checkCommand finds the mistakes that need no server.
func checkCommand(ctx context.Context, cmd Cmder) error {
	b := cmd.command()
	if err := b.unsendable(); err != nil {
		return err
	}
	switch {
	case ctx == nil:
		return errNilContext
	case b.lookup().IsSession(b.argCount()):
		return fmt.Errorf("redis: %s depends on the connection it is sent on: use %s", b.FullName(), cmp.Or(sessionMethods[b.Name()], "a Conn"))
	}
	return ctx.Err()
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
