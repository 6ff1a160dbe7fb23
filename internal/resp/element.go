package resp

import "bytes"

// element is one element of a reply without those nested in it. It has no more
// fields than a compiler keeps in registers.
type element struct {
	kind    Kind
	length  int // bytes of the payload or elements of an aggregate, null or streamed
	size    int // bytes of header and payload; 0 when they are incomplete
	missing int // bytes wanting when incomplete, at least
}

// Lengths that are none.
const (
	null     = -1 // as RESP2 has it
	streamed = -2 // announced as ?: what follows goes on up to an end
)

// class says how an element of a kind is laid out.
type class uint8

const (
	unknown class = iota
	line          // a line
	text          // a length, then as many bytes; may be streamed
	fixed         // the same, never streamed
	list          // a count, then as many elements
	pairs         // a count, then twice as many elements
)

var classes = [256]class{
	SimpleString: line, SimpleError: line, Integer: line, Null: line,
	Boolean: line, Double: line, BigNumber: line, streamEnd: line,
	BulkString: text, BulkError: fixed, VerbatimString: fixed, chunk: fixed,
	Array: list, Set: list, Push: list, Map: pairs, Attribute: pairs,
}

// aggregate reports whether an element of the kind has elements nested in it.
func (k Kind) aggregate() bool { return classes[k] >= list }

// open reports whether elements follow that are nested in el.
func (el element) open() bool {
	return el.length == streamed || el.length > 0 && el.kind.aggregate()
}

// end is the kind of the element that ends el, if el is streamed.
func (el element) end() Kind {
	switch {
	case el.length != streamed:
		return 0
	case el.kind == BulkString:
		return chunk
	}
	return streamEnd
}

// ends reports whether el ends a streamed element: of the parts of a string,
// the empty one does.
func (el element) ends(end Kind) bool { return el.kind == end && el.length == 0 }

// within reports whether el may be nested in an element with that end.
func (el element) within(end Kind) bool {
	return el.kind != streamEnd && (el.kind == chunk) == (end == chunk)
}

// scan reads the element at the start of b.
func scan(b []byte) (element, error) {
	if len(b) == 0 {
		return element{missing: 3}, nil
	}
	kind := Kind(b[0])
	class := classes[kind]
	switch class {
	case unknown:
		if kind == tlsAlert {
			return element{}, TLSAlert
		}
		return element{}, ProtocolError("a reply begins with " + quoteByte(b[0]))
	case line:
		return scanLine(b)
	}
	n, size := header(b)
	if size == 0 {
		return scanUnusual(b)
	}
	if class >= list {
		return scanAggregate(kind, n, size)
	}
	return scanText(b, n, size)
}

// header reads a kind, a length and a line end. The size of anything else is 0.
// Nine digits are enough for every length within bounds.
func header(b []byte) (n, size int) {
	b = b[:min(len(b), len("$123456789\r\n"))]
	i := 1
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		n = n*10 + int(b[i]-'0')
	}
	if i > 1 && i+1 < len(b) && b[i] == '\r' && b[i+1] == '\n' {
		return n, i + 2
	}
	return 0, 0
}

func scanText(b []byte, n, size int) (element, error) {
	el := element{kind: Kind(b[0]), length: n, size: size + n + 2}
	switch {
	case n > MaxBulk:
		return el, ProtocolError("a string too large")
	case n == 0 && el.kind == chunk: // which ends the string: no payload follows
		el.size = size
	case el.size > len(b):
		el.size, el.missing = 0, el.size-len(b)
	case b[el.size-2] != '\r' || b[el.size-1] != '\n':
		return el, ProtocolError("a string longer than announced")
	}
	return el, nil
}

func scanAggregate(kind Kind, n, size int) (element, error) {
	el := element{kind: kind, length: n, size: size}
	if n > MaxElements {
		return el, ProtocolError("an aggregate too large")
	}
	if classes[kind] == pairs {
		el.length = 2 * n
	}
	return el, nil
}

func scanLine(b []byte) (element, error) {
	eol, err := lineEnd(b)
	if eol == 0 {
		return element{missing: 1}, err
	}
	el := element{kind: Kind(b[0]), length: eol - 1, size: eol + 2}
	switch el.kind {
	case Null, streamEnd:
		if el.length > 0 {
			return el, ProtocolError("a null or an end with something in it")
		}
	case Boolean:
		if el.length != 1 || b[1] != 't' && b[1] != 'f' {
			return el, ProtocolError("a boolean that is neither true nor false")
		}
	}
	return el, nil
}

// lineEnd returns where the line end of the line at the start of b begins, or
// 0 when it is not there yet.
func lineEnd(b []byte) (int, error) {
	eol := bytes.IndexByte(b[:min(len(b), MaxLine)], '\n')
	switch {
	case eol < 0 && len(b) >= MaxLine:
		return 0, ProtocolError("a line without an end")
	case eol < 0:
		return 0, nil
	case eol < 2 || b[eol-1] != '\r':
		return 0, ProtocolError("a line that ends without a carriage return")
	}
	return eol - 1, nil
}

// scanUnusual reads an element whose header is not complete, or holds no
// length of digits.
func scanUnusual(b []byte) (element, error) {
	kind := Kind(b[0])
	eol, err := lineEnd(b)
	if eol == 0 {
		return element{missing: 1}, err
	}
	length, size := b[1:eol], eol+2
	switch {
	case string(length) == "?" && classes[kind] != fixed:
		return element{kind: kind, length: streamed, size: size}, nil
	case string(length) == "-1" && (kind == BulkString || kind == Array):
		return element{kind: kind, length: null, size: size}, nil
	}
	return element{}, ProtocolError("not a length within bounds: " + quote(length))
}

// ordinary finds the end of a complete element of the most frequent kinds, and
// where its payload starts. The size is 0 where that takes scan to tell.
func ordinary(b []byte) (start, size int) {
	if len(b) < 4 {
		return 0, 0
	}
	switch Kind(b[0]) {
	case BulkString:
		n, start := header(b)
		size := start + n + 2
		if start > 0 && n <= MaxBulk && size <= len(b) && b[size-2] == '\r' && b[size-1] == '\n' {
			return start, size
		}
	case SimpleString, Integer:
		if eol, _ := lineEnd(b); eol > 0 {
			return 1, eol + 2
		}
	}
	return 0, 0
}
