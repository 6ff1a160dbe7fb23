package redis_test

import (
	"fmt"
	"log"
	"slices"
	"strconv"

	redis "github.com/seed-e06f3def/rediscluster"
)

// The script is sent to a node once, and then called by its hash.
func ExampleScript() {
	_, rdb, closeBoth := open()
	defer closeBoth()

	raise := redis.NewScript(`
		local n = tonumber(redis.call("GET", KEYS[1]) or "0")
		if tonumber(ARGV[1]) > n then
			redis.call("SET", KEYS[1], ARGV[1])
		end
		return redis.call("GET", KEYS[1])
	`)
	for _, score := range []int{7, 12, 9} {
		fmt.Println(raise.Run(ctx, rdb, []string{"highest"}, score).Int())
	}
	// Output:
	// 7 <nil>
	// 12 <nil>
	// 12 <nil>
}

// The transaction runs only if nobody has changed the key since it was read.
func ExampleClusterClient_Watch() {
	_, rdb, closeBoth := open()
	defer closeBoth()

	double := func(disturb func()) error {
		return rdb.Watch(ctx, func(tx *redis.Tx) error {
			n, err := tx.Get(ctx, "stock").Int()
			if err != nil {
				return err
			}
			disturb()
			_, err = tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
				pipe.Set(ctx, "stock", strconv.Itoa(2*n), 0)
				return nil
			})
			return err
		}, "stock")
	}
	if err := rdb.Set(ctx, "stock", 5, 0).Err(); err != nil {
		log.Fatal(err)
	}
	err := double(func() { rdb.Incr(ctx, "stock") })
	fmt.Println(err == redis.TxFailedErr, rdb.Get(ctx, "stock").Val())
	err = double(func() {})
	fmt.Println(err, rdb.Get(ctx, "stock").Val())
	// Output:
	// true 6
	// <nil> 12
}

// The iterator walks through the keys of all shards.
func ExampleClusterClient_Scan() {
	_, rdb, closeBoth := open()
	defer closeBoth()

	for _, key := range []string{"fruit:apple", "fruit:plum", "fruit:pear", "tree:oak"} {
		if err := rdb.Set(ctx, key, 1, 0).Err(); err != nil {
			log.Fatal(err)
		}
	}
	var found []string
	iter := rdb.Scan(ctx, 0, "fruit:*", 100).Iterator()
	for iter.Next(ctx) {
		found = append(found, iter.Val())
	}
	slices.Sort(found)
	fmt.Println(found, iter.Err())
	// Output: [fruit:apple fruit:pear fruit:plum] <nil>
}
