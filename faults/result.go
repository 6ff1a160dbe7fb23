package main

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"
)

// side is the part of a result that concerns the shard that is hurt, or all
// others together.
type side struct {
	servers     time.Duration // until the servers served again; 0: they never ceased
	outage      time.Duration // the longest time without a success
	worst       time.Duration // the longest call
	calls       int
	errors      int // calls that failed, but for those in doubt
	inDoubt     int
	p99Before   time.Duration
	p99         time.Duration // while the fault lasted
	texts       map[string]int
	mostInDoubt int // of one caller
}

// result is one line of the table.
type result struct {
	plan       plan
	spell      spell
	hurt       side
	healthy    side
	duplicates int
	wrong      []string
	dials      int // to the victim while the fault lasted
	dialRate   int // the most in one second
	maps       int // requests for the slot map while the fault lasted
	mapRate    int
	goroutines int // left after Close
	conns      int
	failures   []string
}

func (r *result) broken(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func newResult(p plan, l *load, b *testbed, s spell) *result {
	r := &result{plan: p, spell: s}
	r.hurt = newSide(l, s, func(shard int) bool { return shard == b.target || p.fault.spreads })
	r.healthy = newSide(l, s, func(shard int) bool { return shard != b.target && !p.fault.spreads })
	for shard, after := range s.servers {
		d := &r.healthy
		if shard == b.target || p.fault.spreads {
			d = &r.hurt
		}
		d.servers = longer(d.servers, after)
	}
	dials := b.network.dialsTo(s.victim.front.addr(), s.inject, s.heal)
	r.dials, r.dialRate = len(dials), busiestSecond(dials)
	asked := b.network.mapsAsked(s.inject, s.heal)
	r.maps, r.mapRate = len(asked), busiestSecond(asked)
	for _, c := range l.callers {
		for _, s := range c.samples {
			if s.wrong != "" {
				r.wrong = append(r.wrong, c.key+": "+s.wrong)
			}
		}
	}
	return r
}

// longer is the longer of two times, of which -1 is endless.
func longer(a, b time.Duration) time.Duration {
	if a < 0 || b < 0 {
		return -1
	}
	return max(a, b)
}

func newSide(l *load, s spell, belongs func(shard int) bool) side {
	d := side{texts: map[string]int{}}
	successes := map[int][]time.Time{}
	var before, during []time.Duration
	for _, c := range l.callers {
		if !belongs(c.shard) {
			continue
		}
		doubtful := 0
		for _, one := range c.samples {
			took := one.end.Sub(one.start)
			d.calls++
			d.worst = max(d.worst, took)
			switch {
			case one.end.Before(s.inject):
				before = append(before, took)
			case one.start.Before(s.heal):
				during = append(during, took)
			}
			switch one.fate {
			case answered:
				successes[c.shard] = append(successes[c.shard], one.end)
				continue
			case inDoubt:
				d.inDoubt++
				doubtful++
			default:
				d.errors++
			}
			d.texts[one.err]++
		}
		d.mostInDoubt = max(d.mostInDoubt, doubtful)
	}
	for _, times := range successes {
		d.outage = max(d.outage, longestGap(times, s.inject, s.end))
	}
	d.p99Before, d.p99 = percentile(before, 99), percentile(during, 99)
	return d
}

// longestGap is the longest time without a success that ended after from.
func longestGap(times []time.Time, from, to time.Time) time.Duration {
	slices.SortFunc(times, time.Time.Compare)
	var longest time.Duration
	last := from
	for _, t := range append(times, to) {
		if t.After(from) {
			longest = max(longest, t.Sub(last))
		}
		if t.Before(to) {
			last = t
		}
	}
	return longest
}

func percentile(d []time.Duration, p int) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[(len(d)-1)*p/100]
}

// countLeft counts what Close has left behind, after giving it time to go.
func (r *result) countLeft(n *network) {
	for range 100 {
		r.goroutines, r.conns = len(goroutinesOf(r.plan.lib.code)), n.left()
		if r.goroutines == 0 && r.conns == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// goroutinesOf is the stacks of the goroutines that run the code.
func goroutinesOf(code []string) (stacks []string) {
	buf := make([]byte, 1<<20)
	for {
		if n := runtime.Stack(buf, true); n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	for stack := range strings.SplitSeq(string(buf), "\n\n") {
		if slices.ContainsFunc(code, func(prefix string) bool { return strings.Contains(stack, prefix) }) {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}

// audit compares what the callers saw with what the servers have.
func (r *result) audit(b *testbed, l *load) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := b.cluster.WaitHealthy(ctx); err != nil {
		r.broken("the cluster did not heal: %v", err)
		return
	}
	for _, c := range l.callers {
		value, err := b.value(c.key)
		if err != nil {
			r.broken("%v", err)
			return
		}
		v := c.history.audit(value)
		r.duplicates += v.duplicates
		for _, what := range v.wrong {
			r.wrong = append(r.wrong, c.key+": "+what)
		}
	}
	r.wrong = append(r.wrong, checkRegisters(l.callers)...)
}

// value is what the primary has for a key.
func (b *testbed) value(key string) (string, error) {
	var errs []string
	for _, m := range b.members {
		reply, err := m.Do("GET", key)
		if err == nil {
			value, _ := reply.(string)
			return value, nil
		}
		errs = append(errs, err.Error())
	}
	return "", fmt.Errorf("nobody has %s: %s", key, strings.Join(slices.Compact(errs), "; "))
}

// What a client owes its callers.
const (
	outageMargin  = 250 * time.Millisecond // beyond what the servers take
	replicaOutage = 500 * time.Millisecond // of reads, with replica reads on
	plannedGap    = 60 * time.Millisecond  // of a planned failover, or
	plannedMargin = 25 * time.Millisecond  // beyond what the servers take, if they take long
	lateReturn    = 50 * time.Millisecond  // after a context has ended
	dialsPerSec   = 10
	mapsPerSec    = 10
)

// judge compares the result with what is owed. What the machine took away is
// added to every limit on time.
func (r *result) judge() {
	slack := r.plan.slack + r.spell.stall
	p, f := r.plan, r.plan.fault
	writes := p.workload != "get"
	sides := []struct {
		name string
		side side
	}{{"hurt", r.hurt}, {"healthy", r.healthy}}
	for _, s := range sides {
		if s.side.errors > 0 && p.timeout == 0 {
			r.broken("%d errors on the %s side, such as %q", s.side.errors, s.name, s.side.commonest())
		}
		if s.side.inDoubt > 0 && !writes {
			r.broken("%d reads in doubt on the %s side", s.side.inDoubt, s.name)
		}
		if s.side.mostInDoubt > 1 && !f.repeats && p.timeout == 0 {
			r.broken("%d writes in doubt of one caller on the %s side", s.side.mostInDoubt, s.name)
		}
	}
	if p.timeout > 0 {
		if worst := max(r.hurt.worst, r.healthy.worst); worst > p.timeout+lateReturn+slack {
			r.broken("a call took %v under a context of %v", round(worst), p.timeout)
		}
	}
	if limit, ok := r.outageLimit(); ok && r.hurt.outage > limit+slack {
		r.broken("outage %v of the hurt shard, allowed are %v", round(r.hurt.outage), round(limit))
	}
	if !p.fullCoverage && !f.spreads {
		if r.healthy.errors+r.healthy.inDoubt > 0 {
			r.broken("%d errors on healthy shards", r.healthy.errors+r.healthy.inDoubt)
		}
		if r.plan.slack == 0 && r.healthy.p99 > 2*r.healthy.p99Before+r.spell.stall {
			r.broken("p99 of healthy shards %v, before %v", round(r.healthy.p99), round(r.healthy.p99Before))
		}
	}
	if r.plan.fullCoverage && !f.spreads && !f.planned && r.healthy.servers >= 0 {
		if limit := r.healthy.servers + outageMargin + slack; r.healthy.outage > limit {
			r.broken("outage %v of a healthy shard, allowed are %v", round(r.healthy.outage), round(limit))
		}
	}
	if r.duplicates > 0 {
		r.broken("%d commands ran twice", r.duplicates)
	}
	if len(r.wrong) > 0 {
		r.broken("%d wrong replies, such as %q", len(r.wrong), r.wrong[0])
	}
	if r.dialRate > dialsPerSec && !f.repeats {
		r.broken("%d dials to the victim in one second", r.dialRate)
	}
	if r.mapRate > mapsPerSec {
		r.broken("%d requests for the slot map in one second", r.mapRate)
	}
	if r.goroutines > 0 || r.conns > 0 {
		r.broken("%d goroutines and %d connections left", r.goroutines, r.conns)
	}
}

// outageLimit is how long the hurt shard may be without a success.
func (r *result) outageLimit() (time.Duration, bool) {
	f := r.plan.fault
	switch {
	case r.hurt.servers < 0:
		return 0, false // the servers did not serve again either
	case r.plan.replicas && r.plan.workload == "get":
		return replicaOutage, !f.spreads
	case f.outlasts:
		return r.spell.heal.Sub(r.spell.inject) + outageMargin, true
	case f.planned:
		return max(plannedGap, r.hurt.servers+plannedMargin), true
	}
	return max(r.hurt.servers, f.delay) + outageMargin, true
}

// commonest is the error text that was met most.
func (s side) commonest() string {
	texts := slices.SortedFunc(maps.Keys(s.texts), func(a, b string) int { return s.texts[b] - s.texts[a] })
	if len(texts) == 0 {
		return ""
	}
	return texts[0]
}

func round(d time.Duration) time.Duration {
	if d > 100*time.Millisecond {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(100 * time.Microsecond)
}
