package check_test

import (
	"strings"
	"testing"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/failpoint"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// TestFenceTried: pauses of gateways of fenced devices are counted, and what devices refused. A run that stops owners with an action
// in hand for longer than their lease has tried nothing if no device had to refuse one after that.
func TestFenceTried(t *testing.T) {
	const hand = failpoint.DriverWrite
	for name, c := range map[string]struct {
		fenced          bool
		point           string
		target          string
		until, refused  int // when the pause from 2 s on ended, and one was refused; 0: never
		pauses, refusal float64
		unknown         bool
	}{
		"refused":                         {true, "", "gw-1", 6000, 6050, 1, 1, false},
		"nothing to refuse":               {true, "", "gw-1", 6000, 0, 1, 0, false},
		"no fence":                        {false, "", "gw-1", 6000, 0, 0, 0, false},
		"a hub":                           {true, "", "hub-0", 6000, 0, 0, 0, false},
		"in hand, and refused":            {true, hand, "gw-1", 6000, 6050, 1, 1, false},
		"a little before, and refused":    {true, failpoint.CheckAndDrive, "gw-1", 6000, 6050, 1, 1, false},
		"in hand, and not refused":        {true, hand, "gw-1", 6000, 0, 1, 0, true},
		"a little before, and not":        {true, failpoint.CheckAndDrive, "gw-1", 6000, 0, 1, 0, true},
		"in hand, and one refused before": {true, hand, "gw-1", 6000, 1000, 1, 1, true},
		"in hand, and no fence":           {false, hand, "gw-1", 6000, 0, 0, 0, false},
		"in hand for less than the lease": {true, hand, "gw-1", 3000, 0, 1, 0, false},
		"stopped elsewhere":               {true, failpoint.CommandAfterIntent, "gw-1", 6000, 0, 1, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := new(story).at(0, plan(history.Limits{}, c.fenced)).at(100, grant(10, 0, gw1)).at(4000, grant(20, 10, gw2))
			s.fault("f1", history.FaultPause, 2000, c.until, []string{c.target}, c.target)
			s.point(c.point)
			if c.refused > 0 {
				stale := action(10, gw1)
				stale.Done, stale.Stale = false, true
				s.at(c.refused, stale)
			}
			r := check.NotVacuous(history.New(s.records))
			if r.Metrics[check.MetricPauses] != c.pauses || r.Metrics[check.MetricRefused] != c.refusal {
				t.Errorf("metrics %v", r.Metrics)
			}
			if got := strings.Contains(r.Reason, "no device had to refuse one"); got != c.unknown {
				t.Errorf("unknown: %v, %s", got, r.Reason)
			}
		})
	}
}
