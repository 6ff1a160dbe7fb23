package wire

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"
)

// instant is a connection to a server that takes no time: each request is
// answered by benchReply as soon as it is written.
type instant struct {
	net.Conn // nil: no other method is called

	mu     sync.Mutex
	came   sync.Cond
	owed   int    // replies to requests that were written
	part   []byte // the rest of a reply that was read in part
	kicked bool
	closed bool
}

func newInstant() *instant {
	i := new(instant)
	i.came.L = &i.mu
	return i
}

func (i *instant) Write(b []byte) (int, error) {
	i.mu.Lock()
	i.owed += bytes.Count(b, []byte("*"))
	i.mu.Unlock()
	i.came.Signal()
	return len(b), nil
}

func (i *instant) Read(b []byte) (n int, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for i.owed == 0 && len(i.part) == 0 && !i.kicked && !i.closed {
		i.came.Wait()
	}
	switch {
	case i.closed:
		return 0, io.EOF
	case i.kicked:
		return 0, os.ErrDeadlineExceeded
	}
	for n < len(b) {
		if len(i.part) == 0 {
			if i.owed == 0 {
				break
			}
			i.owed--
			i.part = benchReply
		}
		moved := copy(b[n:], i.part)
		n, i.part = n+moved, i.part[moved:]
	}
	return n, nil
}

func (i *instant) SetReadDeadline(t time.Time) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.kicked = !t.IsZero()
	i.came.Broadcast()
	return nil
}

func (i *instant) Close() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = true
	i.came.Broadcast()
	return nil
}

// BenchmarkSubmit is commands on one connection, with 64 callers for each core
// and without the cost of a socket. Run it with -cpu 1,2,4,8.
func BenchmarkSubmit(b *testing.B) {
	for name, ctx := range contexts(b) {
		b.Run(name, func(b *testing.B) {
			c := New(newInstant(), Options{ReadTimeout: 3e9, WriteTimeout: 3e9})
			defer c.Close(ErrClosed)
			b.SetParallelism(64)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				one := do(ctx, benchRequest)
				for pb.Next() {
					if err := one(c); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
	// A context of its own for each call, as services have it.
	b.Run("timeout", func(b *testing.B) {
		c := New(newInstant(), Options{ReadTimeout: 3e9, WriteTimeout: 3e9})
		defer c.Close(ErrClosed)
		b.SetParallelism(64)
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				err := do(ctx, benchRequest)(c)
				cancel()
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}
