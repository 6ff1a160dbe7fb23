package resp

// Framer finds the end of a reply whose bytes arrive in pieces. The zero value
// is ready. It keeps its place: elements that were seen whole are not looked
// at again.
type Framer struct {
	pos     int     // where the first element that is not yet complete begins
	missing int     // bytes that element needs beyond those seen, at least
	exact   bool    // and no more
	begun   bool    // the reply itself, not only an attribute before it
	depth   int     // how many elements are open: begun, and not yet ended
	inner   level   // the innermost of them
	outer   []level // those around it, outermost first; most replies have none
}

// level is an aggregate, or a streamed string, that has begun.
type level struct {
	left  int  // elements to come; when streamed, it counts down from 0
	end   Kind // what ends it when it is streamed, else 0
	pairs bool
}

// Next looks for the end of the reply at the start of b. It returns the
// reply's length, or 0 when b holds only a part of it: call it again with the
// same bytes and more behind them. After an error the Framer is of no use.
func (f *Framer) Next(b []byte) (int, error) {
	f.missing, f.exact = 0, false
	if f.pos == 0 && !f.begun {
		if _, size := ordinary(b); size > 0 { // the whole reply
			return size, nil
		}
	}
	for !f.begun || f.depth > 0 {
		if f.run(b) {
			continue
		}
		el, err := scan(b[f.pos:])
		if err != nil {
			return 0, err
		}
		if el.size == 0 {
			f.missing = el.missing
			f.exact = f.depth == 0 && el.length > 0
			return 0, nil
		}
		f.pos += el.size
		if err := f.nest(el); err != nil {
			return 0, err
		}
	}
	size := f.pos
	f.pos, f.begun = 0, false
	return size, nil
}

// Missing tells how many bytes are wanting, at the least, to the end of the
// reply that Next found incomplete.
func (f *Framer) Missing() int { return f.missing }

// Exact reports whether Missing is just what is wanting, because the reply is a
// single string.
func (f *Framer) Exact() bool { return f.exact }

// run takes the short way over ordinary elements, which are most of all, and
// reports whether there was one.
func (f *Framer) run(b []byte) bool {
	around := &f.inner
	if f.depth == 0 || around.end == chunk {
		return false
	}
	start := f.pos
	for around.end != 0 || around.left > 0 {
		_, size := ordinary(b[f.pos:])
		if size == 0 {
			break
		}
		f.pos += size
		around.left--
	}
	f.close()
	return f.pos > start
}

// nest accounts for an element: it is one less to come for the element around
// it, and may open one of its own.
func (f *Framer) nest(el element) error {
	if err := f.place(el); err != nil {
		return err
	}
	if el.open() {
		if f.depth == MaxDepth {
			return errDepth
		}
		if f.depth > 0 {
			f.outer = append(f.outer, f.inner)
		}
		f.depth++
		f.inner = level{left: el.length, end: el.end(), pairs: classes[el.kind] == pairs}
	}
	f.close()
	return nil
}

// close leaves the elements in which nothing is to come any more.
func (f *Framer) close() {
	for f.depth > 0 && f.inner.end == 0 && f.inner.left == 0 {
		f.leave()
	}
}

// leave ends the innermost element.
func (f *Framer) leave() {
	f.depth--
	if n := len(f.outer); n > 0 {
		f.inner, f.outer = f.outer[n-1], f.outer[:n-1]
	}
}

// place gives el its place in the innermost element that is open.
func (f *Framer) place(el element) error {
	if f.depth == 0 {
		if !el.within(0) {
			return errStray
		}
		f.begun = f.begun || el.kind != Attribute
		return nil
	}
	around := &f.inner
	switch {
	case around.end != 0 && el.ends(around.end):
		if around.pairs && around.left%2 != 0 {
			return errOdd
		}
		f.leave()
	case !el.within(around.end):
		return errStray
	case el.kind != Attribute:
		around.left--
	}
	return nil
}
