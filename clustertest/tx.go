package clustertest

// transaction is what the front remembers of MULTI: miniredis queues the
// commands, but whether their slot is still here has to be asked again at EXEC.
type transaction struct {
	active bool
	dirty  bool // a command was refused: EXEC must fail
	keys   []string
	write  bool
}

func (t *transaction) queue(cmd command, keys []string) {
	t.keys = append(t.keys, keys...)
	t.write = t.write || cmd.is(write)
}

func cmdMulti(c *conn, args []string) {
	c.node.stats.ran("MULTI")
	c.dispatch(args) // refuses a nested one
	c.tx.active = true
}

func cmdDiscard(c *conn, args []string) {
	c.node.stats.ran("DISCARD")
	c.dispatch(args)
	c.tx = transaction{}
}

func cmdExec(c *conn, args []string) {
	tx := c.tx
	if !tx.active {
		c.dispatch(args) // words the error
		return
	}
	exclusive := c.cluster.enter(tx.keys)
	defer c.cluster.leave(exclusive)
	redirect := c.cluster.route(c.node, request{
		keys: tx.keys, write: tx.write, asking: c.asking, readonly: c.readonly,
	})
	c.tx = transaction{}
	c.asking = false
	switch {
	case tx.dirty:
		c.silently("DISCARD")
		c.fail("EXECABORT Transaction discarded because of previous errors.")
	case redirect != "":
		c.silently("DISCARD")
		c.redirect(redirect)
	default:
		c.node.stats.ran("EXEC")
		c.dispatch(args)
	}
}
