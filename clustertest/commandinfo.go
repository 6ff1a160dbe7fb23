package clustertest

import (
	"maps"
	"slices"
	"strings"
)

var commandCommands = map[string]func(c *conn, args []string){
	"COUNT":   func(c *conn, _ []string) { c.peer.WriteInt(len(commands)) },
	"DOCS":    func(c *conn, _ []string) { c.peer.WriteMapLen(0) },
	"GETKEYS": commandGetKeys,
	"INFO":    commandInfo,
	"LIST":    func(c *conn, _ []string) { c.peer.WriteStrings(commandNames()) },
}

// cmdCommand knows the commands of the table and nothing else.
func cmdCommand(c *conn, args []string) {
	if len(args) == 1 {
		args = []string{"COMMAND", "INFO"}
	}
	c.subcommand("COMMAND", commandCommands, args)
}

func commandNames() []string {
	names := slices.Sorted(maps.Keys(commands))
	for i, name := range names {
		names[i] = strings.ToLower(name)
	}
	return names
}

func commandInfo(c *conn, names []string) {
	if len(names) == 0 {
		names = commandNames()
	}
	c.peer.WriteLen(len(names))
	for _, name := range names {
		cmd, ok := commands[strings.ToUpper(name)]
		if !ok {
			c.peer.WriteNull()
			continue
		}
		p := c.peer
		p.WriteLen(10)
		p.WriteBulk(strings.ToLower(name))
		p.WriteInt(cmd.arity)
		flags := cmd.flagNames()
		p.WriteSetLen(len(flags))
		for _, flag := range flags {
			p.WriteInline(flag)
		}
		p.WriteInt(cmd.keys.first)
		p.WriteInt(cmd.keys.last)
		p.WriteInt(cmd.keys.step)
		for range 4 { // access categories, tips, key specifications, subcommands
			p.WriteLen(0)
		}
	}
}

// flagNames are the flags in the words of COMMAND INFO.
func (c command) flagNames() []string {
	var names []string
	hasKeys := c.keys.first > 0 || c.keys.find != nil
	switch {
	case c.is(write) && !c.is(script):
		names = append(names, "write")
	case hasKeys && !c.is(write) && !c.is(inSub):
		names = append(names, "readonly")
	}
	if c.is(blocks) {
		names = append(names, "blocking")
	}
	if c.keys.find != nil {
		names = append(names, "movablekeys")
	}
	return names
}

func commandGetKeys(c *conn, args []string) {
	if len(args) == 0 {
		c.fail("ERR wrong number of arguments for 'command|getkeys' command")
		return
	}
	cmd, ok := commands[strings.ToUpper(args[0])]
	switch {
	case !ok:
		c.fail("ERR Invalid command specified")
	case !cmd.allows(len(args)):
		c.fail("ERR Invalid number of arguments specified for command")
	default:
		keys := cmd.keys.of(args)
		if len(keys) == 0 {
			c.fail("ERR The command has no key arguments")
			return
		}
		c.peer.WriteStrings(keys)
	}
}
