package redis

import (
	"context"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// ACLLogEntry is something that the server refused for lack of permission. What
// the server does not tell is zero.
type ACLLogEntry struct {
	Count    int64  // how often it happened within a minute or so
	Reason   string // what was lacking: "command", "key", "channel" or "auth"
	Context  string // where: "toplevel", "multi", "lua" or "module"
	Object   string // the command, key or channel; for "auth" the command AUTH
	Username string // as whom the client was authenticated
	// AgeSeconds is how long ago it happened, when the server was asked.
	AgeSeconds float64
	ClientInfo *ClientInfo // of one of the connections
	// EntryID numbers the entries since the server was started (Redis 7.2).
	EntryID int64
	// The first and the latest time, as Unix times in milliseconds (Redis 7.2).
	TimestampCreated     int64
	TimestampLastUpdated int64
}

// ACLLogCmd is a command that answers with the log of what was refused.
type ACLLogCmd struct{ result[[]*ACLLogEntry] }

// NewACLLogCmd makes a command from its name and arguments, for Process.
func NewACLLogCmd(ctx context.Context, args ...any) *ACLLogCmd {
	return fromArgs(new(ACLLogCmd), args)
}

func (c *ACLLogCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = decodeList(d, decodeACLLogEntry)
	return err
}

func decodeACLLogEntry(d *resp.Decoder) (*ACLLogEntry, error) {
	e := new(ACLLogEntry)
	err := decodeFields(d, map[string]any{
		"count":       &e.Count,
		"reason":      &e.Reason,
		"context":     &e.Context,
		"object":      &e.Object,
		"username":    &e.Username,
		"age-seconds": &e.AgeSeconds,
		"client-info": func(d *resp.Decoder) error {
			line, err := d.String()
			if err == nil {
				e.ClientInfo, err = parseClientInfo(line)
			}
			return err
		},
		"entry-id":               &e.EntryID,
		"timestamp-created":      &e.TimestampCreated,
		"timestamp-last-updated": &e.TimestampLastUpdated,
	})
	return e, err
}
