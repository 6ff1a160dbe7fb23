package redis

import (
	"context"
	"fmt"
	"time"
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
