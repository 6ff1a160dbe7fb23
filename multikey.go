package redis

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-e06f3def/rediscluster/internal/cmdinfo"
	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// parts is a command whose keys are in several slots, split into one command a
// slot: MGET, MSET, DEL, UNLINK, EXISTS, TOUCH and whatever else the command
// table says may be split. The parts are not one atomic step, as the whole
// would be on a single server.
type parts struct {
	whole Cmder
	list  []partCmd
	step  int // arguments per key
}

// partCmd is one part. It keeps its reply as it came.
type partCmd struct {
	baseCmd
	once  bool      // the whole is not to be sent again
	keys  []slotKey // which of the whole's keys it has, in order
	reply []byte
}

// NoRetry is that of the whole.
func (c *partCmd) NoRetry() bool { return c.once }

func (c *partCmd) String() string { return c.text(string(c.reply)) }

func (c *partCmd) decode(d *resp.Decoder) error {
	if kind := d.Peek(); kind == resp.SimpleError || kind == resp.BulkError {
		return d.Skipped()
	}
	var err error
	c.reply, err = d.Raw()
	return err
}

// split divides cmd if it may be divided and has keys in several slots.
func split(cmd Cmder) (*parts, bool) {
	b := cmd.command()
	info := b.lookup()
	if info == nil || info.Request != cmdinfo.ReqMultiShard || info.FirstKey != 1 || info.LastKey != -1 || info.KeyStep < 1 {
		return nil, false
	}
	step := int(info.KeyStep)
	if (b.argCount()-1)%step != 0 {
		return nil, false
	}
	keys, slots := bySlot(b, step)
	if slots < 2 {
		return nil, false
	}
	p := &parts{whole: cmd, step: step, list: make([]partCmd, slots)}
	for i, from := 0, 0; from < len(keys); i++ {
		to := from + 1
		for to < len(keys) && keys[to].slot() == keys[from].slot() {
			to++
		}
		part := &p.list[i]
		part.once = cmd.NoRetry()
		part.addArg(b.arg(0))
		part.growArgs((to - from) * step)
		for at := from; at < to; at++ {
			pos := 1 + keys[at].index()*step
			for i := range step {
				part.addArg(b.arg(pos + i))
			}
		}
		part.keys = keys[from:to]
		from = to
	}
	return p, true
}

// slotKey is a key of a command: its slot, and its place among the keys, in one
// number, so that sorting them is quick.
type slotKey uint64

func makeSlotKey(slot, index int) slotKey { return slotKey(slot)<<32 | slotKey(index) }
func (k slotKey) slot() int               { return int(k >> 32) }
func (k slotKey) index() int              { return int(uint32(k)) }

// bySlot sorts the command's keys by slot, those of a slot in their order, and
// counts the slots.
func bySlot(b *baseCmd, step int) (keys []slotKey, slots int) {
	n := (b.argCount() - 1) / step
	if n < 2 {
		return nil, n
	}
	keys = make([]slotKey, n)
	for i := range keys {
		keys[i] = makeSlotKey(keySlot(b.argText(1+i*step)), i)
	}
	slices.Sort(keys)
	slots = 1
	for i := range keys[1:] {
		if keys[i].slot() != keys[i+1].slot() {
			slots++
		}
	}
	return keys, slots
}

func (p *parts) command() Cmder { return p.whole }

func (p *parts) addTo(b *batch) {
	b.items = slices.Grow(b.items, len(p.list))
	read := p.whole.command().lookup().IsReadOnly()
	for i := range p.list {
		part := &p.list[i]
		b.addFor(part, target{slot: int16(part.keys[0].slot()), read: read})
	}
}

// PartialError is the error of a command over several slots of which some parts
// failed: the others have run. Where the reply has an element for each key, as
// that of MGET, the elements of the keys that failed are their errors.
type PartialError struct {
	// Command is the name of the command.
	Command string
	// Failed tells for each key that failed why it did.
	Failed map[string]error
	cause  error
}

func (e *PartialError) Error() string {
	return fmt.Sprintf("redis: %s: %d keys failed: %v", e.Command, len(e.Failed), e.cause)
}

// Unwrap gives the first of the errors.
func (e *PartialError) Unwrap() error { return e.cause }

// join puts the reply of the whole together from those of the parts.
func (p *parts) join() error {
	reply, err := p.reply()
	if err != nil {
		return err
	}
	err = decodeJoined(p.whole, reply)
	if failed := p.failure(); failed != nil {
		return failed
	}
	return err
}

// failure is the error if any part failed.
func (p *parts) failure() error {
	var failure *PartialError
	for i := range p.list {
		part := &p.list[i]
		err := part.Err()
		if err == nil {
			continue
		}
		if failure == nil {
			failure = &PartialError{Command: p.whole.Name(), Failed: map[string]error{}, cause: err}
		}
		for pos := 1; pos < part.argCount(); pos += p.step {
			failure.Failed[part.argText(pos)] = err
		}
	}
	if failure == nil {
		return nil
	}
	return failure
}

// reply is the reply of the whole, as one server would have sent it.
func (p *parts) reply() ([]byte, error) {
	switch p.whole.command().lookup().Response {
	case cmdinfo.RespSum:
		return p.sum()
	case cmdinfo.RespAllSucceeded:
		return []byte("+OK\r\n"), nil
	}
	return p.inOrder()
}

func (p *parts) sum() ([]byte, error) {
	replies := [][]byte{[]byte(":0\r\n")}
	for i := range p.list {
		if part := &p.list[i]; part.Err() == nil {
			replies = append(replies, part.reply)
		}
	}
	return merges[cmdinfo.RespSum](replies)
}

// inOrder puts the elements into the order of the whole's keys.
func (p *parts) inOrder() ([]byte, error) {
	keys := (p.whole.command().argCount() - 1) / p.step
	elements := make([][]byte, keys)
	size := 16
	for i := range p.list {
		part := &p.list[i]
		if err := part.Err(); err != nil {
			for _, key := range part.keys {
				elements[key.index()] = fmt.Appendf(nil, "-%s\r\n", oneLine(err))
			}
			continue
		}
		d := resp.NewDecoder(part.reply, true)
		n, err := d.Array()
		if err != nil {
			return nil, err
		}
		if n != len(part.keys) {
			return nil, fmt.Errorf("redis: %s: %d values for %d keys", p.whole.Name(), n, len(part.keys))
		}
		for _, key := range part.keys {
			element, err := d.Raw()
			if err != nil {
				return nil, err
			}
			elements[key.index()] = element
			size += len(element)
		}
	}
	reply := resp.AppendArray(make([]byte, 0, size), keys)
	for _, element := range elements {
		reply = append(reply, element...)
	}
	return reply, nil
}

// oneLine is an error's text as an error reply can hold it.
func oneLine(err error) string {
	return strings.NewReplacer("\r", " ", "\n", " ").Replace(err.Error())
}
