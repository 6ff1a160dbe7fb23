package wire

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// buffers are sizes of the read buffer: smaller than most replies, about as
// large, and the usual one.
var buffers = []int{64, 600, 4096, 0}

// exchange is some calls and all that the server sends for them, pushes
// included.
type exchange struct {
	calls  []int // the number of replies each asks for
	stream []string
}

func isPush(s string) bool { return s[0] == '>' }

// want is what each call is to get, and the pushes.
func (x exchange) want() (replies []string, pushes []string) {
	next := 0
	for _, n := range x.calls {
		var all strings.Builder
		for ; n > 0; next++ {
			if isPush(x.stream[next]) {
				pushes = append(pushes, x.stream[next])
				continue
			}
			all.WriteString(x.stream[next])
			n--
		}
		replies = append(replies, all.String())
	}
	return replies, append(pushes, x.stream[next:]...)
}

var exchanges = map[string]exchange{
	"one":   {[]int{1}, []string{"+OK\r\n"}},
	"kinds": {[]int{1, 1, 1, 1, 1, 1, 1, 1}, []string{"+OK\r\n", "-ERR no\r\n", ":-12\r\n", "$5\r\nhello\r\n", "$-1\r\n", "_\r\n", ",1.5\r\n", "#t\r\n"}},
	"nested": {[]int{1, 1, 1}, []string{
		"*3\r\n:1\r\n*2\r\n$1\r\na\r\n$0\r\n\r\n*0\r\n", "%2\r\n+a\r\n~1\r\n:1\r\n+b\r\n_\r\n", "|1\r\n+ttl\r\n:3\r\n$1\r\nx\r\n"}},
	"blocks": {[]int{3, 1, 2}, []string{"+a\r\n", "$40\r\n" + strings.Repeat("b", 40) + "\r\n", ":3\r\n", "+d\r\n", "*1\r\n+e\r\n", "+f\r\n"}},
	"longer than the buffer": {[]int{1, 2, 1, 1}, []string{
		bulkReply(strings.Repeat("x", 100)), "+a\r\n", bulkReply(strings.Repeat("y", 200)), "*30\r\n" + strings.Repeat(":7\r\n", 30), "+z\r\n"}},
	"pushes": {[]int{1, 3, 1}, []string{
		">2\r\n+p\r\n:1\r\n", "+a\r\n", ">1\r\n+p\r\n", "$1\r\nb\r\n", ">2\r\n+p\r\n$70\r\n" + strings.Repeat("p", 70) + "\r\n",
		">1\r\n+q\r\n", "+c\r\n", "$2\r\ndd\r\n", "*1\r\n+e\r\n", ">1\r\n+r\r\n"}},
}

// run sends the stream in pieces and checks who gets what.
func (x exchange) run(t *testing.T, c *Conn, p *peer, pushes *[]string, pieces []string) {
	t.Helper()
	wantReplies, wantPushes := x.want()
	*pushes = nil

	calls := make([]*Call, len(x.calls))
	served := make(chan error, 1)
	go func() {
		for _, n := range x.calls {
			for range n {
				if _, err := p.request(); err != nil {
					served <- err
					return
				}
			}
		}
		for _, piece := range pieces {
			if _, err := p.Write([]byte(piece)); err != nil {
				served <- err
				return
			}
		}
		served <- nil
	}()
	for i, n := range x.calls {
		calls[i] = block(n, "GET", "k")
		require.NoError(t, c.Submit(t.Context(), calls[i]))
	}
	for i, call := range calls {
		require.NoError(t, c.Wait(t.Context(), call))
		require.Equal(t, wantReplies[i], reply(call), "call %d", i)
	}
	// The last pushes are read by whoever waits for the next reply.
	last := start(t.Context(), c, command("PING"))
	require.NoError(t, <-served)
	p.expect("PING")
	p.send("+PONG\r\n")
	last.gets(t, "+PONG\r\n")
	require.Equal(t, wantPushes, *pushes)
}

func TestRepliesSplitAtEveryByte(t *testing.T) {
	t.Parallel()
	for name, x := range exchanges {
		for _, size := range buffers {
			t.Run(fmt.Sprintf("%s/%d", name, size), func(t *testing.T) {
				t.Parallel()
				var pushes []string
				c, p := pipe(t, Options{ReadBuffer: size, OnPush: func(b []byte) { pushes = append(pushes, string(b)) }})
				stream := strings.Join(x.stream, "")
				for at := range stream {
					x.run(t, c, p, &pushes, []string{stream[:at], stream[at:]})
				}
			})
		}
	}
}

func TestRepliesInPiecesOfEverySize(t *testing.T) {
	t.Parallel()
	for name, x := range exchanges {
		for _, size := range buffers {
			t.Run(fmt.Sprintf("%s/%d", name, size), func(t *testing.T) {
				t.Parallel()
				var pushes []string
				c, p := pipe(t, Options{ReadBuffer: size, OnPush: func(b []byte) { pushes = append(pushes, string(b)) }})
				stream := strings.Join(x.stream, "")
				for size := 1; size <= len(stream); size += 1 + size/20 {
					x.run(t, c, p, &pushes, pieces(stream, size))
				}
			})
		}
	}
}

func pieces(s string, size int) []string {
	var all []string
	for ; len(s) > size; s = s[size:] {
		all = append(all, s[:size])
	}
	return append(all, s)
}

// More replies than the reader looks up at a time come in one piece.
func TestManyRepliesInOneRead(t *testing.T) {
	t.Parallel()
	for _, n := range []int{headCalls - 1, headCalls, headCalls + 1, 2 * headCalls, 3*headCalls + 5} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			c, p := pipe(t, Options{})
			var replies strings.Builder
			for i := range n {
				fmt.Fprintf(&replies, ":%d\r\n", i)
			}
			served := make(chan error, 1)
			go func() {
				for range n {
					if _, err := p.request(); err != nil {
						served <- err
						return
					}
				}
				_, err := p.Write([]byte(replies.String()))
				served <- err
			}()
			calls := make([]*Call, n)
			for i := range calls {
				calls[i] = command("INCR", "k")
				require.NoError(t, c.Submit(t.Context(), calls[i]))
			}
			for i, call := range calls {
				require.NoError(t, c.Wait(t.Context(), call))
				require.Equal(t, fmt.Sprintf(":%d\r\n", i), reply(call))
			}
			require.NoError(t, <-served)
			require.Zero(t, c.InFlight())
			require.EqualValues(t, n, c.Served())
		})
	}
}

// A reply is not read to the end before the next begins: one byte a read.
func TestOneByteReads(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	c := own(t, trickle{near}, Options{ReadBuffer: 64})
	p := newPeer(t, far)
	for name, x := range exchanges {
		var pushes []string
		c.opt.OnPush = func(b []byte) { pushes = append(pushes, string(b)) }
		t.Run(name, func(t *testing.T) {
			x.run(t, c, p, &pushes, []string{strings.Join(x.stream, "")})
		})
	}
}

// A call in the pool holds nothing of the replies it had.
func TestNothingIsKeptOfReplies(t *testing.T) {
	t.Parallel()
	c, p := pipe(t, Options{})
	for _, use := range []func(*Call){
		func(*Call) {},
		func(call *Call) { _ = call.Decoder() },
		func(call *Call) { _, _ = call.Text() },
		func(call *Call) { _, _ = call.Next() },
	} {
		for _, text := range []string{"+OK\r\n", ":1\r\n", bulkReply(strings.Repeat("x", 100)), "*1\r\n+a\r\n"} {
			s := start(t.Context(), c, command("GET", "k"))
			p.expect("GET", "k")
			p.send(text)
			s.gets(t, text)
			use(s.Call)
			s.reset()
			require.Equal(t, &Call{Replies: 1, ready: s.ready, inline: s.inline, since: s.since, start: s.start, size: s.size}, s.Call)
		}
	}
}

// Short replies stay within the call, and must not be referred to; all others
// have memory of their own.
func TestShared(t *testing.T) {
	t.Parallel()
	c, p := pipe(t, Options{ReadBuffer: 512})
	for _, tc := range []struct {
		reply  string
		shared bool
	}{
		{"+QUEUED\r\n", false},
		{bulkReply(strings.Repeat("x", 25)), false}, // 32 bytes
		{bulkReply(strings.Repeat("x", 26)), true},
		{"*1\r\n+OK\r\n", true},
		{"%1\r\n+a\r\n+b\r\n", true},
		{bulkReply(strings.Repeat("x", 5000)), true},
	} {
		s := start(t.Context(), c, command("GET", "k"))
		p.expect("GET", "k")
		p.send(tc.reply)
		s.gets(t, tc.reply)
		require.Equal(t, tc.shared, &s.raw[0] != &s.inline[0], "%q", tc.reply)
	}
}
