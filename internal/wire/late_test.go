package wire

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Who is patient is told within a bounded time, once; who is not is never told.
func TestLate(t *testing.T) {
	t.Parallel()
	withTimeout := func(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
		return func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, d) }
	}
	for name, tc := range map[string]struct {
		derive  func(context.Context) (context.Context, context.CancelFunc)
		patient bool
	}{
		"no end": {func(context.Context) (context.Context, context.CancelFunc) {
			return context.Background(), func() {}
		}, false},
		"a cancel":                {context.WithCancel, true},
		"a deadline far off":      {withTimeout(time.Minute), true},
		"a deadline just too far": {withTimeout(2*lateAfter + longestTick), true},
		"a deadline soon":         {withTimeout(2*lateAfter + longestTick - 1), false},
	} {
		for _, ahead := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, behind a reader: %t", name, ahead), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					c, p := pipe(t, Options{})
					if ahead {
						s := start(context.Background(), c, command("GET", "ahead"))
						p.expect("GET", "ahead")
						synctest.Wait()
						defer s.gets(t, "+ahead\r\n")
					}

					ctx, cancel := tc.derive(t.Context())
					defer cancel()
					s := start(ctx, c, command("GET", "mine"))
					p.expect("GET", "mine")
					time.Sleep(lateAfter)
					synctest.Wait()
					require.False(t, c.isLate(s.Call))
					time.Sleep(lateAfter)
					synctest.Wait()
					require.Equal(t, tc.patient, c.isLate(s.Call))
					if tc.patient {
						time.Sleep(2 * lateAfter)
						synctest.Wait()
					}

					if ahead {
						p.send("+ahead\r\n")
					}
					p.send("+mine\r\n")
					s.gets(t, "+mine\r\n")
					require.Empty(t, s.ready)
					once(t, c, p)
				})
			})
		}
	}
}

// A call that is late before anybody waits for it is like any other, and so it is
// after that.
func TestLateBeforeTheWait(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]int{"reads for itself": 0, "behind a reader": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, p := pipe(t, Options{})
				for range ahead {
					s := start(t.Context(), c, command("GET", "ahead"))
					p.expect("GET", "ahead")
					synctest.Wait()
					defer s.gets(t, "+ahead\r\n")
				}
				call := command("GET", "k")
				go p.expect("GET", "k")
				require.NoError(t, c.Submit(t.Context(), call))
				time.Sleep(2 * lateAfter)
				synctest.Wait()
				require.True(t, c.isLate(call))

				waited := make(chan error)
				go func() { waited <- c.Wait(t.Context(), call) }()
				synctest.Wait()
				for range ahead {
					p.send("+ahead\r\n")
				}
				p.send("+v\r\n")
				require.NoError(t, <-waited)
				require.Equal(t, "+v\r\n", reply(call))
				require.Empty(t, call.ready)
			})
		})
	}
}

// Whatever else becomes of a late call, its caller is told everything once.
func TestLateAndThen(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	for name, end := range map[string]func(c *Conn){
		"shed": func(c *Conn) { c.Shed(cause) },
		"dead": func(c *Conn) { c.Close(cause) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, p := pipe(t, Options{})
				var all []*started
				for range 3 {
					all = append(all, start(t.Context(), c, movable("GET", "k")))
					p.expect("GET", "k")
					synctest.Wait()
				}
				time.Sleep(2 * lateAfter)
				synctest.Wait()
				require.True(t, c.isLate(all[1].Call))
				end(c)
				for _, s := range all {
					s.fails(t, cause)
					require.Empty(t, s.ready)
				}
			})
		})
	}
}

// The looks end when nothing is in flight, and begin again with the next call.
func TestLooksEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pipe(t, Options{})
		looks := func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.late.armed
		}
		for range 2 {
			once(t, c, p)
			require.True(t, looks())
			time.Sleep(lateAfter)
			synctest.Wait()
			require.False(t, looks())
		}
	})
}
