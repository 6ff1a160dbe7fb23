package redistest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// WaitHealthy returns when all running nodes agree on a cluster that is up: each
// says cluster_state:ok, knows every other running node and suspects none of
// them, replicas are in step with a running primary, and CLUSTER SLOTS is the
// same everywhere and lists every running node that has slots or a primary with
// slots. Nodes that are killed or stopped are left out of account. When the
// context ends first, the error says what was still missing.
func (c *Cluster) WaitHealthy(ctx context.Context) error {
	return poll(ctx, 20*time.Millisecond, func() error { return c.healthy(ctx) })
}

// healthy returns nil, or what is amiss.
func (c *Cluster) healthy(ctx context.Context) error {
	var up []*Node
	for _, n := range c.nodes {
		if n.Running() {
			up = append(up, n)
		}
	}
	if len(up) == 0 {
		return errDown
	}
	var first slotMap
	for i, n := range up {
		slots, err := n.healthy(ctx, up)
		if err != nil {
			return fmt.Errorf("%s: %w", n.Addr(), err)
		}
		if i == 0 {
			first = slots
		}
		if slots.String() != first.String() {
			return fmt.Errorf("%s and %s have different slot maps: %s and %s", n.Addr(), up[0].Addr(), slots, first)
		}
	}
	return nil
}

// healthy checks what one node thinks of itself and of the others.
func (n *Node) healthy(ctx context.Context, up []*Node) (slotMap, error) {
	text, err := n.text(ctx, "CLUSTER", "INFO")
	if err != nil {
		return nil, err
	}
	if state := parseFields(text)["cluster_state"]; state != "ok" {
		return nil, fmt.Errorf("cluster_state is %q", state)
	}
	v, err := n.view(ctx)
	if err != nil {
		return nil, err
	}
	slots, err := n.slotMap(ctx)
	if err != nil {
		return nil, err
	}
	for _, other := range up {
		m, known := v[other.id]
		if !known || m.is("handshake") || m.is("fail?") || m.is("fail") {
			return nil, fmt.Errorf("%s is %q", other.Addr(), strings.Join(m.flags, ","))
		}
		serves := len(m.slots) > 0 || len(v[m.primaryID].slots) > 0
		if serves && !slots.lists(other.id) {
			return nil, fmt.Errorf("%s is not in CLUSTER SLOTS", other.Addr())
		}
	}
	if v[n.id].primary() {
		return slots, nil
	}
	info, err := n.info(ctx, "replication")
	if err != nil {
		return nil, err
	}
	if link := info["master_link_status"]; link != "up" {
		return nil, fmt.Errorf("the link to its primary is %q", link)
	}
	return slots, nil
}

// slotMap is CLUSTER SLOTS: by range, the ids of the primary and of its replicas.
type slotMap map[string][]string

func (m slotMap) lists(id string) bool {
	for _, ids := range m {
		if slices.Contains(ids, id) {
			return true
		}
	}
	return false
}

// String is the same for equal maps: fmt sorts them.
func (m slotMap) String() string { return fmt.Sprint(map[string][]string(m)) }

func (n *Node) slotMap(ctx context.Context) (slotMap, error) {
	reply, err := n.DoContext(ctx, "CLUSTER", "SLOTS")
	if err != nil {
		return nil, err
	}
	ranges, _ := reply.([]any)
	m := slotMap{}
	for _, r := range ranges {
		fields, _ := r.([]any)
		if len(fields) < 3 {
			return nil, fmt.Errorf("redistest: CLUSTER SLOTS range %v", r)
		}
		var ids []string
		for _, field := range fields[2:] {
			server, _ := field.([]any)
			if len(server) < 3 {
				return nil, fmt.Errorf("redistest: CLUSTER SLOTS range %v", r)
			}
			ids = append(ids, fmt.Sprint(server[2]))
		}
		slices.Sort(ids[1:]) // the order of replicas means nothing
		m[fmt.Sprintf("%05v-%05v", fields[0], fields[1])] = ids
	}
	return m, nil
}
