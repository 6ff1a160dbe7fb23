package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The property: whatever happens, a call gets its own replies or an error; and
// of a dead connection the error tells which commands the server cannot have
// read.

// howLong each variant goes on; WIRE_STRESS in the environment is another time.
func howLong(t *testing.T) time.Duration {
	if s := os.Getenv("WIRE_STRESS"); s != "" {
		d, err := time.ParseDuration(s)
		require.NoError(t, err)
		return d
	}
	return 500 * time.Millisecond
}

// whim is a server that answers every request with its own arguments, and is
// given to moods: it answers in pieces, late or in bulk, says other things in
// between, and hangs up at any time.
type whim struct {
	seen   sync.Map     // the ids of the requests it has read
	deaths atomic.Int32 // connections it has hung up on
	serial atomic.Uint64
}

func (w *whim) serve(p *peer) {
	rnd := rand.New(rand.NewPCG(w.serial.Add(1), 7))
	out := bufio.NewWriterSize(p.Conn, 1<<(6+rnd.IntN(11)))
	until := 1 + rnd.IntN(300)
	for n := range until {
		args, err := p.request()
		if err != nil {
			return
		}
		w.seen.Store(args[1], nil)
		if rnd.IntN(50) == 0 {
			_, _ = out.WriteString(">2\r\n+p\r\n" + bulkReply(noise(rnd.IntN(100))))
		}
		_, err = out.WriteString("*2\r\n" + bulkReply(args[1]) + bulkReply(args[2]))
		switch {
		case err != nil:
			return
		case n == until-1 && rnd.IntN(2) == 0: // in the middle of what it says
		case p.in.Buffered() == 0 || rnd.IntN(20) == 0:
			if out.Flush() != nil {
				return
			}
		}
		if rnd.IntN(300) == 0 {
			time.Sleep(rand.N(time.Millisecond))
		}
	}
	w.deaths.Add(1)
	if tcp, ok := p.Conn.(*net.TCPConn); ok && rnd.IntN(2) == 0 {
		_ = tcp.SetLinger(0)
	}
}

// line is where callers find the connection of the moment.
type line struct {
	dial func() (net.Conn, error)
	opt  Options
	most int // bytes of an argument
	mu   sync.Mutex
	now  *Conn
}

func (l *line) conn() (*Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now != nil && l.now.Err() == nil {
		return l.now, nil
	}
	nc, err := l.dial()
	if err != nil {
		return nil, err
	}
	l.now = New(nc, l.opt)
	return l.now, nil
}

// tally is what has become of the calls.
type tally struct{ answered, lost, unsent, cancelled, shed atomic.Int64 }

var errShed = errors.New("shed")

// errand is one call with random properties; its error is a broken promise.
func (w *whim) errand(l *line, id string, rnd *rand.Rand, got *tally) error {
	c, err := l.conn()
	if err != nil {
		return nil // the server is hanging up
	}
	ctx, cancel := context.Background(), context.CancelFunc(func() {})
	switch rnd.IntN(8) {
	case 0, 1, 2:
		ctx, cancel = context.WithCancel(ctx)
	case 3:
		ctx, cancel = context.WithTimeout(ctx, rand.N(3*time.Millisecond))
		defer cancel()
	case 4:
		ctx, cancel = context.WithCancel(ctx)
		timer := time.AfterFunc(rand.N(time.Millisecond), cancel)
		defer timer.Stop()
	}
	defer cancel()

	call := NewCall()
	call.Movable = rnd.IntN(2) == 0
	call.Replies = 1
	if rnd.IntN(5) == 0 {
		call.Replies = 1 + rnd.IntN(20)
	}
	var want strings.Builder
	ids := make([]string, call.Replies)
	ends := make([]int, call.Replies) // of each command in the request
	for i := range ids {
		size := rnd.IntN(100)
		if rnd.IntN(30) == 0 {
			size = rnd.IntN(l.most)
		}
		ids[i] = fmt.Sprint(id, ".", i)
		text := noise(size)
		if size > 10_000 {
			part := large("ECHO", text)
			header := appendCommand(nil, "ECHO", ids[i], "")
			header[1] = '3'
			call.Request.Bytes = append(call.Request.Bytes, header[:len(header)-len("$0\r\n\r\n")]...)
			call.Request.Bytes = append(call.Request.Bytes, part.Request.Bytes[len("*2\r\n$4\r\nECHO\r\n"):len(part.Request.Bytes)-2]...)
			call.Request.AppendLarge(text)
		} else {
			call.Request.Bytes = appendCommand(call.Request.Bytes, "ECHO", ids[i], text)
		}
		want.WriteString("*2\r\n" + bulkReply(ids[i]) + bulkReply(text))
		ends[i] = call.Size()
	}

	switch rnd.IntN(2000) {
	case 0:
		c.Drain()
	case 1:
		c.Close(errBroken)
	case 2, 3, 4, 5, 6, 7, 8, 9:
		defer c.Shed(errShed)
	}
	if rnd.IntN(2) == 0 {
		err = c.Do(ctx, call)
	} else if err = c.Submit(ctx, call); err == nil {
		if rnd.IntN(10) == 0 {
			time.Sleep(rand.N(100 * time.Microsecond))
		}
		for range rnd.IntN(3) {
			c.lookForLate() // to be late for once does not take long
		}
		err = c.Wait(ctx, call)
	}

	var lost *Error
	switch {
	case err == nil:
		got.answered.Add(1)
		if raw := reply(call); raw != want.String() {
			return fmt.Errorf("%s: another's reply: %.60q", id, raw)
		}
	case !errors.As(err, &lost):
		return fmt.Errorf("%s: not an Error: %w", id, err)
	case errors.Is(err, ctx.Err()) && ctx.Err() != nil:
		got.cancelled.Add(1)
	case errors.Is(err, errShed):
		got.shed.Add(1)
		if !call.Movable {
			return fmt.Errorf("%s: shed but not movable", id)
		}
	default:
		got.lost.Add(1)
		for i, end := range ends {
			if lost.Wrote >= end {
				continue
			}
			got.unsent.Add(1)
			if _, seen := w.seen.Load(ids[i]); seen {
				return fmt.Errorf("%s: %d of %d bytes written, and yet the server has read it: %w", ids[i], lost.Wrote, end, err)
			}
		}
	}
	call.Free()
	return nil
}

func TestEveryReplyReachesItsCaller(t *testing.T) {
	t.Parallel()
	for name, lay := range map[string]func(*testing.T, *whim) *line{
		"TCP": func(t *testing.T, w *whim) *line {
			addr := listen(t, w.serve)
			return &line{dial: func() (net.Conn, error) { return net.Dial("tcp", addr) }}
		},
		"TLS": func(t *testing.T, w *whim) *line {
			addr := listenTLS(t, w.serve)
			_, trust := certificate()
			return &line{dial: func() (net.Conn, error) {
				return tls.Dial("tcp", addr, &tls.Config{RootCAs: trust, ServerName: "127.0.0.1"})
			}}
		},
		"no buffers": func(t *testing.T, w *whim) *line {
			var servers sync.WaitGroup
			t.Cleanup(servers.Wait)
			return &line{dial: func() (net.Conn, error) {
				near, far := net.Pipe()
				servers.Go(func() {
					defer func() { _ = far.Close() }()
					w.serve(newPeer(t, far))
				})
				return near, nil
			}}
		},
		"one byte a read": func(t *testing.T, w *whim) *line {
			addr := listen(t, w.serve)
			return &line{opt: Options{ReadBuffer: 64}, most: 1000, dial: func() (net.Conn, error) {
				nc, err := net.Dial("tcp", addr)
				return trickle{nc}, err
			}}
		},
	} {
		for _, callers := range []int{1, 3, 50} {
			t.Run(fmt.Sprintf("%s/%d", name, callers), func(t *testing.T) {
				t.Parallel()
				w := new(whim)
				l := lay(t, w)
				if l.most == 0 {
					l.most = 50_000
				}
				l.opt.OnPush = func([]byte) {}
				l.opt.ReadTimeout = 10 * time.Second
				t.Cleanup(func() {
					if l.now != nil {
						l.now.Close(ErrClosed)
					}
				})
				var got tally
				var all sync.WaitGroup
				over := time.Now().Add(howLong(t))
				for i := range callers {
					all.Go(func() {
						rnd := rand.New(rand.NewPCG(uint64(i), uint64(time.Now().UnixNano())))
						for n := 0; time.Now().Before(over) && !t.Failed(); n++ {
							if err := w.errand(l, fmt.Sprint(i, "-", n), rnd, &got); err != nil {
								t.Error(err)
							}
						}
					})
				}
				within(t, time.Minute+howLong(t), all.Wait)
				t.Logf("%d calls answered, %d lost (%d commands not sent), %d cancelled, %d shed; the server hung up %d times",
					got.answered.Load(), got.lost.Load(), got.unsent.Load(), got.cancelled.Load(), got.shed.Load(), w.deaths.Load())
				require.Positive(t, got.answered.Load())
			})
		}
	}
}
