package redis

import (
	"context"
	"net"
	"strings"
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
					if !strings.Contains(failed.Error(), "earlier dials have not returned") {
						require.Equal(t, callback.stage, failed.Stage)
						require.ErrorContains(t, failed, callback.name+" has not returned")
					}
					require.ErrorIs(t, failed, context.DeadlineExceeded)

					sub := c.Subscribe(short, "channel")
					began = time.Now()
					require.NoError(t, sub.Close())
					require.NoError(t, c.Close())
					require.Less(t, time.Since(began), time.Second)
					require.LessOrEqual(t, calls.Load(), int32(c.opt.MaxConcurrentDials+1), "one for the map, which may be asked at the same time")
					close(release)
					s.awaitOpen(0)
					awaitThat(t, "the end of the dials", func() bool { return c.opt.abandoned.count("a:1") == 0 })
				})
			})
		}
	}
}
