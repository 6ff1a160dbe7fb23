package cmdinfo

import (
	"strconv"
	"strings"
)

// keySpec finds a run of keys among the arguments of a command, after the
// servers' own key specifications.
type keySpec struct {
	// word is looked for from position at on (from the end when at is
	// negative) and the keys start after it. Without a word they start at
	// position at.
	word string
	at   int8

	find findKeys
	step int8

	// For findRange: the last key, counted from the first, or from the end
	// of the arguments when negative; with a limit of two or more only that
	// fraction of the remaining arguments are keys.
	last, limit int8

	// For findCounted: how far from the start the number of keys and the
	// first key are.
	number, first int8
}

// findKeys is how the keys are found once their start is known.
type findKeys uint8

const (
	findRange       findKeys = iota // up to a fixed end
	findCounted                     // a number says how many
	findSortStore                   // the last STORE among SORT's options
	findMigrateKeys                 // MIGRATE's one key, or those after KEYS
)

var findNames = [...]string{"findRange", "findCounted", "findSortStore", "findMigrateKeys"}

// run is a run of key positions; there are none when first is 0.
type run struct{ first, last, step int }

// Keys calls yield with the position of each key among n arguments, of which
// arg returns the text; position 0 is the command's name. When the arguments
// contradict the command's syntax, there may be fewer keys than meant, but
// never a position outside the arguments.
func (c *Command) Keys(n int, arg func(i int) string, yield func(i int)) {
	if c == nil {
		return
	}
	if c.specs == nil {
		c.fixed(n).each(yield)
		return
	}
	for i := range c.specs {
		c.specs[i].locate(n, arg).each(yield)
	}
}

// FirstKeyPos returns the position of the first key that Keys would find, or 0
// when there is none.
func (c *Command) FirstKeyPos(n int, arg func(i int) string) int {
	if c == nil {
		return 0
	}
	if c.specs == nil {
		return c.fixed(n).start()
	}
	for i := range c.specs {
		if pos := c.specs[i].locate(n, arg).start(); pos > 0 {
			return pos
		}
	}
	return 0
}

func (r run) each(yield func(i int)) {
	if r.first <= 0 || r.step <= 0 {
		return
	}
	for i := r.first; i <= r.last; i += r.step {
		yield(i)
	}
}

func (r run) start() int {
	if r.first > r.last {
		return 0
	}
	return r.first
}

func (c *Command) fixed(n int) run {
	last := int(c.LastKey)
	if last < 0 {
		last += n
	}
	return run{int(c.FirstKey), min(last, n-1), int(c.KeyStep)}
}

func (s *keySpec) locate(n int, arg func(i int) string) run {
	switch s.find {
	case findSortStore:
		return sortStore(n, arg)
	case findMigrateKeys:
		return migrateKeys(n, arg)
	}
	start := int(s.at)
	if s.word != "" {
		start = afterWord(s.word, start, n, arg)
	}
	if start <= 0 || start >= n {
		return run{}
	}
	if s.find == findCounted {
		return s.counted(start, n, arg)
	}
	last := start + int(s.last)
	if s.last < 0 {
		last = n + int(s.last)
		if s.limit > 1 {
			last = start + (n-start)/int(s.limit) + int(s.last)
		}
	}
	return run{start, min(last, n-1), int(s.step)}
}

func (s *keySpec) counted(start, n int, arg func(i int) string) run {
	number := start + int(s.number)
	if number >= n {
		return run{}
	}
	count, err := strconv.Atoi(arg(number))
	if err != nil || count <= 0 || count > n {
		return run{}
	}
	first := start + int(s.first)
	last := first + (count-1)*int(s.step)
	if last >= n {
		return run{}
	}
	return run{first, last, int(s.step)}
}

// afterWord returns the position after the first occurrence of word, or 0. The
// word cannot be the last argument, since a key must follow.
func afterWord(word string, from, n int, arg func(i int) string) int {
	if from < 0 {
		for i := n + from; i > 0; i-- {
			if i+1 < n && strings.EqualFold(arg(i), word) {
				return i + 1
			}
		}
		return 0
	}
	for i := from; i < n-1; i++ {
		if strings.EqualFold(arg(i), word) {
			return i + 1
		}
	}
	return 0
}

// sortStore must step over the values of the other options, as a pattern may
// well be called "store". The last STORE wins.
func sortStore(n int, arg func(i int) string) run {
	pos := 0
	for i := 2; i < n; i++ {
		switch word := arg(i); {
		case strings.EqualFold(word, "limit"):
			i += 2
		case strings.EqualFold(word, "by"), strings.EqualFold(word, "get"):
			i++
		case strings.EqualFold(word, "store") && i+1 < n:
			i++
			pos = i
		}
	}
	return run{pos, pos, 1}
}

// migrateKeys knows both forms: the key in third place, or an empty string
// there and the keys at the end.
func migrateKeys(n int, arg func(i int) string) run {
	const key, options = 3, 6
	if n <= key {
		return run{}
	}
	for i := options; i < n; i++ {
		switch word := arg(i); {
		case strings.EqualFold(word, "auth"):
			i++
		case strings.EqualFold(word, "auth2"):
			i += 2
		case strings.EqualFold(word, "keys"):
			if arg(key) != "" || i+1 >= n {
				return run{} // a syntax error, which the server will report
			}
			return run{i + 1, n - 1, 1}
		}
	}
	return run{key, key, 1}
}
