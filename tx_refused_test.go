package redis

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// The errors of an attempt that was followed by another do not stay.
func TestTransactionForgetsEarlierErrors(t *testing.T) {
	t.Parallel()
	s, gone := newScripted(t), newScripted(t)
	gone.stop()
	s.on("MULTI", says("+OK\r\n"))
	s.on("SET", says(fmt.Sprintf("-MOVED %d %s\r\n", keySlot("key"), gone.addr)))
	s.on("EXEC", says("-EXECABORT Transaction discarded because of previous errors.\r\n"))
	c := clusterOf(t, []*scripted{s}, func(o *ClusterOptions) { o.FailoverTimeout = -1 })
	ctx := background(t)
	var set *StatusCmd
	_, err := c.TxPipelined(ctx, func(pipe Pipeliner) error {
		set = pipe.Set(ctx, "key", "v", 0)
		return nil
	})
	require.Error(t, err)
	require.False(t, HasErrorPrefix(err, "MOVED"), "%v", err)
	require.Equal(t, err, set.Err())
}

// Where MULTI is refused, the commands have run though the transaction failed.
func TestMultiRefused(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("MULTI", says("-NOPERM this user has no permissions to run the 'multi' command\r\n"))
	s.on("INCR", says(":1\r\n"))
	s.on("EXEC", says("-ERR EXEC without MULTI\r\n"))
	ctx := background(t)
	for name, c := range map[string]UniversalClient{"server": clientOf(t, s, nil), "cluster": clusterOf(t, []*scripted{s}, nil)} {
		t.Run(name, func(t *testing.T) {
			var incr *IntCmd
			_, err := c.TxPipelined(ctx, func(pipe Pipeliner) error {
				incr = pipe.Incr(ctx, "k")
				return nil
			})
			require.ErrorIs(t, err, ErrWriteInDoubt)
			require.True(t, IsPermissionError(err), "%v", err)
			require.Equal(t, err, incr.Err())
		})
	}
	require.Equal(t, 2, s.count("INCR"), "none was sent again")
}
