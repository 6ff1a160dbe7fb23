package redis

import (
	"context"
	"fmt"
)

// ClusterCmdable has the commands about the cluster itself. Those that manage
// it concern the node that happens to serve them.
type ClusterCmdable interface {
	ClusterAddSlots(ctx context.Context, slots ...int) *StatusCmd
	ClusterAddSlotsRange(ctx context.Context, min, max int) *StatusCmd
	ClusterCountFailureReports(ctx context.Context, nodeID string) *IntCmd
	ClusterCountKeysInSlot(ctx context.Context, slot int) *IntCmd
	ClusterDelSlots(ctx context.Context, slots ...int) *StatusCmd
	ClusterDelSlotsRange(ctx context.Context, min, max int) *StatusCmd
	ClusterFailover(ctx context.Context) *StatusCmd
	ClusterForget(ctx context.Context, nodeID string) *StatusCmd
	ClusterGetKeysInSlot(ctx context.Context, slot, count int) *StringSliceCmd
	ClusterInfo(ctx context.Context) *StringCmd
	ClusterKeySlot(ctx context.Context, key string) *IntCmd
	ClusterLinks(ctx context.Context) *ClusterLinksCmd
	ClusterMeet(ctx context.Context, host, port string) *StatusCmd
	ClusterMyID(ctx context.Context) *StringCmd
	ClusterMyShardID(ctx context.Context) *StringCmd
	ClusterNodes(ctx context.Context) *StringCmd
	ClusterReplicate(ctx context.Context, nodeID string) *StatusCmd
	ClusterResetHard(ctx context.Context) *StatusCmd
	ClusterResetSoft(ctx context.Context) *StatusCmd
	ClusterSaveConfig(ctx context.Context) *StatusCmd
	ClusterShards(ctx context.Context) *ClusterShardsCmd
	ClusterSlaves(ctx context.Context, nodeID string) *StringSliceCmd
	ClusterSlots(ctx context.Context) *ClusterSlotsCmd
	ReadOnly(ctx context.Context) *StatusCmd
	ReadWrite(ctx context.Context) *StatusCmd
}

// ClusterAddSlots makes the node serve slots that nobody serves
// (CLUSTER ADDSLOTS).
func (c cmdable) ClusterAddSlots(ctx context.Context, slots ...int) *StatusCmd {
	return c.clusterSlotList(ctx, "addslots", slots)
}

// ClusterAddSlotsRange is ClusterAddSlots for the slots from min to
// max, both included (CLUSTER ADDSLOTS).
func (c cmdable) ClusterAddSlotsRange(ctx context.Context, min, max int) *StatusCmd {
	return c.clusterSlotRange(ctx, "addslots", min, max)
}

// ClusterDelSlots makes the node forget who serves these slots
// (CLUSTER DELSLOTS).
func (c cmdable) ClusterDelSlots(ctx context.Context, slots ...int) *StatusCmd {
	return c.clusterSlotList(ctx, "delslots", slots)
}

// ClusterDelSlotsRange is ClusterDelSlots for the slots from min to
// max, both included (CLUSTER DELSLOTS).
func (c cmdable) ClusterDelSlotsRange(ctx context.Context, min, max int) *StatusCmd {
	return c.clusterSlotRange(ctx, "delslots", min, max)
}

func (c cmdable) clusterSlotList(ctx context.Context, name string, slots []int) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("cluster", name)
	for _, slot := range slots {
		cmd.int(int64(slot))
	}
	return do(ctx, c, cmd)
}

// clusterSlotRange lists the slots one by one, which servers before Redis 7.0
// understand too.
func (c cmdable) clusterSlotRange(ctx context.Context, name string, first, last int) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("cluster", name)
	if first < 0 || last >= slotCount || first > last {
		cmd.reject(fmt.Errorf("redis: cluster %s: there are no slots from %d to %d", name, first, last))
		return do(ctx, c, cmd)
	}
	for slot := first; slot <= last; slot++ {
		cmd.int(int64(slot))
	}
	return do(ctx, c, cmd)
}

// ClusterCountFailureReports tells how many nodes reported lately that a node
// does not answer (CLUSTER COUNT-FAILURE-REPORTS).
func (c cmdable) ClusterCountFailureReports(ctx context.Context, nodeID string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("cluster", "count-failure-reports", nodeID)
	return do(ctx, c, cmd)
}

// ClusterCountKeysInSlot tells how many keys of a slot the node has; a cluster
// client asks the primary that serves it (CLUSTER COUNTKEYSINSLOT).
func (c cmdable) ClusterCountKeysInSlot(ctx context.Context, slot int) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("cluster", "countkeysinslot").int(int64(slot))
	return do(ctx, c, cmd)
}

// ClusterFailover makes the node, a replica, take over from its primary
// (CLUSTER FAILOVER).
func (c cmdable) ClusterFailover(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("cluster", "failover")
	return do(ctx, c, cmd)
}

// ClusterForget makes the node forget another one, and not hear of it again for
// a minute (CLUSTER FORGET).
func (c cmdable) ClusterForget(ctx context.Context, nodeID string) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("cluster", "forget", nodeID)
	return do(ctx, c, cmd)
}

// ClusterGetKeysInSlot lists at most count keys of a slot that the node has; a
// cluster client asks the primary that serves it (CLUSTER GETKEYSINSLOT).
func (c cmdable) ClusterGetKeysInSlot(ctx context.Context, slot, count int) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("cluster", "getkeysinslot").int(int64(slot)).int(int64(count))
	return do(ctx, c, cmd)
}

// ClusterInfo tells how the cluster is, as lines of name:value (CLUSTER INFO).
func (c cmdable) ClusterInfo(ctx context.Context) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("cluster", "info")
	return do(ctx, c, cmd)
}

// ClusterKeySlot tells the slot of a key, from 0 to 16383 (CLUSTER KEYSLOT).
func (c cmdable) ClusterKeySlot(ctx context.Context, key string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("cluster", "keyslot", key)
	return do(ctx, c, cmd)
}

// ClusterLinks lists the connections between the node and the others
// (CLUSTER LINKS).
func (c cmdable) ClusterLinks(ctx context.Context) *ClusterLinksCmd {
	cmd := new(ClusterLinksCmd)
	cmd.start("cluster", "links")
	return do(ctx, c, cmd)
}

// ClusterMeet makes the node and another one know each other (CLUSTER MEET).
func (c cmdable) ClusterMeet(ctx context.Context, host, port string) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("cluster", "meet", host, port)
	return do(ctx, c, cmd)
}

// ClusterMyID tells the node's ID in the cluster (CLUSTER MYID).
func (c cmdable) ClusterMyID(ctx context.Context) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("cluster", "myid")
	return do(ctx, c, cmd)
}

// ClusterMyShardID tells the ID of the node's shard (CLUSTER MYSHARDID, Redis
// 7.2).
func (c cmdable) ClusterMyShardID(ctx context.Context) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("cluster", "myshardid")
	return do(ctx, c, cmd)
}

// ClusterNodes describes the nodes of the cluster, one a line (CLUSTER NODES).
func (c cmdable) ClusterNodes(ctx context.Context) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("cluster", "nodes")
	return do(ctx, c, cmd)
}

// ClusterReplicate makes the node a replica of another one
// (CLUSTER REPLICATE).
func (c cmdable) ClusterReplicate(ctx context.Context, nodeID string) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("cluster", "replicate", nodeID)
	return do(ctx, c, cmd)
}

// ClusterResetHard makes the node forget the cluster, and its own ID
// (CLUSTER RESET HARD).
func (c cmdable) ClusterResetHard(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("cluster", "reset", "hard")
	return do(ctx, c, cmd)
}

// ClusterResetSoft makes the node forget the cluster (CLUSTER RESET SOFT).
func (c cmdable) ClusterResetSoft(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("cluster", "reset", "soft")
	return do(ctx, c, cmd)
}

// ClusterSaveConfig makes the node save what it knows of the cluster
// (CLUSTER SAVECONFIG).
func (c cmdable) ClusterSaveConfig(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("cluster", "saveconfig")
	return do(ctx, c, cmd)
}

// ClusterShards lists the shards of the cluster with their slots and nodes
// (CLUSTER SHARDS, Redis 7.0).
func (c cmdable) ClusterShards(ctx context.Context) *ClusterShardsCmd {
	cmd := new(ClusterShardsCmd)
	cmd.start("cluster", "shards")
	return do(ctx, c, cmd)
}

// ClusterSlaves describes the replicas of a primary, each in the form of
// ClusterNodes (CLUSTER SLAVES).
//
// Deprecated: Redis 5.0 calls the command CLUSTER REPLICAS.
func (c cmdable) ClusterSlaves(ctx context.Context, nodeID string) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("cluster", "slaves", nodeID)
	return do(ctx, c, cmd)
}

// ClusterSlots lists the ranges of slots that are served, with their nodes
// (CLUSTER SLOTS).
func (c cmdable) ClusterSlots(ctx context.Context) *ClusterSlotsCmd {
	cmd := new(ClusterSlotsCmd)
	cmd.start("cluster", "slots")
	return do(ctx, c, cmd)
}

// ReadOnly lets a replica serve reads on the connection (READONLY).
// Clients and their pipelines refuse it, as others share their connections: use
// [Conn] or [Tx].
// A cluster client that reads from replicas sends it by itself.
func (c cmdable) ReadOnly(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("readonly")
	return do(ctx, c, cmd)
}

// ReadWrite takes ReadOnly back (READWRITE).
// Clients and their pipelines refuse it, as others share their connections: use
// [Conn] or [Tx].
func (c cmdable) ReadWrite(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("readwrite")
	return do(ctx, c, cmd)
}
