package redis

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/seed-e06f3def/rediscluster/internal/cmdinfo"
	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// merge makes one reply of those of several nodes, in RESP. There is at least
// one, and none is an error.
type merge func(replies [][]byte) ([]byte, error)

// merges are the rules of the command table. What is special has no rule: it
// concerns one node only, unless specialMerges knows better.
var merges = map[cmdinfo.ResponsePolicy]merge{
	cmdinfo.RespDefault:      joinLists,
	cmdinfo.RespAllSucceeded: firstReply,
	cmdinfo.RespOneSucceeded: firstReply,
	cmdinfo.RespSum:          fold(sum),
	cmdinfo.RespMin:          fold(func(a, b int64) int64 { return min(a, b) }),
	cmdinfo.RespMax:          fold(func(a, b int64) int64 { return max(a, b) }),
	cmdinfo.RespLogicalAnd:   fold(func(a, b int64) int64 { return truth(a != 0 && b != 0) }),
	cmdinfo.RespLogicalOr:    fold(func(a, b int64) int64 { return truth(a != 0 || b != 0) }),
}

var specialMerges = map[string]merge{
	"acl|log":              joinListsOrFirst,
	"function|stats":       runningFirst,
	"keys":                 joinSets,
	"pubsub|channels":      joinSets,
	"pubsub|numsub":        sumByName,
	"pubsub|shardchannels": joinSets,
	"pubsub|shardnumsub":   sumByName,
	"randomkey":            anyReply,
}

// mergeFor returns how the replies to a command are merged; nil if it is for
// one node.
func mergeFor(info *cmdinfo.Command) merge {
	if special, ok := specialMerges[info.Name]; ok {
		return special
	}
	return merges[info.Response]
}

// decodeJoined gives cmd a reply that was put together.
func decodeJoined(cmd Cmder, reply []byte) error {
	d := resp.NewDecoder(reply, true)
	return cmd.decode(&d)
}

func firstReply(replies [][]byte) ([]byte, error) { return replies[0], nil }

// anyReply picks one at random that is not null, if there is one.
func anyReply(replies [][]byte) ([]byte, error) {
	first := rand.IntN(len(replies))
	for i := range replies {
		reply := replies[(first+i)%len(replies)]
		d := resp.NewDecoder(reply, true)
		if _, err := d.String(); err != Nil {
			return reply, nil
		}
	}
	return replies[0], nil
}

// runningFirst picks the reply of FUNCTION STATS that tells of a running
// script; the rest of it is the same everywhere.
func runningFirst(replies [][]byte) ([]byte, error) {
	for _, reply := range replies {
		d := resp.NewDecoder(reply, true)
		if stats, err := decodeFunctionStats(&d); err != nil || stats.Running() {
			return reply, err
		}
	}
	return replies[0], nil
}

// joinLists makes one list of all.
func joinLists(replies [][]byte) ([]byte, error) {
	total, joined := 0, []byte(nil)
	for _, reply := range replies {
		d := resp.NewDecoder(reply, true)
		n, err := d.Array()
		if err != nil {
			return nil, err
		}
		total += n
		joined = append(joined, d.Rest()...)
	}
	return append(fmt.Appendf(nil, "*%d\r\n", total), joined...), nil
}

// joinListsOrFirst is for a command that answers with a list, or with a status
// when it was told to empty it.
func joinListsOrFirst(replies [][]byte) ([]byte, error) {
	if !isList(replies[0]) {
		return firstReply(replies)
	}
	return joinLists(replies)
}

// joinSets makes one list of all, with each element once. A key that moves from
// one node to another while both are asked may be on both lists.
func joinSets(replies [][]byte) ([]byte, error) {
	if len(replies) == 1 {
		return replies[0], nil
	}
	seen := map[string]struct{}{}
	var joined []byte
	for _, reply := range replies {
		d := resp.NewDecoder(reply, true)
		n, err := d.Array()
		if err != nil {
			return nil, err
		}
		for range n {
			element := d.Rest()
			if err := d.Skip(); err != nil {
				return nil, err
			}
			element = element[:len(element)-len(d.Rest())]
			if _, twice := seen[string(element)]; !twice {
				seen[string(element)] = struct{}{}
				joined = append(joined, element...)
			}
		}
	}
	return append(fmt.Appendf(nil, "*%d\r\n", len(seen)), joined...), nil
}

// sumByName adds the numbers that go by the same name.
func sumByName(replies [][]byte) ([]byte, error) {
	var names []string
	sums := map[string]int64{}
	for i, reply := range replies {
		counted := map[string]bool{} // a caller may ask for a name twice
		d := resp.NewDecoder(reply, true)
		n, err := d.Pairs()
		if err != nil {
			return nil, err
		}
		for range n {
			name, err := d.String()
			if err != nil {
				return nil, err
			}
			number, err := d.Int()
			if err != nil {
				return nil, err
			}
			before, known := sums[name]
			if !known || i == 0 {
				names = append(names, name)
			}
			if !counted[name] {
				sums[name] = sum(before, number)
			}
			counted[name] = true
		}
	}
	joined := resp.AppendArray(nil, 2*len(names))
	for _, name := range names {
		joined = resp.AppendString(joined, name)
		joined = fmt.Appendf(joined, ":%d\r\n", sums[name])
	}
	return joined, nil
}

// fold combines integers, or lists of integers element by element.
func fold(combine func(a, b int64) int64) merge {
	return func(replies [][]byte) ([]byte, error) {
		var all []int64
		for i, reply := range replies {
			numbers, err := readNumbers(reply)
			switch {
			case err != nil:
				return nil, err
			case i == 0:
				all = numbers
				continue
			case len(numbers) != len(all):
				return nil, errors.New("the nodes answered lists of different lengths")
			}
			for j, n := range numbers {
				all[j] = combine(all[j], n)
			}
		}
		if !isList(replies[0]) {
			return fmt.Appendf(nil, ":%d\r\n", all[0]), nil
		}
		var b bytes.Buffer
		fmt.Fprintf(&b, "*%d\r\n", len(all))
		for _, n := range all {
			fmt.Fprintf(&b, ":%d\r\n", n)
		}
		return b.Bytes(), nil
	}
}

func isList(reply []byte) bool {
	d := resp.NewDecoder(reply, true)
	return d.Peek() == resp.Array
}

// readNumbers reads an integer, or a list of them.
func readNumbers(reply []byte) ([]int64, error) {
	d := resp.NewDecoder(reply, true)
	n := 1
	if isList(reply) {
		var err error
		if n, err = d.Array(); err != nil {
			return nil, err
		}
	}
	numbers := make([]int64, d.Cap(n))
	for i := range numbers {
		var err error
		if numbers[i], err = d.Int(); err != nil {
			return nil, err
		}
	}
	return numbers, nil
}

// sum adds numbers, and stays at the largest or the smallest instead of wrapping.
func sum(a, b int64) int64 {
	switch c := a + b; {
	case a > 0 && b > 0 && c < 0:
		return math.MaxInt64
	case a < 0 && b < 0 && c >= 0:
		return math.MinInt64
	default:
		return c
	}
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
