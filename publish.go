package redis

import (
	"context"
)

// PubSubCmdable has the commands that publish messages, and those that look at
// subscriptions. To subscribe, see [ClusterClient.Subscribe].
//
// The commands that look are for the whole cluster with a [ClusterClient]: they ask all
// nodes and join the answers, and fail with a [NodesError] if some do not answer. The
// client of a node, a transaction and Watch ask one.
type PubSubCmdable interface {
	Publish(ctx context.Context, channel string, message any) *IntCmd
	PubSubChannels(ctx context.Context, pattern string) *StringSliceCmd
	PubSubNumPat(ctx context.Context) *IntCmd
	PubSubNumSub(ctx context.Context, channels ...string) *MapStringIntCmd
	PubSubShardChannels(ctx context.Context, pattern string) *StringSliceCmd
	PubSubShardNumSub(ctx context.Context, channels ...string) *MapStringIntCmd
	SPublish(ctx context.Context, channel string, message any) *IntCmd
}

// Publish sends message to all who have subscribed to channel, at whatever node
// of the cluster, and gives the number of those at the node that was asked. All
// messages of one channel go by the same node, so that the messages of one
// caller arrive in their order (PUBLISH).
func (c cmdable) Publish(ctx context.Context, channel string, message any) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("publish", channel).val(message)
	return do(ctx, c, cmd)
}

// SPublish sends message to those who have subscribed to channel as a shard
// channel, and gives their number. It concerns only the shard that serves the
// channel's slot (SPUBLISH).
func (c cmdable) SPublish(ctx context.Context, channel string, message any) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("spublish", channel).val(message)
	return do(ctx, c, cmd)
}

// PubSubChannels lists the channels with subscribers whose names match pattern, each
// once; "*" or "" is all of them (PUBSUB CHANNELS).
func (c cmdable) PubSubChannels(ctx context.Context, pattern string) *StringSliceCmd {
	return c.subscribedChannels(ctx, "channels", pattern)
}

// PubSubShardChannels is PubSubChannels for shard channels (PUBSUB
// SHARDCHANNELS).
func (c cmdable) PubSubShardChannels(ctx context.Context, pattern string) *StringSliceCmd {
	return c.subscribedChannels(ctx, "shardchannels", pattern)
}

func (c cmdable) subscribedChannels(ctx context.Context, what, pattern string) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("pubsub", what)
	if pattern != "" && pattern != "*" {
		cmd.str(pattern)
	}
	return do(ctx, c, cmd)
}

// PubSubNumSub counts the subscribers that each channel has; those who came by a
// pattern do not count (PUBSUB NUMSUB).
func (c cmdable) PubSubNumSub(ctx context.Context, channels ...string) *MapStringIntCmd {
	cmd := new(MapStringIntCmd)
	cmd.start("pubsub", "numsub").strs(channels...)
	return do(ctx, c, cmd)
}

// PubSubShardNumSub is PubSubNumSub for shard channels (PUBSUB SHARDNUMSUB).
func (c cmdable) PubSubShardNumSub(ctx context.Context, channels ...string) *MapStringIntCmd {
	cmd := new(MapStringIntCmd)
	cmd.start("pubsub", "shardnumsub").strs(channels...)
	return do(ctx, c, cmd)
}

// PubSubNumPat counts the patterns that have subscribers. In a cluster one that has them
// at several nodes counts for each (PUBSUB NUMPAT).
func (c cmdable) PubSubNumPat(ctx context.Context) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("pubsub", "numpat")
	return do(ctx, c, cmd)
}
