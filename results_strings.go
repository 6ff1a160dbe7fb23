package redis

import (
	"context"
	"strconv"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// DigestCmd is a command that answers with the XXH3 hash of a string.
type DigestCmd struct{ result[uint64] }

// NewDigestCmd makes a command from its name and arguments, for Process.
func NewDigestCmd(ctx context.Context, args ...any) *DigestCmd {
	return fromArgs(new(DigestCmd), args)
}

func (c *DigestCmd) decode(d *resp.Decoder) error {
	hex, err := d.String()
	if err != nil {
		return err
	}
	sum, err := strconv.ParseUint(hex, 16, 64)
	if err != nil {
		return &resp.TypeError{Got: strconv.Quote(hex), Want: "a digest"}
	}
	c.val = sum
	return nil
}

// IncrEXIntResult is what INCREX did to an integer.
type IncrEXIntResult struct {
	Value            int64 // the value now
	AppliedIncrement int64 // what was added; 0 when the result was out of bounds
}

// IncrEXIntCmd is an INCREX of an integer.
type IncrEXIntCmd struct{ result[IncrEXIntResult] }

// NewIncrEXIntCmd makes a command from its name and arguments, for Process.
func NewIncrEXIntCmd(ctx context.Context, args ...any) *IncrEXIntCmd {
	return fromArgs(new(IncrEXIntCmd), args)
}

func (c *IncrEXIntCmd) decode(d *resp.Decoder) error {
	value, applied, err := decodeTwo(d, (*resp.Decoder).Int)
	if err == nil {
		c.val = IncrEXIntResult{value, applied}
	}
	return err
}

// IncrEXFloatResult is what INCREX did to a floating-point number.
type IncrEXFloatResult struct {
	Value            float64 // the value now
	AppliedIncrement float64 // what was added; 0 when the result was out of bounds
}

// IncrEXFloatCmd is an INCREX of a floating-point number.
type IncrEXFloatCmd struct{ result[IncrEXFloatResult] }

// NewIncrEXFloatCmd makes a command from its name and arguments, for Process.
func NewIncrEXFloatCmd(ctx context.Context, args ...any) *IncrEXFloatCmd {
	return fromArgs(new(IncrEXFloatCmd), args)
}

func (c *IncrEXFloatCmd) decode(d *resp.Decoder) error {
	value, applied, err := decodeTwo(d, (*resp.Decoder).Float)
	if err == nil {
		c.val = IncrEXFloatResult{value, applied}
	}
	return err
}

// decodeTwo reads an array of two.
func decodeTwo[T any](d *resp.Decoder, elem func(*resp.Decoder) (T, error)) (first, second T, err error) {
	if err = tuple(d, 2); err != nil {
		return first, second, err
	}
	if first, err = elem(d); err != nil {
		return first, second, err
	}
	second, err = elem(d)
	return first, second, err
}

// LCSQuery says what to find out about the longest common subsequence of two
// strings: by default itself.
type LCSQuery struct {
	Key1 string // the key of one string
	Key2 string // the key of the other
	// Len asks for its length only.
	Len bool
	// Idx asks for the positions of its pieces in both strings, and for its
	// length. Len takes precedence.
	Idx bool
	// MinMatchLen leaves out shorter pieces, and WithMatchLen asks for the
	// length of each. They go with Idx.
	MinMatchLen  int
	WithMatchLen bool
}

// LCSMatch is the longest common subsequence of two strings, as far as was
// asked for.
type LCSMatch struct {
	MatchString string               // the subsequence; "" with Len or Idx
	Matches     []LCSMatchedPosition // the last piece first
	Len         int64                // bytes
}

// LCSMatchedPosition is a piece of the longest common subsequence.
type LCSMatchedPosition struct {
	Key1 LCSPosition // in the string of the first key
	Key2 LCSPosition // in that of the second
	// MatchLen is its length in bytes, if WithMatchLen asked for it.
	MatchLen int64
}

// LCSPosition is a part of a string: from Start to End, both included and the
// first byte being 0.
type LCSPosition struct {
	Start int64
	End   int64
}

// LCSCmd is a command that answers with the longest common subsequence of two
// strings.
type LCSCmd struct{ result[*LCSMatch] }

// NewLCSCmd makes the command of a query, for Process.
func NewLCSCmd(ctx context.Context, q *LCSQuery) *LCSCmd {
	cmd := new(LCSCmd)
	cmd.start("lcs")
	if q == nil {
		cmd.rejectNil("query")
		return cmd
	}
	cmd.strs(q.Key1, q.Key2)
	switch {
	case q.Len:
		cmd.str("len")
	case q.Idx:
		cmd.str("idx")
		if q.MinMatchLen != 0 {
			cmd.str("minmatchlen").int(int64(q.MinMatchLen))
		}
		cmd.flag(q.WithMatchLen, "withmatchlen")
	}
	return cmd
}

func (c *LCSCmd) decode(d *resp.Decoder) (err error) {
	match := new(LCSMatch)
	switch d.Peek() {
	case resp.Integer:
		match.Len, err = d.Int()
	case resp.Array, resp.Map:
		err = decodeFields(d, map[string]any{
			"len": &match.Len,
			"matches": func(d *resp.Decoder) (err error) {
				match.Matches, err = decodeList(d, decodeLCSMatch)
				return err
			},
		})
	default:
		match.MatchString, err = d.String()
	}
	if err == nil {
		c.val = match
	}
	return err
}

func decodeLCSMatch(d *resp.Decoder) (m LCSMatchedPosition, err error) {
	n, err := d.Array()
	if err != nil {
		return m, err
	}
	if n != 2 && n != 3 {
		return m, &resp.TypeError{Got: elements(n), Want: "a match"}
	}
	if m.Key1.Start, m.Key1.End, err = decodeTwo(d, (*resp.Decoder).Int); err != nil {
		return m, err
	}
	if m.Key2.Start, m.Key2.End, err = decodeTwo(d, (*resp.Decoder).Int); err != nil {
		return m, err
	}
	if n == 3 {
		m.MatchLen, err = d.Int()
	}
	return m, err
}
