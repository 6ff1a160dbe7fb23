package main

import (
	"errors"
	"time"
)

// networkFaults are what can happen between clients, servers and each other.
var networkFaults = []fault{
	{
		name: "cut", what: "the primary is cut off from everybody: nothing is refused, nothing answered, nor are dials",
		inject: cut, heal: mend, elects: true, hold: 3 * time.Second,
	},
	{
		name: "half-open", what: "the primary is cut off from the other nodes; it hears clients, which do not hear it",
		inject: halfOpen, heal: mendHalfOpen, elects: true, hold: 3 * time.Second,
	},
	{
		name: "old-map", what: "the primary is cut off from the other nodes only: it answers clients with what it knows",
		inject: part, heal: unpart, elects: true, hold: 5 * time.Second,
	},
	{
		name: "black-hole", what: "clients can open connections to the primary, but no more; the nodes see nothing of it",
		inject: blackHole, heal: fillHole, outlasts: true, hold: 3 * time.Second,
	},
	{
		name: "reset", what: "every connection to the primary is reset, once",
		inject: reset, hold: 2 * time.Second,
	},
	{
		name: "resets", what: "every connection to the primary is reset, ten times in three seconds",
		inject: resets, repeats: true, hold: 2 * time.Second,
	},
	{
		name: "latency", what: "replies of the primary take 50 ms longer",
		inject: latency(50), heal: punctual, delay: 50 * time.Millisecond, hold: 3 * time.Second,
	},
	{
		name: "latency-400", what: "replies of the primary take 400 ms longer",
		inject: latency(400), heal: punctual, delay: 400 * time.Millisecond, hold: 4 * time.Second,
	},
	{
		name: "trickle", what: "replies of the primary come a byte at a time, a millisecond apart",
		inject: trickle, heal: flow, delay: 50 * time.Millisecond, hold: 3 * time.Second,
	},
}

// part parts the victim from the other nodes.
func part(b *testbed, victim *member) error {
	b.parting.set(victim.ID(), true)
	return nil
}

func unpart(b *testbed, victim *member) error {
	b.parting.set(victim.ID(), false)
	return nil
}

func cut(b *testbed, victim *member) error {
	b.network.setDark(victim.front.addr(), true)
	return errors.Join(part(b, victim), blackHole(b, victim))
}

func mend(b *testbed, victim *member) error {
	b.network.setDark(victim.front.addr(), false)
	return errors.Join(unpart(b, victim), fillHole(b, victim))
}

func halfOpen(b *testbed, victim *member) error {
	return errors.Join(part(b, victim), victim.front.poison("timeout", replies, nil))
}

func mendHalfOpen(b *testbed, victim *member) error {
	return errors.Join(unpart(b, victim), victim.front.cure("timeout", replies))
}

func blackHole(_ *testbed, victim *member) error {
	return errors.Join(victim.front.poison("timeout", requests, nil), victim.front.poison("timeout", replies, nil))
}

func fillHole(_ *testbed, victim *member) error {
	return errors.Join(victim.front.cure("timeout", requests), victim.front.cure("timeout", replies))
}

// reset ends the connections while replies are on their way.
func reset(_ *testbed, victim *member) error {
	err := victim.front.poison("reset_peer", replies, nil)
	time.Sleep(20 * time.Millisecond)
	return errors.Join(err, victim.front.cure("reset_peer", replies))
}

func resets(b *testbed, victim *member) error {
	for range 10 {
		if err := reset(b, victim); err != nil {
			return err
		}
		time.Sleep(280 * time.Millisecond)
	}
	return nil
}

func latency(ms int) func(*testbed, *member) error {
	return func(_ *testbed, victim *member) error {
		return victim.front.poison("latency", replies, map[string]int{"latency": ms})
	}
}

func punctual(_ *testbed, victim *member) error { return victim.front.cure("latency", replies) }

func trickle(_ *testbed, victim *member) error {
	return victim.front.poison("slicer", replies, map[string]int{"average_size": 1, "delay": 1000})
}

func flow(_ *testbed, victim *member) error { return victim.front.cure("slicer", replies) }
