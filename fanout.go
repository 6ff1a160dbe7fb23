package redis

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/seed-e06f3def/rediscluster/internal/cmdinfo"
	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// fanOut is a command that concerns the cluster rather than a key, sent to every
// primary, or to every node, as the command table says. Its parts are not one
// atomic step.
type fanOut struct {
	whole  Cmder
	merge  merge
	enough bool // one node's answer is
	parts  []*partCmd
	places []*place

	b  *batch
	at int // of the first part in the batch
}

func newFanOut(cmd Cmder, m *slotMap, merge merge) *fanOut {
	info := cmd.command().lookup()
	f := &fanOut{whole: cmd, merge: merge, enough: info.Response == cmdinfo.RespOneSucceeded}
	places := m.places()
	for _, p := range places {
		if info.Response == cmdinfo.RespSum {
			p.summed = places
		}
		f.add(p)
		if info.Request == cmdinfo.ReqAllNodes {
			for _, n := range p.shard.replicas {
				f.add(&place{shard: p.shard, node: n})
			}
		}
	}
	return f
}

func (f *fanOut) add(at *place) {
	b := f.whole.command()
	part := &partCmd{once: f.whole.NoRetry()}
	part.takeArgs(b)
	if blocks := b.peculiar().blocks; blocks != 0 {
		part.own().blocks = blocks
	}
	f.parts = append(f.parts, part)
	f.places = append(f.places, at)
}

func (f *fanOut) command() Cmder { return f.whole }

func (f *fanOut) addTo(b *batch) {
	f.b, f.at = b, len(b.items)
	read := f.whole.command().lookup().IsReadOnly()
	for i, part := range f.parts {
		b.addFor(part, target{slot: -1, read: read, place: f.places[i]})
	}
}

// NodesError is the error of a command that goes to several nodes of the
// cluster, such as FLUSHALL or CONFIG SET, of which some failed. The others have
// run it, and the command's value is made of their answers. If the very same
// error reply came from every node, that reply is the command's error instead.
type NodesError struct {
	// Command is the command's name, with the sub-command.
	Command string
	// Nodes is how many nodes the command was sent to.
	Nodes int
	// Failed tells for each node that failed, by its address, why it did.
	Failed map[string]error
	causes []error // in the order of the nodes
}

// Error names every node that failed.
func (e *NodesError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "redis: %s: %d of %d nodes failed: ", e.Command, len(e.Failed), e.Nodes)
	for i, err := range e.causes {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(err.Error())
	}
	return b.String()
}

// Unwrap gives the errors of all nodes that failed.
func (e *NodesError) Unwrap() []error { return e.causes }

func (f *fanOut) join() error {
	var replies [][]byte
	var failed NodesError
	for i, part := range f.parts {
		switch err := part.Err(); {
		case err == nil:
			replies = append(replies, part.reply)
		case errors.Is(err, errNodeLeft):
		default:
			failed.add(f.nodeOf(i), err)
		}
	}
	if len(replies) == 0 {
		return f.failure(&failed)
	}
	reply, err := f.merge(replies)
	if err != nil {
		return fmt.Errorf("redis: %s: %w", f.whole.FullName(), err)
	}
	err = decodeJoined(f.whole, reply)
	if err != nil && err != Nil || len(failed.Failed) == 0 || f.enough {
		return err
	}
	return f.failure(&failed)
}

// nodeOf is the address of the node that a part was sent to at last.
func (f *fanOut) nodeOf(part int) string {
	if n := f.b.items[f.at+part].node; n != nil {
		return n.addr
	}
	return f.places[part].shard.primary.addr
}

func (e *NodesError) add(node string, err error) {
	if e.Failed == nil {
		e.Failed = map[string]error{}
	}
	e.Failed[node] = err
	e.causes = append(e.causes, asNetError(fmt.Errorf("%s: %w", node, err)))
}

func (f *fanOut) failure(failed *NodesError) error {
	failed.Command, failed.Nodes = f.whole.FullName(), len(f.parts)
	if len(failed.causes) == 0 {
		return errNodeLeft
	}
	first := failed.Failed[f.nodeOf(0)]
	var reply Error
	if len(failed.Failed) < len(f.parts) || !errors.As(first, &reply) {
		return asNetError(failed)
	}
	for _, err := range failed.Failed {
		if err.Error() != first.Error() {
			return asNetError(failed)
		}
	}
	return first
}

// division is a command that is sent as several: one for each slot of its keys,
// one for each node that it concerns, or those that a page of SCAN takes.
type division interface {
	// addTo adds the parts to a batch.
	addTo(b *batch)
	// join makes the reply of the whole from those of the parts, and returns
	// its error.
	join() error
	command() Cmder
}

// divide divides cmd if it has to be; otherwise it returns nil.
func (c *ClusterClient) divide(ctx context.Context, cmd Cmder) (division, error) {
	info := cmd.command().lookup()
	if info == nil {
		return nil, nil
	}
	switch info.Request {
	case cmdinfo.ReqMultiShard:
		if p, ok := split(cmd); ok {
			return p, nil
		}
	case cmdinfo.ReqSpecial:
		if cursor, ok := isClusterScan(cmd, info); ok {
			return c.newClusterScan(ctx, cmd, cursor)
		}
	case cmdinfo.ReqAllShards, cmdinfo.ReqAllNodes:
		if merge := mergeFor(info); merge != nil {
			m, err := c.slotMap(ctx)
			if err != nil {
				return nil, err
			}
			return newFanOut(cmd, m, merge), nil
		}
	}
	return nil, nil
}

// processDivided sends the parts of a command and joins what comes back.
func (c *ClusterClient) processDivided(ctx context.Context, d division) error {
	b := c.newBatch()
	d.addTo(b)
	b.run(ctx)
	err := d.join()
	b.free()
	return err
}

// parts is a command whose keys are in several slots, split into one command a
// slot: MGET, MSET, DEL, UNLINK, EXISTS, TOUCH and whatever else the command
// table says may be split. The parts are not one atomic step, as the whole
// would be on a single server.
type parts struct {
	whole Cmder
	step  int       // arguments per key
	keys  []slotKey // by slot
	slots int
	list  []partCmd // once they are in a batch; its memory
}

// partCmd is one part. It keeps its reply as it came.
type partCmd struct {
	baseCmd
	once  bool      // the whole is not to be sent again
	keys  []slotKey // which of the whole's keys it has, in order
	reply []byte
}

// NoRetry is that of the whole.
func (c *partCmd) NoRetry() bool { return c.once }

func (c *partCmd) String() string { return c.text(string(c.reply)) }

func (c *partCmd) decode(d *resp.Decoder) error {
	if kind := d.Peek(); kind == resp.SimpleError || kind == resp.BulkError {
		return d.Skipped()
	}
	var err error
	c.reply, err = d.Raw()
	return err
}

// split prepares to divide cmd, if it may be divided and has keys in several
// slots.
func split(cmd Cmder) (*parts, bool) {
	b := cmd.command()
	info := b.lookup()
	if info == nil || info.Request != cmdinfo.ReqMultiShard || info.FirstKey != 1 || info.LastKey != -1 || info.KeyStep < 1 {
		return nil, false
	}
	step := int(info.KeyStep)
	if (b.argCount()-1)%step != 0 {
		return nil, false
	}
	keys, slots := bySlot(b, step)
	if slots < 2 {
		return nil, false
	}
	return &parts{whole: cmd, step: step, keys: keys, slots: slots}, true
}

// slotKey is a key of a command: its slot, and its place among the keys, in one
// number, so that sorting them is quick.
type slotKey uint64

func makeSlotKey(slot, index int) slotKey { return slotKey(slot)<<32 | slotKey(index) }
func (k slotKey) slot() int               { return int(k >> 32) }
func (k slotKey) index() int              { return int(uint32(k)) }

// bySlot sorts the command's keys by slot, those of a slot in their order, and
// counts the slots.
func bySlot(b *baseCmd, step int) (keys []slotKey, slots int) {
	n := (b.argCount() - 1) / step
	if n < 2 {
		return nil, n
	}
	keys = make([]slotKey, n)
	for i := range keys {
		keys[i] = makeSlotKey(keySlot(b.argText(1+i*step)), i)
	}
	slices.Sort(keys)
	slots = 1
	for i := range keys[1:] {
		if keys[i].slot() != keys[i+1].slot() {
			slots++
		}
	}
	return keys, slots
}

func (p *parts) command() Cmder { return p.whole }

func (p *parts) addTo(b *batch) {
	p.list = b.newParts(p.slots)
	b.items = slices.Grow(b.items, p.slots)
	whole := p.whole.command()
	read, once := whole.lookup().IsReadOnly(), p.whole.NoRetry()
	for i, from := 0, 0; from < len(p.keys); i++ {
		to := from + 1
		for to < len(p.keys) && p.keys[to].slot() == p.keys[from].slot() {
			to++
		}
		part := &p.list[i]
		part.once = once
		part.addArg(whole.arg(0))
		part.growArgs((to - from) * p.step)
		for _, key := range p.keys[from:to] {
			pos := 1 + key.index()*p.step
			for i := range p.step {
				part.addArg(whole.arg(pos + i))
			}
		}
		part.keys = p.keys[from:to]
		b.addFor(part, target{slot: int16(part.keys[0].slot()), read: read})
		from = to
	}
}

// PartialError is the error of a command over several slots of which some parts
// failed: the others have run. Where the reply has an element for each key, as
// that of MGET, the elements of the keys that failed are their errors.
type PartialError struct {
	// Command is the name of the command.
	Command string
	// Failed tells for each key that failed why it did.
	Failed map[string]error
	causes []error // in the order of the parts
}

// Error says how many keys failed, and why the first of them did.
func (e *PartialError) Error() string {
	return fmt.Sprintf("redis: %s: %d keys failed: %v", e.Command, len(e.Failed), e.causes[0])
}

// Unwrap gives the errors of all parts that failed: if a write is in doubt with one of
// them, the whole is [ErrWriteInDoubt].
func (e *PartialError) Unwrap() []error { return e.causes }

// join puts the reply of the whole together from those of the parts.
func (p *parts) join() error {
	failed := p.failure()
	if failed != nil && p.whole.command().lookup().Response == cmdinfo.RespAllSucceeded {
		return failed
	}
	reply, err := p.reply()
	if err != nil {
		return err
	}
	err = decodeJoined(p.whole, reply)
	if failed != nil {
		return failed
	}
	return err
}

// failure is the error if any part failed.
func (p *parts) failure() error {
	var failure *PartialError
	for i := range p.list {
		part := &p.list[i]
		err := part.Err()
		if err == nil {
			continue
		}
		if failure == nil {
			failure = &PartialError{Command: p.whole.Name(), Failed: map[string]error{}}
		}
		failure.causes = append(failure.causes, err)
		for pos := 1; pos < part.argCount(); pos += p.step {
			failure.Failed[part.argText(pos)] = err
		}
	}
	if failure == nil {
		return nil
	}
	return asNetError(failure)
}

// reply is the reply of the whole, as one server would have sent it.
func (p *parts) reply() ([]byte, error) {
	switch p.whole.command().lookup().Response {
	case cmdinfo.RespSum:
		return p.sum()
	case cmdinfo.RespAllSucceeded:
		return []byte("+OK\r\n"), nil
	}
	return p.inOrder()
}

func (p *parts) sum() ([]byte, error) {
	replies := [][]byte{[]byte(":0\r\n")}
	for i := range p.list {
		if part := &p.list[i]; part.Err() == nil {
			replies = append(replies, part.reply)
		}
	}
	return merges[cmdinfo.RespSum](replies)
}

// inOrder puts the elements into the order of the whole's keys. A part has its
// keys in that order, so that its reply is taken off from the front.
func (p *parts) inOrder() ([]byte, error) {
	partOf := make([]int32, len(p.keys))
	size := 16
	for i := range p.list {
		part := &p.list[i]
		if err := part.elements(); err != nil {
			return nil, err
		}
		size += len(part.reply)
		for _, key := range part.keys {
			partOf[key.index()] = int32(i)
		}
	}
	reply := resp.AppendArray(make([]byte, 0, size), len(p.keys))
	for _, i := range partOf {
		part := &p.list[i]
		d := resp.NewDecoder(part.reply, true)
		element, err := d.Raw()
		if err != nil {
			return nil, err
		}
		reply = append(reply, element...)
		part.reply = d.Rest()
	}
	return reply, nil
}

// elements leaves of the reply its elements, one for each key: errors, if the
// part has failed.
func (c *partCmd) elements() error {
	if err := c.Err(); err != nil {
		element := fmt.Appendf(nil, "-%s\r\n", oneLine(err))
		c.reply = bytes.Repeat(element, len(c.keys))
		return nil
	}
	d := resp.NewDecoder(c.reply, true)
	n, err := d.Array()
	if err != nil {
		return err
	}
	if n != len(c.keys) {
		return fmt.Errorf("redis: %s: %d values for %d keys", c.Name(), n, len(c.keys))
	}
	c.reply = d.Rest()
	return nil
}

// oneLine is an error's text as an error reply can hold it.
func oneLine(err error) string {
	return strings.NewReplacer("\r", " ", "\n", " ").Replace(err.Error())
}

// merge makes one reply of those of several nodes, in RESP. There is at least
// one, and none is an error.
type merge func(replies [][]byte) ([]byte, error)

// merges are the rules of the command table. What is special has no rule: it
// concerns one node only, unless specialMerges knows better.
var merges = map[cmdinfo.ResponsePolicy]merge{
	cmdinfo.RespDefault:      joinLists,
	cmdinfo.RespAllSucceeded: firstReply,
	cmdinfo.RespOneSucceeded: firstReply,
	cmdinfo.RespSum:          fold(sum),
	cmdinfo.RespMin:          fold(func(a, b int64) int64 { return min(a, b) }),
	cmdinfo.RespMax:          fold(func(a, b int64) int64 { return max(a, b) }),
	cmdinfo.RespLogicalAnd:   fold(func(a, b int64) int64 { return truth(a != 0 && b != 0) }),
	cmdinfo.RespLogicalOr:    fold(func(a, b int64) int64 { return truth(a != 0 || b != 0) }),
}

var specialMerges = map[string]merge{
	"acl|log":              joinListsOrFirst,
	"function|stats":       runningFirst,
	"keys":                 joinSets,
	"pubsub|channels":      joinSets,
	"pubsub|numsub":        sumByName,
	"pubsub|shardchannels": joinSets,
	"pubsub|shardnumsub":   sumByName,
	"randomkey":            anyReply,
}

// mergeFor returns how the replies to a command are merged; nil if it is for
// one node.
func mergeFor(info *cmdinfo.Command) merge {
	if special, ok := specialMerges[info.Name]; ok {
		return special
	}
	return merges[info.Response]
}

// decodeJoined gives cmd a reply that was put together.
func decodeJoined(cmd Cmder, reply []byte) error {
	d := resp.NewDecoder(reply, true)
	return cmd.decode(&d)
}

func firstReply(replies [][]byte) ([]byte, error) { return replies[0], nil }

// anyReply picks one at random that is not null, if there is one.
func anyReply(replies [][]byte) ([]byte, error) {
	first := rand.IntN(len(replies))
	for i := range replies {
		reply := replies[(first+i)%len(replies)]
		d := resp.NewDecoder(reply, true)
		if _, err := d.String(); err != Nil {
			return reply, nil
		}
	}
	return replies[0], nil
}

// runningFirst picks the reply of FUNCTION STATS that tells of a running
// script; the rest of it is the same everywhere.
func runningFirst(replies [][]byte) ([]byte, error) {
	for _, reply := range replies {
		d := resp.NewDecoder(reply, true)
		if stats, err := decodeFunctionStats(&d); err != nil || stats.Running() {
			return reply, err
		}
	}
	return replies[0], nil
}

// joinLists makes one list of all.
func joinLists(replies [][]byte) ([]byte, error) {
	total, joined := 0, []byte(nil)
	for _, reply := range replies {
		d := resp.NewDecoder(reply, true)
		n, err := d.Array()
		if err != nil {
			return nil, err
		}
		total += n
		joined = append(joined, d.Rest()...)
	}
	return append(fmt.Appendf(nil, "*%d\r\n", total), joined...), nil
}

// joinListsOrFirst is for a command that answers with a list, or with a status
// when it was told to empty it.
func joinListsOrFirst(replies [][]byte) ([]byte, error) {
	if !isList(replies[0]) {
		return firstReply(replies)
	}
	return joinLists(replies)
}

// joinSets makes one list of all, with each element once. A key that moves from
// one node to another while both are asked may be on both lists.
func joinSets(replies [][]byte) ([]byte, error) {
	if len(replies) == 1 {
		return replies[0], nil
	}
	seen := map[string]struct{}{}
	var joined []byte
	for _, reply := range replies {
		d := resp.NewDecoder(reply, true)
		n, err := d.Array()
		if err != nil {
			return nil, err
		}
		for range n {
			element := d.Rest()
			if err := d.Skip(); err != nil {
				return nil, err
			}
			element = element[:len(element)-len(d.Rest())]
			if _, twice := seen[string(element)]; !twice {
				seen[string(element)] = struct{}{}
				joined = append(joined, element...)
			}
		}
	}
	return append(fmt.Appendf(nil, "*%d\r\n", len(seen)), joined...), nil
}

// sumByName adds the numbers that go by the same name.
func sumByName(replies [][]byte) ([]byte, error) {
	var names []string
	sums := map[string]int64{}
	for i, reply := range replies {
		counted := map[string]bool{} // a caller may ask for a name twice
		d := resp.NewDecoder(reply, true)
		n, err := d.Pairs()
		if err != nil {
			return nil, err
		}
		for range n {
			name, err := d.String()
			if err != nil {
				return nil, err
			}
			number, err := d.Int()
			if err != nil {
				return nil, err
			}
			before, known := sums[name]
			if !known || i == 0 {
				names = append(names, name)
			}
			if !counted[name] {
				sums[name] = sum(before, number)
			}
			counted[name] = true
		}
	}
	joined := resp.AppendArray(nil, 2*len(names))
	for _, name := range names {
		joined = resp.AppendString(joined, name)
		joined = fmt.Appendf(joined, ":%d\r\n", sums[name])
	}
	return joined, nil
}

// fold combines integers, or lists of integers element by element.
func fold(combine func(a, b int64) int64) merge {
	return func(replies [][]byte) ([]byte, error) {
		var all []int64
		for i, reply := range replies {
			numbers, err := readNumbers(reply)
			switch {
			case err != nil:
				return nil, err
			case i == 0:
				all = numbers
				continue
			case len(numbers) != len(all):
				return nil, errors.New("the nodes answered lists of different lengths")
			}
			for j, n := range numbers {
				all[j] = combine(all[j], n)
			}
		}
		if !isList(replies[0]) {
			return fmt.Appendf(nil, ":%d\r\n", all[0]), nil
		}
		var b bytes.Buffer
		fmt.Fprintf(&b, "*%d\r\n", len(all))
		for _, n := range all {
			fmt.Fprintf(&b, ":%d\r\n", n)
		}
		return b.Bytes(), nil
	}
}

func isList(reply []byte) bool {
	d := resp.NewDecoder(reply, true)
	return d.Peek() == resp.Array
}

// readNumbers reads an integer, or a list of them.
func readNumbers(reply []byte) ([]int64, error) {
	d := resp.NewDecoder(reply, true)
	n := 1
	if isList(reply) {
		var err error
		if n, err = d.Array(); err != nil {
			return nil, err
		}
	}
	numbers := make([]int64, d.Cap(n))
	for i := range numbers {
		var err error
		if numbers[i], err = d.Int(); err != nil {
			return nil, err
		}
	}
	return numbers, nil
}

// sum adds numbers, and stays at the largest or the smallest instead of wrapping.
func sum(a, b int64) int64 {
	switch c := a + b; {
	case a > 0 && b > 0 && c < 0:
		return math.MaxInt64
	case a < 0 && b < 0 && c >= 0:
		return math.MinInt64
	default:
		return c
	}
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
