package redis

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

func TestEphemeralConn(t *testing.T) {
	t.Parallel()
	node := redistest.StartServer(t, redistest.Options{})
	c := NewClient(&Options{Addr: node.Addr(), PoolSize: 1})
	defer func() { _ = c.Close() }()
	ctx := background(t)

	conn := c.Conn()
	id := conn.ClientID(ctx).Val()
	require.NoError(t, conn.Close())
	require.Equal(t, id, c.ClientID(ctx).Val(), "given back")

	conn = c.EphemeralConn()
	require.Equal(t, id, conn.ClientID(ctx).Val(), "it comes from the pool")
	require.NoError(t, conn.Select(ctx, 5).Err())
	require.NoError(t, conn.Set(ctx, "k", "of 5", 0).Err())
	require.NoError(t, conn.Close())
	require.Equal(t, ErrClosed, conn.Close())
	require.ErrorIs(t, c.Get(ctx, "k").Err(), Nil, "the database of others is what it was")
	require.NotEqual(t, id, c.ClientID(ctx).Val())
	require.EqualValues(t, 1, c.PoolStats().TotalConns)

	require.NoError(t, c.EphemeralConn().Close(), "none was taken")
	require.ErrorIs(t, NewClient(nil).EphemeralConn().Ping(ctx).Err(), errNilOptions)
}

func TestNamesOfServers(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("WATCH", says("+OK\r\n"))
	s.on("UNWATCH", says("+OK\r\n"))
	s.on("SELECT", says("+OK\r\n"))
	c := clientOf(t, s, func(o *Options) { o.DB = 3 })
	want := "Redis<" + s.addr + " db:3>"
	require.Equal(t, want, c.String())
	require.Equal(t, want, c.Conn().String())
	require.NoError(t, c.Watch(background(t), func(tx *Tx) error {
		require.Equal(t, want, tx.String())
		return nil
	}, "k"))
	require.Equal(t, s.addr, c.NodeAddress())
	require.Equal(t, "announced:1", clientOf(t, s, func(o *Options) { o.NodeAddress = "announced:1" }).NodeAddress())
}

func TestOptionsNewDialer(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	dial := new(Options).NewDialer()
	c := clientOf(t, s, func(o *Options) {
		o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) { return dial(ctx, network, addr) }
	})
	require.NoError(t, c.Ping(background(t)).Err())
}

func TestErrNoScript(t *testing.T) {
	t.Parallel()
	node := redistest.StartServer(t, redistest.Options{})
	c := NewClient(&Options{Addr: node.Addr()})
	defer func() { _ = c.Close() }()
	err := c.EvalSha(background(t), shaOfNone, nil).Err()
	require.True(t, HasErrorPrefix(err, "NOSCRIPT"), "%v", err)
	if dialTestConn(t, node.Addr(), 3).valkey == "" {
		require.ErrorIs(t, err, ErrNoScript)
	}
	require.NotErrorIs(t, c.Do(background(t), "nonsense").Err(), ErrNoScript)
}

func TestFloatsThatAreNone(t *testing.T) {
	t.Parallel()
	node := redistest.StartServer(t, redistest.Options{})
	c := NewClient(&Options{Addr: node.Addr(), Protocol: 2})
	defer func() { _ = c.Close() }()
	ctx := background(t)
	require.NoError(t, c.Do(ctx, "zadd", "z", Inf, "a", NInf, "b").Err())
	require.Equal(t, []any{Inf, NInf}, c.Do(ctx, "zmscore", "z", "a", "b").Val())
}

func TestIntPointerSlice(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("JSON.ARRLEN", says("*2\r\n:3\r\n_\r\n"))
	cmd := NewIntPointerSliceCmd(background(t), "json.arrlen", "k", "$..a")
	require.NoError(t, clientOf(t, s, nil).Process(background(t), cmd))
	three := int64(3)
	require.Equal(t, []*int64{&three, nil}, cmd.Val())
	require.Equal(t, CmdTypeIntPointerSlice, cmd.GetCmdType())
}

// A command without a name gets no reply, so it must not be sent.
func TestCommandWithoutAName(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := clientOf(t, s, nil)
	ctx := background(t)
	require.NoError(t, c.Set(ctx, "a", "va", 0).Err())
	conn := c.Conn()
	defer func() { _ = conn.Close() }()
	require.Equal(t, errNameless, conn.Do(ctx).Err())
	require.Equal(t, errNameless, conn.Process(ctx, new(StringCmd)))

	pipe := conn.Pipeline()
	nameless := new(StringCmd)
	require.NoError(t, pipe.Process(ctx, nameless))
	_, err := pipe.Exec(ctx)
	require.Equal(t, errNameless, err)
	require.NoError(t, pipe.Process(ctx, nameless))
	get := pipe.Get(ctx, "a")
	_, err = pipe.Exec(ctx)
	require.Equal(t, errNameless, err)
	require.Equal(t, errNameless, nameless.Err())
	require.Equal(t, "va", get.Val())

	_, err = conn.TxPipelined(ctx, func(pipe Pipeliner) error { return pipe.Process(ctx, nameless) })
	require.Equal(t, errNameless, err)
	require.NotContains(t, s.received(), "MULTI")
}

// Clients refuse what depends on a connection, and say what to use instead.
func TestSessionCommandsAreRefused(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	ctx := background(t)
	for name, c := range map[string]UniversalClient{"server": clientOf(t, s, nil), "cluster": clusterOf(t, []*scripted{s}, nil)} {
		for command, instead := range map[string]string{
			"auth": "a Conn", "select": "a Conn", "wait": "a Conn", "hello": "a Conn", "MULTI": "TxPipeline", "watch": "Watch", "psubscribe": "PSubscribe",
		} {
			err := c.Do(ctx, command, "x").Err()
			require.ErrorContains(t, err, "depends on the connection it is sent on: use "+instead, name)
		}
		require.Empty(t, s.received())
		require.NoError(t, c.Do(ctx, "hello").Err(), "which only asks")
	}
}

// Do without arguments fails at once, and leaves a pipeline as it is.
func TestPipelineDoesNothing(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := clientOf(t, s, nil)
	ctx := background(t)
	for name, pipe := range map[string]Pipeliner{"pipeline": c.Pipeline(), "transaction": c.TxPipeline()} {
		require.Equal(t, errNameless, pipe.Do(ctx).Err(), name)
		require.Zero(t, pipe.Len(), name)
		cmds, err := pipe.Exec(ctx)
		require.NoError(t, err, name)
		require.Empty(t, cmds, name)
	}
}

func TestNoBytesWithoutAReply(t *testing.T) {
	t.Parallel()
	for _, bytes := range []func() ([]byte, error){
		NewStringResult("", Nil).Bytes, NewStatusResult("", Nil).Bytes,
	} {
		b, err := bytes()
		require.Equal(t, Nil, err)
		require.Nil(t, b)
	}
	b, err := NewStringResult("", nil).Bytes()
	require.NoError(t, err)
	require.Equal(t, []byte{}, b)
}

// A reply that has an end harms nobody but its own caller, whatever is in it.
func TestOddReplyLeavesTheConnection(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]string{
		"big number":  "(abc\r\n",
		"double":      ",1e400\r\n",
		"integer":     ":1x\r\n",
		"long status": "+" + strings.Repeat("x", 70_000) + "\r\n",
		"long error":  "-ERR " + strings.Repeat("x", 70_000) + "\r\n",
		"deep":        strings.Repeat("*1\r\n", 200) + ":1\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			s.on("EVAL", says(reply))
			c := clientOf(t, s, nil)
			ctx := background(t)
			err := c.Eval(ctx, "return", nil).Err()
			require.False(t, errors.As(err, new(*NodeError)), "%v", err)
			require.NoError(t, c.Set(ctx, "k", 1, 0).Err())
			require.EqualValues(t, 1, c.PoolStats().TotalConns)
			require.Zero(t, c.PoolStats().Unusable)
		})
	}
}

// A time beyond what a time.Duration can hold is not given as another one.
func TestTimeTooLongForADuration(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("EXPIRETIME", says(":253402300799\r\n"))
	s.on("TTL", says(":9223372036\r\n"))
	c := clientOf(t, s, nil)
	ctx := background(t)
	require.ErrorContains(t, c.ExpireTime(ctx, "k").Err(),
		`redis: unexpected reply: got 253402300799, want a time that a time.Duration can hold, less than 293 years`)
	require.Equal(t, 9223372036*time.Second, c.TTL(ctx, "k").Val())
}

func TestClusterSlotsWithNulls(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := clientOf(t, s, nil)
	for null, want := range map[string]string{
		"*3\r\n+h\r\n_\r\n+id\r\n": "a port", "*3\r\n+h\r\n:1\r\n_\r\n": "a node ID",
	} {
		s.on("CLUSTER SLOTS", says("*2\r\n*3\r\n:0\r\n:1\r\n"+null+"*3\r\n:2\r\n:3\r\n*3\r\n+h\r\n:1\r\n+id\r\n"))
		err := c.ClusterSlots(background(t)).Err()
		require.ErrorContains(t, err, "redis: unexpected reply: got null, want "+want)
	}
}

// A write on a Conn whose connection is lost may have run, as one of a client; a read
// leaves no doubt.
func TestConnWritesInDoubt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		call    func(ctx context.Context, c *Conn) error
		inDoubt bool
	}{
		"write":          {func(ctx context.Context, c *Conn) error { return c.Set(ctx, "k", "v", 0).Err() }, true},
		"blocking write": {func(ctx context.Context, c *Conn) error { return c.BLPop(ctx, 0, "k").Err() }, true},
		"read":           {func(ctx context.Context, c *Conn) error { return c.Get(ctx, "k").Err() }, false},
		"pipeline": {func(ctx context.Context, c *Conn) error {
			_, err := c.Pipelined(ctx, func(p Pipeliner) error { return p.Set(ctx, "k", "v", 0).Err() })
			return err
		}, true},
		"transaction": {func(ctx context.Context, c *Conn) error {
			_, err := c.TxPipelined(ctx, func(p Pipeliner) error { return p.Set(ctx, "k", "v", 0).Err() })
			return err
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			for _, command := range []string{"SET", "GET", "BLPOP", "EXEC"} {
				s.on(command, hangsUp)
			}
			s.on("MULTI", says("+OK\r\n"))
			conn := clientOf(t, s, nil).Conn()
			defer func() { _ = conn.Close() }()
			err := test.call(background(t), conn)
			require.ErrorAs(t, err, new(*NodeError))
			require.Equal(t, test.inDoubt, errors.Is(err, ErrWriteInDoubt), "%v", err)
		})
	}
}

// Who gets a connection after another finds it as new.
func TestConnLeavesNoTrace(t *testing.T) {
	t.Parallel()
	node := redistest.StartServer(t, redistest.Options{})
	multi := func(ctx context.Context, c *Conn) error {
		_, err := c.Pipelined(ctx, func(pipe Pipeliner) error {
			pipe.Do(ctx, "multi")
			return nil
		})
		return err
	}
	tests := map[string]func(context.Context, *Conn) error{
		"SELECT":         func(ctx context.Context, c *Conn) error { return c.Select(ctx, 1).Err() },
		"SELECT by Do":   func(ctx context.Context, c *Conn) error { return c.Do(ctx, "select", 1).Err() },
		"CLIENT SETNAME": func(ctx context.Context, c *Conn) error { return c.ClientSetName(ctx, "me").Err() },
		"WATCH":          func(ctx context.Context, c *Conn) error { return c.Do(ctx, "watch", "k").Err() },
		"MULTI":          multi,
		"SELECT in MULTI": func(ctx context.Context, c *Conn) error {
			_, err := c.TxPipelined(ctx, func(pipe Pipeliner) error { return pipe.Select(ctx, 1).Err() })
			return err
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := background(t)
			c := NewClient(&Options{Addr: node.Addr(), PoolSize: 1})
			defer func() { _ = c.Close() }()
			conn := c.Conn()
			require.NoError(t, change(ctx, conn))
			id := conn.ClientID(ctx).Val()
			require.NoError(t, conn.Close())
			require.NotEqual(t, id, c.ClientID(ctx).Val())

			// One that was only used is given back.
			conn = c.Conn()
			require.NoError(t, conn.Ping(ctx).Err())
			require.NoError(t, conn.Wait(ctx, 0, time.Millisecond).Err())
			id = conn.ClientID(ctx).Val()
			require.NoError(t, conn.Close())
			require.Equal(t, id, c.ClientID(ctx).Val())
		})
	}
}
