package wire

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// owing brings the connection to where a resident reader waits for the replies
// to so many calls, all of which the server has read.
func owing(t *testing.T, c *Conn, p *peer, n int) (sent []*started) {
	t.Helper()
	reside(t, c, p)
	for i := range n {
		sent = append(sent, start(t.Context(), c, command("GET", strconv.Itoa(i))))
		p.expect("GET", strconv.Itoa(i))
		synctest.Wait()
	}
	return sent
}

// setWay tells the connection how long the way to the server is.
func setWay(c *Conn, way time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gathering = gathering{nearby: int64(nearby), quickest: int64(way)}
}

// owingNearby is a connection to a near server that owes so many replies.
func owingNearby(t *testing.T, n int) (c *Conn, p *peer, sent []*started) {
	t.Helper()
	c, p = pipe(t, Options{})
	sent = owing(t, c, p, n)
	setWay(c, nearby/2)
	return c, p, sent
}

func setReplySize(c *Conn, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gathering.size = size
}

func (c *Conn) unwritten() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.out)
}

func TestGathersWhileTheServerOwes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p, sent := owingNearby(t, inDemand-1)
		var held []*started
		for i := range 3 {
			held = append(held, start(t.Context(), c, command("GET", "held"+strconv.Itoa(i))))
			synctest.Wait()
		}
		require.Equal(t, 3*held[0].Size(), c.unwritten(), "they wait")

		p.send("+first\r\n")
		for i := range held {
			p.expect("GET", "held"+strconv.Itoa(i))
		}
		synctest.Wait()
		require.Zero(t, c.unwritten())
		sent[0].gets(t, "+first\r\n")
		for _, s := range append(sent[1:], held...) {
			p.send("+next\r\n")
			s.gets(t, "+next\r\n")
		}
	})
}

func TestGathersNothing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		ahead int
		way   time.Duration
		key   string
		reply int
	}{
		"way not known":      {inDemand, 0, "k", 0},
		"far":                {inDemand, nearby, "k", 0},
		"in no demand":       {inDemand - 2, nearby / 2, "k", 0},
		"nothing is owed":    {0, nearby / 2, "k", 0},
		"alone and far away": {0, time.Second, "k", 0},
		"large request":      {inDemand, nearby / 2, strings.Repeat("k", smallRequest), 0},
		"large replies":      {inDemand, nearby / 2, "k", smallReply + 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, p := pipe(t, Options{})
				sent := owing(t, c, p, tc.ahead)
				setWay(c, tc.way)
				setReplySize(c, tc.reply)
				s := start(t.Context(), c, command("GET", tc.key))
				p.expect("GET", tc.key)
				for _, s := range append(sent, s) {
					p.send("+reply\r\n")
					s.gets(t, "+reply\r\n")
				}
			})
		})
	}
}

// A server that reads nothing until its replies were read gets what was gathered
// all the same, though the reader writes it and nothing lies between the two.
func TestGatheredMeetsAServerThatWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pipe(t, Options{WriteTimeout: time.Second})
		sent := owing(t, c, p, inDemand)
		setWay(c, nearby/2)
		held := start(t.Context(), c, command("GET", "held"))
		synctest.Wait()
		require.NotZero(t, c.unwritten(), "it waits")
		for _, s := range sent {
			p.send("+owed\r\n")
			s.gets(t, "+owed\r\n")
		}
		p.expect("GET", "held")
		p.send("+v\r\n")
		held.gets(t, "+v\r\n")
	})
}

// Whoever gives up what was gathered disturbs nobody.
func TestGatheredCallsCanBeGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p, sent := owingNearby(t, inDemand)
		ctx, cancel := context.WithCancel(t.Context())
		given := start(ctx, c, command("GET", "given up"))
		synctest.Wait()
		other := start(t.Context(), c, command("GET", "other"))
		synctest.Wait()
		cancel()
		require.Zero(t, given.fails(t, context.Canceled).Wrote)

		p.send(strings.Repeat("+reply\r\n", len(sent)))
		for _, s := range sent {
			s.gets(t, "+reply\r\n")
		}
		p.expect("GET", "other") // what was given up is never written
		p.send("+kept\r\n")
		other.gets(t, "+kept\r\n")
	})
}

// What was gathered has not left when the connection dies.
func TestGatheredCallsDieUnwritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p, sent := owingNearby(t, inDemand)
		unsent := start(t.Context(), c, command("SET", "k", "v"))
		synctest.Wait()
		require.NoError(t, p.Close())
		for _, s := range sent {
			<-s.over
			require.Equal(t, s.Size(), failure(t, s.err).Wrote)
		}
		<-unsent.over
		require.Zero(t, failure(t, unsent.err).Wrote)
	})
}

func TestTheWayIsMeasured(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := gathering{nearby: int64(nearby)}
		end := uint64(0)
		trips := func(n int, took time.Duration) {
			for range n {
				end += 10
				g.writing(end)
				g.answered(1, end-1) // half an answer says nothing
				time.Sleep(took)
				g.answered(1, end)
			}
		}
		trips(timedBatches-1, time.Microsecond)
		require.False(t, g.pays(), "nothing was timed")
		trips(1, 2*nearby)
		require.Equal(t, int64(2*nearby), g.quickest)
		require.False(t, g.pays())
		trips(timedBatches, nearby/2)
		require.True(t, g.pays())
		trips(timedBatches, 3*nearby)
		require.True(t, g.pays(), "the shortest counts")

		for ticks := 0; g.pays(); ticks++ {
			require.Less(t, ticks, 100)
			g.age()
		}

		for range 100 {
			g.received = 3 * smallReply
			g.answered(2, end)
		}
		require.InDelta(t, 3*smallReply/2, g.size, 10)
	})
}
