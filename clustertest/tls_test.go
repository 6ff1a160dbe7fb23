package clustertest

import (
	"crypto/tls"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{
		TLS: true, Replicas: 1, Password: "secret", Endpoint: EndpointHostname,
		Hostname: func(i int) string { return fmt.Sprintf("n%d.cluster.test", i) },
	})
	for i, n := range c.Nodes() {
		for _, name := range []string{"", "localhost", fmt.Sprintf("n%d.cluster.test", i)} {
			cfg := c.TLSConfig()
			cfg.ServerName = name
			client, err := dialTLS(t, n, cfg)
			require.NoError(t, err, name)
			require.Equal(t, noAuthError, client.do("PING"))
			require.Equal(t, "OK", client.do("AUTH", "secret"))
			require.Equal(t, n.ID(), client.do("CLUSTER", "MYID"))
		}
		cfg := c.TLSConfig()
		cfg.ServerName = fmt.Sprintf("n%d.cluster.test", i+1)
		_, err := dialTLS(t, n, cfg)
		require.ErrorContains(t, err, "certificate is valid for", "another node's name")
	}
	_, err := dialTLS(t, c.Primary(0), &tls.Config{})
	require.ErrorContains(t, err, "certificate signed by unknown authority")

	client := dial(t, c.Primary(0)) // plain text
	client.send("PING")
	client.ended()
}

func TestTLSBehaviour(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{TLS: true, Shards: 1, Replicas: 1})
	n := c.Primary(0)
	client, err := dialTLS(t, n, c.TLSConfig())
	require.NoError(t, err)
	slots := client.do("CLUSTER", "SLOTS").([]any)
	require.Equal(t, []any{loopback, n.Port(), n.ID(), []any{"hostname", "localhost"}}, slots[0].([]any)[2])
	require.Contains(t, client.do("CLUSTER", "SHARDS").([]any)[0].([]any)[3].([]any)[0], "tls-port")

	// Watching over the connection of a blocked command must not harm it.
	client.send("BLPOP", "list", "0")
	awaitBlocked(t, n, 1)
	other, err := dialTLS(t, n, c.TLSConfig())
	require.NoError(t, err)
	require.Equal(t, 1, other.do("RPUSH", "list", "v"))
	require.Equal(t, []any{"list", "v"}, client.read())
	require.Equal(t, "PONG", client.do("PING"))
	require.Nil(t, client.do("BLPOP", "list", "0.01"))
	require.Equal(t, "OK", client.do("QUIT"))
	client.ended()

	c.Stop(n)
	other.ended()
	require.NoError(t, c.Start(n))
	_, err = dialTLS(t, n, c.TLSConfig())
	require.NoError(t, err)
}
