package report_test

import (
	"strings"
	"testing"

	"github.com/roost-iot/roost/nodes/chaos/run"
)

// TestFigures: the numbers that a run stands for are told before anything is drawn, and what was late is marked only where
// the device could have been served.
func TestFigures(t *testing.T) {
	r := newWorld("rig-1").run()
	r.Report.Figures = &run.Figures{
		Goal: 3000, HandOverGoal: 300, Served: 0.987, Lowest: 0.5, StaleRefused: 17, DuplicatesRemoved: 23,
		Failovers: []run.Failover{
			{Kind: "kill", Faults: 2, Quantiles: run.Quantiles{N: 44, P50: 2510, P99: 2590, Max: 2600}, MaxServable: 2600},
			{Kind: "partition", Faults: 1, Quantiles: run.Quantiles{N: 8, P50: 4000, P99: 5000, Max: 5000}, MaxServable: 1200},
			{Kind: "pause", Faults: 1, Quantiles: run.Quantiles{N: 8, P50: 3100, P99: 3200, Max: 3200}, MaxServable: 3200},
		},
		HubAway:  []run.Failover{{Kind: "kill", Faults: 1}},
		HandOver: run.Quantiles{N: 12, P50: 0, P99: 40, Max: 40},
	}
	figures := rendered(t, r).byID(t, "figures")
	text := figures.text()
	for _, part := range []string{
		"owner lost: kill 2 44 2.51 s 2.59 s 2.6 s 3 s", "it could have been served for 1.2 s of that", "hub lost: kill", "handed over as planned 12 0 ms 40 ms 40 ms 300 ms",
		"98.7 %", "50 %", "stale attempts refused by devices 17", "duplicate readings removed 23",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("it does not say %q: %s", part, text)
		}
	}
	if late := figures.all("td", "late"); len(late) != 1 || late[0].text() != "3.2 s" {
		t.Errorf("%d are marked as late", len(late))
	}
}
