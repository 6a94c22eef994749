package actors

import (
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// freshness knows when a device last sent news. A device is alive by the age of its
// data, not by what its connection says of itself. It is pure.
type freshness struct {
	after    time.Duration // for the device as a whole; 0: no limit
	lastGood time.Time
	watched  []watchedResource // those with a max_staleness of their own
}

type watchedResource struct {
	name     string
	after    time.Duration
	lastGood time.Time
}

// newFreshness derives the limits; from now on news are expected.
func newFreshness(m *model, p roostv1.Supervision, longestPoll time.Duration, now time.Time) freshness {
	f := freshness{after: p.StaleLimit(longestPoll), lastGood: now}
	for _, r := range m.watched {
		f.watched = append(f.watched, watchedResource{name: r.Name, after: r.MaxStaleness.AsDuration(), lastGood: now})
	}
	return f
}

// saw notes news, and reports whether any of them was good.
func (f *freshness) saw(samples []Sample, now time.Time) (good bool) {
	for i := range samples {
		if samples[i].Quality == roostv1.Quality_QUALITY_BAD {
			continue
		}
		good = true
		for w := range f.watched {
			if f.watched[w].name == samples[i].Resource {
				f.watched[w].lastGood = now
			}
		}
	}
	if good {
		f.lastGood = now
	}
	return good
}

// deadline is when the device becomes stale without news; zero if it never does.
func (f *freshness) deadline() time.Time {
	var at time.Time
	if f.after > 0 {
		at = f.lastGood.Add(f.after)
	}
	for i := range f.watched {
		w := &f.watched[i]
		if end := w.lastGood.Add(w.after); at.IsZero() || end.Before(at) {
			at = end
		}
	}
	return at
}

// stale returns why the device counts as stale; nil if it does not.
func (f *freshness) stale(now time.Time) *roostv1.Status {
	if f.after > 0 && !now.Before(f.lastGood.Add(f.after)) {
		return roostv1.Errorf(roostv1.ErrStale, "connected, but no good sample for %v", f.after)
	}
	for i := range f.watched {
		if w := &f.watched[i]; !now.Before(w.lastGood.Add(w.after)) {
			return roostv1.Errorf(roostv1.ErrStale, "connected, but no good sample of %s for %v", w.name, w.after)
		}
	}
	return nil
}
