package redis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// source is a server that can be asked for the slot map.
type source struct {
	addr string
	pool *pool // nil: a seed, for which a connection is opened
}

// ask gets an answer to CLUSTER SLOTS: from one server, or from several at once
// while there is no map at all, and from the next whenever one fails or takes
// long. The first good answer counts. The error tells of every server.
func (t *topology) ask(ctx context.Context) ([]slotRange, error) {
	if t.opt.ClusterSlots != nil {
		slots, err := t.opt.ClusterSlots(ctx)
		if err != nil {
			return nil, err
		}
		return readSlots(slots, "ClusterSlots")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sources := t.sources()
	type answer struct {
		ranges []slotRange
		err    error
	}
	answers := make(chan answer, len(sources))
	running := 0
	askOne := func() {
		s := sources[0]
		sources = sources[1:]
		running++
		go func() {
			ranges, err := t.askOne(ctx, s)
			answers <- answer{ranges, err}
		}()
	}
	first := 1
	if t.now.Load() == nil {
		first = askAtOnce
	}
	for range min(first, len(sources)) {
		askOne()
	}
	slow := time.NewTicker(askNext)
	defer slow.Stop()
	var errs []error
	for running > 0 {
		select {
		case a := <-answers:
			running--
			if a.err == nil {
				return a.ranges, nil
			}
			errs = append(errs, a.err)
		case <-slow.C:
		}
		if len(sources) > 0 {
			askOne()
		}
	}
	return nil, errors.Join(errs...)
}

// sources lists whom to ask, in random order: the nodes of the cluster, those
// that fail last, then the seeds.
func (t *topology) sources() []source {
	var good, bad, seeds []source
	known := map[string]bool{}
	if m := t.now.Load(); m != nil {
		for _, n := range m.nodes {
			known[n.addr] = true
			s := source{n.addr, n.client.pool}
			if n.healthy() {
				good = append(good, s)
			} else {
				bad = append(bad, s)
			}
		}
	}
	t.mu.Lock()
	for _, addr := range t.opt.Addrs {
		if known[addr] {
			continue
		}
		s := source{addr: addr}
		if n := t.missing[addr]; n != nil {
			s.pool = n.pool // which knows when it was dialled last
		}
		seeds = append(seeds, s)
	}
	t.mu.Unlock()
	for _, list := range [][]source{good, bad, seeds} {
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	return append(append(good, seeds...), bad...)
}

// lookOptions are those of a connection for nothing but CLUSTER SLOTS.
func (t *topology) lookOptions(addr string) *Options {
	opt := t.opt.nodeOptions(addr)
	opt.MinIdleConns, opt.PoolSize, opt.IdleCheckFrequency = 0, 1, -1
	opt.patience = 0 // there is nobody else to turn to
	if opt.DialTimeout <= 0 || opt.DialTimeout > seedDialTimeout {
		opt.DialTimeout = seedDialTimeout
	}
	return opt
}

func (t *topology) askOne(ctx context.Context, s source) ([]slotRange, error) {
	p := s.pool
	if p == nil {
		p = newPool(t.lookOptions(s.addr), false)
		defer func() { _ = p.close() }()
	}
	cmd := new(ClusterSlotsCmd)
	cmd.start("cluster", "slots")
	err := p.exchange(ctx, cmd, 0)
	if err == nil {
		return readSlots(cmd.val, s.addr)
	}
	if !errors.As(err, new(*DialError)) && !errors.As(err, new(*NodeError)) {
		err = fmt.Errorf("redis: %s: CLUSTER SLOTS: %w", s.addr, err)
	}
	return nil, err
}

// hopeless reports whether an error of loading the first map will not mend by
// itself: every server has refused for a reason that lies in the configuration.
func hopeless(err error) bool {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			if !hopeless(e) {
				return false
			}
		}
		return true
	}
	var dial *DialError
	if errors.As(err, &dial) {
		return dial.permanent()
	}
	var reply Error
	if errors.As(err, &reply) {
		text := reply.Error()
		return strings.HasPrefix(text, "ERR") || strings.HasPrefix(text, "NOPERM") || strings.HasPrefix(text, "NOAUTH")
	}
	return false
}
