package wire

// queue is the calls in flight, oldest first.
type queue struct {
	ring []*Call // its length is a power of two
	head int
	n    int
}

func (q *queue) push(c *Call) {
	if q.n == len(q.ring) {
		grown := make([]*Call, max(16, 2*len(q.ring)))
		q.copy(0, grown)
		q.ring, q.head = grown, 0
	}
	q.ring[(q.head+q.n)&(len(q.ring)-1)] = c
	q.n++
}

// copy fills dst with the calls from the skip-th on, and returns how many.
func (q *queue) copy(skip int, dst []*Call) int {
	n := min(q.n-skip, len(dst))
	for i := range n {
		dst[i] = q.at(skip + i)
	}
	return n
}

// drop removes the n oldest calls.
func (q *queue) drop(n int) {
	for range n {
		q.ring[q.head] = nil
		q.head = (q.head + 1) & (len(q.ring) - 1)
	}
	q.n -= n
}

// cut removes the n newest calls.
func (q *queue) cut(n int) {
	for range n {
		q.n--
		q.set(q.n, nil)
	}
}

func (q *queue) first() *Call {
	if q.n == 0 {
		return nil
	}
	return q.at(0)
}

// at is the i-th of the n calls.
func (q *queue) at(i int) *Call { return q.ring[(q.head+i)&(len(q.ring)-1)] }

// set replaces it.
func (q *queue) set(i int, c *Call) { q.ring[(q.head+i)&(len(q.ring)-1)] = c }
