package wire

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
)

// benchReply is what the server answers to every request: 64 bytes, a little
// more than a call holds within itself.
var benchReply = []byte(bulkReply(strings.Repeat("x", 64)))

// benchServer answers as many requests as each read brings with one write. It
// counts them by their first byte, which occurs nowhere else in them.
func benchServer(b *testing.B) (addr string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = nc.Close() }()
				in := make([]byte, 64<<10)
				var out []byte
				for {
					n, err := nc.Read(in)
					if err != nil {
						return
					}
					out = out[:0]
					for range bytes.Count(in[:n], []byte("*")) {
						out = append(out, benchReply...)
					}
					if _, err := nc.Write(out); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

var benchRequest = appendCommand(nil, "get", "key:0000000001")

// contexts are those a caller may come with: one that never ends, and one that
// may.
func contexts(b *testing.B) map[string]context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	b.Cleanup(cancel)
	return map[string]context.Context{"background": context.Background(), "cancellable": ctx}
}

// run shares the work among callers on one connection; each does one piece of
// it a time.
func run(b *testing.B, callers int, piece func(*Conn) error) {
	nc, err := net.Dial("tcp", benchServer(b))
	if err != nil {
		b.Fatal(err)
	}
	c := New(nc, Options{ReadTimeout: 3e9, WriteTimeout: 3e9})
	defer c.Close(ErrClosed)
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for i := range callers {
		n := b.N / callers
		if i < b.N%callers {
			n++
		}
		wg.Go(func() {
			for range n {
				if err := piece(c); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
}

// do sends one request and decodes the reply.
func do(ctx context.Context, request []byte) func(*Conn) error {
	return func(c *Conn) error {
		call := NewCall()
		call.Request.Bytes = append(call.Request.Bytes, request...)
		if err := c.Do(ctx, call); err != nil {
			return err
		}
		if _, err := call.Decoder().String(); err != nil {
			return err
		}
		call.Free()
		return nil
	}
}

// BenchmarkDo is one command at a time from each of many callers.
func BenchmarkDo(b *testing.B) {
	for name, ctx := range contexts(b) {
		for _, callers := range []int{1, 2, 8, 64, 1024} {
			b.Run(fmt.Sprintf("%s/callers=%d", name, callers), func(b *testing.B) {
				run(b, callers, do(ctx, benchRequest))
			})
		}
	}
}

// BenchmarkSet is the same with values of 1,500 bytes, so that batches become
// large.
func BenchmarkSet(b *testing.B) {
	request := appendCommand(nil, "set", "k", strings.Repeat("v", 1500))
	for name, ctx := range contexts(b) {
		for _, callers := range []int{1, 64, 1024} {
			b.Run(fmt.Sprintf("%s/callers=%d", name, callers), func(b *testing.B) {
				run(b, callers, do(ctx, request))
			})
		}
	}
}

// BenchmarkPipeline is blocks of 100 commands; an operation is a block.
func BenchmarkPipeline(b *testing.B) {
	const size = 100
	requests := bytes.Repeat(benchRequest, size)
	for name, ctx := range contexts(b) {
		for _, callers := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("%s/callers=%d", name, callers), func(b *testing.B) {
				run(b, callers, func(c *Conn) error {
					call := NewCall()
					call.Replies = size
					call.Request.Bytes = append(call.Request.Bytes, requests...)
					if err := c.Do(ctx, call); err != nil {
						return err
					}
					for range size {
						d, err := call.Next()
						if err != nil {
							return err
						}
						if _, err := d.String(); err != nil {
							return err
						}
					}
					call.Free()
					return nil
				})
				b.ReportMetric(float64(size*b.N)/b.Elapsed().Seconds(), "commands/s")
			})
		}
	}
}

// BenchmarkLargeReply is one reply of a mebibyte at a time.
func BenchmarkLargeReply(b *testing.B) {
	const size = 1 << 20
	near, far := net.Pipe()
	c := New(near, Options{})
	defer c.Close(ErrClosed)
	go func() {
		in := make([]byte, 1<<10)
		reply := []byte(bulkReply(strings.Repeat("x", size)))
		for {
			if _, err := far.Read(in); err != nil {
				return
			}
			if _, err := far.Write(reply); err != nil {
				return
			}
		}
	}()
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		call := NewCall()
		call.Request.Bytes = append(call.Request.Bytes, benchRequest...)
		if err := c.Do(context.Background(), call); err != nil {
			b.Fatal(err)
		}
		if text, err := call.Decoder().String(); err != nil || len(text) != size {
			b.Fatal("another reply")
		}
		call.Free()
	}
}
