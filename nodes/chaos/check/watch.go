package check

import (
	"cmp"

	"github.com/roost-iot/roost/nodes/chaos/history"
)

// Watch finds violations while a run goes on: those of C4, C6 and C8 that are certain as soon as the records are there, since
// nothing that comes later can excuse them. What it does not find the checkers may find yet, and they say why. It may be used by
// one goroutine at a time.
//
// Records of one recorder must come in their order; those of different ones need not.
type Watch struct {
	limits   history.Limits
	buses    map[string]string // by device
	commands map[string]*watched
	order    []string // of commands, the oldest first
	newest   map[string]*history.Action
	grants   map[term]history.Peer
	acted    map[term]*history.Action
	told     map[told]bool
	count    int
}

// watched is what is known of a command.
type watched struct {
	call    *history.Call
	denial  *history.Answer
	actions []*history.Action
}

// term is the time of an owner of a bus.
type term struct {
	bus   string
	epoch uint64
}

// told is what was told already.
type told struct{ clause, subject string }

// maxWatched is how many commands are remembered.
const maxWatched = 100_000

// NewWatch returns a watch over these devices.
func NewWatch(devices []history.DeviceSpec, limits history.Limits) *Watch {
	w := &Watch{
		limits: limits.WithDefaults(), buses: map[string]string{}, commands: map[string]*watched{}, newest: map[string]*history.Action{},
		grants: map[term]history.Peer{}, acted: map[term]*history.Action{}, told: map[told]bool{},
	}
	for _, d := range devices {
		w.buses[d.ID] = cmp.Or(d.Bus, d.ID)
	}
	return w
}

// Violations is how many were found.
func (w *Watch) Violations() int { return w.count }

// Take takes a record in, and returns what it shows to be wrong that was not told before.
func (w *Watch) Take(r history.Record) []Violation {
	f := &finding{limits: w.limits}
	switch r := r.(type) {
	case *history.Call:
		w.called(f, r)
	case *history.Answer:
		w.answer(f, r)
	case *history.Grant:
		w.grant(f, r)
	case *history.Action:
		w.action(f, r)
	}
	var fresh []Violation
	for _, s := range f.all {
		if key := (told{s.Clause, s.Subject}); !w.told[key] {
			w.told[key] = true
			w.count++
			fresh = append(fresh, s.Violation)
		}
	}
	return fresh
}

func (w *Watch) command(id string) *watched {
	c := w.commands[id]
	if c == nil {
		if len(w.order) == maxWatched {
			delete(w.commands, w.order[0])
			w.order = w.order[1:]
		}
		c = &watched{}
		w.commands[id] = c
		w.order = append(w.order, id)
	}
	return c
}

func (w *Watch) called(f *finding, r *history.Call) {
	c := w.command(r.Command)
	c.call = r
	for _, action := range c.actions {
		w.twice(f, c, action)
		w.denied(f, c, action)
	}
}

func (w *Watch) answer(f *finding, a *history.Answer) {
	c := w.command(a.Command)
	if c.denial != nil || !denies(a) {
		return
	}
	c.denial = a
	for _, action := range c.actions {
		w.denied(f, c, action)
	}
}

func (w *Watch) action(f *finding, a *history.Action) {
	if a.Command != "" {
		c := w.command(a.Command)
		c.actions = append(c.actions, a)
		w.twice(f, c, a)
		w.denied(f, c, a)
	}
	if a.Done {
		w.driven(f, a)
	}
}

// twice is C4. Whether a command may be repeated, its client knows.
func (w *Watch) twice(f *finding, c *watched, a *history.Action) {
	if c.call == nil || !c.call.Class.AtMostOnce() || !a.Done {
		return
	}
	times := 0
	for _, other := range c.actions {
		if other.Done && other.Resource == a.Resource {
			times++
		}
	}
	if times > 1 {
		f.violated("C4", a.Command, suspect{}, []history.Record{a}, "%s wrote %s of %s %d times", a.Command, a.Resource, a.Device, times)
	}
}

// denied is C4' and C8: what was said not to have been done, and not to be done, was.
func (w *Watch) denied(f *finding, c *watched, a *history.Action) {
	switch no := c.denial; {
	case no == nil || !a.Done && !no.State.Unsent():
	case no.At.Add(w.limits.Epsilon) < a.At:
		f.violated("C4'", a.Command, suspect{}, []history.Record{no, a},
			"%s reached %s %v after it had ended %s", a.Command, a.Device, a.At.Sub(no.At), no.State)
	case c.call != nil:
		f.violated("C8", a.Command, suspect{}, []history.Record{no, a},
			"%s ended %s, and had reached %s %v before", a.Command, no.State, a.Device, no.At.Sub(a.At))
	}
}

// driven is C6b.
func (w *Watch) driven(f *finding, a *history.Action) {
	newest := w.newest[a.Device]
	switch {
	case newest != nil && a.Epoch < newest.Epoch:
		f.violated("C6b", a.Device, suspect{}, []history.Record{newest, a},
			"%s was driven by %s under epoch %d, after epoch %d of %s", a.Device, a.Name(), a.Epoch, newest.Epoch, newest.Name())
		return
	case newest != nil && a.Epoch == newest.Epoch && a.Peer != newest.Peer:
		f.violated("C6b", a.Device, suspect{}, []history.Record{newest, a},
			"%s was driven under epoch %d by %s and by %s", a.Device, a.Epoch, newest.Name(), a.Name())
		return
	}
	w.newest[a.Device] = a
	at := term{w.buses[a.Device], a.Epoch}
	w.acted[at] = a
	w.owned(f, at)
}

func (w *Watch) grant(f *finding, g *history.Grant) {
	at := term{g.Bus, g.Epoch}
	if other, known := w.grants[at]; known && other != g.Peer {
		f.violated("C6a", g.Bus, suspect{}, []history.Record{g}, "epoch %d of bus %s was given to %s and to %s", g.Epoch, g.Bus, other.Name(), g.Name())
		return
	}
	w.grants[at] = g.Peer
	w.owned(f, at)
}

// owned looks whether who acted under an epoch was given it.
func (w *Watch) owned(f *finding, at term) {
	a, owner := w.acted[at], w.grants[at]
	if a != nil && owner.Gateway != "" && owner.Gateway != a.Gateway {
		f.violated("C6b", a.Device, suspect{}, []history.Record{a},
			"%s was driven by %s under epoch %d, which belongs to %s", a.Device, a.Name(), a.Epoch, owner.Name())
	}
}
