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

	mu    sync.Mutex
	began time.Time // when the fault began
	looks [shards]look
}

// look is what is known of one shard.
type look struct {
	elects  bool          // how soon another primary serves is of interest
	planned bool          // every pause is, though nobody fails
	last    time.Time     // the last success
	gap     time.Duration // the longest time between successes since the fault began
	failed  bool          // whether there was none at some time since then
	down    bool          // whether there was none at last
	back    time.Time     // the first success after the last failure
}

// watch asks the nodes of each shard for a key, again and again. Where others
// have to elect a new primary the victim does not count.
func watch(b *testbed, f fault) *recovery {
	ctx, cancel := context.WithCancel(context.Background())
	r := &recovery{stop: cancel}
	for shard := range shards {
		r.looks[shard].planned = f.planned
		nodes := []*member{b.primary(shard), b.replica(shard)}
		if shard == b.target && f.elects {
			nodes = nodes[1:]
			r.looks[shard].elects = true
		}
		if shard == b.target {
			nodes = append(nodes, b.primary((shard+1)%shards)) // slots may have moved there
		}
		r.wg.Go(func() {
			for ctx.Err() == nil {
				r.note(shard, serves(ctx, nodes, b.keys[shard][0], f.planned))
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
	l := &r.looks[shard]
	if !served {
		l.down, l.failed = true, true
		return
	}
	if l.down {
		l.back = now
	}
	l.gap = max(l.gap, now.Sub(l.last))
	l.last, l.down = now, false
}

// start begins to measure: the fault happens now.
func (r *recovery) start(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.began = now
	for i := range r.looks {
		r.looks[i].gap, r.looks[i].failed = 0, false
	}
}

// after is for how long the servers of a shard did not serve: where another
// primary is elected, until it serves; else the longest time without a success,
// 0 if there was no failure and none was planned. It is -1 if they do not serve yet.
func (r *recovery) after(shard int) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch l := r.looks[shard]; {
	case l.down:
		return -1
	case l.elects && l.back.After(r.began):
		return l.back.Sub(r.began)
	case l.elects || !l.failed && !l.planned:
		return 0
	default:
		return l.gap
	}
}

func (r *recovery) done() {
	r.stop()
	r.wg.Wait()
}
