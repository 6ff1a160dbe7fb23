package resp

import (
	"fmt"
	"strconv"
)

// ProtocolError says that the bytes received are not RESP. The connection they
// came from cannot be used any more.
type ProtocolError string

func (e ProtocolError) Error() string { return "redis: protocol error: " + string(e) }

// TLSAlert says that the server has answered by the rules of TLS.
const TLSAlert = ProtocolError("a TLS alert in place of a reply")

// tlsAlert begins such an answer.
const tlsAlert = 0x15

// Error is an error reply of the server, as it was sent: a code in capitals,
// a space and a message.
type Error string

// Nil is the error for a null reply: the key, field or member does not exist.
const Nil = Error("redis: nil")

func (e Error) Error() string { return string(e) }

// RedisError marks the error as a reply of the server.
func (Error) RedisError() {}

const (
	errShort = ProtocolError("a reply that is cut short")
	errDepth = ProtocolError("a reply nested too deeply")
	errStray = ProtocolError("a part of a streamed reply where none belongs")
	errOdd   = ProtocolError("a key without a value")
)

// TypeError says that a reply has a beginning and an end, but is not of a type that
// the command answers with, or not even what it says itself.
type TypeError struct{ Got, Want string }

func (e *TypeError) Error() string {
	return "redis: unexpected reply: got " + e.Got + ", want " + e.Want
}

func unexpected(kind Kind, want string) error {
	return &TypeError{"a reply of type " + quoteByte(byte(kind)), want}
}

// badValue is the error for a payload that cannot be read as what is wanted. Its
// end was found, so that the connection is still in step.
func badValue(b []byte, want string) error {
	return &TypeError{fmt.Sprintf("a text of %d bytes", len(b)), want} // which may be a secret
}

func quoteByte(b byte) string { return strconv.QuoteRune(rune(b)) }

// quote shows the beginning of bytes in a message.
func quote(b []byte) string {
	const most = 32
	if len(b) > most {
		return strconv.Quote(string(b[:most])) + "…"
	}
	return strconv.Quote(string(b))
}
