package sim

import (
	"context"
	"fmt"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Name is what a device's driver field calls this driver.
const Name = "sim"

// Driver opens simulated hardware.
type Driver struct{ world *World }

var (
	_ actors.Driver   = (*Driver)(nil)
	_ actors.Checker  = (*Driver)(nil)
	_ actors.Poller   = poller{}
	_ actors.Pusher   = pusher{}
	_ actors.Actuator = (*session)(nil)
)

// NewDriver returns a driver of the hardware in that world; nil: in one of its own.
func NewDriver(w *World) *Driver {
	if w == nil {
		w = NewWorld()
	}
	return &Driver{world: w}
}

// World returns the hardware that the driver opens.
func (d *Driver) World() *World { return d.world }

// Check tells whether the device's address is understood, and whether its profile
// has only what that kind of hardware has: resources of the same type and unit,
// access that is given, commands without steps that it knows.
func (*Driver) Check(d actors.Device) error {
	if d.Spec == nil || d.Profile == nil {
		return roostv1.Errorf(roostv1.ErrInvalid, "the sim driver needs a device and its profile")
	}
	a, problems := parseAddress(d)
	if a.kind.profile != nil {
		problems = append(problems, checkProfile(d.Profile, a.kind)...)
	}
	return problems.Err()
}

// Open starts a session with the hardware of the device's id, and switches it on if
// it is the first.
func (d *Driver) Open(ctx context.Context, device actors.Device) (actors.Session, error) {
	s, err := d.open(ctx, device)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", device.Spec.GetId(), err)
	}
	if s.hardware.pushes() {
		return pusher{s}, nil
	}
	return poller{s}, nil
}

func (d *Driver) open(ctx context.Context, device actors.Device) (*session, error) {
	if device.Spec == nil || device.Profile == nil {
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "the sim driver needs a device and its profile")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a, problems := parseAddress(device)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	h := d.world.power(device.Spec.GetId(), a)
	s := &session{hardware: h, readable: readable(device.Profile)}
	if err := s.suffer(ctx, h.fate(opening)); err != nil {
		return nil, err
	}
	id, err := h.join(device.Spec.GetExclusiveSession())
	s.id = id
	return s, err
}

func readable(p *roostv1.Profile) []string {
	var names []string
	for _, r := range p.GetResources() {
		if r.Readable() {
			names = append(names, r.GetName())
		}
	}
	return names
}
