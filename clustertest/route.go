package clustertest

import "fmt"

// nobody owns a slot that is not assigned.
const nobody = -1

// shape is who serves what. Cluster.mu guards it.
type shape struct {
	owners    [slotCount]int // shards by slot
	migrating map[int]int    // slots under migration: the importing shard
	primaries []*Node        // by shard
	epoch     int            // counts the changes
	down      bool           // RequireFullCoverage, and a slot is not served
}

func newShape() shape {
	s := shape{migrating: map[int]int{}}
	for slot := range s.owners {
		s.owners[slot] = nobody
	}
	return s
}

// reshaped is called after each change of the shape or of what nodes think of
// each other.
func (c *Cluster) reshaped() {
	c.epoch++
	c.down = false
	if !c.opts.RequireFullCoverage {
		return
	}
	for _, shard := range c.owners {
		if shard == nobody || c.primaries[shard].failed {
			c.down = true
			return
		}
	}
}

func (c *Cluster) isPrimary(n *Node) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.primaries[n.shard] == n
}

// replicas needs c.mu.
func (c *Cluster) replicas(shard int) []*Node {
	var replicas []*Node
	for _, n := range c.nodes {
		if n.shard == shard && c.primaries[shard] != n {
			replicas = append(replicas, n)
		}
	}
	return replicas
}

func (c *Cluster) healthyReplicas(shard int) []*Node {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var healthy []*Node
	for _, n := range c.replicas(shard) {
		if !n.failed && !n.gate.isShut() {
			healthy = append(healthy, n)
		}
	}
	return healthy
}

// enter locks the cluster for one command. A command on a slot under migration
// has it for itself: whether its keys are here must not change between asking
// and running.
func (c *Cluster) enter(keys []string) (exclusive bool) {
	c.mu.RLock()
	if len(c.migrating) == 0 || len(keys) == 0 {
		return false
	}
	if _, migrating := c.migrating[Slot(keys[0])]; !migrating {
		return false
	}
	c.mu.RUnlock()
	c.mu.Lock()
	return true
}

func (c *Cluster) leave(exclusive bool) {
	if exclusive {
		c.mu.Unlock()
	} else {
		c.mu.RUnlock()
	}
}

// request is what decides where a command may run.
type request struct {
	keys         []string
	write        bool
	script       bool
	asking       bool // after ASKING
	readonly     bool // after READONLY
	shardChannel bool // the keys are channels of SSUBSCRIBE or SPUBLISH
}

const readOnlyReplica = "READONLY You can't write against a read only replica."

// route returns "" if n may run the request, and otherwise the error that it
// answers. The cluster must be locked by enter.
func (c *Cluster) route(n *Node, q request) string {
	if len(q.keys) == 0 {
		if q.write && !q.script && c.primaries[n.shard] != n {
			return readOnlyReplica
		}
		return ""
	}
	slot := Slot(q.keys[0])
	owner := c.owners[slot]
	if owner == nobody {
		return "CLUSTERDOWN Hash slot not served"
	}
	several := false
	for _, key := range q.keys[1:] {
		if Slot(key) != slot {
			return "CROSSSLOT Keys in request don't hash to the same slot"
		}
		several = several || key != q.keys[0]
	}
	if c.down {
		return "CLUSTERDOWN The cluster is down"
	}
	serves := c.primaries[owner] == n ||
		n.shard == owner && (q.readonly && !q.write || q.shardChannel)

	if target, migrating := c.migrating[slot]; migrating && !q.shardChannel {
		switch {
		case serves:
			return c.routeMigrating(q, slot, owner, target)
		case q.asking && c.primaries[target] == n:
			if several && c.missing(target, q.keys) > 0 {
				return tryAgain
			}
			return ""
		}
	}
	if serves {
		return ""
	}
	return c.redirection("MOVED", slot, owner)
}

const tryAgain = "TRYAGAIN Multiple keys request during rehashing of slot"

// routeMigrating decides at the source of a migration, by which keys have gone.
func (c *Cluster) routeMigrating(q request, slot, owner, target int) string {
	switch c.missing(owner, q.keys) {
	case 0:
		return ""
	case len(q.keys):
		return c.redirection("ASK", slot, target)
	default:
		return tryAgain
	}
}

// missing counts the keys that a shard does not have.
func (c *Cluster) missing(shard int, keys []string) int {
	db := c.data.DB(shard)
	n := 0
	for _, key := range keys {
		if !db.Exists(key) {
			n++
		}
	}
	return n
}

// redirection names the primary of a shard. An unknown endpoint stays empty: the
// host that was asked.
func (c *Cluster) redirection(kind string, slot, shard int) string {
	n := c.primaries[shard]
	endpoint, _ := n.endpoint()
	return fmt.Sprintf("%s %d %s:%d", kind, slot, endpoint, n.port)
}

// endpoint returns the host that the node announces, and false if it announces
// none.
func (n *Node) endpoint() (string, bool) {
	switch n.cluster.opts.Endpoint {
	case EndpointHostname:
		if n.host == "" { // as a server without cluster-announce-hostname
			return "?", true
		}
		return n.host, true
	case EndpointUnknown:
		return "", false
	default:
		return loopback, true
	}
}
