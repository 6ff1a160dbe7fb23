package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// The usual load of a run: callers who ask for their own keys with a pause
// between.
const (
	callersPerShard = 4
	callPause       = 5 * time.Millisecond
)

// sample is one call.
type sample struct {
	start, end time.Time
	fate       fate
	err        string
	wrong      string // what is wrong with its reply
}

// caller is one goroutine of the load.
type caller struct {
	shard   int
	key     string
	history history
	samples []sample
}

// history makes the calls of one caller and checks the replies.
type history interface {
	// prepare puts the data into place.
	prepare(ctx context.Context, d driver, key string) error
	// call makes a call. wrong is what is wrong with a reply.
	call(ctx context.Context, d driver, key string) (wrong string, err error)
	// settled is told what became of the call that met an error.
	settled(f fate)
	// audit checks, at the end, what a server has for the key.
	audit(value string) verdict
}

// verdict is what a history's audit finds.
type verdict struct {
	duplicates int      // commands that ran twice
	wrong      []string // replies that cannot be
}

// workloads by name.
var workloads = map[string]func() history{
	"get":    func() history { return &getHistory{} },
	"set":    func() history { return &setHistory{} },
	"incr":   func() history { return &incrHistory{} },
	"append": func() history { return &appendHistory{} },

	// Not for every fault: see register.go.
	"register": func() history { return &registerHistory{} },
}

// load is callers at work.
type load struct {
	driver  driver
	lib     library
	timeout time.Duration // of each call; 0: none
	callers []*caller
	pause   time.Duration
	record  func(*caller, sample)
	halt    atomic.Bool
	wg      sync.WaitGroup
}

func newLoad(d driver, lib library, workload string, timeout time.Duration, keys [shards][]string) *load {
	l := &load{driver: d, lib: lib, timeout: timeout, pause: callPause, record: keep}
	for shard, list := range keys {
		for _, key := range list {
			if workload == "register" {
				key = list[0]
			}
			l.callers = append(l.callers, &caller{shard: shard, key: key, history: workloads[workload]()})
		}
	}
	return l
}

func (l *load) prepare() error {
	for _, c := range l.callers {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		err := c.history.prepare(ctx, l.driver, c.key)
		cancel()
		if err != nil {
			return fmt.Errorf("%s: %w", c.key, err)
		}
	}
	return nil
}

func (l *load) start() {
	for _, c := range l.callers {
		l.wg.Go(func() {
			for !l.halt.Load() {
				l.call(c)
				time.Sleep(l.pause)
			}
		})
	}
}

func (l *load) call(c *caller) {
	ctx := context.Background()
	if l.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.timeout)
		defer cancel()
	}
	s := sample{start: time.Now()}
	wrong, err := c.history.call(ctx, l.driver, c.key)
	s.end, s.wrong = time.Now(), wrong
	if err != nil {
		s.err, s.fate = err.Error(), l.lib.fate(err)
		c.history.settled(s.fate)
	}
	l.record(c, s)
}

// keep is what is done with samples where every one counts.
func keep(c *caller, s sample) { c.samples = append(c.samples, s) }

// finish ends the load. It does not wait for ever for callers that are stuck.
func (l *load) finish(patience time.Duration) error {
	l.halt.Store(true)
	done := make(chan struct{})
	go func() {
		l.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-time.After(patience):
		return errors.New("callers are stuck")
	}
}
