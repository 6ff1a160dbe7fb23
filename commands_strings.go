package redis

import (
	"context"
	"time"
)

// StringCmdable has the commands on strings.
type StringCmdable interface {
	Append(ctx context.Context, key, value string) *IntCmd
	Decr(ctx context.Context, key string) *IntCmd
	DecrBy(ctx context.Context, key string, decrement int64) *IntCmd
	DelExArgs(ctx context.Context, key string, a DelExArgs) *IntCmd
	Digest(ctx context.Context, key string) *DigestCmd
	Get(ctx context.Context, key string) *StringCmd
	GetDel(ctx context.Context, key string) *StringCmd
	GetEx(ctx context.Context, key string, expiration time.Duration) *StringCmd
	GetRange(ctx context.Context, key string, start, end int64) *StringCmd
	GetSet(ctx context.Context, key string, value any) *StringCmd
	Incr(ctx context.Context, key string) *IntCmd
	IncrBy(ctx context.Context, key string, value int64) *IntCmd
	IncrByFloat(ctx context.Context, key string, value float64) *FloatCmd
	IncrEXFloat(ctx context.Context, key string, args IncrEXFloatArgs) *IncrEXFloatCmd
	IncrEXInt(ctx context.Context, key string, args IncrEXIntArgs) *IncrEXIntCmd
	LCS(ctx context.Context, q *LCSQuery) *LCSCmd
	MGet(ctx context.Context, keys ...string) *SliceCmd
	MSet(ctx context.Context, values ...any) *StatusCmd
	MSetEX(ctx context.Context, args MSetEXArgs, values ...any) *IntCmd
	MSetNX(ctx context.Context, values ...any) *BoolCmd
	Set(ctx context.Context, key string, value any, expiration time.Duration) *StatusCmd
	SetArgs(ctx context.Context, key string, value any, a SetArgs) *StatusCmd
	SetEx(ctx context.Context, key string, value any, expiration time.Duration) *StatusCmd
	SetIFDEQ(ctx context.Context, key string, value any, matchDigest uint64, expiration time.Duration) *StatusCmd
	SetIFDEQGet(ctx context.Context, key string, value any, matchDigest uint64, expiration time.Duration) *StringCmd
	SetIFDNE(ctx context.Context, key string, value any, matchDigest uint64, expiration time.Duration) *StatusCmd
	SetIFDNEGet(ctx context.Context, key string, value any, matchDigest uint64, expiration time.Duration) *StringCmd
	SetIFEQ(ctx context.Context, key string, value, matchValue any, expiration time.Duration) *StatusCmd
	SetIFEQGet(ctx context.Context, key string, value, matchValue any, expiration time.Duration) *StringCmd
	SetIFNE(ctx context.Context, key string, value, matchValue any, expiration time.Duration) *StatusCmd
	SetIFNEGet(ctx context.Context, key string, value, matchValue any, expiration time.Duration) *StringCmd
	SetNX(ctx context.Context, key string, value any, expiration time.Duration) *BoolCmd
	SetRange(ctx context.Context, key string, offset int64, value string) *IntCmd
	SetXX(ctx context.Context, key string, value any, expiration time.Duration) *BoolCmd
	StrLen(ctx context.Context, key string) *IntCmd
}

// Append adds value to the end of the string at key, which is created when
// there is none, and gives the new length in bytes (APPEND).
func (c cmdable) Append(ctx context.Context, key, value string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("append", key, value)
	return do(ctx, c, cmd)
}

// Decr subtracts 1 from the integer at key, 0 when there is none, and gives
// the result (DECR).
func (c cmdable) Decr(ctx context.Context, key string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("decr", key)
	return do(ctx, c, cmd)
}

// DecrBy subtracts decrement from the integer at key, 0 when there is none,
// and gives the result (DECRBY).
func (c cmdable) DecrBy(ctx context.Context, key string, decrement int64) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("decrby", key).int(decrement)
	return do(ctx, c, cmd)
}

// Digest gives the XXH3 hash of the string at key; [Nil] when there is none
// (DIGEST, Redis 8.4).
func (c cmdable) Digest(ctx context.Context, key string) *DigestCmd {
	cmd := new(DigestCmd)
	cmd.start("digest", key)
	return do(ctx, c, cmd)
}

// Get reads the string at key; [Nil] when there is none (GET).
func (c cmdable) Get(ctx context.Context, key string) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("get", key)
	return do(ctx, c, cmd)
}

// GetDel reads the string at key and deletes it; [Nil] when there is none
// (GETDEL).
func (c cmdable) GetDel(ctx context.Context, key string) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("getdel", key)
	return do(ctx, c, cmd)
}

// GetEx reads the string at key and has it expire after that time; 0 lets it
// expire no more, [KeepTTL] and whatever else is negative leaves its expiration. [Nil]
// when there is none (GETEX).
func (c cmdable) GetEx(ctx context.Context, key string, expiration time.Duration) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("getex", key)
	if expiration == 0 {
		cmd.str("persist")
	}
	cmd.expiresIn(max(expiration, 0))
	return do(ctx, c, cmd)
}

// GetRange reads the bytes from start to end of the string at key, both
// included and the first being 0; negative positions count from the end, which
// is -1. It gives "" for what there is not (GETRANGE).
func (c cmdable) GetRange(ctx context.Context, key string, start, end int64) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("getrange", key).int(start).int(end)
	return do(ctx, c, cmd)
}

// GetSet sets the string at key, which then does not expire, and gives the old
// one; [Nil] when there was none (GETSET).
func (c cmdable) GetSet(ctx context.Context, key string, value any) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("getset", key).val(value)
	return do(ctx, c, cmd)
}

// Incr adds 1 to the integer at key, 0 when there is none, and gives the
// result (INCR).
func (c cmdable) Incr(ctx context.Context, key string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("incr", key)
	return do(ctx, c, cmd)
}

// IncrBy adds value to the integer at key, 0 when there is none, and gives the
// result (INCRBY).
func (c cmdable) IncrBy(ctx context.Context, key string, value int64) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("incrby", key).int(value)
	return do(ctx, c, cmd)
}

// IncrByFloat adds value to the number at key, 0 when there is none, and gives
// the result (INCRBYFLOAT).
func (c cmdable) IncrByFloat(ctx context.Context, key string, value float64) *FloatCmd {
	cmd := new(FloatCmd)
	cmd.start("incrbyfloat", key).float(value)
	return do(ctx, c, cmd)
}

// IncrEXIntArgs are the options of IncrEXInt. With their zero value it adds 1,
// without bounds, and leaves the expiration.
type IncrEXIntArgs struct {
	By    int64 // what to add
	HasBy bool  // whether By counts; otherwise 1 is added

	// LBound and UBound are the least and the greatest result allowed, if
	// HasLBound and HasUBound say so.
	LBound, UBound       int64
	HasLBound, HasUBound bool

	// Saturate stops at the bound. Otherwise a result beyond it changes
	// nothing.
	Saturate bool

	// Expiration may have any mode but KEEPTTL; nil leaves it as it is.
	Expiration *ExpirationOption
	// ENX sets the expiration only if there is none yet.
	ENX bool
}

// IncrEXFloatArgs are the options of IncrEXFloat. With their zero value it
// adds nothing, and leaves the expiration.
type IncrEXFloatArgs struct {
	By float64 // what to add

	// LBound and UBound are the least and the greatest result allowed, if
	// HasLBound and HasUBound say so.
	LBound, UBound       float64
	HasLBound, HasUBound bool

	// Saturate stops at the bound. Otherwise a result beyond it changes
	// nothing.
	Saturate bool

	// Expiration may have any mode but KEEPTTL; nil leaves it as it is.
	Expiration *ExpirationOption
	// ENX sets the expiration only if there is none yet.
	ENX bool
}

// IncrEXInt adds to the integer at key, 0 when there is none, within bounds,
// and may have it expire (INCREX, Redis 8.8).
func (c cmdable) IncrEXInt(ctx context.Context, key string, args IncrEXIntArgs) *IncrEXIntCmd {
	cmd := new(IncrEXIntCmd)
	cmd.start("increx", key)
	if args.HasBy {
		cmd.str("byint").int(args.By)
	}
	if args.HasLBound {
		cmd.str("lbound").int(args.LBound)
	}
	if args.HasUBound {
		cmd.str("ubound").int(args.UBound)
	}
	cmd.flag(args.Saturate, "saturate").expires(args.Expiration).flag(args.ENX, "enx")
	return do(ctx, c, cmd)
}

// IncrEXFloat adds to the number at key, 0 when there is none, within bounds,
// and may have it expire (INCREX, Redis 8.8).
func (c cmdable) IncrEXFloat(ctx context.Context, key string, args IncrEXFloatArgs) *IncrEXFloatCmd {
	cmd := new(IncrEXFloatCmd)
	cmd.start("increx", key, "byfloat").float(args.By)
	if args.HasLBound {
		cmd.str("lbound").float(args.LBound)
	}
	if args.HasUBound {
		cmd.str("ubound").float(args.UBound)
	}
	cmd.flag(args.Saturate, "saturate").expires(args.Expiration).flag(args.ENX, "enx")
	return do(ctx, c, cmd)
}

// LCS finds the longest common subsequence of the strings at two keys (LCS).
func (c cmdable) LCS(ctx context.Context, q *LCSQuery) *LCSCmd {
	return do(ctx, c, NewLCSCmd(ctx, q))
}

// MGet reads the strings at keys, in their order; nil for each that does not
// exist or is no string (MGET).
// A cluster client splits keys of several slots; that is not atomic, and what
// fails in part is a [PartialError].
func (c cmdable) MGet(ctx context.Context, keys ...string) *SliceCmd {
	cmd := new(SliceCmd)
	cmd.start("mget", keys...)
	return do(ctx, c, cmd)
}

// MSet sets strings from keys and values in turn, or from one map, slice or
// struct with redis tags. None of them expires then (MSET).
// A cluster client splits keys of several slots; that is not atomic, and what
// fails in part is a [PartialError].
func (c cmdable) MSet(ctx context.Context, values ...any) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("mset").pairs(values)
	return do(ctx, c, cmd)
}

// MSetNX is MSet if none of the keys exists; otherwise it sets none
// and gives false (MSETNX).
func (c cmdable) MSetNX(ctx context.Context, values ...any) *BoolCmd {
	cmd := new(BoolCmd)
	cmd.start("msetnx").pairs(values)
	return do(ctx, c, cmd)
}

// SetCondition is what MSetEX demands of its keys.
type SetCondition string

const (
	// NX sets the keys only if none of them exists.
	NX SetCondition = "NX"
	// XX sets the keys only if all of them exist.
	XX SetCondition = "XX"
)

// MSetEXArgs are the options of MSetEX. With their zero value it sets the keys
// in any case, and they do not expire.
type MSetEXArgs struct {
	// Condition is NX or XX; empty means none.
	Condition SetCondition
	// Expiration may have any mode but PERSIST.
	Expiration *ExpirationOption
}

// MSetEX is MSet with a condition and an expiration for all keys: 1,
// or 0 when the condition does not hold and none was set (MSETEX, Redis 8.4).
func (c cmdable) MSetEX(ctx context.Context, args MSetEXArgs, values ...any) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("msetex").int(0).pairs(values)
	cmd.setArg(1, intArg(int64(cmd.argCount()-2)/2))
	cmd.flag(args.Condition != "", string(args.Condition)).expires(args.Expiration)
	return do(ctx, c, cmd)
}

// SetRange overwrites the string at key from offset on, in bytes, and gives
// the length of the whole. Where the string is shorter, or there is none, it
// is filled up with zero bytes (SETRANGE).
func (c cmdable) SetRange(ctx context.Context, key string, offset int64, value string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("setrange", key).int(offset).str(value)
	return do(ctx, c, cmd)
}

// StrLen gives the length in bytes of the string at key; 0 when there is none
// (STRLEN).
func (c cmdable) StrLen(ctx context.Context, key string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("strlen", key)
	return do(ctx, c, cmd)
}
