package resp

import (
	"bytes"
	"strconv"
	"unsafe"
)

// Decoder takes Go values out of complete replies, one element after another.
// Each method consumes one element, with all that is nested in it unless it
// says otherwise. Where the element is an error of the server, null or of a
// type that the method cannot read, the method returns that [Error], [Nil] or a
// [TypeError], and the Decoder goes on behind the element. After a
// [ProtocolError] it is of no use.
//
// Numbers and booleans are read from any type that can hold them, because the
// same command answers with a string in RESP2 and a number in RESP3.
type Decoder struct {
	buf     []byte
	pos     int
	entered int // streamed aggregates whose end is still to come
	share   bool
	whole   int  // bytes that keeping a part of buf keeps
	one     bool // buf is one reply
	bare    bool // buf is not replies but the text of a string, still to be read
}

// shareMax is the largest string, in bytes, that may share the memory of the
// reply it came in. A larger one is copied unless it is most of the reply: a
// caller who keeps one element should not keep them all.
const shareMax = 1 << 10

// NewDecoder returns a Decoder of the replies in b. If share is set, strings
// may refer to b, whose bytes must then never change.
func NewDecoder(b []byte, share bool) Decoder {
	return Decoder{buf: b, share: share, whole: len(b)}
}

// NewStringDecoder returns a Decoder of a reply that is a string with the given
// text, of which nothing else was kept. Strings refer to it: its bytes must never
// change.
func NewStringDecoder(text []byte) Decoder {
	return Decoder{buf: text, share: true, whole: len(text), bare: true}
}

// TextOf returns the text of the string that b is, if it is one string and
// nothing else.
func TextOf(b []byte) (text []byte, ok bool) {
	if len(b) == 0 || Kind(b[0]) != BulkString {
		return nil, false
	}
	start, size := ordinary(b)
	if size == 0 || size < len(b) {
		return nil, false
	}
	return b[start : size-len("\r\n")], true
}

// More reports whether a reply is left.
func (d *Decoder) More() bool { return len(d.Rest()) > 0 }

// Rest returns the bytes not yet consumed, from the next element on.
func (d *Decoder) Rest() []byte {
	_ = d.pass() // what is wrong stays, for the next method to report
	return d.buf[d.pos:]
}

// Peek tells the kind of the next element. It is 0 when there is none.
func (d *Decoder) Peek() Kind {
	if err := d.pass(); err != nil || d.pos == len(d.buf) {
		return 0
	}
	return Kind(d.buf[d.pos])
}

// Skip consumes an element and returns no error for one that is an error.
func (d *Decoder) Skip() error {
	if err := d.pass(); err != nil {
		return err
	}
	var f Framer
	return d.frame(&f)
}

// Raw consumes an element and returns its bytes as they came, which are a copy
// unless strings may be shared. An error of the server, or null, is no error.
func (d *Decoder) Raw() ([]byte, error) {
	if err := d.pass(); err != nil {
		return nil, err
	}
	start := d.pos
	if d.one && start == 0 {
		d.pos = len(d.buf)
	} else if err := d.Skip(); err != nil {
		return nil, err
	}
	if d.share {
		return d.buf[start:d.pos:d.pos], nil
	}
	return bytes.Clone(d.buf[start:d.pos]), nil
}

// pass consumes what stands before an element: attributes, and the ends of the
// streamed aggregates whose elements were all consumed. It makes a reply again of
// a bare text: only text, which nearly all strings are read by, can do without.
func (d *Decoder) pass() error {
	if d.bare {
		d.bare = false
		d.buf = AppendString(make([]byte, 0, len(d.buf)+32), unsafe.String(unsafe.SliceData(d.buf), len(d.buf)))
		d.whole = len(d.buf)
	}
	for d.pos < len(d.buf) {
		kind := Kind(d.buf[d.pos])
		if kind != Attribute && (kind != streamEnd || d.entered == 0) {
			return nil
		}
		start := d.pos
		el, err := d.advance()
		if err == nil {
			err = d.skip(el)
		}
		if err != nil {
			d.pos = start
			return err
		}
		if kind == streamEnd {
			d.entered--
		}
	}
	return nil
}

// Next splits the next reply off as a Decoder of its own, so that nothing that
// becomes of that one reply concerns those behind it.
func (d *Decoder) Next() (Decoder, error) {
	if d.bare {
		next := *d
		d.bare, d.pos = false, len(d.buf)
		return next, nil
	}
	if err := d.pass(); err != nil {
		return Decoder{}, err
	}
	start := d.pos
	var f Framer
	if err := d.frame(&f); err != nil {
		return Decoder{}, err
	}
	return Decoder{buf: d.buf[start:d.pos], share: d.share, whole: d.whole, one: true}, nil
}

// frame consumes the bytes up to where f sees an end.
func (d *Decoder) frame(f *Framer) error {
	n, err := f.Next(d.buf[d.pos:])
	if n == 0 && err == nil {
		err = errShort
	}
	d.pos += n
	return err
}

// next consumes the next element, but not those nested in it.
func (d *Decoder) next() (element, error) {
	if err := d.pass(); err != nil {
		return element{}, err
	}
	el, err := d.advance()
	if err == nil && !el.within(0) {
		err = errStray
	}
	return el, err
}

func (d *Decoder) advance() (element, error) {
	el, err := scan(d.buf[d.pos:])
	if el.size == 0 && err == nil {
		err = errShort
	}
	if err == nil {
		d.pos += el.size
	}
	return el, err
}

// payload is that of the string or line just consumed.
func (d *Decoder) payload(el element) []byte {
	end := d.pos - len("\r\n")
	return d.buf[end-el.length : end : end]
}

// skip consumes what is nested in el, which was just consumed.
func (d *Decoder) skip(el element) error {
	if !el.open() {
		return nil
	}
	f := Framer{begun: true}
	if err := f.nest(el); err != nil {
		return err
	}
	return d.frame(&f)
}

// The text of booleans, as RESP2 has it.
var (
	textTrue  = []byte("1")
	textFalse = []byte("0")
)

// text consumes an element that is one string, number or boolean.
func (d *Decoder) text() (Kind, []byte, error) {
	if d.bare {
		d.bare, d.pos = false, len(d.buf)
		return BulkString, d.buf, nil
	}
	rest := d.buf[d.pos:]
	if start, size := ordinary(rest); size > 0 {
		d.pos += size
		end := size - len("\r\n")
		return Kind(rest[0]), rest[start:end:end], nil
	}
	el, err := d.next()
	if err != nil {
		return 0, nil, err
	}
	if el.kind.aggregate() || el.length < 0 {
		return d.unusualText(el)
	}
	b := d.payload(el)
	switch el.kind {
	case SimpleError, BulkError:
		return 0, nil, Error(b)
	case Null:
		return 0, nil, Nil
	case Boolean:
		if b[0] == 't' {
			return el.kind, textTrue, nil
		}
		return el.kind, textFalse, nil
	case VerbatimString:
		if len(b) >= 4 && b[3] == ':' { // the format, such as txt
			b = b[4:]
		}
	}
	return el.kind, b, nil
}

func (d *Decoder) unusualText(el element) (Kind, []byte, error) {
	switch {
	case el.length == null:
		return 0, nil, Nil
	case el.kind == BulkString:
		b, err := d.chunks()
		return el.kind, b, err
	}
	if err := d.skip(el); err != nil {
		return 0, nil, err
	}
	return 0, nil, unexpected(el.kind, "a single value")
}

// chunks joins the parts of a streamed string.
func (d *Decoder) chunks() ([]byte, error) {
	var whole []byte
	for {
		el, err := d.advance()
		switch {
		case err != nil:
			return nil, err
		case el.ends(chunk):
			return whole, nil
		case !el.within(chunk):
			return nil, errStray
		}
		whole = append(whole, d.payload(el)...)
	}
}

// String reads a string, number or boolean as text.
func (d *Decoder) String() (string, error) {
	kind, b, err := d.text()
	if err != nil {
		return "", err
	}
	return d.makeString(kind, b), nil
}

func (d *Decoder) makeString(kind Kind, b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if kind == SimpleString {
		switch string(b) {
		case "OK":
			return "OK"
		case "QUEUED":
			return "QUEUED"
		case "PONG":
			return "PONG"
		}
	}
	if d.share && (len(b) <= shareMax || len(b) > d.whole/2) {
		return unsafe.String(&b[0], len(b))
	}
	return string(b)
}

// Int reads an integer.
func (d *Decoder) Int() (int64, error) {
	_, b, err := d.text()
	if err != nil {
		return 0, err
	}
	n, ok := parseInt(b)
	if !ok {
		return 0, badValue(b, "an integer")
	}
	return n, nil
}

// Uint reads an unsigned integer.
func (d *Decoder) Uint() (uint64, error) {
	_, b, err := d.text()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(string(b), 10, 64)
	if err != nil {
		return 0, badValue(b, "an unsigned integer")
	}
	return n, nil
}

// Float reads a floating-point number.
func (d *Decoder) Float() (float64, error) {
	_, b, err := d.text()
	if err != nil {
		return 0, err
	}
	f, ok := parseFloat(b)
	if !ok {
		return 0, badValue(b, "a number")
	}
	return f, nil
}

// Bool reads a boolean: a RESP3 boolean, the integers 1 and 0, or the status
// OK, which is true.
func (d *Decoder) Bool() (bool, error) {
	_, b, err := d.text()
	if err != nil {
		return false, err
	}
	switch string(b) {
	case "1", "OK":
		return true, nil
	case "0":
		return false, nil
	}
	return false, badValue(b, "a boolean")
}

// Array consumes the header of an array, set, push or map and returns how many
// elements follow, to be consumed each for itself; of a map, keys and values
// together.
func (d *Decoder) Array() (int, error) {
	el, err := d.next()
	if err != nil {
		return 0, err
	}
	switch {
	case el.length == null, el.kind == Null:
		return 0, Nil
	case el.kind == SimpleError, el.kind == BulkError:
		return 0, Error(d.payload(el))
	case !el.kind.aggregate():
		if err := d.skip(el); err != nil {
			return 0, err
		}
		return 0, unexpected(el.kind, "an array")
	case el.length == streamed:
		return d.enter(el)
	}
	return el.length, nil
}

// enter counts the elements of a streamed aggregate, for which it has to look
// ahead to the end.
func (d *Decoder) enter(el element) (int, error) {
	ahead := Decoder{buf: d.buf, pos: d.pos}
	n := 0
	for ; ahead.Peek() != streamEnd; n++ {
		if err := ahead.Skip(); err != nil {
			return 0, err
		}
	}
	if _, err := ahead.advance(); err != nil {
		return 0, err
	}
	if classes[el.kind] == pairs && n%2 != 0 {
		return 0, errOdd
	}
	d.entered++
	return n, nil
}

// Pairs consumes the header of a map, or of an array that lists keys and
// values in turn as RESP2 does, and returns how many pairs follow.
func (d *Decoder) Pairs() (int, error) {
	kind := d.Peek()
	n, err := d.Array()
	if err != nil {
		return 0, err
	}
	if n%2 == 0 {
		return n / 2, nil
	}
	for range n {
		if err := d.Skip(); err != nil {
			return 0, err
		}
	}
	return 0, unexpected(kind, "an even number of elements")
}

// Cap bounds a count taken from a header by what the remaining bytes can hold,
// so that a header alone never makes anyone allocate.
func (d *Decoder) Cap(n int) int {
	return max(0, min(n, (len(d.buf)-d.pos)/3))
}

// Skipped consumes an element and returns its error if it is one.
func (d *Decoder) Skipped() error {
	if kind := d.Peek(); kind == SimpleError || kind == BulkError {
		_, err := d.String()
		return err
	}
	return d.Skip()
}
