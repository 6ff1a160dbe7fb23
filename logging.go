package redis

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
)

// Logging is what the package logs with; see [SetLogger].
type Logging interface {
	// Printf logs a line that is made as [fmt.Sprintf] does.
	Printf(ctx context.Context, format string, v ...any)
}

// SetLogger has all clients log with logger, in place of the default logger of
// log/slog, where lines have the level Warn. nil returns to that.
//
// Logged is what an operator may want to know and no caller is told: that a node
// has fallen silent, speaks again or was replaced, and that the slot map cannot
// be loaded, or can again. Nothing is logged for single commands. Printf is called
// on goroutines that serve connections: it must return soon, and must not use a
// client.
func SetLogger(logger Logging) {
	if logger == nil {
		logger = slogger{}
	}
	logging.Store(&logger)
}

var logging atomic.Pointer[Logging]

// logf logs a line. It calls the user's code, so that no lock may be held.
func logf(format string, v ...any) {
	logger := logging.Load()
	if logger == nil {
		slogger{}.Printf(context.Background(), format, v...)
		return
	}
	(*logger).Printf(context.Background(), format, v...)
}

// slogger logs with the default logger of log/slog.
type slogger struct{}

func (slogger) Printf(ctx context.Context, format string, v ...any) {
	slog.WarnContext(ctx, fmt.Sprintf(format, v...))
}
