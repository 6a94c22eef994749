package actors

import (
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// freshness knows when a device last sent news. A device is alive by the age of its
// data, not by what its connection says of itself. It is pure.
type freshness struct {
	after    time.Duration // for the device as a whole; 0: no limit
	lastGood instant
	watched  []watchedResource // those with a max_staleness of their own
}

type watchedResource struct {
	name     string
	after    time.Duration
	lastGood instant
}

// newFreshness derives the limits; from now on news are expected.
func newFreshness(m *model, p roostv1.Supervision, longestPoll time.Duration, now instant) freshness {
	f := freshness{after: p.StaleLimit(longestPoll), lastGood: now}
	for _, r := range m.watched {
		f.watched = append(f.watched, watchedResource{name: r.Name, after: r.MaxStaleness.AsDuration(), lastGood: f.lastGood})
	}
	return f
}

// saw notes news, and reports whether any of them was good.
func (f *freshness) saw(samples []Sample, now instant) (good bool) {
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

// deadline is when the device becomes stale without news; never if it does not.
func (f *freshness) deadline() instant {
	end := never
	if f.after > 0 {
		end = f.lastGood.add(f.after)
	}
	for i := range f.watched {
		end = min(end, f.watched[i].end())
	}
	return end
}

func (w *watchedResource) end() instant { return w.lastGood.add(w.after) }

// stale returns why the device counts as stale; nil if it does not.
func (f *freshness) stale(now instant) *roostv1.Status {
	if f.after > 0 && now >= f.lastGood.add(f.after) {
		return roostv1.Errorf(roostv1.ErrStale, "connected, but no good sample for %v", f.after)
	}
	for i := range f.watched {
		if w := &f.watched[i]; now >= w.end() {
			return roostv1.Errorf(roostv1.ErrStale, "connected, but no good sample of %s for %v", w.name, w.after)
		}
	}
	return nil
}
