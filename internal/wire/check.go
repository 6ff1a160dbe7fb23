package wire

// Check closes the connection if nothing is in flight on it and the server has
// closed it meanwhile. It waits for nothing.
func (c *Conn) Check() {
	c.mu.Lock()
	var err error
	if c.calls.n == 0 && c.reader.Load() == nobody && c.refusal() == nil {
		if err = c.checkAlive(); err == nil {
			c.in.release()
		}
	}
	c.mu.Unlock()
	if err != nil {
		c.fail(err)
	}
}
