package redis

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDialRetryBackoff(t *testing.T) {
	t.Parallel()
	for attempt := range 5 {
		require.Equal(t, time.Second, DialRetryBackoffConstant(time.Second)(attempt))
		require.Zero(t, DialRetryBackoffConstant(-1)(attempt))
		require.Zero(t, DialRetryBackoffExponential(0, time.Second)(attempt))
		require.Zero(t, DialRetryBackoffExponential(time.Second, -1)(attempt))
	}
	for attempt, limit := range []time.Duration{1, 2, 4, 5, 5} {
		seen := time.Duration(0)
		for range 1000 {
			pause := DialRetryBackoffExponential(time.Second, 5*time.Second)(attempt)
			require.LessOrEqual(t, pause, limit*time.Second)
			seen = max(seen, pause)
		}
		require.Greater(t, seen, limit*time.Second/2)
	}
	require.LessOrEqual(t, DialRetryBackoffExponential(time.Hour, time.Second)(0), time.Second)
	require.LessOrEqual(t, DialRetryBackoffExponential(1, math.MaxInt64)(math.MaxInt32), time.Duration(math.MaxInt64))
}
