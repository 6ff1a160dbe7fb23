package redis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
	"github.com/seed-e06f3def/rediscluster/internal/wire"
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
// [ErrClosed]. It returns an error if the client was closed before.
func (c *Client) Close() error {
	if c.err != nil {
		return nil
	}
	return c.pool.close()
}

// Process sends cmd and puts the reply into it. The error is the command's.
func (c *Client) Process(ctx context.Context, cmd Cmder) error { return c.hooks.process(ctx, cmd) }

func (c *Client) processCommand(ctx context.Context, cmd Cmder) error {
	if c.err != nil {
		cmd.SetErr(c.err)
		return c.err
	}
	err := checkCommand(ctx, cmd)
	if err == nil {
		err = c.process(ctx, cmd)
	}
	cmd.SetErr(err)
	return err
}

func (c *Client) process(ctx context.Context, cmd Cmder) error {
	for retries, unfit := 0, 0; ; {
		err := c.send(ctx, cmd, 0)
		if err == nil {
			return nil
		}
		v := judge(outcome{err: err, repeatable: mayRepeat(cmd, c.opt.RetryWritesInDoubt)})
		switch {
		case v.action == giveUp, v.action == move, v.action == ask:
			return v.err
		case v.action == again && unfit < maxUnfit:
			unfit++
			continue
		case retries >= c.opt.MaxRetries:
			return v.err
		}
		if sleep(ctx, backoff(c.opt.MinRetryBackoff, c.opt.MaxRetryBackoff, retries)) != nil {
			return v.err
		}
		retries++
	}
}

// Conn takes a connection out for the caller alone, who must close it to give
// it back. The connection is taken with the first command.
func (c *Client) Conn() *Conn {
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
	switch {
	case b.invalid:
		return b.err
	case ctx == nil:
		return errNilContext
	case len(b.args) == 0:
		return errors.New("redis: a command without a name")
	case b.lookup().IsSession():
		return fmt.Errorf("redis: %s changes the connection it is sent on: use Conn, Watch, TxPipeline or Subscribe", b.FullName())
	}
	return ctx.Err()
}

// mayRepeat reports whether cmd may be sent again when nobody knows whether it
// ran: running it twice does no harm, or harm is accepted.
func mayRepeat(cmd Cmder, inDoubt bool) bool {
	return !cmd.NoRetry() && (inDoubt || cmd.command().lookup().IsRepeatable())
}

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
	if b.lookup().Blocks(len(b.args), b.argText) {
		return p.exchangeAlone(ctx, cmd, how)
	}
	conn, err := p.lane(ctx)
	if err != nil {
		return err
	}
	return exchange(ctx, conn, cmd, how)
}

// exchangeAlone does the same on a connection that nobody shares. If the caller
// leaves, the connection is closed: else the server would still serve it.
func (p *pool) exchangeAlone(ctx context.Context, cmd Cmder, how manner) error {
	conn, err := p.take(ctx)
	if err != nil {
		return err
	}
	defer p.give(conn)
	err = exchange(ctx, conn, cmd, how|reserved)
	if ctx.Err() != nil && err != nil {
		conn.Close(wire.ErrClosed) // the error is this caller's alone
	}
	return err
}

// exchange sends cmd on conn and decodes the reply.
func exchange(ctx context.Context, conn *wire.Conn, cmd Cmder, how manner) error {
	call := wire.NewCall()
	call.Reserved = how&reserved != 0
	call.Movable = how&movable != 0
	b := cmd.command()
	if how&asking != 0 {
		call.Request = append(call.Request, askingRequest...)
		call.Replies = 2
	}
	appendCommand(call, b)
	if call.Reserved {
		call.Timeout = b.replyTimeout(conn.ReadTimeout())
	}
	if err := conn.Do(ctx, call); err != nil {
		call.Free()
		return err
	}
	replies := call.Decoder()
	if how&asking != 0 {
		_ = replies.Skip() // a refusal shows in the next reply
	}
	err := cmd.decode(replies)
	call.Free()
	if err != nil {
		closeIfGarbled(conn, err)
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
func appendCommand(call *wire.Call, b *baseCmd) {
	call.Request = resp.AppendArray(call.Request, len(b.args))
	for _, a := range b.args {
		if a.n >= wire.LargeString && a.kind() == argText {
			call.Request = resp.AppendBulk(call.Request, int(a.n))
			call.AppendLarge(a.str())
			continue
		}
		call.Request = a.append(call.Request)
	}
}

// backoff is a random pause before try number retries+1, with an upper limit
// that doubles from min to max.
func backoff(min, max time.Duration, retries int) time.Duration {
	if min <= 0 || max <= 0 {
		return 0
	}
	limit := min
	for range retries {
		if limit >= max/2 {
			limit = max
			break
		}
		limit *= 2
	}
	return rand.N(limit) + 1
}

// sleep pauses for d, or returns the context's error when that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
