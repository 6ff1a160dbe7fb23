package clustertest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClusterSlots(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		opts     Options
		endpoint any
		metadata []any
		metaMap  replyMap
	}{
		"plain":     {Options{}, loopback, []any{}, replyMap{}},
		"host name": {Options{Endpoint: EndpointHostname}, "localhost", []any{"ip", loopback}, replyMap{"ip": loopback}},
		"unknown":   {Options{Endpoint: EndpointUnknown}, nil, []any{"ip", loopback}, replyMap{"ip": loopback}},
		"named": {Options{Hostname: func(int) string { return "n.test" }}, loopback,
			[]any{"hostname", "n.test"}, replyMap{"hostname": "n.test"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.opts.Replicas = 1
			c := Start(t, test.opts)
			want := func(metadata any) []any {
				node := func(n *Node) any { return []any{test.endpoint, n.Port(), n.ID(), metadata} }
				return []any{
					[]any{0, 5460, node(c.Primary(0)), node(c.Replicas(0)[0])},
					[]any{5461, 10922, node(c.Primary(1)), node(c.Replicas(1)[0])},
					[]any{10923, 16383, node(c.Primary(2)), node(c.Replicas(2)[0])},
				}
			}
			for _, n := range c.Nodes() {
				require.Equal(t, want(test.metadata), dial(t, n).do("CLUSTER", "SLOTS"))
				require.Equal(t, want(test.metaMap), dial3(t, n).do("cluster", "slots"))
			}
		})
	}
}

func TestClusterSlotsAfterChanges(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2, Replicas: 1})
	client := dial(t, c.Primary(1))
	// port lists the ranges as "first-last port port…".
	ports := func() (lines []string) {
		for _, r := range client.do("CLUSTER", "SLOTS").([]any) {
			r := r.([]any)
			line := fmt.Sprintf("%d-%d", r[0], r[1])
			for _, n := range r[2:] {
				line += fmt.Sprintf(" %d", n.([]any)[1])
			}
			lines = append(lines, line)
		}
		return lines
	}
	a, b := c.Primary(0).Port(), c.Primary(1).Port()
	ra, rb := c.Replicas(0)[0].Port(), c.Replicas(1)[0].Port()
	require.NoError(t, c.MigrateSlot(100, c.Primary(1)))
	require.NoError(t, c.UnassignSlots(8000, 9000))
	require.Equal(t, []string{
		fmt.Sprintf("0-99 %d %d", a, ra),
		fmt.Sprintf("100-100 %d %d", b, rb),
		fmt.Sprintf("101-7999 %d %d", a, ra),
		fmt.Sprintf("9001-16383 %d %d", b, rb),
	}, ports())
	require.NoError(t, c.AssignSlots(0, 16383, c.Primary(0)))
	require.Equal(t, []string{fmt.Sprintf("0-16383 %d %d", a, ra)}, ports())
	c.Stop(c.Primary(0))
	require.Equal(t, []string{fmt.Sprintf("0-16383 %d %d", a, ra)}, ports(), "its slots are still its own")
	require.NoError(t, c.Failover(0))
	require.Equal(t, []string{fmt.Sprintf("0-16383 %d", ra)}, ports(), "failed replicas are left out")
	require.NoError(t, c.Start(c.Replicas(0)[0]))
	require.Equal(t, []string{fmt.Sprintf("0-16383 %d %d", ra, a)}, ports())
}

func TestClusterShards(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2, Replicas: 1, Hostname: func(i int) string { return fmt.Sprintf("n%d.test", i) }})
	require.NoError(t, c.UnassignSlots(10, 10))
	c.Stop(c.Replicas(1)[0])
	node := func(n *Node, host, role, health string) any {
		return replyMap{"id": n.ID(), "port": n.Port(), "ip": loopback, "endpoint": loopback, "hostname": host,
			"role": role, "replication-offset": 0, "health": health}
	}
	require.Equal(t, []any{
		replyMap{"slots": []any{0, 9, 11, 8191}, "nodes": []any{
			node(c.Primary(0), "n0.test", "master", "online"), node(c.Replicas(0)[0], "n2.test", "replica", "online")}},
		replyMap{"slots": []any{8192, 16383}, "nodes": []any{
			node(c.Primary(1), "n1.test", "master", "online"), node(c.Replicas(1)[0], "n3.test", "replica", "fail")}},
	}, dial3(t, c.Primary(0)).do("CLUSTER", "SHARDS"))
}

func TestClusterNodes(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2, Replicas: 1, Hostname: func(i int) string {
		return []string{"", "n1.test", "", ""}[i]
	}})
	require.NoError(t, c.BeginMigration(7, c.Primary(1)))
	c.Stop(c.Replicas(1)[0])
	p0, p1, r0, r1 := c.Primary(0), c.Primary(1), c.Replicas(0)[0], c.Replicas(1)[0]
	epoch := c.epoch
	line := func(format string, args ...any) string { return fmt.Sprintf(format, args...) + "\n" }
	addr := func(n *Node) string { return fmt.Sprintf("%s@%d", n.Addr(), n.Port()+10000) }
	require.Equal(t, ""+
		line("%s %s myself,master - 0 0 %d connected 0-8191 [7->-%s]", p0.ID(), addr(p0), epoch, p1.ID())+
		line("%s %s,n1.test master - 0 0 %d connected 8192-16383", p1.ID(), addr(p1), epoch)+
		line("%s %s slave %s 0 0 %d connected", r0.ID(), addr(r0), p0.ID(), epoch)+
		line("%s %s slave,fail %s 0 0 %d disconnected", r1.ID(), addr(r1), p1.ID(), epoch),
		dial(t, p0).do("CLUSTER", "NODES"))
	require.Contains(t, dial(t, p1).do("CLUSTER", "NODES"), fmt.Sprintf(" 8192-16383 [7-<-%s]\n", p0.ID()))
	require.Equal(t, []any{fmt.Sprintf("%s %s slave %s 0 0 %d connected", r0.ID(), addr(r0), p0.ID(), epoch)},
		dial(t, p1).do("CLUSTER", "REPLICAS", p0.ID()))
	require.Equal(t, replyError("ERR Unknown node x"), dial(t, p1).do("CLUSTER", "REPLICAS", "x"))
}

func TestClusterInfo(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2, Replicas: 1, RequireFullCoverage: true})
	client := dial(t, c.Primary(1))
	info := client.do("CLUSTER", "INFO").(string)
	for _, line := range []string{"cluster_state:ok", "cluster_slots_assigned:16384", "cluster_slots_ok:16384",
		"cluster_slots_fail:0", "cluster_known_nodes:4", "cluster_size:2"} {
		require.Contains(t, info, line+"\r\n")
	}
	require.NoError(t, c.UnassignSlots(16383, 16383))
	c.Stop(c.Primary(0))
	info = client.do("CLUSTER", "INFO").(string)
	for _, line := range []string{"cluster_state:fail", "cluster_slots_assigned:16383", "cluster_slots_ok:8191", "cluster_slots_fail:8192"} {
		require.Contains(t, info, line+"\r\n")
	}
}

func TestSmallClusterCommands(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2, Replicas: 1})
	client := dial(t, c.Primary(0))
	require.Equal(t, c.Primary(0).ID(), client.do("CLUSTER", "MYID"))
	shard := client.do("CLUSTER", "MYSHARDID")
	require.Len(t, shard, 40)
	require.Equal(t, shard, dial(t, c.Replicas(0)[0]).do("CLUSTER", "MYSHARDID"))
	require.NotEqual(t, shard, dial(t, c.Primary(1)).do("CLUSTER", "MYSHARDID"))
	require.Equal(t, 12182, client.do("CLUSTER", "KEYSLOT", "foo"))

	tag := keyIn(t, c, 0)
	slot := fmt.Sprint(Slot(tag))
	for _, name := range []string{"c", "a", "b"} {
		client.do("SET", "{"+tag+"}"+name, "v")
	}
	require.Equal(t, 3, client.do("CLUSTER", "COUNTKEYSINSLOT", slot))
	require.Equal(t, []any{"{" + tag + "}a", "{" + tag + "}b"}, client.do("CLUSTER", "GETKEYSINSLOT", slot, "2"))
	require.Len(t, client.do("CLUSTER", "GETKEYSINSLOT", slot, "9"), 3)
	for command, want := range map[string]string{
		"CLUSTER":                       "ERR wrong number of arguments for 'cluster' command",
		"CLUSTER NOPE":                  "ERR unknown subcommand 'NOPE'. Try CLUSTER HELP.",
		"CLUSTER KEYSLOT":               "ERR wrong number of arguments for 'cluster|keyslot' command",
		"CLUSTER COUNTKEYSINSLOT 16384": "ERR Invalid or out of range slot",
		"CLUSTER COUNTKEYSINSLOT":       "ERR wrong number of arguments for 'cluster|countkeysinslot' command",
		"CLUSTER GETKEYSINSLOT x 1":     "ERR Invalid or out of range slot",
		"CLUSTER GETKEYSINSLOT 1 -1":    "ERR Invalid number of keys",
		"CLUSTER GETKEYSINSLOT 1":       "ERR wrong number of arguments for 'cluster|getkeysinslot' command",
		"CLUSTER REPLICAS":              "ERR wrong number of arguments for 'cluster|replicas' command",
	} {
		require.Equal(t, replyError(want), client.do(strings.Fields(command)...), command)
	}
}

func TestInfo(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 1, Replicas: 1})
	primary, replica := dial(t, c.Primary(0)), dial(t, c.Replicas(0)[0])
	primary.do("SET", "a", "v")
	primary.do("SET", "b", "v", "EX", "10")
	info := primary.do("INFO").(string)
	for _, line := range []string{"# Server", "redis_version:" + serverVersion, "redis_mode:cluster", "cluster_enabled:1",
		"connected_clients:1", "total_commands_processed:2", "role:master", "connected_slaves:1",
		fmt.Sprintf("slave0:ip=127.0.0.1,port=%d,state=online,offset=0,lag=0", c.Replicas(0)[0].Port()),
		"db0:keys=2,expires=1,avg_ttl=0"} {
		require.Contains(t, info, line+"\r\n")
	}
	require.Equal(t, fmt.Sprintf("# Replication\r\nrole:slave\r\nmaster_host:127.0.0.1\r\nmaster_port:%d\r\n"+
		"master_link_status:up\r\nslave_read_only:1\r\nconnected_slaves:0\r\n", c.Primary(0).Port()),
		replica.do("INFO", "replication"))
	require.Equal(t, "", primary.do("INFO", "nonsense"))

	require.Equal(t, []any{"master", 0, []any{[]any{loopback, fmt.Sprint(c.Replicas(0)[0].Port()), "0"}}}, primary.do("ROLE"))
	require.Equal(t, []any{"slave", loopback, c.Primary(0).Port(), "connected", 0}, replica.do("ROLE"))
	c.Stop(c.Primary(0))
	require.Contains(t, replica.do("INFO", "Replication"), "master_link_status:down")
	require.NoError(t, c.Failover(0))
	require.Contains(t, replica.do("INFO", "replication"), "state=wait_bgsave")
}

func TestConfig(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2})
	client := dial3(t, c.Primary(0))
	require.Equal(t, replyMap{"cluster-enabled": "yes", "cluster-node-timeout": "15000", "cluster-require-full-coverage": "no"},
		client.do("CONFIG", "GET", "cluster-*"))
	require.Equal(t, "OK", client.do("CONFIG", "SET", "maxmemory", "1mb", "TIMEOUT", "5"))
	require.Equal(t, replyMap{"maxmemory": "1mb", "timeout": "5"}, client.do("CONFIG", "GET", "maxmemory", "Timeout"))
	require.Equal(t, []any{"maxmemory", "0"}, dial(t, c.Primary(1)).do("CONFIG", "GET", "maxmemory"), "each node has its own")
	require.Contains(t, client.do("CONFIG", "SET", "maxmemory", "2mb", "nope", "1"), "ERR Unknown option")
	require.Equal(t, replyMap{"maxmemory": "1mb"}, client.do("CONFIG", "GET", "maxmemory"), "all or nothing")
	require.Contains(t, client.do("CONFIG", "SET", "maxmemory"), "ERR wrong number")
	require.Contains(t, client.do("CONFIG", "GET"), "ERR wrong number")
	require.Equal(t, "OK", client.do("CONFIG", "REWRITE"))
}
