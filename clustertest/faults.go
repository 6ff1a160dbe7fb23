package clustertest

import "time"

// Stop stops n as the death of its process would: its connections are closed at
// once, its port refuses. The other nodes know at once that it has failed, but
// nobody takes its place: see Failover and FailPrimary.
func (c *Cluster) Stop(n *Node) {
	c.setFailed(n, true)
	n.stop()
}

// Start makes n listen again, on the same port and with its data. If another
// node has taken its place it is a replica now. Starting a running node does
// nothing. The error is that of listening.
func (c *Cluster) Start(n *Node) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return errClosed
	}
	if err := n.start(); err != nil {
		return err
	}
	n.failed = false
	c.reshaped()
	return nil
}

// Pause makes n silent, as SIGSTOP would: its port accepts connections, those
// that exist stay open, but nothing is read, run or answered until Resume. The
// other nodes do not notice, unless there is a failover.
func (c *Cluster) Pause(n *Node) {
	n.gate.shut()
}

// Resume ends Pause. What clients have sent meanwhile is run now, by the slots
// and roles of now.
func (c *Cluster) Resume(n *Node) {
	n.mu.Lock()
	running := n.listener != nil
	n.mu.Unlock()
	if running {
		c.setFailed(n, false)
	}
	n.gate.reopen()
}

// Disconnect closes all connections of n and returns when they have ended. New
// ones are accepted.
func (c *Cluster) Disconnect(n *Node) {
	clients := n.clients()
	for _, client := range clients {
		client.close()
	}
	for _, client := range clients {
		<-client.ended
	}
}

// Delay makes each reply of n leave d later than it would. Commands are run
// without delay, and those that follow do not wait: it is the delay of a long
// line. Zero ends it.
func (c *Cluster) Delay(n *Node, d time.Duration) {
	n.delay.Store(int64(max(d, 0)))
}

// SetError makes n answer every command with this error instead of running it,
// such as "LOADING Redis is loading the dataset in memory". HELLO, AUTH, RESET
// and QUIT work as ever. An empty text ends it.
func (c *Cluster) SetError(n *Node, text string) {
	if text == "" {
		n.forcedError.Store(nil)
		return
	}
	n.forcedError.Store(&text)
}

func (c *Cluster) setFailed(n *Node, failed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n.failed = failed
	c.reshaped()
}
