package clustertest

import (
	"fmt"
	"time"
)

// Failover makes a replica the primary of its shard, and the primary a replica:
// the first replica that is neither stopped nor paused. It needs no consent of
// the old primary, so it also plays the election after Stop or Pause. The error
// says that there is no such shard or replica.
func (c *Cluster) Failover(shard int) error {
	if shard < 0 || shard >= c.Shards() {
		return fmt.Errorf("clustertest: no shard %d", shard)
	}
	candidates := c.healthyReplicas(shard)
	if len(candidates) == 0 {
		return fmt.Errorf("clustertest: shard %d has no replica to promote", shard)
	}
	return c.Promote(candidates[0])
}

// Promote makes n the primary of its shard, as CLUSTER FAILOVER TAKEOVER does. A
// primary stays what it is. Commands that block at the old primary are answered
// UNBLOCKED, subscribers of the shard's channels are unsubscribed. The error
// says that n has failed.
func (c *Cluster) Promote(n *Node) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.promote(n)
}

func (c *Cluster) promote(n *Node) error {
	old := c.primaries[n.shard]
	if old == n {
		return nil
	}
	if n.failed {
		return fmt.Errorf("clustertest: the node at %s has failed", n.addr)
	}
	c.primaries[n.shard] = n
	// The nodes have agreed that a silent primary has failed.
	old.failed = old.failed || old.gate.isShut()
	c.reshaped()
	c.interruptBlocked(n.shard,
		func(int) bool { return true },
		func(int) string {
			return "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)"
		})
	c.bus.dropSlots(func(slot int) bool { return c.owners[slot] == n.shard })
	return nil
}

// FailPrimary stops the primary of a shard and returns it. After the given time,
// that of failure detection and election, a replica takes its place, unless the
// node was started again or somebody else was promoted. The error says that
// there is no such shard or no replica; then nothing was stopped.
func (c *Cluster) FailPrimary(shard int, election time.Duration) (*Node, error) {
	old := c.Primary(shard)
	if old == nil {
		return nil, fmt.Errorf("clustertest: no shard %d", shard)
	}
	if len(c.healthyReplicas(shard)) == 0 {
		return nil, fmt.Errorf("clustertest: shard %d has no replica to promote", shard)
	}
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil, errClosed
	}
	old.failed = true
	c.reshaped()
	c.wg.Go(func() { c.electAfter(election, old) })
	c.mu.Unlock()
	old.stop()
	return old, nil
}

// electAfter replaces old if it still is a failed primary after the given time.
func (c *Cluster) electAfter(election time.Duration, old *Node) {
	timer := time.NewTimer(election)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.done:
		return
	}
	candidates := c.healthyReplicas(old.shard)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(candidates) == 0 || c.primaries[old.shard] != old || !old.failed {
		return
	}
	_ = c.promote(candidates[0]) // it failed just now: nobody is left to elect
}
