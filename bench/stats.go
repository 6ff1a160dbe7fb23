package main

import (
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// summary is the medians, over the rounds, of one library in one scenario.
type summary struct {
	rate          float64 // commands or keys a second
	client        time.Duration
	server        time.Duration // per command or key, like the next three
	batch         float64       // commands for each read of a server
	allocs, bytes float64
	p50, p99      time.Duration // of calls
	p999          time.Duration
	bulkP99       time.Duration // 0 if there are no bulk values
	failed        int           // sum over the rounds
	firstErr      error
}

func summarize(w workload, samples []sample) summary {
	per := func(value func(sample) float64) float64 {
		return medianOf(samples, func(s sample) float64 {
			return value(s) / float64(s.calls*w.commands())
		})
	}
	quantile := func(of func(sample) *hdrhistogram.Histogram, percent float64) time.Duration {
		return medianOf(samples, func(s sample) time.Duration {
			h := of(s)
			if h == nil {
				return 0
			}
			return time.Duration(h.ValueAtPercentile(percent))
		})
	}
	latency := func(s sample) *hdrhistogram.Histogram { return s.latency }
	sum := summary{
		rate:   medianOf(samples, w.rate),
		client: time.Duration(per(func(s sample) float64 { return float64(s.client) })),
		server: time.Duration(per(func(s sample) float64 { return float64(s.server) })),
		batch: medianOf(samples, func(s sample) float64 {
			return float64(s.calls*w.commands()) / float64(max(s.reads, 1))
		}),
		allocs:  per(func(s sample) float64 { return float64(s.mallocs) }),
		bytes:   per(func(s sample) float64 { return float64(s.bytes) }),
		p50:     quantile(latency, 50),
		p99:     quantile(latency, 99),
		p999:    quantile(latency, 99.9),
		bulkP99: quantile(func(s sample) *hdrhistogram.Histogram { return s.bulk }, 99),
	}
	for _, s := range samples {
		sum.failed += s.failed
		if sum.firstErr == nil {
			sum.firstErr = s.firstErr
		}
	}
	return sum
}

func (w workload) rate(s sample) float64 {
	return float64(s.calls*w.commands()) / s.elapsed.Seconds()
}

// ratio compares one library with another, round by round: both ran within
// the same second or two, whatever else the machine was doing.
type ratio struct {
	median, low, high float64
}

func ratioOf(of, to []float64) ratio {
	each := make([]float64, len(of))
	for i := range of {
		each[i] = of[i] / to[i]
	}
	return ratio{median: median(each), low: slices.Min(each), high: slices.Max(each)}
}

func medianOf[T number](samples []sample, value func(sample) T) T {
	all := make([]T, len(samples))
	for i, s := range samples {
		all[i] = value(s)
	}
	return median(all)
}

type number interface{ ~int64 | ~float64 }

// median is the middle value, or the mean of the two in the middle. It is zero
// for no values.
func median[T number](all []T) T {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
