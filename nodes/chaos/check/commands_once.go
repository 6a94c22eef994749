package check

import (
	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// AtMostOnce is C4: a command that is not ABSOLUTE is carried out at most once, and none at all is carried out after
// it was said that it was not. No time and no fault excuses it.
func AtMostOnce(h *history.History) Result {
	f := begin(h, "C4", "at most once")
	for _, id := range sortedKeys(h.Commands) {
		c := h.Commands[id]
		if c.Call == nil && len(c.Actions) == 0 {
			continue
		}
		f.Examined++
		f.twice(c)
		f.afterAll(c)
	}
	if f.Examined == 0 {
		f.unknown("no command was sent")
	}
	return f.end()
}

// twice looks for writes that were done more than once.
func (f *finding) twice(c *history.Command) {
	done := map[string][]history.Record{} // by resource
	for _, a := range c.Done() {
		done[a.Resource] = append(done[a.Resource], a)
	}
	for _, resource := range sortedKeys(done) {
		times := len(done[resource])
		switch {
		case times < 2:
		case mayRepeat(c, resource):
			f.Metrics["repeated, absolute"]++
		default:
			f.violated("C4", c.ID, suspect{device: deviceOf(c), command: c.ID}, done[resource],
				"%s wrote %s %d times", c.ID, resource, times)
		}
	}
}

// mayRepeat goes by what the client says of a command, or else by what the hardware is.
func mayRepeat(c *history.Command, resource string) bool {
	if c.Call != nil {
		return !c.Call.Class.AtMostOnce()
	}
	return wire.Repeatable(resource)
}

// afterAll looks for what was done after it was said that nothing was, and never would be.
func (f *finding) afterAll(c *history.Command) {
	told := denial(c)
	if told == nil {
		return
	}
	for _, a := range c.Actions {
		if told.At.Add(f.limits.Epsilon) < a.At && (a.Done || told.State.Unsent()) {
			f.violated("C4'", c.ID, suspect{device: a.Device, command: c.ID}, []history.Record{told, a},
				"%s reached the hardware %v after it had ended %s", c.ID, a.At.Sub(told.At), told.State)
			return
		}
	}
}

// denial returns the first answer that says that a command did nothing, for ever; nil if none does.
func denial(c *history.Command) *history.Answer {
	for _, a := range c.Answers {
		if denies(a) {
			return a
		}
	}
	return nil
}

func denies(a *history.Answer) bool {
	return a.State.Unsent() || a.State == history.Failed && (a.Effect == "" || a.Effect == "none")
}

func deviceOf(c *history.Command) string {
	switch {
	case c.Call != nil:
		return c.Call.Device
	case len(c.Actions) > 0:
		return c.Actions[0].Device
	case len(c.Answers) > 0:
		return c.Answers[0].Device
	default:
		return ""
	}
}
