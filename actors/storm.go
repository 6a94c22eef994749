package actors

import "sync"

// storm limits how many failed devices of a gateway are being restarted at once, so
// that a common cause (a switch, a power cut) does not turn into a flood of
// connections. Who waits is served in order.
//
// Concurrency: all methods may be called by any goroutine.
type storm struct {
	limit   int
	mu      sync.Mutex // guards all below
	running int
	waiting []*turnstile
}

// A turnstile is one wish to restart.
type turnstile struct{ open func() }

// enter calls open, from any goroutine, when the restart may begin. The place is
// held until leave.
func (s *storm) enter(open func()) *turnstile {
	t := &turnstile{open: open}
	s.mu.Lock()
	free := s.running < s.limit
	if free {
		s.running++
	} else {
		s.waiting = append(s.waiting, t)
	}
	s.mu.Unlock()
	if free {
		open()
	}
	return t
}

// leave gives the place back, or the wish up. Leaving with nil does nothing.
func (s *storm) leave(t *turnstile) {
	if t == nil {
		return
	}
	s.mu.Lock()
	for i := range s.waiting {
		if s.waiting[i] == t {
			s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
			s.mu.Unlock()
			return
		}
	}
	s.running--
	var next *turnstile
	if len(s.waiting) > 0 && s.running < s.limit {
		next, s.waiting = s.waiting[0], s.waiting[1:]
		s.running++
	}
	s.mu.Unlock()
	if next != nil {
		next.open()
	}
}
