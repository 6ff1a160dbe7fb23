package redistest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// controlTimeout bounds a command of Node.Do. A healthy local server answers
// within milliseconds, even on a machine that is short of CPU.
const controlTimeout = 10 * time.Second

// controlName is the CLIENT SETNAME of the connections that steer a server, so
// that a test which counts connections can leave them out.
const controlName = "redistest"

// errDown is what a command answers while the server is killed or stopped.
var errDown = errors.New("redistest: the server is not running")

// Node is one server. Its methods may be called from several goroutines, but
// Kill, Stop, Resume and Restart of the same node not at the same time.
type Node struct {
	binary   string
	dir      string
	hostname string
	port     int
	id       string
	password string
	ca       *authority // nil without TLS

	mu     sync.Mutex
	proc   *process
	paused bool
	idle   []*conn
}

// Addr is host and port, as a client dials them.
func (n *Node) Addr() string { return net.JoinHostPort(loopback, strconv.Itoa(n.port)) }

// Host is the loopback address.
func (n *Node) Host() string { return loopback }

// Port is the port for clients: the TLS port if Options.TLS is set.
func (n *Node) Port() int { return n.port }

// Hostname is the name in the node's certificate. The node announces it only if
// Options.Hostnames is set.
func (n *Node) Hostname() string { return n.hostname }

// ID is the CLUSTER MYID of the node, which survives Restart. It is empty for a
// single server.
func (n *Node) ID() string { return n.id }

// PID is the process of the server, or of its last run if it is down.
func (n *Node) PID() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.proc.cmd.Process.Pid
}

// TLSConfig is for clients of this node. It is nil without Options.TLS.
func (n *Node) TLSConfig() *tls.Config {
	if n.ca == nil {
		return nil
	}
	return n.ca.clientConfig()
}

// Log is what the server has written to its log, over all its runs. It is empty
// once the server is removed.
func (n *Node) Log() string {
	data, err := os.ReadFile(n.logFile())
	if err != nil {
		return ""
	}
	return string(data)
}

func (n *Node) logFile() string { return filepath.Join(n.dir, "server.log") }

// Running reports whether the server can answer: neither ended nor stopped.
func (n *Node) Running() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.running()
}

func (n *Node) running() bool { return n.proc.alive() && !n.paused }

// Do sends one command on a connection of its own, as the default user, and
// returns the reply: a string, an int64, nil, or a []any of these. An error
// reply is a ServerError. A node that is killed or stopped answers an error at
// once. The connection is any of several, so that commands which change its
// state (MULTI, ASKING, SUBSCRIBE) are of no use here.
func (n *Node) Do(args ...string) (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), controlTimeout)
	defer cancel()
	return n.DoContext(ctx, args...)
}

// DoContext is Do under a context in place of Do's ten seconds.
func (n *Node) DoContext(ctx context.Context, args ...string) (any, error) {
	c, err := n.takeConn(ctx)
	if err != nil {
		return nil, err
	}
	reply, err := c.do(ctx, args...)
	var refused ServerError
	if err != nil && !errors.As(err, &refused) {
		_ = c.Close()
		return nil, fmt.Errorf("redistest: %s on %s: %w", args[0], n.Addr(), err)
	}
	n.putConn(c)
	return reply, err
}

func (n *Node) takeConn(ctx context.Context) (*conn, error) {
	n.mu.Lock()
	if !n.running() {
		n.mu.Unlock()
		return nil, errDown
	}
	if last := len(n.idle) - 1; last >= 0 {
		c := n.idle[last]
		n.idle = n.idle[:last]
		n.mu.Unlock()
		return c, nil
	}
	proc := n.proc
	n.mu.Unlock()
	return n.dial(ctx, proc)
}

func (n *Node) putConn(c *conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if c.proc != n.proc || !n.proc.alive() {
		_ = c.Close()
		return
	}
	n.idle = append(n.idle, c)
}

func (n *Node) closeConns() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.idle {
		_ = c.Close()
	}
	n.idle = nil
}

func (n *Node) dial(ctx context.Context, proc *process) (*conn, error) {
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", n.Addr())
	if err != nil {
		return nil, err
	}
	if n.ca != nil {
		cfg := n.ca.clientConfig()
		cfg.ServerName = n.hostname
		nc = tls.Client(nc, cfg)
	}
	c := newConn(nc)
	c.proc = proc
	setup := [][]string{{"CLIENT", "SETNAME", controlName}}
	if n.password != "" {
		setup = append([][]string{{"AUTH", n.password}}, setup...)
	}
	for _, command := range setup {
		if _, err := c.do(ctx, command...); err != nil {
			_ = c.Close()
			return nil, fmt.Errorf("redistest: %s on %s: %w", command[0], n.Addr(), err)
		}
	}
	return c, nil
}

// Info is INFO section, field by field.
func (n *Node) Info(section string) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), controlTimeout)
	defer cancel()
	return n.info(ctx, section)
}

func (n *Node) info(ctx context.Context, section string) (map[string]string, error) {
	text, err := n.text(ctx, "INFO", section)
	if err != nil {
		return nil, err
	}
	return parseFields(text), nil
}

// text is DoContext for a command that answers with a string.
func (n *Node) text(ctx context.Context, args ...string) (string, error) {
	reply, err := n.DoContext(ctx, args...)
	if err != nil {
		return "", err
	}
	s, ok := reply.(string)
	if !ok {
		return "", fmt.Errorf("redistest: %s answered %T, not a string", args[0], reply)
	}
	return s, nil
}

// parseFields reads lines of "name:value", as INFO and CLUSTER INFO write them.
func parseFields(text string) map[string]string {
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && name[0] != '#' {
			fields[name] = value
		}
	}
	return fields
}

// CommandStats is how often each command was called, by its name in lower case
// and with its subcommand as in "client|setname", since the start or ResetStats.
// The commands sent through Do count too.
func (n *Node) CommandStats() (map[string]int64, error) {
	fields, err := n.Info("commandstats")
	if err != nil {
		return nil, err
	}
	stats := make(map[string]int64, len(fields))
	for name, value := range fields {
		command, ok := strings.CutPrefix(name, "cmdstat_")
		if !ok {
			continue
		}
		calls, _, _ := strings.Cut(strings.TrimPrefix(value, "calls="), ",")
		if stats[command], err = strconv.ParseInt(calls, 10, 64); err != nil {
			return nil, fmt.Errorf("redistest: INFO commandstats, %s: %w", command, err)
		}
	}
	return stats, nil
}

// ResetStats is CONFIG RESETSTAT.
func (n *Node) ResetStats() error {
	_, err := n.Do("CONFIG", "RESETSTAT")
	return err
}
