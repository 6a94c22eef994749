package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/check"
)

// checker is a row of the table of checkers.
type checker struct {
	ID, Name, Reason string
	Verdict          verdict
	Examined         int
	Worst            string
	Figures          []figure
	Count            int // of violations
	Unnamed          int // of those that the result does not name
	Violations       []violation
}

// verdict is a word with a sign and a class, so that no colour is needed to tell it.
type verdict struct{ Word, Sign, Class string }

// figure is a number with its name.
type figure struct{ Name, Value string }

// violation is one with the records around it side by side.
type violation struct {
	Anchor, Clause, Subject, Text, When string
	Faults                              []string
	Lanes                               []string
	Around                              []around
	Open                                bool
	at                                  boottime.Instant
}

// around is a record near a violation. Cells has one for each lane of the violation; one of them has a text.
type around struct {
	When, Record string
	Named        bool
	Cells        []cell
}

type cell struct{ Lane, Text string }

func verdictOf(v check.Verdict, examined int) verdict {
	switch {
	case v == check.Held && examined == 0:
		return verdict{"nothing to examine", "–", "none"}
	case v == check.Held:
		return verdict{"held", "✓", "held"}
	case v == check.Violated:
		return verdict{"violated", "✗", "violated"}
	case v == check.Unknown:
		return verdict{"unknown", "?", "unknown"}
	default: // of a run that was not made
		return verdict{string(v), "!", "unknown"}
	}
}

func (p *page) checkers() []checker {
	var all []checker
	n := 0
	for _, c := range p.report.Checkers {
		row := checker{
			ID: c.ID, Name: c.Name, Reason: c.Reason, Verdict: verdictOf(c.Verdict, c.Examined), Examined: c.Examined, Worst: worst(c),
			Count: max(int(c.Metrics["violations"]), len(c.Violations)),
		}
		row.Unnamed = row.Count - len(c.Violations)
		for _, name := range slices.Sorted(maps.Keys(c.Metrics)) {
			row.Figures = append(row.Figures, figure{name, rounded(c.Metrics[name])})
		}
		for i, v := range c.Violations {
			n++
			row.Violations = append(row.Violations, p.violation("v"+strconv.Itoa(n), v, i == 0))
		}
		all = append(all, row)
	}
	return all
}

// worst is what came nearest to a violation, as far as the checker measures that.
func worst(c check.Result) string {
	count := func(metric, text string) string {
		if n := c.Metrics[metric]; n > 0 {
			return rounded(n) + " " + text
		}
		return ""
	}
	switch c.ID {
	case "C1":
		return count("dropped", "dropped, and declared")
	case "C2":
		return count("stored twice", "stored twice, given once")
	case "C3":
		return count("backfilled", "came later, and say so")
	case "C4":
		return count("repeated, absolute", "repeated, as may be")
	case "C6":
		return count("stale attempts refused", "stale attempts refused")
	case "C5":
		if ms, ok := c.Metrics["closest to the deadline, ms"]; ok {
			if ms < 0 {
				return milliseconds(-ms) + " after the deadline"
			}
			return milliseconds(ms) + " before the deadline"
		}
	case "C7":
		slowest, any := 0.0, false
		for name, value := range c.Metrics {
			if len(name) > 8 && name[:8] == "failover" && name[len(name)-6:] == "max ms" {
				slowest, any = max(slowest, value), true
			}
		}
		if any {
			return "slowest " + milliseconds(slowest)
		}
	case "C8":
		if share, ok := c.Metrics["share indeterminate"]; ok {
			return fmt.Sprintf("%.2f %% indeterminate", 100*share)
		}
	}
	return ""
}

func rounded(f float64) string { return number(f).String() }

// violation lays the records around a violation side by side.
func (p *page) violation(anchor string, v check.Violation, open bool) violation {
	out := violation{Anchor: anchor, Clause: v.Clause, Subject: v.Subject, Text: v.Text, Faults: v.Faults, Open: open, at: v.At}
	if p.history != nil {
		out.When = seconds(p.scale.since(v.At))
	}
	for _, lane := range []check.Lane{check.LaneTruth, check.LaneClient, check.LaneHub, check.LaneGateway, check.LaneHarness} {
		if slices.ContainsFunc(v.Around, func(l check.Line) bool { return l.Lane == lane }) {
			out.Lanes = append(out.Lanes, string(lane))
		}
	}
	for _, line := range v.Around {
		row := around{Record: line.Record, Named: slices.Contains(v.Records, line.Record)}
		if p.history != nil {
			row.When = strconv.FormatFloat(p.scale.since(line.At)/1000, 'f', 4, 64)
		}
		for _, lane := range out.Lanes {
			c := cell{Lane: lane}
			if lane == string(line.Lane) {
				c.Text = line.Text
			}
			row.Cells = append(row.Cells, c)
		}
		out.Around = append(out.Around, row)
	}
	for i, lane := range out.Lanes {
		out.Lanes[i] = laneNames[check.Lane(lane)]
	}
	return out
}

// laneNames say whose word a record is.
var laneNames = map[check.Lane]string{
	check.LaneTruth: "truth: the hardware", check.LaneClient: "client", check.LaneHub: "hub's streams", check.LaneGateway: "gateway", check.LaneHarness: "harness",
}
