package redis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// beSlowToSuspect keeps nodes that are short of CPU time from two things that no
// client could make up for: to vote a primary out, and to cut a link to another
// node that has not answered for half of the node timeout. With a link all
// messages are lost that wait for it, and PUBLISH goes to all nodes by links. (The
// tests replace dead primaries by TAKEOVER, which asks nobody for a vote.)
func beSlowToSuspect(t *testing.T, nodes ...*redistest.Node) {
	t.Helper()
	for _, n := range nodes {
		_, err := n.Do("CONFIG", "SET", "cluster-node-timeout", "60000")
		require.NoError(t, err)
	}
}

// series sends the numbers 0, 1, 2, … to groups of channels: a round is a number
// to all channels of a group. The groups do not wait for each other.
type series struct {
	*load
	groups [][]string

	mu   sync.Mutex
	sent [][]round // by group: the rounds that have succeeded for certain
}

type round struct {
	number int
	began  time.Time
}

// startSeries starts a series, in which send does a round.
func startSeries(t *testing.T, groups [][]string, send func(ctx context.Context, channels []string, number int) error) *series {
	s := &series{groups: groups, sent: make([][]round, len(groups))}
	s.load = startLoad(t, len(groups), func(ctx context.Context, group, number int) error {
		this := round{number, time.Now()}
		switch err := send(ctx, groups[group], number); {
		case err == nil:
			s.mu.Lock()
			s.sent[group] = append(s.sent[group], this)
			s.mu.Unlock()
		case !errors.Is(err, redis.ErrWriteInDoubt):
			return err
		}
		time.Sleep(200 * time.Millisecond)
		return nil
	})
	return s
}

// minRounds is how many rounds have to arrive.
const minRounds = 2

// settled is how long subscriptions may take to follow. A second is enough, but
// for a machine that is busy with other tests.
const settled = 2 * time.Second

// requireArrival requires that everything arrives whose round begins later than
// settled from now, when the given is over.
func (s *series) requireArrival(a *audience, after string) {
	s.t.Helper()
	time.Sleep(settled)
	from := time.Now()
	s.pass(minRounds)
	var sent [][]round
	s.mu.Lock()
	for _, rounds := range s.sent {
		i, _ := slices.BinarySearchFunc(rounds, from, func(r round, from time.Time) int { return r.began.Compare(from) })
		sent = append(sent, slices.Clone(rounds[i:]))
	}
	s.mu.Unlock()
	for group, rounds := range sent {
		require.GreaterOrEqual(s.t, len(rounds), minRounds, "publishers in doubt after %s", after)
		s.requireHeard(a, group, rounds, "after "+after)
	}
}

// requireComplete requires that everything of the group has arrived.
func (s *series) requireComplete(a *audience, group int, which string) {
	s.t.Helper()
	s.requireHeard(a, group, s.sent[group], which)
}

func (s *series) requireHeard(a *audience, group int, rounds []round, which string) {
	s.t.Helper()
	lost := func() (lost []string) {
		a.mu.Lock()
		defer a.mu.Unlock()
		for _, channel := range s.groups[group] {
			for _, r := range rounds {
				if _, heard := slices.BinarySearch(a.heard[channel], r.number); !heard {
					lost = append(lost, fmt.Sprint(channel, " is ", r.number))
				}
			}
		}
		return lost
	}
	for end := time.Now().Add(10 * time.Second); len(lost()) > 0 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	missing := lost()
	require.Empty(s.t, missing[:min(len(missing), 10)], "%d messages were lost of group %d, %s", len(missing), group, which)
}

// requireOrder requires that nothing came twice, out of order or mixed up.
func (s *series) requireOrder(a *audience) {
	s.t.Helper()
	require.Zero(s.t, a.subscription.Dropped())
	a.mu.Lock()
	defer a.mu.Unlock()
	require.Empty(s.t, a.wrong[:min(len(a.wrong), 10)], "%d messages were not what they should be", len(a.wrong))
	heard := 0
	for _, numbers := range a.heard {
		heard += len(numbers)
	}
	sent := 0
	for group, rounds := range s.sent {
		sent += len(rounds) * len(s.groups[group])
	}
	s.t.Logf("%d messages sent, %d received; the longest round took %v", sent, heard, time.Duration(s.longest.Load()))
}

// audience notes what a PubSub receives.
type audience struct {
	subscription *redis.PubSub

	mu    sync.Mutex
	heard map[string][]int // by channel: numbers, each higher than the one before
	made  map[string]bool  // the names subscribed to
	wrong []string
}

// listen receives from p until the test ends. read tells the channel and the
// number that a message is about, and whether it is as it should be.
func listen(t *testing.T, p *redis.PubSub, read func(*redis.Message) (channel, number string, ok bool)) *audience {
	a := &audience{subscription: p, heard: map[string][]int{}, made: map[string]bool{}}
	var listening sync.WaitGroup
	all := p.ChannelWithSubscriptions()
	listening.Go(func() {
		for what := range all {
			a.mu.Lock()
			switch what := what.(type) {
			case *redis.Subscription:
				a.made[what.Channel] = true
			case *redis.Message:
				a.hear(what, read)
			}
			a.mu.Unlock()
		}
	})
	t.Cleanup(func() {
		require.NoError(t, p.Close())
		listening.Wait()
	})
	return a
}

func (a *audience) hear(m *redis.Message, read func(*redis.Message) (channel, number string, ok bool)) {
	channel, text, ok := read(m)
	number, err := strconv.Atoi(text)
	before := a.heard[channel]
	switch {
	case !ok || err != nil:
		a.wrong = append(a.wrong, fmt.Sprintf("mixed up: %+v", m))
	case len(before) > 0 && number <= before[len(before)-1]:
		a.wrong = append(a.wrong, fmt.Sprintf("%s is %d after %d", channel, number, before[len(before)-1]))
	default:
		a.heard[channel] = append(before, number)
	}
}

// awaitSubscriptions returns when so many are made.
func (a *audience) awaitSubscriptions(t *testing.T, count int) {
	t.Helper()
	eventually(t, func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return len(a.made) == count
	})
}
