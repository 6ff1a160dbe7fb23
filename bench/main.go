// Command bench compares this library with other clients of Redis Cluster, in
// turns and on one real cluster that it starts itself. See README.md.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"time"
)

// settings is what the flags say.
type settings struct {
	quick      bool
	workloads  string
	callers    string
	modes      string
	libs       string
	tls        bool
	rate       int
	duration   time.Duration
	warmUp     time.Duration
	rounds     int
	cpuProfile string
	memProfile string
	markdown   string
	svg        string
}

func parseFlags(args []string) (settings, error) {
	var s settings
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.BoolVar(&s.quick, "quick", false, "the short plan: GET, SET, pipelines and MGET")
	f.StringVar(&s.workloads, "workload", "", "workloads in place of the plan, separated by commas")
	f.StringVar(&s.callers, "callers", "1,8,64,1024", "with -workload: numbers of callers")
	f.StringVar(&s.modes, "ctx", "background", "with -workload: background, timeout, cancel (one a call), unused-timeout, unused-cancel (made, not passed), shared (one a run)")
	f.BoolVar(&s.tls, "tls", false, "with -workload: connect with TLS")
	f.IntVar(&s.rate, "rate", 0, "with -workload: calls a second, of all callers together")
	f.StringVar(&s.libs, "libs", "", "libraries, separated by commas: "+libraryNames(libraries))
	f.DurationVar(&s.duration, "duration", 0, "length of one measurement (default 500ms, quick 250ms)")
	f.DurationVar(&s.warmUp, "warmup", 0, "time before each measurement (default 250ms, quick 100ms)")
	f.IntVar(&s.rounds, "rounds", 0, "measurements of every library in every scenario (default 5, quick 3)")
	f.StringVar(&s.cpuProfile, "cpuprofile", "", "write a CPU profile to this file; needs one library in -libs")
	f.StringVar(&s.memProfile, "memprofile", "", "write a profile of all allocations to this file; needs one library in -libs")

	f.StringVar(&s.markdown, "md", "", "write the results as Markdown to this file")
	f.StringVar(&s.svg, "svg", "", "write a plot of GET 64 B by callers to this file")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	if f.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	duration, warmUp, rounds := 500*time.Millisecond, 250*time.Millisecond, 5
	if s.quick {
		duration, warmUp, rounds = 250*time.Millisecond, 100*time.Millisecond, 3
	}
	if s.duration <= 0 {
		s.duration = duration
	}
	if s.rounds <= 0 {
		s.rounds = rounds
	}
	if s.warmUp <= 0 {
		s.warmUp = warmUp
	}
	return s, nil
}

// groups is what to run.
func (s settings) groups() ([]group, error) {
	switch {
	case s.workloads != "":
		callers, err := parseCallers(s.callers)
		if err != nil {
			return nil, err
		}
		return expand([]block{{
			title: "Chosen", workloads: s.workloads, modes: s.modes,
			callers: callers, tls: s.tls, rate: s.rate,
		}})
	case s.quick:
		return expand(quickPlan)
	default:
		return expand(fullPlan)
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	s, err := parseFlags(args)
	if err != nil {
		return err
	}
	libs, err := chooseLibraries(s.libs)
	if err != nil {
		return err
	}
	groups, err := s.groups()
	if err != nil {
		return err
	}
	if len(libs) != 1 && (s.cpuProfile != "" || s.memProfile != "") {
		return errors.New("a profile is of one library: name it with -libs")
	}
	if s.memProfile != "" {
		runtime.MemProfileRate = 4 * kiB
	}

	var all sites
	defer all.stop()
	first, err := all.get(ctx, groups[0].scenarios[0].tls)
	if err != nil {
		return err
	}
	t := timing{warmUp: s.warmUp, duration: s.duration, rounds: s.rounds}
	cond := conditionsOf(first, libs, t)
	cond.text(out)

	stopProfile, err := startProfile(s.cpuProfile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopProfile()) }()
	rep := report{conditions: cond, plot: s.svg, args: args}
	for _, g := range groups {
		if err := runGroup(ctx, &all, g, libs, t, out, &rep); err != nil {
			return err
		}
	}
	if len(libs) > 1 {
		fmt.Fprintln(out, "\nOverview")
		overview(rep.all()).text(out)
	}
	return errors.Join(
		writeMemProfile(s.memProfile),
		writeFile(s.markdown, rep.markdown),
		writePlot(s.svg, rep.all()),
	)
}

// runGroup runs the scenarios of a group and prints each when it is done.
func runGroup(ctx context.Context, all *sites, g group, libs []library, t timing, out io.Writer, rep *report) error {
	fmt.Fprintf(out, "\n%s\n", g.title)
	rep.sections = append(rep.sections, section{title: g.title})
	done := &rep.sections[len(rep.sections)-1]
	for _, sc := range g.scenarios {
		s, err := all.get(ctx, sc.tls)
		if err != nil {
			return err
		}
		samples, err := compare(ctx, s, sc, libs, t)
		if err != nil {
			return fmt.Errorf("%s: %w", sc.title(), err)
		}
		r := newResult(sc, libs, samples)
		done.results = append(done.results, r)
		fmt.Fprintf(out, "\n%s\n", sc.title())
		r.details().text(out)
		for i, lib := range libs {
			if err := r.summaries[i].firstErr; err != nil {
				fmt.Fprintf(out, "  %s: %v\n", lib.name, err)
			}
		}
	}
	if t := done.contexts(); t != nil {
		fmt.Fprintln(out, "\nPart of the rate with context.Background")
		t.text(out)
	}
	return nil
}

// writeFile lets fill write the file of that name. Without a name it does
// nothing.
func writeFile(name string, fill func(io.Writer)) error {
	if name == "" {
		return nil
	}
	var b bytes.Buffer
	fill(&b)
	return os.WriteFile(name, b.Bytes(), 0o644)
}

// startProfile profiles the CPU into a file until the returned function is
// called. Without a name it does nothing.
func startProfile(name string) (stop func() error, err error) {
	if name == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return file.Close()
	}, nil
}

func writeMemProfile(name string) error {
	if name == "" {
		return nil
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	err = pprof.Lookup("allocs").WriteTo(file, 0)
	return errors.Join(err, file.Close())
}
