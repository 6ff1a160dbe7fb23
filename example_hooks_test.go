package redis_test

import (
	"context"
	"fmt"
	"log"

	redis "github.com/seed-e06f3def/rediscluster"
)

// printer is a hook that prints commands when they have been answered.
type printer struct{}

func (printer) DialHook(next redis.DialHook) redis.DialHook { return next }

func (printer) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		fmt.Println(cmd)
		return err
	}
}

func (printer) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		fmt.Println("pipeline of", len(cmds))
		return next(ctx, cmds)
	}
}

// A hook sees every command, once, however often it is sent.
func ExampleClusterClient_AddHook() {
	_, rdb, closeBoth := open()
	defer closeBoth()

	rdb.AddHook(printer{})
	if err := rdb.Set(ctx, "greeting", "hello", 0).Err(); err != nil {
		log.Fatal(err)
	}
	_, err := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Get(ctx, "greeting")
		pipe.StrLen(ctx, "greeting")
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// set greeting hello: OK
	// pipeline of 2
}
