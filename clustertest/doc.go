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
// channels, passwords and TLS all work. The data are kept by miniredis, which
// runs the commands too: see its list for what it implements.
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
// # What is different from servers
//
//   - The nodes share one state. All of them know of a change at once, also a
//     node that was paused meanwhile.
//   - Replication takes no time, and nothing is lost in a failover.
//   - Time to live passes by Miniredis().FastForward only, or by the clock after
//     Miniredis().ClockTTL(true), within a few milliseconds.
//   - EVAL and EVALSHA with keys are for primaries only; EVAL_RO is served by
//     replicas too. The keys that a script uses without naming them are not
//     checked.
//   - Inside MULTI, commands on the connection, the cluster or the server are
//     refused. A PUBLISH there, or in a script, does not tell how many it
//     reached.
//   - Some replies of miniredis keep their RESP2 shape in RESP3, such as that of
//     ZRANGE with scores; in a transaction also those of SORT, LCS and others that
//     miniredis does not have itself.
//   - CONFIG remembers a few parameters, but nothing acts on them.
package clustertest
