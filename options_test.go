package redis

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type limiterFunc func() error

func (f limiterFunc) Allow() error       { return f() }
func (f limiterFunc) ReportResult(error) {}

// fillOptions gives every exported field of the struct at target a value of its
// own that is neither zero nor the default, and that withDefaults accepts.
func fillOptions(t *testing.T, target any) {
	t.Helper()
	v := reflect.ValueOf(target).Elem()
	for i := range v.NumField() {
		field, f := v.Type().Field(i), v.Field(i)
		if !field.IsExported() {
			continue
		}
		switch {
		case field.Name == "Network":
			f.SetString("tcp4")
		case field.Name == "Addr":
			f.SetString("addr.example:7001")
		case field.Name == "Addrs":
			f.Set(reflect.ValueOf([]string{":07001", "b.example:7002", ":7001"}))
		case field.Name == "Protocol":
			f.SetInt(2)
		case field.Name == "TLSConfig":
			f.Set(reflect.ValueOf(&tls.Config{NextProtos: []string{"redis"}}))
		case field.Name == "Limiter":
			f.Set(reflect.ValueOf(limiterFunc(func() error { return nil })))
		case f.Kind() == reflect.Func:
			f.Set(reflect.MakeFunc(f.Type(), func([]reflect.Value) []reflect.Value { panic("not called") }))
		case f.Kind() == reflect.Bool:
			f.SetBool(true)
		case f.Kind() == reflect.String:
			f.SetString("the-" + field.Name)
		case f.Type() == reflect.TypeFor[time.Duration]():
			f.SetInt(int64(time.Duration(i+1) * time.Hour))
		case f.Kind() == reflect.Int:
			f.SetInt(int64(1000 + i))
		default:
			t.Fatalf("fillOptions does not know the type of %s", field.Name)
		}
	}
}

// requireSameField compares fields of any type; functions by identity.
func requireSameField(t *testing.T, name string, want, got reflect.Value) {
	t.Helper()
	if want.Kind() == reflect.Func {
		require.Equal(t, want.Pointer(), got.Pointer(), name)
		return
	}
	if name == "Limiter" {
		require.Equal(t, want.IsNil(), got.IsNil(), name)
		return
	}
	require.Equal(t, want.Interface(), got.Interface(), name)
}

func TestClusterOptionsDefaults(t *testing.T) {
	t.Parallel()
	conns := 5 * runtime.GOMAXPROCS(0)
	want := &ClusterOptions{
		Addrs:                      []string{"cfg.example:6379"},
		MaxRedirects:               3,
		Protocol:                   3,
		MaxRetries:                 3,
		MinRetryBackoff:            8 * time.Millisecond,
		MaxRetryBackoff:            512 * time.Millisecond,
		DialTimeout:                5 * time.Second,
		DialerRetries:              5,
		DialerRetryTimeout:         100 * time.Millisecond,
		ReadTimeout:                3 * time.Second,
		WriteTimeout:               3 * time.Second,
		MaxConcurrentDials:         conns,
		PoolSize:                   conns,
		PoolTimeout:                4 * time.Second,
		ConnMaxIdleTime:            30 * time.Minute,
		IdleTimeout:                30 * time.Minute,
		IdleCheckFrequency:         time.Minute,
		ReadBufferSize:             65536,
		MaxReplySize:               1 << 30,
		WriteBufferSize:            32768,
		FailingTimeoutSeconds:      15,
		ClusterStateReloadInterval: time.Minute,
		FailoverTimeout:            30 * time.Second,
		SuspectAfter:               200 * time.Millisecond,
	}
	got, err := (&ClusterOptions{Addrs: []string{"cfg.example:6379"}}).withDefaults()
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestOptionsDefaults(t *testing.T) {
	t.Parallel()
	conns := 10 * runtime.GOMAXPROCS(0)
	want := &Options{
		Network:               "tcp",
		Addr:                  "localhost:6379",
		NodeAddress:           "localhost:6379",
		Protocol:              3,
		MaxRetries:            3,
		MinRetryBackoff:       8 * time.Millisecond,
		MaxRetryBackoff:       512 * time.Millisecond,
		DialTimeout:           5 * time.Second,
		DialerRetries:         5,
		DialerRetryTimeout:    100 * time.Millisecond,
		ReadTimeout:           3 * time.Second,
		WriteTimeout:          3 * time.Second,
		ReadBufferSize:        65536,
		MaxReplySize:          1 << 30,
		WriteBufferSize:       32768,
		PoolSize:              conns,
		MaxConcurrentDials:    conns,
		PoolTimeout:           4 * time.Second,
		ConnMaxIdleTime:       30 * time.Minute,
		IdleTimeout:           30 * time.Minute,
		IdleCheckFrequency:    time.Minute,
		FailingTimeoutSeconds: 15,
	}
	got, err := (&Options{}).withDefaults()
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestOptionsNil(t *testing.T) {
	t.Parallel()
	_, err := (*ClusterOptions)(nil).withDefaults()
	require.ErrorIs(t, err, errNilOptions)
	_, err = (*Options)(nil).withDefaults()
	require.ErrorIs(t, err, errNilOptions)
}

// The same settings mean the same to both kinds of options, so each row is
// applied to both.
func TestOptionsResolve(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   Options
		want func(t *testing.T, o *Options)
	}{
		{"write timeout follows read timeout", Options{ReadTimeout: 7 * time.Second}, func(t *testing.T, o *Options) {
			require.Equal(t, 7*time.Second, o.WriteTimeout)
			require.Equal(t, 8*time.Second, o.PoolTimeout)
		}},
		{"read timeout -1", Options{ReadTimeout: -1}, func(t *testing.T, o *Options) {
			require.EqualValues(t, -1, o.ReadTimeout)
			require.EqualValues(t, -1, o.WriteTimeout)
			require.Equal(t, 30*time.Second, o.PoolTimeout)
		}},
		{"timeouts -2", Options{ReadTimeout: -2, WriteTimeout: -2}, func(t *testing.T, o *Options) {
			require.EqualValues(t, -1, o.ReadTimeout)
			require.EqualValues(t, -1, o.WriteTimeout)
		}},
		{"write timeout alone", Options{WriteTimeout: time.Second}, func(t *testing.T, o *Options) {
			require.Equal(t, 3*time.Second, o.ReadTimeout)
			require.Equal(t, time.Second, o.WriteTimeout)
		}},
		{"off", Options{
			MaxRetries: -7, DialTimeout: -time.Second, DialerRetryTimeout: -1, PoolTimeout: -1,
			ConnMaxIdleTime: -time.Hour, IdleCheckFrequency: -1, FailingTimeoutSeconds: -3,
		}, func(t *testing.T, o *Options) {
			require.Equal(t, -1, o.MaxRetries)
			require.EqualValues(t, -1, o.DialTimeout)
			require.EqualValues(t, -1, o.DialerRetryTimeout)
			require.EqualValues(t, -1, o.PoolTimeout)
			require.EqualValues(t, -1, o.ConnMaxIdleTime)
			require.EqualValues(t, -1, o.IdleTimeout)
			require.EqualValues(t, -1, o.IdleCheckFrequency)
			require.Equal(t, -1, o.FailingTimeoutSeconds)
		}},
		{"negative means none", Options{ConnMaxLifetime: -1, ConnMaxLifetimeJitter: -1}, func(t *testing.T, o *Options) {
			require.Zero(t, o.ConnMaxLifetime)
			require.Zero(t, o.MaxConnAge)
			require.Zero(t, o.ConnMaxLifetimeJitter)
		}},
		{"negative means the default", Options{DialerRetries: -1, MaxConcurrentDials: -1, PoolSize: 6}, func(t *testing.T, o *Options) {
			require.Equal(t, 5, o.DialerRetries)
			require.Equal(t, 6, o.MaxConcurrentDials)
		}},
		{"jitter is capped", Options{ConnMaxLifetime: time.Minute, ConnMaxLifetimeJitter: time.Hour}, func(t *testing.T, o *Options) {
			require.Equal(t, time.Minute, o.ConnMaxLifetimeJitter)
		}},
		{"jitter of nothing", Options{ConnMaxLifetimeJitter: time.Hour}, func(t *testing.T, o *Options) {
			require.Zero(t, o.ConnMaxLifetimeJitter)
		}},
		{"v8 names", Options{IdleTimeout: time.Minute, MaxConnAge: time.Hour}, func(t *testing.T, o *Options) {
			require.Equal(t, time.Minute, o.ConnMaxIdleTime)
			require.Equal(t, time.Hour, o.ConnMaxLifetime)
		}},
		{"v8 name off", Options{IdleTimeout: -1}, func(t *testing.T, o *Options) {
			require.EqualValues(t, -1, o.ConnMaxIdleTime)
		}},
		{"v9 names win", Options{
			IdleTimeout: time.Minute, ConnMaxIdleTime: 2 * time.Minute,
			MaxConnAge: time.Hour, ConnMaxLifetime: 2 * time.Hour,
		}, func(t *testing.T, o *Options) {
			require.Equal(t, 2*time.Minute, o.ConnMaxIdleTime)
			require.Equal(t, 2*time.Minute, o.IdleTimeout)
			require.Equal(t, 2*time.Hour, o.ConnMaxLifetime)
			require.Equal(t, 2*time.Hour, o.MaxConnAge)
		}},
		{"idle connections up to pool size", Options{PoolSize: 4, MinIdleConns: 9}, func(t *testing.T, o *Options) {
			require.Equal(t, 4, o.MinIdleConns)
		}},
		{"idle connections up to their maximum", Options{PoolSize: 9, MinIdleConns: 8, MaxIdleConns: 2}, func(t *testing.T, o *Options) {
			require.Equal(t, 2, o.MinIdleConns)
			require.Equal(t, 2, o.MaxIdleConns)
		}},
		{"active connections bound the pool", Options{PoolSize: 9, MaxActiveConns: 3, MinIdleConns: 5}, func(t *testing.T, o *Options) {
			require.Equal(t, 3, o.PoolSize)
			require.Equal(t, 3, o.MinIdleConns)
			require.Equal(t, 3, o.MaxConcurrentDials)
		}},
		{"active connections beyond the pool", Options{PoolSize: 9, MaxActiveConns: 30}, func(t *testing.T, o *Options) {
			require.Equal(t, 9, o.PoolSize)
		}},
		{"dials within pool size", Options{PoolSize: 4, MaxConcurrentDials: 2}, func(t *testing.T, o *Options) {
			require.Equal(t, 2, o.MaxConcurrentDials)
		}},
		{"dials beyond pool size", Options{PoolSize: 4, MaxConcurrentDials: 5}, func(t *testing.T, o *Options) {
			require.Equal(t, 4, o.MaxConcurrentDials)
		}},
		{"backoff raised from below", Options{MinRetryBackoff: time.Second}, func(t *testing.T, o *Options) {
			require.Equal(t, time.Second, o.MinRetryBackoff)
			require.Equal(t, time.Second, o.MaxRetryBackoff)
		}},
		{"backoff lowered from above", Options{MaxRetryBackoff: time.Millisecond}, func(t *testing.T, o *Options) {
			require.Equal(t, time.Millisecond, o.MinRetryBackoff)
			require.Equal(t, time.Millisecond, o.MaxRetryBackoff)
		}},
		{"backoff off by its minimum", Options{MinRetryBackoff: -1, MaxRetryBackoff: time.Second}, func(t *testing.T, o *Options) {
			require.EqualValues(t, -1, o.MinRetryBackoff)
			require.EqualValues(t, -1, o.MaxRetryBackoff)
		}},
		{"backoff off by its maximum", Options{MinRetryBackoff: time.Second, MaxRetryBackoff: -1}, func(t *testing.T, o *Options) {
			require.EqualValues(t, -1, o.MinRetryBackoff)
			require.EqualValues(t, -1, o.MaxRetryBackoff)
		}},
		{"protocol", Options{Protocol: 2}, func(t *testing.T, o *Options) {
			require.Equal(t, 2, o.Protocol)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.in.withDefaults()
			require.NoError(t, err)
			tt.want(t, got)

			cluster := clusterOptionsFrom(&tt.in)
			completed, err := cluster.withDefaults()
			require.NoError(t, err)
			tt.want(t, completed.nodeOptions("node.example:1"))
		})
	}
}

// clusterOptionsFrom carries over the fields that both kinds of options have.
func clusterOptionsFrom(o *Options) *ClusterOptions {
	cluster := &ClusterOptions{Addrs: []string{"seed.example:1"}}
	to := reflect.ValueOf(cluster).Elem()
	from := reflect.ValueOf(o).Elem()
	for i := range from.NumField() {
		if field := from.Type().Field(i); field.IsExported() {
			if f := to.FieldByName(field.Name); f.IsValid() {
				f.Set(from.Field(i))
			}
		}
	}
	return cluster
}

func TestOptionsInvalid(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   Options
		want string
	}{
		{"protocol 1", Options{Protocol: 1}, "redis: Protocol is 1: it must be 2 or 3"},
		{"protocol 4", Options{Protocol: 4}, "redis: Protocol is 4: it must be 2 or 3"},
		{"protocol -1", Options{Protocol: -1}, "redis: Protocol is -1: it must be 2 or 3"},
		{"pool size", Options{PoolSize: -1}, "redis: PoolSize is -1: it must not be negative"},
		{"min idle", Options{MinIdleConns: -1}, "redis: MinIdleConns is -1: it must not be negative"},
		{"max idle", Options{MaxIdleConns: -2}, "redis: MaxIdleConns is -2: it must not be negative"},
		{"max active", Options{MaxActiveConns: -3}, "redis: MaxActiveConns is -3: it must not be negative"},
		{"read buffer", Options{ReadBufferSize: -1}, "redis: ReadBufferSize is -1: it must not be negative"},
		{"write buffer", Options{WriteBufferSize: -1}, "redis: WriteBufferSize is -1: it must not be negative"},
		{
			"backoff",
			Options{MinRetryBackoff: time.Second, MaxRetryBackoff: time.Millisecond},
			"redis: MinRetryBackoff (1s) exceeds MaxRetryBackoff (1ms)",
		},
		{"client name", Options{ClientName: "my app"}, `redis: ClientName is "my app": only printable ASCII without spaces is allowed`},
		{"identity suffix", Options{IdentitySuffix: "x\n"}, `redis: IdentitySuffix is "x\n": only printable ASCII without spaces is allowed`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := tt.in.withDefaults()
			require.EqualError(t, err, tt.want)
			_, err = clusterOptionsFrom(&tt.in).withDefaults()
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestOptionsAddr(t *testing.T) {
	t.Parallel()
	dialer := func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }
	tests := []struct {
		name string
		in   Options
		want Options // Network, Addr and NodeAddress count
		err  string
	}{
		{"tcp", Options{Addr: ":7000"}, Options{Network: "tcp", Addr: "localhost:7000", NodeAddress: "localhost:7000"}, ""},
		{"tcp6", Options{Network: "tcp6", Addr: "[::1]:7000"}, Options{Network: "tcp6", Addr: "[::1]:7000", NodeAddress: "[::1]:7000"}, ""},
		{"node address", Options{Addr: "10.0.0.1:7000", NodeAddress: "n1:6379"}, Options{Network: "tcp", Addr: "10.0.0.1:7000", NodeAddress: "n1:6379"}, ""},
		{"socket", Options{Addr: "/run/redis.sock"}, Options{Network: "unix", Addr: "/run/redis.sock", NodeAddress: "/run/redis.sock"}, ""},
		{"relative socket", Options{Network: "unix", Addr: "redis.sock"}, Options{Network: "unix", Addr: "redis.sock", NodeAddress: "redis.sock"}, ""},
		{"own dialer", Options{Network: "pipe", Addr: "no port", Dialer: dialer}, Options{Network: "pipe", Addr: "no port", NodeAddress: "no port"}, ""},
		{"no socket", Options{Network: "unix"}, Options{}, "redis: Addr is empty: Network unix needs the path of a socket"},
		{"no port", Options{Addr: "redis.example"}, Options{}, `redis: address "redis.example": missing port in address`},
		{"network", Options{Network: "udp"}, Options{}, `redis: Network is "udp": it must be tcp, tcp4, tcp6 or unix`},
		{"database", Options{DB: -1}, Options{}, "redis: DB is -1: there is no such database"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.in.withDefaults()
			if tt.err != "" {
				require.EqualError(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want.Network, got.Network)
			require.Equal(t, tt.want.Addr, got.Addr)
			require.Equal(t, tt.want.NodeAddress, got.NodeAddress)
		})
	}
}

func TestNormalizeAddr(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want, err string }{
		{"redis.example:6379", "redis.example:6379", ""},
		{"my_redis-1:6379", "my_redis-1:6379", ""},
		{"10.1.2.3:06379", "10.1.2.3:6379", ""},
		{":6379", "localhost:6379", ""},
		{"[::1]:6379", "[::1]:6379", ""},
		{"[fe80::1%eth0]:6379", "[fe80::1%eth0]:6379", ""},
		{"", "", "missing port in address"},
		{"redis.example", "", "missing port in address"},
		{"[::1]", "", "missing port in address"},
		{"::1:6379", "", "too many colons in address"},
		{"a:1,b:2", "", "too many colons in address"},
		{"redis.example:", "", "the port must be a number from 1 to 65535"},
		{"redis.example:redis", "", "the port must be a number from 1 to 65535"},
		{"redis.example:0", "", "the port must be a number from 1 to 65535"},
		{"redis.example:65536", "", "the port must be a number from 1 to 65535"},
		{"redis.example:-1", "", "the port must be a number from 1 to 65535"},
		{"redis.example:+1", "", "the port must be a number from 1 to 65535"},
		{"[a:b]:1", "", "the host is neither a name nor an IP address"},
		{"[fe80::1%\xff]:1", "", "the host is neither a name nor an IP address"},
		{"a b:1", "", "the host is neither a name nor an IP address"},
		{" a:1", "", "the host is neither a name nor an IP address"},
		{"a/b:1", "", "the host is neither a name nor an IP address"},
		{"redis://redis.example:6379", "", "host:port is wanted here, not a URL or a user name"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			got, err := normalizeAddr(tt.in)
			if tt.err != "" {
				require.EqualError(t, err, fmt.Sprintf("redis: address %q: %s", tt.in, tt.err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}

	t.Run("password", func(t *testing.T) {
		t.Parallel()
		_, err := normalizeAddr("redis://user:hunter2@redis.example:6379")
		require.EqualError(t, err, `redis: address "redis.example:6379": host:port is wanted here, not a URL or a user name`)
	})
}

func TestClusterOptionsAddrs(t *testing.T) {
	t.Parallel()
	got, err := (&ClusterOptions{Addrs: []string{":1", "b:2", "localhost:01", "b:2"}}).withDefaults()
	require.NoError(t, err)
	require.Equal(t, []string{"localhost:1", "b:2"}, got.Addrs)

	_, err = (&ClusterOptions{}).withDefaults()
	require.EqualError(t, err, "redis: Addrs is empty: the cluster client needs the address of at least one node")

	_, err = (&ClusterOptions{Addrs: []string{"a:1", "b"}}).withDefaults()
	require.EqualError(t, err, `redis: address "b": missing port in address`)

	slots := func(context.Context) ([]ClusterSlot, error) { return nil, nil }
	got, err = (&ClusterOptions{ClusterSlots: slots}).withDefaults()
	require.NoError(t, err)
	require.Empty(t, got.Addrs)
}

func TestClusterOptionsResolve(t *testing.T) {
	t.Parallel()
	got, err := (&ClusterOptions{
		Addrs: []string{"a:1"}, MaxRedirects: -9, ClusterStateReloadInterval: -2, FailoverTimeout: -2,
		SuspectAfter: -2, RouteByLatencyTolerance: -2,
	}).withDefaults()
	require.NoError(t, err)
	require.Equal(t, -1, got.MaxRedirects)
	require.EqualValues(t, -1, got.ClusterStateReloadInterval)
	require.EqualValues(t, -1, got.FailoverTimeout)
	require.EqualValues(t, -1, got.SuspectAfter)
	require.Zero(t, got.RouteByLatencyTolerance)
}

func TestClusterOptionsReadMode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   ClusterOptions
		want readMode
	}{
		{"nothing", ClusterOptions{}, readPrimary},
		{"ReadOnly", ClusterOptions{ReadOnly: true}, readReplica},
		{"RouteRandomly", ClusterOptions{RouteRandomly: true}, readRandom},
		{"RouteByLatency", ClusterOptions{RouteByLatency: true}, readLatency},
		{"both", ClusterOptions{RouteByLatency: true, RouteRandomly: true}, readLatency},
		{"all", ClusterOptions{ReadOnly: true, RouteByLatency: true, RouteRandomly: true}, readLatency},
		{"tolerance alone", ClusterOptions{RouteByLatencyTolerance: time.Second}, readPrimary},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.in.Addrs = []string{"a:1"}
			got, err := tt.in.withDefaults()
			require.NoError(t, err)
			require.Equal(t, tt.want, got.readMode)
			require.Equal(t, tt.want != readPrimary, got.ReadOnly)
			require.Equal(t, tt.want != readPrimary, got.nodeOptions("a:1").readOnly)

			tt.in.ClusterSlots = func(context.Context) ([]ClusterSlot, error) { return nil, nil }
			got, err = tt.in.withDefaults()
			require.NoError(t, err)
			require.Equal(t, tt.want, got.readMode)
			require.False(t, got.nodeOptions("a:1").readOnly, "servers outside a cluster know no READONLY")
		})
	}

	again, err := (&ClusterOptions{Addrs: []string{"a:1"}, readMode: readRandom}).withDefaults()
	require.NoError(t, err)
	require.Equal(t, readPrimary, again.readMode, "the exported fields decide")
}

func TestOptionsAreCopied(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, given, untouched, completed any) {
		t.Helper()
		g, u, c := reflect.ValueOf(given).Elem(), reflect.ValueOf(untouched).Elem(), reflect.ValueOf(completed).Elem()
		require.NotEqual(t, g.Addr().Pointer(), c.Addr().Pointer())
		for i := range g.NumField() {
			if field := g.Type().Field(i); field.IsExported() {
				if g.Field(i).Kind() != reflect.Func {
					requireSameField(t, field.Name, u.Field(i), g.Field(i))
				}
			}
		}
	}

	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		var given, untouched ClusterOptions
		fillOptions(t, &given)
		fillOptions(t, &untouched)
		completed, err := given.withDefaults()
		require.NoError(t, err)
		check(t, &given, &untouched, completed)

		require.Equal(t, []string{"localhost:7001", "b.example:7002"}, completed.Addrs)
		completed.Addrs[0] = "changed"
		require.Equal(t, untouched.Addrs, given.Addrs)
		require.NotSame(t, given.TLSConfig, completed.TLSConfig)
		require.Equal(t, []string{"redis"}, completed.TLSConfig.NextProtos)
	})

	t.Run("node", func(t *testing.T) {
		t.Parallel()
		var given, untouched Options
		fillOptions(t, &given)
		fillOptions(t, &untouched)
		completed, err := given.withDefaults()
		require.NoError(t, err)
		check(t, &given, &untouched, completed)
		require.NotSame(t, given.TLSConfig, completed.TLSConfig)
	})
}

// A client made from the options that another one reports behaves like it.
func TestOptionsWithDefaultsTwice(t *testing.T) {
	t.Parallel()
	off := Options{
		MaxRetries: -1, MinRetryBackoff: -1, DialTimeout: -1, DialerRetryTimeout: -1, ReadTimeout: -2, WriteTimeout: -1,
		PoolTimeout: -1, ConnMaxIdleTime: -1, ConnMaxLifetime: -1, IdleCheckFrequency: -1, FailingTimeoutSeconds: -1,
	}
	tests := map[string]Options{
		"defaults": {},
		"off":      off,
		"clamped":  {PoolSize: 9, MaxActiveConns: 5, MinIdleConns: 7, MaxIdleConns: 6, ConnMaxLifetime: 1, ConnMaxLifetimeJitter: 2},
		"synonyms": {IdleTimeout: time.Second, MaxConnAge: time.Minute},
	}
	for name, in := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			once, err := in.withDefaults()
			require.NoError(t, err)
			twice, err := once.withDefaults()
			require.NoError(t, err)
			require.Equal(t, once, twice)

			cluster := clusterOptionsFrom(&in)
			cluster.MaxRedirects, cluster.FailoverTimeout, cluster.SuspectAfter = -1, -1, -1
			cluster.ClusterStateReloadInterval = -1
			cluster.RouteByLatency = true
			onceCluster, err := cluster.withDefaults()
			require.NoError(t, err)
			twiceCluster, err := onceCluster.withDefaults()
			require.NoError(t, err)
			require.Equal(t, onceCluster, twiceCluster)

			node := onceCluster.nodeOptions("node.example:1")
			completed, err := node.withDefaults()
			require.NoError(t, err)
			require.Equal(t, node, completed)
		})
	}
}

func TestNodeOptionsCarryEverything(t *testing.T) {
	t.Parallel()
	var cluster ClusterOptions
	fillOptions(t, &cluster)
	node := cluster.nodeOptions("node.example:7003")
	require.Equal(t, "tcp", node.Network)
	require.Equal(t, "node.example:7003", node.Addr)
	require.Equal(t, "node.example:7003", node.NodeAddress)

	from, to := reflect.ValueOf(&cluster).Elem(), reflect.ValueOf(node).Elem()
	carried := 0
	for i := range from.NumField() {
		field := from.Type().Field(i)
		f := to.FieldByName(field.Name)
		if !field.IsExported() || !f.IsValid() {
			continue
		}
		requireSameField(t, field.Name, from.Field(i), f)
		carried++
	}
	require.Greater(t, carried, 30)
}

// Every pointer of the shared view leads to the field it is named after.
func TestSharedOptionsPoint(t *testing.T) {
	t.Parallel()
	var cluster ClusterOptions
	var node Options
	views := map[*sharedOptions]reflect.Value{
		cluster.shared(): reflect.ValueOf(&cluster).Elem(),
		node.shared():    reflect.ValueOf(&node).Elem(),
	}
	for shared, options := range views {
		view := reflect.ValueOf(shared).Elem()
		for i := range view.NumField() {
			name := view.Type().Field(i).Name
			field := options.FieldByNameFunc(func(s string) bool { return strings.EqualFold(s, name) })
			require.True(t, field.IsValid(), name)
			require.Equal(t, field.Addr().Pointer(), view.Field(i).Pointer(), "%s of %s", name, options.Type())
		}
	}
}

func TestTLSConfigFor(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		config *tls.Config
		want   string
	}{
		{"announced host", &tls.Config{}, "node.example"},
		{"named by the caller", &tls.Config{ServerName: "cluster.example"}, "cluster.example"},
		{"not verified", &tls.Config{InsecureSkipVerify: true}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := &Options{TLSConfig: tt.config}
			before := tt.config.ServerName
			got := o.tlsConfigFor("node.example")
			require.Equal(t, tt.want, got.ServerName)
			require.Equal(t, tt.config.InsecureSkipVerify, got.InsecureSkipVerify)
			require.NotSame(t, tt.config, got)
			require.Equal(t, before, tt.config.ServerName)
		})
	}
	require.Nil(t, (&Options{}).tlsConfigFor("node.example"))
}
