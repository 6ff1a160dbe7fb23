package clustertest

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
)

var (
	errNotFloat  = errors.New("ERR value is not a valid float")
	errNotMinMax = errors.New("ERR min or max is not a float")
	errNotWeight = errors.New("ERR weight value is not a float")
	errNaNScore  = errors.New("ERR resulting score is not a number (NaN)")
)

// checks refuse arguments that miniredis takes for a number and a server does
// not: NaN everywhere, and infinity where it cannot be added.
var checks = map[string]func(args []string) error{
	"GEOADD":           func(args []string) error { return refuseNaN(errNotFloat, args[2:]...) },
	"HINCRBYFLOAT":     finite(3, "ERR value is NaN or Infinity"),
	"INCRBYFLOAT":      finite(2, "ERR increment would produce NaN or Infinity"),
	"ZCOUNT":           scoreRange,
	"ZINTER":           weights,
	"ZINTERSTORE":      weights,
	"ZRANGE":           rangeByScore,
	"ZRANGEBYSCORE":    scoreRange,
	"ZRANGESTORE":      func(args []string) error { return rangeByScore(args[1:]) },
	"ZREMRANGEBYSCORE": scoreRange,
	"ZREVRANGEBYSCORE": scoreRange,
	"ZUNION":           weights,
	"ZUNIONSTORE":      weights,
}

func refuseNaN(refusal error, args ...string) error {
	for _, arg := range args {
		if n, err := strconv.ParseFloat(strings.TrimPrefix(arg, "("), 64); err == nil && math.IsNaN(n) {
			return refusal
		}
	}
	return nil
}

func finite(at int, refusal string) func(args []string) error {
	return func(args []string) error {
		if n, err := strconv.ParseFloat(args[at], 64); err == nil && math.IsInf(n, 0) {
			return replyText(refusal)
		}
		return nil
	}
}

func scoreRange(args []string) error { return refuseNaN(errNotMinMax, args[2:4]...) }

func rangeByScore(args []string) error {
	if len(args) < 5 || indexFold(args[4:], "BYSCORE") < 0 {
		return nil
	}
	return scoreRange(args)
}

func weights(args []string) error {
	at := indexFold(args, "WEIGHTS")
	if at < 0 {
		return nil
	}
	return refuseNaN(errNotWeight, args[at:]...)
}

// addable refuses to add increment to the score of a member if the sum is no
// number.
func (s *step) addable(key, member string, increment float64) error {
	if !math.IsInf(increment, 0) {
		return nil
	}
	text, ok, err := s.text("ZSCORE", key, member)
	if err != nil || !ok {
		return err
	}
	old, err := strconv.ParseFloat(text, 64)
	if math.IsNaN(old + increment) {
		return errNaNScore
	}
	return err
}

// zsetAdd is ZADD, which refuses NaN.
func zsetAdd(s *step, args []string) (any, error) {
	pairs := args[2:]
	increments := false
	for len(pairs) > 0 && slices.Contains([]string{"NX", "XX", "GT", "LT", "CH", "INCR"}, strings.ToUpper(pairs[0])) {
		increments = increments || strings.EqualFold(pairs[0], "INCR")
		pairs = pairs[1:]
	}
	if len(pairs)%2 != 0 {
		return nil, errSyntax
	}
	for pair := range slices.Chunk(pairs, 2) {
		if err := refuseNaN(errNotFloat, pair[0]); err != nil {
			return nil, err
		}
		if n, err := strconv.ParseFloat(pair[0], 64); err == nil && increments {
			if err := s.addable(args[1], pair[1], n); err != nil {
				return nil, err
			}
		}
	}
	return score(s.do(args...))
}

// zsetIncrement is ZINCRBY, which refuses NaN.
func zsetIncrement(s *step, args []string) (any, error) {
	if err := refuseNaN(errNotFloat, args[2]); err != nil {
		return nil, err
	}
	if n, err := strconv.ParseFloat(args[2], 64); err == nil {
		if err := s.addable(args[1], args[3], n); err != nil {
			return nil, err
		}
	}
	return score(s.do(args...))
}

// score turns a reply that is text into a number, which RESP3 knows.
func score(reply any, err error) (any, error) {
	text, ok := reply.(string)
	if !ok || err != nil {
		return reply, err
	}
	return strconv.ParseFloat(text, 64)
}
