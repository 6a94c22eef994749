package snmp

import (
	"context"
	"fmt"
	"sync"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Name is what a device's driver field calls this driver.
const Name = "snmp"

// Driver opens sessions with devices that have an SNMP agent. The zero value is ready; it must not be copied after first use.
type Driver struct {
	// Secrets are where secrets may be that devices name; nil: nowhere.
	Secrets *keys.Places

	mu    sync.Mutex
	ears  map[string]*ear // by the address that is listened at
	heard Heard           // at addresses that are not listened at any more
}

var (
	_ actors.Driver   = (*Driver)(nil)
	_ actors.Checker  = (*Driver)(nil)
	_ actors.Counter  = (*Driver)(nil)
	_ actors.Poller   = (*session)(nil)
	_ actors.Actuator = (*session)(nil)
	_ actors.Pusher   = (*hearing)(nil)
)

// Check tells whether the device's address and the protocol entries of its resources are understood.
func (*Driver) Check(d actors.Device) error {
	if d.Spec == nil || d.Profile == nil {
		return roostv1.Errorf(roostv1.ErrInvalid, "the snmp driver needs a device and its profile")
	}
	at, problems := parseAddress(d.Spec, nil)
	entries, flaws := parseEntries(d.Profile)
	problems = append(problems, flaws...)
	for i, r := range d.Profile.GetResources() {
		if entries[r.GetName()].source == fromTrap && at.traps == "" {
			problems = append(problems, roostv1.Problem{
				Path:    fmt.Sprintf("resources[%d].protocol[%q]", i, "source"),
				Message: fmt.Sprintf("%s comes with traps, and the device's address does not say where those arrive: traps is needed", r.GetName()),
			})
		}
	}
	for i, c := range d.Profile.GetCommands() {
		if len(c.GetSteps()) == 0 {
			problems = append(problems, roostv1.Problem{
				Path:    fmt.Sprintf("commands[%d].steps", i),
				Message: fmt.Sprintf("command %q has none, and SNMP agents have no commands of their own", c.GetName()),
			})
		}
	}
	return problems.Err()
}

// Open asks the agent for its up time, so that an agent that is not there, or lets nobody in, is found out at once. A device that only
// sends by itself is not asked.
func (d *Driver) Open(ctx context.Context, device actors.Device) (actors.Session, error) {
	s, err := d.open(ctx, device)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", device.Spec.GetId(), err)
	}
	return s, nil
}

func (d *Driver) open(ctx context.Context, device actors.Device) (actors.Session, error) {
	if err := d.Check(device); err != nil {
		return nil, err
	}
	at, _ := parseAddress(device.Spec, d.Secrets)
	entries, _ := parseEntries(device.Profile)
	is, err := at.access()
	if err != nil {
		return nil, err
	}
	s := &session{device: device.Spec.GetId(), agent: newAgent(at, is), access: is, entries: entries, most: at.most}
	if s.asks() {
		if err := s.greet(ctx); err != nil {
			s.agent.socket.close()
			return nil, err
		}
	}
	if at.traps == "" {
		return s, nil
	}
	h, err := d.hear(ctx, s)
	if err != nil {
		s.agent.socket.close()
		return nil, err
	}
	return h, nil
}
