package proxy

import (
	"fmt"
	"time"
)

// Direction is one of the two of a link.
type Direction uint8

// Up is from who dials to the server, Down the other way.
const (
	Up Direction = iota
	Down
)

// String returns "up" or "down".
func (d Direction) String() string { return [...]string{"up", "down"}[d] }

func (d Direction) other() Direction { return 1 - d }

// Flow is what becomes of bytes in one direction.
type Flow uint8

const (
	// Pass lets them through.
	Pass Flow = iota
	// Stall leaves them where they are.
	Stall
	// Discard throws them away. A connection that lost some is reset when the link's state changes to one
	// that lets bytes through.
	Discard
)

// String returns the flow in lower case.
func (f Flow) String() string { return [...]string{"pass", "stall", "discard"}[f] }

// Door is what becomes of new connections.
type Door uint8

const (
	// Open connects them.
	Open Door = iota
	// Refuse resets them.
	Refuse
	// Hang keeps them waiting until the door changes.
	Hang
)

// String returns the door in lower case.
func (d Door) String() string { return [...]string{"open", "refuse", "hang"}[d] }

// State is how a link is. The zero State lets everything through.
type State struct {
	Up, Down Flow
	Door     Door
	// Delay is added in each direction; Jitter is how much more it may be, by chance.
	Delay, Jitter time.Duration
}

// String tells the state for people.
func (s State) String() string {
	return fmt.Sprintf("up %v, down %v, door %v, delay %v+%v", s.Up, s.Down, s.Door, s.Delay, s.Jitter)
}

func (s State) flow(d Direction) Flow {
	if d == Up {
		return s.Up
	}
	return s.Down
}

// with returns the state with another flow in one direction.
func (s State) with(d Direction, f Flow) State {
	if d == Up {
		s.Up = f
	} else {
		s.Down = f
	}
	return s
}

// connects reports whether the server can be dialled.
func (s State) connects() bool { return s.Door == Open && s.Up == Pass && s.Down == Pass }

// Trigger changes the state of a link in the middle of its traffic, once.
type Trigger struct {
	// Direction is the one that is watched.
	Direction Direction
	// Verb is the kind of message that counts; empty: bytes do.
	Verb Verb
	// Count is after how many of them, from now on; at least 1.
	Count int64
	// Then is the state from there on.
	Then State
	// Reset also resets all connections of the link.
	Reset bool
}

// Counters tell what a link has done since it was made.
type Counters struct {
	// Passed are bytes that went through, Held those that Stall has kept waiting for a time, and Lost
	// those that Discard threw away; by Direction.
	Passed, Held, Lost [2]int64
	// Connections that were made, Refused ones, those that Waited since bytes would not have passed, and Resets.
	Connections, Refused, Waited, Resets int64
	// Messages of the NATS protocol by kind, where the proxy reads it.
	Messages [2]map[Verb]int64
}

// Count returns how many messages of a kind have passed in a direction. PUB stands for HPUB too, as in a Trigger.
func (c Counters) Count(d Direction, v Verb) (n int64) {
	for verb, messages := range c.Messages[d] {
		if v.covers(verb) {
			n += messages
		}
	}
	return n
}
