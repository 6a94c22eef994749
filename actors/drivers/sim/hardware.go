package sim

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// hardware is one simulated device. It outlives the sessions with it.
type hardware struct {
	id  string
	log *recorder

	mu        sync.Mutex
	kind      string
	settings  settings
	seed      uint64
	machinery machinery
	faults    map[string]string // that plan was made of
	plan      plan
	samples   uint64
	epoch     uint64          // the highest that came with an action
	sessions  int             // open now
	opened    uint64          // sessions opened so far
	hanging   int             // calls
	released  chan struct{}   // closed to end all hangs, and then replaced
	unstored  []actors.Sample // of a push that was not acknowledged
}

// configure makes the hardware what the address says. What is the same as before stays
// as it is, with its state: the machinery, and the faults with their counts.
func (h *hardware) configure(a address) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if h.machinery == nil || h.kind != a.kind.name || h.seed != a.seed || !maps.Equal(h.settings, a.settings) {
		h.kind, h.seed, h.settings = a.kind.name, a.seed, a.settings
		h.machinery = a.kind.build(a.settings, now)
		h.unstored = nil
	}
	if h.faults == nil || !maps.Equal(h.faults, a.faults) {
		h.faults, h.plan = a.faults, a.plan
		for i := range h.plan {
			h.plan[i].since = now
		}
	}
}

// join opens a session and returns its number. An exclusive one is refused while there
// is another.
func (h *hardware) join(exclusive bool) (uint64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if exclusive && h.sessions > 0 {
		return 0, roostv1.Errorf(roostv1.ErrBusy, "device %s has a session already and takes one only", h.id)
	}
	h.sessions++
	h.opened++
	return h.opened, nil
}

// leave ends a session.
func (h *hardware) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sessions--
}

// fate counts a call and returns what happens to it.
func (h *hardware) fate(c call) fate {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.plan.next(c, time.Now(), h.seed)
}

// hang blocks for so long, or until it is released, whatever contexts say.
func (h *hardware) hang(long time.Duration) {
	h.mu.Lock()
	released := h.released
	h.hanging++
	h.mu.Unlock()
	if long == forever {
		<-released
	} else {
		timer := time.NewTimer(long)
		select {
		case <-released:
		case <-timer.C:
		}
		timer.Stop()
	}
	h.mu.Lock()
	h.hanging--
	h.mu.Unlock()
}

// sample reads resources, once more.
func (h *hardware) sample(resources []string) []actors.Sample {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sampleLocked(resources)
}

func (h *hardware) sampleLocked(resources []string) []actors.Sample {
	h.samples++
	at := h.momentLocked()
	samples := make([]actors.Sample, len(resources))
	for i, name := range resources {
		samples[i] = actors.Sample{
			Resource: name,
			Value:    h.machinery.read(name, at),
			Quality:  roostv1.Quality_QUALITY_GOOD,
			Reason:   roostv1.QualityReason_QUALITY_REASON_SIMULATED,
			At:       at.now,
		}
		if samples[i].Value == nil {
			samples[i].Quality = roostv1.Quality_QUALITY_BAD
			samples[i].Reason = roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED
		}
	}
	return samples
}

// momentLocked returns the present.
func (h *hardware) momentLocked() moment {
	return moment{now: time.Now(), seed: h.seed, noise: h.settings["noise"], samples: h.samples}
}

// act takes an action, writes it down, and carries it out or refuses it.
func (h *hardware) act(a actors.Action, session uint64, f fate) (map[string]*roostv1.Value, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := h.momentLocked()
	results, refusal := h.tryLocked(a, f, at)
	r := Record{
		At: at.now, Device: h.id, Session: session,
		CommandID: a.CommandID, Command: a.Command, Arguments: a.Arguments,
		Resource: a.Resource, Value: a.Value, Epoch: a.Epoch,
	}
	if refusal != nil {
		r.Refusal = refusal.Error()
		refusal = fmt.Errorf("%w: %w", actors.ErrRefused, refusal)
	}
	h.log.add(r)
	return results, refusal
}

// tryLocked carries out an action; an error is a refusal.
func (h *hardware) tryLocked(a actors.Action, f fate, at moment) (map[string]*roostv1.Value, error) {
	if h.settings["fence"] == 1 && a.Epoch < h.epoch {
		return nil, fmt.Errorf("epoch %d is older than %d, under which it was driven last", a.Epoch, h.epoch)
	}
	h.epoch = max(h.epoch, a.Epoch)
	switch {
	case f.has(refuses):
		return nil, errors.New("it does not want to")
	case f.has(upsets):
		h.machinery.upset(at)
	}
	if a.Resource == "" {
		return h.machinery.run(a.Command, at)
	}
	return nil, h.machinery.write(a.Resource, a.Value, at)
}

// pushes reports whether the hardware sends by itself.
func (h *hardware) pushes() bool { return h.interval() > 0 }

// interval returns how often it does.
func (h *hardware) interval() time.Duration { return h.setting().span("push") }

// delivers reports whether it keeps what it sends until that is acknowledged.
func (h *hardware) delivers() bool { return h.setting()["deliver"] == 1 }

// burst returns how much it sends at a time when it babbles.
func (h *hardware) burst() int { return int(h.setting()["burst"]) }

// setting returns the settings, which never change: they are only replaced.
func (h *hardware) setting() settings {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.settings
}

// unacknowledged returns the samples that were sent but not acknowledged, or new
// ones.
func (h *hardware) unacknowledged(resources []string) []actors.Sample {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.unstored == nil {
		h.unstored = h.sampleLocked(resources)
	}
	return slices.Clone(h.unstored)
}

// acknowledged makes it forget them.
func (h *hardware) acknowledged() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unstored = nil
}
