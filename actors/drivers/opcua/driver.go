package opcua

import (
	"context"
	"fmt"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/opcua/channel"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Name is what a device's driver field calls this driver.
const Name = "opcua"

// Driver opens sessions with OPC UA servers. The zero value is ready.
type Driver struct {
	// Secrets are where secrets may be that devices name; nil: nowhere.
	Secrets *keys.Places
}

var (
	_ actors.Driver   = (*Driver)(nil)
	_ actors.Checker  = (*Driver)(nil)
	_ actors.Poller   = (*polled)(nil)
	_ actors.Pusher   = (*monitored)(nil)
	_ actors.Actuator = (*monitored)(nil)
	_ actors.Actuator = (*polled)(nil)
)

// Check tells whether the device's address and the protocol entries of its resources are understood.
func (*Driver) Check(d actors.Device) error {
	_, err := read(d, nil)
	return err
}

// reading is what a device is, read.
type reading struct {
	at      address
	entries map[string]*entry
	methods map[string]*method
}

// read reads what a device is.
func read(d actors.Device, secrets *keys.Places) (*reading, error) {
	if d.Spec == nil || d.Profile == nil {
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "the opcua driver needs a device and its profile")
	}
	r := new(reading)
	var problems, flaws roostv1.Problems
	r.at, r.methods, problems = addressOf(d.Spec, d.Profile, secrets)
	r.entries, flaws = parseEntries(d.Profile)
	return r, append(problems, flaws...).Err()
}

// Open connects, exchanges keys, logs in, and asks which types the values have that may be written.
func (d *Driver) Open(ctx context.Context, device actors.Device) (actors.Session, error) {
	s, err := open(ctx, device, d.Secrets)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", device.Spec.GetId(), err)
	}
	if s.at.monitor {
		return &monitored{session: s}, nil
	}
	return &polled{now: s}, nil
}

func open(ctx context.Context, device actors.Device, secrets *keys.Places) (*session, error) {
	r, err := read(device, secrets)
	if err != nil {
		return nil, err
	}
	config, who, err := r.at.credentials(device.Spec.GetId())
	if err != nil {
		return nil, err
	}
	c, err := channel.Dial(ctx, config)
	if err != nil {
		return nil, err
	}
	s := &session{device: device, secrets: secrets, at: r.at, methods: r.methods}
	opened := false
	defer func() { // also after a panic
		if !opened {
			_ = c.Close(ctx)
		}
	}()
	if s.Session, err = c.Login(ctx, who); err != nil {
		return nil, fmt.Errorf("log in at %s: %w", r.at.to, err)
	}
	defer func() {
		if !opened {
			_ = s.Session.Close(ctx)
		}
	}()
	if err := s.locate(ctx, r.entries); err != nil {
		return nil, err
	}
	opened = true
	return s, nil
}
