package redis_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/clustertest"
	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// scanLoop is the loop that programs have. between, if not nil, is called after
// each page.
func scanLoop(ctx context.Context, c redis.Cmdable, match string, count int64, between func(page int)) (keys []string, err error) {
	var cursor uint64
	for page := 1; ; page++ {
		var found []string
		if found, cursor, err = c.Scan(ctx, cursor, match, count).Result(); err != nil {
			return keys, fmt.Errorf("page %d: %w", page, err)
		}
		keys = append(keys, found...)
		if cursor == 0 {
			return keys, nil
		}
		if between != nil {
			between(page)
		}
	}
}

// missing is those of want that are not in got.
func missing(want, got []string) (list []string) {
	have := make(map[string]bool, len(got))
	for _, key := range got {
		have[key] = true
	}
	for _, key := range want {
		if !have[key] {
			list = append(list, key)
		}
	}
	return list
}

func TestScanOfTheWholeCluster(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		for _, readOnly := range []bool{false, true} {
			opt := cl.Options()
			opt.ReadOnly = readOnly
			rdb := newClient(t, opt)
			ctx := within(t, time.Minute)
			keys := fillKeys(t, rdb, t.Name(), 1000)
			require.NoError(t, rdb.SAdd(ctx, t.Name()+":set", 1).Err())
			match := t.Name() + ":0*"

			got, err := scanLoop(ctx, rdb, match, 50, nil)
			require.NoError(t, err)
			require.Equal(t, keys, sorted(got), "each once while nothing moves")

			got = nil
			iter := rdb.Scan(ctx, 0, match, 100).Iterator()
			for iter.Next(ctx) {
				got = append(got, iter.Val())
			}
			require.NoError(t, iter.Err())
			require.Equal(t, keys, sorted(got))

			got, err = scanLoop(ctx, rdb, t.Name()+":*", 0, nil)
			require.NoError(t, err)
			require.Len(t, got, 1001)

			iter = rdb.ScanType(ctx, 0, t.Name()+":*", 1000, "set").Iterator()
			require.True(t, iter.Next(ctx))
			require.Equal(t, t.Name()+":set", iter.Val())
			require.False(t, iter.Next(ctx))

			// By Do, and in pipelines.
			got = nil
			for cursor := "0"; ; {
				var reply *redis.Cmd
				_, err := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
					pipe.Get(ctx, keys[0])
					reply = pipe.Do(ctx, "scan", cursor, "MATCH", match, "COUNT", 100)
					pipe.Get(ctx, keys[1])
					return nil
				})
				require.NoError(t, err)
				page, err := reply.Slice()
				require.NoError(t, err)
				for _, key := range page[1].([]any) {
					got = append(got, key.(string))
				}
				if cursor = page[0].(string); cursor == "0" {
					break
				}
			}
			require.Equal(t, keys, sorted(got))
		}
	})
}

func TestScanOfOneSlot(t *testing.T) {
	cl := redis.PlainCluster(t)
	rdb := newClient(t, cl.Options())
	ctx := within(t, time.Minute)
	tag := "{" + t.Name() + "}"
	keys := fillKeys(t, rdb, tag, 200)
	fillKeys(t, rdb, t.Name(), 200)
	require.NoError(t, rdb.Set(ctx, "x"+tag, 1, 0).Err())
	owner := cl.PrimaryFor(slotOf(t, cl.Cluster, tag)).Addr()
	for match, want := range map[string][]string{
		tag + ":*":      keys,
		tag + ":0010?":  keys[100:110],
		tag + ":0[01]*": keys,
		keys[17]:        keys[17:18],
		"x" + tag + "*": {"x" + tag},
		"?" + tag:       {"x" + tag}, // might match what has another tag
	} {
		resetStats(t, cl.Cluster)
		got, err := scanLoop(ctx, rdb, match, 1000, nil)
		require.NoError(t, err)
		require.Equal(t, want, sorted(got), match)
		for addr, calls := range callsOf(t, cl.Nodes(), "scan") {
			if match[0] != '?' && addr != owner {
				require.Zero(t, calls, "%s asked %s", match, addr)
			}
		}
	}
}

// With every page a slot moves, from nodes that the scan has not come to yet to
// those that it has left, and the reverse.
func TestScanWhileSlotsMove(t *testing.T) {
	cl := redis.PlainCluster(t)
	rdb := newClient(t, cl.Options())
	const moves = 20
	keys := fillKeys(t, rdb, t.Name(), 1500)
	primaries := cl.Primaries()
	home := map[int]*redistest.Node{}
	slots := map[*redistest.Node][]int{}
	for _, key := range keys {
		slot := clustertest.Slot(key)
		if node := cl.PrimaryFor(slot); home[slot] == nil && len(slots[node]) < moves {
			home[slot] = node
			slots[node] = append(slots[node], slot)
		}
	}
	t.Cleanup(func() {
		for slot, node := range home {
			if cl.PrimaryFor(slot) != node {
				require.NoError(t, cl.MigrateSlot(slot, node))
			}
		}
		awaitHealth(t, cl.Cluster)
	})

	for _, move := range []struct{ slots, to int }{{0, 2}, {0, 0}, {2, 0}, {2, 2}} {
		pages := make(chan struct{})
		moved := make(chan error, 1)
		go func() {
			var open []*redistest.Migration
			var err error
			for _, slot := range slots[primaries[move.slots]] {
				if _, more := <-pages; !more || err != nil {
					break
				}
				var m *redistest.Migration
				if m, err = cl.BeginMigration(slot, primaries[move.to]); err == nil {
					_, err = m.MoveKeys(0)
					open = append(open, m)
				}
				// Some stay open for a while, with their keys gone.
				for len(open) > 5 && err == nil {
					err = open[0].Finish()
					open = open[1:]
				}
			}
			for range pages {
			}
			for _, m := range open {
				err = errors.Join(err, m.Finish())
			}
			moved <- err
		}()
		got, err := scanLoop(t.Context(), rdb, t.Name()+":*", 40, func(int) { pages <- struct{}{} })
		close(pages)
		require.NoError(t, <-moved)
		require.NoError(t, err)
		require.Empty(t, missing(keys, got), "slots of node %d to node %d", move.slots, move.to)
		t.Logf("slots of node %d to node %d: %d keys twice", move.slots, move.to, len(got)-len(keys))
		awaitHealth(t, cl.Cluster) // the servers are easily confused
	}
}

// TestScanSoak is the same in large: 100,000 keys, and 1,000 slots that move.
func TestScanSoak(t *testing.T) {
	if os.Getenv("REDISCLUSTER_SOAK") == "" {
		t.Skip("takes minutes: set REDISCLUSTER_SOAK to run it")
	}
	cl := redistest.Start(t, redistest.Options{Replicas: 1})
	rdb := newClient(t, &redis.ClusterOptions{Addrs: cl.Addrs()[:1]})
	keys := fillKeys(t, rdb, t.Name(), 100_000)
	primaries := cl.Primaries()
	var done atomic.Bool
	moved := make(chan error, 1)
	go func() {
		defer done.Store(true)
		for i := range 1000 {
			slot := i * 16
			if i%333 == 0 { // another node's slots: it must not be taking any
				awaitHealth(t, cl)
			}
			to := primaries[(slices.Index(primaries, cl.PrimaryFor(slot))+1+i%2)%3]
			if err := cl.MigrateSlot(slot, to); err != nil {
				moved <- err
				return
			}
		}
		moved <- nil
	}()
	scans := 0
	for !done.Load() {
		got, err := scanLoop(t.Context(), rdb, t.Name()+":*", 100, nil)
		require.NoError(t, err)
		require.Empty(t, missing(keys, got))
		scans++
	}
	require.NoError(t, <-moved)
	t.Logf("%d scans", scans)
}

// The corners, one by one: what moves is chosen, and so is when.
func TestScanMeetsEveryMove(t *testing.T) {
	t.Parallel()
	const count = 600
	firstPage := func(step func()) func(int) {
		return func(page int) {
			if page == 1 {
				step()
			}
		}
	}
	for _, test := range []struct {
		name string
		move func(t *testing.T, cl *clustertest.Cluster, rdb *redis.ClusterClient) func(page int)
	}{
		{"slots behind the scan", func(t *testing.T, cl *clustertest.Cluster, _ *redis.ClusterClient) func(int) {
			return func(page int) {
				if page == 20 { // the first is scanned
					require.NoError(t, cl.AssignSlots(14000, 16383, cl.Primary(0)))
				}
			}
		}},
		{"slots ahead of the scan", func(t *testing.T, cl *clustertest.Cluster, _ *redis.ClusterClient) func(int) {
			return firstPage(func() { require.NoError(t, cl.AssignSlots(0, 3000, cl.Primary(2))) })
		}},
		{"slots again and again", func(t *testing.T, cl *clustertest.Cluster, _ *redis.ClusterClient) func(int) {
			return func(page int) {
				if page < 200 {
					require.NoError(t, cl.AssignSlots(3000, 12000, cl.Primary(page%3)))
				}
			}
		}},
		{"open slots whose keys have gone", func(t *testing.T, cl *clustertest.Cluster, _ *redis.ClusterClient) func(int) {
			return func(page int) {
				if page != 20 {
					return
				}
				for slot := 16000; slot < 16384; slot++ {
					require.NoError(t, cl.BeginMigration(slot, cl.Primary(0)))
					_, err := cl.MoveKeys(slot, -1)
					require.NoError(t, err)
				}
			}
		}},
		{"open slots whose keys go", func(t *testing.T, cl *clustertest.Cluster, _ *redis.ClusterClient) func(int) {
			for slot := 16000; slot < 16384; slot++ {
				require.NoError(t, cl.BeginMigration(slot, cl.Primary(0)))
			}
			return func(page int) {
				slot := 16000 + page
				if page < 384 {
					_, err := cl.MoveKeys(slot, -1)
					require.NoError(t, err)
				}
				if page == 50 || page == 51 {
					require.NoError(t, cl.FinishMigration(slot))
				}
			}
		}},
		{"a new shard takes slots", func(t *testing.T, cl *clustertest.Cluster, _ *redis.ClusterClient) func(int) {
			return func(page int) {
				if page == 5 {
					n, err := cl.AddShard()
					require.NoError(t, err)
					require.NoError(t, cl.AssignSlots(15000, 16383, n))
					require.NoError(t, cl.AssignSlots(0, 1000, n))
				}
			}
		}},
		{"a new shard is about to take its first slots", func(t *testing.T, cl *clustertest.Cluster, _ *redis.ClusterClient) func(int) {
			n, err := cl.AddShard()
			require.NoError(t, err)
			for slot := range 1000 {
				require.NoError(t, cl.BeginMigration(slot, n))
			}
			moveKeys := func(first int) {
				for slot := first; slot < first+500; slot++ {
					_, err := cl.MoveKeys(slot, -1)
					require.NoError(t, err)
				}
			}
			moveKeys(0)
			return firstPage(func() { moveKeys(500) })
		}},
		{"every shard fails over", func(t *testing.T, cl *clustertest.Cluster, _ *redis.ClusterClient) func(int) {
			return func(page int) {
				if page%15 == 0 && page < 60 {
					for shard := range 3 {
						require.NoError(t, cl.Failover(shard))
					}
				}
			}
		}},
		{"every primary is killed", func(t *testing.T, cl *clustertest.Cluster, _ *redis.ClusterClient) func(int) {
			return func(page int) {
				if page%15 == 0 && page < 60 {
					old, err := cl.FailPrimary(page/15%3, 100*time.Millisecond)
					require.NoError(t, err)
					t.Cleanup(func() { _ = cl.Start(old) })
				}
			}
		}},
		{"an earlier primary is gone for good", func(t *testing.T, cl *clustertest.Cluster, rdb *redis.ClusterClient) func(int) {
			return func(page int) {
				if page == 20 {
					require.NoError(t, cl.AssignSlots(0, 8191, cl.Primary(2)))
					rdb.ReloadState(context.Background())
				}
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cl, rdb := startInProcess(t, clustertest.Options{Replicas: 1})
			ctx := within(t, time.Minute)
			keys := fillKeys(t, rdb, "k", count)
			got, err := scanLoop(ctx, rdb, "", 10, test.move(t, cl, rdb))
			require.NoError(t, err)
			require.Empty(t, missing(keys, got))
			require.Less(t, len(got), 4*count)
		})
	}
}

func TestScanOfOneSlotThatMoves(t *testing.T) {
	t.Parallel()
	cl, rdb := startInProcess(t, clustertest.Options{})
	ctx := within(t, time.Minute)
	keys := fillKeys(t, rdb, "{tag}", 200)
	slot := clustertest.Slot("{tag}")
	for range 3 {
		shard := slices.Index(cl.Primaries(), cl.PrimaryForSlot(slot))
		to := cl.Primary((shard + 1) % 3)
		got, err := scanLoop(ctx, rdb, "{tag}*", 10, func(page int) {
			switch page {
			case 2:
				require.NoError(t, cl.BeginMigration(slot, to))
			case 3, 4:
				_, err := cl.MoveKeys(slot, 80)
				require.NoError(t, err)
			case 7:
				require.NoError(t, cl.FinishMigration(slot))
			}
		})
		require.NoError(t, err)
		require.Empty(t, missing(keys, got))
	}
}

func TestScanCursors(t *testing.T) {
	t.Parallel()
	cl, rdb := startInProcess(t, clustertest.Options{})
	ctx := within(t, time.Minute)
	keys := fillKeys(t, rdb, "k", 300)

	// The same cursor again gives the same page, until the next one is used.
	first, cursor, err := rdb.Scan(ctx, 0, "", 10).Result()
	require.NoError(t, err)
	require.NotEmpty(t, first)
	second, next, err := rdb.Scan(ctx, cursor, "", 10).Result()
	require.NoError(t, err)
	again, next2, err := rdb.Scan(ctx, cursor, "", 10).Result()
	require.NoError(t, err)
	require.Equal(t, second, again)
	_, _, err = rdb.Scan(ctx, next2, "", 10).Result()
	require.NoError(t, err)
	err = rdb.Scan(ctx, cursor, "", 10).Err()
	var unknown *redis.UnknownCursorError
	require.ErrorAs(t, err, &unknown)
	require.Equal(t, cursor, unknown.Cursor)
	require.ErrorContains(t, err, "redis: scan: the cursor")
	_, _, err = rdb.Scan(ctx, next, "", 10).Result()
	require.NoError(t, err, "the other branch")

	// A cursor of another client is no cursor.
	other := newClient(t, &redis.ClusterOptions{Addrs: cl.Addrs()})
	require.ErrorAs(t, other.Scan(ctx, next, "", 10).Err(), &unknown)
	require.ErrorContains(t, rdb.Do(ctx, "scan", "nonsense").Err(), "ERR invalid cursor")
	require.ErrorContains(t, rdb.Do(ctx, "scan", 0, "COUNT", "nonsense").Err(), "ERR")

	// After an error the scan goes on where it was.
	broken := false
	got, err := scanLoop(ctx, flaky{rdb, func(ctx context.Context, cursor uint64) {
		if cursor != 0 && !broken {
			broken = true
			cl.SetError(cl.Primary(0), "ERR out of order")
			require.ErrorContains(t, rdb.Scan(ctx, cursor, "", 10).Err(), "out of order")
			cl.SetError(cl.Primary(0), "")
		}
	}}, "", 10, nil)
	require.NoError(t, err)
	require.True(t, broken)
	require.Equal(t, keys, sorted(got))
}

// flaky is a client with something before each SCAN.
type flaky struct {
	*redis.ClusterClient
	before func(ctx context.Context, cursor uint64)
}

func (f flaky) Scan(ctx context.Context, cursor uint64, match string, count int64) *redis.ScanCmd {
	f.before(ctx, cursor)
	return f.ClusterClient.Scan(ctx, cursor, match, count)
}

// A user who may not ask for the slots is served by the slot map.
func TestScanWithoutPermissions(t *testing.T) {
	cl := redis.PlainCluster(t)
	for _, n := range cl.Nodes() {
		_, err := n.Do("ACL", "SETUSER", "limited", "on", ">secret", "~*", "&*", "+@all", "-cluster|nodes", "-info")
		require.NoError(t, err)
	}
	opt := cl.Options()
	opt.Username, opt.Password = "limited", "secret"
	rdb := newClient(t, opt)
	ctx := within(t, time.Minute)
	require.True(t, redis.IsPermissionError(rdb.ClusterNodes(ctx).Err()))
	keys := fillKeys(t, rdb, t.Name(), 500)
	got, err := scanLoop(ctx, rdb, t.Name()+"*", 100, nil)
	require.NoError(t, err)
	require.Equal(t, keys, sorted(got))

	mover := moverOf(t, cl.Cluster, keys[0])
	got, err = scanLoop(ctx, rdb, t.Name()+"*", 20, func(page int) {
		if page == 3 {
			mover.move(mover.away)
			rdb.ReloadState(ctx)
			require.Eventually(t, func() bool {
				owner, err := rdb.MasterForKey(ctx, keys[0])
				return err == nil && owner.Options().Addr == mover.away.Addr()
			}, 10*time.Second, 10*time.Millisecond)
		}
	})
	require.NoError(t, err)
	require.Empty(t, missing(keys, got))
}
