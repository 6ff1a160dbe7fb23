package redis

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"time"
)

// Do sends a command for which there is no method, from its name and
// arguments. One that blocks waits for as long as ctx lets it: no timeout is read
// from its arguments.
func (c cmdable) Do(ctx context.Context, args ...any) *Cmd {
	return do(ctx, c, NewCmd(ctx, args...))
}

// Ping asks for a sign of life, which is "PONG" (PING).
// A cluster client asks all primaries; if some fail, the error is a [NodesError].
func (c cmdable) Ping(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("ping")
	return do(ctx, c, cmd)
}

// Echo has the server send message back (ECHO).
// A cluster client asks one node.
func (c cmdable) Echo(ctx context.Context, message any) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("echo").val(message)
	return do(ctx, c, cmd)
}

// Quit asks the server to close the connection after the reply (QUIT).
// Clients and their pipelines refuse it, as others share their connections: use
// [Conn] or [Tx].
//
// Deprecated: close the client instead; Redis 7.2 deprecates the command.
func (c cmdable) Quit(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("quit")
	return do(ctx, c, cmd)
}

// ClientGetName reads the name of the connection that happens to serve the
// command; [Nil] when it has none (CLIENT GETNAME).
func (c cmdable) ClientGetName(ctx context.Context) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("client", "getname")
	return do(ctx, c, cmd)
}

// ClientID reads the number that the server gave to the connection that
// happens to serve the command (CLIENT ID).
func (c cmdable) ClientID(ctx context.Context) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("client", "id")
	return do(ctx, c, cmd)
}

// ClientInfo reads what the server knows of the connection that happens to
// serve the command (CLIENT INFO).
func (c cmdable) ClientInfo(ctx context.Context) *ClientInfoCmd {
	cmd := new(ClientInfoCmd)
	cmd.start("client", "info")
	return do(ctx, c, cmd)
}

// ClientList lists the connections of the server as text, one a line
// (CLIENT LIST).
// A cluster client asks one node.
func (c cmdable) ClientList(ctx context.Context) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("client", "list")
	return do(ctx, c, cmd)
}

// ClientKill closes the connection with that remote address, host:port. There
// being none is an error (CLIENT KILL).
func (c cmdable) ClientKill(ctx context.Context, ipPort string) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("client", "kill", ipPort)
	return do(ctx, c, cmd)
}

// ClientKillByFilter closes the connections that fit the filters, which are
// names and values in turn, such as "type", "pubsub"; it gives their number
// (CLIENT KILL).
func (c cmdable) ClientKillByFilter(ctx context.Context, keys ...string) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("client", "kill").strs(keys...)
	return do(ctx, c, cmd)
}

// ClientPause keeps the server from running anybody's commands for that time,
// to the millisecond (CLIENT PAUSE).
func (c cmdable) ClientPause(ctx context.Context, dur time.Duration) *BoolCmd {
	cmd := new(BoolCmd)
	cmd.start("client", "pause").millis(dur)
	return do(ctx, c, cmd)
}

// ClientUnpause ends a ClientPause early (CLIENT UNPAUSE).
func (c cmdable) ClientUnpause(ctx context.Context) *BoolCmd {
	cmd := new(BoolCmd)
	cmd.start("client", "unpause")
	return do(ctx, c, cmd)
}

// ClientUnblock ends the wait of a connection in a blocking command, as if the
// time were up: 1, or 0 when it was not waiting (CLIENT UNBLOCK).
func (c cmdable) ClientUnblock(ctx context.Context, id int64) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("client", "unblock").int(id)
	return do(ctx, c, cmd)
}

// ClientUnblockWithError ends the wait of a connection in a blocking command
// with an error that starts with UNBLOCKED: 1, or 0 when it was not waiting
// (CLIENT UNBLOCK).
func (c cmdable) ClientUnblockWithError(ctx context.Context, id int64) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("client", "unblock").int(id).str("error")
	return do(ctx, c, cmd)
}

// ClientTrackingOptions are the options of CLIENT TRACKING ON.
type ClientTrackingOptions struct {
	// Redirect is the ClientID of the connection that gets the invalidations;
	// 0 means the one that reads the keys.
	Redirect int64
	// Bcast sends invalidations for all keys, read or not; Prefixes limits
	// them to keys that begin so.
	Bcast    bool
	Prefixes []string
	// OptIn tracks only keys read after CLIENT CACHING YES, OptOut all but
	// those read after CLIENT CACHING NO.
	OptIn  bool
	OptOut bool
	// NoLoop leaves out keys that the connection itself changed.
	NoLoop bool
}

func (o *ClientTrackingOptions) validate() error {
	switch {
	case o.OptIn && o.OptOut:
		return errors.New("redis: client tracking: OptIn and OptOut exclude each other")
	case o.Bcast && (o.OptIn || o.OptOut):
		return errors.New("redis: client tracking: Bcast excludes OptIn and OptOut")
	case len(o.Prefixes) > 0 && !o.Bcast:
		return errors.New("redis: client tracking: Prefixes need Bcast")
	}
	return nil
}

// ClientTracking switches tracking on, with opt, or off, for the connection
// (CLIENT TRACKING).
// Clients and their pipelines refuse it, as others share their connections: use
// [Conn] or [Tx].
func (c cmdable) ClientTracking(ctx context.Context, on bool, opt *ClientTrackingOptions) *StatusCmd {
	if !on {
		return c.ClientTrackingOff(ctx)
	}
	return c.ClientTrackingOn(ctx, opt)
}

// ClientTrackingOn has the server tell when keys change that were read on this
// connection. opt may be nil (CLIENT TRACKING).
// Clients and their pipelines refuse it, as others share their connections: use
// [Conn] or [Tx].
func (c cmdable) ClientTrackingOn(ctx context.Context, opt *ClientTrackingOptions) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("client", "tracking", "on")
	if opt != nil {
		if err := opt.validate(); err != nil {
			cmd.reject(err)
		}
		if opt.Redirect != 0 {
			cmd.str("redirect").int(opt.Redirect)
		}
		cmd.flag(opt.Bcast, "bcast")
		for _, p := range opt.Prefixes {
			cmd.strs("prefix", p)
		}
		cmd.flag(opt.OptIn, "optin").flag(opt.OptOut, "optout").flag(opt.NoLoop, "noloop")
	}
	return do(ctx, c, cmd)
}

// ClientTrackingOff ends tracking on this connection (CLIENT TRACKING).
// Clients and their pipelines refuse it, as others share their connections: use
// [Conn] or [Tx].
func (c cmdable) ClientTrackingOff(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("client", "tracking", "off")
	return do(ctx, c, cmd)
}

// Auth authenticates the connection as the default user (AUTH).
func (c statefulCmdable) Auth(ctx context.Context, password string) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("auth", password)
	return do(ctx, cmdable(c), cmd)
}

// AuthACL authenticates the connection as a user of the access control list
// (AUTH).
func (c statefulCmdable) AuthACL(ctx context.Context, username, password string) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("auth", username, password)
	return do(ctx, cmdable(c), cmd)
}

// Select changes the database of the connection. A cluster has only number 0,
// except with Valkey 9 (SELECT).
func (c statefulCmdable) Select(ctx context.Context, index int) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("select").int(int64(index))
	return do(ctx, cmdable(c), cmd)
}

// SwapDB exchanges two databases, for all connections at once (SWAPDB).
func (c statefulCmdable) SwapDB(ctx context.Context, index1, index2 int) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("swapdb").int(int64(index1)).int(int64(index2))
	return do(ctx, cmdable(c), cmd)
}

// ClientSetName gives the connection a name, without spaces; "" takes it away
// (CLIENT SETNAME).
func (c statefulCmdable) ClientSetName(ctx context.Context, name string) *BoolCmd {
	cmd := new(BoolCmd)
	cmd.start("client", "setname", name)
	return do(ctx, cmdable(c), cmd)
}

// LibraryInfo is what a client tells of itself: either its name or its
// version.
type LibraryInfo struct {
	LibName *string // a name to go with that of this library
	LibVer  *string // the version
}

// WithLibraryName is a LibraryInfo with a name.
func WithLibraryName(libName string) LibraryInfo { return LibraryInfo{LibName: &libName} }

// WithLibraryVersion is a LibraryInfo with a version.
func WithLibraryVersion(libVer string) LibraryInfo { return LibraryInfo{LibVer: &libVer} }

// Validate reports an error unless there is just one of name and version.
func (info LibraryInfo) Validate() error {
	if (info.LibName == nil) == (info.LibVer == nil) {
		return errors.New("redis: client setinfo: LibraryInfo needs either LibName or LibVer")
	}
	return nil
}

// ClientSetInfo tells the server what library is at the other end of the
// connection. A name is sent as that of this library with the name and the Go
// version in brackets. Servers before Redis 7.2 refuse the command
// (CLIENT SETINFO).
func (c statefulCmdable) ClientSetInfo(ctx context.Context, info LibraryInfo) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("client", "setinfo")
	if err := info.Validate(); err != nil {
		cmd.reject(err)
	} else if info.LibVer != nil {
		cmd.strs("lib-ver", *info.LibVer)
	} else {
		// the server takes no spaces, which versions of experiments have
		goVersion := strings.ReplaceAll(runtime.Version(), " ", "-")
		cmd.strs("lib-name", libraryName+"("+*info.LibName+","+goVersion+")")
	}
	return do(ctx, cmdable(c), cmd)
}

// Hello switches the connection to that version of the protocol, authenticates
// it unless the password is empty, and names it unless clientName is empty. An
// empty username is the default user's. The result tells about the server
// (HELLO).
func (c statefulCmdable) Hello(ctx context.Context, ver int, username, password, clientName string) *MapStringInterfaceCmd {
	cmd := new(MapStringInterfaceCmd)
	cmd.start("hello").int(int64(ver))
	if password != "" {
		if username == "" {
			username = "default"
		}
		cmd.strs("auth", username, password)
	}
	if clientName != "" {
		cmd.strs("setname", clientName)
	}
	return do(ctx, cmdable(c), cmd)
}
