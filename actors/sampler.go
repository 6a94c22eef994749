package actors

import (
	"math"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// sampler checks samples against the profile and decides which become readings. It
// is pure, and remembers the last of every resource.
//
// A resource without deadband and heartbeat publishes every sample. With a deadband
// it publishes changes that are larger, with a heartbeat at least one sample in each
// such span, and always a change of quality.
type sampler struct {
	last []lastSample // by resource index; nil before the first sample
}

// A lastSample is what is known of one resource.
type lastSample struct {
	sample      Sample // the last one, published or not
	published   *roostv1.Value
	publishedAt time.Time // zero: never
	quality     roostv1.Quality
	reason      roostv1.QualityReason
}

// check converts a sample in place to what the profile says of it, and reports
// whether it is to be published. known is false if the profile has no such resource.
func (s *sampler) check(m *model, sample *Sample) (publish, known bool) {
	resource, i := m.resource(sample.Resource)
	if resource == nil {
		return false, false
	}
	sample.Resource = resource.Name // not the driver's string: one copy for all devices
	judge(resource, sample)
	if s.last == nil {
		s.last = make([]lastSample, len(m.profile.Resources))
	}
	l := &s.last[i]
	l.sample = *sample
	if !l.due(resource, sample) {
		return false, true
	}
	l.published, l.publishedAt = sample.Value, sample.At
	l.quality, l.reason = sample.Quality, sample.Reason
	return true, true
}

// maxValueBytes bounds a text or a string of bytes: a longer one is no reading.
const maxValueBytes = 64 << 10

// judge gives a sample the quality that it deserves: the driver's word and the
// profile's, whichever is worse.
func judge(resource *roostv1.Resource, sample *Sample) {
	if sample.Quality == roostv1.Quality_QUALITY_BAD {
		sample.Value = nil
		return
	}
	value, quality, reason := roostv1.CheckReading(resource, sample.Value)
	if len(value.GetString_())+len(value.GetBytes()) > maxValueBytes {
		quality, reason = roostv1.Quality_QUALITY_BAD, roostv1.QualityReason_QUALITY_REASON_OUT_OF_RANGE
	}
	if quality == roostv1.Quality_QUALITY_BAD {
		value = nil
	}
	sample.Value = value
	if sample.Quality < quality {
		sample.Quality = quality
	}
	if quality != roostv1.Quality_QUALITY_GOOD {
		sample.Reason = reason
	}
}

// due reports whether the sample is to be published.
func (l *lastSample) due(resource *roostv1.Resource, sample *Sample) bool {
	heartbeat := resource.Heartbeat.AsDuration()
	switch {
	case l.publishedAt.IsZero(), l.quality != sample.Quality, l.reason != sample.Reason:
		return true
	case resource.Deadband == 0 && heartbeat == 0:
		return true
	case heartbeat > 0 && sample.At.Sub(l.publishedAt) >= heartbeat:
		return true
	default:
		return moved(l.published, sample.Value, resource.Deadband)
	}
}

// moved reports whether b differs from a by at least the deadband, or at all where
// they are not numbers.
func moved(a, b *roostv1.Value, deadband float64) bool {
	x, xNumber := a.Number()
	y, yNumber := b.Number()
	if !xNumber || !yNumber || deadband == 0 {
		return !roostv1.EqualValues(a, b)
	}
	return math.Abs(x-y) >= deadband
}
