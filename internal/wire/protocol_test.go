package wire

import (
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// deaths counts what OnClose was told.
type deaths struct {
	n     atomic.Int32
	cause atomic.Value
}

func (d *deaths) onClose(_ *Conn, cause error) {
	d.cause.Store(&cause)
	d.n.Add(1)
}

// requireOne waits until the connection's death was told, and gives the cause.
func (d *deaths) requireOne(t *testing.T) error {
	t.Helper()
	soon(t, func() bool { return d.n.Load() > 0 }, "OnClose was not called")
	require.EqualValues(t, 1, d.n.Load())
	return *d.cause.Load().(*error)
}

func requireProtocolError(t *testing.T, err error) {
	t.Helper()
	var broken resp.ProtocolError
	require.ErrorAs(t, err, &broken)
}

// What is not a reply kills the connection. Replies before it are good, and
// every call behind it fails.
func TestGarbage(t *testing.T) {
	t.Parallel()
	for name, garbage := range map[string]string{
		"not RESP":             "HTTP/1.1 400 Bad Request\r\n",
		"a length too large":   "$536870913\r\n",
		"a negative length":    "$-2\r\n",
		"no length":            "$x\r\n",
		"a count too large":    "*268435457\r\n",
		"text too long":        "$1\r\nab\r\n",
		"a line without CR":    "+OK\n",
		"too deep":             strings.Repeat("*1\r\n", resp.MaxDepth+1),
		"inside an aggregate":  "*2\r\n:1\r\n?\r\n",
		"inside a long string": "$100\r\n" + strings.Repeat("x", 100) + "yz",
		"a line without end":   "+" + strings.Repeat("x", resp.MaxLine),
	} {
		for _, size := range buffers {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var told deaths
					c, p := pipe(t, Options{ReadBuffer: size, OnClose: told.onClose})
					calls := []*started{}
					for range 4 {
						calls = append(calls, start(t.Context(), c, command("GET", "k")))
						p.expect("GET", "k")
						synctest.Wait()
					}
					_, _ = io.WriteString(p, "+good\r\n"+garbage)
					calls[0].gets(t, "+good\r\n")
					for _, call := range calls[1:] {
						<-call.over
						e := failure(t, call.err)
						requireProtocolError(t, e)
						require.Equal(t, call.Size(), e.Wrote)
					}
					requireProtocolError(t, told.requireOne(t))
					requireProtocolError(t, c.Err())
					e := failure(t, c.Do(t.Context(), command("PING")))
					requireProtocolError(t, e)
					require.Zero(t, e.Wrote)
				})
			})
		}
	}
}

// A reply too many kills the connection at once: nobody's next call may get
// it.
func TestReplyTooMany(t *testing.T) {
	t.Parallel()
	for name, stray := range map[string]string{
		"whole":             "+STRAY\r\n",
		"half":              "+STR",
		"one byte":          "+",
		"large":             bulkReply(noise(5000)),
		"garbage":           "STRAY\r\n",
		"behind a push":     ">1\r\n+p\r\n+STRAY\r\n",
		"behind an attempt": strings.Repeat("+STRAY\r\n", 2*headCalls),
	} {
		for _, depth := range []int{1, 2, headCalls, headCalls + 1} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var told deaths
					c, p := pipe(t, Options{OnClose: told.onClose})
					calls := make([]*Call, depth)
					go func() {
						for range calls {
							p.expect("GET", "k")
						}
						_, _ = io.WriteString(p, strings.Repeat("+good\r\n", depth)+stray)
					}()
					for i := range calls {
						calls[i] = command("GET", "k")
						require.NoError(t, c.Submit(t.Context(), calls[i]))
					}
					for _, call := range calls {
						require.NoError(t, c.Wait(t.Context(), call))
						require.Equal(t, "+good\r\n", reply(call))
					}
					synctest.Wait()
					requireProtocolError(t, c.Err())
					requireProtocolError(t, told.requireOne(t))
					e := failure(t, c.Do(t.Context(), command("PING")))
					requireProtocolError(t, e)
					require.Zero(t, e.Wrote)
				})
			})
		}
	}
}

// The same while nobody reads: it is found before the next call is sent.
func TestStrayBytesOnIdleConnection(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ stray, says string }{
		"reply":         {"+STRAY\r\n", "nobody asked"},
		"half a reply":  {"+STR", "nobody asked"},
		"goodbye":       {"-ERR max number of clients reached\r\n", "max number of clients reached"},
		"garbage":       {"STRAY\r\n", "'S'"},
		"behind a push": {">1\r\n+p\r\n-BYE bye\r\n", "BYE bye"},
		"behind many":   {strings.Repeat(">1\r\n+p\r\n", 100) + "-BYE bye\r\n", "BYE bye"},
	} {
		for _, close := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				var told deaths
				c, p := socket(t, Options{OnClose: told.onClose})
				once(t, c, p)
				idle(t, c)
				p.send(tc.stray)
				if close {
					require.NoError(t, p.Close())
				}
				arrived(t, c)
				e := failure(t, c.Do(t.Context(), command("PING")))
				require.ErrorContains(t, e, tc.says)
				requireProtocolError(t, e)
				require.Zero(t, e.Wrote)
				require.ErrorContains(t, told.requireOne(t), tc.says)
			})
		}
	}
}

// Pushes on an idle connection are no reason to close it. They are handed out
// when the connection is used.
func TestPushesOnIdleConnection(t *testing.T) {
	t.Parallel()
	for name, pushes := range map[string][]string{
		"one":                    {">1\r\n+p\r\n"},
		"many":                   repeat(">1\r\n+p\r\n", 500),
		"longer than the buffer": {">2\r\n+p\r\n" + bulkReply(noise(10_000)), ">1\r\n+q\r\n"},
	} {
		for _, size := range buffers {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				var got []string
				c, p := socket(t, Options{ReadBuffer: size, OnPush: func(b []byte) { got = append(got, string(b)) }})
				once(t, c, p)
				for i := range 3 {
					idle(t, c)
					p.send(strings.Join(pushes, ""))
					arrived(t, c)
					once(t, c, p)
					same(t, strings.Repeat(strings.Join(pushes, ""), i+1), strings.Join(got, ""))
				}
			})
		}
	}
}

// Half a push stays where it is until the rest comes.
func TestHalfAPushOnIdleConnection(t *testing.T) {
	t.Parallel()
	push := ">2\r\n+p\r\n" + bulkReply(noise(1000))
	for _, size := range buffers {
		for _, at := range []int{1, 2, 10, 20, 500, len(push) - 1} {
			var got []string
			c, p := socket(t, Options{ReadBuffer: size, OnPush: func(b []byte) { got = append(got, string(b)) }})
			s := start(t.Context(), c, command("PING"))
			p.expect("PING")
			p.send("+PONG\r\n" + push[:at])
			s.gets(t, "+PONG\r\n")
			idle(t, c)
			p.send(push[at:])
			arrived(t, c)
			once(t, c, p)
			require.Equal(t, []string{push}, got)
		}
	}
}

func repeat(s string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = s
	}
	return all
}

// once runs one command.
func once(t *testing.T, c *Conn, p *peer) {
	t.Helper()
	s := start(t.Context(), c, command("PING"))
	p.expect("PING")
	p.send("+PONG\r\n")
	s.gets(t, "+PONG\r\n")
}

// idle waits until the connection has come to rest.
func idle(t *testing.T, c *Conn) {
	t.Helper()
	soon(t, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return !c.clock.armed && c.reader.Load() == nobody
	}, "the connection does not come to rest")
}

// arrived waits until something can be read from the connection's socket: the
// server's bytes, or its goodbye.
func arrived(t *testing.T, c *Conn) {
	t.Helper()
	soon(t, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return readable(t, c.nc)
	}, "nothing arrives")
}

// A reply that breaks off.
func TestTruncatedReply(t *testing.T) {
	t.Parallel()
	whole := "*2\r\n:1\r\n" + bulkReply(noise(1000))
	for _, size := range buffers {
		for at := 1; at < len(whole); at += 1 + at/8 {
			synctest.Test(t, func(t *testing.T) {
				var told deaths
				c, p := pipe(t, Options{ReadBuffer: size, OnClose: told.onClose})
				first := start(t.Context(), c, command("GET", "k"))
				p.expect("GET", "k")
				synctest.Wait()
				second := start(t.Context(), c, command("GET", "k"))
				p.expect("GET", "k")
				p.send(whole + whole[:at])
				first.gets(t, whole)
				require.NoError(t, p.Close())
				require.Equal(t, second.Size(), second.fails(t, io.EOF).Wrote)
				require.ErrorIs(t, told.requireOne(t), io.EOF)
			})
		}
	}
}

// An error reply is a reply like any other.
func TestErrorReply(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pipe(t, Options{})
		s := start(t.Context(), c, command("GET", "k"))
		p.expect("GET", "k")
		p.send("-MOVED 1 a:1\r\n")
		s.gets(t, "-MOVED 1 a:1\r\n")
		require.NoError(t, c.Err())
		once(t, c, p)
	})
}

// The goodbye that a resident reader finds is told too.
func TestGoodbyeToResidentReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told deaths
		c, p := pipe(t, Options{OnClose: told.onClose})
		reside(t, c, p)
		p.send("-ERR bye\r\n")
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		cause := told.requireOne(t)
		require.ErrorContains(t, cause, "ERR bye")
		requireProtocolError(t, cause)
		var reply resp.Error
		require.False(t, errors.As(cause, &reply), "it is no reply to a call")
	})
}
