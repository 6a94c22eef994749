package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// registryTries bounds how often a change is tried again that met another one.
const registryTries = 5

// Registry changes the profiles and devices of a fleet. They are kept in the control
// stream, each under a subject of its own; every write names the record that it replaces, so that
// two writers never overwrite each other unseen. Nothing is ever deleted.
//
// All methods may be called concurrently. Their errors: ErrInvalid says what is wrong with
// what was given; ErrConflict that it contradicts what is there; ErrNotFound that there is
// nothing of that id; ErrUnavailable that the hub cannot be reached.
type Registry struct {
	nc    *nats.Conn
	names Subjects
}

// NewRegistry returns the registry of a fleet.
func NewRegistry(nc *nats.Conn, names Subjects) *Registry {
	return &Registry{nc: nc, names: names}
}

// Action says what applying a fleet did with one of its profiles or devices.
type Action string

// The actions.
const (
	Added     Action = "added"
	Changed   Action = "changed"
	Unchanged Action = "unchanged"
)

// Applied is what applying a fleet did, in the fleet's order.
type Applied struct {
	Profiles []Outcome
	Devices  []Outcome
}

// Outcome is what became of one profile or device.
type Outcome struct {
	ID       string
	Action   Action
	Revision uint64 // after it
}

// Apply makes the registry hold the fleet's profiles and devices: what differs is written,
// profiles first; what is the same, or not in the fleet, is left alone. It can be
// repeated, also after an error, when a part may have been written: what was, is then unchanged.
//
// A device that was retired is added anew. One that is locked stays locked, unless the fleet
// says what its admin_state is to be. A revision that is not 0 is that of the
// record which is to be changed: if it is another one by now, that is an ErrConflict.
func (r *Registry) Apply(ctx context.Context, fleet *roostv1.Fleet) (Applied, error) {
	out, err := newCASWriter(r.nc, r.names)
	if err != nil {
		return Applied{}, fmt.Errorf("apply fleet: %w", err)
	}
	defer out.close()
	written := make(map[string]Outcome) // by subject: what earlier tries did
	for try := 1; ; try++ {
		applied, err := r.apply(ctx, out, fleet, written)
		if !errors.Is(err, errOvertaken) || try == registryTries || !jitter(ctx, try) {
			return applied, err
		}
	}
}

// errOvertaken says that somebody else wrote at the same time: look again.
var errOvertaken = fmt.Errorf("somebody else changes the registry: %w", roostv1.ErrConflict)

func (r *Registry) apply(ctx context.Context, out *casWriter, fleet *roostv1.Fleet, written map[string]Outcome) (Applied, error) {
	present, err := r.list(ctx)
	if err != nil {
		return Applied{}, fmt.Errorf("apply fleet: %w", err)
	}
	plan, err := planFleet(present, fleet)
	if err != nil {
		return Applied{}, err
	}
	plan.credit(r.names, written)
	writes := plan.writes(r.names, present)
	out.all(ctx, writes)
	plan.note(r.names, writes, written)
	for _, w := range writes {
		switch {
		case errors.Is(w.err, roostv1.ErrConflict):
			return Applied{}, errOvertaken
		case w.err != nil:
			return Applied{}, fmt.Errorf("apply fleet: %w", w.err) // one tells enough
		}
	}
	return plan.applied, nil
}

// list reads the whole registry.
func (r *Registry) list(ctx context.Context) (*Picture, error) {
	return listControl(ctx, r.nc, r.names, r.names.root+"spec.>")
}

// SetAdminState says what the operator wants of a device: that it is served, locked or
// retired. It returns the device's specification after it. A device that was retired is
// ErrNotFound, except for being retired again.
func (r *Registry) SetAdminState(ctx context.Context, device string, state roostv1.AdminState) (*roostv1.DeviceSpec, error) {
	if err := roostv1.CheckID("device id", device); err != nil {
		return nil, err
	}
	out, err := newCASWriter(r.nc, r.names)
	if err != nil {
		return nil, fmt.Errorf("change device %s: %w", device, err)
	}
	defer out.close()
	for try := 1; ; try++ {
		spec, err := r.setAdminState(ctx, out, device, state)
		if !errors.Is(err, roostv1.ErrConflict) || try == registryTries || !jitter(ctx, try) {
			return spec, err
		}
	}
}

func (r *Registry) setAdminState(ctx context.Context, out *casWriter, device string, state roostv1.AdminState) (*roostv1.DeviceSpec, error) {
	sequence, data, err := out.read(ctx, r.names.Device(device))
	if err != nil {
		return nil, err
	}
	if sequence == 0 {
		return nil, roostv1.Errorf(roostv1.ErrNotFound, "there is no device %s", device)
	}
	spec := &roostv1.DeviceSpec{}
	if err := readRecord(data, spec); err != nil {
		return nil, fmt.Errorf("record of device %s: %w", device, err)
	}
	switch {
	case adminState(spec) == state:
		return spec, nil
	case adminState(spec) == roostv1.AdminState_ADMIN_STATE_RETIRED:
		return nil, roostv1.Errorf(roostv1.ErrNotFound, "device %s was retired", device)
	}
	spec.AdminState = state
	spec.Revision++
	w := recordWrite(r.names.Device(device), sequence, spec)
	out.one(ctx, w)
	if w.err != nil {
		return nil, fmt.Errorf("change device %s: %w", device, w.err)
	}
	return spec, nil
}

// adminState is a device's admin state, with the default in place of what is unset.
func adminState(spec *roostv1.DeviceSpec) roostv1.AdminState {
	if spec.AdminState == roostv1.AdminState_ADMIN_STATE_UNSPECIFIED {
		return roostv1.AdminState_ADMIN_STATE_ENABLED
	}
	return spec.AdminState
}
