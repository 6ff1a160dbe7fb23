package wire

import (
	"context"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// ears is what OnSilence was told, and when.
type ears struct {
	mu    sync.Mutex
	told  []bool
	times []time.Time
}

func (e *ears) onSilence(_ *Conn, silent bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.told = append(e.told, silent)
	e.times = append(e.times, time.Now())
}

const silentAfter = 200 * time.Millisecond

func quietLine(t *testing.T) (*Conn, *peer, *ears) {
	told := new(ears)
	c, p := pipe(t, Options{SilentAfter: silentAfter, OnSilence: told.onSilence})
	return c, p, told
}

func TestSilence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p, told := quietLine(t)
		for range 3 {
			once(t, c, p)
			time.Sleep(time.Minute) // owes nothing
		}
		require.Empty(t, told.told)

		for i := range 3 {
			began := time.Now()
			first := start(t.Context(), c, command("GET", "k"))
			p.expect("GET", "k")
			synctest.Wait()
			second := start(t.Context(), c, command("GET", "k"))
			p.expect("GET", "k")
			time.Sleep(2 * silentAfter)
			synctest.Wait()
			require.Len(t, told.told, 2*i+1)
			require.True(t, told.told[2*i])
			after := told.times[2*i].Sub(began)
			require.GreaterOrEqual(t, after, silentAfter)
			require.LessOrEqual(t, after, silentAfter+2*c.clock.every)
			time.Sleep(time.Minute)
			require.Len(t, told.told, 2*i+1)

			p.send("+one\r\n")
			first.gets(t, "+one\r\n")
			synctest.Wait()
			require.Len(t, told.told, 2*i+2)
			require.False(t, told.told[2*i+1])
			p.send("+two\r\n")
			second.gets(t, "+two\r\n")
			for range 200 { // the usual time to a reply is a short one again
				once(t, c, p)
			}
			require.Len(t, told.told, 2*i+2)
			time.Sleep(time.Second)
		}
	})
}

// Bytes that come show that the server is there, whole replies or not.
func TestNoSilenceWhileBytesCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p, told := quietLine(t)
		s := start(t.Context(), c, command("GET", "k"))
		p.expect("GET", "k")
		p.send("$50\r\n")
		for range 50 {
			time.Sleep(silentAfter / 2)
			p.send("x")
		}
		p.send("\r\n")
		<-s.over
		require.NoError(t, s.err)
		synctest.Wait()
		require.Empty(t, told.told)
	})
}

// A caller that gives up is no sign of the server.
func TestSilenceWhileCallersGiveUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p, told := quietLine(t)
		once(t, c, p)
		time.Sleep(time.Second)
		began := time.Now()
		for range 8 {
			ctx, cancel := context.WithTimeout(t.Context(), silentAfter/4-1)
			s := start(ctx, c, command("GET", "k"))
			p.expect("GET", "k")
			s.fails(t, context.DeadlineExceeded)
			cancel()
		}
		synctest.Wait()
		require.Equal(t, []bool{true}, told.told)
		require.LessOrEqual(t, told.times[0].Sub(began), silentAfter+2*c.clock.every)
	})
}

// What may take long does not count: commands that block, and replies of a
// server that is usually slow.
func TestNoSilence(t *testing.T) {
	t.Parallel()
	t.Run("a call with its own timeout", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c, p, told := quietLine(t)
			call := command("BLPOP", "k", "0")
			call.Timeout = -1
			s := start(t.Context(), c, call)
			p.expect("BLPOP", "k", "0")
			time.Sleep(time.Minute)
			p.send("+v\r\n")
			s.gets(t, "+v\r\n")
			synctest.Wait()
			require.Empty(t, told.told)
		})
	})
	t.Run("a request that has not left", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c, p, told := quietLine(t)
			s := start(t.Context(), c, command("GET", "k"))
			time.Sleep(time.Minute)
			p.expect("GET", "k")
			p.send("+v\r\n")
			s.gets(t, "+v\r\n")
			synctest.Wait()
			require.Empty(t, told.told)
		})
	})
	t.Run("a slow server", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c, p, told := quietLine(t)
			slow := func(d time.Duration) {
				s := start(t.Context(), c, command("GET", "k"))
				p.expect("GET", "k")
				time.Sleep(d)
				p.send("+v\r\n")
				s.gets(t, "+v\r\n")
			}
			for range 50 {
				slow(silentAfter * 3 / 4)
			}
			synctest.Wait()
			require.Empty(t, told.told)
			slow(silentAfter * 3 / 2)
			synctest.Wait()
			require.Empty(t, told.told)
			slow(5 * silentAfter)
			synctest.Wait()
			require.Equal(t, []bool{true, false}, told.told)
		})
	})
}

// The clock finds the server silent and the reader hears from it at the same
// time: what OnSilence is told last is true.
func TestSilenceThatEndsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for range 200 {
			c, p, told := quietLine(t)
			s := start(t.Context(), c, command("GET", "k"))
			p.expect("GET", "k")
			time.Sleep(silentAfter + c.clock.every) // with the tick
			_, err := io.WriteString(p, "+v\r\n")
			require.NoError(t, err)
			s.gets(t, "+v\r\n")
			synctest.Wait()
			if n := len(told.told); n > 0 {
				require.False(t, told.told[n-1])
			}
			c.Close(ErrClosed)
		}
	})
}
