package clustertest

import (
	"errors"
	"net"
	"sync"
	"time"
)

// blockedCall is the command that a connection waits in, if any. Such a command
// holds no lock of the cluster, so it has to be woken when it is overtaken by a
// change: a failover, the end of its slot's migration, the end of the
// connection.
type blockedCall struct {
	mu          sync.Mutex
	active      bool
	interrupted bool
	slot        int
	reason      string // the error to answer with, or timedOut
}

// beginBlocking is called with the cluster locked: no change can pass unnoticed
// between routing and waiting.
func (c *conn) beginBlocking(keys []string) {
	c.block.mu.Lock()
	defer c.block.mu.Unlock()
	c.block.active = true
	c.block.interrupted = false
	c.block.reason = ""
	c.block.slot = -1
	if len(keys) > 0 {
		c.block.slot = Slot(keys[0])
	}
}

func (c *conn) dispatchBlocking(name string, args []string) {
	c.flush()
	select {
	case <-c.done: // closed before it could be interrupted
		return
	default:
	}
	stopWatching := c.watchClient()
	var reply []byte
	if name == "BLMPOP" {
		reply = c.popBlocking(args)
	} else {
		reply = c.dispatch(args)
	}
	stopWatching()

	c.block.mu.Lock()
	c.block.active = false
	interrupted, reason := c.block.interrupted, c.block.reason
	c.block.mu.Unlock()
	if !interrupted {
		return
	}
	answered := len(reply) > 0
	c.renewPeer()
	switch {
	case answered || reason == "":
	case reason == timedOut:
		writeReply(c.peer, nullArray{}, nil)
	default:
		c.fail(reason)
	}
}

// timedOut is the reason that makes a blocked command answer as if its time were
// over.
const timedOut = "timeout"

// interrupt ends the command that the connection is blocked in, with an error if
// reason is not empty. If it returns true, the caller must call Cluster.wake.
func (c *conn) interrupt(reason string) bool {
	c.block.mu.Lock()
	defer c.block.mu.Unlock()
	if !c.block.active || c.block.interrupted {
		return false
	}
	c.block.interrupted = true
	c.block.reason = reason
	c.peer.Close()
	return true
}

// interruptBlocked interrupts the connections that are blocked on an affected
// slot at a node of the shard. c.mu must be held for writing.
func (c *Cluster) interruptBlocked(shard int, affected func(slot int) bool, reason func(slot int) string) {
	for _, n := range c.nodes {
		if n.shard != shard {
			continue
		}
		for _, client := range n.clients() {
			client.block.mu.Lock()
			slot, active := client.block.slot, client.block.active
			client.block.mu.Unlock()
			if active && affected(slot) {
				client.interrupt(reason(slot))
			}
		}
	}
	c.wake()
}

// wake makes every command that waits inside miniredis look again whether it has
// been interrupted. A PING does it: miniredis tells its waiters after each
// command.
func (c *Cluster) wake() {
	c.newSession(0).do("PING")
}

// watchClient notices that the client goes away while its command waits, when
// nobody else reads. What the client sends meanwhile stays in the buffer.
func (c *conn) watchClient() (stop func()) {
	c.quiet = true
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for c.in.Buffered() < c.in.Size() {
			if _, err := c.in.Peek(c.in.Buffered() + 1); err != nil {
				if !isTimeout(err) && c.interrupt("") {
					c.cluster.wake()
				}
				return
			}
		}
	}()
	return func() {
		_ = c.nc.SetReadDeadline(time.Unix(1, 0))
		<-ended
		_ = c.nc.SetReadDeadline(time.Time{})
		c.quiet = false
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
