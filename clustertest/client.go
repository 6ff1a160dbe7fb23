package clustertest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const invalidName = "ERR Client names cannot contain spaces, newlines or special characters."

func validName(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return r < '!' || r > '~' })
}

var clientCommands = map[string]func(c *conn, args []string){
	"GETNAME":  clientGetName,
	"ID":       func(c *conn, _ []string) { c.peer.WriteInt(int(c.id)) },
	"KILL":     clientKill,
	"INFO":     func(c *conn, _ []string) { c.peer.WriteBulk(c.describe()) },
	"LIST":     clientList,
	"NO-EVICT": func(c *conn, _ []string) { c.peer.WriteOK() },
	"NO-TOUCH": func(c *conn, _ []string) { c.peer.WriteOK() },
	"SETINFO":  clientSetInfo,
	"SETNAME":  clientSetName,
	"UNBLOCK":  clientUnblock,
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

// clientKill closes connections of this node. Users are not looked at: there is
// but one.
func clientKill(c *conn, args []string) {
	if len(args) == 0 {
		c.fail(wrongNumber("client|kill"))
		return
	}
	filters := args
	if len(args) == 1 {
		filters = []string{"ADDR", args[0], "SKIPME", "no"}
	}
	if len(filters)%2 != 0 {
		c.fail(errSyntax.Error())
		return
	}
	skipMe := true
	var tests []func(*conn) bool
	for filter := range slices.Chunk(filters, 2) {
		if strings.EqualFold(filter[0], "SKIPME") && (strings.EqualFold(filter[1], "yes") || strings.EqualFold(filter[1], "no")) {
			skipMe = strings.EqualFold(filter[1], "yes")
			continue
		}
		test, err := c.killFilter(strings.ToUpper(filter[0]), filter[1])
		if err != nil {
			c.fail(err.Error())
			return
		}
		tests = append(tests, test)
	}
	killed := 0
	for _, other := range c.node.clients() {
		if skipMe && other == c || slices.ContainsFunc(tests, func(test func(*conn) bool) bool { return !test(other) }) {
			continue
		}
		killed++
		if other == c {
			c.quitting = true // after the reply
		} else {
			other.close()
		}
	}
	switch {
	case len(args) > 1:
		c.peer.WriteInt(killed)
	case killed == 0:
		c.fail("ERR No such client")
	default:
		c.peer.WriteOK()
	}
}

// killFilter returns the test of one filter of CLIENT KILL.
func (c *conn) killFilter(name, value string) (func(*conn) bool, error) {
	switch name {
	case "ID":
		id, err := strconv.ParseInt(value, 10, 64)
		if err != nil || id < 1 {
			return nil, errors.New("ERR client-id should be greater than 0")
		}
		return func(other *conn) bool { return other.id == id }, nil
	case "ADDR":
		return func(other *conn) bool { return other.raw.RemoteAddr().String() == value }, nil
	case "LADDR":
		return func(other *conn) bool { return other.raw.LocalAddr().String() == value }, nil
	case "USER":
		return func(*conn) bool { return value == c.cluster.auth.user() }, nil
	case "TYPE":
		switch kind := strings.ToLower(value); kind {
		case "normal", "pubsub":
			return func(other *conn) bool { return (kind == "pubsub") == (c.cluster.bus.count(other) > 0) }, nil
		case "master", "primary", "replica", "slave":
			return func(*conn) bool { return false }, nil
		}
		return nil, fmt.Errorf("ERR Unknown client type '%s'", value)
	}
	return nil, errSyntax
}

// clientUnblock ends the command that a client of this node waits in.
func clientUnblock(c *conn, args []string) {
	if len(args) != 1 && len(args) != 2 {
		c.fail(wrongNumber("client|unblock"))
		return
	}
	reason := timedOut
	switch {
	case len(args) == 2 && strings.EqualFold(args[1], "ERROR"):
		reason = "UNBLOCKED client unblocked via CLIENT UNBLOCK"
	case len(args) == 2 && !strings.EqualFold(args[1], "TIMEOUT"):
		c.fail("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
		return
	}
	id, err := integer(args[0])
	if err != nil {
		c.fail(err.Error())
		return
	}
	for _, other := range c.node.clients() {
		if other.id == int64(id) && other.interrupt(reason) {
			c.cluster.wake()
			c.peer.WriteInt(1)
			return
		}
	}
	c.peer.WriteInt(0)
}
