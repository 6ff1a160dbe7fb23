package redis

import (
	"fmt"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/hscan"
)

// keys adds the number of keys, which some commands want first, and the keys.
func (c *baseCmd) keys(list []string) *baseCmd {
	return c.int(int64(len(list))).strs(list...)
}

// flag adds an option that is one word.
func (c *baseCmd) flag(set bool, word string) *baseCmd {
	if set {
		c.str(word)
	}
	return c
}

// list adds values of any type. A single one may itself be a list of arguments:
// a []string, []any or map, or a struct with redis tags. A single nil adds
// nothing.
func (c *baseCmd) list(values []any) *baseCmd {
	if len(values) != 1 {
		return c.vals(values...)
	}
	v := values[0]
	if v == nil {
		return c
	}
	if a, err := makeArg(v); err == nil {
		c.addArg(a)
		return c
	}
	flat, err := hscan.Args(nil, v)
	if err != nil {
		c.reject(fmt.Errorf("redis: %s: argument %d: %w", c.Name(), c.argCount(), err))
	}
	return c.vals(flat...)
}

// pairs is list for names and values in turn.
func (c *baseCmd) pairs(values []any) *baseCmd {
	first := c.argCount()
	c.list(values)
	if n := c.argCount() - first; n%2 != 0 && !c.isInvalid() {
		c.rejectOdd(n)
	}
	return c
}

func (c *baseCmd) rejectOdd(n int) {
	c.reject(fmt.Errorf("redis: %s: %d values are not pairs of a name and a value", c.Name(), n))
}

// rejectNil is for options that a command cannot do without.
func (c *baseCmd) rejectNil(what string) {
	c.reject(fmt.Errorf("redis: %s: the %s is nil", c.Name(), what))
}

// scanOptions adds what all SCAN commands have.
func (c *baseCmd) scanOptions(match string, count int64) *baseCmd {
	if match != "" {
		c.strs("match", match)
	}
	if count > 0 {
		c.str("count").int(count)
	}
	return c
}

// timeout adds the time that a blocking command may wait on the server, in
// seconds with a fraction if need be; 0 has no end. The server counts
// milliseconds, so that less than one would become 0.
func (c *baseCmd) timeout(d time.Duration) *baseCmd {
	c.own().blocks = d
	switch {
	case d < 0:
		c.reject(fmt.Errorf("redis: %s: the timeout %v is negative", c.Name(), d))
	case d%time.Second != 0:
		return c.float(max(d, time.Millisecond).Seconds())
	}
	return c.int(int64(d / time.Second))
}
