package check

import (
	"fmt"
	"sort"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
)

// stallWeight is how many processes, one after the other, may each have been kept waiting as long as the harness was, where
// something took too long: a gateway, the hub, the way to the device, the device.
const stallWeight = 4

// stalled returns for how long the harness did not get its turn, some time from a to b. A machine that was so busy with
// something else proves nothing about times.
func (f *finding) stalled(a, b boottime.Instant) time.Duration {
	all := f.h.Stalls
	var sum time.Duration
	for _, s := range all[sort.Search(len(all), func(i int) bool { return all[i].At >= a }):] {
		from := max(s.At.Add(-s.Late), a)
		if from >= b {
			break // each begins after the one before has ended
		}
		sum += min(s.At, b).Sub(from)
	}
	return sum
}

// busy reports whether what took so much too long, from a to b, may have done so since the machine was busy, and if so
// makes the verdict unknown.
func (f *finding) busy(subject string, excess time.Duration, a, b boottime.Instant) bool {
	stalled := f.stalled(a, b)
	if excess > stallWeight*stalled {
		return false
	}
	f.excuse(subject, excess, stalled)
	return true
}

// excuse notes that the machine was to blame.
func (f *finding) excuse(subject string, excess, stalled time.Duration) {
	f.excused++
	if excess > f.longest.excess {
		f.longest = excuse{subject, excess, stalled}
	}
}

// excuse is what the machine was to blame for.
type excuse struct {
	subject         string
	excess, stalled time.Duration
}

// tellBusy says what could not be judged: the longest of all.
func (f *finding) tellBusy() {
	if f.excused == 0 {
		return
	}
	more := ""
	if f.excused > 1 {
		more = fmt.Sprintf("; so with %d more", f.excused-1)
	}
	f.unknown("the machine was too busy to tell: %s was late by %v, while the harness itself did not get its turn for %v%s",
		f.longest.subject, f.longest.excess.Round(time.Millisecond), f.longest.stalled.Round(time.Millisecond), more)
}
