package wire

import (
	"context"
	"testing"

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
