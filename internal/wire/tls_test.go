package wire

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// certificate is one that the tests' servers show, and the pool that trusts it.
var certificate = sync.OnceValues(func() (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "a test"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	trust := x509.NewCertPool()
	trust.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, trust
})

// listenTLS is listen with TLS on top.
func listenTLS(t *testing.T, script func(*peer)) (addr string) {
	cert, _ := certificate()
	return listen(t, func(p *peer) {
		script(newPeer(t, tls.Server(p.Conn, &tls.Config{Certificates: []tls.Certificate{cert}})))
	})
}

func dialTLS(t *testing.T, addr string, opt Options, versions ...uint16) *Conn {
	_, trust := certificate()
	config := &tls.Config{RootCAs: trust, ServerName: "127.0.0.1"}
	if len(versions) > 0 {
		config.MinVersion, config.MaxVersion = versions[0], versions[0]
	}
	nc, err := tls.Dial("tcp", addr, config)
	require.NoError(t, err)
	return own(t, nc, opt)
}

var versions = map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13}

func TestTLS(t *testing.T) {
	t.Parallel()
	addr := listenTLS(t, echo)
	for name, version := range versions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, size := range []int{64, 0} {
				c := dialTLS(t, addr, Options{ReadBuffer: size, ReadTimeout: 10 * time.Second}, version)
				for range 2 {
					for _, size := range []int{0, 10, 1000, 20_000, 300_000} {
						text := noise(size)
						call := command("ECHO", text)
						require.NoError(t, c.Do(t.Context(), call))
						same(t, bulkReply(text), reply(call))
						call = large("ECHO", text)
						require.NoError(t, c.Do(t.Context(), call))
						same(t, bulkReply(text), reply(call))
					}
					idle(t, c)
				}
				var all sync.WaitGroup
				for i := range 20 {
					all.Go(func() {
						for n := range 20 {
							text := fmt.Sprint(i, n)
							call := command("ECHO", text)
							if err := c.Do(context.Background(), call); err != nil || reply(call) != bulkReply(text) {
								t.Error(err, reply(call))
								return
							}
						}
					})
				}
				all.Wait()
			}
		})
	}
}

// A context that ends leaves a TLS connection fit for use.
func TestCancelOnTLS(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	addr := listenTLS(t, func(p *peer) {
		for {
			args, err := p.request()
			if err != nil {
				return
			}
			if args[0] == "LATE" {
				<-release
			}
			if _, err := p.Write([]byte(bulkReply(args[1]))); err != nil {
				return
			}
		}
	})
	c := dialTLS(t, addr, Options{})
	for i := range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		s := start(ctx, c, command("LATE", "x"))
		soon(t, func() bool { return c.InFlight() == 1 })
		time.AfterFunc(time.Duration(i)*100*time.Microsecond, cancel)
		s.fails(t, context.Canceled)
		next := start(t.Context(), c, command("ECHO", fmt.Sprint(i)))
		release <- struct{}{}
		next.gets(t, bulkReply(fmt.Sprint(i)))
		if i%5 == 0 {
			idle(t, c)
		}
	}
}

// The server says goodbye on an idle connection, with or without closing it.
func TestGoodbyeOnIdleTLS(t *testing.T) {
	t.Parallel()
	for name, version := range versions {
		for way, end := range map[string]func(*tls.Conn) error{
			"close_notify": (*tls.Conn).CloseWrite,
			"close":        (*tls.Conn).Close,
			"cut off":      func(nc *tls.Conn) error { return nc.NetConn().Close() },
		} {
			t.Run(name+"/"+way, func(t *testing.T) {
				t.Parallel()
				bye := make(chan struct{})
				over := make(chan struct{})
				addr := listenTLS(t, func(p *peer) {
					args, err := p.request()
					if err != nil {
						return
					}
					_, _ = p.Write([]byte(bulkReply(args[1])))
					<-bye
					_ = end(p.Conn.(*tls.Conn))
					<-over
				})
				var told deaths
				c := dialTLS(t, addr, Options{OnClose: told.onClose}, version)
				t.Cleanup(func() { close(over) })
				call := command("ECHO", "x")
				require.NoError(t, c.Do(t.Context(), call))
				idle(t, c)
				bye <- struct{}{}
				arrived(t, c)
				e := failure(t, c.Do(t.Context(), command("PING")))
				require.Equal(t, ErrClosedByServer, e.Cause)
				require.Zero(t, e.Wrote)
				require.Equal(t, ErrClosedByServer, told.requireOne(t))
			})
		}
	}
}

// So it does when it has said something before: that is no reply to the next
// call.
func TestStrayBytesOnIdleTLS(t *testing.T) {
	t.Parallel()
	for name, stray := range map[string]string{
		"reply": "+STRAY\r\n", "half": "+STR", "behind a push": ">1\r\n+p\r\n-BYE bye\r\n", "large": bulkReply(noise(100_000)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bye := make(chan struct{})
			addr := listenTLS(t, func(p *peer) {
				args, err := p.request()
				if err != nil {
					return
				}
				_, _ = p.Write([]byte(bulkReply(args[1])))
				<-bye
				_, _ = p.Write([]byte(stray))
				_, _ = p.request()
			})
			c := dialTLS(t, addr, Options{})
			require.NoError(t, c.Do(t.Context(), command("ECHO", "x")))
			idle(t, c)
			bye <- struct{}{}
			arrived(t, c)
			e := failure(t, c.Do(t.Context(), command("PING")))
			requireProtocolError(t, e)
			require.Zero(t, e.Wrote)
		})
	}
}

// Pushes on an idle TLS connection stay where they are until it is used.
func TestPushesOnIdleTLS(t *testing.T) {
	t.Parallel()
	push := make(chan string)
	addr := listenTLS(t, func(p *peer) {
		for {
			args, err := p.request()
			if err != nil {
				return
			}
			_, _ = p.Write([]byte(bulkReply(args[1])))
			if args[0] == "PUSH" {
				_, _ = p.Write([]byte(<-push))
			}
		}
	})
	for _, text := range []string{">1\r\n+p\r\n", ">2\r\n+p\r\n" + bulkReply(noise(200_000))} {
		for _, size := range buffers {
			var got []string
			c := dialTLS(t, addr, Options{ReadBuffer: size, OnPush: func(b []byte) { got = append(got, string(b)) }})
			require.NoError(t, c.Do(t.Context(), command("PUSH", "x")))
			idle(t, c)
			push <- text
			arrived(t, c)
			call := command("ECHO", "y")
			require.NoError(t, c.Do(t.Context(), call))
			require.Equal(t, bulkReply("y"), reply(call))
			require.Equal(t, []string{text}, got)
		}
	}
}

// A server that takes nothing in: nobody can tell what has left of a piece, so that
// all of one that was begun counts.
func TestWroteOnTLS(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	addr := listenTLS(t, func(p *peer) {
		_ = p.Conn.(*tls.Conn).Handshake()
		<-over
	})
	c := dialTLS(t, addr, Options{WriteTimeout: 100 * time.Millisecond})
	t.Cleanup(func() { close(over) })
	begun := start(t.Context(), c, large("SET", noise(15<<20)))
	soon(t, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.writeSince != 0
	})
	queued := start(t.Context(), c, command("GET", "k"))
	e := begun.fails(t, errWriteTimeout)
	require.Positive(t, e.Wrote)
	require.Less(t, e.Wrote, e.Size, "the last piece was not begun")
	require.False(t, e.MayHaveRun())
	require.Zero(t, queued.fails(t, errWriteTimeout).Wrote)
}

// Closing does not wait for a server that reads nothing.
func TestCloseTLS(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	addr := listenTLS(t, func(p *peer) {
		_ = p.Conn.(*tls.Conn).Handshake()
		<-over
	})
	c := dialTLS(t, addr, Options{})
	t.Cleanup(func() { close(over) })
	s := start(t.Context(), c, large("SET", noise(15<<20)))
	soon(t, c.Busy)
	within(t, 2*time.Second, func() { c.Close(ErrClosed) })
	s.fails(t, ErrClosed)
}
