package cmdinfo

import "strings"

// index finds commands by name in any case. It is an open hash table, never
// more than half full and never changed once it is filled. A Go map would
// cost a second look-up for names in upper case, and is slower for the short
// names that commands have.
type index struct {
	slots []slot // their number is a power of two
}

type slot struct {
	name string // in lower case
	c    *Command
}

func newIndex(commands map[string]*Command) *index {
	size := 2
	for size < 2*len(commands) {
		size *= 2
	}
	x := &index{slots: make([]slot, size)}
	for name, c := range commands {
		i := x.home(name)
		for x.slots[i].c != nil {
			i = x.next(i)
		}
		x.slots[i] = slot{name, c}
	}
	return x
}

func (x *index) lookup(name string) *Command {
	for i := x.home(name); ; i = x.next(i) {
		s := &x.slots[i]
		if s.c == nil || s.name == name {
			return s.c
		}
		if len(s.name) == len(name) && strings.EqualFold(s.name, name) {
			return s.c
		}
	}
}

// home is where the search for a name starts: FNV-1a, blind to the case of
// letters.
func (x *index) home(name string) int {
	h := uint32(2166136261)
	for i := range len(name) {
		h = (h ^ uint32(name[i]|0x20)) * 16777619
	}
	return int(h) & (len(x.slots) - 1)
}

func (x *index) next(i int) int { return (i + 1) & (len(x.slots) - 1) }
