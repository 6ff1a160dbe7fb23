package main

import (
	"context"

	goredis "github.com/redis/go-redis/v9"
)

// goRedis sends its commands through cmds: the client itself, or its
// AutoPipeliner.
type goRedis struct {
	rdb  *goredis.ClusterClient
	auto *goredis.AutoPipeliner
	cmds goredis.Cmdable
}

func newGoRedisClient(e endpoint) *goredis.ClusterClient {
	return goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: e.addrs, TLSConfig: e.tls})
}

func openGoRedis(e endpoint) (driver, error) {
	rdb := newGoRedisClient(e)
	return goRedis{rdb: rdb, cmds: rdb}, nil
}

func openGoRedisAuto(e endpoint) (driver, error) {
	rdb := newGoRedisClient(e)
	auto, err := rdb.AutoPipeline()
	if err != nil {
		_ = rdb.Close()
		return nil, err
	}
	return goRedis{rdb: rdb, auto: auto, cmds: auto}, nil
}

func (d goRedis) Get(ctx context.Context, key string) (string, error) {
	return d.cmds.Get(ctx, key).Result()
}

func (d goRedis) Set(ctx context.Context, key, value string) error {
	return d.cmds.Set(ctx, key, value, 0).Err()
}

func (d goRedis) Pipeline(ctx context.Context, keys, out []string) error {
	pipe := d.cmds.Pipeline()
	for _, key := range keys {
		pipe.Get(ctx, key)
	}
	cmds, err := pipe.Exec(ctx)
	if err != nil {
		return err
	}
	for i, cmd := range cmds {
		out[i] = cmd.(*goredis.StringCmd).Val()
	}
	return nil
}

// MGet is a pipeline: by default go-redis does not split MGET by slot.
func (d goRedis) MGet(ctx context.Context, keys, out []string) error {
	return d.Pipeline(ctx, keys, out)
}

func (d goRedis) HGetAll(ctx context.Context, key string) (map[string]string, error) {
	return d.cmds.HGetAll(ctx, key).Result()
}

func (d goRedis) Close() error {
	if d.auto != nil {
		if err := d.auto.Close(); err != nil {
			_ = d.rdb.Close()
			return err
		}
	}
	return d.rdb.Close()
}
