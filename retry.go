package redis

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// attempt is what a command has been through.
type attempt struct {
	redirects int // since the last pause
	retries   int
	unfit     int // connections that turned out to be closed or taken
	pauses    int
	until     time.Time     // when waiting for the shard ends
	patience  time.Duration // how long it takes until then
	dials     int           // of a [Client] that have failed; retries are for other reasons then
	dialsFrom time.Time     // when a node may be dialled that was found unreachable
	dialled   time.Duration // for how long dials have been waited for in vain
	to        *node         // where a redirect sends it next
	how       manner
	avoid     []*node    // nodes that have failed it
	shard     *shardWait // of a command of a batch that waits for its shard
	scout     *scout     // set while it is sent ahead of those that wait for the shard
	lost      error      // why a write that may have run was sent once more
}

// timeIsUp is the error of a command whose shard was away for all of FailoverTimeout.
func (try *attempt) timeIsUp(err error) error {
	hint := fmt.Sprintf("waited %v, the FailoverTimeout", try.patience)
	if reply, ok := err.(Error); ok {
		return &replyError{reply, hint}
	}
	return asNetError(fmt.Errorf("%w (%s)", err, hint))
}

// isOver reports whether the time to wait for the shard is up.
func (try *attempt) isOver() bool { return !try.until.IsZero() && !time.Now().Before(try.until) }

// note is told of what an attempt with the commands has met: one that is followed by
// another may leave a write in doubt that nothing later tells of.
func (try *attempt) note(v verdict, cmds ...Cmder) {
	var lost *NodeError
	if v.action != giveUp && errors.As(v.err, &lost) && lost.MayHaveRun() && !mayRepeatAll(cmds, false) {
		try.lost = v.err
	}
}

// final is the error of a command after whose verdict there is no other attempt. An
// answer is one, whatever became of earlier attempts.
func (try *attempt) final(v verdict, err error) error {
	if v.action == giveUp && !errors.As(err, new(*NodeError)) && !errors.As(err, new(*DialError)) {
		return err
	}
	return try.withDoubt(err)
}

// withDoubt is err, as an [ErrWriteInDoubt] if an earlier attempt may have run.
func (try *attempt) withDoubt(err error) error {
	switch {
	case err == nil, try.lost == nil, errors.Is(err, ErrWriteInDoubt):
		return err
	case errors.Is(err, try.lost):
		return inDoubt(err)
	}
	return netError{fmt.Errorf("%w: %w (tried again after: %w)", ErrWriteInDoubt, err, try.lost)}
}

// pauseKind is what to wait for before the next attempt.
type pauseKind uint8

const (
	noPause    pauseKind = iota
	forBackoff           // for a random time
	forShard             // until the slot map was loaded anew
)

// mayRepeat reports whether cmd may be sent again when nobody knows whether it
// ran: running it twice does no harm, or harm is accepted.
func mayRepeat(cmd Cmder, inDoubt bool) bool {
	return !cmd.NoRetry() && (inDoubt || cmd.command().lookup().IsRepeatable())
}

func mayRepeatAll(cmds []Cmder, inDoubt bool) bool {
	for _, cmd := range cmds {
		if !mayRepeat(cmd, inDoubt) {
			return false
		}
	}
	return true
}

// admit decides whether there is a next attempt, and what to wait for before
// it. The error is the caller's when there is none.
func (c *Client) admit(try *attempt, v verdict) (pauseKind, error) {
	if v.action == giveUp || v.redirected { // there is no other server
		return 0, v.err
	}
	if v.action == again {
		c.pool.dropUnfit()
		if try.unfit++; try.unfit <= maxUnfit {
			return noPause, nil
		}
	}
	count := &try.retries
	if errors.As(v.err, new(*DialError)) {
		count = &try.dials
	}
	if *count++; *count > c.opt.MaxRetries || c.outOfTime(try, v.err) {
		return 0, v.err
	}
	// There is no other node: the next attempt is for the next dial.
	try.dialsFrom = c.pool.dialsFrom()
	return forBackoff, nil
}

// outOfTime reports whether a command has waited for dials for as long as it may wait for
// a connection. err is that of its last attempt.
func (c *Client) outOfTime(try *attempt, err error) bool {
	var dial *DialError
	if !errors.As(err, &dial) || !dial.Timeout() || c.opt.PoolTimeout <= 0 {
		return false
	}
	try.dialled += c.opt.DialTimeout
	return c.opt.DialTimeout <= 0 || try.dialled >= c.opt.PoolTimeout
}

// pause waits before the next attempt. err is why there is one to wait for. The
// error is the caller's if there is to be none.
func (c *Client) pause(ctx context.Context, kind pauseKind, try *attempt, err error) error {
	return pauseError(ctx, kind, c.wait(ctx, kind, try), err)
}

// wait waits as the kind of pause says. The error is the context's.
func (c *Client) wait(ctx context.Context, kind pauseKind, try *attempt) error {
	if kind == noPause {
		return nil
	}
	return try.rest(ctx, backoff(c.opt.MinRetryBackoff, c.opt.MaxRetryBackoff, try.retries+try.dials-1))
}

// rest waits for d, and until the node may be dialled. The error is the context's.
func (try *attempt) rest(ctx context.Context, d time.Duration) error {
	return sleep(ctx, max(d, time.Until(try.dialsFrom)))
}

// tryAgain decides about the error of an attempt, and waits for as long as it takes.
// It returns nil when there is to be another attempt, else the error that the caller
// gets.
func (c *Client) tryAgain(ctx context.Context, try *attempt, err error, cmds ...Cmder) error {
	wait, end := c.consider(try, err, cmds...)
	if end != nil {
		return end
	}
	return try.withDoubt(c.pause(ctx, wait, try, err))
}

// consider decides about the error of an attempt with the commands: what to wait for
// before the next, or the error that the caller gets when there is none.
func (c *Client) consider(try *attempt, err error, cmds ...Cmder) (pauseKind, error) {
	v := judge(outcome{err: err, repeatable: mayRepeatAll(cmds, c.opt.RetryWritesInDoubt)})
	try.note(v, cmds...)
	wait, err := c.admit(try, v)
	if err != nil {
		if len(cmds) == 1 {
			err = explained(err, cmds[0], c.opt.Addr, c.opt.isAlone())
		}
		return 0, try.final(v, err)
	}
	return wait, nil
}

// decide is [judge] for an attempt at n, and does what follows for the node and for
// the next attempt's way: n may have failed, or another node have its slot by now.
func (c *ClusterClient) decide(ctx context.Context, t *target, try *attempt, n *node, err error, repeatable bool) verdict {
	if n == nil { // there was nobody to send it to
		if errors.As(err, new(*uncoveredError)) {
			return verdict{action: await, refresh: true, err: err}
		}
		return verdict{err: err}
	}
	o := outcome{
		err:        err,
		repeatable: repeatable,
		replica:    len(try.avoid) < c.others(t),
		circling:   try.redirects >= c.opt.MaxRedirects,
	}
	if r, ok := redirectIn(err); ok && !r.ask {
		addr := completeHost(r.addr, n.addr)
		s := c.currentMap().at(r.slot)
		o.self = addr == n.addr
		o.known = s != nil && s.primary.addr == addr
		// One that was the primary may be asked as such while it is demoted.
		if (o.known || o.self) && t.read && c.opt.readMode != readPrimary && s.hasReplica(n) && !n.wasPrimary() {
			n.leaveOut()
		} else if o.self {
			n.client.pool.renew()
		}
	}
	v := judge(o)
	if errors.Is(err, ErrClosed) && !errors.Is(v.err, ErrWriteInDoubt) {
		v = verdict{action: retry, err: err} // the node left the cluster meanwhile
	}
	switch v.action {
	case again:
		n.client.pool.dropUnfit()
	case avoid:
		n.failed()
		try.avoid = append(try.avoid, n)
	case move, ask:
		addr := completeHost(v.addr, n.addr)
		switch met := c.topology.meet(ctx, announced{addr: addr, stranger: true}); {
		case met != nil:
			v.action = retry // the program holds it up
		case v.action == move:
			try.to, try.how = c.topology.moved(v.slot, addr), 0
		default:
			try.to, try.how = c.topology.named(addr), asking
		}
	}
	if (v.action == move || v.action == ask) && try.to == nil {
		v.action, v.refresh = await, true // there are too many strangers to follow it
	}
	if v.action == await && t.place != nil && t.place.node != nil {
		v.action = retry // nobody will take the node's place
	}
	if try.dialsFrom = (time.Time{}); v.action == retry && errors.As(err, new(*DialError)) {
		try.dialsFrom = n.client.pool.dialsFrom() // sooner there would be the same error again
	}
	answered := errors.As(err, new(Error)) && !errors.As(err, new(*DialError))
	c.report(try, answered && v.action != await && v.action != avoid)
	return v
}

// others is how many nodes could stand in for the one that the command was sent to.
func (c *ClusterClient) others(t *target) int {
	m := c.currentMap()
	replicas := t.read && c.opt.readMode != readPrimary
	switch {
	case t.anyShard && replicas:
		return len(m.nodes) - 1
	case t.anyShard:
		return len(m.shards) - 2 // the first of the list is none
	case !replicas:
		return 0
	}
	s, err := m.shardOf(t)
	if err != nil {
		return 0
	}
	return len(s.nodes) - 1
}

// tryAgain decides about the error of an attempt at n, and waits for as long as
// it takes. It returns nil when there is to be another attempt, else the error
// that the caller gets.
func (c *ClusterClient) tryAgain(ctx context.Context, t *target, try *attempt, n *node, err error, cmds ...Cmder) error {
	wait, end := c.consider(ctx, t, try, n, err, cmds...)
	if end != nil {
		return end
	}
	if wait != forShard {
		return try.withDoubt(c.pause(ctx, wait, try, err))
	}
	w, bytes := c.waitFor(t, n), textBytes(cmds...)
	if err := w.room.enter(len(cmds), bytes, err); err != nil {
		return try.withDoubt(err)
	}
	defer w.room.leave(len(cmds), bytes)
	if w.room.begins(time.Now()) {
		c.topology.hurry()
	}
	end = c.waitForShard(ctx, try, func() bool { return c.isOver(w, try) })
	return try.withDoubt(try.pauseError(ctx, forShard, end, err))
}

// consider decides about the error of an attempt with the commands at n: what to wait
// for before the next, or the error that the caller gets when there is none.
func (c *ClusterClient) consider(ctx context.Context, t *target, try *attempt, n *node, err error, cmds ...Cmder) (pauseKind, error) {
	v := c.decide(ctx, t, try, n, err, mayRepeatAll(cmds, c.opt.RetryWritesInDoubt))
	try.note(v, cmds...)
	wait, err := c.admit(ctx, try, v)
	if err != nil {
		if n != nil && len(cmds) == 1 {
			err = explained(err, cmds[0], n.addr, false)
		}
		return 0, try.final(v, err)
	}
	return wait, nil
}

// admit decides whether there is a next attempt, and what to wait for before
// it. The error is the caller's when there is none.
func (c *ClusterClient) admit(ctx context.Context, try *attempt, v verdict) (pauseKind, error) {
	if v.refresh {
		c.topology.refresh()
	}
	if v.action != giveUp && c.topology.life.Err() != nil {
		return 0, ErrClosed
	}
	if v.redirected && v.action != outlast && c.opt.MaxRedirects < 0 {
		return 0, v.err
	}
	if v.action == outlast && (c.opt.FailoverTimeout < 0 || v.redirected && c.opt.MaxRedirects < 0) {
		v.action = retry
	}
	if v.counted {
		if try.retries++; try.retries > c.opt.MaxRetries {
			return 0, v.err
		}
	}
	switch v.action {
	case move, ask:
		try.redirects++
		return noPause, nil
	case avoid:
		return noPause, nil
	case again:
		if try.unfit++; try.unfit <= maxUnfit {
			return noPause, nil
		}
		fallthrough
	case retry:
		if try.retries++; try.retries > c.opt.MaxRetries {
			return 0, v.err
		}
		try.redirects = 0 // things may have changed by then
		try.pauses++
		return forBackoff, nil
	case await, outlast:
		if c.opt.FailoverTimeout < 0 {
			return 0, v.err
		}
		if _, bounded := ctx.Deadline(); !bounded {
			if try.isOver() {
				return 0, try.timeIsUp(v.err)
			}
			if try.until.IsZero() {
				try.patience = c.opt.FailoverTimeout
				try.until = time.Now().Add(c.opt.FailoverTimeout)
			}
		}
		try.avoid = try.avoid[:0]
		try.pauses++
		if v.action == outlast && v.redirected { // to the same node, which is no progress
			try.redirects++
			return forBackoff, nil
		}
		try.redirects = 0
		if v.action == outlast {
			return forBackoff, nil
		}
		return forShard, nil
	}
	return 0, v.err
}

// pause waits before the next attempt. err is why there is one to wait for. The
// error is the caller's if there is to be none.
func (c *ClusterClient) pause(ctx context.Context, kind pauseKind, try *attempt, err error) error {
	return try.pauseError(ctx, kind, c.wait(ctx, kind, try), err)
}

// errTimeIsUp says that a command has waited for its shard for FailoverTimeout.
var errTimeIsUp = errors.New("redis: the shard was away for too long")

// wait waits as the kind of pause says. Those who wait for a shard are woken by the
// new map, and by a node that speaks again: they neither poll nor miss its return.
// The error is the context's, ErrClosed or errTimeIsUp.
func (c *ClusterClient) wait(ctx context.Context, kind pauseKind, try *attempt) error {
	switch kind {
	case noPause:
		return nil
	case forBackoff:
		return try.rest(ctx, backoff(c.opt.MinRetryBackoff, c.opt.MaxRetryBackoff, try.pauses-1))
	}
	return c.waitForShard(ctx, try, nil)
}

// waitForShard waits until a load has ended, or there is other news, and isOver says
// that the wait is over; nil always does.
func (c *ClusterClient) waitForShard(ctx context.Context, try *attempt, isOver func() bool) error {
	var timeout <-chan time.Time
	if !try.until.IsZero() {
		timer := time.NewTimer(time.Until(try.until))
		defer timer.Stop()
		timeout = timer.C
	}
	for {
		refreshed := c.topology.next()
		c.topology.refresh()
		select {
		case <-refreshed:
		case <-timeout:
			return errTimeIsUp
		case <-ctx.Done():
			return ctx.Err()
		case <-c.topology.life.Done():
			return ErrClosed
		}
		if isOver == nil || isOver() {
			// Not all in step.
			return sleep(ctx, min(backoff(c.opt.MinRetryBackoff, c.opt.MinRetryBackoff, 0), longestStagger))
		}
	}
}

// pauseError is the function of that name for the command of the attempt.
func (try *attempt) pauseError(ctx context.Context, kind pauseKind, end, err error) error {
	if end == errTimeIsUp {
		return try.timeIsUp(err)
	}
	return pauseError(ctx, kind, end, err)
}

// longestStagger bounds the random time by which those who have waited for the same shard go
// one after the other.
const longestStagger = 50 * time.Millisecond

// pauseError is the error of a command whose pause after err has ended with end, nil
// if that is nil.
func pauseError(ctx context.Context, kind pauseKind, end, err error) error {
	switch {
	case end == nil, end == ErrClosed:
		return end
	case kind == forShard:
		return netError{fmt.Errorf("%w (while waiting for its shard after: %w)", ctx.Err(), err)}
	}
	return netError{fmt.Errorf("%w (before it was tried again after: %w)", ctx.Err(), err)}
}

// Bounds on what waits for one shard. A shard that is away for long must not
// take the program's memory.
const (
	maxWaiting      = 1 << 16
	maxWaitingBytes = 64 << 20
)

// sameTrouble is for how long after a shard was away it is not another trouble that it
// is away: longer than any single try of a command takes to fail.
const sameTrouble = 30 * time.Second

// waitingRoom counts the commands that wait for one shard. It belongs to the
// node that was its primary last.
type waitingRoom struct {
	mu       sync.Mutex
	commands int
	bytes    int
	last     time.Time // when the shard was seen to be away last
	opened   int       // how often those who wait were let go
	scouted  uint64    // after which load one of them has gone ahead
}

// scout is a command that has gone ahead of those that wait for the same shard.
type scout struct {
	room *waitingRoom
	late *time.Timer // lets the others go, if there is no news of it
}

// scoutPatience is how long the others wait for a scout: it may block at a node that is
// well.
const scoutPatience = 500 * time.Millisecond

// openings is how often the room was opened.
func (w *waitingRoom) openings() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.opened
}

// sendsScout reports whether the caller is the one that goes ahead after a load.
func (w *waitingRoom) sendsScout(load uint64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.scouted >= load {
		return false
	}
	w.scouted = load
	return true
}

// open lets all go that wait in the room.
func (t *topology) open(w *waitingRoom) {
	w.mu.Lock()
	w.opened++
	w.mu.Unlock()
	t.signal()
}

// wait is what a command knows that waits for its shard.
type shardWait struct {
	t      *target
	n      *node // that has failed it
	room   *waitingRoom
	opened int    // how often the room had been opened
	load   uint64 // the last one before
}

// waitFor is the wait of a command for t that n has failed.
func (c *ClusterClient) waitFor(t *target, n *node) shardWait {
	room := c.waitingRoom(n)
	return shardWait{t, n, room, room.openings(), c.topology.loads.Load()}
}

// isOver reports whether the command may go: the map has another primary, the node
// serves others by now, or it is the command's turn to find that out.
func (c *ClusterClient) isOver(w shardWait, try *attempt) bool {
	s, err := c.currentMap().shardOf(w.t)
	switch {
	case err != nil:
		return !errors.As(err, new(*uncoveredError))
	case s.primary != w.n, w.room.openings() != w.opened:
		return true
	}
	load := c.topology.loads.Load()
	if load == w.load || !w.room.sendsScout(load) {
		return false
	}
	late := time.AfterFunc(scoutPatience, func() { c.topology.open(w.room) })
	try.scout = &scout{w.room, late}
	return true
}

// report ends the errand of a command that was sent ahead. The others go if it was
// served.
func (c *ClusterClient) report(try *attempt, served bool) {
	s := try.scout
	if s == nil {
		return
	}
	try.scout = nil
	if s.late.Stop() && served {
		c.topology.open(s.room)
	}
}

// begins notes that the shard is away, and reports whether this is a new trouble.
func (w *waitingRoom) begins(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := w.last
	w.last = now
	return now.Sub(last) > sameTrouble
}

// isTaken reports whether any command waits.
func (w *waitingRoom) isTaken() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.commands > 0
}

// enter lets commands in that have so many bytes of arguments. cause is why they
// have to wait, and leave must follow unless there is an error.
func (w *waitingRoom) enter(commands, bytes int, cause error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	// What is too large by itself may wait alone.
	if w.commands > 0 && (w.commands+commands > maxWaiting || w.bytes+bytes > maxWaitingBytes) {
		return asNetError(fmt.Errorf("%w: %w", ErrTooManyWaiting, cause))
	}
	w.commands += commands
	w.bytes += bytes
	return nil
}

func (w *waitingRoom) leave(commands, bytes int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.commands -= commands
	w.bytes -= bytes
}

// waitingRoom is where to wait for the shard of n; nil stands for all slots that
// nobody serves.
func (c *ClusterClient) waitingRoom(n *node) *waitingRoom {
	if n == nil {
		return &c.topology.unserved
	}
	return &n.waiting
}

// textBytes is about how much memory the arguments of commands hold.
func textBytes(cmds ...Cmder) (bytes int) {
	for _, cmd := range cmds {
		b := cmd.command()
		for i := range b.argCount() {
			bytes += b.arg(i).size()
		}
	}
	return bytes
}
