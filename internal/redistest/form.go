package redistest

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// form makes a cluster of servers that do not know each other: the first ones
// primaries with an even share of the slots, the others their replicas.
func (c *Cluster) form(ctx context.Context, shards, replicas int) error {
	err := c.each(func(i int, n *Node) error {
		var err error
		if n.id, err = n.text(ctx, "CLUSTER", "MYID"); err != nil {
			return err
		}
		// Epochs that differ from the start spare the nodes a round of
		// sorting out who is newer. It must be done before they meet.
		if _, err := n.DoContext(ctx, "CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1)); err != nil {
			return err
		}
		if i >= shards {
			return nil
		}
		_, err = n.DoContext(ctx, "CLUSTER", "ADDSLOTSRANGE",
			strconv.Itoa(firstSlot(i, shards)), strconv.Itoa(firstSlot(i+1, shards)-1))
		return err
	})
	if err != nil {
		return err
	}

	// One introduction would do, and gossip the rest, a second a hop.
	// Introducing all to all does without.
	err = c.each(func(i int, n *Node) error {
		for _, other := range c.nodes[i+1:] {
			if _, err := n.DoContext(ctx, "CLUSTER", "MEET", other.Host(), strconv.Itoa(other.port)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}

	err = c.each(func(i int, n *Node) error {
		if i < shards {
			return nil
		}
		primary := c.nodes[(i-shards)/replicas]
		// Refused until the handshake with the primary is through.
		return poll(ctx, 10*time.Millisecond, func() error {
			_, err := n.DoContext(ctx, "CLUSTER", "REPLICATE", primary.id)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("redistest: forming the cluster: %w", err)
	}
	return c.WaitHealthy(ctx)
}

// firstSlot shares out the slots as redis-cli does: rounded to the nearest slot.
func firstSlot(shard, shards int) int { return (shard*slotCount + shards/2) / shards }
