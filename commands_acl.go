package redis

import "context"

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
