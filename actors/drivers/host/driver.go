package host

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Name is what a device's driver field calls this driver.
const Name = "host"

// Driver opens the machine that it runs on. Its zero value is ready; it must not be
// copied after first use.
type Driver struct {
	// Log is told when a sensor fails and when it works again; nil: nobody is.
	Log *slog.Logger

	volumes volumes
}

var (
	_ actors.Driver  = (*Driver)(nil)
	_ actors.Checker = (*Driver)(nil)
	_ actors.Poller  = (*session)(nil)
)

// Check tells whether all resources of the device are sensors, with the unit and
// kind of value that those have, and whether its address is understood. It does
// not tell whether this machine has them.
func (*Driver) Check(d actors.Device) error {
	if d.Spec == nil || d.Profile == nil {
		return roostv1.Errorf(roostv1.ErrInvalid, "the host driver needs a device and its profile")
	}
	_, problems := parseAddress(d.Spec.GetAddress())
	for i, r := range d.Profile.GetResources() {
		problems = append(problems, checkResource(fmt.Sprintf("resources[%d]", i), r)...)
	}
	if len(d.Profile.GetCommands()) > 0 {
		problems = append(problems, roostv1.Problem{Path: "commands", Message: "the host driver has no commands"})
	}
	return problems.Err()
}

// Open starts a session. It reads nothing yet.
func (d *Driver) Open(ctx context.Context, device actors.Device) (actors.Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("open host: %w", err)
	}
	if err := d.Check(device); err != nil {
		return nil, fmt.Errorf("open host: %w", err)
	}
	place, _ := parseAddress(device.Spec.GetAddress())
	log := d.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &session{
		place:   place,
		volumes: &d.volumes,
		log:     log.With("device", device.Spec.GetId()),
		probes:  make(map[string]*probe, len(device.Profile.GetResources())),
	}
	for _, r := range device.Profile.GetResources() {
		s.probes[r.GetName()] = newProbe(r, place)
	}
	return s, nil
}
