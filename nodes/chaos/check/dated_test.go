package check_test

import (
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// TestDated: the hardware gave a reading at 2 s, and the hub stored it at 3 s: its time is between the two, or off by no more
// than it says, or said not to be the hub's.
func TestDated(t *testing.T) {
	for name, test := range map[string]struct {
		taken  int
		off    time.Duration
		synced bool
		want   check.Verdict
	}{
		"between the two":            {2500, 0, true, check.Held},
		"as good as when it was":     {1960, 0, true, check.Held},
		"long before":                {1000, 0, true, check.Violated},
		"before, and says so":        {1000, time.Second, true, check.Held},
		"after the hub had it":       {3100, 0, true, check.Violated},
		"of a clock that nobody set": {1, 0, false, check.Held},
	} {
		b := history.Batch{Device: "d", Epoch: 10, First: 1, Synced: test.synced, ClockError: test.off, Readings: []history.Reading{
			{Resource: "value", Value: "1", Count: 7, Taken: boottime.Instant(time.Duration(test.taken) * time.Millisecond)},
		}}
		s := new(story).at(0, plan(history.Limits{}, true)).at(100, grant(10, 0, gw1))
		s.at(2000, &history.Read{Device: "d", Count: 7, Done: true}).at(3000, &history.Stored{Sequence: 11, Batch: b}).at(3100, &history.Delivered{Batch: b})
		if r := check.InOrder(history.New(s.records)); r.Verdict != test.want {
			t.Errorf("%s: got %s, want %s", name, report([]check.Result{r}), test.want)
		}
	}
}
