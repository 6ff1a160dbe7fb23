package redis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

// upheaval is a cluster that changes, and what its clients do meanwhile.
type upheaval struct {
	rdb *redis.ClusterClient
	// lossy is set while an election may cost what was acknowledged: a server
	// answers before its replica has the write.
	lossy atomic.Bool
	// valkey is set for servers that may take a slot that has moved for a watched
	// key that has changed.
	valkey bool
}

// upheavalWork is what a worker does in a round. The key is the worker's own.
var upheavalWork = map[string]func(u *upheaval, ctx context.Context, key string, round int) error{
	"keys over slots": (*upheaval).keysOverSlots,
	"transaction":     (*upheaval).transaction,
	"watch":           (*upheaval).watch,
	"script":          (*upheaval).script,
	"list":            (*upheaval).list,
	"stream":          (*upheaval).stream,
	"scan":            (*upheaval).scan,
}

// TestAllKindsOfCommandsInAnUpheaval has every kind of command run while slots
// move, while primaries hand over, and while one is killed. But for the last
// nothing may be lost, doubled or mixed up; and then, no error is allowed but
// that of a write in doubt.
func TestAllKindsOfCommandsInAnUpheaval(t *testing.T) {
	o := redistest.Options{NodeTimeout: 2 * time.Second}
	onOwnClusters(t, o, func(t *testing.T, cl *redistest.Cluster, opt *redis.ClusterOptions) {
		rdb := newClient(t, opt)
		info := rdb.Info(within(t, time.Minute), "server").Val()
		(&upheaval{rdb: rdb, valkey: strings.Contains(info, "valkey_version:")}).run(t, cl)
	})
}

func (u *upheaval) run(t *testing.T, cl *redistest.Cluster) {
	kinds := make([]string, 0, len(upheavalWork))
	for kind := range upheavalWork {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	u.fill(t)
	awaitReplicas(t, cl)
	work := startLoad(t, 2*len(kinds), func(ctx context.Context, worker, round int) error {
		kind := kinds[worker/2]
		key := fmt.Sprintf("{%s}%s", [...]string{"moving", "staying"}[worker%2], kind)
		if err := upheavalWork[kind](u, ctx, key, round); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	})

	mover := moverOf(t, cl, "{moving}")
	for range 3 {
		work.pass(1)
		mover.move(mover.away)
		work.pass(1)
		mover.move(mover.home)
	}
	work.pass(2)
	awaitHealth(t, cl)
	for _, primary := range cl.Primaries() {
		require.NoError(t, cl.Failover(within(t, time.Minute), cl.ReplicasOf(primary)[0], ""))
		work.pass(2)
	}

	awaitHealth(t, cl)
	u.lossy.Store(true)
	killed := cl.PrimaryFor(mover.slot)
	killed.Kill()
	work.pass(2)
	require.NoError(t, killed.Restart())
	awaitHealth(t, cl)
	work.pass(2)
	u.lossy.Store(false)

	moverOf(t, cl, "{moving}").roundTrip()
	work.pass(2)
	work.stop()
	t.Logf("%d rounds, the longest took %v", work.total(), time.Duration(work.longest.Load()))
}

// check is nil if the reply is the one expected, or if it may have got lost.
func (u *upheaval) check(got, want any) error {
	if u.lossy.Load() || fmt.Sprint(got) == fmt.Sprint(want) {
		return nil
	}
	return fmt.Errorf("got %v, not %v", got, want)
}

// excuse is nil in place of an error that an election may cause.
func (u *upheaval) excuse(err error) error {
	if u.lossy.Load() && errors.Is(err, redis.ErrWriteInDoubt) {
		return nil
	}
	return err
}

func (u *upheaval) keysOverSlots(ctx context.Context, key string, round int) error {
	var keys []string
	var pairs, vals []any
	for i := range 12 {
		k, val := key+strconv.Itoa(i), fmt.Sprint(i, "/", round)
		if i%2 == 1 {
			k = strings.Trim(k, "{") // a slot of its own
		}
		keys, pairs, vals = append(keys, k), append(pairs, k, val), append(vals, val)
	}
	if err := u.rdb.MSet(ctx, pairs...).Err(); err != nil {
		return u.excuse(err)
	}
	got, err := u.rdb.MGet(ctx, keys...).Result()
	if err != nil {
		return err
	}
	for i, val := range got {
		if text, ok := val.(string); ok && !strings.HasPrefix(text, fmt.Sprint(i, "/")) {
			return fmt.Errorf("MGET: %q is the value of another key", text)
		}
	}
	if err := u.check(got, vals); err != nil {
		return err
	}
	count, err := u.rdb.Del(ctx, keys...).Result()
	if err != nil {
		return u.excuse(err)
	}
	return u.check(count, len(keys))
}

func (u *upheaval) transaction(ctx context.Context, key string, _ int) error {
	before, err := u.rdb.Get(ctx, key).Int()
	if err != nil && err != redis.Nil {
		return err
	}
	cmds, err := u.rdb.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		tx.Incr(ctx, key)
		tx.Incr(ctx, key+"twin")
		return nil
	})
	if err != nil {
		return u.excuse(err)
	}
	one, two := cmds[0].(*redis.IntCmd).Val(), cmds[1].(*redis.IntCmd).Val()
	if one != two {
		return fmt.Errorf("half of a transaction: %d and %d", one, two)
	}
	return u.check(one, before+1)
}

func (u *upheaval) watch(ctx context.Context, key string, _ int) error {
	before, after := 0, ""
	err := u.rdb.Watch(ctx, func(tx *redis.Tx) error {
		var err error
		if before, err = tx.Get(ctx, key).Int(); err != nil && err != redis.Nil {
			return err
		}
		_, err = tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			pipe.Set(ctx, key, before+1, 0)
			return nil
		})
		return err
	}, key)
	if err == redis.TxFailedErr && u.valkey {
		return nil
	}
	if err != nil {
		return u.excuse(err)
	}
	if after, err = u.rdb.Get(ctx, key).Result(); err != nil && err != redis.Nil {
		return err
	}
	return u.check(after, before+1)
}

var upheavalScript = redis.NewScript(`return {redis.call("INCR", KEYS[1]), KEYS[1], ARGV[1]}`)

func (u *upheaval) script(ctx context.Context, key string, round int) error {
	before, err := u.rdb.Get(ctx, key).Int()
	if err != nil && err != redis.Nil {
		return err
	}
	got, err := upheavalScript.Run(ctx, u.rdb, []string{key}, round).Slice()
	if err != nil {
		return u.excuse(err)
	}
	if fmt.Sprint(got[1:]) != fmt.Sprint([]any{key, round}) {
		return fmt.Errorf("%v is another script's reply", got)
	}
	return u.check(got[0], before+1)
}

// list waits for an element that is pushed at the same time.
func (u *upheaval) list(ctx context.Context, key string, round int) error {
	type popped struct {
		pair []string
		err  error
	}
	got := make(chan popped, 1)
	go func() {
		pair, err := u.rdb.BLPop(ctx, 0, key).Result()
		got <- popped{pair, err}
	}()
	for {
		if err := u.excuse(u.rdb.RPush(ctx, key, round).Err()); err != nil {
			return err
		}
		select {
		case p := <-got:
			if u.lossy.Load() {
				// What was in doubt, and pushed again, may be there twice.
				return errors.Join(u.excuse(p.err), u.excuse(u.rdb.Del(ctx, key).Err()))
			}
			if p.err != nil {
				return p.err
			}
			return u.check(p.pair, []string{key, strconv.Itoa(round)})
		case <-u.lost():
			// The element is gone with its server; another one will do.
		}
	}
}

// stream waits for an entry that is added at the same time.
func (u *upheaval) stream(ctx context.Context, key string, round int) error {
	last := "0"
	entries, err := u.rdb.XRevRangeN(ctx, key, "+", "-", 1).Result()
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		last = entries[0].ID
	}
	type read struct {
		streams []redis.XStream
		err     error
	}
	got := make(chan read, 1)
	go func() {
		streams, err := u.rdb.XRead(ctx, &redis.XReadArgs{Streams: []string{key, last}, Block: 0}).Result()
		got <- read{streams, err}
	}()
	for {
		id, err := u.rdb.XAdd(ctx, &redis.XAddArgs{Stream: key, MaxLen: 100, Values: []any{"round", round}}).Result()
		if err := u.excuse(err); err != nil {
			return err
		}
		select {
		case r := <-got:
			if r.err != nil {
				return r.err
			}
			want := []redis.XStream{{Stream: key, Messages: []redis.XMessage{{ID: id, Values: map[string]any{"round": strconv.Itoa(round)}}}}}
			return u.check(r.streams, want)
		case <-u.lost():
		}
	}
}

// lost says when something that has not come by now may have got lost: never,
// while nothing may.
func (u *upheaval) lost() <-chan time.Time {
	if u.lossy.Load() {
		return time.After(time.Second)
	}
	return nil
}

const upheavalKeys = 300

// fill sets the keys that scans look for.
func (u *upheaval) fill(t *testing.T) {
	for i := range upheavalKeys {
		require.NoError(t, u.rdb.Set(t.Context(), fmt.Sprint("there:", i), i, 0).Err())
	}
}

func (u *upheaval) scan(ctx context.Context, _ string, _ int) error {
	found := map[string]bool{}
	it := u.rdb.Scan(ctx, 0, "there:*", 100).Iterator()
	for it.Next(ctx) {
		found[it.Val()] = true
	}
	if err := it.Err(); err != nil {
		return err
	}
	if len(found) != upheavalKeys {
		return fmt.Errorf("SCAN has found %d keys of %d", len(found), upheavalKeys)
	}
	return nil
}
