package redis

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
	"github.com/stretchr/testify/require"
)

var _ = testCommandGroup(commandGroup{name: "cluster", server: redistest.Options{Config: map[string]string{"cluster-enabled": "yes"}}, rows: []commandTest{
	{
		name:    "ClusterAddSlots",
		call:    func(ctx context.Context, c testCommands) Cmder { return c.ClusterAddSlots(ctx, 1, 2) },
		cleanup: []string{"cluster flushslots"},
		args:    "cluster addslots 1 2", want: "OK",
	},
	{
		name:    "ClusterAddSlotsRange",
		call:    func(ctx context.Context, c testCommands) Cmder { return c.ClusterAddSlotsRange(ctx, 16381, 16383) },
		cleanup: []string{"cluster flushslots"},
		args:    "cluster addslots 16381 16382 16383", want: "OK",
	},
	{
		name: "ClusterAddSlotsRange/no such slots",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClusterAddSlotsRange(ctx, 5, 16384) },
		want: fails("redis: cluster addslots: there are no slots from 5 to 16384"),
	},
	{
		name: "ClusterCountFailureReports",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClusterCountFailureReports(ctx, "abc") },
		args: "cluster count-failure-reports abc", want: fails("ERR Unknown node abc"),
	},
	{
		name:     "ClusterCountFailureReports/two",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.ClusterCountFailureReports(ctx, "abc") },
		scripted: []string{":2\r\n"},
		args:     "cluster count-failure-reports abc", want: int64(2),
	},
	{
		name: "ClusterCountKeysInSlot",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClusterCountKeysInSlot(ctx, 7) },
		args: "cluster countkeysinslot 7", want: int64(0),
	},
	{
		name:  "ClusterDelSlots",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ClusterDelSlots(ctx, 3) },
		setup: []string{"cluster addslots 3"},
		args:  "cluster delslots 3", want: "OK",
	},
	{
		name:  "ClusterDelSlotsRange",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ClusterDelSlotsRange(ctx, 0, 1) },
		setup: []string{"cluster addslots 0 1"},
		args:  "cluster delslots 0 1", want: "OK",
	},
	{
		name: "ClusterDelSlotsRange/no such slots",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClusterDelSlotsRange(ctx, 2, 1) },
		want: fails("redis: cluster delslots: there are no slots from 2 to 1"),
	},
	{
		name: "ClusterFailover",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClusterFailover(ctx) },
		args: "cluster failover", want: fails("ERR You should send CLUSTER FAILOVER to a replica"),
	},
	{
		name: "ClusterForget",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClusterForget(ctx, "abc") },
		args: "cluster forget abc", want: fails("ERR Unknown node abc"),
	},
	{
		name: "ClusterGetKeysInSlot",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClusterGetKeysInSlot(ctx, 7, 10) },
		args: "cluster getkeysinslot 7 10", want: []string{},
	},
	{
		name:     "ClusterGetKeysInSlot/two",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.ClusterGetKeysInSlot(ctx, 7, 10) },
		scripted: []string{"*2\r\n$1\r\na\r\n$1\r\nb\r\n"},
		args:     "cluster getkeysinslot 7 10", want: []string{"a", "b"},
	},
	{
		name: "ClusterInfo",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClusterInfo(ctx) },
		args: "cluster info",
		check: func(t *testing.T, cmd Cmder) {
			require.Contains(t, cmd.(*StringCmd).Val(), "cluster_known_nodes:1\r\n")
		},
	},
	{
		name: "ClusterKeySlot",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClusterKeySlot(ctx, "foo") },
		args: "cluster keyslot foo", want: int64(12182),
	},
	{
		name: "ClusterLinks",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClusterLinks(ctx) },
		args: "cluster links", want: []ClusterLink{},
	},
	{
		name:     "ClusterLinks/one",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.ClusterLinks(ctx) },
		scripted: []string{"*1\r\n*14\r\n$9\r\ndirection\r\n$2\r\nto\r\n$4\r\nnode\r\n$3\r\nabc\r\n$11\r\ncreate-time\r\n:1639442739375\r\n$6\r\nevents\r\n$2\r\nrw\r\n$21\r\nsend-buffer-allocated\r\n:4512\r\n$16\r\nsend-buffer-used\r\n:7\r\n$5\r\nnewer\r\n*1\r\n:1\r\n", "*1\r\n%7\r\n$9\r\ndirection\r\n$2\r\nto\r\n$4\r\nnode\r\n$3\r\nabc\r\n$11\r\ncreate-time\r\n:1639442739375\r\n$6\r\nevents\r\n$2\r\nrw\r\n$21\r\nsend-buffer-allocated\r\n:4512\r\n$16\r\nsend-buffer-used\r\n:7\r\n$5\r\nnewer\r\n*1\r\n:1\r\n"},
		args:     "cluster links", want: []ClusterLink{{
			Direction: "to", Node: "abc", CreateTime: 1639442739375, Events: "rw", SendBufferAllocated: 4512, SendBufferUsed: 7,
		}},
	},
	{
		name: "ClusterMeet",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClusterMeet(ctx, "127.0.0.1", "7000") },
		args: "cluster meet 127.0.0.1 7000", want: "OK",
		alone: true,
	},
	{
		name: "ClusterMyID",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClusterMyID(ctx) },
		args: "cluster myid",
		check: func(t *testing.T, cmd Cmder) {
			require.Len(t, cmd.(*StringCmd).Val(), 40)
		},
	},
	{
		name:     "ClusterMyShardID",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.ClusterMyShardID(ctx) },
		since:    "7.2",
		scripted: []string{"$40\r\n" + strings.Repeat("a", 40) + "\r\n"},
		args:     "cluster myshardid", check: func(t *testing.T, cmd Cmder) {
			require.Regexp(t, "^[0-9a-f]{40}$", cmd.(*StringCmd).Val())
		},
	},
	{
		name: "ClusterNodes",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClusterNodes(ctx) },
		args: "cluster nodes",
		check: func(t *testing.T, cmd Cmder) {
			require.Contains(t, cmd.(*StringCmd).Val(), "myself,master")
		},
	},
	{
		name: "ClusterReplicate",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClusterReplicate(ctx, "abc") },
		args: "cluster replicate abc", want: fails("ERR Unknown node abc"),
	},
	{
		name: "ClusterResetSoft",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClusterResetSoft(ctx) },
		args: "cluster reset soft", want: "OK",
	},
	{
		name: "ClusterResetHard",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClusterResetHard(ctx) },
		args: "cluster reset hard", want: "OK",
	},
	{
		name: "ClusterSaveConfig",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClusterSaveConfig(ctx) },
		args: "cluster saveconfig", want: "OK",
	},
	{
		name:    "ClusterShards",
		call:    func(ctx context.Context, c testCommands) Cmder { return c.ClusterShards(ctx) },
		setup:   []string{"cluster addslots 4 5 8"},
		cleanup: []string{"cluster flushslots"},
		args:    "cluster shards",
		check: func(t *testing.T, cmd Cmder) {
			shards := cmd.(*ClusterShardsCmd).Val()
			require.Len(t, shards, 1)
			require.Equal(t, []SlotRange{{4, 5}, {8, 8}}, shards[0].Slots)
			require.Len(t, shards[0].Nodes, 1)
			require.Len(t, shards[0].Nodes[0].ID, 40)
			require.NotZero(t, shards[0].Nodes[0].Port)
			require.Equal(t, "master", shards[0].Nodes[0].Role)
			require.Equal(t, "online", shards[0].Nodes[0].Health)
		},
	},
	{
		name:     "ClusterShards/two ranges",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.ClusterShards(ctx) },
		scripted: []string{"*1\r\n*4\r\n$5\r\nslots\r\n*4\r\n:10923\r\n:11110\r\n:11113\r\n:16383\r\n$5\r\nnodes\r\n*1\r\n*18\r\n$2\r\nid\r\n$3\r\nabc\r\n$4\r\nport\r\n:30001\r\n$8\r\ntls-port\r\n:30002\r\n$2\r\nip\r\n$9\r\n127.0.0.1\r\n$8\r\nendpoint\r\n$-1\r\n$8\r\nhostname\r\n$1\r\nh\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$18\r\nreplication-offset\r\n:72156\r\n$6\r\nhealth\r\n$6\r\nonline\r\n", "*1\r\n%2\r\n$5\r\nslots\r\n*4\r\n:10923\r\n:11110\r\n:11113\r\n:16383\r\n$5\r\nnodes\r\n*1\r\n%9\r\n$2\r\nid\r\n$3\r\nabc\r\n$4\r\nport\r\n:30001\r\n$8\r\ntls-port\r\n:30002\r\n$2\r\nip\r\n$9\r\n127.0.0.1\r\n$8\r\nendpoint\r\n_\r\n$8\r\nhostname\r\n$1\r\nh\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$18\r\nreplication-offset\r\n:72156\r\n$6\r\nhealth\r\n$6\r\nonline\r\n"},
		args:     "cluster shards", want: []ClusterShard{{
			Slots: []SlotRange{{10923, 11110}, {11113, 16383}},
			Nodes: []Node{{
				ID: "abc", IP: "127.0.0.1", Hostname: "h", Port: 30001, TLSPort: 30002,
				Role: "master", ReplicationOffset: 72156, Health: "online",
			}},
		}},
	},
	{
		name: "ClusterSlaves",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClusterSlaves(ctx, "abc") },
		args: "cluster slaves abc", want: fails("ERR Unknown node abc"),
	},
	{
		name:     "ClusterSlaves/one",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.ClusterSlaves(ctx, "abc") },
		scripted: []string{"*1\r\n$30\r\ndef 127.0.0.1:7001@17001 slave\r\n"},
		args:     "cluster slaves abc", want: []string{"def 127.0.0.1:7001@17001 slave"},
	},
	{
		name:    "ClusterSlots",
		call:    func(ctx context.Context, c testCommands) Cmder { return c.ClusterSlots(ctx) },
		setup:   []string{"cluster addslots 4 5 8"},
		cleanup: []string{"cluster flushslots"},
		args:    "cluster slots",
		check: func(t *testing.T, cmd Cmder) {
			slots := cmd.(*ClusterSlotsCmd).Val()
			require.Len(t, slots, 2)
			require.Equal(t, []int{4, 5, 8, 8}, []int{slots[0].Start, slots[0].End, slots[1].Start, slots[1].End})
			require.Len(t, slots[0].Nodes, 1)
			require.Len(t, slots[0].Nodes[0].ID, 40)
			require.Equal(t, map[string]string{}, slots[0].Nodes[0].NetworkingMetadata)
			_, port, err := net.SplitHostPort(slots[0].Nodes[0].Addr)
			require.NoError(t, err)
			require.NotEqual(t, "0", port)
		},
	},
	{
		name: "ClusterSlots/none",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClusterSlots(ctx) },
		args: "cluster slots", want: []ClusterSlot{},
	},
	{
		name:     "ClusterSlots/no host",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.ClusterSlots(ctx) },
		scripted: []string{"*1\r\n*3\r\n:0\r\n:99\r\n*3\r\n$-1\r\n:7000\r\n$3\r\nabc\r\n", "*1\r\n*3\r\n:0\r\n:99\r\n*3\r\n_\r\n:7000\r\n$3\r\nabc\r\n"},
		args:     "cluster slots", want: []ClusterSlot{{Start: 0, End: 99, Nodes: []ClusterNode{{ID: "abc", Addr: ":7000", NetworkingMetadata: nil}}}},
	},
	{
		name:     "ClusterSlots/empty host",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.ClusterSlots(ctx) },
		scripted: []string{"*1\r\n*3\r\n:0\r\n:99\r\n*2\r\n$0\r\n\r\n:7000\r\n"},
		args:     "cluster slots", want: []ClusterSlot{{Start: 0, End: 99, Nodes: []ClusterNode{{ID: "", Addr: ":7000", NetworkingMetadata: nil}}}},
	},
	{
		name:     "ClusterSlots/unknown host",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.ClusterSlots(ctx) },
		scripted: []string{"*1\r\n*3\r\n:0\r\n:99\r\n*3\r\n$1\r\n?\r\n:7000\r\n$3\r\nabc\r\n"},
		args:     "cluster slots", want: []ClusterSlot{{Start: 0, End: 99, Nodes: []ClusterNode{{ID: "abc", Addr: "?:7000", NetworkingMetadata: nil}}}},
	},
	{
		name:     "ClusterSlots/IPv6",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.ClusterSlots(ctx) },
		scripted: []string{"*1\r\n*3\r\n:0\r\n:99\r\n*3\r\n$11\r\n2001:db8::1\r\n:7000\r\n$3\r\nabc\r\n"},
		args:     "cluster slots", want: []ClusterSlot{{Start: 0, End: 99, Nodes: []ClusterNode{{ID: "abc", Addr: "[2001:db8::1]:7000", NetworkingMetadata: nil}}}},
	},
	{
		name:     "ClusterSlots/metadata and more",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.ClusterSlots(ctx) },
		scripted: []string{"*1\r\n*3\r\n:0\r\n:99\r\n*6\r\n$8\r\n10.0.0.1\r\n:7000\r\n$3\r\nabc\r\n*4\r\n$8\r\nhostname\r\n$9\r\nh.example\r\n$17\r\navailability-zone\r\n$-1\r\n*1\r\n:1\r\n:2\r\n", "*1\r\n*3\r\n:0\r\n:99\r\n*6\r\n$8\r\n10.0.0.1\r\n:7000\r\n$3\r\nabc\r\n%2\r\n$8\r\nhostname\r\n$9\r\nh.example\r\n$17\r\navailability-zone\r\n_\r\n%1\r\n:1\r\n:1\r\n:2\r\n"},
		args:     "cluster slots", want: []ClusterSlot{{Start: 0, End: 99, Nodes: []ClusterNode{{ID: "abc", Addr: "10.0.0.1:7000", NetworkingMetadata: map[string]string{"hostname": "h.example", "availability-zone": ""}}}}},
	},
	{
		name:     "ClusterSlots/nobody serves it",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.ClusterSlots(ctx) },
		scripted: []string{"*1\r\n*2\r\n:0\r\n:99\r\n"},
		args:     "cluster slots", want: []ClusterSlot{{Start: 0, End: 99, Nodes: []ClusterNode{}}},
	},
	{
		name:     "ClusterSlots/cut short",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.ClusterSlots(ctx) },
		scripted: []string{"*1\r\n*3\r\n:0\r\n:99\r\n*1\r\n$1\r\nh\r\n"},
		args:     "cluster slots", want: fails("redis: cluster slots: a node of 1 elements"),
	},
	{
		name:     "ClusterSlots/no range",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.ClusterSlots(ctx) },
		scripted: []string{"*1\r\n*1\r\n:0\r\n"},
		args:     "cluster slots", want: fails("redis: cluster slots: a range of 1 elements"),
	},
	{
		name: "ReadOnly",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ReadOnly(ctx) },
		args: "readonly", want: "OK",
	},
	{
		name: "ReadWrite",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ReadWrite(ctx) },
		args: "readwrite", want: "OK",
	},
}})
