package wire

import (
	"fmt"
	"io"
	"net"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// A connection that breaks after any number of bytes: of each call is told how
// many have left.
func TestWroteToTheByte(t *testing.T) {
	t.Parallel()
	requests := []func() *Call{
		func() *Call { return command("GET", "k") },
		func() *Call { return large("SET", "a string that is referred to") },
		func() *Call { return block(2, "GET", "kk") },
	}
	total := 0
	for _, request := range requests {
		total += request().Size()
	}
	for limit := range total {
		synctest.Test(t, func(t *testing.T) {
			near, far := net.Pipe()
			defer func() { _ = far.Close() }()
			c := own(t, &frail{near, limit}, Options{})

			// The first call is being written, the others queue behind it.
			calls := make([]*started, len(requests))
			for i, request := range requests {
				calls[i] = start(t.Context(), c, request())
				synctest.Wait()
			}
			got, err := io.ReadAll(far)
			require.NoError(t, err)
			require.Len(t, got, limit)
			left := limit
			for _, call := range calls {
				e := call.fails(t, errBroken)
				require.Equal(t, min(left, call.Size()), e.Wrote, "limit %d", limit)
				left -= e.Wrote
			}
		})
	}
}

// On a socket: what the calls are told to have written is what the server gets.
func TestWroteOnASocket(t *testing.T) {
	t.Parallel()
	for _, size := range []int{100, 5000, 100_000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			c, p := socket(t, Options{})
			require.NoError(t, c.nc.(*net.TCPConn).SetWriteBuffer(16<<10))
			require.NoError(t, p.Conn.(*net.TCPConn).SetReadBuffer(16<<10))

			var calls []*started
			stuck := func() bool {
				c.mu.Lock()
				defer c.mu.Unlock()
				return c.writing && len(c.out) > 10*size
			}
			for !stuck() {
				calls = append(calls, start(t.Context(), c, command("SET", noise(size))))
				if len(calls)%100 == 0 {
					for _, call := range calls[len(calls)-100:] {
						soon(t, func() bool { return submitted(c, call) })
					}
				}
				require.Less(t, len(calls), 1<<20)
			}
			c.Close(errBroken)
			wrote := 0
			for _, call := range calls {
				wrote += call.fails(t, errBroken).Wrote
			}
			got, err := io.Copy(io.Discard, p.Conn)
			require.NoError(t, err)
			require.EqualValues(t, got, wrote)
		})
	}
}

func submitted(c *Conn, s *started) bool {
	if s.isOver() {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return s.since != 0
}
