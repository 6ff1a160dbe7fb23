package redistest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// migrateBatch is how many keys one MIGRATE takes along.
const migrateBatch = 100

// Migration is a slot on its way from one primary to another. Between
// BeginMigration and Finish the source answers ASK for the keys it no longer
// has, and TRYAGAIN for a command whose keys are on both sides.
type Migration struct {
	Slot     int
	From, To *Node

	cluster *Cluster
}

// BeginMigration opens the slot at both ends: IMPORTING at to, MIGRATING at its
// owner. No key moves yet.
func (c *Cluster) BeginMigration(slot int, to *Node) (*Migration, error) {
	from := c.PrimaryFor(slot)
	if from == nil {
		return nil, fmt.Errorf("redistest: nobody owns slot %d", slot)
	}
	if from == to {
		return nil, fmt.Errorf("redistest: slot %d is at %s already", slot, to.Addr())
	}
	m := &Migration{Slot: slot, From: from, To: to, cluster: c}
	// The target first, so that it never refuses a client that was sent there.
	if err := m.setSlot(to, "IMPORTING", from.id); err != nil {
		return nil, err
	}
	return m, m.setSlot(from, "MIGRATING", to.id)
}

// MoveKeys moves up to limit keys of the slot, all of them for 0, and returns
// how many it moved.
func (m *Migration) MoveKeys(limit int) (int, error) {
	moved := 0
	for limit <= 0 || moved < limit {
		batch := migrateBatch
		if limit > 0 {
			batch = min(batch, limit-moved)
		}
		reply, err := m.From.Do("CLUSTER", "GETKEYSINSLOT", strconv.Itoa(m.Slot), strconv.Itoa(batch))
		if err != nil {
			return moved, err
		}
		found, _ := reply.([]any)
		if len(found) == 0 {
			return moved, nil
		}
		keys := make([]string, len(found))
		for i, key := range found {
			keys[i], _ = key.(string)
		}
		if err := m.Move(keys...); err != nil {
			return moved, err
		}
		moved += len(keys)
	}
	return moved, nil
}

// Move moves the given keys of the slot, as one step. Keys that the source does
// not have are passed over.
func (m *Migration) Move(keys ...string) error {
	command := []string{"MIGRATE", m.To.Host(), strconv.Itoa(m.To.port), "", "0",
		strconv.FormatInt(controlTimeout.Milliseconds()/2, 10)}
	if m.To.password != "" {
		command = append(command, "AUTH", m.To.password)
	}
	command = append(append(command, "KEYS"), keys...)
	_, err := m.From.Do(command...)
	return err
}

// Finish hands the slot over: to the target first, then in the maps of the
// source and of the other running primaries. Replicas hear of it by gossip;
// Cluster.WaitHealthy waits until they have. Keys must not be left at the source.
func (m *Migration) Finish() error {
	others := m.cluster.Primaries()
	if err := m.setSlot(m.To, "NODE", m.To.id); err != nil {
		return err
	}
	m.awaitSource()
	if err := m.setSlot(m.From, "NODE", m.To.id); err != nil {
		return err
	}
	for _, n := range others {
		if n == m.To || n == m.From || !n.Running() {
			continue
		}
		if err := m.setSlot(n, "NODE", m.To.id); err != nil {
			return err
		}
	}
	return nil
}

// awaitSource waits until the source has heard from the target that the slot is
// gone. If it is told before that, a message that the target sent earlier says
// to it that the slot has no owner: Redis 7.0 keeps this in mind, and lets
// anybody have the slot who once owned it when it has come back to the source.
// A source that does not hear of it in time has to be told all the same.
func (m *Migration) awaitSource() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = poll(ctx, time.Millisecond, func() error {
		v, err := m.From.view(ctx)
		if err == nil && !v[m.To.id].owns(m.Slot) {
			err = fmt.Errorf("%s has not heard of the slot's move", m.From.Addr())
		}
		return err
	})
}

// Abort closes the slot at both ends and leaves it with the source. Keys that
// have moved stay where they are, out of reach; BeginMigration lets them be
// moved further.
func (m *Migration) Abort() error {
	return errors.Join(m.setSlot(m.From, "STABLE"), m.setSlot(m.To, "STABLE"))
}

func (m *Migration) setSlot(n *Node, args ...string) error {
	command := append([]string{"CLUSTER", "SETSLOT", strconv.Itoa(m.Slot)}, args...)
	if _, err := n.Do(command...); err != nil {
		return fmt.Errorf("redistest: slot %d, %s at %s: %w", m.Slot, args[0], n.Addr(), err)
	}
	return nil
}

// MigrateSlot moves a slot with all its keys to the given primary. Between the
// steps it calls those functions of stages that are there, in order: the first
// after the slot is open and before a key has moved, the second when all keys
// have moved and the slot has not.
func (c *Cluster) MigrateSlot(slot int, to *Node, stages ...func()) error {
	m, err := c.BeginMigration(slot, to)
	if err != nil {
		return err
	}
	call := func(stage int) {
		if stage < len(stages) {
			stages[stage]()
		}
	}
	call(0)
	if _, err := m.MoveKeys(0); err != nil {
		return err
	}
	call(1)
	return m.Finish()
}
