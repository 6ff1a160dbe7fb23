package clustertest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/alicebob/miniredis/v2/server"
)

const (
	readBufferSize = 16 << 10
	// flushAt bounds the replies that gather while a client sends a long
	// pipeline.
	flushAt = 64 << 10
)

// conn is one client's connection to one node. Its fields belong to its own
// goroutine, except where it says otherwise.
type conn struct {
	node    *Node
	cluster *Cluster
	id      int64
	raw     net.Conn // the TCP connection under nc
	nc      net.Conn
	in      *bufio.Reader
	quiet   bool // reading does not flush

	replies bytes.Buffer  // what the next flush sends
	w       *bufio.Writer // in front of replies; empty between commands
	out     *outbox

	peer  *server.Peer // this connection as miniredis knows it
	resp3 atomic.Bool  // read by publishers

	authenticated bool
	readonly      bool
	asking        bool
	quitting      bool
	clientName    string
	libName       string
	libVersion    string
	tx            transaction
	block         blockedCall

	subs [topicKinds]map[string]struct{} // guarded by bus.mu

	once  sync.Once
	done  chan struct{} // closed when the connection is to end
	ended chan struct{} // closed when its goroutine is about to return
}

func newConn(n *Node, raw net.Conn) *conn {
	c := &conn{
		node:    n,
		cluster: n.cluster,
		id:      n.cluster.lastClient.Add(1),
		raw:     raw,
		nc:      raw,
		done:    make(chan struct{}),
		ended:   make(chan struct{}),
	}
	if n.tls != nil {
		c.nc = tls.Server(raw, n.tls)
	}
	c.in = bufio.NewReaderSize(flushingReader{c}, readBufferSize)
	c.w = bufio.NewWriter(&c.replies)
	c.out = &outbox{nc: c.nc, gate: &n.gate, delay: n.currentDelay, done: c.done, wg: &n.wg}
	c.out.changed = sync.NewCond(&c.out.mu)
	c.reset()
	return c
}

// reset puts the connection into the state of a new one.
func (c *conn) reset() {
	c.cluster.bus.forget(c)
	c.node.monitors.remove(c)
	c.resp3.Store(false)
	c.renewPeer()
	c.authenticated = !c.cluster.auth.required()
	c.readonly, c.asking = false, false
	c.clientName = ""
	c.tx = transaction{}
}

// renewPeer gives the connection a fresh state in miniredis, on the database
// that holds its shard's data.
func (c *conn) renewPeer() {
	c.block.mu.Lock()
	defer c.block.mu.Unlock()
	c.peer = server.NewPeer(c.w)
	c.peer.ClientName = ownPeer
	c.peer.Resp3 = c.resp3.Load()
	c.silently("SELECT", strconv.Itoa(c.node.shard))
}

// flushingReader sends the replies gathered so far whenever the next command has
// to be waited for, so a pipeline is answered in few writes and never held back.
type flushingReader struct{ c *conn }

func (r flushingReader) Read(p []byte) (int, error) {
	if !r.c.quiet {
		r.c.flush()
	}
	return r.c.nc.Read(p)
}

func (c *conn) serve() {
	defer close(c.ended)
	defer c.node.drop(c)
	defer c.cluster.bus.forget(c)
	defer c.close()
	// A node that is paused does not even shake hands.
	if !c.node.gate.wait(c.done) {
		return
	}
	for !c.quitting {
		args, err := readCommand(c.in)
		if !c.node.gate.wait(c.done) {
			return
		}
		if err != nil {
			var protocol protocolError
			if !errors.As(err, &protocol) {
				return
			}
			c.fail("ERR " + protocol.Error())
			break
		}
		if len(args) > 0 {
			c.handle(args)
		}
		if c.replies.Len() > flushAt {
			c.flush()
		}
	}
	c.flush()
	c.out.flushed()
	_ = c.nc.Close()
}

// close ends the connection as the death of the server process would. Anybody
// may call it.
func (c *conn) close() {
	c.once.Do(func() {
		close(c.done)
		_ = c.raw.Close()
		c.out.close()
	})
	if c.interrupt("") {
		c.cluster.wake()
	}
}

func (c *conn) flush() {
	_ = c.w.Flush() // into memory: cannot fail
	if c.replies.Len() == 0 {
		return
	}
	c.out.send(c.replies.Bytes())
	c.replies.Reset()
}

// handle runs one command and writes its reply.
func (c *conn) handle(args []string) {
	name := strings.ToUpper(args[0])
	cmd, known := commands[name]
	if !known && c.cluster.backend.IsRegisteredCommand(name) {
		cmd, known = unlisted, true
	}
	if text := c.refusal(name, cmd, known, args); text != "" {
		c.fail(text)
	} else {
		c.node.monitors.show(c, name, args)
		if h, ok := handlers[name]; ok {
			h(c, args)
		} else {
			c.routed(name, cmd, args, nil)
		}
	}
	_ = c.w.Flush()
	// ASKING holds for one command, or for the transaction which that opens.
	if name != "ASKING" && !c.tx.active {
		c.asking = false
	}
}

// refusal says why a command is not to be run, whatever its keys are. Empty
// means that it may.
func (c *conn) refusal(name string, cmd command, known bool, args []string) string {
	lower := strings.ToLower(args[0])
	switch {
	case !known:
		return fmt.Sprintf("ERR unknown command '%.128s', with args beginning with: %s", args[0], quoted(args[1:]))
	case !cmd.allows(len(args)):
		return wrongNumber(name)
	case cmd.is(noAuth):
		return ""
	case !c.authenticated:
		return "NOAUTH Authentication required."
	}
	if text := c.node.forcedError.Load(); text != nil {
		return *text
	}
	if !cmd.is(inSub) && !c.resp3.Load() && c.cluster.bus.count(c) > 0 {
		return fmt.Sprintf("ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context", lower)
	}
	if _, ours := handlers[name]; ours && c.tx.active && !cmd.is(inTx) {
		return "ERR Command not allowed inside a transaction"
	}
	return ""
}

// quoted lists the first arguments in the way of a server that does not know a
// command.
func quoted(args []string) string {
	var b strings.Builder
	for _, arg := range args {
		if b.Len() > 128 {
			break
		}
		fmt.Fprintf(&b, "'%.128s' ", arg)
	}
	return b.String()
}

// routed runs a command if its keys belong here, and redirects it otherwise. run
// does the work; without it a composite or miniredis does.
func (c *conn) routed(name string, cmd command, args []string, run func()) {
	keys := cmd.keys.of(args)
	exclusive := c.cluster.enter(keys)
	if redirect := c.cluster.route(c.node, c.request(name, cmd, keys)); redirect != "" {
		c.cluster.leave(exclusive)
		c.redirect(redirect)
		return
	}
	if err := refusedBy(checks[name], args); err != nil {
		c.cluster.leave(exclusive)
		c.fail(err.Error())
		return
	}
	c.node.stats.ran(name)
	composite := composites[name]
	switch {
	case c.tx.active && composite != nil:
		c.tx.queue(cmd, keys)
		c.dispatch(queued(args))
	case c.tx.active:
		c.tx.queue(cmd, keys)
		c.dispatch(args)
	case cmd.blocksWith(args):
		c.beginBlocking(keys)
		c.cluster.leave(exclusive)
		c.dispatchBlocking(name, args)
		return
	case run != nil:
		run()
	case composite != nil:
		c.compose(composite, args)
	default:
		c.dispatch(args)
	}
	c.cluster.leave(exclusive)
}

func (c *conn) request(name string, cmd command, keys []string) request {
	return request{
		keys:         keys,
		write:        cmd.is(write),
		script:       cmd.is(script),
		asking:       c.asking,
		readonly:     c.readonly,
		shardChannel: name == "SSUBSCRIBE" || name == "SPUBLISH",
	}
}

// redirect answers a command that was not run because of its keys.
func (c *conn) redirect(text string) {
	kind, _, _ := strings.Cut(text, " ")
	c.node.stats.redirected(kind)
	c.fail(text)
}

// fail answers with an error and spoils the transaction that is open, if any.
func (c *conn) fail(text string) {
	c.tx.dirty = c.tx.active
	c.peer.WriteError(text)
}

// dispatch has miniredis run a command, and returns its encoded reply.
func (c *conn) dispatch(args []string) []byte {
	_ = c.w.Flush()
	start := c.replies.Len()
	c.cluster.backend.Dispatch(c.peer, args)
	_ = c.w.Flush()
	reply := c.replies.Bytes()[start:]
	if !c.peer.Resp3 {
		return reply
	}
	// miniredis has a null array in RESP3, where there is none any more, and
	// streams in the shape of RESP2.
	streams := strings.HasPrefix(strings.ToUpper(args[0]), "XREAD") && len(reply) > 0 && reply[0] == '*'
	switch {
	case string(reply) == "*-1\r\n":
		c.replies.Truncate(start)
		c.peer.WriteNull()
	case streams:
		parsed, err := parseReply(reply)
		list, _ := parsed.([]any)
		c.replies.Truncate(start)
		writeReply(c.peer, replyStreams(list), err)
	default:
		return reply
	}
	_ = c.w.Flush()
	return c.replies.Bytes()[start:]
}

// silently is dispatch for commands that the client did not send. The reply is
// valid until the next one.
func (c *conn) silently(args ...string) []byte {
	_ = c.w.Flush()
	start := c.replies.Len()
	reply := c.dispatch(args)
	c.replies.Truncate(start)
	return reply
}
