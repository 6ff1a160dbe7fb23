package redis_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	goredis "github.com/seed-e06f3def/rediscluster"
)

// program is what a service does that caches things in a cluster: it is written
// like one that used go-redis with ElastiCache, down to the names of the
// options.
type program struct {
	rdb  *goredis.ClusterClient
	name string
}

// newProgram sets the client up as such programs do. With routing, reads go to
// the nearest node of the shard.
func newProgram(name string, addrs []string, password string, tlsConfig *tls.Config, routing bool) *program {
	rdb := goredis.NewClusterClient(&goredis.ClusterOptions{
		Addrs:    addrs,
		Password: password,

		PoolSize:     10,
		MinIdleConns: 10,

		DialTimeout:  5 * time.Second,
		ReadTimeout:  3 * time.Second,
		WriteTimeout: 3 * time.Second,
		PoolTimeout:  4 * time.Second,

		IdleCheckFrequency: 60 * time.Second,
		IdleTimeout:        5 * time.Minute,
		MaxConnAge:         0,

		MaxRetries:      10,
		MinRetryBackoff: 8 * time.Millisecond,
		MaxRetryBackoff: 512 * time.Millisecond,

		TLSConfig: tlsConfig,

		ReadOnly:       routing,
		RouteRandomly:  routing,
		RouteByLatency: routing,
	})
	return &program{rdb, name}
}

// key is the n-th key of a goroutine.
func (p *program) key(worker, n int) string { return fmt.Sprintf("%s:%d:%d", p.name, worker, n) }

// serve has goroutines read and write in a loop until stop is closed.
func (p *program) serve(ctx context.Context, workers int, stop <-chan struct{}) error {
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for round := 0; errs[worker] == nil; round++ {
				select {
				case <-stop:
					return
				default:
				}
				errs[worker] = p.request(ctx, worker, round)
			}
		}()
	}
	wg.Wait()
	return errors.Join(errs...)
}

// request is what the program does for one of its own callers.
func (p *program) request(ctx context.Context, worker, round int) error {
	key := p.key(worker, round%50)
	status, err := p.rdb.Set(ctx, key, key+"="+fmt.Sprint(round), time.Hour).Result()
	if err != nil || status != "OK" {
		return fmt.Errorf("SET %s: %q, %w", key, status, err)
	}
	if err := p.check(p.rdb.Get(ctx, key)); err != nil {
		return err
	}
	if _, err := p.rdb.Get(ctx, p.key(worker, -1)).Result(); err != goredis.Nil {
		return fmt.Errorf("GET of a key that is not there: %w", err)
	}
	if round%10 == 0 {
		return p.pipeline(ctx, worker)
	}
	if round%10 == 5 {
		return p.several(ctx, worker)
	}
	return nil
}

// check looks at what a key holds: a value of its own. A replica may lag behind
// and not have it yet.
func (p *program) check(cmd *goredis.StringCmd) error {
	key := cmd.Args()[1].(string)
	val, err := cmd.Result()
	if err == goredis.Nil && p.rdb.Options().ReadOnly {
		return nil
	}
	if err != nil || !strings.HasPrefix(val, key+"=") {
		return fmt.Errorf("GET %s: %q, %w", key, val, err)
	}
	return nil
}

func (p *program) pipeline(ctx context.Context, worker int) error {
	pipe := p.rdb.Pipeline()
	for n := range 20 {
		pipe.Set(ctx, p.key(worker, n), p.key(worker, n)+"=piped", time.Hour)
	}
	for n := range 20 {
		pipe.Get(ctx, p.key(worker, n))
	}
	cmders, err := pipe.Exec(ctx)
	if err != nil && err != goredis.Nil {
		return fmt.Errorf("Exec: %w", err)
	}
	for n, cmder := range cmders[20:] {
		cmd := cmder.(*goredis.StringCmd)
		if cmd.Args()[1] != p.key(worker, n) {
			return fmt.Errorf("command %d of the pipeline is %s", n, cmd)
		}
		if err := p.check(cmd); err != nil {
			return err
		}
	}
	return nil
}

// several reads and writes keys of three slots with one command.
func (p *program) several(ctx context.Context, worker int) error {
	keys := []string{p.key(worker, 0) + "{a}", p.key(worker, 1) + "{b}", p.key(worker, 2) + "{c}"}
	pairs := make([]interface{}, 0, 6)
	for _, key := range keys {
		pairs = append(pairs, key, key+"=set")
	}
	if err := p.rdb.MSet(ctx, pairs...).Err(); err != nil {
		return fmt.Errorf("MSET: %w", err)
	}
	vals, err := p.rdb.MGet(ctx, keys...).Result()
	if err != nil || len(vals) != len(keys) {
		return fmt.Errorf("MGET: %v, %w", vals, err)
	}
	for i, val := range vals {
		if val == nil && p.rdb.Options().ReadOnly {
			continue
		}
		if val != keys[i]+"=set" {
			return fmt.Errorf("MGET: %s has %v", keys[i], val)
		}
	}
	return nil
}

// loadTime is for how long a test keeps up its load: a few seconds, or what
// REDISCLUSTER_SOAK says.
func loadTime(t *testing.T) time.Duration {
	soak := os.Getenv("REDISCLUSTER_SOAK")
	if soak == "" {
		return 2 * time.Second
	}
	d, err := time.ParseDuration(soak)
	require.NoError(t, err, "REDISCLUSTER_SOAK")
	return d
}

// TestProgram runs the program and counts its connections all the while: as
// many as PoolSize and MinIdleConns say, to every node, no more and no fewer.
func TestProgram(t *testing.T) {
	const conns = 10
	for _, routing := range []bool{false, true} {
		t.Run(fmt.Sprintf("routing %v", routing), func(t *testing.T) {
			onSharedClusters(t, func(t *testing.T, cl *goredis.SharedCluster) {
				before := socketsTo(t, cl.Addrs())
				open := func() map[string]int { return socketsTo(t, cl.Addrs()).without(before).counts() }
				want := eachHas(conns, cl.Addrs())

				p := newProgram(t.Name(), cl.Addrs()[:1], cl.Password, cl.TLSConfig(), routing)
				defer func() {
					if t.Failed() {
						t.Logf("connections %v; %+v", open(), *p.rdb.PoolStats())
					}
					require.NoError(t, p.rdb.Close())
					require.Empty(t, open())
				}()
				// It has them before anything was asked of it.
				eventually(t, func() bool { return maps.Equal(want, open()) })

				stop := make(chan struct{})
				ended := make(chan error, 1)
				go func() { ended <- p.serve(context.Background(), 16, stop) }()
				samples := 0
				for end := time.Now().Add(loadTime(t)); time.Now().Before(end); samples++ {
					require.Equal(t, want, open())
					select {
					case err := <-ended:
						require.NoError(t, err)
					case <-time.After(50 * time.Millisecond):
					}
				}
				close(stop)
				require.NoError(t, <-ended)
				require.Equal(t, want, open())

				allIdle := func() bool { return p.rdb.PoolStats().IdleConns == uint32(conns*len(cl.Addrs())) }
				eventually(t, allIdle)
				stats := p.rdb.PoolStats()
				t.Logf("connections counted %d times; %+v", samples, *stats)
				require.NotZero(t, stats.Hits)
				require.Less(t, stats.Misses, stats.Hits)
				require.Zero(t, stats.Timeouts)
				require.EqualValues(t, conns*len(cl.Addrs()), stats.TotalConns)
				require.Zero(t, stats.StaleConns)
			})
		})
	}
}
