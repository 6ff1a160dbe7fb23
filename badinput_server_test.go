package redis

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The servers of these tests are scripted: no real one answers so. What each of
// these replies does to a single connection and its callers is tested in
// internal/wire (TestGarbage, TestTruncatedReply, TestDeath).

// misbehaviours is what ends a connection in place of a reply, and a part of the
// cause that the error names.
var misbehaviours = map[string]struct {
	reply reaction
	cause string
}{
	"garbage":                   {says("HTTP/1.1 400 Bad Request\r\n\r\n"), "protocol error"},
	"a length beyond any bound": {says("$99999999999\r\n"), "protocol error"},
	"a count beyond any bound":  {says("*999999999\r\n"), "protocol error"},
	"a negative length":         {says("$-7\r\n"), "protocol error"},
	"a string longer than said": {says("$1\r\nabc\r\n"), "protocol error"},
	"a truncated reply":         {thenHangsUp("$100\r\nonly the beginning"), "EOF"},
	"a truncated header":        {thenHangsUp("$1"), "EOF"},
	"no reply":                  {hangsUp, "EOF"},
}

func thenHangsUp(part string) reaction {
	return func(c *scriptedConn, args []string) {
		c.say(part)
		hangsUp(c, args)
	}
}

// quickly is for what has no reason to wait, on a machine that may be busy.
func quickly(t *testing.T, do func()) {
	t.Helper()
	began := time.Now()
	do()
	require.Less(t, time.Since(began), 2*time.Second)
}

// A connection on which nonsense came is dropped. A read is tried again, a write
// is in doubt and sent once, and the other nodes have nothing to do with it.
func TestNodeThatMisbehavesOnce(t *testing.T) {
	t.Parallel()
	for name, bad := range misbehaviours {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			servers := newScriptedCluster(t, 2)
			c := clusterOf(t, servers, nil)
			ctx := background(t)
			key, other := keyOn(0, slotCount/2-1), keyOn(slotCount/2, slotCount-1)
			for _, k := range []string{key, other} {
				require.NoError(t, c.Set(ctx, k, "v", 0).Err())
			}
			ever := func(s *scripted) int { _, n := s.connections(); return n }
			before := [2]int{ever(servers[0]), ever(servers[1])}

			servers[0].on("GET", inTurn(bad.reply, says(bulk("v"))))
			quickly(t, func() {
				v, err := c.Get(ctx, key).Result()
				require.NoError(t, err)
				require.Equal(t, "v", v)
			})
			require.Equal(t, 2, servers[0].count("GET"))
			require.Greater(t, ever(servers[0]), before[0], "on another connection")

			servers[0].on("INCR", inTurn(bad.reply, says(":1\r\n")))
			quickly(t, func() {
				err := c.Incr(ctx, key).Err()
				require.ErrorIs(t, err, ErrWriteInDoubt)
				require.ErrorContains(t, err, "redis: "+servers[0].addr+": ")
				require.ErrorContains(t, err, bad.cause)
				require.ErrorContains(t, err, "command sent")
				var lost *NodeError
				require.ErrorAs(t, err, &lost)
				require.Equal(t, servers[0].addr, lost.Node)
				require.Equal(t, 1, servers[0].count("INCR"))
				require.NoError(t, c.Incr(ctx, key).Err())
			})

			// In a pipeline it costs its own command, not that of the other node.
			servers[0].on("INCR", inTurn(bad.reply, says(":1\r\n")))
			quickly(t, func() {
				p := c.Pipeline()
				here, there := p.Incr(ctx, key), p.Incr(ctx, other)
				read := p.Get(ctx, other)
				_, err := p.Exec(ctx)
				require.ErrorIs(t, err, ErrWriteInDoubt)
				require.ErrorIs(t, here.Err(), ErrWriteInDoubt)
				require.NoError(t, there.Err())
				require.Equal(t, "v", read.Val())
			})
			require.Equal(t, 3, servers[0].count("INCR"))
			require.Equal(t, 1, servers[1].count("INCR"))

			// Each took its own connection along, and no other.
			require.EqualValues(t, 3, c.topology.node(servers[0].addr).client.PoolStats().StaleConns)
			require.Zero(t, c.topology.node(servers[1].addr).client.PoolStats().StaleConns)
		})
	}
}

// A node that never makes sense costs its readers as many attempts as MaxRetries
// allows, and then an error that says what it sent.
func TestNodeThatAlwaysMisbehaves(t *testing.T) {
	t.Parallel()
	for name, bad := range misbehaviours {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			servers := newScriptedCluster(t, 2)
			c := clusterOf(t, servers, nil)
			ctx := background(t)
			key, other := keyOn(0, slotCount/2-1), keyOn(slotCount/2, slotCount-1)
			servers[0].on("GET", bad.reply)
			require.NoError(t, c.Set(ctx, other, "v", 0).Err())
			quickly(t, func() {
				err := c.Get(ctx, key).Err()
				require.ErrorContains(t, err, "redis: "+servers[0].addr+": ")
				require.ErrorContains(t, err, bad.cause)
				require.NotErrorIs(t, err, ErrWriteInDoubt)
				require.Equal(t, 1+defaultMaxRetries, servers[0].count("GET"))
				require.Equal(t, "v", c.Get(ctx, other).Val())
			})
		})
	}
}

// A reply that is RESP but not what the command answers with costs nobody the
// connection, and is no reason to ask again.
func TestReplyOfTheWrongKind(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := clusterOf(t, []*scripted{s}, nil)
	ctx := background(t)
	require.NoError(t, c.Set(ctx, "key", "v", 0).Err())
	_, before := s.connections()
	s.on("GET", says("*1\r\n:1\r\n"))
	s.on("INCR", says("+OK\r\n"))
	require.ErrorContains(t, c.Get(ctx, "key").Err(), "redis: unexpected reply: ")
	err := c.Incr(ctx, "key").Err()
	require.ErrorContains(t, err, "redis: unexpected reply: ")
	require.NotErrorIs(t, err, ErrWriteInDoubt, "it ran")
	require.Equal(t, []string{"set key v", "get key", "incr key"}, s.received())
	_, after := s.connections()
	require.Equal(t, before, after)
}

// A node that refuses a client it used to let in is asked again only now and
// then, and nobody waits for it to change its mind.
func TestRightsLost(t *testing.T) {
	t.Parallel()
	for _, refusal := range []string{"WRONGPASS invalid username-password pair or user is disabled.", "NOAUTH Authentication required."} {
		t.Run(refusal, func(t *testing.T) {
			t.Parallel()
			servers := newScriptedCluster(t, 2)
			c := clusterOf(t, servers, func(o *ClusterOptions) { o.Username, o.Password = "app", "hush-hush" })
			ctx := background(t)
			key, other := keyOn(0, slotCount/2-1), keyOn(slotCount/2, slotCount-1)
			for _, k := range []string{key, other} {
				require.NoError(t, c.Set(ctx, k, "v", 0).Err())
			}
			before := servers[0].count("HELLO")
			servers[0].on("HELLO", says("-"+refusal+"\r\n"))
			servers[0].dropConns()
			awaitThat(t, "the loss is noticed", func() bool { return c.Get(ctx, key).Err() != nil })
			quickly(t, func() {
				for range 100 {
					err := c.Set(ctx, key, "v", 0).Err()
					require.ErrorContains(t, err, "redis: "+servers[0].addr+": authenticate: "+refusal)
					require.NotErrorIs(t, err, ErrWriteInDoubt)
					require.NotContains(t, err.Error(), "hush-hush")
					require.Equal(t, "v", c.Get(ctx, other).Val())
				}
			})
			// One for the commands, and those of loading the map.
			require.Less(t, servers[0].count("HELLO")-before, 8)
			require.Equal(t, 1, servers[0].count("SET"))
		})
	}
}

// A cluster that names no node of itself: the first commands fail, and say whom
// they asked; they do not wait for FailoverTimeout.
func TestMapOfNothing(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]string{
		"empty":                         "*0\r\n",
		"all of it in unknown places":   slotsReply(scriptedRange{0, slotCount - 1, []string{"?:6379"}}),
		"only ranges that are nobody's": slotsReply(scriptedRange{0, slotCount - 1, nil}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			s.on("CLUSTER SLOTS", says(reply))
			c := clusterOf(t, []*scripted{s}, nil)
			quickly(t, func() {
				require.EqualError(t, c.Get(background(t), "key").Err(), "redis: "+s.addr+": CLUSTER SLOTS: no slot is served by a known node")
			})
			require.Equal(t, 1+defaultMaxRetries, s.count("CLUSTER SLOTS"))
			require.Zero(t, s.count("GET"))

			// Its slots are given out at last.
			s.on("CLUSTER SLOTS", says(s.slotsReply()))
			require.NoError(t, c.Set(background(t), "key", "v", 0).Err())
		})
	}
}

// Answers to CLUSTER SLOTS that cannot be used, whose error has to say so.
func TestMapOfNonsense(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]string{
		"+OK\r\n":                        "CLUSTER SLOTS: redis: unexpected reply: ",
		"-ERR no\r\n":                    "CLUSTER SLOTS: ERR no",
		"$9999999999\r\n":                "protocol error",
		"*1\r\n*1\r\n:0\r\n":             "CLUSTER SLOTS: ",
		"*1\r\n*3\r\n:0\r\n:5\r\n+x\r\n": "CLUSTER SLOTS: ",
	} {
		t.Run(strings.ReplaceAll(reply, "\r\n", " "), func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			s.on("CLUSTER SLOTS", says(reply))
			c := clusterOf(t, []*scripted{s}, nil)
			quickly(t, func() {
				err := c.Get(background(t), "key").Err()
				require.ErrorContains(t, err, "redis: "+s.addr+": ")
				require.ErrorContains(t, err, want)
			})
			require.LessOrEqual(t, s.count("CLUSTER SLOTS"), 1+defaultMaxRetries)
		})
	}
}

// A node that does not say where it is, is where it was asked; one that knows
// not where another is leaves a hole in the map, which concerns no other slot.
func TestMapWithoutHosts(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	third := slotCount / 3
	s.setSlots(
		scriptedRange{0, third - 1, []string{"NULL:" + s.port()}},
		scriptedRange{third, 2*third - 1, []string{":" + s.port()}},
		scriptedRange{2 * third, slotCount - 1, []string{"?:" + s.port()}})
	var mu sync.Mutex
	dialled := map[string]bool{}
	c := clusterOf(t, []*scripted{s}, func(o *ClusterOptions) {
		o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
			mu.Lock()
			dialled[addr] = true
			mu.Unlock()
			return new(net.Dialer).DialContext(ctx, network, addr)
		}
		o.FailoverTimeout = -1
	})
	ctx := background(t)
	for _, key := range []string{keyOn(0, third-1), keyOn(third, 2*third-1)} {
		require.NoError(t, c.Set(ctx, key, "v", 0).Err())
		require.Equal(t, "v", c.Get(ctx, key).Val())
	}
	lost := keyOn(2*third, slotCount-1)
	quickly(t, func() {
		err := c.Get(ctx, lost).Err()
		require.Equal(t, &uncoveredError{keySlot(lost)}, err)
		require.ErrorContains(t, err, "redis: no node of the cluster serves slot ")
	})
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, map[string]bool{s.addr: true}, dialled)
}
