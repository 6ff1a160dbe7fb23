package redis

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
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
// has fallen silent, speaks again or was replaced, that a replica redirects the reads
// it should serve, and that the slot map cannot be loaded, or can again. Nothing is logged for single commands. Printf is called for
// one line after the other, on a goroutine for that alone: it may use a client. While it
// does not return up to 256 lines wait, and more are dropped.
func SetLogger(logger Logging) {
	if logger == nil {
		logger = slogger{}
	}
	logging.Store(&logger)
}

var logging atomic.Pointer[Logging]

// logf logs a line. Nobody waits for the logger.
func logf(format string, v ...any) {
	logger := Logging(slogger{})
	if own := logging.Load(); own != nil {
		logger = *own
	}
	lines.add(logLine{logger, format, v})
}

// lines is what is to be logged by the whole program.
var lines logQueue

// logQueue passes lines on to loggers, one after the other, on a goroutine that is there
// while there are any.
type logQueue struct {
	mu      sync.Mutex
	list    []logLine
	running bool
}

type logLine struct {
	logger Logging
	format string
	args   []any
}

// mostLines is how many lines may wait for a logger that is slow, or blocks. More are
// dropped.
const mostLines = 256

func (q *logQueue) add(line logLine) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.list) >= mostLines {
		return
	}
	q.list = append(q.list, line)
	if !q.running {
		q.running = true
		go q.run()
	}
}

func (q *logQueue) run() {
	through := false
	defer func() {
		if !through { // a logger has ended the goroutine
			go q.run()
		}
	}()
	for {
		q.mu.Lock()
		if len(q.list) == 0 {
			q.list, q.running, through = nil, false, true
			q.mu.Unlock()
			return
		}
		line := q.list[0]
		q.list = q.list[1:]
		q.mu.Unlock()
		line.print(line.logger)
	}
}

// print has a logger print the line. If it panics that is told to the log of slog, if
// that is another.
func (l logLine) print(logger Logging) {
	err := guard("the logger", func() error {
		logger.Printf(context.Background(), l.format, l.args...)
		return nil
	})
	if err != nil && logger != Logging(slogger{}) {
		logLine{format: "redis: %v", args: []any{err}}.print(slogger{})
	}
}

// slogger logs with the default logger of log/slog.
type slogger struct{}

func (slogger) Printf(ctx context.Context, format string, v ...any) {
	slog.WarnContext(ctx, fmt.Sprintf(format, v...))
}
