package redis

import "slices"

// argList is the name and the arguments of a command. A few lie within; when
// there are more, all of them are elsewhere.
type argList struct {
	few  [4]arg
	n    int    // how many of few are in use, as long as more is nil
	more *[]arg // a pointer, since it is the size of commands that counts
}

// list is all of them; it may be written to, but for its length.
func (l *argList) list() []arg {
	if l.more != nil {
		return *l.more
	}
	return l.few[:l.n]
}

func (l *argList) len() int { return len(l.list()) }

func (l *argList) add(a arg) {
	if l.more == nil && l.n < len(l.few) {
		l.few[l.n] = a
		l.n++
		return
	}
	l.grow(1)
	*l.more = append(*l.more, a)
}

// grow makes room for n more.
func (l *argList) grow(n int) {
	if l.more == nil {
		if l.n+n <= len(l.few) {
			return
		}
		l.more = l.moved(l.n + n)
		return
	}
	*l.more = slices.Grow(*l.more, n)
}

// moved is a copy of few with room for n arguments. SET with an expiration and a
// condition, and others with as many, take one piece of memory for all of it.
func (l *argList) moved(n int) *[]arg {
	const several = 6
	if n > several {
		list := append(make([]arg, 0, n), l.few[:l.n]...)
		return &list
	}
	var moved struct {
		list []arg
		room [several]arg
	}
	moved.list = append(moved.room[:0], l.few[:l.n]...)
	return &moved.list
}

// clone is a list of its own with the same arguments.
func (l *argList) clone() argList {
	own := *l
	if l.more != nil {
		list := slices.Clone(*l.more)
		own.more = &list
	}
	return own
}
