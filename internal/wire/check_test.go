package wire

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	c, p := socket(t, Options{})
	c.Check()
	require.NoError(t, c.Err(), "it is open")

	call := NewCall()
	call.Request.Bytes = append(call.Request.Bytes, "*1\r\n$4\r\nPING\r\n"...)
	require.NoError(t, c.Submit(context.Background(), call))
	c.Check() // leaves what is in use alone
	require.NoError(t, c.Err())
	p.expect("PING")
	p.send("+PONG\r\n")
	require.NoError(t, c.Wait(context.Background(), call))
	call.Free()

	p.reset()
	soon(t, func() bool {
		c.Check()
		return c.Err() != nil
	})
	c.Check()
	require.Error(t, c.Err())
}

func TestCheckTellsWhoClosed(t *testing.T) {
	t.Parallel()
	closed := make(chan error, 1)
	c, p := socket(t, Options{OnClose: func(_ *Conn, cause error) { closed <- cause }})
	require.NoError(t, p.Conn.Close())
	soon(t, func() bool {
		c.Check()
		return c.Err() != nil
	})
	require.Equal(t, ErrClosedByServer, <-closed)
}

// A connection that was closed soon after a reply takes no call a moment later: its
// clock ticks still, but nobody has looked for a while.
func TestClosedSoonAfterAReply(t *testing.T) {
	t.Parallel()
	c, p := socket(t, Options{ReadTimeout: time.Hour})
	call := NewCall()
	call.Request.Bytes = append(call.Request.Bytes, "*1\r\n$4\r\nPING\r\n"...)
	require.NoError(t, c.Submit(context.Background(), call))
	p.expect("PING")
	p.send("+PONG\r\n")
	require.NoError(t, c.Wait(context.Background(), call))
	call.Free()
	require.NoError(t, p.Conn.Close())
	c.mu.Lock()
	c.clock.armed = true // whenever it ticks
	c.leftAt = nanos() - int64(unlooked)
	c.mu.Unlock()

	var lost *Error
	soon(t, func() bool { // the server's goodbye may be under way
		c.mu.Lock()
		defer c.mu.Unlock()
		c.rouse()
		return c.err != nil
	})
	call = NewCall()
	require.ErrorAs(t, c.Submit(context.Background(), call), &lost)
	call.Free()
	require.ErrorIs(t, lost, ErrClosedByServer)
	require.Zero(t, lost.Wrote)
}
