package clustertest

import (
	"fmt"
	"strconv"
	"strings"
)

var clusterCommands = map[string]func(c *conn, args []string){
	"COUNTKEYSINSLOT": clusterCountKeysInSlot,
	"FAILOVER":        clusterFailover,
	"GETKEYSINSLOT":   clusterGetKeysInSlot,
	"INFO":            clusterInfo,
	"KEYSLOT":         clusterKeySlot,
	"MYID":            func(c *conn, _ []string) { c.peer.WriteBulk(c.node.id) },
	"MYSHARDID":       func(c *conn, _ []string) { c.peer.WriteBulk(c.cluster.shardID(c.node.shard)) },
	"NODES":           clusterNodes,
	"REPLICAS":        clusterReplicas,
	"SHARDS":          clusterShards,
	"SLAVES":          clusterReplicas,
	"SLOTS":           clusterSlots,
}

func cmdCluster(c *conn, args []string) {
	c.subcommand("CLUSTER", clusterCommands, args)
}

// slotRange is a run of slots with one owner, both ends included.
type slotRange struct {
	first, last, shard int
}

func (r slotRange) String() string {
	if r.first == r.last {
		return fmt.Sprint(r.first)
	}
	return fmt.Sprintf("%d-%d", r.first, r.last)
}

// ranges lists who owns what, without the slots that nobody owns. c.mu must be
// held, as for all of the following that do not say otherwise.
func (c *Cluster) ranges() []slotRange {
	var ranges []slotRange
	for slot, shard := range c.owners {
		if last := len(ranges) - 1; last >= 0 && ranges[last].last == slot-1 && ranges[last].shard == shard {
			ranges[last].last = slot
		} else if shard != nobody {
			ranges = append(ranges, slotRange{slot, slot, shard})
		}
	}
	return ranges
}

func (c *Cluster) rangesOf(shard int) []slotRange {
	var own []slotRange
	for _, r := range c.ranges() {
		if r.shard == shard {
			own = append(own, r)
		}
	}
	return own
}

// members are the nodes of a shard, the primary first.
func (c *Cluster) members(shard int) []*Node {
	return append([]*Node{c.primaries[shard]}, c.replicas(shard)...)
}

// shardID is made from the id of the node that the shard began with.
func (c *Cluster) shardID(shard int) string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, n := range c.nodes {
		if n.shard == shard {
			return scriptSHA(n.id)
		}
	}
	return ""
}

// clusterSlots lists failed primaries, whose slots are theirs until an election,
// but not failed replicas.
func clusterSlots(c *conn, _ []string) {
	cl := c.cluster
	cl.mu.RLock()
	defer cl.mu.RUnlock()
	ranges := cl.ranges()
	c.peer.WriteLen(len(ranges))
	for _, r := range ranges {
		nodes := []*Node{cl.primaries[r.shard]}
		for _, n := range cl.replicas(r.shard) {
			if !n.failed {
				nodes = append(nodes, n)
			}
		}
		c.peer.WriteLen(2 + len(nodes))
		c.peer.WriteInt(r.first)
		c.peer.WriteInt(r.last)
		for _, n := range nodes {
			c.writeSlotsNode(n)
		}
	}
}

func (c *conn) writeSlotsNode(n *Node) {
	c.peer.WriteLen(4)
	c.writeEndpoint(n)
	c.peer.WriteInt(n.port)
	c.peer.WriteBulk(n.id)

	// What the endpoint does not say already.
	preferred := n.cluster.opts.Endpoint
	var metadata [][2]string
	if preferred != EndpointIP {
		metadata = append(metadata, [2]string{"ip", loopback})
	}
	if preferred != EndpointHostname && n.host != "" {
		metadata = append(metadata, [2]string{"hostname", n.host})
	}
	c.peer.WriteMapLen(len(metadata))
	for _, field := range metadata {
		c.peer.WriteBulk(field[0])
		c.peer.WriteBulk(field[1])
	}
}

func (c *conn) writeEndpoint(n *Node) {
	if endpoint, ok := n.endpoint(); ok {
		c.peer.WriteBulk(endpoint)
	} else {
		c.peer.WriteNull()
	}
}

func clusterShards(c *conn, _ []string) {
	cl := c.cluster
	cl.mu.RLock()
	defer cl.mu.RUnlock()
	c.peer.WriteLen(len(cl.primaries))
	for shard := range cl.primaries {
		c.peer.WriteMapLen(2)
		c.peer.WriteBulk("slots")
		ranges := cl.rangesOf(shard)
		c.peer.WriteLen(2 * len(ranges))
		for _, r := range ranges {
			c.peer.WriteInt(r.first)
			c.peer.WriteInt(r.last)
		}
		c.peer.WriteBulk("nodes")
		nodes := cl.members(shard)
		c.peer.WriteLen(len(nodes))
		for _, n := range nodes {
			c.writeShardsNode(n)
		}
	}
}

func (c *conn) writeShardsNode(n *Node) {
	fields := 7
	if n.host != "" {
		fields++
	}
	p := c.peer
	p.WriteMapLen(fields)
	p.WriteBulk("id")
	p.WriteBulk(n.id)
	if n.tls != nil {
		p.WriteBulk("tls-port")
	} else {
		p.WriteBulk("port")
	}
	p.WriteInt(n.port)
	p.WriteBulk("ip")
	p.WriteBulk(loopback)
	p.WriteBulk("endpoint")
	c.writeEndpoint(n)
	if n.host != "" {
		p.WriteBulk("hostname")
		p.WriteBulk(n.host)
	}
	p.WriteBulk("role")
	p.WriteBulk(roleWord(n.cluster.primaries[n.shard] == n))
	p.WriteBulk("replication-offset")
	p.WriteInt(0)
	p.WriteBulk("health")
	if n.failed {
		p.WriteBulk("fail")
	} else {
		p.WriteBulk("online")
	}
}

// roleWord is the role in the words of CLUSTER SHARDS and HELLO.
func roleWord(primary bool) string {
	if primary {
		return "master"
	}
	return "replica"
}

func clusterNodes(c *conn, _ []string) {
	cl := c.cluster
	cl.mu.RLock()
	defer cl.mu.RUnlock()
	var b strings.Builder
	for _, n := range cl.nodes {
		b.WriteString(cl.nodeLine(n, c.node))
	}
	c.peer.WriteBulk(b.String())
}

// nodeLine is n's line of CLUSTER NODES as asked at node asked.
func (c *Cluster) nodeLine(n, asked *Node) string {
	var flags []string
	if n == asked {
		flags = append(flags, "myself")
	}
	primary := c.primaries[n.shard]
	primaryID := "-"
	if n == primary {
		flags = append(flags, "master")
	} else {
		flags = append(flags, "slave")
		primaryID = primary.id
	}
	link := "connected"
	if n.failed {
		flags = append(flags, "fail")
		link = "disconnected"
	}
	addr := fmt.Sprintf("%s:%d@%d", loopback, n.port, n.port+10000)
	if n.host != "" {
		addr += "," + n.host
	}
	line := fmt.Sprintf("%s %s %s %s 0 0 %d %s", n.id, addr, strings.Join(flags, ","), primaryID, c.epoch, link)
	if n == primary {
		for _, r := range c.rangesOf(n.shard) {
			line += " " + r.String()
		}
	}
	if n == asked && n == primary {
		line += c.openSlots(n.shard)
	}
	return line + "\n"
}

// openSlots lists the migrations from and to a shard, which only its own primary
// tells.
func (c *Cluster) openSlots(shard int) string {
	var b strings.Builder
	for slot := range slotCount {
		target, migrating := c.migrating[slot]
		switch {
		case !migrating:
		case c.owners[slot] == shard:
			fmt.Fprintf(&b, " [%d->-%s]", slot, c.primaries[target].id)
		case target == shard:
			fmt.Fprintf(&b, " [%d-<-%s]", slot, c.primaries[c.owners[slot]].id)
		}
	}
	return b.String()
}

func clusterReplicas(c *conn, args []string) {
	if !c.expect(args, 1, "cluster|replicas") {
		return
	}
	cl := c.cluster
	cl.mu.RLock()
	defer cl.mu.RUnlock()
	for shard, primary := range cl.primaries {
		if primary.id != args[0] {
			continue
		}
		var lines []string
		for _, n := range cl.replicas(shard) {
			lines = append(lines, strings.TrimSuffix(cl.nodeLine(n, c.node), "\n"))
		}
		c.peer.WriteStrings(lines)
		return
	}
	c.fail(fmt.Sprintf("ERR Unknown node %s", args[0]))
}

func clusterInfo(c *conn, _ []string) {
	cl := c.cluster
	cl.mu.RLock()
	defer cl.mu.RUnlock()
	assigned, failed, size := 0, 0, map[int]bool{}
	for _, shard := range cl.owners {
		if shard == nobody {
			continue
		}
		assigned++
		size[shard] = true
		if cl.primaries[shard].failed {
			failed++
		}
	}
	state := "ok"
	if cl.down {
		state = "fail"
	}
	c.peer.WriteBulk(lines(
		"cluster_state:"+state,
		fmt.Sprintf("cluster_slots_assigned:%d", assigned),
		fmt.Sprintf("cluster_slots_ok:%d", assigned-failed),
		"cluster_slots_pfail:0",
		fmt.Sprintf("cluster_slots_fail:%d", failed),
		fmt.Sprintf("cluster_known_nodes:%d", len(cl.nodes)),
		fmt.Sprintf("cluster_size:%d", len(size)),
		fmt.Sprintf("cluster_current_epoch:%d", cl.epoch),
		fmt.Sprintf("cluster_my_epoch:%d", cl.epoch),
	))
}

func lines(list ...string) string {
	return strings.Join(list, "\r\n") + "\r\n"
}

func clusterKeySlot(c *conn, args []string) {
	if c.expect(args, 1, "cluster|keyslot") {
		c.peer.WriteInt(Slot(args[0]))
	}
}

// slotArg answers with an error if it returns false.
func (c *conn) slotArg(arg string) (int, bool) {
	slot, err := strconv.Atoi(arg)
	if err != nil || slot < 0 || slot >= slotCount {
		c.fail("ERR Invalid or out of range slot")
		return 0, false
	}
	return slot, true
}

func clusterCountKeysInSlot(c *conn, args []string) {
	if !c.expect(args, 1, "cluster|countkeysinslot") {
		return
	}
	if slot, ok := c.slotArg(args[0]); ok {
		c.peer.WriteInt(len(c.cluster.keysInSlot(c.node.shard, slot)))
	}
}

func clusterGetKeysInSlot(c *conn, args []string) {
	if !c.expect(args, 2, "cluster|getkeysinslot") {
		return
	}
	slot, ok := c.slotArg(args[0])
	if !ok {
		return
	}
	limit, err := strconv.Atoi(args[1])
	if err != nil || limit < 0 {
		c.fail("ERR Invalid number of keys")
		return
	}
	keys := c.cluster.keysInSlot(c.node.shard, slot)
	c.peer.WriteStrings(keys[:min(limit, len(keys))])
}

// clusterFailover promotes the replica that is asked; FORCE and TAKEOVER make no
// difference here.
func clusterFailover(c *conn, _ []string) {
	if c.cluster.isPrimary(c.node) {
		c.fail("ERR You should send CLUSTER FAILOVER to a replica")
		return
	}
	if err := c.cluster.Promote(c.node); err != nil {
		c.fail("ERR " + err.Error())
		return
	}
	c.peer.WriteOK()
}
