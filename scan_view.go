package redis

import (
	"strconv"
	"strings"
)

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
