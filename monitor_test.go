package redis

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// awaitLine receives lines until one ends in what is wanted.
func awaitLine(t *testing.T, ch <-chan string, end string) {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for {
		select {
		case line := <-ch:
			if strings.HasSuffix(line, end) {
				return
			}
		case <-timeout:
			require.FailNow(t, "no such line", end)
		}
	}
}

// awaitOver waits until the monitor has ended, and returns why.
func awaitOver(t *testing.T, cmd *MonitorCmd) error {
	t.Helper()
	select {
	case <-cmd.over:
	case <-time.After(10 * time.Second):
		require.FailNow(t, "it goes on")
	}
	return cmd.Err()
}

func TestMonitor(t *testing.T) {
	node := redistest.StartServer(t, redistest.Options{})
	for _, protocol := range []int{2, 3} {
		c := NewClient(&Options{Addr: node.Addr(), Protocol: protocol})
		defer func() { _ = c.Close() }()
		ctx := background(t)
		require.NoError(t, c.Ping(ctx).Err())
		goroutines := goleak.IgnoreCurrent()

		ch := make(chan string)
		cmd := c.Monitor(ctx, ch)
		require.NoError(t, cmd.Err())
		require.Equal(t, "monitor", cmd.Name())
		require.Equal(t, CmdTypeMonitor, cmd.GetCmdType())
		require.Equal(t, "monitor: <nil>", cmd.String())
		require.NoError(t, c.Set(ctx, "before", "start", 0).Err())
		cmd.Start()
		cmd.Start()
		require.Equal(t, "OK", <-ch)
		awaitLine(t, ch, `] "set" "before" "start"`)
		require.NoError(t, c.Set(ctx, "a b", "\r\n", 0).Err())
		awaitLine(t, ch, `] "set" "a b" "\r\n"`)
		require.ErrorIs(t, c.Get(ctx, "k").Err(), Nil, "it is in nobody's way")

		cmd.Stop()
		cmd.Stop()
		require.NoError(t, cmd.Err())
		goleak.VerifyNone(t, goroutines)
		cmd.Start()
		require.NoError(t, c.Ping(ctx).Err())
		select {
		case line := <-ch:
			require.Fail(t, "a line after Stop", line)
		default:
		}
		require.Eventually(t, func() bool {
			return !strings.Contains(c.ClientList(ctx).Val(), "cmd=monitor")
		}, 10*time.Second, 5*time.Millisecond, "the connection is closed")
	}
}

func TestMonitorEnds(t *testing.T) {
	t.Parallel()
	node := redistest.StartServer(t, redistest.Options{})
	for _, started := range []bool{false, true} {
		connect := func(ctx context.Context) (*Client, *MonitorCmd) {
			c := NewClient(&Options{Addr: node.Addr()})
			t.Cleanup(func() { _ = c.Close() })
			ch := make(chan string)
			cmd := c.Monitor(ctx, ch)
			require.NoError(t, cmd.Err())
			if started {
				cmd.Start()
				require.Equal(t, "OK", <-ch)
			}
			return c, cmd
		}
		ctx, cancel := context.WithCancel(background(t))
		_, cmd := connect(ctx)
		cancel()
		require.ErrorIs(t, awaitOver(t, cmd), context.Canceled)

		c, cmd := connect(background(t))
		require.NoError(t, c.Close())
		require.ErrorIs(t, awaitOver(t, cmd), ErrClosed)
		cmd.Stop()
		require.ErrorIs(t, cmd.Err(), ErrClosed, "Stop does not hide why it ended")
	}

	t.Run("connection lost", func(t *testing.T) {
		c := NewClient(&Options{Addr: node.Addr()})
		defer func() { _ = c.Close() }()
		ch := make(chan string, 1)
		cmd := c.Monitor(background(t), ch)
		cmd.Start()
		require.Equal(t, "OK", <-ch)
		node.Kill()
		err := awaitOver(t, cmd)
		require.Error(t, err)
		require.ErrorContains(t, err, "redis: "+node.Addr()+": monitor: ")
	})
}

func TestMonitorFails(t *testing.T) {
	t.Parallel()
	ctx := background(t)
	ch := make(chan string)
	s := newScripted(t)
	c := clientOf(t, s, func(o *Options) { o.ReadTimeout = 50 * time.Millisecond; o.DialTimeout = 10 * time.Second })
	for _, row := range []struct {
		answer reaction
		want   string
	}{
		{says("-NOPERM this user has no permissions\r\n"), "redis: " + s.addr + ": monitor: NOPERM this user has no permissions"},
		{says(":1\r\n"), "redis: " + s.addr + `: monitor: redis: protocol error: ":1\r\n" is no line of MONITOR`},
		{stalls, "i/o timeout"},
	} {
		s.on("MONITOR", row.answer)
		cmd := c.Monitor(ctx, ch)
		require.ErrorContains(t, cmd.Err(), row.want)
		cmd.Start()
		cmd.Stop()
		require.ErrorContains(t, cmd.Err(), row.want)
	}
	s.on("MONITOR", hangsUp)
	require.ErrorIs(t, c.Monitor(ctx, ch).Err(), io.EOF)

	gone, cancel := context.WithCancel(ctx)
	s.on("MONITOR", func(*scriptedConn, []string) { cancel() })
	require.ErrorIs(t, c.Monitor(gone, ch).Err(), context.Canceled)
	require.ErrorIs(t, c.Monitor(gone, ch).Err(), context.Canceled)

	require.EqualError(t, c.Monitor(ctx, nil).Err(), "redis: monitor: the channel is nil")
	require.ErrorIs(t, NewClient(nil).Monitor(ctx, ch).Err(), errNilOptions)
	require.ErrorIs(t, NewClusterClient(nil).Monitor(ctx, ch).Err(), errNilOptions)

	conn := c.Conn()
	require.ErrorIs(t, conn.Monitor(ctx, ch).Err(), errNoMonitor)
	require.NoError(t, conn.Close())
	pipe := c.Pipeline()
	cmd := pipe.(*Pipeline).Monitor(ctx, ch)
	_, err := pipe.Exec(ctx)
	require.ErrorIs(t, err, errNoMonitor)
	require.ErrorIs(t, cmd.Err(), errNoMonitor)
}

func TestMonitorOfACluster(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 3)
	for _, s := range servers {
		s.on("MONITOR", says("+OK\r\n+"+s.addr+"\r\n"))
	}
	c := clusterOf(t, servers, nil)
	ch := make(chan string)
	cmd := c.Monitor(background(t), ch)
	require.NoError(t, cmd.Err())
	cmd.Start()
	got := map[string]int{}
	for range 6 {
		got[<-ch]++
	}
	require.Equal(t, map[string]int{"OK": 3, servers[0].addr: 1, servers[1].addr: 1, servers[2].addr: 1}, got)
	servers[1].dropConns()
	require.ErrorContains(t, awaitOver(t, cmd), servers[1].addr)
	cmd.Stop()

	servers[2].on("MONITOR", says("-ERR no\r\n"))
	require.ErrorContains(t, c.Monitor(background(t), ch).Err(), servers[2].addr+": monitor: ERR no")
}
