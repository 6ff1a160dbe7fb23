package main

import (
	"context"
	"sync"
	"time"
)

// stall measures how long this process had to wait for a processor. What the
// machine takes away nobody can answer for.
type stall struct {
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu    sync.Mutex
	worst time.Duration
}

// stallPause is how long the measuring goroutine means to sleep.
const stallPause = 5 * time.Millisecond

func measureStall() *stall {
	ctx, cancel := context.WithCancel(context.Background())
	s := &stall{stop: cancel}
	s.wg.Go(func() {
		for ctx.Err() == nil {
			before := time.Now()
			time.Sleep(stallPause)
			over := time.Since(before) - stallPause
			s.mu.Lock()
			s.worst = max(s.worst, over)
			s.mu.Unlock()
		}
	})
	return s
}

// reset forgets what was measured, and returns it.
func (s *stall) reset() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	worst := s.worst
	s.worst = 0
	return worst
}

func (s *stall) done() {
	s.stop()
	s.wg.Wait()
}
