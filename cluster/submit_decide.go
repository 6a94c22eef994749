package cluster

import (
	"context"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// begin accepts the command, unless it is known already, or is to be refused.
func (s *submission) begin() {
	if s.by != nil && (s.picture.Device(s.command.DeviceId) == nil || s.rights.unsure(s.by)) {
		s.unknownDevice(roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s cannot find out at present whether %s may command device %s",
			s.submitter.id, s.by.Name, s.command.DeviceId))
		return
	}
	if err := s.rights.Permit(s.by, s.command.DeviceId); err != nil {
		s.waits.fail(s.wait, nil, err) // nor is he told what others sent
		return
	}
	if known := s.picture.Command(s.command.DeviceId, s.command.Id); known != nil {
		s.known(known)
		return
	}
	spec, err := s.device()
	if spec == nil {
		s.unknownDevice(err)
		return
	}
	s.decide(spec, err)
}

// decide accepts the command, or refuses it.
func (s *submission) decide(spec *roostv1.DeviceSpec, err error) {
	if spec != nil {
		if denied := s.rights.Permit(s.by, s.command.DeviceId); denied != nil {
			s.waits.fail(s.wait, nil, denied)
			return
		}
	}
	if err == nil {
		err = s.closed
	}
	if err == nil {
		err = s.admit(spec)
	}
	if err != nil {
		s.refuse(err)
		return
	}
	s.accept(spec)
}

// device returns the specification of the device, as far as the picture tells, and why the command cannot be for
// it.
func (s *submission) device() (*roostv1.DeviceSpec, error) {
	spec := s.picture.Device(s.command.DeviceId)
	switch {
	case spec == nil:
		return nil, roostv1.Errorf(roostv1.ErrNotFound, "there is no device %s", s.command.DeviceId)
	case adminState(spec) == roostv1.AdminState_ADMIN_STATE_RETIRED:
		return nil, roostv1.Errorf(roostv1.ErrNotFound, "device %s was retired", s.command.DeviceId)
	case adminState(spec) == roostv1.AdminState_ADMIN_STATE_LOCKED:
		return spec, roostv1.Errorf(roostv1.ErrLocked, "device %s is locked", s.command.DeviceId)
	}
	_, err := roostv1.MakePlan(s.picture.Profile(spec.Profile), s.command)
	return spec, err
}

// unknownDevice looks for a device again once the picture is up to now: it may have been added a moment ago.
func (s *submission) unknownDevice(err error) {
	s.mu.Lock()
	full := s.asking >= s.limit
	if !full {
		s.asking++
	}
	s.mu.Unlock()
	if full {
		s.refuse(roostv1.Errorf(roostv1.ErrBusy, "gateway %s works on %d requests already", s.submitter.id, s.limit))
		return
	}
	go func() { // ends within catchUpTimeout
		ctx, cancel := context.WithTimeout(context.Background(), catchUpTimeout)
		defer cancel()
		up := s.catchUp(ctx)
		s.mu.Lock()
		s.asking--
		s.mu.Unlock()
		var spec *roostv1.DeviceSpec
		if up {
			spec, err = s.device()
		}
		s.decide(spec, err)
	}()
}
