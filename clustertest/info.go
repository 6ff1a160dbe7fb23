package clustertest

import (
	"fmt"
	"strings"
)

// infoSections are the sections of INFO in the order of a server.
var infoSections = []struct {
	name  string
	lines func(c *conn) []string
}{
	{"Server", infoServer},
	{"Clients", infoClients},
	{"Stats", infoStats},
	{"Replication", infoReplication},
	{"Cluster", func(*conn) []string { return []string{"cluster_enabled:1"} }},
	{"Keyspace", infoKeyspace},
}

func cmdInfo(c *conn, args []string) {
	wanted := map[string]bool{}
	for _, arg := range args[1:] {
		wanted[strings.ToLower(arg)] = true
	}
	all := len(wanted) == 0 || wanted["all"] || wanted["default"] || wanted["everything"]
	var text []string
	for _, section := range infoSections {
		if all || wanted[strings.ToLower(section.name)] {
			text = append(text, lines(append([]string{"# " + section.name}, section.lines(c)...)...))
		}
	}
	c.node.stats.ran("INFO")
	c.peer.WriteBulk(strings.Join(text, "\r\n"))
}

func infoServer(c *conn) []string {
	return []string{
		"redis_version:" + serverVersion,
		"redis_mode:cluster",
		"run_id:" + c.node.id,
		fmt.Sprintf("tcp_port:%d", c.node.port),
	}
}

func infoClients(c *conn) []string {
	return []string{fmt.Sprintf("connected_clients:%d", c.cluster.Connections(c.node))}
}

func infoStats(c *conn) []string {
	total := 0
	for _, n := range c.cluster.Commands(c.node) {
		total += n
	}
	return []string{fmt.Sprintf("total_commands_processed:%d", total)}
}

func infoReplication(c *conn) []string {
	cl := c.cluster
	cl.mu.RLock()
	defer cl.mu.RUnlock()
	primary := cl.primaries[c.node.shard]
	if primary != c.node {
		link := "up"
		if primary.failed {
			link = "down"
		}
		return []string{
			"role:slave",
			"master_host:" + loopback,
			fmt.Sprintf("master_port:%d", primary.port),
			"master_link_status:" + link,
			"slave_read_only:1",
			"connected_slaves:0",
		}
	}
	replicas := cl.replicas(c.node.shard)
	text := []string{"role:master", fmt.Sprintf("connected_slaves:%d", len(replicas))}
	for i, n := range replicas {
		state := "online"
		if n.failed {
			state = "wait_bgsave"
		}
		text = append(text, fmt.Sprintf("slave%d:ip=%s,port=%d,state=%s,offset=0,lag=0", i, loopback, n.port, state))
	}
	return text
}

func infoKeyspace(c *conn) []string {
	db := c.cluster.data.DB(c.node.shard)
	keys, expires := db.Keys(), 0
	if len(keys) == 0 {
		return nil
	}
	for _, key := range keys {
		if db.TTL(key) > 0 {
			expires++
		}
	}
	return []string{fmt.Sprintf("db0:keys=%d,expires=%d,avg_ttl=0", len(keys), expires)}
}

func cmdRole(c *conn, _ []string) {
	cl := c.cluster
	cl.mu.RLock()
	defer cl.mu.RUnlock()
	c.node.stats.ran("ROLE")
	primary := cl.primaries[c.node.shard]
	if primary != c.node {
		c.peer.WriteLen(5)
		c.peer.WriteBulk("slave")
		c.peer.WriteBulk(loopback)
		c.peer.WriteInt(primary.port)
		c.peer.WriteBulk("connected")
		c.peer.WriteInt(0)
		return
	}
	replicas := cl.replicas(c.node.shard)
	c.peer.WriteLen(3)
	c.peer.WriteBulk("master")
	c.peer.WriteInt(0)
	c.peer.WriteLen(len(replicas))
	for _, n := range replicas {
		c.peer.WriteStrings([]string{loopback, fmt.Sprint(n.port), "0"})
	}
}
