package run

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/history"
)

// statusEvery is how often it is told how it stands, and rateOver the time over which commands a second are counted.
const (
	statusEvery = 250 * time.Millisecond
	rateOver    = 2 * time.Second
)

// activeFault is a fault that is there at present.
type activeFault struct{ id, text string }

// underFault notes that a fault has come or gone. The number of a process is that of the one that was hit.
func (r *running) underFault(f history.Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch f.Step {
	case history.FaultApplied:
		var targets []string
		for _, name := range f.Targets {
			if n := r.fleet.Node(name); n != nil {
				name += fmt.Sprintf("(#%d)", n.Run())
			}
			targets = append(targets, name)
		}
		r.active = append(r.active, activeFault{f.ID, fmt.Sprintf("%s %s", f.Fault, strings.Join(targets, ","))})
	case history.FaultHealed:
		r.active = slices.DeleteFunc(r.active, func(a activeFault) bool { return a.id == f.ID })
	}
}

// showStatus tells how it stands, until ctx ends.
func (r *running) showStatus(ctx context.Context) {
	rate := &rate{}
	for pause(ctx, statusEvery) {
		r.face.status(r.status(rate))
	}
}

// status is the line about how it stands: parts with two spaces between them, the most important first and last.
func (r *running) status(rate *rate) string {
	r.mu.Lock()
	phase := strings.ToUpper(string(r.phase))
	var faults []string
	for _, a := range r.active {
		faults = append(faults, a.text)
	}
	r.mu.Unlock()
	states := r.tally.States()
	inDoubt := states[history.Unknown] + states[history.Indeterminate] + states[""]
	since := r.recorders.clock.Now().Add(-3*r.settings.Period.Std() - 200*time.Millisecond)
	parts := []string{fmt.Sprintf("%s %-8s", r.elapsed(), phase)}
	if len(faults) > 0 {
		parts = append(parts, strings.Join(faults, ", "))
	}
	return strings.Join(append(parts,
		fmt.Sprintf("served %d/%d", r.sink.Served(since), r.settings.Devices),
		fmt.Sprintf("ok %.0f/s unknown %d failed %d", rate.of(states[history.Succeeded], time.Now()), inDoubt, states[history.Failed]),
		"owners "+r.owners(),
		fmt.Sprintf("max gap %.1fs", r.sink.MaxGap().Seconds()),
		fmt.Sprintf("violations %d", r.alarm.violations()),
	), "  ")
}

// owners tells how many buses each gateway has.
func (r *running) owners() string {
	owned := r.watcher.Owned()
	var owners []string
	for _, gateway := range slices.Sorted(maps.Keys(owned)) {
		owners = append(owners, fmt.Sprintf("%s:%d", gateway, owned[gateway]))
	}
	return strings.Join(owners, " ")
}

// rate finds out how many there are a second of what is counted.
type rate struct{ samples []sample }

type sample struct {
	at    time.Time
	count int
}

// of takes in how many there are now, and returns how many a second have come of late.
func (r *rate) of(count int, now time.Time) float64 {
	r.samples = append(r.samples, sample{now, count})
	for len(r.samples) > 2 && now.Sub(r.samples[1].at) >= rateOver {
		r.samples = r.samples[1:]
	}
	first := r.samples[0]
	if now.Equal(first.at) {
		return 0
	}
	return float64(count-first.count) / now.Sub(first.at).Seconds()
}
