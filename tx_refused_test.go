package redis

import (
	"testing"

	"github.com/stretchr/testify/require"
)

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
