package redis

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
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

// Set sets the string at key, which expires after that time: 0 is never, as is what is
// negative but for [KeepTTL], which leaves the expiration that the key has. Times that
// are not whole seconds are sent as milliseconds (SET).
func (c cmdable) Set(ctx context.Context, key string, value any, expiration time.Duration) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("set", key).val(value).expiresIn(expiration)
	return do(ctx, c, cmd)
}

// SetEx is Set with an expiration in whole seconds, at least one
// (SETEX).
func (c cmdable) SetEx(ctx context.Context, key string, value any, expiration time.Duration) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("setex", key).seconds(expiration).val(value)
	return do(ctx, c, cmd)
}

// SetNX is Set if the key does not exist; otherwise it gives false. A negative
// expiration other than [KeepTTL] is an error (SET NX).
func (c cmdable) SetNX(ctx context.Context, key string, value any, expiration time.Duration) *BoolCmd {
	return c.setIf(ctx, key, value, expiration, "nx")
}

// SetXX is Set if the key exists; otherwise it gives false. A negative expiration
// other than [KeepTTL] is an error (SET XX).
func (c cmdable) SetXX(ctx context.Context, key string, value any, expiration time.Duration) *BoolCmd {
	return c.setIf(ctx, key, value, expiration, "xx")
}

func (c cmdable) setIf(ctx context.Context, key string, value any, expiration time.Duration, mode string) *BoolCmd {
	cmd := new(BoolCmd)
	cmd.start("set", key).val(value)
	if expiration < 0 && expiration != KeepTTL {
		cmd.reject(fmt.Errorf("redis: %s: the expiration %v is negative", cmd.Name(), expiration))
	}
	cmd.expiresIn(expiration).str(mode)
	return do(ctx, c, cmd)
}

// SetArgs are the options of SetArgs. With their zero value it sets the key in
// any case, and it does not expire.
type SetArgs struct {
	// Mode is a condition: "NX" for a key that must not exist, "XX" for one
	// that must; from Redis 8.4 on also "IFEQ" and "IFNE", which compare the
	// string with MatchValue, and "IFDEQ" and "IFDNE", which compare its
	// digest with MatchDigest. Empty means no condition.
	Mode        string
	MatchValue  any
	MatchDigest uint64 // an XXH3 hash

	// TTL is the time after which the key expires; 0 is never, as is what is negative. ExpireAt, if it
	// is not zero, is a point in time for it. Use one of them.
	TTL      time.Duration
	ExpireAt time.Time
	// KeepTTL leaves the expiration that the key has.
	KeepTTL bool

	// Get asks for the old string, [Nil] when there was none, in place of
	// "OK".
	Get bool
}

// SetArgs is Set with all options. It gives [Nil] when the condition
// does not hold (SET).
func (c cmdable) SetArgs(ctx context.Context, key string, value any, a SetArgs) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("set", key).val(value).flag(a.KeepTTL, "keepttl")
	if !a.ExpireAt.IsZero() {
		cmd.expiresAt(a.ExpireAt)
	}
	cmd.expiresIn(max(a.TTL, 0)).compare(a.Mode, a.MatchValue, a.MatchDigest).flag(a.Get, "get")
	return do(ctx, c, cmd)
}

// DelExArgs are the conditions of DelExArgs. With their zero value it deletes
// the key in any case.
type DelExArgs struct {
	// Mode is "IFEQ" or "IFNE", which compare the string with MatchValue, or
	// "IFDEQ" or "IFDNE", which compare its digest with MatchDigest. Empty
	// means no condition.
	Mode        string
	MatchValue  any
	MatchDigest uint64 // an XXH3 hash
}

// DelExArgs deletes the key if its string fulfils a condition, and gives the
// number of keys deleted (DELEX, Redis 8.4).
func (c cmdable) DelExArgs(ctx context.Context, key string, a DelExArgs) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("delex", key).compare(a.Mode, a.MatchValue, a.MatchDigest)
	return do(ctx, c, cmd)
}

// compare adds what must hold of a string, and what it is compared with.
func (c *baseCmd) compare(mode string, value any, digest uint64) *baseCmd {
	if mode == "" {
		return c
	}
	c.str(mode)
	switch strings.ToLower(mode) {
	case "ifeq", "ifne":
		if value == nil {
			c.rejectNil("value to match")
		}
		c.val(value)
	case "ifdeq", "ifdne":
		c.digest(digest)
	}
	return c
}

func (c *baseCmd) digest(sum uint64) *baseCmd { return c.str(fmt.Sprintf("%016x", sum)) }

// SetIFEQ is Set if the string at key is matchValue; otherwise it
// gives [Nil] (SET IFEQ, Redis 8.4).
func (c cmdable) SetIFEQ(ctx context.Context, key string, value, matchValue any, expiration time.Duration) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("set", key).val(value).expiresIn(expiration).str("ifeq").val(matchValue)
	return do(ctx, c, cmd)
}

// SetIFEQGet is SetIFEQ and gives the old string, whether or not it
// was replaced; [Nil] when there was none (SET IFEQ GET, Redis 8.4).
func (c cmdable) SetIFEQGet(ctx context.Context, key string, value, matchValue any, expiration time.Duration) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("set", key).val(value).expiresIn(expiration).str("ifeq").val(matchValue).str("get")
	return do(ctx, c, cmd)
}

// SetIFNE is Set unless the string at key is matchValue; then it
// gives [Nil] (SET IFNE, Redis 8.4).
func (c cmdable) SetIFNE(ctx context.Context, key string, value, matchValue any, expiration time.Duration) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("set", key).val(value).expiresIn(expiration).str("ifne").val(matchValue)
	return do(ctx, c, cmd)
}

// SetIFNEGet is SetIFNE and gives the old string, whether or not it
// was replaced; [Nil] when there was none (SET IFNE GET, Redis 8.4).
func (c cmdable) SetIFNEGet(ctx context.Context, key string, value, matchValue any, expiration time.Duration) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("set", key).val(value).expiresIn(expiration).str("ifne").val(matchValue).str("get")
	return do(ctx, c, cmd)
}

// SetIFDEQ is Set if the XXH3 hash of the string at key is
// matchDigest, which Digest gives; otherwise it gives [Nil]
// (SET IFDEQ, Redis 8.4).
func (c cmdable) SetIFDEQ(ctx context.Context, key string, value any, matchDigest uint64, expiration time.Duration) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("set", key).val(value).expiresIn(expiration).str("ifdeq").digest(matchDigest)
	return do(ctx, c, cmd)
}

// SetIFDEQGet is SetIFDEQ and gives the old string, whether or not it
// was replaced; [Nil] when there was none (SET IFDEQ GET, Redis 8.4).
func (c cmdable) SetIFDEQGet(ctx context.Context, key string, value any, matchDigest uint64, expiration time.Duration) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("set", key).val(value).expiresIn(expiration).str("ifdeq").digest(matchDigest).str("get")
	return do(ctx, c, cmd)
}

// SetIFDNE is Set unless the XXH3 hash of the string at key is
// matchDigest; then it gives [Nil] (SET IFDNE, Redis 8.4).
func (c cmdable) SetIFDNE(ctx context.Context, key string, value any, matchDigest uint64, expiration time.Duration) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("set", key).val(value).expiresIn(expiration).str("ifdne").digest(matchDigest)
	return do(ctx, c, cmd)
}

// SetIFDNEGet is SetIFDNE and gives the old string, whether or not it
// was replaced; [Nil] when there was none (SET IFDNE GET, Redis 8.4).
func (c cmdable) SetIFDNEGet(ctx context.Context, key string, value any, matchDigest uint64, expiration time.Duration) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("set", key).val(value).expiresIn(expiration).str("ifdne").digest(matchDigest).str("get")
	return do(ctx, c, cmd)
}

// DigestCmd is a command that answers with the XXH3 hash of a string.
type DigestCmd struct{ result[uint64] }

// NewDigestCmd makes a command from its name and arguments, for Process.
func NewDigestCmd(ctx context.Context, args ...any) *DigestCmd {
	return fromArgs(new(DigestCmd), args)
}

func (c *DigestCmd) decode(d *resp.Decoder) error {
	hex, err := d.String()
	if err != nil {
		return err
	}
	sum, err := strconv.ParseUint(hex, 16, 64)
	if err != nil {
		return &resp.TypeError{Got: strconv.Quote(hex), Want: "a digest"}
	}
	c.val = sum
	return nil
}

// IncrEXIntResult is what INCREX did to an integer.
type IncrEXIntResult struct {
	Value            int64 // the value now
	AppliedIncrement int64 // what was added; 0 when the result was out of bounds
}

// IncrEXIntCmd is an INCREX of an integer.
type IncrEXIntCmd struct{ result[IncrEXIntResult] }

// NewIncrEXIntCmd makes a command from its name and arguments, for Process.
func NewIncrEXIntCmd(ctx context.Context, args ...any) *IncrEXIntCmd {
	return fromArgs(new(IncrEXIntCmd), args)
}

func (c *IncrEXIntCmd) decode(d *resp.Decoder) error {
	value, applied, err := decodeTwo(d, (*resp.Decoder).Int)
	if err == nil {
		c.val = IncrEXIntResult{value, applied}
	}
	return err
}

// IncrEXFloatResult is what INCREX did to a floating-point number.
type IncrEXFloatResult struct {
	Value            float64 // the value now
	AppliedIncrement float64 // what was added; 0 when the result was out of bounds
}

// IncrEXFloatCmd is an INCREX of a floating-point number.
type IncrEXFloatCmd struct{ result[IncrEXFloatResult] }

// NewIncrEXFloatCmd makes a command from its name and arguments, for Process.
func NewIncrEXFloatCmd(ctx context.Context, args ...any) *IncrEXFloatCmd {
	return fromArgs(new(IncrEXFloatCmd), args)
}

func (c *IncrEXFloatCmd) decode(d *resp.Decoder) error {
	value, applied, err := decodeTwo(d, (*resp.Decoder).Float)
	if err == nil {
		c.val = IncrEXFloatResult{value, applied}
	}
	return err
}

// decodeTwo reads an array of two.
func decodeTwo[T any](d *resp.Decoder, elem func(*resp.Decoder) (T, error)) (first, second T, err error) {
	if err = tuple(d, 2); err != nil {
		return first, second, err
	}
	if first, err = elem(d); err != nil {
		return first, second, err
	}
	second, err = elem(d)
	return first, second, err
}

// LCSQuery says what to find out about the longest common subsequence of two
// strings: by default itself.
type LCSQuery struct {
	Key1 string // the key of one string
	Key2 string // the key of the other
	// Len asks for its length only.
	Len bool
	// Idx asks for the positions of its pieces in both strings, and for its
	// length. Len takes precedence.
	Idx bool
	// MinMatchLen leaves out shorter pieces, and WithMatchLen asks for the
	// length of each. They go with Idx.
	MinMatchLen  int
	WithMatchLen bool
}

// LCSMatch is the longest common subsequence of two strings, as far as was
// asked for.
type LCSMatch struct {
	MatchString string               // the subsequence; "" with Len or Idx
	Matches     []LCSMatchedPosition // the last piece first
	Len         int64                // bytes
}

// LCSMatchedPosition is a piece of the longest common subsequence.
type LCSMatchedPosition struct {
	Key1 LCSPosition // in the string of the first key
	Key2 LCSPosition // in that of the second
	// MatchLen is its length in bytes, if WithMatchLen asked for it.
	MatchLen int64
}

// LCSPosition is a part of a string: from Start to End, both included and the
// first byte being 0.
type LCSPosition struct {
	Start int64
	End   int64
}

// LCSCmd is a command that answers with the longest common subsequence of two
// strings.
type LCSCmd struct{ result[*LCSMatch] }

// NewLCSCmd makes the command of a query, for Process.
func NewLCSCmd(ctx context.Context, q *LCSQuery) *LCSCmd {
	cmd := new(LCSCmd)
	cmd.start("lcs")
	if q == nil {
		cmd.rejectNil("query")
		return cmd
	}
	cmd.strs(q.Key1, q.Key2)
	switch {
	case q.Len:
		cmd.str("len")
	case q.Idx:
		cmd.str("idx")
		if q.MinMatchLen != 0 {
			cmd.str("minmatchlen").int(int64(q.MinMatchLen))
		}
		cmd.flag(q.WithMatchLen, "withmatchlen")
	}
	return cmd
}

func (c *LCSCmd) decode(d *resp.Decoder) (err error) {
	match := new(LCSMatch)
	switch d.Peek() {
	case resp.Integer:
		match.Len, err = d.Int()
	case resp.Array, resp.Map:
		err = decodeFields(d, map[string]any{
			"len": &match.Len,
			"matches": func(d *resp.Decoder) (err error) {
				match.Matches, err = decodeList(d, decodeLCSMatch)
				return err
			},
		})
	default:
		match.MatchString, err = d.String()
	}
	if err == nil {
		c.val = match
	}
	return err
}

func decodeLCSMatch(d *resp.Decoder) (m LCSMatchedPosition, err error) {
	n, err := d.Array()
	if err != nil {
		return m, err
	}
	if n != 2 && n != 3 {
		return m, &resp.TypeError{Got: elements(n), Want: "a match"}
	}
	if m.Key1.Start, m.Key1.End, err = decodeTwo(d, (*resp.Decoder).Int); err != nil {
		return m, err
	}
	if m.Key2.Start, m.Key2.End, err = decodeTwo(d, (*resp.Decoder).Int); err != nil {
		return m, err
	}
	if n == 3 {
		m.MatchLen, err = d.Int()
	}
	return m, err
}
