package main

import (
	"context"

	goredis "github.com/redis/go-redis/v9"
)

var goRedis = library{
	name: "go-redis",
	code: []string{"github.com/redis/go-redis/"},
	open: openGoRedis,
	fate: peerFate,
}

// peerFate tells only server replies from the rest: neither of the other
// libraries says whether a command may have run.
func peerFate(err error) fate {
	if isReplyError(err.Error()) {
		return refused
	}
	return unknown
}

type goRedisDriver struct{ rdb *goredis.ClusterClient }

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

func openGoRedis(s settings) (driver, error) {
	goredis.SetLogger(silence{})
	return goRedisDriver{goredis.NewClusterClient(&goredis.ClusterOptions{
		Addrs:    s.addrs,
		Dialer:   s.dial,
		ReadOnly: s.replicas,
	})}, nil
}

func (d goRedisDriver) Get(ctx context.Context, key string) (string, error) {
	value, err := d.rdb.Get(ctx, key).Result()
	if err == goredis.Nil {
		err = errNil
	}
	return value, err
}

func (d goRedisDriver) Set(ctx context.Context, key, value string) error {
	return d.rdb.Set(ctx, key, value, 0).Err()
}

func (d goRedisDriver) Incr(ctx context.Context, key string) (int64, error) {
	return d.rdb.Incr(ctx, key).Result()
}

func (d goRedisDriver) Append(ctx context.Context, key, value string) (int64, error) {
	return d.rdb.Append(ctx, key, value).Result()
}

func (d goRedisDriver) Close() error { return d.rdb.Close() }
