package clustertest

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Nothing is slow here and nobody is watched, so SLOWLOG, LATENCY and ACL LOG are
// always empty.

var slowlogCommands = map[string]func(c *conn, args []string){
	"GET":   func(c *conn, _ []string) { c.peer.WriteLen(0) },
	"LEN":   func(c *conn, _ []string) { c.peer.WriteInt(0) },
	"RESET": func(c *conn, _ []string) { c.peer.WriteOK() },
}

func cmdSlowlog(c *conn, args []string) { c.subcommand("SLOWLOG", slowlogCommands, args) }

var latencyCommands = map[string]func(c *conn, args []string){
	"DOCTOR": func(c *conn, _ []string) {
		c.peer.WriteBulk("I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance.\n")
	},
	"HISTOGRAM": func(c *conn, _ []string) { c.peer.WriteMapLen(0) },
	"HISTORY": func(c *conn, args []string) {
		if c.expect(args, 1, "latency|history") {
			c.peer.WriteLen(0)
		}
	},
	"LATEST": func(c *conn, _ []string) { c.peer.WriteLen(0) },
	"RESET":  func(c *conn, _ []string) { c.peer.WriteInt(0) },
}

func cmdLatency(c *conn, args []string) { c.subcommand("LATENCY", latencyCommands, args) }

// There is one user, with all rights: that of Options.Username.

var aclCommands = map[string]func(c *conn, args []string){
	"CAT":     aclCat,
	"DRYRUN":  aclDryRun,
	"GENPASS": aclGenPass,
	"GETUSER": aclGetUser,
	"LIST": func(c *conn, _ []string) {
		c.peer.WriteStrings([]string{fmt.Sprintf("user %s on %s ~* &* +@all", c.cluster.auth.user(), c.passwordRule())})
	},
	"LOG":    aclLog,
	"USERS":  func(c *conn, _ []string) { c.peer.WriteStrings([]string{c.cluster.auth.user()}) },
	"WHOAMI": func(c *conn, _ []string) { c.peer.WriteBulk(c.cluster.auth.user()) },
}

func cmdACL(c *conn, args []string) { c.subcommand("ACL", aclCommands, args) }

// user is the name of the only user.
func (a *credentials) user() string {
	if !a.required() {
		return "default"
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.username
}

// passwordRule never shows a password, nor its hash.
func (c *conn) passwordRule() string {
	if c.cluster.auth.required() {
		return "resetpass"
	}
	return "nopass"
}

var aclCategories = []string{
	"keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog", "geo",
	"stream", "pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection", "transaction", "scripting",
}

func aclCat(c *conn, args []string) {
	if len(args) > 0 {
		c.fail("ERR clustertest does not know which commands a category has")
		return
	}
	c.peer.WriteStrings(aclCategories)
}

func aclDryRun(c *conn, args []string) {
	switch {
	case len(args) < 2:
		c.fail(wrongNumber("acl|dryrun"))
	case args[0] != c.cluster.auth.user():
		c.fail(fmt.Sprintf("ERR User '%s' not found", args[0]))
	default:
		c.peer.WriteOK()
	}
}

func aclGenPass(c *conn, args []string) {
	bits := 256
	if len(args) > 0 {
		var err error
		if bits, err = integer(args[0]); err != nil || bits < 1 || bits > 4096 {
			c.fail("ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096")
			return
		}
	}
	digits := (bits + 3) / 4
	random := make([]byte, (digits+1)/2)
	_, _ = rand.Read(random)
	c.peer.WriteBulk(hex.EncodeToString(random)[:digits])
}

func aclGetUser(c *conn, args []string) {
	if !c.expect(args, 1, "acl|getuser") {
		return
	}
	if args[0] != c.cluster.auth.user() {
		c.peer.WriteNull()
		return
	}
	flags := replySet{"on"}
	if !c.cluster.auth.required() {
		flags = append(flags, "nopass")
	}
	writeReply(c.peer, replyFields{
		"flags", flags, "passwords", []any{}, "commands", "+@all", "keys", "~*", "channels", "&*", "selectors", []any{},
	}, nil)
}

func aclLog(c *conn, args []string) {
	if len(args) == 1 && strings.EqualFold(args[0], "RESET") {
		c.peer.WriteOK()
		return
	}
	c.peer.WriteLen(0)
}

// monitors are the connections that MONITOR has been sent on.
type monitors struct {
	mu    sync.Mutex
	conns map[*conn]struct{}
}

// add confirms MONITOR, and shows the connection every command from now on.
func (m *monitors) add(c *conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.conns == nil {
		m.conns = map[*conn]struct{}{}
	}
	m.conns[c] = struct{}{}
	c.out.post([]byte("+OK\r\n"))
}

func (m *monitors) remove(c *conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.conns, c)
}

// show tells the monitors of a command of c.
func (m *monitors) show(c *conn, name string, args []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.conns) == 0 || !shown(name) {
		return
	}
	now := time.Now()
	line := fmt.Appendf(nil, "+%d.%06d [0 %s]", now.Unix(), now.Nanosecond()/1000, c.raw.RemoteAddr())
	for _, arg := range args {
		line = append(line, ' ')
		line = appendShown(line, arg)
	}
	line = append(line, "\r\n"...)
	for monitor := range m.conns {
		monitor.out.post(line)
	}
}

// shown reports whether monitors see a command: those of administration, and
// those with passwords, are kept from them.
func shown(name string) bool {
	switch name {
	case "ACL", "AUTH", "CONFIG", "HELLO", "LATENCY", "MONITOR", "SLOWLOG":
		return false
	}
	return true
}

// appendShown writes an argument in quotes, with escapes for bytes that are not
// printable.
func appendShown(b []byte, arg string) []byte {
	const escapes = "\a\b\n\r\t"
	b = append(b, '"')
	for i := range len(arg) {
		ch := arg[i]
		switch at := strings.IndexByte(escapes, ch); {
		case ch == '"' || ch == '\\':
			b = append(b, '\\', ch)
		case at >= 0:
			b = append(b, '\\', "abnrt"[at])
		case ch < ' ' || ch > '~':
			b = fmt.Appendf(b, `\x%02x`, ch)
		default:
			b = append(b, ch)
		}
	}
	return append(b, '"')
}

func cmdMonitor(c *conn, _ []string) {
	c.node.stats.ran("MONITOR")
	c.flush() // earlier replies go first
	c.node.monitors.add(c)
}
