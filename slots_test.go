package redis

import (
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// readSlotsReply decodes an answer to CLUSTER SLOTS and takes it apart.
func readSlotsReply(reply, asked string) ([]slotRange, error) {
	d := resp.NewDecoder([]byte(reply), true)
	cmd := &ClusterSlotsCmd{lenient: true}
	if err := cmd.decode(&d); err != nil {
		return nil, err
	}
	return readSlots(cmd.val, asked)
}

// plain are the addresses of nodes that are announced by nothing else.
func plain(addrs ...string) (nodes []announced) {
	for _, addr := range addrs {
		nodes = append(nodes, announced{addr: addr})
	}
	return nodes
}

func TestReadSlots(t *testing.T) {
	t.Parallel()
	// node encodes the first two elements of a node, and what is given besides.
	node := func(host, port string, more ...string) string {
		s := fmt.Sprintf("*%d\r\n%s%s", 2+len(more), host, port)
		for _, m := range more {
			s += m
		}
		return s
	}
	one := func(nodes ...string) string {
		s := fmt.Sprintf("*1\r\n*%d\r\n:0\r\n:16383\r\n", 2+len(nodes))
		for _, n := range nodes {
			s += n
		}
		return s
	}
	id := bulk("07c37dfeb235213a872192d90877d0cd55635b91")
	whole := func(nodes ...announced) []slotRange { return []slotRange{{0, 16383, nodes}} }
	for _, test := range []struct {
		name, reply, asked string
		want               []slotRange
	}{
		{"a primary and a replica", slotsReply(scriptedRange{0, 16383, []string{"10.0.0.1:6379", "10.0.0.2:6379"}}), "h:1",
			whole(plain("10.0.0.1:6379", "10.0.0.2:6379")...)},
		{"many ranges of one primary", slotsReply(
			scriptedRange{0, 0, []string{"a:1"}}, scriptedRange{2, 5, []string{"a:1"}}, scriptedRange{16383, 16383, []string{"b:1"}}), "h:1",
			[]slotRange{{0, 0, plain("a:1")}, {2, 5, plain("a:1")}, {16383, 16383, plain("b:1")}}},
		{"two elements, as the first servers sent", one(node(bulk("10.0.0.1"), ":6379\r\n")), "h:1", whole(plain("10.0.0.1:6379")...)},
		{"without metadata", one(node(bulk("10.0.0.1"), ":6379\r\n", id)), "h:1", whole(plain("10.0.0.1:6379")...)},
		{"the host is NULL in RESP3", one(node("_\r\n", ":6379\r\n", id, "*0\r\n")), "10.9.9.9:7000", whole(plain("10.9.9.9:6379")...)},
		{"the host is NULL in RESP2", one(node("$-1\r\n", ":6379\r\n", id, "*0\r\n")), "10.9.9.9:7000", whole(plain("10.9.9.9:6379")...)},
		{"the host is empty", one(node(bulk(""), ":6379\r\n", id)), "10.9.9.9:7000", whole(plain("10.9.9.9:6379")...)},
		{"the host is empty, asked over IPv6", one(node(bulk(""), ":6379\r\n", id)), "[::1]:7000", whole(plain("[::1]:6379")...)},
		{"IPv6", one(node(bulk("2001:db8::1"), ":6379\r\n", id)), "h:1", whole(plain("[2001:db8::1]:6379")...)},
		{"a replica that is not known", one(node(bulk("a"), ":1\r\n"), node(bulk("?"), ":2\r\n"), node(bulk("c"), ":3\r\n")), "h:1", whole(plain("a:1", "c:3")...)},
		{"a replica without a port", one(node(bulk("a"), ":1\r\n"), node(bulk("b"), ":0\r\n")), "h:1", whole(plain("a:1")...)},
		{"a range whose primary is not known", slotsReply(scriptedRange{0, 99, []string{"?:1", "b:1"}}, scriptedRange{100, 200, []string{"c:1"}}), "h:1",
			[]slotRange{{100, 200, plain("c:1")}}},
		{"a range without nodes", slotsReply(scriptedRange{0, 99, nil}, scriptedRange{100, 200, []string{"c:1"}}), "h:1",
			[]slotRange{{100, 200, plain("c:1")}}},
		{"the port as a string", one(node(bulk("a"), bulk("6379"))), "h:1", whole(plain("a:6379")...)},
		{"a name in the metadata, RESP2", one(node(bulk("10.0.0.1"), ":1\r\n", id, "*2\r\n"+bulk("hostname")+bulk("a.example"))), "h:1",
			whole(announced{addr: "10.0.0.1:1", hostname: "a.example"})},
		{"a name in the metadata, RESP3", one(node(bulk("10.0.0.1"), ":1\r\n", id, "%1\r\n"+bulk("hostname")+bulk("a.example"))), "h:1",
			whole(announced{addr: "10.0.0.1:1", hostname: "a.example"})},
		{"a name that is also the address", one(node(bulk("a.example"), ":1\r\n", id, "*4\r\n"+bulk("ip")+bulk("10.0.0.1")+bulk("hostname")+bulk("a.example"))), "h:1",
			whole(plain("a.example:1")...)},
		{"a name that is not known", one(node(bulk("10.0.0.1"), ":1\r\n", id, "*2\r\n"+bulk("hostname")+bulk("?"))), "h:1", whole(plain("10.0.0.1:1")...)},
		{"metadata with more in it", one(node(bulk("a"), ":1\r\n", id, "*2\r\n"+bulk("availability-zone")+bulk("z1"))), "h:1", whole(plain("a:1")...)},
		{"more elements than are known", one(node(bulk("a"), ":1\r\n", id, "*0\r\n", "*1\r\n:1\r\n", "+x\r\n"), node(bulk("b"), ":2\r\n")), "h:1", whole(plain("a:1", "b:2")...)},
		{"a loopback address, asked from afar", one(node(bulk("127.0.0.1"), ":7001\r\n", id)), "10.9.9.9:7000", whole(plain("10.9.9.9:7001")...)},
		{"a loopback address, asked there", one(node(bulk("127.0.0.1"), ":7001\r\n", id)), "127.0.0.1:7000", whole(plain("127.0.0.1:7001")...)},
		{"one host with two ports", slotsReply(scriptedRange{0, 16383, []string{"x.cache:6379", "x.cache:6380"}}), "x.cache:6379",
			whole(plain("x.cache:6379", "x.cache:6380")...)},
		{"a range that there cannot be, beside a good one", slotsReply(
			scriptedRange{0, 16384, []string{"a:1"}}, scriptedRange{-1, 3, []string{"a:1"}}, scriptedRange{5, 9, []string{"b:1"}}), "h:1",
			[]slotRange{{5, 9, plain("b:1")}}},
		{"a range that cannot be read, beside a good one", "*4\r\n*1\r\n:0\r\n+x\r\n*3\r\n+a\r\n+b\r\n*0\r\n*3\r\n:5\r\n:9\r\n*2\r\n+b\r\n:1\r\n", "h:1",
			[]slotRange{{5, 9, plain("b:1")}}},
		{"a replica that cannot be read", one(node(bulk("a"), ":1\r\n"), "*1\r\n+x\r\n", ":5\r\n", node(bulk("c"), ":3\r\n")), "h:1", whole(plain("a:1", "c:3")...)},
		{"metadata of another form", one(node(bulk("a"), ":1\r\n", id, bulk("zone")), node(bulk("b"), ":2\r\n", id, "*1\r\n+x\r\n"),
			node(bulk("c"), ":3\r\n", id, "%1\r\n+hostname\r\n*1\r\n:1\r\n")), "h:1", whole(plain("a:1", "b:2", "c:3")...)},
		{"a host that is none", one(node(bulk("a"), ":1\r\n"), node(bulk("b\x1b[2J"), ":2\r\n"), node(bulk("b b"), ":2\r\n"), node(bulk(strings.Repeat("b", 256)), ":2\r\n")), "h:1", whole(plain("a:1")...)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ranges, err := readSlotsReply(test.reply, test.asked)
			require.NoError(t, err)
			require.Equal(t, test.want, ranges)
		})
	}
}

func TestReadSlotsRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, reply, err string }{
		{"nothing", "*0\r\n", "h:1: CLUSTER SLOTS: no slot is served by a known node"},
		{"only unknown nodes", slotsReply(scriptedRange{0, 16383, []string{"?:1"}}), "no slot is served by a known node"},
		{"a slot above the last", slotsReply(scriptedRange{0, 16384, []string{"a:1"}}), "no range of slots 0-16384"},
		{"a negative slot", slotsReply(scriptedRange{-1, 5, []string{"a:1"}}), "no range of slots -1-5"},
		{"a range the wrong way round", slotsReply(scriptedRange{5, 4, []string{"a:1"}}), "no range of slots 5-4"},
		{"an error", "-ERR This instance has cluster support disabled\r\n", "ERR This instance has cluster support disabled"},
		{"null", "_\r\n", "redis: nil"},
		{"text", "+OK\r\n", "unexpected reply"},
		{"a range of one element", "*1\r\n*1\r\n:0\r\n", "a range of 1 elements"},
		{"a node of one element", "*1\r\n*3\r\n:0\r\n:1\r\n*1\r\n+a\r\n", "a node of 1 elements"},
		{"slots that are no numbers", "*1\r\n*3\r\n+a\r\n+b\r\n*0\r\n", "unexpected reply"},
		{"only a port that is none", slotsReply(scriptedRange{0, 16383, []string{"a:70000"}}), "no slot is served by a known node"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := readSlotsReply(test.reply, "h:1")
			require.ErrorContains(t, err, test.err)
		})
	}
}

// nodeMaker gives every address its own node.
func nodeMaker() func(announced) *node {
	known := map[string]*node{}
	return func(a announced) *node {
		n := known[a.addr]
		if n == nil {
			n = &node{announced: a}
			known[a.addr] = n
		}
		return n
	}
}

func addrsOf(nodes []*node) []string {
	list := []string{}
	for _, n := range nodes {
		list = append(list, n.addr)
	}
	return list
}

// layoutOf is the map as text: the address of the primary of every slot, and of
// its replicas.
func layoutOf(m *slotMap) []slotRange {
	var ranges []slotRange
	for slot := range slotCount {
		s := m.at(slot)
		if s == nil {
			continue
		}
		nodes := plain(addrsOf(s.nodes)...)
		if n := len(ranges); n > 0 && ranges[n-1].last == slot-1 && slices.Equal(ranges[n-1].nodes, nodes) {
			ranges[n-1].last = slot
			continue
		}
		ranges = append(ranges, slotRange{slot, slot, nodes})
	}
	return ranges
}

func TestSlotMap(t *testing.T) {
	t.Parallel()
	ranges := []slotRange{{0, 99, plain("a:1", "b:1", "c:1")}, {100, 16382, plain("d:1", "e:1")}, {16383, 16383, plain("a:1", "b:1", "c:1")}}
	m := newSlotMap(ranges, nil, nodeMaker())
	require.Equal(t, ranges, layoutOf(m))
	require.Same(t, m.at(0), m.at(16383), "one shard, however many ranges it has")
	require.Equal(t, []string{"a:1", "d:1"}, addrsOf(m.primaries()))
	require.Equal(t, []string{"b:1", "c:1", "e:1"}, addrsOf(m.replicas()))
	require.Equal(t, []string{"a:1", "d:1", "b:1", "c:1", "e:1"}, addrsOf(m.nodes))
	require.True(t, m.isPrimary(m.at(0).primary))
	require.False(t, m.isPrimary(m.at(0).replicas[0]))
}

// Every slot has a place in the map, and a hole is one.
func TestSlotMapHoles(t *testing.T) {
	t.Parallel()
	m := newSlotMap([]slotRange{{1, 1, plain("a:1")}}, nil, nodeMaker())
	for slot := range slotCount {
		require.Equal(t, slot == 1, m.at(slot) != nil, slot)
	}
	all := make([]slotRange, slotCount)
	for slot := range all {
		all[slot] = slotRange{slot, slot, plain("h:" + strconv.Itoa(slot+1))}
	}
	m = newSlotMap(all, m, nodeMaker())
	require.Len(t, m.primaries(), slotCount)
	for slot := range slotCount {
		require.Equal(t, "h:"+strconv.Itoa(slot+1), m.at(slot).primary.addr)
	}
}

// What an answer leaves out stays as it was.
func TestPartialAnswer(t *testing.T) {
	t.Parallel()
	nodeFor := nodeMaker()
	full := newSlotMap([]slotRange{{0, 8191, plain("a:1", "b:1")}, {8192, 16383, plain("c:1", "d:1")}}, nil, nodeFor)
	m := newSlotMap([]slotRange{{0, 99, plain("e:1")}}, full, nodeFor)
	require.Equal(t, []slotRange{{0, 99, plain("e:1")}, {100, 8191, plain("a:1", "b:1")}, {8192, 16383, plain("c:1", "d:1")}}, layoutOf(m))

	// A primary that is still there has the replicas it has now.
	m = newSlotMap([]slotRange{{0, 99, plain("a:1", "f:1")}}, full, nodeFor)
	require.Equal(t, []slotRange{{0, 8191, plain("a:1", "f:1")}, {8192, 16383, plain("c:1", "d:1")}}, layoutOf(m))
	require.Equal(t, []string{"a:1", "c:1", "f:1", "d:1"}, addrsOf(m.nodes))
}

func TestMovedSlot(t *testing.T) {
	t.Parallel()
	nodeFor := nodeMaker()
	at := func(addr string) *node { return nodeFor(announced{addr: addr}) }
	m := newSlotMap([]slotRange{{0, 8191, plain("a:1", "b:1", "c:1")}, {8192, 16000, plain("d:1", "e:1")}}, nil, nodeFor)
	before := layoutOf(m)
	for _, test := range []struct {
		name string
		slot int
		to   string
		want []slotRange
	}{
		{"to another primary", 5, "d:1", []slotRange{{0, 4, plain("a:1", "b:1", "c:1")}, {5, 5, plain("d:1", "e:1")}, {6, 8191, plain("a:1", "b:1", "c:1")}, {8192, 16000, plain("d:1", "e:1")}}},
		{"to a stranger", 5, "x:1", []slotRange{{0, 4, plain("a:1", "b:1", "c:1")}, {5, 5, plain("x:1")}, {6, 8191, plain("a:1", "b:1", "c:1")}, {8192, 16000, plain("d:1", "e:1")}}},
		{"to its own replica: the whole shard", 5, "c:1", []slotRange{{0, 8191, plain("c:1", "a:1", "b:1")}, {8192, 16000, plain("d:1", "e:1")}}},
		{"to a replica of another shard", 5, "e:1", []slotRange{{0, 4, plain("a:1", "b:1", "c:1")}, {5, 5, plain("e:1")}, {6, 8191, plain("a:1", "b:1", "c:1")}, {8192, 16000, plain("d:1", "e:1")}}},
		{"out of a hole", 16383, "d:1", append(slices.Clone(before), slotRange{16383, 16383, plain("d:1", "e:1")})},
	} {
		t.Run(test.name, func(t *testing.T) {
			moved := m.moved(test.slot, at(test.to))
			require.Equal(t, test.want, layoutOf(moved))
			require.Equal(t, before, layoutOf(m), "the map that was is not changed")
			require.Contains(t, addrsOf(moved.nodes), test.to)
			listed := addrsOf(moved.nodes)
			require.Len(t, slices.Compact(slices.Sorted(slices.Values(listed))), len(listed), "each node once")
		})
	}
}

// A slot that moves costs one block of slots, however many shards there are.
func TestMovedSlotSharesTheRest(t *testing.T) {
	t.Parallel()
	nodeFor := nodeMaker()
	m := newSlotMap(manyShards(500), nil, nodeFor)
	to := nodeFor(announced{addr: "h:400"})
	moved := m.moved(5, to)
	require.Same(t, to, moved.at(5).primary)
	require.Same(t, &m.shards[0], &moved.shards[0])
	require.Same(t, &m.nodes[0], &moved.nodes[0])
	for i := range m.slots {
		require.Equal(t, i == 0, m.slots[i] != moved.slots[i])
	}
	require.Equal(t, "h:0", m.at(5).primary.addr, "the map that was is not changed")
}

// manyShards is the ranges of a cluster of n shards, each with a replica.
func manyShards(n int) []slotRange {
	ranges := make([]slotRange, n)
	for i := range ranges {
		ranges[i] = slotRange{i * slotCount / n, (i+1)*slotCount/n - 1, plain("h:"+strconv.Itoa(i), "r:"+strconv.Itoa(i))}
	}
	return ranges
}

// While slots migrate there is a MOVED for each.
func BenchmarkMoved(b *testing.B) {
	for _, shards := range []int{3, 50, 500} {
		b.Run(strconv.Itoa(shards), func(b *testing.B) {
			top := testTopology(b)
			top.publish(manyShards(shards), time.Now())
			b.ReportAllocs()
			slot := 0
			for b.Loop() {
				slot = (slot + 7) % slotCount
				to := "h:" + strconv.Itoa(slot*shards/slotCount)
				if top.now.Load().at(slot).primary.addr == to {
					to = "h:" + strconv.Itoa(shards-1)
				}
				top.moved(slot, to)
			}
		})
	}
}

// testTopology is a topology that asks nobody by itself.
func testTopology(t testing.TB) *topology {
	t.Helper()
	c := NewClusterClient(&ClusterOptions{
		Addrs:                      []string{"127.0.0.1:1"},
		ClusterStateReloadInterval: -1,
		Dialer:                     refuses,
	})
	require.NoError(t, c.err)
	t.Cleanup(func() { _ = c.Close() })
	return c.topology
}

func TestPublish(t *testing.T) {
	t.Parallel()
	top := testTopology(t)
	require.True(t, top.publish([]slotRange{{0, 16383, plain("a:1", "b:1")}}, time.Now()), "nodes are new")
	require.False(t, top.publish([]slotRange{{0, 16383, plain("a:1", "b:1")}}, time.Now()))
	a := top.node("a:1")
	require.False(t, top.publish([]slotRange{{0, 16383, plain("b:1", "a:1")}}, time.Now()))
	require.Same(t, a, top.node("a:1"), "a node stays the same in another role")
	require.True(t, a.wasPrimary())

	// A node that has left is closed, and one that returns is new.
	require.True(t, top.publish([]slotRange{{0, 16383, plain("c:1", "b:1")}}, time.Now()))
	require.True(t, a.client.pool.closed)
	require.Len(t, top.nodes, 2)
	require.NotSame(t, a, top.node("a:1"))
}

// What a MOVED has told stays through answers that are older than it.
func TestPatchesSurviveOlderAnswers(t *testing.T) {
	t.Parallel()
	top := testTopology(t)
	answer := []slotRange{{0, 8191, plain("a:1", "b:1")}, {8192, 16383, plain("c:1", "d:1")}}
	asked := time.Now()
	top.publish(answer, asked)
	top.moved(7, "c:1")
	top.moved(9000, "d:1")
	top.moved(8, "x:1")
	want := []slotRange{
		{0, 6, plain("a:1", "b:1")}, {7, 7, plain("d:1", "c:1")}, {8, 8, plain("x:1")}, {9, 8191, plain("a:1", "b:1")},
		{8192, 16383, plain("d:1", "c:1")},
	}
	require.Equal(t, want, layoutOf(top.now.Load()))

	top.publish(answer, asked)
	got := top.now.Load()
	require.Equal(t, "x:1", got.at(8).primary.addr)
	require.Equal(t, "d:1", got.at(9000).primary.addr)
	require.Equal(t, "d:1", got.at(16383).primary.addr)
	require.Equal(t, "a:1", got.at(9).primary.addr)
	require.Contains(t, []string{"c:1", "d:1"}, got.at(7).primary.addr) // both were told, in turn
	require.Contains(t, addrsOf(got.nodes), "x:1")

	top.publish(answer, time.Now())
	require.Equal(t, answer, layoutOf(top.now.Load()))
	require.Empty(t, top.patches)
	require.Len(t, top.nodes, 4, "x:1 is closed")
}

// A node that is announced with a host name is another one than before, also where
// a MOVED has named it meanwhile, or an answer lacks its slots: what it was until
// then is closed.
func TestNodesThatGetAHostName(t *testing.T) {
	t.Parallel()
	named := []announced{{addr: "b:1", hostname: "b.example"}}
	answer := []slotRange{{0, 8191, plain("a:1")}, {8192, 16383, named}}
	t.Run("moved", func(t *testing.T) {
		t.Parallel()
		top := testTopology(t)
		asked := time.Now()
		top.publish([]slotRange{{0, 16383, plain("a:1")}}, asked)
		b := top.moved(7, "b:1")
		top.moved(8, "b:1")
		top.publish(answer, asked)
		require.Same(t, top.node("b:1"), top.now.Load().at(7).primary)
		require.Same(t, top.node("b:1"), top.now.Load().at(8).primary)
		require.Equal(t, "b.example", top.node("b:1").hostname)
		require.Len(t, top.now.Load().nodes, 2)
		require.True(t, b.client.pool.closed)
	})
	for _, end := range []func(*topology){
		func(top *topology) { top.publish(answer, time.Now()) },
		func(top *topology) { require.NoError(t, top.close()) },
	} {
		t.Run("uncovered", func(t *testing.T) {
			t.Parallel()
			top := testTopology(t)
			top.publish([]slotRange{{0, 8191, plain("a:1")}, {8192, 16383, plain("b:1")}}, time.Now())
			b := top.node("b:1")
			top.publish([]slotRange{{0, 8191, plain("a:1")}, {8192, 9000, named}}, time.Now())
			require.NotSame(t, b, top.node("b:1"))
			require.Same(t, b, top.now.Load().at(9001).primary)
			require.False(t, b.client.pool.closed)
			end(top)
			require.True(t, b.client.pool.closed)
		})
	}
}

// A MOVED that says what is known already changes nothing.
func TestMovedTellsNothingNew(t *testing.T) {
	t.Parallel()
	top := testTopology(t)
	top.publish([]slotRange{{0, 16383, plain("a:1", "b:1")}}, time.Now())
	before := top.now.Load()
	require.Same(t, before.at(0).primary, top.moved(7, "a:1"))
	require.Same(t, before, top.now.Load())
	require.Empty(t, top.patches)
}

// A redirect that is on its way when the client is closed opens nothing.
func TestMovedAfterClose(t *testing.T) {
	t.Parallel()
	top := testTopology(t)
	top.publish([]slotRange{{0, 16383, plain("a:1")}}, time.Now())
	require.NoError(t, top.close())
	for _, n := range []*node{top.moved(7, "late:1"), top.node("later:1")} {
		_, err := n.client.pool.lane(background(t))
		require.ErrorIs(t, err, ErrClosed, n.addr)
	}
}

// One slot that a MOVED names goes to its new owner at once; a replica that has
// taken over takes every slot of the shard along.
func TestMovedPatchesTheMap(t *testing.T) {
	t.Parallel()
	primary, replicas := newScriptedShard(t, 1)
	replica := replicas[0]
	c := clusterOf(t, []*scripted{primary}, nil)
	ctx := background(t)
	require.NoError(t, c.Set(ctx, "one", "v", 0).Err())
	// From now on CLUSTER SLOTS gives no map: only MOVED tells.
	for _, s := range []*scripted{primary, replica} {
		s.on("CLUSTER SLOTS", says("-ERR not now\r\n"))
	}
	for i := range 8 {
		key := fmt.Sprint("key", i)
		primary.on("SET", moves("MOVED", key, replica.addr))
		require.NoError(t, c.Set(ctx, key, "v", 0).Err())
	}
	require.Equal(t, 2, primary.count("SET"))
	require.Equal(t, 8, replica.count("SET"))
}

func FuzzClusterSlots(f *testing.F) {
	for _, seed := range []string{
		slotsReply(scriptedRange{0, 16383, []string{"10.0.0.1:6379", "10.0.0.2:6379"}}),
		slotsReply(scriptedRange{0, 99, []string{"NULL:1", ":2", "?:3"}}, scriptedRange{50, 16383, []string{"::1:6379"}}),
		slotsReply(scriptedRange{0, 16384, []string{"a:1"}}), slotsReply(), "_\r\n", "-ERR no\r\n", "*-1\r\n", "*1\r\n*2\r\n:0\r\n:5\r\n",
		"*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$1\r\na\r\n$5\r\n99999\r\n", "~1\r\n*3\r\n:0\r\n:1\r\n%1\r\n+a\r\n:1\r\n", "*?\r\n.\r\n",
		"*1\r\n*3\r\n:0\r\n:1\r\n*5\r\n+a\r\n:1\r\n+id\r\n%1\r\n+hostname\r\n+n\r\n*1\r\n_\r\n",
	} {
		f.Add([]byte(seed), "10.9.9.9:7000")
		f.Add([]byte(seed), "malformed")
	}
	old := newSlotMap([]slotRange{{0, 8191, plain("a:1", "b:1")}, {8192, 16000, plain("c:1")}}, nil, nodeMaker())
	f.Fuzz(func(t *testing.T, reply []byte, asked string) {
		d := resp.NewDecoder(reply, true)
		cmd := &ClusterSlotsCmd{lenient: true}
		if cmd.decode(&d) != nil {
			return
		}
		ranges, err := readSlots(cmd.val, asked)
		if err != nil {
			return
		}
		require.NotEmpty(t, ranges)
		for _, r := range ranges {
			for _, a := range r.nodes {
				_, port, err := net.SplitHostPort(a.addr)
				require.NoError(t, err)
				n, err := strconv.ParseUint(port, 10, 16)
				require.NoError(t, err)
				require.NotZero(t, n)
			}
		}
		checkSlotMap(t, newSlotMap(ranges, nil, nodeMaker()), ranges, nil)
		nodeFor := nodeMaker()
		m := newSlotMap(ranges, old, nodeFor)
		checkSlotMap(t, m, ranges, old)
		slot := ranges[0].first
		to := nodeFor(announced{addr: "fuzz:1"})
		require.Same(t, to, m.moved(slot, to).at(slot).primary)
	})
}

// checkSlotMap holds a map against the ranges it was made of: the last word on
// a slot counts, and where there is none the old map's.
func checkSlotMap(t *testing.T, m *slotMap, ranges []slotRange, old *slotMap) {
	t.Helper()
	want := make([]string, slotCount)
	for slot := range want {
		if old != nil && old.at(slot) != nil {
			want[slot] = old.at(slot).primary.addr
		}
	}
	for _, r := range ranges {
		for slot := r.first; slot <= r.last; slot++ {
			want[slot] = r.nodes[0].addr
		}
	}
	for slot, addr := range want {
		s := m.at(slot)
		if addr == "" {
			require.Nil(t, s, slot)
			continue
		}
		if s == nil || s.primary.addr != addr || len(s.nodes) != 1+len(s.replicas) {
			require.Failf(t, "wrong shard", "slot %d: %+v, want primary %s", slot, s, addr)
		}
	}
}

// TestRandomLayouts makes layouts as clusters have them, and reads them back.
func TestRandomLayouts(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		shards := 1 + random.IntN(40)
		replicas := random.IntN(4)
		var ranges []scriptedRange
		for first := 0; first < slotCount; {
			last := min(slotCount-1, first+random.IntN(2000))
			if random.IntN(10) > 0 { // else a hole
				shard := random.IntN(shards)
				r := scriptedRange{first, last, nil}
				for i := range 1 + replicas {
					r.nodes = append(r.nodes, fmt.Sprintf("10.0.%d.%d:6379", shard, i))
				}
				ranges = append(ranges, r)
			}
			first = last + 1
		}
		if len(ranges) == 0 {
			continue
		}
		random.Shuffle(len(ranges), func(i, j int) { ranges[i], ranges[j] = ranges[j], ranges[i] })
		got, err := readSlotsReply(slotsReply(ranges...), "h:1")
		require.NoError(t, err)
		m := newSlotMap(got, nil, nodeMaker())
		checkSlotMap(t, m, got, nil)
		for _, s := range m.shards[1:] {
			require.Len(t, s.replicas, replicas)
		}
		require.Len(t, m.nodes, len(m.primaries())*(1+replicas))
	}
}
