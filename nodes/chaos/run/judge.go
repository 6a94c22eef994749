package run

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// judge has the checkers judge a history, and draws from it what else there is to tell.
func (r *Report) judge(h *history.History) {
	r.Checkers = check.All(h)
	for _, c := range r.Checkers {
		if c.Reason != "" {
			r.Unknown = append(r.Unknown, c.ID+": "+c.Reason)
		}
	}
	ms := func(at boottime.Instant) float64 { return milliseconds(at.Sub(h.Begin)) }
	for i, p := range h.Phases {
		end := h.End
		if i+1 < len(h.Phases) {
			end = h.Phases[i+1].At
		}
		r.Phases = append(r.Phases, Phase{Name: string(p.Phase), T0: ms(p.At), T1: ms(end)})
	}
	for _, w := range h.Faults {
		r.Faults = append(r.Faults, Fault{
			ID: w.ID, Kind: string(w.Fault), Target: strings.Join(w.Targets, ","), Symbolic: w.Symbolic,
			Apply: [2]float64{ms(w.Asked), ms(w.Applied)}, Heal: [2]float64{ms(w.HealAsked), ms(w.Healed)},
			Confirmed: w.Confirmed, Healed: w.Undone, Evidence: strings.Join(w.Evidence, "; "),
		})
	}
	r.failover(h)
	r.commands(h)
	r.availability(h)
	r.sometimes(h)
	r.drains(h)
	r.figures(h)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// quantiles are those of times.
func quantiles(all []time.Duration) Quantiles {
	if len(all) == 0 {
		return Quantiles{}
	}
	slices.Sort(all)
	at := func(q float64) float64 { return milliseconds(all[min(int(q*float64(len(all))), len(all)-1)]) }
	return Quantiles{N: len(all), P50: at(0.5), P99: at(0.99), Max: at(1)}
}

// failover tells, by kind of fault, after how long devices were served again.
func (r *Report) failover(h *history.History) {
	r.Failover = map[string]Quantiles{}
	for kind, times := range check.FailoverTimes(h) {
		r.Failover[string(kind)] = quantiles(times)
	}
}

// commands tells how commands ended, and how long those took that succeeded.
func (r *Report) commands(h *history.History) {
	r.Commands, r.Latency = map[string]int{}, map[string]Quantiles{}
	took := map[string][]time.Duration{}
	for _, c := range h.Commands {
		if c.Call != nil {
			r.Commands[c.Outcome()]++
		}
	}
	for _, c := range append(slices.Collect(maps.Values(h.Commands)), slices.Collect(maps.Values(h.Queries))...) {
		if c.Call == nil {
			continue
		}
		if last := c.Final(); last != nil && last.State == history.Succeeded && last.Source == history.FromReply {
			took[string(c.Call.Class)] = append(took[string(c.Call.Class)], last.At.Sub(c.Call.At))
		}
	}
	for _, op := range h.Registers {
		if desired(op) {
			took[check.KindDesired] = append(took[check.KindDesired], op.At.Sub(op.Called))
		}
	}
	for class, times := range took {
		r.Latency[class] = quantiles(times)
	}
}

// desired reports whether a client has changed what is desired of a device.
func desired(op *history.Register) bool {
	return op.Operation == history.RegisterWrite && op.Outcome == history.RegisterDone && !op.Stored
}

// availability counts the devices of which readings were stored, in buckets of three periods.
func (r *Report) availability(h *history.History) {
	begin, _, ok := h.Phase(history.PhaseQuiet)
	_, end, done := h.Phase(history.PhaseDrain)
	if !ok || !done || end <= begin {
		return
	}
	bucket := max(3*r.Settings.Period.Std(), 250*time.Millisecond)
	n := int(end.Sub(begin)/bucket) + 1
	r.Availability = Availability{
		BucketMS: milliseconds(bucket), T0: milliseconds(begin.Sub(h.Begin)), Devices: len(h.Run.Devices), Served: make([]int, n),
	}
	for _, d := range h.Devices {
		seen := make([]bool, n)
		for _, b := range d.Stored {
			if b.At.Before(begin) || end.Before(b.At) {
				continue
			}
			if i := int(b.At.Sub(begin) / bucket); !seen[i] {
				seen[i] = true
				r.Availability.Served[i]++
			}
		}
	}
}

// StaleRefused names the actions that devices have refused since their epoch was over.
const StaleRefused = "stale attempts refused by devices"

// lateReadings are those that came after some under a newer epoch, and do not say that they are late.
const lateReadings = "live readings under an older epoch"

// sometimes counts what shows that something was tested.
func (r *Report) sometimes(h *history.History) {
	counts := map[string]int{StaleRefused: check.StaleAttempts(h)}
	for _, d := range h.Devices {
		for _, a := range d.Actions {
			if a.Done {
				counts["actions done"]++
			}
		}
	}
	for _, b := range h.Buses {
		for i := 1; i < len(b.Grants); i++ {
			switch {
			case b.Grants[i].HandedOverBy != "":
				counts["buses handed over"]++
			case b.Grants[i].Peer != b.Grants[i-1].Peer && b.Grants[i].Gateway != "":
				counts["buses taken over"]++
			}
		}
	}
	for _, leases := range h.Leases {
		for _, l := range leases {
			if l.State == history.LeaseEvicted {
				counts["evictions"]++
			}
		}
	}
	for _, w := range h.Faults {
		if w.Confirmed {
			counts["faults confirmed"]++
		}
	}
	for _, c := range r.Checkers {
		if late := c.Metrics["live under an older epoch"]; c.ID == "C3" && late > 0 {
			counts[lateReadings] = int(late)
		}
	}
	r.Sometimes = nil
	for _, name := range []string{
		"faults confirmed", "evictions", "buses taken over", "buses handed over", "actions done",
		StaleRefused, lateReadings,
	} {
		r.Sometimes = append(r.Sometimes, Sometimes{name, counts[name]})
	}
}
