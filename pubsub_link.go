package redis

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
	"github.com/seed-e06f3def/rediscluster/internal/wire"
)

// link is one connection of a PubSub. A goroutine dials it, reads from it and
// ends with it. All fields but heard belong to the PubSub's lock.
type link struct {
	p    *PubSub
	node *node
	addr string
	// shards says that the link is for what has its place by its slot; see
	// [PubSub.placed]. Else it is for channels and patterns.
	shards     bool
	born       time.Duration
	wasPrimary bool   // when the link was made, or in a map since then
	clientName string // that the connection is given as it is made

	absent      bool // the map does not have the node as it should be, since then
	absentSince time.Duration
	shard       *shard        // of the node when it was seen as a primary last
	roleAskedAt time.Duration // when it was asked whether it is a primary still; 0: never
	roleOpen    bool          // it has not answered that
	demoted     bool          // it has said that it is not

	cancel context.CancelFunc
	step   *atomic.Pointer[dialStep] // of its dial
	nc     net.Conn                  // nil while it is dialled
	resp3  bool                      // the server speaks RESP3
	gone   bool                      // nothing that comes counts any more

	// subs is the channels and patterns subscribed to, or asked for.
	subs map[*topic]subState
	// ending is the topics whose end was asked for by the user.
	ending map[topicKey]*topic

	sent    requestQueue // what has no answer yet, oldest first
	out     []byte       // what is to be written
	writing bool

	owing  time.Duration // since when the server owes an answer, on the PubSub's clock
	heard  atomic.Int64  // when something came last, on that clock
	silent bool          // the server owes an answer for too long

	// fences are PINGs whose answers show that everything sent before them has
	// come.
	fencesSent, fencesPassed uint64
	fenceWanted              bool
}

// subState is how far a subscription on a link has come.
type subState uint8

const (
	subUnsent subState = iota
	subAsked
	subMade
	subLeaving // the end of the subscription was asked for, to make it elsewhere
)

// topicKey names a topic.
type topicKey struct {
	kind topicKind
	name string
}

// linkRequest is a command on a link that has no answer yet. One to end
// subscriptions has a PING behind it, so that it is known when all there is to
// say about it was said: a server may end them unasked at the same time, or
// refuse because the slot has gone.
type linkRequest struct {
	what    requestKind
	kind    topicKind
	topics  []*topic
	done    int // how many of topics were confirmed
	refused bool
	user    bool // the user asked for it and is told
	payload string
}

type requestKind uint8

const (
	reqSubscribe requestKind = iota
	reqUnsubscribe
	reqPing
	reqFence
	reqProbe // for a key, to learn who has a slot
	reqRole  // whether the server is a replica
	reqOther
)

// requestQueue is a queue of requests.
type requestQueue []*linkRequest

func (q requestQueue) first() *linkRequest {
	if len(q) == 0 {
		return nil
	}
	return q[0]
}

func (q *requestQueue) pop() *linkRequest {
	r := (*q)[0]
	(*q)[0] = nil
	*q = (*q)[1:]
	return r
}

// errNoPong is why a connection is given up whose server has fallen silent.
var errNoPong = errors.New("no answer to PING")

// errReplica is why a connection is not used whose server was to be a primary.
var errReplica = errors.New("the node is a replica")

// run is the life of the link.
func (l *link) run(ctx context.Context, d *dialer, primaryOnly bool) {
	nc, self, err := l.dial(ctx, d, primaryOnly)
	if err == nil {
		pool := l.node.client.pool
		pool.pubsubOpened.Add(1)
		if l.p.connected(l, nc, self) {
			err = l.read(nc)
		}
		closeNow(nc)
		pool.pubsubClosed.Add(1)
	}
	l.p.lost(l, err)
}

func (l *link) dial(ctx context.Context, d *dialer, primaryOnly bool) (nc net.Conn, self serverSelf, err error) {
	if err := l.node.client.err; err != nil {
		return nil, self, err
	}
	nc, self, err = d.dialPubSub(ctx, primaryOnly)
	if err == nil && self.replica {
		closeNow(nc)
		return nil, self, errReplica
	}
	return nc, self, err
}

// The size of the buffer that a link reads into, at first and in general. A
// longer message gets what it needs.
const (
	linkFirstBuffer = 4 << 10
	linkReadBuffer  = 64 << 10
)

// read hands what comes to the PubSub, until the link is gone.
func (l *link) read(nc net.Conn) error {
	var framer resp.Framer
	var notices []notice
	buf := make([]byte, 0, linkFirstBuffer)
	for {
		n, err := nc.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if n > 0 {
			l.heard.Store(int64(l.p.clock()))
		}
		rest := buf
		for more := true; more; {
			var wrong error
			notices, rest, wrong = readNotices(&framer, rest, notices[:0])
			more = len(notices) == maxNotices
			if !l.p.handle(l, notices) {
				return net.ErrClosed
			}
			if wrong != nil {
				return wrong
			}
			clear(notices)
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) { // nobody sets one
			return err
		}
		buf = makeRoom(buf, rest)
	}
}

// maxNotices is how many notices are handled at once. To take the PubSub's lock
// for each would be slow when other links want it too, and there is little CPU
// time: each time it would have to be waited for.
const maxNotices = 128

// readNotices appends the notices at the beginning of b to list, and returns what
// is behind them.
func readNotices(framer *resp.Framer, b []byte, list []notice) (notices []notice, rest []byte, err error) {
	for len(b) > 0 && len(list) < maxNotices {
		size, err := framer.Next(b)
		if size == 0 || err != nil {
			return list, b, err
		}
		n, err := readNotice(b[:size])
		if err != nil {
			return list, b, err
		}
		list, b = append(list, n), b[size:]
	}
	return list, b, nil
}

// makeRoom moves rest, which is the end of buf, to the beginning of a buffer
// that has room behind it.
func makeRoom(buf, rest []byte) []byte {
	size := cap(buf)
	switch {
	case len(rest) == cap(buf):
		size *= 2
	case len(buf) == cap(buf):
		size = max(size, min(2*size, linkReadBuffer))
	case cap(buf) > linkReadBuffer && len(rest) < linkReadBuffer/2:
		size = linkReadBuffer
	}
	if size == cap(buf) {
		return buf[:copy(buf[:len(rest)], rest)]
	}
	return append(make([]byte, 0, size), rest...)
}

// send queues a command. The lock is held.
func (l *link) send(r *linkRequest, words ...string) {
	l.out = appendWords(l.out, words...)
	if r.what == reqUnsubscribe {
		l.out = appendWords(l.out, "ping")
	}
	if len(l.sent) == 0 {
		l.owing = l.p.clock()
	}
	l.sent = append(l.sent, r)
	if !l.writing {
		l.writing = true
		l.p.tasks.Go(l.write)
	}
}

// setName has the connection bear the PubSub's name.
func (l *link) setName() {
	l.send(&linkRequest{what: reqOther}, "client", "setname", *l.p.clientName)
}

func appendWords(b []byte, words ...string) []byte {
	b = resp.AppendArray(b, len(words))
	for _, w := range words {
		b = resp.AppendString(b, w)
	}
	return b
}

// sendFor sends a command about topics of one kind; about shard channels, one
// command a slot.
func (l *link) sendFor(what requestKind, user bool, topics []*topic) {
	words := subscribeWords
	if what == reqUnsubscribe {
		words = unsubscribeWords
	}
	for _, group := range groupTopics(topics) {
		r := &linkRequest{what: what, kind: group[0].kind, topics: group, user: user}
		names := make([]string, 1, 1+len(group))
		names[0] = words[r.kind]
		for _, t := range group {
			names = append(names, t.name)
		}
		l.send(r, names...)
	}
}

// groupTopics divides topics of which a server is told in commands of their own:
// by kind and, where it matters, by slot. The user's order is kept.
func groupTopics(topics []*topic) (groups [][]*topic) {
	type class struct {
		kind topicKind
		slot int
	}
	slices.SortFunc(topics, func(a, b *topic) int { return cmp.Compare(a.number, b.number) })
	index := map[class]int{}
	for _, t := range topics {
		of := class{kind: t.kind}
		if t.kind == toShardChannel {
			of.slot = t.slot
		}
		i, known := index[of]
		if !known {
			i = len(groups)
			index[of] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], t)
	}
	return groups
}

// write writes until there is nothing left to write.
func (l *link) write() {
	p := l.p
	p.mu.Lock()
	for len(l.out) > 0 && !l.gone {
		b, nc := l.out, l.nc
		l.out = nil
		p.mu.Unlock()
		if limit := l.node.client.opt.WriteTimeout; limit > 0 {
			_ = nc.SetWriteDeadline(time.Now().Add(limit))
		}
		_, err := nc.Write(b)
		if err != nil {
			closeNow(nc) // its reader sees to the rest
			p.mu.Lock()
			break
		}
		p.mu.Lock()
	}
	l.writing = false
	p.mu.Unlock()
}

// hadReplica reports whether the one at addr was a replica of the link's node
// when that was seen as a primary last.
func (l *link) hadReplica(addr string) bool {
	return l.shard != nil && hasAddr(l.shard.replicas, addr)
}

// silence is for how long the server has owed an answer without saying
// anything. The lock is held.
func (l *link) silence(now time.Duration) time.Duration {
	if len(l.sent) == 0 {
		return 0
	}
	return now - max(l.owing, time.Duration(l.heard.Load()))
}

// fence sees to it that a fence is sent after now, and returns its number. The
// lock is held.
func (l *link) fence() uint64 {
	if l.fencesSent > l.fencesPassed { // that one was sent before
		l.fenceWanted = true
		return l.fencesSent + 1
	}
	l.sendFence()
	return l.fencesSent
}

func (l *link) sendFence() {
	l.fenceWanted = false
	l.fencesSent++
	l.send(&linkRequest{what: reqFence}, "ping")
}

// failed puts an error into words that name the node.
func (l *link) failed(err error) error {
	var dial *DialError
	if errors.As(err, &dial) {
		return err
	}
	return &pubsubError{l.addr, err}
}

// pubsubError says what went wrong at a node.
type pubsubError struct {
	addr string
	err  error
}

func (e *pubsubError) Error() string { return fmt.Sprintf("redis: %s: pub/sub: %v", e.addr, e.err) }
func (e *pubsubError) Unwrap() error { return e.err }

// refusal is the error for a command that the server refused.
func refusal(command, text string) error {
	return fmt.Errorf("%s: %w", strings.ToUpper(command), resp.Error(text))
}

// serverSelf is what a server says of itself in answer to HELLO.
type serverSelf struct {
	replica   bool
	clustered bool // it is part of a cluster, as opposed to one that stands alone
}

// dialPubSub opens a connection for subscriptions, or for MONITOR. If asked for, it
// tells what the server says of itself.
func (d *dialer) dialPubSub(ctx context.Context, ask bool) (nc net.Conn, self serverSelf, err error) {
	type opened struct {
		nc   net.Conn
		self serverSelf
	}
	o, err := inTime(ctx, d, func(ctx context.Context, d *dialer) (opened, error) {
		nc, self, err := d.openPubSub(ctx, ask)
		return opened{nc, self}, err
	}, func(o opened) { closeNow(o.nc) })
	return o.nc, o.self, err
}

// openPubSub opens the connection. The handshake is that of every connection;
// afterwards nothing but the bare connection is left, on which the server speaks
// unasked.
func (d *dialer) openPubSub(ctx context.Context, ask bool) (nc net.Conn, self serverSelf, err error) {
	nc, err = d.open(ctx)
	if err != nil {
		return nil, self, err
	}
	lent := &lentConn{Conn: nc}
	conn := wire.New(lent, wire.Options{
		Node:         d.opt.Addr,
		ReadTimeout:  max(0, d.opt.ReadTimeout),
		WriteTimeout: max(0, d.opt.WriteTimeout),
		MaxReply:     max(0, d.opt.MaxReplySize),
	})
	err = d.within(ctx, conn, func() error {
		err := d.setUp(ctx, conn)
		if err == nil && ask {
			self, err = d.askSelf(ctx, conn)
		}
		return err
	})
	if err != nil {
		conn.Close(err)
		return nil, self, err
	}
	err = lent.takeBack()
	conn.Close(wire.ErrClosed)
	if err != nil {
		_ = nc.Close()
		return nil, self, d.failed("dial", err)
	}
	return nc, self, nil
}

// askSelf asks the server what it is. One that does not say counts as a primary that
// stands alone.
func (d *dialer) askSelf(ctx context.Context, conn *wire.Conn) (self serverSelf, err error) {
	call := wire.NewCall()
	defer call.Free()
	call.Request.Bytes = appendWords(call.Request.Bytes, "hello")
	if err := conn.Do(ctx, call); err != nil {
		return self, d.failed("handshake", err)
	}
	return readSelf(call.Decoder()), nil
}

// readSelf reads the answer to HELLO.
func readSelf(d *resp.Decoder) (self serverSelf) {
	pairs, err := d.Pairs()
	for i := 0; i < pairs && err == nil; i++ {
		var name string
		if name, err = d.String(); err != nil {
			break
		}
		if kind := d.Peek(); kind == resp.Array || name != "role" && name != "mode" {
			err = d.Skip()
			continue
		}
		var value string
		value, err = d.String()
		switch {
		case err != nil:
		case name == "mode":
			self.clustered = value == "cluster"
		default:
			self.replica = value == "replica" || value == "slave"
		}
	}
	return self
}

// lentConn is a connection that was taken back: who had it on loan can do
// nothing to it any more.
type lentConn struct {
	net.Conn
	back    atomic.Bool
	reading sync.Mutex
}

// takeBack ends the loan. A read that is under way is broken off.
func (c *lentConn) takeBack() error {
	c.back.Store(true)
	if err := c.Conn.SetDeadline(time.Unix(1, 0)); err != nil {
		return err
	}
	c.reading.Lock()
	defer c.reading.Unlock()
	return c.Conn.SetDeadline(time.Time{})
}

func (c *lentConn) Close() error {
	if c.back.Load() {
		return nil
	}
	return c.Conn.Close()
}

func (c *lentConn) Read(b []byte) (int, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	if c.back.Load() {
		return 0, net.ErrClosed
	}
	return c.Conn.Read(b)
}

func (c *lentConn) Write(b []byte) (int, error) {
	if c.back.Load() {
		return 0, net.ErrClosed
	}
	return c.Conn.Write(b)
}

func (c *lentConn) SetDeadline(t time.Time) error {
	if c.back.Load() {
		return net.ErrClosed
	}
	return c.Conn.SetDeadline(t)
}

func (c *lentConn) SetReadDeadline(t time.Time) error {
	if c.back.Load() {
		return net.ErrClosed
	}
	return c.Conn.SetReadDeadline(t)
}

func (c *lentConn) SetWriteDeadline(t time.Time) error {
	if c.back.Load() {
		return net.ErrClosed
	}
	return c.Conn.SetWriteDeadline(t)
}

// closeNow closes a connection without a goodbye, which could wait for a dead
// peer.
func closeNow(nc net.Conn) {
	if secure, ok := nc.(*tls.Conn); ok {
		nc = secure.NetConn()
	}
	_ = nc.Close()
}

// handle does what a link's notices demand. It reports whether the link is of use
// still.
func (p *PubSub) handle(l *link, notices []notice) bool {
	if len(notices) == 0 {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range notices {
		if l.gone {
			return false
		}
		p.handleOne(l, n)
	}
	return !l.gone
}

func (p *PubSub) handleOne(l *link, n notice) {
	l.silent = false
	l.resp3 = l.resp3 || n.push
	switch n.kind {
	case isMessage:
		p.deliver(l, n)
	case isSubscribed:
		p.confirmed(l, n)
	case isUnsubscribed:
		p.ended(l, n)
	case isAnswer:
		p.answered(l, n.replica)
	case isRefusal:
		p.refused(l, n.text)
		return
	}
	delete(p.pauses, l.addr)
}

// deliver passes a message on, unless the subscription is elsewhere by now.
func (p *PubSub) deliver(l *link, n notice) {
	if !p.placed(n.of) {
		p.inbox.put(n.msg)
		return
	}
	key := topicKey{n.of, n.name}
	t := p.topics[key]
	switch {
	case t == nil && l.ending[key] != nil, t != nil && t.old == l:
		p.inbox.put(n.msg)
	case t != nil && t.at == l && t.old == nil:
		p.inbox.put(n.msg)
	case t != nil && t.at == l:
		p.hold(t, n.msg)
	}
}

// confirmed handles the confirmation of a subscription.
func (p *PubSub) confirmed(l *link, n notice) {
	r := l.sent.first()
	if r == nil || r.what != reqSubscribe || r.kind != n.of || r.topics[r.done].name != n.name {
		return
	}
	t := r.topics[r.done]
	if r.done++; r.done == len(r.topics) {
		l.sent.pop()
	}
	switch {
	case p.placed(n.of):
		p.shardConfirmed(l, t)
	case p.topics[t.topicKey] == t:
		l.subs[t] = subMade
		t.failures = 0
		if p.everywhere(t) {
			p.announce(t)
		}
	}
}

// everywhere reports whether a channel or pattern is subscribed to wherever it
// should be.
func (p *PubSub) everywhere(t *topic) bool {
	for _, l := range p.links {
		if !l.shards && l.subs[t] != subMade {
			return false
		}
	}
	return !p.unlinked
}

// ended handles the end of a subscription: one that was asked for, or one that
// the server has ended.
func (p *PubSub) ended(l *link, n notice) {
	r := l.sent.first()
	if r != nil && r.what == reqUnsubscribe && r.kind == n.of {
		left := r.topics[r.done:]
		if i := slices.IndexFunc(left, func(t *topic) bool { return t.name == n.name }); i >= 0 {
			left[0], left[i] = left[i], left[0]
			r.done++
			p.endedAsAsked(l, left[0], r)
			return
		}
	}
	t := p.topics[topicKey{n.of, n.name}]
	switch {
	case t == nil:
	case p.placed(n.of):
		p.shardEnded(l, t)
	case l.subs[t] == subMade:
		delete(l.subs, t)
		nudge(p.wake)
	}
}

// endedAsAsked handles the end of a subscription on a link that was asked for
// by r.
func (p *PubSub) endedAsAsked(l *link, t *topic, r *linkRequest) {
	delete(l.subs, t)
	if p.placed(t.kind) {
		p.shardLeft(l, t)
	}
	if !r.user {
		return
	}
	if l.ending[t.topicKey] == t {
		delete(l.ending, t.topicKey)
	}
	if t.endings--; t.endings == 0 {
		p.announceEnd(t)
	}
}

// answered handles an answer that is no confirmation.
func (p *PubSub) answered(l *link, isReplica bool) {
	r := l.sent.first()
	if r == nil || r.what == reqSubscribe {
		return
	}
	l.sent.pop()
	switch r.what {
	case reqUnsubscribe:
		for _, t := range r.topics[r.done:] {
			p.endedAsAsked(l, t, r)
		}
		nudge(p.wake) // the link may be of no use any more
	case reqPing:
		if r.user {
			p.inbox.put(&Pong{r.payload})
		}
	case reqFence:
		p.fencePassed(l)
	case reqProbe:
		p.probed(l, r.topics[0], "")
	case reqRole:
		l.roleOpen, l.demoted = false, isReplica
		nudge(p.wake)
	}
}

// refused handles an error reply, which is for the oldest request.
func (p *PubSub) refused(l *link, text string) {
	r := l.sent.first()
	switch {
	case r == nil:
		p.drop(l, resp.Error(text))
	case r.what == reqSubscribe:
		l.sent.pop()
		p.subscribeRefused(l, r, text)
	case r.what == reqProbe:
		l.sent.pop()
		p.probed(l, r.topics[0], text)
	case r.what == reqUnsubscribe && !r.refused && r.done < len(r.topics):
		r.refused = true // the answer to the PING behind it is to come
	default:
		if r.user || r.what == reqOther {
			p.fail(l.failed(resp.Error(text)))
		}
		p.answered(l, false)
	}
}

// errRenew is why a connection is closed whose server says MOVED and names
// itself: it wants another connection.
var errRenew = errors.New("the server asks for a new connection")

func (p *PubSub) subscribeRefused(l *link, r *linkRequest, text string) {
	if to, ok := parseRedirect(text); ok && !to.ask && l.shards {
		addr := completeHost(to.addr, l.addr)
		if addr == l.addr {
			p.drop(l, errRenew)
			return
		}
		if p.source.moved(to.slot, addr) {
			err := l.failed(refusal(subscribeWords[r.kind], text))
			for _, t := range r.topics {
				p.deny(t, err, true)
				p.shardRefused(l, t, freeRedirects)
			}
			nudge(p.wake)
			return
		}
	}
	err := refusal(subscribeWords[r.kind], text)
	if !l.shards && judgeReply(text, outcome{err: err}).action != giveUp {
		p.drop(l, err) // another node will do better
		return
	}
	err = l.failed(err)
	p.fail(err)
	r.topics[0].refusedAs = listTopics(r.topics)
	p.source.background().note(backgroundTask{subscribeTo, r.topics[0].refusedAs}, err)
	for _, t := range r.topics {
		p.deny(t, err, false)
		if p.placed(t.kind) {
			p.shardRefused(l, t, 0)
			continue
		}
		delete(l.subs, t)
		p.backOff(t, 0)
	}
	p.source.refresh()
	nudge(p.wake)
}

// backOff leaves a topic alone for a while, after some failures that are free.
func (p *PubSub) backOff(t *topic, free int) {
	if t.failures++; t.failures > free {
		t.retryAt = p.clock() + backoff(shortestPause, longestPause, t.failures-free-1)
	}
}
