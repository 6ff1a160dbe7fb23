package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// table is a header and rows of cells. The first column is text, the others
// are numbers and line up at the right.
type table struct {
	header []string
	rows   [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) widths() []int {
	widths := make([]int, len(t.header))
	for _, row := range append([][]string{t.header}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

func (t *table) line(cells []string, widths []int, separator string) string {
	padded := make([]string, len(cells))
	for i, cell := range cells {
		space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if i == 0 {
			padded[i] = cell + space
		} else {
			padded[i] = space + cell
		}
	}
	return strings.Join(padded, separator)
}

// text lays the table out for a terminal.
func (t *table) text(w io.Writer) {
	widths := t.widths()
	for _, row := range append([][]string{t.header}, t.rows...) {
		fmt.Fprintln(w, strings.TrimRight("  "+t.line(row, widths, "  "), " "))
	}
}

// markdown writes the table as Markdown.
func (t *table) markdown(w io.Writer) {
	widths := t.widths()
	rule := make([]string, len(widths))
	for i := range rule {
		widths[i] = max(widths[i], 4)
		rule[i] = strings.Repeat("-", widths[i]-1) + ":"
	}
	rule[0] = strings.Repeat("-", widths[0])
	for _, row := range append([][]string{t.header, rule}, t.rows...) {
		fmt.Fprintf(w, "| %s |\n", t.line(row, widths, " | "))
	}
}

// details is a line for every library, with all that was measured.
func (r result) details() *table {
	w := r.scenario.work
	t := &table{header: []string{
		"library", w.counted() + "/s", "ratio", "p50", "p99", "p99.9",
		"client CPU", "server CPU", "allocs", "bytes",
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
			fmt.Sprintf("%.2f", s.allocs), fmt.Sprintf("%.0f", s.bytes),
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
	t.header = append(t.header, "ratio", "best peer")
	for _, r := range results {
		cells := []string{r.scenario.title()}
		for i := range r.libs {
			if r.scenario.rate > 0 {
				cells = append(cells, formatDuration(r.summaries[i].client)+" CPU")
			} else {
				cells = append(cells, formatRate(r.summaries[i].rate))
			}
		}
		mark, peer := "", ""
		if ratio, ok := r.verdict(); ok {
			mark, peer = ratio.String(), r.libs[r.bestPeer()].name
		}
		t.add(append(cells, mark, peer)...)
	}
	return t
}

func (r ratio) String() string {
	return fmt.Sprintf("%.2f (%.2f–%.2f)", r.median, r.low, r.high)
}

// formatRate writes three significant digits, with k or M.
func formatRate(perSecond float64) string {
	switch {
	case perSecond >= 999_500:
		return threeDigits(perSecond/1e6) + " M"
	case perSecond >= 1000:
		return threeDigits(perSecond/1e3) + " k"
	default:
		return threeDigits(perSecond)
	}
}

// formatDuration writes three significant digits in µs, ms or s.
func formatDuration(d time.Duration) string {
	switch {
	case d == 0:
		return "0"
	case d < time.Millisecond:
		return threeDigits(float64(d)/float64(time.Microsecond)) + " µs"
	case d < time.Second:
		return threeDigits(float64(d)/float64(time.Millisecond)) + " ms"
	default:
		return threeDigits(d.Seconds()) + " s"
	}
}

func threeDigits(x float64) string {
	switch {
	case x < 9.995:
		return fmt.Sprintf("%.2f", x)
	case x < 99.95:
		return fmt.Sprintf("%.1f", x)
	default:
		return fmt.Sprintf("%.0f", x)
	}
}
