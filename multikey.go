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
	list  []Cmder // *partCmd
	step  int     // arguments per key
}

// partCmd is one part. It keeps its reply as it came.
type partCmd struct {
	baseCmd
	keys  []int // which of the whole's keys it has, in order
	reply []byte
}

func (c *partCmd) String() string { return c.text(string(c.reply)) }

func (c *partCmd) decode(d *resp.Decoder) error {
	before := d.Rest()
	if kind := d.Peek(); kind == resp.SimpleError || kind == resp.BulkError {
		_, err := d.String()
		return err
	}
	if err := d.Skip(); err != nil {
		return err
	}
	c.reply = append([]byte(nil), before[:len(before)-len(d.Rest())]...)
	return nil
}

// split divides cmd if it may be divided and has keys in several slots.
func split(cmd Cmder) (*parts, bool) {
	b := cmd.command()
	info := b.lookup()
	if info == nil || info.Request != cmdinfo.ReqMultiShard || info.FirstKey != 1 || info.LastKey != -1 || info.KeyStep < 1 {
		return nil, false
	}
	step := int(info.KeyStep)
	if (len(b.args)-1)%step != 0 || oneSlot(b, step) {
		return nil, false
	}
	p := &parts{whole: cmd, step: step}
	bySlot := map[int]*partCmd{}
	for pos := 1; pos < len(b.args); pos += step {
		slot := keySlot(b.argText(pos))
		part := bySlot[slot]
		if part == nil {
			part = new(partCmd)
			part.args = append(part.inline[:0], b.args[0])
			bySlot[slot] = part
			p.list = append(p.list, part)
		}
		part.args = append(part.args, b.args[pos:pos+step]...)
		part.keys = append(part.keys, (pos-1)/step)
	}
	return p, true
}

func oneSlot(b *baseCmd, step int) bool {
	if len(b.args) <= 1+step {
		return true
	}
	first := keySlot(b.argText(1))
	for pos := 1 + step; pos < len(b.args); pos += step {
		if keySlot(b.argText(pos)) != first {
			return false
		}
	}
	return true
}

func (p *parts) command() Cmder { return p.whole }

func (p *parts) addTo(b *batch) {
	b.items = slices.Grow(b.items, len(p.list))
	for _, part := range p.list {
		b.add(part)
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
	for _, cmd := range p.list {
		part := cmd.(*partCmd)
		if part.err == nil {
			continue
		}
		if failure == nil {
			failure = &PartialError{Command: p.whole.Name(), Failed: map[string]error{}, cause: part.err}
		}
		for pos := 1; pos < len(part.args); pos += p.step {
			failure.Failed[part.argText(pos)] = part.err
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
	for _, cmd := range p.list {
		if part := cmd.(*partCmd); part.err == nil {
			replies = append(replies, part.reply)
		}
	}
	return merges[cmdinfo.RespSum](replies)
}

// inOrder puts the elements into the order of the whole's keys.
func (p *parts) inOrder() ([]byte, error) {
	keys := (len(p.whole.command().args) - 1) / p.step
	elements := make([][]byte, keys)
	for _, cmd := range p.list {
		part := cmd.(*partCmd)
		if part.err != nil {
			for _, key := range part.keys {
				elements[key] = fmt.Appendf(nil, "-%s\r\n", oneLine(part.err))
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
			before := d.Rest()
			if err := d.Skip(); err != nil {
				return nil, err
			}
			elements[key] = before[:len(before)-len(d.Rest())]
		}
	}
	reply := fmt.Appendf(nil, "*%d\r\n", keys)
	for _, element := range elements {
		reply = append(reply, element...)
	}
	return reply, nil
}

// oneLine is an error's text as an error reply can hold it.
func oneLine(err error) string {
	return strings.NewReplacer("\r", " ", "\n", " ").Replace(err.Error())
}
