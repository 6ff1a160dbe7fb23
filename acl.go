package redis

import (
	"context"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// ACLCmdable has the commands about users and what they may do. On a cluster
// every node has users of its own: those that change them go to all nodes, and
// the log is that of all nodes; the others ask one node.
type ACLCmdable interface {
	ACLCat(ctx context.Context) *StringSliceCmd
	ACLCatArgs(ctx context.Context, options *ACLCatArgs) *StringSliceCmd
	ACLDelUser(ctx context.Context, username string) *IntCmd
	ACLDryRun(ctx context.Context, username string, command ...any) *StringCmd
	ACLGenPass(ctx context.Context, bit int) *StringCmd
	ACLList(ctx context.Context) *StringSliceCmd
	ACLLog(ctx context.Context, count int64) *ACLLogCmd
	ACLLogReset(ctx context.Context) *StatusCmd
	ACLSetUser(ctx context.Context, username string, rules ...string) *StatusCmd
	ACLUsers(ctx context.Context) *StringSliceCmd
	ACLWhoAmI(ctx context.Context) *StringCmd
}

// ACLCat lists the categories of commands (ACL CAT).
func (c cmdable) ACLCat(ctx context.Context) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("acl", "cat")
	return do(ctx, c, cmd)
}

// ACLCatArgs says what ACL CAT is to list.
type ACLCatArgs struct {
	// Category is one whose commands to list; "" lists the categories.
	Category string
}

// ACLCatArgs lists the commands of a category, or the categories when options
// is nil or names none (ACL CAT).
func (c cmdable) ACLCatArgs(ctx context.Context, options *ACLCatArgs) *StringSliceCmd {
	if options == nil || options.Category == "" {
		return c.ACLCat(ctx)
	}
	cmd := new(StringSliceCmd)
	cmd.start("acl", "cat", options.Category)
	return do(ctx, c, cmd)
}

// ACLDelUser deletes a user and closes the user's connections. It gives the
// number of users deleted: 0 when there was none of that name (ACL DELUSER).
func (c cmdable) ACLDelUser(ctx context.Context, username string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("acl", "deluser", username)
	return do(ctx, c, cmd)
}

// ACLDryRun tells whether a user may run a command, which is not run: "OK", or
// a text that says why not. No such user is an error (ACL DRYRUN, Redis 7.0).
func (c cmdable) ACLDryRun(ctx context.Context, username string, command ...any) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("acl", "dryrun", username).vals(command...)
	return do(ctx, c, cmd)
}

// ACLGenPass makes a random password of at least so many bits, in hexadecimal.
// 0 or less stands for the server's default, which is 256 (ACL GENPASS).
func (c cmdable) ACLGenPass(ctx context.Context, bit int) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("acl", "genpass")
	if bit > 0 {
		cmd.int(int64(bit))
	}
	return do(ctx, c, cmd)
}

// ACLList describes every user, in the form of the server's ACL file
// (ACL LIST).
func (c cmdable) ACLList(ctx context.Context) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("acl", "list")
	return do(ctx, c, cmd)
}

// ACLLog lists the latest count refusals, the newest first; on a cluster so many
// of each node. 0 or less stands for the server's default, which is 10
// (ACL LOG).
func (c cmdable) ACLLog(ctx context.Context, count int64) *ACLLogCmd {
	cmd := new(ACLLogCmd)
	cmd.start("acl", "log")
	if count > 0 {
		cmd.int(count)
	}
	return do(ctx, c, cmd)
}

// ACLLogReset empties the log of refusals (ACL LOG RESET).
func (c cmdable) ACLLogReset(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("acl", "log", "reset")
	return do(ctx, c, cmd)
}

// ACLSetUser changes a user by rules such as "on", ">password", "~keys:*" or
// "+@read". A new user is created, who may do nothing but what the rules allow
// (ACL SETUSER).
func (c cmdable) ACLSetUser(ctx context.Context, username string, rules ...string) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("acl", "setuser", username).strs(rules...)
	return do(ctx, c, cmd)
}

// ACLUsers lists the names of the users (ACL USERS).
func (c cmdable) ACLUsers(ctx context.Context) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("acl", "users")
	return do(ctx, c, cmd)
}

// ACLWhoAmI gives the name of the user that the connection is authenticated as
// (ACL WHOAMI).
func (c cmdable) ACLWhoAmI(ctx context.Context) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("acl", "whoami")
	return do(ctx, c, cmd)
}

// ACLLogEntry is something that the server refused for lack of permission. What
// the server does not tell is zero.
type ACLLogEntry struct {
	Count    int64  // how often it happened within a minute or so
	Reason   string // what was lacking: "command", "key", "channel" or "auth"
	Context  string // where: "toplevel", "multi", "lua" or "module"
	Object   string // the command, key or channel; for "auth" the command AUTH
	Username string // as whom the client was authenticated
	// AgeSeconds is how long ago it happened, when the server was asked.
	AgeSeconds float64
	ClientInfo *ClientInfo // of one of the connections
	// EntryID numbers the entries since the server was started (Redis 7.2).
	EntryID int64
	// The first and the latest time, as Unix times in milliseconds (Redis 7.2).
	TimestampCreated     int64
	TimestampLastUpdated int64
}

// ACLLogCmd is a command that answers with the log of what was refused.
type ACLLogCmd struct{ result[[]*ACLLogEntry] }

// NewACLLogCmd makes a command from its name and arguments, for Process.
func NewACLLogCmd(ctx context.Context, args ...any) *ACLLogCmd {
	return fromArgs(new(ACLLogCmd), args)
}

func (c *ACLLogCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, decodeACLLogEntry)
	return err
}

func decodeACLLogEntry(d *resp.Decoder) (*ACLLogEntry, error) {
	e := new(ACLLogEntry)
	err := decodeFields(d, map[string]any{
		"count":       &e.Count,
		"reason":      &e.Reason,
		"context":     &e.Context,
		"object":      &e.Object,
		"username":    &e.Username,
		"age-seconds": &e.AgeSeconds,
		"client-info": func(d *resp.Decoder) error {
			line, err := d.String()
			if err == nil {
				e.ClientInfo, err = parseClientInfo(line)
			}
			return err
		},
		"entry-id":               &e.EntryID,
		"timestamp-created":      &e.TimestampCreated,
		"timestamp-last-updated": &e.TimestampLastUpdated,
	})
	return e, err
}
