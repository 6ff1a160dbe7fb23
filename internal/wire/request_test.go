package wire

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// command makes a call of one command. It does not come from the pool, because
// channels must not leave a bubble of synctest.
func command(args ...string) *Call {
	call := emptyCall()
	call.Replies, call.Request = 1, new(Request)
	call.Request.Bytes = appendCommand(nil, args...)
	return call
}

// block makes a call of n commands.
func block(n int, args ...string) *Call {
	call := command()
	call.Replies, call.Request.Bytes = n, nil
	for range n {
		call.Request.Bytes = appendCommand(call.Request.Bytes, args...)
	}
	return call
}

func appendCommand(b []byte, args ...string) []byte {
	b = resp.AppendArray(b, len(args))
	for _, arg := range args {
		b = resp.AppendString(b, arg)
	}
	return b
}

// large makes a call that refers to its argument instead of holding it.
func large(name, arg string) *Call {
	call := command()
	call.Request.Bytes = resp.AppendString(resp.AppendArray(nil, 2), name)
	call.Request.Bytes = resp.AppendBulk(call.Request.Bytes, len(arg))
	call.Request.AppendLarge(arg)
	return call
}

func reply(call *Call) string {
	switch {
	case call.bare && len(call.raw) > 0 && &call.raw[0] == &ok[0]:
		return "+OK\r\n"
	case call.bare:
		return bulkReply(string(call.raw))
	}
	return string(call.raw)
}

// started is a Do that goes on in a goroutine of its own.
type started struct {
	*Call
	err  error
	over chan struct{}
}

func start(ctx context.Context, c *Conn, call *Call) *started {
	s := &started{Call: call, over: make(chan struct{})}
	go func() {
		defer close(s.over)
		s.err = c.Do(ctx, call)
	}()
	return s
}

func (s *started) isOver() bool {
	select {
	case <-s.over:
		return true
	default:
		return false
	}
}

// gets waits for the replies, which must be these.
func (s *started) gets(t *testing.T, want string) {
	t.Helper()
	<-s.over
	require.NoError(t, s.err)
	require.Equal(t, want, reply(s.Call))
}

// fails waits for the error and returns it.
func (s *started) fails(t *testing.T, cause error) *Error {
	t.Helper()
	<-s.over
	e := failure(t, s.err)
	require.ErrorIs(t, e, cause)
	return e
}

func failure(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	require.ErrorAs(t, err, &e)
	return e
}
