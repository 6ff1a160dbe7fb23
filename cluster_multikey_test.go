package redis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	redis "github.com/seed-e06f3def/rediscluster"
)

// multiKeySteps are commands over several slots, each with the reply that a
// single server would give after those before it. The keys 0 to 5 are in six
// slots on all shards, {a}1 and {a}2 in one.
var multiKeySteps = []struct {
	args []string // the name, then keys, which are given a prefix
	want any
}{
	{[]string{"del", "0", "1", "2", "3", "4", "5", "{a}1", "{a}2"}, int64(0)},
	{[]string{"mget", "0", "1"}, []any{nil, nil}},
	{[]string{"mset", "0", "1", "2", "3", "4", "5", "{a}1", "{a}2"}, "OK"},
	{[]string{"mget", "5", "4", "nobody", "0", "5", "{a}2", "5"}, []any{"=5", "=4", nil, "=0", "=5", "={a}2", "=5"}},
	{[]string{"mget", "{a}1", "{a}2"}, []any{"={a}1", "={a}2"}},
	{[]string{"mget", "3"}, []any{"=3"}},
	{[]string{"mset", "3", "3"}, "OK"}, // twice the same key
	{[]string{"exists", "0", "0", "1", "nobody", "{a}1"}, int64(4)},
	{[]string{"touch", "0", "0", "1", "nobody", "{a}1"}, int64(4)},
	{[]string{"del", "0", "1", "0", "nobody"}, int64(2)},
	{[]string{"mget", "0", "1", "2"}, []any{nil, nil, "=2"}},
	{[]string{"unlink", "1", "2", "3", "2"}, int64(2)},
	{[]string{"del", "{a}1", "{a}2"}, int64(2)},
	{[]string{"exists", "0", "1", "2", "3", "4", "5", "{a}1", "{a}2"}, int64(2)},
}

// multiKeyCaller adds a command and returns it.
type multiKeyCaller func(ctx context.Context, c redis.Cmdable, name string, keys []string) redis.Cmder

// byMethod uses the methods for the commands.
func byMethod(ctx context.Context, c redis.Cmdable, name string, keys []string) redis.Cmder {
	switch name {
	case "mget":
		return c.MGet(ctx, keys...)
	case "mset":
		return c.MSet(ctx, withValues(keys)...)
	case "del":
		return c.Del(ctx, keys...)
	case "unlink":
		return c.Unlink(ctx, keys...)
	case "exists":
		return c.Exists(ctx, keys...)
	default:
		return c.Touch(ctx, keys...)
	}
}

// byDo uses Do.
func byDo(ctx context.Context, c redis.Cmdable, name string, keys []string) redis.Cmder {
	args := []any{name}
	if name == "mset" {
		args = append(args, withValues(keys)...)
	} else {
		for _, key := range keys {
			args = append(args, key)
		}
	}
	return c.(interface {
		Do(ctx context.Context, args ...any) *redis.Cmd
	}).Do(ctx, args...)
}

// withValues puts behind each key its value: what follows the prefix, after an
// equals sign.
func withValues(keys []string) (pairs []any) {
	for _, key := range keys {
		pairs = append(pairs, key, valueOf(key))
	}
	return pairs
}

func valueOf(key string) string { return "=" + key[slices.Index([]byte(key), ';')+1:] }

// replyOf is the reply of a command as Do would give it.
func replyOf(cmd redis.Cmder) any {
	switch cmd := cmd.(type) {
	case *redis.Cmd:
		return cmd.Val()
	case *redis.SliceCmd:
		return cmd.Val()
	case *redis.IntCmd:
		return cmd.Val()
	case *redis.StatusCmd:
		return cmd.Val()
	}
	return fmt.Sprintf("a reply to %T", cmd)
}

func TestMultiKeyCommands(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		for _, protocol := range []int{2, 3} {
			opt := cl.Options()
			opt.Protocol = protocol
			rdb := newClient(t, opt)
			for _, way := range []struct {
				name string
				call multiKeyCaller
			}{{"method", byMethod}, {"Do", byDo}} {
				prefix := fmt.Sprintf("%s:%d:%s;", t.Name(), protocol, way.name)
				t.Run(fmt.Sprintf("RESP%d, %s", protocol, way.name), func(t *testing.T) {
					ctx := within(t, time.Minute)
					for _, step := range multiKeySteps {
						cmd := way.call(ctx, rdb, step.args[0], withPrefix(prefix, step.args[1:]))
						require.NoError(t, cmd.Err(), cmd)
						require.Equal(t, step.want, replyOf(cmd), cmd)
					}
				})
				t.Run(fmt.Sprintf("RESP%d, %s in a pipeline", protocol, way.name), func(t *testing.T) {
					ctx := within(t, time.Minute)
					pipe := rdb.Pipeline()
					for _, step := range multiKeySteps {
						way.call(ctx, pipe, step.args[0], withPrefix("pipe:"+prefix, step.args[1:]))
					}
					cmds, err := pipe.Exec(ctx)
					require.NoError(t, err)
					for i, step := range multiKeySteps {
						require.Equal(t, step.want, replyOf(cmds[i]), cmds[i])
					}
				})
			}
		}
	})
}

func withPrefix(prefix string, keys []string) []string {
	prefixed := make([]string, len(keys))
	for i, key := range keys {
		prefixed[i] = prefix + key
	}
	return prefixed
}

func TestMultiKeyCommandsWhileSlotMoves(t *testing.T) {
	onSharedClusters(t, func(t *testing.T, cl *redis.SharedCluster) {
		rdb := newClient(t, cl.Options())
		mover := moverOf(t, cl.Cluster, "{moving}")
		resetStats(t, cl.Cluster)
		work := startLoad(t, 6, func(ctx context.Context, worker, round int) error {
			var keys []string
			var pairs, vals []any
			for i := range 12 {
				key := fmt.Sprintf("%s:%d:%d", t.Name(), worker, i)
				if i%3 == 0 {
					key = "{moving}" + key
				}
				val := fmt.Sprint(round, "/", i)
				keys, pairs, vals = append(keys, key), append(pairs, key, val), append(vals, val)
			}
			return multiKeyRound(ctx, rdb, worker%2 == 0, keys, pairs, vals)
		})
		for range 6 {
			work.pass(1)
			mover.move(mover.away)
			work.pass(1)
			mover.move(mover.home)
		}
		work.stop()
		t.Logf("%d rounds, %d ASK, %d MOVED, %d TRYAGAIN", work.total(), errorReplies(t, cl.Nodes(), "ASK"),
			errorReplies(t, cl.Nodes(), "MOVED"), errorReplies(t, cl.Nodes(), "TRYAGAIN"))
		require.Positive(t, errorReplies(t, cl.Nodes(), "MOVED"))
	})
}

// multiKeyRound writes, reads, counts and deletes the keys, with one command
// for all of them each time; piped, it has a pipeline for each step. Within one
// a part that has to wait for its keys could be overtaken by the next command.
func multiKeyRound(ctx context.Context, rdb *redis.ClusterClient, piped bool, keys []string, pairs, vals []any) error {
	step := func(fill func(c redis.Cmdable)) error {
		if !piped {
			fill(rdb)
			return nil
		}
		_, err := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			fill(pipe)
			return nil
		})
		return err
	}
	var set *redis.StatusCmd
	var get *redis.SliceCmd
	counts := make([]*redis.IntCmd, 4)
	err := errors.Join(
		step(func(c redis.Cmdable) { set = c.MSet(ctx, pairs...) }),
		step(func(c redis.Cmdable) {
			get, counts[0], counts[1] = c.MGet(ctx, keys...), c.Exists(ctx, keys...), c.Touch(ctx, keys...)
		}),
		step(func(c redis.Cmdable) { counts[2] = c.Del(ctx, keys[:5]...) }),
		step(func(c redis.Cmdable) { counts[3] = c.Unlink(ctx, keys...) }),
	)
	if err := errors.Join(err, set.Err(), get.Err()); err != nil {
		return err
	}
	if !slices.Equal(vals, get.Val()) {
		return fmt.Errorf("MGET: got %v, not %v", get.Val(), vals)
	}
	all := int64(len(keys))
	for i, want := range []int64{all, all, 5, all - 5} {
		if got, err := counts[i].Result(); err != nil || got != want {
			return fmt.Errorf("%s: want %d", counts[i], want)
		}
	}
	return nil
}

// TestWaitingOutTryAgain shows that a command which is redirected and told to
// try again, in turns, is not lost for having been redirected too often.
func TestWaitingOutTryAgain(t *testing.T) {
	cl := redis.PlainCluster(t)
	opt := cl.Options()
	opt.MaxRetryBackoff = 20 * time.Millisecond
	rdb := newClient(t, opt)
	first, second := "{waiting}1", "{waiting}2"
	require.NoError(t, rdb.Del(t.Context(), first, second).Err())
	mover := moverOf(t, cl.Cluster, first)
	moving, err := cl.BeginMigration(mover.slot, mover.away)
	require.NoError(t, err)

	for _, command := range []struct {
		name string
		run  func(ctx context.Context) error
	}{
		{"command", func(ctx context.Context) error { return rdb.MSet(ctx, first, 1, second, 2).Err() }},
		{"pipeline", func(ctx context.Context) error {
			_, err := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
				pipe.MSet(ctx, first, 1, second, 2)
				return nil
			})
			return err
		}},
	} {
		t.Run(command.name, func(t *testing.T) {
			resetStats(t, cl.Cluster)
			ctx := within(t, time.Minute)
			ended := make(chan error, 1)
			go func() { ended <- command.run(ctx) }()
			for errorReplies(t, cl.Nodes(), "TRYAGAIN") < 10 {
				select {
				case err := <-ended:
					require.FailNow(t, "it did not wait", "%v", err)
				case <-time.After(time.Millisecond):
				}
			}
			require.NoError(t, moving.Finish())
			require.NoError(t, <-ended)

			vals, err := rdb.MGet(ctx, first, second).Result()
			require.NoError(t, err)
			require.Equal(t, []any{"1", "2"}, vals)
			require.EqualValues(t, 2, rdb.Del(ctx, first, second).Val())
			from := moving.To
			moving, err = cl.BeginMigration(mover.slot, moving.From)
			require.NoError(t, err)
			require.Equal(t, from, moving.From)
		})
	}
	require.NoError(t, moving.Abort())
}

func TestPartialError(t *testing.T) {
	cl := redis.SecureCluster(t)
	rdb := newClient(t, cl.Options())
	ctx := within(t, time.Minute)
	keys := make([]string, 20)
	values := map[string]any{}
	for i := range keys {
		keys[i] = fmt.Sprint(t.Name(), i)
		values[keys[i]] = keys[i]
	}
	refusing := cl.Primaries()[1]
	var refused []string
	for _, key := range keys {
		if cl.PrimaryFor(slotOf(t, cl.Cluster, key)) == refusing {
			refused = append(refused, key)
		}
	}
	require.NotEmpty(t, refused)
	require.Less(t, len(refused), len(keys))
	require.NoError(t, rdb.MSet(ctx, values).Err())

	for _, command := range []struct {
		name string
		run  func(c redis.Cmdable) redis.Cmder
		// reply is what there is in spite of the error.
		reply func(t *testing.T, cmd redis.Cmder)
	}{
		{"mget", func(c redis.Cmdable) redis.Cmder { return c.MGet(ctx, keys...) }, func(t *testing.T, cmd redis.Cmder) {
			for i, val := range cmd.(*redis.SliceCmd).Val() {
				if slices.Contains(refused, keys[i]) {
					require.ErrorContains(t, val.(error), "NOPERM")
				} else {
					require.Equal(t, keys[i], val)
				}
			}
		}},
		{"exists", func(c redis.Cmdable) redis.Cmder { return c.Exists(ctx, keys...) }, func(t *testing.T, cmd redis.Cmder) {
			require.EqualValues(t, len(keys)-len(refused), cmd.(*redis.IntCmd).Val())
		}},
		{"mset", func(c redis.Cmdable) redis.Cmder { return c.MSet(ctx, values) }, func(*testing.T, redis.Cmder) {}},
	} {
		t.Run(command.name, func(t *testing.T) {
			_, err := refusing.Do("ACL", "SETUSER", cl.Username, "-"+command.name)
			require.NoError(t, err)
			t.Cleanup(func() {
				_, err := refusing.Do("ACL", "SETUSER", cl.Username, "+@all")
				require.NoError(t, err)
			})
			check := func(cmd redis.Cmder) {
				var partial *redis.PartialError
				require.ErrorAs(t, cmd.Err(), &partial)
				require.Equal(t, command.name, partial.Command)
				var failed []string
				for key, err := range partial.Failed {
					failed = append(failed, key)
					require.ErrorContains(t, err, "NOPERM")
				}
				require.ElementsMatch(t, refused, failed)
				require.ErrorContains(t, cmd.Err(), "redis: "+command.name)
				command.reply(t, cmd)
			}
			check(command.run(rdb))
			pipe := rdb.Pipeline()
			before := pipe.Set(ctx, keys[0], keys[0], 0)
			cmd := command.run(pipe)
			_, err = pipe.Exec(ctx)
			require.Equal(t, cmd.Err(), err)
			require.NoError(t, before.Err())
			check(cmd)
		})
	}
}
