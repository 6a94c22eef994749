package actors

import (
	"sync"
	"time"
)

// A permit decides, once, whether a command is dispatched. The driver call takes it before the intent to
// send is recorded; whoever wants the command not to be sent takes it back. Exactly one of the two
// succeeds, so EXPIRED, CANCELLED, REJECTED and SUPERSEDED are certain to mean that nothing was sent.
//
// While it is open, the order's record is the supervisor's; what is written of it then is written
// before the intent is, so that no older record ever takes the intent's place.
type permit struct {
	mu    sync.Mutex
	state permitState // guarded by mu
}

type permitState uint8

const (
	permitOpen permitState = iota
	permitTaken
	permitRevoked
)

// take reports whether the command may be sent now: it is not taken back, and its deadline has not come
// by the clock, which must be known, at the latest that the time may be: what is not to be sent then is not
// recorded as if it were. prepare is called with the time, before anybody else can see that the permit is taken.
func (p *permit) take(clock func() (now, latest time.Time, known bool), deadline time.Time, prepare func(now time.Time)) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, latest, known := clock()
	switch {
	case p.state != permitOpen || !known:
		return false
	case !latest.Before(deadline):
		p.state = permitRevoked
		return false
	}
	p.state = permitTaken
	prepare(now)
	return true
}

// revoke takes the permit back and reports whether the command is certain never to be sent under it.
func (p *permit) revoke() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state == permitTaken {
		return false
	}
	p.state = permitRevoked
	return true
}

// whileOpen does act unless the permit is taken, which then waits for it.
func (p *permit) whileOpen(act func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state != permitTaken {
		act()
	}
}

// open reports whether the permit can still be taken.
func (p *permit) open() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state == permitOpen
}
