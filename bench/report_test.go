package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFormatDuration(t *testing.T) {
	for in, want := range map[time.Duration]string{
		0:                       "0",
		1234:                    "1.23 µs",
		12345:                   "12.3 µs",
		123456:                  "123 µs",
		9994 * time.Microsecond: "9.99 ms",
		99960:                   "100 µs",
		1500 * time.Millisecond: "1.50 s",
	} {
		require.Equal(t, want, formatDuration(in), "%d", in)
	}
}

func TestFormatRate(t *testing.T) {
	for in, want := range map[float64]string{
		0:         "0.00",
		8.5:       "8.50",
		847:       "847",
		1000:      "1.00 k",
		45_678:    "45.7 k",
		998_900:   "999 k",
		999_900:   "1.00 M",
		2_345_678: "2.35 M",
	} {
		require.Equal(t, want, formatRate(in), "%v", in)
	}
}

func TestTable(t *testing.T) {
	table := &table{header: []string{"name", "p50"}}
	table.add("a", "1.00 µs")
	table.add("longer", "12 s")

	var text bytes.Buffer
	table.text(&text)
	require.Equal(t, "  name        p50\n  a       1.00 µs\n  longer     12 s\n", text.String())

	var markdown bytes.Buffer
	table.markdown(&markdown)
	require.Equal(t, strings.Join([]string{
		"| name   |     p50 |",
		"| ------ | ------: |",
		"| a      | 1.00 µs |",
		"| longer |    12 s |",
		"",
	}, "\n"), markdown.String())

	table.prose = true
	markdown.Reset()
	table.markdown(&markdown)
	require.Contains(t, markdown.String(), "| longer | 12 s    |\n")
	require.Contains(t, markdown.String(), "| ------ | ------- |\n")
}

func TestScenarioTitle(t *testing.T) {
	sc := scenario{work: workloads[0], callers: 1, mode: contextModes[0]}
	require.Equal(t, "GET 64 B, 1 caller", sc.title())
	sc = scenario{work: workloads[0], callers: 64, mode: contextModes[1], tls: true, rate: 500}
	require.Equal(t, "GET 64 B, 64 callers, 500 calls/s, context: timeout, TLS", sc.title())
}

func TestRoundTicks(t *testing.T) {
	for _, tt := range []struct {
		highest, step, last float64
	}{
		{1063, 200, 1200},
		{800, 100, 800},
		{81, 20, 100},
		{0.9, 0.2, 1},
	} {
		ticks := roundTicks(tt.highest)
		require.Zero(t, ticks[0].Value)
		require.InDelta(t, tt.step, ticks[1].Value, 1e-9, "%v", tt.highest)
		require.InDelta(t, tt.last, ticks[len(ticks)-1].Value, 1e-9, "%v", tt.highest)
	}
}

func TestPlot(t *testing.T) {
	var results []result
	for _, callers := range []int{64, 1, 8} {
		r := result{scenario: scenario{work: workloads[0], callers: callers, mode: contextModes[0]}, libs: libraries}
		for i := range libraries {
			r.summaries = append(r.summaries, summary{rate: float64(1000 * callers * (i + 1))})
		}
		results = append(results, r)
	}
	again := results[0] // measured once more elsewhere
	results = append(results, again)
	require.Len(t, plotted(results), 3)
	name := filepath.Join(t.TempDir(), "plot.svg")
	require.Error(t, writePlot(name, results[:1]), "one point is no line")
	require.NoError(t, writePlot(name, results))
	svg, err := os.ReadFile(name)
	require.NoError(t, err)
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		if _, err := d.Token(); err != nil {
			require.True(t, errors.Is(err, io.EOF), "not XML: %v", err)
			break
		}
	}
	for _, text := range []string{"rueidis-delay", "concurrent callers", ">64<"} {
		require.Contains(t, string(svg), text)
	}
}

func TestReportNamesItsCommand(t *testing.T) {
	r := report{args: []string{"-duration", "150ms", "-md", "RESULTS.md"}}
	r.sections = []section{{results: []result{{scenario: scenario{work: workloads[0], callers: 1, mode: contextModes[0]}}}}}
	var markdown bytes.Buffer
	r.markdown(&markdown)
	require.Contains(t, markdown.String(), "Written by `go run . -duration 150ms -md RESULTS.md`.")
}

func TestContextsTable(t *testing.T) {
	at := func(mode, callers int, rate float64) result {
		return result{
			scenario:  scenario{work: workloads[0], callers: callers, mode: contextModes[mode]},
			libs:      libraries[:2],
			summaries: []summary{{rate: rate}, {rate: 1000}},
		}
	}
	require.Nil(t, section{results: []result{at(0, 1, 1000), at(0, 8, 1000), at(1, 64, 1000)}}.contexts())
	got := section{results: []result{at(0, 1, 1000), at(1, 1, 950), at(0, 8, 2000), at(2, 8, 1000)}}.contexts()
	require.Equal(t, []string{"scenario", libraries[0].name, libraries[1].name}, got.header)
	require.Equal(t, [][]string{
		{"GET 64 B, 1 caller, context: timeout", "0.95", "1.00"},
		{"GET 64 B, 8 callers, context: cancel", "0.50", "1.00"},
	}, got.rows)
}
