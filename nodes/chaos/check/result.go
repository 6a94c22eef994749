package check

import (
	"fmt"
	"slices"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// Verdict is what a checker finds.
type Verdict string

// Verdicts, the best first.
const (
	Held     Verdict = "held"
	Unknown  Verdict = "unknown" // it cannot be told; the result's Reason says why
	Violated Verdict = "violated"
)

// Result is what a checker found in a history.
type Result struct {
	// ID is "C4", and Name "at-most-once".
	ID      string  `json:"id"`
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"`
	// Reason says why it is unknown; "" if it is not. What is unknown beside a violation is there as well.
	Reason string `json:"reason,omitempty"`
	// Examined is how many things were looked at: readings, commands, actions. With none, nothing was proved.
	Examined int `json:"examined"`
	// Violations in the order of their times; at most MaxViolations. Metrics["violations"] counts all.
	Violations []Violation `json:"violations,omitempty"`
	// Metrics are numbers for the report. Times are in milliseconds.
	Metrics map[string]float64 `json:"metrics,omitempty"`
}

// MaxViolations is how many violations a result names.
const MaxViolations = 100

// Violation is one thing that must not have happened.
type Violation struct {
	// Clause of the checker: "C6b".
	Clause string `json:"clause"`
	// Subject is what it happened to: the id of a command, a device, a bus, a fault, or a reading as
	// ReadingID names it.
	Subject string `json:"subject"`
	// Records that show it, such as "truth#17".
	Records []string `json:"records,omitempty"`
	// At is when it happened, and Text says what, in one sentence.
	At   boottime.Instant `json:"at"`
	Text string           `json:"text"`
	// Faults that were there at that time.
	Faults []string `json:"faults,omitempty"`
	// Around are records of the same device, command or bus around that time, at most MaxAround; of the first
	// violations only.
	Around []Line `json:"around,omitempty"`
}

// String returns the violation in one line.
func (v Violation) String() string { return fmt.Sprintf("%s %s: %s", v.Clause, v.Subject, v.Text) }

// ReadingID names a reading: "rig-7/41/12" is the twelfth under epoch 41.
func ReadingID(device string, epoch, sequence uint64) string {
	return fmt.Sprintf("%s/%d/%d", device, epoch, sequence)
}

// finding collects what a checker finds.
type finding struct {
	Result
	h       *history.History
	limits  history.Limits
	reasons []string
	all     []suspect
	excused int    // how much the machine was to blame for
	longest excuse // of these
}

// suspect is a violation, and what the records around it are to be about.
type suspect struct {
	Violation
	device, bus, command, gateway string
}

func begin(h *history.History, id, name string) *finding {
	return &finding{
		Result: Result{ID: id, Name: name, Metrics: map[string]float64{}},
		h:      h, limits: h.Run.Limits.WithDefaults(),
	}
}

// unknown notes why something cannot be told.
func (f *finding) unknown(format string, args ...any) {
	reason := fmt.Sprintf(format, args...)
	if len(f.reasons) < 5 && !slices.Contains(f.reasons, reason) {
		f.reasons = append(f.reasons, reason)
	}
}

// violated notes a violation; records show it, in the order of their times.
func (f *finding) violated(clause, subject string, about suspect, records []history.Record, format string, args ...any) {
	about.Clause, about.Subject, about.Text = clause, subject, fmt.Sprintf(format, args...)
	for _, r := range records {
		about.Records = append(about.Records, r.Stamped().ID())
		about.At = max(about.At, r.Stamped().At)
	}
	f.all = append(f.all, about)
}

// end returns the result.
func (f *finding) end() Result {
	f.tellBusy()
	slices.SortStableFunc(f.all, func(a, b suspect) int {
		if a.At != b.At {
			return int(min(max(a.At-b.At, -1), 1))
		}
		return compare(a.Subject, b.Subject)
	})
	f.Metrics["violations"] = float64(len(f.all))
	for i, s := range f.all[:min(len(f.all), MaxViolations)] {
		s.Faults = faultsAt(f.h, s.At)
		if i < explained {
			s.Around = around(f.h, s)
		}
		f.Violations = append(f.Violations, s.Violation)
	}
	slices.Sort(f.reasons)
	for i, reason := range f.reasons {
		if i > 0 {
			f.Reason += "; "
		}
		f.Reason += reason
	}
	switch {
	case len(f.all) > 0:
		f.Verdict = Violated
	case f.Reason != "":
		f.Verdict = Unknown
	default:
		f.Verdict = Held
	}
	return f.Result
}

func faultsAt(h *history.History, at boottime.Instant) []string {
	var ids []string
	for _, w := range h.Faults {
		if w.Excuses(at, at, 0) {
			ids = append(ids, w.ID)
		}
	}
	return ids
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
