package redis

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/wire"
)

// batch is commands that are on their way together, each for itself: in every
// round those that still need an answer are grouped by node and sent to all
// nodes at once. What was answered is never sent again.
type batch struct {
	c      *ClusterClient
	items  []batchItem
	left   []*batchItem // those that need an answer, in the caller's order
	groups []batchGroup // of this round
	parts  []partCmd    // memory for the parts of divided commands
	hooked bool         // user code has seen it, and may do what it likes
}

type batchItem struct {
	cmd Cmder
	target
	try  *attempt   // nil as long as all goes well
	node *node      // of this round
	next *batchItem // of those that go to the same node
	end  int        // where the command ends in the node's request
	how  manner
	// reloaded says that the command's script was loaded for it once more.
	reloaded bool
}

var batches = sync.Pool{New: func() any { return new(batch) }}

// newBatch returns an empty batch, in the memory of an earlier one if there is
// any; free gives it back.
func (c *ClusterClient) newBatch() *batch {
	b := batches.Get().(*batch)
	b.c = c
	return b
}

// free ends the use of the batch and of all its items.
func (b *batch) free() {
	const keep = 1024
	if cap(b.items) > keep || b.hooked {
		return
	}
	clear(b.items)
	clear(b.left[:cap(b.left)])
	clear(b.groups[:cap(b.groups)])
	clear(b.parts)
	*b = batch{items: b.items[:0], left: b.left[:0], groups: b.groups[:0], parts: b.parts[:0]}
	batches.Put(b)
}

// newParts returns n commands that are good until the batch is freed.
func (b *batch) newParts(n int) []partCmd {
	from := len(b.parts)
	if cap(b.parts)-from < n {
		b.parts, from = make([]partCmd, 0, n), 0 // the items refer to those before
	}
	b.parts = b.parts[:from+n]
	return b.parts[from:]
}

// attempt is what the command has been through, once there is something to
// tell.
func (it *batchItem) attempt() *attempt {
	if it.try == nil {
		it.try = new(attempt)
	}
	return it.try
}

// processPipeline sends the commands of a pipeline. Each command gets its own
// error; the first of them is returned.
func (c *ClusterClient) processPipeline(ctx context.Context, cmds []Cmder) error {
	if c.err != nil {
		return setErrors(cmds, c.err)
	}
	if ctx == nil {
		return setErrors(cmds, errNilContext)
	}
	b := c.newBatch()
	b.items = slices.Grow(b.items, len(cmds))
	var divided []division
	for _, cmd := range cmds {
		if err := checkCommand(ctx, cmd); err != nil {
			cmd.SetErr(err)
			continue
		}
		cmd.SetErr(nil)
		d, err := c.divide(ctx, cmd)
		switch {
		case err != nil:
			cmd.SetErr(err)
		case d != nil:
			divided = append(divided, d)
			d.addTo(b)
		default:
			b.add(cmd)
		}
	}
	b.run(ctx)
	for _, d := range divided {
		d.command().SetErr(d.join())
	}
	b.free()
	return firstError(cmds)
}

func (b *batch) add(cmd Cmder) {
	b.addFor(cmd, targetOf(cmd))
}

func (b *batch) addFor(cmd Cmder, t target) {
	b.items = append(b.items, batchItem{cmd: cmd, target: t})
}

// run sends the commands until each has an answer or an error.
func (b *batch) run(ctx context.Context) {
	b.left = slices.Grow(b.left[:0], len(b.items))
	for i := range b.items {
		b.left = append(b.left, &b.items[i])
	}
	for len(b.left) > 0 {
		b.round(ctx)
		for _, it := range b.left {
			if it.try != nil && it.cmd.Err() == nil {
				b.c.report(it.try, true)
			}
		}
		unfinished, kind, longest := sift(b.left, func(it *batchItem, err error) (pauseKind, error) {
			return b.next(ctx, it, err)
		})
		b.left = unfinished
		b.pause(ctx, kind, longest)
	}
}

// sift returns those commands that next finds are to be tried again, and what to wait
// for before: what takes longest of what they need, with the attempt that needs it. The
// error of next is that of a command that is not.
func sift(left []*batchItem, next func(it *batchItem, err error) (pauseKind, error)) (unfinished []*batchItem, kind pauseKind, longest *attempt) {
	unfinished = left[:0]
	for _, it := range left {
		err := it.cmd.Err()
		if err == nil {
			continue
		}
		wait, err := next(it, err)
		if err != nil {
			it.cmd.SetErr(err)
			continue
		}
		unfinished = append(unfinished, it)
		if wait > kind || wait == kind && (longest == nil || !it.try.dialsFrom.Before(longest.dialsFrom)) {
			kind, longest = wait, it.try
		}
	}
	return unfinished, kind, longest
}

// next decides about a command that has met err.
func (b *batch) next(ctx context.Context, it *batchItem, err error) (pauseKind, error) {
	try := it.attempt()
	if it.lacksScript() {
		try.to, try.how = it.node, it.how
		return noPause, nil
	}
	wait, end := b.c.consider(ctx, &it.target, try, it.node, err, it.cmd)
	if end != nil {
		return 0, end
	}
	if wait == forShard {
		w := b.c.waitFor(&it.target, it.node)
		if err := w.room.enter(1, textBytes(it.cmd), err); err != nil {
			return 0, try.withDoubt(err)
		}
		try.shard = &w
		if w.room.begins(time.Now()) {
			b.c.topology.hurry()
		}
	}
	return wait, nil
}

// anyMayGo reports whether any command does not have to wait for its shard, or not any
// longer. All go then.
func (b *batch) anyMayGo() bool {
	return slices.ContainsFunc(b.left, func(it *batchItem) bool {
		return it.try.shard == nil || b.c.isOver(*it.try.shard, it.try)
	})
}

// pause waits before the next round. If it ends too early it is the end of all
// commands, unless only the time of some was up.
func (b *batch) pause(ctx context.Context, kind pauseKind, longest *attempt) {
	var end error
	if kind == forShard {
		end = b.c.waitForShard(ctx, longest, b.anyMayGo)
	} else {
		end = b.c.wait(ctx, kind, longest)
	}
	unfinished := b.left[:0]
	for _, it := range b.left {
		waitedFor := forBackoff
		if it.try.shard != nil {
			waitedFor = forShard
			it.try.shard.room.leave(1, textBytes(it.cmd))
			it.try.shard = nil
		}
		if end == nil || end == errTimeIsUp && !it.try.isOver() {
			unfinished = append(unfinished, it)
			continue
		}
		it.cmd.SetErr(it.try.withDoubt(it.try.pauseError(ctx, waitedFor, end, it.cmd.Err())))
	}
	b.left = unfinished
}

// round makes one attempt with every command that is left.
func (b *batch) round(ctx context.Context) {
	// One map for all: else commands for a slot could overtake each other.
	m, err := b.c.slotMap(ctx)
	if err != nil {
		for _, it := range b.left {
			it.node = nil
			it.cmd.SetErr(err)
		}
		return
	}
	clear(b.groups)
	b.groups = b.groups[:0]
	for _, it := range b.left {
		var first attempt
		try := it.try
		if try == nil {
			try = &first
		}
		if it.node, err = b.c.routeBy(m, &it.target, try); err != nil {
			it.cmd.SetErr(err)
			continue
		}
		it.how = try.how
		b.group(it.node.client.pool).add(it)
	}
	for i := range b.groups {
		g := &b.groups[i]
		if g.pool.suspect() {
			g.fail(&NodeError{Node: g.pool.opt.Addr, Cause: errSuspect})
			continue
		}
		chain := g.first.node.client.hooks.chain.Load()
		switch {
		case chain != nil:
			b.hooked = true
			g.goAhead("a hook of the node", func() { g.exchangeHooked(ctx, chain) })
		case g.pool.opt.Limiter != nil:
			g.goAhead("Limiter", func() { g.exchange(ctx) })
		case len(b.groups) > 1 && g.mayWait():
			g.goAhead("a context", func() { g.exchange(ctx) })
		default:
			g.send(ctx)
		}
	}
	for i := range b.groups {
		if g := &b.groups[i]; g.done != nil {
			<-g.done
		} else {
			g.receive(ctx)
		}
	}
}

// goAhead has a goroutine deal with the group, so that the others need not wait, and
// are not left alone by a callback that panics.
func (g *batchGroup) goAhead(callback string, exchange func()) {
	g.done = make(chan struct{})
	spawn(callback, func() error {
		exchange()
		return nil
	}, func(err error) {
		if err != nil {
			g.fail(err)
		}
		close(g.done)
	})
}

// exchange sends the group and waits for the replies.
func (g *batchGroup) exchange(ctx context.Context) {
	g.send(ctx)
	g.receive(ctx)
}

// group finds the group for a pool by looking at all: there are few nodes.
func (b *batch) group(p *pool) *batchGroup {
	for i := range b.groups {
		if g := &b.groups[i]; g.pool == p {
			return g
		}
	}
	b.groups = append(b.groups, batchGroup{pool: p})
	return &b.groups[len(b.groups)-1]
}

// batchGroup is what goes to one node in one round. It is one call, so its
// commands stay together and in order.
type batchGroup struct {
	pool        *pool
	first, last *batchItem
	conn        *wire.Conn
	alone       bool // the connection is nobody else's
	taken       bool // and was taken for the group
	call        *wire.Call
	limiter     Limiter       // that waits for the outcome
	blocks      bool          // a command in it may
	scripts     bool          // a command in it runs one
	done        chan struct{} // closed when a goroutine is through with it, if one has it
}

func (g *batchGroup) add(it *batchItem) {
	b := it.cmd.command()
	g.blocks = g.blocks || b.lookup().Blocks(b.argCount(), b.argText)
	g.scripts = g.scripts || scriptOf(it.cmd) != nil
	it.next = nil
	if g.first == nil {
		g.first, g.last = it, it
		return
	}
	g.last.next, g.last = it, it
}

// mayWait reports whether the group cannot be sent at once: for want of a connection,
// or of a script that the server has to be given first.
func (g *batchGroup) mayWait() bool {
	if g.blocks || len(*g.pool.shared.Load()) == 0 {
		return true
	}
	for range g.pool.scripts.lacking(g) {
		return true
	}
	return false
}

// fail gives every command of the group an error.
func (g *batchGroup) fail(err error) {
	for it := g.first; it != nil; it = it.next {
		it.cmd.SetErr(err)
	}
}

// send finds a connection and submits the group's commands as one call.
func (g *batchGroup) send(ctx context.Context) {
	err := g.allow()
	if err != nil {
		g.fail(err)
		return
	}
	call := g.encode()
	if err := g.connect(ctx, call.Size()); err != nil {
		call.Free()
		g.fail(err)
		return
	}
	g.pool.scripts.prepare(ctx, g)
	g.submit(ctx, call)
}

// connect finds a connection for the group: one of its own if a command in it may block,
// or if it is large.
func (g *batchGroup) connect(ctx context.Context, size int) (err error) {
	switch {
	case g.blocks:
		g.conn, err = g.pool.take(ctx)
		g.alone = true
	case size >= largeRequest:
		g.conn, g.alone, err = g.pool.connForLarge(ctx)
	default:
		g.conn, err = g.pool.lane(ctx)
	}
	g.taken = g.alone
	return err
}

// encode makes a call of the group's commands.
func (g *batchGroup) encode() *wire.Call {
	call := wire.NewCall()
	call.Replies = 0
	call.Movable = true
	for it := g.first; it != nil; it = it.next {
		if it.how&asking != 0 {
			call.Request.Bytes = append(call.Request.Bytes, askingRequest...)
			call.Replies++
		}
		appendCommand(call.Request, it.cmd.command())
		call.Replies++
		it.end = call.Size()
		call.Movable = call.Movable && it.how&movable != 0
	}
	return call
}

func (g *batchGroup) submit(ctx context.Context, call *wire.Call) {
	call.Reserved = g.alone
	for it := g.first; it != nil && g.alone && call.Timeout >= 0; it = it.next {
		call.Timeout = longer(call.Timeout, it.cmd.command().replyTimeout(g.conn.ReadTimeout()))
	}
	if err := g.conn.Submit(ctx, call); err != nil {
		call.Free()
		g.fail(err)
		g.giveBack()
		return
	}
	g.call = call
}

// longer is the timeout for two commands together; a negative one has no end.
func longer(a, b time.Duration) time.Duration {
	if b < 0 {
		return b
	}
	return a + b
}

// giveBack returns a connection that was taken for the group.
func (g *batchGroup) giveBack() {
	if g.taken {
		g.pool.give(g.conn)
	}
}

// receive waits for the group's replies and hands them out.
func (g *batchGroup) receive(ctx context.Context) {
	defer g.report()
	if g.call == nil {
		return
	}
	defer g.call.Free()
	err := g.conn.Wait(ctx, g.call)
	if g.alone && err != nil {
		g.conn.Close(wire.ErrClosed)
	}
	g.giveBack()
	if g.call.GivenUp() {
		g.fail(err)
		return
	}
	var lost *NodeError
	errors.As(err, &lost)
	begin := 0
	for it := g.first; it != nil; begin, it = it.end, it.next {
		replies, e := g.call.Next()
		if it.how&asking != 0 && e == nil {
			replies, e = g.call.Next()
		}
		switch {
		case e == io.EOF:
			it.cmd.SetErr(unanswered(lost, begin, it.end))
			lost.Received = 0 // of the others nothing had come
		case e != nil:
			it.cmd.SetErr(e)
		default:
			e = it.cmd.decode(replies)
			it.cmd.SetErr(e)
			if e != nil {
				closeIfGarbled(g.conn, e)
			}
		}
		if e == nil {
			it.node.answered()
		}
	}
}

// unanswered is the error of a command of a request that got lost, which begins and
// ends at these places in it.
func unanswered(lost *NodeError, begin, end int) error {
	own := *lost
	own.Wrote = min(max(0, lost.Wrote-begin), end-begin)
	own.Size = end - begin
	return &own
}

// processPipeline sends the commands of a pipeline to the one server, and those
// that were not answered once more, within the bounds of MaxRetries for each.
func (c *Client) processPipeline(ctx context.Context, cmds []Cmder) error {
	if c.err != nil {
		return setErrors(cmds, c.err)
	}
	if ctx == nil {
		return setErrors(cmds, errNilContext)
	}
	self := &node{client: c}
	items := make([]batchItem, len(cmds))
	left := make([]*batchItem, 0, len(cmds))
	for i, cmd := range cmds {
		err := checkCommand(ctx, cmd)
		cmd.SetErr(err)
		if err == nil {
			items[i] = batchItem{cmd: cmd, node: self}
			left = append(left, &items[i])
		}
	}
	for len(left) > 0 {
		g := &batchGroup{pool: c.pool}
		for _, it := range left {
			g.add(it)
		}
		g.exchange(ctx)
		unfinished, kind, longest := sift(left, c.next)
		left = unfinished
		if end := c.wait(ctx, kind, longest); end != nil {
			for _, it := range left {
				it.cmd.SetErr(it.attempt().withDoubt(pauseError(ctx, kind, end, it.cmd.Err())))
			}
			break
		}
	}
	return firstError(cmds)
}

// next decides about a command of a pipeline that has met err.
func (c *Client) next(it *batchItem, err error) (pauseKind, error) {
	if it.lacksScript() {
		return noPause, nil
	}
	return c.consider(it.attempt(), err, it.cmd)
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
