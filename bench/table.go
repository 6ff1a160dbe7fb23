package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// table is a header and rows of cells. The first column is text; the others
// are numbers and line up at the right, or with prose text too.
type table struct {
	header []string
	rows   [][]string
	prose  bool
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
		if i == 0 || t.prose {
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
		rule[i] = strings.Repeat("-", widths[i])
		if i > 0 && !t.prose {
			rule[i] = strings.Repeat("-", widths[i]-1) + ":"
		}
	}
	for _, row := range append([][]string{t.header, rule}, t.rows...) {
		fmt.Fprintf(w, "| %s |\n", t.line(row, widths, " | "))
	}
}

func (r ratio) String() string {
	if r.low == r.high {
		return fmt.Sprintf("%.2f", r.median)
	}
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
