package redis

import (
	"slices"
	"time"
)

// pubsubSource tells a PubSub where its connections may lead: to the nodes of a
// cluster, or to the one server of a Client.
type pubsubSource interface {
	// view is the nodes as they are known now; nil while none are.
	view() nodeView
	// changed returns a channel that is closed when view may give another
	// answer, and nil if it never will.
	changed() <-chan struct{}
	// refresh has the nodes looked up again, without waiting for it.
	refresh()
	// trouble is why view is nil.
	trouble() error
	// unloaded is the error of a wait, while view is nil, that ends because of cause.
	unloaded(cause error) error
	// moved learns from a node that the one at addr serves the slot. It reports
	// whether the source follows.
	moved(slot int, addr string) bool
	// hasReplicas reports whether there may be replicas among the nodes.
	hasReplicas() bool
	// mayStandAlone reports whether the nodes may be servers that stand alone, so that
	// a message reaches the subscribers of one node only.
	mayStandAlone() bool
	// patience is how long Subscribe may wait.
	patience() time.Duration
	// over is closed when the client is.
	over() <-chan struct{}
	// background is the client's log of what fails.
	background() *failureLog
}

// nodeView is what a PubSub has to know of a slotMap.
type nodeView interface {
	at(slot int) *shard
	shardList() []*shard
	primaries() []*node
	replicas() []*node
}

// hasNode reports whether the node at addr is in the view.
func hasNode(v nodeView, addr string) bool {
	return hasAddr(v.primaries(), addr) || hasAddr(v.replicas(), addr)
}

func hasAddr(nodes []*node, addr string) bool {
	return slices.ContainsFunc(nodes, func(n *node) bool { return n.addr == addr })
}

// clusterSource is the nodes of a cluster.
type clusterSource struct{ t *topology }

func (s clusterSource) view() nodeView {
	if m := s.t.now.Load(); m != nil {
		return m
	}
	return nil
}

func (s clusterSource) changed() <-chan struct{} { return s.t.next() }
func (s clusterSource) refresh()                 { s.t.refresh() }
func (s clusterSource) hasReplicas() bool        { return true }
func (s clusterSource) mayStandAlone() bool      { return s.t.opt.ClusterSlots != nil }
func (s clusterSource) over() <-chan struct{}    { return s.t.life.Done() }
func (s clusterSource) background() *failureLog  { return &s.t.background }

func (s clusterSource) unloaded(cause error) error { return s.t.unloaded(cause) }

func (s clusterSource) patience() time.Duration {
	return wishPatience(s.t.opt.DialTimeout, s.t.opt.ReadTimeout)
}

func (s clusterSource) trouble() error {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	return s.t.lastErr
}

func (s clusterSource) moved(slot int, addr string) bool {
	if s.t.meet(s.t.life, announced{addr: addr, stranger: true}) == nil {
		s.t.moved(slot, addr)
	}
	s.t.refresh()
	return true
}

// singleSource is one server, which serves every slot.
type singleSource struct {
	server *shard
	opt    *Options
	done   <-chan struct{}
}

func newSingleSource(c *Client) singleSource {
	n := &node{announced: announced{addr: c.opt.Addr}, client: c}
	return singleSource{newShard(n, nil), c.opt, c.pool.life.Done()}
}

func (s singleSource) view() nodeView           { return s }
func (s singleSource) changed() <-chan struct{} { return nil }
func (s singleSource) refresh()                 {}
func (s singleSource) hasReplicas() bool        { return false }
func (s singleSource) mayStandAlone() bool      { return false }
func (s singleSource) trouble() error           { return nil }
func (s singleSource) unloaded(c error) error   { return c }
func (s singleSource) moved(int, string) bool   { return false }
func (s singleSource) patience() time.Duration {
	return wishPatience(s.opt.DialTimeout, s.opt.ReadTimeout)
}

func (s singleSource) over() <-chan struct{}   { return s.done }
func (s singleSource) background() *failureLog { return s.opt.background }
func (s singleSource) at(int) *shard           { return s.server }
func (s singleSource) shardList() []*shard     { return []*shard{s.server} }
func (s singleSource) primaries() []*node      { return s.server.nodes }
func (s singleSource) replicas() []*node       { return nil }
