package clustertest

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/alicebob/miniredis/v2/server"
)

// scanCache keeps what the latest SCAN from cursor 0 found, in the order of
// the keys' hashes. miniredis returns all keys at once; the front pages them, so
// that clients have cursors to follow. A cursor is the hash to go on from: keys
// that come and go meanwhile move no others.
type scanCache struct {
	mu      sync.Mutex
	filter  string // the arguments it is for
	entries []scanEntry
}

type scanEntry struct {
	hash uint64
	key  string
}

// get returns the entries for filter; load fetches the keys if they are not
// there or fresh ones are wanted.
func (s *scanCache) get(filter string, fresh bool, load func() ([]string, error)) ([]scanEntry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !fresh && s.entries != nil && s.filter == filter {
		return s.entries, nil
	}
	keys, err := load()
	if err != nil {
		return nil, err
	}
	entries := make([]scanEntry, 0, len(keys))
	for _, key := range keys {
		entries = append(entries, scanEntry{scanHash(key), key})
	}
	slices.SortFunc(entries, func(a, b scanEntry) int { return cmp.Compare(a.hash, b.hash) })
	s.filter, s.entries = filter, entries
	return entries, nil
}

// scanHash never is 0, the cursor of the beginning and the end. It has 48 bits,
// for clients that keep cursors in floating point.
func scanHash(key string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key))
	return h.Sum64()>>16 | 1
}

// scanPage returns about count keys from the cursor on, and the next cursor: 0
// when there are no more. Keys with equal hashes stay together.
func scanPage(entries []scanEntry, cursor uint64, count int) (page []string, next uint64) {
	start, _ := slices.BinarySearchFunc(entries, cursor, func(e scanEntry, hash uint64) int {
		return cmp.Compare(e.hash, hash)
	})
	for i, entry := range entries[start:] {
		if i >= count && entry.hash != entries[start+i-1].hash {
			return page, entry.hash
		}
		page = append(page, entry.key)
	}
	return page, 0
}

// scanRequest is a parsed SCAN. filter is what miniredis is asked for.
type scanRequest struct {
	cursor uint64
	count  int
	filter []string
}

func parseScan(args []string) (scanRequest, error) {
	request := scanRequest{count: 10, filter: []string{"SCAN", "0"}}
	var err error
	if request.cursor, err = strconv.ParseUint(args[1], 10, 64); err != nil {
		return request, errors.New("ERR invalid cursor")
	}
	options := args[2:]
	if len(options)%2 != 0 {
		return request, errors.New("ERR syntax error")
	}
	for option := range slices.Chunk(options, 2) {
		if !strings.EqualFold(option[0], "COUNT") {
			request.filter = append(request.filter, option...)
			continue
		}
		if request.count, err = strconv.Atoi(option[1]); err != nil {
			return request, errors.New("ERR value is not an integer or out of range")
		}
		if request.count < 1 {
			return request, errors.New("ERR syntax error")
		}
	}
	return request, nil
}

func cmdScan(c *conn, args []string) {
	if c.tx.active {
		c.routed("SCAN", commands["SCAN"], args, nil)
		return
	}
	request, err := parseScan(args)
	if err != nil {
		c.fail(err.Error())
		return
	}
	c.routed("SCAN", commands["SCAN"], args, func() {
		filter := strings.Join(request.filter, "\x00")
		entries, err := c.node.scan.get(filter, request.cursor == 0, func() ([]string, error) {
			return scannedKeys(c.silently(request.filter...))
		})
		if err != nil {
			c.fail(err.Error())
			return
		}
		page, next := scanPage(entries, request.cursor, request.count)
		c.peer.WriteLen(2)
		c.peer.WriteBulk(strconv.FormatUint(next, 10))
		c.peer.WriteStrings(page)
	})
}

// scannedKeys takes the keys out of miniredis's encoded reply.
func scannedKeys(reply []byte) ([]string, error) {
	parsed, err := server.ParseReply(bufio.NewReader(bytes.NewReader(reply)))
	if err != nil {
		return nil, err
	}
	parts, _ := parsed.([]any)
	if len(parts) != 2 {
		return nil, errors.New("ERR cannot scan")
	}
	list, _ := parts[1].([]any)
	keys := make([]string, 0, len(list))
	for _, item := range list {
		key, _ := item.(string)
		keys = append(keys, key)
	}
	return keys, nil
}
