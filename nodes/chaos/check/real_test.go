package check_test

import (
	"testing"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// recorded loads what was written down in a real run: three gateways, of which one was killed, one stopped for five seconds, and
// one told to end; three of its devices. Nothing was written down of what was on its way at the end.
func recorded(t *testing.T) *history.History {
	t.Helper()
	h, err := history.Load("testdata/real", "")
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestRealRunIsNotAccused: a drawn history is what its author thinks of; this one is what happened.
func TestRealRunIsNotAccused(t *testing.T) {
	results := check.All(recorded(t))
	for _, r := range results {
		unknown := r.ID == "C1" || r.ID == "C10" // the spools
		if r.Verdict == check.Violated || r.Verdict == check.Unknown && !unknown {
			t.Error(report([]check.Result{r}))
		}
	}
	for i, least := range map[int]int{0: 1000, 3: 50, 5: 50, 6: 5} {
		if results[i].Examined < least {
			t.Errorf("%s has examined %d, want %d at least", results[i].ID, results[i].Examined, least)
		}
	}
}

// TestRealRunBroken: in it, too, what is wrong is found.
func TestRealRunBroken(t *testing.T) {
	t.Run("the stopped gateway acts again", func(t *testing.T) {
		h := recorded(t)
		again := zombie(t, h)
		if r := check.OneDriver(history.New(append(h.Records, again))); r.Verdict != check.Violated || r.Violations[0].Subject != again.Device {
			t.Error(report([]check.Result{r}))
		}
	})
	t.Run("a reading is lost", func(t *testing.T) {
		h := recorded(t)
		lost := h.Devices["rig-1"].Delivered[20]
		var rest []history.Record
		for _, r := range h.Records {
			if r != history.Record(lost) {
				rest = append(rest, r)
			}
		}
		id := check.ReadingID("rig-1", lost.Epoch, lost.First)
		if r := check.NoReadingLost(history.New(rest)); r.Verdict != check.Violated || r.Violations[0].Subject != id {
			t.Error(report([]check.Result{r}))
		}
	})
}

// zombie is the last action of a gateway that then lost the device, once more after the next owner's first.
func zombie(t *testing.T, h *history.History) *history.Action {
	t.Helper()
	for _, d := range h.Devices {
		for i, a := range d.Actions[:max(len(d.Actions)-1, 0)] {
			if next := d.Actions[i+1]; next.Epoch > a.Epoch {
				again := *a
				again.At = next.At + 1
				return &again
			}
		}
	}
	t.Fatal("no device changed hands")
	return nil
}
