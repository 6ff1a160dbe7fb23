package wire

import "sync"

// LargeString is the size in bytes from which a string is written from where it
// lies instead of being copied into the request.
const LargeString = 16 << 10

// Request is encoded commands on their way into a connection. They are copied
// when they are submitted, so that requests are few and stay in the cache.
type Request struct {
	// Bytes is the commands but for their large strings.
	Bytes []byte

	refs     []ref // strings that belong in between
	refBytes int
}

// ref is a string that stands in a request without being copied.
type ref struct {
	at int // its place among the copied bytes
	s  string
}

var requests = sync.Pool{New: func() any { return new(Request) }}

// AppendLarge puts s into the request without copying it, followed by a line
// end. s must not change until the bytes are written; a string never does.
func (r *Request) AppendLarge(s string) {
	r.refs = append(r.refs, ref{len(r.Bytes), s})
	r.refBytes += len(s)
	r.Bytes = append(r.Bytes, '\r', '\n')
}

func (r *Request) size() int { return len(r.Bytes) + r.refBytes }

func (r *Request) free() {
	const keep = 16 << 10
	if cap(r.Bytes) > keep {
		r.Bytes = nil
	}
	r.Bytes = r.Bytes[:0]
	if len(r.refs) > 0 {
		clear(r.refs)
		r.refs, r.refBytes = r.refs[:0], 0
	}
	requests.Put(r)
}
