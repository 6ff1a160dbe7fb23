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
		name: "Quit",
		call: func(ctx context.Context, c testCommands) Cmder { return c.Quit(ctx) },
		args: "quit", want: "OK",
		alone: true,
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
		name:     "ClientInfo/spaces in an address",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.ClientInfo(ctx) },
		scripted: []string{bulk("id=3 addr=/tmp/a b/redis 1.sock:0 laddr=/tmp/a b/redis 1.sock:0 fd=8 name= db=2\n")},
		args:     "client info", want: &ClientInfo{ID: 3, Addr: "/tmp/a b/redis 1.sock:0", LAddr: "/tmp/a b/redis 1.sock:0", FD: 8, DB: 2},
	}, {
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
		name: "ClientTracking/on",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClientTracking(ctx, true, nil) },
		args: "client tracking on", want: "OK",
		cleanup: []string{"client tracking off"},
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
		args: "client tracking on optin", want: "OK",
		cleanup: []string{"client tracking off"},
	},
	{
		name: "ClientTrackingOn/opt out",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ClientTrackingOn(ctx, &ClientTrackingOptions{OptOut: true})
		},
		args: "client tracking on optout", want: "OK",
		cleanup: []string{"client tracking off"},
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
		since:    "7.2",
		scripted: []string{"+OK\r\n"},
		args:     "client setinfo lib-ver 1.2", want: "OK",
	},
	{
		name: "ClientSetInfo/neither",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ClientSetInfo(ctx, LibraryInfo{}) },
		want: fails("redis: client setinfo: LibraryInfo needs either"),
	},
	{
		name:  "Hello",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Hello(ctx, 3, "", "", "") },
		alone: true,
		args:  "hello 3",
		check: func(t *testing.T, cmd Cmder) {
			properties := cmd.(*MapStringInterfaceCmd).Val()
			require.Contains(t, []any{"redis", "valkey"}, properties["server"])
			require.Equal(t, int64(3), properties["proto"])
			require.Equal(t, "standalone", properties["mode"])
			require.IsType(t, []any{}, properties["modules"])
		},
	},
	{
		name:    "Hello/wrong password",
		call:    func(ctx context.Context, c testCommands) Cmder { return c.Hello(ctx, 3, "", "secret", "") },
		setup:   []string{"acl setuser default on >other"},
		cleanup: []string{"acl setuser default nopass"},
		alone:   true,
		args:    "hello 3 auth default secret", want: fails("WRONGPASS"),
	},
	{
		name:  "Hello/user",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.Hello(ctx, 2, "u", "secret", "me") },
		setup: []string{"acl setuser u on >secret +@all"},
		alone: true,
		args:  "hello 2 auth u secret setname me",
		check: func(t *testing.T, cmd Cmder) {
			require.Equal(t, int64(2), cmd.(*MapStringInterfaceCmd).Val()["proto"])
		},
	},
}})
