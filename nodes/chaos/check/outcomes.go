package check

import (
	"slices"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// HonestOutcomes is C8: what was said of a command is what the hardware did, and stays said. What is done only after it
// was said is the matter of C4. An outcome that nobody knows, for no reason, is C8b.
func HonestOutcomes(h *history.History) Result {
	f := begin(h, "C8", "honest outcomes")
	for _, id := range sortedKeys(h.Commands) {
		c := h.Commands[id]
		if c.Call == nil {
			continue
		}
		final := c.Final()
		if final == nil {
			f.Metrics["no outcome"]++
			f.unheard(c)
			continue
		}
		f.Examined++
		f.Metrics[string(final.State)]++
		f.truthful(c, final)
		f.stable(c, final)
	}
	if f.Examined == 0 {
		f.unknown("no command ended")
		return f.end()
	}
	f.Metrics["share indeterminate"] = f.Metrics[string(history.Indeterminate)] / float64(f.Examined)
	f.queries()
	return f.end()
}

func (f *finding) truthful(c *history.Command, told *history.Answer) {
	switch {
	case told.State == history.Succeeded:
		f.succeeded(c, told)
	case told.State == history.Indeterminate:
		f.useless(c, told)
	case denies(told):
		f.denied(c, told)
	}
	if told.State == history.Expired {
		f.early(c, told)
	}
	if told.State.Unsent() {
		f.dispatched(c, told)
	}
}

// dispatched: what was on its way to the device by its own record was sent, for all that anybody can tell.
func (f *finding) dispatched(c *history.Command, told *history.Answer) {
	for _, a := range c.Answers {
		if a.Attempt > 0 || a.Dispatched != 0 || a.State == history.Dispatched || a.State == history.Unknown {
			f.lie(c, told, a, "its record says that it had been dispatched")
			return
		}
	}
}

// unheard: whoever is told nothing, and whose command nobody has ever heard of, must have met with a fault. A machine that is
// too busy does the same, so this accuses nobody.
func (f *finding) unheard(c *history.Command) {
	var told *history.Answer
	for _, a := range c.Answers {
		if a.State != "" {
			return // it was accepted: when it must end is the matter of C5
		}
		told = a
	}
	if told == nil || f.faultNear(c.Call.At, told.At) {
		return
	}
	f.unknown("%s was not accepted, and no fault was there: %s", c.ID, told.Error)
}

// faultNear reports whether a fault was near.
func (f *finding) faultNear(a, b boottime.Instant) bool {
	return slices.ContainsFunc(f.h.Faults, func(w *history.FaultWindow) bool { return w.Excuses(a, b, f.limits.Failover) })
}

// succeeded: the hardware did it, with that value, between the call and the answer.
func (f *finding) succeeded(c *history.Command, told *history.Answer) {
	flaw := "the hardware never did it"
	var shows history.Record
	for _, a := range c.Done() {
		switch {
		case a.Resource != c.Call.Resource || a.Value != c.Call.Value:
			flaw = "the hardware set " + a.Resource + " to " + a.Value
		case a.At.Add(f.limits.Epsilon) < c.Call.At:
			flaw = "the hardware did it before it was asked for"
		case told.At.Add(f.limits.Epsilon) < a.At:
			flaw = "the hardware did it only later"
		default:
			return
		}
		shows = a
	}
	f.lie(c, told, shows, flaw)
}

// denied: nothing was done before it was said that nothing was. Of a command that was not sent, no byte has
// reached the hardware.
func (f *finding) denied(c *history.Command, told *history.Answer) {
	for _, a := range c.Actions {
		if a.At <= told.At.Add(f.limits.Epsilon) && (a.Done || told.State.Unsent()) {
			flaw := "the hardware did it"
			if !a.Done {
				flaw = "it had reached the hardware, which refused it"
			}
			f.lie(c, told, a, flaw)
			return
		}
	}
}

// early: what is said to be too late had its time.
func (f *finding) early(c *history.Command, told *history.Answer) {
	since := c.Call.At
	if accepted := told.Accepted; accepted != 0 {
		since = accepted
	}
	if left := since.Add(c.Call.Expires).Sub(told.At); left > f.limits.ClockError+f.limits.Epsilon {
		f.lie(c, told, nil, "it had "+left.String()+" left")
	}
}

func (f *finding) lie(c *history.Command, told *history.Answer, shows history.Record, flaw string) {
	records := []history.Record{c.Call, told}
	if shows != nil {
		records = append(records, shows)
	}
	f.violated("C8", c.ID, suspect{device: c.Call.Device, command: c.ID}, records,
		"%s ended %s, and %s", c.ID, told.State, flaw)
}

// useless is C8b: to know nothing is honest, and needs a reason. That a gateway was told to stop is none: it ends in
// order. Only if it did not have the time to give the device's bus away, so that somebody had to take it, it is one.
func (f *finding) useless(c *history.Command, told *history.Answer) {
	for _, a := range c.Actions {
		if a.Unanswered || !a.Done {
			return // the device itself gave the reason
		}
	}
	for _, w := range f.h.Faults {
		if inOrder := w.Fault == history.FaultStop && !f.taken(c.Call.Device, w); !inOrder && w.Excuses(c.Call.At, told.At, f.aftermath(w)) {
			return
		}
	}
	if f.busy(c.ID, told.At.Sub(c.Call.At), c.Call.At, told.At) {
		return // whoever waits for an answer gives up after some time, and nobody is to blame if all of that went by in stalls
	}
	f.violated("C8b", c.ID, suspect{device: c.Call.Device, command: c.ID}, []history.Record{c.Call, told},
		"%s ended %s, and no fault was there that could have hidden what it did", c.ID, told.State)
}

// aftermath is for how long after it was healed a fault may be the reason that nobody knows an outcome: a device is served again by then,
// and the hub answers.
func (f *finding) aftermath(w *history.FaultWindow) time.Duration {
	if slices.ContainsFunc(f.h.Run.Hubs, func(hub string) bool { return slices.Contains(w.Down, hub) }) {
		return max(f.limits.Failover, f.limits.HubSettle)
	}
	return f.limits.Failover
}

// taken reports whether the bus of a device was taken from a gateway that was told to stop: it was neither handed over nor
// released.
func (f *finding) taken(device string, w *history.FaultWindow) bool {
	list := ownersOf(f.h, f.specOf(device).Bus)
	until := w.Healed.Add(f.limits.Failover)
	for i := 1; i < len(list); i++ {
		before, now := list[i-1], list[i]
		if slices.Contains(w.Targets, before.Gateway) && now.Peer != before.Peer && now.Gateway != "" && now.HandedOverBy == "" &&
			w.Asked <= now.At && now.At <= until {
			return true
		}
	}
	return false
}

// stable: nothing follows a final state. An answer that was on its way may tell of an earlier one.
func (f *finding) stable(c *history.Command, told *history.Answer) {
	for _, a := range c.Answers {
		if a.State.Final() && a.State != told.State {
			f.violated("C8", c.ID, suspect{device: c.Call.Device, command: c.ID}, []history.Record{told, a},
				"%s ended %s, and later %s", c.ID, told.State, a.State)
			return
		}
	}
}

// during returns the commands that were called from a to b.
func during(h *history.History, a, b boottime.Instant) []*history.Command {
	var found []*history.Command
	for _, id := range sortedKeys(h.Commands) {
		if c := h.Commands[id]; c.Call != nil && a <= c.Call.At && c.Call.At < b {
			found = append(found, c)
		}
	}
	return found
}
