package redistest

import (
	"context"
	"crypto/tls"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// trickyPassword has the bytes that a configuration file could trip over.
const trickyPassword = "p\"a\\ s's#>é"

// dialTLS connects as a client would, to addr under the name serverName.
func dialTLS(t *testing.T, c *Cluster, addr, serverName string) (*conn, error) {
	t.Helper()
	ctx := within(t, 10*time.Second)
	nc, err := c.Dial(ctx, "tcp", addr)
	require.NoError(t, err)
	cfg := c.TLSConfig()
	require.Empty(t, cfg.ServerName)
	cfg.ServerName = serverName
	tc := tls.Client(nc, cfg)
	t.Cleanup(func() { _ = tc.Close() })
	return newConn(tc), tc.HandshakeContext(ctx)
}

func TestTLSWithAuthAndHostnames(t *testing.T) {
	t.Parallel()
	began := time.Now()
	c := Start(t, Options{Replicas: 1, TLS: true, Username: "app-user", Password: trickyPassword, Hostnames: true})
	t.Logf("six nodes with TLS took %v", time.Since(began))
	ctx := within(t, 30*time.Second)
	nodes := c.Nodes()
	require.True(t, c.CA().IsCA)

	t.Run("certificates name their own node", func(t *testing.T) {
		for _, name := range []string{"127.0.0.1", "localhost", nodes[1].Hostname()} {
			_, err := dialTLS(t, c, nodes[1].Addr(), name)
			require.NoError(t, err, name)
		}
		_, err := dialTLS(t, c, nodes[1].Addr(), nodes[0].Hostname())
		require.ErrorContains(t, err, nodes[0].Hostname())
	})

	t.Run("host names are announced and can be dialled", func(t *testing.T) {
		_, err := nodes[0].Do("GET", "foo")
		require.Equal(t, ServerError(fmt.Sprintf("MOVED 12182 node-2.redistest.local:%d", nodes[2].Port())), err)
		_, err = dialTLS(t, c, fmt.Sprintf("node-2.redistest.local:%d", nodes[2].Port()), nodes[2].Hostname())
		require.NoError(t, err)
	})

	t.Run("a password is needed", func(t *testing.T) {
		for _, n := range nodes {
			cn, err := dialTLS(t, c, n.Addr(), n.Host())
			require.NoError(t, err)
			_, err = cn.do(ctx, "PING")
			require.ErrorContains(t, err, "NOAUTH")
			_, err = cn.do(ctx, "AUTH", "app-user", "wrong")
			require.ErrorContains(t, err, "WRONGPASS")
			_, err = cn.do(ctx, "AUTH", "app-user", trickyPassword)
			require.NoError(t, err)
			who, err := cn.do(ctx, "ACL", "WHOAMI")
			require.NoError(t, err)
			require.Equal(t, "app-user", who)
		}
	})

	t.Run("a slot moves", func(t *testing.T) {
		mustDo(t, nodes[2], "SET", "foo", "bar")
		require.NoError(t, c.MigrateSlot(12182, nodes[0]))
		require.Equal(t, "bar", mustDo(t, nodes[0], "GET", "foo"))
		require.NoError(t, c.WaitHealthy(ctx))
	})

	t.Run("a replica takes over", func(t *testing.T) {
		require.NoError(t, c.Failover(ctx, nodes[4], ""))
		require.NoError(t, c.WaitHealthy(ctx))
		require.Equal(t, []*Node{nodes[1]}, c.ReplicasOf(nodes[4]))
	})
}

func TestSingleServer(t *testing.T) {
	t.Parallel()
	n := StartServer(t, Options{TLS: true, Password: trickyPassword})
	require.Empty(t, n.ID())
	require.NotNil(t, n.TLSConfig())
	require.Equal(t, "OK", mustDo(t, n, "SET", "{a}1", "x"))
	require.Equal(t, []any{"x", nil}, mustDo(t, n, "MGET", "{a}1", "{b}1")) // no slots, no CROSSSLOT
	_, err := n.Do("CLUSTER", "SLOTS")
	require.ErrorContains(t, err, "cluster support disabled")
	info, err := n.Info("cluster")
	require.NoError(t, err)
	require.Equal(t, map[string]string{"cluster_enabled": "0"}, info)
}

func TestStartBoundedByContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, _, err := Run(ctx, Options{}) // the servers themselves take two seconds
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(began), 5*time.Second)
}
