package wire

import (
	"bytes"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What an idle connection holds, whatever it was used for, the server's end in
// this process included.
func TestMemoryOfIdleConnections(t *testing.T) {
	const n = 50
	const most = 20 << 10
	addr := listen(t, func(p *peer) { // without a buffer of its own
		in := make([]byte, 512)
		for {
			read, err := p.Read(in)
			if err != nil {
				return
			}
			replies := strings.Repeat(bulkReply("hello"), bytes.Count(in[:read], []byte("*")))
			if _, err := io.WriteString(p.Conn, replies); err != nil {
				return
			}
		}
	})
	for name, use := range map[string]func(*Conn){
		"never used": func(*Conn) {},
		"one call":   func(c *Conn) { requireDone(t, c, command("GET", "k")) },
		"a large batch and deep queues": func(c *Conn) {
			calls := make([]*Call, 1000)
			for i := range calls {
				calls[i] = command("SET", "x")
				require.NoError(t, c.Submit(t.Context(), calls[i]))
			}
			for _, call := range calls {
				require.NoError(t, c.Wait(t.Context(), call))
			}
			requireDone(t, c, large("SET", noise(50_000)))
			several := large("SET", noise(LargeString))
			for range 1000 {
				several.Request.AppendLarge("x")
			}
			requireDone(t, c, several)
		},
	} {
		t.Run(name, func(t *testing.T) {
			conns := make([]*Conn, n)
			before := inUse()
			for i := range conns {
				nc, err := net.Dial("tcp", addr)
				require.NoError(t, err)
				conns[i] = New(nc, Options{})
				use(conns[i])
			}
			for _, c := range conns {
				idle(t, c)
			}
			each := int(inUse()-before) / n
			t.Logf("%d bytes each", each)
			require.LessOrEqual(t, each, most)
			for _, c := range conns {
				c.Close(ErrClosed)
			}
			runtime.KeepAlive(conns)
		})
	}
}

func requireDone(t *testing.T, c *Conn, call *Call) {
	t.Helper()
	require.NoError(t, c.Do(t.Context(), call))
	require.Equal(t, bulkReply("hello"), reply(call))
}

// inUse is the memory in use. Stacks do not count: an idle connection has no
// goroutine.
func inUse() int64 {
	for range 3 { // pools let go at the second
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
