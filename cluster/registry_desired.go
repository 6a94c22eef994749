package cluster

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Desired returns what is desired of a device. Where nothing ever was, its revision is 0. The error is ErrNotFound if
// there is no such device.
func (r *Registry) Desired(ctx context.Context, device string) (*roostv1.Desired, error) {
	if err := roostv1.CheckID("device id", device); err != nil {
		return nil, err
	}
	out, err := newCASWriter(r.nc, r.names)
	if err != nil {
		return nil, fmt.Errorf("read what is desired of device %s: %w", device, err)
	}
	defer out.close()
	if _, err := r.readDevice(ctx, out, device); err != nil {
		return nil, err
	}
	desired, _, err := r.readDesired(ctx, out, device)
	return desired, err
}

// SetDesired changes what is desired of a device: set are the values wanted from now on, by resource, and what is
// in clear is not wanted any more; all else stays. It returns what is desired after it, whose revision has
// grown by one if anything changed. Each resource that is set must be one of the device's that can be written and whose
// write is ABSOLUTE, and the value must fit it; else the error is ErrInvalid or ErrNotFound. ErrOutcomeUnknown means that it may
// have been changed.
func (r *Registry) SetDesired(ctx context.Context, device string, set map[string]*roostv1.Value, clear []string, by, reason string) (*roostv1.Desired, error) {
	return r.changeDesired(ctx, device, nil, set, clear, by, reason)
}

// ReplaceDesired is SetDesired for who knows what is desired, and wants to change just that: where the revision is
// not this one any more, nothing changes, and the error is ErrConflict.
func (r *Registry) ReplaceDesired(ctx context.Context, device string, revision uint64, set map[string]*roostv1.Value, clear []string, by, reason string) (*roostv1.Desired, error) {
	return r.changeDesired(ctx, device, &revision, set, clear, by, reason)
}

// changeDesired changes what is desired, whatever it is, or only that of one revision. What may have been done, and
// replaced by somebody else before the hub said so, is not done once more: that would undo what came later.
func (r *Registry) changeDesired(ctx context.Context, device string, revision *uint64, set map[string]*roostv1.Value, clear []string, by, reason string) (*roostv1.Desired, error) {
	if err := roostv1.CheckID("device id", device); err != nil {
		return nil, err
	}
	out, err := newCASWriter(r.nc, r.names)
	if err != nil {
		return nil, fmt.Errorf("change what is desired of device %s: %w", device, err)
	}
	defer out.close()
	change := &roostv1.Command{DeviceId: device, Name: roostv1.CommandSet, Arguments: set, Sender: by, Reason: reason}
	for try := 1; ; try++ {
		desired, err := r.setDesired(ctx, out, change, clear, revision)
		if !errors.Is(err, roostv1.ErrConflict) || try == registryTries || !jitter(ctx, try) {
			return desired, err
		}
	}
}

func (r *Registry) setDesired(ctx context.Context, out *casWriter, change *roostv1.Command, clear []string, revision *uint64) (*roostv1.Desired, error) {
	spec, err := r.readDevice(ctx, out, change.DeviceId)
	if err != nil {
		return nil, err
	}
	set, err := r.wanted(ctx, out, spec, change)
	if err != nil {
		return nil, err
	}
	was, sequence, err := r.readDesired(ctx, out, change.DeviceId)
	if err != nil {
		return nil, err
	}
	if revision != nil && was.Revision != *revision { // a lower one may be out of date
		return nil, roostv1.Errorf(roostv1.ErrConflict, "what is desired of device %s has revision %d, not %d", change.DeviceId, was.Revision, *revision)
	}
	desired := nextDesired(was, set, clear)
	if desired == nil {
		return was, nil
	}
	desired.Sender, desired.Reason, desired.ChangedAt, desired.Nonce = change.Sender, change.Reason, timestamppb.Now(), newNonce()
	w := recordWrite(r.names.Desired(change.DeviceId), sequence, desired)
	if len(w.data) > roostv1.MaxRecord {
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "what is desired of device %s has %d bytes, at most %d are accepted", change.DeviceId, len(w.data), roostv1.MaxRecord)
	}
	out.one(ctx, w)
	switch {
	case errors.Is(w.err, roostv1.ErrConflict) && w.doubtful:
		return nil, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "what is desired of device %s was changed by others, maybe after it was changed to this", change.DeviceId)
	case w.err != nil && w.doubtful: // what went wrong last says nothing of the try that was not answered
		return nil, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "what is desired of device %s may have been changed to this: %v", change.DeviceId, w.err)
	case w.err != nil:
		return nil, fmt.Errorf("change what is desired of device %s: %w", change.DeviceId, w.err)
	}
	return desired, nil
}

// wanted checks what is to be set against the device's profile, and returns it in the types of the resources.
func (r *Registry) wanted(ctx context.Context, out *casWriter, spec *roostv1.DeviceSpec, change *roostv1.Command) ([]roostv1.Write, error) {
	if err := roostv1.ValidateCommand(change); err != nil {
		return nil, err
	}
	if len(change.Arguments) == 0 {
		return nil, nil
	}
	profile := &roostv1.Profile{}
	if found, err := r.readInto(ctx, out, r.names.Profile(spec.Profile), profile); err != nil || !found {
		return nil, errors.Join(err, roostv1.Errorf(roostv1.ErrNotFound, "device %s: there is no profile %s", spec.Id, spec.Profile))
	}
	plan, err := roostv1.MakePlan(profile, change)
	if err != nil {
		return nil, err
	}
	for _, w := range plan.Steps {
		if kind := profile.Resource(w.Resource).GetWriteKind(); kind != roostv1.WriteKind_WRITE_KIND_ABSOLUTE {
			return nil, roostv1.Errorf(roostv1.ErrInvalid, "%s: %s cannot be kept at a value: to write it twice is not the same as once", spec.Id, w.Resource)
		}
	}
	return plan.Steps, nil
}

// nextDesired returns what is desired after a change; nil if nothing changes.
func nextDesired(was *roostv1.Desired, set []roostv1.Write, clear []string) *roostv1.Desired {
	next := proto.CloneOf(was)
	next.Revision++
	if next.Values == nil {
		next.Values = map[string]*roostv1.Value{}
	}
	if next.Revisions == nil {
		next.Revisions = map[string]uint64{}
	}
	changed := false
	for _, name := range clear {
		if _, ok := next.Values[name]; ok {
			changed = true
			delete(next.Values, name)
			delete(next.Revisions, name)
		}
	}
	for _, w := range set {
		changed = changed || !proto.Equal(was.Values[w.Resource], w.Value)
		next.Values[w.Resource], next.Revisions[w.Resource] = w.Value, next.Revision
	}
	if !changed {
		return nil
	}
	return next
}

// readDevice reads the specification of a device that is in service.
func (r *Registry) readDevice(ctx context.Context, out *casWriter, device string) (*roostv1.DeviceSpec, error) {
	spec := &roostv1.DeviceSpec{}
	found, err := r.readInto(ctx, out, r.names.Device(device), spec)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, roostv1.Errorf(roostv1.ErrNotFound, "there is no device %s", device)
	case adminState(spec) == roostv1.AdminState_ADMIN_STATE_RETIRED:
		return nil, roostv1.Errorf(roostv1.ErrNotFound, "device %s was retired", device)
	}
	return spec, nil
}

func (r *Registry) readDesired(ctx context.Context, out *casWriter, device string) (desired *roostv1.Desired, sequence uint64, err error) {
	sequence, data, err := out.read(ctx, r.names.Desired(device))
	if err != nil {
		return nil, 0, err
	}
	desired = &roostv1.Desired{DeviceId: device}
	if sequence > 0 {
		if err := readRecord(data, desired); err != nil {
			return nil, 0, fmt.Errorf("what is desired of device %s: %w", device, err)
		}
	}
	return desired, sequence, nil
}

// readInto reads a record; false if there is none.
func (r *Registry) readInto(ctx context.Context, out *casWriter, subject string, m proto.Message) (found bool, err error) {
	sequence, data, err := out.read(ctx, subject)
	if err != nil || sequence == 0 {
		return false, err
	}
	if err := readRecord(data, m); err != nil {
		return false, fmt.Errorf("record %s: %w", subject, err)
	}
	return true, nil
}
