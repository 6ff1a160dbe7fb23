package redis

import (
	"context"
	"fmt"
	"math"
	"net"
	"slices"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
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

// ClusterSlot is a range of hash slots and the nodes that serve it.
type ClusterSlot struct {
	Start int           // the first slot of the range
	End   int           // the last
	Nodes []ClusterNode // the primary first; empty when nobody serves the range
}

// ClusterNode is a node as CLUSTER SLOTS describes it. The first of a range is
// the primary.
type ClusterNode struct {
	// ID is the node's name in the cluster; "" where servers do not tell.
	ID string
	// Addr is host and port. The host is "" when the server does not name one:
	// then it is the host that was asked. It is "?" when the server does not
	// know it.
	Addr string
	// NetworkingMetadata holds what else is known of how to reach the node,
	// such as its "hostname" and "ip". It is nil where servers do not tell.
	NetworkingMetadata map[string]string
}

// ClusterSlotsCmd is a command that answers with the slots and their nodes.
type ClusterSlotsCmd struct {
	result[[]ClusterSlot]
	lenient bool // leaves out the ranges that it cannot read, unless that is all of them
}

// NewClusterSlotsCmd makes a command from its name and arguments, for Process.
func NewClusterSlotsCmd(ctx context.Context, args ...any) *ClusterSlotsCmd {
	return fromArgs(new(ClusterSlotsCmd), args)
}

// NewClusterSlotsCmdResult makes a command that has been answered, for tests
// and fakes.
func NewClusterSlotsCmdResult(val []ClusterSlot, err error) *ClusterSlotsCmd {
	return &ClusterSlotsCmd{result: made(val, err)}
}

func (c *ClusterSlotsCmd) decode(d *resp.Decoder) error {
	var spoiled error
	slots, err := decodeList(d, func(d *resp.Decoder) (ClusterSlot, error) {
		if !c.lenient {
			return decodeClusterSlot(d, false)
		}
		raw, err := d.Raw()
		if err != nil {
			return noRange, err
		}
		own := resp.NewDecoder(raw, true)
		slot, err := decodeClusterSlot(&own, true)
		if err != nil {
			slot = noRange
			if spoiled == nil {
				spoiled = err
			}
		}
		return slot, nil
	})
	if err != nil {
		return err
	}
	if spoiled != nil {
		slots = slices.DeleteFunc(slots, func(s ClusterSlot) bool { return s.Start == noRange.Start })
		if len(slots) == 0 {
			return spoiled
		}
	}
	c.val = slots
	return nil
}

// noRange stands for a range that cannot be read.
var noRange = ClusterSlot{Start: math.MinInt}

// decodeClusterSlot reads a range; if it is lenient, without the replicas and the
// metadata that cannot be read.
func decodeClusterSlot(d *resp.Decoder, lenient bool) (slot ClusterSlot, err error) {
	n, err := d.Array()
	if err != nil {
		return slot, err
	}
	if n < 2 {
		return slot, fmt.Errorf("redis: cluster slots: a range of %d elements", n)
	}
	start, err := d.Int()
	if err != nil {
		return slot, err
	}
	end, err := d.Int()
	if err != nil {
		return slot, err
	}
	slot = ClusterSlot{Start: int(start), End: int(end), Nodes: make([]ClusterNode, 0, d.Cap(n-2))}
	for i := range n - 2 {
		raw, err := d.Raw()
		if err != nil {
			return slot, err
		}
		own := resp.NewDecoder(raw, true)
		node, err := decodeClusterNode(&own, lenient)
		switch {
		case err == nil:
			slot.Nodes = append(slot.Nodes, node)
		case !lenient || i == 0: // without its primary a range is of no use
			return slot, err
		}
	}
	return slot, nil
}

// notNull keeps a null in the midst of an element from passing for a null element.
func notNull(err error, want string) error {
	if err == Nil {
		return &resp.TypeError{Got: "null", Want: want}
	}
	return err
}

// decodeClusterNode reads host, port, and what newer servers add: id, metadata
// and perhaps more.
func decodeClusterNode(d *resp.Decoder, lenient bool) (node ClusterNode, err error) {
	n, err := d.Array()
	if err != nil {
		return node, err
	}
	if n < 2 {
		return node, fmt.Errorf("redis: cluster slots: a node of %d elements", n)
	}
	host, err := d.String()
	if err != nil && err != Nil {
		return node, err
	}
	port, err := d.String()
	if err != nil {
		return node, notNull(err, "a port")
	}
	node.Addr = net.JoinHostPort(host, port)
	if n >= 3 {
		if node.ID, err = d.String(); err != nil {
			return node, notNull(err, "a node ID")
		}
	}
	if n >= 4 {
		raw, err := d.Raw()
		if err != nil {
			return node, err
		}
		own := resp.NewDecoder(raw, true)
		metadata, err := decodeMap(&own, (*resp.Decoder).String)
		if err != nil && err != Nil && !lenient {
			return node, err
		}
		if err == nil {
			node.NetworkingMetadata = metadata
		}
	}
	for range n - 4 {
		if err := d.Skip(); err != nil {
			return node, err
		}
	}
	return node, nil
}

// SlotRange is a range of hash slots.
type SlotRange struct {
	Start int64 // the first slot of the range
	End   int64 // the last
}

// Node is a node as CLUSTER SHARDS describes it.
type Node struct {
	ID                string // its name in the cluster
	Endpoint          string // what clients should connect to; "" means the host that was asked
	IP                string // the address that other nodes know it by
	Hostname          string // "" when it has none
	Port              int64  // 0 when it takes TLS only
	TLSPort           int64  // 0 when it takes no TLS
	Role              string // "master" or "replica"
	ReplicationOffset int64  // how far it is, in bytes
	Health            string // "online", "failed" or "loading"
}

// ClusterShard is a primary and its replicas, with the slots they serve.
type ClusterShard struct {
	Slots []SlotRange // in rising order; empty when it serves none
	Nodes []Node      // Role tells which is the primary
}

// ClusterShardsCmd is a command that answers with the shards of a cluster.
type ClusterShardsCmd struct{ result[[]ClusterShard] }

// NewClusterShardsCmd makes a command from its name and arguments, for
// Process.
func NewClusterShardsCmd(ctx context.Context, args ...any) *ClusterShardsCmd {
	return fromArgs(new(ClusterShardsCmd), args)
}

func (c *ClusterShardsCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, decodeClusterShard)
	return err
}

func decodeClusterShard(d *resp.Decoder) (shard ClusterShard, err error) {
	err = decodeFields(d, map[string]any{
		"slots": func(d *resp.Decoder) (err error) {
			shard.Slots, err = decodePairs(d, decodeSlotRange)
			return err
		},
		"nodes": func(d *resp.Decoder) (err error) {
			shard.Nodes, err = decodeList(d, decodeNode)
			return err
		},
	})
	return shard, err
}

func decodeSlotRange(d *resp.Decoder) (r SlotRange, err error) {
	if r.Start, err = d.Int(); err == nil {
		r.End, err = d.Int()
	}
	return r, err
}

func decodeNode(d *resp.Decoder) (node Node, err error) {
	err = decodeFields(d, map[string]any{
		"id":                 &node.ID,
		"endpoint":           &node.Endpoint,
		"ip":                 &node.IP,
		"hostname":           &node.Hostname,
		"port":               &node.Port,
		"tls-port":           &node.TLSPort,
		"role":               &node.Role,
		"replication-offset": &node.ReplicationOffset,
		"health":             &node.Health,
	})
	return node, err
}

// ClusterLink is a connection between a node and another one.
type ClusterLink struct {
	Direction           string // "to" or "from" the other node
	Node                string // the other node's name in the cluster
	CreateTime          int64  // Unix time, in milliseconds
	Events              string // what it waits for: "r" and "w"
	SendBufferAllocated int64  // bytes
	SendBufferUsed      int64  // bytes
}

// ClusterLinksCmd is a command that answers with the connections of a node.
type ClusterLinksCmd struct{ result[[]ClusterLink] }

// NewClusterLinksCmd makes a command from its name and arguments, for Process.
func NewClusterLinksCmd(ctx context.Context, args ...any) *ClusterLinksCmd {
	return fromArgs(new(ClusterLinksCmd), args)
}

func (c *ClusterLinksCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, decodeClusterLink)
	return err
}

func decodeClusterLink(d *resp.Decoder) (link ClusterLink, err error) {
	err = decodeFields(d, map[string]any{
		"direction":             &link.Direction,
		"node":                  &link.Node,
		"create-time":           &link.CreateTime,
		"events":                &link.Events,
		"send-buffer-allocated": &link.SendBufferAllocated,
		"send-buffer-used":      &link.SendBufferUsed,
	})
	return link, err
}
