package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

const (
	shards = 3

	// nodeTimeout is long: on a busy machine a master that is late for the
	// bus must not be taken for dead.
	nodeTimeout = 30 * time.Second
)

// site is a running cluster and what it has been loaded with.
type site struct {
	cluster *redistest.Cluster
	stop    func()
	loaded  map[string]bool
}

func startSite(ctx context.Context, tls bool) (*site, error) {
	cluster, stop, err := redistest.Run(ctx, redistest.Options{Shards: shards, TLS: tls, NodeTimeout: nodeTimeout})
	if err != nil {
		return nil, err
	}
	return &site{cluster: cluster, stop: stop, loaded: map[string]bool{}}, nil
}

func (s *site) endpoint() endpoint {
	return endpoint{addrs: s.cluster.Addrs(), tls: s.cluster.TLSConfig()}
}

// version is what the servers call themselves.
func (s *site) version() string {
	info, err := s.cluster.Nodes()[0].Info("server")
	if err != nil {
		return "unknown"
	}
	return info["redis_version"]
}

// load writes what the workload reads, once. The writer is always the same
// library, and none of the compared drivers.
func (s *site) load(ctx context.Context, w workload, d *dataset) error {
	id := fmt.Sprint(w.prefix(), w.size, w.mixed)
	if w.writes || s.loaded[id] {
		return nil
	}
	rdb := newGoRedisClient(s.endpoint())
	defer rdb.Close()
	for _, v := range []values{d.small, d.bulk} {
		if err := loadValues(ctx, rdb, v); err != nil {
			return err
		}
	}
	for k, key := range d.hashes.keys {
		pairs := make([]string, 0, 2*len(d.hashes.fields))
		for f, field := range d.hashes.fields {
			pairs = append(pairs, field, d.hashes.vals[k][f])
		}
		if err := rdb.HSet(ctx, key, pairs).Err(); err != nil {
			return err
		}
	}
	s.loaded[id] = true
	return nil
}

func loadValues(ctx context.Context, rdb *goredis.ClusterClient, v values) error {
	const chunk = 4 * miB
	pipe := rdb.Pipeline()
	size := 0
	for i, key := range v.keys {
		pipe.Set(ctx, key, v.vals[i], 0)
		size += len(v.vals[i])
		if size >= chunk || i == len(v.keys)-1 {
			if _, err := pipe.Exec(ctx); err != nil {
				return err
			}
			size = 0
		}
	}
	return nil
}

// work is the processor time that all nodes have used, and how often they have
// read from a connection.
func (s *site) work() (cpu time.Duration, reads uint64, err error) {
	sums := map[string]float64{"used_cpu_sys": 0, "used_cpu_user": 0, "total_reads_processed": 0}
	for _, n := range s.cluster.Nodes() {
		info, err := n.Info("default")
		if err != nil {
			return 0, 0, err
		}
		for field := range sums {
			value, err := strconv.ParseFloat(info[field], 64)
			if err != nil {
				return 0, 0, fmt.Errorf("%s of %s: %w", field, n.Addr(), err)
			}
			sums[field] += value
		}
	}
	seconds := sums["used_cpu_sys"] + sums["used_cpu_user"]
	return time.Duration(seconds * float64(time.Second)), uint64(sums["total_reads_processed"]), nil
}

// sites starts clusters when they are first asked for.
type sites struct {
	byTLS map[bool]*site
}

func (s *sites) get(ctx context.Context, tls bool) (*site, error) {
	if started, ok := s.byTLS[tls]; ok {
		return started, nil
	}
	started, err := startSite(ctx, tls)
	if err != nil {
		return nil, err
	}
	if s.byTLS == nil {
		s.byTLS = map[bool]*site{}
	}
	s.byTLS[tls] = started
	return started, nil
}

func (s *sites) stop() {
	for _, site := range s.byTLS {
		site.stop()
	}
}
