package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPlansExpand(t *testing.T) {
	for _, plan := range [][]block{fullPlan, quickPlan} {
		groups, err := expand(plan)
		require.NoError(t, err)
		for _, g := range groups {
			require.NotEmpty(t, g.scenarios)
			seen := map[string]bool{}
			for _, sc := range g.scenarios {
				require.False(t, seen[sc.title()], "%s is there twice", sc.title())
				seen[sc.title()] = true
			}
		}
	}
}

func TestWrongFlags(t *testing.T) {
	for _, args := range [][]string{
		{"-workload", "nothing"},
		{"-workload", "get", "-callers", "0"},
		{"-workload", "get", "-callers", "many"},
		{"-workload", "get", "-ctx", "nothing"},
		{"-libs", "nothing"},
		{"-cpuprofile", "cpu.prof"},
		{"-libs", "go-redis,rueidis", "-memprofile", "mem.prof"},
		{"get"},
	} {
		require.Error(t, run(t.Context(), args, new(bytes.Buffer)), "%v", args)
	}
}

// TestEveryDriverAndWorkload runs each pair for a moment, on a real cluster.
func TestEveryDriverAndWorkload(t *testing.T) {
	s, err := startSite(t.Context(), false)
	require.NoError(t, err)
	defer s.stop()
	for _, w := range workloads {
		t.Run(w.name, func(t *testing.T) {
			smoke(t, s, scenario{work: w, callers: 4, mode: contextModes[0]})
		})
	}
	for _, mode := range contextModes[1:] {
		t.Run("context "+mode.name, func(t *testing.T) {
			smoke(t, s, scenario{work: workloads[0], callers: 4, mode: mode})
		})
	}
	t.Run("given rate", func(t *testing.T) {
		smoke(t, s, scenario{work: workloads[0], callers: 4, mode: contextModes[0], rate: 1000})
	})
	t.Run("wrong data", func(t *testing.T) { failOnWrongData(t, s) })
}

func smoke(t *testing.T, s *site, sc scenario) {
	short := timing{warmUp: 10 * time.Millisecond, duration: 50 * time.Millisecond, rounds: 1}
	samples, err := compare(t.Context(), s, sc, libraries, short)
	require.NoError(t, err)
	require.Len(t, samples, len(libraries))
	for i, of := range samples {
		require.Len(t, of, short.rounds)
		require.NoError(t, of[0].firstErr, libraries[i].name)
		require.Positive(t, of[0].client)
		sum := summarize(sc.work, of)
		require.Positive(t, sum.rate)
		require.Positive(t, sum.p50)
		require.LessOrEqual(t, sum.p50, sum.p999)
	}
}

// failOnWrongData changes the keys behind the back of the benchmark.
func failOnWrongData(t *testing.T, s *site) {
	short := timing{duration: 50 * time.Millisecond, rounds: 1}
	for _, name := range []string{"get", "mget", "pipeline", "hgetall"} {
		chosen, err := chooseWorkloads(name)
		require.NoError(t, err)
		sc := scenario{work: chosen[0], callers: 4, mode: contextModes[0]}
		data := sc.work.dataset(0)
		require.NoError(t, s.load(t.Context(), sc.work, data))
		// The same lengths, other bytes.
		data.small = newValues(sc.work.prefix(), 64, 9)
		for _, vals := range data.hashes.vals {
			vals[0] = fill("other", hashValue)
		}
		for _, lib := range libraries {
			_, err := measure(t.Context(), s, sc, lib, data, short)
			require.ErrorIs(t, err, errWrongData, "%s by %s", name, lib.name)
		}
	}
}

// forgetful drops what is written to it.
type forgetful struct{ driver }

func (forgetful) Set(context.Context, string, string) error { return nil }

func (forgetful) Get(context.Context, string) (string, error) { return "something old", nil }

func TestLostWritesAreNoticed(t *testing.T) {
	sc := scenario{work: workloads[1], callers: 1, mode: contextModes[0]}
	require.True(t, sc.work.writes)
	cr := newCrew(forgetful{}, sc, sc.work.dataset(1))
	cr.work(time.Millisecond)
	cr.dismiss()
	require.ErrorIs(t, cr.readBack(t.Context()), errWrongData)
}

// TestGivenRate checks the pacing against a library that takes no time.
func TestGivenRate(t *testing.T) {
	const rate, length = 2000, 500 * time.Millisecond
	sc := scenario{work: workloads[0], callers: 8, mode: contextModes[0], rate: rate}
	d := &counting{value: sc.work.dataset(0).small.vals[0]}
	data := &dataset{small: values{keys: []string{"key"}, vals: []string{d.value}}}
	cr := newCrew(d, sc, data)
	cr.work(length)
	cr.dismiss()
	require.NoError(t, cr.wrongData())
	// A thousand calls are due; their number varies by its root, 32.
	require.InDelta(t, rate*length.Seconds(), d.calls, 200)
	require.Equal(t, d.calls, cr.result().calls)
}

type counting struct {
	driver
	value string
	mu    sync.Mutex
	calls int
}

func (d *counting) Get(context.Context, string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls++
	return d.value, nil
}

func TestRunWritesFiles(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{
		"-workload", "get", "-callers", "1,2", "-libs", "go-redis", "-tls",
		"-duration", "20ms", "-warmup", "1ms", "-rounds", "1",
		"-md", file("out.md"), "-cpuprofile", file("cpu.prof"), "-memprofile", file("mem.prof"),
	}, &out))
	require.Contains(t, out.String(), "GET 64 B, 2 callers, TLS")
	markdown, err := os.ReadFile(file("out.md"))
	require.NoError(t, err)
	require.Contains(t, string(markdown), "### GET 64 B, 1 caller, TLS\n")
	for _, name := range []string{"cpu.prof", "mem.prof"} {
		info, err := os.Stat(file(name))
		require.NoError(t, err)
		require.Positive(t, info.Size(), name)
	}
}
