package report

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/chaos/run"
)

// page is what the template shows.
type page struct {
	report  *run.Report
	history *history.History // nil: not known
	scale   scale
	named   named
	lowest  float64 // share of the devices that were served at one time
	served  float64 // and of all their time

	Style  template.CSS
	Script template.JS

	Title, Reason, Repro, Missing string
	Verdict                       verdict
	Passed, Failed, Skipped       int
	Facts, Settings, Environment  []figure
	Means                         []run.Means
	Checkers                      []checker
	Absences                      []absence
	Counts                        []figure
	Timeline                      *timeline
	NodeKeys                      []key
	Availability, Mix             *plot
	Failovers, Latencies          []plot
	Faults                        []faultRow
	Sometimes                     []run.Sometimes
	Unproved                      []figure
	Drawn                         string // "": all
	Drawings                      []string
}

// faultRow is a row of the table of faults.
type faultRow struct {
	ID, Kind, Target, Symbolic, Planned, Apply, Heal, State, Evidence, Error string
	Bad                                                                      bool
}

func newPage(r Run) *page {
	h := r.History
	if h == nil {
		h = history.New(nil)
	}
	p := &page{
		report: r.Report, history: r.History, Style: style, Script: script, lowest: -1, NodeKeys: nodeStates,
		scale: scale{begin: h.Begin, end: max(float64(h.End.Sub(h.Begin))/1e6, 1)}, named: namedBy(r.Report.Checkers, h),
		Title: r.Report.Scenario + ", seed " + strconv.FormatUint(r.Report.Seed, 10), Reason: r.Report.Reason, Repro: r.Report.Repro,
		Verdict: verdictOf(r.Report.Verdict, 1), Sometimes: r.Report.Sometimes, Means: r.Means,
		Drawings: r.Report.Drawings,
	}
	for _, phase := range r.Report.Phases {
		p.scale.end = max(p.scale.end, phase.T1)
	}
	if r.History == nil {
		p.Missing = "There is no history of this run, so nothing is drawn."
		if r.Missing != "" {
			p.Missing += " " + r.Missing
		}
	}
	p.Passed, p.Failed, p.Skipped = r.Report.Counts()
	p.Checkers = p.checkers()
	all := p.commandsOf(h.Commands)
	if r.History != nil {
		p.Timeline = p.timeline(all)
	}
	p.Availability, p.Mix = p.availability(), p.mix(all)
	p.Failovers, p.Latencies = p.failovers(), p.latencies(append(slices.Clone(all), p.commandsOf(h.Queries)...))
	p.Faults = p.faultTable(r.Plan)
	p.Unproved = p.unproved()
	p.Facts, p.Absences, p.Counts = p.facts(all), p.absences(), p.counts(all)
	p.Settings, p.Environment = p.settings(), p.environment()
	p.Drawn = p.leftOut(all)
	return p
}

// leftOut says what is not drawn.
func (p *page) leftOut(all []command) string {
	var parts []string
	if n := len(all); n > MaxDrawn {
		parts = append(parts, fmt.Sprintf("of %d commands about %d are drawn, each outcome with its share", n, MaxDrawn))
	}
	if p.history != nil && len(p.history.Devices) > MaxLanes {
		parts = append(parts, fmt.Sprintf("of %d devices %d have lanes", len(p.history.Devices), max(MaxLanes, len(p.named.devices))))
	}
	if len(parts) == 0 {
		return ""
	}
	return "So that the page stays small, " + strings.Join(parts, ", and ") + ". All that violations name is drawn; all figures are of everything."
}

// facts are the figures at the top.
func (p *page) facts(all []command) []figure {
	facts := []figure{}
	confirmed := 0
	for _, f := range p.report.Faults {
		if f.Confirmed {
			confirmed++
		}
	}
	facts = append(facts, figure{"faults seen to work", fmt.Sprintf("%d of %d", confirmed, max(len(p.report.Faults), confirmed))})
	if f := p.report.Figures; f != nil && len(f.Failovers) > 0 {
		worst, n := 0.0, 0
		for _, o := range f.Failovers {
			worst, n = max(worst, o.MaxServable), n+o.N
		}
		facts = append(facts, figure{fmt.Sprintf("slowest of %d fail-overs, counted while it could be served; goal %s", n, milliseconds(f.Goal)), milliseconds(worst)})
	}
	if p.lowest >= 0 {
		facts = append(facts, figure{fmt.Sprintf("of device time served, lowest %.0f %%", 100*p.lowest), fmt.Sprintf("%.1f %%", 100*p.served)})
	}
	if len(all) > 0 {
		facts = append(facts, figure{"commands sent", strconv.Itoa(len(all))})
	}
	for _, c := range p.report.Checkers {
		if c.ID == "C1" && c.Examined > 0 {
			facts = append(facts, figure{"readings accounted for", strconv.Itoa(c.Examined)})
		}
	}
	return facts
}

// faultTable tells what was planned and what became of it.
func (p *page) faultTable(pl *plan.Plan) []faultRow {
	plans := map[string]string{}
	if pl != nil {
		for _, e := range pl.Entries {
			plans[e.ID] = fmt.Sprintf("at %v for %v", e.At.Std(), e.Hold.Std())
		}
	}
	var rows []faultRow
	for _, f := range p.report.Faults {
		row := faultRow{
			ID: f.ID, Kind: f.Kind, Target: f.Target, Symbolic: f.Symbolic, Planned: plans[f.ID], Apply: seconds(f.Apply[0]), Heal: seconds(f.Heal[1]),
			State: "seen, and seen to be gone", Evidence: f.Evidence, Error: f.Error,
		}
		switch {
		case !f.Confirmed:
			row.State, row.Bad = "not seen to work", true
		case !f.Healed:
			row.State, row.Bad = "not seen to be gone", true
		}
		rows = append(rows, row)
	}
	for _, s := range p.report.Skipped {
		rows = append(rows, faultRow{ID: s.ID, Planned: plans[s.ID], State: "left out", Error: s.Reason, Bad: true})
	}
	return rows
}

// unproved is what this run says nothing about, and why.
func (p *page) unproved() []figure {
	var all []figure
	for _, c := range p.report.Checkers {
		switch {
		case c.Reason != "":
			all = append(all, figure{c.ID + " " + c.Name, c.Reason})
		case c.Examined == 0 && c.Verdict == check.Held:
			all = append(all, figure{c.ID + " " + c.Name, "there was nothing to examine"})
		}
	}
	if pauses, refused := p.report.FenceTried(); pauses > 0 && refused == 0 {
		all = append(all, figure{"the fence of the devices", fmt.Sprintf("in %d pauses no stale attempt came to a device: gateways had asked their lease first", pauses)})
	}
	for _, s := range p.report.Skipped {
		all = append(all, figure{"fault " + s.ID, "left out: " + s.Reason})
	}
	for _, f := range p.report.Faults {
		if !f.Confirmed {
			all = append(all, figure{"fault " + f.ID, "it was not seen to work"})
		}
	}
	return all
}

func (p *page) settings() []figure {
	s := p.report.Settings
	return []figure{
		{"hubs", strconv.Itoa(s.Hubs)}, {"gateways", strconv.Itoa(s.Gateways)}, {"devices", strconv.Itoa(s.Devices)},
		{"devices are", s.Mode}, {"lease", s.Lease.Std().String()}, {"period of readings", s.Period.Std().String()},
		{"clients", strconv.Itoa(s.Clients)}, {"commands a second", rounded(s.Rate)}, {"quiet phase", s.Quiet.Std().String()},
		{"phase of faults", s.Duration.Std().String()}, {"liveness phase", s.Liveness.Std().String()},
	}
}

func (p *page) environment() []figure {
	r, m := p.report, p.report.Machine
	all := []figure{
		{"began", r.Began.UTC().Format(time.RFC3339)}, {"took", seconds(r.TookMS)}, {"version", r.Version}, {"commit", r.Commit},
		{"plan", r.PlanSHA}, {"system", strings.TrimSuffix(m.OS+"/"+m.Arch, "/")}, {"kernel", m.Kernel}, {"processors", strconv.Itoa(m.Processors)}, {"Go", m.Go},
		{"schema of report.json", strconv.Itoa(r.Schema)},
	}
	if p.history != nil {
		for _, name := range slices.Sorted(maps.Keys(p.history.Untrusted)) {
			all = append(all, figure{"recorder that is not trusted", name})
		}
	}
	return slices.DeleteFunc(all, func(f figure) bool { return f.Value == "" })
}
