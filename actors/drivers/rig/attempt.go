package rig

import "github.com/roost-iot/roost/actors"

// attempt is how often in a row a session was told the same.
type attempt struct {
	command, resource string
	number            uint64
}

// count returns the number of the attempt that an action is, as far as this session knows.
func (s *session) count(a actors.Action) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.attempt.command != a.CommandID || s.attempt.resource != a.Resource {
		s.attempt = attempt{command: a.CommandID, resource: a.Resource}
	}
	s.attempt.number++
	return s.attempt.number
}
