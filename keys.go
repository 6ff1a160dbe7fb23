package redis

import (
	"context"
	"time"
)

// GenericCmdable has the commands on keys of any type.
type GenericCmdable interface {
	Copy(ctx context.Context, sourceKey, destKey string, db int, replace bool) *IntCmd
	Del(ctx context.Context, keys ...string) *IntCmd
	Dump(ctx context.Context, key string) *StringCmd
	Exists(ctx context.Context, keys ...string) *IntCmd
	Expire(ctx context.Context, key string, expiration time.Duration) *BoolCmd
	ExpireAt(ctx context.Context, key string, tm time.Time) *BoolCmd
	ExpireGT(ctx context.Context, key string, expiration time.Duration) *BoolCmd
	ExpireLT(ctx context.Context, key string, expiration time.Duration) *BoolCmd
	ExpireNX(ctx context.Context, key string, expiration time.Duration) *BoolCmd
	ExpireTime(ctx context.Context, key string) *DurationCmd
	ExpireXX(ctx context.Context, key string, expiration time.Duration) *BoolCmd
	Keys(ctx context.Context, pattern string) *StringSliceCmd
	Migrate(ctx context.Context, host, port, key string, db int, timeout time.Duration) *StatusCmd
	Move(ctx context.Context, key string, db int) *BoolCmd
	ObjectEncoding(ctx context.Context, key string) *StringCmd
	ObjectFreq(ctx context.Context, key string) *IntCmd
	ObjectIdleTime(ctx context.Context, key string) *DurationCmd
	ObjectRefCount(ctx context.Context, key string) *IntCmd
	PExpire(ctx context.Context, key string, expiration time.Duration) *BoolCmd
	PExpireAt(ctx context.Context, key string, tm time.Time) *BoolCmd
	PExpireTime(ctx context.Context, key string) *DurationCmd
	PTTL(ctx context.Context, key string) *DurationCmd
	Persist(ctx context.Context, key string) *BoolCmd
	RandomKey(ctx context.Context) *StringCmd
	Rename(ctx context.Context, key, newkey string) *StatusCmd
	RenameNX(ctx context.Context, key, newkey string) *BoolCmd
	Restore(ctx context.Context, key string, ttl time.Duration, value string) *StatusCmd
	RestoreReplace(ctx context.Context, key string, ttl time.Duration, value string) *StatusCmd
	Scan(ctx context.Context, cursor uint64, match string, count int64) *ScanCmd
	ScanType(ctx context.Context, cursor uint64, match string, count int64, keyType string) *ScanCmd
	Sort(ctx context.Context, key string, sort *Sort) *StringSliceCmd
	SortInterfaces(ctx context.Context, key string, sort *Sort) *SliceCmd
	SortRO(ctx context.Context, key string, sort *Sort) *StringSliceCmd
	SortStore(ctx context.Context, key, store string, sort *Sort) *IntCmd
	TTL(ctx context.Context, key string) *DurationCmd
	Touch(ctx context.Context, keys ...string) *IntCmd
	Type(ctx context.Context, key string) *StatusCmd
}

// Copy copies what is at sourceKey to destKey in database db: 1, or 0 when
// there is nothing, or when destKey exists and is not to be replaced (COPY).
func (c cmdable) Copy(ctx context.Context, sourceKey, destKey string, db int, replace bool) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("copy", sourceKey, destKey, "db").int(int64(db)).flag(replace, "replace")
	return do(ctx, c, cmd)
}

// Del deletes keys and gives the number of those that existed (DEL).
// A cluster client splits keys of several slots; that is not atomic, and what
// fails in part is a [PartialError].
func (c cmdable) Del(ctx context.Context, keys ...string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("del", keys...)
	return do(ctx, c, cmd)
}

// Unlink is Del, but the server frees the memory later (UNLINK).
// A cluster client splits keys of several slots; that is not atomic, and what
// fails in part is a [PartialError].
func (c cmdable) Unlink(ctx context.Context, keys ...string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("unlink", keys...)
	return do(ctx, c, cmd)
}

// Dump gives what is at key in a form for Restore; [Nil] when there
// is nothing (DUMP).
func (c cmdable) Dump(ctx context.Context, key string) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("dump", key)
	return do(ctx, c, cmd)
}

// Exists gives the number of keys that exist; one that is named twice counts
// twice (EXISTS).
// A cluster client splits keys of several slots; that is not atomic, and what
// fails in part is a [PartialError].
func (c cmdable) Exists(ctx context.Context, keys ...string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("exists", keys...)
	return do(ctx, c, cmd)
}

// Keys lists all keys that fit a pattern: ? is any character, * any number of
// them, [ab] one of these. It keeps the server busy; see Scan (KEYS).
// A cluster client asks all primaries; if some fail, the error is a [NodesError].
func (c cmdable) Keys(ctx context.Context, pattern string) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("keys", pattern)
	return do(ctx, c, cmd)
}

// Migrate moves a key to another server, which may not take longer than
// timeout for a step, to the millisecond: "OK", or "NOKEY" when there is none
// (MIGRATE).
func (c cmdable) Migrate(ctx context.Context, host, port, key string, db int, timeout time.Duration) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("migrate", host, port, key).int(int64(db)).millis(timeout)
	return do(ctx, c, cmd)
}

// Move moves a key to another database of the server: false when there is no
// such key, or when that database has one already (MOVE).
func (c cmdable) Move(ctx context.Context, key string, db int) *BoolCmd {
	cmd := new(BoolCmd)
	cmd.start("move", key).int(int64(db))
	return do(ctx, c, cmd)
}

// ObjectEncoding tells how the server keeps what is at key; [Nil] when there
// is nothing (OBJECT ENCODING).
func (c cmdable) ObjectEncoding(ctx context.Context, key string) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("object", "encoding", key)
	return do(ctx, c, cmd)
}

// ObjectFreq tells how often a key is used, on a logarithmic scale, if the
// server's eviction policy is one that counts that; [Nil] when there is no
// such key (OBJECT FREQ).
func (c cmdable) ObjectFreq(ctx context.Context, key string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("object", "freq", key)
	return do(ctx, c, cmd)
}

// ObjectIdleTime tells, in whole seconds, how long a key has not been used; [Nil]
// when there is no such key (OBJECT IDLETIME).
func (c cmdable) ObjectIdleTime(ctx context.Context, key string) *DurationCmd {
	cmd := &DurationCmd{unit: time.Second}
	cmd.start("object", "idletime", key)
	return do(ctx, c, cmd)
}

// ObjectRefCount tells how many references the server has to what is at key;
// [Nil] when there is nothing (OBJECT REFCOUNT).
func (c cmdable) ObjectRefCount(ctx context.Context, key string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("object", "refcount", key)
	return do(ctx, c, cmd)
}

// RandomKey gives any key of the database; [Nil] when there is none
// (RANDOMKEY).
func (c cmdable) RandomKey(ctx context.Context) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("randomkey")
	return do(ctx, c, cmd)
}

// Rename renames a key, in place of any that has that name; no such key is an
// error (RENAME).
func (c cmdable) Rename(ctx context.Context, key, newkey string) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("rename", key, newkey)
	return do(ctx, c, cmd)
}

// RenameNX is Rename, unless there is a key that has that name; then
// it gives false (RENAMENX).
func (c cmdable) RenameNX(ctx context.Context, key, newkey string) *BoolCmd {
	cmd := new(BoolCmd)
	cmd.start("renamenx", key, newkey)
	return do(ctx, c, cmd)
}

// Restore makes a key from what Dump gave, to expire after ttl, to the
// millisecond; 0 is never. It is an error that the key exists (RESTORE).
func (c cmdable) Restore(ctx context.Context, key string, ttl time.Duration, value string) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("restore", key).millis(ttl).str(value)
	return do(ctx, c, cmd)
}

// RestoreReplace is Restore, in place of a key that exists
// (RESTORE REPLACE).
func (c cmdable) RestoreReplace(ctx context.Context, key string, ttl time.Duration, value string) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("restore", key).millis(ttl).strs(value, "replace")
	return do(ctx, c, cmd)
}

// Touch marks keys as just used and gives the number of those that exist
// (TOUCH).
// A cluster client splits keys of several slots; that is not atomic, and what
// fails in part is a [PartialError].
func (c cmdable) Touch(ctx context.Context, keys ...string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("touch", keys...)
	return do(ctx, c, cmd)
}

// Type tells what kind of value is at key, such as "string" or "zset"; "none"
// when there is nothing (TYPE).
func (c cmdable) Type(ctx context.Context, key string) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("type", key)
	return do(ctx, c, cmd)
}

// Scan lists some keys and a cursor to go on with; 0 begins, and 0 in the
// result ends. match is a pattern as of Keys, empty for all; count
// is how much work the server does for one call, 0 being its default. Keys
// that come or go meanwhile may be listed or not, and any key twice.
// [ScanCmd.Iterator] goes on by itself (SCAN).
//
// A cluster client scans the whole cluster. Every key that exists throughout is
// listed, also while slots move and primaries are replaced; not so the keys of a slot
// that leaves a primary and comes back to it while that is being scanned. Its cursors
// are of use to itself only: see [UnknownCursorError]. If only keys of one slot can fit
// match, as for "{user:17}*", only the node that serves it is asked.
func (c cmdable) Scan(ctx context.Context, cursor uint64, match string, count int64) *ScanCmd {
	return c.ScanType(ctx, cursor, match, count, "")
}

// ScanType is Scan for keys of one type, as Type names it;
// empty for all (SCAN TYPE).
func (c cmdable) ScanType(ctx context.Context, cursor uint64, match string, count int64, keyType string) *ScanCmd {
	cmd := &ScanCmd{process: c}
	cmd.start("scan").uint(cursor).scanOptions(match, count)
	if keyType != "" {
		cmd.strs("type", keyType)
	}
	return do(ctx, c, cmd)
}

// Sort says in what order SORT lists elements, and what of them.
type Sort struct {
	// By is a pattern of keys, with * for the element, whose values decide
	// about the order instead of the elements; "nosort" leaves the order.
	By string
	// Offset and Count limit the result to so many elements from the offset
	// on; both 0 mean all.
	Offset, Count int64
	// Get are patterns of keys whose values are listed instead of the
	// elements; "#" is the element.
	Get []string
	// Order is "asc" or "desc"; empty means ascending.
	Order string
	// Alpha compares as text instead of as numbers.
	Alpha bool
}

func (c *baseCmd) sort(name, key string, s *Sort) *baseCmd {
	c.start(name, key)
	if s == nil {
		return c
	}
	if s.By != "" {
		c.strs("by", s.By)
	}
	if s.Offset != 0 || s.Count != 0 {
		c.str("limit").int(s.Offset).int(s.Count)
	}
	for _, pattern := range s.Get {
		c.strs("get", pattern)
	}
	return c.flag(s.Order != "", s.Order).flag(s.Alpha, "alpha")
}

// Sort lists the elements of a list, set or sorted set in order; "" for what
// Get does not find. sort may be nil (SORT).
func (c cmdable) Sort(ctx context.Context, key string, sort *Sort) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.sort("sort", key, sort)
	return do(ctx, c, cmd)
}

// SortRO is Sort, and may be served by a replica (SORT_RO).
func (c cmdable) SortRO(ctx context.Context, key string, sort *Sort) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.sort("sort_ro", key, sort)
	return do(ctx, c, cmd)
}

// SortStore stores what Sort would list as a list at store, and
// gives its length (SORT STORE).
func (c cmdable) SortStore(ctx context.Context, key, store string, sort *Sort) *IntCmd {
	cmd := new(IntCmd)
	cmd.sort("sort", key, sort)
	if store != "" {
		cmd.strs("store", store)
	}
	return do(ctx, c, cmd)
}

// SortInterfaces is Sort with nil for what Get does not find (SORT).
func (c cmdable) SortInterfaces(ctx context.Context, key string, sort *Sort) *SliceCmd {
	cmd := new(SliceCmd)
	cmd.sort("sort", key, sort)
	return do(ctx, c, cmd)
}

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
