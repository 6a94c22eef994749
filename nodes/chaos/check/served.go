package check

import (
	"slices"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/history"
)

// Service is how much of the fleet was served over time: a device counts in a bucket of time in which a reading of it, other
// than backfill, was stored.
type Service struct {
	// Bucket is how long each is; the first begins with the history.
	Bucket  time.Duration `json:"bucketNs"`
	Devices int           `json:"devices"`
	Served  []int         `json:"served"`
	// Gaps are, by device, the longest times between readings that were stored, less the period.
	Gaps map[string]time.Duration `json:"gapsNs"`
}

// Served returns how much of the fleet was served. A bucket should be at least three periods long.
func Served(h *history.History, bucket time.Duration) Service {
	s := Service{Bucket: bucket, Devices: len(h.Run.Devices), Gaps: map[string]time.Duration{}}
	if bucket <= 0 || len(h.Records) == 0 {
		return s
	}
	s.Served = make([]int, h.End.Sub(h.Begin)/bucket+1)
	for _, spec := range h.Run.Devices {
		s.device(h, h.Devices[spec.ID])
	}
	return s
}

func (s *Service) device(h *history.History, d *history.Device) {
	at := make([]time.Duration, 0, len(d.Stored)) // since the beginning
	for _, b := range d.Stored {
		if len(b.Readings) > 0 && !b.Backfill {
			at = append(at, b.At.Sub(h.Begin))
		}
	}
	slices.Sort(at)
	last := -1
	for i, t := range at {
		if now := int(t / s.Bucket); now != last {
			s.Served[now]++
			last = now
		}
		if i > 0 {
			s.Gaps[d.ID] = max(s.Gaps[d.ID], t-at[i-1]-d.Spec.Period)
		}
	}
}
