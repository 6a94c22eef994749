package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// maxFlood is how much a device can say that nobody asked for.
const maxFlood = 10_000

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
	// Crash is the share of reads and actions, from 0 to 1, at which it crashes: it does not do it, does not answer, and boots.
	Crash float64 `json:"crash,omitempty"`
	// Babble is the share of reads, from 0 to 1, that it answers with nonsense.
	Babble float64 `json:"babble,omitempty"`
	// Flood is how many more answers, that nobody asked for, follow each; at most 10,000.
	Flood int `json:"flood,omitempty"`
	// Off: it is switched off, and answers nobody. When it is on again, it boots.
	Off bool `json:"off,omitempty"`
}

func (b Behaviour) validate() error {
	if b.Before < 0 || b.After < 0 {
		return errors.New("a time is negative")
	}
	for name, share := range map[string]float64{"decline": b.Decline, "lose ack": b.LoseAck, "crash": b.Crash, "babble": b.Babble} {
		if !(share >= 0 && share <= 1) { // NaN is neither
			return fmt.Errorf("the share to %s is %v, and not from 0 to 1", name, share)
		}
	}
	if b.Flood < 0 || b.Flood > maxFlood {
		return fmt.Errorf("a flood of %d answers: it is from 0 to %d", b.Flood, maxFlood)
	}
	return nil
}

// fate is what becomes of one request.
type fate struct {
	before, after                    time.Duration
	declined, lost, crashes, babbles bool
}

// fateOfRead returns the fate of a read.
func (b Behaviour) fateOfRead(fits *rand.Rand) fate {
	crash, babble := fits.Float64(), fits.Float64()
	return fate{before: b.Before, after: b.After, crashes: crash < b.Crash, babbles: babble < b.Babble}
}

// fateOfAction returns the fate of an action. It rolls the dice as often whatever the behaviour
// is, so that a change of one share does not change what else happens.
func (b Behaviour) fateOfAction(dice, fits *rand.Rand) fate {
	decline, lose, crash := dice.Float64(), dice.Float64(), fits.Float64()
	return fate{before: b.Before, after: b.After, declined: decline < b.Decline, lost: lose < b.LoseAck, crashes: crash < b.Crash}
}
