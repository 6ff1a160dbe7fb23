package redis

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
	"github.com/stretchr/testify/require"
)

var _ = testCommandGroup(commandGroup{name: "server", server: redistest.Options{Config: map[string]string{"enable-debug-command": "yes", "enable-module-command": "yes"}}, rows: []commandTest{
	{
		name: "BgRewriteAOF",
		call: func(ctx context.Context, c testCommands) Cmder { return c.BgRewriteAOF(ctx) },
		args: "bgrewriteaof", alone: true, want: "Background append only file rewriting started",
	},
	{
		name: "BgSave",
		call: func(ctx context.Context, c testCommands) Cmder { return c.BgSave(ctx) },
		args: "bgsave", alone: true, want: "Background saving started",
	},
	{
		name: "Save",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Save(ctx) },
		args: "save", want: "OK",
	},
	{
		name: "LastSave",
		call: func(ctx context.Context, c testCommands) Cmder { return c.LastSave(ctx) },
		args: "lastsave",
		check: func(t *testing.T, cmd Cmder) {
			require.InDelta(t, time.Now().Unix(), cmd.(*IntCmd).Val(), 300)
		},
	},
	{
		name: "Command",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Command(ctx) },
		args: "command",
		check: func(t *testing.T, cmd Cmder) {
			require.Equal(t, &CommandInfo{
				Name: "get", Arity: 2, Flags: []string{"readonly", "fast"}, ACLFlags: []string{"@read", "@string", "@fast"},
				FirstKeyPos: 1, LastKeyPos: 1, StepCount: 1, ReadOnly: true,
			}, cmd.(*CommandsInfoCmd).Val()["get"])
			require.False(t, cmd.(*CommandsInfoCmd).Val()["mset"].ReadOnly)
		},
	},
	{
		name:     "Command/old server",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.Command(ctx) },
		scripted: []string{"*2\r\n*-1\r\n*6\r\n$1\r\nx\r\n:-1\r\n*0\r\n:0\r\n:0\r\n:0\r\n", "*2\r\n_\r\n*6\r\n$1\r\nx\r\n:-1\r\n~0\r\n:0\r\n:0\r\n:0\r\n"},
		args:     "command", want: map[string]*CommandInfo{"x": {Name: "x", Arity: -1, Flags: []string{}}},
	},
	{
		name: "CommandGetKeys",
		call: func(ctx context.Context, c testCommands) Cmder { return c.CommandGetKeys(ctx, "mset", "a", 1, "b", 2) },
		args: "command getkeys mset a 1 b 2", want: []string{"a", "b"},
	},
	{
		name: "CommandGetKeysAndFlags",
		call: func(ctx context.Context, c testCommands) Cmder { return c.CommandGetKeysAndFlags(ctx, "set", "k", "v") },
		args: "command getkeysandflags set k v", want: []KeyFlags{{Key: "k", Flags: []string{"OW", "update"}}},
	},
	{
		name: "CommandList",
		call: func(ctx context.Context, c testCommands) Cmder { return c.CommandList(ctx, nil) },
		args: "command list",
		check: func(t *testing.T, cmd Cmder) {
			require.Contains(t, cmd.(*StringSliceCmd).Val(), "get")
		},
	},
	{
		name: "CommandList/pattern",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.CommandList(ctx, &FilterBy{Pattern: "xran*"})
		},
		args: "command list filterby pattern xran*", want: []string{"xrange"},
	},
	{
		name: "CommandList/module",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.CommandList(ctx, &FilterBy{Module: "none", ACLCat: "read"})
		},
		args: "command list filterby module none", want: []string{},
	},
	{
		name: "CommandList/category",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.CommandList(ctx, &FilterBy{ACLCat: "hyperloglog", Pattern: "*"})
		},
		args: "command list filterby aclcat hyperloglog", want: []string{"pfadd", "pfcount", "pfmerge", "pfdebug", "pfselftest"}, unordered: true,
	},
	{
		name: "ConfigGet",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ConfigGet(ctx, "maxmemory-s*") },
		args: "config get maxmemory-s*", want: map[string]string{"maxmemory-samples": "5"},
	},
	{
		name: "ConfigGet/none",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ConfigGet(ctx, "nonsense") },
		args: "config get nonsense", want: map[string]string{},
	},
	{
		name:    "ConfigSet",
		call:    func(ctx context.Context, c testCommands) Cmder { return c.ConfigSet(ctx, "maxmemory-samples", "7") },
		cleanup: []string{"config set maxmemory-samples 5"},
		args:    "config set maxmemory-samples 7", want: "OK",
	},
	{
		name: "ConfigSet/none",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ConfigSet(ctx, "nonsense", "") },
		args: `config set nonsense ""`, want: fails("ERR Unknown option"),
	},
	{
		name: "ConfigResetStat",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ConfigResetStat(ctx) },
		args: "config resetstat", want: "OK",
	},
	{
		name: "ConfigRewrite",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ConfigRewrite(ctx) },
		args: "config rewrite", want: "OK",
	},
	{
		name:  "DBSize",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.DBSize(ctx) },
		setup: []string{"mset a 1 b 2"},
		args:  "dbsize", want: int64(2),
	},
	{
		name:  "DebugObject",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.DebugObject(ctx, "k") },
		setup: []string{"set k v"},
		args:  "debug object k",
		check: func(t *testing.T, cmd Cmder) {
			require.Contains(t, cmd.(*StringCmd).Val(), "encoding:embstr")
		},
	},
	{
		name: "DebugObject/absent",
		call: func(ctx context.Context, c testCommands) Cmder { return c.DebugObject(ctx, "k") },
		args: "debug object k", want: fails("ERR no such key"),
	},
	{
		name: "FlushAll",
		call: func(ctx context.Context, c testCommands) Cmder { return c.FlushAll(ctx) },
		args: "flushall", want: "OK",
	},
	{
		name: "FlushAllAsync",
		call: func(ctx context.Context, c testCommands) Cmder { return c.FlushAllAsync(ctx) },
		args: "flushall async", want: "OK",
	},
	{
		name: "FlushDB",
		call: func(ctx context.Context, c testCommands) Cmder { return c.FlushDB(ctx) },
		args: "flushdb", want: "OK",
	},
	{
		name: "FlushDBAsync",
		call: func(ctx context.Context, c testCommands) Cmder { return c.FlushDBAsync(ctx) },
		args: "flushdb async", want: "OK",
	},
	{
		name: "Info",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Info(ctx) },
		args: "info",
		check: func(t *testing.T, cmd Cmder) {
			require.Contains(t, cmd.(*StringCmd).Val(), "# Keyspace")
		},
	},
	{
		name: "Info/sections",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Info(ctx, "server", "keyspace") },
		args: "info server keyspace",
		check: func(t *testing.T, cmd Cmder) {
			require.NotContains(t, cmd.(*StringCmd).Val(), "# Memory")
		},
	},
	{
		name:  "InfoMap",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.InfoMap(ctx, "keyspace", "server") },
		setup: []string{"set k v"},
		args:  "info keyspace server",
		check: func(t *testing.T, cmd Cmder) {
			info := cmd.(*InfoCmd)
			// Redis 7.4 and later add another field.
			require.Regexp(t, "^keys=1,expires=0,avg_ttl=0(,|$)", info.Item("Keyspace", "db0"))
			require.NotEmpty(t, info.Item("Server", "executable"))
			require.Empty(t, info.Item("Server", "nonsense"))
			require.Empty(t, info.Item("Nonsense", "db0"))
			require.Len(t, info.Val(), 2)
		},
	},
	{
		name:     "InfoMap/modules",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.InfoMap(ctx) },
		scripted: []string{"$53\r\nlost:1\r\n# A\r\nx:1:2\r\n# Modules\r\nmodule:name=json,ver=1\r\n"},
		args:     "info", want: map[string]map[string]string{"A": {"x": "1:2"}, "Modules": {"json": "ver=1"}},
	},
	{
		name:    "Latency",
		call:    func(ctx context.Context, c testCommands) Cmder { return c.Latency(ctx) },
		setup:   []string{"config set latency-monitor-threshold 1", "debug sleep 0.005"},
		cleanup: []string{"config set latency-monitor-threshold 0", "latency reset"},
		args:    "latency latest",
		check: func(t *testing.T, cmd Cmder) {
			events := cmd.(*LatencyCmd).Val()
			i := slices.IndexFunc(events, func(e Latency) bool { return e.Name == "command" })
			require.GreaterOrEqual(t, i, 0)
			require.GreaterOrEqual(t, events[i].Max, 5*time.Millisecond)
			require.WithinDuration(t, time.Now(), events[i].Time, time.Minute)
		},
	},
	{
		name:     "Latency/more",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.Latency(ctx) },
		scripted: []string{"*1\r\n*6\r\n$4\r\nfork\r\n:1405067976\r\n:251\r\n:1000\r\n:5\r\n*1\r\n:2\r\n"},
		args:     "latency latest", want: []Latency{{Name: "fork", Time: time.Unix(1405067976, 0), Latest: 251 * time.Millisecond, Max: time.Second}},
	},
	{
		name:     "Latency/cut short",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.Latency(ctx) },
		scripted: []string{"*1\r\n*1\r\n$4\r\nfork\r\n"},
		args:     "latency latest", want: fails("redis: unexpected reply: got an array of 1, want an array of 4"),
	},
	{
		name: "LatencyReset",
		call: func(ctx context.Context, c testCommands) Cmder { return c.LatencyReset(ctx, "command", "fork") },
		args: "latency reset command fork",
		check: func(t *testing.T, cmd Cmder) {
			require.Equal(t, "0", cmd.(*StatusCmd).Val())
		},
	},
	{
		name:  "MemoryUsage",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.MemoryUsage(ctx, "k") },
		setup: []string{"set k v"},
		args:  "memory usage k",
		check: func(t *testing.T, cmd Cmder) {
			require.Positive(t, cmd.(*IntCmd).Val())
		},
	},
	{
		name: "MemoryUsage/samples",
		call: func(ctx context.Context, c testCommands) Cmder { return c.MemoryUsage(ctx, "k", 0) },
		args: "memory usage k samples 0", want: Nil,
	},
	{
		name: "MemoryUsage/too many",
		call: func(ctx context.Context, c testCommands) Cmder { return c.MemoryUsage(ctx, "k", 0, 1) },
		want: fails("redis: memory usage: 2 numbers of samples"),
	},
	{
		name: "ModuleLoadex",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ModuleLoadex(ctx, &ModuleLoadexConfig{Path: "/m.so", Conf: map[string]any{"c": 1}, Args: []any{"x", 2}})
		},
		args: "module loadex /m.so config c 1 args x 2", want: fails("ERR Error loading the extension"),
	},
	{
		name: "ModuleLoadex/nothing",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ModuleLoadex(ctx, nil) },
		want: fails("redis: module: the configuration is nil"),
	},
	{
		name: "ReplicaOf",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ReplicaOf(ctx, "no", "one") },
		args: "replicaof no one", want: "OK",
	},
	{
		name: "SlaveOf",
		call: func(ctx context.Context, c testCommands) Cmder { return c.SlaveOf(ctx, "no", "one") },
		args: "slaveof no one", want: "OK",
	},
	{
		name:    "SlowLogGet",
		call:    func(ctx context.Context, c testCommands) Cmder { return c.SlowLogGet(ctx, 100) },
		setup:   []string{"slowlog reset", "config set slowlog-log-slower-than 0", "set k v"},
		cleanup: []string{"config set slowlog-log-slower-than 10000"},
		args:    "slowlog get 100",
		check: func(t *testing.T, cmd Cmder) {
			log := cmd.(*SlowLogCmd).Val()
			i := slices.IndexFunc(log, func(e SlowLog) bool { return slices.Equal(e.Args, []string{"set", "k", "v"}) })
			require.GreaterOrEqual(t, i, 0)
			require.WithinDuration(t, time.Now(), log[i].Time, time.Minute)
			require.Contains(t, log[i].ClientAddr, "127.0.0.1:")
		},
	},
	{
		name:     "SlowLogGet/newer",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.SlowLogGet(ctx, 1) },
		scripted: []string{"*1\r\n*8\r\n:4\r\n:9\r\n:15\r\n*1\r\n$3\r\nget\r\n$3\r\na:1\r\n$1\r\nn\r\n:40\r\n:41\r\n"},
		args:     "slowlog get 1", want: []SlowLog{{
			ID: 4, Time: time.Unix(9, 0), Duration: 15 * time.Microsecond, Args: []string{"get"},
			ClientAddr: "a:1", ClientName: "n", CommandArgc: 40,
		}},
	},
	{
		name:  "SlowLogLen",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.SlowLogLen(ctx) },
		setup: []string{"slowlog reset"},
		args:  "slowlog len", want: int64(0),
	},
	{
		name: "SlowLogReset",
		call: func(ctx context.Context, c testCommands) Cmder { return c.SlowLogReset(ctx) },
		args: "slowlog reset", want: "OK",
	},
	{
		name: "Time",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Time(ctx) },
		args: "time",
		check: func(t *testing.T, cmd Cmder) {
			require.WithinDuration(t, time.Now(), cmd.(*TimeCmd).Val(), time.Minute)
		},
	},
	{
		name:     "Time/micros",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.Time(ctx) },
		scripted: []string{"*2\r\n$1\r\n1\r\n$1\r\n2\r\n"},
		args:     "time", want: time.Unix(1, 2000),
	},
	{
		name: "Wait",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Wait(ctx, 0, time.Second) },
		args: "wait 0 1000", want: int64(0),
	},
	{
		name:     "WaitAOF",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.WaitAOF(ctx, 0, 2, 10*time.Millisecond) },
		since:    "7.2",
		scripted: []string{"*2\r\n:0\r\n:0\r\n"},
		args:     "waitaof 0 2 10", want: []int64{0, 0},
	},
	{
		name: "Shutdown",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Shutdown(ctx) },
		args: "shutdown", want: "", alone: true,
	},
	{
		name:     "Shutdown/refused",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.Shutdown(ctx) },
		scripted: []string{"-ERR Errors trying to SHUTDOWN. Check logs.\r\n"},
		args:     "shutdown", want: fails("ERR Errors trying to SHUTDOWN"),
	},
	{
		name: "ShutdownSave",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ShutdownSave(ctx) },
		args: "shutdown save", want: "", alone: true,
	},
	{
		name: "ShutdownNoSave",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ShutdownNoSave(ctx) },
		args: "shutdown nosave", want: "", alone: true,
	},
}})

func TestShutdownEndsTheServer(t *testing.T) {
	t.Parallel()
	node := redistest.StartServer(t, redistest.Options{})
	conn := dialTestConn(t, node.Addr(), 3)
	cmd := testCommands{conn.process, conn.process}.ShutdownNoSave(t.Context())
	require.NoError(t, cmd.Err())
	require.Eventually(t, func() bool { return !node.Running() }, 10*time.Second, 5*time.Millisecond)
}
