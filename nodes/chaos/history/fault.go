package history

import (
	"slices"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
)

// FaultKind says what a fault does. The checkers know these; others count as faults as well.
type FaultKind string

// Kinds of faults.
const (
	FaultKill      FaultKind = "kill"      // SIGKILL
	FaultStop      FaultKind = "stop"      // in order
	FaultPause     FaultKind = "pause"     // SIGSTOP
	FaultPartition FaultKind = "partition" // nothing gets through, both ways
	FaultStall     FaultKind = "stall"     // nothing gets through one way
	FaultCut       FaultKind = "cut"       // a connection is broken off
	FaultAckLost   FaultKind = "ack-lost"  // answers do not get through
	FaultDelay     FaultKind = "delay"
	FaultPowerCut  FaultKind = "power-cut"
	FaultDiskFull  FaultKind = "disk-full"
	FaultDiskDead  FaultKind = "disk-dead" // it neither reads nor writes, and its gateway goes on
	FaultClock     FaultKind = "clock"
	FaultPanic     FaultKind = "panic" // of a device's actor
	FaultHang      FaultKind = "hang"  // of a device's driver
	FaultDevice    FaultKind = "device"
	FaultOutage    FaultKind = "outage"   // no way to the hub, for longer than it remembers what it has stored
	FaultTogether  FaultKind = "together" // SIGKILL of a gateway and of the hub that leads
	FaultHubStop   FaultKind = "hub-stop" // of a hub, in order
	FaultClone     FaultKind = "clone"    // a second gateway has the id of a first
)

// FaultStep is how far a fault has come.
type FaultStep string

// Steps, in their order.
const (
	FaultAsked     FaultStep = "asked"      // about to be done: its effects may show from here
	FaultApplied   FaultStep = "applied"    // its effect was seen
	FaultHealAsked FaultStep = "heal-asked" // about to be undone
	FaultHealed    FaultStep = "healed"     // its effect was seen to be gone
)

// Fault tells of one step of a fault.
type Fault struct {
	Stamp
	ID    string    `json:"id"`
	Step  FaultStep `json:"step"`
	Fault FaultKind `json:"fault"`
	// Targets that were hit: nodes, devices, links. Symbolic is how the plan named them.
	Targets  []string `json:"targets"`
	Symbolic string   `json:"symbolic,omitempty"`
	// Down is what certainly does not work from "applied" to "heal-asked": names of nodes, and links as Link names
	// them. A link that lets through nothing in one direction is down.
	Down []string `json:"down,omitempty"`
	// Slow is by how much later than at other times the devices that are hit answer, from "applied" to "healed".
	Slow time.Duration `json:"slowNs,omitempty"`
	// Point of the gateway's own work at which it was done; empty: at some time.
	Point string `json:"point,omitempty"`
	// Evidence of applied and healed: what was seen, for people.
	Evidence string `json:"evidence,omitempty"`
}

// Link names the link from a gateway to a hub, or to a device.
func Link(gateway, other string) string { return gateway + "~" + other }

// FaultWindow is a fault with all its steps. A step that was not taken has no time.
type FaultWindow struct {
	ID       string
	Fault    FaultKind
	Targets  []string
	Symbolic string
	Point    string // of the gateway's own work at which it was done; empty: at some time
	Down     []string
	Slow     time.Duration
	Evidence []string
	// Asked to Healed is when it excuses something; Applied to HealAsked is when it certainly was there.
	Asked, Applied, HealAsked, Healed boottime.Instant
	// Confirmed: its effect was seen. Undone: its effect was seen to be gone.
	Confirmed, Undone bool
	// Records are its steps.
	Records []*Fault
}

// add takes in the next step.
func (w *FaultWindow) add(f *Fault) {
	w.Records = append(w.Records, f)
	w.Down = union(w.Down, f.Down)
	w.Slow = max(w.Slow, f.Slow)
	w.Targets = union(w.Targets, f.Targets)
	if f.Symbolic != "" {
		w.Symbolic = f.Symbolic
	}
	if f.Point != "" {
		w.Point = f.Point
	}
	if f.Evidence != "" {
		w.Evidence = append(w.Evidence, f.Evidence)
	}
	switch f.Step {
	case FaultAsked:
		w.Asked = f.At
	case FaultApplied:
		w.Applied, w.Confirmed = f.At, true
	case FaultHealAsked:
		w.HealAsked = f.At
	case FaultHealed:
		w.Healed, w.Undone = f.At, true
	}
}

// close gives the steps that were not taken the times that excuse the most and claim the least.
func (w *FaultWindow) close(end boottime.Instant) {
	if w.Asked == 0 {
		w.Asked = w.Records[0].At
	}
	if w.HealAsked == 0 {
		w.HealAsked = end
	}
	if w.Healed == 0 {
		w.Healed = end
	}
	if w.Applied == 0 {
		w.Applied = w.HealAsked // it claims nothing
	}
}

// Excuses reports whether the fault may have had a part in what happened from a to b, widened by slack on
// both sides.
func (w *FaultWindow) Excuses(a, b boottime.Instant, slack time.Duration) bool {
	return !b.Add(slack).Before(w.Asked) && !w.Healed.Add(slack).Before(a)
}

func union(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}
