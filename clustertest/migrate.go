package clustertest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// BeginMigration opens the migration of a slot to a node, which must be the
// primary of another shard, as CLUSTER SETSLOT MIGRATING and IMPORTING do. From
// now on the source answers ASK for keys that it does not have, the target
// serves the slot's keys after ASKING, and commands with several keys that are
// not all at one side are answered TRYAGAIN.
func (c *Cluster) BeginMigration(slot int, to *Node) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.beginMigration(slot, to)
}

func (c *Cluster) beginMigration(slot int, to *Node) error {
	if err := checkSlots(slot, slot); err != nil {
		return err
	}
	owner := c.owners[slot]
	_, migrating := c.migrating[slot]
	switch {
	case c.primaries[to.shard] != to:
		return fmt.Errorf("clustertest: the node at %s is not a primary", to.addr)
	case owner == nobody:
		return fmt.Errorf("clustertest: nobody owns slot %d", slot)
	case owner == to.shard:
		return fmt.Errorf("clustertest: the node at %s owns slot %d already", to.addr, slot)
	case migrating:
		return fmt.Errorf("clustertest: slot %d is migrating already", slot)
	}
	c.migrating[slot] = to.shard
	c.reshaped()
	return nil
}

// MoveKeys moves up to n keys of a slot under migration to the target, in
// alphabetical order, all of them if n is negative. It returns how many there
// were to move.
func (c *Cluster) MoveKeys(slot, n int) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	target, ok := c.migrating[slot]
	if !ok {
		return 0, fmt.Errorf("clustertest: slot %d is not migrating", slot)
	}
	keys := c.keysInSlot(c.owners[slot], slot)
	if n >= 0 && n < len(keys) {
		keys = keys[:n]
	}
	return len(keys), c.moveKeys(c.owners[slot], target, keys)
}

// FinishMigration moves the remaining keys of a slot under migration and makes
// the target its owner, as CLUSTER SETSLOT NODE does: the source answers MOVED
// now, also to commands that block there, and subscribers of the slot's shard
// channels are unsubscribed.
func (c *Cluster) FinishMigration(slot int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	target, ok := c.migrating[slot]
	if !ok {
		return fmt.Errorf("clustertest: slot %d is not migrating", slot)
	}
	return c.assign(slot, slot, target)
}

// AbortMigration ends the migration of a slot, as CLUSTER SETSLOT STABLE does:
// the source keeps it, and gets the keys back that were moved.
func (c *Cluster) AbortMigration(slot int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.migrating[slot]; !ok {
		return fmt.Errorf("clustertest: slot %d is not migrating", slot)
	}
	return c.assign(slot, slot, c.owners[slot])
}

// MigrateSlot moves a slot with all its keys to the primary of another shard at
// one stroke: clients see MOVED and never ASK.
func (c *Cluster) MigrateSlot(slot int, to *Node) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.beginMigration(slot, to); err != nil {
		return err
	}
	return c.assign(slot, slot, to.shard)
}

// AssignSlots gives the slots from first to last (inclusive) with all their keys
// to a primary at one stroke, whoever had them. Migrations of them end.
func (c *Cluster) AssignSlots(first, last int, to *Node) error {
	if err := checkSlots(first, last); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.primaries[to.shard] != to {
		return fmt.Errorf("clustertest: the node at %s is not a primary", to.addr)
	}
	return c.assign(first, last, to.shard)
}

// UnassignSlots takes the slots from first to last (inclusive) from their
// owners, as CLUSTER DELSLOTS does: commands on them are answered CLUSTERDOWN.
// Their keys stay where they are until AssignSlots.
func (c *Cluster) UnassignSlots(first, last int) error {
	if err := checkSlots(first, last); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.own(first, last, nobody)
	return nil
}

func checkSlots(first, last int) error {
	if first < 0 || last >= slotCount || first > last {
		return fmt.Errorf("clustertest: no slots %d to %d", first, last)
	}
	return nil
}

// assign moves the keys, wherever they are, and then the slots. c.mu must be
// held.
func (c *Cluster) assign(first, last, shard int) error {
	var errs []error
	for from := range c.primaries {
		if from == shard {
			continue
		}
		var keys []string
		for _, key := range c.data.DB(from).Keys() {
			if slot := Slot(key); first <= slot && slot <= last {
				keys = append(keys, key)
			}
		}
		errs = append(errs, c.moveKeys(from, shard, keys))
	}
	c.own(first, last, shard)
	return errors.Join(errs...)
}

// own changes the owner of slots and tells those who wait for news of them.
func (c *Cluster) own(first, last, shard int) {
	lost := map[int]bool{}       // slots
	losers := map[int]struct{}{} // shards
	for slot := first; slot <= last; slot++ {
		delete(c.migrating, slot)
		if old := c.owners[slot]; old != shard {
			lost[slot] = true
			if old != nobody {
				losers[old] = struct{}{}
			}
		}
		c.owners[slot] = shard
	}
	c.reshaped()
	affected := func(slot int) bool { return lost[slot] }
	for loser := range losers {
		c.interruptBlocked(loser, affected, func(slot int) string {
			if shard == nobody {
				return "CLUSTERDOWN Hash slot not served"
			}
			return c.redirection("MOVED", slot, shard)
		})
	}
	c.bus.dropSlots(affected)
}

// moveKeys moves keys between shards with all they have: type, content, time to
// live.
func (c *Cluster) moveKeys(from, to int, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	source := c.newSession(from)
	target := strconv.Itoa(to)
	for _, key := range keys {
		moved := source.do("MOVE", key, target) == ":1\r\n"
		if !moved && c.data.DB(from).Exists(key) { // not one that has expired
			return fmt.Errorf("clustertest: key %q cannot be moved to shard %d: does it exist there?", key, to)
		}
	}
	return nil
}

// keysInSlot returns the keys of a slot that a shard has, sorted.
func (c *Cluster) keysInSlot(shard, slot int) []string {
	return slices.DeleteFunc(c.data.DB(shard).Keys(), func(key string) bool { return Slot(key) != slot })
}
