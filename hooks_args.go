package redis

import "slices"

// offered is what hooks may do, and have done, with a command's arguments.
type offered struct {
	open   bool  // a hook may change what Args gives out
	args   []any // what it has given out; nil: nothing
	before []arg // the arguments as the caller gave them, if a hook has changed them
}

// offer lets what Args gives out be changed until the command is sent, or the offer
// is withdrawn: from then on Args changes nothing itself, and may be called by several
// goroutines.
func offer(cmds ...Cmder) {
	for _, cmd := range cmds {
		cmd.command().own().offered = &offered{open: true}
	}
}

func withdraw(cmds ...Cmder) {
	for _, cmd := range cmds {
		if b := cmd.command(); b.rare != nil && b.rare.offered != nil {
			b.rare.offered.open, b.rare.offered.args = false, nil
		}
	}
}

// heed takes over what was changed in what Args has given out.
func (c *baseCmd) heed() {
	offer := c.rare.offered
	if offer == nil || !offer.open {
		return
	}
	given := offer.args
	offer.open, offer.args = false, nil
	if given == nil {
		return
	}
	changed := false
	list := make([]arg, len(given))
	for i, v := range given {
		list[i] = c.sendable(v, i)
		changed = changed || list[i] != c.arg(i)
	}
	if changed {
		offer.before = c.allArgs()
		c.info, c.short = nil, [len(c.short)]arg{}
		c.rare.list = list
	}
}

// callersArgs is the arguments as the caller gave them, whatever hooks have changed.
func (c *baseCmd) callersArgs() []arg {
	if offer := c.peculiar().offered; offer != nil && offer.before != nil {
		return slices.Clone(offer.before)
	}
	return c.allArgs()
}

func (c *baseCmd) allArgs() []arg {
	list := make([]arg, c.argCount())
	for i := range list {
		list[i] = c.arg(i)
	}
	return list
}
