package redis

import (
	"slices"

	"github.com/seed-e06f3def/rediscluster/internal/cmdinfo"
)

// The name and the arguments of a command, of which there are two forms. The
// short one is for a name that the table has, and few arguments: the table's
// entry stands for the name. In the long form rare.list has all of them, the name
// first.

// isListed reports whether the command has the long form.
func (c *baseCmd) isListed() bool { return c.rare != nil && c.rare.list != nil }

// few is how many arguments there are after the name in the short form.
func (c *baseCmd) few() int {
	n := 0
	for n < len(c.short) && c.short[n] != (arg{}) {
		n++
	}
	return n
}

// argCount counts the name and the arguments.
func (c *baseCmd) argCount() int {
	switch {
	case c.isListed():
		return len(c.rare.list)
	case c.info == nil:
		return 0
	}
	return 1 + c.few()
}

// arg is the name or an argument; the name is at 0.
func (c *baseCmd) arg(i int) arg {
	switch {
	case c.isListed():
		return c.rare.list[i]
	case i == 0:
		return textArg(c.info.Name)
	}
	return c.short[i-1]
}

// argText is the text of the name or an argument.
func (c *baseCmd) argText(i int) string { return c.arg(i).str() }

// setArg replaces an argument.
func (c *baseCmd) setArg(i int, a arg) {
	if c.isListed() {
		c.rare.list[i] = a
		return
	}
	c.short[i-1] = a
}

// addArg adds the name, or another argument.
func (c *baseCmd) addArg(a arg) {
	if !c.isListed() {
		if c.info == nil && c.named(a) {
			return
		}
		if n := c.few(); c.info != nil && n < len(c.short) {
			c.short[n] = a
			return
		}
		c.lengthen(len(c.short))
	}
	c.rare.list = append(c.rare.list, a)
}

// named sets the name if the table has just that, and no sub-commands of it.
func (c *baseCmd) named(a arg) bool {
	if a.kind() != argText {
		return false
	}
	info := cmdinfo.Lookup(a.str())
	if info == nil || info.Name != a.str() || info.IsContainer() {
		return false
	}
	c.info = info
	return true
}

// growArgs makes room for n more.
func (c *baseCmd) growArgs(n int) {
	if c.isListed() {
		c.rare.list = slices.Grow(c.rare.list, n)
		return
	}
	room := len(c.short) - c.few()
	if c.info == nil {
		room++ // for the name
	}
	if n > room {
		c.lengthen(n)
	}
}

// lengthen gives the command the long form, with room for n more.
func (c *baseCmd) lengthen(n int) {
	// SET with an expiration and a condition, and others with as many, take one
	// piece of memory for all of it.
	const several = 6
	var list []arg
	of := c.rare
	if total := c.argCount() + n; of == nil && total <= several {
		var room struct {
			rare
			args [several]arg
		}
		of, list = &room.rare, room.args[:0]
	} else {
		of, list = c.own(), make([]arg, 0, total)
	}
	for i := range c.argCount() {
		list = append(list, c.arg(i))
	}
	c.rare, of.list = of, list
}

// takeArgs gives the command the arguments of another.
func (c *baseCmd) takeArgs(of *baseCmd) {
	c.info, c.short = of.info, of.short
	if of.isListed() {
		c.own().list = slices.Clone(of.rare.list)
	}
}
