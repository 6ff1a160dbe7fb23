package clustertest

import (
	"fmt"
	"strings"
)

const invalidName = "ERR Client names cannot contain spaces, newlines or special characters."

func validName(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return r < '!' || r > '~' })
}

var clientCommands = map[string]func(c *conn, args []string){
	"GETNAME":  clientGetName,
	"ID":       func(c *conn, _ []string) { c.peer.WriteInt(int(c.id)) },
	"INFO":     func(c *conn, _ []string) { c.peer.WriteBulk(c.describe()) },
	"LIST":     clientList,
	"NO-EVICT": func(c *conn, _ []string) { c.peer.WriteOK() },
	"NO-TOUCH": func(c *conn, _ []string) { c.peer.WriteOK() },
	"SETINFO":  clientSetInfo,
	"SETNAME":  clientSetName,
}

func cmdClient(c *conn, args []string) {
	c.subcommand("CLIENT", clientCommands, args)
}

// subcommand runs one of the given subcommands with the arguments after its
// name.
func (c *conn) subcommand(name string, table map[string]func(*conn, []string), args []string) {
	run, ok := table[strings.ToUpper(args[1])]
	if !ok {
		c.fail(fmt.Sprintf("ERR unknown subcommand '%.128s'. Try %s HELP.", args[1], name))
		return
	}
	c.node.stats.ran(name)
	run(c, args[2:])
}

// expect answers with an error, and returns false, unless there are n
// arguments.
func (c *conn) expect(args []string, n int, command string) bool {
	if len(args) != n {
		c.fail(fmt.Sprintf("ERR wrong number of arguments for '%s' command", command))
		return false
	}
	return true
}

func clientSetName(c *conn, args []string) {
	if !c.expect(args, 1, "client|setname") {
		return
	}
	if !validName(args[0]) {
		c.fail(invalidName)
		return
	}
	c.clientName = args[0]
	c.peer.WriteOK()
}

func clientGetName(c *conn, _ []string) {
	if c.clientName == "" {
		c.peer.WriteNull()
		return
	}
	c.peer.WriteBulk(c.clientName)
}

func clientSetInfo(c *conn, args []string) {
	if !c.expect(args, 2, "client|setinfo") {
		return
	}
	option, value := strings.ToLower(args[0]), args[1]
	switch {
	case option != "lib-name" && option != "lib-ver":
		c.fail(fmt.Sprintf("ERR Unrecognized option '%s'", args[0]))
		return
	case !validName(value):
		c.fail(fmt.Sprintf("ERR %s cannot contain spaces, newlines or special characters.", option))
		return
	case option == "lib-name":
		c.libName = value
	default:
		c.libVersion = value
	}
	c.peer.WriteOK()
}

// clientList knows the other connections by their addresses only: the rest
// belongs to their own goroutines.
func clientList(c *conn, _ []string) {
	var b strings.Builder
	for _, other := range c.node.clients() {
		if other == c {
			b.WriteString(c.describe())
			continue
		}
		fmt.Fprintf(&b, "id=%d addr=%s laddr=%s db=0\n", other.id, other.raw.RemoteAddr(), other.raw.LocalAddr())
	}
	c.peer.WriteBulk(b.String())
}

// describe is the connection's line of CLIENT LIST.
func (c *conn) describe() string {
	resp := 2
	if c.resp3.Load() {
		resp = 3
	}
	return fmt.Sprintf("id=%d addr=%s laddr=%s name=%s db=0 resp=%d lib-name=%s lib-ver=%s\n",
		c.id, c.raw.RemoteAddr(), c.raw.LocalAddr(), c.clientName, resp, c.libName, c.libVersion)
}
