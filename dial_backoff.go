package redis

import "time"

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
