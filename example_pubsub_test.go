package redis_test

import (
	"fmt"
	"log"
)

// Shard channels may be on several shards: one PubSub follows them all.
func ExampleClusterClient_SSubscribe() {
	_, rdb, closeBoth := open()
	defer closeBoth()

	sub := rdb.SSubscribe(ctx, "red", "green", "blue")
	defer func() { _ = sub.Close() }()

	for _, channel := range []string{"blue", "green"} {
		fmt.Println("receivers:", rdb.SPublish(ctx, channel, "hello").Val())
		msg, err := sub.ReceiveMessage(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(msg.Channel, msg.Payload)
	}
	// Output:
	// receivers: 1
	// blue hello
	// receivers: 1
	// green hello
}
