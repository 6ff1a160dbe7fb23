package redis

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var _ = testCommandGroup(commandGroup{name: "acl", rows: []commandTest{
	{
		name: "ACLCat",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ACLCat(ctx) },
		args: "acl cat",
		check: func(t *testing.T, cmd Cmder) {
			require.Subset(t, cmd.(*StringSliceCmd).Val(), []string{"read", "write", "dangerous"})
		},
	},
	{
		name: "ACLCatArgs",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ACLCatArgs(ctx, &ACLCatArgs{Category: "hyperloglog"})
		},
		args: "acl cat hyperloglog", want: []string{"pfadd", "pfcount", "pfmerge", "pfdebug", "pfselftest"}, unordered: true,
	},
	{
		name: "ACLCatArgs/no category",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ACLCatArgs(ctx, &ACLCatArgs{}) },
		args: "acl cat",
		check: func(t *testing.T, cmd Cmder) {
			require.Contains(t, cmd.(*StringSliceCmd).Val(), "hyperloglog")
		},
	},
	{
		name: "ACLCatArgs/nil",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ACLCatArgs(ctx, nil) },
		args: "acl cat",
		check: func(t *testing.T, cmd Cmder) {
			require.Contains(t, cmd.(*StringSliceCmd).Val(), "hyperloglog")
		},
	},
	{
		name: "ACLCatArgs/unknown",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ACLCatArgs(ctx, &ACLCatArgs{"nonsense"}) },
		args: "acl cat nonsense", want: fails("ERR Unknown category"),
	},
	{
		name:  "ACLDelUser",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ACLDelUser(ctx, "alice") },
		setup: []string{"acl setuser alice"},
		args:  "acl deluser alice", want: int64(1),
	},
	{
		name: "ACLDelUser/none",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ACLDelUser(ctx, "alice") },
		args: "acl deluser alice", want: int64(0),
	},
	{
		name: "ACLDelUser/default",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ACLDelUser(ctx, "default") },
		args: "acl deluser default", want: fails("ERR The 'default' user cannot be removed"),
	},
	{
		name:    "ACLDryRun",
		call:    func(ctx context.Context, c testCommands) Cmder { return c.ACLDryRun(ctx, "alice", "set", "k:1", 5) },
		setup:   []string{"acl setuser alice on nopass ~k:* +set"},
		cleanup: []string{"acl deluser alice"},
		args:    "acl dryrun alice set k:1 5", want: "OK",
	},
	{
		name:    "ACLDryRun/refused",
		call:    func(ctx context.Context, c testCommands) Cmder { return c.ACLDryRun(ctx, "alice", "set", "x", 1.5) },
		setup:   []string{"acl setuser alice on nopass ~k:* +set"},
		cleanup: []string{"acl deluser alice"},
		args:    "acl dryrun alice set x 1.5",
		check: func(t *testing.T, cmd Cmder) {
			require.Contains(t, cmd.(*StringCmd).Val(), "has no permissions to access the 'x' key")
		},
	},
	{
		name: "ACLDryRun/no user",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ACLDryRun(ctx, "alice", "ping") },
		args: "acl dryrun alice ping", want: fails("ERR User 'alice' not found"),
	},
	{
		name: "ACLDryRun/unsendable",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ACLDryRun(ctx, "alice", "get", struct{}{}) },
		want: fails("redis: acl: argument 4: cannot send a value of type struct {}"),
	},
	{
		name: "ACLGenPass",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ACLGenPass(ctx, 32) },
		args: "acl genpass 32",
		check: func(t *testing.T, cmd Cmder) {
			require.Regexp(t, "^[0-9a-f]{8}$", cmd.(*StringCmd).Val())
		},
	},
	{
		name: "ACLGenPass/default",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ACLGenPass(ctx, 0) },
		args: "acl genpass",
		check: func(t *testing.T, cmd Cmder) {
			require.Regexp(t, "^[0-9a-f]{64}$", cmd.(*StringCmd).Val())
		},
	},
	{
		name: "ACLList",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ACLList(ctx) },
		args: "acl list",
		check: func(t *testing.T, cmd Cmder) {
			list := cmd.(*StringSliceCmd).Val()
			require.Len(t, list, 1)
			// Redis 7.2 and later name what has always been the default.
			require.Equal(t, "user default on nopass ~* &* +@all", strings.Replace(list[0], "sanitize-payload ", "", 1))
		},
	},
	{
		name: "ACLLog",
		call: func(ctx context.Context, c testCommands) Cmder {
			c.ACLLogReset(ctx)
			c.AuthACL(ctx, "alice", "wrong")
			c.AuthACL(ctx, "alice", "wrong")
			return c.ACLLog(ctx, 5)
		},
		setup:   []string{"acl setuser alice on >right"},
		cleanup: []string{"acl deluser alice", "acl log reset"},
		args:    "acl log 5",
		check: func(t *testing.T, cmd Cmder) {
			log := cmd.(*ACLLogCmd).Val()
			require.Len(t, log, 1)
			e := *log[0]
			require.Less(t, e.AgeSeconds, 300.0)
			require.Contains(t, e.ClientInfo.Addr, "127.0.0.1:")
			require.Equal(t, "auth", e.ClientInfo.LastCmd)
			e.AgeSeconds, e.ClientInfo, e.EntryID, e.TimestampCreated, e.TimestampLastUpdated = 0, nil, 0, 0, 0
			require.Equal(t, ACLLogEntry{Count: 2, Reason: "auth", Context: "toplevel", Object: "auth", Username: "alice"}, e)
		},
	},
	{
		name:  "ACLLog/empty",
		call:  func(ctx context.Context, c testCommands) Cmder { return c.ACLLog(ctx, 0) },
		setup: []string{"acl log reset"},
		args:  "acl log", want: []*ACLLogEntry{},
	},
	{
		name: "ACLLog/newer",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ACLLog(ctx, -1) },
		scripted: []string{
			"*1\r\n*12\r\n$11\r\nage-seconds\r\n$4\r\n4.25\r\n$11\r\nclient-info\r\n$4\r\nid=3\r\n$8\r\nentry-id\r\n:7\r\n$17\r\ntimestamp-created\r\n:8\r\n$22\r\ntimestamp-last-updated\r\n:9\r\n$3\r\nnew\r\n*1\r\n:1\r\n",
			"*1\r\n%6\r\n$11\r\nage-seconds\r\n,4.25\r\n$11\r\nclient-info\r\n$4\r\nid=3\r\n$8\r\nentry-id\r\n:7\r\n$17\r\ntimestamp-created\r\n:8\r\n$22\r\ntimestamp-last-updated\r\n:9\r\n$3\r\nnew\r\n*1\r\n:1\r\n",
		},
		args: "acl log", want: []*ACLLogEntry{{
			AgeSeconds: 4.25, ClientInfo: &ClientInfo{ID: 3}, EntryID: 7, TimestampCreated: 8, TimestampLastUpdated: 9,
		}},
	},
	{
		name:     "ACLLog/garbled",
		call:     func(ctx context.Context, c testCommands) Cmder { return c.ACLLog(ctx, 0) },
		scripted: []string{"*1\r\n*2\r\n$11\r\nclient-info\r\n$2\r\nid\r\n"},
		args:     "acl log", want: fails(`redis: client info: "id" is no name and value`),
	},
	{
		name: "ACLLogReset",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ACLLogReset(ctx) },
		args: "acl log reset", want: "OK",
	},
	{
		name: "ACLSetUser",
		call: func(ctx context.Context, c testCommands) Cmder {
			return c.ACLSetUser(ctx, "alice", "on", ">p w", "~k:*", "+@read")
		},
		cleanup: []string{"acl getuser alice", "acl deluser alice"},
		args:    `acl setuser alice on ">p w" ~k:* +@read`, want: "OK",
	},
	{
		name: "ACLSetUser/wrong rule",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ACLSetUser(ctx, "alice", "nonsense") },
		args: "acl setuser alice nonsense", want: fails("ERR Error in ACL SETUSER modifier 'nonsense'"),
	},
	{
		name:    "ACLUsers",
		call:    func(ctx context.Context, c testCommands) Cmder { return c.ACLUsers(ctx) },
		setup:   []string{"acl setuser alice"},
		cleanup: []string{"acl deluser alice"},
		args:    "acl users", want: []string{"alice", "default"}, unordered: true,
	},
	{
		name: "ACLWhoAmI",
		call: func(ctx context.Context, c testCommands) Cmder { return c.ACLWhoAmI(ctx) },
		args: "acl whoami", want: "default",
	},
}})
