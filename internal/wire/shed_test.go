package wire

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func movable(args ...string) *Call {
	call := command(args...)
	call.Movable = true
	return call
}

// Movable calls fail at once, whoever reads; the others, and the connection, go
// on.
func TestShed(t *testing.T) {
	t.Parallel()
	cause := errors.New("silent")
	for name, calls := range map[string]string{ // m: movable, f: firm
		"nothing":                 "",
		"one that reads":          "m",
		"one that stays":          "f",
		"a reader and others":     "mfmf",
		"behind a reader":         "fmmf",
		"all":                     "mmmm",
		"none":                    "ffff",
		"more than a reader sees": strings.Repeat("fm", headCalls),
	} {
		for _, written := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					c, p := pipe(t, Options{Node: "a:1"})
					all := make([]*started, len(calls))
					for i, kind := range calls {
						call := command("GET", "k")
						call.Movable = kind == 'm'
						all[i] = start(t.Context(), c, call)
						if written {
							p.expect("GET", "k")
						}
						synctest.Wait()
					}
					c.Shed(cause)
					synctest.Wait()
					for i, kind := range calls {
						if kind == 'f' || !written && i == 0 { // which is held up by its write
							require.False(t, all[i].isOver())
							continue
						}
						require.True(t, all[i].isOver())
						e := all[i].fails(t, cause)
						require.Equal(t, "a:1", e.Node)
						if written {
							require.Equal(t, all[i].Size(), e.Wrote)
						}
						all[i].Free() // left to the reader
					}
					c.Shed(cause) // a second time is of no consequence
					for range calls {
						if !written {
							p.expect("GET", "k")
						}
					}
					for i, kind := range calls {
						p.send("+" + strings.Repeat("x", i) + "\r\n")
						if kind == 'f' {
							all[i].gets(t, "+"+strings.Repeat("x", i)+"\r\n")
						}
					}
					synctest.Wait()
					require.Zero(t, c.InFlight())
					once(t, c, p)
				})
			})
		}
	}
}

// Shed, the end of the context, the reply and death come at the same time: a
// call has one fate.
func TestShedAmongOthers(t *testing.T) {
	t.Parallel()
	cause := errors.New("silent")
	addr := listen(t, echo)
	for i := range 300 {
		c := dial(t, addr, Options{})
		ctx, cancel := context.WithCancel(t.Context())
		calls := make([]*started, 6)
		for i := range calls {
			call := movable("ECHO", "x")
			calls[i] = start(ctx, c, call)
		}
		go cancel()
		go c.Shed(cause)
		if i%3 == 0 {
			go c.Close(errBroken)
		}
		for _, s := range calls {
			<-s.over
			if s.err == nil {
				require.Equal(t, bulkReply("x"), reply(s.Call))
				continue
			}
			e := failure(t, s.err)
			require.True(t, errors.Is(e, cause) || errors.Is(e, context.Canceled) || errors.Is(e, errBroken), "%v", e)
		}
		c.Close(ErrClosed)
	}
}

// A connection that is reserved takes the calls of who reserved it alone.
func TestReserve(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pipe(t, Options{})
		mine := func(args ...string) *Call {
			call := command(args...)
			call.Reserved = true
			return call
		}
		e := failure(t, c.Do(t.Context(), mine("PING"))) // not reserved yet
		require.Equal(t, ErrReserved, e.Cause)

		s := start(t.Context(), c, command("GET", "k"))
		p.expect("GET", "k")
		synctest.Wait()
		require.False(t, c.Reserve(), "a call is in flight")
		p.send("+v\r\n")
		s.gets(t, "+v\r\n")

		require.True(t, c.Reserve())
		require.False(t, c.Reserve())
		e = failure(t, c.Do(t.Context(), command("PING")))
		require.Equal(t, ErrReserved, e.Cause)
		require.Zero(t, e.Wrote)
		require.NoError(t, c.Err())
		s = start(t.Context(), c, mine("PING"))
		p.expect("PING")
		p.send("+PONG\r\n")
		s.gets(t, "+PONG\r\n")

		c.Release()
		once(t, c, p)
		require.True(t, c.Reserve())
		c.Release()
		c.Drain()
		require.False(t, c.Reserve())
	})
}

// Who could not reserve a connection for the calls in flight is told, once, when it is
// idle.
func TestReserveTellsOfIdleness(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		told := 0
		c, p := pipe(t, Options{OnIdle: func(c *Conn) {
			told++
			require.Zero(t, c.InFlight())
			require.True(t, c.Reserve())
			c.Release()
		}})
		once(t, c, p)
		require.Zero(t, told, "nobody has asked")

		first := start(t.Context(), c, command("GET", "k"))
		p.expect("GET", "k")
		second := start(t.Context(), c, command("GET", "l"))
		p.expect("GET", "l")
		synctest.Wait()
		for range 2 {
			require.False(t, c.Reserve())
		}
		p.send("+v\r\n")
		first.gets(t, "+v\r\n")
		synctest.Wait()
		require.Zero(t, told, "a call is in flight")
		p.send("+w\r\n")
		second.gets(t, "+w\r\n")
		synctest.Wait()
		require.Equal(t, 1, told)
		once(t, c, p)
		synctest.Wait()
		require.Equal(t, 1, told)
	})
}
