package check_test

import (
	"strings"
	"testing"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// TestKept: what a gateway said that it has stored comes to the hub, or is declared; but not what is on its way when the
// run ends.
func TestKept(t *testing.T) {
	kept := func(first uint64) *history.Acked {
		return &history.Acked{Device: "d", Epoch: 10, First: first, Readings: 2, By: "gw-1"}
	}
	next := func(dropped uint64) *history.Stored {
		b := history.Batch{Device: "d", Epoch: 10, First: 4, Readings: []history.Reading{{Resource: "count"}}, Dropped: dropped}
		return &history.Stored{Sequence: 11, Batch: b}
	}
	for name, test := range map[string]struct {
		at      int
		kept    *history.Acked
		more    *history.Stored
		waiting uint64
		want    check.Verdict
		says    string
	}{
		"it is there":               {at: 100, kept: &history.Acked{Device: "d", Epoch: 10, First: 1, Readings: 1, By: "gw-1"}, want: check.Held},
		"it never came":             {at: 100, kept: kept(2), want: check.Violated, says: "readings d/10/2 to 3 were on the disk"},
		"it was dropped, declared":  {at: 100, kept: kept(2), more: next(2), want: check.Held},
		"nothing came of the epoch": {at: 100, kept: &history.Acked{Device: "d", Epoch: 12, First: 1, Readings: 2, By: "gw-1"}, want: check.Violated, says: "readings d/12/1 to 2 were"},
		"it may be on its way":      {at: 100, kept: kept(2), waiting: 2, want: check.Unknown, says: "gw-1 had readings waiting"},
		"the run is about to end":   {at: 600, kept: kept(2), want: check.Held},
	} {
		t.Run(name, func(t *testing.T) {
			s := new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).at(2, stored(10))
			s.at(3, &history.Delivered{Batch: stored(10).Batch}).at(500, &history.Phase{Phase: history.PhaseDrain}).at(test.at, test.kept)
			if test.more != nil {
				s.at(110, test.more).at(111, &history.Delivered{Batch: test.more.Batch})
			}
			for _, b := range []*history.Backlog{{Holder: "gw-1", Waiting: test.waiting}, {Holder: "gw-2"}, {Holder: "sink", Sink: true}} {
				s.at(1000, b)
			}
			r := check.NoReadingLost(history.New(s.records))
			if said := report([]check.Result{r}); r.Verdict != test.want || !strings.Contains(said, test.says) {
				t.Errorf("got %s, want %s, %q", said, test.want, test.says)
			}
		})
	}
}
