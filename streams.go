package redis

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// StreamCmdable has the commands on streams. A stream is a list of entries,
// which are fields with their values; the ID of an entry, as "1700000000000-0",
// has the milliseconds of its time and a number. In ranges "-" is the lowest ID
// and "+" the highest, and a parenthesis, as in "(1700000000000-0", leaves that
// ID itself out.
//
// A group reads a stream together: each entry is delivered to one of its
// consumers, and is pending until that one acknowledges it.
//
// Modes say what becomes of the references that groups have to entries which
// are deleted: "KEEPREF" keeps them, "DELREF" removes them, "ACKED" deletes only
// entries that all groups have acknowledged (Redis 8.2).
type StreamCmdable interface {
	XAdd(ctx context.Context, a *XAddArgs) *StringCmd
	XAckDel(ctx context.Context, stream string, group string, mode string, ids ...string) *SliceCmd
	XDel(ctx context.Context, stream string, ids ...string) *IntCmd
	XDelEx(ctx context.Context, stream string, mode string, ids ...string) *SliceCmd
	XLen(ctx context.Context, stream string) *IntCmd
	XRange(ctx context.Context, stream, start, stop string) *XMessageSliceCmd
	XRangeN(ctx context.Context, stream, start, stop string, count int64) *XMessageSliceCmd
	XRevRange(ctx context.Context, stream string, start, stop string) *XMessageSliceCmd
	XRevRangeN(ctx context.Context, stream string, start, stop string, count int64) *XMessageSliceCmd
	XRead(ctx context.Context, a *XReadArgs) *XStreamSliceCmd
	XReadStreams(ctx context.Context, streams ...string) *XStreamSliceCmd
	XGroupCreate(ctx context.Context, stream, group, start string) *StatusCmd
	XGroupCreateMkStream(ctx context.Context, stream, group, start string) *StatusCmd
	XGroupSetID(ctx context.Context, stream, group, start string) *StatusCmd
	XGroupDestroy(ctx context.Context, stream, group string) *IntCmd
	XGroupCreateConsumer(ctx context.Context, stream, group, consumer string) *IntCmd
	XGroupDelConsumer(ctx context.Context, stream, group, consumer string) *IntCmd
	XReadGroup(ctx context.Context, a *XReadGroupArgs) *XStreamSliceCmd
	XAck(ctx context.Context, stream, group string, ids ...string) *IntCmd
	XNack(ctx context.Context, a *XNackArgs) *IntCmd
	XPending(ctx context.Context, stream, group string) *XPendingCmd
	XPendingExt(ctx context.Context, a *XPendingExtArgs) *XPendingExtCmd
	XClaim(ctx context.Context, a *XClaimArgs) *XMessageSliceCmd
	XClaimJustID(ctx context.Context, a *XClaimArgs) *StringSliceCmd
	XAutoClaim(ctx context.Context, a *XAutoClaimArgs) *XAutoClaimCmd
	XAutoClaimWithDeleted(ctx context.Context, a *XAutoClaimArgs) *XAutoClaimWithDeletedCmd
	XAutoClaimJustID(ctx context.Context, a *XAutoClaimArgs) *XAutoClaimJustIDCmd
	XTrimMaxLen(ctx context.Context, key string, maxLen int64) *IntCmd
	XTrimMaxLenApprox(ctx context.Context, key string, maxLen, limit int64) *IntCmd
	XTrimMaxLenMode(ctx context.Context, key string, maxLen int64, mode string) *IntCmd
	XTrimMaxLenApproxMode(ctx context.Context, key string, maxLen, limit int64, mode string) *IntCmd
	XTrimMinID(ctx context.Context, key string, minID string) *IntCmd
	XTrimMinIDApprox(ctx context.Context, key string, minID string, limit int64) *IntCmd
	XTrimMinIDMode(ctx context.Context, key string, minID string, mode string) *IntCmd
	XTrimMinIDApproxMode(ctx context.Context, key string, minID string, limit int64, mode string) *IntCmd
	XInfoGroups(ctx context.Context, key string) *XInfoGroupsCmd
	XInfoStream(ctx context.Context, key string) *XInfoStreamCmd
	XInfoStreamFull(ctx context.Context, key string, count int) *XInfoStreamFullCmd
	XInfoConsumers(ctx context.Context, key string, group string) *XInfoConsumersCmd
	XCfgSet(ctx context.Context, a *XCfgSetArgs) *StatusCmd
}

// XTrimLimitDisabled in place of a limit lets trimming look at any number of
// entries, where 0 leaves it at the server's own limit.
const XTrimLimitDisabled = -1

// XAddArgs are an entry for a stream, and how the stream is trimmed meanwhile.
type XAddArgs struct {
	Stream string // the key of the stream
	// NoMkStream adds nothing to a stream that does not exist, instead of
	// creating it.
	NoMkStream bool
	// MaxLen is the number of entries to keep; 0 does not trim by number.
	MaxLen int64
	// MinID is the lowest ID to keep; empty does not trim by ID. It does not
	// count together with MaxLen.
	MinID string
	// Approx lets the server keep more than it has to, which is faster.
	Approx bool
	// Limit is how many entries trimming looks at, with Approx only: 0 leaves
	// that to the server, [XTrimLimitDisabled] means all.
	Limit int64
	// Mode is that of entries which are trimmed; see [StreamCmdable]. Empty
	// keeps references.
	Mode string
	// ID of the entry; empty, or "*", lets the server make one, and
	// "1700000000000-*" the number behind the time.
	ID string
	// Values are the fields and their values in turn, as []string or []any; or
	// a map, in no particular order; or a struct with redis tags.
	Values any
	// ProducerID tells who adds the entry, so that the server notices when it
	// is added again (Redis 8.6): by its IdempotentID, or by its contents with
	// IdempotentAuto, which goes first. Without either it has no effect.
	ProducerID     string
	IdempotentID   string
	IdempotentAuto bool
}

// trimLimit adds how many entries trimming looks at.
func (c *baseCmd) trimLimit(limit int64) *baseCmd {
	if limit != 0 {
		c.str("limit").int(max(limit, 0))
	}
	return c
}

// approx adds whether trimming may keep more than it has to.
func (c *baseCmd) approx(more bool) *baseCmd {
	if more {
		return c.str("~")
	}
	return c.str("=")
}

func (c *baseCmd) xadd(a *XAddArgs) {
	if a == nil {
		c.rejectNil("XAddArgs")
		return
	}
	c.str(a.Stream).flag(a.NoMkStream, "nomkstream").flag(a.Mode != "", a.Mode)
	switch {
	case a.ProducerID == "":
	case a.IdempotentAuto:
		c.strs("idmpauto", a.ProducerID)
	case a.IdempotentID != "":
		c.strs("idmp", a.ProducerID, a.IdempotentID)
	}
	switch {
	case a.MaxLen > 0:
		c.str("maxlen").approx(a.Approx).int(a.MaxLen)
	case a.MinID != "":
		c.str("minid").approx(a.Approx).str(a.MinID)
	}
	c.trimLimit(a.Limit)
	if a.ID == "" {
		c.str("*")
	} else {
		c.str(a.ID)
	}
	c.pairs([]any{a.Values})
}

// XReadArgs say what to read from streams.
type XReadArgs struct {
	// Streams are the streams, and behind them for each the ID after which to
	// read: "$" is that of the last entry there is now, "0" reads from the
	// beginning, and "+" reads the last entry (Redis 7.4).
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
	// ID is that of all streams; then Streams has no IDs.
	ID string
}

// readOptions adds the options that XREAD and XREADGROUP have in common.
func (c *baseCmd) readOptions(count, maxCount, maxSize int64, block time.Duration) *baseCmd {
	for _, limit := range []struct {
		word string
		n    int64
	}{{"count", count}, {"maxcount", maxCount}, {"maxsize", maxSize}} {
		if limit.n > 0 {
			c.str(limit.word).int(limit.n)
		}
	}
	if block >= 0 {
		c.str("block").millis(block).own().blocks = block
	}
	return c
}

// streams adds streams and IDs, which are as many.
func (c *baseCmd) streams(list []string) *baseCmd {
	if len(list)%2 != 0 {
		c.reject(fmt.Errorf("redis: %s: %d streams and IDs are not as many of each", c.Name(), len(list)))
	}
	return c.str("streams").strs(list...)
}

func (c *baseCmd) xread(a *XReadArgs) {
	if a == nil {
		c.rejectNil("XReadArgs")
		return
	}
	c.readOptions(a.Count, a.MaxCount, a.MaxSize, a.Block)
	if a.ID == "" {
		c.streams(a.Streams)
		return
	}
	c.str("streams").strs(a.Streams...)
	for range a.Streams {
		c.str(a.ID)
	}
}

// XAdd adds an entry to a stream and answers its ID; [Nil] when the stream does
// not exist and shall not be created (XADD).
func (c cmdable) XAdd(ctx context.Context, a *XAddArgs) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("xadd").xadd(a)
	return do(ctx, c, cmd)
}

// XDel deletes entries and answers how many there were (XDEL).
func (c cmdable) XDel(ctx context.Context, stream string, ids ...string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("xdel", stream).strs(ids...)
	return do(ctx, c, cmd)
}

// XDelEx deletes entries by a mode. It answers an integer for each: 1 for one
// that was deleted, -1 for one that does not exist, 2 for one that was kept
// because a group has not acknowledged it, with the mode "ACKED" (XDELEX, Redis
// 8.2).
func (c cmdable) XDelEx(ctx context.Context, stream string, mode string, ids ...string) *SliceCmd {
	cmd := new(SliceCmd)
	cmd.start("xdelex", stream, mode, "ids").keys(ids)
	return do(ctx, c, cmd)
}

// XLen counts the entries; 0 when the stream does not exist (XLEN).
func (c cmdable) XLen(ctx context.Context, stream string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("xlen", stream)
	return do(ctx, c, cmd)
}

// XRange reads the entries from ID start to stop, both included, the oldest
// first; none when the stream does not exist (XRANGE).
func (c cmdable) XRange(ctx context.Context, stream, start, stop string) *XMessageSliceCmd {
	cmd := new(XMessageSliceCmd)
	cmd.start("xrange", stream, start, stop)
	return do(ctx, c, cmd)
}

// XRangeN is XRange for the first count entries (XRANGE COUNT).
func (c cmdable) XRangeN(ctx context.Context, stream, start, stop string, count int64) *XMessageSliceCmd {
	cmd := new(XMessageSliceCmd)
	cmd.start("xrange", stream, start, stop, "count").int(count)
	return do(ctx, c, cmd)
}

// XRevRange reads the entries from ID start down to stop, both included, the
// newest first; none when the stream does not exist (XREVRANGE).
func (c cmdable) XRevRange(ctx context.Context, stream, start, stop string) *XMessageSliceCmd {
	cmd := new(XMessageSliceCmd)
	cmd.start("xrevrange", stream, start, stop)
	return do(ctx, c, cmd)
}

// XRevRangeN is XRevRange for the first count entries (XREVRANGE COUNT).
func (c cmdable) XRevRangeN(ctx context.Context, stream, start, stop string, count int64) *XMessageSliceCmd {
	cmd := new(XMessageSliceCmd)
	cmd.start("xrevrange", stream, start, stop, "count").int(count)
	return do(ctx, c, cmd)
}

// XRead reads the entries of streams behind the IDs given; streams without any
// are left out. [Nil] when there are none at all, after Block if that was given
// (XREAD).
//
// The streams have to be in one slot.
func (c cmdable) XRead(ctx context.Context, a *XReadArgs) *XStreamSliceCmd {
	cmd := new(XStreamSliceCmd)
	cmd.start("xread").xread(a)
	return do(ctx, c, cmd)
}

// XReadStreams is XRead that does not wait: streams has the streams, and behind
// them the ID of each (XREAD).
func (c cmdable) XReadStreams(ctx context.Context, streams ...string) *XStreamSliceCmd {
	return c.XRead(ctx, &XReadArgs{Streams: streams, Block: -1})
}

// XTrimMaxLen deletes the oldest entries until there are maxLen, and answers how
// many it deleted (XTRIM MAXLEN).
func (c cmdable) XTrimMaxLen(ctx context.Context, key string, maxLen int64) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("xtrim", key, "maxlen", "=").int(maxLen)
	return do(ctx, c, cmd)
}

// XTrimMaxLenApprox is XTrimMaxLen that may leave some more, which is faster. It
// looks at limit entries at most: 0 leaves that to the server,
// [XTrimLimitDisabled] means all (XTRIM MAXLEN ~).
func (c cmdable) XTrimMaxLenApprox(ctx context.Context, key string, maxLen, limit int64) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("xtrim", key, "maxlen", "~").int(maxLen).trimLimit(limit)
	return do(ctx, c, cmd)
}

// XTrimMaxLenMode is XTrimMaxLen by a mode (XTRIM MAXLEN, Redis 8.2).
func (c cmdable) XTrimMaxLenMode(ctx context.Context, key string, maxLen int64, mode string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("xtrim", key, "maxlen", "=").int(maxLen).str(mode)
	return do(ctx, c, cmd)
}

// XTrimMaxLenApproxMode is XTrimMaxLenApprox by a mode (XTRIM MAXLEN ~, Redis
// 8.2).
func (c cmdable) XTrimMaxLenApproxMode(ctx context.Context, key string, maxLen, limit int64, mode string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("xtrim", key, "maxlen", "~").int(maxLen).trimLimit(limit).str(mode)
	return do(ctx, c, cmd)
}

// XTrimMinID deletes the entries whose ID is lower than minID, and answers how
// many it deleted (XTRIM MINID).
func (c cmdable) XTrimMinID(ctx context.Context, key string, minID string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("xtrim", key, "minid", "=", minID)
	return do(ctx, c, cmd)
}

// XTrimMinIDApprox is XTrimMinID that may leave some more, which is faster. It
// looks at limit entries at most: 0 leaves that to the server,
// [XTrimLimitDisabled] means all (XTRIM MINID ~).
func (c cmdable) XTrimMinIDApprox(ctx context.Context, key string, minID string, limit int64) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("xtrim", key, "minid", "~", minID).trimLimit(limit)
	return do(ctx, c, cmd)
}

// XTrimMinIDMode is XTrimMinID by a mode (XTRIM MINID, Redis 8.2).
func (c cmdable) XTrimMinIDMode(ctx context.Context, key string, minID string, mode string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("xtrim", key, "minid", "=", minID, mode)
	return do(ctx, c, cmd)
}

// XTrimMinIDApproxMode is XTrimMinIDApprox by a mode (XTRIM MINID ~, Redis 8.2).
func (c cmdable) XTrimMinIDApproxMode(ctx context.Context, key string, minID string, limit int64, mode string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("xtrim", key, "minid", "~", minID).trimLimit(limit).str(mode)
	return do(ctx, c, cmd)
}

// XCfgSetArgs say for how long, and for how many entries, a stream remembers
// what producers added to it.
type XCfgSetArgs struct {
	Stream string // the key of the stream
	// Duration is in seconds; 0 leaves it as it is.
	Duration int64
	// MaxSize counts the newest IdempotentIDs of each producer; 0 leaves it as
	// it is.
	MaxSize int64
}

func (c *baseCmd) xcfgset(a *XCfgSetArgs) {
	if a == nil {
		c.rejectNil("XCfgSetArgs")
		return
	}
	c.str(a.Stream)
	if a.Duration > 0 {
		c.str("idmp-duration").int(a.Duration)
	}
	if a.MaxSize > 0 {
		c.str("idmp-maxsize").int(a.MaxSize)
	}
}

// XCfgSet sets how well a stream remembers what was added to it with a
// ProducerID (XCFGSET, Redis 8.6).
func (c cmdable) XCfgSet(ctx context.Context, a *XCfgSetArgs) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("xcfgset").xcfgset(a)
	return do(ctx, c, cmd)
}

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

// XMessage is an entry of a stream.
type XMessage struct {
	ID string // such as "1700000000000-0": the time in milliseconds, and a number
	// Values are the fields; each value is a string. Of a field that occurs
	// twice it has the last value. It is nil for an entry that is pending but
	// was deleted.
	Values map[string]any
	// MillisElapsedFromDelivery is how many milliseconds ago the entry was
	// delivered the last time, and DeliveredCount how often it was: for those
	// that XReadGroup has claimed, else 0.
	MillisElapsedFromDelivery int64
	DeliveredCount            int64
}

// XMessageSliceCmd is a command that answers with entries of a stream.
type XMessageSliceCmd struct{ result[[]XMessage] }

// NewXMessageSliceCmd makes a command from its name and arguments, for Process.
func NewXMessageSliceCmd(ctx context.Context, args ...any) *XMessageSliceCmd {
	return fromArgs(new(XMessageSliceCmd), args)
}

// NewXMessageSliceCmdResult makes a command that has been answered, for tests
// and fakes.
func NewXMessageSliceCmdResult(val []XMessage, err error) *XMessageSliceCmd {
	return &XMessageSliceCmd{made(val, err)}
}

func (c *XMessageSliceCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeXMessages(d)
	return err
}

// decodeXMessages leaves nulls out: Redis 6 has them where an entry that is
// claimed was deleted.
func decodeXMessages(d *resp.Decoder) ([]XMessage, error) {
	n, err := d.Array()
	if err != nil {
		return nil, err
	}
	list := make([]XMessage, 0, d.Cap(n))
	for range n {
		m, err := decodeXMessage(d)
		if err == Nil {
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// decodeXMessage is not made of decodeTuple because there are many of these.
func decodeXMessage(d *resp.Decoder) (m XMessage, err error) {
	n, err := d.Array()
	if err != nil {
		return m, err
	}
	if n < 2 {
		return m, &resp.TypeError{Got: elements(n), Want: "an ID and values"}
	}
	if m.ID, err = d.String(); err != nil {
		return m, err
	}
	if m.Values, err = decodeMap(d, textAsAny); err != nil && err != Nil {
		return m, err
	}
	for i := range n - 2 {
		var field any
		switch i {
		case 0:
			field = &m.MillisElapsedFromDelivery
		case 1:
			field = &m.DeliveredCount
		}
		if err := decodeField(d, field); err != nil && err != Nil {
			return m, err
		}
	}
	return m, nil
}

func textAsAny(d *resp.Decoder) (any, error) { return d.String() }

// XStream is what was read from a stream.
type XStream struct {
	Stream   string     // its key
	Messages []XMessage // in the order of their IDs
}

// XStreamSliceCmd is a command that answers with streams and entries of them,
// or with [Nil] where there are none.
type XStreamSliceCmd struct{ result[[]XStream] }

// NewXStreamSliceCmd makes a command from its name and arguments, for Process.
func NewXStreamSliceCmd(ctx context.Context, args ...any) *XStreamSliceCmd {
	return fromArgs(new(XStreamSliceCmd), args)
}

// NewXStreamSliceCmdResult makes a command that has been answered, for tests
// and fakes.
func NewXStreamSliceCmdResult(val []XStream, err error) *XStreamSliceCmd {
	return &XStreamSliceCmd{made(val, err)}
}

// In RESP3 the reply is a map, in RESP2 a list of pairs.
func (c *XStreamSliceCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodePairs(d, decodeXStream)
	return err
}

func decodeXStream(d *resp.Decoder) (s XStream, err error) {
	if s.Stream, err = d.String(); err == nil {
		s.Messages, err = decodeXMessages(d)
	}
	return s, err
}

// XPending counts what is pending in a group.
type XPending struct {
	Count     int64            // entries pending for all consumers
	Lower     string           // the lowest ID; "" when nothing is pending
	Higher    string           // the highest ID; "" when nothing is pending
	Consumers map[string]int64 // how many entries each has, without those that have none
}

// XPendingCmd is a command that counts what is pending in a group.
type XPendingCmd struct{ result[*XPending] }

// NewXPendingCmd makes a command from its name and arguments, for Process.
func NewXPendingCmd(ctx context.Context, args ...any) *XPendingCmd {
	return fromArgs(new(XPendingCmd), args)
}

// NewXPendingResult makes a command that has been answered, for tests and
// fakes.
func NewXPendingResult(val *XPending, err error) *XPendingCmd {
	return &XPendingCmd{made(val, err)}
}

func (c *XPendingCmd) decode(d *resp.Decoder) error {
	p := &XPending{Consumers: map[string]int64{}}
	err := decodeTuple(d, 4, &p.Count, &p.Lower, &p.Higher, func(d *resp.Decoder) error {
		_, err := decodeList(d, func(d *resp.Decoder) (string, error) {
			var name string
			var count int64
			err := decodeTuple(d, 2, &name, &count)
			p.Consumers[name] = count
			return name, err
		})
		return err
	})
	if err == nil {
		c.val = p
	}
	return err
}

// XPendingExt is one pending entry.
type XPendingExt struct {
	ID       string // of the entry
	Consumer string // "" when it was given back to the group
	// Idle is how long ago it was delivered the last time, to the millisecond.
	Idle       time.Duration
	RetryCount int64 // how often it was delivered
}

// XPendingExtCmd is a command that answers with pending entries.
type XPendingExtCmd struct{ result[[]XPendingExt] }

// NewXPendingExtCmd makes a command from its name and arguments, for Process.
func NewXPendingExtCmd(ctx context.Context, args ...any) *XPendingExtCmd {
	return fromArgs(new(XPendingExtCmd), args)
}

func (c *XPendingExtCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, func(d *resp.Decoder) (p XPendingExt, err error) {
		err = decodeTuple(d, 4, &p.ID, &p.Consumer, into(&p.Idle, decodeMillis), &p.RetryCount)
		return p, err
	})
	return err
}

// decodeMillis reads a number of milliseconds.
func decodeMillis(d *resp.Decoder) (time.Duration, error) {
	ms, err := d.Int()
	return time.Duration(ms) * time.Millisecond, err
}

// claimed is a command that takes over pending entries, and answers with what
// it took over and the ID to go on with.
type claimed[T any] struct {
	baseCmd
	val  []T
	next string
}

// Val is what was taken over and the ID to go on with, "0-0" at the end; nil and
// "" when the command failed.
func (c *claimed[T]) Val() ([]T, string) { return c.val, c.next }

// SetVal sets what Val returns; hooks and fakes need it.
func (c *claimed[T]) SetVal(val []T, start string) { c.val, c.next = val, start }

// Result is what Val returns and the command's error.
func (c *claimed[T]) Result() ([]T, string, error) { return c.val, c.next, c.Err() }

// String shows the command and its result.
func (c *claimed[T]) String() string { return c.text(fmt.Sprint(c.val, " ", c.next)) }

func (c *claimed[T]) decodeWith(d *resp.Decoder, list func(*resp.Decoder) ([]T, error)) error {
	val, start, _, err := decodeClaimed(d, list)
	if err == nil {
		c.val, c.next = val, start
	}
	return err
}

// decodeClaimed also reads the IDs of entries that were found to be deleted,
// which servers before Redis 7 do not tell.
func decodeClaimed[T any](d *resp.Decoder, list func(*resp.Decoder) ([]T, error)) (val []T, start string, deleted []string, err error) {
	err = decodeTuple(d, 2, &start, into(&val, list), into(&deleted, decodeStrings))
	return val, start, deleted, err
}

// XAutoClaimCmd is a command that answers with entries and the ID to go on with.
type XAutoClaimCmd struct{ claimed[XMessage] }

// NewXAutoClaimCmd makes a command from its name and arguments, for Process.
func NewXAutoClaimCmd(ctx context.Context, args ...any) *XAutoClaimCmd {
	return fromArgs(new(XAutoClaimCmd), args)
}

func (c *XAutoClaimCmd) decode(d *resp.Decoder) error { return c.decodeWith(d, decodeXMessages) }

// XAutoClaimJustIDCmd is a command that answers with the IDs of entries and the
// ID to go on with.
type XAutoClaimJustIDCmd struct{ claimed[string] }

// NewXAutoClaimJustIDCmd makes a command from its name and arguments, for
// Process.
func NewXAutoClaimJustIDCmd(ctx context.Context, args ...any) *XAutoClaimJustIDCmd {
	return fromArgs(new(XAutoClaimJustIDCmd), args)
}

func (c *XAutoClaimJustIDCmd) decode(d *resp.Decoder) error { return c.decodeWith(d, decodeStrings) }

// XAutoClaimWithDeletedCmd is a command that answers with entries, the ID to go
// on with, and the IDs of entries that were pending but have been deleted.
type XAutoClaimWithDeletedCmd struct {
	baseCmd
	val     []XMessage
	next    string
	deleted []string
}

// NewXAutoClaimWithDeletedCmd makes a command from its name and arguments, for
// Process.
func NewXAutoClaimWithDeletedCmd(ctx context.Context, args ...any) *XAutoClaimWithDeletedCmd {
	return fromArgs(new(XAutoClaimWithDeletedCmd), args)
}

// Val is the entries, the ID to go on with, "0-0" at the end, and the IDs of
// deleted entries; nil and "" when the command failed.
func (c *XAutoClaimWithDeletedCmd) Val() (messages []XMessage, start string, deletedIDs []string) {
	return c.val, c.next, c.deleted
}

// SetVal sets what Val returns; hooks and fakes need it.
func (c *XAutoClaimWithDeletedCmd) SetVal(val []XMessage, start string, deletedIDs []string) {
	c.val, c.next, c.deleted = val, start, deletedIDs
}

// Result is what Val returns and the command's error.
func (c *XAutoClaimWithDeletedCmd) Result() (messages []XMessage, start string, deletedIDs []string, err error) {
	return c.val, c.next, c.deleted, c.Err()
}

// String shows the command and its result.
func (c *XAutoClaimWithDeletedCmd) String() string {
	return c.text(fmt.Sprint(c.val, " ", c.next, " ", c.deleted))
}

func (c *XAutoClaimWithDeletedCmd) decode(d *resp.Decoder) error {
	val, start, deleted, err := decodeClaimed(d, decodeXMessages)
	if err == nil {
		c.val, c.next, c.deleted = val, start, deleted
	}
	return err
}

// XInfoStream tells of a stream.
type XInfoStream struct {
	Length          int64  // how many entries there are
	RadixTreeKeys   int64  // of the tree that they are kept in
	RadixTreeNodes  int64  // likewise
	Groups          int64  // how many groups read it
	LastGeneratedID string // of the entry that was added last, be it deleted or not
	// MaxDeletedEntryID is the highest ID that was deleted, "0-0" when none was;
	// EntriesAdded counts all entries that there ever were. Not before Redis 7.
	MaxDeletedEntryID string
	EntriesAdded      int64
	FirstEntry        XMessage // zero when there is no entry
	LastEntry         XMessage // likewise
	// RecordedFirstEntryID is the ID of the first entry. Not before Redis 7.
	RecordedFirstEntryID string

	// How the server notices entries that are added twice (Redis 8.6).
	IDMPDuration   int64 // seconds for which it keeps their IDs in mind
	IDMPMaxSize    int64 // how many IDs of each producer it keeps in mind
	PIDsTracked    int64 // producers it has in mind now
	IIDsTracked    int64 // IDs it has in mind now
	IIDsAdded      int64 // entries added with such an ID so far
	IIDsDuplicates int64 // entries refused for it so far
}

// XInfoStreamCmd is a command that tells of a stream.
type XInfoStreamCmd struct{ result[*XInfoStream] }

// NewXInfoStreamCmd makes the command XINFO STREAM, for Process.
func NewXInfoStreamCmd(ctx context.Context, stream string) *XInfoStreamCmd {
	cmd := new(XInfoStreamCmd)
	cmd.start("xinfo", "stream", stream)
	return cmd
}

func (c *XInfoStreamCmd) decode(d *resp.Decoder) error {
	s := new(XInfoStream)
	err := decodeFields(d, map[string]any{
		"length":                  &s.Length,
		"radix-tree-keys":         &s.RadixTreeKeys,
		"radix-tree-nodes":        &s.RadixTreeNodes,
		"groups":                  &s.Groups,
		"last-generated-id":       &s.LastGeneratedID,
		"max-deleted-entry-id":    &s.MaxDeletedEntryID,
		"entries-added":           &s.EntriesAdded,
		"first-entry":             into(&s.FirstEntry, decodeXMessage),
		"last-entry":              into(&s.LastEntry, decodeXMessage),
		"recorded-first-entry-id": &s.RecordedFirstEntryID,
		"idmp-duration":           &s.IDMPDuration,
		"idmp-maxsize":            &s.IDMPMaxSize,
		"pids-tracked":            &s.PIDsTracked,
		"iids-tracked":            &s.IIDsTracked,
		"iids-added":              &s.IIDsAdded,
		"iids-duplicates":         &s.IIDsDuplicates,
	})
	if err == nil {
		c.val = s
	}
	return err
}

// XInfoStreamFull tells of a stream with its entries, its groups and what is
// pending in them. What it has in common with [XInfoStream] means the same.
type XInfoStreamFull struct {
	Length               int64 // entries
	RadixTreeKeys        int64
	RadixTreeNodes       int64
	LastGeneratedID      string
	MaxDeletedEntryID    string
	EntriesAdded         int64
	Entries              []XMessage         // the first ones
	Groups               []XInfoStreamGroup // all of them, not only their number
	RecordedFirstEntryID string
	IDMPDuration         int64
	IDMPMaxSize          int64
	PIDsTracked          int64
	IIDsTracked          int64
	IIDsAdded            int64
	IIDsDuplicates       int64
}

// XInfoStreamGroup tells of a group with what is pending in it.
type XInfoStreamGroup struct {
	Name            string                    // of the group
	LastDeliveredID string                    // of the last entry delivered; "0-0" when none was
	EntriesRead     int64                     // 0 when that is not known
	Lag             int64                     // how many entries were delivered to nobody yet; -1 when that is not known
	PelCount        int64                     // how many entries are pending
	NackedCount     uint64                    // how many of them were given back; not before Redis 8.8
	Pending         []XInfoStreamGroupPending // the first of them
	Consumers       []XInfoStreamConsumer     // all of them
}

// XInfoStreamGroupPending is a pending entry of a group.
type XInfoStreamGroupPending struct {
	ID            string    // of the entry
	Consumer      string    // who was given it
	DeliveryTime  time.Time // the last, to the millisecond
	DeliveryCount int64     // how often it was delivered
}

// XInfoStreamConsumer tells of a consumer with what is pending for it.
type XInfoStreamConsumer struct {
	Name     string    // of the consumer
	SeenTime time.Time // when it last tried to read or claim, to the millisecond
	// ActiveTime is when it last got anything; zero when it never did. Not
	// before Redis 7.2.
	ActiveTime time.Time
	PelCount   int64                        // how many entries are pending for it
	Pending    []XInfoStreamConsumerPending // the first of them
}

// XInfoStreamConsumerPending is a pending entry of a consumer.
type XInfoStreamConsumerPending struct {
	ID            string    // of the entry
	DeliveryTime  time.Time // the last, to the millisecond
	DeliveryCount int64     // how often it was delivered
}

// XInfoStreamFullCmd is a command that tells of a stream with all it has.
type XInfoStreamFullCmd struct{ result[*XInfoStreamFull] }

// NewXInfoStreamFullCmd makes a command from its name and arguments, for
// Process.
func NewXInfoStreamFullCmd(ctx context.Context, args ...any) *XInfoStreamFullCmd {
	return fromArgs(new(XInfoStreamFullCmd), args)
}

func (c *XInfoStreamFullCmd) decode(d *resp.Decoder) error {
	s := new(XInfoStreamFull)
	err := decodeFields(d, map[string]any{
		"length":                  &s.Length,
		"radix-tree-keys":         &s.RadixTreeKeys,
		"radix-tree-nodes":        &s.RadixTreeNodes,
		"last-generated-id":       &s.LastGeneratedID,
		"max-deleted-entry-id":    &s.MaxDeletedEntryID,
		"entries-added":           &s.EntriesAdded,
		"entries":                 into(&s.Entries, decodeXMessages),
		"groups":                  into(&s.Groups, decodeFullGroups),
		"recorded-first-entry-id": &s.RecordedFirstEntryID,
		"idmp-duration":           &s.IDMPDuration,
		"idmp-maxsize":            &s.IDMPMaxSize,
		"pids-tracked":            &s.PIDsTracked,
		"iids-tracked":            &s.IIDsTracked,
		"iids-added":              &s.IIDsAdded,
		"iids-duplicates":         &s.IIDsDuplicates,
	})
	if err == nil {
		c.val = s
	}
	return err
}

func decodeFullGroups(d *resp.Decoder) ([]XInfoStreamGroup, error) {
	return decodeList(d, func(d *resp.Decoder) (XInfoStreamGroup, error) {
		g := XInfoStreamGroup{Lag: lagUnknown}
		err := decodeFields(d, map[string]any{
			"name":              &g.Name,
			"last-delivered-id": &g.LastDeliveredID,
			"entries-read":      &g.EntriesRead,
			"lag":               &g.Lag,
			"pel-count":         &g.PelCount,
			"nacked-count":      &g.NackedCount,
			"pending":           into(&g.Pending, decodeGroupPending),
			"consumers":         into(&g.Consumers, decodeFullConsumers),
		})
		return g, err
	})
}

func decodeGroupPending(d *resp.Decoder) ([]XInfoStreamGroupPending, error) {
	return decodeList(d, func(d *resp.Decoder) (p XInfoStreamGroupPending, err error) {
		err = decodeTuple(d, 4, &p.ID, &p.Consumer, into(&p.DeliveryTime, decodeTime), &p.DeliveryCount)
		return p, err
	})
}

func decodeFullConsumers(d *resp.Decoder) ([]XInfoStreamConsumer, error) {
	return decodeList(d, func(d *resp.Decoder) (c XInfoStreamConsumer, err error) {
		err = decodeFields(d, map[string]any{
			"name":        &c.Name,
			"seen-time":   into(&c.SeenTime, decodeTime),
			"active-time": into(&c.ActiveTime, decodeTime),
			"pel-count":   &c.PelCount,
			"pending":     into(&c.Pending, decodeConsumerPending),
		})
		return c, err
	})
}

func decodeConsumerPending(d *resp.Decoder) ([]XInfoStreamConsumerPending, error) {
	return decodeList(d, func(d *resp.Decoder) (p XInfoStreamConsumerPending, err error) {
		err = decodeTuple(d, 3, &p.ID, into(&p.DeliveryTime, decodeTime), &p.DeliveryCount)
		return p, err
	})
}

// decodeTime reads milliseconds since 1970; -1 is never.
func decodeTime(d *resp.Decoder) (time.Time, error) {
	ms, err := d.Int()
	if err != nil || ms < 0 {
		return time.Time{}, err
	}
	return time.UnixMilli(ms), nil
}

// lagUnknown is for a server that does not know the lag of a group, or does not
// tell.
const lagUnknown = -1

// XInfoGroup tells of a group.
type XInfoGroup struct {
	Name            string // of the group
	Consumers       int64  // how many it has
	Pending         int64  // how many entries are pending
	LastDeliveredID string // of the last entry delivered; "0-0" when none was
	EntriesRead     int64  // 0 when that is not known
	Lag             int64  // how many entries were delivered to nobody yet; -1 when that is not known
}

// XInfoGroupsCmd is a command that tells of the groups of a stream.
type XInfoGroupsCmd struct{ result[[]XInfoGroup] }

// NewXInfoGroupsCmd makes the command XINFO GROUPS, for Process.
func NewXInfoGroupsCmd(ctx context.Context, stream string) *XInfoGroupsCmd {
	cmd := new(XInfoGroupsCmd)
	cmd.start("xinfo", "groups", stream)
	return cmd
}

func (c *XInfoGroupsCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, func(d *resp.Decoder) (XInfoGroup, error) {
		g := XInfoGroup{Lag: lagUnknown}
		err := decodeFields(d, map[string]any{
			"name":              &g.Name,
			"consumers":         &g.Consumers,
			"pending":           &g.Pending,
			"last-delivered-id": &g.LastDeliveredID,
			"entries-read":      &g.EntriesRead,
			"lag":               &g.Lag,
		})
		return g, err
	})
	return err
}

// XInfoConsumer tells of a consumer of a group.
type XInfoConsumer struct {
	Name    string        // of the consumer
	Pending int64         // how many entries are pending for it
	Idle    time.Duration // since it last tried to read or claim, to the millisecond
	// Inactive is the time since it last got anything, to the millisecond; -1 ms
	// when it never did. Not before Redis 7.2.
	Inactive time.Duration
}

// XInfoConsumersCmd is a command that tells of the consumers of a group.
type XInfoConsumersCmd struct{ result[[]XInfoConsumer] }

// NewXInfoConsumersCmd makes the command XINFO CONSUMERS, for Process.
func NewXInfoConsumersCmd(ctx context.Context, stream string, group string) *XInfoConsumersCmd {
	cmd := new(XInfoConsumersCmd)
	cmd.start("xinfo", "consumers", stream, group)
	return cmd
}

func (c *XInfoConsumersCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, func(d *resp.Decoder) (c XInfoConsumer, err error) {
		err = decodeFields(d, map[string]any{
			"name":     &c.Name,
			"pending":  &c.Pending,
			"idle":     into(&c.Idle, decodeMillis),
			"inactive": into(&c.Inactive, decodeMillis),
		})
		return c, err
	})
	return err
}
