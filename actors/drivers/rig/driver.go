package rig

import (
	"context"
	"fmt"
	"sync"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Name is what a device's driver field calls this driver.
const Name = "rig"

// Driver opens sessions with devices of simulated hardware. It must not be copied after first use.
type Driver struct {
	// Gateway is the id of the gateway that the driver works for; needed. Incarnation is
	// which run of it this is. The hardware writes both down with whatever it is asked for.
	Gateway     string
	Incarnation string

	mu     sync.Mutex
	trunks map[string]*trunk // connections to share, by address
}

var (
	_ actors.Driver   = (*Driver)(nil)
	_ actors.Checker  = (*Driver)(nil)
	_ actors.Poller   = (*session)(nil)
	_ actors.Actuator = (*session)(nil)
)

// Check tells whether the device's address is understood, and whether its profile has only what such
// devices have.
func (*Driver) Check(d actors.Device) error {
	if d.Spec == nil || d.Profile == nil {
		return roostv1.Errorf(roostv1.ErrInvalid, "the rig driver needs a device and its profile")
	}
	_, problems := parseAddress(d.Spec)
	return append(problems, checkProfile(d.Profile)...).Err()
}

// Open connects to the hardware and starts a session with the device of the specification's
// id. The error is ErrNotFound if the hardware has none, and ErrBusy if it takes one session only and
// another one lives.
func (d *Driver) Open(ctx context.Context, device actors.Device) (actors.Session, error) {
	s, err := d.open(ctx, device)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", device.Spec.GetId(), err)
	}
	return s, nil
}

func (d *Driver) open(ctx context.Context, device actors.Device) (*session, error) {
	if err := roostv1.CheckID("the driver's gateway id", d.Gateway); err != nil {
		return nil, err
	}
	if err := d.Check(device); err != nil {
		return nil, err
	}
	at, _ := parseAddress(device.Spec)
	s := &session{driver: d, device: device.Spec.GetId(), at: at}
	if _, err := s.connected(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// reach returns a connection for a session at that address, which is released by leave.
func (d *Driver) reach(ctx context.Context, at address) (*link, error) {
	if at.share {
		return d.trunk(at.hardware).join(ctx, d)
	}
	l, err := d.dial(ctx, at.hardware)
	if err != nil {
		return nil, err
	}
	l.users = 1
	return l, nil
}

// leave gives a connection back. The last session on it ends it.
func (d *Driver) leave(l *link) {
	d.mu.Lock()
	l.users--
	last := l.users == 0
	d.mu.Unlock()
	if last {
		l.close()
	}
}
