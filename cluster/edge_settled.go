package cluster

import "maps"

// settled is a command that was sent to the hub as well, and whose end this gateway has written there: the picture may
// show it as open until it has that record, and nobody is to carry it out meanwhile.
type settled struct {
	order uint64 // of the hub's
	until uint64 // sequence of the record of its end
}

func (e *Edge) settle(key string, s settled) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.settled[key] = s
}

// isSettled reports whether that command of the hub's has ended.
func (e *Edge) isSettled(key string, order uint64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	s, ok := e.settled[key]
	return ok && s.order == order
}

// forgetSettled forgets those whose end is in the picture.
func (e *Edge) forgetSettled(passed uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	maps.DeleteFunc(e.settled, func(_ string, s settled) bool { return s.until <= passed })
}
