package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// How the slot map is kept up to date.
const (
	// refreshPause is the shortest time between two loads of the map, however
	// many reasons there are: CLUSTER SLOTS is costly for a server.
	// If there is no news for long the pauses grow, see [loadPace].
	refreshPause = 110 * time.Millisecond
	// refreshJitter is added at random, so that clients do not ask in step.
	refreshJitter = 20 * time.Millisecond
	// retryPause is the time after a load that has failed, while idle connections
	// are wanted; it doubles up to maxRetryPause, or maxRefusedPause if the error
	// is one that does not mend by itself.
	retryPause      = 250 * time.Millisecond
	maxRetryPause   = time.Second
	maxRefusedPause = 30 * time.Second
	// refreshTimeout bounds one load.
	refreshTimeout = 3 * time.Second
	// seedDialTimeout bounds a dial for the map, so that there is time left to
	// say at which stage it came to nothing.
	seedDialTimeout = refreshTimeout - 500*time.Millisecond
	// hopelessPause is for how long a first load that was refused for good speaks
	// for the commands after it.
	hopelessPause = time.Second
	// askNext is how long one server may take before another is asked as well.
	askNext = 100 * time.Millisecond
	// askAtOnce is how many servers are asked together for the first map.
	askAtOnce = 3
	// firstMeasure is how long the first map may wait for the latencies.
	firstMeasure = 250 * time.Millisecond
	// probePause is the shortest time between looks at nodes that have failed or
	// are missing, and probeJitter what is added at random.
	probePause  = 500 * time.Millisecond
	probeJitter = 100 * time.Millisecond
	// measurePeriod is the time between measurements of a node's latency, and
	// measurePause the shortest between those of two nodes: of more than a hundred
	// nodes each is measured less often.
	measurePeriod = 10 * time.Second
	measurePause  = 100 * time.Millisecond
	// measureAtOnce is how many new nodes are measured at the same time.
	measureAtOnce = 16
)

// topology knows the nodes of the cluster and which of them serves a slot. A
// goroutine keeps the map up to date; a command reads it with one atomic load.
//
// Its lock is never held while another one is taken, but for those of pools, their
// connections, and the count of requests.
type topology struct {
	opt *ClusterOptions
	now atomic.Pointer[slotMap] // nil until the first load

	wake    chan struct{} // asks for a load
	haste   chan struct{} // says that the pace has become quick
	life    context.Context
	end     context.CancelFunc
	stopped chan struct{}

	suspects sync.Map       // *node: true; those that are silent
	probes   sync.WaitGroup // of nodes that have failed

	unserved   waitingRoom // for slots that nobody serves
	names      sync.Map    // address: string; the host names of strangers
	background failureLog  // of what no caller is told

	waits  atomic.Pointer[loadWaits] // of the present load, or of the last
	asked  mapRequests
	pace   loadPace
	loads  atomic.Uint64 // that have ended
	call   *slotsCall    // of ClusterSlots that has not returned; for the goroutine alone
	sent   int           // how many servers the last load has asked; for the goroutine alone
	loaded *slotMap      // by the last answer, without patches; for the goroutine alone
	epoch  int64         // the highest of the cluster that was seen; for the goroutine alone

	meeting chan struct{} // has room for one who calls NewClient, or functions of OnNewNode

	mu        sync.Mutex
	started   bool
	closed    bool
	nodes     map[string]*node
	onNew     []func(*Client)
	missing   map[string]*missingNode
	retired   map[*pool]bool // that may have connections still
	patches   map[int]patch
	lastErr   error         // of the last load
	loadedAt  time.Time     // when that ended
	refreshed chan struct{} // closed at the end of the next load
}

// patch is what a MOVED reply told, so that an older answer to CLUSTER SLOTS
// does not undo it.
type patch struct {
	to *node
	at time.Time
}

func newTopology(opt *ClusterOptions) *topology {
	t := &topology{
		opt:       opt,
		wake:      make(chan struct{}, 1),
		haste:     make(chan struct{}, 1),
		stopped:   make(chan struct{}),
		meeting:   make(chan struct{}, 1),
		nodes:     map[string]*node{},
		missing:   map[string]*missingNode{},
		retired:   map[*pool]bool{},
		patches:   map[int]patch{},
		refreshed: make(chan struct{}),
	}
	t.life, t.end = context.WithCancel(context.Background())
	return t
}

// get returns the slot map. Only while there is none it waits for one; the
// error is that of the first attempt to load it that ends meanwhile.
func (t *topology) get(ctx context.Context) (*slotMap, error) {
	for {
		refreshed := t.next()
		if m := t.now.Load(); m != nil {
			return m, nil
		}
		if err := t.refused(); err != nil {
			return nil, err
		}
		t.refresh()
		select {
		case <-refreshed:
		case <-ctx.Done():
			return nil, t.unloaded(ctx.Err())
		case <-t.life.Done():
			return nil, ErrClosed
		}
		t.mu.Lock()
		err := t.lastErr
		t.mu.Unlock()
		if err != nil && t.now.Load() == nil {
			return nil, err
		}
	}
}

// unloaded is the error of a command that waits for the first map no longer, because of
// cause.
func (t *topology) unloaded(cause error) error {
	t.mu.Lock()
	last := t.lastErr
	t.mu.Unlock()
	err := t.waits.Load().end(cause)
	switch {
	case err != nil:
	case last != nil: // and the next load has not begun
		err = fmt.Errorf("%w (after: %w)", cause, last)
	default:
		err = cause
	}
	return asNetError(fmt.Errorf("redis: loading the slot map: %w", err))
}

// refused is the error of the last load, if that was refused for good and only
// just: a wrong password is not to be tried with every command.
func (t *topology) refused() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || t.lastErr == nil || time.Since(t.loadedAt) >= hopelessPause || !hopeless(t.lastErr) {
		return nil
	}
	return t.lastErr
}

// next returns a channel that is closed at the end of the next load. Who wants to
// wait for a load takes it before asking for that, or may miss its end.
func (t *topology) next() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.refreshed
}

// signal wakes those who wait for the end of a load.
func (t *topology) signal() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.signalLocked()
}

func (t *topology) signalLocked() {
	close(t.refreshed)
	t.refreshed = make(chan struct{})
}

// refresh asks for a load of the map, without waiting for it.
func (t *topology) refresh() {
	t.start()
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// hurry has the map loaded often for a while, because a trouble has begun.
func (t *topology) hurry() {
	t.pace.hurry(time.Now())
	select {
	case t.haste <- struct{}{}:
	default:
	}
	t.refresh()
}

// start starts the goroutine that loads the map, once.
func (t *topology) start() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.started && !t.closed {
		t.started = true
		go t.run()
	}
}

func (t *topology) run() {
	defer close(t.stopped)
	var period, measure, reload, pause <-chan time.Time
	measured := 0       // nodes, in turn
	var ended time.Time // the last load
	failures := 0
	if t.opt.ClusterStateReloadInterval > 0 {
		ticker := time.NewTicker(t.opt.ClusterStateReloadInterval)
		defer ticker.Stop()
		period = ticker.C
	}
	if t.opt.readMode == readLatency {
		measure = time.After(measurePeriod)
	}
	probe := time.NewTimer(probePause + rand.N(probeJitter))
	defer probe.Stop()
	for {
		wake, due, again := t.wake, period, reload
		if pause != nil {
			wake, due, again = nil, nil, nil
		}
		select {
		case <-wake:
			t.pace.starts(time.Now())
		case <-due:
		case <-again:
			t.pace.starts(time.Now())
		case <-pause:
			if pause = nil; t.troubled() {
				t.refresh()
			}
			continue
		case <-t.haste:
			if pause != nil {
				pause = time.After(t.pauseAfter() - time.Since(ended))
			}
			continue
		case <-probe.C:
			t.probeFailed()
			t.lookForMissing()
			probe.Reset(probePause + rand.N(probeJitter))
			continue
		case <-measure:
			measured++
			measure = time.After(t.measureOne(measured))
			continue
		case <-t.life.Done():
			return
		}
		err := t.load()
		if reload = nil; err == nil {
			failures = 0
		} else if t.opt.MinIdleConns > 0 {
			// Nobody may come to ask for the map a second time.
			reload = time.After(pauseAfterLoad(failures, err))
			failures++
		}
		ended = time.Now()
		pause = time.After(t.pauseAfter())
	}
}

// pauseAfter is the pause after the last load.
func (t *topology) pauseAfter() time.Duration {
	now := time.Now()
	// A load should be able to ask one server more.
	return max(t.pace.pause(now, t.sent), t.asked.wait(now, t.askFirst()+1)+rand.N(refreshJitter))
}

// pauseAfterLoad is the time to the next attempt when loads have failed, this one
// with err, and as many in a row before it.
func pauseAfterLoad(failures int, err error) time.Duration {
	longest := maxRetryPause
	if hopeless(err) {
		longest = maxRefusedPause
	}
	pause := min(retryPause<<min(failures, 8), longest)
	return pause/2 + rand.N(pause/2)
}

// load loads the map once and tells those who wait for it.
func (t *topology) load() error {
	ctx, cancel := context.WithTimeout(t.life, refreshTimeout)
	defer cancel()
	waits := new(loadWaits)
	t.waits.Store(waits)
	ranges, asked, err := t.ask(ctx)
	first := t.now.Load() == nil
	if err == nil {
		met := waits.begin(func(cause error) error { return t.heldUp(cause, "new nodes") })
		err = t.meet(ctx, announcedIn(ranges)...)
		met(err)
	}
	news := err == nil && !t.loaded.hasPrimariesOf(ranges)
	fresh := err == nil && t.publish(ranges, asked)
	if fresh && t.opt.readMode == readLatency {
		measured := t.measureNew()
		if first {
			// The first reads should know where to go, but not wait for a node
			// that is away.
			timeout, stop := context.WithTimeout(ctx, firstMeasure)
			defer stop()
			select {
			case <-measured:
			case <-timeout.Done():
			}
		}
	}
	t.mu.Lock()
	t.lastErr, t.loadedAt = err, time.Now()
	t.mu.Unlock()
	if t.life.Err() == nil {
		t.background.note(backgroundTask{kind: loadMap}, err)
	}
	t.pace.ended(time.Now(), news)
	t.loads.Add(1)
	t.signal()
	return err
}

// publish puts a map made of ranges into place, and drops the nodes that are
// not in it. It reports whether the map has nodes that are new.
func (t *topology) publish(ranges []slotRange, asked time.Time) (fresh bool) {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return false
	}
	old := t.now.Load()
	before := t.known(old)
	m := newSlotMap(ranges, old, t.nodeLocked)
	t.loaded = m
	for slot, p := range t.patches {
		if p.at.Before(asked) {
			delete(t.patches, slot)
			continue
		}
		// The answer may have put another node in its place, with a host name.
		p.to = t.nodeLocked(announced{addr: p.to.addr, stranger: true})
		t.patches[slot] = p
		if s := m.at(slot); s == nil || s.primary != p.to {
			m = m.moved(slot, p.to)
		}
	}
	for _, n := range m.nodes {
		fresh = fresh || old == nil || !slices.Contains(old.nodes, n)
	}
	t.install(m)
	gone := t.dropOthers(m, before)
	unused := t.noteMissing(old, m)
	for _, n := range gone {
		unused = append(unused, n.client.pool)
	}
	t.noteRetired(unused)
	t.mu.Unlock()
	for _, p := range unused {
		p.retire()
	}
	t.giveUpReplaced(m)
	return fresh
}

// install puts m into place. The lock is held.
func (t *topology) install(m *slotMap) {
	old := t.now.Swap(m)
	if old == nil {
		return
	}
	primaries := map[*node]bool{}
	for _, n := range m.primaries() {
		primaries[n] = true
	}
	for _, n := range old.primaries() {
		if !primaries[n] {
			n.demoted()
			n.client.pool.checkSoon()
		}
	}
}

// known is every node that has an address or is in m: one that another has
// replaced may still be. The lock is held.
func (t *topology) known(m *slotMap) map[*node]bool {
	all := map[*node]bool{}
	for _, n := range t.nodes {
		all[n] = true
	}
	if m != nil {
		for _, n := range m.nodes {
			all[n] = true
		}
	}
	return all
}

// dropOthers forgets the nodes that are not in m, and returns those of before that
// are not. Strangers may stay: they have the keys of a slot on its way to a node without
// slots. The lock is held.
func (t *topology) dropOthers(m *slotMap, before map[*node]bool) (gone []*node) {
	now := time.Now()
	keep := map[*node]bool{}
	for _, n := range m.nodes {
		keep[n] = true
	}
	for _, n := range t.nodes {
		keep[n] = keep[n] || n.isWelcome(now)
	}
	maps.DeleteFunc(t.nodes, func(_ string, n *node) bool { return !keep[n] })
	for n := range before {
		if !keep[n] {
			gone = append(gone, n)
		}
	}
	return gone
}

// noteRetired has close end the calls that are left to pools when they retire, as
// they will soon. Those of which nothing is left are forgotten. The lock is held.
func (t *topology) noteRetired(pools []*pool) {
	maps.DeleteFunc(t.retired, func(p *pool, _ bool) bool { return p.hasEnded() })
	for _, p := range pools {
		t.retired[p] = true
	}
}

// moved learns from a MOVED reply that the node at addr serves the slot, and
// returns that node; nil if there are too many strangers already.
func (t *topology) moved(slot int, addr string) *node {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.redirectedTo(addr)
	m := t.now.Load()
	if n == nil || m == nil || t.closed {
		return n
	}
	if s := m.at(slot); s == nil || s.primary != n {
		t.patches[slot] = patch{n, time.Now()}
		t.now.Store(m.moved(slot, n))
		if s.hasReplica(n) {
			s.primary.demoted()
		}
		if s != nil && s.primary.waiting.isTaken() {
			t.signalLocked()
		}
	}
	return n
}

// node returns the node at addr, which need not be in the map.
func (t *topology) node(addr string) *node {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.nodeLocked(announced{addr: addr, stranger: true})
}

// named returns the node at addr, which an ASK reply has named; nil if there are too
// many strangers already.
func (t *topology) named(addr string) *node {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.redirectedTo(addr)
}

// redirectedTo returns the node at addr, which a redirect has named; nil if there are
// too many strangers already. The lock is held.
func (t *topology) redirectedTo(addr string) *node {
	if t.nodes[addr] == nil && !t.mayAddStranger() {
		return nil
	}
	n := t.nodeLocked(announced{addr: addr, stranger: true})
	n.namedAt = time.Now()
	return n
}

// nodeLocked returns the node that is announced so. One whose host name is another
// than before is made anew, as TLS would verify the old name. The lock is held.
func (t *topology) nodeLocked(a announced) *node {
	if t.knows(a) {
		n := t.nodes[a.addr]
		n.listed = n.listed || !a.stranger
		return n
	}
	n := t.newNode(a)
	if t.closed { // a redirect came too late
		n.client.pool.retire()
		return n
	}
	t.nodes[a.addr] = n
	n.client.pool.startFilling()
	return n
}

// knows reports whether there is a node that is announced so. The lock is held.
func (t *topology) knows(a announced) bool {
	n, known := t.nodes[a.addr]
	return known && (a.hostname == "" || a.hostname == n.hostname)
}

func (t *topology) newNode(a announced) *node {
	n := &node{announced: a, listed: !a.stranger}
	n.client = t.newClient(func() *Options {
		opt := t.opt.nodeOptions(a.addr)
		opt.serverName = a.hostname
		opt.background = &t.background
		opt.fillLater = true
		if a.stranger && t.mayLackName() {
			opt.Dialer = t.strangerDialer(*opt)
		}
		opt.onSilence = func(silent bool) { t.silenceChanged(n, silent) }
		return opt
	})
	return n
}

// meet makes the nodes known that are not yet, if functions of the program take part in
// that: NewClient, and those given to OnNewNode. They are called one at a time, with no
// lock held that the client needs, and before anybody else can use the node. One that
// blocks holds up those who need the node, for as long as ctx and refreshTimeout let
// it; the node is known when it has returned.
func (t *topology) meet(ctx context.Context, list ...announced) error {
	t.mu.Lock()
	alone := t.opt.NewClient == nil && len(t.onNew) == 0 // nodeLocked will do
	list = slices.DeleteFunc(list, t.knows)
	t.mu.Unlock()
	if alone || len(list) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	met := t.callProgram(ctx, func() {
		for _, a := range list {
			t.introduce(a)
		}
	})
	if met {
		return nil
	}
	return t.heldUp(ctx.Err(), list[0].addr)
}

// heldUp is why a node is not known, or a server not asked.
func (t *topology) heldUp(cause error, addr string) error {
	if t.life.Err() != nil {
		return ErrClosed
	}
	return fmt.Errorf("redis: %s: NewClient, or a function given to OnNewNode, has not returned: %w", addr, cmp.Or(cause, errGoexit))
}

// callProgram has functions of the program called, when no others are, and reports
// whether they have returned before the end of ctx. They go on after that, if they have
// begun.
func (t *topology) callProgram(ctx context.Context, call func()) bool {
	select {
	case t.meeting <- struct{}{}:
	case <-ctx.Done():
		return false
	case <-t.life.Done():
		return false
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { <-t.meeting }()
		call()
	}()
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	case <-t.life.Done():
		return false
	}
}

// introduce makes a node known that is not yet, for [topology.meet].
func (t *topology) introduce(a announced) {
	t.mu.Lock()
	useless := t.closed || t.knows(a) || a.stranger && !t.mayAddStranger()
	told := t.onNew
	t.mu.Unlock()
	if useless {
		return
	}
	n := t.newNode(a)
	defer t.add(n)
	for _, fn := range told {
		err := guard("the function of OnNewNode", func() error {
			fn(n.client)
			return nil
		})
		if err != nil {
			logf("%v (for %s)", err, n.addr)
		}
	}
}

// add makes a node known, in place of one that had another host name.
func (t *topology) add(n *node) {
	var unused *pool
	t.mu.Lock()
	replaced := t.nodes[n.addr]
	switch m := t.now.Load(); {
	case t.closed || t.knows(n.announced):
		unused = n.client.pool
	case replaced != nil && (m == nil || !slices.Contains(m.nodes, replaced)):
		unused = replaced.client.pool // else it is retired with the map
		t.noteRetired([]*pool{unused})
		fallthrough
	default:
		t.nodes[n.addr] = n
		n.client.pool.startFilling()
	}
	t.mu.Unlock()
	if unused != nil {
		unused.retire()
	}
}

// newClient makes the client of a node, or of a server that is asked for the map. If the
// caller's function makes none that can be used, every attempt at the node fails with an
// error that says so.
func (t *topology) newClient(options func() *Options) *Client {
	if t.opt.NewClient == nil {
		return newClient(options())
	}
	var c *Client
	err := guard("NewClient", func() error {
		c = t.opt.NewClient(options())
		return nil
	})
	switch {
	case err != nil:
		return uselessClient(options(), err)
	case c == nil || c.opt == nil:
		return uselessClient(options(), errNoClient)
	case c.err != nil:
		return uselessClient(options(), c.err)
	}
	return c
}

// lookClient makes a client for nothing but CLUSTER SLOTS.
func (t *topology) lookClient(ctx context.Context, opt *Options) (*Client, error) {
	if t.opt.NewClient == nil {
		return newClient(opt), nil
	}
	made := make(chan *Client, 1)
	discard := func() {
		select {
		case c := <-made:
			_ = c.Close()
		default:
		}
	}
	called := t.callProgram(ctx, func() {
		made <- t.newClient(func() *Options { return opt })
		if ctx.Err() != nil {
			discard()
		}
	})
	if called && ctx.Err() == nil && len(made) > 0 {
		return <-made, nil
	}
	discard()
	return nil, t.heldUp(ctx.Err(), opt.Addr)
}

// onNewNode has fn called with every node that the client comes to know.
func (t *topology) onNewNode(fn func(*Client)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.onNew = append(t.onNew, fn)
}

// probeFailed looks whether nodes that have failed answer again. It does not
// wait for them.
func (t *topology) probeFailed() {
	m := t.now.Load()
	if m == nil {
		return
	}
	for _, n := range m.nodes {
		if (n.failedAt.Load() != 0 || n.client.pool.unreachable()) && !n.client.pool.suspect() && n.probing.CompareAndSwap(false, true) {
			t.probes.Go(func() {
				defer n.probing.Store(false)
				ctx, cancel := context.WithTimeout(t.life, refreshTimeout)
				defer cancel()
				away := n.client.pool.unreachable()
				err := n.probe(ctx)
				if t.life.Err() == nil && !errors.Is(err, ErrClosed) { // it has left the map
					t.background.note(backgroundTask{probeNode, n.addr}, err)
				}
				if err == nil && away && n.waiting.isTaken() {
					t.hurry()
				}
			})
		}
	}
}

// measureNew measures the latency of the nodes of which it is not known, a few at a time,
// in the background. The channel is closed when that is done.
func (t *topology) measureNew() <-chan struct{} {
	done := make(chan struct{})
	unknown := make(chan *node)
	t.probes.Go(func() {
		defer close(done)
		ctx, cancel := context.WithTimeout(t.life, refreshTimeout)
		defer cancel()
		var workers sync.WaitGroup
		for range measureAtOnce {
			workers.Go(func() {
				for n := range unknown {
					if ctx.Err() == nil { // else later, when it is its turn
						n.measure(ctx)
					}
				}
			})
		}
		for _, n := range t.now.Load().nodes {
			if n.latency.Load() == 0 {
				unknown <- n
			}
		}
		close(unknown)
		workers.Wait()
	})
	return done
}

// measureOne measures the latency of one node, those of the map in turn, in the
// background. It returns the time to the next one.
func (t *topology) measureOne(turn int) time.Duration {
	m := t.now.Load()
	if m == nil || len(m.nodes) == 0 {
		return measurePeriod
	}
	n := m.nodes[turn%len(m.nodes)]
	t.probes.Go(func() {
		ctx, cancel := context.WithTimeout(t.life, refreshTimeout)
		defer cancel()
		n.measure(ctx)
	})
	return max(measurePause, measurePeriod/time.Duration(len(m.nodes)))
}

// close ends the goroutine and closes all nodes, also those that have left.
func (t *topology) close() error {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return ErrClosed
	}
	t.closed = true
	started := t.started
	nodes := t.known(t.now.Load())
	t.nodes = map[string]*node{}
	missing := t.missing
	t.missing = nil
	retired := t.retired
	t.retired = nil
	t.mu.Unlock()
	t.end()
	// All pools are ended before any is waited for, so that the waits do not add up.
	var pools []*pool
	var errs []error
	for n := range nodes {
		if n.client.err == nil { // else it has never dialled
			pools = append(pools, n.client.pool)
		}
	}
	for _, n := range missing {
		pools = append(pools, n.pools()...)
	}
	for _, p := range pools {
		errs = append(errs, p.end())
	}
	for p := range retired {
		_ = p.end() // which says that it is closed
		pools = append(pools, p)
	}
	if started {
		<-t.stopped
	}
	t.probes.Wait()
	for _, p := range pools {
		p.wg.Wait()
	}
	return asNetError(errors.Join(errs...))
}

// stats adds up the pools of all nodes.
func (t *topology) stats() *PoolStats {
	t.mu.Lock()
	defer t.mu.Unlock()
	var sum PoolStats
	for _, n := range t.nodes {
		sum.add(*n.client.PoolStats())
	}
	return &sum
}
