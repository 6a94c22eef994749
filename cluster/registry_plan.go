package cluster

import (
	"iter"

	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// fleetPlan is what applying a fleet to the registry would write.
type fleetPlan struct {
	applied  Applied
	profiles []*roostv1.Profile // to be written, with their new revisions
	devices  []*roostv1.DeviceSpec
}

// planFleet compares a fleet with what is registered. It is pure.
func planFleet(present *Picture, fleet *roostv1.Fleet) (*fleetPlan, error) {
	problems := roostv1.ValidateFleet(fleet,
		roostv1.WithProfiles(present.Profile),
		roostv1.WithDevices(present.eachDevice()))
	if err := problems.Err(); err != nil {
		return nil, err
	}
	plan := &fleetPlan{}
	for _, p := range fleet.Profiles {
		if err := plan.profile(present, p); err != nil {
			return nil, err
		}
	}
	for _, d := range fleet.Devices {
		if err := plan.device(present, d); err != nil {
			return nil, err
		}
	}
	return plan, plan.checkOthers(present)
}

func (f *fleetPlan) profile(present *Picture, p *roostv1.Profile) error {
	old := present.Profile(p.Id)
	p = proto.CloneOf(p)
	given := p.Revision
	outcome := Outcome{ID: p.Id, Action: Added, Revision: old.GetRevision() + 1}
	if old != nil {
		p.Revision = old.Revision
		outcome.Action = Changed
		if proto.Equal(p, old) {
			outcome.Action, outcome.Revision = Unchanged, old.Revision
		}
	}
	if err := checkRevision("profile", p.Id, given, old.GetRevision(), outcome.Action); err != nil {
		return err
	}
	f.applied.Profiles = append(f.applied.Profiles, outcome)
	if outcome.Action != Unchanged {
		p.Revision = outcome.Revision
		f.profiles = append(f.profiles, p)
	}
	return nil
}

func (f *fleetPlan) device(present *Picture, d *roostv1.DeviceSpec) error {
	old := present.Device(d.Id)
	d = proto.CloneOf(d)
	given := d.Revision
	outcome := Outcome{ID: d.Id, Action: Added, Revision: old.GetRevision() + 1}
	if old != nil && adminState(old) != roostv1.AdminState_ADMIN_STATE_RETIRED {
		d.Revision = old.Revision
		if d.AdminState == roostv1.AdminState_ADMIN_STATE_UNSPECIFIED {
			d.AdminState = old.AdminState
		}
		outcome.Action = Changed
		if sameDevice(d, old) {
			outcome.Action, outcome.Revision = Unchanged, old.Revision
		}
	}
	if err := checkRevision("device", d.Id, given, old.GetRevision(), outcome.Action); err != nil {
		return err
	}
	f.applied.Devices = append(f.applied.Devices, outcome)
	if outcome.Action != Unchanged {
		d.Revision = outcome.Revision
		f.devices = append(f.devices, d)
	}
	return nil
}

// sameDevice compares what two specifications mean: an admin state or a bus that is
// left out means the same as its default written down.
func sameDevice(a, b *roostv1.DeviceSpec) bool {
	plain := func(d *roostv1.DeviceSpec) *roostv1.DeviceSpec {
		d = proto.CloneOf(d)
		d.AdminState, d.Bus = adminState(d), d.BusID()
		return d
	}
	return proto.Equal(plain(a), plain(b))
}

// checkRevision refuses a change of another revision than the one that was looked at.
func checkRevision(what, id string, given, present uint64, action Action) error {
	if given == 0 || given == present || action == Unchanged {
		return nil
	}
	return roostv1.Errorf(roostv1.ErrConflict,
		"%s %s is to be changed from revision %d, but is at revision %d: look at it again, or leave the revision out", what, id, given, present)
}

// checkOthers refuses a change of a profile that would break a device which is not in the fleet.
func (f *fleetPlan) checkOthers(present *Picture) error {
	changed := make(map[string]*roostv1.Profile, len(f.profiles))
	for _, p := range f.profiles {
		changed[p.Id] = p
	}
	inFleet := make(map[string]bool, len(f.applied.Devices))
	for _, d := range f.applied.Devices {
		inFleet[d.ID] = true
	}
	if len(changed) == 0 {
		return nil
	}
	for d := range present.eachDevice() {
		p := changed[d.Profile]
		if p == nil || inFleet[d.Id] || adminState(d) == roostv1.AdminState_ADMIN_STATE_RETIRED {
			continue
		}
		if err := roostv1.ValidateDevice(d, p).Err(); err != nil {
			return roostv1.Errorf(roostv1.ErrConflict, "profile %s cannot be changed so: device %s, which has it, would be invalid: %v", p.Id, d.Id, err)
		}
	}
	return nil
}

// writes returns the writes that carry out the plan, profiles first.
func (f *fleetPlan) writes(names Subjects, present *Picture) []*write {
	writes := make([]*write, 0, len(f.profiles)+len(f.devices))
	for _, p := range f.profiles {
		writes = append(writes, recordWrite(names.Profile(p.Id), present.Sequence(Key{KindProfile, p.Id}), p))
	}
	for _, d := range f.devices {
		writes = append(writes, recordWrite(names.Device(d.Id), present.Sequence(Key{KindDevice, d.Id}), d))
	}
	return writes
}

// outcomes calls each for all outcomes, with the subjects of their records.
func (f *fleetPlan) outcomes(names Subjects, each func(subject string, o *Outcome)) {
	for i := range f.applied.Profiles {
		each(names.Profile(f.applied.Profiles[i].ID), &f.applied.Profiles[i])
	}
	for i := range f.applied.Devices {
		each(names.Device(f.applied.Devices[i].ID), &f.applied.Devices[i])
	}
}

// note remembers what the writes did, for when the others have to be tried again.
func (f *fleetPlan) note(names Subjects, writes []*write, written map[string]Outcome) {
	done := make(map[string]bool, len(writes))
	for _, w := range writes {
		done[w.subject] = w.err == nil
	}
	f.outcomes(names, func(subject string, o *Outcome) {
		if done[subject] {
			written[subject] = *o
		}
	})
}

// credit tells what an earlier try did, where there is nothing left to do.
func (f *fleetPlan) credit(names Subjects, written map[string]Outcome) {
	f.outcomes(names, func(subject string, o *Outcome) {
		if before, ok := written[subject]; ok && o.Action == Unchanged && o.Revision == before.Revision {
			*o = before
		}
	})
}

// eachDevice yields all devices of the picture, also retired ones, in no order.
func (p *Picture) eachDevice() iter.Seq[*roostv1.DeviceSpec] {
	return func(yield func(*roostv1.DeviceSpec) bool) {
		for _, id := range p.DeviceIDs() {
			if d := p.Device(id); d != nil && !yield(d) {
				return
			}
		}
	}
}
