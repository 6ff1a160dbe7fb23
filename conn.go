package redis

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/seed-e06f3def/rediscluster/internal/wire"
)

// Conn is one connection, for what depends on the connection it is sent on.
// Get it from [Client.Conn], or in Options.OnConnect. Nothing is sent twice on
// it: a write whose connection is lost ends with [ErrWriteInDoubt], unless that is in
// OnConnect. It may be used by one goroutine at a time.
type Conn struct {
	cmdable
	statefulCmdable
	opt  *Options
	pool *pool   // nil: the connection is not from a pool
	from *Client // decides whether another connection is tried to be had; nil: none is
	how  manner  // asking: before every command
	once bool    // it is closed, not given back

	mu     sync.Mutex
	conn   *wire.Conn
	closed bool
	err    error

	scripts *scriptLoads
	hooks   hooks
}

// newConn makes a Conn of a connection that is in no pool yet.
func newConn(opt *Options, conn *wire.Conn) *Conn {
	c := &Conn{opt: opt, conn: conn}
	c.bind(append(slices.Clone(opt.outerHooks.list()), opt.hooks.list()...))
	return c
}

func (c *Conn) bind(list []Hook) {
	c.cmdable = c.Process
	c.statefulCmdable = c.Process
	c.hooks.base = newSteps(c.processCommand, c.processPipeline, c.processTx)
	c.hooks.add(list...)
	if c.pool != nil {
		c.scripts = &c.pool.scripts
	} else {
		c.scripts = new(scriptLoads)
	}
}

// String names the server.
func (c *Conn) String() string { return c.opt.name() }

// Format names the server for all verbs of package fmt.
func (c *Conn) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// Process sends cmd and puts the reply into it. The error is the command's.
func (c *Conn) Process(ctx context.Context, cmd Cmder) error { return c.hooks.process(ctx, cmd) }

func (c *Conn) processCommand(ctx context.Context, cmd Cmder) error {
	c.mark(cmd)
	err := c.judge(c.process(ctx, cmd), cmd)
	cmd.SetErr(err)
	return err
}

// judge makes an error of the commands what a client would make of it. In OnConnect it
// stays as it is: the command for which the dial is made has not run.
func (c *Conn) judge(err error, cmds ...Cmder) error {
	if err == nil || c.pool == nil {
		return err
	}
	return judge(outcome{err: err, repeatable: mayRepeatAll(cmds, false)}).err
}

func (c *Conn) process(ctx context.Context, cmd Cmder) error {
	if err := cmd.command().unsendable(); err != nil {
		return err
	}
	conn, err := c.get(ctx)
	if err != nil {
		return err
	}
	send := func() error { return exchange(ctx, conn, cmd, c.manner()) }
	if s := scriptOf(cmd); s != nil {
		err = c.scripts.run(ctx, s, on(conn), c.manner(), send)
	} else {
		err = send()
	}
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		conn.Close(wire.ErrClosed)
	}
	return explained(err, cmd, c.opt.Addr, c.opt.isAlone())
}

// mark notes whether the commands leave the connection in another state than
// others expect: then it is closed in the end.
func (c *Conn) mark(cmds ...Cmder) {
	for _, cmd := range cmds {
		if b := cmd.command(); b.lookup().ChangesConn(b.argCount()) {
			c.mu.Lock()
			c.once = true
			c.mu.Unlock()
		}
	}
}

func (c *Conn) manner() manner {
	if c.pool != nil {
		return c.how | reserved
	}
	return c.how
}

// get takes the connection out of the pool the first time it is needed.
func (c *Conn) get(ctx context.Context) (*wire.Conn, error) {
	if ctx == nil {
		return nil, errNilContext
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		return nil, c.err
	case c.closed:
		return nil, ErrClosed
	case c.conn == nil:
		conn, err := c.takeAlive(ctx)
		if err != nil {
			return nil, err
		}
		c.conn = conn
	}
	return c.conn, nil
}

// takeAlive takes out a connection that the server has not closed while it was idle,
// since nothing is sent twice on a Conn.
func (c *Conn) takeAlive(ctx context.Context) (*wire.Conn, error) {
	var try attempt
	for {
		conn, err := c.pool.take(ctx)
		if err != nil && c.from != nil {
			if err = c.from.tryAgain(ctx, &try, err); err == nil {
				continue
			}
		}
		if err != nil {
			return nil, err
		}
		conn.Check()
		if conn.Err() == nil {
			return conn, nil
		}
		c.pool.give(conn)
	}
}

// Close gives the connection back, or closes it if a command was sent on it that
// changes its state, such as SELECT.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	c.closed = true
	if c.conn != nil && c.pool != nil {
		if c.once {
			c.conn.Close(wire.ErrClosed)
		}
		c.pool.give(c.conn)
	}
	return nil
}

// discard closes the connection instead of giving it back.
func (c *Conn) discard() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		c.conn.Close(wire.ErrClosed)
	}
}

// Pipeline starts a pipeline on this connection.
func (c *Conn) Pipeline() Pipeliner { return newPipeline(c.hooks.pipeline, c.Process) }

// Pipelined calls fn with a pipeline on this connection and executes it, unless
// fn fails.
func (c *Conn) Pipelined(ctx context.Context, fn func(Pipeliner) error) ([]Cmder, error) {
	return c.Pipeline().Pipelined(ctx, fn)
}

// TxPipeline starts a transaction on this connection.
func (c *Conn) TxPipeline() Pipeliner { return newPipeline(c.hooks.tx, c.Process) }

// TxPipelined calls fn with a transaction on this connection and executes it,
// unless fn fails.
func (c *Conn) TxPipelined(ctx context.Context, fn func(Pipeliner) error) ([]Cmder, error) {
	return c.TxPipeline().Pipelined(ctx, fn)
}

func (c *Conn) processPipeline(ctx context.Context, cmds []Cmder) error {
	c.pipeline(ctx, cmds)
	for _, cmd := range cmds {
		cmd.SetErr(c.judge(cmd.Err(), cmd))
	}
	return firstError(cmds)
}

// pipeline sends the commands and puts the replies, or errors, into them.
func (c *Conn) pipeline(ctx context.Context, cmds []Cmder) {
	c.mark(cmds...)
	conn, err := c.get(ctx)
	if err != nil {
		_ = setErrors(cmds, err)
		return
	}
	self := &node{client: &Client{opt: c.opt}}
	g := &batchGroup{conn: conn, alone: c.pool != nil}
	for _, cmd := range cmds {
		err := cmd.command().unsendable()
		cmd.SetErr(err)
		if err == nil {
			g.add(&batchItem{cmd: cmd, node: self, how: c.how})
		}
	}
	if g.first == nil {
		return
	}
	c.scripts.prepare(ctx, g)
	g.submit(ctx, g.encode())
	g.receive(ctx)
}

func (c *Conn) processTx(ctx context.Context, cmds []Cmder) error {
	if err := c.execute(ctx, cmds); err != nil {
		return failTx(cmds, c.judge(err, cmds...))
	}
	return firstError(cmds)
}

// execute sends a transaction. The error is one that concerns the whole.
func (c *Conn) execute(ctx context.Context, cmds []Cmder) error {
	c.mark(cmds...)
	for _, cmd := range cmds {
		if err := cmd.command().unsendable(); err != nil {
			return err
		}
	}
	conn, err := c.get(ctx)
	if err != nil {
		return err
	}
	if err := c.scripts.ensure(ctx, cmds, conn, c.manner()); err != nil {
		return err
	}
	return exchangeTx(ctx, conn, cmds, c.manner())
}
