package clustertest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// allEntries is a count larger than any stream of a test.
const allEntries = "1000000000"

// streamRead is XREAD, which refuses keys that are no streams.
func streamRead(s *step, args []string) (any, error) {
	for _, key := range streamKeys(args) {
		kind, err := s.typeOf(key)
		if err != nil {
			return nil, err
		}
		if kind != "none" && kind != "stream" {
			return nil, errWrongType
		}
	}
	return s.readStreams(withoutBlock(args, 1))
}

// readStreams runs XREAD or XREADGROUP.
func (s *step) readStreams(args []string) (any, error) {
	reply, err := s.do(args...)
	if list, ok := reply.([]any); ok {
		return replyStreams(list), nil
	}
	return nullArray{}, err
}

// streamReadGroup is XREADGROUP. miniredis leaves out of a consumer's own pending
// list the entries that have been deleted, and does not count there.
func streamReadGroup(s *step, args []string) (any, error) {
	args = withoutBlock(args, 4) // behind GROUP group consumer
	at := indexFold(args, "STREAMS")
	if !readsOwn(args) {
		return s.readStreams(args)
	}
	keys := streamKeys(args)
	ids := args[at+1+len(keys):]
	count := allEntries
	if i := indexFold(args[:at], "COUNT"); i >= 0 && i+1 < at {
		if n, err := strconv.Atoi(args[i+1]); err == nil && n > 0 {
			count = args[i+1]
		}
	}
	var streams replyStreams
	for i, key := range keys {
		// This also notes the delivery.
		one := append(slices.Clone(args[:at]), "STREAMS", key, ids[i])
		reply, err := s.do(one...)
		if err != nil {
			return nil, err
		}
		if ids[i] != ">" {
			entries, err := s.pendingEntries(key, args[2], args[3], ids[i], count)
			if err != nil {
				return nil, err
			}
			reply = []any{[]any{key, entries}}
		}
		if list, ok := reply.([]any); ok {
			streams = append(streams, list...)
		}
	}
	return streams, nil
}

// withoutBlock leaves BLOCK out of the options, which begin at a position: nothing
// waits for its own pending list, in a transaction or in a script.
func withoutBlock(args []string, options int) []string {
	at := indexFold(args, "STREAMS")
	block := indexFold(args[options:], "BLOCK") + options
	if block < options || block > at-2 {
		return args
	}
	return slices.Concat(args[:block], args[block+2:])
}

// readsOwn reports whether XREADGROUP asks for a consumer's own pending list.
// Arguments that miniredis refuses do not.
func readsOwn(args []string) bool {
	at := indexFold(args, "STREAMS")
	if at < 0 || (len(args)-at-1)%2 != 0 || !strings.EqualFold(args[1], "GROUP") {
		return false
	}
	return slices.ContainsFunc(args[at+1+(len(args)-at-1)/2:], func(id string) bool { return id != ">" })
}

// pendingEntries returns the entries after id that a consumer has been given.
// Those that have been deleted have null in place of their fields.
func (s *step) pendingEntries(key, group, consumer, id, count string) ([]any, error) {
	if !strings.Contains(id, "-") {
		id += "-0"
	}
	// miniredis has no open interval here: the first one may be id itself.
	pending, err := s.pending(key, group, id, allEntries, consumer)
	if err != nil {
		return nil, err
	}
	limit, _ := strconv.Atoi(count)
	entries := []any{}
	for _, p := range pending {
		if p.id == id {
			continue
		}
		if len(entries) == limit {
			break
		}
		reply, err := s.do("XRANGE", key, p.id, p.id)
		if err != nil {
			return nil, err
		}
		if found, _ := reply.([]any); len(found) == 1 {
			entries = append(entries, found[0])
		} else {
			entries = append(entries, []any{p.id, nullArray{}})
		}
	}
	return entries, nil
}

type pendingEntry struct {
	id, consumer     string
	idle, deliveries int
}

// pending returns the entries of XPENDING from an id on. With consumers, only
// theirs.
func (s *step) pending(key, group, from, count string, consumer ...string) ([]pendingEntry, error) {
	reply, err := s.do(append([]string{"XPENDING", key, group, from, "+", count}, consumer...)...)
	list, _ := reply.([]any)
	var entries []pendingEntry
	for _, item := range list {
		if parts, _ := item.([]any); len(parts) == 4 {
			var p pendingEntry
			p.id, _ = parts[0].(string)
			p.consumer, _ = parts[1].(string)
			p.idle, _ = parts[2].(int)
			p.deliveries, _ = parts[3].(int)
			entries = append(entries, p)
		}
	}
	return entries, err
}

// streamAck is XACK, which counts entries that have been deleted too.
func streamAck(s *step, args []string) (any, error) {
	count := 0
	for _, id := range slices.Compact(slices.Sorted(slices.Values(args[3:]))) {
		reply, err := s.do("XPENDING", args[1], args[2], id, id, "1")
		if err != nil {
			break // XACK words the error, or there is no such group
		}
		found, _ := reply.([]any)
		count += len(found)
	}
	if _, err := s.do(args...); err != nil {
		return nil, err
	}
	return count, nil
}

// streamAutoClaim is XAUTOCLAIM, which takes entries that have been deleted out
// of the pending list and tells of them.
func streamAutoClaim(s *step, args []string) (any, error) {
	reply, err := s.do(args...)
	parts, _ := reply.([]any)
	if err != nil || len(parts) != 3 {
		return reply, err
	}
	pending, err := s.pending(args[1], args[2], args[5], allEntries)
	if err != nil {
		return nil, err
	}
	next, _ := parts[0].(string)
	idle, _ := strconv.Atoi(args[4])
	gone := []any{}
	for _, p := range pending {
		if p.id == next {
			break
		}
		found, err := s.do("XRANGE", args[1], p.id, p.id)
		if err != nil {
			return nil, err
		}
		if list, _ := found.([]any); len(list) > 0 || p.idle < idle {
			continue
		}
		if _, err := s.do("XACK", args[1], args[2], p.id); err != nil {
			return nil, err
		}
		gone = append(gone, p.id)
	}
	parts[2] = gone
	return parts, nil
}

// streamPending is XPENDING, whose summary counts entries that have been deleted
// too.
func streamPending(s *step, args []string) (any, error) {
	if len(args) != 3 {
		return s.do(args...)
	}
	pending, err := s.pending(args[1], args[2], "-", allEntries)
	if err != nil {
		return nil, err
	}
	if len(pending) == 0 {
		return []any{0, nil, nil, nullArray{}}, nil
	}
	count := map[string]int{}
	for _, p := range pending {
		count[p.consumer]++
	}
	consumers := []any{}
	for _, name := range slices.Sorted(maps.Keys(count)) {
		consumers = append(consumers, []any{name, strconv.Itoa(count[name])})
	}
	return []any{len(pending), pending[0].id, pending[len(pending)-1].id, consumers}, nil
}

// fieldsOf turns a flat list of names and values into a map.
func fieldsOf(reply any) map[string]any {
	list, _ := reply.([]any)
	fields := map[string]any{}
	for pair := range slices.Chunk(list, 2) {
		if name, ok := pair[0].(string); ok && len(pair) == 2 {
			fields[name] = pair[1]
		}
	}
	return fields
}

// streamInfo is XINFO. STREAM is miniredis's made complete, except what only the
// memory of a server could tell: the radix tree has the size of the smallest one,
// and entries that were deleted are not remembered.
func streamInfo(s *step, args []string) (any, error) {
	switch subcommand := strings.ToUpper(args[1]); {
	case subcommand == "STREAM" && len(args) > 2:
		return s.streamSummary(args)
	case subcommand == "GROUPS" && len(args) == 3:
		groups, err := s.groups(args[2])
		list := []any{}
		for _, g := range groups {
			list = append(list, replyFields{"name", g["name"], "consumers", g["consumers"], "pending", g["pending"],
				"last-delivered-id", g["last-delivered-id"], "entries-read", g["entries-read"], "lag", g["lag"]})
		}
		return list, err
	case subcommand == "CONSUMERS" && len(args) == 4:
		consumers, err := s.infoList("XINFO", "CONSUMERS", args[2], args[3])
		list := []any{}
		for _, consumer := range consumers {
			list = append(list, replyFields{"name", consumer["name"], "pending", consumer["pending"], "idle", consumer["idle"]})
		}
		return list, err
	}
	return nil, unknownSubcommand(args[1])
}

func unknownSubcommand(name string) error {
	return replyText(fmt.Sprintf("ERR unknown subcommand or wrong number of arguments for '%.128s'. Try XINFO HELP.", name))
}

// infoList runs a subcommand of XINFO that answers with a list of maps.
func (s *step) infoList(args ...string) ([]map[string]any, error) {
	reply, err := s.do(args...)
	list, _ := reply.([]any)
	var maps []map[string]any
	for _, item := range list {
		maps = append(maps, fieldsOf(item))
	}
	return maps, err
}

// groups returns the consumer groups of a stream by name.
func (s *step) groups(key string) ([]map[string]any, error) {
	groups, err := s.infoList("XINFO", "GROUPS", key)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(groups, func(a, b map[string]any) int {
		return cmp.Compare(fmt.Sprint(a["name"]), fmt.Sprint(b["name"]))
	})
	for _, group := range groups {
		pending, err := s.pending(key, fmt.Sprint(group["name"]), "-", allEntries)
		if err != nil {
			return nil, err
		}
		group["pending"] = len(pending) // with those that have been deleted
		if err := s.countLag(key, group); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

// countLag corrects what a group has still to read, and has read. Entries that
// were deleted do not count in either.
func (s *step) countLag(key string, group map[string]any) error {
	all, err := s.do("XLEN", key)
	if err != nil {
		return err
	}
	length, _ := all.(int)
	ahead, err := s.do("XRANGE", key, fmt.Sprintf("(%s", group["last-delivered-id"]), "+")
	if err != nil {
		return err
	}
	list, _ := ahead.([]any)
	group["lag"] = len(list)
	if length > len(list) {
		group["entries-read"] = length - len(list)
	}
	return nil
}

// streamSummary is XINFO STREAM key [FULL [COUNT count]].
func (s *step) streamSummary(args []string) (any, error) {
	key, rest := args[2], args[3:]
	full, count := len(rest) > 0, 10
	if full {
		var err error
		switch {
		case !strings.EqualFold(rest[0], "FULL") || len(rest) != 1 && len(rest) != 3:
			return nil, unknownSubcommand(args[1])
		case len(rest) == 3 && !strings.EqualFold(rest[1], "COUNT"):
			return nil, errSyntax
		case len(rest) == 3:
			if count, err = integer(rest[2]); err != nil {
				return nil, err
			}
			if count < 0 {
				count = 10
			}
		}
	}
	reply, err := s.do("XINFO", "STREAM", key)
	if err != nil {
		return nil, err
	}
	known := fieldsOf(reply)
	lastID, _ := known["last-generated-id"].(string)
	first, last, err := s.ends(key)
	if err != nil {
		return nil, err
	}
	groups, err := s.groups(key)
	if err != nil {
		return nil, err
	}
	keys, firstID := 0, "0-0"
	if entry, ok := first.([]any); ok {
		keys = 1
		firstID, _ = entry[0].(string)
	}
	summary := replyFields{
		"length", known["length"], "radix-tree-keys", keys, "radix-tree-nodes", keys + 1,
		"last-generated-id", cmp.Or(lastID, "0-0"), "max-deleted-entry-id", "0-0",
		"entries-added", known["length"], "recorded-first-entry-id", firstID,
	}
	if !full {
		return append(summary, "groups", len(groups), "first-entry", first, "last-entry", last), nil
	}
	limit := allEntries
	if count > 0 {
		limit = strconv.Itoa(count)
	}
	entries, err := s.do("XRANGE", key, "-", "+", "COUNT", limit)
	if err != nil {
		return nil, err
	}
	all := []any{}
	for _, group := range groups {
		g, err := s.fullGroup(key, group, limit)
		if err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	return append(summary, "entries", entries, "groups", all), nil
}

// ends returns the first and the last entry of a stream, nil if it has none.
func (s *step) ends(key string) (first, last any, err error) {
	head, errHead := s.do("XRANGE", key, "-", "+", "COUNT", "1")
	tail, errTail := s.do("XREVRANGE", key, "+", "-", "COUNT", "1")
	if list, _ := head.([]any); len(list) == 1 {
		first = list[0]
	}
	if list, _ := tail.([]any); len(list) == 1 {
		last = list[0]
	}
	return first, last, errors.Join(errHead, errTail)
}

// fullGroup is a group in XINFO STREAM FULL.
func (s *step) fullGroup(key string, group map[string]any, limit string) (any, error) {
	name, _ := group["name"].(string)
	pending, err := s.pending(key, name, "-", limit)
	if err != nil {
		return nil, err
	}
	now, err := s.now()
	if err != nil {
		return nil, err
	}
	waiting := []any{}
	for _, p := range pending {
		waiting = append(waiting, []any{p.id, p.consumer, now - p.idle, p.deliveries})
	}
	consumers, err := s.infoList("XINFO", "CONSUMERS", key, name)
	if err != nil {
		return nil, err
	}
	all := []any{}
	for _, consumer := range consumers {
		its := []any{}
		theirs, err := s.pending(key, name, "-", limit, fmt.Sprint(consumer["name"]))
		if err != nil {
			return nil, err
		}
		for _, p := range theirs {
			its = append(its, []any{p.id, now - p.idle, p.deliveries})
		}
		idle, _ := consumer["idle"].(int)
		all = append(all, replyFields{"name", consumer["name"], "seen-time", now - max(idle, 0),
			"pel-count", consumer["pending"], "pending", its})
	}
	return replyFields{"name", name, "last-delivered-id", group["last-delivered-id"],
		"entries-read", group["entries-read"], "lag", group["lag"],
		"pel-count", group["pending"], "pending", waiting, "consumers", all}, nil
}
