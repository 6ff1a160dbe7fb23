package redis

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// What only Valkey has goes by Do; SET with IFEQ has methods.
var _ = testCommandGroup(commandGroup{name: "valkey", server: redistest.Options{}, rows: []commandTest{
	{
		name: "Do/SET IFEQ",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.Do(ctx, "set", "k", "v", "ifeq", "old", "get")
		},
		since: "8.4, valkey 8.1", setup: []string{"set k old"},
		scripted: []string{"$3\r\nold\r\n"},
		args:     "set k v ifeq old get", want: any("old"),
	},
	{
		name:  "Do/DELIFEQ",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Do(ctx, "delifeq", "k", "v") },
		since: "valkey 9.0", setup: []string{"set k v"},
		scripted: []string{":1\r\n"},
		args:     "delifeq k v", want: any(int64(1)),
	},
	{
		name:  "Do/DELIFEQ of another value",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Do(ctx, "delifeq", "k", "v") },
		since: "valkey 9.0", setup: []string{"set k w"},
		scripted: []string{":0\r\n"},
		args:     "delifeq k v", want: any(int64(0)),
	},
	{
		name:  "Do/COMMANDLOG LEN",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Do(ctx, "commandlog", "len", "large-reply") },
		since: "valkey 8.1", setup: []string{"commandlog reset large-reply"},
		scripted: []string{":0\r\n"},
		args:     "commandlog len large-reply", want: any(int64(0)),
	},
	{
		name: "Do/SCRIPT SHOW",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.Do(ctx, "script", "show", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db")
		},
		since: "valkey 8.0", setup: []string{`script load "return 1"`},
		scripted: []string{"$8\r\nreturn 1\r\n"},
		args:     "script show e0e1f9fabfc9d4800c877a703b823ac0578ff8db", want: any("return 1"),
	},
}})

var _ = testCommandGroup(commandGroup{name: "valkey cluster", server: redistest.Options{Config: map[string]string{"cluster-enabled": "yes"}}, rows: []commandTest{
	{
		name: "Do/CLUSTER SLOT-STATS",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.Do(ctx, "cluster", "slot-stats", "slotsrange", 7, 8)
		},
		since: "8.2, valkey 8.0", setup: []string{"cluster addslots 8"}, cleanup: []string{"cluster flushslots"},
		scripted: []string{
			"*1\r\n*2\r\n:8\r\n*2\r\n$9\r\nkey-count\r\n:0\r\n",
			"*1\r\n*2\r\n:8\r\n%1\r\n$9\r\nkey-count\r\n:0\r\n",
		},
		args: "cluster slot-stats slotsrange 7 8",
		check: func(t *testing.T, cmd Cmder) {
			stats := cmd.(*Cmd).Val().([]any)
			require.Len(t, stats, 1)
			slot := stats[0].([]any)
			require.Equal(t, int64(8), slot[0])
			require.Equal(t, int64(0), slotStats(t, slot)["key-count"])
		},
	},
}})

// slotStats returns the figures of one slot in the reply to CLUSTER SLOT-STATS,
// which Do leaves as the protocol has them.
func slotStats(t *testing.T, slot []any) map[any]any {
	t.Helper()
	if stats, ok := slot[1].(map[any]any); ok {
		return stats
	}
	stats := map[any]any{}
	flat := slot[1].([]any)
	for i := 0; i < len(flat); i += 2 {
		stats[flat[i]] = flat[i+1]
	}
	return stats
}

// What has no method finds its node by Do: a key, a cursor with a slot's hash
// tag, or all shards.
func TestCommandsOfValkeyInCluster(t *testing.T) {
	t.Parallel()
	server := dialTestConn(t, redistest.StartServer(t, redistest.Options{}).Addr(), 3)
	if !server.since(t, "valkey 8.1") {
		t.Skip("this server is not Valkey 8.1 or later")
	}
	cl := redistest.Start(t, redistest.Options{})
	for _, protocol := range []int{2, 3} {
		t.Run(fmt.Sprintf("RESP%d", protocol), func(t *testing.T) {
			c := NewClusterClient(&ClusterOptions{Addrs: cl.Addrs(), Protocol: protocol})
			t.Cleanup(func() { require.NoError(t, c.Close()) })
			ctx := t.Context()

			keys := map[string]bool{}
			for i := range 50 {
				key := fmt.Sprintf("key:%d", i)
				keys[key] = true
				require.NoError(t, c.Set(ctx, key, "old", 0).Err())
				require.NoError(t, c.SetIFEQ(ctx, key, "new", "old", 0).Err())
				require.ErrorIs(t, c.SetIFEQ(ctx, key, "newer", "old", 0).Err(), Nil)
			}

			// Each shard answers for its own slots.
			stats, err := c.Do(ctx, "cluster", "slot-stats", "slotsrange", 0, 16383).Slice()
			require.NoError(t, err)
			require.Len(t, stats, 16384)
			slots, count := map[any]bool{}, int64(0)
			for _, s := range stats {
				slot := s.([]any)
				slots[slot[0]] = true
				count += slotStats(t, slot)["key-count"].(int64)
			}
			require.Len(t, slots, 16384)
			require.Equal(t, int64(len(keys)), count)

			if server.since(t, "valkey 9.1") {
				found := map[string]bool{}
				for cursor := "0"; ; {
					page, err := c.Do(ctx, "clusterscan", cursor, "count", 1000).Slice()
					require.NoError(t, err)
					for _, key := range page[1].([]any) {
						found[key.(string)] = true
					}
					if cursor = page[0].(string); cursor == "0" {
						break
					}
				}
				require.Equal(t, keys, found)
			}

			if server.since(t, "valkey 9.0") {
				for key := range keys {
					deleted, err := c.Do(ctx, "delifeq", key, "old").Int()
					require.NoError(t, err)
					require.Zero(t, deleted)
					deleted, err = c.Do(ctx, "delifeq", key, "new").Int()
					require.NoError(t, err)
					require.Equal(t, 1, deleted)
				}
			}
			require.NoError(t, c.FlushAll(ctx).Err())
		})
	}
}
