package redis

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/seed-e06f3def/rediscluster/internal/cmdinfo"
	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// How SCAN covers the whole cluster.
//
// The primaries are scanned one after the other, each from its own cursor 0 to
// the end. Before and after a primary's scan it is asked which slots it serves
// (CLUSTER NODES). A slot is done when the primary served it at both times and
// was not handing it over: then all of its keys that exist throughout were
// there throughout. Keys of slots that are done are not returned again.
//
// Slots that are not done when all primaries have been scanned were on the move.
// Their nodes are scanned again. If a slot is still on its way, first the node
// that it leaves and then the one that it goes to: a key is either found at the
// former, or has left it, and will be found at the latter. So the end comes soon
// after the last pass even while other slots keep moving.
//
// A primary that was replaced or restarted meanwhile is scanned from its
// beginning: another process does not know the cursor.
//
// A slot that leaves a primary and comes back to it, both while that one
// primary is being scanned, goes unnoticed.

// maxScanPasses bounds how often a scan looks for slots that keep moving.
const maxScanPasses = 100

// When a node is scanned again, little of what it has is wanted: rescanCount is
// the least COUNT then, and rescanPages how many pages may be taken at once.
const (
	rescanCount = 1000
	rescanPages = 10
)

var errScanMoves = errors.New("redis: scan: slots keep moving, so that there is no end to it")

// scanState is where a scan has got to. It is immutable.
type scanState struct {
	done   slotSet
	left   map[int]string // slots that were looked for at the node they leave, by its id
	passes int            // looks for slots that were not done
	stops  []*place       // what is to be scanned, the first being under way
	node   *node          // that is being scanned; nil: the scan of it has not begun
	cursor uint64         // of the node
	before *slotView      // from before its scan
}

// isClusterScan reports whether cmd is a SCAN with a cursor.
func isClusterScan(cmd Cmder, info *cmdinfo.Command) (cursor uint64, yes bool) {
	b := cmd.command()
	if info.Name != "scan" || b.argCount() < 2 {
		return 0, false
	}
	cursor, err := strconv.ParseUint(b.argText(1), 10, 64)
	return cursor, err == nil
}

// clusterScan is one SCAN command on its way: a division that may take more than
// one round, for which it keeps the context.
type clusterScan struct {
	c      *ClusterClient
	ctx    context.Context
	whole  Cmder
	cursor uint64
	state  scanState // changes as the command proceeds

	b    *batch
	page *partCmd // the node's SCAN
	at   int      // its position in the batch
	look *lookout // before it, if the node's scan begins with it
}

// newClusterScan makes a division of a SCAN.
func (c *ClusterClient) newClusterScan(ctx context.Context, cmd Cmder, cursor uint64) (division, error) {
	s := &clusterScan{c: c, ctx: ctx, whole: cmd, cursor: cursor}
	if cursor != 0 {
		state, err := c.scans.get(cursor)
		if err != nil {
			return nil, err
		}
		s.state = *state
		return s, nil
	}
	m, err := c.slotMap(ctx)
	if err != nil {
		return nil, err
	}
	if slot, ok := patternSlot(scanOption(cmd.command(), "match")); ok {
		sh, err := m.serving(slot)
		if err != nil {
			return nil, err
		}
		s.state.done.addAll()
		s.state.done.remove(slot)
		s.state.stops = []*place{{shard: sh, slot: slot}}
		return s, nil
	}
	s.state.stops = m.places()
	return s, nil
}

// scanOption is the value of an option of SCAN, "" if it is not given.
func scanOption(b *baseCmd, name string) string {
	for i := 2; i+1 < b.argCount(); i += 2 {
		if strings.EqualFold(b.argText(i), name) {
			return b.argText(i + 1)
		}
	}
	return ""
}

// patternSlot is the slot of all keys that a pattern can match, if it is one:
// that of its hash tag, or of the only key.
func patternSlot(pattern string) (slot int, ok bool) {
	literal := pattern
	if open := strings.IndexByte(pattern, '{'); open >= 0 {
		if end := strings.IndexByte(pattern[open:], '}'); end > 1 {
			literal = pattern[:open+end+1]
		}
	}
	if pattern == "" || strings.ContainsAny(literal, `*?[\`) {
		return 0, false
	}
	return keySlot(literal), true
}

func (s *clusterScan) command() Cmder { return s.whole }

func (s *clusterScan) addTo(b *batch) {
	s.b, s.look = b, nil
	at := s.stop()
	if s.state.node == nil {
		s.look = newLookout(b, at)
	}
	s.page, s.at = s.pageCmd(), len(b.items)
	b.addFor(s.page, target{slot: -1, place: at})
}

// stop is what is being scanned.
func (s *clusterScan) stop() *place {
	at := s.state.stops[0]
	if !at.outside {
		return at
	}
	// The topology forgets nodes that have no slots.
	if s.c.topology.meet(s.ctx, announced{addr: at.node.addr, stranger: true}) != nil {
		return at
	}
	return &place{node: s.c.topology.node(at.node.addr), outside: true}
}

// pageCmd is the SCAN for the node.
func (s *clusterScan) pageCmd() *partCmd {
	b := s.whole.command()
	part := new(partCmd)
	part.takeArgs(b)
	part.setArg(1, uintArg(s.state.cursor))
	if s.state.passes == 0 {
		return part
	}
	for i := 2; i+1 < part.argCount(); i += 2 {
		if n, err := strconv.Atoi(part.argText(i + 1)); err == nil && strings.EqualFold(part.argText(i), "count") {
			part.setArg(i+1, intArg(int64(max(n, rescanCount))))
			return part
		}
	}
	part.str("count").int(rescanCount)
	return part
}

// join makes a page of what came back, and goes on until there is one. A page of
// a node that is scanned again is mostly empty: then there may be several in one
// call.
func (s *clusterScan) join() error {
	for tries := 1; ; tries++ {
		keys, n, err := s.take()
		switch {
		case err == errStartOver && tries <= maxScanPasses:
		case err == errStartOver:
			return errScanMoves
		case err != nil:
			return err
		case n > 0 || s.state.passes == 0 || len(s.state.stops) == 0 || tries >= rescanPages:
			return s.answer(keys, n)
		}
		b := &batch{c: s.c}
		s.addTo(b)
		b.run(s.ctx)
	}
}

// errStartOver is why the scan of a node has to begin again.
var errStartOver = errors.New("redis: scan: the node has changed")

// take takes the keys out of what came back from the node, n in their raw form,
// and moves the state on.
func (s *clusterScan) take() (keys []byte, n int, err error) {
	st := &s.state
	node := s.b.items[s.at].node
	switch err := s.page.Err(); {
	case errors.Is(err, ErrClosed) && s.c.topology.life.Err() == nil, errors.Is(err, errNodeLeft):
		st.restart()
		return nil, 0, errStartOver
	case err != nil:
		return nil, 0, err
	case s.look != nil:
		view, from, err := s.look.view(s.c)
		if err != nil {
			return nil, 0, err
		}
		if from != node {
			return nil, 0, errStartOver
		}
		st.node, st.before = node, view
	case st.node != node:
		st.restart()
		return nil, 0, errStartOver
	}
	next, keys, n, err := s.wanted()
	if err != nil {
		return nil, 0, err
	}
	if st.cursor = next; next == 0 {
		err = s.leave()
	}
	return keys, n, err
}

// restart begins the scan of the present node again.
func (st *scanState) restart() { st.node, st.cursor, st.before = nil, 0, nil }

// wanted reads the node's reply: its cursor, and the keys of slots that are not
// done.
func (s *clusterScan) wanted() (next uint64, keys []byte, n int, err error) {
	d := resp.NewDecoder(s.page.reply, true)
	if err = tuple(&d, 2); err != nil {
		return 0, nil, 0, err
	}
	if next, err = d.Uint(); err != nil {
		return 0, nil, 0, err
	}
	total, err := d.Array()
	if err != nil {
		return 0, nil, 0, err
	}
	for range total {
		raw, err := d.Raw()
		if err != nil {
			return 0, nil, 0, err
		}
		text := resp.NewDecoder(raw, true)
		key, err := text.String()
		if err != nil {
			return 0, nil, 0, err
		}
		if !s.state.done.has(keySlot(key)) {
			keys = append(keys, raw...)
			n++
		}
	}
	return next, keys, n, nil
}

// leave ends the scan of a node: it says which slots are done by it. If none is
// left to be scanned, it looks for the slots that are not done.
func (s *clusterScan) leave() error {
	st := &s.state
	b := &batch{c: s.c}
	look := newLookout(b, s.stop())
	b.run(s.ctx)
	after, from, err := look.view(s.c)
	if err != nil {
		return err
	}
	before := st.before
	if from != st.node || after.run != before.run {
		st.restart()
		return nil // the page is good
	}
	left := maps.Clone(st.left)
	for slot := range slotCount {
		switch {
		case st.done.has(slot):
		case before.settled(slot) && after.settled(slot):
			st.done.add(slot)
		case before.arriving[slot] != "" && before.arriving[slot] == st.left[slot] &&
			(after.settled(slot) || after.arriving[slot] == st.left[slot]):
			st.done.add(slot)
		case before.serves.has(slot):
			if left == nil {
				left = map[int]string{}
			}
			left[slot] = before.id
		}
	}
	st.left = left
	st.stops = st.stops[1:]
	st.restart()
	if len(st.stops) == 0 {
		return s.plan()
	}
	return nil
}

// plan finds out where the slots are that are not done.
func (s *clusterScan) plan() error {
	st := &s.state
	for try := new(attempt); !st.complete(); {
		if st.passes++; st.passes > maxScanPasses {
			return errScanMoves
		}
		m, err := s.c.slotMap(s.ctx)
		if err != nil {
			return err
		}
		views, err := s.views(m)
		if err != nil {
			return err
		}
		var lost int
		if st.stops, lost = st.route(m, views, s.c.topology); len(st.stops) > 0 {
			return nil
		}
		if lost < 0 {
			continue
		}
		// The map will know more soon.
		v := verdict{action: await, err: &uncoveredError{lost}}
		wait, err := s.c.admit(s.ctx, try, v)
		if err == nil {
			err = s.c.pause(s.ctx, wait, try, v.err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (st *scanState) complete() bool {
	return !slices.ContainsFunc(st.done[:], func(word uint64) bool { return word != ^uint64(0) })
}

// placedView is the view of the node that serves a place.
type placedView struct {
	*slotView
	place *place
}

// views asks every primary for its slots; for a single slot, only the one that
// should have it.
func (s *clusterScan) views(m *slotMap) ([]placedView, error) {
	places := m.places()
	if slot, single := s.state.single(); single {
		sh := m.at(slot)
		if sh == nil {
			return nil, nil
		}
		places = []*place{{shard: sh, slot: slot}}
	}
	b := &batch{c: s.c}
	looks := make([]*lookout, len(places))
	for i, p := range places {
		looks[i] = newLookout(b, p)
	}
	b.run(s.ctx)
	views := make([]placedView, len(places))
	for i, look := range looks {
		v, _, err := look.view(s.c)
		if err != nil {
			return nil, err
		}
		views[i] = placedView{v, places[i]}
	}
	return views, nil
}

// single is the only slot that is not done, if there is but one.
func (st *scanState) single() (slot int, yes bool) {
	slot = -1
	for i := range slotCount {
		if st.done.has(i) {
			continue
		}
		if slot >= 0 {
			return 0, false
		}
		slot = i
	}
	return slot, slot >= 0
}

// route says where to look for the slots that are not done: first at the nodes
// that they leave, then at the others. lost is a slot that should be served and
// that no node says it serves, or -1. One that nobody should serve is done.
func (st *scanState) route(m *slotMap, views []placedView, t *topology) (stops []*place, lost int) {
	lost = -1
	var first, then []*place
	add := func(list *[]*place, p *place) {
		if !slices.ContainsFunc(*list, func(q *place) bool { return q == p || p.outside && q.outside && q.node == p.node }) {
			*list = append(*list, p)
		}
	}
	for slot := range slotCount {
		if st.done.has(slot) {
			continue
		}
		i := slices.IndexFunc(views, func(v placedView) bool { return v.serves.has(slot) })
		if i < 0 {
			if m.at(slot) == nil && st.passes > 1 {
				st.done.add(slot)
			} else {
				lost = slot
			}
			continue
		}
		v := views[i]
		to := v.leaving[slot]
		if to == "" {
			add(&then, v.place)
			continue
		}
		if st.left[slot] != v.id {
			add(&first, v.place)
		}
		if j := slices.IndexFunc(views, func(v placedView) bool { return v.id == to }); j >= 0 {
			add(&then, views[j].place)
		} else if addr := v.addresses[to]; addr != "" {
			add(&then, &place{node: t.node(addr), outside: true})
		}
	}
	return append(first, then...), lost
}

// answer gives the command its page.
func (s *clusterScan) answer(keys []byte, n int) error {
	cursor := uint64(0)
	if len(s.state.stops) > 0 {
		state := s.state
		cursor = s.c.scans.put(&state, s.cursor)
	} else {
		s.c.scans.done(s.cursor)
	}
	id := strconv.FormatUint(cursor, 10)
	reply := fmt.Appendf(nil, "*2\r\n$%d\r\n%s\r\n*%d\r\n", len(id), id, n)
	return decodeJoined(s.whole, append(reply, keys...))
}

// lookout is the commands that make a slotView.
type lookout struct {
	nodes, info *StringCmd
	b           *batch
	at          int
}

func newLookout(b *batch, at *place) *lookout {
	l := &lookout{nodes: new(StringCmd), info: new(StringCmd), b: b, at: len(b.items)}
	l.nodes.start("cluster", "nodes")
	l.info.start("info", "server")
	b.addFor(l.nodes, target{slot: -1, place: at})
	b.addFor(l.info, target{slot: -1, place: at})
	return l
}

// view is what the node has told, or what the slot map says of a node that does
// not tell.
func (l *lookout) view(c *ClusterClient) (*slotView, *node, error) {
	from := l.b.items[l.at].node
	var reply Error
	for _, cmd := range []*StringCmd{l.nodes, l.info} {
		if err := cmd.Err(); err != nil && !errors.As(err, &reply) {
			return nil, nil, err
		}
	}
	v, ok := parseSlotView(l.nodes.val, from.addr)
	if !ok {
		v = c.currentMap().viewOf(from)
	}
	if v.run = runID(l.info.val); l.b.items[l.at+1].node != from {
		v.run = "of another node"
	}
	return v, from, nil
}

// maxScans is how many scans of the cluster a client keeps in mind. Most of
// them have been abandoned; of these the oldest are forgotten.
const maxScans = 1024

// scanCursors keeps where the scans of a client have got to, by the cursors it
// has given out for them. A cursor alone could not hold it: it has 64 bits, and
// a server's own may take as many.
//
// A cursor may be used again, after an error for instance, until the one that
// came of it is.
type scanCursors struct {
	mu   sync.Mutex
	next uint64
	byID map[uint64]*list.Element
	used *list.List // of *scanCursor, the latest first
}

type scanCursor struct {
	id     uint64
	before uint64 // the cursor that it came of; 0: none, or it is forgotten
	at     *scanState
}

// UnknownCursorError is returned for a cursor of SCAN that the cluster client
// has not given out, or has forgotten: begin anew with 0. A scan belongs to the
// client that has begun it, which keeps the latest 1,024 in mind.
type UnknownCursorError struct {
	Cursor uint64 // the one that was given
}

// Error names the cursor.
func (e *UnknownCursorError) Error() string {
	return fmt.Sprintf("redis: scan: the cursor %d is none of this client's, or was forgotten", e.Cursor)
}

// get returns where the scan with the cursor has got to.
func (c *scanCursors) get(id uint64) (*scanState, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byID[id]
	if e == nil {
		return nil, &UnknownCursorError{id}
	}
	cursor := e.Value.(*scanCursor)
	c.drop(cursor.before)
	cursor.before = 0
	c.used.MoveToFront(e)
	return cursor.at, nil
}

// put returns a cursor for the state that came of the cursor before.
func (c *scanCursors) put(at *scanState, before uint64) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byID == nil {
		c.byID, c.used = map[uint64]*list.Element{}, list.New()
		// Those of two clients are not likely to be taken for each other, and
		// fit where only integers below 2⁵³ do.
		c.next = 1<<40 + rand.Uint64N(1<<52)
	}
	c.next++
	c.byID[c.next] = c.used.PushFront(&scanCursor{c.next, before, at})
	if c.used.Len() > 2*maxScans { // a scan has two cursors at the most
		c.drop(c.used.Back().Value.(*scanCursor).id)
	}
	return c.next
}

// done forgets a scan that has come to its end.
func (c *scanCursors) done(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(id)
}

// drop forgets a cursor. The lock is held.
func (c *scanCursors) drop(id uint64) {
	if e := c.byID[id]; e != nil {
		delete(c.byID, id)
		c.used.Remove(e)
	}
}

// slotSet is a set of hash slots.
type slotSet [slotCount / 64]uint64

func (s *slotSet) has(slot int) bool { return s[slot/64]&(1<<(slot%64)) != 0 }
func (s *slotSet) add(slot int)      { s[slot/64] |= 1 << (slot % 64) }
func (s *slotSet) remove(slot int)   { s[slot/64] &^= 1 << (slot % 64) }

func (s *slotSet) addAll() {
	for i := range s {
		s[i] = ^uint64(0)
	}
}

// slotView is what a primary says of its own slots at one moment. No other node
// knows as well which slots it serves, and none knows of those on the move.
type slotView struct {
	id        string
	run       string            // of the server process: cursors are of no use to another
	serves    slotSet           // also those that are on their way to another node
	leaving   map[int]string    // slots on their way out: the nodes they go to, by id
	arriving  map[int]string    // slots on their way here: the nodes they come from, by id
	addresses map[string]string // of the nodes it knows, by id
}

// settled reports whether the node serves the slot and it is not on its way.
func (v *slotView) settled(slot int) bool { return v.serves.has(slot) && v.leaving[slot] == "" }

// parseSlotView reads the answer of the node at addr to CLUSTER NODES: of its
// own line the slots, of the others the addresses.
func parseSlotView(text, addr string) (v *slotView, ok bool) {
	v = &slotView{leaving: map[int]string{}, arriving: map[int]string{}, addresses: map[string]string{}}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 8 {
			continue
		}
		id, flags := fields[0], fields[2]
		v.addresses[id] = completeHost(clientAddr(fields[1]), addr)
		if !strings.Contains(flags, "myself") {
			continue
		}
		v.id, ok = id, true
		for _, slots := range fields[8:] {
			v.addSlots(slots)
		}
	}
	return v, ok
}

// addSlots reads "17", "0-5460", "[93->-id]" or "[77-<-id]".
func (v *slotView) addSlots(field string) {
	if moving, ok := strings.CutPrefix(strings.TrimSuffix(field, "]"), "["); ok {
		if slot, to, ok := strings.Cut(moving, "->-"); ok {
			noteMove(v.leaving, slot, to)
		} else if slot, from, ok := strings.Cut(moving, "-<-"); ok {
			noteMove(v.arriving, slot, from)
		}
		return
	}
	first, last, isRange := strings.Cut(field, "-")
	if !isRange {
		last = first
	}
	from, err1 := strconv.Atoi(first)
	to, err2 := strconv.Atoi(last)
	if err1 != nil || err2 != nil || from < 0 {
		return
	}
	for slot := from; slot <= to && slot < slotCount; slot++ {
		v.serves.add(slot)
	}
}

func noteMove(moves map[int]string, slot, node string) {
	if n, err := strconv.Atoi(slot); err == nil && n >= 0 && n < slotCount {
		moves[n] = node
	}
}

// viewOf is what the slot map says in place of a node that may not be asked.
func (m *slotMap) viewOf(n *node) *slotView {
	v := &slotView{id: n.addr}
	for slot := range slotCount {
		if s := m.at(slot); s != nil && s.primary == n {
			v.serves.add(slot)
		}
	}
	return v
}

// runID is the id of the server process in the answer to INFO.
func runID(info string) string {
	_, rest, _ := strings.Cut(info, "run_id:")
	id, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(id)
}
