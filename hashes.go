package redis

import (
	"context"
	"time"
)

// HashCmdable has the commands on hashes, whose fields can be set, read and
// made to expire one by one. A hash without fields does not exist.
type HashCmdable interface {
	HDel(ctx context.Context, key string, fields ...string) *IntCmd
	HExists(ctx context.Context, key, field string) *BoolCmd
	HGet(ctx context.Context, key, field string) *StringCmd
	HGetAll(ctx context.Context, key string) *MapStringStringCmd
	HGetDel(ctx context.Context, key string, fields ...string) *StringSliceCmd
	HGetEX(ctx context.Context, key string, fields ...string) *StringSliceCmd
	HGetEXWithArgs(ctx context.Context, key string, options *HGetEXOptions, fields ...string) *StringSliceCmd
	HIncrBy(ctx context.Context, key, field string, incr int64) *IntCmd
	HIncrByFloat(ctx context.Context, key, field string, incr float64) *FloatCmd
	HKeys(ctx context.Context, key string) *StringSliceCmd
	HLen(ctx context.Context, key string) *IntCmd
	HMGet(ctx context.Context, key string, fields ...string) *SliceCmd
	HSet(ctx context.Context, key string, values ...any) *IntCmd
	HMSet(ctx context.Context, key string, values ...any) *BoolCmd
	HSetEX(ctx context.Context, key string, fieldsAndValues ...string) *IntCmd
	HSetEXWithArgs(ctx context.Context, key string, options *HSetEXOptions, fieldsAndValues ...string) *IntCmd
	HSetNX(ctx context.Context, key, field string, value any) *BoolCmd
	HScan(ctx context.Context, key string, cursor uint64, match string, count int64) *ScanCmd
	HScanNoValues(ctx context.Context, key string, cursor uint64, match string, count int64) *ScanCmd
	HVals(ctx context.Context, key string) *StringSliceCmd
	HRandField(ctx context.Context, key string, count int) *StringSliceCmd
	HRandFieldWithValues(ctx context.Context, key string, count int) *KeyValueSliceCmd
	HStrLen(ctx context.Context, key, field string) *IntCmd
	HExpire(ctx context.Context, key string, expiration time.Duration, fields ...string) *IntSliceCmd
	HExpireWithArgs(ctx context.Context, key string, expiration time.Duration, expirationArgs HExpireArgs, fields ...string) *IntSliceCmd
	HPExpire(ctx context.Context, key string, expiration time.Duration, fields ...string) *IntSliceCmd
	HPExpireWithArgs(ctx context.Context, key string, expiration time.Duration, expirationArgs HExpireArgs, fields ...string) *IntSliceCmd
	HExpireAt(ctx context.Context, key string, tm time.Time, fields ...string) *IntSliceCmd
	HExpireAtWithArgs(ctx context.Context, key string, tm time.Time, expirationArgs HExpireArgs, fields ...string) *IntSliceCmd
	HPExpireAt(ctx context.Context, key string, tm time.Time, fields ...string) *IntSliceCmd
	HPExpireAtWithArgs(ctx context.Context, key string, tm time.Time, expirationArgs HExpireArgs, fields ...string) *IntSliceCmd
	HPersist(ctx context.Context, key string, fields ...string) *IntSliceCmd
	HExpireTime(ctx context.Context, key string, fields ...string) *IntSliceCmd
	HPExpireTime(ctx context.Context, key string, fields ...string) *IntSliceCmd
	HTTL(ctx context.Context, key string, fields ...string) *IntSliceCmd
	HPTTL(ctx context.Context, key string, fields ...string) *IntSliceCmd
}

// HDel deletes fields and answers how many of them there were (HDEL).
func (c cmdable) HDel(ctx context.Context, key string, fields ...string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("hdel", key).strs(fields...)
	return do(ctx, c, cmd)
}

// HExists tells whether the hash has the field (HEXISTS).
func (c cmdable) HExists(ctx context.Context, key, field string) *BoolCmd {
	cmd := new(BoolCmd)
	cmd.start("hexists", key, field)
	return do(ctx, c, cmd)
}

// HGet reads the value of a field; [Nil] when there is none (HGET).
func (c cmdable) HGet(ctx context.Context, key, field string) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("hget", key, field)
	return do(ctx, c, cmd)
}

// HGetAll reads all fields and values; an empty map when the key does not exist
// (HGETALL).
func (c cmdable) HGetAll(ctx context.Context, key string) *MapStringStringCmd {
	cmd := new(MapStringStringCmd)
	cmd.start("hgetall", key)
	return do(ctx, c, cmd)
}

// HIncrBy adds incr to the integer in a field, 0 when there is none, and
// answers the sum (HINCRBY).
func (c cmdable) HIncrBy(ctx context.Context, key, field string, incr int64) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("hincrby", key, field).int(incr)
	return do(ctx, c, cmd)
}

// HIncrByFloat adds incr to the number in a field, 0 when there is none, and
// answers the sum (HINCRBYFLOAT).
func (c cmdable) HIncrByFloat(ctx context.Context, key, field string, incr float64) *FloatCmd {
	cmd := new(FloatCmd)
	cmd.start("hincrbyfloat", key, field).float(incr)
	return do(ctx, c, cmd)
}

// HKeys reads the names of all fields; none when the key does not exist
// (HKEYS).
func (c cmdable) HKeys(ctx context.Context, key string) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("hkeys", key)
	return do(ctx, c, cmd)
}

// HLen counts the fields; 0 when the key does not exist (HLEN).
func (c cmdable) HLen(ctx context.Context, key string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("hlen", key)
	return do(ctx, c, cmd)
}

// HMGet reads the values of fields, in their order; nil for each that does not
// exist (HMGET).
func (c cmdable) HMGet(ctx context.Context, key string, fields ...string) *SliceCmd {
	cmd := new(SliceCmd)
	cmd.start("hmget", key).strs(fields...)
	return do(ctx, c, cmd)
}

// HSet sets fields and answers how many of them are new. The values are fields
// and values in turn, or a single map, list of both in turn, or struct, of
// which the fields with a redis tag are set:
//
//	rdb.HSet(ctx, "user:1", "name", "Ada", "age", 36)
//	rdb.HSet(ctx, "user:1", map[string]any{"name": "Ada", "age": 36})
//	rdb.HSet(ctx, "user:1", User{Name: "Ada", Age: 36}) // Name string `redis:"name"`
//
// (HSET)
func (c cmdable) HSet(ctx context.Context, key string, values ...any) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("hset", key).pairs(values)
	return do(ctx, c, cmd)
}

// HMSet is HSet as old servers have it: it answers true (HMSET).
func (c cmdable) HMSet(ctx context.Context, key string, values ...any) *BoolCmd {
	cmd := new(BoolCmd)
	cmd.start("hmset", key).pairs(values)
	return do(ctx, c, cmd)
}

// HSetNX sets a field that does not exist yet, and tells whether it did
// (HSETNX).
func (c cmdable) HSetNX(ctx context.Context, key, field string, value any) *BoolCmd {
	cmd := new(BoolCmd)
	cmd.start("hsetnx", key, field).val(value)
	return do(ctx, c, cmd)
}

// HScan reads some fields and values in turn, and the cursor to go on from; 0
// to begin with, and when it is over. match is a pattern for the fields, where
// empty means all; count is how many the server should look at, where 0 leaves
// it to the server (HSCAN).
func (c cmdable) HScan(ctx context.Context, key string, cursor uint64, match string, count int64) *ScanCmd {
	cmd := &ScanCmd{process: c}
	cmd.start("hscan", key).uint(cursor).scanOptions(match, count)
	return do(ctx, c, cmd)
}

// HScanNoValues is HScan without the values (HSCAN NOVALUES, Redis 7.4).
func (c cmdable) HScanNoValues(ctx context.Context, key string, cursor uint64, match string, count int64) *ScanCmd {
	cmd := &ScanCmd{process: c}
	cmd.start("hscan", key).uint(cursor).scanOptions(match, count).str("novalues")
	return do(ctx, c, cmd)
}

// HVals reads all values; none when the key does not exist (HVALS).
func (c cmdable) HVals(ctx context.Context, key string) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("hvals", key)
	return do(ctx, c, cmd)
}

// HRandField picks fields at random: up to count different ones or, if count is
// below 0, exactly -count, some maybe more than once. None when the key does
// not exist (HRANDFIELD).
func (c cmdable) HRandField(ctx context.Context, key string, count int) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("hrandfield", key).int(int64(count))
	return do(ctx, c, cmd)
}

// HRandFieldWithValues is HRandField with the values (HRANDFIELD WITHVALUES).
func (c cmdable) HRandFieldWithValues(ctx context.Context, key string, count int) *KeyValueSliceCmd {
	cmd := new(KeyValueSliceCmd)
	cmd.start("hrandfield", key).int(int64(count)).str("withvalues")
	return do(ctx, c, cmd)
}

// HStrLen is the length of a field's value in bytes; 0 when there is none
// (HSTRLEN).
func (c cmdable) HStrLen(ctx context.Context, key, field string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("hstrlen", key, field)
	return do(ctx, c, cmd)
}

// HExpireArgs are the conditions under which a field's expiration is set. At
// most one can hold: of several, the first in this order is sent.
type HExpireArgs struct {
	NX bool // the field has no expiration
	XX bool // the field has one
	GT bool // the new one is later; none counts as never
	LT bool // the new one is earlier; none counts as never
}

func (c *baseCmd) hexpireIf(a HExpireArgs) *baseCmd {
	switch {
	case a.NX:
		c.str("nx")
	case a.XX:
		c.str("xx")
	case a.GT:
		c.str("gt")
	case a.LT:
		c.str("lt")
	}
	return c
}

// HGetEXExpirationType tells what HGetEXWithArgs does to the expiration of the
// fields, and the unit of the value that goes with it.
type HGetEXExpirationType string

const (
	// HGetEXExpirationEX lets fields expire after a number of seconds.
	HGetEXExpirationEX HGetEXExpirationType = "EX"
	// HGetEXExpirationPX lets fields expire after a number of milliseconds.
	HGetEXExpirationPX HGetEXExpirationType = "PX"
	// HGetEXExpirationEXAT lets fields expire at a Unix time in seconds.
	HGetEXExpirationEXAT HGetEXExpirationType = "EXAT"
	// HGetEXExpirationPXAT lets fields expire at a Unix time in milliseconds.
	HGetEXExpirationPXAT HGetEXExpirationType = "PXAT"
	// HGetEXExpirationPERSIST lets fields expire no more. It takes no value.
	HGetEXExpirationPERSIST HGetEXExpirationType = "PERSIST"
)

// HGetEXOptions are the options of HGetEXWithArgs. Their zero value leaves the
// expiration of the fields as it is.
type HGetEXOptions struct {
	// ExpirationType is one of the constants; empty means none.
	ExpirationType HGetEXExpirationType
	// ExpirationVal is in the unit that ExpirationType tells.
	ExpirationVal int64
}

// HSetEXCondition is what HSetEXWithArgs demands of all fields.
type HSetEXCondition string

const (
	// HSetEXFNX sets the fields only if none of them exists.
	HSetEXFNX HSetEXCondition = "FNX"
	// HSetEXFXX sets the fields only if all of them exist.
	HSetEXFXX HSetEXCondition = "FXX"
)

// HSetEXExpirationType tells when the fields that HSetEXWithArgs sets expire,
// and the unit of the value that goes with it.
type HSetEXExpirationType string

const (
	// HSetEXExpirationEX lets fields expire after a number of seconds.
	HSetEXExpirationEX HSetEXExpirationType = "EX"
	// HSetEXExpirationPX lets fields expire after a number of milliseconds.
	HSetEXExpirationPX HSetEXExpirationType = "PX"
	// HSetEXExpirationEXAT lets fields expire at a Unix time in seconds.
	HSetEXExpirationEXAT HSetEXExpirationType = "EXAT"
	// HSetEXExpirationPXAT lets fields expire at a Unix time in milliseconds.
	HSetEXExpirationPXAT HSetEXExpirationType = "PXAT"
	// HSetEXExpirationKEEPTTL leaves the expiration of the fields as it is. It
	// takes no value.
	HSetEXExpirationKEEPTTL HSetEXExpirationType = "KEEPTTL"
)

// HSetEXOptions are the options of HSetEXWithArgs. With their zero value the
// fields are set in any case, and do not expire.
type HSetEXOptions struct {
	Condition      HSetEXCondition      // HSetEXFNX or HSetEXFXX; empty means none
	ExpirationType HSetEXExpirationType // one of the constants; empty means none
	// ExpirationVal is in the unit that ExpirationType tells.
	ExpirationVal int64
}

// HGetDel reads the values of fields and deletes them; "" for each that does
// not exist (HGETDEL, Redis 8.0).
func (c cmdable) HGetDel(ctx context.Context, key string, fields ...string) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("hgetdel", key).fields(fields)
	return do(ctx, c, cmd)
}

// HGetEX reads the values of fields and leaves their expiration as it is; ""
// for each that does not exist (HGETEX, Redis 8.0).
func (c cmdable) HGetEX(ctx context.Context, key string, fields ...string) *StringSliceCmd {
	return c.HGetEXWithArgs(ctx, key, nil, fields...)
}

// HGetEXWithArgs reads the values of fields and sets when they expire; "" for
// each that does not exist (HGETEX, Redis 8.0).
func (c cmdable) HGetEXWithArgs(ctx context.Context, key string, options *HGetEXOptions, fields ...string) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("hgetex", key)
	if options != nil && options.ExpirationType != "" {
		cmd.str(string(options.ExpirationType))
		if options.ExpirationType != HGetEXExpirationPERSIST {
			cmd.int(options.ExpirationVal)
		}
	}
	cmd.fields(fields)
	return do(ctx, c, cmd)
}

// HSetEX sets fields, given with their values in turn, and answers 1. They do
// not expire (HSETEX, Redis 8.0).
func (c cmdable) HSetEX(ctx context.Context, key string, fieldsAndValues ...string) *IntCmd {
	return c.HSetEXWithArgs(ctx, key, nil, fieldsAndValues...)
}

// HSetEXWithArgs sets fields, given with their values in turn, and when they
// expire. It answers 1 if they were set, 0 if the condition kept them from it
// (HSETEX, Redis 8.0).
func (c cmdable) HSetEXWithArgs(ctx context.Context, key string, options *HSetEXOptions, fieldsAndValues ...string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("hsetex", key)
	if options != nil && options.Condition != "" {
		cmd.str(string(options.Condition))
	}
	if options != nil && options.ExpirationType != "" {
		cmd.str(string(options.ExpirationType))
		if options.ExpirationType != HSetEXExpirationKEEPTTL {
			cmd.int(options.ExpirationVal)
		}
	}
	n := len(fieldsAndValues)
	cmd.str("fields").int(int64(n / 2)).strs(fieldsAndValues...)
	if n%2 != 0 {
		cmd.rejectOdd(n)
	}
	return do(ctx, c, cmd)
}

// HExpire lets fields expire after a while, in whole seconds and at least one.
// It answers for each field: 1 if that was set, 2 if the field was deleted
// because expiration is not above 0, 0 if a condition kept it from being set,
// and -2 if there is no such field or key (HEXPIRE, Redis 7.4).
func (c cmdable) HExpire(ctx context.Context, key string, expiration time.Duration, fields ...string) *IntSliceCmd {
	return c.HExpireWithArgs(ctx, key, expiration, HExpireArgs{}, fields...)
}

// HExpireWithArgs is HExpire under a condition (HEXPIRE, Redis 7.4).
func (c cmdable) HExpireWithArgs(ctx context.Context, key string, expiration time.Duration, expirationArgs HExpireArgs, fields ...string) *IntSliceCmd {
	cmd := new(IntSliceCmd)
	cmd.start("hexpire", key).seconds(expiration).hexpireIf(expirationArgs).fields(fields)
	return do(ctx, c, cmd)
}

// HPExpire is HExpire with a precision of milliseconds (HPEXPIRE, Redis 7.4).
func (c cmdable) HPExpire(ctx context.Context, key string, expiration time.Duration, fields ...string) *IntSliceCmd {
	return c.HPExpireWithArgs(ctx, key, expiration, HExpireArgs{}, fields...)
}

// HPExpireWithArgs is HPExpire under a condition (HPEXPIRE, Redis 7.4).
func (c cmdable) HPExpireWithArgs(ctx context.Context, key string, expiration time.Duration, expirationArgs HExpireArgs, fields ...string) *IntSliceCmd {
	cmd := new(IntSliceCmd)
	cmd.start("hpexpire", key).millis(expiration).hexpireIf(expirationArgs).fields(fields)
	return do(ctx, c, cmd)
}

// HExpireAt lets fields expire at a time, of which the second counts. It
// answers like HExpire (HEXPIREAT, Redis 7.4).
func (c cmdable) HExpireAt(ctx context.Context, key string, tm time.Time, fields ...string) *IntSliceCmd {
	return c.HExpireAtWithArgs(ctx, key, tm, HExpireArgs{}, fields...)
}

// HExpireAtWithArgs is HExpireAt under a condition (HEXPIREAT, Redis 7.4).
func (c cmdable) HExpireAtWithArgs(ctx context.Context, key string, tm time.Time, expirationArgs HExpireArgs, fields ...string) *IntSliceCmd {
	cmd := new(IntSliceCmd)
	cmd.start("hexpireat", key).int(tm.Unix()).hexpireIf(expirationArgs).fields(fields)
	return do(ctx, c, cmd)
}

// HPExpireAt is HExpireAt with a precision of milliseconds (HPEXPIREAT, Redis
// 7.4).
func (c cmdable) HPExpireAt(ctx context.Context, key string, tm time.Time, fields ...string) *IntSliceCmd {
	return c.HPExpireAtWithArgs(ctx, key, tm, HExpireArgs{}, fields...)
}

// HPExpireAtWithArgs is HPExpireAt under a condition (HPEXPIREAT, Redis 7.4).
func (c cmdable) HPExpireAtWithArgs(ctx context.Context, key string, tm time.Time, expirationArgs HExpireArgs, fields ...string) *IntSliceCmd {
	cmd := new(IntSliceCmd)
	cmd.start("hpexpireat", key).int(tm.UnixMilli()).hexpireIf(expirationArgs).fields(fields)
	return do(ctx, c, cmd)
}

// HPersist lets fields expire no more. It answers for each field: 1 if that was
// changed, -1 if it had no expiration, and -2 if there is no such field or key
// (HPERSIST, Redis 7.4).
func (c cmdable) HPersist(ctx context.Context, key string, fields ...string) *IntSliceCmd {
	return c.hexpiry(ctx, "hpersist", key, fields)
}

// HExpireTime reads the Unix times, in seconds, at which fields expire: -1 for
// one that does not, -2 if there is no such field or key (HEXPIRETIME, Redis
// 7.4).
func (c cmdable) HExpireTime(ctx context.Context, key string, fields ...string) *IntSliceCmd {
	return c.hexpiry(ctx, "hexpiretime", key, fields)
}

// HPExpireTime is HExpireTime in milliseconds (HPEXPIRETIME, Redis 7.4).
func (c cmdable) HPExpireTime(ctx context.Context, key string, fields ...string) *IntSliceCmd {
	return c.hexpiry(ctx, "hpexpiretime", key, fields)
}

// HTTL reads the seconds that fields have left: -1 for one that does not
// expire, -2 if there is no such field or key (HTTL, Redis 7.4).
func (c cmdable) HTTL(ctx context.Context, key string, fields ...string) *IntSliceCmd {
	return c.hexpiry(ctx, "httl", key, fields)
}

// HPTTL is HTTL in milliseconds (HPTTL, Redis 7.4).
func (c cmdable) HPTTL(ctx context.Context, key string, fields ...string) *IntSliceCmd {
	return c.hexpiry(ctx, "hpttl", key, fields)
}

func (c cmdable) hexpiry(ctx context.Context, name, key string, fields []string) *IntSliceCmd {
	cmd := new(IntSliceCmd)
	cmd.start(name, key).fields(fields)
	return do(ctx, c, cmd)
}

// fields adds the fields of a hash as newer commands want them, with their
// number.
func (c *baseCmd) fields(list []string) *baseCmd {
	return c.str("fields").keys(list)
}
