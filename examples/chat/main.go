// Chat has people talk in rooms, each of which is a shard channel of a Redis
// Cluster: what is said in a room concerns one shard only, so that more shards
// carry more rooms. A shard fails over half-way. What is said to a room while
// its members are cut off is missed, as Redis keeps no messages for those who are
// away; what is said later than that reaches everybody once and in order.
//
// It brings a cluster of its own, inside the process. Set REDIS_ADDRS to
// host:port, several separated by commas, to run it on a real one, where nothing
// is made to fail.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/clustertest"
)

const (
	rooms   = 9
	lines   = 60 // said in each room, the first third before the failover
	members = 4
	each    = 5 // rooms that a member is in
)

// member is somebody in some rooms, whose channels are one subscription.
type member struct {
	name  string
	rooms []string
	sub   *redis.PubSub
	heard map[string][]int // numbers of lines by room
	fresh map[string]int   // how often each room was joined, again included
}

// join subscribes a member to rooms, and returns when all of them are joined. To
// subscribe by the PubSub's own method tells what keeps a room from being joined: a
// wrong password, say.
func join(ctx context.Context, rdb *redis.ClusterClient, name string, rooms []string) (*member, error) {
	m := &member{name, rooms, rdb.SSubscribe(ctx), map[string][]int{}, map[string]int{}}
	if err := m.sub.SSubscribe(ctx, rooms...); err != nil {
		return nil, err
	}
	return m, m.listenUntil(ctx, m.isIn)
}

// isIn reports whether the member has joined every room.
func (m *member) isIn() bool { return len(m.fresh) == len(m.rooms) }

// hasHeard reports whether the member knows the last line of every room.
func (m *member) hasHeard() bool {
	for _, room := range m.rooms {
		heard := m.heard[room]
		if len(heard) == 0 || heard[len(heard)-1] != lines-1 {
			return false
		}
	}
	return true
}

// listenUntil notes what comes until enough of it has.
func (m *member) listenUntil(ctx context.Context, enough func() bool) error {
	for !enough() {
		what, err := m.sub.Receive(ctx)
		switch {
		case errors.Is(err, redis.ErrClosed), ctx.Err() != nil:
			return err
		case err != nil:
			// The subscription goes on trying, but somebody should know what is wrong.
			fmt.Fprintf(os.Stderr, "%s: %v\n", m.name, err)
			continue
		}
		switch what := what.(type) {
		case *redis.Subscription:
			m.fresh[what.Channel]++
		case *redis.Message:
			n, err := strconv.Atoi(what.Payload)
			if err != nil {
				return err
			}
			m.heard[what.Channel] = append(m.heard[what.Channel], n)
		}
	}
	return nil
}

// check counts what the member missed. It is an error if that was not between the
// lines from and to, or if something came twice or out of order.
func (m *member) check(from, to int) (missed int, err error) {
	for _, room := range m.rooms {
		next := 0
		for _, n := range append(m.heard[room], lines) {
			if n < next {
				return 0, fmt.Errorf("%s: line %d of %s came after line %d", m.name, n, room, next-1)
			}
			for ; next < n; next++ {
				if next < from || next >= to {
					return 0, fmt.Errorf("%s missed line %d of %s", m.name, next, room)
				}
				missed++
			}
			next = n + 1
		}
	}
	return missed, nil
}

// say has lines from and up to to said in all rooms.
func say(ctx context.Context, rdb *redis.ClusterClient, names []string, from, to int) error {
	for n := from; n < to; n++ {
		cmds, _ := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for _, room := range names {
				pipe.SPublish(ctx, room, n)
			}
			return nil
		})
		for _, cmd := range cmds {
			// Who may have been heard does not repeat it.
			if err := cmd.Err(); err != nil && !errors.Is(err, redis.ErrWriteInDoubt) {
				return err
			}
		}
	}
	return nil
}

// awaitMembers returns when as many listen in each room as should.
func awaitMembers(ctx context.Context, rdb *redis.ClusterClient, want map[string]int64) error {
	for {
		found := 0
		for room, count := range want {
			primary, err := rdb.MasterForKey(ctx, room)
			if err != nil {
				return err
			}
			listening, err := primary.PubSubShardNumSub(ctx, room).Result()
			if err == nil && listening[room] == count {
				found++
			}
		}
		if found == len(want) {
			return nil
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	addrs, failOver, stop, err := openCluster()
	if err != nil {
		return err
	}
	defer stop()
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs})
	defer func() { _ = rdb.Close() }()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()

	names := make([]string, rooms)
	for i := range names {
		names[i] = fmt.Sprintf("room:%d:%d", time.Now().UnixNano(), i)
	}
	people := make([]*member, members)
	count := map[string]int64{}
	for i := range people {
		var in []string
		for j := range each {
			room := names[(2*i+j)%rooms]
			in = append(in, room)
			count[room]++
		}
		if people[i], err = join(ctx, rdb, fmt.Sprint("member ", i), in); err != nil {
			return err
		}
	}

	group, inside := errgroup.WithContext(ctx)
	for _, m := range people {
		group.Go(func() error { return m.listenUntil(inside, m.hasHeard) })
	}
	group.Go(func() error {
		return talk(inside, rdb, names, failOver, func() error { return awaitMembers(inside, rdb, count) })
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return report(people)
}

// talk has everything said: a third in peace, a third while a shard fails over,
// and the rest when all members are back.
func talk(ctx context.Context, rdb *redis.ClusterClient, names []string, failOver, settled func() error) error {
	if err := say(ctx, rdb, names, 0, lines/3); err != nil {
		return err
	}
	if err := failOver(); err != nil {
		return err
	}
	if err := say(ctx, rdb, names, lines/3, 2*lines/3); err != nil {
		return err
	}
	if err := settled(); err != nil {
		return err
	}
	return say(ctx, rdb, names, 2*lines/3, lines)
}

func report(people []*member) error {
	for _, m := range people {
		missed, err := m.check(lines/3, 2*lines/3)
		if err != nil {
			return err
		}
		again := 0
		for _, joined := range m.fresh {
			again += joined - 1
		}
		fmt.Printf("%s heard %d lines of %d, missed %d during the failover, joined %d rooms again\n",
			m.name, each*lines-missed, each*lines, missed, again)
	}
	return nil
}

// openCluster tells where the cluster is, and how to have a shard of it fail
// over.
func openCluster() (addrs []string, failOver func() error, stop func(), err error) {
	if given := os.Getenv("REDIS_ADDRS"); given != "" {
		return strings.Split(given, ","), func() error { return nil }, func() {}, nil
	}
	cluster, err := clustertest.Run(clustertest.Options{Replicas: 1})
	if err != nil {
		return nil, nil, nil, err
	}
	return cluster.Addrs(), func() error { return cluster.Failover(0) }, cluster.Close, nil
}
