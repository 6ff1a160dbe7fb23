package wire

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// None of the servers here reads on until its reply is taken, with next to
// nothing in between: a client that writes without reading would wait forever.

// lines are connections to such a server.
func lines(t *testing.T) map[string]func() *Conn {
	addr := listen(t, func(p *peer) {
		_ = p.Conn.(*net.TCPConn).SetReadBuffer(16 << 10)
		_ = p.Conn.(*net.TCPConn).SetWriteBuffer(16 << 10)
		echo(p)
	})
	return map[string]func() *Conn{
		"no buffer": func() *Conn {
			c, p := pipe(t, Options{})
			go echo(p)
			return c
		},
		"small buffers": func() *Conn {
			c := dial(t, addr, Options{ReadBuffer: 4 << 10})
			_ = c.nc.(*net.TCPConn).SetReadBuffer(16 << 10)
			_ = c.nc.(*net.TCPConn).SetWriteBuffer(16 << 10)
			return c
		},
		"TLS": func() *Conn { return dialTLS(t, listenTLS(t, echo), Options{}) },
	}
}

// within fails the test when something takes suspiciously long.
func within(t *testing.T, limit time.Duration, f func()) {
	t.Helper()
	over := make(chan struct{})
	go func() {
		defer close(over)
		f()
	}()
	select {
	case <-over:
	case <-time.After(limit):
		t.Fatal("deadlock")
	}
}

func TestHugePipelineOfOneCaller(t *testing.T) {
	t.Parallel()
	for name, line := range lines(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, cancellable := range []bool{false, true} {
				ctx := context.Background()
				if cancellable {
					ctx = t.Context()
				}
				c := line()
				const n = 1000
				text := noise(200)
				within(t, time.Minute, func() {
					call := block(n, "ECHO", text)
					if err := c.Do(ctx, call); err != nil {
						t.Error(err)
						return
					}
					if want := strings.Repeat(bulkReply(text), n); reply(call) != want {
						t.Error("another reply")
					}
				})
				// The same, submitted one by one.
				within(t, time.Minute, func() {
					calls := make([]*Call, n)
					for i := range calls {
						calls[i] = command("ECHO", text, fmt.Sprint(i))
						if err := c.Submit(ctx, calls[i]); err != nil {
							t.Error(err)
							return
						}
					}
					for i, call := range calls {
						if err := c.Wait(ctx, call); err != nil || reply(call) != bulkReply(fmt.Sprint(i)) {
							t.Error(err, reply(call))
							return
						}
					}
				})
			}
		})
	}
}

func TestHugePipelinesOfManyCallers(t *testing.T) {
	t.Parallel()
	for name, line := range lines(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := line()
			within(t, time.Minute, func() {
				var all sync.WaitGroup
				for i := range 8 {
					ctx := context.Background()
					if i%2 == 0 {
						ctx = t.Context()
					}
					all.Go(func() {
						const n = 20
						for size := range 5 {
							text := fmt.Sprint(i, " ", noise(size*size*100))
							call := block(n, "ECHO", text)
							if err := c.Do(ctx, call); err != nil {
								t.Error(err)
								return
							}
							if reply(call) != strings.Repeat(bulkReply(text), n) {
								t.Error("another reply")
							}
						}
					})
				}
				all.Wait()
			})
		})
	}
}

// The server stops reading altogether until all that it has said is read.
func TestServerThatStopsReading(t *testing.T) {
	t.Parallel()
	addr := listen(t, func(p *peer) {
		for {
			if _, err := p.request(); err != nil {
				return
			}
			if _, err := io.WriteString(p, bulkReply(noise(1<<20))); err != nil {
				return
			}
		}
	})
	c := dial(t, addr, Options{})
	within(t, time.Minute, func() {
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 5 {
					call := large("SET", noise(1<<20))
					if err := c.Do(context.Background(), call); err != nil {
						t.Error(err)
						return
					}
					if len(reply(call)) != len(bulkReply(noise(1<<20))) {
						t.Error("another reply")
					}
				}
			})
		}
		all.Wait()
	})
	require.NoError(t, c.Err())
}
