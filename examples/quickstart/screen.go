package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	redis "github.com/seed-e06f3def/rediscluster"
)

// screen shows what happens: on a terminal a picture that is drawn over and
// over in the same place, elsewhere a line now and then.
type screen struct {
	out  io.Writer
	live bool
	ink  ink

	title  string
	length time.Duration
	began  time.Time
	meter  meter

	mu     sync.Mutex
	events []string
	told   int // events printed as lines
	drawn  int // lines of the picture
}

// framePeriod is the time between two pictures.
const framePeriod = 100 * time.Millisecond

// maxEvents keeps the picture from growing out of the terminal.
const maxEvents = 6

// isLively reports whether pictures may be drawn on f.
func isLively(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 &&
		os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

func newScreen(out io.Writer, live bool) *screen {
	return &screen{out: out, live: live, ink: ink(live)}
}

func (s *screen) begin(title string, length time.Duration) {
	s.title, s.length, s.began = title, length, time.Now()
	s.meter.start()
	if s.live {
		s.print(hideCursor)
		return
	}
	s.print("rediscluster quickstart: " + title + "\n")
}

// restore leaves the terminal as it was.
func (s *screen) restore() {
	if s.live {
		s.print(showCursor)
	}
}

// say adds an event.
func (s *screen) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := fmt.Sprintf("%5.1f s  ", time.Since(s.began).Seconds())
	s.events = append(s.events, at+fmt.Sprintf(format, args...))
}

// follow shows the program at work until the context ends.
func (s *screen) follow(ctx context.Context, nodes *watch, work *load) {
	period := framePeriod
	if !s.live {
		period = s.length / 12
	}
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		s.meter.read(work)
		if s.live {
			s.draw(s.picture(nodes.view(), work, "reads/s"))
		} else {
			s.line(nodes.view(), work)
		}
	}
}

// finish shows how it all went.
func (s *screen) finish(nodes *watch, work *load, pool *redis.PoolStats) {
	s.meter.readAll(work)
	picture := s.picture(nodes.view(), work, "reads")
	picture = append(picture, s.poolLine(pool), "")
	if s.live {
		s.draw(picture)
		return
	}
	s.tell()
	s.print(strings.Join(picture[1:], "\n") + "\n")
}

// picture is the lines to draw.
func (s *screen) picture(nodes []nodeView, work *load, counts string) []string {
	elapsed := min(time.Since(s.began), s.length)
	lines := []string{
		fmt.Sprintf(" %s  %s  %s", s.ink.bold("rediscluster quickstart"), s.title,
			s.ink.dim(fmt.Sprintf("%.0f of %.0f s", elapsed.Seconds(), s.length.Seconds()))),
		"",
	}
	lines = append(lines, s.table(nodes, counts)...)
	lines = append(lines, "", s.clientLine(),
		s.tallyLine("reads", &work.reads), s.tallyLine("writes", &work.writes))
	if s.live {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.events) > 0 {
			lines = append(lines, "")
		}
		for _, e := range s.events[max(0, len(s.events)-maxEvents):] {
			lines = append(lines, " "+e)
		}
	}
	return append(lines, "")
}

// draw replaces the picture on the terminal.
func (s *screen) draw(lines []string) {
	var b strings.Builder
	if s.drawn > 0 {
		fmt.Fprintf(&b, cursorUp, s.drawn)
	}
	for _, line := range lines {
		b.WriteString(line + clearToEnd + "\n")
	}
	s.drawn = len(lines)
	s.print(b.String())
}

// line prints one line about the last period, and the events since the last.
func (s *screen) line(nodes []nodeView, work *load) {
	s.tell()
	var rates []string
	for _, n := range nodes {
		rate := thousands(int64(n.rate))
		if n.role == down {
			rate = string(down)
		}
		rates = append(rates, rate)
	}
	s.print(fmt.Sprintf("%5.1f s  %s commands/s, %d errors, longest gap between reads %s; reads/s by node: %s\n",
		time.Since(s.began).Seconds(), thousands(int64(s.meter.rate)), work.reads.failed.Load()+work.writes.failed.Load(),
		seconds(time.Duration(work.reads.longest.Load())), strings.Join(rates, " ")))
}

// tell prints the events that were not printed yet.
func (s *screen) tell() {
	s.mu.Lock()
	events := s.events[s.told:]
	s.told = len(s.events)
	s.mu.Unlock()
	for _, e := range events {
		s.print(e + "\n")
	}
}

// print writes text. There is nobody to tell that it cannot be written.
func (s *screen) print(text string) { _, _ = io.WriteString(s.out, text) }
