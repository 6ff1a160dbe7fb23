package main

import (
	"context"
	"fmt"

	"github.com/seed-e06f3def/rediscluster"
)

type ours struct {
	rdb *redis.ClusterClient
}

func openOurs(e endpoint) (driver, error) {
	return ours{redis.NewClusterClient(&redis.ClusterOptions{Addrs: e.addrs, TLSConfig: e.tls})}, nil
}

func (d ours) Get(ctx context.Context, key string) (string, error) {
	return d.rdb.Get(ctx, key).Result()
}

func (d ours) Set(ctx context.Context, key, value string) error {
	return d.rdb.Set(ctx, key, value, 0).Err()
}

func (d ours) Pipeline(ctx context.Context, keys, out []string) error {
	pipe := d.rdb.Pipeline()
	for _, key := range keys {
		pipe.Get(ctx, key)
	}
	cmds, err := pipe.Exec(ctx)
	if err != nil {
		return err
	}
	for i, cmd := range cmds {
		out[i] = cmd.(*redis.StringCmd).Val()
	}
	return nil
}

func (d ours) MGet(ctx context.Context, keys, out []string) error {
	values, err := d.rdb.MGet(ctx, keys...).Result()
	if err != nil {
		return err
	}
	for i, value := range values {
		s, ok := value.(string)
		if !ok {
			return fmt.Errorf("MGET answered %T for %s", value, keys[i])
		}
		out[i] = s
	}
	return nil
}

func (d ours) HGetAll(ctx context.Context, key string) (map[string]string, error) {
	return d.rdb.HGetAll(ctx, key).Result()
}

func (d ours) Close() error { return d.rdb.Close() }
