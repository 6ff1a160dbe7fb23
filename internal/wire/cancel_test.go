package wire

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Whatever state a call is in when its context ends, it returns: at once, or as
// soon as it is late if it is cancelled before. The calls around it get their own
// replies.
func TestCancelAtEveryState(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		ahead int  // calls that wait for replies before it
		read  bool // the server has read the request
		part  string
	}{
		"reads for itself":                               {0, true, ""},
		"reads for itself, half a reply there":           {0, true, "$5\r\nhel"},
		"behind a reader, queued behind a blocked write": {1, false, ""},
		"behind a reader, sent":                          {1, true, ""},
		"behind many":                                    {5, true, ""},
		"behind a reader, half a reply there":            {1, true, "$5\r\none"},
	} {
		for end, when := range map[string]struct {
			cancel, deadline time.Duration // 0: none
			latest           time.Duration // when the call returns
		}{
			"cancelled":           {cancel: 1, latest: 2 * lateAfter},
			"cancelled when late": {cancel: time.Second, latest: time.Second},
			"deadline":            {deadline: time.Second, latest: time.Second},
			"deadline soon":       {deadline: time.Millisecond, latest: time.Millisecond},
		} {
			t.Run(name+", "+end, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					c, p := pipe(t, Options{})
					var ahead, behind []*started
					for range tc.ahead {
						ahead = append(ahead, start(t.Context(), c, command("GET", "ahead")))
						if tc.read {
							p.expect("GET", "ahead")
						}
						synctest.Wait()
					}

					ctx, cancel := context.WithCancel(t.Context())
					cause := context.Canceled
					if when.deadline != 0 {
						ctx, cancel = context.WithTimeout(t.Context(), when.deadline)
						cause = context.DeadlineExceeded
					}
					defer cancel()
					began := time.Now()
					s := start(ctx, c, command("GET", "mine"))
					if tc.read {
						p.expect("GET", "mine")
					}
					synctest.Wait()
					for range 3 {
						behind = append(behind, start(t.Context(), c, command("GET", "behind")))
						if tc.read {
							p.expect("GET", "behind")
						}
						synctest.Wait()
					}
					if tc.part != "" {
						p.send(tc.part)
						synctest.Wait()
					}
					if when.cancel != 0 {
						time.Sleep(when.cancel)
						cancel()
					}
					<-s.over
					took := time.Since(began)
					require.GreaterOrEqual(t, took, when.cancel)
					require.LessOrEqual(t, took, when.latest)
					e := s.fails(t, cause)
					require.Equal(t, when.deadline != 0, e.Timeout())
					if tc.read {
						require.Equal(t, s.Size(), e.Wrote)
					} else {
						require.Zero(t, e.Wrote)
					}
					if when.deadline != 0 {
						require.Equal(t, when.deadline, took)
					}
					require.Equal(t, took, e.Waited)

					if !tc.read {
						for range ahead {
							p.expect("GET", "ahead")
						}
						for range behind { // what was given up is never written
							p.expect("GET", "behind")
						}
					}
					replies := strings.Repeat("$5\r\nahead\r\n", len(ahead))
					if tc.read {
						replies += "$5\r\nhello\r\n"
					}
					replies += strings.Repeat("+behind\r\n", len(behind))
					if tc.part != "" && tc.ahead > 0 {
						replies = "$5\r\nonell\r\n" + strings.TrimPrefix(replies, "$5\r\nahead\r\n")
					}
					p.send(strings.TrimPrefix(replies, tc.part))
					for i, s := range ahead {
						if i == 0 && tc.part != "" {
							s.gets(t, "$5\r\nonell\r\n")
							continue
						}
						s.gets(t, "$5\r\nahead\r\n")
					}
					for _, s := range behind {
						s.gets(t, "+behind\r\n")
					}
					synctest.Wait()
					require.Zero(t, c.InFlight())
					once(t, c, p)
				})
			})
		}
	}
}

// A context that has ended before sends nothing.
func TestContextThatHasEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pipe(t, Options{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		e := failure(t, c.Do(ctx, command("GET", "k")))
		require.ErrorIs(t, e, context.Canceled)
		require.Zero(t, e.Wrote)
		require.Zero(t, c.InFlight())
		require.Zero(t, c.Served())
		once(t, c, p)
	})
}

// The caller who writes, perhaps for others, is not bound to the socket.
func TestCancelWhileWriting(t *testing.T) {
	t.Parallel()
	for name, load := range map[string]func() *Call{
		"a large request":              func() *Call { return large("SET", noise(2*bulk)) },
		"behind many in flight":        func() *Call { return command("SET", noise(LargeString)) },
		"small, behind many in flight": func() *Call { return block(1000, "GET", "somewhere") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, p := pipe(t, Options{})
				ahead := load()
				// These are read by the server but not answered: its buffers
				// may be full by now.
				first := start(t.Context(), c, ahead)
				for range ahead.Replies {
					_, err := p.request()
					require.NoError(t, err)
				}
				synctest.Wait()

				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				mine := start(ctx, c, command("GET", "mine")) // nobody takes it in
				synctest.Wait()
				behind := start(t.Context(), c, command("GET", "behind"))
				synctest.Wait()
				began := time.Now()
				cancel()
				mine.fails(t, context.Canceled)
				require.LessOrEqual(t, time.Since(began), 2*lateAfter)

				p.expect("GET", "mine")
				p.expect("GET", "behind")
				p.send(strings.Repeat("+OK\r\n", ahead.Replies+1) + "+behind\r\n")
				first.gets(t, strings.Repeat("+OK\r\n", ahead.Replies))
				behind.gets(t, "+behind\r\n")
			})
		})
	}
}

// The end of a context that comes when its caller reads no more harms nobody.
func TestInterruptThatComesLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pipe(t, Options{})
		once(t, c, p)
		over := c.turn
		c.interrupt(over) // nobody reads
		once(t, c, p)

		s := start(t.Context(), c, command("GET", "k")) // another reads
		p.expect("GET", "k")
		synctest.Wait()
		c.interrupt(over)
		synctest.Wait()
		require.False(t, s.isOver())
		p.send("+v\r\n")
		s.gets(t, "+v\r\n")

		reside(t, c, p)
		over = c.turn
		c.interrupt(over)
		synctest.Wait()
		require.Equal(t, resident, c.reader.Load())
		once(t, c, p)
	})
}

// A kick that no read has met leaves the connection fit for use, after a pause
// too.
func TestKickThatComesLate(t *testing.T) {
	t.Parallel()
	c, p := socket(t, Options{})
	for _, pause := range []bool{false, true, true} {
		once(t, c, p)
		c.mu.Lock()
		c.kick()
		c.mu.Unlock()
		if pause {
			idle(t, c)
		}
	}
	once(t, c, p)
	require.NoError(t, c.Err())
}

// Replies that come while their callers give up: each gets its own or none.
func TestCancelWhenTheReplyComes(t *testing.T) {
	t.Parallel()
	addr := listen(t, echo)
	c := dial(t, addr, Options{})
	texts := []string{"a", strings.Repeat("b", 100), strings.Repeat("c", 20_000)}
	began := time.Now()
	for range 50 {
		require.NoError(t, c.Do(t.Context(), command("ECHO", texts[1])))
	}
	usual := time.Since(began) / 50
	var got, gone int
	for i := range 1000 {
		ctx, cancel := context.WithCancel(t.Context())
		text := texts[i%len(texts)]
		s := start(ctx, c, command("ECHO", text))
		timer := time.AfterFunc(rand.N(2*usual), cancel)
		<-s.over
		timer.Stop()
		cancel()
		if s.err == nil {
			got++
			same(t, bulkReply(text), reply(s.Call))
			continue
		}
		gone++
		s.fails(t, context.Canceled)
	}
	t.Logf("%d got their replies, %d gave up", got, gone)
	require.NoError(t, c.Err())
	require.NoError(t, c.Do(t.Context(), command("PING")))
}

// What is given up before it was written is taken out of the batch, with its large
// strings, and whatever else is in the batch is written.
func TestGivenUpBeforeTheWrite(t *testing.T) {
	t.Parallel()
	for which := range 1 << 4 {
		synctest.Test(t, func(t *testing.T) {
			idle := 0
			c, p := pipe(t, Options{OnIdle: func(*Conn) { idle++ }})
			first := start(t.Context(), c, command("GET", "first"))
			synctest.Wait()
			ctx, cancel := context.WithCancel(t.Context())
			arg := strings.Repeat("x", 100)
			var calls []*started
			for i := range 4 {
				of := t.Context()
				if which&(1<<i) != 0 {
					of = ctx
				}
				call := command("GET", strconv.Itoa(i))
				if i%2 == 0 {
					call = large("SET", strconv.Itoa(i)+arg)
				}
				calls = append(calls, start(of, c, call))
				synctest.Wait()
			}
			cancel()
			synctest.Wait()
			for i, s := range calls {
				if which&(1<<i) != 0 {
					require.Zero(t, s.fails(t, context.Canceled).Wrote)
				}
			}
			require.False(t, c.Reserve())
			p.expect("GET", "first")
			for i := range calls {
				switch {
				case which&(1<<i) != 0:
				case i%2 == 0:
					p.expect("SET", strconv.Itoa(i)+arg)
				default:
					p.expect("GET", strconv.Itoa(i))
				}
			}
			synctest.Wait()
			p.send("+first\r\n")
			first.gets(t, "+first\r\n")
			for i, s := range calls {
				if which&(1<<i) == 0 {
					p.send("+" + strconv.Itoa(i) + "\r\n")
					s.gets(t, "+"+strconv.Itoa(i)+"\r\n")
				}
			}
			synctest.Wait()
			require.Zero(t, c.InFlight())
			require.Equal(t, 1, idle)
			time.Sleep(time.Minute) // nothing that counts calls has got out of step
			once(t, c, p)
		})
	}
}

// A connection that is drained ends when all that it had to do is given up.
func TestDrainOfCallsThatAreGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told deaths
		c, p := pipe(t, Options{OnClose: told.onClose})
		ctx, cancel := context.WithCancel(t.Context())
		first := start(t.Context(), c, command("GET", "k"))
		synctest.Wait()
		second := start(ctx, c, command("GET", "k"))
		synctest.Wait()
		c.Drain()
		cancel()
		second.fails(t, context.Canceled)
		p.expect("GET", "k")
		p.send("+v\r\n")
		first.gets(t, "+v\r\n")
		synctest.Wait()
		require.ErrorIs(t, told.requireOne(t), ErrClosed)
	})
}

// What has been too late before it had its turn is not sent.
func TestDeadlinePassesBeforeTheTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pipe(t, Options{})
		once(t, c, p)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		late := &lateContext{Context: ctx}
		time.Sleep(time.Millisecond)
		before := c.Served()
		e := failure(t, c.Do(late, command("GET", "k")))
		require.ErrorIs(t, e, context.DeadlineExceeded)
		require.Zero(t, e.Wrote)
		require.Equal(t, before, c.Served())
	})
}

// What has become too late while it waited to be written is not sent, though its caller
// has had no chance to give it up.
func TestDeadlinePassesBeforeTheWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pipe(t, Options{})
		first := start(t.Context(), c, command("GET", "first"))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Millisecond)
		defer cancel()
		longer, cancelLonger := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancelLonger()
		late, inTime := large("SET", strings.Repeat("x", 100)), command("GET", "second")
		require.NoError(t, c.Submit(ctx, late))
		require.NoError(t, c.Submit(longer, inTime))
		time.Sleep(2 * time.Millisecond)
		p.expect("GET", "first")
		p.expect("GET", "second")
		e := failure(t, c.Wait(ctx, late))
		require.ErrorIs(t, e, context.DeadlineExceeded)
		require.True(t, e.Timeout())
		require.Zero(t, e.Wrote)
		require.Equal(t, 2*time.Millisecond, e.Waited)
		late.Free()

		p.send("+first\r\n+second\r\n")
		first.gets(t, "+first\r\n")
		require.NoError(t, c.Wait(longer, inTime))
		require.Equal(t, "+second\r\n", reply(inTime))
		synctest.Wait()
		require.Zero(t, c.InFlight())
		once(t, c, p)
	})
}

// A caller whose time is up does not wait for the lock that others hold.
func TestDeadlinePassesBeforeTheLock(t *testing.T) {
	t.Parallel()
	c, _ := pipe(t, Options{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Microsecond)
	defer cancel()
	<-ctx.Done()
	c.mu.Lock()
	e := failure(t, c.Do(&lateContext{Context: ctx}, command("GET", "k")))
	c.mu.Unlock()
	require.ErrorIs(t, e, context.DeadlineExceeded)
	require.Zero(t, e.Wrote)
	require.Zero(t, c.Served())
}

// lateContext is one that has not noticed yet that its time is up.
type lateContext struct {
	context.Context
	asked bool
}

func (c *lateContext) Err() error {
	if !c.asked {
		c.asked = true
		return nil
	}
	return c.Context.Err()
}
