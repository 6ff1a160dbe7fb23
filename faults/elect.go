package main

import (
	"context"
	"sync"
	"time"
)

// probePause is the time between looks at the servers.
const probePause = 5 * time.Millisecond

// recovery measures for how long the servers of each shard did not serve, by
// asking them directly.
type recovery struct {
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu     sync.Mutex
	swift  bool // the longest time between successes is of interest
	worst  [shards]time.Duration
	last   [shards]time.Time
	began  time.Time         // when the fault began
	failed [shards]bool      // whether the last look was a failure
	gap    [shards]bool      // whether there has been one since the fault began
	back   [shards]time.Time // the first success after the last failure
}

// watch asks the nodes of each shard for a key, again and again. Where others
// have to elect a new primary the victim does not count.
func watch(b *testbed, f fault, keys [shards][]string) *recovery {
	ctx, cancel := context.WithCancel(context.Background())
	r := &recovery{stop: cancel, swift: f.planned}
	for shard := range shards {
		nodes := []*member{b.primary(shard), b.replica(shard)}
		if shard == b.target && f.elects {
			nodes = nodes[1:]
		}
		r.wg.Go(func() {
			for ctx.Err() == nil {
				r.note(shard, serves(ctx, nodes, keys[shard][0], f.planned))
				time.Sleep(probePause)
			}
		})
	}
	return r
}

// serves reports whether any of the nodes lets read, or also write, what is in
// the key's slot.
func serves(ctx context.Context, nodes []*member, key string, write bool) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	command := []string{"GET", key}
	if write {
		command = []string{"SET", "{" + key + "}:probe", ""}
	}
	for _, m := range nodes {
		if _, err := m.DoContext(ctx, command...); err == nil {
			return true
		}
	}
	return false
}

func (r *recovery) note(shard int, served bool) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !served {
		r.failed[shard] = true
		r.gap[shard] = true
		return
	}
	if r.failed[shard] {
		r.back[shard] = now
	}
	r.worst[shard] = max(r.worst[shard], now.Sub(r.last[shard]))
	r.last[shard] = now
	r.failed[shard] = false
}

// start begins to measure: the fault happens now.
func (r *recovery) start(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.began, r.gap, r.worst = now, [shards]bool{}, [shards]time.Duration{}
}

// after is how long after the fault began the servers of a shard served again,
// for good. It is 0 if they never ceased to, and -1 if they do not yet. After a
// planned fault it is the longest time without a success.
func (r *recovery) after(shard int) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.swift:
		return r.worst[shard]
	case !r.gap[shard] && !r.failed[shard]:
		return 0
	case r.failed[shard]:
		return -1
	}
	return r.back[shard].Sub(r.began)
}

func (r *recovery) done() {
	r.stop()
	r.wg.Wait()
}
