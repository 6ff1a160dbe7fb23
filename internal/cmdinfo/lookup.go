package cmdinfo

import "strings"

// table has every command and, under "container|name", every sub-command.
var table = buildTable()

var tableIndex = newIndex(table)

// Lookup returns what is known about the named command, or nil. The name may
// be in any case, lower case being the fastest. It allocates nothing.
func Lookup(name string) *Command {
	return tableIndex.lookup(name)
}

// Sub returns the sub-command of that name, in any case, if the command is a
// container, as CONFIG is, and has it; otherwise the command itself.
func (c *Command) Sub(name string) *Command {
	if !c.IsContainer() {
		return c
	}
	if sub := c.subs.lookup(name); sub != nil {
		return sub
	}
	return c
}

// buildTable joins the lists of commands. A later row replaces an earlier one
// of the same name.
func buildTable() map[string]*Command {
	m := make(map[string]*Command, 2*len(generated))
	for _, rows := range [][]Command{generated[:], corrections, additions, moduleCommands()} {
		for i := range rows {
			m[rows[i].Name] = &rows[i]
		}
	}
	subs := map[string]map[string]*Command{}
	for name, c := range m {
		container, sub, ok := strings.Cut(name, "|")
		if !ok {
			continue
		}
		if subs[container] == nil {
			subs[container] = map[string]*Command{}
		}
		subs[container][sub] = c
		if sub == "help" {
			c.Flags |= Inquiry
		}
	}
	for container, own := range subs {
		if c := m[container]; c != nil {
			c.subs = newIndex(own)
		}
	}
	mark(m, inquiries, Inquiry)
	mark(m, sessionCommands, Session)
	return m
}

func mark(m map[string]*Command, names []string, flag Flag) {
	for _, name := range names {
		if c := m[name]; c != nil {
			c.Flags |= flag
		}
	}
}
