package redistest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMigration(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Replicas: 1, Password: "secret"})
	ctx := within(t, time.Minute)
	const slot = 12182 // of the tag {foo}
	from, to := c.PrimaryFor(slot), c.PrimaryFor(0)
	key := func(i int) string { return fmt.Sprintf("{foo}%d", i) }
	const keys = 250
	for i := range keys {
		mustDo(t, from, "SET", key(i), fmt.Sprint(i))
	}
	count := func(n *Node) any { return mustDo(t, n, "CLUSTER", "COUNTKEYSINSLOT", fmt.Sprint(slot)) }

	m, err := c.BeginMigration(slot, to)
	require.NoError(t, err)
	require.Same(t, from, m.From)
	require.Equal(t, int64(keys), count(from))

	// The ASK phase, held for as long as it takes.
	require.NoError(t, m.Move(key(7)))
	_, err = from.Do("GET", key(7))
	require.Equal(t, ServerError(fmt.Sprintf("ASK %d %s", slot, to.Addr())), err)
	_, err = from.Do("MGET", key(7), key(8))
	require.ErrorContains(t, err, "TRYAGAIN")
	require.Equal(t, "8", mustDo(t, from, "GET", key(8)))
	_, err = to.Do("GET", key(7))
	require.ErrorContains(t, err, "MOVED", "the target serves nobody who is not asking")

	moved, err := m.MoveKeys(10)
	require.NoError(t, err)
	require.Equal(t, 10, moved)
	require.Equal(t, int64(keys-11), count(from))
	require.Equal(t, int64(11), count(to))
	require.Same(t, from, c.PrimaryFor(slot))

	moved, err = m.MoveKeys(0)
	require.NoError(t, err)
	require.Equal(t, keys-11, moved)
	require.Equal(t, int64(keys), count(to))
	require.NoError(t, m.Finish())
	require.Same(t, to, c.PrimaryFor(slot))
	require.NoError(t, c.WaitHealthy(ctx))
	for _, n := range c.Nodes() {
		if n == to {
			continue
		}
		_, err := n.Do("GET", key(1))
		require.Equal(t, ServerError(fmt.Sprintf("MOVED %d %s", slot, to.Addr())), err)
	}
	require.Equal(t, "249", mustDo(t, to, "GET", key(249)))

	// In one go, with a look between the steps.
	stages := 0
	err = c.MigrateSlot(slot, from,
		func() { stages++; require.Equal(t, int64(keys), count(to)) },
		func() { stages++; require.Equal(t, int64(keys), count(from)) })
	require.NoError(t, err)
	require.Equal(t, 2, stages)
	require.Same(t, from, c.PrimaryFor(slot))

	_, err = c.BeginMigration(slot, from)
	require.ErrorContains(t, err, "already")
	_, err = c.BeginMigration(slotCount, from)
	require.ErrorContains(t, err, "nobody owns")

	m, err = c.BeginMigration(slot, to)
	require.NoError(t, err)
	require.NoError(t, m.Abort())
	require.Equal(t, "7", mustDo(t, from, "GET", key(7)))
	require.Nil(t, mustDo(t, from, "GET", "{foo}absent"), "no ASK any more")
	require.NoError(t, c.WaitHealthy(ctx))
}
