// Counter counts requests per client and refuses those above a limit: a
// distributed rate limit, kept in a Redis Cluster by a script, so that counting
// and setting the time to live are one step.
//
// It brings a cluster of its own, inside the process, and has a shard fail over
// half-way. Set REDIS_ADDRS to host:port, several separated by commas, to run it
// on a real one, where nothing is made to fail.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/clustertest"
)

// count adds to a counter that ends some time after it began, and tells what it
// has come to. Nodes that do not have the script are sent it once.
var count = redis.NewScript(`
	local n = redis.call("INCR", KEYS[1])
	if n == 1 then
		redis.call("PEXPIRE", KEYS[1], ARGV[1])
	end
	return n
`)

// limit lets each client make so many requests in a period.
type limit struct {
	rdb      *redis.ClusterClient
	requests int64
	period   time.Duration
}

// allow counts a request of the client and reports whether it is within the
// limit.
func (l limit) allow(ctx context.Context, client string) (bool, error) {
	n, err := count.Run(ctx, l.rdb, []string{"requests:" + client}, l.period.Milliseconds()).Int64()
	return n <= l.requests, err
}

const (
	clients  = 12
	attempts = 50 // of each client
	allowed  = 20
)

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

	granted, err := makeRequests(ctx, limit{rdb, allowed, time.Minute}, failOver)
	if err != nil {
		return err
	}
	for i, n := range granted {
		fmt.Printf("client %2d: %d of %d requests allowed\n", i, n, attempts)
		if n != allowed {
			return fmt.Errorf("client %d was allowed %d requests instead of %d", i, n, allowed)
		}
	}
	return nil
}

// makeRequests has all clients make their requests, and calls halfway when each
// has made half of them. It returns how many were allowed to each.
func makeRequests(ctx context.Context, l limit, halfway func() error) ([]int, error) {
	run := fmt.Sprint(time.Now().UnixNano()) // each run of the program counts anew
	granted := make([]int, clients)
	for part := range 2 {
		var group sync.WaitGroup
		var failure atomic.Pointer[error]
		for i := range clients {
			group.Go(func() {
				for range attempts / 2 {
					ok, err := l.allow(ctx, fmt.Sprint(run, ":", i))
					if err != nil {
						failure.Store(&err)
						return
					}
					if ok {
						granted[i]++
					}
				}
			})
		}
		group.Wait()
		if err := failure.Load(); err != nil {
			return nil, *err
		}
		if part == 0 {
			if err := halfway(); err != nil {
				return nil, err
			}
		}
	}
	return granted, nil
}

// openCluster tells where the cluster is, and how to have a shard of it fail
// over.
func openCluster() (addrs []string, failOver func() error, stop func(), err error) {
	if given := os.Getenv("REDIS_ADDRS"); given != "" {
		return strings.Split(given, ","), func() error { return nil }, func() {}, nil
	}
	cluster, err := clustertest.Run(clustertest.Options{Replicas: 1})
	if err != nil {
		return nil, nil, nil, err
	}
	return cluster.Addrs(), func() error { return cluster.Failover(0) }, cluster.Close, nil
}
