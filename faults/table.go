package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// column is one column of the table.
type column struct {
	title string
	cell  func(*result) string
}

var columns = []column{
	{"fault", func(r *result) string { return r.plan.fault.name }},
	{"workload", func(r *result) string { return r.plan.describe() }},
	{"servers", func(r *result) string { return latencyCell(r.hurt.servers, r.healthy.servers) }},
	{"outage", func(r *result) string { return latencyCell(r.hurt.outage, r.healthy.outage) }},
	{"worst call", func(r *result) string { return latencyCell(r.hurt.worst, r.healthy.worst) }},
	{"healthy p99 before/during", func(r *result) string { return latencyCell(r.healthy.p99Before, r.healthy.p99) }},
	{"errors", func(r *result) string { return countCell(r.hurt.errors, r.healthy.errors) }},
	{"in doubt", func(r *result) string { return countCell(r.hurt.inDoubt, r.healthy.inDoubt) }},
	{"duplicates", func(r *result) string { return fmt.Sprint(r.duplicates) }},
	{"wrong", func(r *result) string { return fmt.Sprint(len(r.wrong)) }},
	{"dials (max/s)", func(r *result) string { return fmt.Sprintf("%d (%d)", r.dials, r.dialRate) }},
	{"maps (max/s)", func(r *result) string { return fmt.Sprintf("%d (%d)", r.maps, r.mapRate) }},
	{"left", func(r *result) string { return countCell(r.goroutines, r.conns) }},
	{"machine stall", func(r *result) string { return seconds(r.spell.stall) }},
	{"verdict", func(r *result) string {
		if len(r.failures) == 0 {
			return "ok"
		}
		return "FAIL"
	}},
}

func latencyCell(hurt, healthy time.Duration) string {
	return seconds(hurt) + " / " + seconds(healthy)
}

func countCell(hurt, healthy int) string { return fmt.Sprintf("%d / %d", hurt, healthy) }

// seconds writes a duration in as many digits as matter.
func seconds(d time.Duration) string {
	switch {
	case d < 0:
		return "never"
	case d == 0:
		return "-"
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

func (p plan) describe() string {
	words := []string{strings.ToUpper(p.workload)}
	if p.replicas {
		words = append(words, "replicas")
	}
	if !p.fullCoverage {
		words = append(words, "coverage no")
	}
	if p.timeout > 0 {
		words = append(words, "context "+p.timeout.String())
	}
	return strings.Join(words, ", ")
}

// writeHeader, writeRow and writeFailures write the table as Markdown, a row at
// a time.
func writeHeader(w io.Writer) {
	var titles, rules []string
	for _, c := range columns {
		titles = append(titles, c.title)
		rules = append(rules, "---")
	}
	writeCells(w, titles)
	writeCells(w, rules)
}

func writeRow(w io.Writer, r *result) {
	var cells []string
	for _, c := range columns {
		cells = append(cells, c.cell(r))
	}
	writeCells(w, cells)
}

func writeCells(w io.Writer, cells []string) {
	fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
}

func writeFailures(w io.Writer, results []*result) {
	for _, r := range results {
		for _, failure := range r.failures {
			fmt.Fprintf(w, "- %s, %s: %s\n", r.plan.fault.name, r.plan.describe(), failure)
		}
	}
}

// writeErrors writes what the callers were told.
func writeErrors(w io.Writer, r *result) {
	fmt.Fprintf(w, "%s, %s\n", r.plan.fault.name, r.plan.describe())
	for text, n := range r.hurt.texts {
		fmt.Fprintf(w, "  hurt    %5d %s\n", n, text)
	}
	for text, n := range r.healthy.texts {
		fmt.Fprintf(w, "  healthy %5d %s\n", n, text)
	}
	for _, failure := range r.failures {
		fmt.Fprintf(w, "  FAIL    %s\n", failure)
	}
	for i, wrong := range r.wrong {
		if i < 10 {
			fmt.Fprintf(w, "  wrong   %s\n", wrong)
		}
	}
}
