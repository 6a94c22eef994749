package failpoint

import (
	"encoding/json"
	"fmt"
	"time"
)

// Do is what happens at a point.
type Do string

// What can happen.
const (
	Kill  Do = "kill"  // SIGKILL of the process, by itself
	Stop  Do = "stop"  // SIGSTOP of the process, by itself; somebody has to let it go on
	Panic Do = "panic" // of who passes
	Hang  Do = "hang"  // until it is disarmed
	Sleep Do = "sleep" // for a time, or until it is disarmed
	Count Do = "count" // nothing
)

// Arm says what is to happen at a point, and when.
type Arm struct {
	// ID is what it is disarmed by; it takes the place of one with the same.
	ID    string `json:"id"`
	Point string `json:"point"`
	// Device that the point is passed for; empty: any, or none.
	Device string `json:"device,omitempty"`
	// After is at which passing from now on it first happens; default 1. Every is at each how many from there
	// on it happens again; default 1. Times is how often it happens at most; 0: until it is disarmed.
	After uint64 `json:"after,omitempty"`
	Every uint64 `json:"every,omitempty"`
	Times uint64 `json:"times,omitempty"`
	Do    Do     `json:"do"`
	// For is how long Sleep sleeps.
	For Duration `json:"for,omitzero"`
}

// Duration is a time that is written as people write it: 1.5s.
type Duration time.Duration

// MarshalText writes it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads it.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// check says why it cannot be armed.
func (a Arm) check() error {
	p, err := Find(a.Point)
	if err != nil {
		return err
	}
	if a.ID == "" {
		return fmt.Errorf("arm %s: it has no id to disarm it by", a.Point)
	}
	switch a.Do {
	case Hang, Count:
	case Kill, Stop:
		if !canSignal {
			return fmt.Errorf("arm %s: this system cannot %s a process", a.Point, a.Do)
		}
	case Panic:
		if !p.Panics {
			return fmt.Errorf("arm %s: a panic there would be one of the whole gateway; kill it instead", a.Point)
		}
	case Sleep:
		if a.For <= 0 {
			return fmt.Errorf("arm %s: sleep needs a time above zero in \"for\"", a.Point)
		}
	default:
		return fmt.Errorf("arm %s: do is %q, and not %s, %s, %s, %s, %s or %s", a.Point, a.Do, Kill, Stop, Panic, Hang, Sleep, Count)
	}
	if a.Do != Sleep && a.For != 0 {
		return fmt.Errorf("arm %s: only %s takes a time in \"for\"", a.Point, Sleep)
	}
	return nil
}

// due reports whether it happens at the n-th passing.
func (a Arm) due(n uint64) bool {
	first, every := max(a.After, 1), max(a.Every, 1)
	return n >= first && (n-first)%every == 0 && (a.Times == 0 || (n-first)/every < a.Times)
}

// String is the arm as it is sent.
func (a Arm) String() string {
	text, err := json.Marshal(a)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
