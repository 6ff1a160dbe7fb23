package redis

import (
	"context"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

var _ = testCommandGroup(commandGroup{name: "hyperloglog", server: redistest.Options{}, rows: []commandTest{
	{
		name: "PFAdd",
		call: func(ctx context.Context, c testCommands) Cmder { return c.PFAdd(ctx, "p", "a", 2) },
		args: "pfadd p a 2", want: int64(1),
	},
	{
		name: "PFAdd/nothing",
		call: func(ctx context.Context, c testCommands) Cmder { return c.PFAdd(ctx, "p") },
		args: "pfadd p", want: int64(1),
	},
	{
		name:  "PFAdd/seen before",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.PFAdd(ctx, "p", []string{"a", "b"}) },
		setup: []string{"pfadd p a b"},
		args:  "pfadd p a b", want: int64(0),
	},
	{
		name:  "PFCount",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.PFCount(ctx, "p", "q") },
		setup: []string{"pfadd p a b", "pfadd q b c"},
		args:  "pfcount p q", want: int64(3),
	},
	{
		name:  "PFMerge",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.PFMerge(ctx, "r", "p", "q") },
		setup: []string{"pfadd p a b", "pfadd q b c"},
		args:  "pfmerge r p q", want: "OK",
	},
}})
