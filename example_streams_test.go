package redis_test

import (
	"fmt"
	"log"

	redis "github.com/seed-e06f3def/rediscluster"
)

// A producer adds to a stream; the consumers of a group share what is there, and
// acknowledge what they have done.
func ExampleClusterClient_XReadGroup() {
	_, rdb, closeBoth := open()
	defer closeBoth()

	for _, name := range []string{"wash", "dry", "iron"} {
		if err := rdb.XAdd(ctx, &redis.XAddArgs{Stream: "jobs", Values: []string{"name", name}}).Err(); err != nil {
			log.Fatal(err)
		}
	}
	if err := rdb.XGroupCreate(ctx, "jobs", "workers", "0").Err(); err != nil {
		log.Fatal(err)
	}

	for _, consumer := range []string{"ann", "bob"} {
		streams, err := rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
			Group:    "workers",
			Consumer: consumer,
			Streams:  []string{"jobs", ">"}, // what nobody has got yet
			Count:    2,
			Block:    -1, // do not wait
		}).Result()
		if err != nil {
			log.Fatal(err)
		}
		for _, job := range streams[0].Messages {
			fmt.Println(consumer, "got", job.Values["name"])
		}
		if consumer == "ann" {
			continue // she has not done hers yet
		}
		for _, job := range streams[0].Messages {
			fmt.Println("acknowledged:", rdb.XAck(ctx, "jobs", "workers", job.ID).Val())
		}
	}

	pending, err := rdb.XPending(ctx, "jobs", "workers").Result()
	fmt.Println("pending:", pending.Count, pending.Consumers, err)
	// Output:
	// ann got wash
	// ann got dry
	// bob got iron
	// acknowledged: 1
	// pending: 2 map[ann:2] <nil>
}
