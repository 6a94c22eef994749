package check_test

import (
	"testing"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// What a gateway sent live before it was stopped is stored when it goes on, after the next owner's readings: the application
// is given it as backfill. What the gateway had in its spool from an outage before that comes later yet, though it is older:
// these are two lanes, and neither is out of order (mayhem, seed 2, 60 s).
func TestUnmarkedIsALaneOfItsOwn(t *testing.T) {
	batch := func(first uint64, backfill bool) history.Batch {
		return history.Batch{Device: "d", Epoch: 10, First: first, Backfill: backfill, Readings: []history.Reading{{Resource: "count"}}}
	}
	verdict := func(live, spooled []uint64) check.Result {
		s := new(story).at(0, plan(history.Limits{}, true))
		for i, first := range live {
			s.at(100+i, &history.Stored{Batch: batch(first, false)}).at(100+i, &history.Delivered{Batch: batch(first, true)})
		}
		for i, first := range spooled {
			s.at(200+i, &history.Stored{Batch: batch(first, true)}).at(200+i, &history.Delivered{Batch: batch(first, true)})
		}
		return check.InOrder(history.New(s.records))
	}
	if r := verdict([]uint64{41, 46}, []uint64{26, 31}); r.Verdict != check.Held || r.Examined != 4 {
		t.Errorf("two lanes: %s", report([]check.Result{r}))
	}
	if r := verdict([]uint64{46, 41}, []uint64{26, 31}); r.Verdict != check.Violated || r.Violations[0].Subject != check.ReadingID("d", 10, 41) {
		t.Errorf("what was sent live is out of order: %s", report([]check.Result{r}))
	}
	if r := verdict([]uint64{41, 46}, []uint64{31, 26}); r.Verdict != check.Violated || r.Violations[0].Subject != check.ReadingID("d", 10, 26) {
		t.Errorf("the spool is out of order: %s", report([]check.Result{r}))
	}
}
