package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// The server closes the connection while nobody uses it: the next call learns
// of it before a byte of it has left.
func TestClosedWhileIdle(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*peer){
		"closed": func(p *peer) { require.NoError(t, p.Close()) },
		"reset":  (*peer).reset,
	} {
		for _, used := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, used before: %v", name, used), func(t *testing.T) {
				t.Parallel()
				var told deaths
				c, p := socket(t, Options{OnClose: told.onClose})
				if used {
					once(t, c, p)
				}
				idle(t, c)
				end(p)
				arrived(t, c)
				e := failure(t, c.Do(t.Context(), command("PING")))
				require.Zero(t, e.Wrote)
				if name == "closed" {
					require.ErrorIs(t, e, ErrClosedByServer)
				}
				require.Error(t, told.requireOne(t))
				require.Error(t, c.Err())
				e = failure(t, c.Do(t.Context(), command("PING")))
				require.Zero(t, e.Wrote)
				require.EqualValues(t, 1, told.n.Load())
			})
		}
	}
}

// Many callers find an idle connection closed at the same time.
func TestClosedWhileIdleFoundByMany(t *testing.T) {
	t.Parallel()
	var told deaths
	c, p := socket(t, Options{OnClose: told.onClose})
	once(t, c, p)
	idle(t, c)
	require.NoError(t, p.Close())
	arrived(t, c)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			var e *Error
			err := c.Do(context.Background(), command("PING"))
			if !errors.As(err, &e) || e.Wrote != 0 || e.Cause != ErrClosedByServer {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.Equal(t, ErrClosedByServer, told.requireOne(t))
}

// A resident reader notices at once.
func TestClosedUnderResidentReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told deaths
		c, p := pipe(t, Options{OnClose: told.onClose})
		reside(t, c, p)
		require.NoError(t, p.Close())
		synctest.Wait()
		require.Equal(t, io.EOF, told.requireOne(t))
		require.Equal(t, nobody, c.reader.Load())
	})
}

// Whatever is under way when a connection dies, every caller learns of it, and
// OnClose is called once.
func TestDeath(t *testing.T) {
	t.Parallel()
	cause := errors.New("because")
	ends := map[string]struct {
		end func(*Conn, *peer)
		is  error
	}{
		"server closes":         {func(_ *Conn, p *peer) { _ = p.Close() }, nil},
		"Close":                 {func(c *Conn, _ *peer) { c.Close(cause) }, cause},
		"Close, more than once": {func(c *Conn, _ *peer) { c.Close(cause); c.Close(ErrClosed) }, cause},
		"both": {func(c *Conn, p *peer) {
			go c.Close(cause)
			_ = p.Close()
		}, nil},
	}
	states := map[string]func(*testing.T, *Conn, *peer) []*started{
		"nothing": func(*testing.T, *Conn, *peer) []*started { return nil },
		"resident reader": func(t *testing.T, c *Conn, p *peer) []*started {
			reside(t, c, p)
			return nil
		},
		"one call": func(t *testing.T, c *Conn, p *peer) []*started { return sent(t, c, p, 1) },
		"many calls": func(t *testing.T, c *Conn, p *peer) []*started {
			return sent(t, c, p, 300)
		},
		"half a reply": func(t *testing.T, c *Conn, p *peer) []*started {
			calls := sent(t, c, p, 3)
			p.send("*2\r\n$100\r\nabc")
			return calls
		},
		"many calls behind a resident reader": func(t *testing.T, c *Conn, p *peer) []*started {
			calls := sent(t, c, p, 4)
			p.send("+OK\r\n")
			calls[0].gets(t, "+OK\r\n")
			return calls[1:]
		},
		"half a request": func(t *testing.T, c *Conn, p *peer) []*started {
			calls := sent(t, c, p, 2)
			for range 3 {
				calls = append(calls, start(t.Context(), c, command("GET", "unsent")))
				synctest.Wait()
			}
			_, err := p.Read(make([]byte, 3))
			require.NoError(t, err)
			return calls
		},
		"a large request aside": func(t *testing.T, c *Conn, p *peer) []*started {
			ctx, cancel := context.WithCancel(t.Context())
			t.Cleanup(cancel)
			return []*started{start(ctx, c, large("SET", noise(3*bulk)))}
		},
		"abandoned calls": func(t *testing.T, c *Conn, p *peer) []*started {
			ctx, cancel := context.WithCancel(t.Context())
			s := start(ctx, c, command("GET", "k"))
			p.expect("GET", "k")
			synctest.Wait()
			cancel()
			s.fails(t, context.Canceled)
			return sent(t, c, p, 1)
		},
		"waiting for room": func(t *testing.T, c *Conn, p *peer) []*started {
			calls := []*started{start(t.Context(), c, large("SET", noise(maxInFlightBytes+1)))}
			synctest.Wait()
			return append(calls, start(t.Context(), c, command("GET", "k")))
		},
	}
	for doing, state := range states {
		for name, tc := range ends {
			t.Run(doing+"/"+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var told deaths
					c, p := pipe(t, Options{OnClose: told.onClose})
					calls := state(t, c, p)
					synctest.Wait()
					tc.end(c, p)
					synctest.Wait()
					for _, call := range calls {
						require.True(t, call.isOver(), "a caller still waits")
						e := failure(t, call.err)
						if tc.is != nil {
							require.Equal(t, tc.is, e.Cause)
						}
					}
					// With nobody reading, it is the next call that notices.
					e := failure(t, c.Do(t.Context(), command("PING")))
					synctest.Wait()
					require.Equal(t, e.Cause, c.Err())
					require.Equal(t, e.Cause, told.requireOne(t))
					require.Zero(t, c.InFlight())
					require.Equal(t, nobody, c.reader.Load())
					require.False(t, c.clock.armed)
					require.False(t, c.writing)
				})
			})
		}
	}
}

// sent is calls that the server has read.
func sent(t *testing.T, c *Conn, p *peer, n int) []*started {
	t.Helper()
	calls := make([]*started, n)
	for i := range calls {
		calls[i] = start(t.Context(), c, command("GET", "k"))
		p.expect("GET", "k")
		synctest.Wait()
	}
	return calls
}

func TestDrain(t *testing.T) {
	t.Parallel()
	t.Run("idle", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var told deaths
			c, p := pipe(t, Options{OnClose: told.onClose})
			once(t, c, p)
			c.Drain()
			require.Equal(t, ErrClosed, told.requireOne(t))
			require.Equal(t, ErrClosed, c.Err())
			c.Drain()
			require.EqualValues(t, 1, told.n.Load())
			_, err := p.Read(make([]byte, 1))
			require.ErrorIs(t, err, io.EOF)
		})
	})
	t.Run("under a resident reader", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var told deaths
			c, p := pipe(t, Options{OnClose: told.onClose})
			reside(t, c, p)
			c.Drain()
			synctest.Wait()
			require.Equal(t, ErrClosed, told.requireOne(t))
			require.Equal(t, nobody, c.reader.Load())
		})
	})
	t.Run("calls in flight", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var told deaths
			c, p := pipe(t, Options{OnClose: told.onClose})
			calls := sent(t, c, p, 3)
			ctx, cancel := context.WithCancel(t.Context())
			abandoned := start(ctx, c, command("GET", "k"))
			p.expect("GET", "k")
			synctest.Wait()
			cancel()
			abandoned.fails(t, context.Canceled)

			c.Drain()
			require.Equal(t, ErrClosed, c.Err())
			e := failure(t, c.Do(t.Context(), command("PING")))
			require.Equal(t, ErrClosed, e.Cause)
			require.Zero(t, e.Wrote)
			for _, call := range calls {
				require.Zero(t, told.n.Load())
				p.send("+OK\r\n")
				call.gets(t, "+OK\r\n")
			}
			synctest.Wait()
			require.Zero(t, told.n.Load(), "a reply is still to come")
			p.send("+OK\r\n")
			synctest.Wait()
			require.Equal(t, ErrClosed, told.requireOne(t))
		})
	})
	t.Run("waiting for room", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c, p := pipe(t, Options{})
			first := start(t.Context(), c, large("SET", noise(maxInFlightBytes+1)))
			synctest.Wait()
			waits := start(t.Context(), c, command("GET", "k"))
			synctest.Wait()
			c.Drain()
			_, err := p.request()
			require.NoError(t, err)
			p.send("+OK\r\n")
			first.gets(t, "+OK\r\n")
			require.Zero(t, waits.fails(t, ErrClosed).Wrote)
		})
	})
	t.Run("the server closes meanwhile", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var told deaths
			c, p := pipe(t, Options{OnClose: told.onClose})
			calls := sent(t, c, p, 2)
			c.Drain()
			require.NoError(t, p.Close())
			for _, call := range calls {
				call.fails(t, io.EOF)
			}
			require.Equal(t, io.EOF, told.requireOne(t))
		})
	})
}

// OnClose may use the connection.
func TestOnCloseUsesTheConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		over := make(chan error, 1)
		c, p := pipe(t, Options{OnClose: func(c *Conn, cause error) {
			c.Close(ErrClosed)
			c.Drain()
			_, _ = c.Err(), c.Served()
			over <- c.Do(context.Background(), command("PING"))
		}})
		s := start(t.Context(), c, command("PING"))
		p.expect("PING")
		require.NoError(t, p.Close())
		s.fails(t, io.EOF)
		require.ErrorIs(t, <-over, io.EOF)
	})
}

// OnPush may end the connection.
func TestOnPushClosesTheConnection(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*Conn){
		"Close": func(c *Conn) { c.Close(ErrClosed) },
		"Drain": (*Conn).Drain,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var told deaths
				var c *Conn
				near, far := net.Pipe()
				c = own(t, near, Options{OnClose: told.onClose, OnPush: func([]byte) { end(c) }})
				p := newPeer(t, far)
				calls := sent(t, c, p, 2)
				_, _ = io.WriteString(p, ">1\r\n+p\r\n+1\r\n+2\r\n")
				for _, call := range calls {
					<-call.over
				}
				synctest.Wait()
				require.Equal(t, ErrClosed, told.requireOne(t))
				if name == "Drain" {
					calls[0].gets(t, "+1\r\n")
					calls[1].gets(t, "+2\r\n")
				}
			})
		})
	}
}

// A call that died halfway leaves nothing behind for its next use.
func TestFreshAfterDeath(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pipe(t, Options{})
		call := block(3, "GET", "k")
		s := start(t.Context(), c, call)
		for range 3 {
			p.expect("GET", "k")
		}
		p.send("+1\r\n+2\r\n")
		require.NoError(t, p.Close())
		s.fails(t, io.EOF)
		for _, want := range []string{"1", "2"} { // those that had come
			d, err := call.Next()
			require.NoError(t, err)
			got, err := d.String()
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		_, err := call.Next()
		require.ErrorIs(t, err, io.EOF)

		request := block(3, "GET", "k").Request
		call.reset()
		call.Replies, call.Request = 3, request
		c, p = pipe(t, Options{})
		s = start(t.Context(), c, call)
		for range 3 {
			p.expect("GET", "k")
		}
		p.send("+a\r\n+b\r\n+c\r\n")
		s.gets(t, "+a\r\n+b\r\n+c\r\n")
		for _, want := range []string{"a", "b", "c"} {
			d, err := call.Next()
			require.NoError(t, err)
			got, err := d.String()
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	})
}

// A connection that is closed while callers come and go leaves nobody behind.
func TestCloseAmongCallers(t *testing.T) {
	t.Parallel()
	addr := listen(t, echo)
	for i := range 100 {
		var told deaths
		c := dial(t, addr, Options{OnClose: told.onClose})
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				text := strings.Repeat(string(rune('a'+n)), 10)
				for {
					call := command("ECHO", text)
					if err := c.Do(context.Background(), call); err != nil {
						return
					}
					if reply(call) != bulkReply(text) {
						t.Error("another's reply")
						return
					}
				}
			})
		}
		time.Sleep(time.Duration(i) * 20 * time.Microsecond)
		if i%2 == 0 {
			c.Close(ErrClosed)
		} else {
			c.Drain()
		}
		all.Wait()
		require.Equal(t, ErrClosed, told.requireOne(t))
	}
}

// brokenOff is a connection on which the server says something and hangs up just before
// the first write.
type brokenOff struct {
	*net.TCPConn
	t     *testing.T
	hangs func()
}

func (b brokenOff) Write([]byte) (int, error) {
	b.hangs()
	soon(b.t, func() bool { return readable(b.t, b.TCPConn) }, "nothing arrives")
	return 0, syscall.ECONNRESET
}

// When a write fails, what the server has said before is why. It is the reply to
// nothing, as nothing was sent.
func TestLastWordsBeforeAFailedWrite(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ said, cause string }{
		"an error":        {"-ERR max number of clients reached\r\n", "max number of clients reached"},
		"behind a push":   {">1\r\n+p\r\n-DENIED go away\r\n", "DENIED go away"},
		"no error":        {"+OK\r\n", syscall.ECONNRESET.Error()},
		"nothing, closed": {"", syscall.ECONNRESET.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			t.Cleanup(func() { _ = l.Close() })
			near, err := net.Dial("tcp", l.Addr().String())
			require.NoError(t, err)
			far, err := l.Accept()
			require.NoError(t, err)
			var told deaths
			c := own(t, brokenOff{near.(*net.TCPConn), t, func() {
				_, _ = io.WriteString(far, test.said)
				_ = far.Close()
			}}, Options{OnClose: told.onClose})
			e := failure(t, c.Do(t.Context(), command("PING")))
			require.ErrorContains(t, e, test.cause)
			require.Zero(t, e.Wrote)
			require.Equal(t, e.Cause, told.requireOne(t))
			var said *Unasked
			require.Equal(t, strings.Contains(test.said, "-"), errors.As(e, &said))
		})
	}
}
