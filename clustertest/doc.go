// Package clustertest runs a whole Redis Cluster inside the process: for tests
// and demonstrations that need a cluster but no servers.
//
//	func TestCart(t *testing.T) {
//		cluster := clustertest.Start(t, clustertest.Options{Shards: 3, Replicas: 1})
//		rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()})
//		defer rdb.Close()
//		…
//	}
//
// Start needs a test or benchmark and closes the cluster with it; Run is for
// programs. A cluster of six nodes starts within milliseconds.
//
// Every node listens on a port of its own on 127.0.0.1 and behaves as a node
// does: it serves the slots that it owns and answers MOVED, ASK, TRYAGAIN,
// CROSSSLOT or CLUSTERDOWN for others; it knows CLUSTER SLOTS, SHARDS, NODES and
// the rest; replicas serve reads after READONLY. RESP2 and RESP3, pipelines,
// transactions, scripts, blocking commands, publish and subscribe with shard
// channels, functions, passwords and TLS all work. The data are kept by miniredis,
// which runs the commands that it has; this package adds others. See Commands
// below.
//
// # Changing and hurting it
//
// Failover and Promote change roles. FailPrimary stops a primary and has a
// replica elected after a time. MigrateSlot and AssignSlots move slots at one
// stroke; BeginMigration, MoveKeys and FinishMigration do it step by step, so
// that clients meet ASK. UnassignSlots leaves slots without an owner, AddShard
// makes the cluster grow.
//
//	old, err := cluster.FailPrimary(0, 500*time.Millisecond)
//	…
//	err = cluster.Start(old) // comes back as a replica
//
// Stop and Start act as killing and starting the server process, Pause and
// Resume as SIGSTOP and SIGCONT, Disconnect closes connections only. Delay makes
// a node far away, SetError makes it answer nothing but an error such as
// LOADING. A write whose outcome the client cannot know is made by Delay with an
// hour, the write, and Disconnect.
//
// # Looking inside
//
// Commands, Redirects and Connections tell what a node has had to do. Data gives
// direct access to the keys of a shard:
//
//	require.Equal(t, 1, cluster.Commands(cluster.Replicas(0)[0])["GET"])
//	total := cluster.Data(0).HGet("cart:1", "total")
//	cluster.Miniredis().FastForward(time.Minute) // keys expire
//
// # Commands
//
// The commands of server version 7.0 are there, with those that later versions
// have for the fields of hashes (HEXPIRE, HPEXPIRE, HEXPIRETIME, HTTL, HPERSIST,
// HGETEX, HGETDEL, HSETEX and the like). Left out are:
//
//   - persistence, replication and administration: BGREWRITEAOF, BGSAVE, SAVE,
//     SHUTDOWN, FAILOVER, PSYNC, REPLCONF, REPLICAOF, SLAVEOF, SYNC, MIGRATE,
//     RESTORE-ASKING, DEBUG, MODULE, PFDEBUG, PFSELFTEST, LOLWUT
//   - XSETID and XGROUP SETID
//   - DUMP and RESTORE of anything but strings, FUNCTION DUMP and RESTORE
//   - OBJECT except IDLETIME, MEMORY except USAGE
//   - CLIENT CACHING, GETREDIR, PAUSE, UNPAUSE, REPLY and TRACKING
//   - ACL SETUSER, DELUSER, LOAD and SAVE: there is one user, with all rights
//   - HELP of any command
//   - what modules add, such as JSON, search and vector sets
//
// A command that is missing can be added by Miniredis().Server().Register.
//
// # What is different from servers
//
//   - The nodes share one state. All of them know of a change at once, also a
//     node that was paused meanwhile.
//   - Replication takes no time, and nothing is lost in a failover.
//   - Time to live passes by Miniredis().FastForward only, or by the clock after
//     Miniredis().ClockTTL(true), within a few milliseconds.
//   - SLOWLOG, LATENCY and ACL LOG are always empty. MONITOR shows the commands of
//     a transaction when they are queued, and none of scripts.
//   - A BLMPOP that has waited takes the elements beyond the first in a second
//     step: another client may come between.
//   - Streams do not remember entries that have been deleted: XINFO tells of none
//     in max-deleted-entry-id, entries-added, entries-read and lag.
//   - Positions of GEOPOS and GEOSEARCH have six digits behind the point.
//   - Some arguments are refused in other words than a server's, and inside MULTI
//     some are refused at once, where a server would answer at EXEC.
//   - EVAL and EVALSHA with keys are for primaries only; EVAL_RO is served by
//     replicas too. The keys that a script uses without naming them are not
//     checked.
//   - Inside MULTI, commands on the connection, the cluster or the server are
//     refused. A PUBLISH there, or in a script, does not tell how many it
//     reached.
//   - In a transaction, and for a few commands outside it, replies keep the shape
//     that they have in RESP2.
//   - CONFIG remembers a few parameters, but nothing acts on them.
package clustertest
