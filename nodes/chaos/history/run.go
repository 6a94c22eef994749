package history

import (
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
)

// Run says what was to be tried, and by what it is to be judged. There is one, and it comes first.
type Run struct {
	Stamp
	Scenario string `json:"scenario"`
	// Seed of plan and load.
	Seed uint64 `json:"seed"`
	// Gateways and Hubs that take part, by name. Most of the hubs must be up for the hub to work.
	Gateways []string `json:"gateways"`
	Hubs     []string `json:"hubs"`
	// Devices of the fleet.
	Devices []DeviceSpec `json:"devices"`
	// Planned faults. One of these that was not confirmed makes the run prove nothing.
	Planned []PlannedFault `json:"planned,omitempty"`
	// Limits that the checkers judge by.
	Limits Limits `json:"limits"`
}

// DeviceSpec is what a checker has to know of a device.
type DeviceSpec struct {
	ID  string `json:"id"`
	Bus string `json:"bus"`
	// Gateways that may own its bus. With only one it is attached, and has no failover.
	Gateways []string `json:"gateways"`
	// Fenced devices refuse actions under an epoch lower than the highest that they have seen.
	Fenced bool `json:"fenced,omitempty"`
	// Exclusive devices take one session at a time, so that whoever reads them keeps others out.
	Exclusive bool `json:"exclusive,omitempty"`
	// Period in which it is polled.
	Period time.Duration `json:"periodNs"`
}

// Attached reports whether only one gateway may own the device.
func (d DeviceSpec) Attached() bool { return len(d.Gateways) == 1 }

// PlannedFault is a fault of the plan; ID is the one in its Fault records.
type PlannedFault struct {
	ID    string    `json:"id"`
	Fault FaultKind `json:"fault"`
}

// Limits are what the checkers judge by. A zero means the default, unless it says otherwise.
type Limits struct {
	// Epsilon is how far two records of different recorders may lie apart in time, the wrong way round;
	// default 1 ms.
	Epsilon time.Duration `json:"epsilonNs,omitempty"`
	// Lease of the gateways; default 2 s. Margin is what those that evict add to it, and what goes
	// by until they know; default 500 ms.
	Lease  time.Duration `json:"leaseNs,omitempty"`
	Margin time.Duration `json:"marginNs,omitempty"`
	// Failover is how long a device may be without an owner while it could be served; default Lease + 1 s.
	// HandOver is the same for one that is planned; default 300 ms.
	Failover time.Duration `json:"failoverNs,omitempty"`
	HandOver time.Duration `json:"handOverNs,omitempty"`
	// Settle is how long it may take, while it could be served, until a command that has been accepted ends, counted
	// from its deadline; default 10 s.
	Settle time.Duration `json:"settleNs,omitempty"`
	// HubSettle is for how long the hub may not answer after one of its servers went down or came back; default
	// 10 s. It does not count against a failover.
	HubSettle time.Duration `json:"hubSettleNs,omitempty"`
	// ClockError is how far the clocks by which deadlines are kept may be off; default 50 ms.
	ClockError time.Duration `json:"clockErrorNs,omitempty"`
	// Converge is how long after all is healed one owner a device, empty spools and health may be awaited;
	// default 30 s.
	Converge time.Duration `json:"convergeNs,omitempty"`
	// InFlight is by how much an action may reach a device that is not fenced after the next owner was named, for it was
	// in the kernel already, once in each takeover. Default 0: not at all.
	InFlight time.Duration `json:"inFlightNs,omitempty"`
	// QuietCommands is how many commands must succeed in the quiet phase; default 1.
	QuietCommands int `json:"quietCommands,omitempty"`
	// Restart is how long after a failure the first restart may come at most, and MaxRestarts how many there may be
	// within RestartWindow before the device is in quarantine. Defaults 5 s, 5 and 1 min.
	Restart       time.Duration `json:"restartNs,omitempty"`
	MaxRestarts   int           `json:"maxRestarts,omitempty"`
	RestartWindow time.Duration `json:"restartWindowNs,omitempty"`
}

// WithDefaults returns the limits with the defaults where there was nothing.
func (l Limits) WithDefaults() Limits {
	or := func(d *time.Duration, fallback time.Duration) {
		if *d == 0 {
			*d = fallback
		}
	}
	or(&l.Epsilon, time.Millisecond)
	or(&l.Lease, 2*time.Second)
	or(&l.Margin, 500*time.Millisecond)
	or(&l.Failover, l.Lease+time.Second)
	or(&l.HandOver, 300*time.Millisecond)
	or(&l.Settle, 10*time.Second)
	or(&l.HubSettle, 10*time.Second)
	or(&l.ClockError, 50*time.Millisecond)
	or(&l.Converge, 30*time.Second)
	or(&l.Restart, 5*time.Second)
	or(&l.RestartWindow, time.Minute)
	if l.QuietCommands == 0 {
		l.QuietCommands = 1
	}
	if l.MaxRestarts == 0 {
		l.MaxRestarts = 5
	}
	return l
}

// PhaseName names a part of a run.
type PhaseName string

// Phases, in their order.
const (
	PhaseSetup    PhaseName = "setup"
	PhaseQuiet    PhaseName = "quiet"
	PhaseFaults   PhaseName = "faults"
	PhaseHeal     PhaseName = "heal"
	PhaseLiveness PhaseName = "liveness"
	PhaseDrain    PhaseName = "drain"
	PhaseCollect  PhaseName = "collect"
	// PhaseEnd: nothing is done any more. It has no length.
	PhaseEnd PhaseName = "end"
)

// Phase says that a phase begins, and with it that the one before ends.
type Phase struct {
	Stamp
	Phase PhaseName `json:"phase"`
}

// ProcessState is what the harness saw of a process.
type ProcessState string

// States of a process.
const (
	ProcessStarted ProcessState = "started"
	// ProcessReady: it has answered, so that it counts as up from here.
	ProcessReady ProcessState = "ready"
	// ProcessEnded: it was waited for, so that it can do nothing any more.
	ProcessEnded ProcessState = "ended"
)

// Process tells of a process that the harness started.
type Process struct {
	Stamp
	// Node is its name: that of a gateway or a hub, and Run which start of it this is, from 1.
	Node string `json:"node"`
	Run  int    `json:"run"`
	// Incarnation of a gateway, once it is known.
	Incarnation string       `json:"incarnation,omitempty"`
	State       ProcessState `json:"state"`
	// Exit is how it ended, for people.
	Exit string `json:"exit,omitempty"`
	// Killed: the harness did it.
	Killed bool `json:"killed,omitempty"`
}

// Clocks are readings of the boot clock and of a wall clock at the same moment. The hub's time is on a wall
// clock.
type Clocks struct {
	Boot boottime.Instant `json:"boot"`
	Wall time.Time        `json:"wall"`
}

// Carry returns a time of that wall clock on the boot clock.
func (c Clocks) Carry(wall time.Time) boottime.Instant { return c.Boot.Add(wall.Sub(c.Wall)) }
