// Cacheaside keeps what a slow source knows in a Redis Cluster: products are
// read with one MGET, whichever nodes have them; what the cluster lacks is taken
// from the source and put there with one pipeline.
//
// It brings a cluster of its own, inside the process. Set REDIS_ADDRS to
// host:port, several separated by commas, to run it on a real one.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/clustertest"
)

type product struct {
	ID    int    `json:"id"`
	Name  string `json:"name"`
	Cents int64  `json:"cents"`
}

// source is where products come from, a database for instance.
type source interface {
	products(ctx context.Context, ids []int) ([]product, error)
}

// catalogue is a source with a cluster before it.
type catalogue struct {
	rdb    *redis.ClusterClient
	prefix string
	life   time.Duration // of what is kept
	source source
}

func (c catalogue) key(id int) string { return fmt.Sprint(c.prefix, id) }

// products returns the products with these ids, in their order. A cluster that
// is out of order costs time, not the answer: the source has everything.
func (c catalogue) products(ctx context.Context, ids []int) ([]product, error) {
	found, err := c.kept(ctx, ids)
	if err != nil {
		fmt.Fprintln(os.Stderr, "the cache does not answer:", err)
	}
	var missing []int
	for _, id := range ids {
		if _, ok := found[id]; !ok {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		fresh, err := c.source.products(ctx, missing)
		if err != nil {
			return nil, err
		}
		for _, p := range fresh {
			found[p.ID] = p
		}
		if err := c.keep(ctx, fresh); err != nil {
			fmt.Fprintln(os.Stderr, "not kept:", err)
		}
	}
	list := make([]product, 0, len(ids))
	for _, id := range ids {
		if p, ok := found[id]; ok {
			list = append(list, p)
		}
	}
	return list, nil
}

// kept is those of the products that the cluster has.
func (c catalogue) kept(ctx context.Context, ids []int) (map[int]product, error) {
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = c.key(id)
	}
	found := map[int]product{}
	values, err := c.rdb.MGet(ctx, keys...).Result()
	// If only some nodes failed, the others' values are there.
	if err != nil && !errors.As(err, new(*redis.PartialError)) {
		return found, err
	}
	for i, value := range values {
		text, ok := value.(string)
		if !ok {
			continue // not there
		}
		var p product
		if json.Unmarshal([]byte(text), &p) == nil {
			found[ids[i]] = p
		}
	}
	return found, err
}

// keep puts products into the cluster.
func (c catalogue) keep(ctx context.Context, products []product) error {
	_, err := c.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, p := range products {
			text, err := json.Marshal(p)
			if err != nil {
				return err
			}
			pipe.Set(ctx, c.key(p.ID), text, c.life)
		}
		return nil
	})
	return err
}

// slow is a source that counts how often it is asked, and for how many.
type slow struct{ asked, served int }

func (s *slow) products(_ context.Context, ids []int) ([]product, error) {
	s.asked++
	s.served += len(ids)
	list := make([]product, 0, len(ids))
	for _, id := range ids {
		list = append(list, product{id, fmt.Sprint("product ", id), int64(id) * 100})
	}
	return list, nil
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	addrs, stop, err := openCluster()
	if err != nil {
		return err
	}
	defer stop()
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs})
	defer func() { _ = rdb.Close() }()

	database := new(slow)
	shop := catalogue{rdb, fmt.Sprint("product:", time.Now().UnixNano(), ":"), time.Minute, database}
	for _, page := range []struct{ first, last, fromSource int }{
		{1, 20, 20},
		{1, 20, 20},  // all of them are kept now
		{11, 30, 30}, // half of them are
	} {
		ids := make([]int, 0, page.last-page.first+1)
		for id := page.first; id <= page.last; id++ {
			ids = append(ids, id)
		}
		began := time.Now()
		products, err := shop.products(ctx, ids)
		if err != nil {
			return err
		}
		fmt.Printf("products %2d to %2d: %d in %v; the source has served %d so far\n",
			page.first, page.last, len(products), time.Since(began).Round(time.Microsecond), database.served)
		if len(products) != len(ids) || database.served != page.fromSource {
			return fmt.Errorf("%d products instead of %d; the source served %d instead of %d",
				len(products), len(ids), database.served, page.fromSource)
		}
	}
	return nil
}

func openCluster() (addrs []string, stop func(), err error) {
	if given := os.Getenv("REDIS_ADDRS"); given != "" {
		return strings.Split(given, ","), func() {}, nil
	}
	cluster, err := clustertest.Run(clustertest.Options{})
	if err != nil {
		return nil, nil, err
	}
	return cluster.Addrs(), cluster.Close, nil
}
