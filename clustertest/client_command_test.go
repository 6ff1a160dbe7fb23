package clustertest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClientKill(t *testing.T) {
	t.Parallel()
	n := Start(t, Options{Shards: 1}).Primary(0)
	client := dial(t, n)
	for _, kill := range []func(victim *testClient) []string{
		func(v *testClient) []string { return []string{v.nc.LocalAddr().String()} },
		func(v *testClient) []string { return []string{"ADDR", v.nc.LocalAddr().String()} },
		func(v *testClient) []string {
			return []string{"ID", fmt.Sprint(v.do("CLIENT", "ID")), "TYPE", "normal"}
		},
		func(*testClient) []string { return []string{"TYPE", "normal"} },
	} {
		victim := dial(t, n)
		victim.do("PING")
		args := kill(victim)
		require.Contains(t, []any{"OK", 1}, client.do(append([]string{"CLIENT", "KILL"}, args...)...), "%v", args)
		victim.ended()
	}
	require.Equal(t, 0, client.do("CLIENT", "KILL", "TYPE", "pubsub"))
	require.Equal(t, 1, client.do("CLIENT", "KILL", "ID", fmt.Sprint(client.do("CLIENT", "ID")), "SKIPME", "no"))
	client.ended()
}

func TestClientUnblock(t *testing.T) {
	t.Parallel()
	n := Start(t, Options{Shards: 1}).Primary(0)
	client, waiting := dial(t, n), dial(t, n)
	id := fmt.Sprint(waiting.do("CLIENT", "ID"))
	require.Equal(t, 0, client.do("CLIENT", "UNBLOCK", id), "it does not wait")
	for reason, want := range map[string]any{
		"TIMEOUT": nil,
		"ERROR":   replyError("UNBLOCKED client unblocked via CLIENT UNBLOCK"),
	} {
		waiting.send("BLPOP", "k", "0")
		require.Eventually(t, func() bool { return client.do("CLIENT", "UNBLOCK", id, reason) == 1 }, patience, time.Millisecond)
		require.Equal(t, want, waiting.read())
		require.Equal(t, "PONG", waiting.do("PING"))
	}
}
