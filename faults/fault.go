package main

import (
	"fmt"
	"slices"
	"time"
)

// fault is something that happens to a cluster.
type fault struct {
	name string
	what string // one line for the table's legend

	// inject makes it happen to the victim; heal undoes it, and may be nil.
	inject func(b *testbed, victim *member) error
	heal   func(b *testbed, victim *member) error

	// replica says that the victim is a replica rather than its primary.
	replica bool
	// elects says that the servers put another primary into the victim's place.
	elects bool
	// outlasts says that the shard cannot be reached until the fault is healed.
	outlasts bool
	// planned says that an operator has another primary take over, for which
	// the servers need no more than an instant.
	planned bool
	// spreads says that it hurts every shard.
	spreads bool
	// repeats says that connections break again and again.
	repeats bool
	// delay, if not 0, is how much later the victim answers.
	delay time.Duration

	// hold is how long it lasts before it is healed; at least until a new
	// primary serves when there is an election.
	hold time.Duration
	// config is what the servers need to be configured with.
	config map[string]string
}

// faults are all there are, in the order of the table.
var faults = slices.Concat(processFaults, networkFaults, plannedFaults, replicaFaults)

func findFault(name string) (fault, error) {
	i := slices.IndexFunc(faults, func(f fault) bool { return f.name == name })
	if i < 0 {
		return fault{}, fmt.Errorf("no fault %q", name)
	}
	return faults[i], nil
}

// victim is whom the fault hits.
func (f fault) victim(b *testbed) *member {
	if f.replica {
		return b.replica(b.target)
	}
	return b.primary(b.target)
}
