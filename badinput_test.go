package redis_test

// What a ClusterClient gives for what is wrong: an error that names the node and
// the stage, at once where nothing can mend it, without a storm of attempts.
// Servers that answer nonsense are in badinput_server_test.go. Some of it is
// tested where it belongs, and not again here:
//
//   - every form of a malformed address or URL, every setting out of range:
//     options_test.go, options_url_test.go
//   - every stage and refusal of a dial, on scripted servers: TestDialErrors;
//     which of them cannot mend: TestPermanentDialErrors, TestJudge
//   - the name that a certificate must have: TestServerNames; one that is not
//     trusted: TestCertificateThatIsNotTrusted; ways to authenticate that work:
//     TestWaysToAuthenticate
//   - every type that cannot be sent: TestArgumentsThatCannotBeSent; bad commands
//     among good ones in a pipeline: TestPipelineErrors
//   - Close while commands are in flight: TestCloseUnderLoad
//   - CLUSTER SLOTS that is malformed: TestReadSlotsRefuses; answers that must
//     not replace a good map: TestLoadFails; nothing from the ClusterSlots
//     function: TestClusterSlotsFuncFails

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// waysIn is the ways by which a program has a cluster client do something.
var waysIn = map[string]func(context.Context, *redis.ClusterClient) error{
	"command":       func(ctx context.Context, c *redis.ClusterClient) error { return c.Get(ctx, "key").Err() },
	"Do":            func(ctx context.Context, c *redis.ClusterClient) error { return c.Do(ctx, "set", "key", 1).Err() },
	"without a key": func(ctx context.Context, c *redis.ClusterClient) error { return c.Ping(ctx).Err() },
	"over slots":    func(ctx context.Context, c *redis.ClusterClient) error { return c.MGet(ctx, "a", "b", "c").Err() },
	"over nodes":    func(ctx context.Context, c *redis.ClusterClient) error { return c.DBSize(ctx).Err() },
	"scan":          func(ctx context.Context, c *redis.ClusterClient) error { return c.Scan(ctx, 0, "", 0).Err() },
	"iterator": func(ctx context.Context, c *redis.ClusterClient) error {
		it := c.Scan(ctx, 0, "", 0).Iterator()
		for it.Next(ctx) {
		}
		return it.Err()
	},
	"script": func(ctx context.Context, c *redis.ClusterClient) error {
		return redis.NewScript("return 1").Run(ctx, c, []string{"key"}).Err()
	},
	"pipeline": func(ctx context.Context, c *redis.ClusterClient) error {
		_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error { return p.Get(ctx, "key").Err() })
		return err
	},
	"transaction": func(ctx context.Context, c *redis.ClusterClient) error {
		_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error { return p.Get(ctx, "key").Err() })
		return err
	},
	"Watch": func(ctx context.Context, c *redis.ClusterClient) error {
		return c.Watch(ctx, func(*redis.Tx) error { return nil }, "key")
	},
	"every master": func(ctx context.Context, c *redis.ClusterClient) error {
		return c.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return node.Ping(ctx).Err() })
	},
	"every node": func(ctx context.Context, c *redis.ClusterClient) error {
		return c.ForEachShard(ctx, func(ctx context.Context, node *redis.Client) error { return node.Ping(ctx).Err() })
	},
	"one master": func(ctx context.Context, c *redis.ClusterClient) error {
		node, err := c.MasterForKey(ctx, "key")
		if err != nil {
			return err
		}
		return node.Ping(ctx).Err()
	},
	"subscription": func(ctx context.Context, c *redis.ClusterClient) error {
		p := c.Subscribe(ctx, "channel")
		_, err := p.Receive(ctx)
		_ = p.Close()
		return err
	},
	"sharded subscription": func(ctx context.Context, c *redis.ClusterClient) error {
		p := c.SSubscribe(ctx, "channel")
		_, err := p.Receive(ctx)
		_ = p.Close()
		return err
	},
}

// eachWayIn goes all the ways, each of which must end at once.
func eachWayIn(t *testing.T, ctx context.Context, c *redis.ClusterClient, check func(t *testing.T, err error)) {
	for name, call := range waysIn {
		t.Run(name, func(t *testing.T) {
			atOnce(t, func() { check(t, call(ctx, c)) })
		})
	}
}

// atOnce is for what has no reason to wait, on a machine that may be busy. No
// timeout, and no wait for a shard that is away, is as short.
func atOnce(t *testing.T, do func()) {
	t.Helper()
	began := time.Now()
	do()
	require.Less(t, time.Since(began), 2*time.Second)
}

// countDials has a client count the connections that it opens.
func countDials(opt *redis.ClusterOptions) *atomic.Int64 {
	dial := redis.NewDialer(&redis.Options{TLSConfig: opt.TLSConfig, DialTimeout: 10 * time.Second})
	dials := new(atomic.Int64)
	opt.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
		dials.Add(1)
		return dial(ctx, network, addr)
	}
	return dials
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		opt  *redis.ClusterOptions
		want string
	}{
		{"nil", nil, "redis: the options are nil"},
		{"no addresses", &redis.ClusterOptions{}, "redis: Addrs is empty: the cluster client needs the address of at least one node"},
		{"an empty address", &redis.ClusterOptions{Addrs: []string{""}}, `redis: address "": missing port in address`},
		{"no port", &redis.ClusterOptions{Addrs: []string{"a:1", "b.example"}}, `redis: address "b.example": missing port in address`},
		{"no such port", &redis.ClusterOptions{Addrs: []string{"a:70000"}}, `redis: address "a:70000": the port must be a number from 1 to 65535`},
		{"a URL", &redis.ClusterOptions{Addrs: []string{"redis://a:1"}}, `redis: address "redis://a:1": host:port is wanted here, not a URL or a user name`},
		{"several in one", &redis.ClusterOptions{Addrs: []string{"a:1,b:2"}}, `redis: address "a:1,b:2": too many colons in address`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, test.opt)
			eachWayIn(t, t.Context(), c, func(t *testing.T, err error) { require.EqualError(t, err, test.want) })
			require.NotNil(t, c.Options())
			require.Zero(t, *c.PoolStats())
			c.ReloadState(t.Context())
		})
	}
}

// TestBadServers has clients whose first connection, or first question, is
// refused for good: by real servers, in their own words.
func TestBadServers(t *testing.T) {
	t.Parallel()
	plain := redistest.StartServer(t, redistest.Options{})
	locked := redistest.StartServer(t, redistest.Options{Password: "correct horse"})
	secure := redistest.StartServer(t, redistest.Options{TLS: true})
	for _, rule := range [][]string{
		{"ACL", "SETUSER", "mute", "on", ">secret", "+hello", "+ping"},
		{"ACL", "SETUSER", "off", "off", ">secret", "+@all", "~*"},
	} {
		_, err := plain.Do(rule...)
		require.NoError(t, err)
	}
	var byName x509.HostnameError
	var byAuthority x509.UnknownAuthorityError
	for _, test := range []struct {
		name   string
		node   *redistest.Node
		change func(*redis.ClusterOptions)
		stage  string // of the DialError; empty when the server let the client in
		want   string
		as     any
		tries  int // how often the map is tried for; 1 when it is plain that it cannot be had
	}{
		{"no cluster", plain, nil, "", "CLUSTER SLOTS: ERR This instance has cluster support disabled", nil, 1},
		{"wrong password", locked, func(o *redis.ClusterOptions) { o.Password = "hush-hush" }, "authenticate", "WRONGPASS", nil, 1},
		{"wrong password, RESP2", locked, func(o *redis.ClusterOptions) { o.Password, o.Protocol = "hush-hush", 2 }, "authenticate", "WRONGPASS", nil, 1},
		{"no password", locked, nil, "handshake", "NOAUTH", nil, 1},
		{"no password, RESP2", locked, func(o *redis.ClusterOptions) { o.Protocol = 2 }, "", "NOAUTH", nil, 1},
		{"no such user", plain, func(o *redis.ClusterOptions) { o.Username, o.Password = "nobody", "hush-hush" }, "authenticate", "WRONGPASS", nil, 1},
		{"a user who is off", plain, func(o *redis.ClusterOptions) { o.Username, o.Password = "off", "secret" }, "authenticate", "WRONGPASS", nil, 1},
		{"a user without rights", plain, func(o *redis.ClusterOptions) { o.Username, o.Password = "mute", "secret" }, "", "CLUSTER SLOTS: NOPERM", nil, 1},
		// Redis waits in silence for the end of what it takes for a line.
		{"TLS to a port without", plain, func(o *redis.ClusterOptions) {
			o.TLSConfig, o.DialTimeout, o.MaxRetries = secure.TLSConfig(), 300*time.Millisecond, 1
		}, "TLS handshake", "(is it a port without TLS?)", nil, 2},
		{"a certificate for another name", secure, func(o *redis.ClusterOptions) {
			o.TLSConfig = secure.TLSConfig()
			o.TLSConfig.ServerName = "other.example"
		}, "TLS handshake", "other.example", &byName, 1},
		{"a certificate nobody vouches for", secure, func(o *redis.ClusterOptions) { o.TLSConfig = &tls.Config{} }, "TLS handshake", "unknown authority", &byAuthority, 1},
		// A server that shuts the door without a word might open it again.
		{"no TLS to a port with", secure, nil, "handshake", "(does the port expect TLS?)", nil, 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			opt := &redis.ClusterOptions{Addrs: []string{test.node.Addr()}}
			if test.change != nil {
				test.change(opt)
			}
			dials := countDials(opt)
			began := time.Now()
			c := newClient(t, opt)
			check := func(t *testing.T, err error) {
				require.ErrorContains(t, err, "redis: "+test.node.Addr()+": "+test.stage)
				require.ErrorContains(t, err, test.want)
				require.NotContains(t, err.Error(), "hush-hush")
				require.NotErrorIs(t, err, redis.ErrWriteInDoubt)
				var dial *redis.DialError
				require.Equal(t, test.stage != "", errors.As(err, &dial))
				if test.stage != "" {
					require.Equal(t, test.node.Addr(), dial.Node)
					require.Equal(t, test.stage, dial.Stage)
				}
				if test.as != nil {
					require.ErrorAs(t, err, test.as)
				}
			}
			atOnce(t, func() { check(t, c.Get(t.Context(), "key").Err()) })
			require.EqualValues(t, test.tries, dials.Load())
			if test.tries > 1 {
				return
			}
			eachWayIn(t, t.Context(), c, check)
			var callers sync.WaitGroup
			for range 20 {
				callers.Go(func() {
					for range 20 {
						assert.ErrorContains(t, c.Incr(t.Context(), "key").Err(), test.want)
					}
				})
			}
			atOnce(t, callers.Wait)
			most := 4 + int64(time.Since(began)/time.Second) // two for the subscriptions
			require.LessOrEqual(t, dials.Load(), most, "for more than 400 commands")
		})
	}
}

// TestBadServerIsMended shows that a client which was refused for good gets in
// once somebody has mended the cause.
func TestBadServerIsMended(t *testing.T) {
	t.Parallel()
	cl := redistest.Start(t, redistest.Options{Shards: 1, Password: "old"})
	opt := &redis.ClusterOptions{Addrs: cl.Addrs()}
	var password atomic.Value
	password.Store("wrong")
	opt.CredentialsProvider = func() (string, string) { return "default", password.Load().(string) }
	c := newClient(t, opt)
	require.ErrorContains(t, c.Ping(t.Context()).Err(), "WRONGPASS")
	password.Store("old")
	began := time.Now()
	eventually(t, func() bool { return c.Ping(t.Context()).Err() == nil })
	require.Less(t, time.Since(began), 3*time.Second)
}

// sender is what clients and pipelines have in common.
type sender interface {
	redis.Cmdable
	Do(ctx context.Context, args ...interface{}) *redis.Cmd
	Process(ctx context.Context, cmd redis.Cmder) error
}

// TestCommandsThatCannotBeSent has mistakes that are found before a connection
// is even opened. The client's address is nobody's.
func TestCommandsThatCannotBeSent(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		call func(context.Context, sender) redis.Cmder
		want string
	}{
		{"a struct", func(ctx context.Context, c sender) redis.Cmder { return c.Set(ctx, "key", struct{}{}, 0) },
			"redis: set: argument 2: cannot send a value of type struct {} (implement encoding.BinaryMarshaler)"},
		{"an error", func(ctx context.Context, c sender) redis.Cmder {
			return c.RPush(ctx, "key", "good", 1, errors.ErrUnsupported)
		}, "redis: rpush: argument 4: cannot send a value of type *errors.errorString"},
		{"in Do", func(ctx context.Context, c sender) redis.Cmder { return c.Do(ctx, "set", "key", map[string]int{}) },
			"redis: set: argument 2: cannot send a value of type map[string]int"},
		{"in a script", func(ctx context.Context, c sender) redis.Cmder {
			return c.Eval(ctx, "return 1", []string{"key"}, make(chan int))
		}, "redis: eval: argument 4: cannot send a value of type chan int"},
		{"MSET", func(ctx context.Context, c sender) redis.Cmder { return c.MSet(ctx, "a", 1, "b") },
			"redis: mset: 3 values are not pairs"},
		{"MSETNX", func(ctx context.Context, c sender) redis.Cmder { return c.MSetNX(ctx, "a") },
			"redis: msetnx: 1 values are not pairs"},
		{"HSET", func(ctx context.Context, c sender) redis.Cmder { return c.HSet(ctx, "key", "field") },
			"redis: hset: 1 values are not pairs"},
		{"nothing", func(ctx context.Context, c sender) redis.Cmder {
			cmd := redis.NewCmd(ctx)
			_ = c.Process(ctx, cmd)
			return cmd
		}, "redis: a command without a name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			opt := &redis.ClusterOptions{Addrs: []string{"127.0.0.1:1"}}
			dials := countDials(opt)
			c := newClient(t, opt)
			ctx := t.Context()
			atOnce(t, func() {
				require.ErrorContains(t, test.call(ctx, c).Err(), test.want)
				_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error { test.call(ctx, p); return nil })
				require.ErrorContains(t, err, test.want)
				_, err = c.TxPipelined(ctx, func(p redis.Pipeliner) error { test.call(ctx, p); return nil })
				require.ErrorContains(t, err, test.want)
			})
			require.Zero(t, dials.Load())
		})
	}
}

func TestNilContext(t *testing.T) {
	opt := redis.PlainCluster(t).Options()
	var none context.Context
	is := func(t *testing.T, err error) { require.ErrorContains(t, err, "redis: the context is nil") }
	for name, call := range waysIn {
		t.Run("first "+name, func(t *testing.T) {
			dials := countDials(opt)
			is(t, call(none, newClient(t, opt)))
			require.Zero(t, dials.Load())
		})
	}
	c := newClient(t, opt)
	require.NoError(t, c.Set(t.Context(), "key", "v", 0).Err())
	eachWayIn(t, none, c, is)
	require.Equal(t, "v", c.Get(t.Context(), "key").Val())
}

func TestUseAfterClose(t *testing.T) {
	opt := redis.PlainCluster(t).Options()
	for _, used := range []bool{false, true} {
		name := "never used"
		if used {
			name = "used"
		}
		t.Run(name, func(t *testing.T) {
			dials := countDials(opt)
			c := redis.NewClusterClient(opt)
			if used {
				require.NoError(t, c.Ping(t.Context()).Err())
			}
			require.NoError(t, c.Close())
			before := dials.Load()
			eachWayIn(t, t.Context(), c, func(t *testing.T, err error) { require.ErrorIs(t, err, redis.ErrClosed) })
			c.ReloadState(t.Context())
			require.Equal(t, before, dials.Load())
			require.Zero(t, c.PoolStats().TotalConns)
			require.NoError(t, c.Close(), "once more")
		})
	}
}
