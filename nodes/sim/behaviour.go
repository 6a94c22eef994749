package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Behaviour is how a device misbehaves. The zero value is a good device. One field a way.
type Behaviour struct {
	// Before is how long it takes to get to a read or an action; it is counted among what waited.
	Before time.Duration `json:"before,omitempty"`
	// After is how long it takes to answer, once it has read or acted.
	After time.Duration `json:"after,omitempty"`
	// Decline is the share of actions, from 0 to 1, that it does not do, and says so.
	Decline float64 `json:"decline,omitempty"`
	// LoseAck is the share of actions, from 0 to 1, that it does without ever answering.
	LoseAck float64 `json:"loseAck,omitempty"`
}

func (b Behaviour) validate() error {
	if b.Before < 0 || b.After < 0 {
		return errors.New("a time is negative")
	}
	for name, share := range map[string]float64{"decline": b.Decline, "lose ack": b.LoseAck} {
		if !(share >= 0 && share <= 1) { // NaN is neither
			return fmt.Errorf("the share to %s is %v, and not from 0 to 1", name, share)
		}
	}
	return nil
}

// fate is what becomes of one request.
type fate struct {
	before, after  time.Duration
	declined, lost bool
}

// fateOfRead returns the fate of a read, which chance has no part in.
func (b Behaviour) fateOfRead() fate { return fate{before: b.Before, after: b.After} }

// fateOfAction returns the fate of an action. It rolls the dice as often whatever the behaviour
// is, so that a change of one share does not change what else happens.
func (b Behaviour) fateOfAction(dice *rand.Rand) fate {
	decline, lose := dice.Float64(), dice.Float64()
	return fate{before: b.Before, after: b.After, declined: decline < b.Decline, lost: lose < b.LoseAck}
}
