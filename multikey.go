package redis

import (
	"bytes"
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
	step  int       // arguments per key
	keys  []slotKey // by slot
	slots int
	list  []partCmd // once they are in a batch; its memory
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

// split prepares to divide cmd, if it may be divided and has keys in several
// slots.
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
	return &parts{whole: cmd, step: step, keys: keys, slots: slots}, true
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
	p.list = b.newParts(p.slots)
	b.items = slices.Grow(b.items, p.slots)
	whole := p.whole.command()
	read, once := whole.lookup().IsReadOnly(), p.whole.NoRetry()
	for i, from := 0, 0; from < len(p.keys); i++ {
		to := from + 1
		for to < len(p.keys) && p.keys[to].slot() == p.keys[from].slot() {
			to++
		}
		part := &p.list[i]
		part.once = once
		part.addArg(whole.arg(0))
		part.growArgs((to - from) * p.step)
		for _, key := range p.keys[from:to] {
			pos := 1 + key.index()*p.step
			for i := range p.step {
				part.addArg(whole.arg(pos + i))
			}
		}
		part.keys = p.keys[from:to]
		b.addFor(part, target{slot: int16(part.keys[0].slot()), read: read})
		from = to
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
	causes []error // in the order of the parts
}

// Error says how many keys failed, and why the first of them did.
func (e *PartialError) Error() string {
	return fmt.Sprintf("redis: %s: %d keys failed: %v", e.Command, len(e.Failed), e.causes[0])
}

// Unwrap gives the errors of all parts that failed: if a write is in doubt with one of
// them, the whole is [ErrWriteInDoubt].
func (e *PartialError) Unwrap() []error { return e.causes }

// join puts the reply of the whole together from those of the parts.
func (p *parts) join() error {
	failed := p.failure()
	if failed != nil && p.whole.command().lookup().Response == cmdinfo.RespAllSucceeded {
		return failed
	}
	reply, err := p.reply()
	if err != nil {
		return err
	}
	err = decodeJoined(p.whole, reply)
	if failed != nil {
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
			failure = &PartialError{Command: p.whole.Name(), Failed: map[string]error{}}
		}
		failure.causes = append(failure.causes, err)
		for pos := 1; pos < part.argCount(); pos += p.step {
			failure.Failed[part.argText(pos)] = err
		}
	}
	if failure == nil {
		return nil
	}
	return asNetError(failure)
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

// inOrder puts the elements into the order of the whole's keys. A part has its
// keys in that order, so that its reply is taken off from the front.
func (p *parts) inOrder() ([]byte, error) {
	partOf := make([]int32, len(p.keys))
	size := 16
	for i := range p.list {
		part := &p.list[i]
		if err := part.elements(); err != nil {
			return nil, err
		}
		size += len(part.reply)
		for _, key := range part.keys {
			partOf[key.index()] = int32(i)
		}
	}
	reply := resp.AppendArray(make([]byte, 0, size), len(p.keys))
	for _, i := range partOf {
		part := &p.list[i]
		d := resp.NewDecoder(part.reply, true)
		element, err := d.Raw()
		if err != nil {
			return nil, err
		}
		reply = append(reply, element...)
		part.reply = d.Rest()
	}
	return reply, nil
}

// elements leaves of the reply its elements, one for each key: errors, if the
// part has failed.
func (c *partCmd) elements() error {
	if err := c.Err(); err != nil {
		element := fmt.Appendf(nil, "-%s\r\n", oneLine(err))
		c.reply = bytes.Repeat(element, len(c.keys))
		return nil
	}
	d := resp.NewDecoder(c.reply, true)
	n, err := d.Array()
	if err != nil {
		return err
	}
	if n != len(c.keys) {
		return fmt.Errorf("redis: %s: %d values for %d keys", c.Name(), n, len(c.keys))
	}
	c.reply = d.Rest()
	return nil
}

// oneLine is an error's text as an error reply can hold it.
func oneLine(err error) string {
	return strings.NewReplacer("\r", " ", "\n", " ").Replace(err.Error())
}
