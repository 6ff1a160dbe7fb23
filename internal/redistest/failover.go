package redistest

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Failover promotes the replica with CLUSTER FAILOVER and returns when every
// running node has it as the owner of its primary's slots. The mode is empty for
// a planned failover, in which the primary takes part, or FORCE or TAKEOVER.
func (c *Cluster) Failover(ctx context.Context, replica *Node, mode string) error {
	v, err := replica.view(ctx)
	if err != nil {
		return err
	}
	old := v[v[replica.id].primaryID]
	if len(old.slots) == 0 {
		return errors.New("redistest: failover: the node is not a replica of a primary that has slots")
	}
	command := []string{"CLUSTER", "FAILOVER"}
	if mode != "" {
		command = append(command, mode)
	}
	if _, err := replica.DoContext(ctx, command...); err != nil {
		return err
	}
	return poll(ctx, 10*time.Millisecond, func() error {
		return c.each(func(_ int, n *Node) error {
			if !n.Running() {
				return nil
			}
			v, err := n.view(ctx)
			if err != nil {
				return err
			}
			if now := v[replica.id]; !now.primary() || !now.owns(old.slots[0][0]) {
				return fmt.Errorf("%s does not have %s as a primary yet", n.Addr(), replica.Addr())
			}
			return nil
		})
	})
}
