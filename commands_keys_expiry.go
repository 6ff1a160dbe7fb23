package redis

import (
	"context"
	"time"
)

// Expire has a key expire after that time, in whole seconds and at least one;
// 0 or less deletes it. False when there is no such key
// (EXPIRE).
func (c cmdable) Expire(ctx context.Context, key string, expiration time.Duration) *BoolCmd {
	return c.expire(ctx, key, expiration, "")
}

// ExpireNX is Expire if the key does not expire yet (EXPIRE NX).
func (c cmdable) ExpireNX(ctx context.Context, key string, expiration time.Duration) *BoolCmd {
	return c.expire(ctx, key, expiration, "nx")
}

// ExpireXX is Expire if the key expires already (EXPIRE XX).
func (c cmdable) ExpireXX(ctx context.Context, key string, expiration time.Duration) *BoolCmd {
	return c.expire(ctx, key, expiration, "xx")
}

// ExpireGT is Expire if that is later than the key expires now, or
// never (EXPIRE GT).
func (c cmdable) ExpireGT(ctx context.Context, key string, expiration time.Duration) *BoolCmd {
	return c.expire(ctx, key, expiration, "gt")
}

// ExpireLT is Expire if that is earlier than the key expires now, or
// never (EXPIRE LT).
func (c cmdable) ExpireLT(ctx context.Context, key string, expiration time.Duration) *BoolCmd {
	return c.expire(ctx, key, expiration, "lt")
}

func (c cmdable) expire(ctx context.Context, key string, expiration time.Duration, mode string) *BoolCmd {
	cmd := new(BoolCmd)
	cmd.start("expire", key).seconds(expiration).flag(mode != "", mode)
	return do(ctx, c, cmd)
}

// PExpire has a key expire after that time, in whole milliseconds and at least
// one; 0 or less deletes it. False when there is no such key
// (PEXPIRE).
func (c cmdable) PExpire(ctx context.Context, key string, expiration time.Duration) *BoolCmd {
	cmd := new(BoolCmd)
	cmd.start("pexpire", key).millis(expiration)
	return do(ctx, c, cmd)
}

// ExpireAt has a key expire at that second; it is deleted if that is past.
// False when there is no such key (EXPIREAT).
func (c cmdable) ExpireAt(ctx context.Context, key string, tm time.Time) *BoolCmd {
	cmd := new(BoolCmd)
	cmd.start("expireat", key).int(tm.Unix())
	return do(ctx, c, cmd)
}

// PExpireAt has a key expire at that millisecond; it is deleted if that is
// past. False when there is no such key (PEXPIREAT).
func (c cmdable) PExpireAt(ctx context.Context, key string, tm time.Time) *BoolCmd {
	cmd := new(BoolCmd)
	cmd.start("pexpireat", key).int(tm.UnixMilli())
	return do(ctx, c, cmd)
}

// TTL tells after what time a key expires, rounded to seconds. time.Duration(-1),
// a nanosecond below zero, stands for never, and time.Duration(-2) says that there is
// no such key (TTL).
func (c cmdable) TTL(ctx context.Context, key string) *DurationCmd {
	cmd := &DurationCmd{unit: time.Second}
	cmd.start("ttl", key)
	return do(ctx, c, cmd)
}

// PTTL is TTL to the millisecond (PTTL).
func (c cmdable) PTTL(ctx context.Context, key string) *DurationCmd {
	cmd := &DurationCmd{unit: time.Millisecond}
	cmd.start("pttl", key)
	return do(ctx, c, cmd)
}

// ExpireTime tells when a key expires, as the time since the Unix epoch in whole
// seconds. time.Duration(-1), a nanosecond below zero, stands for never, and
// time.Duration(-2) says that there is no such key (EXPIRETIME).
func (c cmdable) ExpireTime(ctx context.Context, key string) *DurationCmd {
	cmd := &DurationCmd{unit: time.Second}
	cmd.start("expiretime", key)
	return do(ctx, c, cmd)
}

// PExpireTime is ExpireTime to the millisecond (PEXPIRETIME).
func (c cmdable) PExpireTime(ctx context.Context, key string) *DurationCmd {
	cmd := &DurationCmd{unit: time.Millisecond}
	cmd.start("pexpiretime", key)
	return do(ctx, c, cmd)
}

// Persist lets a key expire no more: false when there is no such key, or when
// it does not expire anyway (PERSIST).
func (c cmdable) Persist(ctx context.Context, key string) *BoolCmd {
	cmd := new(BoolCmd)
	cmd.start("persist", key)
	return do(ctx, c, cmd)
}
