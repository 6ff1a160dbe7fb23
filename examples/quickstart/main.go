// Quickstart reads and writes a Redis Cluster with 27 goroutines for twelve
// seconds and shows, as it runs, which nodes serve the reads. Its client has the
// settings of an article by Amazon on clients of ElastiCache.
//
// It brings a cluster of its own: three shards with a replica each, with TLS and
// a password, inside the process. After a third of the time the primary of the
// first shard fails. To run it on a real cluster, where nothing is made to fail,
// set
//
//	REDIS_ADDRS     host:port, several separated by commas
//	REDIS_USERNAME  the ACL user, if it is not the default one
//	REDIS_PASSWORD  the password or AUTH token, if there is one
//	REDIS_TLS       1 for TLS
//	REDIS_CA        file with the authority's certificate, if the system does not know it
//
// The exit status is 1 if a read failed, if a write failed that is not in doubt, or
// if anything returned a wrong value.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"time"

	redis "github.com/seed-e06f3def/rediscluster"
)

// options are the client's: everything that differs between an embedded
// cluster and ElastiCache is where to find it and how to get in.
func options(where access) *redis.ClusterOptions {
	return &redis.ClusterOptions{
		Addrs:     where.addrs, // of ElastiCache: the configuration endpoint
		Username:  where.username,
		Password:  where.password,
		TLSConfig: where.tls,

		PoolSize:           10,
		MinIdleConns:       10,
		DialTimeout:        5 * time.Second,
		ReadTimeout:        3 * time.Second,
		WriteTimeout:       3 * time.Second,
		PoolTimeout:        4 * time.Second,
		IdleCheckFrequency: 60 * time.Second,
		IdleTimeout:        5 * time.Minute,
		MaxConnAge:         0,

		MaxRetries:      10,
		MinRetryBackoff: 8 * time.Millisecond,
		MaxRetryBackoff: 512 * time.Millisecond,

		// Replicas serve reads too, and of each shard the nearest node does:
		// RouteByLatency wins over RouteRandomly.
		ReadOnly:       true,
		RouteRandomly:  true,
		RouteByLatency: true,

		// Not Amazon's: nodes that join are noticed before the program is over.
		ClusterStateReloadInterval: time.Second,
	}
}

// length is how long the program runs.
const length = 12 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, length, newScreen(os.Stdout, isLively(os.Stdout)))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// run is the whole program.
func run(ctx context.Context, length time.Duration, show *screen) error {
	site, err := openSite()
	if err != nil {
		return err
	}
	defer site.close()
	rdb := redis.NewClusterClient(options(site.access()))
	defer func() { _ = rdb.Close() }()

	work := newLoad(rdb)
	if err := work.prepare(ctx); err != nil {
		return fmt.Errorf("preparing the keys: %w", err)
	}
	defer work.cleanUp()
	nodes := newWatch(rdb, site)
	if err := nodes.look(ctx, 10*lookTimeout); err != nil {
		return fmt.Errorf("looking at the nodes: %w", err)
	}

	show.begin(site.title(), length)
	defer show.restore()
	during, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { work.run(during.Done(), ctx) })
	wg.Go(func() { nodes.run(during, length) })
	wg.Go(func() { site.play(during, length, work, show.say) })
	show.follow(during, nodes, work)
	wg.Wait()

	show.finish(nodes, work, rdb.PoolStats())
	return work.verdict()
}
