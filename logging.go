package redis

import "context"

// Logging is what [SetLogger] takes.
type Logging interface {
	Printf(ctx context.Context, format string, v ...any)
}

// SetLogger has no effect and is here so that existing programs compile: this
// package logs nothing. What goes wrong is in the errors and in [PoolStats].
func SetLogger(logger Logging) {}
