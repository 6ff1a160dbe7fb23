package redis

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// XMessage is an entry of a stream.
type XMessage struct {
	ID string // such as "1700000000000-0": the time in milliseconds, and a number
	// Values are the fields; each value is a string. Of a field that occurs
	// twice it has the last value. It is nil for an entry that is pending but
	// was deleted.
	Values map[string]any
	// MillisElapsedFromDelivery is how many milliseconds ago the entry was
	// delivered the last time, and DeliveredCount how often it was: for those
	// that XReadGroup has claimed, else 0.
	MillisElapsedFromDelivery int64
	DeliveredCount            int64
}

// XMessageSliceCmd is a command that answers with entries of a stream.
type XMessageSliceCmd struct{ result[[]XMessage] }

// NewXMessageSliceCmd makes a command from its name and arguments, for Process.
func NewXMessageSliceCmd(ctx context.Context, args ...any) *XMessageSliceCmd {
	return fromArgs(new(XMessageSliceCmd), args)
}

// NewXMessageSliceCmdResult makes a command that has been answered, for tests
// and fakes.
func NewXMessageSliceCmdResult(val []XMessage, err error) *XMessageSliceCmd {
	return &XMessageSliceCmd{made(val, err)}
}

func (c *XMessageSliceCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeXMessages(d)
	return err
}

// decodeXMessages leaves nulls out: Redis 6 has them where an entry that is
// claimed was deleted.
func decodeXMessages(d *resp.Decoder) ([]XMessage, error) {
	n, err := d.Array()
	if err != nil {
		return nil, err
	}
	list := make([]XMessage, 0, d.Cap(n))
	for range n {
		m, err := decodeXMessage(d)
		if err == Nil {
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// decodeXMessage is not made of decodeTuple because there are many of these.
func decodeXMessage(d *resp.Decoder) (m XMessage, err error) {
	n, err := d.Array()
	if err != nil {
		return m, err
	}
	if n < 2 {
		return m, &resp.TypeError{Got: elements(n), Want: "an ID and values"}
	}
	if m.ID, err = d.String(); err != nil {
		return m, err
	}
	if m.Values, err = decodeMap(d, textAsAny); err != nil && err != Nil {
		return m, err
	}
	for i := range n - 2 {
		var field any
		switch i {
		case 0:
			field = &m.MillisElapsedFromDelivery
		case 1:
			field = &m.DeliveredCount
		}
		if err := decodeField(d, field); err != nil && err != Nil {
			return m, err
		}
	}
	return m, nil
}

func textAsAny(d *resp.Decoder) (any, error) { return d.String() }

// XStream is what was read from a stream.
type XStream struct {
	Stream   string     // its key
	Messages []XMessage // in the order of their IDs
}

// XStreamSliceCmd is a command that answers with streams and entries of them,
// or with [Nil] where there are none.
type XStreamSliceCmd struct{ result[[]XStream] }

// NewXStreamSliceCmd makes a command from its name and arguments, for Process.
func NewXStreamSliceCmd(ctx context.Context, args ...any) *XStreamSliceCmd {
	return fromArgs(new(XStreamSliceCmd), args)
}

// NewXStreamSliceCmdResult makes a command that has been answered, for tests
// and fakes.
func NewXStreamSliceCmdResult(val []XStream, err error) *XStreamSliceCmd {
	return &XStreamSliceCmd{made(val, err)}
}

// In RESP3 the reply is a map, in RESP2 a list of pairs.
func (c *XStreamSliceCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodePairs(d, decodeXStream)
	return err
}

func decodeXStream(d *resp.Decoder) (s XStream, err error) {
	if s.Stream, err = d.String(); err == nil {
		s.Messages, err = decodeXMessages(d)
	}
	return s, err
}

// XPending counts what is pending in a group.
type XPending struct {
	Count     int64            // entries pending for all consumers
	Lower     string           // the lowest ID; "" when nothing is pending
	Higher    string           // the highest ID; "" when nothing is pending
	Consumers map[string]int64 // how many entries each has, without those that have none
}

// XPendingCmd is a command that counts what is pending in a group.
type XPendingCmd struct{ result[*XPending] }

// NewXPendingCmd makes a command from its name and arguments, for Process.
func NewXPendingCmd(ctx context.Context, args ...any) *XPendingCmd {
	return fromArgs(new(XPendingCmd), args)
}

// NewXPendingResult makes a command that has been answered, for tests and
// fakes.
func NewXPendingResult(val *XPending, err error) *XPendingCmd {
	return &XPendingCmd{made(val, err)}
}

func (c *XPendingCmd) decode(d *resp.Decoder) error {
	p := &XPending{Consumers: map[string]int64{}}
	err := decodeTuple(d, 4, &p.Count, &p.Lower, &p.Higher, func(d *resp.Decoder) error {
		_, err := decodeList(d, func(d *resp.Decoder) (string, error) {
			var name string
			var count int64
			err := decodeTuple(d, 2, &name, &count)
			p.Consumers[name] = count
			return name, err
		})
		return err
	})
	if err == nil {
		c.val = p
	}
	return err
}

// XPendingExt is one pending entry.
type XPendingExt struct {
	ID       string // of the entry
	Consumer string // "" when it was given back to the group
	// Idle is how long ago it was delivered the last time, to the millisecond.
	Idle       time.Duration
	RetryCount int64 // how often it was delivered
}

// XPendingExtCmd is a command that answers with pending entries.
type XPendingExtCmd struct{ result[[]XPendingExt] }

// NewXPendingExtCmd makes a command from its name and arguments, for Process.
func NewXPendingExtCmd(ctx context.Context, args ...any) *XPendingExtCmd {
	return fromArgs(new(XPendingExtCmd), args)
}

func (c *XPendingExtCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, func(d *resp.Decoder) (p XPendingExt, err error) {
		err = decodeTuple(d, 4, &p.ID, &p.Consumer, into(&p.Idle, decodeMillis), &p.RetryCount)
		return p, err
	})
	return err
}

// decodeMillis reads a number of milliseconds.
func decodeMillis(d *resp.Decoder) (time.Duration, error) {
	ms, err := d.Int()
	return time.Duration(ms) * time.Millisecond, err
}

// claimed is a command that takes over pending entries, and answers with what
// it took over and the ID to go on with.
type claimed[T any] struct {
	baseCmd
	val  []T
	next string
}

// Val is what was taken over and the ID to go on with, "0-0" at the end; nil and
// "" when the command failed.
func (c *claimed[T]) Val() ([]T, string) { return c.val, c.next }

// SetVal sets what Val returns; hooks and fakes need it.
func (c *claimed[T]) SetVal(val []T, start string) { c.val, c.next = val, start }

// Result is what Val returns and the command's error.
func (c *claimed[T]) Result() ([]T, string, error) { return c.val, c.next, c.Err() }

// String shows the command and its result.
func (c *claimed[T]) String() string { return c.text(fmt.Sprint(c.val, " ", c.next)) }

func (c *claimed[T]) decodeWith(d *resp.Decoder, list func(*resp.Decoder) ([]T, error)) error {
	val, start, _, err := decodeClaimed(d, list)
	if err == nil {
		c.val, c.next = val, start
	}
	return err
}

// decodeClaimed also reads the IDs of entries that were found to be deleted,
// which servers before Redis 7 do not tell.
func decodeClaimed[T any](d *resp.Decoder, list func(*resp.Decoder) ([]T, error)) (val []T, start string, deleted []string, err error) {
	err = decodeTuple(d, 2, &start, into(&val, list), into(&deleted, decodeStrings))
	return val, start, deleted, err
}

// XAutoClaimCmd is a command that answers with entries and the ID to go on with.
type XAutoClaimCmd struct{ claimed[XMessage] }

// NewXAutoClaimCmd makes a command from its name and arguments, for Process.
func NewXAutoClaimCmd(ctx context.Context, args ...any) *XAutoClaimCmd {
	return fromArgs(new(XAutoClaimCmd), args)
}

func (c *XAutoClaimCmd) decode(d *resp.Decoder) error { return c.decodeWith(d, decodeXMessages) }

// XAutoClaimJustIDCmd is a command that answers with the IDs of entries and the
// ID to go on with.
type XAutoClaimJustIDCmd struct{ claimed[string] }

// NewXAutoClaimJustIDCmd makes a command from its name and arguments, for
// Process.
func NewXAutoClaimJustIDCmd(ctx context.Context, args ...any) *XAutoClaimJustIDCmd {
	return fromArgs(new(XAutoClaimJustIDCmd), args)
}

func (c *XAutoClaimJustIDCmd) decode(d *resp.Decoder) error { return c.decodeWith(d, decodeStrings) }

// XAutoClaimWithDeletedCmd is a command that answers with entries, the ID to go
// on with, and the IDs of entries that were pending but have been deleted.
type XAutoClaimWithDeletedCmd struct {
	baseCmd
	val     []XMessage
	next    string
	deleted []string
}

// NewXAutoClaimWithDeletedCmd makes a command from its name and arguments, for
// Process.
func NewXAutoClaimWithDeletedCmd(ctx context.Context, args ...any) *XAutoClaimWithDeletedCmd {
	return fromArgs(new(XAutoClaimWithDeletedCmd), args)
}

// Val is the entries, the ID to go on with, "0-0" at the end, and the IDs of
// deleted entries; nil and "" when the command failed.
func (c *XAutoClaimWithDeletedCmd) Val() (messages []XMessage, start string, deletedIDs []string) {
	return c.val, c.next, c.deleted
}

// SetVal sets what Val returns; hooks and fakes need it.
func (c *XAutoClaimWithDeletedCmd) SetVal(val []XMessage, start string, deletedIDs []string) {
	c.val, c.next, c.deleted = val, start, deletedIDs
}

// Result is what Val returns and the command's error.
func (c *XAutoClaimWithDeletedCmd) Result() (messages []XMessage, start string, deletedIDs []string, err error) {
	return c.val, c.next, c.deleted, c.Err()
}

// String shows the command and its result.
func (c *XAutoClaimWithDeletedCmd) String() string {
	return c.text(fmt.Sprint(c.val, " ", c.next, " ", c.deleted))
}

func (c *XAutoClaimWithDeletedCmd) decode(d *resp.Decoder) error {
	val, start, deleted, err := decodeClaimed(d, decodeXMessages)
	if err == nil {
		c.val, c.next, c.deleted = val, start, deleted
	}
	return err
}
