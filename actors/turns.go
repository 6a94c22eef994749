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

const (
	// commandsInARow is how many commands may go before a waiting poll.
	commandsInARow = 8
	// restFactor bounds what a device that does not answer costs the others on its
	// bus: after a call that failed in time t, its next poll waits 4t, so it
	// holds the medium for a fifth of the time at most.
	restFactor = 4
)

// turns decides who may use a medium next. It is pure: it is told the time.
//
// Commands go first, in order, but a poll that waits gets every ninth turn at least.
// Polls go in order; a device whose last call failed rests.
type turns struct {
	commands, polls []*call
	streak          int // commands in a row while a poll was waiting
	rest            map[string]time.Time
}

// add lets a call wait. Those that are not wanted any more leave, so that what is taken back over and over
// waits once.
func (t *turns) add(c *call) {
	t.commands = slices.DeleteFunc(t.commands, func(c *call) bool { return c.unwanted != nil && c.unwanted() })
	if c.class == classCommand {
		t.commands = append(t.commands, c)
	} else {
		t.polls = append(t.polls, c)
	}
}

// next takes the call whose turn it is. With none ready it returns nil and the
// time at which one will be, zero if none waits.
func (t *turns) next(now time.Time) (*call, time.Time) {
	ready, at := t.readyPoll(now)
	if len(t.commands) > 0 && (ready < 0 || t.streak < commandsInARow) {
		if ready >= 0 {
			t.streak++
		}
		return take(&t.commands, 0), time.Time{}
	}
	if ready < 0 {
		return nil, at
	}
	t.streak = 0
	return take(&t.polls, ready), time.Time{}
}

// readyPoll returns the index of the first poll whose device does not rest, or -1
// and the earliest end of a rest.
func (t *turns) readyPoll(now time.Time) (index int, at time.Time) {
	for i, c := range t.polls {
		until, resting := t.rest[c.device]
		if !resting || !now.Before(until) {
			return i, time.Time{}
		}
		if at.IsZero() || until.Before(at) {
			at = until
		}
	}
	return -1, at
}

// over notes how a device's turn ended. shared is false where nobody else is on the
// bus, so that nobody needs protection.
func (t *turns) over(device string, failed, shared bool, took time.Duration, now time.Time) {
	if !failed || !shared {
		delete(t.rest, device)
		return
	}
	if t.rest == nil {
		t.rest = make(map[string]time.Time)
	}
	t.rest[device] = now.Add(restFactor * took)
}

// costly reports whether a call took the medium's time without an answer of the device. One that sent nothing
// says nothing of the device: it was taken back, the fence was shut, or its intent was not recorded.
func costly(o outcome) bool {
	switch {
	case o.err == nil, errors.As(o.err, new(unsent)), errors.Is(o.err, errNoPermit), errors.Is(o.err, errSuspended):
		return false
	default:
		return deviceStatus("", o.err).Code != roostv1.ErrRefused
	}
}

// forget drops what is kept about a device that has left the bus.
func (t *turns) forget(device string) { delete(t.rest, device) }

func take(calls *[]*call, i int) *call {
	c := (*calls)[i]
	*calls = slices.Delete(*calls, i, i+1)
	if len(*calls) == 0 {
		*calls = nil
	}
	return c
}
