package redis

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
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

// ClientInfo is what a server knows of a connection. What it does not tell, as
// old servers do not tell everything, is zero.
type ClientInfo struct {
	ID    int64         // the server's number for it
	Addr  string        // of the client
	LAddr string        // of the server
	FD    int64         // the server's file descriptor
	Name  string        // given with CLIENT SETNAME
	Age   time.Duration // to the second
	Idle  time.Duration // to the second
	Flags ClientFlags   // its properties, as a set of bits
	DB    int           // the database it is in

	Sub   int // channels subscribed to
	PSub  int // patterns subscribed to
	SSub  int // sharded channels subscribed to
	Multi int // commands queued since MULTI; -1 outside
	Watch int // keys watched

	QueryBuf           int // bytes of commands that came in
	QueryBufFree       int // bytes left for more
	ArgvMem            int // bytes of the words of a command that is not complete
	MultiMem           int // bytes of the commands queued since MULTI
	BufferSize         int // bytes of the reply buffer
	BufferPeak         int // bytes of it lately used
	OutputBufferLength int // bytes of replies in that buffer
	OutputListLength   int // replies waiting behind it
	OutputMemory       int // bytes of these
	TotalMemory        int // bytes for everything
	TotalNetIn         int // bytes received
	TotalNetOut        int // bytes sent
	TotalCmds          int // commands run
	IoThread           int // the thread that serves it

	Events  string // what it waits for: "r" and "w"
	LastCmd string // the name of the latest command
	User    string // as whom it is authenticated
	Redir   int64  // the ID that gets its invalidations; -1 for none
	Resp    int    // version of the protocol
	LibName string // given with CLIENT SETINFO
	LibVer  string // likewise

	ReadEvents        uint64 // times it was read from
	AvgPipelineLenSum uint64 // commands found at these times
	AvgPipelineLenCnt uint64 // times that counted for it
}

// ClientFlags are the properties of a connection, with the values they have
// within the server. Servers tell only some of them.
type ClientFlags uint64

// The properties of a connection.
const (
	ClientSlave               ClientFlags = 1 << iota // a replica
	ClientMaster                                      // the primary
	ClientMonitor                                     // sent MONITOR
	ClientMulti                                       // sent MULTI
	ClientBlocked                                     // waits in a blocking command
	ClientDirtyCAS                                    // a key it watches was changed
	ClientCloseAfterReply                             // to be closed after the reply
	ClientUnBlocked                                   // has just waited
	ClientScript                                      // not a connection but a script
	ClientAsking                                      // sent ASKING
	ClientCloseASAP                                   // to be closed soon
	ClientUnixSocket                                  // came through a Unix socket
	ClientDirtyExec                                   // EXEC will fail
	ClientMasterForceReply                            // gets replies even as a primary
	ClientForceAOF                                    // its command goes to the append-only file
	ClientForceRepl                                   // its command goes to the replicas
	ClientPrePSync                                    // a replica that does not know PSYNC
	ClientReadOnly                                    // sent READONLY
	ClientPubSub                                      // subscribed to something
	ClientPreventAOFProp                              // its command does not go to the append-only file
	ClientPreventReplProp                             // its command does not go to the replicas
	ClientPendingWrite                                // has replies that are not sent yet
	ClientReplyOff                                    // sent CLIENT REPLY OFF
	ClientReplySkipNext                               // sent CLIENT REPLY SKIP
	ClientReplySkip                                   // gets no reply to this command
	ClientLuaDebug                                    // debugs scripts
	ClientLuaDebugSync                                // the same, without a process of its own
	ClientModule                                      // not a connection but a module
	ClientProtected                                   // not to be freed now
	ClientExecutingCommand                            // a command of it is running
	ClientPendingCommand                              // a command of it is complete
	ClientTracking                                    // sent CLIENT TRACKING ON
	ClientTrackingBrokenRedir                         // its invalidations have nowhere to go
	ClientTrackingBCAST                               // gets invalidations for all keys
	ClientTrackingOptIn                               // for keys it opts in
	ClientTrackingOptOut                              // for keys it does not opt out
	ClientTrackingCaching                             // has just opted in or out
	ClientTrackingNoLoop                              // not for its own changes
	ClientInTimeoutTable                              // waits with a timeout
	ClientProtocolError                               // sent something that is not RESP
	ClientCloseAfterCommand                           // to be closed after its command
	ClientDenyBlocking                                // must not wait
	ClientReplRDBOnly                                 // a replica that wants only a copy
	ClientNoEvict                                     // sent CLIENT NO-EVICT ON
	ClientAllowOOM                                    // a script that may run out of memory
	ClientNoTouch                                     // sent CLIENT NO-TOUCH ON
	ClientPushing                                     // is being sent pushes

	// ClientPreventProp is that the command goes nowhere.
	ClientPreventProp = ClientPreventAOFProp | ClientPreventReplProp
)

// clientFlagLetters are the letters that servers tell the properties by.
var clientFlagLetters = map[rune]ClientFlags{
	'A': ClientCloseASAP,
	'B': ClientTrackingBCAST,
	'M': ClientMaster,
	'O': ClientSlave | ClientMonitor,
	'P': ClientPubSub,
	'R': ClientTrackingBrokenRedir,
	'S': ClientSlave,
	'T': ClientNoTouch,
	'U': ClientUnixSocket,
	'b': ClientBlocked,
	'c': ClientCloseAfterReply,
	'd': ClientDirtyCAS,
	'e': ClientNoEvict,
	'r': ClientReadOnly,
	't': ClientTracking,
	'u': ClientUnBlocked,
	'x': ClientMulti,
}

// ClientInfoCmd is a command that answers with what the server knows of a
// connection.
type ClientInfoCmd struct{ result[*ClientInfo] }

// NewClientInfoCmd makes a command from its name and arguments, for Process.
func NewClientInfoCmd(ctx context.Context, args ...any) *ClientInfoCmd {
	return fromArgs(new(ClientInfoCmd), args)
}

func (c *ClientInfoCmd) decode(d *resp.Decoder) error {
	line, err := d.String()
	if err != nil {
		return err
	}
	c.val, err = parseClientInfo(line)
	return err
}

// parseClientInfo reads a line of name=value. The address of a Unix socket may have
// spaces in it.
func parseClientInfo(line string) (*ClientInfo, error) {
	var pairs []string
	for word := range strings.FieldsSeq(line) {
		switch {
		case strings.Contains(word, "="):
			pairs = append(pairs, word)
		case len(pairs) == 0:
			return nil, fmt.Errorf("redis: client info: %q is no name and value", word)
		default:
			pairs[len(pairs)-1] += " " + word
		}
	}
	info := new(ClientInfo)
	fields := info.fields()
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		if err := parseClientField(fields[name], value); err != nil {
			return nil, fmt.Errorf("redis: client info: %s: %w", name, err)
		}
	}
	return info, nil
}

// fields tells where the value of each name goes.
func (i *ClientInfo) fields() map[string]any {
	return map[string]any{
		"id": &i.ID, "addr": &i.Addr, "laddr": &i.LAddr, "fd": &i.FD, "name": &i.Name,
		"age": &i.Age, "idle": &i.Idle, "flags": &i.Flags, "db": &i.DB,
		"sub": &i.Sub, "psub": &i.PSub, "ssub": &i.SSub, "multi": &i.Multi, "watch": &i.Watch,
		"qbuf": &i.QueryBuf, "qbuf-free": &i.QueryBufFree,
		"argv-mem": &i.ArgvMem, "multi-mem": &i.MultiMem,
		"rbs": &i.BufferSize, "rbp": &i.BufferPeak,
		"obl": &i.OutputBufferLength, "oll": &i.OutputListLength, "omem": &i.OutputMemory,
		"tot-mem": &i.TotalMemory, "tot-net-in": &i.TotalNetIn, "tot-net-out": &i.TotalNetOut,
		"tot-cmds": &i.TotalCmds, "io-thread": &i.IoThread,
		"events": &i.Events, "cmd": &i.LastCmd, "user": &i.User, "redir": &i.Redir, "resp": &i.Resp,
		"lib-name": &i.LibName, "lib-ver": &i.LibVer, "read-events": &i.ReadEvents,
		"avg-pipeline-len-sum": &i.AvgPipelineLenSum, "avg-pipeline-len-cnt": &i.AvgPipelineLenCnt,
	}
}

func parseClientField(field any, value string) (err error) {
	switch field := field.(type) {
	case *string:
		*field = value
	case *int:
		*field, err = strconv.Atoi(value)
	case *int64:
		*field, err = strconv.ParseInt(value, 10, 64)
	case *uint64:
		*field, err = strconv.ParseUint(value, 10, 64)
	case *time.Duration:
		var seconds int64
		seconds, err = strconv.ParseInt(value, 10, 64)
		*field = time.Duration(seconds) * time.Second
	case *ClientFlags:
		for _, letter := range value {
			*field |= clientFlagLetters[letter]
		}
	}
	return err
}
