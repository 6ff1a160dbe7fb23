package redis

import (
	"context"
	"fmt"
	"math"
	"net"
	"slices"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

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
