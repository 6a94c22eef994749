package check

import (
	"slices"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// EndsInTime is C5: every command that was accepted ends in a final state, and none acts after its deadline.
func EndsInTime(h *history.History) Result {
	f := begin(h, "C5", "commands end in time")
	available := newAvailability(h)
	collected := lastLook(h)
	for _, id := range sortedKeys(h.Commands) {
		c := h.Commands[id]
		accepted := acceptance(c)
		if accepted == 0 || c.Call == nil {
			continue
		}
		f.Examined++
		if c.Final() == nil {
			f.endless(c, accepted, available.outages(f.specOf(c.Call.Device)), collected)
		}
		f.tooLate(c, accepted)
		f.doubtful(c, accepted)
	}
	if f.Examined == 0 {
		f.unknown("no command was accepted")
	}
	return f.end()
}

// acceptance returns when a command was accepted, at the latest; 0 if nobody says that it was.
func acceptance(c *history.Command) boottime.Instant {
	for _, a := range c.Answers {
		switch {
		case a.Accepted != 0:
			return a.Accepted
		case a.State != "":
			return a.At
		}
	}
	return 0
}

// lastLook returns when the records of commands were read for the last time.
func lastLook(h *history.History) boottime.Instant {
	var last boottime.Instant
	for _, c := range h.Commands {
		for _, a := range c.Answers {
			if a.Source == history.FromRecord {
				last = max(last, a.At)
			}
		}
	}
	return last
}

func (f *finding) specOf(device string) history.DeviceSpec {
	if d := f.h.Devices[device]; d != nil && d.Spec.ID != "" {
		return d.Spec
	}
	return history.DeviceSpec{ID: device}
}

// endless judges a command of which no final state is known.
func (f *finding) endless(c *history.Command, accepted boottime.Instant, outages times, collected boottime.Instant) {
	settled := after(outages, accepted, f.limits.Settle)
	due := max(accepted.Add(c.Call.Expires), settled).Add(f.limits.Settle)
	if collected < due {
		f.unknown("run too short: records were not read after commands such as %s had to end", c.ID)
		return
	}
	records := []history.Record{c.Call}
	for _, a := range c.Answers {
		records = append(records, a)
	}
	f.violated("C5", c.ID, suspect{device: c.Call.Device, command: c.ID}, records,
		"%s was accepted, and had not ended %v after it had to", c.ID, collected.Sub(due))
}

// doubtful looks for doubts that could have been settled: a durable command that may be sent again, and that had the time to
// be, ended without anybody knowing what it did. That is honest, and leaves the promise untried.
func (f *finding) doubtful(c *history.Command, accepted boottime.Instant) {
	told := c.Final()
	if told == nil || told.State != history.Indeterminate || c.Call.Class != history.Absolute {
		return
	}
	left := accepted.Add(c.Call.Expires).Sub(told.At)
	if slices.Contains(kindsOf(c.Call, f.limits), KindDurable) && left > f.limits.Failover {
		f.unknown("%s could have been sent again, and ended in doubt %v before its deadline", c.ID, left)
	}
}

// tooLate looks for actions after the deadline. What waited at the hardware, or on a link that held it back, had left the
// gateway before; and what it had in hand when it was stopped, it had looked at for the last time.
func (f *finding) tooLate(c *history.Command, accepted boottime.Instant) {
	if c.Call.Expires == 0 {
		return
	}
	deadline := accepted.Add(c.Call.Expires)
	for _, a := range c.Done() {
		arrived := a.At.Add(-a.Waited)
		f.Metrics["closest to the deadline, ms"] = closest(f.Metrics, milliseconds(deadline.Sub(arrived)))
		late := arrived.Sub(deadline)
		if late > f.limits.ClockError+f.limits.Epsilon && !f.heldOnWay(a, deadline, arrived) && !f.stoppedInHand(a, deadline, arrived) &&
			!f.busy(c.ID, late, deadline.Add(-f.limits.ClockError), arrived) {
			f.violated("C5b", c.ID, suspect{device: c.Call.Device, command: c.ID}, []history.Record{c.Call, a},
				"%s acted %v after its deadline", c.ID, late)
		}
	}
}

func closest(metrics map[string]float64, now float64) float64 {
	if before, ok := metrics["closest to the deadline, ms"]; ok {
		return min(before, now)
	}
	return now
}
