package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   []float64
		want float64
	}{
		{"none", nil, 0},
		{"one", []float64{7}, 7},
		{"odd", []float64{9, 1, 5}, 5},
		{"even", []float64{4, 1, 3, 100}, 3.5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := append([]float64(nil), tt.in...)
			require.Equal(t, tt.want, median(tt.in))
			require.Equal(t, before, tt.in, "the argument is left as it was")
		})
	}
	require.Equal(t, 3*time.Second, median([]time.Duration{2 * time.Second, 4 * time.Second}))
}

func TestRatioIsTakenRoundByRound(t *testing.T) {
	// The machine is twice as slow in the second round, for both.
	r := ratioOf([]float64{200, 100, 330}, []float64{100, 50, 110})
	require.Equal(t, ratio{median: 2, low: 2, high: 3}, r)
}

func newSample(calls int, elapsed, client time.Duration, latencies ...time.Duration) sample {
	s := sample{calls: calls, elapsed: elapsed, client: client, latency: newHistogram().h}
	for _, d := range latencies {
		_ = s.latency.RecordValue(int64(d))
	}
	return s
}

func TestSummarize(t *testing.T) {
	w := workload{per: 100}
	var latencies []time.Duration
	for i := range 1000 {
		latencies = append(latencies, time.Duration(i+1)*time.Microsecond)
	}
	slow := newSample(10, 2*time.Second, time.Millisecond, latencies...)
	slow.server, slow.reads, slow.mallocs, slow.bytes, slow.failed = 2*time.Millisecond, 50, 3000, 50_000, 2
	fast := newSample(40, time.Second, time.Millisecond, latencies...)
	fast.server, fast.reads, fast.mallocs, fast.bytes, fast.failed = 2*time.Millisecond, 50, 4000, 40_000, 1
	got := summarize(w, []sample{slow, slow, fast})

	require.InDelta(t, 500, got.rate, 1e-9, "commands, not calls")
	require.Equal(t, time.Microsecond, got.client)
	require.Equal(t, 2*time.Microsecond, got.server)
	require.InDelta(t, 20, got.batch, 1e-9)
	require.InDelta(t, 3, got.allocs, 1e-9)
	require.InDelta(t, 50, got.bytes, 1e-9)
	require.InEpsilon(t, 500*time.Microsecond, got.p50, 0.01)
	require.InEpsilon(t, 990*time.Microsecond, got.p99, 0.01)
	require.InEpsilon(t, 999*time.Microsecond, got.p999, 0.01)
	require.Zero(t, got.bulkP99)
	require.Equal(t, 5, got.failed)
}

func TestRecorderKeepsEveryValue(t *testing.T) {
	h := newHistogram()
	r := recorder{into: h}
	for range bufferLength + 1 {
		r.record(time.Millisecond)
	}
	require.EqualValues(t, bufferLength, h.h.TotalCount(), "one buffer is in")
	r.record(time.Hour)
	r.flush()
	require.EqualValues(t, bufferLength+2, h.h.TotalCount())
	require.InEpsilon(t, highestLatency, h.h.Max(), 0.01, "out of range counts as the highest")
}

func TestVerdict(t *testing.T) {
	sc := scenario{work: workloads[0], callers: 1, mode: contextModes[0]}
	second := func(calls int, client time.Duration) []sample {
		return []sample{newSample(calls, time.Second, client, time.Millisecond)}
	}
	samples := [][]sample{
		second(300, 300*time.Millisecond),
		second(100, 50*time.Millisecond),
		second(200, 400*time.Millisecond),
	}
	libs := libraries[:3]

	r := newResult(sc, libs, samples)
	require.Equal(t, 2, r.bestPeer())
	got, ok := r.verdict()
	require.True(t, ok)
	require.InDelta(t, 1.5, got.median, 1e-9)
	require.InDelta(t, 2, r.cpuRatio(), 1e-9, "1 ms a command, and 0.5 ms for the most frugal peer")

	sc.rate = 300
	r = newResult(sc, libs, samples)
	require.Equal(t, 1, r.bestPeer(), "at a given rate the processor time counts")
	got, _ = r.verdict()
	require.InDelta(t, 0.5, got.median, 1e-9)

	_, ok = newResult(sc, libs[1:], samples[1:]).verdict()
	require.False(t, ok, "this library was not run")
	_, ok = newResult(sc, libs[:1], samples[:1]).verdict()
	require.False(t, ok, "no other library was run")
}

func TestRatioString(t *testing.T) {
	require.Equal(t, "1.50 (0.90–2.25)", ratio{median: 1.5, low: 0.9, high: 2.25}.String())
	require.Equal(t, "1.50", ratio{median: 1.5, low: 1.5, high: 1.5}.String(), "one round")
}
