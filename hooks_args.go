package redis

// offer lets what Args gives out be changed until the command is sent, or the offer
// is withdrawn: from then on Args changes nothing itself, and may be called by several
// goroutines.
func offer(cmds ...Cmder) {
	for _, cmd := range cmds {
		cmd.command().own().given = new([]any)
	}
}

func withdraw(cmds ...Cmder) {
	for _, cmd := range cmds {
		if b := cmd.command(); b.rare != nil && b.rare.given != nil {
			b.rare.given = nil
		}
	}
}

// heed takes over what was changed in what Args has given out.
func (c *baseCmd) heed() {
	if c.rare.given == nil {
		return
	}
	given := *c.rare.given
	c.rare.given = nil
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
		c.info, c.short = nil, [len(c.short)]arg{}
		c.rare.list = list
	}
}
