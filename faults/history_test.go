package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
)

// scripted is a driver that answers what a test wants.
type scripted struct {
	value string
	n     int64
	err   error
}

func (d *scripted) Get(context.Context, string) (string, error)           { return d.value, d.err }
func (d *scripted) Set(context.Context, string, string) error             { return d.err }
func (d *scripted) Incr(context.Context, string) (int64, error)           { return d.n, d.err }
func (d *scripted) Append(context.Context, string, string) (int64, error) { return d.n, d.err }
func (d *scripted) Close() error                                          { return nil }

var errLost = errors.New("lost")

func TestIncrHistory(t *testing.T) {
	t.Parallel()
	const lost, rejected = -1, -2
	tests := []struct {
		name       string
		replies    []int64
		final      string
		duplicates int
	}{
		{"in order", []int64{1, 2, 3}, "3", 0},
		{"ran twice", []int64{1, 3}, "3", 1},
		{"in doubt and ran", []int64{1, lost, 3}, "3", 0},
		{"in doubt and did not run", []int64{1, lost, 2}, "2", 0},
		{"in doubt and ran later", []int64{1, lost, 2, 4}, "4", 0},
		{"in doubt and ran twice", []int64{1, lost, 4}, "4", 1},
		{"refused, but ran", []int64{1, rejected, 3}, "3", 1},
		{"lost in a failover", []int64{1, 2, 3, 2, 3}, "3", 0},
		{"ran after the end", []int64{1, 2}, "3", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := &incrHistory{}
			for _, reply := range tt.replies {
				d := &scripted{n: reply}
				if reply < 0 {
					d.err = errLost
				}
				if _, err := h.call(t.Context(), d, "k"); err != nil {
					h.settled(map[int64]fate{lost: inDoubt, rejected: refused}[reply])
				}
			}
			v := h.audit(tt.final)
			require.Equal(t, tt.duplicates, v.duplicates)
			require.Empty(t, v.wrong)
		})
	}
}

func TestAppendHistory(t *testing.T) {
	t.Parallel()
	h := &appendHistory{}
	require.NoError(t, h.prepare(t.Context(), nil, "k"))
	for i := range 3 {
		_, err := h.call(t.Context(), &scripted{n: int64(wordLen * (i + 1))}, "k")
		require.NoError(t, err)
	}
	_, err := h.call(t.Context(), &scripted{err: errLost}, "k")
	require.Error(t, err)
	h.settled(refused)

	require.Zero(t, h.audit("000000010000000200000003"))
	require.Zero(t, h.audit("0000000100000003"), "a failover may lose some")
	require.Equal(t, 1, h.audit("000000010000000200000002").duplicates)
	require.Len(t, h.audit("0000000100000004").wrong, 1, "the fourth was refused")
	require.Len(t, h.audit("00000005").wrong, 1, "there was no fifth")
	require.Len(t, h.audit("00000001000").wrong, 1, "half a word")
}

func TestGetHistory(t *testing.T) {
	t.Parallel()
	wrong, err := getHistory{}.call(t.Context(), &scripted{value: "value of k"}, "k")
	require.NoError(t, err)
	require.Empty(t, wrong)
	wrong, err = getHistory{}.call(t.Context(), &scripted{value: "value of j"}, "k")
	require.NoError(t, err)
	require.NotEmpty(t, wrong)
	wrong, err = getHistory{}.call(t.Context(), &scripted{err: errNil}, "k")
	require.NoError(t, err)
	require.NotEmpty(t, wrong)
	_, err = getHistory{}.call(t.Context(), &scripted{err: errLost}, "k")
	require.ErrorIs(t, err, errLost)
}

func TestCheckRegisters(t *testing.T) {
	t.Parallel()
	op := func(write bool, value string, from, to int64) porcupine.Operation {
		return porcupine.Operation{Input: access{write: write, value: value}, Output: value, Call: from, Return: to}
	}
	check := func(ops ...porcupine.Operation) []string {
		return checkRegisters([]*caller{{key: "k", history: &registerHistory{ops: ops}}})
	}
	require.Empty(t, check(op(true, "a", 1, 2), op(false, "a", 3, 4)))
	require.NotEmpty(t, check(op(true, "a", 1, 2), op(false, "", 3, 4)), "a read of what is gone")
	require.Empty(t, check(op(true, "a", 1, forever), op(false, "", 3, 4), op(false, "a", 5, 6)), "a write in doubt may run later")
	require.NotEmpty(t, check(op(true, "a", 1, forever), op(false, "a", 3, 4), op(false, "", 5, 6)), "but not be undone")
}

func TestLongestGap(t *testing.T) {
	t.Parallel()
	start := time.Now()
	at := func(ms ...int) (times []time.Time) {
		for _, m := range ms {
			times = append(times, start.Add(time.Duration(m)*time.Millisecond))
		}
		return times
	}
	end := at(1000)[0]
	require.Equal(t, 400*time.Millisecond, longestGap(at(100, 500, 800), start, end))
	require.Equal(t, 500*time.Millisecond, longestGap(at(100, 500), start, end), "the end counts")
	require.Equal(t, 400*time.Millisecond, longestGap(at(400, 0, 700), at(200)[0], end), "from the last success before")
	require.Equal(t, time.Second, longestGap(nil, start, end))
}

func TestBusiestSecond(t *testing.T) {
	t.Parallel()
	start := time.Now()
	var at []time.Time
	for _, ms := range []int{0, 900, 1100, 1200, 1899, 1901, 5000} {
		at = append(at, start.Add(time.Duration(ms)*time.Millisecond))
	}
	require.Equal(t, 4, busiestSecond(at))
	require.Zero(t, busiestSecond(nil))
}
