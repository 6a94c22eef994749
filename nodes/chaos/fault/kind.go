package fault

import (
	"context"
	"fmt"

	"github.com/roost-iot/roost/nodes/chaos/failpoint"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// Fault is one fault, once. Its methods are called in the order in which they are here, each at most once;
// Heal also after an error of one before it, and it must not mind what is gone.
type Fault interface {
	// Apply does it.
	Apply(ctx context.Context) error
	// Confirm waits until its effect is seen, and says what was seen.
	Confirm(ctx context.Context) (evidence string, err error)
	// Heal undoes it.
	Heal(ctx context.Context) error
	// ConfirmHealed waits until its effect is seen to be gone.
	ConfirmHealed(ctx context.Context) (evidence string, err error)
	// Down is what certainly does not work while it is confirmed; see history.Fault.
	Down() []string
}

// Kind is a kind of faults.
type Kind struct {
	Name, About string
	// Recorded is what the checkers know it as.
	Recorded history.FaultKind
	// Missing says why this system cannot do it; empty: it can. To ask may try it, so it is asked only of what is to be done.
	Missing func() string

	make func(*fleet.Fleet, plan.Entry, []string) Fault
}

// Kinds are all kinds of faults.
func Kinds() []Kind {
	return []Kind{
		{plan.Kill, "SIGKILL of gateways; they are started again", history.FaultKill, neverMissing, newKill},
		{plan.Stop, "gateways are asked to end; they are started again", history.FaultStop, neverMissing, newStop},
		{plan.Pause, "SIGSTOP of gateways; they go on", history.FaultPause, pauseMissing, newPause},
		{plan.Stall, "the way between gateway and hub stands still, in one direction or both", history.FaultPartition, neverMissing, newStall},
		{plan.Blackhole, "what gateway and hub say is lost; reset when it ends", history.FaultPartition, neverMissing, newBlackhole},
		{plan.Refuse, "connections of a gateway to the hub are reset, and refused", history.FaultCut, neverMissing, newRefuse},
		{plan.Delay, "the way between gateway and hub is slow", history.FaultDelay, neverMissing, newDelay},
		{plan.AckLost, "after the k-th request of a gateway no answer comes; reset when it ends", history.FaultAckLost, neverMissing, newAckLost},
		{plan.Cut, "after the k-th byte or message of a gateway its connections are reset", history.FaultCut, neverMissing, newCut},
		{plan.DeviceCut, "the way between gateway and devices stands still", history.FaultPartition, neverMissing, newDeviceCut},
		{plan.Behave, "a device is slow, declines, does not answer, crashes, babbles, floods, or is off", history.FaultDevice, neverMissing, newBehave},
		{plan.HubKill, "SIGKILL of hubs; they are started again", history.FaultKill, neverMissing, newKill},
		{plan.HubPause, "SIGSTOP of hubs; they go on", history.FaultPause, pauseMissing, newPause},
		{plan.Together, "SIGKILL of a gateway and of the hub that leads, at once; both are started again", history.FaultTogether, neverMissing, newKill},
		{plan.Outage, "gateways write and are not told, then have no hub for long, which forgets meanwhile", history.FaultOutage, neverMissing, newOutage},
		{plan.Upgrade, "gateways end in order, and another program takes their place", history.FaultStop, neverMissing, newUpgrade},
		{plan.HubUpgrade, "hubs end in order, and another program takes their place", history.FaultHubStop, neverMissing, newUpgrade},
		{plan.Clone, "a second gateway is started with the id of a first", history.FaultClone, pauseMissing, newClone},

		panicKind(),
		hangKind(),
		diskFullKind(),
		powerCutKind(),
		hubPowerCutKind(),
		routeKind(),
		diskDeadKind(),
		clockKind(),
	}
}

func neverMissing() string { return "" }

func failpointsMissing() string { return failpoint.Missing }

func pauseMissing() string {
	if !fleet.CanPause() {
		return "this system cannot stop a process"
	}
	return ""
}

// Find returns a kind.
func Find(name string) (Kind, error) {
	for _, k := range Kinds() {
		if k.Name == name {
			return k, nil
		}
	}
	return Kind{}, fmt.Errorf("there is no fault %q", name)
}

// recorded is what the checkers know an entry as.
func (k Kind) recorded(e plan.Entry) history.FaultKind {
	if (k.Name == plan.Stall || k.Name == plan.Route) && e.Params.Direction != "" {
		return history.FaultStall
	}
	return k.Recorded
}

// Recorded is what the checkers know an entry of a plan as.
func Recorded(e plan.Entry) (history.FaultKind, error) {
	k, err := Find(e.Fault)
	if err != nil {
		return "", err
	}
	if reason := k.Missing(); reason != "" {
		return "", fmt.Errorf("fault %s cannot be done: %s", k.Name, reason)
	}
	return k.recorded(e), nil
}
