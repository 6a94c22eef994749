package check_test

import (
	"strings"
	"testing"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// TestFenceTried: pauses of gateways of fenced devices are counted, and what devices refused; where a refusal was made sure of,
// its absence is noticed.
func TestFenceTried(t *testing.T) {
	stale := func() history.Record {
		return &history.Action{Device: "d", Resource: "setpoint", Value: "1", Epoch: 10, Peer: gw1, Stale: true}
	}
	for name, c := range map[string]struct {
		fenced          bool
		scenario        string
		target          string
		refused         bool
		pauses, refusal float64
		unknown         bool
	}{
		"refused":                     {true, "pause", "gw-1", true, 1, 1, false},
		"nothing to refuse":           {true, "pause", "gw-1", false, 1, 0, false},
		"no fence":                    {false, "pause", "gw-1", false, 0, 0, false},
		"a hub":                       {true, "pause", "hub-0", false, 0, 0, false},
		"made sure of, and refused":   {true, check.ZombieWrite, "gw-1", true, 1, 1, false},
		"made sure of, and not there": {true, check.ZombieWrite, "gw-1", false, 1, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := new(story).at(0, plan(history.Limits{}, c.fenced)).at(1, grant(10, 0, gw1)).at(2500, grant(20, 10, gw2))
			s.records[0].(*history.Run).Scenario = c.scenario
			s.fault("f1", history.FaultPause, 1000, 5000, []string{c.target})
			if c.refused {
				s.at(5100, stale())
			}
			r := check.NotVacuous(history.New(s.records))
			if r.Metrics[check.MetricPauses] != c.pauses || r.Metrics[check.MetricRefused] != c.refusal {
				t.Errorf("metrics %v", r.Metrics)
			}
			if got := strings.Contains(r.Reason, "no device has refused the write"); got != c.unknown {
				t.Errorf("unknown: %v, %s", got, r.Reason)
			}
		})
	}
}
