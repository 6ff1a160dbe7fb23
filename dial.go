package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
	"github.com/seed-e06f3def/rediscluster/internal/wire"
)

// keepAlive is the period of TCP keep-alive probes. With the system's usual
// nine probes a vanished peer is noticed on an idle connection as well.
const keepAlive = 15 * time.Second

// NewDialer returns the function by which a client with these options opens
// connections when Options.Dialer is nil: TCP or a Unix socket with keep-alive,
// and TLS when opt.TLSConfig is set. It bounds each dial by opt.DialTimeout.
func NewDialer(opt *Options) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		d := &net.Dialer{KeepAlive: keepAlive, Control: controlSocket(opt)}
		if opt.DialTimeout > 0 {
			d.Timeout = opt.DialTimeout
		}
		nc, err := d.DialContext(ctx, network, addr)
		if err != nil || opt.TLSConfig == nil {
			return nc, err
		}
		host, _, _ := net.SplitHostPort(addr)
		return handshakeTLS(ctx, nc, opt.tlsConfigFor(host))
	}
}

// NewDialer is [NewDialer] as a method, which programs for go-redis use.
func (o *Options) NewDialer() func(context.Context, string, string) (net.Conn, error) {
	return NewDialer(o)
}

// handshakeTLS starts TLS on nc. If that fails nc is closed, also when a callback of
// config panics.
func handshakeTLS(ctx context.Context, nc net.Conn, config *tls.Config) (result net.Conn, err error) {
	defer func() {
		if result == nil {
			_ = nc.Close()
		}
	}()
	reachTLS(ctx)
	secure := tls.Client(nc, config)
	err = secure.HandshakeContext(ctx)
	var plain tls.RecordHeaderError
	switch {
	case errors.As(err, &plain), errors.Is(err, context.DeadlineExceeded):
		return nil, &setupError{stageTLS, askForTLS(err)}
	case err != nil:
		return nil, &setupError{stageTLS, err}
	}
	return secure, nil
}

const stageTLS = "TLS handshake"

// askForTLS is the error of a TLS handshake that has not come to an end. A Redis server
// without TLS says nothing: it waits for the end of what it takes for a line.
func askForTLS(err error) error { return fmt.Errorf("%w (is it a port without TLS?)", err) }

// setupError says at which stage a connection could not be made ready.
type setupError struct {
	stage string
	err   error
}

func (e *setupError) Error() string { return e.stage + ": " + e.err.Error() }
func (e *setupError) Unwrap() error { return e.err }

// permanent reports whether dialling again would end the same way, because it
// is the configuration that is wrong.
func (e *DialError) permanent() bool {
	var cert *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	var reply Error
	switch {
	case errors.As(e.Err, &cert), errors.As(e.Err, &plain), errors.Is(e.Err, resp.TLSAlert):
		return true
	case errors.As(e.Err, &reply):
		return hasAnyPrefix(reply.Error(), authRefusals) || HasErrorPrefix(reply, protectedMode)
	}
	return false
}

// authRefusals begin the replies of a server that does not accept the user or the
// password, or lets the user not do what it asks for.
var authRefusals = []string{"WRONGPASS", "NOAUTH", "NOPERM", "ERR AUTH", "ERR invalid password", "ERR Client sent AUTH"}

// passes reports whether dialling again, or another map, may end in another way though
// nobody changes the program or the configuration of the server: the node is away, or
// says that it is busy with itself.
func (e *DialError) passes() bool {
	var reply Error
	var panicked *PanicError
	var local *net.AddrError
	var unknown net.UnknownNetworkError
	var tlsAlert *net.OpError
	switch {
	case errors.As(e.Err, &panicked), errors.As(e.Err, &local), errors.As(e.Err, &unknown):
		return false
	case errors.As(e.Err, &reply):
		return tellsOfState(reply)
	case errors.As(e.Err, &tlsAlert) && (tlsAlert.Op == "remote error" || tlsAlert.Op == "local error"):
		return false
	case e.Stage == "dial", e.Stage == "first command":
		return true // a Dialer that uses a tunnel has errors of its own for a node that is away
	}
	return isNetworkError(e.Err)
}

// tellsOfState reports whether a server refuses everybody for the time being.
func tellsOfState(reply Error) bool {
	v := judgeReply(reply.Error(), outcome{err: reply})
	return v.action != giveUp && !v.redirected || IsMaxClientsError(reply) || HasErrorPrefix(reply, "BUSY ")
}

// isNetworkError reports whether err is of a connection, or that time was up.
func isNetworkError(err error) bool {
	if errors.As(err, new(net.Error)) {
		return true
	}
	return slices.ContainsFunc([]error{
		io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed, context.DeadlineExceeded, context.Canceled,
		wire.ErrClosed, wire.ErrClosedByServer, ErrClosed,
	}, func(target error) bool { return errors.Is(err, target) })
}

const (
	// maxClients begins what a server says that has as many connections as it may have.
	// Redis 7 may count those of the cluster's bus as well, and says so behind it.
	maxClients = "max number of clients"
	// protectedMode begins what a server without a password says to other hosts.
	protectedMode = "DENIED"
)

func hasAnyPrefix(text string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(text, prefix) })
}

// dialer opens connections to one node and makes them ready for commands.
type dialer struct {
	opt      *Options
	readOnly bool // send READONLY, so that a replica answers

	// greeted is set once the node has completed a handshake. It is shared by all
	// dialers of the node.
	greeted *atomic.Bool

	onSilence func(conn *wire.Conn, silent bool)
	onIdle    func(conn *wire.Conn)

	step *atomic.Pointer[dialStep] // of the dial that is made with a copy, see inTime
}

// dial opens a connection.
func (d *dialer) dial(ctx context.Context, onClose func(*wire.Conn, error)) (*wire.Conn, error) {
	return inTime(ctx, d, func(ctx context.Context, d *dialer) (*wire.Conn, error) {
		return d.connect(ctx, onClose)
	}, func(conn *wire.Conn) { conn.Close(wire.ErrClosed) })
}

func (d *dialer) connect(ctx context.Context, onClose func(*wire.Conn, error)) (*wire.Conn, error) {
	nc, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	opt := d.opt
	conn := wire.New(nc, wire.Options{
		Node:         opt.Addr,
		ReadTimeout:  max(0, opt.ReadTimeout),
		WriteTimeout: max(0, opt.WriteTimeout),
		MaxReply:     max(0, opt.MaxReplySize),
		ReadBuffer:   opt.ReadBufferSize,
		SilentAfter:  opt.suspectAfter,
		OnSilence:    d.onSilence,
		OnIdle:       d.onIdle,
		OnClose:      onClose,
	})
	if err := d.within(ctx, conn, func() error { return d.setUp(ctx, conn) }); err != nil {
		conn.Close(err)
		return nil, err
	}
	return conn, nil
}

// within does what a new connection is for at first, and closes it when ctx ends: a
// write may block in what a Dialer has returned, and that heeds no context.
func (d *dialer) within(ctx context.Context, conn *wire.Conn, do func() error) error {
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		conn.Close(ctx.Err())
	})
	err := do()
	if stop() {
		return err
	}
	<-closed
	if err == nil {
		err = d.failed("handshake", ctx.Err())
	}
	return err
}

// open opens a connection on which nothing was said yet.
func (d *dialer) open(ctx context.Context) (nc net.Conn, err error) {
	ctx = context.WithValue(ctx, stepKey{}, d.step)
	err = d.call("dial", "DialHook", func() (err error) {
		var bare atomic.Pointer[net.Conn]
		returned := false
		defer func() {
			if lost := bare.Load(); lost != nil && !returned { // the hook has panicked
				closeNow(*lost)
			}
		}()
		nc, err = d.opt.dialHooked(func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := d.openBare(ctx, network, addr)
			if nc != nil {
				bare.Store(&nc)
			}
			return nc, err
		})(ctx, d.opt.Network, d.opt.Addr)
		returned = true
		return err
	})
	switch {
	case err != nil:
		return nil, d.failed("dial", err)
	case nc == nil:
		return nil, d.failed("dial", errNoConn)
	case ctx.Err() != nil:
		closeNow(nc)
		return nil, d.failed("dial", ctx.Err())
	}
	if nc.SetReadDeadline(time.Time{}) != nil {
		nc = withDeadlines(nc)
	}
	return nc, nil
}

// errNoConn is why a connection cannot be used that is none.
var errNoConn = errors.New("the Dialer, or a DialHook, has returned neither a connection nor an error")

// openBare opens a connection without the hooks.
func (d *dialer) openBare(ctx context.Context, network, addr string) (nc net.Conn, err error) {
	open, stage, callback := d.opt.Dialer, "dial", "Dialer"
	switch {
	case open == nil && d.opt.TLSConfig == nil:
		return NewDialer(d.opt)(ctx, network, addr)
	case open == nil:
		open, stage, callback = NewDialer(d.opt), "TLS handshake", "TLSConfig"
	}
	err = d.call(stage, callback, func() (err error) {
		nc, err = open(ctx, network, addr)
		return err
	})
	if _, panicked := err.(*PanicError); panicked {
		err = &setupError{stage, err}
	}
	return nc, err
}

// withDeadlines is for a connection that has none, as one through an SSH tunnel: a
// read of it that is under way could not be interrupted. Two goroutines carry the
// bytes between it and a pipe, which has deadlines.
func withDeadlines(nc net.Conn) net.Conn {
	near, far := net.Pipe()
	carry := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		_ = far.Close()
		closeNow(nc)
	}
	go carry(nc, far)
	go carry(far, nc)
	return &carried{near, nc}
}

// carried is the near end of a pipe to a connection.
type carried struct {
	net.Conn
	nc net.Conn
}

func (c *carried) Close() error {
	closeNow(c.nc)
	return c.Conn.Close()
}

func (c *carried) LocalAddr() net.Addr  { return c.nc.LocalAddr() }
func (c *carried) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

func (d *dialer) failed(stage string, err error) error {
	var setup *setupError
	if errors.As(err, &setup) {
		stage, err = setup.stage, setup.err
	}
	if errors.As(err, new(*NodeError)) || slices.ContainsFunc(ofOneCommand, func(target error) bool { return errors.Is(err, target) }) {
		err = preparation{err}
	}
	return &DialError{d.opt.Addr, stage, err}
}

// ofOneCommand are errors that say what became of a single command, or what it has found.
var ofOneCommand = []error{Nil, TxFailedErr, ErrWriteInDoubt}

// preparation is the error of what only prepares a connection, such as OnConnect. Neither
// [errors.As] nor [errors.Is] finds in it what is said of a command sent for that, as by a
// NodeError: it is not true of the command that waits for the connection.
type preparation struct{ err error }

func (e preparation) Error() string { return e.err.Error() }
func (e preparation) Is(target error) bool {
	return !slices.Contains(ofOneCommand, target) && errors.Is(e.err, target)
}
func (e preparation) As(target any) bool {
	_, hidden := target.(**NodeError)
	return !hidden && errors.As(e.err, target)
}

// setUp authenticates, names the connection and chooses the protocol, in one
// round trip where the server understands HELLO.
func (d *dialer) setUp(ctx context.Context, conn *wire.Conn) error {
	user, password, err := d.credentials(ctx)
	if err != nil {
		return d.failed("credentials", err)
	}
	d.at("handshake")
	if err := d.introduce(ctx, conn, user, password); err != nil {
		return err
	}
	if d.greeted != nil {
		d.greeted.Store(true)
	}
	return d.ready(ctx, conn)
}

// introduce greets the server with HELLO, or without it if the server does not
// understand that.
func (d *dialer) introduce(ctx context.Context, conn *wire.Conn, user, password string) error {
	var refused error
	if d.opt.Protocol >= 3 {
		refused = d.greet(ctx, conn, d.hello(user, password))
		if !refusesHello(refused, user != "" || password != "") || conn.Err() != nil {
			return refused
		}
	}
	err := d.greet(ctx, conn, d.authenticate(user, password))
	var reply Error
	switch {
	case err == nil || refused == nil:
	case !errors.As(err, &reply):
		return refused // it is why the server has hung up
	case HasErrorPrefix(refused, "NOAUTH") && !hasAnyPrefix(reply.Error(), authRefusals):
		return refused // it wants what it does not let anybody give
	}
	return err
}

// ready runs OnConnect.
func (d *dialer) ready(ctx context.Context, conn *wire.Conn) error {
	if d.opt.OnConnect == nil {
		return nil
	}
	err := d.call("OnConnect", "OnConnect", func() error { return d.opt.OnConnect(ctx, newConn(d.opt, conn)) })
	if err != nil {
		return d.failed("OnConnect", err)
	}
	return nil
}

func (d *dialer) credentials(ctx context.Context) (user, password string, err error) {
	switch opt := d.opt; {
	case opt.CredentialsProviderContext != nil:
		err = d.call("credentials", "CredentialsProviderContext", func() (err error) {
			user, password, err = opt.CredentialsProviderContext(ctx)
			return err
		})
		return user, password, err
	case opt.CredentialsProvider != nil:
		err = d.call("credentials", "CredentialsProvider", func() error {
			user, password = opt.CredentialsProvider()
			return nil
		})
		return user, password, err
	default:
		return opt.Username, opt.Password, nil
	}
}

// greeting is a command sent on a new connection. An optional one may fail.
type greeting struct {
	cmd      *StatusCmd
	stage    string
	optional bool
}

func newGreeting(stage string, optional bool, args ...string) greeting {
	cmd := new(StatusCmd)
	cmd.start(args[0], args[1:]...)
	return greeting{cmd, stage, optional}
}

func (d *dialer) hello(user, password string) []greeting {
	args := []string{"hello", "3"}
	stage := "handshake"
	if password != "" || user != "" {
		if user == "" {
			user = "default"
		}
		args = append(args, "auth", user, password)
		stage = "authenticate"
	}
	if d.opt.ClientName != "" {
		args = append(args, "setname", d.opt.ClientName)
	}
	return d.identify([]greeting{newGreeting(stage, false, args...)})
}

// authenticate does in single commands what HELLO does in one.
func (d *dialer) authenticate(user, password string) []greeting {
	var list []greeting
	switch {
	case user != "":
		list = append(list, newGreeting("authenticate", false, "auth", user, password))
	case password != "":
		list = append(list, newGreeting("authenticate", false, "auth", password))
	}
	if d.opt.ClientName != "" {
		list = append(list, newGreeting("handshake", true, "client", "setname", d.opt.ClientName))
	}
	return d.identify(list)
}

// identify adds what every connection is told after it was let in.
func (d *dialer) identify(list []greeting) []greeting {
	if !d.opt.DisableIdentity {
		name := libraryName
		if d.opt.IdentitySuffix != "" {
			name += "(" + d.opt.IdentitySuffix + ")"
		}
		list = append(list,
			newGreeting("handshake", true, "client", "setinfo", "lib-name", name),
			newGreeting("handshake", true, "client", "setinfo", "lib-ver", Version()))
	}
	if d.opt.DB > 0 {
		db := newGreeting("select database", false, "select")
		db.cmd.int(int64(d.opt.DB))
		list = append(list, db)
	}
	if d.readOnly {
		// A server that is no replica, or no cluster, need not know it.
		list = append(list, newGreeting("handshake", true, "readonly"))
	}
	return list
}

// greet sends the commands together and fails with the first refusal that
// matters.
func (d *dialer) greet(ctx context.Context, conn *wire.Conn, list []greeting) error {
	if len(list) == 0 {
		return nil
	}
	call := wire.NewCall()
	defer call.Free()
	for _, g := range list {
		appendCommand(call.Request, g.cmd.command())
	}
	call.Replies = len(list)
	if err := conn.Do(ctx, call); err != nil {
		return d.brokenGreeting(conn, list, call, err)
	}
	if list[0].isHello() && !describesServer(call) {
		return d.failed(list[0].stage, errNoHello)
	}
	replies := call.Decoder()
	for _, g := range list {
		err := replies.Skipped()
		var protocol resp.ProtocolError
		if errors.As(err, &protocol) || err != nil && (!g.optional || refusesConnection(err)) {
			return d.failed(g.stage, g.shown(err))
		}
	}
	return nil
}

// shown is a refusal of the greeting without the password, which servers repeat when
// they do not know the command.
func (g greeting) shown(err error) error {
	if refusal, ok := err.(resp.Error); ok {
		return resp.Error(g.cmd.withoutSecrets(string(refusal)))
	}
	return err
}

// errNoHello is why a server is greeted once more, without HELLO.
var errNoHello = errors.New("the answer to HELLO does not describe a server")

func (g greeting) isHello() bool { return g.cmd.Name() == "hello" }

// describesServer reports whether the first reply is one that HELLO may have: a map, a
// list in its place, or an error. Servers that know nothing of HELLO may say OK.
func describesServer(call *wire.Call) bool {
	if _, text := call.Text(); text {
		return false
	}
	switch call.Decoder().Peek() {
	case resp.Map, resp.Array, resp.SimpleError, resp.BulkError:
		return true
	}
	return false
}

// brokenGreeting is the error of a greeting that was not answered in full. What the
// server has said before it hung up tells more than that it did.
func (d *dialer) brokenGreeting(conn *wire.Conn, list []greeting, call *wire.Call, err error) error {
	var unasked *wire.Unasked
	if errors.As(err, &unasked) {
		return d.failed("handshake", unasked.Reply)
	}
	var said error
	var lost *wire.Error
	silent := !errors.As(err, &lost) || lost.Received == 0
	for _, g := range list {
		if call.GivenUp() {
			break
		}
		reply, end := call.Next()
		if end != nil {
			break
		}
		silent = false
		if refusal := reply.Skipped(); errors.As(refusal, new(Error)) {
			said = d.failed(g.stage, g.shown(refusal))
			if !g.optional {
				break
			}
		}
	}
	if said != nil {
		return said
	}
	if lost != nil {
		err = lost.Cause
	}
	if errors.Is(err, resp.TLSAlert) || silent && d.mayExpectTLS(conn, err) {
		err = fmt.Errorf("%w (does the port expect TLS?)", err)
	}
	return d.failed("handshake", err)
}

// mayExpectTLS reports whether it may be for want of TLS that the server has ended the
// connection with this cause: a server that expects it hangs up on everything else.
func (d *dialer) mayExpectTLS(conn *wire.Conn, cause error) bool {
	secure := d.opt.TLSConfig != nil || isTLS(conn.NetConn())
	known := d.greeted != nil && d.greeted.Load()
	return !secure && !known && d.opt.Network != "unix" &&
		(errors.Is(cause, io.EOF) || errors.Is(cause, wire.ErrClosedByServer) || errors.Is(cause, syscall.ECONNRESET) || errors.Is(cause, syscall.EPIPE))
}

func isTLS(nc net.Conn) bool {
	if lent, ok := nc.(*lentConn); ok {
		nc = lent.Conn
	}
	_, secure := nc.(*tls.Conn)
	return secure
}

// refusesHello reports whether a server has refused HELLO, but may let the client in
// without it: it does not know HELLO or RESP3, does not let this user call it, or has
// taken no notice of the password in it. The words of old servers and of proxies are
// their own; so it is any refusal but those of credentials, and those that tell of the
// server's state.
func refusesHello(err error, authenticates bool) bool {
	var reply Error
	if !errors.As(err, &reply) {
		return errors.Is(err, errNoHello)
	}
	switch text := reply.Error(); {
	case strings.HasPrefix(text, "NOPERM"), authenticates && strings.HasPrefix(text, "NOAUTH"):
		return true
	case refusesConnection(err), hasAnyPrefix(text, authRefusals), tellsOfState(reply):
		return false
	}
	return true
}

// refusesConnection reports whether a server has said that it does not want the
// connection, whatever is sent on it. It says so unasked, so that this may come in place
// of any reply.
func refusesConnection(err error) bool {
	return IsMaxClientsError(err) || HasErrorPrefix(err, protectedMode)
}
