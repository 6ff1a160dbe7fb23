package clustertest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// serverVersion is what the nodes claim to be: the version whose cluster
// replies they imitate.
const serverVersion = "7.4.0"

const wrongPassword = "WRONGPASS invalid username-password pair or user is disabled."

// credentials are what clients must present.
type credentials struct {
	mu        sync.RWMutex
	username  string
	passwords []string // none: no authentication
}

func (a *credentials) set(passwords []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.passwords = slices.DeleteFunc(slices.Clone(passwords), func(p string) bool { return p == "" })
}

func (a *credentials) required() bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return len(a.passwords) > 0
}

func (a *credentials) accept(username, password string) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return username == a.username && slices.Contains(a.passwords, password)
}

// SetPasswords replaces the passwords that the nodes accept; more than one may
// be valid, as while tokens are rotated. Without any, no authentication is
// needed. Connections that have authenticated stay so.
func (c *Cluster) SetPasswords(passwords ...string) {
	c.auth.set(passwords)
}

func cmdAuth(c *conn, args []string) {
	username, password := "default", args[len(args)-1]
	switch {
	case len(args) > 3:
		c.fail("ERR syntax error")
		return
	case len(args) == 3:
		username = args[1]
	case !c.cluster.auth.required():
		c.fail("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?")
		return
	}
	if !c.authenticate(username, password) {
		return
	}
	c.node.stats.ran("AUTH")
	c.peer.WriteOK()
}

// authenticate answers with an error if it returns false.
func (c *conn) authenticate(username, password string) bool {
	if c.cluster.auth.required() && !c.cluster.auth.accept(username, password) {
		c.fail(wrongPassword)
		return false
	}
	c.authenticated = true
	return true
}

func cmdHello(c *conn, args []string) {
	resp3, setName, name := c.resp3.Load(), false, ""
	rest := args[1:]
	if len(rest) > 0 {
		if rest[0] != "2" && rest[0] != "3" {
			c.fail("NOPROTO unsupported protocol version")
			return
		}
		resp3 = rest[0] == "3"
		rest = rest[1:]
	}
	for len(rest) > 0 {
		switch option := strings.ToUpper(rest[0]); {
		case option == "AUTH" && len(rest) >= 3:
			if !c.authenticate(rest[1], rest[2]) {
				return
			}
			rest = rest[3:]
		case option == "SETNAME" && len(rest) >= 2:
			if !validName(rest[1]) {
				c.fail(invalidName)
				return
			}
			setName, name = true, rest[1]
			rest = rest[2:]
		default:
			c.fail(fmt.Sprintf("ERR Syntax error in HELLO option '%s'", rest[0]))
			return
		}
	}
	if !c.authenticated {
		c.fail("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time")
		return
	}
	if setName {
		c.clientName = name
	}
	c.resp3.Store(resp3)
	c.peer.Resp3 = resp3
	c.node.stats.ran("HELLO")

	protocol := 2
	if resp3 {
		protocol = 3
	}
	p := c.peer
	p.WriteMapLen(7)
	p.WriteBulk("server")
	p.WriteBulk("redis")
	p.WriteBulk("version")
	p.WriteBulk(serverVersion)
	p.WriteBulk("proto")
	p.WriteInt(protocol)
	p.WriteBulk("id")
	p.WriteInt(int(c.id))
	p.WriteBulk("mode")
	p.WriteBulk("cluster")
	p.WriteBulk("role")
	p.WriteBulk(roleWord(c.node.IsPrimary()))
	p.WriteBulk("modules")
	p.WriteLen(0)
}

func cmdReset(c *conn, _ []string) {
	c.reset()
	c.node.stats.ran("RESET")
	c.peer.WriteInline("RESET")
}

func cmdQuit(c *conn, _ []string) {
	c.quitting = true
	c.peer.WriteOK()
}

func cmdAsking(c *conn, _ []string) {
	c.asking = true
	c.ok("ASKING")
}

func cmdReadonly(c *conn, _ []string) {
	c.readonly = true
	c.ok("READONLY")
}

func cmdReadwrite(c *conn, _ []string) {
	c.readonly = false
	c.ok("READWRITE")
}

// ok counts a command and answers OK.
func (c *conn) ok(name string) {
	c.node.stats.ran(name)
	c.peer.WriteOK()
}

// cmdPing is a handler for the sake of RESP2 subscribers, whose answer looks
// like a message.
func cmdPing(c *conn, args []string) {
	if c.resp3.Load() || c.cluster.bus.count(c) == 0 {
		c.routed("PING", commands["PING"], args, nil)
		return
	}
	c.node.stats.ran("PING")
	payload := ""
	if len(args) > 1 {
		payload = args[1]
	}
	c.peer.WriteStrings([]string{"pong", payload})
}
