package actors

import "time"

// meterSpan is over how long the figures of a bus are taken at least; at most it is twice that.
const meterSpan = 30 * time.Second

// meter measures how a bus is used. It is pure: it is told the time. There is one for each bus, so it is kept small: a part has room for more turns than
// there can be in its time.
type meter struct {
	turns         uint64 // since the bus was opened
	past, present meterPart
}

type meterPart struct {
	from     instant
	used     time.Duration
	longest  time.Duration // wait
	turns    uint32
	measured bool // else there is none
}

// advance begins a new part when the present one is long enough.
func (m *meter) advance(now instant) {
	switch age := time.Duration(now - m.present.from); {
	case !m.present.measured:
		m.present = begun(now)
	case age >= 2*meterSpan: // nothing happened for long
		m.past, m.present = begun(now.add(-meterSpan)), begun(now)
	case age >= meterSpan:
		m.past, m.present = m.present, begun(now)
	}
}

func begun(now instant) meterPart { return meterPart{from: now, measured: true} }

// turn notes a turn that has ended.
func (m *meter) turn(took time.Duration, now instant) {
	m.advance(now)
	m.turns++
	m.present.turns++
	m.present.used += took
}

// waited notes how long a call has waited that gets its turn.
func (m *meter) waited(d time.Duration, now instant) {
	m.advance(now)
	m.present.longest = max(m.present.longest, d)
}

// figures returns the turns a second, which part of the time the bus was used, and the longest wait. running is for how
// long the present turn has been; 0 if there is none.
func (m *meter) figures(running time.Duration, now instant) (rate, used float64, longest time.Duration) {
	m.advance(now)
	from := m.present.from
	if m.past.measured {
		from = m.past.from
	}
	over := max(time.Duration(now-from), running)
	if over <= 0 {
		return 0, 0, 0
	}
	rate = float64(m.past.turns+m.present.turns) / over.Seconds()
	used = float64(m.past.used+m.present.used+running) / float64(over)
	return rate, min(used, 1), max(m.past.longest, m.present.longest)
}
