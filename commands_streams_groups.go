package redis

import (
	"context"
	"time"
)

// XReadGroupArgs say what a consumer of a group reads.
type XReadGroupArgs struct {
	// Group has to exist on each of the streams.
	Group string
	// Consumer is who reads; the server learns new names by this.
	Consumer string
	// Streams are the streams, and behind them for each an ID: ">" reads what
	// was delivered to nobody yet, anything else what is pending for the
	// consumer behind that ID.
	Streams []string
	// Count is how many entries of each stream to read at most; 0 does not
	// limit it.
	Count int64
	// MaxCount is how many entries to read altogether, and MaxSize how many
	// bytes of them, about; 0 does not limit it (Redis 8.10).
	MaxCount int64
	MaxSize  int64
	// Block is how long to wait for an entry where there is none, to the
	// millisecond, but no less than one: 0, the default, waits for ever, and
	// less than 0 does not wait.
	Block time.Duration
	// NoAck acknowledges the entries at once.
	NoAck bool
	// Claim reads what has been pending for anybody for that long, in
	// milliseconds, before what is new; 0 does not (Redis 8.4).
	Claim time.Duration
}

func (c *baseCmd) xreadgroup(a *XReadGroupArgs) {
	if a == nil {
		c.rejectNil("XReadGroupArgs")
		return
	}
	c.strs("group", a.Group, a.Consumer).readOptions(a.Count, a.MaxCount, a.MaxSize, a.Block)
	c.flag(a.NoAck, "noack")
	if a.Claim > 0 {
		c.str("claim").millis(a.Claim)
	}
	c.streams(a.Streams)
}

// How XNack counts the deliveries of entries that are given back.
const (
	// XNackModeSilent does not count this delivery: the consumer shuts down,
	// for instance.
	XNackModeSilent = "SILENT"
	// XNackModeFail counts it: the consumer could not do it, but another one
	// may.
	XNackModeFail = "FAIL"
	// XNackModeFatal counts as many deliveries as there can be: nobody should
	// try again.
	XNackModeFatal = "FATAL"
)

// XNackArgs are the entries that a consumer gives back to its group.
type XNackArgs struct {
	Stream string // the key of the stream
	Group  string // which has to exist
	// Mode is [XNackModeSilent], [XNackModeFail] or [XNackModeFatal].
	Mode string
	// IDs are those of the entries. They have to be pending, but for Force.
	IDs []string
	// RetryCount sets the number of deliveries, whatever Mode does with it; nil
	// leaves it to Mode.
	RetryCount *uint64
	// Force makes entries pending that are not.
	Force bool
}

func (c *baseCmd) xnack(a *XNackArgs) {
	if a == nil {
		c.rejectNil("XNackArgs")
		return
	}
	c.strs(a.Stream, a.Group, a.Mode, "ids").keys(a.IDs)
	if a.RetryCount != nil {
		c.str("retrycount").uint(*a.RetryCount)
	}
	c.flag(a.Force, "force")
}

// XPendingExtArgs say of which pending entries to tell.
type XPendingExtArgs struct {
	Stream string // the key of the stream
	Group  string // which has to exist
	// Idle is how long ago they were delivered at least, to the millisecond.
	Idle time.Duration
	// Start and End are the lowest and the highest ID; Count is how many entries
	// there may be.
	Start string
	End   string
	Count int64
	// Consumer that they are pending for; empty means all.
	Consumer string
}

func (c *baseCmd) xpending(a *XPendingExtArgs) {
	if a == nil {
		c.rejectNil("XPendingExtArgs")
		return
	}
	c.strs(a.Stream, a.Group)
	if a.Idle != 0 {
		c.str("idle").millis(a.Idle)
	}
	c.strs(a.Start, a.End).int(a.Count).flag(a.Consumer != "", a.Consumer)
}

// XClaimArgs say which pending entries a consumer takes over.
type XClaimArgs struct {
	Stream string // the key of the stream
	Group  string // which has to exist
	// Consumer is who takes them over.
	Consumer string
	// MinIdle is how long ago they were delivered at least, to the millisecond.
	MinIdle time.Duration
	// Messages are their IDs.
	Messages []string
}

func (c *baseCmd) xclaim(a *XClaimArgs) *baseCmd {
	if a == nil {
		c.rejectNil("XClaimArgs")
		return c
	}
	return c.strs(a.Stream, a.Group, a.Consumer).millis(a.MinIdle).strs(a.Messages...)
}

// XAutoClaimArgs say how a consumer takes over what has been pending for long.
type XAutoClaimArgs struct {
	Stream string // the key of the stream
	Group  string // which has to exist
	// MinIdle is how long ago entries were delivered at least, to the
	// millisecond.
	MinIdle time.Duration
	// Start is the lowest ID to look at: "0" at first, then what the call
	// before has answered.
	Start string
	// Count is how many to take over at most; 0 leaves it at the server's 100.
	Count int64
	// Consumer is who takes them over.
	Consumer string
}

func (c *baseCmd) xautoclaim(a *XAutoClaimArgs) *baseCmd {
	if a == nil {
		c.rejectNil("XAutoClaimArgs")
		return c
	}
	c.strs(a.Stream, a.Group, a.Consumer).millis(a.MinIdle).str(a.Start)
	if a.Count > 0 {
		c.str("count").int(a.Count)
	}
	return c
}

// XGroupCreate creates a group that reads the entries behind ID start: "$" is
// the last one there is now, "0" begins with the first. A stream that does not
// exist is an error, and so is a group that does (XGROUP CREATE).
func (c cmdable) XGroupCreate(ctx context.Context, stream, group, start string) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("xgroup", "create", stream, group, start)
	return do(ctx, c, cmd)
}

// XGroupCreateMkStream is XGroupCreate that creates the stream too if there is
// none (XGROUP CREATE MKSTREAM).
func (c cmdable) XGroupCreateMkStream(ctx context.Context, stream, group, start string) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("xgroup", "create", stream, group, start, "mkstream")
	return do(ctx, c, cmd)
}

// XGroupSetID has a group go on behind ID start. What is pending stays so
// (XGROUP SETID).
func (c cmdable) XGroupSetID(ctx context.Context, stream, group, start string) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("xgroup", "setid", stream, group, start)
	return do(ctx, c, cmd)
}

// XGroupDestroy removes a group with all that is pending, and answers 1, or 0
// when there is no such group (XGROUP DESTROY).
func (c cmdable) XGroupDestroy(ctx context.Context, stream, group string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("xgroup", "destroy", stream, group)
	return do(ctx, c, cmd)
}

// XGroupCreateConsumer makes a consumer known to a group, and answers 1, or 0
// when it is already. XReadGroup does so too (XGROUP CREATECONSUMER).
func (c cmdable) XGroupCreateConsumer(ctx context.Context, stream, group, consumer string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("xgroup", "createconsumer", stream, group, consumer)
	return do(ctx, c, cmd)
}

// XGroupDelConsumer removes a consumer and answers how many entries were pending
// for it. They are pending no more, so that nobody can claim them (XGROUP
// DELCONSUMER).
func (c cmdable) XGroupDelConsumer(ctx context.Context, stream, group, consumer string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("xgroup", "delconsumer", stream, group, consumer)
	return do(ctx, c, cmd)
}

// XReadGroup reads entries of streams for a consumer of a group, for which they
// are pending from then on. [Nil] when there are none, after Block if that was
// given (XREADGROUP).
//
// The streams have to be in one slot. If the reply is lost, the error is
// [ErrWriteInDoubt], and entries may be pending that the consumer has never
// seen: XReadGroup with the ID "0" reads them again.
func (c cmdable) XReadGroup(ctx context.Context, a *XReadGroupArgs) *XStreamSliceCmd {
	cmd := new(XStreamSliceCmd)
	cmd.start("xreadgroup").xreadgroup(a)
	return do(ctx, c, cmd)
}

// XAck acknowledges entries and answers how many of them were pending (XACK).
func (c cmdable) XAck(ctx context.Context, stream, group string, ids ...string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("xack", stream, group).strs(ids...)
	return do(ctx, c, cmd)
}

// XAckDel acknowledges entries and deletes them by a mode. It answers an integer
// for each: 1 for one that was deleted, -1 for one that does not exist, 2 for
// one that was acknowledged only, because another group has not done so, with
// the mode "ACKED" (XACKDEL, Redis 8.2).
func (c cmdable) XAckDel(ctx context.Context, stream string, group string, mode string, ids ...string) *SliceCmd {
	cmd := new(SliceCmd)
	cmd.start("xackdel", stream, group, mode, "ids").keys(ids)
	return do(ctx, c, cmd)
}

// XNack gives pending entries back to the group, so that another consumer can
// have them at once, and answers how many there were (XNACK, Redis 8.8).
func (c cmdable) XNack(ctx context.Context, a *XNackArgs) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("xnack").xnack(a)
	return do(ctx, c, cmd)
}

// XPending counts what is pending in a group; an error when there is no such
// group (XPENDING).
func (c cmdable) XPending(ctx context.Context, stream, group string) *XPendingCmd {
	cmd := new(XPendingCmd)
	cmd.start("xpending", stream, group)
	return do(ctx, c, cmd)
}

// XPendingExt tells of pending entries one by one (XPENDING).
func (c cmdable) XPendingExt(ctx context.Context, a *XPendingExtArgs) *XPendingExtCmd {
	cmd := new(XPendingExtCmd)
	cmd.start("xpending").xpending(a)
	return do(ctx, c, cmd)
}

// XClaim makes entries that are pending for others pending for a consumer, and
// answers those: without the ones that are not pending, not idle for long enough
// or deleted (XCLAIM).
func (c cmdable) XClaim(ctx context.Context, a *XClaimArgs) *XMessageSliceCmd {
	cmd := new(XMessageSliceCmd)
	cmd.start("xclaim").xclaim(a)
	return do(ctx, c, cmd)
}

// XClaimJustID is XClaim that answers the IDs only and does not count as a
// delivery (XCLAIM JUSTID).
func (c cmdable) XClaimJustID(ctx context.Context, a *XClaimArgs) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("xclaim").xclaim(a).str("justid")
	return do(ctx, c, cmd)
}

// XAutoClaim looks for entries that have been pending for long, makes them
// pending for a consumer, and answers them and the ID to go on with, which is
// "0-0" at the end (XAUTOCLAIM).
func (c cmdable) XAutoClaim(ctx context.Context, a *XAutoClaimArgs) *XAutoClaimCmd {
	cmd := new(XAutoClaimCmd)
	cmd.start("xautoclaim").xautoclaim(a)
	return do(ctx, c, cmd)
}

// XAutoClaimWithDeleted is XAutoClaim that also answers the IDs of entries that
// were pending but have been deleted; they are pending no more. None before
// Redis 7 (XAUTOCLAIM).
func (c cmdable) XAutoClaimWithDeleted(ctx context.Context, a *XAutoClaimArgs) *XAutoClaimWithDeletedCmd {
	cmd := new(XAutoClaimWithDeletedCmd)
	cmd.start("xautoclaim").xautoclaim(a)
	return do(ctx, c, cmd)
}

// XAutoClaimJustID is XAutoClaim that answers IDs instead of entries and does
// not count as a delivery (XAUTOCLAIM JUSTID).
func (c cmdable) XAutoClaimJustID(ctx context.Context, a *XAutoClaimArgs) *XAutoClaimJustIDCmd {
	cmd := new(XAutoClaimJustIDCmd)
	cmd.start("xautoclaim").xautoclaim(a).str("justid")
	return do(ctx, c, cmd)
}

// XInfoGroups tells of the groups of a stream; an error when the stream does not
// exist (XINFO GROUPS).
func (c cmdable) XInfoGroups(ctx context.Context, key string) *XInfoGroupsCmd {
	return do(ctx, c, NewXInfoGroupsCmd(ctx, key))
}

// XInfoStream tells of a stream; an error when it does not exist (XINFO STREAM).
func (c cmdable) XInfoStream(ctx context.Context, key string) *XInfoStreamCmd {
	return do(ctx, c, NewXInfoStreamCmd(ctx, key))
}

// XInfoStreamFull tells of a stream with its entries, its groups and what is
// pending, count of each at most: 0 leaves that at the server's 10 (XINFO STREAM
// FULL).
func (c cmdable) XInfoStreamFull(ctx context.Context, key string, count int) *XInfoStreamFullCmd {
	cmd := new(XInfoStreamFullCmd)
	cmd.start("xinfo", "stream", key, "full")
	if count > 0 {
		cmd.str("count").int(int64(count))
	}
	return do(ctx, c, cmd)
}

// XInfoConsumers tells of the consumers of a group; an error when there is no
// such group (XINFO CONSUMERS).
func (c cmdable) XInfoConsumers(ctx context.Context, key string, group string) *XInfoConsumersCmd {
	return do(ctx, c, NewXInfoConsumersCmd(ctx, key, group))
}
