package redis_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// clientsNamed is what each node tells of the connections of that name, field
// by field.
func clientsNamed(t *testing.T, nodes []*redistest.Node, name string) (clients []map[string]string) {
	t.Helper()
	for _, n := range nodes {
		list, err := n.Do("CLIENT", "LIST")
		require.NoError(t, err)
		for line := range strings.Lines(list.(string)) {
			fields := map[string]string{}
			for field := range strings.FieldsSeq(line) {
				key, value, _ := strings.Cut(field, "=")
				fields[key] = value
			}
			if fields["name"] == name {
				clients = append(clients, fields)
			}
		}
	}
	return clients
}

// useEveryShard sets and reads keys of all shards.
func useEveryShard(t *testing.T, rdb *redis.ClusterClient) {
	t.Helper()
	ctx := within(t, time.Minute)
	for i := range 20 {
		key := fmt.Sprint(t.Name(), i)
		require.NoError(t, rdb.Set(ctx, key, i, 0).Err())
		got, err := rdb.Get(ctx, key).Int()
		require.NoError(t, err)
		require.Equal(t, i, got)
	}
}

func TestWaysToAuthenticate(t *testing.T) {
	cl := redis.SecureCluster(t)
	for _, way := range []struct {
		name string
		user string
		set  func(opt *redis.ClusterOptions)
	}{
		{"password alone", "default", func(opt *redis.ClusterOptions) { opt.Password = cl.Password }},
		{"user and password", cl.Username, func(opt *redis.ClusterOptions) {
			opt.Username, opt.Password = cl.Username, cl.Password
		}},
		{"CredentialsProvider", cl.Username, func(opt *redis.ClusterOptions) {
			opt.Username, opt.Password = "somebody", "else"
			opt.CredentialsProvider = func() (string, string) { return cl.Username, cl.Password }
		}},
		{"CredentialsProviderContext", cl.Username, func(opt *redis.ClusterOptions) {
			opt.CredentialsProvider = func() (string, string) { return "somebody", "else" }
			opt.CredentialsProviderContext = func(ctx context.Context) (string, string, error) {
				if _, bounded := ctx.Deadline(); !bounded {
					return "", "", errors.New("the context has no end")
				}
				return cl.Username, cl.Password, nil
			}
		}},
	} {
		for _, protocol := range []int{2, 3} {
			t.Run(fmt.Sprintf("%s, RESP%d", way.name, protocol), func(t *testing.T) {
				opt := &redis.ClusterOptions{Addrs: cl.Addrs()[:1], TLSConfig: cl.TLSConfig(), Protocol: protocol, ReadOnly: true}
				way.set(opt)
				opt.ClientName = fmt.Sprintf("client-%d", protocol)
				rdb := newClient(t, opt)
				require.NoError(t, rdb.ForEachShard(t.Context(), func(ctx context.Context, node *redis.Client) error {
					return node.Ping(ctx).Err()
				}))
				clients := clientsNamed(t, cl.Nodes(), opt.ClientName)
				require.GreaterOrEqual(t, len(clients), len(cl.Nodes()))
				for _, client := range clients {
					require.Equal(t, way.user, client["user"])
					require.Equal(t, fmt.Sprint(protocol), client["resp"])
				}
				require.NoError(t, rdb.Set(t.Context(), t.Name(), 1, 0).Err())
			})
		}
	}
}

// TestWrongPassword shows that what cannot work fails at once, with the reason.
func TestWrongPassword(t *testing.T) {
	cl := redis.SecureCluster(t)
	for _, protocol := range []int{2, 3} {
		opt := cl.Options()
		opt.Protocol, opt.Password = protocol, "not the one"
		err := newClient(t, opt).Get(t.Context(), "key").Err()
		require.ErrorContains(t, err, "WRONGPASS")
		require.ErrorContains(t, err, cl.Addrs()[0])
		require.NotContains(t, err.Error(), opt.Password)
		var dial *redis.DialError
		require.ErrorAs(t, err, &dial)
		require.Equal(t, "authenticate", dial.Stage)
	}

	opt := cl.Options()
	broken := errors.New("no token to be had")
	opt.MaxRetries = -1
	opt.CredentialsProviderContext = func(context.Context) (string, string, error) { return "", "", broken }
	require.ErrorIs(t, newClient(t, opt).Get(t.Context(), "key").Err(), broken)
}

func TestCertificateThatIsNotTrusted(t *testing.T) {
	cl := redis.SecureCluster(t)
	opt := cl.Options()
	opt.TLSConfig = &tls.Config{}
	err := newClient(t, opt).Get(t.Context(), "key").Err()
	var unknown x509.UnknownAuthorityError
	require.ErrorAs(t, err, &unknown)
	require.ErrorContains(t, err, "TLS handshake")
}

func TestOnConnect(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		opt := cl.Options()
		var greeted atomic.Int64
		opt.PoolSize, opt.MinIdleConns, opt.ClientName = 3, 3, "greeted"
		opt.OnConnect = func(ctx context.Context, cn *redis.Conn) error {
			greeted.Add(1)
			if name, err := cn.ClientGetName(ctx).Result(); err != nil || name != "greeted" {
				return fmt.Errorf("%q, %w", name, err)
			}
			return cn.ClientSetName(ctx, "renamed").Err()
		}
		rdb := newClient(t, opt)
		conns := 3 * len(cl.Nodes())
		eventually(t, func() bool { return int(rdb.PoolStats().TotalConns) == conns })
		useEveryShard(t, rdb)
		require.GreaterOrEqual(t, int(greeted.Load()), conns)
		eventually(t, func() bool { return len(clientsNamed(t, cl.Nodes(), "renamed")) == conns })

		opt.OnConnect = func(context.Context, *redis.Conn) error { return errors.New("unwelcome") }
		opt.MaxRetries = -1
		require.ErrorContains(t, newClient(t, opt).Get(t.Context(), "key").Err(), "OnConnect: unwelcome")
	})
}

func TestOwnDialer(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		opt := cl.Options()
		var mu sync.Mutex
		dialled := map[string]int{}
		opt.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
			mu.Lock()
			dialled[network+" "+addr]++
			mu.Unlock()
			if _, bounded := ctx.Deadline(); !bounded {
				return nil, errors.New("the context has no end")
			}
			nc, err := cl.Dial(ctx, network, addr)
			if err != nil || cl.TLSConfig() == nil {
				return nc, err
			}
			return startTLS(ctx, nc, cl.TLSConfig(), addr)
		}
		opt.TLSConfig = nil
		useEveryShard(t, newClient(t, opt))
		mu.Lock()
		defer mu.Unlock()
		for _, n := range cl.Primaries() {
			require.Positive(t, dialled["tcp "+n.Addr()])
		}
	})
}

// TestHostnames uses a cluster whose nodes announce host names that its own
// Dialer alone can resolve, each with a certificate for its own name.
func TestHostnames(t *testing.T) {
	cl := redistest.Start(t, redistest.Options{Replicas: 1, TLS: true, Password: "secret", Hostnames: true})
	opt := &redis.ClusterOptions{Addrs: cl.Addrs()[:1], Password: "secret"}
	opt.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
		nc, err := cl.Dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return startTLS(ctx, nc, cl.TLSConfig(), addr)
	}
	rdb := newClient(t, opt)
	useEveryShardThrough(t, rdb, cl)

	t.Run("they move slots and fail over", func(t *testing.T) {
		key := "{named}"
		require.NoError(t, rdb.Set(t.Context(), key, 0, 0).Err())
		count := 0
		incr := func() {
			count++
			require.EqualValues(t, count, rdb.Incr(t.Context(), key).Val())
		}
		mover := moverOf(t, cl, key)
		mover.passing = incr // ASK and MOVED name hosts
		mover.roundTrip()
		require.NoError(t, cl.Failover(within(t, time.Minute), cl.ReplicasOf(mover.home)[0], ""))
		incr()
		mover.home = cl.PrimaryFor(mover.slot)
	})

	// The same names beside addresses: what is dialled is the address, what is
	// proved is the name.
	t.Run("beside addresses", func(t *testing.T) {
		for _, n := range cl.Nodes() {
			_, err := n.Do("CONFIG", "SET", "cluster-preferred-endpoint-type", "ip")
			require.NoError(t, err)
		}
		var mu sync.Mutex
		proved := map[string]bool{}
		config := cl.TLSConfig()
		config.VerifyConnection = func(state tls.ConnectionState) error {
			mu.Lock()
			defer mu.Unlock()
			proved[state.ServerName] = true
			return nil
		}
		rdb := newClient(t, &redis.ClusterOptions{Addrs: cl.Addrs()[:1], Password: "secret", TLSConfig: config})
		useEveryShardThrough(t, rdb, cl)
		mu.Lock()
		defer mu.Unlock()
		for _, n := range cl.Nodes() {
			require.True(t, proved[n.Hostname()], n.Hostname())
		}
	})

	// A node that no slot map has yet, as if it were new: ASK and MOVED name its
	// address alone.
	t.Run("of strangers", func(t *testing.T) {
		ctx := within(t, time.Minute)
		key := "{strange}"
		mover := moverOf(t, cl, key)
		home := redis.ClusterSlot{Start: 0, End: 16383, Nodes: []redis.ClusterNode{{
			Addr:               mover.home.Addr(),
			NetworkingMetadata: map[string]string{"hostname": mover.home.Hostname()},
		}}}
		config := cl.TLSConfig()
		config.VerifyConnection = func(state tls.ConnectionState) error {
			if state.ServerName == "" {
				return &tls.CertificateVerificationError{Err: errors.New("this would be an address")}
			}
			return nil
		}
		rdb := newClient(t, &redis.ClusterOptions{
			Addrs: cl.Addrs()[:1], Password: "secret", TLSConfig: config,
			ClusterSlots: func(context.Context) ([]redis.ClusterSlot, error) { return []redis.ClusterSlot{home}, nil },
		})
		count := 0
		mover.passing = func() {
			count++
			require.EqualValues(t, count, rdb.Incr(ctx, key).Val())
		}
		mover.passing()
		mover.roundTrip()
		useEveryShard(t, rdb)
	})
}

// useEveryShardThrough also sends a command to every node.
func useEveryShardThrough(t *testing.T, rdb *redis.ClusterClient, cl *redistest.Cluster) {
	t.Helper()
	useEveryShard(t, rdb)
	var visited atomic.Int64
	require.NoError(t, rdb.ForEachShard(within(t, time.Minute), func(ctx context.Context, node *redis.Client) error {
		visited.Add(1)
		return node.Ping(ctx).Err()
	}))
	require.EqualValues(t, len(cl.Nodes()), visited.Load())
}

func TestClusterURLInUse(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		u := url.URL{Scheme: "redis", Host: cl.Addrs()[0]}
		if cl.Password != "" {
			u.Scheme, u.User = "rediss", url.UserPassword(cl.Username, cl.Password)
		}
		u.RawQuery = url.Values{
			"addr":           cl.Addrs()[1:],
			"client_name":    {"from-url"},
			"pool_size":      {"2"},
			"min_idle_conns": {"2"},
			"read_only":      {"true"},
			"read_timeout":   {"3s"},
		}.Encode()
		opt, err := redis.ParseClusterURL(u.String())
		require.NoError(t, err)
		if opt.TLSConfig != nil {
			opt.TLSConfig.RootCAs = cl.TLSConfig().RootCAs
		}
		rdb := newClient(t, opt)
		conns := 2 * len(cl.Nodes())
		eventually(t, func() bool { return int(rdb.PoolStats().TotalConns) == conns })
		clients := clientsNamed(t, cl.Nodes(), "from-url")
		require.GreaterOrEqual(t, len(clients), conns)
		for _, client := range clients {
			require.Contains(t, []string{cl.Username, "default"}, client["user"])
		}
		require.NoError(t, rdb.Set(t.Context(), t.Name(), 1, 0).Err())
	})
}

func TestOptionsThatCannotBeUsed(t *testing.T) {
	rdb := newClient(t, &redis.ClusterOptions{})
	ctx := t.Context()
	_, err := rdb.Get(ctx, "key").Result()
	require.ErrorContains(t, err, "redis: Addrs is empty")
	_, txErr := rdb.TxPipelined(ctx, func(tx redis.Pipeliner) error { return tx.Get(ctx, "key").Err() })
	_, pipeErr := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error { return pipe.Get(ctx, "key").Err() })
	require.Equal(t, err, txErr)
	require.Equal(t, err, pipeErr)
	require.Equal(t, err, rdb.ForEachMaster(ctx, nil))
	require.Zero(t, *rdb.PoolStats())
}

// TestSlowToConnect has a network on which a connection takes longer than a
// node may be silent.
func TestSlowToConnect(t *testing.T) {
	cl := redis.PlainCluster(t)
	opt := cl.Options()
	opt.SuspectAfter = 20 * time.Millisecond
	opt.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
		time.Sleep(5 * opt.SuspectAfter)
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	useEveryShard(t, newClient(t, opt))
}

func TestUnreachableSeed(t *testing.T) {
	cl := redis.PlainCluster(t)
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	refusing := nobody.Addr().String()
	require.NoError(t, nobody.Close())

	opt := cl.Options()
	opt.Addrs = []string{refusing, cl.Addrs()[3]}
	useEveryShard(t, newClient(t, opt))

	opt.Addrs, opt.MaxRetries = []string{refusing}, -1
	err = newClient(t, opt).Get(t.Context(), "key").Err()
	require.ErrorContains(t, err, refusing)
	require.ErrorContains(t, err, "refused")
}
