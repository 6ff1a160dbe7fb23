package redis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// BgRewriteAOF has the server rewrite its append-only file in the background
// (BGREWRITEAOF).
func (c cmdable) BgRewriteAOF(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("bgrewriteaof")
	return do(ctx, c, cmd)
}

// BgSave has the server save its data in the background (BGSAVE).
func (c cmdable) BgSave(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("bgsave")
	return do(ctx, c, cmd)
}

// Save has the server save its data, and do nothing else meanwhile (SAVE).
func (c cmdable) Save(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("save")
	return do(ctx, c, cmd)
}

// LastSave tells when the data was last saved, as a Unix time in seconds
// (LASTSAVE).
func (c cmdable) LastSave(ctx context.Context) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("lastsave")
	return do(ctx, c, cmd)
}

// Command describes all commands that the server knows, by their names
// (COMMAND).
func (c cmdable) Command(ctx context.Context) *CommandsInfoCmd {
	cmd := new(CommandsInfoCmd)
	cmd.start("command")
	return do(ctx, c, cmd)
}

// FilterBy picks commands by one property: the first here that is not empty.
type FilterBy struct {
	Module  string // the module that has them
	ACLCat  string // a category of the access control list
	Pattern string // a pattern, with * and ?, that their names fit
}

// CommandList lists the names of the commands that the server knows. filter may
// be nil (COMMAND LIST, Redis 7.0).
func (c cmdable) CommandList(ctx context.Context, filter *FilterBy) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("command", "list")
	switch {
	case filter == nil:
	case filter.Module != "":
		cmd.strs("filterby", "module", filter.Module)
	case filter.ACLCat != "":
		cmd.strs("filterby", "aclcat", filter.ACLCat)
	case filter.Pattern != "":
		cmd.strs("filterby", "pattern", filter.Pattern)
	}
	return do(ctx, c, cmd)
}

// CommandGetKeys lists the keys among the words of a command
// (COMMAND GETKEYS).
func (c cmdable) CommandGetKeys(ctx context.Context, commands ...any) *StringSliceCmd {
	cmd := new(StringSliceCmd)
	cmd.start("command", "getkeys").vals(commands...)
	return do(ctx, c, cmd)
}

// CommandGetKeysAndFlags lists the keys among the words of a command, and what
// the command does to each (COMMAND GETKEYSANDFLAGS, Redis 7.0).
func (c cmdable) CommandGetKeysAndFlags(ctx context.Context, commands ...any) *KeyFlagsCmd {
	cmd := new(KeyFlagsCmd)
	cmd.start("command", "getkeysandflags").vals(commands...)
	return do(ctx, c, cmd)
}

// ConfigGet reads the configuration parameters whose names fit a pattern
// (CONFIG GET).
// A cluster client asks one node.
func (c cmdable) ConfigGet(ctx context.Context, parameter string) *MapStringStringCmd {
	cmd := new(MapStringStringCmd)
	cmd.start("config", "get", parameter)
	return do(ctx, c, cmd)
}

// ConfigSet changes a configuration parameter (CONFIG SET).
// A cluster client changes it on all nodes; if some fail, the error is a
// [NodesError].
func (c cmdable) ConfigSet(ctx context.Context, parameter, value string) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("config", "set", parameter, value)
	return do(ctx, c, cmd)
}

// ConfigResetStat sets the counters that INFO shows to zero
// (CONFIG RESETSTAT).
func (c cmdable) ConfigResetStat(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("config", "resetstat")
	return do(ctx, c, cmd)
}

// ConfigRewrite saves the configuration to the file it came from
// (CONFIG REWRITE).
func (c cmdable) ConfigRewrite(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("config", "rewrite")
	return do(ctx, c, cmd)
}

// DBSize gives the number of keys (DBSIZE).
// A cluster client adds up those of all primaries; if some fail, the error is a
// [NodesError].
func (c cmdable) DBSize(ctx context.Context) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("dbsize")
	return do(ctx, c, cmd)
}

// DebugObject describes what is at a key, for those who look for faults in the
// server; no such key is an error (DEBUG OBJECT).
func (c cmdable) DebugObject(ctx context.Context, key string) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("debug", "object", key)
	return do(ctx, c, cmd)
}

// FlushAll deletes all keys of all databases (FLUSHALL).
// A cluster client sends it to all primaries; if some fail, the error is a
// [NodesError].
func (c cmdable) FlushAll(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("flushall")
	return do(ctx, c, cmd)
}

// FlushAllAsync is FlushAll, but the server frees the memory later
// (FLUSHALL ASYNC).
func (c cmdable) FlushAllAsync(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("flushall", "async")
	return do(ctx, c, cmd)
}

// FlushDB deletes all keys of the database (FLUSHDB).
// A cluster client sends it to all primaries; if some fail, the error is a
// [NodesError].
func (c cmdable) FlushDB(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("flushdb")
	return do(ctx, c, cmd)
}

// FlushDBAsync is FlushDB, but the server frees the memory later
// (FLUSHDB ASYNC).
func (c cmdable) FlushDBAsync(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("flushdb", "async")
	return do(ctx, c, cmd)
}

// Info tells about the server as lines of name:value; all that it usually
// tells, or only some sections (INFO).
// A cluster client asks one node.
func (c cmdable) Info(ctx context.Context, section ...string) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("info", section...)
	return do(ctx, c, cmd)
}

// InfoMap is Info by sections and names (INFO).
func (c cmdable) InfoMap(ctx context.Context, section ...string) *InfoCmd {
	cmd := new(InfoCmd)
	cmd.start("info", section...)
	return do(ctx, c, cmd)
}

// Latency lists the events that took the server long, if it was told to watch
// for them (LATENCY LATEST).
func (c cmdable) Latency(ctx context.Context) *LatencyCmd {
	cmd := new(LatencyCmd)
	cmd.start("latency", "latest")
	return do(ctx, c, cmd)
}

// LatencyReset forgets the times of some events, or of all when none is named
// (LATENCY RESET).
func (c cmdable) LatencyReset(ctx context.Context, events ...any) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("latency", "reset").vals(events...)
	return do(ctx, c, cmd)
}

// MemoryUsage tells how many bytes a key and its value take; [Nil] when there
// is none. samples, at most one, is how many elements to look at to judge the
// rest; 0 means all, and the default is 5 (MEMORY USAGE).
func (c cmdable) MemoryUsage(ctx context.Context, key string, samples ...int) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("memory", "usage", key)
	if len(samples) > 1 {
		cmd.reject(fmt.Errorf("redis: memory usage: %d numbers of samples, of at most 1", len(samples)))
	}
	for _, n := range samples {
		cmd.str("samples").int(int64(n))
	}
	return do(ctx, c, cmd)
}

// ModuleLoadexConfig says how to load a module.
type ModuleLoadexConfig struct {
	Path string         // of its file, on the server
	Conf map[string]any // configuration parameters
	Args []any          // arguments for the module
}

// ModuleLoadex loads a module into the server (MODULE LOADEX, Redis 7.0).
func (c cmdable) ModuleLoadex(ctx context.Context, conf *ModuleLoadexConfig) *StringCmd {
	cmd := new(StringCmd)
	cmd.start("module", "loadex")
	if conf == nil {
		cmd.rejectNil("configuration")
		return do(ctx, c, cmd)
	}
	cmd.str(conf.Path)
	for name, value := range conf.Conf {
		cmd.strs("config", name).val(value)
	}
	if len(conf.Args) > 0 {
		cmd.str("args").vals(conf.Args...) // whatever follows ARGS is one
	}
	return do(ctx, c, cmd)
}

// ReplicaOf makes the server a replica of another one, or a primary with "no"
// and "one". Nodes of a cluster refuse it (REPLICAOF).
func (c cmdable) ReplicaOf(ctx context.Context, host, port string) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("replicaof", host, port)
	return do(ctx, c, cmd)
}

// SlaveOf is ReplicaOf (SLAVEOF).
//
// Deprecated: Redis 5.0 calls the command REPLICAOF.
func (c cmdable) SlaveOf(ctx context.Context, host, port string) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("slaveof", host, port)
	return do(ctx, c, cmd)
}

// Shutdown ends the server, which first saves its data if it is configured to.
// It has worked when the server closes the connection (SHUTDOWN).
func (c cmdable) Shutdown(ctx context.Context) *StatusCmd {
	return c.shutdown(ctx)
}

// ShutdownSave ends the server, which first saves its data
// (SHUTDOWN SAVE).
func (c cmdable) ShutdownSave(ctx context.Context) *StatusCmd {
	return c.shutdown(ctx, "save")
}

// ShutdownNoSave ends the server, which does not save its data
// (SHUTDOWN NOSAVE).
func (c cmdable) ShutdownNoSave(ctx context.Context) *StatusCmd {
	return c.shutdown(ctx, "nosave")
}

func (c cmdable) shutdown(ctx context.Context, how ...string) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("shutdown", how...)
	_ = c(ctx, cmd)
	if err := cmd.Err(); errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
		cmd.SetErr(nil)
	}
	return cmd
}

// SlowLogGet lists the last num commands that took the server long, the latest
// first (SLOWLOG GET).
func (c cmdable) SlowLogGet(ctx context.Context, num int64) *SlowLogCmd {
	cmd := new(SlowLogCmd)
	cmd.start("slowlog", "get").int(num)
	return do(ctx, c, cmd)
}

// SlowLogLen gives the number of commands in the slow log (SLOWLOG LEN).
func (c cmdable) SlowLogLen(ctx context.Context) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("slowlog", "len")
	return do(ctx, c, cmd)
}

// SlowLogReset empties the slow log (SLOWLOG RESET).
func (c cmdable) SlowLogReset(ctx context.Context) *StatusCmd {
	cmd := new(StatusCmd)
	cmd.start("slowlog", "reset")
	return do(ctx, c, cmd)
}

// Time tells the server's time (TIME).
// A cluster client asks one node.
func (c cmdable) Time(ctx context.Context) *TimeCmd {
	cmd := new(TimeCmd)
	cmd.start("time")
	return do(ctx, c, cmd)
}

// Wait waits until the writes of this connection have reached that many
// replicas, or the timeout, to the millisecond, is over; 0 has no end. It gives
// the number of replicas they reached (WAIT).
// Clients and their pipelines refuse it, as others share their connections: use
// [Conn] or [Tx].
func (c cmdable) Wait(ctx context.Context, numSlaves int, timeout time.Duration) *IntCmd {
	cmd := new(IntCmd)
	cmd.start("wait").int(int64(numSlaves)).millis(timeout).own().blocks = timeout
	return do(ctx, c, cmd)
}

// WaitAOF is Wait for the append-only files of the server itself,
// numLocal being 1 or 0, and of its replicas. It gives two numbers, of local
// files and of replicas (WAITAOF, Redis 7.2).
// Clients and their pipelines refuse it, as others share their connections: use
// [Conn] or [Tx].
func (c cmdable) WaitAOF(ctx context.Context, numLocal, numSlaves int, timeout time.Duration) *IntSliceCmd {
	cmd := new(IntSliceCmd)
	cmd.start("waitaof").int(int64(numLocal)).int(int64(numSlaves)).millis(timeout).own().blocks = timeout
	return do(ctx, c, cmd)
}

// InfoCmd is a command that answers with what INFO tells, by sections and
// names. Sections are called as their heading is, such as "Server". Of a
// module, the name is the name and the rest of its line the value.
type InfoCmd struct {
	result[map[string]map[string]string]
}

// NewInfoCmd makes a command from its name and arguments, for Process.
func NewInfoCmd(ctx context.Context, args ...any) *InfoCmd {
	return fromArgs(new(InfoCmd), args)
}

// Item is what a section says of a name; "" when it says nothing.
func (c *InfoCmd) Item(section, key string) string { return c.val[section][key] }

func (c *InfoCmd) decode(d *resp.Decoder) error {
	text, err := d.String()
	if err == nil {
		c.val = parseInfo(text)
	}
	return err
}

func parseInfo(text string) map[string]map[string]string {
	sections := map[string]map[string]string{}
	var section map[string]string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if heading, ok := strings.CutPrefix(line, "# "); ok {
			section = map[string]string{}
			sections[heading] = section
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if module, isModule := strings.CutPrefix(line, "module:name="); isModule {
			name, value, ok = strings.Cut(module, ",")
		}
		if ok && section != nil {
			section[name] = value
		}
	}
	return sections
}

// SlowLog is a command that took the server long.
type SlowLog struct {
	ID         int64         // counts up from 0 until the server is restarted
	Time       time.Time     // when it ran, to the second
	Duration   time.Duration // without the time it waited
	Args       []string      // its words, shortened if there are many or long ones
	ClientAddr string        // who sent it
	ClientName string        // given with CLIENT SETNAME; "" when none was
	// CommandArgc is the number of its words before they were shortened; 0
	// before Redis 8.10.
	CommandArgc int64
}

// SlowLogCmd is a command that answers with entries of the slow log.
type SlowLogCmd struct{ result[[]SlowLog] }

// NewSlowLogCmd makes a command from its name and arguments, for Process.
func NewSlowLogCmd(ctx context.Context, args ...any) *SlowLogCmd {
	return fromArgs(new(SlowLogCmd), args)
}

func (c *SlowLogCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, decodeSlowLog)
	return err
}

func decodeSlowLog(d *resp.Decoder) (entry SlowLog, err error) {
	var at, took int64
	err = decodeTuple(d, 4, &entry.ID, &at, &took,
		func(d *resp.Decoder) (err error) {
			entry.Args, err = decodeStrings(d)
			return err
		},
		&entry.ClientAddr, &entry.ClientName, &entry.CommandArgc)
	entry.Time = time.Unix(at, 0)
	entry.Duration = time.Duration(took) * time.Microsecond
	return entry, err
}

// Latency is a kind of event that took the server long.
type Latency struct {
	Name   string        // of the kind, such as "command" or "fork"
	Time   time.Time     // of the latest, to the second
	Latest time.Duration // of the latest
	Max    time.Duration // of the longest
}

// LatencyCmd is a command that answers with the events that took the server
// long.
type LatencyCmd struct{ result[[]Latency] }

// NewLatencyCmd makes a command from its name and arguments, for Process.
func NewLatencyCmd(ctx context.Context, args ...any) *LatencyCmd {
	return fromArgs(new(LatencyCmd), args)
}

func (c *LatencyCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, decodeLatency)
	return err
}

func decodeLatency(d *resp.Decoder) (event Latency, err error) {
	var at, latest, longest int64
	err = decodeTuple(d, 4, &event.Name, &at, &latest, &longest)
	event.Time = time.Unix(at, 0)
	event.Latest = time.Duration(latest) * time.Millisecond
	event.Max = time.Duration(longest) * time.Millisecond
	return event, err
}

// CommandInfo is what a server tells about a command.
type CommandInfo struct {
	Name string // in lower case
	// Arity counts the words of the command, its name included; negative when
	// it may have more.
	Arity    int8
	Flags    []string // such as "readonly"
	ACLFlags []string // categories of the access control list
	// The first and the last key are at these positions among the words, and
	// every StepCount-th between them; a negative last one counts from the
	// end. FirstKeyPos is 0 when there is no key, or none at a fixed position.
	FirstKeyPos int8
	LastKeyPos  int8
	StepCount   int8
	ReadOnly    bool // whether "readonly" is among the flags
}

// CommandsInfoCmd is a command that answers with descriptions of commands, by
// their names.
type CommandsInfoCmd struct {
	result[map[string]*CommandInfo]
}

// NewCommandsInfoCmd makes a command from its name and arguments, for Process.
func NewCommandsInfoCmd(ctx context.Context, args ...any) *CommandsInfoCmd {
	return fromArgs(new(CommandsInfoCmd), args)
}

// NewCommandsInfoCmdResult makes a command that has been answered, for tests
// and fakes.
func NewCommandsInfoCmdResult(val map[string]*CommandInfo, err error) *CommandsInfoCmd {
	return &CommandsInfoCmd{made(val, err)}
}

func (c *CommandsInfoCmd) decode(d *resp.Decoder) error {
	list, err := decodeList(d, decodeCommandInfo)
	if err != nil {
		return err
	}
	c.val = make(map[string]*CommandInfo, len(list))
	for _, info := range list {
		if info != nil { // nil is a command that the server does not know
			c.val[info.Name] = info
		}
	}
	return nil
}

func decodeCommandInfo(d *resp.Decoder) (*CommandInfo, error) {
	info := new(CommandInfo)
	var arity, first, last, step int64
	err := decodeTuple(d, 6, &info.Name, &arity,
		func(d *resp.Decoder) (err error) {
			info.Flags, err = decodeStrings(d)
			return err
		},
		&first, &last, &step,
		func(d *resp.Decoder) (err error) {
			info.ACLFlags, err = decodeStrings(d)
			return err
		})
	if err != nil {
		return nil, err
	}
	info.Arity, info.FirstKeyPos, info.LastKeyPos, info.StepCount = int8(arity), int8(first), int8(last), int8(step)
	for _, flag := range info.Flags {
		info.ReadOnly = info.ReadOnly || flag == "readonly"
	}
	return info, nil
}

// KeyFlags is a key of a command and what the command does to it.
type KeyFlags struct {
	Key   string   // as it stands in the command
	Flags []string // such as "RO", "access"
}

// KeyFlagsCmd is a command that answers with the keys of another command.
type KeyFlagsCmd struct{ result[[]KeyFlags] }

// NewKeyFlagsCmd makes a command from its name and arguments, for Process.
func NewKeyFlagsCmd(ctx context.Context, args ...any) *KeyFlagsCmd {
	return fromArgs(new(KeyFlagsCmd), args)
}

func (c *KeyFlagsCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, func(d *resp.Decoder) (k KeyFlags, err error) {
		err = decodeTuple(d, 2, &k.Key, func(d *resp.Decoder) (err error) {
			k.Flags, err = decodeStrings(d)
			return err
		})
		return k, err
	})
	return err
}
