package redis

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"
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
// it should serve, and what fails in the background:
//
//   - the slot map cannot be loaded,
//   - a PubSub gets no connection to a node, or is refused a subscription,
//   - messages of a Go channel of a PubSub are dropped, and no function of
//     [WithChannelOnDrop] is told,
//   - connections for MinIdleConns cannot be opened,
//   - a node that has failed does not answer yet.
//
// Each of these is logged when it fails for the first time, and while it goes on failing
// after 10 s, 20 s, 40 s and so on, up to once an hour. That it works again is logged,
// too. Nothing is logged for single commands. Printf is called for one line after the
// other, on a goroutine for that alone: it may use a client. While it does not return up
// to 256 lines wait, and more are dropped.
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
		logLine{format: "%v", args: []any{err}}.print(slogger{})
	}
}

// slogger logs with the default logger of log/slog.
type slogger struct{}

func (slogger) Printf(ctx context.Context, format string, v ...any) {
	slog.WarnContext(ctx, fmt.Sprintf(format, v...))
}

// taskKind is a kind of work in the background whose failures no caller is told.
type taskKind uint8

const (
	loadMap taskKind = iota
	openIdle
	probeNode
	connectPubSub
	subscribeTo
	deliverMessages
)

// taskWords are what the log says of each kind when it fails, and when it works again.
var taskWords = map[taskKind][2]string{
	loadMap:         {"the slot map cannot be loaded", "the slot map is loaded again"},
	openIdle:        {"MinIdleConns cannot be kept up", "MinIdleConns are kept up again"},
	probeNode:       {"the node does not answer", "the node answers again"},
	connectPubSub:   {"no connection for subscriptions can be made", "connections for subscriptions are made again"},
	subscribeTo:     {"the subscription cannot be made", "the subscription is made"},
	deliverMessages: {"messages are dropped", "messages are delivered again"},
}

// backgroundTask is work in the background at, or for, something that has a name: the
// address of a node, or a channel. The name is empty where there is only one.
type backgroundTask struct {
	kind taskKind
	name string
}

const (
	// The pause between two lines about a task that goes on failing doubles from the
	// one to the other.
	firstLogPause   = 10 * time.Second
	longestLogPause = time.Hour
	// maxFailingTasks bounds how many tasks are told apart. Those beyond it share the
	// lines of their kind.
	maxFailingTasks = 1000
)

// failureLog logs the failures of a client's tasks in the background: the first of a
// task at once, then ever more rarely, and that the task works again. There are at most
// two lines for a task within firstLogPause, however often that changes.
type failureLog struct {
	mu    sync.Mutex
	tasks map[backgroundTask]*failingTask
}

// failingTask is what was logged of a task.
type failingTask struct {
	since time.Time     // when it began to fail; zero: it works
	told  bool          // the last line said that it fails
	next  time.Time     // no line that it fails before
	pause time.Duration // after the next line
}

// note notes how a task has ended.
func (l *failureLog) note(task backgroundTask, err error) {
	words := taskWords[task.kind]
	if task.name != "" {
		words[0], words[1] = task.name+": "+words[0], task.name+": "+words[1]
	}
	switch lasted, due := l.isDue(task, err != nil, time.Now()); {
	case !due:
	case err == nil:
		logf("redis: %s", words[1])
	case lasted > 0:
		logf("redis: %s, for %s now: %s", words[0], lasted.Round(time.Second), loggedError{err})
	default:
		logf("redis: %s: %s", words[0], loggedError{err})
	}
}

// maxLoggedError is how many bytes of an error are logged. That of a load of the slot
// map tells of every node that was asked.
const maxLoggedError = 1000

// loggedError is an error in the log, which calls its methods on a goroutine of its own.
type loggedError struct{ err error }

// String is the text in one line. Errors that are joined have a line each.
func (e loggedError) String() string {
	text := strings.ReplaceAll(e.err.Error(), "\n", "; ")
	if len(text) > maxLoggedError {
		text = text[:maxLoggedError] + "..."
	}
	return text
}

// isDue reports whether a line is due for a task that has failed, or has succeeded, and
// for how long it has failed.
func (l *failureLog) isDue(task backgroundTask, failed bool, now time.Time) (lasted time.Duration, due bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tasks[task]
	if !failed {
		if t == nil || t.since.IsZero() {
			return 0, false
		}
		due, t.told, t.since = t.told, false, time.Time{}
		t.pause, t.next = firstLogPause, minTime(t.next, now.Add(firstLogPause))
		return 0, due
	}
	if t == nil {
		t = l.add(task, now)
	}
	if t.since.IsZero() {
		t.since = now
	}
	if now.Before(t.next) {
		return 0, false
	}
	t.told, t.next, t.pause = true, now.Add(t.pause), min(2*t.pause, longestLogPause)
	return now.Sub(t.since), true
}

// add adds a task, and forgets those that have not failed for long. The lock is held.
func (l *failureLog) add(task backgroundTask, now time.Time) *failingTask {
	if len(l.tasks) >= maxFailingTasks {
		maps.DeleteFunc(l.tasks, func(_ backgroundTask, t *failingTask) bool {
			return now.After(t.next.Add(longestLogPause)) || t.since.IsZero() && now.After(t.next)
		})
	}
	if len(l.tasks) >= maxFailingTasks {
		task.name = ""
		if t := l.tasks[task]; t != nil {
			return t
		}
	}
	if l.tasks == nil {
		l.tasks = map[backgroundTask]*failingTask{}
	}
	t := &failingTask{pause: firstLogPause}
	l.tasks[task] = t
	return t
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
