package redis

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// scripted is a server whose every answer a test can write. If none is, it keeps
// strings and says that it serves all slots by itself.
type scripted struct {
	t        *testing.T
	addr     string
	listener net.Listener
	over     chan struct{} // closed at the end of the test
	serving  sync.WaitGroup

	mu        sync.Mutex
	reactions map[string]reaction // by name, or name and sub-command, in capitals
	values    map[string]string
	slots     []scriptedRange
	seen      []string // the commands received, as words
	conns     map[*scriptedConn]bool
	opened    int // connections accepted so far
}

// reaction answers one command, or does not.
type reaction func(c *scriptedConn, args []string)

// scriptedConn is the server's end of a connection.
type scriptedConn struct {
	net.Conn
	server *scripted
	in     *bufio.Reader
	mute   bool // takes commands and answers none
}

// scriptedRange is a line of what CLUSTER SLOTS answers. A node is host:port
// where the host may be what the server lets it be: "", "?" or NULL.
type scriptedRange struct {
	first, last int
	nodes       []string
}

func newScripted(t *testing.T) *scripted {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := newScriptedAt(t, listener.Addr().String())
	s.listener = listener
	s.serving.Go(func() { s.acceptFrom(listener) })
	return s
}

// newScriptedAt makes a server that listens nowhere.
func newScriptedAt(t *testing.T, addr string) *scripted {
	t.Helper()
	s := &scripted{
		t:      t,
		addr:   addr,
		over:   make(chan struct{}),
		values: map[string]string{},
		conns:  map[*scriptedConn]bool{},
	}
	s.slots = []scriptedRange{{0, slotCount - 1, []string{s.addr}}}
	s.reactions = map[string]reaction{
		"HELLO":         greets,
		"CLIENT":        says("+OK\r\n"),
		"READONLY":      says("+OK\r\n"),
		"ASKING":        says("+OK\r\n"),
		"PING":          says("+PONG\r\n"),
		"INCR":          says(":1\r\n"),
		"CLUSTER SLOTS": func(c *scriptedConn, _ []string) { c.say(s.slotsReply()) },
		"SET": func(c *scriptedConn, args []string) {
			s.mu.Lock()
			s.values[args[1]] = args[2]
			s.mu.Unlock()
			c.say("+OK\r\n")
		},
		"GET": func(c *scriptedConn, args []string) {
			s.mu.Lock()
			value, ok := s.values[args[1]]
			s.mu.Unlock()
			if !ok {
				c.say("_\r\n")
				return
			}
			c.say(bulk(value))
		},
	}
	t.Cleanup(s.stop)
	return s
}

// newScriptedCluster starts n servers that share the slots evenly, in order.
func newScriptedCluster(t *testing.T, n int) []*scripted {
	t.Helper()
	servers := make([]*scripted, n)
	ranges := make([]scriptedRange, n)
	for i := range servers {
		servers[i] = newScripted(t)
		ranges[i] = scriptedRange{i * slotCount / n, (i+1)*slotCount/n - 1, []string{servers[i].addr}}
	}
	for _, s := range servers {
		s.setSlots(ranges...)
	}
	return servers
}

// newScriptedShard starts a primary and n replicas that serve all slots.
func newScriptedShard(t *testing.T, n int) (primary *scripted, replicas []*scripted) {
	t.Helper()
	primary = newScripted(t)
	all := scriptedRange{0, slotCount - 1, []string{primary.addr}}
	for range n {
		r := newScripted(t)
		replicas = append(replicas, r)
		all.nodes = append(all.nodes, r.addr)
	}
	for _, s := range append([]*scripted{primary}, replicas...) {
		s.setSlots(all)
	}
	return primary, replicas
}

func (s *scripted) acceptFrom(listener net.Listener) {
	for {
		nc, err := listener.Accept()
		if err != nil {
			return
		}
		s.serve(nc)
	}
}

// serve has a connection served in the background, unless the server has ended.
func (s *scripted) serve(nc net.Conn) {
	c := &scriptedConn{Conn: nc, server: s, in: bufio.NewReader(nc)}
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.over:
		_ = nc.Close()
		return
	default:
	}
	s.conns[c] = true
	s.opened++
	s.serving.Go(c.serve) // before stop waits
}

// stop ends the server and waits until nothing of it is left.
func (s *scripted) stop() {
	s.mu.Lock()
	select {
	case <-s.over:
		s.mu.Unlock()
		return
	default:
	}
	close(s.over)
	s.mu.Unlock()
	if s.listener != nil {
		_ = s.listener.Close()
	}
	s.dropConns()
	s.serving.Wait()
}

// dropConns closes every connection.
func (s *scripted) dropConns() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close()
	}
}

func (c *scriptedConn) serve() {
	s := c.server
	defer func() {
		_ = c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
	for {
		args, err := c.read()
		if err != nil {
			return
		}
		if len(args) == 0 {
			continue // as servers do
		}
		s.mu.Lock()
		s.seen = append(s.seen, strings.Join(args, " "))
		answer := s.reactionTo(args)
		s.mu.Unlock()
		switch {
		case c.mute:
			continue
		case answer == nil:
			c.say("-ERR unknown command '" + args[0] + "'\r\n")
		default:
			answer(c, args)
		}
	}
}

// reactionTo finds the reaction to a command. The lock is held.
func (s *scripted) reactionTo(args []string) reaction {
	name := strings.ToUpper(args[0])
	if len(args) > 1 {
		if found := s.reactions[name+" "+strings.ToUpper(args[1])]; found != nil {
			return found
		}
	}
	return s.reactions[name]
}

func (c *scriptedConn) read() ([]string, error) {
	n, err := c.length('*')
	if err != nil {
		return nil, err
	}
	args := make([]string, n)
	for i := range args {
		size, err := c.length('$')
		if err != nil {
			return nil, err
		}
		b := make([]byte, size+2)
		if _, err := io.ReadFull(c.in, b); err != nil {
			return nil, err
		}
		args[i] = string(b[:size])
	}
	return args, nil
}

func (c *scriptedConn) length(kind byte) (int, error) {
	line, err := c.in.ReadString('\n')
	if err != nil {
		return 0, err
	}
	if line[0] != kind {
		return 0, fmt.Errorf("not a request: %q", line)
	}
	return strconv.Atoi(strings.TrimSpace(line[1:]))
}

// say sends bytes as they are.
func (c *scriptedConn) say(reply string) { _, _ = io.WriteString(c, reply) }

// await waits for what a test announces, or for the end of the server.
func (c *scriptedConn) await(event <-chan struct{}) {
	select {
	case <-event:
	case <-c.server.over:
	}
}

// on sets the reaction to a command: "GET", or "CLUSTER SLOTS".
func (s *scripted) on(command string, do reaction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reactions[command] = do
}

// says is the reaction that always gives the same reply.
func says(reply string) reaction {
	return func(c *scriptedConn, _ []string) { c.say(reply) }
}

// greets is the reaction to HELLO.
var greets = says("%1\r\n+server\r\n+scripted\r\n")

// stalls is the reaction that answers neither this command nor those behind it.
func stalls(c *scriptedConn, _ []string) { c.mute = true }

// hangsUp is the reaction that closes the connection instead of an answer.
func hangsUp(c *scriptedConn, _ []string) { _ = c.Close() }

// after is the reaction that holds do back until an event.
func after(event <-chan struct{}, do reaction) reaction {
	return func(c *scriptedConn, args []string) {
		c.await(event)
		do(c, args)
	}
}

// inTurn is the reaction that does one thing after another, and keeps to the last.
func inTurn(all ...reaction) reaction {
	var mu sync.Mutex
	next := 0
	return func(c *scriptedConn, args []string) {
		mu.Lock()
		do := all[min(next, len(all)-1)]
		next++
		mu.Unlock()
		do(c, args)
	}
}

// trickles is the reaction that gives a reply byte by byte.
func trickles(reply string) reaction {
	return func(c *scriptedConn, _ []string) {
		for i := range len(reply) {
			c.say(reply[i : i+1])
		}
	}
}

func bulk(s string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(s), s) }

// setSlots sets what the server answers to CLUSTER SLOTS.
func (s *scripted) setSlots(ranges ...scriptedRange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slots = ranges
}

func (s *scripted) slotsReply() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slotsReply(s.slots...)
}

// slotsReply encodes an answer to CLUSTER SLOTS.
func slotsReply(ranges ...scriptedRange) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(ranges))
	for _, r := range ranges {
		fmt.Fprintf(&b, "*%d\r\n:%d\r\n:%d\r\n", 2+len(r.nodes), r.first, r.last)
		for _, n := range r.nodes {
			at := strings.LastIndexByte(n, ':')
			host := bulk(n[:at])
			if n[:at] == "NULL" {
				host = "_\r\n"
			}
			fmt.Fprintf(&b, "*4\r\n%s:%s\r\n%s*0\r\n", host, n[at+1:], bulk("id-of-"+n))
		}
	}
	return b.String()
}

// count tells how many commands have come that begin with these words.
func (s *scripted) count(words string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, command := range s.seen {
		if rest, ok := cutWords(command, words); ok && (rest == "" || rest[0] == ' ') {
			n++
		}
	}
	return n
}

func cutWords(command, words string) (rest string, ok bool) {
	if len(command) < len(words) || !strings.EqualFold(command[:len(words)], words) {
		return "", false
	}
	return command[len(words):], true
}

// received is every command that has come, without those of the handshake.
func (s *scripted) received() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, command := range s.seen {
		switch name, _, _ := strings.Cut(strings.ToUpper(command), " "); name {
		case "HELLO", "CLIENT", "READONLY", "CLUSTER":
		default:
			list = append(list, command)
		}
	}
	return list
}

// commands is every command that has come.
func (s *scripted) commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// connections is how many are open, and how many ever were.
func (s *scripted) connections() (open, ever int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns), s.opened
}

// host and port are the parts of the server's address.
func (s *scripted) port() string {
	_, port, _ := net.SplitHostPort(s.addr)
	return port
}

// keyOn is a key in a slot from first to last.
func keyOn(first, last int) string {
	for i := 0; ; i++ {
		key := "key:" + strconv.Itoa(i)
		if slot := keySlot(key); first <= slot && slot <= last {
			return key
		}
	}
}

// clusterOf makes a client of the servers, without identity and with short
// pauses. change may set options.
func clusterOf(t *testing.T, servers []*scripted, change func(*ClusterOptions)) *ClusterClient {
	t.Helper()
	opt := &ClusterOptions{
		ReadTimeout:     20 * time.Second,
		MinRetryBackoff: time.Millisecond,
		MaxRetryBackoff: 2 * time.Millisecond,
		SuspectAfter:    -1,
		PoolSize:        2,
	}
	for _, s := range servers {
		opt.Addrs = append(opt.Addrs, s.addr)
	}
	if change != nil {
		change(opt)
	}
	c := NewClusterClient(opt)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// clientOf makes a client of one server.
func clientOf(t *testing.T, s *scripted, change func(*Options)) *Client {
	t.Helper()
	opt := &Options{
		Addr:            s.addr,
		ReadTimeout:     20 * time.Second,
		MinRetryBackoff: time.Millisecond,
		MaxRetryBackoff: 2 * time.Millisecond,
		PoolSize:        2,
	}
	if change != nil {
		change(opt)
	}
	c := NewClient(opt)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// testPatience is how long a test waits for what must happen.
const testPatience = 20 * time.Second

// awaitThat waits until something is so that nothing announces.
func awaitThat(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(testPatience); !holds(); {
		if time.Now().After(end) {
			require.FailNow(t, "still waiting for: "+what)
		}
		time.Sleep(time.Millisecond)
	}
}

// resultFrom waits for what a goroutine found out.
func resultFrom[T any](t *testing.T, results <-chan T) T {
	t.Helper()
	select {
	case v := <-results:
		return v
	case <-time.After(testPatience):
		require.FailNow(t, "no result")
		panic("not reached")
	}
}

// promptly runs do, which must not take longer than the least a machine under
// load can promise.
func promptly(t *testing.T, do func()) {
	t.Helper()
	began := time.Now()
	do()
	require.Less(t, time.Since(began), testPatience/4)
}

// background is a context that ends with the test's patience, so that what
// hangs fails.
func background(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testPatience)
	t.Cleanup(cancel)
	return ctx
}

func TestScriptedCluster(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 3)
	c := clusterOf(t, servers[:1], nil)
	ctx := background(t)
	for i, s := range servers {
		key := keyOn(i*slotCount/3, (i+1)*slotCount/3-1)
		require.NoError(t, c.Set(ctx, key, i, 0).Err())
		n, err := c.Get(ctx, key).Int()
		require.NoError(t, err)
		require.Equal(t, i, n)
		_, err = c.Get(ctx, "{"+key+"}:absent").Result()
		require.ErrorIs(t, err, Nil)
		require.Equal(t, []string{"set " + key + " " + strconv.Itoa(i), "get " + key, "get {" + key + "}:absent"}, s.received())
	}
}

func TestScriptedAnswersByteByByte(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("CLUSTER SLOTS", trickles(s.slotsReply()))
	s.on("GET", trickles(bulk("a value")))
	c := clusterOf(t, []*scripted{s}, nil)
	require.Equal(t, "a value", c.Get(background(t), "key").Val())
}

var errScripted = errors.New("a failure made by the test")

// bubble runs a test on a clock of its own, which stands still while anybody is
// at work and jumps when all wait.
func bubble(t *testing.T, test func(*testing.T)) {
	t.Helper()
	// What is kept for reuse has channels, and those must not pass the border.
	forget := func() {
		runtime.GC()
		runtime.GC()
	}
	forget()
	defer forget()
	synctest.Test(t, test)
}

// memoryNet is a network of scripted servers within the process, for tests that
// run on a clock of their own (see testing/synctest).
type memoryNet struct {
	t *testing.T

	mu      sync.Mutex
	servers map[string]*scripted
	dials   []string // the addresses dialled, in order
	// swallowed is addresses that have become black holes.
	swallowed map[string]bool
}

func newMemoryNet(t *testing.T) *memoryNet {
	return &memoryNet{t: t, servers: map[string]*scripted{}, swallowed: map[string]bool{}}
}

// add starts a server at an address.
func (m *memoryNet) add(addr string) *scripted {
	s := newScriptedAt(m.t, addr)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.servers[addr] = s
	return s
}

// alias has an address reach a server under another one.
func (m *memoryNet) alias(addr string, s *scripted) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.servers[addr] = s
}

// remove has an address refuse from now on.
func (m *memoryNet) remove(s *scripted) {
	m.mu.Lock()
	delete(m.servers, s.addr)
	m.mu.Unlock()
	s.stop()
}

// forget has an address refuse from now on; connections that are open stay.
func (m *memoryNet) forget(addr string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.servers, addr)
}

// swallow makes an address a black hole; connections that are open stay.
func (m *memoryNet) swallow(addr string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.swallowed[addr] = true
}

// dial connects to a server; nobody answers at addresses that are a black hole.
func (m *memoryNet) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	m.mu.Lock()
	m.dials = append(m.dials, addr)
	s := m.servers[addr]
	swallowed := m.swallowed[addr] || strings.HasPrefix(addr, "blackhole")
	m.mu.Unlock()
	switch {
	case swallowed:
		<-ctx.Done()
		return nil, ctx.Err()
	case s == nil:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	near, far := net.Pipe()
	s.serve(far)
	return near, nil
}

// allDialed is the addresses that were dialled, in order.
func (m *memoryNet) allDialed() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.dials)
}

// dialed is how often an address was dialled.
func (m *memoryNet) dialed(addr string) (n int) {
	for _, a := range m.allDialed() {
		if a == addr {
			n++
		}
	}
	return n
}

// client makes a client of the network that is closed at the end of the test.
func (m *memoryNet) client(change func(*ClusterOptions), addrs ...string) *ClusterClient {
	opt := &ClusterOptions{Addrs: addrs, Dialer: m.dial, SuspectAfter: -1, PoolSize: 2, DisableIdentity: true}
	if change != nil {
		change(opt)
	}
	c := NewClusterClient(opt)
	m.t.Cleanup(func() { _ = c.Close() })
	return c
}

// refuses is a dialer for nodes that must not be reached.
func refuses(context.Context, string, string) (net.Conn, error) { return nil, errScripted }
