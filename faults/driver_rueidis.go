package main

import (
	"context"
	"crypto/tls"
	"net"

	"github.com/redis/rueidis"
)

var rueidisLib = library{
	name: "rueidis",
	code: []string{"github.com/redis/rueidis"},
	open: openRueidis,
	fate: peerFate,
}

type rueidisDriver struct{ client rueidis.Client }

func openRueidis(s settings) (driver, error) {
	opt := rueidis.ClientOption{
		InitAddress: s.addrs,
		DialCtxFn: func(ctx context.Context, addr string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
			// The library bounds a dial by its dialer's timeout.
			if d.Timeout > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, d.Timeout)
				defer cancel()
			}
			return s.dial(ctx, "tcp", addr)
		},
	}
	if s.replicas {
		opt.SendToReplicas = func(cmd rueidis.Completed) bool { return cmd.IsReadOnly() }
	}
	client, err := rueidis.NewClient(opt)
	if err != nil {
		return nil, err
	}
	return rueidisDriver{client}, nil
}

func (d rueidisDriver) Get(ctx context.Context, key string) (string, error) {
	value, err := d.client.Do(ctx, d.client.B().Get().Key(key).Build()).ToString()
	if rueidis.IsRedisNil(err) {
		err = errNil
	}
	return value, err
}

func (d rueidisDriver) Set(ctx context.Context, key, value string) error {
	return d.client.Do(ctx, d.client.B().Set().Key(key).Value(value).Build()).Error()
}

func (d rueidisDriver) Incr(ctx context.Context, key string) (int64, error) {
	return d.client.Do(ctx, d.client.B().Incr().Key(key).Build()).AsInt64()
}

func (d rueidisDriver) Append(ctx context.Context, key, value string) (int64, error) {
	return d.client.Do(ctx, d.client.B().Append().Key(key).Value(value).Build()).AsInt64()
}

func (d rueidisDriver) Close() error {
	d.client.Close()
	return nil
}
