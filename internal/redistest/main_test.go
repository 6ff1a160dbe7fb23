package redistest

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(orphanEnv) != "" {
		runOrphanMaker()
		return
	}
	goleak.VerifyTestMain(m)
}

// orphanEnv in the environment makes this test binary start a cluster, print
// what it has started, and wait to be killed.
const orphanEnv = "REDISTEST_ORPHAN"

func runOrphanMaker() {
	c, _, err := Run(context.Background(), Options{Shards: 2})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for _, n := range c.Nodes() {
		fmt.Println(n.Addr(), n.PID())
	}
	if err := c.Nodes()[1].Stop(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready")
	time.Sleep(time.Hour)
}

// within is a context for one wait of a test.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// mustDo is Do for a command that has to succeed.
func mustDo(t *testing.T, n *Node, args ...string) any {
	t.Helper()
	reply, err := n.Do(args...)
	require.NoError(t, err, "%v", args)
	return reply
}
