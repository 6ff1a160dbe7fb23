package wire

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Beyond the bound of calls the next one waits until some are answered.
func TestBoundOfCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pipe(t, Options{})
		go func() { _, _ = io.Copy(io.Discard, p.Conn) }()
		for range maxInFlight {
			require.NoError(t, c.Submit(t.Context(), command("P")))
		}
		require.Equal(t, maxInFlight, c.InFlight())
		requireWaitsForRoom(t, c, p)
	})
}

// Beyond the bound of bytes too.
func TestBoundOfBytes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pipe(t, Options{})
		go func() { _, _ = io.Copy(io.Discard, p.Conn) }()
		half := strings.Repeat("x", maxInFlightBytes/2)
		for range 2 {
			require.NoError(t, c.Submit(t.Context(), large("SET", half)))
		}
		requireWaitsForRoom(t, c, p)
	})
}

// requireWaitsForRoom takes a connection that is full, and lets some wait.
func requireWaitsForRoom(t *testing.T, c *Conn, p *peer) {
	t.Helper()
	before := c.Served()
	var waits []*started
	for range 3 {
		waits = append(waits, start(t.Context(), c, command("P")))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancelled := start(ctx, c, command("P"))
	ctx, cancelLate := context.WithTimeout(t.Context(), time.Second)
	defer cancelLate()
	late := start(ctx, c, command("P"))
	synctest.Wait()
	require.Equal(t, before, c.Served())

	cancel()
	require.Zero(t, cancelled.fails(t, context.Canceled).Wrote)
	e := late.fails(t, context.DeadlineExceeded)
	require.Zero(t, e.Wrote)
	require.Equal(t, time.Second, e.Waited)
	for _, s := range waits {
		require.False(t, s.isOver())
	}

	p.send("+OK\r\n")
	synctest.Wait()
	require.Greater(t, c.Served(), before)
	for _, piece := range pieces(strings.Repeat("+OK\r\n", int(before)-1), 50_000) {
		p.send(piece)
	}
	synctest.Wait() // those who waited have written
	p.send(strings.Repeat("+OK\r\n", len(waits)))
	for _, s := range waits {
		s.gets(t, "+OK\r\n")
	}
	synctest.Wait()
	require.Zero(t, c.InFlight())
}

// A call that is larger than the bound goes out alone.
func TestCallLargerThanTheBound(t *testing.T) {
	t.Parallel()
	addr := listen(t, echo)
	c := dial(t, addr, Options{})
	first := large("SET", noise(maxInFlightBytes+1000))
	first.Request.Bytes = append(first.Request.Bytes, "$1\r\nx\r\n"...)
	first.Request.Bytes[1] = '3' // arguments
	one := start(t.Context(), c, first)
	other := start(t.Context(), c, command("ECHO", "y"))
	one.gets(t, bulkReply("x"))
	other.gets(t, bulkReply("y"))
}
