package redis

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// MonitorCmd watches the commands that servers run: what [Client.Monitor] and
// [ClusterClient.Monitor] return. It has connections of its own, which are
// closed when it ends: by Stop, when its context ends, when the client is closed
// or when a connection is lost. Err tells why; it is nil after Stop.
type MonitorCmd struct {
	baseCmd
	lines chan string

	mu     sync.Mutex
	status MonitorStatus
	conns  []*monitorConn
	hooks  []func() bool // undo what watches for the end

	over    chan struct{}
	readers sync.WaitGroup
}

// MonitorStatus says how far a [MonitorCmd] has come.
type MonitorStatus int

const (
	monitorIdle MonitorStatus = iota
	monitorStarted
	monitorOver
)

// monitorConn is a connection on which the server tells what it does.
type monitorConn struct {
	net.Conn
	addr  string
	in    *bufio.Reader
	first string // the answer to MONITOR
}

var errNoMonitor = errors.New("redis: monitor: it needs a connection of its own: use Monitor of the client")

// Monitor fails: a connection that is used for anything else cannot monitor. Use
// [Client.Monitor] or [ClusterClient.Monitor].
func (c cmdable) Monitor(ctx context.Context, ch chan string) *MonitorCmd {
	cmd := newMonitorCmd(ch)
	cmd.reject(errNoMonitor)
	return do(ctx, c, cmd)
}

// Monitor asks the server to tell of every command that it runs, on a connection
// of its own. After [MonitorCmd.Start] its lines are sent to ch, which is never
// closed: first "OK", then for each command the Unix time, the database, the
// client's address and the words, such as
//
//	1339518083.107412 [0 127.0.0.1:60866] "get" "key"
//
// If nobody receives from ch, the server closes the connection in the end. It
// slows the server down. Hooks see nothing of it but the dial (MONITOR).
func (c *Client) Monitor(ctx context.Context, ch chan string) *MonitorCmd {
	cmd := newMonitorCmd(ch)
	if c.err != nil {
		cmd.end(c.err)
	} else {
		cmd.watch(ctx, c)
	}
	return cmd
}

// Monitor is [Client.Monitor] for all primaries that the cluster has at this
// moment; a lost connection to one of them ends it. Each has an "OK" as its
// first line (MONITOR).
func (c *ClusterClient) Monitor(ctx context.Context, ch chan string) *MonitorCmd {
	cmd := newMonitorCmd(ch)
	m, err := c.slotMap(ctx)
	if err != nil {
		cmd.end(err)
		return cmd
	}
	var clients []*Client
	for _, n := range m.primaries() {
		clients = append(clients, n.client)
	}
	cmd.watch(ctx, clients...)
	return cmd
}

func newMonitorCmd(ch chan string) *MonitorCmd {
	cmd := &MonitorCmd{lines: ch, over: make(chan struct{})}
	cmd.start("monitor")
	return cmd
}

// watch asks the servers and sees to it that nothing is left behind.
func (c *MonitorCmd) watch(ctx context.Context, clients ...*Client) {
	switch {
	case c.lines == nil:
		c.end(errors.New("redis: monitor: the channel is nil"))
		return
	case ctx == nil:
		c.end(errNilContext)
		return
	}
	conns := make([]*monitorConn, len(clients))
	errs := make([]error, len(clients))
	var dials sync.WaitGroup
	for i, client := range clients {
		dials.Go(func() { conns[i], errs[i] = dialMonitor(ctx, client) })
	}
	dials.Wait()
	err := cmp.Or(errs...)
	c.mu.Lock()
	c.conns = slices.DeleteFunc(conns, func(conn *monitorConn) bool { return conn == nil })
	c.mu.Unlock()
	if err != nil {
		c.end(err)
		return
	}
	hooks := []func() bool{context.AfterFunc(ctx, func() { c.end(ctx.Err()) })}
	for _, client := range clients {
		hooks = append(hooks,
			context.AfterFunc(client.pool.life, func() { c.end(ErrClosed) }),
			client.pool.attach(func(cause error) { c.end(monitorFailed(client.opt.Addr, cause)) }))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.status == monitorOver {
		undo(hooks)
		return
	}
	c.hooks = hooks
}

func undo(hooks []func() bool) {
	for _, stop := range hooks {
		stop()
	}
}

// dialMonitor opens a connection and sends MONITOR on it.
func dialMonitor(ctx context.Context, client *Client) (*monitorConn, error) {
	if client.err != nil {
		return nil, client.err
	}
	opt := client.opt
	if opt.DialTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, opt.DialTimeout)
		defer cancel()
	}
	d := client.pool.dialer
	nc, _, err := d.dialPubSub(ctx, false)
	if err != nil {
		return nil, err
	}
	conn := &monitorConn{Conn: nc, addr: opt.Addr, in: bufio.NewReader(nc)}
	if err := conn.ask(ctx, opt.ReadTimeout); err != nil {
		closeNow(nc)
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, conn.failed(err)
	}
	return conn, nil
}

// ask sends MONITOR and waits for the answer.
func (c *monitorConn) ask(ctx context.Context, timeout time.Duration) error {
	stop := context.AfterFunc(ctx, func() { closeNow(c.Conn) })
	defer stop()
	if timeout > 0 {
		if err := c.SetDeadline(time.Now().Add(timeout)); err != nil {
			return err
		}
	}
	if _, err := c.Write(appendWords(nil, "monitor")); err != nil {
		return err
	}
	var err error
	if c.first, err = c.line(); err != nil {
		return err
	}
	return c.SetDeadline(time.Time{})
}

// line reads what the server says, which is a line of text.
func (c *monitorConn) line() (string, error) {
	line, err := c.in.ReadString('\n')
	if err != nil {
		return "", err
	}
	text := strings.TrimRight(line[1:], "\r\n")
	switch resp.Kind(line[0]) {
	case resp.SimpleString:
		return text, nil
	case resp.SimpleError:
		return "", resp.Error(text)
	}
	return "", resp.ProtocolError(fmt.Sprintf("%q is no line of MONITOR", line))
}

func (c *monitorConn) failed(err error) error { return monitorFailed(c.addr, err) }

func monitorFailed(addr string, err error) error {
	return asNetError(fmt.Errorf("redis: %s: monitor: %w", addr, err))
}

// Start has the lines sent to the channel. It does nothing when it was called
// before, or when the MonitorCmd has ended.
func (c *MonitorCmd) Start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.status != monitorIdle {
		return
	}
	c.status = monitorStarted
	for _, conn := range c.conns {
		c.readers.Go(func() { c.read(conn) })
	}
}

// Stop ends it. Nothing is sent to the channel any more when Stop has returned.
func (c *MonitorCmd) Stop() {
	c.end(nil)
	c.readers.Wait()
}

func (c *MonitorCmd) read(conn *monitorConn) {
	line := conn.first
	for {
		select {
		case c.lines <- line:
		case <-c.over:
			return
		}
		var err error
		if line, err = conn.line(); err != nil {
			c.end(conn.failed(err))
			return
		}
	}
}

// end ends it for this reason, unless it has ended before.
func (c *MonitorCmd) end(reason error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.status == monitorOver {
		return
	}
	c.status = monitorOver
	if c.baseCmd.Err() == nil {
		c.baseCmd.SetErr(reason)
	}
	close(c.over)
	undo(c.hooks)
	for _, conn := range c.conns {
		closeNow(conn.Conn)
	}
}

// Err is why it has not begun, or why it has ended; nil while it goes on and
// after Stop.
func (c *MonitorCmd) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.baseCmd.Err()
}

// SetErr sets what Err returns.
func (c *MonitorCmd) SetErr(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.baseCmd.SetErr(err)
}

// String shows the command and its error.
func (c *MonitorCmd) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text(nil)
}

// GetCmdType is CmdTypeMonitor.
func (c *MonitorCmd) GetCmdType() CmdType { return CmdTypeMonitor }

func (c *MonitorCmd) decode(d *resp.Decoder) error {
	_, err := d.String()
	return err
}
