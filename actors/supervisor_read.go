package actors

import (
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// read tells the last that is known of resources, without touching the device. Whatever
// happens, the asker is answered.
func (s *supervisor) read(msg *readWanted) {
	answered := false
	defer func() {
		if !answered { // it panics, and is contained by who called
			msg.refuse(roostv1.Errorf(roostv1.ErrInternal, "a defect kept %s from being read", s.charge.spec.Id))
		}
	}()
	for _, name := range msg.resources {
		if _, i := s.charge.model.resource(name); i < 0 {
			answered = true
			msg.refuse(roostv1.Errorf(roostv1.ErrInvalid, "%s has no resource %.80q", s.charge.spec.Id, name))
			return
		}
	}
	result := &roostv1.ReadResult{
		DeviceId: s.charge.spec.Id, Gateway: s.env.id, Epoch: s.charge.epoch,
		State: s.shownState(), Resources: s.resources(false, msg.resources...),
	}
	answered = true
	msg.answer(result, nil)
}
