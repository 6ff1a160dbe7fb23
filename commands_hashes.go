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
