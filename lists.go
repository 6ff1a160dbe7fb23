package redis

import (
	"context"
	"strings"
	"time"
)

// ListCmdable has the commands on lists. Positions count from 0 at the left
// end (head), or from -1 at the right end (tail) towards the left. A list
// without elements does not exist. Ends are "LEFT" and "RIGHT" in the commands
// that take one.
//
// The commands whose name begins with B block while there is nothing to take,
// until timeout, where 0 means for ever.
type ListCmdable interface {
	BLPop(ctx context.Context, timeout time.Duration, keys ...string) *StringSliceCmd
	BLMPop(ctx context.Context, timeout time.Duration, direction string, count int64, keys ...string) *KeyValuesCmd
	BRPop(ctx context.Context, timeout time.Duration, keys ...string) *StringSliceCmd
	BRPopLPush(ctx context.Context, source, destination string, timeout time.Duration) *StringCmd
	LIndex(ctx context.Context, key string, index int64) *StringCmd
	LInsert(ctx context.Context, key, op string, pivot, value any) *IntCmd
	LInsertBefore(ctx context.Context, key string, pivot, value any) *IntCmd
	LInsertAfter(ctx context.Context, key string, pivot, value any) *IntCmd
	LLen(ctx context.Context, key string) *IntCmd
	LMPop(ctx context.Context, direction string, count int64, keys ...string) *KeyValuesCmd
	LPop(ctx context.Context, key string) *StringCmd
	LPopCount(ctx context.Context, key string, count int) *StringSliceCmd
	LPos(ctx context.Context, key string, value string, args LPosArgs) *IntCmd
	LPosCount(ctx context.Context, key string, value string, count int64, args LPosArgs) *IntSliceCmd
	LPush(ctx context.Context, key string, values ...any) *IntCmd
	LPushX(ctx context.Context, key string, values ...any) *IntCmd
	LRange(ctx context.Context, key string, start, stop int64) *StringSliceCmd
	LRem(ctx context.Context, key string, count int64, value any) *IntCmd
	LSet(ctx context.Context, key string, index int64, value any) *StatusCmd
	LTrim(ctx context.Context, key string, start, stop int64) *StatusCmd
	RPop(ctx context.Context, key string) *StringCmd
	RPopCount(ctx context.Context, key string, count int) *StringSliceCmd
	RPopLPush(ctx context.Context, source, destination string) *StringCmd
	RPush(ctx context.Context, key string, values ...any) *IntCmd
	RPushX(ctx context.Context, key string, values ...any) *IntCmd
	LMove(ctx context.Context, source, destination, srcpos, destpos string) *StringCmd
	BLMove(ctx context.Context, source, destination, srcpos, destpos string, timeout time.Duration) *StringCmd
	LMoveM(ctx context.Context, source, destination, srcpos, destpos string, args LMoveMArgs) *StringSliceCmd
	BLMoveM(ctx context.Context, source, destination, srcpos, destpos string, timeout time.Duration, args LMoveMArgs) *StringSliceCmd
}

// LPosArgs narrow what LPos and LPosCount look for.
type LPosArgs struct {
	// Rank is the match to begin with: 1, or 0, the first, 2 the second, -1
	// the first from the right end, and so on.
	Rank int64
	// MaxLen is how many elements to look at; 0 means all.
	MaxLen int64
}

func (c *baseCmd) lpos(a LPosArgs) {
	if a.Rank != 0 {
		c.str("rank").int(a.Rank)
	}
	if a.MaxLen != 0 {
		c.str("maxlen").int(a.MaxLen)
	}
}

// LMoveMMode tells what LMoveM does when there are fewer elements than Count.
type LMoveMMode string

const (
	// LMoveMCount moves as many as there are.
	LMoveMCount LMoveMMode = "COUNT"
	// LMoveMExactly moves none.
	LMoveMExactly LMoveMMode = "EXACTLY"
)

// LMoveMOrder tells in which order LMoveM leaves the elements.
type LMoveMOrder string

const (
	// LMoveMOBO moves one after another: elements moved between two left, or
	// two right, ends come to lie the other way round.
	LMoveMOBO LMoveMOrder = "OBO"
	// LMoveMBulk keeps the order they had.
	LMoveMBulk LMoveMOrder = "BULK"
)

// LMoveMArgs tell LMoveM how many elements to move. Their zero value moves one.
type LMoveMArgs struct {
	// Mode is LMoveMCount when it is empty. It matters only with Count.
	Mode LMoveMMode
	// Count is how many elements to move; 0 and less mean one.
	Count int64
	// Order is LMoveMBulk when it is empty. It matters only with Count.
	Order LMoveMOrder
}

func (c *baseCmd) lmovem(a LMoveMArgs) {
	if a.Count <= 0 {
		return
	}
	if a.Mode == "" {
		a.Mode = LMoveMCount
	}
	if a.Order == "" {
		a.Order = LMoveMBulk
	}
	c.str(string(a.Mode)).int(a.Count).str(string(a.Order))
}

// BLPop takes the leftmost element of the first of keys that has any, and
// answers the key and the element; [Nil] after the timeout (BLPOP).
func (c cmdable) BLPop(ctx context.Context, timeout time.Duration, keys ...string) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("blpop", keys...).timeout(timeout)
	return do(ctx, c, cmd)
}

// BLMPop is LMPop that blocks; [Nil] after the timeout (BLMPOP).
func (c cmdable) BLMPop(ctx context.Context, timeout time.Duration, direction string, count int64, keys ...string) *KeyValuesCmd {
	cmd := new(KeyValuesCmd)
	cmd.start("blmpop").timeout(timeout).keys(keys).str(strings.ToLower(direction)).str("count").int(count)
	return do(ctx, c, cmd)
}

// BRPop takes the rightmost element of the first of keys that has any, and
// answers the key and the element; [Nil] after the timeout (BRPOP).
func (c cmdable) BRPop(ctx context.Context, timeout time.Duration, keys ...string) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("brpop", keys...).timeout(timeout)
	return do(ctx, c, cmd)
}

// BRPopLPush is RPopLPush that blocks; [Nil] after the timeout (BRPOPLPUSH).
func (c cmdable) BRPopLPush(ctx context.Context, source, destination string, timeout time.Duration) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("brpoplpush", source, destination).timeout(timeout)
	return do(ctx, c, cmd)
}

// LIndex reads the element at a position; [Nil] when there is none (LINDEX).
func (c cmdable) LIndex(ctx context.Context, key string, index int64) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("lindex", key).int(index)
	return do(ctx, c, cmd)
}

// LInsert puts value beside the first element that equals pivot: op is "BEFORE"
// or "AFTER". It answers the new length, -1 when there is no such element, and
// 0 when the key does not exist (LINSERT).
func (c cmdable) LInsert(ctx context.Context, key, op string, pivot, value any) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("linsert", key, op).val(pivot).val(value)
	return do(ctx, c, cmd)
}

// LInsertBefore is LInsert to the left of pivot (LINSERT BEFORE).
func (c cmdable) LInsertBefore(ctx context.Context, key string, pivot, value any) *IntCmd {
	return c.LInsert(ctx, key, "before", pivot, value)
}

// LInsertAfter is LInsert to the right of pivot (LINSERT AFTER).
func (c cmdable) LInsertAfter(ctx context.Context, key string, pivot, value any) *IntCmd {
	return c.LInsert(ctx, key, "after", pivot, value)
}

// LLen counts the elements; 0 when the key does not exist (LLEN).
func (c cmdable) LLen(ctx context.Context, key string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("llen", key)
	return do(ctx, c, cmd)
}

// LMPop takes up to count elements from one end, "LEFT" or "RIGHT", of the
// first of keys that has any, and answers the key and the elements; [Nil] when
// none has (LMPOP).
func (c cmdable) LMPop(ctx context.Context, direction string, count int64, keys ...string) *KeyValuesCmd {
	cmd := new(KeyValuesCmd)
	cmd.start("lmpop").keys(keys).str(strings.ToLower(direction)).str("count").int(count)
	return do(ctx, c, cmd)
}

// LPop takes the leftmost element; [Nil] when the key does not exist (LPOP).
func (c cmdable) LPop(ctx context.Context, key string) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("lpop", key)
	return do(ctx, c, cmd)
}

// LPopCount takes up to count elements from the left; [Nil] when the key does
// not exist (LPOP).
func (c cmdable) LPopCount(ctx context.Context, key string, count int) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("lpop", key).int(int64(count))
	return do(ctx, c, cmd)
}

// LPos finds the position of an element that equals value; [Nil] when there is
// none (LPOS).
func (c cmdable) LPos(ctx context.Context, key string, value string, args LPosArgs) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("lpos", key, value).lpos(args)
	return do(ctx, c, cmd)
}

// LPosCount finds the positions of up to count elements that equal value, of
// all where count is 0; none when the key does not exist (LPOS COUNT).
func (c cmdable) LPosCount(ctx context.Context, key string, value string, count int64, args LPosArgs) *IntSliceCmd {
	cmd := new(IntSliceCmd)
	cmd.start("lpos", key, value, "count").int(count).lpos(args)
	return do(ctx, c, cmd)
}

// LPush puts values at the left end, one after another, so that the last comes
// to lie leftmost, and answers the new length. A single value may be a list
// (LPUSH).
func (c cmdable) LPush(ctx context.Context, key string, values ...any) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("lpush", key).list(values)
	return do(ctx, c, cmd)
}

// LPushX is LPush for a list that exists; it answers 0 for one that does not
// (LPUSHX).
func (c cmdable) LPushX(ctx context.Context, key string, values ...any) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("lpushx", key).list(values)
	return do(ctx, c, cmd)
}

// LRange reads the elements from position start to stop, both included; none
// when the key does not exist (LRANGE).
func (c cmdable) LRange(ctx context.Context, key string, start, stop int64) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("lrange", key).int(start).int(stop)
	return do(ctx, c, cmd)
}

// LRem removes elements that equal value and answers how many: count of them
// from the left, -count from the right if count is below 0, all if it is 0
// (LREM).
func (c cmdable) LRem(ctx context.Context, key string, count int64, value any) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("lrem", key).int(count).val(value)
	return do(ctx, c, cmd)
}

// LSet replaces the element at a position; an error when there is none (LSET).
func (c cmdable) LSet(ctx context.Context, key string, index int64, value any) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("lset", key).int(index).val(value)
	return do(ctx, c, cmd)
}

// LTrim removes all elements but those from position start to stop, both
// included (LTRIM).
func (c cmdable) LTrim(ctx context.Context, key string, start, stop int64) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("ltrim", key).int(start).int(stop)
	return do(ctx, c, cmd)
}

// RPop takes the rightmost element; [Nil] when the key does not exist (RPOP).
func (c cmdable) RPop(ctx context.Context, key string) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("rpop", key)
	return do(ctx, c, cmd)
}

// RPopCount takes up to count elements from the right; [Nil] when the key does
// not exist (RPOP).
func (c cmdable) RPopCount(ctx context.Context, key string, count int) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("rpop", key).int(int64(count))
	return do(ctx, c, cmd)
}

// RPopLPush moves the rightmost element of source to the left end of
// destination and answers it; [Nil] when source does not exist (RPOPLPUSH).
func (c cmdable) RPopLPush(ctx context.Context, source, destination string) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("rpoplpush", source, destination)
	return do(ctx, c, cmd)
}

// RPush puts values at the right end and answers the new length. A single value
// may be a list (RPUSH).
func (c cmdable) RPush(ctx context.Context, key string, values ...any) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("rpush", key).list(values)
	return do(ctx, c, cmd)
}

// RPushX is RPush for a list that exists; it answers 0 for one that does not
// (RPUSHX).
func (c cmdable) RPushX(ctx context.Context, key string, values ...any) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("rpushx", key).list(values)
	return do(ctx, c, cmd)
}

// LMove moves the element at one end of source, srcpos, to one end of
// destination, destpos, and answers it; [Nil] when source does not exist
// (LMOVE).
func (c cmdable) LMove(ctx context.Context, source, destination, srcpos, destpos string) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("lmove", source, destination, srcpos, destpos)
	return do(ctx, c, cmd)
}

// BLMove is LMove that blocks; [Nil] after the timeout (BLMOVE).
func (c cmdable) BLMove(ctx context.Context, source, destination, srcpos, destpos string, timeout time.Duration) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("blmove", source, destination, srcpos, destpos).timeout(timeout)
	return do(ctx, c, cmd)
}

// LMoveM moves several elements from one end of source, srcpos, to one end of
// destination, destpos, and answers them (LMOVEM, Redis 8.10).
func (c cmdable) LMoveM(ctx context.Context, source, destination, srcpos, destpos string, args LMoveMArgs) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("lmovem", source, destination, srcpos, destpos).lmovem(args)
	return do(ctx, c, cmd)
}

// BLMoveM is LMoveM that blocks until there is an element or, with
// LMoveMExactly, until there are Count; [Nil] after the timeout (BLMOVEM, Redis
// 8.10).
func (c cmdable) BLMoveM(ctx context.Context, source, destination, srcpos, destpos string, timeout time.Duration, args LMoveMArgs) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("blmovem", source, destination, srcpos, destpos).timeout(timeout).lmovem(args)
	return do(ctx, c, cmd)
}
