package main

import (
	"fmt"
	"strings"
	"time"
)

// result is a scenario with what every library did in it.
type result struct {
	scenario  scenario
	libs      []library
	summaries []summary   // by library
	scores    [][]float64 // by library, then by round; more is better
}

func newResult(sc scenario, libs []library, samples [][]sample) result {
	r := result{scenario: sc, libs: libs}
	for _, of := range samples {
		r.summaries = append(r.summaries, summarize(sc.work, of))
		scores := make([]float64, len(of))
		for round, s := range of {
			scores[round] = sc.score(s)
		}
		r.scores = append(r.scores, scores)
	}
	return r
}

// score is what libraries are compared by: the rate; or, where the rate is
// given, how many commands a second of the client's processor time does.
func (sc scenario) score(s sample) float64 {
	if sc.rate > 0 {
		return float64(s.calls*sc.work.commands()) / s.client.Seconds()
	}
	return sc.work.rate(s)
}

// bestPeer is the index of the best of the other libraries, or -1.
func (r result) bestPeer() int {
	best := -1
	for i, lib := range r.libs {
		if !lib.ours && (best < 0 || median(r.scores[i]) > median(r.scores[best])) {
			best = i
		}
	}
	return best
}

// verdict is the ratio of this library to the best peer. It is false if one
// of the two was not run.
func (r result) verdict() (ratio, bool) {
	best := r.bestPeer()
	for i, lib := range r.libs {
		if lib.ours && best >= 0 {
			return ratioOf(r.scores[i], r.scores[best]), true
		}
	}
	return ratio{}, false
}

// cpuRatio is this library's client CPU per command as a part of what the most
// frugal peer needs; less is better. Both libraries must have been run.
func (r result) cpuRatio() float64 {
	var own, peer time.Duration
	for i, lib := range r.libs {
		used := r.summaries[i].client
		if lib.ours {
			own = used
		} else if peer == 0 || used < peer {
			peer = used
		}
	}
	return float64(own) / float64(peer)
}

// isBaseOf reports whether the two differ in nothing but that other has a
// context that may end.
func (r result) isBaseOf(other result) bool {
	a, b := r.scenario, other.scenario
	return a.mode.name == contextModes[0].name && b.mode.name != a.mode.name &&
		a.work.name == b.work.name && a.callers == b.callers && a.tls == b.tls && a.rate == b.rate
}

func (sc scenario) title() string {
	var b strings.Builder
	b.WriteString(sc.work.title)
	if sc.callers == 1 {
		b.WriteString(", 1 caller")
	} else {
		fmt.Fprintf(&b, ", %d callers", sc.callers)
	}
	if sc.rate > 0 {
		fmt.Fprintf(&b, ", %d calls/s", sc.rate)
	}
	if sc.mode.name != contextModes[0].name {
		b.WriteString(", context: " + sc.mode.name)
	}
	if sc.tls {
		b.WriteString(", TLS")
	}
	return b.String()
}
