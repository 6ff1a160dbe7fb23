package redis

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

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
