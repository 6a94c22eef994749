package run

import (
	"fmt"
	"slices"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/fault"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// runRecord says what a plan is to try, and by what it is to be judged. Entries that were left out, since their targets were
// under another fault until the end, are not counted as planned; but if these are most, the run has not tried what it
// was to try. Nor has it where what one waited for did not happen.
func runRecord(p *plan.Plan, skipped []Skipped) (*history.Run, error) {
	s := p.Settings
	policy := (*roostv1.SupervisionPolicy)(nil).Resolve() // of all devices
	record := &history.Run{
		Scenario: p.Scenario, Seed: p.Seed,
		Limits: history.Limits{
			Lease: s.Lease.Std(), Failover: s.MaxFailover.Std(), QuietCommands: quietCommands(s),
			// The first restart comes within the shortest delay. The count of failures halves over the window, so that no
			// more than twice as many fit in.
			Restart: policy.BaseDelay + restartTime, MaxRestarts: 2 * policy.MaxFailures, RestartWindow: policy.Decay,
		},
	}
	for i := range s.Gateways {
		record.Gateways = append(record.Gateways, s.Gateway(i+1))
	}
	for i := range s.Hubs {
		record.Hubs = append(record.Hubs, s.Hub(i+1))
	}
	for i := range s.Devices {
		id := s.Device(i + 1)
		gateways := record.Gateways
		if only := s.AttachedTo(i + 1); only != "" {
			gateways = []string{only}
		}
		record.Devices = append(record.Devices, history.DeviceSpec{
			ID: id, Bus: id, Gateways: gateways, Period: s.Period.Std(),
			Fenced: s.Mode == plan.ModeFenced, Exclusive: s.Mode == plan.ModeExclusive,
		})
	}
	leftOut := func(e plan.Entry) bool {
		return 2*len(skipped) <= len(p.Entries) && slices.ContainsFunc(skipped, func(s Skipped) bool { return s.ID == e.ID && !s.Untriggered })
	}
	for _, e := range p.Entries {
		kind, err := fault.Recorded(e)
		if err == nil {
			err = canTrigger(e)
		}
		if err != nil {
			return nil, fmt.Errorf("entry %s of the plan: %w", e.ID, err)
		}
		if leftOut(e) {
			continue
		}
		record.Planned = append(record.Planned, history.PlannedFault{ID: e.ID, Fault: kind})
	}
	return record, nil
}

// restartTime is how long a restart may take besides its delay: a session that does not close is abandoned after 6 s.
const restartTime = 7 * time.Second

// quietCommands is how many commands must succeed in the quiet phase: a third of what is sent.
func quietCommands(s plan.Settings) int {
	return max(1, int(s.Rate*s.Quiet.Std().Seconds()/3))
}
