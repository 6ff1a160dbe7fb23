package redis

import (
	"context"

	"github.com/seed-e06f3def/rediscluster/internal/cmdinfo"
)

// division is a command that is sent as several: one for each slot of its keys,
// one for each node that it concerns, or those that a page of SCAN takes.
type division interface {
	// addTo adds the parts to a batch.
	addTo(b *batch)
	// join makes the reply of the whole from those of the parts, and returns
	// its error.
	join() error
	command() Cmder
}

// divide divides cmd if it has to be; otherwise it returns nil.
func (c *ClusterClient) divide(ctx context.Context, cmd Cmder) (division, error) {
	info := cmd.command().lookup()
	if info == nil {
		return nil, nil
	}
	switch info.Request {
	case cmdinfo.ReqMultiShard:
		if p, ok := split(cmd); ok {
			return p, nil
		}
	case cmdinfo.ReqSpecial:
		if cursor, ok := isClusterScan(cmd, info); ok {
			return c.newClusterScan(ctx, cmd, cursor)
		}
	case cmdinfo.ReqAllShards, cmdinfo.ReqAllNodes:
		if merge := mergeFor(info); merge != nil {
			m, err := c.slotMap(ctx)
			if err != nil {
				return nil, err
			}
			return newFanOut(cmd, m, merge), nil
		}
	}
	return nil, nil
}

// processDivided sends the parts of a command and joins what comes back.
func (c *ClusterClient) processDivided(ctx context.Context, d division) error {
	b := c.newBatch()
	d.addTo(b)
	b.run(ctx)
	err := d.join()
	b.free()
	return err
}
