// Package resp reads and writes the Redis serialization protocol, versions 2
// and 3.
//
// Reading is done in two steps, so that a connection shared by many callers
// spends as little time as possible on each reply. A [Framer] finds where a
// reply ends; it is resumable, looks only at lengths, and builds nothing. The
// bytes of the whole reply then go to the caller, who takes Go values out of
// them with a [Decoder].
//
// Writing appends to a byte slice.
package resp

// Kind is the first byte of a reply, which tells its type.
type Kind byte

// The types of RESP2 and RESP3.
const (
	SimpleString   Kind = '+'
	SimpleError    Kind = '-'
	Integer        Kind = ':'
	BulkString     Kind = '$'
	Array          Kind = '*'
	Null           Kind = '_'
	Boolean        Kind = '#'
	Double         Kind = ','
	BigNumber      Kind = '('
	BulkError      Kind = '!'
	VerbatimString Kind = '='
	Map            Kind = '%'
	Set            Kind = '~'
	Push           Kind = '>'
	Attribute      Kind = '|'

	chunk     Kind = ';' // a part of a streamed string
	streamEnd Kind = '.' // the end of a streamed aggregate
)

// Bounds on what a server may send. A reply beyond them is a protocol error.
const (
	MaxBulk     = 512 << 20 // bytes of one string: the protocol's own bound
	MaxLine     = 1 << 20   // bytes of a line, from its type to its end: status, error, number or length
	MaxElements = 1 << 28   // elements of one aggregate
	MaxDepth    = 1024      // aggregates within aggregates
)
