package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	pipelineLength = 100
	bulkSize       = miB
	bulkEvery      = 100 // in a mix, one call in so many is of bulkSize
	verifyEvery    = 64  // so many calls to one whose value is compared in full
)

var errWrongData = errors.New("wrong data")

// workload is one kind of call.
type workload struct {
	name   string // as in -workload
	title  string
	size   int  // of the values, in bytes; 0 if it has hashes
	mixed  bool // one call in bulkEvery is of bulkSize
	writes bool
	per    int // commands or keys in a call
	unit   string
	step   func(c *caller, ctx context.Context) (bulk bool, err error)
}

var workloads = []workload{
	{name: "get", title: "GET 64 B", size: 64, step: stepGet},
	{name: "set", title: "SET 64 B", size: 64, writes: true, step: stepSet},
	{name: "get1k", title: "GET 1 KiB", size: kiB, step: stepGet},
	{name: "set1k", title: "SET 1 KiB", size: kiB, writes: true, step: stepSet},
	{name: "get32k", title: "GET 32 KiB", size: 32 * kiB, step: stepGet},
	{name: "set32k", title: "SET 32 KiB", size: 32 * kiB, writes: true, step: stepSet},
	{name: "get1m", title: "GET 1 MiB", size: miB, step: stepGet},
	{name: "set1m", title: "SET 1 MiB", size: miB, writes: true, step: stepSet},
	{name: "mixget", title: "GET 64 B, 1 % of 1 MiB", size: 64, mixed: true, step: stepGet},
	{name: "mixset", title: "SET 64 B, 1 % of 1 MiB", size: 64, mixed: true, writes: true, step: stepSet},
	{name: "pipeline", title: "pipeline of 100 GET 64 B", size: 64, per: pipelineLength, step: stepPipeline},
	{name: "mget", title: "MGET of 100 keys, 64 B", size: 64, per: pipelineLength, unit: "keys", step: stepMGet},
	{name: "hgetall", title: "HGETALL of 100 fields", step: stepHGetAll},
}

// commands is how many commands, or keys, a call counts for.
func (w workload) commands() int { return max(w.per, 1) }

// counted is what commands counts.
func (w workload) counted() string {
	if w.unit != "" {
		return w.unit
	}
	return "commands"
}

// prefix keeps what is written apart from what other workloads read.
func (w workload) prefix() string {
	if w.writes {
		return "set"
	}
	return "get"
}

// dataset is what the workload reads, or what it writes under this stamp.
func (w workload) dataset(stamp int) *dataset {
	if w.size == 0 {
		return &dataset{hashes: newHashes()}
	}
	d := &dataset{small: newValues(w.prefix(), w.size, stamp)}
	if w.mixed {
		d.bulk = newValues(w.prefix(), bulkSize, stamp)
	}
	return d
}

func chooseWorkloads(names string) ([]workload, error) {
	var chosen []workload
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(workloads, func(w workload) bool { return w.name == name })
		if i < 0 {
			var all []string
			for _, w := range workloads {
				all = append(all, w.name)
			}
			return nil, fmt.Errorf("no workload %q; there are %s", name, strings.Join(all, ", "))
		}
		chosen = append(chosen, workloads[i])
	}
	return chosen, nil
}

func stepGet(c *caller, ctx context.Context) (bool, error) {
	from, bulk := c.side()
	i := c.below(len(from.keys))
	got, err := c.driver.Get(ctx, from.keys[i])
	if err != nil {
		return bulk, err
	}
	c.calls++
	return bulk, c.verify(from.keys[i], got, from.vals[i])
}

func stepSet(c *caller, ctx context.Context) (bool, error) {
	to, bulk := c.side()
	i := c.below(len(to.keys))
	err := c.driver.Set(ctx, to.keys[i], to.vals[i])
	if err == nil {
		c.wroteKey, c.wroteVal = to.keys[i], to.vals[i]
	}
	return bulk, err
}

func stepPipeline(c *caller, ctx context.Context) (bool, error) {
	return c.many(ctx, c.driver.Pipeline)
}

func stepMGet(c *caller, ctx context.Context) (bool, error) {
	return c.many(ctx, c.driver.MGet)
}

func stepHGetAll(c *caller, ctx context.Context) (bool, error) {
	h := &c.data.hashes
	i := c.below(len(h.keys))
	got, err := c.driver.HGetAll(ctx, h.keys[i])
	if err != nil {
		return false, err
	}
	if len(got) != len(h.fields) {
		return false, fmt.Errorf("%w: %s has %d fields, want %d", errWrongData, h.keys[i], len(got), len(h.fields))
	}
	c.calls++
	if c.calls%verifyEvery != 1 {
		return false, nil
	}
	for f, field := range h.fields {
		if got[field] != h.vals[i][f] {
			return false, wrong(h.keys[i]+" "+field, got[field], h.vals[i][f])
		}
	}
	return false, nil
}

// side chooses between small and bulk values, and reports bulk.
func (c *caller) side() (*values, bool) {
	if len(c.data.bulk.keys) > 0 && c.below(bulkEvery) == 0 {
		return &c.data.bulk, true
	}
	return &c.data.small, false
}

// many reads pipelineLength keys with one call.
func (c *caller) many(ctx context.Context, call func(context.Context, []string, []string) error) (bool, error) {
	small := &c.data.small
	for n := range c.keys {
		i := c.below(len(small.keys))
		c.keys[n], c.wants[n], c.outs[n] = small.keys[i], small.vals[i], ""
	}
	if err := call(ctx, c.keys, c.outs); err != nil {
		return false, err
	}
	c.calls++
	for n, key := range c.keys {
		if err := c.verify(key, c.outs[n], c.wants[n]); err != nil {
			return false, err
		}
	}
	return false, nil
}

// verify compares lengths always, and bytes in the first call and now and then:
// comparing every value would cost more than some of the calls.
func (c *caller) verify(key, got, want string) error {
	if len(got) == len(want) && (c.calls%verifyEvery != 1 || got == want) {
		return nil
	}
	return wrong(key, got, want)
}

func wrong(key, got, want string) error {
	const shown = 40
	return fmt.Errorf("%w: %s holds %.*q (%d bytes), want %.*q (%d bytes)",
		errWrongData, key, shown, got, len(got), shown, want, len(want))
}
