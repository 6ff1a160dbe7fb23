package wire

import (
	"context"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// requireWaited checks that a timeout came in time: never early, and at most
// two ticks late.
func requireWaited(t *testing.T, c *Conn, limit time.Duration, e *Error) {
	t.Helper()
	require.True(t, e.Timeout())
	require.True(t, e.Temporary())
	require.GreaterOrEqual(t, e.Waited, limit)
	require.LessOrEqual(t, e.Waited, limit+2*c.clock.every)
}

func TestTick(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ read, write, want time.Duration }{
		{0, 0, longestTick},
		{3 * time.Second, 3 * time.Second, longestTick},
		{80 * time.Millisecond, time.Second, 10 * time.Millisecond},
		{time.Second, 80 * time.Millisecond, 10 * time.Millisecond},
		{0, 80 * time.Millisecond, 10 * time.Millisecond},
		{time.Millisecond, 0, shortestTick},
		{-1, -1, longestTick},
	} {
		require.Equal(t, tc.want, tickFor(Options{ReadTimeout: tc.read, WriteTimeout: tc.write}), "%v", tc)
	}
}

func TestReadTimeout(t *testing.T) {
	t.Parallel()
	for _, limit := range []time.Duration{8 * time.Millisecond, 80 * time.Millisecond, 3 * time.Second} {
		for _, offset := range []time.Duration{0, 1, limit / 16, limit/8 - 1, limit / 8, limit / 5} {
			synctest.Test(t, func(t *testing.T) {
				var told deaths
				c, p := pipe(t, Options{Node: "a:1", ReadTimeout: limit, OnClose: told.onClose})
				once(t, c, p)
				time.Sleep(offset) // anywhere between two ticks
				first := start(t.Context(), c, command("GET", "1"))
				p.expect("GET", "1")
				synctest.Wait()
				later := start(t.Context(), c, command("GET", "2"))
				p.expect("GET", "2")
				e := first.fails(t, ErrReadTimeout)
				requireWaited(t, c, limit, e)
				require.Equal(t, "a:1", e.Node)
				require.Equal(t, first.Size(), e.Wrote)
				require.ErrorContains(t, e, "redis: a:1: read timeout (command sent, waited ")
				later.fails(t, ErrReadTimeout)
				require.ErrorIs(t, told.requireOne(t), ErrReadTimeout)

				e = failure(t, c.Do(t.Context(), command("PING")))
				require.ErrorIs(t, e, ErrReadTimeout)
				require.ErrorIs(t, e, os.ErrDeadlineExceeded)
				require.Zero(t, e.Wrote)
				require.ErrorContains(t, e, "command queued")
			})
		}
	}
}

// The time counts for each call from its own submission.
func TestReadTimeoutOfCallsThatFollowEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const limit = 80 * time.Millisecond
		c, p := pipe(t, Options{ReadTimeout: limit})
		var calls []*started
		for range 10 { // one every half of the limit, answered after 3/4 of it
			calls = append(calls, start(t.Context(), c, command("GET", "k")))
			p.expect("GET", "k")
			time.Sleep(limit / 4)
			if n := len(calls); n > 1 {
				p.send("+v\r\n")
				calls[n-2].gets(t, "+v\r\n")
			}
			time.Sleep(limit / 4)
		}
		calls[9].fails(t, ErrReadTimeout)
	})
}

func TestTimeoutOfACall(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ conn, call, want time.Duration }{
		"shorter":          {time.Second, 100 * time.Millisecond, 100 * time.Millisecond},
		"longer":           {100 * time.Millisecond, time.Second, time.Second},
		"none":             {100 * time.Millisecond, -1, 0},
		"in place of 0":    {0, 100 * time.Millisecond, 100 * time.Millisecond},
		"that of the conn": {100 * time.Millisecond, 0, 100 * time.Millisecond},
		"neither":          {0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, p := pipe(t, Options{ReadTimeout: tc.conn})
				call := command("BLPOP", "k", "0")
				call.Timeout = tc.call
				s := start(t.Context(), c, call)
				p.expect("BLPOP", "k", "0")
				if tc.want > 0 {
					requireWaited(t, c, tc.want, s.fails(t, ErrReadTimeout))
					return
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				require.False(t, s.isOver())
				p.send("+v\r\n")
				s.gets(t, "+v\r\n")
			})
		})
	}
}

// A server that takes nothing in. What it has taken of each request is told.
func TestWriteTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const limit = 80 * time.Millisecond
		var told deaths
		c, p := pipe(t, Options{Node: "a:1", WriteTimeout: limit, OnClose: told.onClose})
		first := start(t.Context(), c, command("SET", "k", "1"))
		p.expect("SET", "k", "1")
		synctest.Wait()
		half := start(t.Context(), c, command("SET", "k", "2"))
		_, err := p.Read(make([]byte, 5))
		require.NoError(t, err)
		synctest.Wait()
		queued := start(t.Context(), c, command("SET", "k", "3"))

		requireWaited(t, c, limit, half.fails(t, errWriteTimeout))
		require.Equal(t, first.Size(), first.fails(t, errWriteTimeout).Wrote)
		require.Equal(t, 5, half.fails(t, errWriteTimeout).Wrote)
		e := queued.fails(t, errWriteTimeout)
		require.Zero(t, e.Wrote)
		require.ErrorContains(t, e, "redis: a:1: write timeout (command queued, waited ")
		require.Error(t, told.requireOne(t))
	})
}

// A write that goes on for long, but piece by piece, is no reason to give up.
func TestSlowWriteWithinTheTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pipe(t, Options{ReadTimeout: time.Second, WriteTimeout: time.Second})
		for range 5 {
			s := start(t.Context(), c, command("SET", "k", "v"))
			time.Sleep(900 * time.Millisecond)
			p.expect("SET", "k", "v")
			p.send("+OK\r\n")
			s.gets(t, "+OK\r\n")
		}
	})
}

// A process that was stopped for a while has not given the server that time.
func TestProcessThatWasStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const limit = 80 * time.Millisecond
		c, p := pipe(t, Options{ReadTimeout: limit})
		before := start(t.Context(), c, command("GET", "before"))
		p.expect("GET", "before")
		synctest.Wait()

		// Nothing ticks; then a call is submitted before the late tick.
		c.mu.Lock()
		c.clock.timer.Stop()
		c.mu.Unlock()
		time.Sleep(10 * limit)
		after := start(t.Context(), c, command("GET", "after"))
		p.expect("GET", "after")
		synctest.Wait()
		began := time.Now()
		c.tick()
		synctest.Wait()
		require.False(t, before.isOver())
		p.send("+before\r\n")
		before.gets(t, "+before\r\n")

		e := after.fails(t, ErrReadTimeout)
		require.GreaterOrEqual(t, time.Since(began), limit-4*c.clock.every)
		require.LessOrEqual(t, time.Since(began), limit+2*c.clock.every)
		// The time counts from the reply to the other, which came mostTicks later.
		require.LessOrEqual(t, e.Waited, limit+(2+mostTicks)*c.clock.every)
	})
}

// A pause of the connection is none of the process.
func TestTimeoutAfterAPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const limit = 80 * time.Millisecond
		c, p := pipe(t, Options{ReadTimeout: limit})
		for range 3 {
			once(t, c, p)
			time.Sleep(time.Hour)
		}
		s := start(t.Context(), c, command("GET", "k"))
		p.expect("GET", "k")
		requireWaited(t, c, limit, s.fails(t, ErrReadTimeout))
	})
}

// The caller's deadline comes before the connection's.
func TestDeadlineBeforeReadTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pipe(t, Options{ReadTimeout: time.Second})
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		s := start(ctx, c, command("GET", "k"))
		p.expect("GET", "k")
		e := s.fails(t, context.DeadlineExceeded)
		require.True(t, e.Timeout())
		require.Equal(t, 300*time.Millisecond, e.Waited)

		// The reply is still awaited, so that a silent server is found out.
		time.Sleep(time.Second)
		synctest.Wait()
		require.ErrorIs(t, c.Err(), ErrReadTimeout)
	})
}

// A large reply may take longer than ReadTimeout, and so may those behind it: the time
// counts from the last byte.
func TestLargeReplyThatTakesLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pipe(t, Options{ReadTimeout: time.Second})
		value := noise(8 << 20)
		first := start(t.Context(), c, command("GET", "large"))
		p.expect("GET", "large")
		behind := start(t.Context(), c, command("INCR", "n"))
		p.expect("INCR", "n")
		for _, piece := range pieces(bulkReply(value), 100_000) {
			time.Sleep(900 * time.Millisecond)
			p.send(piece)
		}
		first.gets(t, bulkReply(value))
		time.Sleep(900 * time.Millisecond)
		p.send(":1\r\n")
		behind.gets(t, ":1\r\n")

		late := start(t.Context(), c, command("GET", "k"))
		p.expect("GET", "k")
		p.send("$100000\r\nabc")
		requireWaited(t, c, time.Second, late.fails(t, ErrReadTimeout))
	})
}

// A server that sends little, but never nothing, has ten times ReadTimeout.
func TestTrickle(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]string{"a reply": "x", "replies": "+OK\r\n"} { // to one call
		synctest.Test(t, func(t *testing.T) {
			c, p := pipe(t, Options{ReadTimeout: time.Second})
			call := command("GET", "k")
			call.Replies = 1_000
			s := start(t.Context(), c, call)
			p.expect("GET", "k")
			if name == "a reply" {
				p.send("$100000\r\n")
			}
			for !s.isOver() {
				time.Sleep(500 * time.Millisecond)
				_, _ = p.Write([]byte(send))
				synctest.Wait()
			}
			e := s.fails(t, ErrReadTimeout)
			require.Positive(t, e.Waited)
			require.InDelta(t, 10*time.Second, e.Waited, float64(time.Second))
		})
	}
}

// A large request has WriteTimeout for each piece, and the server ReadTimeout from the last.
func TestLargeRequestThatTakesLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const limit = time.Second
		c, p := pipe(t, Options{ReadTimeout: limit, WriteTimeout: limit})
		call := large("SET", noise(20*pieceSize))
		left := call.Size()
		s := start(t.Context(), c, call)
		for buf := make([]byte, pieceSize/2); left > 0; {
			time.Sleep(limit / 4)
			n, err := p.in.Read(buf)
			if err != nil {
				require.NoError(t, failure(t, s.err))
			}
			left -= n
		}
		time.Sleep(limit * 3 / 4)
		p.send("+OK\r\n")
		s.gets(t, "+OK\r\n")
	})
}

// A ReadTimeout that is shorter than a tick counts as well: a reply that comes later is
// a timeout, one that comes in time is not.
func TestShortestReadTimeouts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		timeout, reply time.Duration
		late           bool
	}{
		{1, 50 * time.Microsecond, true},
		{300 * time.Microsecond, 250 * time.Microsecond, false},
		{300 * time.Microsecond, 350 * time.Microsecond, true},
		{900 * time.Microsecond, 850 * time.Microsecond, false},
		{900 * time.Microsecond, 950 * time.Microsecond, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, p := pipe(t, Options{ReadTimeout: test.timeout})
			s := start(t.Context(), c, command("GET", "k"))
			p.expect("GET", "k")
			time.Sleep(test.reply)
			p.send("+v\r\n")
			if !test.late {
				s.gets(t, "+v\r\n")
				return
			}
			<-s.over
			e := failure(t, s.err)
			require.Equal(t, ErrReadTimeout, e.Cause)
			require.True(t, e.Timeout())
			require.NotZero(t, e.Wrote)
		})
	}
}
