package exec

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Name is what a device's driver field calls this driver.
const Name = "exec"

// Driver opens sessions with programs. The zero value allows none.
type Driver struct {
	// Allow names the folders whose programs may be run, or single programs, as absolute paths. It is for whoever runs the
	// gateway, and never to be taken from the fleet.
	Allow []string
	// Secrets are where secrets may be that devices name; nil: nowhere.
	Secrets *keys.Places
	// Log is told what programs write to their standard error; nil: nobody is.
	Log *slog.Logger
}

var (
	_ actors.Driver   = (*Driver)(nil)
	_ actors.Checker  = (*Driver)(nil)
	_ actors.Poller   = (*polled)(nil)
	_ actors.Pusher   = (*pushing)(nil)
	_ actors.Poller   = (*both)(nil)
	_ actors.Pusher   = (*both)(nil)
	_ actors.Actuator = (*session)(nil)
)

// Check tells whether the device's address is understood. Whether a program may be run is for the gateway to say, when it is opened.
func (*Driver) Check(d actors.Device) error {
	if d.Spec == nil || d.Profile == nil {
		return roostv1.Errorf(roostv1.ErrInvalid, "the exec driver needs a device and its profile")
	}
	_, problems := parseAddress(d.Spec, nil)
	return problems.Err()
}

// Open starts the device's program and asks it to open the device. The error is ErrPermission if the gateway does not allow it.
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
	secrets, err := readSecrets(at)
	if err != nil {
		return nil, err
	}
	path, err := allowed(d.Allow).find(at.program)
	if err != nil {
		return nil, err
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	s := newSession(device, at, secrets)
	if err := s.start(path, d.log(device)); err != nil {
		return nil, err
	}
	able, err := s.greet(ctx, at, secrets)
	if err != nil {
		s.fail(err)
		s.settle()
		return nil, err
	}
	return able, nil
}

func (d *Driver) log(device actors.Device) *slog.Logger {
	if d.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return d.Log.With("device", device.Spec.GetId())
}

func readSecrets(at address) (map[string]string, error) {
	if len(at.secrets) == 0 {
		return nil, nil
	}
	secrets := make(map[string]string, len(at.secrets))
	for name, s := range at.secrets {
		text, err := s.Read()
		if err != nil {
			return nil, err
		}
		secrets[name] = text
	}
	return secrets, nil
}
