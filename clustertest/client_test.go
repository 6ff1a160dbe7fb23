package clustertest

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// patience bounds whatever the tests wait for.
const patience = 10 * time.Second

// What replies are read as: string for simple and bulk strings, int, float64,
// nil, []any for arrays and sets, and these.
type (
	replyError string
	replyMap   map[string]any
	replyPush  []any
)

// testClient speaks RESP on one connection.
type testClient struct {
	tb testing.TB
	nc net.Conn
	r  *bufio.Reader
}

func dial(tb testing.TB, n *Node) *testClient {
	tb.Helper()
	nc, err := net.DialTimeout("tcp", n.Addr(), patience)
	require.NoError(tb, err)
	return newTestClient(tb, nc)
}

func dialTLS(tb testing.TB, n *Node, cfg *tls.Config) (*testClient, error) {
	tb.Helper()
	nc, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", n.Addr(), cfg)
	if err != nil {
		return nil, err
	}
	return newTestClient(tb, nc), nil
}

func newTestClient(tb testing.TB, nc net.Conn) *testClient {
	tb.Cleanup(func() { _ = nc.Close() })
	return &testClient{tb: tb, nc: nc, r: bufio.NewReaderSize(nc, 64<<10)}
}

// dial3 is dial with RESP3.
func dial3(tb testing.TB, n *Node) *testClient {
	tb.Helper()
	c := dial(tb, n)
	require.Equal(tb, 3, c.do("HELLO", "3").(replyMap)["proto"])
	return c
}

func appendCommand(b []byte, args ...string) []byte {
	b = fmt.Appendf(b, "*%d\r\n", len(args))
	for _, arg := range args {
		b = appendBulk(b, arg)
	}
	return b
}

func (c *testClient) send(args ...string) {
	c.tb.Helper()
	c.write(appendCommand(nil, args...))
}

func (c *testClient) write(b []byte) {
	c.tb.Helper()
	_ = c.nc.SetWriteDeadline(time.Now().Add(patience))
	_, err := c.nc.Write(b)
	require.NoError(c.tb, err)
}

func (c *testClient) do(args ...string) any {
	c.tb.Helper()
	c.send(args...)
	return c.read()
}

func (c *testClient) read() any {
	c.tb.Helper()
	reply, err := c.tryRead(patience)
	require.NoError(c.tb, err)
	return reply
}

func (c *testClient) tryRead(d time.Duration) (any, error) {
	_ = c.nc.SetReadDeadline(time.Now().Add(d))
	return readReply(c.r)
}

// silent fails if something can be read within a moment.
func (c *testClient) silent() {
	c.tb.Helper()
	_, err := c.tryRead(50 * time.Millisecond)
	require.True(c.tb, isTimeout(err), "got %v", err)
}

// ended fails unless the server closes the connection.
func (c *testClient) ended() {
	c.tb.Helper()
	_, err := c.tryRead(patience)
	require.Error(c.tb, err)
	require.False(c.tb, isTimeout(err), "still open")
}

func readReply(r *bufio.Reader) (any, error) {
	line, err := readLine(r)
	if err != nil {
		return nil, err
	}
	if len(line) == 0 {
		return nil, fmt.Errorf("empty reply")
	}
	kind, text := line[0], string(line[1:])
	switch kind {
	case '+':
		return text, nil
	case '-':
		return replyError(text), nil
	case '_':
		return nil, nil
	case ',':
		return strconv.ParseFloat(text, 64)
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("bad reply %q", line)
	}
	switch kind {
	case ':':
		return n, nil
	case '$':
		if n < 0 {
			return nil, nil
		}
		b := make([]byte, n+2)
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, err
		}
		return string(b[:n]), nil
	case '*', '~', '>', '%':
		return readAggregate(r, kind, n)
	}
	return nil, fmt.Errorf("bad reply %q", line)
}

func readAggregate(r *bufio.Reader, kind byte, n int) (any, error) {
	if n < 0 {
		return nil, nil
	}
	if kind == '%' {
		n *= 2
	}
	items := make([]any, n)
	for i := range items {
		var err error
		if items[i], err = readReply(r); err != nil {
			return nil, err
		}
	}
	switch kind {
	case '>':
		return replyPush(items), nil
	case '%':
		m := replyMap{}
		for i := 0; i < n; i += 2 {
			m[fmt.Sprint(items[i])] = items[i+1]
		}
		return m, nil
	}
	return items, nil
}

// keyIn returns a key of a slot that the shard owns.
func keyIn(tb testing.TB, c *Cluster, shard int) string {
	tb.Helper()
	for i := range 1 << 20 {
		key := fmt.Sprintf("key%d", i)
		if n := c.PrimaryForKey(key); n != nil && n.Shard() == shard {
			return key
		}
	}
	require.FailNow(tb, "no key", "shard %d", shard)
	return ""
}

// moved is the redirect to the node for a key.
func moved(key string, n *Node) replyError {
	return replyError(fmt.Sprintf("MOVED %d %s", Slot(key), n.Addr()))
}

func ask(key string, n *Node) replyError {
	return replyError(fmt.Sprintf("ASK %d %s", Slot(key), n.Addr()))
}

func TestReadReply(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]any{
		"+OK\r\n":                      "OK",
		"-ERR no\r\n":                  replyError("ERR no"),
		":-7\r\n":                      -7,
		",1.5\r\n":                     1.5,
		"_\r\n":                        nil,
		"$-1\r\n":                      nil,
		"$2\r\na\n\r\n":                "a\n",
		"*-1\r\n":                      nil,
		"*2\r\n:1\r\n$0\r\n\r\n":       []any{1, ""},
		"~1\r\n:1\r\n":                 []any{1},
		">1\r\n:1\r\n":                 replyPush{1},
		"%1\r\n+a\r\n*1\r\n:2\r\n":     replyMap{"a": []any{2}},
		"*1\r\n%1\r\n+a\r\n_\r\n":      []any{replyMap{"a": nil}},
		"*2\r\n*1\r\n:1\r\n-ERR x\r\n": []any{[]any{1}, replyError("ERR x")},
	} {
		got, err := readReply(bufio.NewReader(stringReader(in)))
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
	}
}
