package redis

import (
	"context"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

var _ = testCommandGroup(commandGroup{name: "sets", server: redistest.Options{}, rows: []commandTest{
	{
		name:  "SAdd",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SAdd(ctx, "s", "a", "b", 3) },
		setup: []string{"sadd s a"},
		args:  "sadd s a b 3", want: int64(2),
	},
	{
		name: "SAdd/list",
		call: func(ctx context.Context, c testCommands) Cmder { return c.SAdd(ctx, "s", []string{"a", "b"}) },
		args: "sadd s a b", want: int64(2),
	},
	{
		name:  "SCard",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SCard(ctx, "s") },
		setup: []string{"sadd s a b"},
		args:  "scard s", want: int64(2),
	},
	{
		name:  "SDiff",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SDiff(ctx, "s", "t", "none") },
		setup: []string{"sadd s a b c", "sadd t b"},
		args:  "sdiff s t none", want: []string{"a", "c"}, unordered: true,
	},
	{
		name: "SDiffCard",
		call: func(ctx context.Context, c testCommands) Cmder { return c.SDiffCard(ctx, nil, "s", "t") },
		args: "sdiffcard 2 s t limit 0", want: int64(2),
		since: "8.10", setup: []string{"sadd s a b c", "sadd t a"},
		scripted: []string{":2\r\n"},
	},
	{
		name: "SDiffCard/options",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.SDiffCard(ctx, &SDiffCardOptions{Limit: 1}, "s", "t")
		},
		args: "sdiffcard 2 s t limit 1", want: int64(1),
		since: "8.10", setup: []string{"sadd s a b c", "sadd t a"},
		scripted: []string{":1\r\n"},
	},
	{
		name:  "SDiffStore",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SDiffStore(ctx, "u", "s", "t") },
		setup: []string{"sadd s a b c", "sadd t b"},
		args:  "sdiffstore u s t", want: int64(2),
	},
	{
		name:  "SInter",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SInter(ctx, "s", "t") },
		setup: []string{"sadd s a b c", "sadd t b"},
		args:  "sinter s t", want: []string{"b"},
	},
	{
		name:  "SInterCard",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SInterCard(ctx, 1, "s", "t") },
		setup: []string{"sadd s a b c", "sadd t b c"},
		args:  "sintercard 2 s t limit 1", want: int64(1),
	},
	{
		name:  "SInterStore",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SInterStore(ctx, "u", "s", "t") },
		setup: []string{"sadd s a b c", "sadd t b c"},
		args:  "sinterstore u s t", want: int64(2),
	},
	{
		name:  "SIsMember",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SIsMember(ctx, "s", 5) },
		setup: []string{"sadd s 5"},
		args:  "sismember s 5", want: true,
	},
	{
		name:  "SMIsMember",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SMIsMember(ctx, "s", "none", "a") },
		setup: []string{"sadd s a"},
		args:  "smismember s none a", want: []bool{false, true},
	},
	{
		name:  "SMembers",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SMembers(ctx, "s") },
		setup: []string{"sadd s a b"},
		args:  "smembers s", want: []string{"a", "b"}, unordered: true,
	},
	{
		name: "SMembers/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.SMembers(ctx, "s") },
		args: "smembers s", want: []string{},
	},
	{
		name:  "SMembersMap",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SMembersMap(ctx, "s") },
		setup: []string{"sadd s a b"},
		args:  "smembers s", want: map[string]struct{}{"a": {}, "b": {}},
	},
	{
		name: "SMembersMap/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.SMembersMap(ctx, "s") },
		args: "smembers s", want: map[string]struct{}{},
	},
	{
		name:  "SMembersMap/wrong type",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SMembersMap(ctx, "s") },
		setup: []string{"set s x"},
		args:  "smembers s", want: fails("WRONGTYPE"),
	},
	{
		name:  "SMove",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SMove(ctx, "s", "t", "a") },
		setup: []string{"sadd s a"},
		args:  "smove s t a", want: true,
	},
	{
		name: "SMove/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.SMove(ctx, "s", "t", "a") },
		args: "smove s t a", want: false,
	},
	{
		name:  "SPop",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SPop(ctx, "s") },
		setup: []string{"sadd s a"},
		args:  "spop s", want: "a",
	},
	{
		name: "SPop/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.SPop(ctx, "s") },
		args: "spop s", want: Nil,
	},
	{
		name:  "SPopN",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SPopN(ctx, "s", 3) },
		setup: []string{"sadd s a b"},
		args:  "spop s 3", want: []string{"a", "b"}, unordered: true,
	},
	{
		name: "SPopN/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.SPopN(ctx, "s", 3) },
		args: "spop s 3", want: []string{},
	},
	{
		name:  "SRandMember",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SRandMember(ctx, "s") },
		setup: []string{"sadd s a"},
		args:  "srandmember s", want: "a",
	},
	{
		name:  "SRandMemberN",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SRandMemberN(ctx, "s", -3) },
		setup: []string{"sadd s a"},
		args:  "srandmember s -3", want: []string{"a", "a", "a"},
	},
	{
		name:  "SRem",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SRem(ctx, "s", "a", "none") },
		setup: []string{"sadd s a b"},
		args:  "srem s a none", want: int64(1),
	},
	{
		name:  "SScan",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SScan(ctx, "s", 0, "a*", 50) },
		setup: []string{"sadd s ab b"},
		args:  "sscan s 0 match a* count 50", want: values{[]string{"ab"}, uint64(0)},
	},
	{
		name:  "SUnion",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SUnion(ctx, "s", "t") },
		setup: []string{"sadd s a", "sadd t b"},
		args:  "sunion s t", want: []string{"a", "b"}, unordered: true,
	},
	{
		name: "SUnionCard",
		call: func(ctx context.Context, c testCommands) Cmder { return c.SUnionCard(ctx, nil, "s", "t") },
		args: "sunioncard 2 s t limit 0", want: int64(3),
		since: "8.10", setup: []string{"sadd s a b", "sadd t b c"},
		scripted: []string{":3\r\n"},
	},
	{
		name: "SUnionCard/options",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.SUnionCard(ctx, &SUnionCardOptions{Approx: true, Limit: 2}, "s", "t")
		},
		args: "sunioncard 2 s t approx limit 2", want: int64(2),
		since: "8.10", setup: []string{"sadd s a b", "sadd t b c"},
		scripted: []string{":2\r\n"},
	},
	{
		name:  "SUnionStore",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SUnionStore(ctx, "u", "s", "t") },
		setup: []string{"sadd s a", "sadd t b"},
		args:  "sunionstore u s t", want: int64(2),
	},
}})
