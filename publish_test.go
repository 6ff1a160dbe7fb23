package redis

import (
	"context"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

var _ = testCommandGroup(commandGroup{name: "pubsub", server: redistest.Options{}, rows: []commandTest{
	{
		name: "Publish",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Publish(ctx, "news", "a b") },
		args: `publish news "a b"`, want: int64(0),
	},
	{
		name:   "Publish/of a number",
		call:   func(ctx context.Context, c testCommands) Cmder { return c.Publish(ctx, "news", 42) },
		others: []string{"subscribe news", "psubscribe n*"},
		args:   "publish news 42", want: int64(2),
	},
	{
		name: "Publish/of what cannot be sent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Publish(ctx, "news", make(chan int)) },
		want: fails("redis: publish: argument 2"),
	},
	{
		name:   "SPublish",
		call:   func(ctx context.Context, c testCommands) Cmder { return c.SPublish(ctx, "news", []byte("a")) },
		others: []string{"ssubscribe news"},
		args:   "spublish news a", want: int64(1),
	},
	{
		name: "PubSubChannels",
		call: func(ctx context.Context, c testCommands) Cmder { return c.PubSubChannels(ctx, "*") },
		args: "pubsub channels", want: []string{},
	},
	{
		name:   "PubSubChannels/by pattern",
		call:   func(ctx context.Context, c testCommands) Cmder { return c.PubSubChannels(ctx, "n*") },
		others: []string{"subscribe news", "subscribe n", "subscribe other"},
		args:   "pubsub channels n*", want: []string{"news", "n"}, unordered: true,
	},
	{
		name:   "PubSubNumSub",
		call:   func(ctx context.Context, c testCommands) Cmder { return c.PubSubNumSub(ctx, "a", "b") },
		others: []string{"subscribe a"},
		args:   "pubsub numsub a b", want: map[string]int64{"a": 1, "b": 0},
	},
	{
		name: "PubSubNumSub/of nothing",
		call: func(ctx context.Context, c testCommands) Cmder { return c.PubSubNumSub(ctx) },
		args: "pubsub numsub", want: map[string]int64{},
	},
	{
		name:   "PubSubNumPat",
		call:   func(ctx context.Context, c testCommands) Cmder { return c.PubSubNumPat(ctx) },
		others: []string{"psubscribe a*"},
		args:   "pubsub numpat", want: int64(1),
	},
	{
		name: "PubSubShardChannels",
		call: func(ctx context.Context, c testCommands) Cmder { return c.PubSubShardChannels(ctx, "") },
		args: "pubsub shardchannels", want: []string{},
	},
	{
		name:   "PubSubShardChannels/by pattern",
		call:   func(ctx context.Context, c testCommands) Cmder { return c.PubSubShardChannels(ctx, "[ab]") },
		others: []string{"ssubscribe a", "ssubscribe c"},
		args:   "pubsub shardchannels [ab]", want: []string{"a"},
	},
	{
		name:   "PubSubShardNumSub",
		call:   func(ctx context.Context, c testCommands) Cmder { return c.PubSubShardNumSub(ctx, "a") },
		others: []string{"ssubscribe a"},
		args:   "pubsub shardnumsub a", want: map[string]int64{"a": 1},
	},
}})
