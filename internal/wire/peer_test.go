package wire

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// peer is the server's end of a connection, for a script to use.
type peer struct {
	net.Conn
	t  *testing.T
	in *bufio.Reader
}

func newPeer(t *testing.T, nc net.Conn) *peer {
	return &peer{Conn: nc, t: t, in: bufio.NewReader(nc)}
}

// request reads one request.
func (p *peer) request() ([]string, error) {
	n, err := p.length('*')
	if err != nil {
		return nil, err
	}
	args := make([]string, n)
	for i := range args {
		size, err := p.length('$')
		if err != nil {
			return nil, err
		}
		arg := make([]byte, size+2)
		if _, err := io.ReadFull(p.in, arg); err != nil {
			return nil, err
		}
		args[i] = string(arg[:size])
	}
	return args, nil
}

func (p *peer) length(kind byte) (int, error) {
	line, err := p.in.ReadString('\n')
	if err != nil {
		return 0, err
	}
	if line[0] != kind {
		return 0, errors.New("not a request: " + strconv.Quote(line))
	}
	return strconv.Atoi(strings.TrimSpace(line[1:]))
}

// expect reads one request, which must be this one.
func (p *peer) expect(args ...string) {
	p.t.Helper()
	got, err := p.request()
	require.NoError(p.t, err)
	require.Equal(p.t, args, got)
}

func (p *peer) send(s string) {
	p.t.Helper()
	_, err := io.WriteString(p.Conn, s)
	require.NoError(p.t, err)
}

// pipe makes a connection without any buffer in between: what the peer sends in
// one piece is read in one piece, and a write waits until the peer has read it
// all.
func pipe(t *testing.T, opt Options) (*Conn, *peer) {
	near, far := net.Pipe()
	t.Cleanup(func() { _ = far.Close() })
	return own(t, near, opt), newPeer(t, far)
}

// listen runs a script on each connection it accepts, until the test ends.
// Nothing is left over then.
func listen(t *testing.T, script func(*peer)) (addr string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	accepting := make(chan struct{})
	t.Cleanup(func() {
		_ = l.Close()
		<-accepting
	})
	go func() {
		defer close(accepting)
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			over := make(chan struct{})
			go func() {
				defer close(over)
				defer func() { _ = nc.Close() }()
				script(newPeer(t, nc))
			}()
			t.Cleanup(func() {
				_ = nc.Close()
				<-over
			})
		}
	}()
	return l.Addr().String()
}

// dial connects to a script on a real socket.
func dial(t *testing.T, addr string, opt Options) *Conn {
	nc, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	return own(t, nc, opt)
}

// own makes a connection that gathers nothing: a script may want one request
// before it replies to another.
func own(t *testing.T, nc net.Conn, opt Options) *Conn {
	c := New(nc, opt)
	c.gathering.nearby = 0
	t.Cleanup(func() { c.Close(ErrClosed) })
	return c
}

// socket is a connection over TCP whose other end is in the test's hands.
func socket(t *testing.T, opt Options) (*Conn, *peer) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	c := dial(t, l.Addr().String(), opt)
	far, err := l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { _ = far.Close() })
	return c, newPeer(t, far)
}

// echo answers each request with its last argument, one at a time, until the
// connection ends.
func echo(p *peer) {
	for {
		args, err := p.request()
		if err != nil {
			return
		}
		if _, err := io.WriteString(p, bulkReply(args[len(args)-1])); err != nil {
			return
		}
	}
}

func bulkReply(s string) string {
	return "$" + strconv.Itoa(len(s)) + "\r\n" + s + "\r\n"
}

// reset closes a TCP connection so that the other side gets an error at once.
func (p *peer) reset() {
	p.t.Helper()
	require.NoError(p.t, p.Conn.(*net.TCPConn).SetLinger(0))
	require.NoError(p.t, p.Conn.Close())
}

// soon is for what must happen, at a time that nothing announces.
func soon(t *testing.T, happens func() bool, msg ...any) {
	t.Helper()
	require.Eventually(t, happens, 20*time.Second, time.Millisecond, msg...)
}
