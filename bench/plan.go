package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// group is the scenarios that share a section of the report.
type group struct {
	title     string
	scenarios []scenario
}

// block is a product: every workload with every number of callers and every
// context. Those that differ in the context alone follow one another.
type block struct {
	title     string
	workloads string
	modes     string
	callers   []int
	tls       bool
	rate      int
}

var everyLevel = []int{1, 2, 4, 8, 16, 64, 256, 1024}

var fullPlan = []block{
	{title: "Small values", workloads: "get,set", callers: everyLevel},
	{title: "Larger values", workloads: "get1k,set1k", callers: []int{1, 64, 1024}},
	{title: "Larger values", workloads: "get32k,set32k,get1m,set1m", callers: []int{1, 8, 64}},
	{title: "Small values among large ones", workloads: "mixget,mixset", callers: []int{8, 64, 256}},
	{title: "Many commands at once", workloads: "pipeline,mget,hgetall", callers: []int{1, 16, 64, 256}},
	{title: "Contexts", workloads: "get", modes: "background,unused-timeout,timeout,unused-cancel,cancel,shared", callers: []int{1, 64, 1024}},
	{title: "TLS", workloads: "get,set", callers: []int{1, 8, 64, 1024}, tls: true},
	{title: "TLS", workloads: "pipeline,get1m", callers: []int{16}, tls: true},
	{title: "Equal load", workloads: "get,set", callers: []int{64}, rate: 20_000},
}

var quickPlan = []block{
	{title: "Small values", workloads: "get,set", callers: []int{1, 8, 64, 1024}},
	{title: "Many commands at once", workloads: "pipeline", callers: []int{1, 16, 256}},
	{title: "Many commands at once", workloads: "mget", callers: []int{1, 16}},
}

// expand turns blocks into groups; neighbours with one title become one.
func expand(blocks []block) ([]group, error) {
	var groups []group
	for _, b := range blocks {
		scenarios, err := b.expand()
		if err != nil {
			return nil, err
		}
		if n := len(groups); n > 0 && groups[n-1].title == b.title {
			groups[n-1].scenarios = append(groups[n-1].scenarios, scenarios...)
			continue
		}
		groups = append(groups, group{b.title, scenarios})
	}
	return groups, nil
}

func (b block) expand() ([]scenario, error) {
	chosen, err := chooseWorkloads(b.workloads)
	if err != nil {
		return nil, err
	}
	modes, err := chooseModes(b.modes)
	if err != nil {
		return nil, err
	}
	var scenarios []scenario
	for _, w := range chosen {
		for _, callers := range b.callers {
			for _, mode := range modes {
				scenarios = append(scenarios, scenario{work: w, callers: callers, mode: mode, tls: b.tls, rate: b.rate})
			}
		}
	}
	return scenarios, nil
}

// chooseModes picks context modes by name; none means the first.
func chooseModes(names string) ([]contextMode, error) {
	if names == "" {
		return contextModes[:1], nil
	}
	var chosen []contextMode
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(contextModes, func(m contextMode) bool { return m.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no context mode %q", name)
		}
		chosen = append(chosen, contextModes[i])
	}
	return chosen, nil
}

func parseCallers(list string) ([]int, error) {
	var callers []int
	for field := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is not a number of callers", field)
		}
		callers = append(callers, n)
	}
	return callers, nil
}
