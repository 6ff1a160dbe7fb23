package redis_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"sort"
	"sync"
	"time"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/clustertest"
)

var ctx = context.Background()

// open starts a cluster inside the process and makes a client of it. close ends
// both.
func open() (cluster *clustertest.Cluster, rdb *redis.ClusterClient, closeBoth func()) {
	cluster, err := clustertest.Run(clustertest.Options{Shards: 3, Replicas: 1})
	if err != nil {
		log.Fatal(err)
	}
	rdb = redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()})
	return cluster, rdb, func() {
		if err := rdb.Close(); err != nil {
			log.Print(err)
		}
		cluster.Close()
	}
}

func ExampleNewClusterClient() {
	cluster, err := clustertest.Run(clustertest.Options{Shards: 3, TLS: true, Password: "secret"})
	if err != nil {
		log.Fatal(err)
	}
	defer cluster.Close()

	rdb := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs:     cluster.Addrs()[:1], // one is enough to learn the others
		Password:  "secret",
		TLSConfig: cluster.TLSConfig(),
	})
	defer func() { _ = rdb.Close() }()

	fmt.Println(rdb.Ping(ctx).Result())
	// Output: PONG <nil>
}

func ExampleParseClusterURL() {
	opt, err := redis.ParseClusterURL("rediss://app:secret@cluster.example.com:6379" +
		"?addr=other.example.com:6379&read_only=true&max_retries=5&read_timeout=500ms")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(opt.Addrs)
	fmt.Println(opt.Username, opt.TLSConfig != nil, opt.ReadOnly, opt.MaxRetries, opt.ReadTimeout)
	// Output:
	// [cluster.example.com:6379 other.example.com:6379]
	// app true true 5 500ms
}

func ExampleClusterClient_Get() {
	_, rdb, closeBoth := open()
	defer closeBoth()

	if err := rdb.Set(ctx, "user:17:name", "Ada", time.Hour).Err(); err != nil {
		log.Fatal(err)
	}
	name, err := rdb.Get(ctx, "user:17:name").Result()
	fmt.Println(name, err)

	_, err = rdb.Get(ctx, "user:18:name").Result()
	if errors.Is(err, redis.Nil) {
		fmt.Println("there is no user 18")
	}
	// Output:
	// Ada <nil>
	// there is no user 18
}

// The keys of MSET, MGET and their like may be on several nodes.
func ExampleClusterClient_MGet() {
	cluster, rdb, closeBoth := open()
	defer closeBoth()

	if err := rdb.MSet(ctx, "red", 1, "green", 2, "blue", 3).Err(); err != nil {
		log.Fatal(err)
	}
	shards := map[int]bool{}
	for _, key := range []string{"red", "green", "blue"} {
		shards[cluster.PrimaryForKey(key).Shard()] = true
	}
	fmt.Println("shards:", len(shards))
	fmt.Println(rdb.MGet(ctx, "blue", "white", "green", "red").Result())
	fmt.Println(rdb.Del(ctx, "red", "green", "blue").Result())
	// Output:
	// shards: 3
	// [3 <nil> 2 1] <nil>
	// 3 <nil>
}

func ExampleClusterClient_Pipelined() {
	_, rdb, closeBoth := open()
	defer closeBoth()

	var visits, size *redis.IntCmd
	_, err := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		visits = pipe.IncrBy(ctx, "visits", 3)
		size = pipe.RPush(ctx, "queue", "first", "second")
		return nil
	})
	fmt.Println(visits.Val(), size.Val(), err)
	// Output: 3 2 <nil>
}

// The braces put both keys into the same slot, as a transaction demands.
func ExampleClusterClient_TxPipelined() {
	_, rdb, closeBoth := open()
	defer closeBoth()

	cmds, err := rdb.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		tx.DecrBy(ctx, "{account:1}:free", 20)
		tx.IncrBy(ctx, "{account:1}:reserved", 20)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, cmd := range cmds {
		fmt.Println(cmd)
	}

	_, err = rdb.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		tx.DecrBy(ctx, "account:1", 20)
		tx.IncrBy(ctx, "account:2", 20)
		return nil
	})
	fmt.Println(errors.Is(err, redis.ErrCrossSlot))
	// Output:
	// decrby {account:1}:free 20: -20
	// incrby {account:1}:reserved 20: 20
	// true
}

func ExampleMapStringStringCmd_Scan() {
	_, rdb, closeBoth := open()
	defer closeBoth()

	type user struct {
		Name   string    `redis:"name"`
		Age    int       `redis:"age"`
		Joined time.Time `redis:"joined"`
	}
	ada := user{Name: "Ada", Age: 36, Joined: time.Date(1843, 7, 1, 0, 0, 0, 0, time.UTC)}
	if err := rdb.HSet(ctx, "user:17", ada).Err(); err != nil {
		log.Fatal(err)
	}

	var found user
	err := rdb.HGetAll(ctx, "user:17").Scan(&found)
	fmt.Println(found.Name, found.Age, found.Joined.Year(), err)
	// Output: Ada 36 1843 <nil>
}

func ExampleClusterClient_ForEachMaster() {
	_, rdb, closeBoth := open()
	defer closeBoth()

	for i := range 100 {
		if err := rdb.Set(ctx, fmt.Sprint("key:", i), i, 0).Err(); err != nil {
			log.Fatal(err)
		}
	}

	// The function is called for all primaries at once.
	var mu sync.Mutex
	var sizes []int
	err := rdb.ForEachMaster(ctx, func(ctx context.Context, primary *redis.Client) error {
		size, err := primary.DBSize(ctx).Result()
		mu.Lock()
		defer mu.Unlock()
		sizes = append(sizes, int(size))
		return err
	})
	sort.Ints(sizes)
	sum := 0
	for _, size := range sizes {
		sum += size
	}
	fmt.Println(len(sizes), "primaries have", sum, "keys", err)
	// Output: 3 primaries have 100 keys <nil>
}

// A write is sent, and its connection is lost before the reply comes. Nobody
// knows whether it ran, so it is not repeated.
func Example_writeInDoubt() {
	cluster, rdb, closeBoth := open()
	defer closeBoth()

	if err := rdb.Set(ctx, "visits", 41, 0).Err(); err != nil {
		log.Fatal(err)
	}
	node := cluster.PrimaryForKey("visits")
	cluster.Delay(node, time.Hour) // replies do not arrive any more
	done := make(chan error)
	go func() { done <- rdb.Incr(ctx, "visits").Err() }()
	for cluster.Commands(node)["INCR"] == 0 {
		time.Sleep(time.Millisecond)
	}
	cluster.Delay(node, 0)
	cluster.Disconnect(node)

	err := <-done
	fmt.Println("in doubt:", errors.Is(err, redis.ErrWriteInDoubt))
	var lost *redis.NodeError
	fmt.Println("by the fault of that node:", errors.As(err, &lost) && lost.Node == node.Addr())

	// Only the program can say what is right then: to look, for instance.
	fmt.Println(rdb.Get(ctx, "visits").Result())
	// Output:
	// in doubt: true
	// by the fault of that node: true
	// 42 <nil>
}
