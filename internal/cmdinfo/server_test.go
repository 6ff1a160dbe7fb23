package cmdinfo

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// testServer is a redis-server of the test's own. It listens on a Unix socket
// in a directory of its own, so that no port needs to be found.
type testServer struct {
	conn net.Conn
	r    *bufio.Reader
}

// serverError is an error reply.
type serverError string

func (e serverError) Error() string { return string(e) }

func startServer(t *testing.T) *testServer {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	require.NoError(t, err, "this test needs redis-server")
	dir, err := os.MkdirTemp("", "cmdinfo")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "socket")

	cmd := exec.Command(path, "--port", "0", "--unixsocket", socket, "--save", "", "--dir", dir)
	log, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	waitForLine(t, log, "ready to accept connections")

	conn, err := net.Dial("unix", socket)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	return &testServer{conn: conn, r: bufio.NewReader(conn)}
}

func waitForLine(t *testing.T, log io.Reader, part string) {
	t.Helper()
	var seen strings.Builder
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if strings.Contains(strings.ToLower(lines.Text()), part) {
			return
		}
		fmt.Fprintln(&seen, lines.Text())
	}
	require.Fail(t, "redis-server ended without being ready", seen.String())
}

// do sends one command and returns its reply, which may be a serverError.
func (s *testServer) do(t *testing.T, args ...string) any {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, arg := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(arg), arg)
	}
	_, err := io.WriteString(s.conn, b.String())
	require.NoError(t, err)
	reply, err := s.read()
	require.NoError(t, err)
	return reply
}

func (s *testServer) read() (any, error) {
	line, err := s.r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	line = strings.TrimSuffix(line, "\r\n")
	kind, rest := line[0], line[1:]
	if kind == '+' {
		return rest, nil
	}
	if kind == '-' {
		return serverError(rest), nil
	}
	n, err := strconv.Atoi(rest)
	switch {
	case err != nil:
		return nil, err
	case kind == ':':
		return int64(n), nil
	case n < 0:
		return nil, nil
	case kind == '$':
		text := make([]byte, n+len("\r\n"))
		_, err := io.ReadFull(s.r, text)
		return string(text[:n]), err
	case kind == '*':
		list := make([]any, n)
		for i := range list {
			if list[i], err = s.read(); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	return nil, errors.New("unexpected reply: " + line)
}

// getKeys asks the server for the keys of a command, nil when it has none. The
// server wants at least one argument besides the command's name.
func (s *testServer) getKeys(t *testing.T, args []string) (keys []string) {
	t.Helper()
	if len(args) == 1 {
		return nil
	}
	reply := s.do(t, append([]string{"COMMAND", "GETKEYS"}, args...)...)
	if err, ok := reply.(serverError); ok {
		require.ErrorContains(t, err, "no key arguments", "%q", args)
	}
	return append(keys, texts(reply)...)
}
