package redis

import (
	"context"
	"testing"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
	"github.com/stretchr/testify/require"
)

var _ = testCommandGroup(commandGroup{name: "connection", server: redistest.Options{}, rows: []commandTest{
	{
		name: "Do",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Do(ctx, "set", "k", 1.5) },
		args: "set k 1.5", want: any("OK"),
	},
	{
		name:  "Do/list",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Do(ctx, "mget", "k", "none") },
		setup: []string{"set k v"},
		args:  "mget k none", want: any([]any{"v", nil}),
	},
	{
		name: "Do/error",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Do(ctx, "nonsense", 1) },
		args: "nonsense 1", want: fails("ERR unknown command"),
	},
	{
		name: "Do/null",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Do(ctx, "get", "k") },
		args: "get k", want: Nil,
	},
	{
		name: "Ping",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Ping(ctx) },
		args: "ping", want: "PONG",
	},
	{
		name: "Echo",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Echo(ctx, []byte("a\x00b")) },
		args: `echo "a\x00b"`, want: "a\x00b",
	},
	{
		name: "Echo/no argument type",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Echo(ctx, map[string]int{}) },
		want: fails("redis: echo: argument 1: cannot send a value of type map[string]int"),
	},
	{
		name:     "Quit",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.Quit(ctx) },
		scripted: []string{"+OK\r\n"},
		args:     "quit", want: "OK",
	},
	{
		name:    "ClientGetName",
		call:    func(ctx context.Context, c testCommands) Cmder { return c.ClientGetName(ctx) },
		setup:   []string{"client setname me"},
		cleanup: []string{"client setname \"\""},
		args:    "client getname", want: "me",
	},
	{
		name: "ClientGetName/none",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClientGetName(ctx) },
		args: "client getname", want: Nil,
	},
	{
		name: "ClientID",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClientID(ctx) },
		args: "client id",
		check: func(t *testing.T, cmd Cmder) {
			require.Positive(t, cmd.(*IntCmd).Val())
		},
	},
	{
		name:    "ClientInfo",
		call:    func(ctx context.Context, c testCommands) Cmder { return c.ClientInfo(ctx) },
		setup:   []string{"client setname me"},
		cleanup: []string{"client setname \"\""},
		args:    "client info",
		check: func(t *testing.T, cmd Cmder) {
			info := cmd.(*ClientInfoCmd).Val()
			require.Positive(t, info.ID)
			require.Contains(t, info.Addr, "127.0.0.1:")
			require.Equal(t, "me", info.Name)
			require.Equal(t, "default", info.User)
			require.Equal(t, "client|info", info.LastCmd)
			require.Equal(t, -1, info.Multi)
			require.Positive(t, info.TotalMemory)
		},
	},
	{
		name:     "ClientInfo/all",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.ClientInfo(ctx) },
		scripted: []string{"$63\r\nid=3 age=2 idle=60 flags=brZ redir=-1 lib-name=a=b name= new=x\n\r\n", "=67\r\ntxt:id=3 age=2 idle=60 flags=brZ redir=-1 lib-name=a=b name= new=x\n\r\n"},
		args:     "client info", want: &ClientInfo{
			ID: 3, Age: 2 * time.Second, Idle: time.Minute, Flags: ClientBlocked | ClientReadOnly, Redir: -1, LibName: "a=b",
		},
	},
	{
		name:     "ClientInfo/no number",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.ClientInfo(ctx) },
		scripted: []string{"+id=x\r\n"},
		args:     "client info", want: fails("redis: client info: id: "),
	},
	{
		name:     "ClientInfo/no pair",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.ClientInfo(ctx) },
		scripted: []string{"+id\r\n"},
		args:     "client info", want: fails(`redis: client info: "id" is no name and value`),
	},
	{
		name: "ClientKill",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClientKill(ctx, "127.0.0.1:1") },
		args: "client kill 127.0.0.1:1", want: fails("ERR No such client"),
	},
	{
		name:     "ClientKill/one",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.ClientKill(ctx, "127.0.0.1:1") },
		scripted: []string{"+OK\r\n"},
		args:     "client kill 127.0.0.1:1", want: "OK",
	},
	{
		name: "ClientKillByFilter",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClientKillByFilter(ctx, "type", "pubsub") },
		args: "client kill type pubsub", want: int64(0),
	},
	{
		name: "ClientList",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClientList(ctx) },
		args: "client list",
		check: func(t *testing.T, cmd Cmder) {
			require.Contains(t, cmd.(*StringCmd).Val(), "cmd=client|list")
		},
	},
	{
		name:    "ClientPause",
		call:    func(ctx context.Context, c testCommands) Cmder { return c.ClientPause(ctx, 2*time.Millisecond) },
		cleanup: []string{"client unpause"},
		args:    "client pause 2", want: true,
	},
	{
		name: "ClientUnpause",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClientUnpause(ctx) },
		args: "client unpause", want: true,
	},
	{
		name: "ClientTracking",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ClientTracking(ctx, false, &ClientTrackingOptions{Bcast: true})
		},
		args: "client tracking off", want: "OK",
	},
	{
		name:     "ClientTracking/on",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.ClientTracking(ctx, true, nil) },
		scripted: []string{"+OK\r\n"},
		args:     "client tracking on", want: "OK",
	},
	{
		name: "ClientTrackingOff",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClientTrackingOff(ctx) },
		args: "client tracking off", want: "OK",
	},
	{
		name: "ClientTrackingOn",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ClientTrackingOn(ctx, &ClientTrackingOptions{Redirect: 99, Bcast: true, Prefixes: []string{"a:", "b:"}, NoLoop: true})
		},
		args: "client tracking on redirect 99 bcast prefix a: prefix b: noloop", want: fails("ERR The client ID you want redirect to does not exist"),
	},
	{
		name: "ClientTrackingOn/opt in",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ClientTrackingOn(ctx, &ClientTrackingOptions{OptIn: true})
		},
		scripted: []string{"+OK\r\n"},
		args:     "client tracking on optin", want: "OK",
	},
	{
		name: "ClientTrackingOn/opt out",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ClientTrackingOn(ctx, &ClientTrackingOptions{OptOut: true})
		},
		scripted: []string{"+OK\r\n"},
		args:     "client tracking on optout", want: "OK",
	},
	{
		name: "ClientTrackingOn/both",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ClientTrackingOn(ctx, &ClientTrackingOptions{OptIn: true, OptOut: true})
		},
		want: fails("redis: client tracking: OptIn and OptOut exclude each other"),
	},
	{
		name: "ClientTrackingOn/all and some",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ClientTrackingOn(ctx, &ClientTrackingOptions{Bcast: true, OptOut: true})
		},
		want: fails("redis: client tracking: Bcast excludes"),
	},
	{
		name: "ClientTrackingOn/prefixes alone",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ClientTrackingOn(ctx, &ClientTrackingOptions{Prefixes: []string{"a"}})
		},
		want: fails("redis: client tracking: Prefixes need Bcast"),
	},
	{
		name: "ClientUnblock",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClientUnblock(ctx, 1<<40) },
		args: "client unblock 1099511627776", want: int64(0),
	},
	{
		name: "ClientUnblockWithError",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClientUnblockWithError(ctx, 1<<40) },
		args: "client unblock 1099511627776 error", want: int64(0),
	},
	{
		name: "Auth",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Auth(ctx, "secret") },
		args: "auth secret", want: fails("ERR AUTH <password> called without any password configured"),
	},
	{
		name: "AuthACL",
		call: func(ctx context.Context, c testCommands) Cmder { return c.AuthACL(ctx, "default", "any") },
		args: "auth default any", want: "OK",
	},
	{
		name: "AuthACL/wrong",
		call: func(ctx context.Context, c testCommands) Cmder { return c.AuthACL(ctx, "nobody", "any") },
		args: "auth nobody any", want: fails("WRONGPASS"),
	},
	{
		name:    "Select",
		call:    func(ctx context.Context, c testCommands) Cmder { return c.Select(ctx, 1) },
		cleanup: []string{"select 0"},
		args:    "select 1", want: "OK",
	},
	{
		name: "SwapDB",
		call: func(ctx context.Context, c testCommands) Cmder { return c.SwapDB(ctx, 0, 1) },
		args: "swapdb 0 1", want: "OK",
	},
	{
		name:    "ClientSetName",
		call:    func(ctx context.Context, c testCommands) Cmder { return c.ClientSetName(ctx, "me") },
		cleanup: []string{"client setname \"\""},
		args:    "client setname me", want: true,
	},
	{
		name: "ClientSetName/space",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClientSetName(ctx, "my name") },
		args: `client setname "my name"`, want: fails("ERR Client names cannot contain spaces"),
	},
	{
		name: "ClientSetInfo",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ClientSetInfo(ctx, WithLibraryVersion("1.2"))
		},
		scripted: []string{"+OK\r\n"},
		args:     "client setinfo lib-ver 1.2", want: "OK",
	},
	{
		name: "ClientSetInfo/neither",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClientSetInfo(ctx, LibraryInfo{}) },
		want: fails("redis: client setinfo: LibraryInfo needs either"),
	},
	{
		name:     "Hello",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.Hello(ctx, 3, "", "", "") },
		scripted: []string{"*6\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n$7\r\nmodules\r\n*0\r\n", "%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n$7\r\nmodules\r\n*0\r\n"},
		args:     "hello 3", want: map[string]any{"server": "redis", "proto": int64(3), "modules": []any{}},
	},
	{
		name:     "Hello/all",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.Hello(ctx, 2, "", "secret", "me") },
		scripted: []string{"-WRONGPASS invalid\r\n"},
		args:     "hello 2 auth default secret setname me", want: fails("WRONGPASS"),
	},
	{
		name:     "Hello/user",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.Hello(ctx, 3, "u", "secret", "") },
		scripted: []string{"*0\r\n", "%0\r\n"},
		args:     "hello 3 auth u secret", want: map[string]any{},
	},
}})

func TestClientSetInfoName(t *testing.T) {
	t.Parallel()
	var args []any
	c := statefulCmdable(func(_ context.Context, cmd Cmder) error {
		args = cmd.Args()
		return nil
	})
	c.ClientSetInfo(t.Context(), WithLibraryName("mine"))
	require.Len(t, args, 4)
	require.Equal(t, []any{"client", "setinfo", "lib-name"}, args[:3])
	require.Regexp(t, `^rediscluster\(mine,go[^ ]+\)$`, args[3])
}
