package redis

import (
	"fmt"
	"strings"
	"time"
)

// KeepTTL in place of an expiration leaves the one that the key has.
const KeepTTL = -1

// ExpirationMode tells what an [ExpirationOption] does, and the unit of its
// value.
type ExpirationMode string

const (
	// EX lets keys expire after a number of seconds.
	EX ExpirationMode = "EX"
	// PX lets keys expire after a number of milliseconds.
	PX ExpirationMode = "PX"
	// EXAT lets keys expire at a Unix time in seconds.
	EXAT ExpirationMode = "EXAT"
	// PXAT lets keys expire at a Unix time in milliseconds.
	PXAT ExpirationMode = "PXAT"
	// KEEPTTL leaves the expiration of keys as it is. It takes no value.
	KEEPTTL ExpirationMode = "KEEPTTL"
	// PERSIST lets keys expire no more. It takes no value.
	PERSIST ExpirationMode = "PERSIST"
)

// ExpirationOption says when keys expire.
type ExpirationOption struct {
	// Mode is needed; the empty one is refused.
	Mode ExpirationMode
	// Value is in the unit that Mode tells.
	Value int64
}

// seconds adds a time in whole seconds; less than one, but more than none,
// counts as one.
func (c *baseCmd) seconds(d time.Duration) *baseCmd {
	if 0 < d && d < time.Second {
		d = time.Second
	}
	return c.int(int64(d / time.Second))
}

// millis is seconds with milliseconds.
func (c *baseCmd) millis(d time.Duration) *baseCmd {
	if 0 < d && d < time.Millisecond {
		d = time.Millisecond
	}
	return c.int(int64(d / time.Millisecond))
}

// expiresIn adds the option for a key that expires after that time, as coarse
// as can be; none for 0, which is never, nor for what is negative.
func (c *baseCmd) expiresIn(d time.Duration) *baseCmd {
	switch {
	case d == KeepTTL:
		c.str("keepttl")
	case d < 0:
	case d%time.Second != 0:
		c.str("px").millis(d)
	case d > 0:
		c.str("ex").seconds(d)
	}
	return c
}

// expiresAt adds the option for a key that expires then.
func (c *baseCmd) expiresAt(t time.Time) *baseCmd {
	if t.Nanosecond() >= int(time.Millisecond) {
		return c.str("pxat").int(t.UnixMilli())
	}
	return c.str("exat").int(t.Unix())
}

// expires adds what o says; nothing when it is nil.
func (c *baseCmd) expires(o *ExpirationOption) *baseCmd {
	if o == nil {
		return c
	}
	switch o.Mode {
	case EX, PX, EXAT, PXAT:
		c.str(strings.ToLower(string(o.Mode))).int(o.Value)
	case KEEPTTL, PERSIST:
		c.str(strings.ToLower(string(o.Mode)))
	default:
		c.reject(fmt.Errorf("redis: %s: there is no expiration mode %q", c.Name(), o.Mode))
	}
	return c
}
