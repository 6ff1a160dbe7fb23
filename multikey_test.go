package redis

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// divided is the parts of cmd, if it is divided.
func divided(cmd Cmder) (*parts, bool) {
	p, ok := split(cmd)
	if ok {
		p.addTo(new(batch))
	}
	return p, ok
}

// partsOf is the commands that cmd is split into; nil when it is not.
func partsOf(cmd Cmder) []string {
	p, ok := divided(cmd)
	if !ok {
		return nil
	}
	var list []string
	for i := range p.list {
		var words []string
		for pos := range p.list[i].argCount() {
			a := p.list[i].arg(pos)
			words = append(words, a.str())
		}
		list = append(list, strings.Join(words, " "))
	}
	return list
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		command string
		want    []string
	}{
		{"mget {a}1 {b}1 {a}2", []string{"mget {a}1 {a}2", "mget {b}1"}},
		{"MGET {a}1 {b}1", []string{"MGET {a}1", "MGET {b}1"}},
		{"del {b}1 {a}1 {c}1 {a}1", []string{"del {a}1 {a}1", "del {b}1", "del {c}1"}},
		{"unlink {a}1 {b}1", []string{"unlink {a}1", "unlink {b}1"}},
		{"exists {a}1 {b}1", []string{"exists {a}1", "exists {b}1"}},
		{"touch {a}1 {b}1", []string{"touch {a}1", "touch {b}1"}},
		{"mset {a}1 v {b}1 w {a}2 x", []string{"mset {a}1 v {a}2 x", "mset {b}1 w"}},
		// one slot
		{"mget {a}1 {a}2", nil},
		{"mget k", nil},
		{"mset k v", nil},
		{"del", nil},
		{"mget", nil},
		// what must not, or cannot, be split
		{"msetnx {a}1 v {b}1 w", nil},
		{"mset {a}1 v {b}1", nil},
		{"sinter {a}1 {b}1", nil},
		{"rename {a}1 {b}1", nil},
		{"pfcount {a}1 {b}1", nil},
		{"no.such {a}1 {b}1", nil},
	} {
		t.Run(test.command, func(t *testing.T) {
			t.Parallel()
			var args []any
			for word := range strings.FieldsSeq(test.command) {
				args = append(args, word)
			}
			require.ElementsMatch(t, test.want, partsOf(NewCmd(t.Context(), args...)))
		})
	}
}

// answerParts gives every part the reply that a server would, out of values.
func answerParts(t *testing.T, p *parts, reply func(part *partCmd) string) {
	t.Helper()
	for i := range p.list {
		part := &p.list[i]
		d := resp.NewDecoder([]byte(reply(part)), true)
		part.SetErr(part.decode(&d))
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	const a, b, c = "{a}1", "{b}1", "{c}1"
	replies := func(byKey map[string]string) func(*partCmd) string {
		return func(part *partCmd) string { return byKey[part.argText(1)] }
	}
	t.Run("values keep the order of the keys", func(t *testing.T) {
		t.Parallel()
		cmd := NewSliceCmd(t.Context(), "mget", c, a, b, a, "{c}2")
		p, ok := divided(cmd)
		require.True(t, ok)
		answerParts(t, p, replies(map[string]string{
			a: "*2\r\n$2\r\na1\r\n$2\r\na2\r\n",
			b: "*1\r\n$-1\r\n",
			c: "*2\r\n$2\r\nc1\r\n_\r\n",
		}))
		require.NoError(t, p.join())
		require.Equal(t, []any{"c1", "a1", nil, "a2", nil}, cmd.Val())
	})
	t.Run("numbers add up", func(t *testing.T) {
		t.Parallel()
		cmd := NewIntCmd(t.Context(), "del", a, b, c)
		p, _ := divided(cmd)
		answerParts(t, p, replies(map[string]string{a: ":1\r\n", b: ":0\r\n", c: ":7\r\n"}))
		require.NoError(t, p.join())
		require.EqualValues(t, 8, cmd.Val())
	})
	t.Run("OK is OK", func(t *testing.T) {
		t.Parallel()
		cmd := NewStatusCmd(t.Context(), "mset", a, "v", b, "w")
		p, _ := divided(cmd)
		answerParts(t, p, func(*partCmd) string { return "+OK\r\n" })
		require.NoError(t, p.join())
		require.Equal(t, "OK", cmd.Val())
	})
	t.Run("the type of the command does not matter", func(t *testing.T) {
		t.Parallel()
		cmd := NewCmd(t.Context(), "mget", a, b)
		p, _ := divided(cmd)
		answerParts(t, p, func(part *partCmd) string { return "*1\r\n" + bulk(part.argText(1)) })
		require.NoError(t, p.join())
		require.Equal(t, []any{a, b}, cmd.Val())
	})
}

func TestJoinFailures(t *testing.T) {
	t.Parallel()
	failing := func(good string) func(*partCmd) string {
		return func(part *partCmd) string {
			if strings.HasPrefix(part.argText(1), "{b}") {
				return "-WRONGTYPE no\tgood\r\n"
			}
			return good
		}
	}
	wantFailed := map[string]error{"{b}1": resp.Error("WRONGTYPE no\tgood"), "{b}2": resp.Error("WRONGTYPE no\tgood")}

	get := NewSliceCmd(t.Context(), "mget", "{b}1", "{a}1", "{b}2")
	p, _ := divided(get)
	answerParts(t, p, failing("*1\r\n$1\r\nv\r\n"))
	err := p.join()
	var partial *PartialError
	require.ErrorAs(t, err, &partial)
	require.Equal(t, "mget", partial.Command)
	require.Equal(t, wantFailed, partial.Failed)
	require.EqualError(t, err, "redis: mget: 2 keys failed: WRONGTYPE no\tgood")
	require.ErrorIs(t, err, resp.Error("WRONGTYPE no\tgood"))
	require.Len(t, get.Val(), 3)
	require.Equal(t, "v", get.Val()[1], "what came is there")
	for _, i := range []int{0, 2} {
		require.EqualError(t, get.Val()[i].(error), "WRONGTYPE no\tgood")
	}

	del := NewIntCmd(t.Context(), "del", "{a}1", "{b}1", "{b}2", "{c}1")
	p, _ = divided(del)
	answerParts(t, p, failing(":1\r\n"))
	require.ErrorAs(t, p.join(), &partial)
	require.Equal(t, wantFailed, partial.Failed)
	require.EqualValues(t, 2, del.Val())

	set := NewStatusCmd(t.Context(), "mset", "{a}1", "v", "{b}1", "v", "{b}2", "v")
	p, _ = divided(set)
	answerParts(t, p, failing("+OK\r\n"))
	require.ErrorAs(t, p.join(), &partial)
	require.Equal(t, wantFailed, partial.Failed, "keys, not values")

	// Errors of more than one line have their place too.
	get = NewSliceCmd(t.Context(), "mget", "{a}1", "{b}1")
	p, _ = divided(get)
	for i := range p.list {
		p.list[i].SetErr(fmt.Errorf("one\r\ntwo\n%w", ErrWriteInDoubt))
	}
	require.ErrorIs(t, p.join(), ErrWriteInDoubt)
	require.Len(t, get.Val(), 2)
}

// Replies that do not fit the question are errors and no panic.
func TestJoinNonsense(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{
		"*0\r\n", "*2\r\n:1\r\n:2\r\n", ":1\r\n", "+OK\r\n", "_\r\n", "*-1\r\n", "%1\r\n+a\r\n+b\r\n", "$1\r\nx\r\n", "*1\r\n*1\r\n:1\r\n", "*1\r\n", "",
	} {
		for _, cmd := range []Cmder{
			NewSliceCmd(t.Context(), "mget", "{a}1", "{b}1", "{a}2"),
			NewIntCmd(t.Context(), "del", "{a}1", "{b}1", "{a}2"),
			NewStatusCmd(t.Context(), "mset", "{a}1", "v", "{b}1", "w"),
		} {
			p, ok := divided(cmd)
			require.True(t, ok)
			answerParts(t, p, func(*partCmd) string { return reply })
			require.NotPanics(t, func() {
				if err := p.join(); err == nil {
					require.NotEqual(t, "mget", cmd.Name(), reply)
				}
			})
		}
	}
}

// TestSplitAndJoinAreInverse splits random commands, answers the parts from a
// map, and expects what a single server would have answered to the whole.
func TestSplitAndJoinAreInverse(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	values := map[string]string{}
	for i := range 40 {
		values["{"+strconv.Itoa(i%7)+"}:"+strconv.Itoa(i)] = strings.Repeat("v", i*i)
	}
	key := func() string { i := random.IntN(60); return "{" + strconv.Itoa(i%7) + "}:" + strconv.Itoa(i) }
	for range 300 {
		args := []any{"mget"}
		var want []any
		existing := int64(0)
		for range 1 + random.IntN(30) {
			k := key()
			args = append(args, k)
			if v, ok := values[k]; ok {
				want = append(want, v)
				existing++
			} else {
				want = append(want, nil)
			}
		}
		get := NewSliceCmd(t.Context(), args...)
		if p, ok := divided(get); ok {
			seen := 0
			answerParts(t, p, func(part *partCmd) string {
				reply := fmt.Sprintf("*%d\r\n", part.argCount()-1)
				slot := keySlot(part.argText(1))
				for pos := 1; pos < part.argCount(); pos++ {
					require.Equal(t, slot, keySlot(part.argText(pos)), "one slot a part")
					if v, ok := values[part.argText(pos)]; ok {
						reply += bulk(v)
					} else {
						reply += "_\r\n"
					}
					seen++
				}
				return reply
			})
			require.Equal(t, len(args)-1, seen, "every key once")
			require.NoError(t, p.join())
			require.Equal(t, want, get.Val())
		}
		args[0] = "exists"
		count := NewIntCmd(t.Context(), args...)
		if p, ok := divided(count); ok {
			answerParts(t, p, func(part *partCmd) string {
				n := 0
				for pos := 1; pos < part.argCount(); pos++ {
					if _, ok := values[part.argText(pos)]; ok {
						n++
					}
				}
				return fmt.Sprintf(":%d\r\n", n)
			})
			require.NoError(t, p.join())
			require.Equal(t, existing, count.Val())
		}
	}
}

// keepsKeys has a server answer MGET, MSET and DEL from its strings.
func keepsKeys(s *scripted) {
	s.on("MGET", func(c *scriptedConn, args []string) {
		reply := fmt.Sprintf("*%d\r\n", len(args)-1)
		s.mu.Lock()
		for _, key := range args[1:] {
			if v, ok := s.values[key]; ok {
				reply += bulk(v)
			} else {
				reply += "_\r\n"
			}
		}
		s.mu.Unlock()
		c.say(reply)
	})
	s.on("MSET", func(c *scriptedConn, args []string) {
		s.mu.Lock()
		for i := 1; i < len(args); i += 2 {
			s.values[args[i]] = args[i+1]
		}
		s.mu.Unlock()
		c.say("+OK\r\n")
	})
	s.on("DEL", func(c *scriptedConn, args []string) {
		s.mu.Lock()
		before := len(s.values)
		for _, key := range args[1:] {
			delete(s.values, key)
		}
		n := before - len(s.values)
		s.mu.Unlock()
		c.say(fmt.Sprintf(":%d\r\n", n))
	})
}

func TestCommandsOverSlots(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 3)
	var keys []string
	for i, s := range servers {
		keepsKeys(s)
		keys = append(keys, keyOn(i*slotCount/3, (i+1)*slotCount/3-1))
	}
	c := clusterOf(t, servers, nil)
	ctx := background(t)
	require.NoError(t, c.MSet(ctx, keys[0], "a", keys[1], "b", keys[2], "c").Err())
	got, err := c.MGet(ctx, keys[2], "absent", keys[0], keys[1], keys[2]).Result()
	require.NoError(t, err)
	require.Equal(t, []any{"c", nil, "a", "b", "c"}, got)

	// In a pipeline as well, among others.
	pipe := c.Pipeline()
	set := pipe.Set(ctx, "before", "x", 0)
	many := pipe.MGet(ctx, keys...)
	last := pipe.Get(ctx, keys[1])
	del := pipe.Del(ctx, append(keys, "absent")...)
	_, err = pipe.Exec(ctx)
	require.NoError(t, err)
	require.Equal(t, "OK", set.Val())
	require.Equal(t, []any{"a", "b", "c"}, many.Val())
	require.Equal(t, "b", last.Val())
	require.EqualValues(t, 3, del.Val())

	// In a transaction it cannot be.
	_, err = c.TxPipelined(ctx, func(p Pipeliner) error {
		p.MGet(ctx, keys...)
		return nil
	})
	require.ErrorIs(t, err, ErrCrossSlot)
}

// One node's failure leaves the values of the others.
func TestPartialFailure(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 3)
	var keys []string
	for i, s := range servers {
		keepsKeys(s)
		keys = append(keys, keyOn(i*slotCount/3, (i+1)*slotCount/3-1))
	}
	servers[1].on("MGET", says("-ERR out of order\r\n"))
	servers[1].on("MSET", hangsUp)
	c := clusterOf(t, servers, nil)
	ctx := background(t)

	set := c.MSet(ctx, keys[0], "a", keys[1], "b", keys[2], "c")
	require.ErrorIs(t, set.Err(), ErrWriteInDoubt)
	var partial *PartialError
	require.ErrorAs(t, set.Err(), &partial)
	require.Len(t, partial.Failed, 1)
	require.ErrorIs(t, partial.Failed[keys[1]], ErrWriteInDoubt)
	require.Equal(t, 1, servers[1].count("MSET"))

	get := c.MGet(ctx, keys...)
	require.ErrorAs(t, get.Err(), &partial)
	require.Equal(t, map[string]error{keys[1]: resp.Error("ERR out of order")}, partial.Failed)
	require.Equal(t, "a", get.Val()[0])
	require.Equal(t, "c", get.Val()[2])
}

// Whatever else went wrong, a write in doubt is told of, and nothing is said to be OK.
func TestPartialFailureInDoubt(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 2)
	keys := []string{keyOn(0, slotCount/2-1), keyOn(slotCount/2, slotCount-1)}
	servers[0].on("MSET", says("-OOM command not allowed when used memory > 'maxmemory'\r\n"))
	servers[1].on("MSET", hangsUp)
	c := clusterOf(t, servers, nil)
	set := c.MSet(background(t), keys[0], "a", keys[1], "b")
	require.ErrorIs(t, set.Err(), ErrWriteInDoubt)
	require.True(t, HasErrorPrefix(set.Err(), "OOM"))
	require.Empty(t, set.Val())
}

// A part is redirected for itself.
func TestPartsFollowRedirects(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 2)
	a, b := keyOn(0, slotCount/2-1), keyOn(slotCount/2, slotCount-1)
	for _, s := range servers {
		keepsKeys(s)
	}
	servers[1].values[a], servers[1].values[b] = "1", "2"
	servers[0].on("MGET", moves("ASK", a, servers[1].addr))
	c := clusterOf(t, servers, nil)
	got, err := c.MGet(background(t), b, a).Result()
	require.NoError(t, err)
	require.Equal(t, []any{"2", "1"}, got)
	require.Equal(t, 1, servers[0].count("MGET"))
	require.ElementsMatch(t, []string{"mget " + b, "ASKING", "mget " + a}, servers[1].received())
}
