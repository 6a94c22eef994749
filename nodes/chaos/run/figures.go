package run

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// Figures are the numbers that a run stands for. Times are milliseconds.
type Figures struct {
	// Goal is within which time a device is to be served again whose owner was taken away; HandOverGoal is the same for
	// a hand-over that was planned.
	Goal         float64 `json:"goal_ms"`
	HandOverGoal float64 `json:"hand_over_goal_ms"`
	// Failovers by kind of fault, in the order of the kinds.
	Failovers []Failover `json:"failovers"`
	// HandOver is how long devices were not read for planned hand-overs, beyond their period.
	HandOver Quantiles `json:"hand_over"`
	// HubAway is, for faults of the hub, for how long nothing live was stored of each device. What was read meanwhile is
	// stored later.
	HubAway []Failover `json:"hub_away,omitempty"`
	// Served is which share of the time of all devices these were served, from the quiet phase to the drain; Lowest is which
	// share of the devices was served at the worst moment. Both are from 0 to 1.
	Served float64 `json:"served"`
	Lowest float64 `json:"lowest"`
	// StaleRefused is how many actions devices refused since the gateway was superseded: only fenced devices do.
	StaleRefused int `json:"stale_refused"`
	// DuplicatesRemoved is how many readings are stored more than once, and were given to the application once.
	DuplicatesRemoved int `json:"duplicates_removed"`
}

// Failover is after how long devices were served again.
type Failover struct {
	Kind string `json:"kind"`
	// Faults of that kind which took anything away.
	Faults int `json:"faults"`
	Quantiles
	// MaxServable is the longest time for which a device was not served though a gateway and the hub were there for it: where
	// faults overlap it is less than Max, and it is what the goal is about.
	MaxServable float64 `json:"max_servable_ms"`
}

// figures counts what there is to count. The checkers have judged.
func (r *Report) figures(h *history.History) {
	limits := h.Run.Limits.WithDefaults()
	f := Figures{Goal: milliseconds(limits.Failover), HandOverGoal: milliseconds(limits.HandOver), Failovers: failovers(h), HubAway: hubAway(h)}
	f.Served, f.Lowest, _ = check.ServedShare(h)
	for _, c := range r.Checkers {
		m := c.Metrics
		switch c.ID {
		case "C2":
			f.DuplicatesRemoved = int(m["stored twice"])
		case "C6":
			f.StaleRefused = int(m["stale attempts refused"])
		case "C7":
			const gap = "hand-over gap, "
			f.HandOver = Quantiles{N: int(m[gap+"count"]), P50: m[gap+"p50 ms"], P99: m[gap+"p99 ms"], Max: m[gap+"max ms"]}
		}
	}
	r.Figures = &f
}

// tally collects what became of devices under one kind of fault.
type tally struct {
	faults   map[string]bool
	took     []time.Duration
	servable time.Duration
}

// tallies are by kind.
type tallies map[string]*tally

func (t tallies) of(kind, fault string) *tally {
	if t[kind] == nil {
		t[kind] = &tally{faults: map[string]bool{}}
	}
	t[kind].faults[fault] = true
	return t[kind]
}

func (t tallies) list() []Failover {
	all := []Failover{}
	for _, kind := range slices.Sorted(maps.Keys(t)) {
		one := t[kind]
		all = append(all, Failover{Kind: kind, Faults: len(one.faults), Quantiles: quantiles(one.took), MaxServable: milliseconds(one.servable)})
	}
	return all
}

func failovers(h *history.History) []Failover {
	kinds := tallies{}
	for _, o := range check.Failovers(h) {
		if o.To == 0 {
			continue
		}
		one := kinds.of(string(o.Kind), o.Fault)
		one.took = append(one.took, o.To.Sub(o.From))
		one.servable = max(one.servable, o.Cost)
	}
	return kinds.list()
}

// hubAway measures the longest gap of each device that overlaps a fault of the hub, or comes soon after it.
func hubAway(h *history.History) []Failover {
	kinds := tallies{}
	from, to := check.Watched(h)
	settle := h.Run.Limits.WithDefaults().HubSettle
	for _, w := range h.Faults {
		if !w.Confirmed || !slices.ContainsFunc(w.Targets, func(t string) bool { return slices.Contains(h.Run.Hubs, t) }) {
			continue
		}
		one := kinds.of(string(w.Fault), w.ID)
		for _, d := range h.Devices {
			longest := time.Duration(0)
			for _, g := range check.Gaps(d, from, to) {
				if cmp.Less(w.Applied, g.To) && cmp.Less(g.From, w.Healed.Add(settle)) {
					longest = max(longest, g.To.Sub(g.From))
				}
			}
			if longest > 0 {
				one.took = append(one.took, longest)
			}
		}
	}
	return kinds.list()
}
