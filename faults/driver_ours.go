package main

import (
	"context"
	"errors"

	"github.com/seed-e06f3def/rediscluster"
)

var ours = library{
	name: "rediscluster",
	code: []string{
		"github.com/seed-e06f3def/rediscluster.",
		"github.com/seed-e06f3def/rediscluster/internal/wire.",
	},
	open: openOurs,
	fate: ourFate,
}

type ourDriver struct{ rdb *redis.ClusterClient }

func openOurs(s settings) (driver, error) {
	return ourDriver{redis.NewClusterClient(&redis.ClusterOptions{
		Addrs:    s.addrs,
		Dialer:   s.dial,
		ReadOnly: s.replicas,
	})}, nil
}

func ourFate(err error) fate {
	var lost *redis.NodeError
	switch {
	case errors.Is(err, redis.ErrWriteInDoubt):
		return inDoubt
	case errors.As(err, &lost) && lost.MayHaveRun():
		return unknown
	}
	return refused
}

func (d ourDriver) Get(ctx context.Context, key string) (string, error) {
	value, err := d.rdb.Get(ctx, key).Result()
	if err == redis.Nil {
		err = errNil
	}
	return value, err
}

func (d ourDriver) Set(ctx context.Context, key, value string) error {
	return d.rdb.Set(ctx, key, value, 0).Err()
}

func (d ourDriver) Incr(ctx context.Context, key string) (int64, error) {
	return d.rdb.Incr(ctx, key).Result()
}

func (d ourDriver) Append(ctx context.Context, key, value string) (int64, error) {
	return d.rdb.Append(ctx, key, value).Result()
}

func (d ourDriver) Close() error { return d.rdb.Close() }
