package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/roost-iot/roost/nodes/chaos/run"
)

// absence is a row of the table of how long devices were without service.
type absence struct {
	What, Faults, Devices, P50, P99, Max, Goal, Note string
	Late                                             bool // later than the goal, while it could be served
}

// absences are the rows: by kind of fault, then those of the hub, then hand-overs.
func (p *page) absences() []absence {
	f := p.report.Figures
	if f == nil {
		return nil
	}
	var rows []absence
	for _, o := range f.Failovers {
		row := absenceOf("owner lost: "+o.Kind, strconv.Itoa(o.Faults), o.Quantiles)
		row.Goal, row.Late = milliseconds(f.Goal), o.MaxServable > f.Goal
		if o.Max > f.Goal && !row.Late {
			row.Note = fmt.Sprintf("faults lay on each other: it could have been served for %s of that", milliseconds(o.MaxServable))
		}
		rows = append(rows, row)
	}
	for _, o := range f.HubAway {
		row := absenceOf("hub lost: "+o.Kind, strconv.Itoa(o.Faults), o.Quantiles)
		row.Note = "nothing live was stored; what was read meanwhile is stored later"
		rows = append(rows, row)
	}
	if f.HandOver.N > 0 {
		row := absenceOf("handed over as planned", "", f.HandOver)
		row.Goal, row.Late = milliseconds(f.HandOverGoal), f.HandOver.Max > f.HandOverGoal
		rows = append(rows, row)
	}
	return rows
}

func absenceOf(what, faults string, q run.Quantiles) absence {
	row := absence{What: what, Faults: faults, Devices: strconv.Itoa(q.N), P50: "–", P99: "–", Max: "–", Goal: "–"}
	if q.N > 0 {
		row.P50, row.P99, row.Max = milliseconds(q.P50), milliseconds(q.P99), milliseconds(q.Max)
	}
	return row
}

// counts are the figures that are no times.
func (p *page) counts(all []command) []figure {
	f := p.report.Figures
	if f == nil {
		return nil
	}
	counts := []figure{{"of all devices' time served", fmt.Sprintf("%.1f %%", 100*f.Served)}, {"devices served at the worst moment", fmt.Sprintf("%.0f %%", 100*f.Lowest)}}
	totals := make([]int, len(outcomes))
	for _, c := range all {
		totals[c.outcome]++
	}
	for o, n := range totals {
		if n > 0 {
			counts = append(counts, figure{"commands " + strings.ToLower(outcomes[o]), strconv.Itoa(n)})
		}
	}
	return append(counts,
		figure{"stale attempts refused by devices", strconv.Itoa(f.StaleRefused)},
		figure{"duplicate readings removed", strconv.Itoa(f.DuplicatesRemoved)})
}
