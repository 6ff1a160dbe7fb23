package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
	"github.com/seed-e06f3def/rediscluster/internal/wire"
)

var actionNames = map[action]string{
	giveUp: "return", again: "again at once", retry: "again after a pause", outlast: "again until it works", await: "again with the shard",
	avoid: "another node", move: "follow", ask: "ask",
}

// verdictText is a verdict as the table below has it.
func verdictText(v verdict, cause error) string {
	text := actionNames[v.action]
	if errors.Is(v.err, ErrWriteInDoubt) && !errors.Is(cause, ErrWriteInDoubt) {
		text = "in doubt"
	}
	if v.refresh {
		text += ", refresh"
	}
	if v.counted {
		text += ", counted"
	}
	return text
}

// lostAfter is the error of a command of which so many bytes had left.
func lostAfter(wrote int, cause error) error {
	return &NodeError{Node: "10.0.0.1:6379", Wrote: wrote, Waited: time.Second, Cause: cause}
}

func notDialled(stage string, cause error) error {
	return &DialError{Node: "10.0.0.1:6379", Stage: stage, Err: cause}
}

// TestJudge is the table of what becomes of a command. Every line tells what is
// done with a write; with a read at the only node there is for it; and with a
// read that another node of the shard could serve.
func TestJudge(t *testing.T) {
	t.Parallel()
	const (
		gone     = "again with the shard, refresh"
		goneRead = "another node, refresh"
		unfit    = "again after a pause, refresh"
	)
	for _, row := range []struct {
		cameBack                 string
		err                      error
		write, read, replicaRead string
	}{
		// What the server says of the cluster: nothing ran.
		{"MOVED", resp.Error("MOVED 5 10.0.0.2:6379"), "follow, refresh", "follow, refresh", "follow, refresh"},
		{"ASK", resp.Error("ASK 5 10.0.0.2:6379"), "ask", "ask", "ask"},
		{"MOVED to a host that is not known", resp.Error("MOVED 5 ?:6379"), gone, gone, goneRead},
		{"MOVED to no port", resp.Error("MOVED 5 10.0.0.2:0"), gone, gone, goneRead},
		{"malformed MOVED", resp.Error("MOVED 5"), gone, gone, goneRead},
		{"malformed ASK", resp.Error("ASK "), gone, gone, goneRead},
		{"EXEC refused for MOVED", resp.Error("EXECABORT Transaction discarded because of: MOVED 5 10.0.0.2:6379"), "follow, refresh", "follow, refresh", "follow, refresh"},
		{"EXEC refused for READONLY", resp.Error("EXECABORT Transaction discarded because of: READONLY You can't write against a read only replica."), gone, gone, gone},
		{"EXEC refused for LOADING", resp.Error("EXECABORT Transaction discarded because of: -LOADING Redis is loading the dataset in memory"), "again with the shard", "again with the shard", "another node"},
		{"EXEC refused for NOREPLICAS", resp.Error("EXECABORT Transaction discarded because of: NOREPLICAS Not enough good replicas to write."), "again after a pause", "again after a pause", "again after a pause"},
		{"EXEC refused for OOM", resp.Error("EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'."), "return", "return", "return"},
		{"TRYAGAIN", resp.Error("TRYAGAIN Multiple keys request during rehashing of slot"), "again until it works", "again until it works", "again until it works"},
		{"NOREPLICAS", resp.Error("NOREPLICAS Not enough good replicas to write."), "again after a pause", "again after a pause", "again after a pause"},
		{"LOADING", resp.Error("LOADING Redis is loading the dataset in memory"), "again with the shard", "again with the shard", "another node"},
		{"CLUSTERDOWN", resp.Error("CLUSTERDOWN The cluster is down"), gone, gone, gone},
		{"CLUSTERDOWN, slot", resp.Error("CLUSTERDOWN Hash slot not served"), gone, gone, gone},
		{"MASTERDOWN", resp.Error("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."), gone, gone, goneRead},
		{"READONLY", resp.Error("READONLY You can't write against a read only replica."), gone, gone, gone},
		{"READONLY in a script", resp.Error("ERR Error running script (call to f_e0e1f9fabfc9d4800c877a703b823ac0578ff8db): @user_script:1: @user_script: 1: -READONLY You can't write against a read only replica."), gone, gone, gone},
		{"UNBLOCKED by a demotion", resp.Error("UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)"), gone, gone, gone},
		{"UNBLOCKED by CLIENT UNBLOCK", resp.Error("UNBLOCKED client unblocked via CLIENT UNBLOCK"), "return", "return", "return"},

		// The node is away: nothing was sent.
		{"refused", notDialled("dial", syscall.ECONNREFUSED), gone, gone, goneRead},
		{"dial timeout", notDialled("dial", context.DeadlineExceeded), gone, gone, goneRead},
		{"no such host", notDialled("dial", &net.DNSError{Err: "no such host", IsNotFound: true}), gone, gone, goneRead},
		{"loading at the handshake", notDialled("handshake", resp.Error("LOADING Redis is loading the dataset in memory")), gone, gone, goneRead},
		{"too many clients at the handshake", notDialled("handshake", resp.Error("ERR max number of clients + cluster connections reached")), gone, gone, goneRead},
		{"busy at the handshake", notDialled("authenticate", resp.Error("BUSY Redis is busy running a script.")), gone, gone, goneRead},
		{"a tunnel that fails", notDialled("dial", errScripted), gone, gone, goneRead},
		{"a reset in the TLS handshake", notDialled("TLS handshake", &net.OpError{Op: "read", Err: syscall.ECONNRESET}), gone, gone, goneRead},
		{"no token for want of a network", notDialled("credentials", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), gone, gone, goneRead},
		{"OnConnect lost the connection", notDialled("OnConnect", preparation{lostAfter(20, io.EOF)}), gone, gone, goneRead},
		{"OnConnect on a replica", notDialled("OnConnect", resp.Error("READONLY You can't write against a read only replica.")), gone, gone, goneRead},
		{"the last connections were of no use", notDialled("first command", resp.ProtocolError("x")), gone, gone, goneRead},

		// The node is there, and does not let the client in: nothing was sent.
		{"no such database", notDialled("select database", resp.Error("ERR SELECT is not allowed in cluster mode")), unfit, unfit, goneRead},
		{"OnConnect fails", notDialled("OnConnect", errScripted), unfit, unfit, goneRead},
		{"OnConnect is redirected", notDialled("OnConnect", resp.Error("MOVED 5 10.0.0.2:6379")), unfit, unfit, goneRead},
		{"OnConnect panics", notDialled("OnConnect", &PanicError{Callback: "OnConnect", Value: io.EOF}), unfit, unfit, goneRead},
		{"no token", notDialled("credentials", errScripted), unfit, unfit, goneRead},
		{"no server of Redis", notDialled("handshake", resp.ProtocolError("an unknown type")), unfit, unfit, goneRead},
		{"a server without AUTH", notDialled("authenticate", resp.Error("ERR unknown command 'auth'")), unfit, unfit, goneRead},
		{"a TLS alert", notDialled("TLS handshake", &net.OpError{Op: "remote error", Err: errScripted}), unfit, unfit, goneRead},
		{"no address", notDialled("dial", &net.OpError{Op: "dial", Err: &net.AddrError{Err: "missing port in address"}}), unfit, unfit, goneRead},

		{"closed at the handshake", notDialled("handshake", lostAfter(20, io.EOF)), gone, gone, goneRead},
		{"lost before the write", lostAfter(0, syscall.ECONNRESET), gone, gone, goneRead},
		{"silent before the write", lostAfter(0, errReadTimeout), gone, gone, goneRead},
		{"partly written", &NodeError{Wrote: 19, Size: 20, Cause: io.ErrShortWrite}, gone + ", counted", gone + ", counted", goneRead + ", counted"},
		{"no free connection", ErrPoolTimeout, "return", "return", "return"},
		{"closed while idle", lostAfter(0, wire.ErrClosedByServer), "again at once", "again at once", "again at once"},
		{"just retired", lostAfter(0, wire.ErrClosed), "again at once", "again at once", "again at once"},
		{"just taken out", lostAfter(0, wire.ErrReserved), "again at once", "again at once", "again at once"},

		// It was sent, and nobody knows whether it ran.
		{"lost after the write", lostAfter(20, io.EOF), "in doubt, refresh", "again after a pause, refresh", goneRead},
		{"reset after the write", lostAfter(20, syscall.ECONNRESET), "in doubt, refresh", "again after a pause, refresh", goneRead},
		{"silent after the write", lostAfter(20, errReadTimeout), "in doubt, refresh", "again after a pause, refresh", goneRead},
		{"not RESP", lostAfter(20, resp.ProtocolError("an unknown type")), "in doubt, refresh", "again after a pause, refresh", goneRead},
		{"silent in a large reply", &NodeError{Wrote: 20, Size: 20, Received: largeReply, Cause: wire.ErrReadTimeout}, "in doubt, refresh", "return", "return"},
		{"lost in a large reply", &NodeError{Wrote: 20, Size: 20, Received: largeReply, Cause: io.EOF}, "in doubt, refresh", "again after a pause, refresh", goneRead},
		{"a reply too large", &NodeError{Wrote: 20, Size: 20, Received: 1, Cause: ErrReplyTooLarge}, "in doubt, refresh", "return", "return"},
		{"behind a reply too large", &NodeError{Wrote: 20, Size: 20, Cause: ErrReplyTooLarge}, "in doubt, refresh", "again after a pause, refresh", goneRead},
		{"closed by this side", lostAfter(20, wire.ErrClosed), "in doubt, refresh", "again after a pause, refresh", goneRead},

		// Nothing is to be done about it.
		{"cancelled in the queue", lostAfter(0, context.Canceled), "return", "return", "return"},
		{"cancelled after the write", lostAfter(20, context.Canceled), "return", "return", "return"},
		{"deadline after the write", lostAfter(20, context.DeadlineExceeded), "return", "return", "return"},
		{"null", Nil, "return", "return", "return"},
		{"ERR", resp.Error("ERR wrong number of arguments"), "return", "return", "return"},
		{"WRONGTYPE", resp.Error("WRONGTYPE Operation against a key holding the wrong kind of value"), "return", "return", "return"},
		{"NOPERM", resp.Error("NOPERM this user has no permissions to run the 'get' command"), "return", "return", "return"},
		{"OOM", resp.Error("OOM command not allowed when used memory > 'maxmemory'."), "return", "return", "return"},
		{"EXECABORT", resp.Error("EXECABORT Transaction discarded because of previous errors."), "return", "return", "return"},
		{"CROSSSLOT", ErrCrossSlot, "return", "return", "return"},
		{"reply of another type", &resp.TypeError{Got: "an array", Want: "an integer"}, "return", "return", "return"},
		{"wrong password", notDialled("authenticate", resp.Error("WRONGPASS invalid username-password pair or user is disabled.")), "return", "return", "return"},
		{"password missing", notDialled("handshake", resp.Error("NOAUTH HELLO must be called with the client already authenticated")), "return", "return", "return"},
		{"user without rights", notDialled("handshake", resp.Error("NOPERM this user has no permissions")), "return", "return", "return"},
		{"certificate of another", notDialled("TLS handshake", &tls.CertificateVerificationError{Err: errScripted}), "return", "return", "return"},
		{"a port without TLS", notDialled("TLS handshake", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}), "return", "return", "return"},
	} {
		t.Run(row.cameBack, func(t *testing.T) {
			t.Parallel()
			for _, column := range []struct {
				name string
				want string
				outcome
			}{
				{"write", row.write, outcome{err: row.err}},
				{"read", row.read, outcome{err: row.err, repeatable: true}},
				{"replica read", row.replicaRead, outcome{err: row.err, repeatable: true, replica: true}},
				{"write that may run twice", row.read, outcome{err: row.err, repeatable: true}},
			} {
				v := judge(column.outcome)
				require.Equal(t, column.want, verdictText(v, row.err), column.name)
				require.ErrorIs(t, v.err, row.err, column.name)
				if strings.HasPrefix(column.want, "return") {
					require.Equal(t, row.err, v.err, column.name)
				}
				switch v.action {
				case move, ask:
					require.Equal(t, "10.0.0.2:6379", v.addr, column.name)
					require.Equal(t, 5, v.slot, column.name)
				}
			}
		})
	}
}

// TestJudgeRedirects is what the table says of redirects that depends on more than
// the reply.
func TestJudgeRedirects(t *testing.T) {
	t.Parallel()
	const (
		moved, asked = resp.Error("MOVED 5 10.0.0.2:6379"), resp.Error("ASK 5 10.0.0.2:6379")
		nowhere      = resp.Error("MOVED 5 :0")
	)
	for _, row := range []struct {
		err     resp.Error
		outcome outcome
		want    string
	}{
		{moved, outcome{known: true}, "follow"},
		{moved, outcome{known: true, replica: true}, "follow"},
		{moved, outcome{known: true, self: true}, "again until it works"},
		{moved, outcome{known: true, circling: true}, "again with the shard, refresh"},
		{moved, outcome{self: true}, "again until it works, refresh"},
		{asked, outcome{self: true}, "ask"},
		{nowhere, outcome{self: true}, "again with the shard, refresh"},
		{moved, outcome{circling: true}, "again with the shard, refresh"},
		{asked, outcome{circling: true}, "again with the shard, refresh"},
		{moved, outcome{circling: true, replica: true}, "another node, refresh"},
		{asked, outcome{circling: true, replica: true}, "another node, refresh"},
		{moved, outcome{circling: true, self: true}, "again until it works, refresh"},
		{moved, outcome{circling: true, self: true, known: true}, "again until it works, refresh"},
		{moved, outcome{self: true, replica: true}, "another node, refresh"},
	} {
		for _, repeatable := range []bool{false, true} {
			o := row.outcome
			o.err, o.repeatable = row.err, repeatable
			v := judge(o)
			require.Equal(t, row.want, verdictText(v, row.err), "%+v", o)
			require.True(t, v.redirected)
		}
	}
}

// errReadTimeout stands for the timeout of a connection.
var errReadTimeout = fmt.Errorf("read: %w", &net.OpError{Op: "read", Err: errScripted})

// TestJudgeNeverRepeatsAWrite is what the table must come down to: a write of
// which a byte may have left is not sent again, whatever happened to it.
func TestJudgeNeverRepeatsAWrite(t *testing.T) {
	t.Parallel()
	c := clusterOf(t, []*scripted{newScripted(t)}, nil)
	n := c.topology.node("10.0.0.1:6379")
	for _, cause := range []error{
		io.EOF, io.ErrUnexpectedEOF, syscall.EPIPE, syscall.ECONNRESET, syscall.ETIMEDOUT, errReadTimeout,
		wire.ErrClosed, wire.ErrReserved, wire.ErrClosedByServer, resp.ProtocolError("x"), errScripted, ErrClosed,
	} {
		v := c.decide(background(t), &target{slot: 1}, new(attempt), n, lostAfter(1, cause), false)
		require.Equal(t, giveUp, v.action, cause)
		require.ErrorIs(t, v.err, cause)
		require.ErrorIs(t, v.err, ErrWriteInDoubt)
		var lost *NodeError
		require.ErrorAs(t, v.err, &lost)
		require.Equal(t, "10.0.0.1:6379", lost.Node)
	}
	for _, cause := range []error{context.Canceled, context.DeadlineExceeded} {
		v := c.decide(background(t), &target{slot: 1}, new(attempt), n, lostAfter(1, cause), false)
		require.Equal(t, giveUp, v.action, cause)
		require.ErrorIs(t, v.err, cause)
	}
}

// Programs that ask an error itself whether it is a net.Error, and not what it wraps,
// learn of a timeout too.
func TestErrorsAreNetErrors(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithTimeout(context.Background(), 0)
	defer cancel()
	late := lostAfter(20, wire.ErrReadTimeout)
	before := &attempt{lost: late}
	for name, test := range map[string]struct {
		err     error
		timeout bool
	}{
		"reply late":                  {late, true},
		"in doubt, reply late":        {judge(outcome{err: late}).err, true},
		"in doubt, connection lost":   {judge(outcome{err: lostAfter(20, io.EOF)}).err, false},
		"in doubt before":             {before.withDoubt(late), true},
		"in doubt before, then other": {before.withDoubt(notDialled("dial", syscall.ECONNREFUSED)), false},
		"dial late":                   {notDialled("dial", context.DeadlineExceeded), true},
		"dial refused":                {notDialled("dial", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), false},
		"password":                    {notDialled("authenticate", resp.Error("WRONGPASS")), false},
		"context ended in a pause":    {pauseError(ended, forBackoff, ended.Err(), io.EOF), true},
		"context ended in a wait":     {pauseError(ended, forShard, ended.Err(), io.EOF), true},
		"joined":                      {asNetError(errors.Join(io.EOF, late)), true},
		"of some keys":                {failedParts(late), true},
		"of some nodes":               {failedNodes(late), true},
		"of a full waiting room":      {asNetError(fmt.Errorf("%w: %w", ErrTooManyWaiting, late)), true},
	} {
		err, ok := test.err.(net.Error)
		require.True(t, ok, name)
		require.Equal(t, test.timeout, err.Timeout(), name)
	}
	oom := resp.Error("OOM")
	for _, err := range []error{failedParts(oom), failedNodes(oom), asNetError(errors.Join(oom, io.EOF))} {
		_, ok := err.(net.Error)
		require.False(t, ok, "%v", err)
	}
	require.ErrorAs(t, failedParts(late), new(*PartialError))
	require.ErrorAs(t, failedNodes(late), new(*NodesError))
}

// failedParts is the error of a command of which one part failed.
func failedParts(err error) error {
	p := &parts{whole: NewIntCmd(context.Background(), "del", "a", "b"), list: make([]partCmd, 2)}
	p.list[1].SetErr(err)
	return p.failure()
}

// failedNodes is the error of a command that one of two nodes failed.
func failedNodes(err error) error {
	at := &place{shard: newShard(&node{announced: announced{addr: "10.0.0.1:6379"}}, nil)}
	f := &fanOut{whole: NewStatusCmd(context.Background(), "flushall"), parts: make([]*partCmd, 2), places: []*place{at, at}, b: &batch{items: make([]batchItem, 2)}}
	failed := new(NodesError)
	failed.add("10.0.0.1:6379", err)
	return f.failure(failed)
}

// What does not heal by itself is told after MaxRetries, and not after FailoverTimeout:
// each try is another dial.
func TestWhatDoesNotHealIsToldSoon(t *testing.T) {
	for name, test := range map[string]struct {
		stage  string
		change func(s *scripted, o *Options)
	}{
		"SELECT refused": {"select database", func(s *scripted, o *Options) {
			s.on("SELECT", says("-ERR SELECT is not allowed in cluster mode\r\n"))
			o.DB = 1
		}},
		"OnConnect": {"OnConnect", func(_ *scripted, o *Options) { o.OnConnect = func(context.Context, *Conn) error { return errScripted } }},
		"credentials": {"credentials", func(_ *scripted, o *Options) {
			o.CredentialsProviderContext = func(context.Context) (string, string, error) { return "", "", errScripted }
		}},
		"another server": {"handshake", func(s *scripted, _ *Options) { s.on("HELLO", says("HTTP/1.1 400 Bad Request\r\n\r\n")) }},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m := newMemoryNet(t)
				s := m.add("a:1")
				spoilt := func(opt *Options) *Client {
					test.change(s, opt)
					return NewClient(opt)
				}
				calls := map[string]func(*ClusterClient) error{
					"command":      func(c *ClusterClient) error { return c.Set(t.Context(), "key", 1, 0).Err() },
					"several keys": func(c *ClusterClient) error { return c.MSet(t.Context(), "key", 1, "other", 2).Err() },
					"pipeline": func(c *ClusterClient) error {
						_, err := c.Pipelined(t.Context(), func(p Pipeliner) error { p.Set(t.Context(), "key", 1, 0); return nil })
						return err
					},
					"transaction": func(c *ClusterClient) error {
						_, err := c.TxPipelined(t.Context(), func(p Pipeliner) error { p.Set(t.Context(), "key", 1, 0); return nil })
						return err
					},
					"blocking":  func(c *ClusterClient) error { return c.BLPop(t.Context(), 0, "key").Err() },
					"Watch":     func(c *ClusterClient) error { return c.Watch(t.Context(), func(*Tx) error { return nil }, "key") },
					"all nodes": func(c *ClusterClient) error { return c.FlushAll(t.Context()).Err() },
					"subscription": func(c *ClusterClient) error {
						sub := c.Subscribe(t.Context(), "channel")
						defer func() { _ = sub.Close() }()
						_, err := sub.Receive(t.Context())
						return err
					},
				}
				for call, do := range calls {
					c := m.client(nil, "a:1")
					ready(t, c)
					// The node is another from now on, whose dials fail.
					c.topology.mu.Lock()
					n := c.topology.nodes["a:1"]
					bad := spoilt(c.opt.nodeOptions("a:1"))
					n.client, bad = bad, n.client
					c.topology.mu.Unlock()
					dials := m.dialed("a:1")
					began := time.Now()
					err := do(c)
					require.Less(t, time.Since(began), 2*time.Second, call)
					var dial *DialError
					require.ErrorAs(t, err, &dial, call)
					require.Equal(t, test.stage, dial.Stage, call)
					if call != "subscription" {
						require.GreaterOrEqual(t, m.dialed("a:1")-dials, 1+defaultMaxRetries, call)
					}
					require.NoError(t, bad.Close())
					require.NoError(t, c.Close())
					s.on("HELLO", greets)
				}
			})
		})
	}
}

// A command that waits for a connection was not sent, whatever was sent to make that
// connection: its error is no ErrWriteInDoubt, and has no NodeError that says so.
func TestNothingWasSentWhenTheHandshakeFails(t *testing.T) {
	t.Parallel()
	for failing, change := range map[string]func(a, b *scripted, o *ClusterOptions){
		"HELLO":                     func(_, b *scripted, _ *ClusterOptions) { b.on("HELLO", hangsUp) },
		"the rest of the handshake": func(_, b *scripted, _ *ClusterOptions) { b.on("CLIENT", hangsUp) },
		"AUTH, RESP2": func(a, b *scripted, o *ClusterOptions) {
			o.Protocol, o.Password = 2, "secret"
			a.on("AUTH", says("+OK\r\n"))
			b.on("AUTH", hangsUp)
		},
		"OnConnect": func(_, b *scripted, o *ClusterOptions) {
			b.on("PING", hangsUp)
			o.OnConnect = func(ctx context.Context, cn *Conn) error {
				if err := cn.Ping(ctx).Err(); err != nil {
					return fmt.Errorf("%w: %w", errScripted, err)
				}
				return nil
			}
		},
		"the slot map": func(a, b *scripted, o *ClusterOptions) {
			a.on("CLUSTER SLOTS", hangsUp)
			b.on("CLUSTER SLOTS", hangsUp)
		},
	} {
		t.Run(failing, func(t *testing.T) {
			t.Parallel()
			servers := newScriptedCluster(t, 2)
			a, b := servers[0], servers[1]
			c := clusterOf(t, servers[:1], func(o *ClusterOptions) {
				o.FailoverTimeout, o.MaxRetries = 50*time.Millisecond, 1
				change(a, b, o)
			})
			ctx := t.Context() // without a deadline FailoverTimeout counts
			key, other := keyOn(slotCount/2, slotCount-1), keyOn(0, slotCount/2-1)
			set := func(pipe Pipeliner) error { pipe.Set(ctx, key, 1, 0); return nil }
			direct := NewClient(c.opt.nodeOptions(b.addr))
			t.Cleanup(func() { _ = direct.Close() })
			calls := map[string]func() error{
				"command":      func() error { return c.Set(ctx, key, 1, 0).Err() },
				"several keys": func() error { return c.MSet(ctx, key, 1, other, 2).Err() },
				"pipeline":     func() error { _, err := c.Pipelined(ctx, set); return err },
				"transaction":  func() error { _, err := c.TxPipelined(ctx, set); return err },
				"blocking":     func() error { return c.BLPop(ctx, time.Second, key).Err() },
				"Watch":        func() error { return c.Watch(ctx, func(*Tx) error { return nil }, key) },
				"script":       func() error { return NewScript("return 1").Run(ctx, c, []string{key}).Err() },
				"with a deadline": func() error {
					ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
					defer cancel()
					return c.Set(ctx, key, 1, 0).Err()
				},
			}
			if failing != "the slot map" {
				calls["of a Client"] = func() error { return direct.Set(ctx, key, 1, 0).Err() }
				calls["pipeline of a Client"] = func() error { _, err := direct.Pipelined(ctx, set); return err }
				calls["transaction of a Client"] = func() error { _, err := direct.TxPipelined(ctx, set); return err }
				calls["of a Conn"] = func() error {
					cn := direct.Conn()
					defer func() { _ = cn.Close() }()
					return cn.Set(ctx, key, 1, 0).Err()
				}
			}
			for name, call := range calls {
				err := call()
				require.Error(t, err, name)
				require.False(t, errors.Is(err, ErrWriteInDoubt), "%s: %v", name, err)
				var lost *NodeError
				if errors.As(err, &lost) {
					require.Zero(t, lost.Wrote, "%s: %v", name, err)
				}
				if failing == "OnConnect" && name == "command" {
					require.ErrorIs(t, err, errScripted)
					require.ErrorIs(t, err, io.EOF)
				}
			}
		})
	}
}

// A write whose connection is lost is not sent again; the error names the node.
func TestWriteInDoubt(t *testing.T) {
	t.Parallel()
	for _, optedIn := range []bool{false, true} {
		t.Run(fmt.Sprintf("RetryWritesInDoubt=%v", optedIn), func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			s.on("INCR", inTurn(hangsUp, says(":2\r\n")))
			c := clusterOf(t, []*scripted{s}, func(o *ClusterOptions) { o.RetryWritesInDoubt = optedIn })
			n, err := c.Incr(background(t), "counter").Result()
			if optedIn {
				require.NoError(t, err)
				require.EqualValues(t, 2, n)
				require.Equal(t, 2, s.count("INCR"))
				return
			}
			require.ErrorIs(t, err, ErrWriteInDoubt)
			require.ErrorContains(t, err, s.addr)
			var lost *NodeError
			require.ErrorAs(t, err, &lost)
			require.Positive(t, lost.Wrote)
			require.Equal(t, 1, s.count("INCR"))
			n, err = c.Incr(background(t), "counter").Result() // on a new connection
			require.NoError(t, err)
			require.EqualValues(t, 2, n)
		})
	}
}

// A write that is sent again for RetryWritesInDoubt, and does not run then, is in
// doubt as before. An answer is an answer.
func TestRepeatedWriteStaysInDoubt(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	incr := func(c Cmdable) error { return c.Incr(ctx, "k").Err() }
	piped := func(c Cmdable) error {
		_, err := c.Pipelined(ctx, func(pipe Pipeliner) error { return incr(pipe) })
		return err
	}
	ways := map[string]func(Cmdable) error{"alone": incr, "in a pipeline": piped}
	for _, test := range []struct {
		name  string
		then  reaction
		doubt bool
		says  string
	}{
		{"it is lost each time", hangsUp, true, ""},
		{"the shard goes away", says("-CLUSTERDOWN The cluster is down\r\n"), true, "CLUSTERDOWN"},
		{"it is answered", says("-WRONGTYPE not a number\r\n"), false, "WRONGTYPE"},
	} {
		for way, do := range ways {
			for _, kind := range []string{"server", "cluster"} {
				t.Run(test.name+"/"+way+"/"+kind, func(t *testing.T) {
					t.Parallel()
					s := newScripted(t)
					s.on("INCR", inTurn(hangsUp, test.then))
					c := UniversalClient(clientOf(t, s, func(o *Options) { o.RetryWritesInDoubt = true }))
					if kind == "cluster" {
						c = clusterOf(t, []*scripted{s}, func(o *ClusterOptions) {
							o.RetryWritesInDoubt, o.FailoverTimeout = true, 50*time.Millisecond
						})
					}
					err := do(c)
					require.ErrorContains(t, err, test.says)
					require.Equal(t, test.doubt, errors.Is(err, ErrWriteInDoubt), "%v", err)
				})
			}
		}
	}
}

// So it is when the caller's time ends before it is sent again.
func TestRepeatedWriteStaysInDoubtWithItsContext(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	ctx, cancel := context.WithCancel(background(t))
	s.on("INCR", inTurn(hangsUp, func(c *scriptedConn, _ []string) {
		cancel()
		c.say("-CLUSTERDOWN The cluster is down\r\n")
	}))
	c := clusterOf(t, []*scripted{s}, func(o *ClusterOptions) { o.RetryWritesInDoubt = true })
	err := c.Incr(ctx, "k").Err()
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, ErrWriteInDoubt)
}

// A read whose connection is lost is sent again.
func TestReadSurvivesALostConnection(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("GET", inTurn(hangsUp, hangsUp, says(bulk("v"))))
	c := clusterOf(t, []*scripted{s}, nil)
	v, err := c.Get(background(t), "key").Result()
	require.NoError(t, err)
	require.Equal(t, "v", v)
	require.Equal(t, 3, s.count("GET"))
}

// What any shard can do waits for none: not for that of a channel's slot either.
func TestCommandsWithoutKeysWaitForNoShard(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 3)
	for _, s := range servers {
		s.on("PUBLISH", says(":0\r\n"))
		s.on("EVAL", says(":1\r\n"))
		s.on("ECHO", says("+x\r\n"))
		s.on("MULTI", says("+OK\r\n"))
		s.on("EXEC", says("*1\r\n:0\r\n"))
	}
	c := clusterOf(t, servers, nil)
	ctx := background(t)
	channels := make([]string, 3) // one of each server's slots
	for i := range 100 {
		channel := strconv.Itoa(i)
		channels[keySlot(channel)*3/slotCount] = channel
	}
	for i, channel := range channels {
		require.NoError(t, c.Publish(ctx, channel, "m").Err())
		require.Equal(t, 1, servers[i].count("PUBLISH"))
	}
	servers[1].stop()
	short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, c.Get(short, channels[1]).Err(), context.DeadlineExceeded, "a read finds out")
	for range 20 {
		require.NoError(t, c.Publish(ctx, channels[1], "m").Err())
		require.NoError(t, c.Eval(ctx, "return 1", nil).Err())
		require.NoError(t, c.Echo(ctx, "x").Err())
		_, err := c.Pipelined(ctx, func(p Pipeliner) error {
			p.Publish(ctx, channels[1], "m")
			p.Do(ctx, "publish", channels[1], "m")
			return nil
		})
		require.NoError(t, err)
	}
	require.Equal(t, 1+3*20, servers[2].count("PUBLISH"), "they keep to one way")
	servers[2].on("PUBLISH", says("+QUEUED\r\n"))
	_, err := c.TxPipelined(ctx, func(p Pipeliner) error { p.Publish(ctx, channels[1], "m"); return nil })
	require.NoError(t, err)
	require.Equal(t, 1, servers[2].count("EXEC"))

	// Where nobody is left they wait like others.
	servers[0].stop()
	servers[2].stop()
	short, cancel = context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, c.Echo(short, "x").Err(), context.DeadlineExceeded)
	short, cancel = context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, c.Publish(short, channels[1], "m").Err(), context.DeadlineExceeded)
}

// Errors that one looks for name the command and the node, and begin as the server's
// reply does.
func TestErrorsNameCommandAndNode(t *testing.T) {
	t.Parallel()
	const (
		wrongType = "WRONGTYPE Operation against a key holding the wrong kind of value"
		crossing  = "CROSSSLOT Keys in request don't hash to the same slot"
	)
	s := newScripted(t)
	s.on("LPUSH", says("-"+wrongType+"\r\n"))
	s.on("SINTER", says("-"+crossing+"\r\n"))
	s.on("LLEN", says("+secret\r\n"))
	s.on("MULTI", says("+OK\r\n"))
	ctx := background(t)
	cluster, single := clusterOf(t, []*scripted{s}, nil), clientOf(t, s, nil)
	conn := single.Conn()
	defer conn.Close()
	pipe := func(c Pipeliner, add func(c Cmdable) Cmder) error {
		cmd := add(c)
		_, _ = c.Exec(ctx)
		return cmd.Err()
	}
	for name, do := range map[string]func(add func(c Cmdable) Cmder) error{
		"ClusterClient": func(add func(c Cmdable) Cmder) error { return add(cluster).Err() },
		"Client":        func(add func(c Cmdable) Cmder) error { return add(single).Err() },
		"Conn":          func(add func(c Cmdable) Cmder) error { return add(conn).Err() },
		"pipeline":      func(add func(c Cmdable) Cmder) error { return pipe(cluster.Pipeline(), add) },
		"of a Client":   func(add func(c Cmdable) Cmder) error { return pipe(single.Pipeline(), add) },
	} {
		err := do(func(c Cmdable) Cmder { return c.LPush(ctx, "k", "secret") })
		require.Equal(t, wrongType+" (lpush at "+s.addr+")", err.Error(), name)
		require.True(t, HasErrorPrefix(err, "WRONGTYPE"), name)
		require.ErrorIs(t, err, resp.Error(wrongType), name)
		_, isReply := err.(Error)
		require.True(t, isReply, name)

		err = do(func(c Cmdable) Cmder { return c.SInter(ctx, "{a}", "{b}") })
		require.ErrorIs(t, err, ErrCrossSlot, name)
		require.Equal(t, crossing+` (sinter: "{a}" is in slot 15495, "{b}" in slot 3300: keys with the same {tag} share a slot)`, err.Error(), name)

		err = do(func(c Cmdable) Cmder { return c.LLen(ctx, "k") })
		require.ErrorContains(t, err, "redis: unexpected reply: ", name)
		require.ErrorContains(t, err, "(llen at "+s.addr+")", name)
		require.NotContains(t, err.Error(), "secret", name)
	}
	s.on("GET", says("-MOVED 7 10.0.0.1:6379\r\n"))
	err := single.Get(ctx, "k").Err()
	require.Equal(t, "MOVED 7 10.0.0.1:6379 ("+s.addr+" is a node of a cluster: use NewClusterClient)", err.Error())
	addr, moved := IsMovedError(err)
	require.True(t, moved)
	require.Equal(t, "10.0.0.1:6379", addr)
	require.EqualError(t, conn.Get(ctx, "k").Err(), err.Error())
	require.NoError(t, conn.Close())
	s.on("WATCH", says("+OK\r\n"))
	require.EqualError(t, single.Watch(ctx, func(tx *Tx) error { return tx.Get(ctx, "k").Err() }, "k"), err.Error())
	node, err := cluster.MasterForKey(ctx, "k")
	require.NoError(t, err)
	require.EqualError(t, node.Get(ctx, "k").Err(), "MOVED 7 10.0.0.1:6379", "the program has a cluster client")

	s.on("LPUSH", says("+QUEUED\r\n"))
	s.on("EXEC", says("*1\r\n-"+wrongType+"\r\n"))
	_, err = cluster.TxPipelined(ctx, func(p Pipeliner) error { p.LPush(ctx, "k", "v"); return nil })
	require.Equal(t, wrongType+" (lpush at "+s.addr+")", err.Error())
	_, err = cluster.TxPipelined(ctx, func(p Pipeliner) error { p.Get(ctx, "{a}"); p.Get(ctx, "{b}"); return nil })
	require.Equal(t, crossing+` ("{a}" is in slot 15495, "{b}" in slot 3300: keys with the same {tag} share a slot)`, err.Error())
}

func TestFailoverTimeoutSaysHowLongWasWaited(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("GET", says("-CLUSTERDOWN The cluster is down\r\n"))
	c := clusterOf(t, []*scripted{s}, func(o *ClusterOptions) { o.FailoverTimeout = 50 * time.Millisecond })
	ctx := context.Background()
	cmd := NewStringCmd(ctx, "get", "k")
	_, _ = c.Pipelined(ctx, func(p Pipeliner) error { return p.Process(ctx, cmd) })
	for _, err := range []error{c.Get(ctx, "k").Err(), cmd.Err()} {
		require.Equal(t, "CLUSTERDOWN The cluster is down (waited 50ms, the FailoverTimeout)", err.Error())
		require.True(t, IsClusterDownError(err))
		_, isReply := err.(Error)
		require.True(t, isReply)
	}
}

func TestMaxRetries(t *testing.T) {
	t.Parallel()
	const refusal = "NOREPLICAS Not enough good replicas to write."
	for retries, want := range map[int]int{-1: 1, 1: 2, 4: 5, 0: 1 + defaultMaxRetries} {
		t.Run(fmt.Sprint(retries), func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			s.on("GET", says("-"+refusal+"\r\n"))
			c := clusterOf(t, []*scripted{s}, func(o *ClusterOptions) { o.MaxRetries = retries })
			require.EqualError(t, c.Get(background(t), "key").Err(), refusal)
			require.Equal(t, want, s.count("GET"))

			single := clientOf(t, s, func(o *Options) { o.MaxRetries = retries })
			require.EqualError(t, single.Get(background(t), "key").Err(), refusal)
			require.Equal(t, 2*want, s.count("GET"))
		})
	}
}

// Commands for a shard that is away wait for it, each wait as long as the map
// takes to be loaded anew.
func TestCommandWaitsForItsShard(t *testing.T) {
	t.Parallel()
	for _, refusal := range []string{"CLUSTERDOWN The cluster is down", "READONLY You can't write against a read only replica.", "LOADING Redis is loading the dataset in memory"} {
		t.Run(refusal, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			down := says("-" + refusal + "\r\n")
			s.on("SET", inTurn(down, down, down, says("+OK\r\n")))
			c := clusterOf(t, []*scripted{s}, func(o *ClusterOptions) { o.MaxRetries = -1 })
			require.NoError(t, c.Set(background(t), "key", "v", 0).Err())
			require.Equal(t, 4, s.count("SET"))
			require.LessOrEqual(t, s.count("CLUSTER SLOTS"), 6)
		})
	}
}

func TestFailoverTimeout(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("SET", says("-CLUSTERDOWN The cluster is down\r\n"))

	t.Run("it bounds the wait without a deadline", func(t *testing.T) {
		t.Parallel()
		c := clusterOf(t, []*scripted{s}, func(o *ClusterOptions) { o.FailoverTimeout = 150 * time.Millisecond })
		began := time.Now()
		require.EqualError(t, c.Set(context.Background(), "key", "v", 0).Err(), "CLUSTERDOWN The cluster is down (waited 150ms, the FailoverTimeout)")
		require.GreaterOrEqual(t, time.Since(began), 150*time.Millisecond)
		require.Less(t, time.Since(began), 5*time.Second)
	})
	t.Run("-1 never waits", func(t *testing.T) {
		t.Parallel()
		c := clusterOf(t, []*scripted{s}, func(o *ClusterOptions) { o.FailoverTimeout = -1 })
		promptly(t, func() {
			require.EqualError(t, c.Set(background(t), "key", "v", 0).Err(), "CLUSTERDOWN The cluster is down")
		})
	})
	t.Run("a deadline takes its place", func(t *testing.T) {
		t.Parallel()
		c := clusterOf(t, []*scripted{s}, func(o *ClusterOptions) { o.FailoverTimeout = time.Millisecond })
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		err := c.Set(ctx, "key", "v", 0).Err()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "CLUSTERDOWN The cluster is down")
		require.Error(t, ctx.Err())
	})
}

// The keys of a slot may take longer to move than MaxRetries lasts.
func TestTryAgainIsOutlasted(t *testing.T) {
	t.Parallel()
	const tryAgain = "TRYAGAIN Multiple keys request during rehashing of slot"
	refusal, tenTimes := says("-"+tryAgain+"\r\n"), []reaction{}
	for range 10 {
		tenTimes = append(tenTimes, refusal)
	}
	for _, test := range []struct {
		name     string
		reaction reaction
		timeout  time.Duration
		failure  string
		sent     int // 0: any number
	}{
		{"it ends", inTurn(append(tenTimes, says("+OK\r\n"))...), 0, "", 11},
		{"it outlasts FailoverTimeout", refusal, 100 * time.Millisecond, tryAgain, 0},
		{"without FailoverTimeout", refusal, -1, tryAgain, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			s.on("MSET", test.reaction)
			c := clusterOf(t, []*scripted{s}, func(o *ClusterOptions) {
				o.FailoverTimeout, o.MaxRetries, o.MaxRetryBackoff = test.timeout, 2, 10*time.Millisecond
			})
			err := c.MSet(context.Background(), "{key}1", 1, "{key}2", 2).Err()
			if test.failure == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, test.failure)
			}
			if test.sent > 0 {
				require.Equal(t, test.sent, s.count("MSET"))
			}
		})
	}
}
