package redis

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// What a connection is told before its first command, and in which order.
func TestHandshake(t *testing.T) {
	t.Parallel()
	identity := []string{"client setinfo lib-name rediscluster", "client setinfo lib-ver " + Version()}
	noHello := func(s *scripted) { s.on("HELLO", nil) }
	for _, test := range []struct {
		name     string
		change   func(*Options)
		server   func(*scripted)
		readOnly bool
		want     []string
	}{
		{"plain", nil, nil, false, append([]string{"hello 3"}, identity...)},
		{"without identity", func(o *Options) { o.DisableIdentity = true }, nil, false, []string{"hello 3"}},
		{"with a suffix", func(o *Options) { o.IdentitySuffix = "app" }, nil, false,
			[]string{"hello 3", "client setinfo lib-name rediscluster(app)", identity[1]}},
		{"password", func(o *Options) { o.Password = "secret" }, nil, false, append([]string{"hello 3 auth default secret"}, identity...)},
		{"everything", func(o *Options) { o.Username, o.Password, o.ClientName, o.DB = "u", "p", "me", 3 }, func(s *scripted) { s.on("SELECT", says("+OK\r\n")) }, true,
			append(append([]string{"hello 3 auth u p setname me"}, identity...), "select 3", "readonly")},
		{"RESP2", func(o *Options) { o.Protocol = 2 }, noHello, false, identity},
		{"RESP2 and nothing to say", func(o *Options) { o.Protocol, o.DisableIdentity = 2, true }, noHello, false, nil},
		{"RESP2 with everything", func(o *Options) { o.Protocol, o.Username, o.Password, o.ClientName = 2, "u", "p", "me" },
			func(s *scripted) { s.on("AUTH", says("+OK\r\n")) }, true,
			append(append([]string{"auth u p", "client setname me"}, identity...), "readonly")},
		{"a server without HELLO", func(o *Options) { o.Password, o.DisableIdentity, o.ClientName = "p", true, "me" }, func(s *scripted) {
			noHello(s)
			s.on("AUTH", says("+OK\r\n"))
		}, true, []string{"hello 3 auth default p setname me", "readonly", "auth p", "client setname me", "readonly"}},
		{"a server without RESP3", func(o *Options) { o.DisableIdentity = true }, func(s *scripted) { s.on("HELLO", says("-NOPROTO unsupported protocol version\r\n")) }, false, []string{"hello 3"}},
		{"a user who may not say HELLO", func(o *Options) { o.Username, o.Password, o.DisableIdentity = "u", "p", true }, func(s *scripted) {
			s.on("HELLO", says("-NOPERM this user has no permissions to run the 'hello' command\r\n"))
			s.on("AUTH", says("+OK\r\n"))
		}, false, []string{"hello 3 auth u p", "auth u p"}},
		{"refusals that do not matter", nil, func(s *scripted) {
			s.on("CLIENT", says("-ERR unknown subcommand\r\n"))
			s.on("READONLY", says("-ERR This instance has cluster support disabled\r\n"))
		}, true, append(append([]string{"hello 3"}, identity...), "readonly")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			if test.server != nil {
				test.server(s)
			}
			c := clientOf(t, s, func(o *Options) {
				if test.change != nil {
					test.change(o)
				}
				o.readOnly = test.readOnly
			})
			require.NoError(t, c.Ping(background(t)).Err())
			require.Equal(t, append(test.want, "ping"), s.commands())
			require.Equal(t, PoolStats{Misses: 1, TotalConns: 1, IdleConns: 1}, *c.PoolStats(), "the handshake does not count")
		})
	}
}

// The whole handshake is sent before the first reply comes.
func TestHandshakeIsOneRoundTrip(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	var together atomic.Bool
	s.on("HELLO", func(c *scriptedConn, _ []string) {
		// What is not sent by now would never be: the reply comes after it.
		const rest = 3
		for range rest {
			args, err := c.read()
			if err != nil {
				return
			}
			together.Store(args[0] == "readonly")
		}
		c.say("%0\r\n+OK\r\n+OK\r\n+OK\r\n")
	})
	c := clientOf(t, s, func(o *Options) { o.readOnly = true })
	require.NoError(t, c.Ping(background(t)).Err())
	require.True(t, together.Load())
}

func TestDialErrors(t *testing.T) {
	t.Parallel()
	refused := func(reply string) func(*scripted, *Options) {
		return func(s *scripted, _ *Options) { s.on("HELLO", says(reply)) }
	}
	for _, test := range []struct {
		name      string
		prepare   func(*scripted, *Options)
		stage     string
		contains  string
		permanent bool
	}{
		{"nobody listens", func(s *scripted, _ *Options) { s.stop() }, "dial", "connection refused", false},
		{"the dialer fails", func(_ *scripted, o *Options) { o.Dialer = refuses }, "dial", errScripted.Error(), false},
		{"wrong password", func(s *scripted, o *Options) {
			o.Password = "hush-hush"
			s.on("HELLO", says("-WRONGPASS invalid username-password pair or user is disabled.\r\n"))
		}, "authenticate", "WRONGPASS", true},
		{"wrong password, RESP2", func(s *scripted, o *Options) {
			o.Password, o.Protocol = "hush-hush", 2
			s.on("AUTH", says("-WRONGPASS invalid username-password pair or user is disabled.\r\n"))
		}, "authenticate", "WRONGPASS", true},
		{"a password nobody wants, before Redis 6", func(s *scripted, o *Options) {
			o.Password = "hush-hush"
			s.on("HELLO", nil)
			s.on("AUTH", says("-ERR Client sent AUTH, but no password is set\r\n"))
		}, "authenticate", "no password is set", true},
		{"password missing", refused("-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used\r\n"),
			"handshake", "NOAUTH", true},
		{"too many clients", refused("-ERR max number of clients reached\r\n"), "handshake", "max number of clients", false},
		{"too many clients, those of the bus counted", refused("-ERR max number of clients + cluster connections reached\r\n"), "handshake", "max number of clients", false},
		{"protected mode", refused("-DENIED Redis is running in protected mode because protected mode is enabled\r\n"), "handshake", "DENIED", true},
		{"loading", refused("-LOADING Redis is loading the dataset in memory\r\n"), "handshake", "LOADING", false},
		{"hangs up", func(s *scripted, _ *Options) { s.on("HELLO", hangsUp) }, "handshake", "(does the port expect TLS?)", false},
		{"garbage", refused("HTTP/1.1 400 Bad Request\r\n\r\n"), "handshake", "protocol error", false},
		{"garbage in an optional reply", func(s *scripted, _ *Options) { s.on("CLIENT", says("$x\r\n")) }, "handshake", "protocol error", false},
		{"silence", func(s *scripted, o *Options) {
			s.on("HELLO", stalls)
			o.DialTimeout = 30 * time.Millisecond
		}, "handshake", "deadline exceeded", false},
		{"no such database", func(s *scripted, o *Options) {
			o.DB = 99
			s.on("SELECT", says("-ERR DB index is out of range\r\n"))
		}, "select database", "out of range", false},
		{"no credentials", func(_ *scripted, o *Options) {
			o.CredentialsProviderContext = func(context.Context) (string, string, error) { return "", "", errScripted }
		}, "credentials", errScripted.Error(), false},
		{"OnConnect fails", func(_ *scripted, o *Options) { o.OnConnect = func(context.Context, *Conn) error { return errScripted } },
			"OnConnect", errScripted.Error(), false},
		{"plain text answers TLS", func(_ *scripted, o *Options) {
			o.TLSConfig = &tls.Config{ServerName: "x"}
			o.Dialer = answering("-ERR Protocol error\r\n", o)
		}, "TLS handshake", "(is it a port without TLS?)", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			c := clientOf(t, s, func(o *Options) {
				o.DialTimeout = time.Minute
				o.MaxRetries = -1
				test.prepare(s, o)
			})
			promptly(t, func() {
				err := c.Ping(background(t)).Err()
				var dial *DialError
				require.ErrorAs(t, err, &dial)
				require.Equal(t, s.addr, dial.Node)
				require.Equal(t, test.stage, dial.Stage)
				require.Equal(t, test.permanent, dial.permanent())
				require.ErrorContains(t, err, "redis: "+s.addr+": "+test.stage+": ")
				require.ErrorContains(t, err, test.contains)
				require.NotContains(t, err.Error(), "hush-hush")
				require.False(t, errors.Is(err, ErrWriteInDoubt))
			})
			require.Zero(t, s.count("PING"))
			s.awaitOpen(0)
			require.Zero(t, c.PoolStats().TotalConns)
		})
	}
}

// A server or proxy that refuses HELLO, in whatever words, or does not answer it as
// HELLO is answered, is spoken to in RESP2.
func TestServersWithoutHello(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{
		"-ERR unknown command 'HELLO', with args beginning with: '3'", "-ERR unknown command `hello`, with args beginning with: `3`, ",
		"-ERR unsupported command `hello`", "-ERR command 'HELLO' is not supported", "-ERR invalid command", "-Err unknown cmd", "-unsupported command",
		"-ERR Protocol error: HELLO", "-NOPROTO sorry this protocol version is not supported", "-NOPROTO unsupported protocol version",
		"-ERR Syntax error in HELLO option 'setname'", "-ERR wrong number of arguments for 'hello' command",
		"-NOPERM this user has no permissions to run the 'hello' command", "-invalid request", "-ERR", "-",
		"-NOAUTH Authentication required.", // a proxy that takes AUTH as a command only
		"+OK", "$2\r\nOK", ":1", "_", "$-1", "#t",
	} {
		for _, identity := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, identity %v", answer, identity), func(t *testing.T) {
				t.Parallel()
				s := newScripted(t)
				s.on("HELLO", says(answer+"\r\n"))
				s.on("AUTH", says("+OK\r\n"))
				c := clientOf(t, s, func(o *Options) { o.Password, o.DisableIdentity, o.MaxRetries = "secret", !identity, -1 })
				require.NoError(t, c.Set(background(t), "key", "v", 0).Err())
				require.Equal(t, 1, s.count("HELLO"))
				require.Equal(t, 1, s.count("AUTH secret"))
				_, ever := s.connections()
				require.Equal(t, 1, ever)
			})
		}
	}
}

// What refuses the client, and not HELLO, is not tried again without HELLO.
func TestHelloRefusalsThatCount(t *testing.T) {
	t.Parallel()
	for reply, password := range map[string]string{
		"WRONGPASS invalid username-password pair or user is disabled.": "secret",
		"ERR invalid password": "secret",
		"ERR AUTH <password> called without any password configured for the default user": "secret",
		"NOAUTH HELLO must be called with the client already authenticated":               "",
		"LOADING Redis is loading the dataset in memory":                                  "secret",
		"MASTERDOWN Link with MASTER is down":                                             "",
		"BUSY Redis is busy running a script.":                                            "",
		"ERR max number of clients reached":                                               "",
		"DENIED Redis is running in protected mode":                                       "",
	} {
		t.Run(reply, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			s.on("HELLO", says("-"+reply+"\r\n"))
			c := clientOf(t, s, func(o *Options) { o.Password, o.MaxRetries = password, -1 })
			var dial *DialError
			require.ErrorAs(t, c.Set(background(t), "key", "v", 0).Err(), &dial)
			require.Equal(t, resp.Error(reply), dial.Err)
			require.Zero(t, s.count("AUTH"))
			require.Zero(t, s.count("SET"))
		})
	}
}

// What a server says before it hangs up is the error, at whatever moment of the
// handshake it says so.
func TestServerSaysWhyItHangsUp(t *testing.T) {
	t.Parallel()
	const words = "-ERR max number of clients + cluster connections reached\r\n"
	reset := func(c *net.TCPConn) { _ = c.SetLinger(0) }
	for name, meet := range map[string]func(c *net.TCPConn){
		"unasked":            func(c *net.TCPConn) { _, _ = io.WriteString(c, words) },
		"unasked, and reset": func(c *net.TCPConn) { _, _ = io.WriteString(c, words); time.Sleep(time.Millisecond); reset(c) },
		"in answer":          func(c *net.TCPConn) { _, _ = c.Read(make([]byte, 4096)); _, _ = io.WriteString(c, words) },
		"in answer, and reset": func(c *net.TCPConn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = io.WriteString(c, words)
			time.Sleep(time.Millisecond)
			reset(c)
		},
		"without reading": func(c *net.TCPConn) { time.Sleep(5 * time.Millisecond); _, _ = io.WriteString(c, words) },
		"after HELLO":     func(c *net.TCPConn) { _, _ = c.Read(make([]byte, 4096)); _, _ = io.WriteString(c, "%0\r\n"+words) },
	} {
		for _, protocol := range []int{2, 3} {
			for _, late := range []time.Duration{0, 3 * time.Millisecond} { // between the connection and the first write
				t.Run(fmt.Sprintf("%s, RESP%d, after %v", name, protocol, late), func(t *testing.T) {
					t.Parallel()
					listener, err := net.Listen("tcp", "127.0.0.1:0")
					require.NoError(t, err)
					var server sync.WaitGroup
					server.Go(func() {
						for {
							nc, err := listener.Accept()
							if err != nil {
								return
							}
							meet(nc.(*net.TCPConn))
							_ = nc.Close()
						}
					})
					t.Cleanup(server.Wait)
					t.Cleanup(func() { _ = listener.Close() })
					c := NewClient(&Options{Addr: listener.Addr().String(), MaxRetries: -1, Protocol: protocol,
						CredentialsProvider: func() (string, string) { time.Sleep(late); return "", "" },
					})
					t.Cleanup(func() { _ = c.Close() })
					err = c.Set(background(t), "key", "v", 0).Err()
					require.True(t, IsMaxClientsError(err), err)
					require.ErrorAs(t, err, new(*DialError))
					require.False(t, errors.Is(err, ErrWriteInDoubt))
					require.NotContains(t, err.Error(), "TLS")
				})
			}
		}
	}
}

// An error asks whether the port expects TLS only where that may be so.
func TestDoesThePortExpectTLS(t *testing.T) {
	t.Parallel()
	const question = "(does the port expect TLS?)"
	s := newScripted(t)
	s.on("HELLO", hangsUp)
	ask := func(change func(*Options)) string {
		c := clientOf(t, s, func(o *Options) {
			o.MaxRetries = -1
			change(o)
		})
		err := c.Ping(background(t)).Err()
		require.Error(t, err)
		return err.Error()
	}
	require.Contains(t, ask(func(*Options) {}), question)
	require.NotContains(t, ask(func(o *Options) {
		o.TLSConfig = new(tls.Config) // which the Dialer has seen to
		o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, addr)
		}
	}), question)
	s.on("HELLO", says("\x15\x03\x01\x00\x02\x02\x46"))
	require.Contains(t, ask(func(*Options) {}), "a TLS alert in place of a reply "+question)
	s.on("CLIENT", hangsUp)
	for _, answer := range []reaction{greets, says("-ERR some reason\r\n"), says("%7\r\n$6\r\nser")} {
		s.on("HELLO", func(c *scriptedConn, args []string) {
			answer(c, args)
			_ = c.Close()
		})
		require.NotContains(t, ask(func(*Options) {}), question)
	}

	// A server that has greeted before does not expect TLS.
	s.on("HELLO", inTurn(greets, hangsUp))
	s.on("CLIENT", says("+OK\r\n"))
	c := clientOf(t, s, func(o *Options) { o.MaxRetries = -1 })
	require.NoError(t, c.Ping(background(t)).Err())
	s.dropConns()
	var dial *DialError
	awaitThat(t, "the next dial", func() bool { return errors.As(c.Ping(background(t)).Err(), &dial) })
	require.Equal(t, "handshake", dial.Stage)
	require.NotContains(t, dial.Error(), question)
}

// A write that blocks in what a Dialer has returned ends with DialTimeout, too, and
// with the client, whatever the other timeouts are.
func TestDialThatBlocksInAWrite(t *testing.T) {
	t.Parallel()
	for name, dial := range map[string]func(near, far net.Conn) net.Conn{
		"without a buffer": func(near, _ net.Conn) net.Conn { return near },
		"TLS without a handshake": func(near, far net.Conn) net.Conn {
			go func() { _, _ = io.Copy(io.Discard, far) }()
			return tls.Client(near, &tls.Config{ServerName: "x"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var dials atomic.Int32
			client := func(limit time.Duration) *Client {
				return NewClient(&Options{Addr: "a:1", MaxRetries: -1, DialTimeout: limit, ReadTimeout: -1, WriteTimeout: -1,
					Dialer: func(context.Context, string, string) (net.Conn, error) {
						near, far := net.Pipe()
						t.Cleanup(func() { _ = far.Close() })
						dials.Add(1)
						return dial(near, far), nil
					},
				})
			}
			ctx := background(t)
			promptly(t, func() {
				c := client(20 * time.Millisecond)
				sub := c.Subscribe(ctx, "channel")
				_, err := sub.Receive(ctx)
				for _, err := range []error{c.Ping(ctx).Err(), err} {
					var failed *DialError
					require.ErrorAs(t, err, &failed)
					require.Equal(t, "handshake", failed.Stage)
					require.ErrorIs(t, failed, context.DeadlineExceeded)
				}
				require.NoError(t, sub.Close())
				require.NoError(t, c.Close())

				c = client(time.Hour)
				before := dials.Load()
				result := make(chan error, 1)
				go func() { result <- c.Ping(ctx).Err() }()
				awaitThat(t, "the dial", func() bool { return dials.Load() > before })
				require.NoError(t, c.Close())
				require.ErrorIs(t, resultFrom(t, result), ErrClosed)
			})
		})
	}
}

// withoutDeadlines is a connection as golang.org/x/crypto/ssh makes them.
type withoutDeadlines struct{ net.Conn }

var errNoDeadlines = errors.New("ssh: tcpChan: deadline not supported")

func (withoutDeadlines) SetDeadline(time.Time) error      { return errNoDeadlines }
func (withoutDeadlines) SetReadDeadline(time.Time) error  { return errNoDeadlines }
func (withoutDeadlines) SetWriteDeadline(time.Time) error { return errNoDeadlines }

// On a connection without deadlines everything works as on others.
func TestConnectionsWithoutDeadlines(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("SUBSCRIBE", says(">3\r\n+subscribe\r\n+channel\r\n:1\r\n>3\r\n+message\r\n+channel\r\n+hello\r\n"))
	s.on("BLPOP", stalls)
	c := clientOf(t, s, func(o *Options) {
		o.PoolSize = 4
		o.ReadTimeout, o.WriteTimeout = -2, -2
		o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := new(net.Dialer).DialContext(ctx, network, addr)
			return withoutDeadlines{nc}, err
		}
	})
	ctx := background(t)
	var callers sync.WaitGroup
	for range 16 {
		callers.Go(func() {
			for i := range 50 {
				value := strings.Repeat("x", i<<10)
				key := "key:" + strconv.Itoa(i)
				if err := c.Set(ctx, key, value, 0).Err(); err != nil {
					t.Error(err)
				}
				if got, err := c.Get(ctx, key).Result(); got != value || err != nil {
					t.Error(len(got), err)
				}
			}
		})
	}
	callers.Wait()

	sub := c.Subscribe(ctx, "channel")
	message, err := sub.ReceiveMessage(ctx)
	require.NoError(t, err)
	require.Equal(t, "hello", message.Payload)
	require.NoError(t, sub.Close())

	// A context is honoured.
	result := make(chan error, 2)
	cancelled, cancel := context.WithCancel(ctx)
	go func() { result <- c.BLPop(cancelled, 0, "list").Err() }()
	awaitThat(t, "the command", func() bool { return s.count("BLPOP") == 1 })
	cancel()
	require.ErrorIs(t, resultFrom(t, result), context.Canceled)

	// The server's goodbye is noticed before anything is sent.
	require.NoError(t, c.Ping(ctx).Err())
	s.dropConns()
	awaitThat(t, "the end of the connections", func() bool { return c.Incr(ctx, "n").Err() == nil })

	// Close ends what waits.
	go func() { result <- c.BLPop(ctx, 0, "list").Err() }()
	awaitThat(t, "the command", func() bool { return s.count("BLPOP") == 2 })
	promptly(t, func() { require.NoError(t, c.Close()) })
	require.ErrorIs(t, resultFrom(t, result), ErrClosed)
	s.awaitOpen(0)
}

// answering dials a server that says one thing, whatever it is told, as part of
// the usual dialer.
func answering(text string, opt *Options) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer func() { _ = far.Close() }()
			b := make([]byte, 4096)
			if _, err := far.Read(b); err == nil {
				_, _ = io.WriteString(far, text)
			}
		}()
		return handshakeTLS(ctx, near, opt.TLSConfig)
	}
}

func TestPermanentDialErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		want bool
	}{
		{syscall.ECONNREFUSED, false},
		{context.DeadlineExceeded, false},
		{&net.DNSError{IsNotFound: true}, false},
		{&net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}, false},
		{io.EOF, false},
		{resp.Error("ERR max number of clients reached"), false},
		{resp.Error("LOADING"), false},
		{resp.Error("DENIED x"), true},
		{resp.Error("WRONGPASS x"), true},
		{resp.Error("NOAUTH x"), true},
		{resp.Error("NOPERM x"), true},
		{resp.Error("ERR invalid password"), true},
		{resp.Error("ERR AUTH <password> called without any password configured for the default user."), true},
		{&tls.CertificateVerificationError{Err: x509.HostnameError{Host: "x", Certificate: &x509.Certificate{}}}, true},
		{tls.RecordHeaderError{}, true},
	} {
		require.Equal(t, test.want, (&DialError{Node: "n:1", Stage: "s", Err: test.err}).permanent(), "%T %v", test.err, test.err)
	}
}

// Credentials are asked for at every dial.
func TestCredentialsProviders(t *testing.T) {
	t.Parallel()
	for name, provide := range map[string]func(o *Options, next func() (string, string)){
		"CredentialsProvider": func(o *Options, next func() (string, string)) { o.CredentialsProvider = next },
		"CredentialsProviderContext": func(o *Options, next func() (string, string)) {
			o.CredentialsProvider = func() (string, string) { return "not", "this" }
			o.CredentialsProviderContext = func(ctx context.Context) (string, string, error) {
				if _, bounded := ctx.Deadline(); !bounded {
					return "", "", errors.New("the context has no end")
				}
				user, password := next()
				return user, password, nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			var asked atomic.Int32
			c := clientOf(t, s, func(o *Options) {
				o.Username, o.Password, o.DisableIdentity = "not", "this", true
				provide(o, func() (string, string) { return "user", "token-" + strconv.Itoa(int(asked.Add(1))) })
			})
			ctx := background(t)
			require.NoError(t, c.Ping(ctx).Err())
			(*c.pool.shared.Load())[0].Close(errScripted)
			require.NoError(t, c.Ping(ctx).Err())
			require.Equal(t, []string{"hello 3 auth user token-1", "ping", "hello 3 auth user token-2", "ping"}, s.commands())
		})
	}
}

// OnConnect has the connection for itself, before anybody else.
func TestOnConnectComesFirst(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("SELECT", says("+OK\r\n"))
	c := clientOf(t, s, func(o *Options) {
		o.DisableIdentity = true
		o.OnConnect = func(ctx context.Context, cn *Conn) error {
			if _, err := cn.Pipelined(ctx, func(p Pipeliner) error { return p.Ping(ctx).Err() }); err != nil {
				return err
			}
			return cn.Select(ctx, 2).Err()
		}
	})
	require.NoError(t, c.Set(background(t), "key", "v", 0).Err())
	require.Equal(t, []string{"hello 3", "ping", "select 2", "set key v"}, s.commands())
	require.Equal(t, PoolStats{Misses: 1, TotalConns: 1, IdleConns: 1}, *c.PoolStats())
}

// What becomes of a command in OnConnect, and what it finds, is not said of the command
// that waits for the connection.
func TestErrorsOfOnConnectAreOfItself(t *testing.T) {
	t.Parallel()
	for _, failure := range []error{Nil, TxFailedErr, ErrWriteInDoubt, inDoubt(&NodeError{Node: "x:1", Wrote: 9, Size: 9, Cause: io.EOF})} {
		s := newScripted(t)
		fails := func(context.Context, *Conn) error { return fmt.Errorf("no luck: %w", failure) }
		for _, c := range []UniversalClient{
			clientOf(t, s, func(o *Options) { o.OnConnect, o.MaxRetries = fails, -1 }),
			clusterOf(t, []*scripted{s}, func(o *ClusterOptions) { o.OnConnect, o.MaxRetries = fails, -1 }),
		} {
			for _, err := range []error{
				c.Get(background(t), "key").Err(),
				c.Watch(background(t), func(*Tx) error { return nil }, "key"),
				c.Incr(background(t), "key").Err(),
			} {
				require.ErrorContains(t, err, "OnConnect: no luck: ")
				for _, target := range []error{Nil, TxFailedErr, ErrWriteInDoubt} {
					require.NotErrorIs(t, err, target)
				}
				require.False(t, errors.As(err, new(*NodeError)))
			}
		}
	}
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("paths of sockets begin with a slash")
	}
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	require.NoError(t, err)
	s := newScripted(t)
	s.serving.Go(func() { s.acceptFrom(listener) })
	t.Cleanup(func() { _ = listener.Close() })
	c := clientOf(t, s, func(o *Options) { o.Addr = path })
	require.NoError(t, c.Ping(background(t)).Err())
	require.Equal(t, "unix", c.Options().Network)
	require.Equal(t, 1, s.count("PING"))
}

// Certificates have to name the host that is dialled, or what the cluster or
// the options call it.
func TestServerNames(t *testing.T) {
	t.Parallel()
	node := redistest.StartServer(t, redistest.Options{TLS: true})
	_, port, err := net.SplitHostPort(node.Addr())
	require.NoError(t, err)
	for _, test := range []struct {
		name, addr, announced, configured string
		fails                             string
	}{
		{name: "the address", addr: node.Addr()},
		{name: "the host", addr: "localhost:" + port},
		{name: "the announced name", addr: node.Addr(), announced: "localhost"},
		{name: "another announced name", addr: node.Addr(), announced: "other.example", fails: "other.example"},
		{name: "a configured name", addr: node.Addr(), configured: "localhost", announced: "other.example"},
		{name: "another configured name", addr: node.Addr(), configured: "other.example", fails: "other.example"},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := node.TLSConfig()
			config.ServerName = test.configured
			opt, err := (&Options{Addr: test.addr, TLSConfig: config, DialTimeout: time.Minute}).withDefaults()
			require.NoError(t, err)
			opt.serverName = test.announced
			c := newClient(opt)
			defer func() { require.NoError(t, c.Close()) }()
			err = c.Ping(background(t)).Err()
			if test.fails == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.fails)
			var dial *DialError
			require.ErrorAs(t, err, &dial)
			require.Equal(t, "TLS handshake", dial.Stage)
			require.True(t, dial.permanent())
		})
	}
}
