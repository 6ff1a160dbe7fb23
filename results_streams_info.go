package redis

import (
	"context"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// XInfoStream tells of a stream.
type XInfoStream struct {
	Length          int64  // how many entries there are
	RadixTreeKeys   int64  // of the tree that they are kept in
	RadixTreeNodes  int64  // likewise
	Groups          int64  // how many groups read it
	LastGeneratedID string // of the entry that was added last, be it deleted or not
	// MaxDeletedEntryID is the highest ID that was deleted, "0-0" when none was;
	// EntriesAdded counts all entries that there ever were. Not before Redis 7.
	MaxDeletedEntryID string
	EntriesAdded      int64
	FirstEntry        XMessage // zero when there is no entry
	LastEntry         XMessage // likewise
	// RecordedFirstEntryID is the ID of the first entry. Not before Redis 7.
	RecordedFirstEntryID string

	// How the server notices entries that are added twice (Redis 8.6).
	IDMPDuration   int64 // seconds for which it keeps their IDs in mind
	IDMPMaxSize    int64 // how many IDs of each producer it keeps in mind
	PIDsTracked    int64 // producers it has in mind now
	IIDsTracked    int64 // IDs it has in mind now
	IIDsAdded      int64 // entries added with such an ID so far
	IIDsDuplicates int64 // entries refused for it so far
}

// XInfoStreamCmd is a command that tells of a stream.
type XInfoStreamCmd struct{ result[*XInfoStream] }

// NewXInfoStreamCmd makes the command XINFO STREAM, for Process.
func NewXInfoStreamCmd(ctx context.Context, stream string) *XInfoStreamCmd {
	cmd := new(XInfoStreamCmd)
	cmd.start("xinfo", "stream", stream)
	return cmd
}

func (c *XInfoStreamCmd) decode(d *resp.Decoder) error {
	s := new(XInfoStream)
	err := decodeFields(d, map[string]any{
		"length":                  &s.Length,
		"radix-tree-keys":         &s.RadixTreeKeys,
		"radix-tree-nodes":        &s.RadixTreeNodes,
		"groups":                  &s.Groups,
		"last-generated-id":       &s.LastGeneratedID,
		"max-deleted-entry-id":    &s.MaxDeletedEntryID,
		"entries-added":           &s.EntriesAdded,
		"first-entry":             into(&s.FirstEntry, decodeXMessage),
		"last-entry":              into(&s.LastEntry, decodeXMessage),
		"recorded-first-entry-id": &s.RecordedFirstEntryID,
		"idmp-duration":           &s.IDMPDuration,
		"idmp-maxsize":            &s.IDMPMaxSize,
		"pids-tracked":            &s.PIDsTracked,
		"iids-tracked":            &s.IIDsTracked,
		"iids-added":              &s.IIDsAdded,
		"iids-duplicates":         &s.IIDsDuplicates,
	})
	if err == nil {
		c.val = s
	}
	return err
}

// XInfoStreamFull tells of a stream with its entries, its groups and what is
// pending in them. What it has in common with [XInfoStream] means the same.
type XInfoStreamFull struct {
	Length               int64 // entries
	RadixTreeKeys        int64
	RadixTreeNodes       int64
	LastGeneratedID      string
	MaxDeletedEntryID    string
	EntriesAdded         int64
	Entries              []XMessage         // the first ones
	Groups               []XInfoStreamGroup // all of them, not only their number
	RecordedFirstEntryID string
	IDMPDuration         int64
	IDMPMaxSize          int64
	PIDsTracked          int64
	IIDsTracked          int64
	IIDsAdded            int64
	IIDsDuplicates       int64
}

// XInfoStreamGroup tells of a group with what is pending in it.
type XInfoStreamGroup struct {
	Name            string                    // of the group
	LastDeliveredID string                    // of the last entry delivered; "0-0" when none was
	EntriesRead     int64                     // 0 when that is not known
	Lag             int64                     // how many entries were delivered to nobody yet; -1 when that is not known
	PelCount        int64                     // how many entries are pending
	NackedCount     uint64                    // how many of them were given back; not before Redis 8.8
	Pending         []XInfoStreamGroupPending // the first of them
	Consumers       []XInfoStreamConsumer     // all of them
}

// XInfoStreamGroupPending is a pending entry of a group.
type XInfoStreamGroupPending struct {
	ID            string    // of the entry
	Consumer      string    // who was given it
	DeliveryTime  time.Time // the last, to the millisecond
	DeliveryCount int64     // how often it was delivered
}

// XInfoStreamConsumer tells of a consumer with what is pending for it.
type XInfoStreamConsumer struct {
	Name     string    // of the consumer
	SeenTime time.Time // when it last tried to read or claim, to the millisecond
	// ActiveTime is when it last got anything; zero when it never did. Not
	// before Redis 7.2.
	ActiveTime time.Time
	PelCount   int64                        // how many entries are pending for it
	Pending    []XInfoStreamConsumerPending // the first of them
}

// XInfoStreamConsumerPending is a pending entry of a consumer.
type XInfoStreamConsumerPending struct {
	ID            string    // of the entry
	DeliveryTime  time.Time // the last, to the millisecond
	DeliveryCount int64     // how often it was delivered
}

// XInfoStreamFullCmd is a command that tells of a stream with all it has.
type XInfoStreamFullCmd struct{ result[*XInfoStreamFull] }

// NewXInfoStreamFullCmd makes a command from its name and arguments, for
// Process.
func NewXInfoStreamFullCmd(ctx context.Context, args ...any) *XInfoStreamFullCmd {
	return fromArgs(new(XInfoStreamFullCmd), args)
}

func (c *XInfoStreamFullCmd) decode(d *resp.Decoder) error {
	s := new(XInfoStreamFull)
	err := decodeFields(d, map[string]any{
		"length":                  &s.Length,
		"radix-tree-keys":         &s.RadixTreeKeys,
		"radix-tree-nodes":        &s.RadixTreeNodes,
		"last-generated-id":       &s.LastGeneratedID,
		"max-deleted-entry-id":    &s.MaxDeletedEntryID,
		"entries-added":           &s.EntriesAdded,
		"entries":                 into(&s.Entries, decodeXMessages),
		"groups":                  into(&s.Groups, decodeFullGroups),
		"recorded-first-entry-id": &s.RecordedFirstEntryID,
		"idmp-duration":           &s.IDMPDuration,
		"idmp-maxsize":            &s.IDMPMaxSize,
		"pids-tracked":            &s.PIDsTracked,
		"iids-tracked":            &s.IIDsTracked,
		"iids-added":              &s.IIDsAdded,
		"iids-duplicates":         &s.IIDsDuplicates,
	})
	if err == nil {
		c.val = s
	}
	return err
}

func decodeFullGroups(d *resp.Decoder) ([]XInfoStreamGroup, error) {
	return decodeList(d, func(d *resp.Decoder) (XInfoStreamGroup, error) {
		g := XInfoStreamGroup{Lag: lagUnknown}
		err := decodeFields(d, map[string]any{
			"name":              &g.Name,
			"last-delivered-id": &g.LastDeliveredID,
			"entries-read":      &g.EntriesRead,
			"lag":               &g.Lag,
			"pel-count":         &g.PelCount,
			"nacked-count":      &g.NackedCount,
			"pending":           into(&g.Pending, decodeGroupPending),
			"consumers":         into(&g.Consumers, decodeFullConsumers),
		})
		return g, err
	})
}

func decodeGroupPending(d *resp.Decoder) ([]XInfoStreamGroupPending, error) {
	return decodeList(d, func(d *resp.Decoder) (p XInfoStreamGroupPending, err error) {
		err = decodeTuple(d, 4, &p.ID, &p.Consumer, into(&p.DeliveryTime, decodeTime), &p.DeliveryCount)
		return p, err
	})
}

func decodeFullConsumers(d *resp.Decoder) ([]XInfoStreamConsumer, error) {
	return decodeList(d, func(d *resp.Decoder) (c XInfoStreamConsumer, err error) {
		err = decodeFields(d, map[string]any{
			"name":        &c.Name,
			"seen-time":   into(&c.SeenTime, decodeTime),
			"active-time": into(&c.ActiveTime, decodeTime),
			"pel-count":   &c.PelCount,
			"pending":     into(&c.Pending, decodeConsumerPending),
		})
		return c, err
	})
}

func decodeConsumerPending(d *resp.Decoder) ([]XInfoStreamConsumerPending, error) {
	return decodeList(d, func(d *resp.Decoder) (p XInfoStreamConsumerPending, err error) {
		err = decodeTuple(d, 3, &p.ID, into(&p.DeliveryTime, decodeTime), &p.DeliveryCount)
		return p, err
	})
}

// decodeTime reads milliseconds since 1970; -1 is never.
func decodeTime(d *resp.Decoder) (time.Time, error) {
	ms, err := d.Int()
	if err != nil || ms < 0 {
		return time.Time{}, err
	}
	return time.UnixMilli(ms), nil
}

// lagUnknown is for a server that does not know the lag of a group, or does not
// tell.
const lagUnknown = -1

// XInfoGroup tells of a group.
type XInfoGroup struct {
	Name            string // of the group
	Consumers       int64  // how many it has
	Pending         int64  // how many entries are pending
	LastDeliveredID string // of the last entry delivered; "0-0" when none was
	EntriesRead     int64  // 0 when that is not known
	Lag             int64  // how many entries were delivered to nobody yet; -1 when that is not known
}

// XInfoGroupsCmd is a command that tells of the groups of a stream.
type XInfoGroupsCmd struct{ result[[]XInfoGroup] }

// NewXInfoGroupsCmd makes the command XINFO GROUPS, for Process.
func NewXInfoGroupsCmd(ctx context.Context, stream string) *XInfoGroupsCmd {
	cmd := new(XInfoGroupsCmd)
	cmd.start("xinfo", "groups", stream)
	return cmd
}

func (c *XInfoGroupsCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, func(d *resp.Decoder) (XInfoGroup, error) {
		g := XInfoGroup{Lag: lagUnknown}
		err := decodeFields(d, map[string]any{
			"name":              &g.Name,
			"consumers":         &g.Consumers,
			"pending":           &g.Pending,
			"last-delivered-id": &g.LastDeliveredID,
			"entries-read":      &g.EntriesRead,
			"lag":               &g.Lag,
		})
		return g, err
	})
	return err
}

// XInfoConsumer tells of a consumer of a group.
type XInfoConsumer struct {
	Name    string        // of the consumer
	Pending int64         // how many entries are pending for it
	Idle    time.Duration // since it last tried to read or claim, to the millisecond
	// Inactive is the time since it last got anything, to the millisecond; -1 ms
	// when it never did. Not before Redis 7.2.
	Inactive time.Duration
}

// XInfoConsumersCmd is a command that tells of the consumers of a group.
type XInfoConsumersCmd struct{ result[[]XInfoConsumer] }

// NewXInfoConsumersCmd makes the command XINFO CONSUMERS, for Process.
func NewXInfoConsumersCmd(ctx context.Context, stream string, group string) *XInfoConsumersCmd {
	cmd := new(XInfoConsumersCmd)
	cmd.start("xinfo", "consumers", stream, group)
	return cmd
}

func (c *XInfoConsumersCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, func(d *resp.Decoder) (c XInfoConsumer, err error) {
		err = decodeFields(d, map[string]any{
			"name":     &c.Name,
			"pending":  &c.Pending,
			"idle":     into(&c.Idle, decodeMillis),
			"inactive": into(&c.Inactive, decodeMillis),
		})
		return c, err
	})
	return err
}
