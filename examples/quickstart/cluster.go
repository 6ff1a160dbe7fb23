package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/clustertest"
)

// site is a cluster to run on.
type site interface {
	title() string
	access() access
	// served tells how many reads each node has served, by its address.
	served(ctx context.Context, rdb *redis.ClusterClient) map[string]int64
	// play does to the cluster what is to be seen, and says so.
	play(ctx context.Context, length time.Duration, work *load, say say)
	close()
}

// access is how to get into a cluster.
type access struct {
	addrs    []string
	username string
	password string
	tls      *tls.Config
}

// say announces an event.
type say func(format string, args ...any)

func openSite() (site, error) {
	if os.Getenv("REDIS_ADDRS") != "" {
		return openGiven()
	}
	return openEmbedded()
}

// embedded is a cluster inside this process, with two data centres: the
// program is in the first.
type embedded struct{ *clustertest.Cluster }

const (
	embeddedPassword = "correct horse battery staple"
	// distance is how much later the nodes of the other data centre answer.
	distance = 2 * time.Millisecond
)

func openEmbedded() (site, error) {
	cluster, err := clustertest.Run(clustertest.Options{Shards: 3, Replicas: 1, TLS: true, Password: embeddedPassword})
	if err != nil {
		return nil, err
	}
	for shard := range cluster.Shards() {
		far := cluster.Replicas(shard)[0]
		if shard%2 == 1 {
			far = cluster.Primary(shard)
		}
		cluster.Delay(far, distance)
	}
	return embedded{cluster}, nil
}

func (e embedded) title() string {
	return fmt.Sprintf("embedded cluster, TLS, half of its nodes %v away", distance)
}

func (e embedded) access() access {
	return access{addrs: e.Addrs()[:1], password: embeddedPassword, tls: e.TLSConfig()}
}

func (e embedded) close() { e.Close() }

func (e embedded) served(context.Context, *redis.ClusterClient) map[string]int64 {
	served := map[string]int64{}
	for _, n := range e.Nodes() {
		commands := e.Commands(n)
		served[n.Addr()] = int64(commands["GET"] + commands["MGET"])
	}
	return served
}

// play has the primary of the first shard fail, its replica elected after a
// twelfth of the time, and the node come back.
func (e embedded) play(ctx context.Context, length time.Duration, work *load, say say) {
	step := length / 12
	if !wait(ctx, 4*step, nil) {
		return
	}
	failed := time.Now()
	old, err := e.FailPrimary(0, step)
	if err != nil {
		say("cannot make a primary fail: %v", err)
		return
	}
	say("the primary of shard 1, %s, dies", short(old.Addr()))
	if !wait(ctx, 0, func() bool { return e.Primary(0) != old }) {
		return
	}
	elected := time.Now()
	say("%s is elected primary, after %s", short(e.Primary(0).Addr()), seconds(elected.Sub(failed)))
	if !wait(ctx, 0, func() bool { return work.writes.last.Load() > elected.UnixNano() }) {
		return
	}
	say("shard 1 takes writes again, %s after the failure", seconds(time.Since(failed)))
	if !wait(ctx, 4*step-time.Since(failed), nil) {
		return
	}
	if err := e.Start(old); err != nil {
		say("cannot start %s again: %v", short(old.Addr()), err)
		return
	}
	say("%s is back, as a replica", short(old.Addr()))
}

// wait waits for some time, or until something is so. It is false if the
// context ends first.
func wait(ctx context.Context, d time.Duration, until func() bool) bool {
	if until == nil {
		select {
		case <-time.After(d):
			return true
		case <-ctx.Done():
			return false
		}
	}
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !until() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// given is a real cluster that the environment names.
type given struct{ where access }

func openGiven() (site, error) {
	where := access{username: os.Getenv("REDIS_USERNAME"), password: os.Getenv("REDIS_PASSWORD")}
	for addr := range strings.SplitSeq(os.Getenv("REDIS_ADDRS"), ",") {
		if addr = strings.TrimSpace(addr); addr != "" {
			where.addrs = append(where.addrs, addr)
		}
	}
	ca := os.Getenv("REDIS_CA")
	if on, _ := strconv.ParseBool(cmp.Or(os.Getenv("REDIS_TLS"), "0")); !on {
		if ca != "" {
			return nil, errors.New("REDIS_CA is set, but REDIS_TLS is not 1")
		}
		return given{where}, nil
	}
	where.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, fmt.Errorf("REDIS_CA: %w", err)
		}
		where.tls.RootCAs = x509.NewCertPool()
		if !where.tls.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("REDIS_CA: no certificate in %s", ca)
		}
	}
	return given{where}, nil
}

func (g given) title() string { return g.where.addrs[0] + ", where nothing is made to fail" }

func (g given) access() access { return g.where }

func (g given) close() {}

// served asks the nodes themselves, so that it counts the reads of other
// clients too.
func (g given) served(ctx context.Context, rdb *redis.ClusterClient) map[string]int64 {
	var mu sync.Mutex
	served := map[string]int64{}
	_ = rdb.ForEachShard(ctx, func(ctx context.Context, node *redis.Client) error {
		info, err := node.InfoMap(ctx, "commandstats").Result()
		if err != nil {
			return err // the node is not in the answer
		}
		var calls int64
		for _, command := range []string{"cmdstat_get", "cmdstat_mget"} {
			calls += callsIn(info["Commandstats"][command])
		}
		mu.Lock()
		defer mu.Unlock()
		served[node.Options().Addr] = calls
		return nil
	})
	return served
}

// callsIn reads the number of calls in a line of INFO such as
// "calls=21,usec=175,…".
func callsIn(stats string) int64 {
	first, _, _ := strings.Cut(stats, ",")
	n, _ := strconv.ParseInt(strings.TrimPrefix(first, "calls="), 10, 64)
	return n
}

func (g given) play(context.Context, time.Duration, *load, say) {}
