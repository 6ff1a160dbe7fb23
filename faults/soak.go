package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"
)

// What the soak's load is.
const (
	soakRate     = 2000 // commands a second
	soakPerShard = 32   // callers, each with a workload and a key of its own
)

var soakWorkloads = []string{"get", "set", "incr", "append"}

// soakFaults are drawn at random. Those that only slow a node down, and those
// of replicas, count as well: they must not cost anything.
func soakFaults() []fault {
	return slices.DeleteFunc(slices.Clone(faults), func(f fault) bool { return f.name == "replica-loading" })
}

// soak hurts one cluster again and again, and reports whether all was well.
func soak(ctx context.Context, lib library, long time.Duration, out io.Writer) (ok bool, err error) {
	b, err := newTestbed(ctx, true, map[string]string{"appendonly": "yes", "appendfsync": "no"})
	if err != nil {
		return false, err
	}
	defer b.close()
	if err := b.findKeys(soakPerShard); err != nil {
		return false, err
	}
	d, err := lib.open(settings{addrs: b.addrs(), dial: b.network.Dial})
	if err != nil {
		return false, err
	}
	t := &tally{}
	l := newSoakLoad(d, lib, b.keys, t)
	if err := l.prepare(); err != nil {
		_ = d.Close()
		return false, err
	}
	if err := b.replicated(); err != nil {
		_ = d.Close()
		return false, err
	}
	began := time.Now()
	l.start()
	time.Sleep(calm)
	first := usage()
	fmt.Fprintf(out, "%-8s %-20s %s\n", "after", "fault", "so far: commands, errors, in doubt, wrong, heap, goroutines of the client")
	for time.Since(began) < long && err == nil {
		f := soakFaults()[rand.IntN(len(soakFaults()))]
		b.target = rand.IntN(shards)
		servers := watch(b, f)
		_, err = torment(b, plan{fault: f}, servers)
		servers.done()
		if err == nil {
			err = b.settle(ctx)
		}
		fmt.Fprintf(out, "%-8v %-20s %d, %d, %d, %d, %.1f MB, %d\n", time.Since(began).Round(time.Second), f.name,
			t.calls.Load(), t.errors.Load(), t.inDoubt.Load(), t.wrong.Load(), usage(), len(goroutinesOf(lib.code)))
	}
	last := usage()
	stuck := l.finish(patience)
	took := time.Since(began)
	closed := d.Close()
	if err != nil {
		return false, err
	}
	r := &result{plan: plan{lib: lib}}
	r.countLeft(b.network)
	r.audit(b, l)
	dialRate := 0
	for _, m := range b.members {
		dialRate = max(dialRate, busiestSecond(b.network.dialsTo(m.front.addr(), began, time.Now())))
	}
	mapRate := busiestSecond(b.network.mapsAsked(began, time.Now()))
	fmt.Fprintf(out, "\n%d commands in %v (%.0f a second), %d errors, %d in doubt, worst call %v\n", t.calls.Load(), took.Round(time.Second),
		float64(t.calls.Load())/took.Seconds(), t.errors.Load(), t.inDoubt.Load(), round(time.Duration(t.worst.Load())))
	fmt.Fprintf(out, "%d wrong replies, %d duplicates; left: %d goroutines, %d connections; heap %.1f MB at first, %.1f MB at last\n",
		int(t.wrong.Load())+len(r.wrong), r.duplicates, r.goroutines, r.conns, first, last)
	fmt.Fprintf(out, "in the busiest second: %d dials to a node, %d requests for the slot map\n", dialRate, mapRate)
	for _, what := range append(r.wrong, r.failures...) {
		fmt.Fprintln(out, what)
	}
	t.texts.Range(func(text, n any) bool {
		fmt.Fprintf(out, "  %d: %v\n", n.(*atomic.Int64).Load(), text)
		return true
	})
	if stuck != nil || closed != nil {
		return false, fmt.Errorf("callers: %v, Close: %v", stuck, closed)
	}
	ok = t.wrong.Load() == 0 && t.errors.Load() == 0 && len(r.wrong)+len(r.failures)+r.duplicates+r.goroutines+r.conns == 0
	return ok, nil
}

// newSoakLoad is a load of all workloads at a steady rate.
func newSoakLoad(d driver, lib library, keys [shards][]string, t *tally) *load {
	l := &load{driver: d, lib: lib, record: t.add}
	for shard, list := range keys {
		for i, key := range list {
			h := workloads[soakWorkloads[i%len(soakWorkloads)]]()
			l.callers = append(l.callers, &caller{shard: shard, key: key, history: h})
		}
	}
	l.pause = time.Duration(len(l.callers)) * time.Second / soakRate
	return l
}
