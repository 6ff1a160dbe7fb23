//go:build linux

package redistest

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Nothing runs in a process that is killed, so the kernel has to clear up:
// running servers and stopped ones.
func TestNoServerOutlivesAKilledTest(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), orphanEnv+"=1", "TMPDIR="+t.TempDir())
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer func() { _ = cmd.Process.Kill() }()

	servers := map[string]int{}
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "ready" {
		var addr string
		var pid int
		_, err := fmt.Sscan(lines.Text(), &addr, &pid)
		require.NoError(t, err, lines.Text())
		servers[addr] = pid
	}
	require.Len(t, servers, 2)
	for addr, pid := range servers {
		require.True(t, processRuns(pid), "%s", addr)
	}

	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	for addr, pid := range servers {
		require.Eventually(t, func() bool { return !processRuns(pid) && !listens(addr) },
			10*time.Second, 10*time.Millisecond, "%s", addr)
	}
}

// processRuns is false for a process that waits to be reaped, too: whoever
// inherits it may be in no hurry.
func processRuns(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}

func listens(addr string) bool {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}
