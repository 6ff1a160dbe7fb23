package wire

// Check closes the connection if nothing is in flight on it and the server has
// closed it meanwhile. It waits for nothing.
func (c *Conn) Check() {
	c.mu.Lock()
	if c.calls.n > 0 || c.reader.Load() != nobody || c.refusal() != nil {
		c.mu.Unlock()
		return
	}
	err := c.checkAlive()
	if err == nil {
		c.in.release()
	}
	c.err = err // so that nobody can submit anything any more
	c.mu.Unlock()
	if err != nil {
		c.fail(err)
	}
}
