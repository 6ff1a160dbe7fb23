package redistest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// view is a cluster as one of its nodes sees it (CLUSTER NODES), by node id.
type view map[string]member

// member is one node in a view.
type member struct {
	flags     []string
	primaryID string // of a replica only
	epoch     int64
	slots     [][2]int // ranges, both ends included
}

func (m member) is(flag string) bool { return slices.Contains(m.flags, flag) }
func (m member) primary() bool       { return m.is("master") }

func (m member) owns(slot int) bool {
	return slices.ContainsFunc(m.slots, func(r [2]int) bool { return r[0] <= slot && slot <= r[1] })
}

// epoch is the highest config epoch that the node has heard of, -1 for none.
func (v view) epoch() int64 {
	highest := int64(-1)
	for _, m := range v {
		highest = max(highest, m.epoch)
	}
	return highest
}

func (n *Node) view(ctx context.Context) (view, error) {
	text, err := n.text(ctx, "CLUSTER", "NODES")
	if err != nil {
		return nil, err
	}
	return parseView(text)
}

// parseView reads lines of
// "id address flags primary ping pong epoch link slot first-last [migrating]".
func parseView(text string) (view, error) {
	v := view{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 8 {
			return nil, fmt.Errorf("redistest: CLUSTER NODES line %q", line)
		}
		m := member{flags: strings.Split(fields[2], ",")}
		if fields[3] != "-" {
			m.primaryID = fields[3]
		}
		var err error
		if m.epoch, err = strconv.ParseInt(fields[6], 10, 64); err != nil {
			return nil, fmt.Errorf("redistest: CLUSTER NODES line %q: %w", line, err)
		}
		for _, field := range fields[8:] {
			if field[0] == '[' { // a slot on its way in or out is still where it was
				continue
			}
			r, err := parseRange(field)
			if err != nil {
				return nil, fmt.Errorf("redistest: CLUSTER NODES line %q: %w", line, err)
			}
			m.slots = append(m.slots, r)
		}
		v[fields[0]] = m
	}
	return v, nil
}

func parseRange(s string) ([2]int, error) {
	first, last, isRange := strings.Cut(s, "-")
	if !isRange {
		last = first
	}
	a, err := strconv.Atoi(first)
	if err != nil {
		return [2]int{}, err
	}
	b, err := strconv.Atoi(last)
	return [2]int{a, b}, err
}
