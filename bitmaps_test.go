package redis

import (
	"context"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

var _ = testCommandGroup(commandGroup{name: "bitmaps", server: redistest.Options{}, rows: []commandTest{
	{
		name:  "GetBit",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.GetBit(ctx, "k", 7) },
		setup: []string{`set k "\x01"`},
		args:  "getbit k 7", want: int64(1),
	},
	{
		name: "GetBit/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.GetBit(ctx, "k", 7) },
		args: "getbit k 7", want: int64(0),
	},
	{
		name: "SetBit",
		call: func(ctx context.Context, c testCommands) Cmder { return c.SetBit(ctx, "k", 100, 1) },
		args: "setbit k 100 1", want: int64(0),
	},
	{
		name:  "BitCount",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.BitCount(ctx, "k", nil) },
		setup: []string{"set k foobar"},
		args:  "bitcount k", want: int64(26),
	},
	{
		name: "BitCount/part",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.BitCount(ctx, "k", &BitCount{Start: 1, End: -2})
		},
		setup: []string{"set k foobar"},
		args:  "bitcount k 1 -2", want: int64(18),
	},
	{
		name: "BitCount/bits",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.BitCount(ctx, "k", &BitCount{Start: 5, End: 30, Unit: BitCountIndexBit})
		},
		setup: []string{"set k foobar"},
		args:  "bitcount k 5 30 BIT", want: int64(17),
	},
	{
		name: "BitCount/bytes",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.BitCount(ctx, "k", &BitCount{End: 0, Unit: BitCountIndexByte})
		},
		setup: []string{"set k foobar"},
		args:  "bitcount k 0 0 BYTE", want: int64(4),
	},
	{
		name: "BitCount/no such unit",
		call: func(ctx context.Context, c testCommands) Cmder { return c.BitCount(ctx, "k", &BitCount{Unit: "WORD"}) },
		want: fails(`redis: bitcount: there is no unit "WORD"`),
	},
	{
		name:  "BitOpAnd",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.BitOpAnd(ctx, "d", "a", "b") },
		setup: []string{"mset a foobar b abcdef"},
		args:  "bitop and d a b", want: int64(6),
	},
	{
		name:  "BitOpOr",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.BitOpOr(ctx, "d", "a", "b") },
		setup: []string{"mset a foo"},
		args:  "bitop or d a b", want: int64(3),
	},
	{
		name: "BitOpXor",
		call: func(ctx context.Context, c testCommands) Cmder { return c.BitOpXor(ctx, "d", "a") },
		args: "bitop xor d a", want: int64(0),
	},
	{
		name:  "BitOpNot",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.BitOpNot(ctx, "d", "a") },
		setup: []string{"mset a f"},
		args:  "bitop not d a", want: int64(1),
	},
	{
		name:  "BitPos",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.BitPos(ctx, "k", 0) },
		setup: []string{`set k "\xff\xf0\x00"`},
		args:  "bitpos k 0", want: int64(12),
	},
	{
		name:  "BitPos/from",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.BitPos(ctx, "k", 1, 2) },
		setup: []string{`set k "\xff\xf0\x00"`},
		args:  "bitpos k 1 2", want: int64(-1),
	},
	{
		name:  "BitPos/part",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.BitPos(ctx, "k", 0, -1, -1) },
		setup: []string{`set k "\xff\xf0\x00"`},
		args:  "bitpos k 0 -1 -1", want: int64(16),
	},
	{
		name: "BitPos/too many",
		call: func(ctx context.Context, c testCommands) Cmder { return c.BitPos(ctx, "k", 0, 1, 2, 3) },
		want: fails("redis: bitpos: 3 positions"),
	},
	{
		name:  "BitPosSpan",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.BitPosSpan(ctx, "k", 1, 7, 15, "bit") },
		setup: []string{`set k "\xff\xf0\x00"`},
		args:  "bitpos k 1 7 15 bit", want: int64(7),
	},
	{
		name: "BitField",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.BitField(ctx, "k", "set", "u8", 0, 255, "get", "u4", "#1")
		},
		args: "bitfield k set u8 0 255 get u4 #1", want: []int64{0, 15},
	},
	{
		name: "BitField/overflow",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.BitField(ctx, "k", "overflow", "fail", "incrby", "u2", 0, 5, "get", "u8", 0)
		},
		args: "bitfield k overflow fail incrby u2 0 5 get u8 0", want: []int64{0, 0},
	},
	{
		name: "BitField/slice",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.BitField(ctx, "k", []string{"get", "u8", "0"})
		},
		args: "bitfield k get u8 0", want: []int64{0},
	},
	{
		name:  "BitFieldRO",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.BitFieldRO(ctx, "k", "u8", 0, "i4", 8) },
		setup: []string{"set k foobar"},
		args:  "bitfield_ro k get u8 0 get i4 8", want: []int64{102, 6},
	},
	{
		name: "BitFieldRO/odd",
		call: func(ctx context.Context, c testCommands) Cmder { return c.BitFieldRO(ctx, "k", "u8") },
		want: fails("redis: bitfield_ro: 1 values"),
	},
	{
		name:  "BitOpDiff",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.BitOpDiff(ctx, "d", "a", "b") },
		since: "8.2", setup: []string{"set a abc", "set b ab"},
		scripted: []string{":3\r\n"},
		args:     "bitop diff d a b", want: int64(3),
	},
	{
		name:  "BitOpDiff1",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.BitOpDiff1(ctx, "d", "a", "b") },
		since: "8.2", setup: []string{"set a abc", "set b ab"},
		scripted: []string{":3\r\n"},
		args:     "bitop diff1 d a b", want: int64(3),
	},
	{
		name:  "BitOpAndOr",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.BitOpAndOr(ctx, "d", "a", "b") },
		since: "8.2", setup: []string{"set a abc", "set b ab"},
		scripted: []string{":3\r\n"},
		args:     "bitop andor d a b", want: int64(3),
	},
	{
		name:  "BitOpOne",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.BitOpOne(ctx, "d", "a", "b") },
		since: "8.2", setup: []string{"set a abc", "set b ab"},
		scripted: []string{":3\r\n"},
		args:     "bitop one d a b", want: int64(3),
	},
}})
