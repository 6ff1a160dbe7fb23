package resp

import (
	"bytes"
	"math"
)

// Framer finds the end of a reply whose bytes arrive in pieces. The zero value
// is ready. It keeps its place: elements that were seen whole are not looked
// at again.
type Framer struct {
	pos     int  // where the first element that is not yet complete begins
	missing int  // bytes that element needs beyond those seen, at least
	begun   bool // the reply itself, not only an attribute before it
	open    []level
}

// level is an aggregate, or a streamed string, that has begun.
type level struct {
	left int  // elements to come, unless streamed
	end  Kind // what ends it when it is streamed, else 0
}

// Next looks for the end of the reply at the start of b. It returns the
// reply's length, or 0 when b holds only a part of it: call it again with the
// same bytes and more behind them. After an error the Framer is of no use.
func (f *Framer) Next(b []byte) (int, error) {
	for {
		el, err := scan(b[f.pos:])
		if err != nil {
			return 0, err
		}
		if el.size == 0 {
			f.missing = el.missing
			return 0, nil
		}
		f.pos += el.size
		if err := f.nest(el); err != nil {
			return 0, err
		}
		if f.begun && len(f.open) == 0 {
			size := f.pos
			f.pos, f.missing, f.begun = 0, 0, false
			return size, nil
		}
	}
}

// Missing tells how many bytes are wanting, at the least, to the end of the
// reply that Next found incomplete.
func (f *Framer) Missing() int { return f.missing }

// nest accounts for an element: it is one less to come for the aggregate
// around it, and may open one of its own.
func (f *Framer) nest(el element) error {
	top := len(f.open) - 1
	streamed := top >= 0 && f.open[top].end != 0
	switch {
	case streamed && el.ends(f.open[top].end):
		f.open = f.open[:top]
	case el.kind == streamEnd, (el.kind == chunk) != (streamed && f.open[top].end == chunk):
		return ProtocolError("a part of a streamed reply where none belongs")
	case el.kind == Attribute:
	case top < 0:
		f.begun = true
	case !streamed:
		f.open[top].left--
	}
	if el.children > 0 || el.streamed {
		if len(f.open) == MaxDepth {
			return ProtocolError("reply nested too deeply")
		}
		l := level{left: el.children}
		if el.streamed {
			l.end = streamEnd
			if el.kind == BulkString {
				l.end = chunk
			}
		}
		f.open = append(f.open, l)
	}
	for n := len(f.open); n > 0 && f.open[n-1].end == 0 && f.open[n-1].left == 0; n-- {
		f.open = f.open[:n-1]
	}
	return nil
}

// element is one element of a reply without those nested in it.
type element struct {
	kind     Kind
	size     int // bytes, header and payload; 0 when it is incomplete
	missing  int // bytes wanting, when it is incomplete
	payload  int // where the payload of a string begins; of a line, 1
	length   int // bytes of the payload
	children int // elements nested in it
	null     bool
	streamed bool
}

func (el element) ends(end Kind) bool {
	return el.kind == end && (end == streamEnd || el.length == 0)
}

// scan reads the element at the start of b.
func scan(b []byte) (element, error) {
	if len(b) == 0 {
		return element{missing: 3}, nil
	}
	el := element{kind: Kind(b[0])}
	class := classes[b[0]]
	if class == unknown {
		return el, ProtocolError("a reply begins with " + quoteByte(b[0]))
	}
	eol := bytes.IndexByte(b, '\n')
	if eol < 0 || eol > MaxLine {
		if len(b) > MaxLine {
			return el, ProtocolError("a line without an end")
		}
		el.missing = 1
		return el, nil
	}
	if eol < 2 || b[eol-1] != '\r' {
		return el, ProtocolError("a line that ends without a carriage return")
	}
	line := b[1 : eol-1]
	el.payload, el.length, el.size = 1, len(line), eol+1
	if class == scalar {
		return el, nil
	}

	if len(line) == 1 && line[0] == '?' && class != single {
		el.streamed = true
		return el, nil
	}
	n, ok := parseLength(line)
	if !ok {
		return el, ProtocolError("a length that is no number: " + quote(line))
	}
	if n < 0 {
		if n != -1 || (el.kind != BulkString && el.kind != Array) {
			return el, ProtocolError("a negative length")
		}
		el.null = true
		return el, nil
	}
	if class != str && class != single {
		if n > MaxElements {
			return el, ProtocolError("an aggregate too large")
		}
		el.children = n
		if class == pairs {
			el.children = 2 * n
		}
		return el, nil
	}
	if el.kind == chunk && n == 0 {
		el.length = 0
		return el, nil
	}
	if n > MaxBulk {
		return el, ProtocolError("a string too large")
	}
	el.payload, el.length = el.size, n
	end := el.size + n + 2
	if end > len(b) {
		return element{kind: el.kind, missing: end - len(b)}, nil
	}
	if b[end-2] != '\r' || b[end-1] != '\n' {
		return el, ProtocolError("a string longer than announced")
	}
	el.size = end
	return el, nil
}

// class says how an element of a kind is laid out.
type class uint8

const (
	unknown class = iota
	scalar        // a line
	str           // a length, then as many bytes; may be streamed
	single        // the same, never streamed
	list          // a count, then as many elements
	pairs         // a count, then twice as many elements
)

var classes = [256]class{
	SimpleString: scalar, SimpleError: scalar, Integer: scalar, Null: scalar,
	Boolean: scalar, Double: scalar, BigNumber: scalar, streamEnd: scalar,
	BulkString: str, BulkError: single, VerbatimString: single, chunk: single,
	Array: list, Set: list, Push: list, Map: pairs, Attribute: pairs,
}

// parseLength reads a decimal number of at most ten digits.
func parseLength(b []byte) (int, bool) {
	digits := b
	if len(b) > 0 && b[0] == '-' {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > 10 {
		return 0, false
	}
	var n int64
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = n*10 + int64(d-'0')
	}
	n = min(n, math.MaxInt32) // over every bound, and an int everywhere
	if len(digits) < len(b) {
		n = -n
	}
	return int(n), true
}
