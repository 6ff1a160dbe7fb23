package redis_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// mover moves a slot to and fro between two shards.
type mover struct {
	t          *testing.T
	cl         *redistest.Cluster
	slot       int
	home, away *redistest.Node
	// passing, if set, is called in every state that the slot passes through:
	// open with all keys at the source, some keys moved, all keys moved, done.
	passing func()
}

// moverOf is a mover of the slot of key, which it brings home with the test.
func moverOf(t *testing.T, cl *redistest.Cluster, key string) *mover {
	t.Helper()
	m := &mover{t: t, cl: cl, slot: slotOf(t, cl, key), passing: func() {}}
	m.home = cl.PrimaryFor(m.slot)
	others := slices.DeleteFunc(cl.Primaries(), func(n *redistest.Node) bool { return n == m.home })
	m.away = others[0]
	t.Cleanup(func() {
		if owner := cl.PrimaryFor(m.slot); owner != m.home {
			require.NoError(t, cl.MigrateSlot(m.slot, m.home))
		}
		awaitHealth(t, cl)
	})
	return m
}

// move moves the slot, key by key.
func (m *mover) move(to *redistest.Node) {
	m.t.Helper()
	moving, err := m.cl.BeginMigration(m.slot, to)
	require.NoError(m.t, err)
	m.passing()
	for total := 0; ; {
		moved, err := moving.MoveKeys(1)
		require.NoError(m.t, err)
		if moved == 0 {
			break
		}
		if total += moved; total%8 == 4 {
			m.passing()
		}
	}
	m.passing()
	require.NoError(m.t, moving.Finish())
	m.passing()
}

// roundTrip moves the slot away and back.
func (m *mover) roundTrip() {
	m.t.Helper()
	m.move(m.away)
	m.move(m.home)
}

// awaitHealth returns when all nodes agree about the cluster.
func awaitHealth(t *testing.T, cl *redistest.Cluster) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	require.NoError(t, cl.WaitHealthy(ctx))
}

func TestSlotMovesUnderLoad(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		roundTrips := 20
		if cl.TLSConfig() == nil {
			roundTrips = 5 // nothing here depends on TLS
		}
		rdb := newClient(t, cl.Options())
		resetStats(t, cl.Cluster)
		mover := moverOf(t, cl.Cluster, "{moving}")

		// Each key has a writer, who counts up, and a reader, who must see what
		// was acknowledged and nothing that was not yet sent.
		type counter struct {
			key         string
			sent, acked atomic.Int64
		}
		counters := make([]counter, 16)
		for i := range counters {
			counters[i].key = fmt.Sprintf("{moving}%s:%d", t.Name(), i)
			if i%4 == 3 {
				counters[i].key = fmt.Sprintf("%s:%d", t.Name(), i)
			}
			require.NoError(t, rdb.Set(t.Context(), counters[i].key, 0, 0).Err())
		}
		write := func(ctx context.Context, c *counter) error {
			n := c.sent.Add(1)
			var err error
			if n%2 == 0 {
				err = rdb.Set(ctx, c.key, n, 0).Err()
			} else if got, e := rdb.Incr(ctx, c.key).Result(); e != nil || got != n {
				err = fmt.Errorf("INCR %s: got %d for %d, %v", c.key, got, n, e)
			}
			c.acked.Store(n)
			return err
		}
		read := func(ctx context.Context, c *counter) error {
			low := c.acked.Load()
			got, err := rdb.Get(ctx, c.key).Int64()
			if high := c.sent.Load(); err != nil || got < low || got > high {
				return fmt.Errorf("GET %s: got %d, not from %d to %d, %v", c.key, got, low, high, err)
			}
			return nil
		}
		work := startLoad(t, 2*len(counters), func(ctx context.Context, worker, _ int) error {
			c := &counters[worker/2]
			if worker%2 == 0 {
				return write(ctx, c)
			}
			return read(ctx, c)
		})
		mover.passing = func() { work.pass(1) }
		for range roundTrips {
			mover.roundTrip()
		}
		work.stop()

		asked, moved := errorReplies(t, cl.Nodes(), "ASK"), errorReplies(t, cl.Nodes(), "MOVED")
		var asking int64
		for _, calls := range callsOf(t, cl.Nodes(), "asking") {
			asking += calls
		}
		t.Logf("%d commands, %d ASK, %d MOVED, the longest took %v",
			work.total(), asked, moved, time.Duration(work.longest.Load()))
		require.Positive(t, asked)
		require.Positive(t, asking)
		require.Positive(t, moved)
		for i := range counters {
			got, err := rdb.Get(t.Context(), counters[i].key).Int64()
			require.NoError(t, err)
			require.Equal(t, counters[i].acked.Load(), got)
		}
	})
}

// TestSlotPatchedByMoved shows that one MOVED is enough: the command after it
// goes to the right node at once.
func TestSlotPatchedByMoved(t *testing.T) {
	cl := redis.PlainCluster(t)
	opt := cl.Options()
	// The map is not loaded again unless something asks for it.
	opt.ClusterStateReloadInterval = -1
	rdb := newClient(t, opt)
	key := "{patched}" + t.Name()
	require.NoError(t, rdb.Set(t.Context(), key, 1, 0).Err())
	mover := moverOf(t, cl.Cluster, key)
	resetStats(t, cl.Cluster)
	mover.move(mover.away)
	awaitHealth(t, cl.Cluster) // no node must have an old map to offer
	for range 100 {
		require.NoError(t, rdb.Incr(t.Context(), key).Err())
	}
	require.EqualValues(t, 1, errorReplies(t, cl.Nodes(), "MOVED"))
}

func TestMovedAfterMaxRedirects(t *testing.T) {
	cl := redis.PlainCluster(t)
	opt := cl.Options()
	opt.MaxRedirects = -1
	rdb := newClient(t, opt)
	key := "{redirected}" + t.Name()
	require.NoError(t, rdb.Set(t.Context(), key, 1, 0).Err())
	mover := moverOf(t, cl.Cluster, key)
	mover.move(mover.away)
	err := rdb.Get(t.Context(), key).Err()
	require.ErrorContains(t, err, fmt.Sprintf("MOVED %d %s", mover.slot, mover.away.Addr()))
	var reply redis.Error
	require.ErrorAs(t, err, &reply)
	require.True(t, strings.HasPrefix(reply.Error(), "MOVED "))
}
