package main

import (
	"context"
	"errors"
	"time"
)

// plannedFaults are what operators do to a cluster that is in use.
var plannedFaults = []fault{
	{
		name: "failover", what: "CLUSTER FAILOVER at the replica",
		inject: promote(""), planned: true, hold: 2 * time.Second,
	},
	{
		name: "failover-all", what: "CLUSTER FAILOVER at the replica of each shard in turn",
		inject: promoteAll, planned: true, spreads: true, hold: 2 * time.Second,
	},
	{
		name: "failover-force", what: "CLUSTER FAILOVER FORCE at the replica",
		inject: promote("FORCE"), planned: true, hold: 2 * time.Second,
	},
	{
		name: "takeover", what: "CLUSTER FAILOVER TAKEOVER at the replica",
		inject: promote("TAKEOVER"), planned: true, hold: 2 * time.Second,
	},
	{
		name: "migrate", what: "the slots in use move to another shard and back, again and again for three seconds",
		inject: migrate, hold: time.Second,
	},
}

func promote(mode string) func(*testbed, *member) error {
	return func(b *testbed, _ *member) error { return b.promote(b.target, mode) }
}

func promoteAll(b *testbed, _ *member) error {
	for shard := range shards {
		if err := b.promote(shard, ""); err != nil {
			return err
		}
		time.Sleep(500 * time.Millisecond)
	}
	return nil
}

func (b *testbed) promote(shard int, mode string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return b.cluster.Failover(ctx, b.replica(shard).Node, mode)
}

// migrate moves the slots of the callers of the shard.
func migrate(b *testbed, victim *member) error {
	other := b.primary((b.target + 1) % shards)
	until := time.Now().Add(3 * time.Second)
	for to := other; ; {
		for _, key := range b.keys[b.target] {
			slot, err := b.slot(key)
			if err == nil {
				err = b.cluster.MigrateSlot(slot, to.Node)
			}
			if err != nil {
				return err
			}
		}
		// Replicas hear of it by gossip; until then nodes have different maps.
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		err := b.cluster.WaitHealthy(ctx)
		cancel()
		if err != nil {
			return err
		}
		if to == victim {
			if time.Now().After(until) {
				return nil
			}
			to = other
		} else {
			to = victim
		}
		if time.Now().After(until.Add(30 * time.Second)) {
			return errors.New("slots take too long to move")
		}
	}
}
