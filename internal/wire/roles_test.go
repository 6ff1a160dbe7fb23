package wire

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// In a bubble time stands still until every goroutine waits. The connection's
// clock starts with the process, so it is wound up there first.

func TestLoneCallerReadsForItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pipe(t, Options{})
		for range 3 {
			s := start(t.Context(), c, command("PING"))
			p.expect("PING")
			synctest.Wait()
			require.Equal(t, caller, c.reader.Load())
			p.send("+PONG\r\n")
			s.gets(t, "+PONG\r\n")
			require.Equal(t, nobody, c.reader.Load())
		}
	})
}

func TestReaderHandsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pipe(t, Options{})
		first := start(t.Context(), c, command("GET", "1"))
		p.expect("GET", "1")
		synctest.Wait()
		second := start(t.Context(), c, command("GET", "2"))
		p.expect("GET", "2")
		synctest.Wait()
		require.Equal(t, caller, c.reader.Load())
		require.Equal(t, 2, c.InFlight())

		p.send("+one\r\n")
		first.gets(t, "+one\r\n")
		synctest.Wait()
		require.Equal(t, resident, c.reader.Load())
		require.False(t, second.isOver())

		p.send("+two\r\n")
		second.gets(t, "+two\r\n")
		require.Zero(t, c.InFlight())
	})
}

// reside brings the connection to where a resident reader waits for the reply
// of no call.
func reside(t *testing.T, c *Conn, p *peer) {
	t.Helper()
	calls := []*Call{command("GET", "1"), command("GET", "2")}
	served := make(chan error)
	go func() {
		for range calls {
			if _, err := p.request(); err != nil {
				served <- err
				return
			}
		}
		served <- nil
		if _, err := p.Write([]byte("+one\r\n")); err != nil {
			served <- err
			return
		}
		_, err := p.Write([]byte("+two\r\n"))
		served <- err
	}()
	for _, call := range calls {
		require.NoError(t, c.Submit(t.Context(), call))
	}
	require.NoError(t, <-served)
	for _, call := range calls {
		require.NoError(t, c.Wait(t.Context(), call))
	}
	require.NoError(t, <-served)
	synctest.Wait()
	require.Equal(t, resident, c.reader.Load())
	require.Zero(t, c.InFlight())
}

func TestResidentLeavesAfterSoloReplies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pipe(t, Options{})
		reside(t, c, p)
		for range soloReplies - 1 { // the last reply of reside was the first
			require.Equal(t, resident, c.reader.Load())
			s := start(t.Context(), c, command("PING"))
			p.expect("PING")
			p.send("+PONG\r\n")
			s.gets(t, "+PONG\r\n")
			synctest.Wait()
		}
		require.Equal(t, nobody, c.reader.Load())

		s := start(t.Context(), c, command("PING"))
		p.expect("PING")
		synctest.Wait()
		require.Equal(t, caller, c.reader.Load())
		p.send("+PONG\r\n")
		s.gets(t, "+PONG\r\n")
	})
}

// Depth in between starts the counting of solo replies anew.
func TestResidentStaysUnderDepth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pipe(t, Options{})
		reside(t, c, p)
		for range 3 * soloReplies {
			a := start(t.Context(), c, command("PING"))
			p.expect("PING")
			synctest.Wait()
			b := start(t.Context(), c, command("PING"))
			p.expect("PING")
			p.send("+PONG\r\n+PONG\r\n")
			a.gets(t, "+PONG\r\n")
			b.gets(t, "+PONG\r\n")
			synctest.Wait()
			require.Equal(t, resident, c.reader.Load())
		}
	})
}

// requireRested checks that an idle connection holds nothing it can do without.
func requireRested(t *testing.T, c *Conn) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	require.Equal(t, nobody, c.reader.Load())
	require.False(t, c.clock.armed, "the clock ticks")
	require.True(t, c.in.buf == nil, "the read buffer is kept")
	require.LessOrEqual(t, cap(c.out), 4<<10)
	require.LessOrEqual(t, cap(c.spare), 4<<10)
	for _, call := range c.in.heads[:cap(c.in.heads)] {
		require.True(t, call == nil, "a call that is over is still referred to")
	}
}

func TestIdleConnectionRests(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(*testing.T, *Conn, *peer){
		"after a resident reader": reside,
		"after a lone caller": func(t *testing.T, c *Conn, p *peer) {
			s := start(t.Context(), c, command("PING"))
			p.expect("PING")
			p.send("+PONG\r\n")
			s.gets(t, "+PONG\r\n")
		},
		"after a long block": func(t *testing.T, c *Conn, p *peer) {
			s := start(t.Context(), c, block(1000, "PING"))
			for range 1000 {
				p.expect("PING")
			}
			for range 1000 {
				p.send("+PONG\r\n")
			}
			<-s.over
			require.NoError(t, s.err)
		},
		"after an abandoned call": func(t *testing.T, c *Conn, p *peer) {
			ctx, cancel := context.WithCancel(t.Context())
			s := start(ctx, c, command("PING"))
			p.expect("PING")
			synctest.Wait()
			cancel()
			s.fails(t, context.Canceled)
			p.send("+PONG\r\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, p := pipe(t, Options{})
				for range 3 { // and the connection can be used again
					use(t, c, p)
					time.Sleep(2*c.clock.every + 1)
					synctest.Wait()
					requireRested(t, c)
				}
			})
		})
	}
}

// A call that nobody waits for is read by a resident reader.
func TestNobodyWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pipe(t, Options{})
		call := command("PING")
		go func() {
			p.expect("PING")
			p.send("+PONG\r\n")
		}()
		require.NoError(t, c.Submit(t.Context(), call))
		time.Sleep(2 * c.clock.every)
		synctest.Wait()
		require.Zero(t, c.InFlight())
		require.NoError(t, c.Wait(t.Context(), call))
		require.Equal(t, "+PONG\r\n", reply(call))
	})
}
