package clustertest

import (
	"fmt"
	"strconv"
	"strings"
)

// The shards' data are the numbered databases of one miniredis, so a client
// must not choose among them.

func cmdSelect(c *conn, args []string) {
	if args[1] != "0" {
		c.fail("ERR SELECT is not allowed in cluster mode")
		return
	}
	c.ok("SELECT")
}

func cmdNotInCluster(c *conn, args []string) {
	c.fail(fmt.Sprintf("ERR %s is not allowed in cluster mode", strings.ToUpper(args[0])))
}

func cmdCopy(c *conn, args []string) {
	for i := 3; i < len(args); i++ {
		if strings.EqualFold(args[i], "DB") {
			c.fail("ERR Copying to another database is not allowed in cluster mode")
			return
		}
	}
	c.routed("COPY", commands["COPY"], args, nil)
}

// cmdFlushAll empties this shard only, as on a real node.
func cmdFlushAll(c *conn, args []string) {
	name := strings.ToUpper(args[0])
	if len(args) > 2 || len(args) == 2 && !strings.EqualFold(args[1], "SYNC") && !strings.EqualFold(args[1], "ASYNC") {
		c.fail("ERR syntax error")
		return
	}
	c.routed(name, commands[name], []string{"FLUSHDB"}, nil)
}

func cmdWait(c *conn, args []string) {
	for _, arg := range args[1:] {
		if n, err := strconv.Atoi(arg); err != nil || n < 0 {
			c.fail("ERR value is not an integer or out of range")
			return
		}
	}
	if !c.cluster.isPrimary(c.node) {
		c.fail("ERR WAIT cannot be used with replica instances. Please also note that writes to replicas are just local and are not propagated.")
		return
	}
	c.node.stats.ran("WAIT")
	c.peer.WriteInt(len(c.cluster.healthyReplicas(c.node.shard)))
}

// cmdNearest is a search for places. A COUNT without ANY means the nearest ones:
// miniredis has to be told.
func cmdNearest(c *conn, args []string) {
	name := strings.ToUpper(args[0])
	if indexFold(args, "COUNT") > 0 && indexFold(args, "ANY") < 0 && indexFold(args, "ASC") < 0 && indexFold(args, "DESC") < 0 {
		args = append(args, "ASC")
	}
	c.routed(name, commands[name], args, nil)
}
