package resp

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unsafe"
)

// Decoder takes Go values out of complete replies, one element after another.
// Each method consumes one element, with all that is nested in it; where the
// element is an error of the server or null, the method returns that [Error]
// or [Nil], and the Decoder goes on behind it.
//
// Numbers and booleans are read from any type that can hold them, because the
// same command answers with a string in RESP2 and a number in RESP3.
type Decoder struct {
	buf   []byte
	pos   int
	share bool
}

// shareMax is the largest string, in bytes, that may share the memory of the
// reply it came in. A larger one is copied unless it is most of the reply: a
// caller who keeps one element should not keep them all.
const shareMax = 1 << 10

// NewDecoder returns a Decoder of the replies in b. If share is set, strings
// may refer to b, whose bytes must then never change.
func NewDecoder(b []byte, share bool) Decoder {
	return Decoder{buf: b, share: share}
}

// More reports whether a reply is left.
func (d *Decoder) More() bool { return d.pos < len(d.buf) }

// Rest returns the bytes not yet consumed.
func (d *Decoder) Rest() []byte { return d.buf[d.pos:] }

// Peek tells the kind of the next element. It is 0 when there is none.
func (d *Decoder) Peek() Kind {
	if err := d.skipAttributes(); err != nil || !d.More() {
		return 0
	}
	return Kind(d.buf[d.pos])
}

// next consumes the next element's header and payload, not those nested in it.
func (d *Decoder) next() (element, []byte, error) {
	if err := d.skipAttributes(); err != nil {
		return element{}, nil, err
	}
	return d.advance()
}

func (d *Decoder) advance() (element, []byte, error) {
	el, err := scan(d.buf[d.pos:])
	if err != nil {
		return el, nil, err
	}
	if el.size == 0 {
		return el, nil, ProtocolError("a reply that is cut short")
	}
	start := d.pos + el.payload
	d.pos += el.size
	if el.null || el.children > 0 || el.streamed {
		return el, nil, nil
	}
	return el, d.buf[start : start+el.length], nil
}

func (d *Decoder) skipAttributes() error {
	for d.pos < len(d.buf) && Kind(d.buf[d.pos]) == Attribute {
		el, _, err := d.advance()
		if err == nil {
			err = d.skip(el, 0)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Skip consumes an element and returns no error for one that is an error.
func (d *Decoder) Skip() error {
	el, _, err := d.next()
	if err != nil {
		return err
	}
	return d.skip(el, 0)
}

// skip consumes what is nested in el.
func (d *Decoder) skip(el element, depth int) error {
	if depth > MaxDepth {
		return ProtocolError("reply nested too deeply")
	}
	var end Kind
	if el.streamed {
		end = streamEnd
		if el.kind == BulkString {
			end = chunk
		}
	}
	for i := 0; el.streamed || i < el.children; i++ {
		child, _, err := d.advance()
		if err != nil {
			return err
		}
		if el.streamed && child.ends(end) {
			return nil
		}
		if child.kind == Attribute {
			i--
		}
		if err := d.skip(child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// text consumes an element that is one string, number or boolean.
func (d *Decoder) text() (Kind, []byte, error) {
	el, payload, err := d.next()
	if err != nil {
		return 0, nil, err
	}
	switch classes[el.kind] {
	case list, pairs:
		if err := d.skip(el, 0); err != nil {
			return 0, nil, err
		}
		if el.null {
			return 0, nil, Nil
		}
		return 0, nil, unexpected(el.kind, "a single value")
	}
	switch {
	case el.null, el.kind == Null:
		return 0, nil, Nil
	case el.kind == SimpleError, el.kind == BulkError:
		return 0, nil, Error(payload)
	case el.kind == VerbatimString && len(payload) >= 4 && payload[3] == ':':
		payload = payload[4:]
	case el.streamed:
		payload, err = d.chunks()
	}
	return el.kind, payload, err
}

// chunks joins the parts of a streamed string.
func (d *Decoder) chunks() ([]byte, error) {
	var whole []byte
	for {
		el, part, err := d.advance()
		if err != nil {
			return nil, err
		}
		if el.kind != chunk {
			return nil, ProtocolError("a streamed string with something else in it")
		}
		if len(part) == 0 {
			return whole, nil
		}
		whole = append(whole, part...)
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
	switch {
	case len(b) == 0:
		return ""
	case kind == SimpleString && string(b) == "OK":
		return "OK"
	case kind == SimpleString && string(b) == "QUEUED":
		return "QUEUED"
	case kind == SimpleString && string(b) == "PONG":
		return "PONG"
	case kind == Boolean:
		if b[0] == 't' {
			return "1"
		}
		return "0"
	case d.share && (len(b) <= shareMax || len(b) > len(d.buf)/2):
		return unsafe.String(&b[0], len(b))
	}
	return string(b)
}

// Int reads an integer.
func (d *Decoder) Int() (int64, error) {
	kind, b, err := d.text()
	if err != nil {
		return 0, err
	}
	if kind == Boolean {
		if len(b) == 1 && b[0] == 't' {
			return 1, nil
		}
		return 0, nil
	}
	n, ok := parseInt(b)
	if !ok {
		return 0, badValue(kind, b, "an integer")
	}
	return n, nil
}

// Uint reads an unsigned integer.
func (d *Decoder) Uint() (uint64, error) {
	kind, b, err := d.text()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(string(b), 10, 64)
	if err != nil {
		return 0, badValue(kind, b, "an unsigned integer")
	}
	return n, nil
}

// Float reads a floating-point number.
func (d *Decoder) Float() (float64, error) {
	kind, b, err := d.text()
	if err != nil {
		return 0, err
	}
	f, ok := parseFloat(b)
	if !ok {
		return 0, badValue(kind, b, "a number")
	}
	return f, nil
}

// Bool reads a boolean: a RESP3 boolean, the integers 1 and 0, or the status
// OK, which is true.
func (d *Decoder) Bool() (bool, error) {
	kind, b, err := d.text()
	if err != nil {
		return false, err
	}
	switch string(b) {
	case "t", "1", "OK":
		return true, nil
	case "f", "0":
		return false, nil
	}
	return false, badValue(kind, b, "a boolean")
}

// Array consumes the header of an array, set, push or map and returns how many
// elements follow; of a map, keys and values together.
func (d *Decoder) Array() (int, error) {
	el, payload, err := d.next()
	if err != nil {
		return 0, err
	}
	switch c := classes[el.kind]; {
	case el.null, el.kind == Null:
		return 0, Nil
	case el.kind == SimpleError, el.kind == BulkError:
		return 0, Error(payload)
	case el.streamed && c != str:
		return d.unstream(el)
	case c == list, c == pairs:
		return el.children, nil
	}
	if el.streamed {
		_ = d.skip(el, 0)
	}
	return 0, unexpected(el.kind, "an array")
}

// unstream turns a streamed aggregate, whose length is announced by its end,
// into one of known length: it counts the elements and removes the end.
func (d *Decoder) unstream(el element) (int, error) {
	start, n := d.pos, 0
	for {
		if !d.More() {
			return 0, ProtocolError("a reply that is cut short")
		}
		last := d.pos
		child, _, err := d.advance()
		if err != nil {
			return 0, err
		}
		if child.kind == streamEnd {
			rest := make([]byte, 0, len(d.buf)-start)
			rest = append(rest, d.buf[start:last]...)
			d.buf, d.pos = append(rest, d.buf[d.pos:]...), 0
			return n, nil
		}
		if child.kind != Attribute {
			n++
		}
		if err := d.skip(child, 0); err != nil {
			return 0, err
		}
	}
}

// Pairs consumes the header of a map, or of an array that lists keys and
// values in turn as RESP2 does, and returns how many pairs follow.
func (d *Decoder) Pairs() (int, error) {
	kind := d.Peek()
	n, err := d.Array()
	if err != nil {
		return 0, err
	}
	if n%2 != 0 {
		return 0, unexpected(kind, "an even number of elements")
	}
	return n / 2, nil
}

// Any reads whatever comes: a string, int64, float64, bool, *big.Int, []any,
// map[any]any, nil inside an aggregate, or an error inside an aggregate. At
// the top, null and errors are returned as errors.
func (d *Decoder) Any() (any, error) {
	v, err := d.any(0)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case nil:
		return nil, Nil
	case Error:
		return nil, v
	}
	return v, nil
}

func (d *Decoder) any(depth int) (any, error) {
	if depth > MaxDepth {
		return nil, ProtocolError("reply nested too deeply")
	}
	if kind := d.Peek(); classes[kind] == list || classes[kind] == pairs {
		n, err := d.Array()
		if err == Nil {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if kind == Map {
			return d.anyMap(n/2, depth)
		}
		list := make([]any, 0, d.Cap(n))
		for range n {
			v, err := d.any(depth + 1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	}

	kind, b, err := d.text()
	if err == Nil {
		return nil, nil
	}
	if reply, ok := err.(Error); ok {
		return reply, nil
	}
	if err != nil {
		return nil, err
	}
	switch kind {
	case Integer:
		if n, ok := parseInt(b); ok {
			return n, nil
		}
		return nil, badValue(kind, b, "an integer")
	case Double:
		if f, ok := parseFloat(b); ok {
			return f, nil
		}
		return nil, badValue(kind, b, "a number")
	case Boolean:
		return len(b) == 1 && b[0] == 't', nil
	case BigNumber:
		if n, ok := new(big.Int).SetString(string(b), 10); ok {
			return n, nil
		}
		return nil, badValue(kind, b, "an integer")
	}
	return d.makeString(kind, b), nil
}

func (d *Decoder) anyMap(pairs, depth int) (any, error) {
	m := make(map[any]any, d.Cap(pairs))
	for range pairs {
		k, err := d.any(depth + 1)
		if err != nil {
			return nil, err
		}
		v, err := d.any(depth + 1)
		if err != nil {
			return nil, err
		}
		switch k.(type) {
		case []any, map[any]any:
			return nil, unexpected(Map, "keys that can be compared")
		}
		m[k] = v
	}
	return m, nil
}

// Cap bounds a count taken from a header by what the remaining bytes can hold,
// so that a header alone never makes anyone allocate.
func (d *Decoder) Cap(n int) int {
	return min(n, (len(d.buf)-d.pos)/3)
}

func parseInt(b []byte) (int64, bool) {
	neg := len(b) > 0 && b[0] == '-'
	digits := b
	if neg {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > 18 {
		n, err := strconv.ParseInt(string(b), 10, 64)
		return n, err == nil
	}
	var n int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if neg {
		n = -n
	}
	return n, true
}

func parseFloat(b []byte) (float64, bool) {
	if string(b) == "-nan" { // as C prints it
		return math.NaN(), true
	}
	f, err := strconv.ParseFloat(string(b), 64)
	return f, err == nil
}

// TypeError says that a reply is well formed but of a type that the command
// does not answer with.
type TypeError struct{ Got, Want string }

func (e *TypeError) Error() string {
	return "redis: unexpected reply: got " + e.Got + ", want " + e.Want
}

func unexpected(kind Kind, want string) error {
	return &TypeError{"a reply of type " + quoteByte(byte(kind)), want}
}

func badValue(kind Kind, b []byte, want string) error {
	switch kind {
	case Integer, Double, Boolean, BigNumber:
		return ProtocolError(fmt.Sprintf("%s is not %s", quote(b), want))
	}
	return &TypeError{quote(b), want}
}

func quoteByte(b byte) string { return strconv.QuoteRune(rune(b)) }

// quote shows the beginning of bytes in a message.
func quote(b []byte) string {
	const most = 32
	if len(b) > most {
		return strconv.Quote(string(bytes.ToValidUTF8(b[:most], []byte("?")))) + "…"
	}
	return strconv.Quote(string(b))
}
