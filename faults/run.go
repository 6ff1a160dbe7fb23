package main

import (
	"context"
	"fmt"
	"time"
)

// plan is one line of the table: what is done to whom.
type plan struct {
	lib          library
	fault        fault
	workload     string
	replicas     bool          // reads go to replicas
	fullCoverage bool          // of the servers
	callers      int           // per shard
	timeout      time.Duration // of each call; 0: none
	// hold, if not 0, is how long a fault lasts that needs an election: the other
	// libraries are watched for longer.
	hold time.Duration
	// slack is added to every limit on time.
	slack time.Duration
}

// The course of a run.
const (
	calm     = 2 * time.Second  // before the fault
	election = 15 * time.Second // the longest wait for the servers
	settling = 2 * time.Second  // after a new primary serves
	after    = 3 * time.Second  // after the fault is healed
	patience = 45 * time.Second // for callers that are still waiting at the end
)

// spell is what happened in a run, and when.
type spell struct {
	victim            *member
	inject, heal, end time.Time
	servers           [shards]time.Duration // until each shard's servers served again
	stall             time.Duration         // the longest that the machine kept this process waiting
}

// run hurts a new cluster once.
func run(ctx context.Context, p plan) (*result, error) {
	b, err := newTestbed(ctx, p.fullCoverage, p.fault.config)
	if err != nil {
		return nil, err
	}
	defer b.close()
	if err := b.findKeys(p.callers); err != nil {
		return nil, err
	}
	d, err := p.lib.open(settings{addrs: b.addrs(), dial: b.network.Dial, replicas: p.replicas})
	if err != nil {
		return nil, err
	}
	l := newLoad(d, p.lib, p.workload, p.timeout, b.keys)
	if err := l.prepare(); err != nil {
		_ = d.Close()
		return nil, err
	}
	if err := b.replicated(); err != nil {
		_ = d.Close()
		return nil, err
	}
	l.start()
	servers := watch(b, p.fault)
	time.Sleep(calm)
	s, failure := torment(b, p, servers)
	servers.done()
	stuck := l.finish(patience)
	closed := d.Close()
	if failure != nil {
		return nil, failure
	}
	r := newResult(p, l, b, s)
	if stuck != nil {
		r.broken("%v", stuck)
	}
	if closed != nil {
		r.broken("Close: %v", closed)
	}
	r.countLeft(b.network)
	r.audit(b, l)
	r.judge()
	return r, nil
}

// replicated waits until the replicas have the data that was prepared.
func (b *testbed) replicated() error {
	for shard := range shards {
		reply, err := b.primary(shard).Do("WAIT", "1", "5000")
		if err != nil {
			return err
		}
		if n, _ := reply.(int64); n < 1 {
			return fmt.Errorf("the replica of shard %d is not in step", shard)
		}
	}
	return nil
}

// torment makes the fault happen and heals it.
func torment(b *testbed, p plan, r *recovery) (s spell, err error) {
	machine := measureStall()
	defer machine.done()
	victim := p.fault.victim(b)
	s.victim = victim
	s.inject = time.Now()
	r.start(s.inject)
	if err := p.fault.inject(b, victim); err != nil {
		return s, fmt.Errorf("%s: %w", p.fault.name, err)
	}
	hold := p.fault.hold
	if p.hold > 0 && p.fault.elects {
		hold = p.hold
	}
	time.Sleep(hold)
	for p.fault.elects && r.after(b.target) <= 0 && time.Since(s.inject) < election {
		time.Sleep(probePause)
	}
	if p.fault.elects && p.hold == 0 {
		time.Sleep(settling)
	}
	s.heal = time.Now()
	if p.fault.heal != nil {
		if err := p.fault.heal(b, victim); err != nil {
			return s, fmt.Errorf("healing %s: %w", p.fault.name, err)
		}
	}
	for shard := range shards {
		s.servers[shard] = r.after(shard)
	}
	time.Sleep(after)
	s.end = time.Now()
	s.stall = machine.reset()
	return s, nil
}
