package actors

import (
	"errors"
	"slices"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// callClass orders the calls that wait for a turn.
type callClass uint8

const (
	classPoll    callClass = iota // polls and opens
	classCommand                  // commands go first
)

// commandsInARow is how many commands may go before a waiting poll.
const commandsInARow = 8

// turns decides who may use a medium next. It is pure: it is told the time.
//
// Commands go first, in order, but a poll that waits gets every ninth turn at least.
// Polls go in order. A device that does not answer rests, and its calls with it: see silence.
type turns struct {
	commands, polls []*call
	streak          int                 // commands in a row while a poll was waiting
	silent          map[string]*silence // by device; those that answer are not in it
	meter           meter
}

// add lets a call wait. Those that are not wanted any more leave, so that what is taken back over and over
// waits once.
func (t *turns) add(c *call, now instant) {
	c.asked = now
	t.commands = slices.DeleteFunc(t.commands, func(c *call) bool { return c.unwanted != nil && c.unwanted() })
	if c.class == classCommand {
		t.commands = append(t.commands, c)
		return
	}
	t.polls = slices.DeleteFunc(t.polls, func(other *call) bool { return other.device == c.device && other.isOver() })
	t.polls = append(t.polls, c)
}

// next takes the call whose turn it is. With none ready it returns nil and the
// time at which one will be, never if none waits.
func (t *turns) next(now instant) (*call, instant) {
	command, later := t.ready(t.commands, now)
	poll, at := t.ready(t.polls, now)
	switch {
	case command >= 0 && (poll < 0 || t.streak < commandsInARow):
		if poll >= 0 {
			t.streak++
		}
		return t.take(&t.commands, command, now), 0
	case poll >= 0:
		t.streak = 0
		return t.take(&t.polls, poll, now), 0
	}
	return nil, min(at, later)
}

// ready returns the index of the first call whose device does not rest, or -1 and the earliest end of a rest.
func (t *turns) ready(calls []*call, now instant) (index int, at instant) {
	at = never
	for i, c := range calls {
		s := t.silent[c.device]
		if s.lets(c.class, now) {
			return i, now
		}
		at = min(at, s.until)
	}
	return -1, at
}

// take takes a call out whose turn it is.
func (t *turns) take(calls *[]*call, i int, now instant) *call {
	c := (*calls)[i]
	*calls = slices.Delete(*calls, i, i+1)
	if len(*calls) == 0 {
		*calls = nil
	}
	t.meter.waited(t.waits(c, now), now)
	t.silent[c.device].took(now)
	return c
}

// waits is how long a call has waited for others: the rest of its own device does not count.
func (t *turns) waits(c *call, now instant) time.Duration {
	from := c.asked
	if s := t.silent[c.device]; s != nil && c.class == classPoll {
		from = max(from, s.until)
	}
	return now.until(from)
}

// waiting counts the calls that wait for others, and tells the longest that one of them has waited. Polls of devices that rest wait for
// themselves.
func (t *turns) waiting(now instant) (commands, polls uint32, longest time.Duration) {
	for _, c := range t.commands {
		if !c.isOver() && (c.unwanted == nil || !c.unwanted()) {
			commands++
			longest = max(longest, t.waits(c, now))
		}
	}
	for _, c := range t.polls {
		if !c.isOver() && !t.rests(c, now) {
			polls++
			longest = max(longest, t.waits(c, now))
		}
	}
	return commands, polls, longest
}

// rests reports whether a call waits for the end of its own device's rest.
func (t *turns) rests(c *call, now instant) bool { return !t.silent[c.device].lets(c.class, now) }

// over notes how a turn of a device ended. shared is false where nobody else is on the
// bus, so that nobody needs protection.
func (t *turns) over(c *call, o outcome, shared bool, now instant) {
	t.meter.turn(o.took, now)
	switch answered(c, o) {
	case answerGiven:
		delete(t.silent, c.device)
	case answerNone:
		if t.silent == nil {
			t.silent = make(map[string]*silence)
		}
		s := t.silent[c.device]
		if s == nil {
			s = &silence{since: now}
			t.silent[c.device] = s
		}
		s.failed(shared, o.took, now)
	}
}

// An answer is what a call says of its device.
type answerOf uint8

const (
	answerUnknown answerOf = iota // nothing
	answerGiven
	answerNone // it took the medium's time without an answer
)

// answered tells what the end of a call says of its device. One that sent nothing says nothing: it was taken back, the fence was
// shut, or its intent was not recorded. Nor does a session that was opened: what was reached may be a converter before the device.
func answered(c *call, o outcome) answerOf {
	switch {
	case o.err == nil && c.opens:
		return answerUnknown
	case o.err == nil:
		return answerGiven
	case errors.As(o.err, new(unsent)), errors.Is(o.err, errNoPermit), errors.Is(o.err, errSuspended):
		return answerUnknown
	case deviceStatus("", o.err).Code == roostv1.ErrRefused:
		return answerGiven
	}
	return answerNone
}

// forget drops what is kept about a device that has left the bus.
func (t *turns) forget(device string) { delete(t.silent, device) }
