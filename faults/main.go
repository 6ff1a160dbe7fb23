// Command faults hurts real clusters while a client is at work, and prints what
// the client's callers notice of it. README.md says how to read the table.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

func main() {
	var (
		names    = flag.String("fault", "", "faults, separated by commas; empty: the whole matrix")
		workload = flag.String("workload", "get,set", "get, set, incr, append, register, separated by commas")
		mode     = flag.String("mode", "primary", "where reads go: primary or replicas")
		timeout  = flag.Duration("ctx", 0, "deadline of every call; 0: none")
		coverage = flag.Bool("full-coverage", true, "cluster-require-full-coverage of the servers")
		driver   = flag.String("driver", ours.name, "client library: rediscluster, go-redis or rueidis")
		callers  = flag.Int("callers", callersPerShard, "callers for each of the three shards")
		hold     = flag.Duration("hold", 0, "how long a fault lasts that needs an election; 0: as long as it takes")
		long     = flag.Duration("soak", 0, "for how long to hurt one cluster at random instead")
		verbose  = flag.Bool("v", false, "print the errors that callers got")
	)
	flag.Parse()
	lib, err := findLibrary(*driver)
	check(err)
	if *long > 0 {
		ok, err := soak(context.Background(), lib, *long, os.Stdout)
		check(err)
		if !ok {
			os.Exit(1)
		}
		return
	}
	var plans []plan
	if *names == "" {
		plans = matrix(lib)
	} else {
		for name := range strings.SplitSeq(*names, ",") {
			f, err := findFault(name)
			check(err)
			for w := range strings.SplitSeq(*workload, ",") {
				if workloads[w] == nil {
					check(fmt.Errorf("no workload %q", w))
				}
				plans = append(plans, plan{
					fault: f, lib: lib, workload: w, replicas: *mode == "replicas",
					fullCoverage: *coverage, timeout: *timeout,
				})
			}
		}
	}
	for i := range plans {
		plans[i].hold, plans[i].callers = *hold, *callers
	}
	if !runAll(plans, *verbose) && lib.name == ours.name {
		os.Exit(1)
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

// A run says little if the machine was busy elsewhere: it is then repeated.
const (
	longStall = 150 * time.Millisecond
	attempts  = 4
)

func runCalmly(ctx context.Context, p plan) (r *result, err error) {
	for range attempts {
		r, err = run(ctx, p)
		if err == nil && r.spell.stall < longStall {
			break
		}
	}
	return r, err
}

// runAll prints the table and reports whether everything is as it should be.
func runAll(plans []plan, verbose bool) bool {
	began := time.Now()
	var results []*result
	ok := true
	writeHeader(os.Stdout)
	for _, p := range plans {
		r, err := runCalmly(context.Background(), p)
		if err != nil {
			r = &result{plan: p}
			r.broken("no result: %v", err)
			ok = false
			results = append(results, r)
			continue
		}
		writeRow(os.Stdout, r)
		if verbose {
			writeErrors(os.Stderr, r)
		}
		ok = ok && len(r.failures) == 0
		results = append(results, r)
	}
	fmt.Printf("\n%d runs in %v\n\n", len(results), time.Since(began).Round(time.Second))
	writeFailures(os.Stdout, results)
	return ok
}
