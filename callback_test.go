package redis

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stepHook is a hook of which each method may be nil: then it returns nil.
type stepHook struct {
	dial     func(next DialHook) DialHook
	process  func(next ProcessHook) ProcessHook
	pipeline func(next ProcessPipelineHook) ProcessPipelineHook
}

func (h stepHook) DialHook(next DialHook) DialHook {
	if h.dial == nil {
		return nil
	}
	return h.dial(next)
}

func (h stepHook) ProcessHook(next ProcessHook) ProcessHook {
	if h.process == nil {
		return nil
	}
	return h.process(next)
}

func (h stepHook) ProcessPipelineHook(next ProcessPipelineHook) ProcessPipelineHook {
	if h.pipeline == nil {
		return nil
	}
	return h.pipeline(next)
}

// dialCallbacks are the callbacks that a dial may call. Each has the options, or the
// hook, call do first.
var dialCallbacks = []struct {
	name, stage string
	set         func(o *ClusterOptions, do func()) Hook
}{
	{"Dialer", "dial", func(o *ClusterOptions, do func()) Hook {
		dial := o.Dialer
		o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
			do()
			return dial(ctx, network, addr)
		}
		return nil
	}},
	{"DialHook", "dial", func(_ *ClusterOptions, do func()) Hook {
		return stepHook{dial: func(next DialHook) DialHook {
			return func(ctx context.Context, network, addr string) (net.Conn, error) {
				do()
				return next(ctx, network, addr)
			}
		}}
	}},
	{"DialHook", "dial", func(_ *ClusterOptions, do func()) Hook {
		return stepHook{dial: func(next DialHook) DialHook {
			return func(ctx context.Context, network, addr string) (net.Conn, error) {
				defer do()
				return next(ctx, network, addr)
			}
		}}
	}},
	{"CredentialsProvider", "credentials", func(o *ClusterOptions, do func()) Hook {
		o.CredentialsProvider = func() (string, string) { do(); return "", "" }
		return nil
	}},
	{"CredentialsProviderContext", "credentials", func(o *ClusterOptions, do func()) Hook {
		o.CredentialsProviderContext = func(context.Context) (string, string, error) { do(); return "", "", nil }
		return nil
	}},
	{"OnConnect", "OnConnect", func(o *ClusterOptions, do func()) Hook {
		o.OnConnect = func(context.Context, *Conn) error { do(); return nil }
		return nil
	}},
}

// A callback that heeds no context and does not return holds up only the dial that it
// belongs to, and that not for longer than DialTimeout. Close does not wait for it, and
// what it gives in the end is closed.
func TestCallbacksThatDoNotReturn(t *testing.T) {
	for _, callback := range dialCallbacks {
		for _, when := range []string{"from the start", "later"} {
			t.Run(callback.name+" "+when, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					m := newMemoryNet(t)
					s := m.add("a:1")
					var blocks atomic.Bool
					var calls atomic.Int32
					release := make(chan struct{})
					var hook Hook
					c := m.client(func(o *ClusterOptions) {
						o.DialTimeout, o.FailoverTimeout = time.Second, 2*time.Second
						hook = callback.set(o, func() {
							if blocks.Load() {
								calls.Add(1)
								<-release
							}
						})
					}, "a:1")
					if hook != nil {
						c.AddHook(hook)
					}
					ctx := t.Context()
					if blocks.Store(when == "from the start"); when == "later" {
						require.ErrorIs(t, c.Get(ctx, "key").Err(), Nil)
						blocks.Store(true)
						s.dropConns()
						time.Sleep(time.Millisecond)
					}

					began := time.Now()
					short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
					defer cancel()
					require.ErrorIs(t, c.Get(short, "key").Err(), context.DeadlineExceeded)
					require.LessOrEqual(t, time.Since(began), 301*time.Millisecond)

					var failed *DialError
					require.ErrorAs(t, c.Get(ctx, "key").Err(), &failed)
					require.LessOrEqual(t, time.Since(began), 7*time.Second)
					require.Equal(t, callback.stage, failed.Stage)
					require.ErrorContains(t, failed, callback.name+" has not returned")
					require.ErrorIs(t, failed, context.DeadlineExceeded)

					sub := c.Subscribe(short, "channel")
					began = time.Now()
					require.NoError(t, sub.Close())
					require.NoError(t, c.Close())
					require.Less(t, time.Since(began), time.Second)
					require.LessOrEqual(t, calls.Load(), int32(c.opt.MaxConcurrentDials+1), "one for the map, which may be asked at the same time")
					close(release)
					s.awaitOpen(0)
					awaitThat(t, "the end of the dials", func() bool {
						abandoned, _ := c.opt.abandoned.at("a:1")
						return abandoned == 0
					})
				})
			})
		}
	}
}

// A seed to which no dial returns costs one goroutine, and keeps nobody from loading the
// map: neither while the cluster is there nor when it comes back after an outage.
func TestSeedWhoseDialDoesNotReturn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		s := m.add("a:1")
		release := make(chan struct{})
		var stuck atomic.Int32
		c := m.client(func(o *ClusterOptions) {
			o.DialTimeout, o.FailoverTimeout, o.ClusterStateReloadInterval = time.Second, time.Second, time.Second
			o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
				if addr == "stuck:1" {
					stuck.Add(1)
					<-release
				}
				return m.dial(ctx, network, addr)
			}
		}, "a:1", "stuck:1")
		defer close(release)
		ctx := t.Context()
		require.NoError(t, c.Set(ctx, "key", 1, 0).Err())
		m.remove(s)
		require.Error(t, c.Set(ctx, "key", 2, 0).Err())
		time.Sleep(10 * time.Second)

		s = m.add("a:1")
		require.NoError(t, c.Set(ctx, "key", 3, 0).Err())
		before := s.count("CLUSTER SLOTS")
		time.Sleep(10 * time.Second)
		require.GreaterOrEqual(t, s.count("CLUSTER SLOTS")-before, 3, "the map is loaded again and again")
		require.LessOrEqual(t, stuck.Load(), int32(2), "one, or two at the same time")
		began := time.Now()
		require.NoError(t, c.Close())
		require.Less(t, time.Since(began), time.Second)
	})
}

// A ClusterSlots that does not return in time is not called again before it has, and what
// it gives in the end is used.
func TestClusterSlotsThatDoesNotReturn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		m.add("a:1")
		var calls atomic.Int32
		release := make(chan struct{})
		c := m.client(func(o *ClusterOptions) {
			o.ClusterSlots = func(context.Context) ([]ClusterSlot, error) {
				if calls.Add(1); calls.Load() != 2 {
					<-release
				}
				return []ClusterSlot{{Start: 0, End: slotCount - 1, Nodes: []ClusterNode{{Addr: "a:1"}}}}, nil
			}
		})
		ctx := t.Context()
		began := time.Now()
		require.ErrorContains(t, c.Set(ctx, "key", 1, 0).Err(), "ClusterSlots has not returned")
		require.Less(t, time.Since(began), 2*refreshTimeout)
		require.ErrorIs(t, c.Set(ctx, "key", 1, 0).Err(), context.DeadlineExceeded)
		require.EqualValues(t, 1, calls.Load())

		release <- struct{}{}
		awaitThat(t, "the map", func() bool { return c.currentMap() != nil })
		require.EqualValues(t, 1, calls.Load())
		require.NoError(t, c.Set(ctx, "key", 1, 0).Err())

		// Nor does a command wait for one, as long as there is a map.
		time.Sleep(time.Second)
		c.ReloadState(ctx)
		awaitThat(t, "a reload", func() bool { return calls.Load() == 2 })
		time.Sleep(time.Second)
		c.ReloadState(ctx)
		awaitThat(t, "another one", func() bool { return calls.Load() == 3 })
		began = time.Now()
		require.NoError(t, c.Set(ctx, "key", 2, 0).Err())
		require.NoError(t, c.Close())
		require.Less(t, time.Since(began), time.Second)
		close(release)
	})
}

// The pause after a failed dial is the usual one if the program does not give it, or
// panics, and Close does not wait for it.
func TestDialerRetryBackoffThatDoesNotReturn(t *testing.T) {
	for name, backoff := range map[string]func(release chan struct{}){
		"blocks": func(release chan struct{}) { <-release },
		"panics": func(chan struct{}) { panic("a pause") },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m := newMemoryNet(t)
				release := make(chan struct{})
				defer close(release)
				c := m.client(func(o *ClusterOptions) {
					o.MinIdleConns, o.FailoverTimeout = 1, time.Second
					o.DialerRetryBackoff = func(int) time.Duration { backoff(release); return time.Hour }
				}, "a:1")
				require.Error(t, c.Set(t.Context(), "key", 1, 0).Err())
				m.add("a:1")
				awaitThat(t, "a dial", func() bool { return c.Set(t.Context(), "key", 1, 0).Err() == nil })
				m.remove(m.servers["a:1"])
				require.Error(t, c.Set(t.Context(), "key", 1, 0).Err())
				m.add("a:1")
				require.NoError(t, c.Set(t.Context(), "key", 1, 0).Err())
				began := time.Now()
				require.NoError(t, c.Close())
				require.Less(t, time.Since(began), time.Second)
			})
		})
	}
}

// A callback of a dial that panics, or ends its goroutine, makes the dial fail with an
// error that says so. The connection is closed.
func TestDialCallbacksThatPanic(t *testing.T) {
	t.Parallel()
	for _, callback := range dialCallbacks {
		for name, wrong := range map[string]func(){
			"panics": func() { panic(errScripted) },
			"exits":  runtime.Goexit,
		} {
			t.Run(callback.name+" "+name, func(t *testing.T) {
				t.Parallel()
				s := newScripted(t)
				var well atomic.Bool
				var hook Hook
				c := clusterOf(t, []*scripted{s}, func(o *ClusterOptions) {
					o.FailoverTimeout, o.MaxRetries = time.Second, -1
					o.Dialer = NewDialer(&Options{})
					hook = callback.set(o, func() {
						if !well.Load() {
							wrong()
						}
					})
				})
				if hook != nil {
					c.AddHook(hook)
				}
				ctx := background(t)
				sub := c.Subscribe(ctx, "channel")
				defer func() { _ = sub.Close() }()
				_, subErr := sub.Receive(ctx)
				for what, err := range map[string]error{
					"Get":       c.Get(ctx, "key").Err(),
					"Subscribe": subErr,
					"Monitor":   c.Monitor(ctx, make(chan string)).Err(),
				} {
					var failed *DialError
					require.ErrorAs(t, err, &failed, what)
					var panicked *PanicError
					if name == "exits" {
						require.ErrorIs(t, err, errGoexit)
						continue
					}
					require.Equal(t, callback.stage, failed.Stage, what)
					require.ErrorAs(t, err, &panicked, what)
					require.Equal(t, callback.name, panicked.Callback)
					require.Equal(t, errScripted, panicked.Value)
					require.Contains(t, string(panicked.Stack), "TestDialCallbacksThatPanic")
					require.ErrorContains(t, err, callback.name+" has panicked: "+errScripted.Error()+" (at ")
					require.ErrorContains(t, err, "callback_test.go:")
				}
				s.awaitOpen(0)
				well.Store(true)
				awaitThat(t, "a connection", func() bool { return c.Set(ctx, "key", 1, 0).Err() == nil })
			})
		}
	}
}

// What a panic value is told of it holds no secret.
func TestPanicText(t *testing.T) {
	t.Parallel()
	type config struct{ Password string }
	for _, test := range []struct {
		value any
		want  string
	}{
		{"text", "text"},
		{7, "7"},
		{1.5, "1.5"},
		{errScripted, errScripted.Error()},
		{time.Second, "1s"},
		{config{"hush-hush"}, "a value of type redis.config"},
		{&config{"hush-hush"}, "a value of type *redis.config"},
		{[]byte("hush-hush"), "a value of type []uint8"},
		{nil, "panic called with nil argument"},
	} {
		err := guard("Dialer", func() error { panic(test.value) })
		require.ErrorContains(t, err, "Dialer has panicked: "+test.want+" (at ")
	}
	require.NoError(t, guard("Dialer", func() error { return nil }))
	require.Equal(t, errScripted, guard("Dialer", func() error { return errScripted }))
}

// A Dialer or a hook that returns neither a connection nor an error makes the dial fail.
func TestDialerThatReturnsNothing(t *testing.T) {
	t.Parallel()
	nothing := func(context.Context, string, string) (net.Conn, error) { return nil, nil }
	for name, test := range map[string]struct {
		dial DialHook
		hook Hook
	}{
		"Dialer":          {dial: nothing},
		"hook":            {hook: stepHook{dial: func(DialHook) DialHook { return nothing }}},
		"nil of TCP":      {dial: func(context.Context, string, string) (net.Conn, error) { return (*net.TCPConn)(nil), nil }},
		"nil of TLS":      {dial: func(context.Context, string, string) (net.Conn, error) { return (*tls.Conn)(nil), nil }},
		"nil in a struct": {dial: func(context.Context, string, string) (net.Conn, error) { return struct{ net.Conn }{}, nil }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			c := clientOf(t, s, func(o *Options) { o.Dialer, o.MaxRetries = test.dial, -1 })
			if test.hook != nil {
				c.AddHook(test.hook)
			}
			ctx := background(t)
			sub := c.Subscribe(ctx, "channel")
			defer func() { _ = sub.Close() }()
			_, subErr := sub.Receive(ctx)
			for _, err := range []error{c.Get(ctx, "key").Err(), subErr, c.Monitor(ctx, make(chan string)).Err()} {
				var failed *DialError
				require.ErrorAs(t, err, &failed)
				require.Equal(t, s.addr, failed.Node)
			}
		})
	}
}

// nodeHook has every node's client have the hook.
func nodeHook(h Hook) func(*ClusterOptions) {
	return func(o *ClusterOptions) {
		o.NewClient = func(opt *Options) *Client {
			c := NewClient(opt)
			c.AddHook(h)
			return c
		}
	}
}

// limiterOf has every node's client have the limiter.
func limiterOf(l Limiter) func(*ClusterOptions) {
	return func(o *ClusterOptions) {
		o.NewClient = func(opt *Options) *Client {
			opt.Limiter = l
			return NewClient(opt)
		}
	}
}

// limiterFuncs is a limiter.
type limiterFuncs struct{ allow, report func() }

func (l limiterFuncs) Allow() error { l.allow(); return nil }

func (l limiterFuncs) ReportResult(error) { l.report() }

// setTen sets ten keys in one pipeline.
func setTen(ctx context.Context, c *ClusterClient) error {
	_, err := c.Pipelined(ctx, func(p Pipeliner) error {
		for i := range 10 {
			p.Set(ctx, fmt.Sprint("key", i), i, 0)
		}
		return nil
	})
	return err
}

// A panic on a goroutine of the client is an error of the caller's, who may go on.
func TestPanicsOnGoroutinesOfTheClient(t *testing.T) {
	t.Parallel()
	before := func(o *ClusterOptions, may func()) {
		nodeHook(stepHook{pipeline: func(next ProcessPipelineHook) ProcessPipelineHook {
			return func(ctx context.Context, cmds []Cmder) error {
				may()
				return next(ctx, cmds)
			}
		}})(o)
	}
	after := func(o *ClusterOptions, may func()) {
		nodeHook(stepHook{pipeline: func(next ProcessPipelineHook) ProcessPipelineHook {
			return func(ctx context.Context, cmds []Cmder) error {
				defer may()
				return next(ctx, cmds)
			}
		}})(o)
	}
	pipeline := func(ctx context.Context, c *ClusterClient, _ func()) error { return setTen(ctx, c) }
	for _, test := range []struct {
		name, callback string
		change         func(o *ClusterOptions, may func())
		do             func(ctx context.Context, c *ClusterClient, may func()) error
	}{
		{"hook before a pipeline", "a hook of the node", before, pipeline},
		{"hook after a pipeline", "a hook of the node", after, pipeline},
		{"hook of MSET", "a hook of the node", before, func(ctx context.Context, c *ClusterClient, _ func()) error {
			return c.MSet(ctx, "a", 1, "b", 2, "c", 3).Err()
		}},
		{"hook of DBSIZE", "a hook of the node", before, func(ctx context.Context, c *ClusterClient, _ func()) error {
			return c.DBSize(ctx).Err()
		}},
		{"Allow", "Limiter", func(o *ClusterOptions, may func()) {
			limiterOf(limiterFuncs{may, func() {}})(o)
		}, pipeline},
		{"ReportResult", "Limiter", func(o *ClusterOptions, may func()) {
			limiterOf(limiterFuncs{func() {}, may})(o)
		}, pipeline},
		{"ForEachMaster", "the function of ForEachMaster", nil, func(ctx context.Context, c *ClusterClient, may func()) error {
			return c.ForEachMaster(ctx, func(context.Context, *Client) error { may(); return nil })
		}},
		{"ForEachShard", "the function of ForEachShard", nil, func(ctx context.Context, c *ClusterClient, may func()) error {
			return c.ForEachShard(ctx, func(context.Context, *Client) error { may(); return nil })
		}},
		{"ClusterSlots", "ClusterSlots", func(o *ClusterOptions, may func()) {
			addrs := o.Addrs
			o.ClusterSlots = func(context.Context) ([]ClusterSlot, error) {
				may()
				return []ClusterSlot{{End: slotCount - 1, Nodes: []ClusterNode{{Addr: addrs[0]}}}}, nil
			}
		}, nil},
	} {
		for name, wrong := range map[string]func(){"panics": func() { panic(errScripted) }, "exits": runtime.Goexit} {
			t.Run(test.name+" "+name, func(t *testing.T) {
				t.Parallel()
				servers := newScriptedCluster(t, 2)
				for _, s := range servers {
					s.on("DBSIZE", says(":1\r\n"))
					s.on("MSET", says("+OK\r\n"))
				}
				var well atomic.Bool
				may := func() {
					if !well.Load() {
						wrong()
					}
				}
				c := clusterOf(t, servers, func(o *ClusterOptions) {
					if o.MaxRetries = -1; test.change != nil {
						test.change(o, may)
					}
				})
				ctx := background(t)
				do := test.do
				if do == nil {
					do = pipeline
				}
				promptly(t, func() {
					err := do(ctx, c, may)
					if name == "exits" {
						require.ErrorIs(t, err, errGoexit)
						return
					}
					var panicked *PanicError
					require.ErrorAs(t, err, &panicked)
					require.Equal(t, test.callback, panicked.Callback)
					require.Equal(t, errScripted, panicked.Value)
				})
				well.Store(true)
				require.NoError(t, do(ctx, c, may))
				require.NoError(t, setTen(ctx, c))
				stats := c.PoolStats()
				require.Equal(t, stats.TotalConns, stats.IdleConns)
			})
		}
	}
}

// A panic on the caller's goroutine is the caller's, who may recover it and go on: what
// was taken for it is given back.
func TestPanicsOnTheCallersGoroutine(t *testing.T) {
	t.Parallel()
	process := stepHook{process: func(next ProcessHook) ProcessHook {
		return func(ctx context.Context, cmd Cmder) error {
			if cmd.Name() == "incr" || cmd.Name() == "blpop" {
				defer panic(errScripted)
			}
			return next(ctx, cmd)
		}
	}}
	blocks := func(ctx context.Context, c *ClusterClient) { c.BLPop(ctx, time.Second, "list") }
	increments := func(ctx context.Context, c *ClusterClient) { c.Incr(ctx, "n") }
	for _, test := range []struct {
		name   string
		change func(*ClusterOptions)
		hook   Hook
		do     func(context.Context, *ClusterClient)
	}{
		{"hook", nil, process, increments},
		{"hook of the node", nodeHook(process), nil, increments},
		{"hook of the node, blocking command", nodeHook(process), nil, blocks},
		{"limiter, blocking command", limiterOf(limiterFuncs{func() {}, func() { panic(errScripted) }}), nil, blocks},
		{"pipeline hook", nil, stepHook{pipeline: func(next ProcessPipelineHook) ProcessPipelineHook {
			return func(ctx context.Context, cmds []Cmder) error {
				defer panic(errScripted)
				return next(ctx, cmds)
			}
		}}, func(ctx context.Context, c *ClusterClient) { _ = setTen(ctx, c) }},
		{"Pipelined", nil, nil, func(ctx context.Context, c *ClusterClient) {
			_, _ = c.Pipelined(ctx, func(Pipeliner) error { panic(errScripted) })
		}},
		{"Watch", nil, nil, func(ctx context.Context, c *ClusterClient) {
			_ = c.Watch(ctx, func(*Tx) error { panic(errScripted) }, "key")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			s.on("BLPOP", says("_\r\n"))
			s.on("WATCH", says("+OK\r\n"))
			s.on("UNWATCH", says("+OK\r\n"))
			c := clusterOf(t, []*scripted{s}, test.change)
			if test.hook != nil {
				c.AddHook(test.hook)
			}
			ctx := background(t)
			for range 2 * c.opt.PoolSize {
				require.PanicsWithValue(t, errScripted, func() { test.do(ctx, c) })
			}
			stats := c.PoolStats()
			require.Equal(t, stats.TotalConns, stats.IdleConns)
			require.Zero(t, stats.PendingRequests)
			require.NoError(t, c.Close())
		})
	}
}

// A NewClient that panics, or makes nothing, makes the node one that cannot be used: the
// others can be.
func TestNewClientThatFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		newClient func(*Options) *Client
		want      string
	}{
		"panics":     {func(*Options) *Client { panic(errScripted) }, "NewClient has panicked: " + errScripted.Error()},
		"nil":        {func(*Options) *Client { return nil }, "NewClient"},
		"zero value": {func(*Options) *Client { return new(Client) }, "NewClient"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			servers := newScriptedCluster(t, 2)
			c := clusterOf(t, servers, func(o *ClusterOptions) {
				o.NewClient = func(opt *Options) *Client {
					if opt.Addr == servers[0].addr {
						return test.newClient(opt)
					}
					return NewClient(opt)
				}
			})
			ctx := background(t)
			promptly(t, func() {
				require.ErrorContains(t, c.Set(ctx, keyOn(0, slotCount/2-1), 1, 0).Err(), test.want)
				require.NoError(t, c.Set(ctx, keyOn(slotCount/2, slotCount-1), 1, 0).Err())
			})
			require.NoError(t, c.Close())
		})
	}
}

// A hook whose methods return nil leaves everything as it is, as does a hook that is nil.
func TestHookThatReturnsNil(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 2)
	c := clusterOf(t, servers, nodeHook(stepHook{}))
	c.AddHook(stepHook{})
	c.AddHook(nil)
	ctx := background(t)
	require.NoError(t, c.Set(ctx, "key", 1, 0).Err())
	require.NoError(t, setTen(ctx, c))
	for _, s := range servers {
		s.on("MULTI", says("+OK\r\n"))
		s.on("EXEC", says("*1\r\n:1\r\n"))
		s.on("INCR", says("+QUEUED\r\n"))
	}
	_, err := c.TxPipelined(ctx, func(p Pipeliner) error { return p.Incr(ctx, "n").Err() })
	require.NoError(t, err)
	require.NoError(t, c.ForEachMaster(ctx, func(ctx context.Context, node *Client) error {
		conn := node.Conn()
		conn.AddHook(stepHook{})
		return errors.Join(conn.Ping(ctx).Err(), conn.Close())
	}))
}

// A hook that passes on nil in place of a command gets an error, and nothing is sent.
func TestHookThatPassesNil(t *testing.T) {
	t.Parallel()
	passes := func(cmds ...Cmder) Hook {
		return stepHook{
			process: func(next ProcessHook) ProcessHook {
				return func(ctx context.Context, _ Cmder) error { return next(ctx, nil) }
			},
			pipeline: func(next ProcessPipelineHook) ProcessPipelineHook {
				return func(ctx context.Context, own []Cmder) error {
					if len(own) == 0 {
						return errors.New("a hook is called without commands")
					}
					return next(ctx, cmds)
				}
			},
		}
	}
	for name, add := range map[string]func(o *ClusterOptions, h Hook) Hook{
		"cluster": func(_ *ClusterOptions, h Hook) Hook { return h },
		"node":    func(o *ClusterOptions, h Hook) Hook { nodeHook(h)(o); return stepHook{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			var hook Hook
			c := clusterOf(t, []*scripted{s}, func(o *ClusterOptions) { hook = add(o, passes(nil, newPing())) })
			c.AddHook(hook)
			ctx := background(t)
			require.ErrorIs(t, c.Incr(ctx, "n").Err(), errNoCommand)
			_, err := c.Pipelined(ctx, func(p Pipeliner) error { return p.Incr(ctx, "n").Err() })
			require.ErrorIs(t, err, errNoCommand)
			_, err = c.TxPipelined(ctx, func(p Pipeliner) error { return p.Incr(ctx, "n").Err() })
			require.ErrorIs(t, err, errNoCommand)
			require.Empty(t, s.received())
		})
	}
	p := (&Client{hooks: new(hooks)}).Pipeline()
	require.ErrorIs(t, p.Process(t.Context(), nil), errNoCommand)
	require.Zero(t, p.Len())
}

// The callbacks of TLS are bounded, and their panics are errors, like those of the dial.
func TestTLSCallbacks(t *testing.T) {
	t.Parallel()
	roots := x509.NewCertPool()
	s := newScriptedTLS(t, roots, "127.0.0.1")
	release := make(chan struct{})
	var wrong func()
	c := clientOf(t, s, func(o *Options) {
		o.DialTimeout, o.MaxRetries, o.DialerRetryTimeout = 100*time.Millisecond, -1, -1
		o.TLSConfig = &tls.Config{RootCAs: roots, VerifyConnection: func(tls.ConnectionState) error { wrong(); return nil }}
	})
	ctx := background(t)
	wrong = func() { panic(errScripted) }
	err := c.Ping(ctx).Err()
	var failed *DialError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, "TLS handshake", failed.Stage)
	var panicked *PanicError
	require.ErrorAs(t, err, &panicked)
	require.Equal(t, "TLSConfig", panicked.Callback)
	s.awaitOpen(0)
	wrong = func() { <-release }
	promptly(t, func() {
		require.ErrorContains(t, c.Ping(ctx).Err(), "TLSConfig has not returned")
		require.NoError(t, c.Close())
	})
	close(release)
	s.awaitOpen(0)
}

// A logger that blocks, panics or ends its goroutine holds up nobody, and loses no more
// than the lines beyond those that may wait.
func TestLoggersThatFail(t *testing.T) {
	t.Parallel()
	var q logQueue
	var own atomic.Int32
	release := make(chan struct{})
	logger := loggerFunc(func(format string) {
		own.Add(1)
		switch format {
		case "blocks":
			<-release
		case "panics":
			panic(errScripted)
		case "exits":
			runtime.Goexit()
		}
	})
	for _, format := range []string{"fine", "exits", "panics", "blocks"} {
		q.add(logLine{logger: logger, format: format})
	}
	awaitThat(t, "the last of them", func() bool { return own.Load() == 4 })
	for range 2 * mostLines {
		q.add(logLine{logger: logger, format: "fine"})
	}
	close(release)
	awaitThat(t, "the end", func() bool {
		q.mu.Lock()
		defer q.mu.Unlock()
		return !q.running
	})
	require.EqualValues(t, 4+mostLines, own.Load())
}

type loggerFunc func(format string)

func (f loggerFunc) Printf(_ context.Context, format string, _ ...any) { f(format) }
