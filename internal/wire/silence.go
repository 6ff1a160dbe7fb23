package wire

import "sync"

// silence is what there is to know about a server that owes replies.
type silence struct {
	heardAt int64 // when bytes came last, by the clock
	usual   int64 // the usual time to a reply, as far as the clock can tell
	fallen  bool  // the server has fallen silent
	told    bool  // OnSilence was told so

	telling sync.Mutex // held while OnSilence is told
}

// usualTrips is how many times the usual round trip has to pass, whatever
// SilentAfter says, before a connection counts as silent.
const usualTrips = 4

// isSilent reports whether the server owes a reply and has sent nothing for
// too long. Times taken from the clock may be too early by a tick. The lock is
// held.
func (c *Conn) isSilent(first *Call) bool {
	if c.opt.SilentAfter <= 0 || first == nil || first.Timeout != 0 || c.written <= first.start {
		return false
	}
	since := max(first.since, c.silence.heardAt, c.progress.sentAt)
	limit := max(int64(c.opt.SilentAfter), usualTrips*c.silence.usual)
	return c.clock.now-int64(c.clock.every)-since >= limit
}

// heard notes that bytes have come at a time, with the answers to n calls, of
// which first was the oldest. Half an answer does not end a silence.
func (s *silence) heard(n int, first *Call, now int64) {
	s.heardAt = now
	if n > 0 {
		s.usual += (now - first.since - s.usual) / 8
		s.fallen = false
	}
}

// news reports whether OnSilence has to be told something.
func (s *silence) news() bool { return s.fallen != s.told }

// tellSilence tells OnSilence what it does not know yet. The clock and the
// reader may have news at the same time: the one that is told last is true.
func (c *Conn) tellSilence() {
	s := &c.silence
	s.telling.Lock()
	defer s.telling.Unlock()
	c.mu.Lock()
	news := s.news()
	s.told = s.fallen
	silent := s.told
	c.mu.Unlock()
	if news {
		c.opt.OnSilence(c, silent)
	}
}
