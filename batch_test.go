package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-e06f3def/rediscluster/internal/wire"
)

// counts is the reaction that answers 1, 2, 3 and so on.
func counts() reaction {
	var n atomic.Int64
	return func(c *scriptedConn, _ []string) { c.say(fmt.Sprintf(":%d\r\n", n.Add(1))) }
}

func TestPipelineKeepsOrder(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 3)
	for _, s := range servers {
		s.on("INCR", counts())
	}
	c := clusterOf(t, servers, nil)
	ctx := background(t)
	const rounds = 1000
	pipe := c.Pipeline()
	for i := range 3 * rounds {
		pipe.Incr(ctx, keyOn(i%3*slotCount/3, (i%3+1)*slotCount/3-1))
	}
	require.Equal(t, 3*rounds, pipe.Len())
	cmds, err := pipe.Exec(ctx)
	require.NoError(t, err)
	require.Zero(t, pipe.Len())
	for i, cmd := range cmds {
		require.EqualValues(t, i/3+1, cmd.(*IntCmd).Val())
	}
	for _, s := range servers {
		require.Equal(t, rounds, s.count("INCR"))
		_, ever := s.connections()
		require.LessOrEqual(t, ever, 3)
	}
}

// Every node has its commands before the reply of any is waited for.
func TestPipelineAsksAllNodesAtOnce(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 3)
	var arrived sync.WaitGroup
	arrived.Add(len(servers))
	for i, s := range servers {
		s.on("GET", func(c *scriptedConn, _ []string) {
			arrived.Done()
			arrived.Wait()
			c.say(bulk(strconv.Itoa(i)))
		})
	}
	c := clusterOf(t, servers, nil)
	ctx := background(t)
	cmds, err := c.Pipelined(ctx, func(p Pipeliner) error {
		for i := range servers {
			p.Get(ctx, keyOn(i*slotCount/3, (i+1)*slotCount/3-1))
		}
		return nil
	})
	require.NoError(t, err)
	for i, cmd := range cmds {
		require.Equal(t, strconv.Itoa(i), cmd.(*StringCmd).Val())
	}
}

func TestPipelineErrors(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("INCR", says("-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"))
	c := clusterOf(t, []*scripted{s}, nil)
	single := clientOf(t, s, nil)
	ctx := background(t)
	for name, pipe := range map[string]Pipeliner{"cluster": c.Pipeline(), "single": single.Pipeline()} {
		set := pipe.Set(ctx, "key", "v", 0)
		bad := pipe.Set(ctx, "key", struct{}{}, 0)
		odd := pipe.MSet(ctx, "a")
		incr := pipe.Incr(ctx, "key")
		absent := pipe.Get(ctx, "absent")
		session := pipe.Do(ctx, "select", 1)
		get := pipe.Get(ctx, "key")
		cmds, err := pipe.Exec(ctx)
		require.Len(t, cmds, 7, name)
		require.Equal(t, bad.Err(), err, "the first error counts")
		require.NoError(t, set.Err(), name)
		require.ErrorContains(t, bad.Err(), "argument 2", name)
		require.ErrorContains(t, odd.Err(), "mset: 1 values are not pairs", name)
		require.ErrorContains(t, incr.Err(), "WRONGTYPE", name)
		require.ErrorIs(t, absent.Err(), Nil, name)
		require.EqualError(t, session.Err(), "redis: select depends on the connection it is sent on: use a Conn", name)
		require.Equal(t, "v", get.Val(), name)
		require.Equal(t, 0, s.count("select"), name)
	}
	require.Equal(t, 2, s.count("INCR"))

	cmds, err := c.Pipeline().Exec(ctx)
	require.NoError(t, err)
	require.Empty(t, cmds)
	_, err = c.Pipelined(ctx, func(p Pipeliner) error {
		p.Set(ctx, "never", "sent", 0)
		return errScripted
	})
	require.Equal(t, errScripted, err)
	require.Zero(t, s.count("SET never"))
}

// When a connection dies in the middle, what has been answered stays answered,
// reads are sent again and writes are in doubt.
func TestPipelineSurvivesInParts(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"cluster", "single"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			var served atomic.Int32
			each := func(reply string) reaction {
				return func(c *scriptedConn, args []string) {
					if served.Add(1) == 5 {
						_ = c.Close()
						return
					}
					c.say(reply)
				}
			}
			s.on("INCR", each(":1\r\n"))
			s.on("GET", each(bulk("v")))
			var pipe Pipeliner
			if kind == "cluster" {
				pipe = clusterOf(t, []*scripted{s}, nil).Pipeline()
			} else {
				pipe = clientOf(t, s, nil).Pipeline()
			}
			ctx := background(t)
			for i := range 4 {
				pipe.Incr(ctx, fmt.Sprint("n", i))
				pipe.Get(ctx, fmt.Sprint("k", i))
			}
			cmds, err := pipe.Exec(ctx)
			require.ErrorIs(t, err, ErrWriteInDoubt)
			for i, cmd := range cmds {
				if i < 4 || i%2 == 1 {
					require.NoError(t, cmd.Err(), i)
					continue
				}
				require.ErrorIs(t, cmd.Err(), ErrWriteInDoubt, i)
				require.ErrorContains(t, cmd.Err(), s.addr)
			}
			for i := range 4 {
				require.LessOrEqual(t, s.count(fmt.Sprint("INCR n", i)), 1)
				want := 1
				if i >= 2 {
					want = s.count(fmt.Sprint("GET k", i)) // read by the dying connection or not
				}
				require.Equal(t, want, s.count(fmt.Sprint("GET k", i)))
			}
		})
	}
}

// Only what was redirected goes elsewhere; after ASK each command has its own
// ASKING before it.
func TestPipelineFollowsRedirects(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"MOVED", "ASK"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			servers := newScriptedCluster(t, 2)
			old, other := servers[0], servers[1]
			key := keyOn(0, slotCount/2-1)
			old.on("INCR", moves(kind, key, other.addr))
			other.on("INCR", counts())
			c := clusterOf(t, servers, nil)
			ctx := background(t)
			pipe := c.Pipeline()
			set := pipe.Set(ctx, key, "v", 0)
			first := pipe.Incr(ctx, key)
			get := pipe.Get(ctx, key)
			second := pipe.Incr(ctx, key)
			_, err := pipe.Exec(ctx)
			require.NoError(t, err)
			require.Equal(t, "OK", set.Val())
			require.Equal(t, "v", get.Val())
			require.EqualValues(t, 1, first.Val())
			require.EqualValues(t, 2, second.Val())
			require.Equal(t, []string{"set " + key + " v", "incr " + key, "get " + key, "incr " + key}, old.received())
			want := []string{"incr " + key, "incr " + key}
			if kind == "ASK" {
				want = []string{"ASKING", "incr " + key, "ASKING", "incr " + key}
			}
			require.Equal(t, want, other.received())
		})
	}
}

// What may be tried again is, and nothing else.
func TestPipelineTriesAgain(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	again := says("-TRYAGAIN Multiple keys request during rehashing of slot\r\n")
	s.on("INCR", inTurn(again, again, says(":1\r\n")))
	c := clusterOf(t, []*scripted{s}, nil)
	single := clientOf(t, s, nil)
	ctx := background(t)
	for name, pipe := range map[string]Pipeliner{"cluster": c.Pipeline(), "single": single.Pipeline()} {
		s.on("INCR", inTurn(again, again, says(":1\r\n")))
		sets, incrs := s.count("SET"), s.count("INCR")
		pipe.Set(ctx, "key", "v", 0)
		incr := pipe.Incr(ctx, "key")
		_, err := pipe.Exec(ctx)
		require.NoError(t, err, name)
		require.EqualValues(t, 1, incr.Val())
		require.Equal(t, sets+1, s.count("SET"), name)
		require.Equal(t, incrs+3, s.count("INCR"), name)
	}
}

// What keeps one command of a pipeline from being tried again is no reason for the
// others.
func TestPipelineOutlivesOneCommand(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 2)
	lost, there := keyOn(0, 8191), keyOn(8192, 16383)
	servers[0].on("GET", says("-CLUSTERDOWN Hash slot not served\r\n"))
	servers[1].on("GET", inTurn(says("-NOREPLICAS Not enough good replicas to write\r\n"), says(bulk("v"))))
	c := clusterOf(t, servers, func(o *ClusterOptions) { o.FailoverTimeout = 100 * time.Millisecond })
	require.NoError(t, c.Ping(background(t)).Err())
	for _, s := range servers {
		s.on("CLUSTER SLOTS", stalls) // so that the wait for a map is too long
	}
	pipe := c.Pipeline()
	first, second := pipe.Get(context.Background(), lost), pipe.Get(context.Background(), there)
	_, err := pipe.Exec(context.Background())
	require.ErrorContains(t, err, "CLUSTERDOWN Hash slot not served")
	require.Equal(t, err, first.Err())
	require.Equal(t, "v", second.Val())
	require.NoError(t, second.Err())
}

// What one node has to be waited for keeps nothing from the others.
func TestPipelineNodesDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	for name, holdUp := range map[string]func(*testing.T, *ClusterClient, *scripted, Pipeliner, string){
		"a script has to be loaded": func(t *testing.T, c *ClusterClient, s *scripted, pipe Pipeliner, key string) {
			s.on("SCRIPT", stalls)
			NewScript("return 1").Run(background(t), pipe, []string{key})
		},
		"no connection is free": func(t *testing.T, c *ClusterClient, s *scripted, pipe Pipeliner, key string) {
			_, err := c.topology.node(s.addr).client.pool.take(background(t))
			require.NoError(t, err)
			pipe.Set(background(t), key, 1, 0)
		},
		"a command may block": func(t *testing.T, c *ClusterClient, s *scripted, pipe Pipeliner, key string) {
			_, err := c.topology.node(s.addr).client.pool.take(background(t))
			require.NoError(t, err)
			pipe.BLPop(background(t), time.Second, key)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			servers := newScriptedCluster(t, 2)
			c := clusterOf(t, servers, func(o *ClusterOptions) { o.PoolSize, o.SuspectAfter = 1, -1 })
			ctx, cancel := context.WithCancel(background(t))
			defer cancel()
			held, free := keyOn(0, slotCount/2-1), keyOn(slotCount/2, slotCount-1)
			require.NoError(t, c.Set(ctx, held, 1, 0).Err())
			require.NoError(t, c.Set(ctx, free, 1, 0).Err())
			pipe := c.Pipeline()
			holdUp(t, c, servers[0], pipe, held)
			pipe.Set(ctx, free, 2, 0)
			result := make(chan error)
			go func() {
				_, err := pipe.Exec(ctx)
				result <- err
			}()
			awaitThat(t, "the other node's command", func() bool { return servers[1].count("SET "+free+" 2") == 1 })
			cancel()
			require.ErrorIs(t, resultFrom(t, result), context.Canceled)
		})
	}
}

// A script that the server has lost costs a pipeline no retry.
func TestPipelineLoadsScriptsAgain(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	script := NewScript("return 1")
	s.on("SCRIPT", says(bulk(script.Hash())))
	s.on("EVALSHA", inTurn(says(":1\r\n"), says("-NOSCRIPT No matching script.\r\n"), says(":1\r\n")))
	c := clientOf(t, s, func(o *Options) { o.MaxRetries = -1 })
	ctx := background(t)
	for range 2 {
		_, err := c.Pipelined(ctx, func(pipe Pipeliner) error {
			return script.Run(ctx, pipe, []string{"k"}).Err()
		})
		require.NoError(t, err)
	}
	require.Equal(t, 3, s.count("EVALSHA"))
}

// A command of which not every byte has left did not run.
func TestUnanswered(t *testing.T) {
	t.Parallel()
	lost := &NodeError{Node: "n:1", Wrote: 100, Cause: errScripted}
	for _, test := range []struct {
		end  int
		ends action
	}{{50, giveUp}, {100, giveUp}, {101, await}, {500, await}} {
		err := unanswered(lost, 10, test.end)
		require.ErrorIs(t, err, errScripted)
		v := judge(outcome{err: err})
		require.Equal(t, test.ends, v.action, test.end)
		require.Equal(t, test.ends == giveUp, errors.Is(v.err, ErrWriteInDoubt))
	}
	require.Equal(t, 100, lost.Wrote)
}

// A pipeline in which a command may block has a connection for itself.
func TestPipelineThatBlocks(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	release := make(chan struct{})
	s.on("BLPOP", after(release, says("*2\r\n+list\r\n+x\r\n")))
	c := clusterOf(t, []*scripted{s}, func(o *ClusterOptions) { o.PoolSize = 3 })
	ctx := background(t)
	result := make(chan error)
	go func() {
		_, err := c.Pipelined(ctx, func(p Pipeliner) error {
			p.Set(ctx, "key", "v", 0)
			p.BLPop(ctx, time.Minute, "list")
			p.Get(ctx, "key")
			return nil
		})
		result <- err
	}()
	awaitThat(t, "the blocking command", func() bool { return s.count("BLPOP") == 1 })
	for range 10 {
		require.NoError(t, c.Set(ctx, "other", "v", 0).Err())
	}
	close(release)
	require.NoError(t, resultFrom(t, result))
	require.NoError(t, c.Get(ctx, "key").Err())
}

// A server is late to end what blocks: that is no reason to close the connection,
// however short ReadTimeout is.
func TestServersEndBlockingLate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMemoryNet(t)
		s := m.add("a:1")
		const block, late = time.Second, 4 * time.Second
		s.on("BLPOP", func(c *scriptedConn, _ []string) {
			time.Sleep(block + late)
			c.say("_\r\n")
		})
		c := m.client(func(o *ClusterOptions) { o.ReadTimeout = 50 * time.Millisecond }, "a:1")
		ctx := t.Context()
		require.ErrorIs(t, c.BLPop(ctx, block, "list").Err(), Nil)
		cmds, err := c.Pipelined(ctx, func(p Pipeliner) error {
			p.BLPop(ctx, block, "list")
			p.Set(ctx, "key", "v", 0)
			p.BLPop(ctx, block, "list")
			return nil
		})
		require.ErrorIs(t, err, Nil)
		require.NoError(t, cmds[1].Err())
		require.ErrorIs(t, cmds[2].Err(), Nil)

		s.on("BLPOP", stalls)
		began := time.Now()
		require.ErrorIs(t, c.BLPop(ctx, block, "list").Err(), ErrWriteInDoubt)
		require.InDelta(t, block+blockMargin, time.Since(began), float64(time.Second), "but not for ever")
	})
}

// A caller who leaves gets the context's error for what was not answered, and
// leaves the connection as it was.
func TestPipelineCancelled(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	release := make(chan struct{})
	s.on("GET", after(release, says(bulk("v"))))
	c := clusterOf(t, []*scripted{s}, func(o *ClusterOptions) { o.PoolSize = 1 })
	ctx, cancel := context.WithCancel(background(t))
	ready(t, c)
	require.NoError(t, c.Set(ctx, "key", "v", 0).Err())
	_, before := s.connections()
	result := make(chan []Cmder)
	go func() {
		cmds, _ := c.Pipelined(ctx, func(p Pipeliner) error {
			for range 10 {
				p.Get(ctx, "key")
			}
			return nil
		})
		result <- cmds
	}()
	awaitThat(t, "the first command", func() bool { return s.count("GET") == 1 })
	cancel()
	for _, cmd := range resultFrom(t, result) {
		require.ErrorIs(t, cmd.Err(), context.Canceled)
		require.ErrorContains(t, cmd.Err(), s.addr)
	}
	close(release)
	require.NoError(t, c.Set(background(t), "key", "w", 0).Err())
	_, ever := s.connections()
	require.Equal(t, before, ever)
}

func TestTransaction(t *testing.T) {
	t.Parallel()
	const queued = "+QUEUED\r\n"
	tx := func(s *scripted, queue reaction, exec reaction) {
		s.on("MULTI", says("+OK\r\n"))
		s.on("INCR", queue)
		s.on("EXEC", exec)
	}
	done := says("*2\r\n:1\r\n:2\r\n")
	run := func(t *testing.T, c *ClusterClient, key string) ([]Cmder, error) {
		ctx := background(t)
		return c.TxPipelined(ctx, func(p Pipeliner) error {
			p.Incr(ctx, key)
			p.Incr(ctx, key)
			return nil
		})
	}

	t.Run("runs", func(t *testing.T) {
		t.Parallel()
		s := newScripted(t)
		tx(s, says(queued), done)
		cmds, err := run(t, clusterOf(t, []*scripted{s}, nil), "key")
		require.NoError(t, err)
		require.EqualValues(t, 2, cmds[1].(*IntCmd).Val())
		require.Equal(t, []string{"MULTI", "incr key", "incr key", "EXEC"}, s.received())
	})
	t.Run("follows a redirect as one", func(t *testing.T) {
		t.Parallel()
		for _, kind := range []string{"MOVED", "ASK"} {
			servers := newScriptedCluster(t, 2)
			key := keyOn(0, slotCount/2-1)
			tx(servers[0], moves(kind, key, servers[1].addr), says("-EXECABORT Transaction discarded because of previous errors.\r\n"))
			tx(servers[1], says(queued), done)
			cmds, err := run(t, clusterOf(t, servers, nil), key)
			require.NoError(t, err)
			require.EqualValues(t, 1, cmds[0].(*IntCmd).Val())
			want := []string{"MULTI", "incr " + key, "incr " + key, "EXEC"}
			if kind == "ASK" {
				want = append([]string{"ASKING"}, want...)
			}
			require.Equal(t, want, servers[1].received())
		}
	})
	t.Run("is in doubt when EXEC is not answered", func(t *testing.T) {
		t.Parallel()
		s := newScripted(t)
		tx(s, says(queued), hangsUp)
		cmds, err := run(t, clusterOf(t, []*scripted{s}, nil), "key")
		require.ErrorIs(t, err, ErrWriteInDoubt)
		for _, cmd := range cmds {
			require.ErrorIs(t, cmd.Err(), ErrWriteInDoubt)
		}
		require.Equal(t, 1, s.count("EXEC"))
	})
	t.Run("fails when a watched key has changed", func(t *testing.T) {
		t.Parallel()
		s := newScripted(t)
		tx(s, says(queued), says("_\r\n"))
		_, err := run(t, clusterOf(t, []*scripted{s}, nil), "key")
		require.Equal(t, TxFailedErr, err)
	})
	t.Run("is refused as a whole for one command", func(t *testing.T) {
		t.Parallel()
		s := newScripted(t)
		tx(s, inTurn(says(queued), says("-ERR wrong number of arguments\r\n")), says("-EXECABORT Transaction discarded because of previous errors.\r\n"))
		cmds, err := run(t, clusterOf(t, []*scripted{s}, nil), "key")
		require.Error(t, err)
		require.ErrorContains(t, cmds[0].Err(), "EXECABORT")
		require.ErrorContains(t, cmds[1].Err(), "wrong number")
	})
	t.Run("answers of another number are no answers", func(t *testing.T) {
		t.Parallel()
		for _, reply := range []string{"*1\r\n:1\r\n", "*0\r\n", "+OK\r\n", "*3\r\n:1\r\n:2\r\n:3\r\n"} {
			s := newScripted(t)
			tx(s, says(queued), says(reply))
			_, err := run(t, clusterOf(t, []*scripted{s}, nil), "key")
			require.Error(t, err, reply)
			require.Equal(t, 1, s.count("EXEC"), reply)
		}
	})
	t.Run("keys of two slots", func(t *testing.T) {
		t.Parallel()
		s := newScripted(t)
		c := clusterOf(t, []*scripted{s}, nil)
		ctx := background(t)
		cmds, err := c.TxPipelined(ctx, func(p Pipeliner) error {
			p.Incr(ctx, "{a}")
			p.Incr(ctx, "{b}")
			return nil
		})
		require.ErrorIs(t, err, ErrCrossSlot)
		require.ErrorIs(t, cmds[0].Err(), ErrCrossSlot)
		require.Empty(t, s.received())
	})
}

// What only says where a command had better go is no key.
func TestTransactionTarget(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	at := func(key string) int16 { return int16(keySlot(key)) }
	for name, test := range map[string]struct {
		add  func(p Pipeliner)
		want target
		err  bool
	}{
		"nothing":              {func(Pipeliner) {}, target{slot: -1, anyShard: true}, false},
		"keys of one slot":     {func(p Pipeliner) { p.MSet(ctx, "{a}1", 1, "{a}2", 2); p.Get(ctx, "{a}3") }, target{slot: at("a")}, false},
		"keys of two slots":    {func(p Pipeliner) { p.Incr(ctx, "a"); p.Incr(ctx, "b") }, target{}, true},
		"in one command":       {func(p Pipeliner) { p.MSet(ctx, "a", 1, "b", 2) }, target{}, true},
		"the second after all": {func(p Pipeliner) { p.Publish(ctx, "c", 1); p.MSet(ctx, "a", 1, "b", 2) }, target{}, true},
		"without keys":         {func(p Pipeliner) { p.Ping(ctx); p.Time(ctx) }, target{slot: -1, anyShard: true}, false},

		"PUBLISH":                {func(p Pipeliner) { p.Publish(ctx, "c", 1) }, target{slot: at("c"), anyShard: true}, false},
		"two of them":            {func(p Pipeliner) { p.Publish(ctx, "c", 1); p.Publish(ctx, "d", 1) }, target{slot: at("c"), anyShard: true}, false},
		"behind a key":           {func(p Pipeliner) { p.Incr(ctx, "a"); p.Publish(ctx, "c", 1) }, target{slot: at("a")}, false},
		"before a key":           {func(p Pipeliner) { p.Publish(ctx, "c", 1); p.Incr(ctx, "a") }, target{slot: at("a")}, false},
		"as other words":         {func(p Pipeliner) { p.Do(ctx, "PUBLISH", "c", 1); p.Incr(ctx, "a") }, target{slot: at("a")}, false},
		"of a shard channel":     {func(p Pipeliner) { p.SPublish(ctx, "c", 1); p.Incr(ctx, "a") }, target{}, true},
		"SCAN of a tag":          {func(p Pipeliner) { p.Scan(ctx, 0, "{c}*", 1) }, target{slot: at("c"), anyShard: true}, false},
		"SCAN beside a key":      {func(p Pipeliner) { p.Scan(ctx, 0, "{c}*", 1); p.Incr(ctx, "a") }, target{slot: at("a")}, false},
		"SCAN of two tags":       {func(p Pipeliner) { p.Scan(ctx, 0, "{c}*", 1); p.Scan(ctx, 0, "{d}*", 1) }, target{slot: at("c"), anyShard: true}, false},
		"a number of a slot":     {func(p Pipeliner) { p.ClusterCountKeysInSlot(ctx, 7) }, target{slot: 7}, false},
		"behind PUBLISH":         {func(p Pipeliner) { p.Publish(ctx, "c", 1); p.ClusterCountKeysInSlot(ctx, 7) }, target{slot: 7}, false},
		"a script without key":   {func(p Pipeliner) { p.Eval(ctx, "return 1", nil, "x"); p.Incr(ctx, "a") }, target{slot: at("a")}, false},
		"a command of nobody's":  {func(p Pipeliner) { p.Do(ctx, "mymodule.do", "c") }, target{slot: at("c")}, false},
		"of nobody's, and a key": {func(p Pipeliner) { p.Do(ctx, "mymodule.do", "c"); p.Incr(ctx, "a") }, target{slot: at("a")}, false},
		"whose key is known": {func(p Pipeliner) {
			cmd := NewCmd(ctx, "mymodule.do", "x", "c")
			cmd.SetFirstKeyPos(2)
			_ = p.Process(ctx, cmd)
			p.Incr(ctx, "a")
		}, target{}, true},
	} {
		p := newPipeline(nil, nil)
		test.add(p)
		got, err := transactionTarget(p.Cmds())
		if test.err {
			require.ErrorIs(t, err, ErrCrossSlot, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, test.want, got, name)
	}
}

// Commands of any size go together.
func TestPipelineOfLargeValues(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := clusterOf(t, []*scripted{s}, nil)
	ctx := background(t)
	large := strings.Repeat("x", 3*wire.LargeString)
	var gets []*StringCmd
	_, err := c.Pipelined(ctx, func(p Pipeliner) error {
		for i := range 50 {
			key := strconv.Itoa(i)
			p.Set(ctx, key, large[:i*1000%len(large)], 0)
			gets = append(gets, p.Get(ctx, key))
		}
		return nil
	})
	require.NoError(t, err)
	for i, get := range gets {
		require.Equal(t, large[:i*1000%len(large)], get.Val())
	}
}
