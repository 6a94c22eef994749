package actors

import (
	"math"
	"strings"
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
	last    []lastSample   // by resource index; nil before the first sample
	details map[int]string // what is wrong with the last sample, by resource index; most devices never have one
}

// A lastSample is what is known of one resource. There is one for every resource of
// every device, so it is kept small.
type lastSample struct {
	value       *roostv1.Value // of the last sample, published or not
	at          int64          // Unix nanoseconds by the sample, for people; 0: no sample yet
	came        instant        // the same, to compare
	published   *roostv1.Value
	publishedAt instant
	// grade and publishedGrade are quality and reason in one; zero: there was none.
	grade, publishedGrade grade
}

// A grade is a quality with its reason.
type grade struct{ quality, reason uint8 }

func gradeOf(s *Sample) grade { return grade{quality: uint8(s.Quality), reason: uint8(s.Reason)} }

// check converts a sample in place to what the profile says of it, and reports
// whether it is to be published. known is false if the profile has no such resource. came is when it did.
func (s *sampler) check(m *model, sample *Sample, came, now instant) (publish, known bool) {
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
	l.value, l.at, l.came, l.grade = sample.Value, sample.At.UnixNano(), came, gradeOf(sample)
	s.note(i, sample)
	if !l.due(resource, now) {
		return false, true
	}
	l.published, l.publishedAt, l.publishedGrade = l.value, now, l.grade
	return true, true
}

// maxDetail bounds what is said of a sample, in bytes.
const maxDetail = 240

// note keeps what is wrong with the last sample of a resource.
func (s *sampler) note(i int, sample *Sample) {
	if sample.Detail == "" || sample.Quality == roostv1.Quality_QUALITY_GOOD {
		delete(s.details, i)
		return
	}
	if s.details == nil {
		s.details = make(map[int]string)
	}
	detail := strings.ToValidUTF8(sample.Detail, "\uFFFD")
	if len(detail) > maxDetail {
		detail = strings.ToValidUTF8(detail[:maxDetail], "") + "..."
	}
	s.details[i] = detail
}

// value returns the last value of a resource; nil if there is none.
func (s *sampler) value(i int) *roostv1.Value {
	if i >= len(s.last) {
		return nil
	}
	return s.last[i].value
}

// sample returns the last sample of a resource; it has no value if there is none. Instants count from began.
func (s *sampler) sample(i int, name string, began time.Time) Sample {
	if i >= len(s.last) || s.last[i].at == 0 {
		return Sample{Resource: name}
	}
	l := &s.last[i]
	return Sample{Resource: name, Value: l.value, Quality: roostv1.Quality(l.grade.quality), At: began.Add(time.Duration(l.came))}
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
	if quality != roostv1.Quality_QUALITY_GOOD && sample.Detail == "" {
		sample.Detail = roostv1.ReadingProblem(resource, sample.Value)
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

// due reports whether the last sample is to be published.
func (l *lastSample) due(resource *roostv1.Resource, now instant) bool {
	heartbeat := resource.Heartbeat.AsDuration()
	switch {
	case l.grade != l.publishedGrade:
		return true
	case resource.Deadband == 0 && heartbeat == 0:
		return true
	case heartbeat > 0 && now >= l.publishedAt.add(heartbeat):
		return true
	default:
		return moved(l.published, l.value, resource.Deadband)
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
