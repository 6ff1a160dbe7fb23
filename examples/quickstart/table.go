package main

import (
	"fmt"
	"net"
	"strings"
	"time"

	redis "github.com/seed-e06f3def/rediscluster"
)

const (
	maxRows    = 12 // nodes shown
	graphWidth = 28 // columns of a node's graph, which is the whole run
	nodeWidth  = 21 // of a node's name, at most
)

// table shows the nodes: where reads went in the past is the graph at the end
// of each line, on a common scale.
func (s *screen) table(nodes []nodeView, counts string) []string {
	width, highest := len("node"), 1.0
	for _, n := range nodes {
		width = max(width, len([]rune(short(n.addr))))
		for _, p := range n.history {
			highest = max(highest, p.rate)
		}
	}
	lines := []string{s.ink.dim(fmt.Sprintf(" %-5s  %-*s  %-7s  %7s  %9s  %s", "shard", width, "node", "role", "latency", counts, "over time"))}
	shard := 0
	for i, n := range nodes {
		if i == maxRows {
			lines = append(lines, s.ink.dim(fmt.Sprintf(" … and %d more", len(nodes)-maxRows)))
			break
		}
		label := ""
		if n.shard != shard {
			shard, label = n.shard, fmt.Sprint(n.shard)
		}
		latency, count := "–", thousands(int64(n.rate))
		if n.latency > 0 {
			latency = fmt.Sprintf("%.1f ms", float64(n.latency)/float64(time.Millisecond))
		}
		if counts != "reads/s" {
			count = thousands(n.total())
		}
		role := s.ink.of(n.role, fmt.Sprintf("%-7s", n.role))
		lines = append(lines, fmt.Sprintf(" %-5s  %-*s  %s  %7s  %9s  %s", label, width, short(n.addr), role, latency, count, s.graph(n.history, highest)))
	}
	return lines
}

var levels = []rune(" ▁▂▃▄▅▆▇█")

// graph draws a node's history in the colours of its roles. Each column is the
// mean of its share of the run.
func (s *screen) graph(history []point, highest float64) string {
	var b, run strings.Builder // run is columns of the same colour
	colour := role("")
	for col := range min(graphWidth, len(history)) {
		from, to := col, col+1
		if len(history) > graphWidth {
			from, to = col*len(history)/graphWidth, (col+1)*len(history)/graphWidth
		}
		sum := 0.0
		for _, p := range history[from:to] {
			sum += p.rate
		}
		last := history[to-1]
		level := min(len(levels)-1, int(sum/float64(to-from)/highest*float64(len(levels)-1)+0.5))
		mark := string(levels[level])
		switch {
		case last.role == down:
			mark = "×"
		case level == 0:
			mark = "·"
		}
		if last.role != colour {
			b.WriteString(s.ink.of(colour, run.String()))
			run.Reset()
			colour = last.role
		}
		run.WriteString(mark)
	}
	b.WriteString(s.ink.of(colour, run.String()))
	return b.String()
}

func (s *screen) clientLine() string {
	line := fmt.Sprintf(" %-7s %11s a second", "client", thousands(int64(s.meter.rate)))
	if s.meter.cores > 0 {
		line += fmt.Sprintf("   %.1f CPUs for this process", s.meter.cores)
	}
	return line
}

func (s *screen) tallyLine(name string, t *tally) string {
	failed, wrong := t.failed.Load(), t.wrong.Load()
	bad := fmt.Sprintf("errors %d   wrong %d", failed, wrong)
	if failed+wrong > 0 {
		bad = s.ink.red(bad)
	} else {
		bad = s.ink.green(bad)
	}
	line := fmt.Sprintf(" %-7s %11s   %s   longest gap %s", name, thousands(t.done.Load()), bad, seconds(time.Duration(t.longest.Load())))
	if doubt := t.doubt.Load(); doubt > 0 {
		line += fmt.Sprintf("   in doubt %d, repeated", doubt)
	}
	return line
}

func (s *screen) poolLine(p *redis.PoolStats) string {
	return fmt.Sprintf(" %-7s %11s hits   %d misses   %d timeouts   %d open   %d idle   %d stale",
		"pool", thousands(int64(p.Hits)), p.Misses, p.Timeouts, p.TotalConns, p.IdleConns, p.StaleConns)
}

// short is an address as the table shows it: of a long name the first part.
func short(addr string) string {
	if len(addr) <= nodeWidth {
		return addr
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr[:nodeWidth-1] + "…"
	}
	if net.ParseIP(host) == nil {
		host, _, _ = strings.Cut(host, ".")
	}
	if room := nodeWidth - len(port) - 1; len(host) > room {
		host = host[:room-1] + "…"
	}
	return host + ":" + port
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// seconds writes a duration in the unit that suits it.
func seconds(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}
