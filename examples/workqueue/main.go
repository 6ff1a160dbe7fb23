// Workqueue has workers share the jobs of a queue: a stream in a Redis Cluster,
// which they read as one group. A job that was taken stays pending until it is
// acknowledged. One worker dies with jobs in hand; after a while the others take
// those over, so that each job is done at least once.
//
// It brings a cluster of its own, inside the process, and has the shard of the
// queue fail over half-way. Set REDIS_ADDRS to host:port, several separated by
// commas, to run it on a real one, where nothing is made to fail.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/clustertest"
)

const (
	workers  = 4
	jobs     = 80
	batch    = 5 // jobs that a worker takes at once
	finished = 2 // of those by the worker that dies
	patience = 300 * time.Millisecond
)

// queue is a stream of jobs and the group that does them.
type queue struct {
	rdb           *redis.ClusterClient
	stream, group string
	// patience is how long a worker may have a job before others take it over.
	// It must be longer than a batch takes.
	patience time.Duration
}

// add puts jobs into the queue, all with one round trip.
func (q queue) add(ctx context.Context, names ...string) error {
	_, err := q.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, name := range names {
			pipe.XAdd(ctx, &redis.XAddArgs{Stream: q.stream, Values: []string{"name", name}})
		}
		return nil
	})
	return err
}

// take returns jobs for a worker: those that somebody else did not finish, or
// else new ones. After a while without any it returns none.
func (q queue) take(ctx context.Context, worker string) ([]redis.XMessage, error) {
	left, _, err := q.rdb.XAutoClaim(ctx, &redis.XAutoClaimArgs{
		Stream: q.stream, Group: q.group, Consumer: worker,
		MinIdle: q.patience, Start: "0", Count: batch,
	}).Result()
	if err != nil {
		return nil, unlessHarmless(err)
	}
	if len(left) > 0 {
		fmt.Println(worker, "takes over", len(left), "jobs")
		return left, nil
	}
	streams, err := q.rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group: q.group, Consumer: worker,
		Streams: []string{q.stream, ">"}, Count: batch, Block: q.patience / 2,
	}).Result()
	if err != nil {
		return nil, unlessHarmless(err)
	}
	return streams[0].Messages, nil
}

// unlessHarmless is nil for errors after which a worker just asks again.
func unlessHarmless(err error) error {
	switch {
	case errors.Is(err, redis.Nil): // there is nothing to do
		return nil
	case errors.Is(err, redis.ErrWriteInDoubt): // if we got jobs they are pending, and will be taken over
		return nil
	}
	return err
}

// work has a worker do jobs until stop is closed. One that fails is not
// acknowledged, nor are those that were taken with it.
func (q queue) work(ctx context.Context, worker string, stop <-chan struct{}, do func(name string) error) error {
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		taken, err := q.take(ctx, worker)
		if err != nil {
			return err
		}
		for _, job := range taken {
			if err := do(fmt.Sprint(job.Values["name"])); err != nil {
				return err
			}
			if err := q.acknowledge(ctx, job.ID); err != nil {
				return err
			}
		}
	}
}

// acknowledge tells that a job is done. To do so twice does no harm.
func (q queue) acknowledge(ctx context.Context, id string) error {
	for {
		err := q.rdb.XAck(ctx, q.stream, q.group, id).Err()
		if !errors.Is(err, redis.ErrWriteInDoubt) {
			return err
		}
	}
}

// ledger has how often each job was done, and by whom how many.
type ledger struct {
	mu       sync.Mutex
	times    map[string]int
	byWorker map[string]int
	halfway  chan struct{}
	complete chan struct{}
}

// enter notes that a worker has done a job.
func (l *ledger) enter(worker, job string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.byWorker[worker]++
	l.times[job]++
	if l.times[job] > 1 {
		return
	}
	switch len(l.times) {
	case jobs / 2:
		close(l.halfway)
	case jobs:
		close(l.complete)
	}
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	addrs, failOver, stop, err := openCluster()
	if err != nil {
		return err
	}
	defer stop()
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs})
	defer func() { _ = rdb.Close() }()

	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	q := queue{rdb, fmt.Sprint("jobs:", time.Now().UnixNano()), "workers", patience}
	if err := rdb.XGroupCreateMkStream(ctx, q.stream, q.group, "0").Err(); err != nil {
		return err
	}
	defer func() { _ = rdb.Del(context.WithoutCancel(ctx), q.stream).Err() }()
	names := make([]string, jobs)
	for i := range names {
		names[i] = fmt.Sprint("job ", i)
	}
	if err := q.add(ctx, names...); err != nil {
		return err
	}

	done := &ledger{
		times: map[string]int{}, byWorker: map[string]int{},
		halfway: make(chan struct{}), complete: make(chan struct{}),
	}
	if err := q.employ(ctx, done, func() error { return failOver(q.stream) }); err != nil {
		return err
	}
	return q.check(ctx, done, names)
}

var errDied = errors.New("the worker died")

// employ has workers do all jobs and calls halfway when half of them are done.
// The first worker dies before the others begin.
func (q queue) employ(ctx context.Context, done *ledger, halfway func() error) error {
	do := func(worker, job string) error {
		time.Sleep(2 * time.Millisecond) // the work
		done.enter(worker, job)
		return nil
	}
	first, begun := workerName(0), 0
	err := q.work(ctx, first, done.complete, func(job string) error {
		if begun++; begun > finished {
			return errDied
		}
		return do(first, job)
	})
	if !errors.Is(err, errDied) {
		return fmt.Errorf("%s did not die: %v", first, err)
	}
	fmt.Println(first, "dies with jobs in hand")

	group, ctx := errgroup.WithContext(ctx)
	for i := 1; i < workers; i++ {
		worker := workerName(i)
		group.Go(func() error {
			return q.work(ctx, worker, done.complete, func(job string) error { return do(worker, job) })
		})
	}
	group.Go(func() error {
		select {
		case <-done.halfway:
			return halfway()
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	return group.Wait()
}

func workerName(i int) string { return fmt.Sprint("worker ", i) }

// check says what is wrong unless each job was done and nothing is pending.
func (q queue) check(ctx context.Context, done *ledger, names []string) error {
	for i := range workers {
		worker := workerName(i)
		fmt.Println(worker, "did", done.byWorker[worker], "jobs")
	}
	twice := 0
	for _, name := range names {
		switch done.times[name] {
		case 0:
			return fmt.Errorf("%s was not done", name)
		case 1:
		default:
			twice++
		}
	}
	pending, err := q.rdb.XPending(ctx, q.stream, q.group).Result()
	if err != nil {
		return err
	}
	fmt.Printf("all %d jobs are done, %d of them more than once; %d are pending\n", len(names), twice, pending.Count)
	if pending.Count != 0 {
		return fmt.Errorf("%d jobs are pending: %v", pending.Count, pending.Consumers)
	}
	return nil
}

// openCluster tells where the cluster is, and how to have the shard of a key
// fail over.
func openCluster() (addrs []string, failOver func(key string) error, stop func(), err error) {
	if given := os.Getenv("REDIS_ADDRS"); given != "" {
		return strings.Split(given, ","), func(string) error { return nil }, func() {}, nil
	}
	cluster, err := clustertest.Run(clustertest.Options{Replicas: 1})
	if err != nil {
		return nil, nil, nil, err
	}
	failOver = func(key string) error { return cluster.Failover(cluster.PrimaryForKey(key).Shard()) }
	return cluster.Addrs(), failOver, cluster.Close, nil
}
