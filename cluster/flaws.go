package cluster

import (
	"fmt"
	"log/slog"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// flaws are the devices that cannot be served as they are written: they are left out of what the
// Host is given, and reported once.
type flaws struct {
	names   Subjects
	picture *Picture
	report  func(*roostv1.Event)
	log     *slog.Logger
	known   map[string]string // by device
}

// assignment returns what the Host is to serve on a bus. A device that does not fit its profile
// is left out, and reported.
func (f *flaws) assignment(bus string, epoch uint64) *roostv1.Assignment {
	_, devices := f.picture.Bus(bus)
	a := &roostv1.Assignment{Bus: bus, Epoch: epoch}
	added := make(map[string]bool)
	for _, d := range devices {
		profile := f.picture.Profile(d.Profile)
		if err := fits(d, profile); err != nil {
			f.leaveOut(d, err)
			continue
		}
		delete(f.known, d.Id)
		a.Devices = append(a.Devices, d)
		if desired := f.picture.Desired(d.Id); desired != nil {
			a.Desired = append(a.Desired, desired)
		}
		if !added[d.Profile] {
			added[d.Profile] = true
			a.Profiles = append(a.Profiles, profile)
		}
	}
	return a
}

func fits(d *roostv1.DeviceSpec, profile *roostv1.Profile) error {
	if profile == nil {
		return roostv1.Errorf(roostv1.ErrNotFound, "device %s: there is no profile %s", d.Id, d.Profile)
	}
	return roostv1.ValidateDevice(d, profile).Err()
}

func (f *flaws) leaveOut(d *roostv1.DeviceSpec, err error) {
	flaw := fmt.Sprintf("revision %d: %v", d.Revision, err)
	if f.known[d.Id] == flaw {
		return
	}
	f.known[d.Id] = flaw
	f.log.Error("device is not served", "device", d.Id, "error", err)
	e := badRecord(f.names.Device(d.Id), f.picture.Sequence(Key{KindDevice, d.Id}), err)
	e.DeviceId, e.Bus = d.Id, d.BusID()
	f.report(e)
}
