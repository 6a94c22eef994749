package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// call is a kind of call that faults can hit.
type call uint8

const (
	opening call = 1 << iota
	polling
	pushing
	actuating
	closing
)

// effect is what a fault does. A call can have several at once.
type effect uint16

const (
	isSlow effect = 1 << iota
	isHung
	panics
	fails
	isStale
	isBad
	wrongType
	outOfRange
	babbles
	notSent
	refuses
	isLost
	isLate
	upsets
)

// fault is one thing that can go wrong: a row of the table in the package's
// documentation, at one kind of call.
type fault struct {
	name   string // "poll.error"
	call   call
	effect effect
	span   need
	kind   string // of hardware that alone can have it; empty: any
}

// need tells whether a schedule must say how long.
type need uint8

const (
	spanNever need = iota
	spanMaybe
	spanAlways
)

const everyCall = opening | polling | pushing | actuating | closing

// faults returns all faults, in the order in which they take effect.
func faults() []fault {
	rows := []struct {
		name   string
		calls  call
		effect effect
		span   need
		kind   string
	}{
		{"slow", everyCall, isSlow, spanAlways, ""},
		{"hang", everyCall, isHung, spanMaybe, ""},
		{"panic", everyCall, panics, spanNever, ""},
		{"error", everyCall, fails, spanNever, ""},
		{"stale", polling | pushing, isStale, spanNever, ""},
		{"bad", polling | pushing, isBad, spanNever, ""},
		{"wrong_type", polling | pushing, wrongType, spanNever, ""},
		{"out_of_range", polling | pushing, outOfRange, spanNever, ""},
		{"babble", pushing, babbles, spanNever, ""},
		{"not_sent", actuating, notSent, spanNever, ""},
		{"refuse", actuating, refuses, spanNever, ""},
		{"lost", actuating, isLost, spanNever, ""},
		{"late", actuating, isLate, spanMaybe, ""},
		{"trip", actuating, upsets, spanNever, "pump"},
		{"stick", actuating, upsets, spanNever, "valve"},
	}
	verbs := []struct {
		call call
		name string
	}{{opening, "open"}, {polling, "poll"}, {pushing, "push"}, {actuating, "actuate"}, {closing, "close"}}
	var all []fault
	for _, row := range rows {
		for _, verb := range verbs {
			if row.calls&verb.call != 0 {
				all = append(all, fault{verb.name + "." + row.name, verb.call, row.effect, row.span, row.kind})
			}
		}
	}
	return all
}

// parseFault reads the schedule of the fault of that name for a kind of hardware.
func parseFault(kind, name, text string) (trigger, error) {
	for _, f := range faults() {
		if f.name != name || f.kind != "" && f.kind != kind {
			continue
		}
		s, err := parseSchedule(text)
		switch {
		case err != nil:
			return trigger{}, err
		case s.span.given() && f.span == spanNever:
			return trigger{}, fmt.Errorf("%q says for how long, but %s takes no time", text, name)
		case !s.span.given() && f.span == spanAlways:
			return trigger{}, fmt.Errorf(`%q does not say for how long; want "%s for 200ms" or "%s for 50ms..2s"`, text, text, text)
		}
		return trigger{fault: f, schedule: s}, nil
	}
	return trigger{}, fmt.Errorf("a %s has no fault %q; it has %s", kind, name, strings.Join(faultNames(kind), ", "))
}

func faultNames(kind string) []string {
	var names []string
	for _, f := range faults() {
		if f.kind == "" || f.kind == kind {
			names = append(names, f.name)
		}
	}
	return names
}

// trigger is a fault of one piece of hardware, with what it has seen of calls.
type trigger struct {
	fault
	schedule schedule
	since    time.Time // when it was set
	calls    uint64
}

// plan is the faults of a piece of hardware.
type plan []trigger

// forever is how long a hang without a duration lasts: until it is released.
const forever time.Duration = -1

// fate is what happens to one call.
type fate struct {
	effects          effect
	slow, hang, late time.Duration
}

func (f fate) has(e effect) bool { return f.effects&e != 0 }

// next counts a call and returns what happens to it.
func (p plan) next(c call, now time.Time, seed uint64) fate {
	var f fate
	for i := range p {
		t := &p[i]
		if t.call != c {
			continue
		}
		t.calls++
		if !t.schedule.hits(t.calls, now.Sub(t.since), uniform(seed, t.name, t.calls)) {
			continue
		}
		f.effects |= t.effect
		f.last(t, seed)
	}
	return f
}

// last notes how long the trigger's effect lasts.
func (f *fate) last(t *trigger, seed uint64) {
	long := forever
	if t.schedule.span.given() {
		long = t.schedule.span.at(uniform(seed, t.name+" for", t.calls))
	}
	switch t.effect {
	case isSlow:
		f.slow = long
	case isHung:
		f.hang = long
	case isLate:
		f.late = long
	}
}

// without returns the plan without the fault of that name, as a new plan.
func (p plan) without(name string) plan {
	return slices.DeleteFunc(slices.Clone(p), func(t trigger) bool { return t.name == name })
}
