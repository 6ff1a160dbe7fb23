package redis

import (
	"context"
	"fmt"
	"strings"
	"time"
)

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
