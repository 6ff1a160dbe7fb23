package redis

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNewUniversalClient(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		opt  *UniversalOptions
		want UniversalClient
		addr string // of a *Client
	}{
		"nothing":           {&UniversalOptions{}, (*Client)(nil), "localhost:6379"},
		"one address":       {&UniversalOptions{Addrs: []string{"a.example:1"}}, (*Client)(nil), "a.example:1"},
		"several":           {&UniversalOptions{Addrs: []string{"a.example:1", "b.example:2"}}, (*ClusterClient)(nil), ""},
		"cluster":           {&UniversalOptions{Addrs: []string{"a.example:1"}, IsClusterMode: true}, (*ClusterClient)(nil), ""},
		"cluster somewhere": {&UniversalOptions{IsClusterMode: true}, (*ClusterClient)(nil), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := NewUniversalClient(row.opt)
			require.IsType(t, row.want, c)
			if single, ok := c.(*Client); ok {
				require.Equal(t, row.addr, single.Options().Addr)
			} else if len(row.opt.Addrs) == 0 {
				require.Equal(t, []string{"localhost:6379"}, c.(*ClusterClient).Options().Addrs)
				require.Empty(t, row.opt.Addrs, "the caller's options stay as they are")
			}
			require.NoError(t, c.Close())
		})
	}
}

func TestUniversalClientThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		opt  *UniversalOptions
		want string
	}{
		{nil, "redis: the options are nil"},
		{&UniversalOptions{MasterName: "m", Addrs: []string{"a:1", "b:2"}}, "redis: MasterName is set: Sentinel is not supported"},
		{&UniversalOptions{MasterName: "m", IsClusterMode: true}, "redis: MasterName is set: Sentinel is not supported"},
		{&UniversalOptions{PoolSize: -1}, "redis: PoolSize is -1: it must not be negative"},
		{&UniversalOptions{PoolSize: -1, IsClusterMode: true}, "redis: PoolSize is -1: it must not be negative"},
	} {
		ctx := background(t)
		c := NewUniversalClient(row.opt)
		require.EqualError(t, c.Ping(ctx).Err(), row.want)
		_, err := c.Pipelined(ctx, func(pipe Pipeliner) error { return pipe.Get(ctx, "k").Err() })
		require.EqualError(t, err, row.want)
		_, err = c.TxPipelined(ctx, func(pipe Pipeliner) error { return pipe.Get(ctx, "k").Err() })
		require.EqualError(t, err, row.want)
		require.EqualError(t, c.Watch(ctx, func(*Tx) error { return nil }, "k"), row.want)
		sub := c.Subscribe(ctx, "channel")
		_, err = sub.Receive(ctx)
		require.EqualError(t, err, row.want)
		_ = sub.Close()
		require.Equal(t, new(PoolStats), c.PoolStats())
		require.NoError(t, c.Close())
	}
}

// Every field must arrive in the options of either client that has one of that
// name.
func TestUniversalOptionsArrive(t *testing.T) {
	t.Parallel()
	from := new(UniversalOptions)
	fillOptions(t, from)
	for _, into := range []any{from.Cluster(), from.Simple()} {
		v, u := reflect.ValueOf(into).Elem(), reflect.ValueOf(from).Elem()
		arrived := 0
		for i := range u.NumField() {
			name := u.Type().Field(i).Name
			field := v.FieldByName(name)
			if !field.IsValid() {
				continue
			}
			arrived++
			require.False(t, field.IsZero(), "%T.%s", into, name)
			if field.Kind() != reflect.Func {
				require.Equal(t, u.Field(i).Interface(), field.Interface(), "%T.%s", into, name)
			}
		}
		require.Greater(t, arrived, 30)
	}
	require.Equal(t, from.Addrs[0], from.Simple().Addr)
}

func TestUniversalClientTalks(t *testing.T) {
	t.Parallel()
	for _, clusterMode := range []bool{false, true} {
		s := newScripted(t)
		c := NewUniversalClient(&UniversalOptions{Addrs: []string{s.addr}, IsClusterMode: clusterMode})
		require.NoError(t, c.Set(background(t), "k", "v", 0).Err())
		require.Equal(t, "v", c.Get(background(t), "k").Val())
		require.NoError(t, c.Close())
	}
}
