package redis

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// However requests come, none that was allowed is one too many for the second
// before it, and whoever waits as long as told may go on.
func TestMapRequests(t *testing.T) {
	t.Parallel()
	var r mapRequests
	var made []time.Time
	now := time.Now()
	for range 10_000 {
		n := 1 + rand.IntN(askAtOnce)
		if wait := r.wait(now, n); wait > 0 {
			now = now.Add(wait)
			require.Zero(t, r.wait(now, n))
		}
		for range n {
			r.add(now)
			made = append(made, now)
		}
		now = now.Add(rand.N(refreshPause))
	}
	for i, at := range made[maxAsked:] {
		require.GreaterOrEqual(t, at.Sub(made[i]), askedWithin)
	}
}

func TestMapRequestsWithdrawn(t *testing.T) {
	t.Parallel()
	var r mapRequests
	now := time.Now()
	for i := range maxAsked {
		r.add(now.Add(time.Duration(i)))
	}
	later := now.Add(maxAsked)
	require.Equal(t, askedWithin-maxAsked, r.wait(later, 1), "until the first is forgotten")
	r.withdraw(now.Add(3))
	require.Zero(t, r.wait(later, 1))
	require.Positive(t, r.wait(later, 2))
	r.withdraw(now.Add(3))
	require.Positive(t, r.wait(later, 2), "it was taken back already")
}
