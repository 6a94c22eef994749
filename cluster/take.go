package cluster

import (
	"slices"
	"unique"

	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// takeLocked puts a new record into the picture, if it can be used, and marks the change.
func (p *Picture) takeLocked(key Key, at place, m message) error {
	if err := key.check(); err != nil {
		return err
	}
	switch key.Kind {
	case KindCommand:
		return p.takeCommandLocked(key, at, m)
	case KindCancel:
		return p.takeCancelLocked(key, at, m.data)
	case KindDesired:
		return p.takeDesiredLocked(key, at, m.data)
	case KindAccess:
		return p.takeGrantLocked(key, at, m.data)
	case KindProfile:
		return p.takeProfileLocked(key, at, m.data)
	case KindDevice:
		return p.takeDeviceLocked(key, at, m.data)
	case KindMember:
		return p.takeMemberLocked(key, at, m)
	case KindProbe:
		return p.takeProbeLocked(key, m)
	default:
		return p.takeOwnerLocked(key, at, m)
	}
}

// check refuses a key whose ids are none.
func (k Key) check() error {
	if k.Kind != KindCommand && k.Kind != KindCancel {
		return roostv1.CheckID("id in the subject", k.ID)
	}
	device, id := splitCommandKey(k.ID)
	if err := roostv1.CheckID("device id in the subject", device); err != nil {
		return err
	}
	return roostv1.CheckID("command id in the subject", id)
}

func (p *Picture) takeProfileLocked(key Key, at place, data []byte) error {
	profile := &roostv1.Profile{}
	if err := readRecord(data, profile); err != nil {
		return err
	}
	if err := sameID("profile", profile.Id, key.ID); err != nil {
		return err
	}
	if err := roostv1.ValidateProfile(profile).Err(); err != nil {
		return err
	}
	p.profiles[key.ID] = &record[*roostv1.Profile]{at, profile}
	p.markLocked(key)
	return nil
}

// takeDeviceLocked does not ask whether the device fits its profile: in a listing the
// profile may come later. Whoever serves the device looks.
func (p *Picture) takeDeviceLocked(key Key, at place, data []byte) error {
	spec := &roostv1.DeviceSpec{}
	if err := readRecord(data, spec); err != nil {
		return err
	}
	if err := sameID("device", spec.Id, key.ID); err != nil {
		return err
	}
	if err := roostv1.ValidateDevice(spec, nil).Err(); err != nil {
		return err
	}
	raw, err := proto.Marshal(spec)
	if err != nil {
		return err
	}
	d := p.devices[key.ID]
	if d == nil {
		d = &device{id: key.ID}
		p.devices[key.ID] = d
	}
	d.record = record[[]byte]{at, slices.Clip(raw)}
	d.profile = intern(spec.Profile)
	d.placement = p.placementLocked(spec.Placement)
	d.retired = spec.AdminState == roostv1.AdminState_ADMIN_STATE_RETIRED
	p.joinLocked(d, p.busLocked(spec.BusID()))
	return nil
}

// joinLocked puts a device on its bus. Only a device that was retired and added anew leaves
// another one for it.
func (p *Picture) joinLocked(d *device, b *bus) {
	if d.bus != b {
		p.leaveLocked(d)
		d.bus = b
		b.devices = append(b.devices, d)
	}
	p.markLocked(Key{KindBus, b.id})
}

func (p *Picture) busLocked(id string) *bus {
	b := p.buses[id]
	if b == nil {
		b = &bus{id: id}
		p.buses[id] = b
	}
	return b
}

func (p *Picture) takeMemberLocked(key Key, at place, m message) error {
	member := &roostv1.Member{}
	if err := readRecord(m.data, member); err != nil {
		return err
	}
	if err := sameID("gateway", member.GatewayId, key.ID); err != nil {
		return err
	}
	p.members[key.ID] = &record[seenMember]{at, seenMember{member, m.stored}}
	p.markLocked(key)
	return nil
}

// takeProbeLocked takes in a sign that the hub was there. It is forgotten with the process that
// wrote it, and no listing misses it.
func (p *Picture) takeProbeLocked(key Key, m message) error {
	probe := &roostv1.Member{}
	if err := readRecord(m.data, probe); err != nil {
		return err
	}
	p.probes[key.ID] = probe
	p.markLocked(key)
	return nil
}

// takeOwnerLocked takes in who owns a bus. Also a record that cannot be used ends the
// ownership before it, since it took its place: the bus is nobody's then.
func (p *Picture) takeOwnerLocked(key Key, at place, m message) error {
	own := &roostv1.Ownership{}
	err := readOwner(m.data, key.ID, own)
	if err != nil {
		own.Reset()
	}
	owner := Owner{
		Gateway: intern(own.Gateway), Incarnation: intern(own.Incarnation), From: intern(own.HandedOverBy), Epoch: at.sequence,
	}
	b := p.busLocked(key.ID)
	if p.takeovers != nil && b.sequence > 0 {
		p.takeovers.note(takeover{bus: b.id, owner: b.value, since: b.since})
	}
	b.record, b.since = record[Owner]{at, owner}, m.stored.UnixNano()
	p.markLocked(key)
	return err
}

func readOwner(data []byte, bus string, own *roostv1.Ownership) error {
	if err := readRecord(data, own); err != nil {
		return err
	}
	if err := sameID("bus", own.Bus, bus); err != nil {
		return err
	}
	if own.Gateway == "" {
		return nil
	}
	return roostv1.CheckID("gateway id", own.Gateway)
}

// readRecord reads a record, protobuf or JSON. Nothing at all is no record.
func readRecord(data []byte, m proto.Message) error {
	if len(data) == 0 {
		return roostv1.Errorf(roostv1.ErrInvalid, "the record is empty")
	}
	_, err := roostv1.Unmarshal(data, m)
	return err
}

func sameID(what, inside, subject string) error {
	if inside == subject {
		return nil
	}
	return roostv1.Errorf(roostv1.ErrInvalid, "the record is about %s %q, its subject about %q", what, inside, subject)
}

// intern makes equal strings share their memory: the same few names come with every device.
func intern(s string) string { return unique.Make(s).Value() }
