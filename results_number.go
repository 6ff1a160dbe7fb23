package redis

import (
	"context"
	"strconv"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// BoolCmd is a command that answers yes or no. A null reply, which a
// conditional SET gives when the condition does not hold, is a no and not an
// error.
type BoolCmd struct{ result[bool] }

// NewBoolCmd makes a command from its name and arguments, for Process.
func NewBoolCmd(ctx context.Context, args ...any) *BoolCmd {
	return fromArgs(new(BoolCmd), args)
}

// NewBoolResult makes a command that has been answered, for tests and fakes.
func NewBoolResult(val bool, err error) *BoolCmd { return &BoolCmd{made(val, err)} }

func (c *BoolCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = d.Bool()
	if err == Nil {
		return nil
	}
	return err
}

// FloatCmd is a command that answers with a floating-point number.
type FloatCmd struct{ result[float64] }

// NewFloatCmd makes a command from its name and arguments, for Process.
func NewFloatCmd(ctx context.Context, args ...any) *FloatCmd {
	return fromArgs(new(FloatCmd), args)
}

// NewFloatResult makes a command that has been answered, for tests and fakes.
func NewFloatResult(val float64, err error) *FloatCmd { return &FloatCmd{made(val, err)} }

func (c *FloatCmd) decode(d *resp.Decoder) (err error) {
	c.val, err = d.Float()
	return err
}

// DurationCmd is a command that answers with a span of time. The replies -1
// and -2, which mean something else for each command, are given as that many
// nanoseconds.
type DurationCmd struct {
	result[time.Duration]
	unit time.Duration
}

// NewDurationCmd makes a command from its name and arguments, for Process.
// precision is the unit in which the server answers.
func NewDurationCmd(ctx context.Context, precision time.Duration, args ...any) *DurationCmd {
	return fromArgs(&DurationCmd{unit: precision}, args)
}

// NewDurationResult makes a command that has been answered, for tests and
// fakes.
func NewDurationResult(val time.Duration, err error) *DurationCmd {
	return &DurationCmd{result: made(val, err)}
}

func (c *DurationCmd) decode(d *resp.Decoder) error {
	n, err := d.Int()
	if err != nil {
		return err
	}
	c.val = time.Duration(n)
	if n == -1 || n == -2 {
		return nil
	}
	if c.val *= c.unit; c.unit != 0 && c.val/c.unit != time.Duration(n) {
		c.val = 0
		return &resp.TypeError{Got: strconv.FormatInt(n, 10), Want: "a time that a time.Duration can hold, less than 293 years"}
	}
	return nil
}

// TimeCmd is a command that answers with a point in time, exact to the
// microsecond.
type TimeCmd struct{ result[time.Time] }

// NewTimeCmd makes a command from its name and arguments, for Process.
func NewTimeCmd(ctx context.Context, args ...any) *TimeCmd {
	return fromArgs(new(TimeCmd), args)
}

// NewTimeCmdResult makes a command that has been answered, for tests and
// fakes.
func NewTimeCmdResult(val time.Time, err error) *TimeCmd { return &TimeCmd{made(val, err)} }

func (c *TimeCmd) decode(d *resp.Decoder) error {
	seconds, micros, err := decodeTwo(d, (*resp.Decoder).Int)
	if err == nil {
		c.val = time.Unix(seconds, micros*int64(time.Microsecond))
	}
	return err
}
