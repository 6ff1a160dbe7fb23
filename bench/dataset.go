package main

import (
	"fmt"
	"strings"
)

const (
	kiB = 1 << 10
	miB = 1 << 20

	maxKeys  = 10_000
	maxBytes = 16 * miB // of values in a dataset, so that the heap stays small

	hashCount  = 100
	hashFields = 100
	hashValue  = 32
)

// values is a set of keys with what they must hold.
type values struct {
	keys []string
	vals []string
}

// newValues makes the keys of one size of value. Two calls with the same
// arguments make the same values; another stamp makes others of the same keys.
func newValues(prefix string, size, stamp int) values {
	n := min(maxKeys, maxBytes/size)
	v := values{keys: make([]string, n), vals: make([]string, n)}
	for i := range n {
		v.keys[i] = fmt.Sprintf("%s:%d:%05d", prefix, size, i)
		v.vals[i] = fill(fmt.Sprintf("%d/%s/", stamp, v.keys[i]), size)
	}
	return v
}

// fill is size bytes that begin with head and that differ wherever heads do.
func fill(head string, size int) string {
	return strings.Repeat(head, size/len(head)+1)[:size]
}

// hashes is a set of hashes: every one has the same fields.
type hashes struct {
	keys   []string
	fields []string
	vals   [][]string // by hash, by field
}

func newHashes() hashes {
	h := hashes{
		keys:   make([]string, hashCount),
		fields: make([]string, hashFields),
		vals:   make([][]string, hashCount),
	}
	for f := range h.fields {
		h.fields[f] = fmt.Sprintf("field:%03d", f)
	}
	for k := range h.keys {
		h.keys[k] = fmt.Sprintf("hash:%05d", k)
		h.vals[k] = make([]string, hashFields)
		for f, field := range h.fields {
			h.vals[k][f] = fill(fmt.Sprintf("%d/%s/", k, field), hashValue)
		}
	}
	return h
}

// dataset is what a workload reads and writes. Parts it has no use for are
// empty.
type dataset struct {
	small  values
	bulk   values
	hashes hashes
}
