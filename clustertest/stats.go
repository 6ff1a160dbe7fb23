package clustertest

import (
	"maps"
	"sync"
)

// stats counts what one node did.
type stats struct {
	mu        sync.Mutex
	commands  map[string]int
	redirects map[string]int
}

func (s *stats) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands = map[string]int{}
	s.redirects = map[string]int{}
}

func (s *stats) ran(name string) {
	s.mu.Lock()
	s.commands[name]++
	s.mu.Unlock()
}

func (s *stats) redirected(kind string) {
	s.mu.Lock()
	s.redirects[kind]++
	s.mu.Unlock()
}

// Commands returns how often n ran each command, by its name in capital
// letters, since the start or the last ResetStats. The commands of a transaction
// count when they are queued. Commands that n refused to run because of their
// slot are not here but in Redirects.
func (c *Cluster) Commands(n *Node) map[string]int {
	n.stats.mu.Lock()
	defer n.stats.mu.Unlock()
	return maps.Clone(n.stats.commands)
}

// Redirects returns how many commands n refused to run, by the first word of
// its answer: MOVED, ASK, TRYAGAIN, CROSSSLOT, CLUSTERDOWN or READONLY.
func (c *Cluster) Redirects(n *Node) map[string]int {
	n.stats.mu.Lock()
	defer n.stats.mu.Unlock()
	return maps.Clone(n.stats.redirects)
}

// ResetStats sets the counters of all nodes to zero. CONFIG RESETSTAT does it
// for one node.
func (c *Cluster) ResetStats() {
	for _, n := range c.Nodes() {
		n.stats.reset()
	}
}

// Connections returns how many clients are connected to n now.
func (c *Cluster) Connections(n *Node) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.conns)
}
