package main

import "time"

// meter measures the pace of the program.
type meter struct {
	rate  float64 // commands a second
	cores float64 // processors in use; 0: not known

	first, last reading
}

type reading struct {
	at   time.Time
	done int64
	cpu  time.Duration
}

// meterPeriod is the least time that a measurement covers, lest the figures
// flicker.
const meterPeriod = 500 * time.Millisecond

func (m *meter) start() {
	m.first = reading{at: time.Now(), cpu: cpuTime()}
	m.last = m.first
}

// read measures since the last reading.
func (m *meter) read(work *load) {
	if time.Since(m.last.at) >= meterPeriod || m.rate == 0 {
		m.last = m.since(m.last, work)
	}
}

// readAll measures since the start.
func (m *meter) readAll(work *load) { m.since(m.first, work) }

func (m *meter) since(then reading, work *load) (now reading) {
	now = reading{time.Now(), work.reads.done.Load() + work.writes.done.Load(), cpuTime()}
	elapsed := now.at.Sub(then.at)
	m.rate = float64(now.done-then.done) / elapsed.Seconds()
	m.cores = (now.cpu - then.cpu).Seconds() / elapsed.Seconds()
	return now
}
