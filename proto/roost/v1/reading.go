package roostv1

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// Rebase moves the batch to another base time: all readings were acquired so much earlier or later.
// What devices said of their own clocks stays: source times are the same as before.
func (x *ReadingBatch) Rebase(base time.Time) {
	shift := base.Round(0).Sub(x.GetBaseTime().AsTime()).Microseconds()
	if x.BaseTime == nil {
		x.BaseTime = &timestamppb.Timestamp{}
	}
	x.BaseTime.Seconds, x.BaseTime.Nanos = base.Unix(), int32(base.Nanosecond())
	for _, r := range x.Readings {
		if r != nil && r.SourceOffsetUs != nil {
			*r.SourceOffsetUs -= shift
		}
	}
}
