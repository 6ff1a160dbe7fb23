package redis

import (
	"context"
	"math/rand/v2"
	"time"
)

// DialRetryBackoffConstant is a DialerRetryBackoff for [ClusterOptions] and
// [Options]: the pause after a failed dial does not grow. It is between half of d and
// d, and none if d is 0 or less.
func DialRetryBackoffConstant(d time.Duration) func(attempt int) time.Duration {
	return func(int) time.Duration { return max(0, d) }
}

// DialRetryBackoffExponential is a DialerRetryBackoff for [ClusterOptions] and
// [Options]: the pause after a failed dial is random, with an upper limit that
// doubles with each failure in a row from minBackoff to maxBackoff; half of it to all
// of it is then waited for. There is none if one of them is 0 or less.
func DialRetryBackoffExponential(minBackoff, maxBackoff time.Duration) func(attempt int) time.Duration {
	return func(attempt int) time.Duration {
		return backoff(min(minBackoff, maxBackoff), maxBackoff, attempt)
	}
}

// backoff is a random pause before try number retries+1, with an upper limit
// that doubles from min to max.
func backoff(min, max time.Duration, retries int) time.Duration {
	if min <= 0 || max <= 0 {
		return 0
	}
	limit := min
	for range retries {
		if limit >= max/2 {
			limit = max
			break
		}
		limit *= 2
	}
	return rand.N(limit) + 1
}

// sleep pauses for d, or returns the context's error when that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
