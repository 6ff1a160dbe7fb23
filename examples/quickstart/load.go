package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	redis "github.com/seed-e06f3def/rediscluster"
)

const (
	keyCount    = 300 // keys to read
	readers     = 24  // goroutines that read one key after the other
	pipelines   = 2   // goroutines that read pipelineLen keys at a time
	pipelineLen = 50

	// The pauses leave the processor time to those who watch.
	readPause     = time.Millisecond
	pipelinePause = 20 * time.Millisecond
	writePause    = 5 * time.Millisecond

	// keyLife clears up behind a program that was killed.
	keyLife = 5 * time.Minute
	// replicationTime is how long replicas may take for the first keys.
	replicationTime = 5 * time.Second
)

func readKey(i int) string   { return "quickstart:" + strconv.Itoa(i) }
func readValue(i int) string { return "the value of " + readKey(i) }

// writeKeys are in three slots, in the first, second and last third of them.
var writeKeys = []string{"quickstart:{b}", "quickstart:{c}", "quickstart:{a}"}

// load is the work that the program does with the cluster.
type load struct {
	rdb    *redis.ClusterClient
	reads  tally
	writes tally

	mu    sync.Mutex
	first error // what went wrong first
}

// tally counts what was done, and what became of it.
type tally struct {
	done    atomic.Int64 // commands that succeeded
	failed  atomic.Int64 // commands that returned an error
	wrong   atomic.Int64 // values that are not what was written
	doubt   atomic.Int64 // writes that may have run or not
	longest atomic.Int64 // nanoseconds that a goroutine went without success
	last    atomic.Int64 // when the last command succeeded, in Unix nanoseconds
}

// succeed counts commands of a goroutine whose last success was at last.
func (t *tally) succeed(commands int, last time.Time) (now time.Time) {
	now = time.Now()
	t.done.Add(int64(commands))
	t.last.Store(now.UnixNano())
	gap := int64(now.Sub(last))
	for longest := t.longest.Load(); gap > longest; longest = t.longest.Load() {
		if t.longest.CompareAndSwap(longest, gap) {
			break
		}
	}
	return now
}

func newLoad(rdb *redis.ClusterClient) *load { return &load{rdb: rdb} }

// prepare writes the keys that are going to be read, and waits until every
// replica has them.
func (l *load) prepare(ctx context.Context) error {
	_, err := l.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i := range keyCount {
			pipe.Set(ctx, readKey(i), readValue(i), keyLife)
		}
		return nil
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, replicationTime)
	defer cancel()
	return l.rdb.ForEachSlave(ctx, func(ctx context.Context, replica *redis.Client) error {
		for !hasKeys(ctx, replica) {
			select {
			case <-time.After(20 * time.Millisecond):
			case <-ctx.Done():
				return fmt.Errorf("replica %s does not have the keys: %w", replica.Options().Addr, ctx.Err())
			}
		}
		return nil
	})
}

// hasKeys reports whether a replica has all keys of its shard; for the others
// it answers MOVED.
func hasKeys(ctx context.Context, replica *redis.Client) bool {
	cmds, _ := replica.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i := range keyCount {
			pipe.Get(ctx, readKey(i))
		}
		return nil
	})
	for _, cmd := range cmds {
		if errors.Is(cmd.Err(), redis.Nil) {
			return false
		}
	}
	return ctx.Err() == nil
}

// cleanUp removes the keys; what it cannot remove expires.
func (l *load) cleanUp() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	keys := append([]string(nil), writeKeys...)
	for i := range keyCount {
		keys = append(keys, readKey(i))
	}
	_ = l.rdb.Del(ctx, keys...).Err()
}

// run works until stop is closed. The context ends it at once.
func (l *load) run(stop <-chan struct{}, ctx context.Context) {
	var wg sync.WaitGroup
	repeat := func(goroutines int, pause time.Duration, work func(context.Context, time.Time) time.Time) {
		for range goroutines {
			wg.Go(func() {
				last := time.Now()
				for ctx.Err() == nil {
					select {
					case <-stop:
						return
					default:
						last = work(ctx, last)
						time.Sleep(pause)
					}
				}
			})
		}
	}
	repeat(readers, readPause, l.readOne)
	repeat(pipelines, pipelinePause, l.readMany)
	repeat(1, writePause, l.writer())
	wg.Wait()
}

func (l *load) readOne(ctx context.Context, last time.Time) time.Time {
	i := rand.IntN(keyCount)
	val, err := l.rdb.Get(ctx, readKey(i)).Result()
	if !l.check(ctx, &l.reads, err) || !l.expect(&l.reads, readKey(i), val, val == readValue(i)) {
		return last
	}
	return l.reads.succeed(1, last)
}

// readMany reads with a pipeline: one round trip a node, whatever the number of
// keys.
func (l *load) readMany(ctx context.Context, last time.Time) time.Time {
	from := rand.IntN(keyCount - pipelineLen)
	values := make([]*redis.StringCmd, pipelineLen)
	_, err := l.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i := range values {
			values[i] = pipe.Get(ctx, readKey(from+i))
		}
		return nil
	})
	if !l.check(ctx, &l.reads, err) {
		return last
	}
	for i, val := range values {
		if !l.expect(&l.reads, readKey(from+i), val.Val(), val.Val() == readValue(from+i)) {
			return last
		}
	}
	return l.reads.succeed(pipelineLen, last)
}

// writer returns what writes three keys with MSET and reads them with MGET,
// although they are in three slots. A replica may be behind, but cannot know
// what was never written.
func (l *load) writer() func(context.Context, time.Time) time.Time {
	round := 0
	return func(ctx context.Context, last time.Time) time.Time {
		round++
		err := l.rdb.MSet(ctx, writeKeys[0], round, writeKeys[1], round, writeKeys[2], round).Err()
		if errors.Is(err, redis.ErrWriteInDoubt) {
			// The connection was lost before the reply came. Setting the same
			// keys once more does no harm, so the next round will do it.
			l.writes.doubt.Add(1)
			return last
		}
		if !l.check(ctx, &l.writes, err) {
			return last
		}
		last = l.writes.succeed(1, last)

		values, err := l.rdb.MGet(ctx, writeKeys...).Result()
		if !l.check(ctx, &l.reads, err) {
			return last
		}
		for i, val := range values {
			text, _ := val.(string)
			n, err := strconv.Atoi(text)
			l.expect(&l.reads, writeKeys[i], val, val == nil || err == nil && 0 < n && n <= round)
		}
		l.reads.succeed(1, time.Now())
		return last
	}
}

// check notes an error, unless the program is being interrupted, and reports
// whether there is none.
func (l *load) check(ctx context.Context, t *tally, err error) bool {
	if err != nil && ctx.Err() == nil {
		t.failed.Add(1)
		l.note(err)
	}
	return err == nil
}

// expect notes a value that is not right, and reports whether it is.
func (l *load) expect(t *tally, key string, val any, right bool) bool {
	if !right {
		t.wrong.Add(1)
		l.note(fmt.Errorf("wrong value of %s: %v", key, val))
	}
	return right
}

func (l *load) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.first == nil {
		l.first = err
	}
}

// verdict is an error if anything was wrong.
func (l *load) verdict() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.first == nil && l.reads.done.Load() == 0 {
		return errors.New("nothing was read")
	}
	return l.first
}
