package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// scenario is one row of the report: what is called, by how many, and how.
type scenario struct {
	work    workload
	callers int
	mode    contextMode
	tls     bool
	rate    int // calls a second of all callers together; 0: as fast as they go
}

// timing says how long and how often a scenario runs.
type timing struct {
	warmUp   time.Duration
	duration time.Duration
	rounds   int
}

// sample is what one library did in one round.
type sample struct {
	calls    int
	failed   int
	firstErr error
	elapsed  time.Duration
	client   time.Duration // processor time of this process
	server   time.Duration // processor time of all nodes
	reads    uint64        // read calls of all nodes
	mallocs  uint64
	bytes    uint64
	latency  *hdrhistogram.Histogram
	bulk     *hdrhistogram.Histogram // latency of bulk values; nil if there are none
}

// compare runs every library once in each round, in an order that rotates. The
// result is by library, then by round.
func compare(ctx context.Context, s *site, sc scenario, libs []library, t timing) ([][]sample, error) {
	data := sc.work.dataset(0)
	if err := s.load(ctx, sc.work, data); err != nil {
		return nil, fmt.Errorf("load the keys of %s: %w", sc.work.name, err)
	}
	samples := make([][]sample, len(libs))
	for round := range t.rounds {
		if sc.work.writes {
			// What this round writes must not be there already.
			data = sc.work.dataset(round + 1)
		}
		for turn := range libs {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			i := (turn + round) % len(libs)
			got, err := measure(ctx, s, sc, libs[i], data, t)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", libs[i].name, err)
			}
			samples[i] = append(samples[i], got)
		}
	}
	return samples, nil
}

// measure gives one library one turn, with a client of its own.
func measure(ctx context.Context, s *site, sc scenario, lib library, data *dataset, t timing) (sample, error) {
	d, err := lib.open(s.endpoint())
	if err != nil {
		return sample{}, err
	}
	defer d.Close()
	crew := newCrew(d, sc, data)
	defer crew.dismiss()

	crew.work(t.warmUp)
	if err := crew.wrongData(); err != nil {
		return sample{}, err
	}
	crew.forget()
	runtime.GC()

	before, err := read(s)
	if err != nil {
		return sample{}, err
	}
	elapsed := crew.work(t.duration)
	after, err := read(s)
	if err != nil {
		return sample{}, err
	}
	if err := crew.wrongData(); err != nil {
		return sample{}, err
	}
	if err := crew.readBack(ctx); err != nil {
		return sample{}, err
	}

	got := crew.result()
	got.elapsed = elapsed
	got.client = after.client - before.client
	got.server = after.server - before.server
	got.reads = after.reads - before.reads
	got.mallocs = after.mallocs - before.mallocs
	got.bytes = after.bytes - before.bytes
	if got.calls == 0 {
		return sample{}, fmt.Errorf("no call succeeded: %w", got.firstErr)
	}
	return got, nil
}

// crew is the callers of one turn. They are kept from the warm-up to the
// measurement: fresh goroutines would have to grow their stacks again.
type crew struct {
	callers []*caller
	small   []*histogram
	bulk    []*histogram
	phase   []chan time.Duration
	done    sync.WaitGroup
	abort   atomic.Bool
	cancel  context.CancelFunc
}

// histograms is how many histograms the callers share: enough that they
// seldom meet at one.
const histograms = 8

func newCrew(d driver, sc scenario, data *dataset) *crew {
	ctx, cancel := sc.mode.perRun()
	cr := &crew{cancel: cancel}
	for range histograms {
		cr.small = append(cr.small, newHistogram())
		cr.bulk = append(cr.bulk, newHistogram())
	}
	for i := range sc.callers {
		c := &caller{
			driver: d, data: data, work: sc.work, mode: sc.mode, abort: &cr.abort,
			random: uint64(i+1) * 0x9E3779B97F4A7C15,
		}
		c.small.into = cr.small[i%histograms]
		c.bulk.into = cr.bulk[i%histograms]
		if sc.rate > 0 {
			c.gap = time.Second * time.Duration(sc.callers) / time.Duration(sc.rate)
		}
		if sc.work.per > 0 {
			c.keys = make([]string, sc.work.per)
			c.wants = make([]string, sc.work.per)
			c.outs = make([]string, sc.work.per)
		}
		phase := make(chan time.Duration)
		cr.callers = append(cr.callers, c)
		cr.phase = append(cr.phase, phase)
		go func() {
			for deadline := range phase {
				c.run(ctx, deadline)
				cr.done.Done()
			}
		}()
	}
	return cr
}

// work lets all callers call for so long, and returns how long it took until
// the last had its answer.
func (cr *crew) work(length time.Duration) time.Duration {
	began := now()
	cr.done.Add(len(cr.phase))
	for _, phase := range cr.phase {
		phase <- began + length
	}
	cr.done.Wait()
	return now() - began
}

// forget drops the latencies so far.
func (cr *crew) forget() {
	for i := range histograms {
		cr.small[i].h.Reset()
		cr.bulk[i].h.Reset()
	}
}

func (cr *crew) dismiss() {
	cr.cancel()
	for _, phase := range cr.phase {
		close(phase)
	}
}

func (cr *crew) wrongData() error {
	for _, c := range cr.callers {
		if errors.Is(c.firstErr, errWrongData) {
			return c.firstErr
		}
	}
	return nil
}

// readBack asks for what some callers wrote last.
func (cr *crew) readBack(ctx context.Context) error {
	const asked = 16
	for _, c := range cr.callers[:min(asked, len(cr.callers))] {
		if c.wroteKey == "" {
			continue
		}
		got, err := c.driver.Get(ctx, c.wroteKey)
		if err != nil {
			return fmt.Errorf("read back %s: %w", c.wroteKey, err)
		}
		if got != c.wroteVal {
			return wrong(c.wroteKey, got, c.wroteVal)
		}
	}
	return nil
}

func (cr *crew) result() sample {
	s := sample{latency: newHistogram().h, bulk: newHistogram().h}
	for i := range histograms {
		s.latency.Merge(cr.small[i].h)
		s.bulk.Merge(cr.bulk[i].h)
	}
	s.calls = int(s.latency.TotalCount() + s.bulk.TotalCount())
	if s.bulk.TotalCount() == 0 {
		s.bulk = nil
	}
	for _, c := range cr.callers {
		s.failed += c.failed
		if s.firstErr == nil {
			s.firstErr = c.firstErr
		}
	}
	return s
}

// reading is the counters of client and servers at one time.
type reading struct {
	client, server time.Duration
	reads          uint64 // by the servers
	mallocs, bytes uint64
}

func read(s *site) (reading, error) {
	var r reading
	var err error
	if r.server, r.reads, err = s.work(); err != nil {
		return r, err
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	r.mallocs, r.bytes = m.Mallocs, m.TotalAlloc
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return r, err
	}
	r.client = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	return r, nil
}
