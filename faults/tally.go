package main

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// tally counts samples where there are too many to keep.
type tally struct {
	calls, errors, inDoubt, wrong, worst atomic.Int64

	texts sync.Map // error text: *atomic.Int64
}

// mostTexts bounds the error texts that are kept apart.
const mostTexts = 50

func (t *tally) add(_ *caller, s sample) {
	t.calls.Add(1)
	took := int64(s.end.Sub(s.start))
	for worst := t.worst.Load(); took > worst && !t.worst.CompareAndSwap(worst, took); {
		worst = t.worst.Load()
	}
	if s.wrong != "" {
		t.wrong.Add(1)
		t.note("wrong: " + s.wrong)
	}
	switch s.fate {
	case answered:
	case inDoubt:
		t.inDoubt.Add(1)
	default:
		if t.errors.Add(1) <= mostTexts {
			t.note(s.err)
		}
	}
}

func (t *tally) note(text string) {
	n, _ := t.texts.LoadOrStore(text, new(atomic.Int64))
	n.(*atomic.Int64).Add(1)
}

// usage is the live heap of this process in megabytes.
func usage() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / 1e6
}
