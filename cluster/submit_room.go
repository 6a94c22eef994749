package cluster

import (
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// admit makes room for the command, or refuses it: ErrBusy.
func (s *submission) admit(spec *roostv1.DeviceSpec) error {
	limit := spec.GetCommands().Resolve().QueueLimit
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.begun >= s.limit {
		return roostv1.Errorf(roostv1.ErrBusy, "gateway %s works on %d requests already", s.submitter.id, s.limit)
	}
	s.passedLocked(spec.Id, s.picture.Passed())
	open := s.picture.OpenCount(spec.Id) // asked last: what is not pending any more is in it
	if open+len(s.pending[spec.Id]) >= limit {
		return roostv1.Errorf(roostv1.ErrBusy, "%d commands for device %s wait already", limit, spec.Id)
	}
	s.begun++
	s.pending[spec.Id] = append(s.pending[spec.Id], 0)
	return nil
}

// passedLocked forgets acceptances that the picture counts.
func (s *submitter) passedLocked(device string, passed uint64) {
	left := s.pending[device][:0]
	for _, sequence := range s.pending[device] {
		if sequence == 0 || sequence > passed {
			left = append(left, sequence)
		}
	}
	s.setPendingLocked(device, left)
}

func (s *submitter) setPendingLocked(device string, left []uint64) {
	if len(left) == 0 {
		delete(s.pending, device)
		return
	}
	s.pending[device] = left
}

// decided notes what became of an acceptance: sequence 0 is none.
func (s *submitter) decided(device string, sequence uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	passed := s.picture.Passed()
	s.begun--
	all := s.pending[device]
	for i, at := range all {
		if at != 0 {
			continue
		}
		if sequence > passed {
			all[i] = sequence
		} else {
			all[i] = all[len(all)-1]
			all = all[:len(all)-1]
		}
		break
	}
	s.setPendingLocked(device, all)
	if len(s.pending) > s.room {
		for device := range s.pending {
			s.passedLocked(device, passed)
		}
		s.room = 2*len(s.pending) + pendingRoom
	}
}
