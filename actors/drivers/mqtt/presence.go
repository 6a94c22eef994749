package mqtt

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// presence is what a device, or the broker in its name, last said of whether it is there.
type presence struct {
	at presenceAddress

	mu     sync.Mutex
	heard  bool
	away   bool
	why    string        // it is away
	told   chan struct{} // closed when it says anything; then a new one
	absent chan struct{} // closed while it is away
}

func newPresence(at presenceAddress) *presence {
	return &presence{at: at, told: make(chan struct{}), absent: make(chan struct{})}
}

// take hears what is said. Anything but the two words says nothing.
func (p *presence) take(m *message) {
	word := strings.TrimSpace(string(m.payload))
	if word != p.at.online && word != p.at.offline {
		return
	}
	p.say(word == p.at.offline, p.at.topic+" says "+strconv.Quote(p.at.offline))
}

// say takes note that the device is there, or is away and why.
func (p *presence) say(away bool, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case away && !p.away:
		close(p.absent)
	case !away && p.away:
		p.absent = make(chan struct{})
	}
	p.heard, p.away, p.why = true, away, why
	close(p.told)
	p.told = make(chan struct{})
}

// now returns whether anything was said, whether the device is away, and what is closed with the next word.
func (p *presence) now() (heard, away bool, told <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.heard, p.away, p.told
}

// gone is closed while the device is away; never without presence.
func (p *presence) gone() <-chan struct{} {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.absent
}

// isAway is why nothing can be said to the device; nil if it is there, or nobody knows.
func (p *presence) isAway() error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.away {
		return nil
	}
	return roostv1.Errorf(roostv1.ErrOffline, "the device is not there: %s", p.why)
}

// wait waits until the device is there, or for as long as the address says. That no word has come is no error.
func (p *presence) wait(ctx context.Context, lost <-chan struct{}) error {
	timer := time.NewTimer(p.at.wait)
	defer timer.Stop()
	for {
		heard, away, told := p.now()
		if heard && !away {
			return nil
		}
		select {
		case <-told:
		case <-timer.C:
			return p.isAway()
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-lost:
			return nil // Push tells it
		}
	}
}
