package redistest

import (
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStartFormsACluster(t *testing.T) {
	t.Parallel()
	no := false
	began := time.Now()
	c := Start(t, Options{
		Replicas:     1,
		NodeTimeout:  1500 * time.Millisecond,
		FullCoverage: &no,
		Config:       map[string]string{"maxmemory-policy": "allkeys-lru", "client-output-buffer-limit": "pubsub 1mb 1mb 0"},
	})
	took := time.Since(began)
	t.Logf("six nodes took %v", took)
	require.Less(t, took, 10*time.Second)

	nodes := c.Nodes()
	require.Len(t, nodes, 6)
	require.Equal(t, nodes[:3], c.Primaries())
	require.Equal(t, nodes[3:], c.Replicas())
	for i, primary := range nodes[:3] {
		require.Equal(t, []*Node{nodes[3+i]}, c.ReplicasOf(primary))
	}
	require.Empty(t, c.ReplicasOf(nodes[3]))
	require.Nil(t, c.TLSConfig())
	require.Nil(t, c.CA())

	require.Same(t, nodes[0], c.PrimaryFor(0))
	require.Same(t, nodes[0], c.PrimaryFor(5460))
	require.Same(t, nodes[1], c.PrimaryFor(5461))
	require.Same(t, nodes[2], c.PrimaryFor(16383))
	require.Nil(t, c.PrimaryFor(16384))

	for i, n := range nodes {
		require.Equal(t, c.Addrs()[i], n.Addr())
		require.True(t, n.Running())
		require.Equal(t, n.ID(), mustDo(t, n, "CLUSTER", "MYID"))
		for name, want := range map[string]string{
			"cluster-node-timeout":          "1500",
			"cluster-require-full-coverage": "no",
			"maxmemory-policy":              "allkeys-lru",
			"save":                          "",
			"appendonly":                    "no",
		} {
			require.Equal(t, []any{name, want}, mustDo(t, n, "CONFIG", "GET", name))
		}
		slots, err := n.slotMap(t.Context())
		require.NoError(t, err)
		require.Equal(t, slotMap{
			"00000-05460": {nodes[0].id, nodes[3].id},
			"05461-10922": {nodes[1].id, nodes[4].id},
			"10923-16383": {nodes[2].id, nodes[5].id},
		}, slots)
	}

	// "foo" is in slot 12182.
	require.Equal(t, "OK", mustDo(t, nodes[2], "SET", "foo", "bar"))
	require.Equal(t, int64(1), mustDo(t, nodes[2], "WAIT", "1", "5000"))
	_, err := nodes[0].Do("GET", "foo")
	require.Equal(t, ServerError("MOVED 12182 "+nodes[2].Addr()), err)
}

func TestRunStopsForGood(t *testing.T) {
	t.Parallel()
	c, stop, err := Run(t.Context(), Options{Shards: 1})
	require.NoError(t, err)
	n := c.Nodes()[0]
	require.DirExists(t, c.dir)

	stop()
	stop()
	require.NoDirExists(t, c.dir)
	require.False(t, n.Running())
	_, err = net.Dial("tcp", n.Addr())
	require.Error(t, err)
	_, err = n.Do("PING")
	require.ErrorIs(t, err, errDown)
	require.Empty(t, c.Primaries())
	require.Nil(t, c.PrimaryFor(0))
	require.Empty(t, n.Log())
}

func TestRunRefusesBadOptions(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"negative shards":           {Shards: -1},
		"too many shards":           {Shards: 16385},
		"negative replicas":         {Replicas: -1},
		"timeout below a ms":        {NodeTimeout: time.Microsecond},
		"username without password": {Username: "app"},
	} {
		t.Run(name, func(t *testing.T) {
			_, stop, err := Run(t.Context(), o)
			require.Error(t, err)
			require.Nil(t, stop)
		})
	}
}

// A directive that the server does not know ends it at once: the reason has to
// reach whoever wrote it, and nothing may stay behind.
func TestRunReportsWhatTheServerSays(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	_, _, err := Run(t.Context(), Options{Shards: 1, Config: map[string]string{"no-such-directive": "1"}})
	require.ErrorContains(t, err, "no-such-directive")
	left, err := os.ReadDir(temp)
	require.NoError(t, err)
	require.Empty(t, left)
}

// fatalTB keeps what the code under test fails with.
type fatalTB struct {
	testing.TB
	fatal []any
}

func (tb *fatalTB) Helper()           {}
func (tb *fatalTB) Fatal(args ...any) { tb.fatal = args }

func TestRequire(t *testing.T) {
	Require(t)

	t.Setenv("REDIS_SERVER", "/nowhere/redis-server")
	tb := &fatalTB{TB: t}
	Require(tb)
	require.Len(t, tb.fatal, 1)
	require.ErrorContains(t, tb.fatal[0].(error), "apt-get install redis-server")
	_, _, err := Run(t.Context(), Options{})
	require.ErrorContains(t, err, "/nowhere/redis-server")
}
