package main

import (
	"context"
	"time"

	"github.com/redis/rueidis"
)

type rueidisDriver struct {
	client rueidis.Client
}

func openRueidis(e endpoint) (driver, error) {
	return newRueidis(rueidis.ClientOption{InitAddress: e.addrs, TLSConfig: e.tls})
}

func openRueidisDelay(e endpoint) (driver, error) {
	return newRueidis(rueidis.ClientOption{
		InitAddress: e.addrs, TLSConfig: e.tls,
		MaxFlushDelay: 50 * time.Microsecond, PipelineMultiplex: -1,
	})
}

func newRueidis(o rueidis.ClientOption) (driver, error) {
	client, err := rueidis.NewClient(o)
	if err != nil {
		return nil, err
	}
	return rueidisDriver{client}, nil
}

func (d rueidisDriver) Get(ctx context.Context, key string) (string, error) {
	return d.client.Do(ctx, d.client.B().Get().Key(key).Build()).ToString()
}

func (d rueidisDriver) Set(ctx context.Context, key, value string) error {
	return d.client.Do(ctx, d.client.B().Set().Key(key).Value(value).Build()).Error()
}

func (d rueidisDriver) Pipeline(ctx context.Context, keys, out []string) error {
	cmds := make(rueidis.Commands, 0, len(keys))
	for _, key := range keys {
		cmds = append(cmds, d.client.B().Get().Key(key).Build())
	}
	for i, result := range d.client.DoMulti(ctx, cmds...) {
		value, err := result.ToString()
		if err != nil {
			return err
		}
		out[i] = value
	}
	return nil
}

func (d rueidisDriver) MGet(ctx context.Context, keys, out []string) error {
	messages, err := rueidis.MGet(d.client, ctx, keys)
	if err != nil {
		return err
	}
	for i, key := range keys {
		message := messages[key]
		value, err := message.ToString()
		if err != nil {
			return err
		}
		out[i] = value
	}
	return nil
}

func (d rueidisDriver) HGetAll(ctx context.Context, key string) (map[string]string, error) {
	return d.client.Do(ctx, d.client.B().Hgetall().Key(key).Build()).AsStrMap()
}

func (d rueidisDriver) Close() error {
	d.client.Close()
	return nil
}
