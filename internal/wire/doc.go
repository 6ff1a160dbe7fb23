// Package wire is one connection to a server that any number of callers share.
//
// A caller fills a [Call] with encoded commands, and [Conn.Do] brings back the
// bytes of the replies. Commands go out in the order in which they were
// submitted, and the server answers in that order; so the connection needs no
// more than a queue of calls in flight.
//
// There are no dedicated reader or writer goroutines. A caller that finds
// nobody writing becomes the writer, for itself and for all who come while it
// writes; while a near server owes a reply that is left to who reads, see
// gathering. A caller that finds nobody reading becomes the reader; when its own
// reply is in and others are still waiting, it hands over to a resident reader,
// a goroutine that stays as long as the connection is in demand. A connection
// with nothing in flight has no goroutine.
//
// Conn.mu guards all that is shared. Nothing is called under it that could
// wait, and it is the only lock but for one that keeps the calls of OnSilence
// in order, and is taken before it.
package wire
