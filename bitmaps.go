package redis

import (
	"context"
	"fmt"
)

// BitMapCmdable has the commands on strings as rows of bits. The first bit of
// a string is its bit 0, the most significant of its first byte.
type BitMapCmdable interface {
	BitCount(ctx context.Context, key string, bitCount *BitCount) *IntCmd
	BitField(ctx context.Context, key string, values ...any) *IntSliceCmd
	BitFieldRO(ctx context.Context, key string, values ...any) *IntSliceCmd
	BitOpAnd(ctx context.Context, destKey string, keys ...string) *IntCmd
	BitOpAndOr(ctx context.Context, destKey string, keys ...string) *IntCmd
	BitOpDiff(ctx context.Context, destKey string, keys ...string) *IntCmd
	BitOpDiff1(ctx context.Context, destKey string, keys ...string) *IntCmd
	BitOpNot(ctx context.Context, destKey, key string) *IntCmd
	BitOpOne(ctx context.Context, destKey string, keys ...string) *IntCmd
	BitOpOr(ctx context.Context, destKey string, keys ...string) *IntCmd
	BitOpXor(ctx context.Context, destKey string, keys ...string) *IntCmd
	BitPos(ctx context.Context, key string, bit int64, pos ...int64) *IntCmd
	BitPosSpan(ctx context.Context, key string, bit int8, start, end int64, span string) *IntCmd
	GetBit(ctx context.Context, key string, offset int64) *IntCmd
	SetBit(ctx context.Context, key string, offset int64, value int) *IntCmd
}

// GetBit reads a bit, which is 0 where there is none (GETBIT).
func (c cmdable) GetBit(ctx context.Context, key string, offset int64) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("getbit", key).int(offset)
	return do(ctx, c, cmd)
}

// SetBit sets a bit to 1 or 0 and gives the old one. The string is made as
// long as it takes (SETBIT).
func (c cmdable) SetBit(ctx context.Context, key string, offset int64, value int) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("setbit", key).int(offset).int(int64(value))
	return do(ctx, c, cmd)
}

const (
	// BitCountIndexByte is the unit in which a BitCount counts bytes.
	BitCountIndexByte string = "BYTE"
	// BitCountIndexBit is the unit in which a BitCount counts bits.
	BitCountIndexBit string = "BIT"
)

// BitCount is the part of a string in which BitCount counts: from Start to
// End, both included; negative positions count from the end, which is -1.
type BitCount struct {
	Start, End int64
	// Unit is BitCountIndexByte or BitCountIndexBit; empty means bytes.
	Unit string
}

// BitCount counts the bits that are 1, in the whole string when bitCount is
// nil; 0 when there is no string (BITCOUNT).
func (c cmdable) BitCount(ctx context.Context, key string, bitCount *BitCount) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("bitcount", key)
	if bitCount != nil {
		cmd.int(bitCount.Start).int(bitCount.End)
		switch bitCount.Unit {
		case "":
		case BitCountIndexByte, BitCountIndexBit:
			cmd.str(bitCount.Unit)
		default:
			cmd.reject(fmt.Errorf("redis: bitcount: there is no unit %q", bitCount.Unit))
		}
	}
	return do(ctx, c, cmd)
}

// BitOpAnd stores the bits that are 1 in all keys at destKey, and gives the
// length of that string in bytes. Here and in the other operations, strings
// are filled up with zero bytes to the length of the longest (BITOP AND).
func (c cmdable) BitOpAnd(ctx context.Context, destKey string, keys ...string) *IntCmd {
	return c.bitOp(ctx, "and", destKey, keys...)
}

// BitOpOr stores the bits that are 1 in any key at destKey, and gives the
// length of that string in bytes (BITOP OR).
func (c cmdable) BitOpOr(ctx context.Context, destKey string, keys ...string) *IntCmd {
	return c.bitOp(ctx, "or", destKey, keys...)
}

// BitOpXor stores the bits that are 1 in an odd number of keys at destKey, and
// gives the length of that string in bytes (BITOP XOR).
func (c cmdable) BitOpXor(ctx context.Context, destKey string, keys ...string) *IntCmd {
	return c.bitOp(ctx, "xor", destKey, keys...)
}

// BitOpNot stores the bits that are 0 in key at destKey, and gives the length
// of that string in bytes (BITOP NOT).
func (c cmdable) BitOpNot(ctx context.Context, destKey, key string) *IntCmd {
	return c.bitOp(ctx, "not", destKey, key)
}

// BitOpDiff stores the bits that are 1 in the first key and in no other at
// destKey, and gives the length of that string in bytes (BITOP DIFF, Redis
// 8.2).
func (c cmdable) BitOpDiff(ctx context.Context, destKey string, keys ...string) *IntCmd {
	return c.bitOp(ctx, "diff", destKey, keys...)
}

// BitOpDiff1 stores the bits that are 0 in the first key and 1 in any other at
// destKey, and gives the length of that string in bytes (BITOP DIFF1, Redis
// 8.2).
func (c cmdable) BitOpDiff1(ctx context.Context, destKey string, keys ...string) *IntCmd {
	return c.bitOp(ctx, "diff1", destKey, keys...)
}

// BitOpAndOr stores the bits that are 1 in the first key and in any other at
// destKey, and gives the length of that string in bytes (BITOP ANDOR, Redis
// 8.2).
func (c cmdable) BitOpAndOr(ctx context.Context, destKey string, keys ...string) *IntCmd {
	return c.bitOp(ctx, "andor", destKey, keys...)
}

// BitOpOne stores the bits that are 1 in exactly one key at destKey, and gives
// the length of that string in bytes (BITOP ONE, Redis 8.2).
func (c cmdable) BitOpOne(ctx context.Context, destKey string, keys ...string) *IntCmd {
	return c.bitOp(ctx, "one", destKey, keys...)
}

func (c cmdable) bitOp(ctx context.Context, op, destKey string, keys ...string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("bitop", op, destKey).strs(keys...)
	return do(ctx, c, cmd)
}

// BitPos finds the first bit that is 1, or 0; -1 when there is none. pos may
// hold the first and the last byte to look at, negative ones counting from the
// end (BITPOS).
func (c cmdable) BitPos(ctx context.Context, key string, bit int64, pos ...int64) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("bitpos", key).int(bit)
	if len(pos) > 2 {
		cmd.reject(fmt.Errorf("redis: bitpos: %d positions, of at most 2", len(pos)))
	}
	for _, p := range pos {
		cmd.int(p)
	}
	return do(ctx, c, cmd)
}

// BitPosSpan is BitPos from start to end, whose unit is span:
// "byte" or "bit" (BITPOS).
func (c cmdable) BitPosSpan(ctx context.Context, key string, bit int8, start, end int64, span string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("bitpos", key).int(int64(bit)).int(start).int(end).str(span)
	return do(ctx, c, cmd)
}

// BitField reads and writes integers within a string. values are the words of
// its sub-commands, such as "incrby", "u8", 16, 1; there is a result for each
// sub-command but OVERFLOW (BITFIELD).
func (c cmdable) BitField(ctx context.Context, key string, values ...any) *IntSliceCmd {
	cmd := new(IntSliceCmd)
	cmd.start("bitfield", key).list(values)
	return do(ctx, c, cmd)
}

// BitFieldRO reads integers within a string, which are 0 where there is none.
// values are types and offsets in turn, such as "u8", 16 (BITFIELD_RO).
func (c cmdable) BitFieldRO(ctx context.Context, key string, values ...any) *IntSliceCmd {
	cmd := new(IntSliceCmd)
	cmd.start("bitfield_ro", key)
	if len(values)%2 != 0 {
		cmd.reject(fmt.Errorf("redis: bitfield_ro: %d values are not pairs of a type and an offset", len(values)))
	}
	for i, v := range values {
		cmd.flag(i%2 == 0, "get").val(v)
	}
	return do(ctx, c, cmd)
}
