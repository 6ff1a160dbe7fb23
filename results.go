package redis

import (
	"context"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/hscan"
	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// made is a command that has been answered.
func made[T any](val T, err error) result[T] {
	r := result[T]{val: val}
	r.SetErr(err)
	return r
}

// Scanner is implemented by types that read themselves from the text of a reply,
// by a method ScanRedis(s string) error: Scan uses it.
type Scanner = hscan.Scanner

// StatusCmd is a command that answers with a short text, mostly "OK".
type StatusCmd struct{ result[string] }

// NewStatusCmd makes a command from its name and arguments, for Process.
func NewStatusCmd(ctx context.Context, args ...any) *StatusCmd {
	return fromArgs(new(StatusCmd), args)
}

// NewStatusResult makes a command that has been answered, for tests and fakes.
func NewStatusResult(val string, err error) *StatusCmd { return &StatusCmd{made(val, err)} }

func (c *StatusCmd) textOnly() *string { return &c.val }

// Bytes is the reply as bytes; nil if there is none.
func (c *StatusCmd) Bytes() ([]byte, error) { return bytesOf(c.val, c.Err()) }

func bytesOf(val string, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return []byte(val), nil
}

func (c *StatusCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = d.String()
	return err
}

// IntCmd is a command that answers with an integer.
type IntCmd struct{ result[int64] }

// NewIntCmd makes a command from its name and arguments, for Process.
func NewIntCmd(ctx context.Context, args ...any) *IntCmd {
	return fromArgs(new(IntCmd), args)
}

// NewIntResult makes a command that has been answered, for tests and fakes.
func NewIntResult(val int64, err error) *IntCmd { return &IntCmd{made(val, err)} }

// Uint64 is the reply as an unsigned integer.
func (c *IntCmd) Uint64() (uint64, error) { return uint64(c.val), c.Err() }

func (c *IntCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = d.Int()
	return err
}

// UintCmd is a command that answers with an integer that is not negative.
type UintCmd struct{ result[uint64] }

// NewUintCmd makes a command from its name and arguments, for Process.
func NewUintCmd(ctx context.Context, args ...any) *UintCmd {
	return fromArgs(new(UintCmd), args)
}

func (c *UintCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = d.Uint()
	return err
}

// StringCmd is a command that answers with a string, or with [Nil] where there
// is none.
type StringCmd struct{ result[string] }

// NewStringCmd makes a command from its name and arguments, for Process.
func NewStringCmd(ctx context.Context, args ...any) *StringCmd {
	return fromArgs(new(StringCmd), args)
}

// NewStringResult makes a command that has been answered, for tests and fakes.
func NewStringResult(val string, err error) *StringCmd { return &StringCmd{made(val, err)} }

func (c *StringCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = d.String()
	return err
}

func (c *StringCmd) textOnly() *string { return &c.val }

// Bytes is the reply as bytes of the caller's own.
func (c *StringCmd) Bytes() ([]byte, error) { return bytesOf(c.val, c.Err()) }

// Bool is the reply as a boolean: 1 and 0, true and false and their like.
func (c *StringCmd) Bool() (bool, error) { return scanned[bool](c) }

// Int is the reply as an integer.
func (c *StringCmd) Int() (int, error) { return scanned[int](c) }

// Int64 is the reply as an integer of 64 bits.
func (c *StringCmd) Int64() (int64, error) { return scanned[int64](c) }

// Uint64 is the reply as an unsigned integer of 64 bits.
func (c *StringCmd) Uint64() (uint64, error) { return scanned[uint64](c) }

// Float32 is the reply as a floating-point number of 32 bits.
func (c *StringCmd) Float32() (float32, error) { return scanned[float32](c) }

// Float64 is the reply as a floating-point number of 64 bits.
func (c *StringCmd) Float64() (float64, error) { return scanned[float64](c) }

// Time is the reply as a time, in the form that Set gives it: RFC 3339 with
// nanoseconds.
func (c *StringCmd) Time() (time.Time, error) { return scanned[time.Time](c) }

// Scan puts the reply where val points: to a string, []byte, number, boolean,
// time.Time, time.Duration, net.IP or an encoding.BinaryUnmarshaler.
func (c *StringCmd) Scan(val any) error {
	if err := c.Err(); err != nil {
		return err
	}
	return c.ofCommand(hscan.Value(c.val, val))
}

func scanned[T any](c *StringCmd) (v T, err error) {
	err = c.Scan(&v)
	return v, err
}
