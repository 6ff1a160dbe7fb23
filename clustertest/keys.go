package clustertest

import (
	"strconv"
	"strings"
)

// keySpec says which arguments are keys: every step-th from first to last
// (counted from the name at 0; a negative last counts from the end), or, where
// that cannot say it, whatever find returns.
type keySpec struct {
	first, last, step int
	find              func(args []string) []string
}

var (
	noKeys   = keySpec{}
	firstArg = span(1, 1, 1)
	allArgs  = span(1, -1, 1)
	streams  = keySpec{find: streamKeys}
)

func span(first, last, step int) keySpec {
	return keySpec{first: first, last: last, step: step}
}

// of returns the keys among args. Arguments too few or senseless give fewer keys
// or none: miniredis words the error.
func (s keySpec) of(args []string) []string {
	if s.find != nil {
		return s.find(args)
	}
	last := s.last
	if last < 0 {
		last += len(args)
	}
	last = min(last, len(args)-1)
	if s.first == 0 || last < s.first {
		return nil
	}
	if s.step == 1 {
		return args[s.first : last+1]
	}
	var keys []string
	for i := s.first; i <= last; i += s.step {
		keys = append(keys, args[i])
	}
	return keys
}

// counted is for commands where args[at] is the number of keys and the keys
// follow it.
func counted(at int) keySpec {
	return keySpec{find: func(args []string) []string { return countedKeys(args, at) }}
}

// firstAndCounted adds the destination, which comes first.
func firstAndCounted(at int) keySpec {
	return keySpec{first: 1, last: 1, step: 1, find: func(args []string) []string {
		if len(args) <= at {
			return nil
		}
		return append([]string{args[1]}, countedKeys(args, at)...)
	}}
}

func countedKeys(args []string, at int) []string {
	if len(args) <= at {
		return nil
	}
	n, err := strconv.Atoi(args[at])
	if err != nil || n <= 0 || n > len(args)-at-1 {
		return nil
	}
	return args[at+1 : at+1+n]
}

// firstAndWords adds to the first argument the keys that follow any of the words,
// which may stand at position from or later.
func firstAndWords(from int, words ...string) keySpec {
	return keySpec{first: 1, last: 1, step: 1, find: func(args []string) []string {
		if len(args) < 2 {
			return nil
		}
		keys := []string{args[1]}
		for i := from; i+1 < len(args); i++ {
			if indexFold(words, args[i]) >= 0 {
				keys = append(keys, args[i+1])
			}
		}
		return keys
	}}
}

// streamKeys finds the keys of XREAD and XREADGROUP: the first half of what
// follows STREAMS.
func streamKeys(args []string) []string {
	i := indexFold(args, "STREAMS")
	if i < 0 {
		return nil
	}
	rest := args[i+1:]
	return rest[:len(rest)/2]
}

// indexFold returns the position of word in args without regard to case, or -1.
func indexFold(args []string, word string) int {
	for i, arg := range args {
		if strings.EqualFold(arg, word) {
			return i
		}
	}
	return -1
}
