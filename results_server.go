package redis

import (
	"context"
	"strings"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

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
