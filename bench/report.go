package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// report is everything that one run found out.
type report struct {
	conditions conditions
	sections   []section
	plot       string // the file of the plot, "" for none
	args       []string
}

type section struct {
	title   string
	results []result
}

// contexts compares each library with itself: its rate with a context that may
// end as a part of that without. It is nil if the section has nothing to
// compare.
func (s section) contexts() *table {
	var t *table
	for _, r := range s.results {
		i := slices.IndexFunc(s.results, func(other result) bool { return other.isBaseOf(r) })
		if i < 0 {
			continue
		}
		if t == nil {
			names := strings.Split(libraryNames(r.libs), ", ")
			t = &table{header: append([]string{"scenario"}, names...)}
		}
		cells := []string{r.scenario.title()}
		for lib := range r.libs {
			cells = append(cells, fmt.Sprintf("%.2f", r.summaries[lib].rate/s.results[i].summaries[lib].rate))
		}
		t.add(cells...)
	}
	return t
}

func (r *report) all() []result {
	var all []result
	for _, s := range r.sections {
		all = append(all, s.results...)
	}
	return all
}

// markdown writes the report: the overview first, then all numbers.
func (r *report) markdown(w io.Writer) {
	fmt.Fprintf(w, "# Results of the benchmark\n\n")
	fmt.Fprintf(w, "Written by `%s`. What the columns mean: [README.md](README.md).\n\n",
		strings.Join(append([]string{"go run ."}, r.args...), " "))
	r.conditions.markdown(w)
	if r.plot != "" {
		fmt.Fprintf(w, "\n![Commands a second by number of callers](%s)\n", filepath.Base(r.plot))
	}
	fmt.Fprintf(w, "\n## Overview\n\nCommands or keys a second; at equal load, the client's CPU time per command.\n\n")
	overview(r.all()).markdown(w)
	for _, s := range r.sections {
		fmt.Fprintf(w, "\n## %s\n", s.title)
		if t := s.contexts(); t != nil {
			fmt.Fprintf(w, "\nWhat is left of each library's own rate with context.Background:\n\n")
			t.markdown(w)
		}
		for _, result := range s.results {
			fmt.Fprintf(w, "\n### %s\n\n", result.scenario.title())
			result.details().markdown(w)
		}
	}
}

// conditions is what a reader must know to judge the numbers.
type conditions struct {
	lines []string
	libs  []library
}

func conditionsOf(s *site, libs []library, t timing) conditions {
	c := conditions{libs: libs}
	add := func(format string, args ...any) {
		c.lines = append(c.lines, fmt.Sprintf(format, args...))
	}
	add("%s; %d CPUs%s, which the client and the servers share; GOMAXPROCS=%d.",
		time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), cpuModel(), runtime.GOMAXPROCS(0))
	add("%s, %s/%s; %d primaries of Redis %s on the loopback interface, no persistence.",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, shards, s.version())
	add("%d rounds of %v each after a warm-up of %v; every library in turn in each round. Medians.",
		t.rounds, t.duration, t.warmUp)
	return c
}

func (c conditions) text(w io.Writer) {
	for _, line := range c.lines {
		fmt.Fprintln(w, line)
	}
	versions := moduleVersions()
	for _, lib := range c.libs {
		fmt.Fprintf(w, "  %-14s %s %s, %s\n", lib.name, lib.module, versions[lib.module], lib.setup)
	}
}

func (c conditions) markdown(w io.Writer) {
	for _, line := range c.lines {
		fmt.Fprintf(w, "- %s\n", line)
	}
	fmt.Fprintln(w)
	t := &table{header: []string{"library", "module", "version", "options"}, prose: true}
	versions := moduleVersions()
	for _, lib := range c.libs {
		t.add(lib.name, lib.module, versions[lib.module], lib.setup)
	}
	t.markdown(w)
}

// moduleVersions is the version of every module in this program.
func moduleVersions() map[string]string {
	versions := map[string]string{}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return versions
	}
	for _, m := range info.Deps {
		versions[m.Path] = m.Version
		if m.Replace != nil {
			versions[m.Path] = "(this tree)"
		}
	}
	return versions
}

// cpuModel is the processor's name in brackets, or "" where the system does
// not tell.
func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return " (" + strings.TrimSpace(value) + ")"
		}
	}
	return ""
}

// details is a line for every library, with all that was measured.
func (r result) details() *table {
	w := r.scenario.work
	t := &table{header: []string{
		"library", w.counted() + "/s", "ratio", "p50", "p99", "p99.9",
		"client CPU", "server CPU", "batch", "allocs", "bytes",
	}}
	if w.mixed {
		t.header = append(t.header, "1 MiB p99")
	}
	best := r.bestPeer()
	for i, lib := range r.libs {
		s := r.summaries[i]
		mark := ""
		if ratio, ok := r.verdict(); ok && lib.ours {
			mark = ratio.String()
		} else if ok && i == best {
			mark = "best peer"
		}
		name := lib.name
		if s.failed > 0 {
			name += fmt.Sprintf(" (%d errors)", s.failed)
		}
		cells := []string{
			name, formatRate(s.rate), mark,
			formatDuration(s.p50), formatDuration(s.p99), formatDuration(s.p999),
			formatDuration(s.client), formatDuration(s.server),
			threeDigits(s.batch), fmt.Sprintf("%.2f", s.allocs), fmt.Sprintf("%.0f", s.bytes),
		}
		if w.mixed {
			cells = append(cells, formatDuration(s.bulkP99))
		}
		t.add(cells...)
	}
	return t
}

// overview is a line for every scenario: the rates, and the ratio to the best
// peer.
func overview(results []result) *table {
	t := &table{header: []string{"scenario"}}
	for _, lib := range results[0].libs {
		t.header = append(t.header, lib.name)
	}
	t.header = append(t.header, "ratio", "best peer", "CPU ratio")
	for _, r := range results {
		cells := []string{r.scenario.title()}
		for i := range r.libs {
			if r.scenario.rate > 0 {
				cells = append(cells, formatDuration(r.summaries[i].client)+" CPU")
			} else {
				cells = append(cells, formatRate(r.summaries[i].rate))
			}
		}
		mark, peer, cpu := "", "", ""
		if ratio, ok := r.verdict(); ok {
			mark, peer = ratio.String(), r.libs[r.bestPeer()].name
			cpu = fmt.Sprintf("%.2f", r.cpuRatio())
		}
		t.add(append(cells, mark, peer, cpu)...)
	}
	return t
}
