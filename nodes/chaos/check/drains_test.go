package check_test

import (
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// TestDrains: what is stored late counts for the fault that was undone last, each gateway has its own rate, and these are compared
// with what the same devices give when nothing is broken.
func TestDrains(t *testing.T) {
	run := plan(history.Limits{}, false)
	run.Devices = append(run.Devices, history.DeviceSpec{ID: "e", Bus: "c", Gateways: run.Gateways})
	s := new(story).at(0, run).at(1, grant(10, 0, gw1)).at(1, &history.Grant{Bus: "c", Epoch: 11, Peer: gw2})
	sequence := uint64(0)
	store := func(at int, device string, epoch uint64, n int, backfill bool) {
		sequence++
		s.at(at, &history.Stored{Sequence: sequence, Batch: history.Batch{
			Device: device, Epoch: epoch, First: sequence * 100, Readings: make([]history.Reading, n), Backfill: backfill,
		}})
	}
	s.at(1000, &history.Phase{Phase: history.PhaseQuiet})
	for at := 1000; at < 3000; at += 500 {
		store(at, "d", 10, 5, false)
		store(at, "e", 11, 5, false)
	}
	s.at(3000, &history.Phase{Phase: history.PhaseFaults})
	s.fault("f1", history.FaultOutage, 4000, 9000, []string{"gw-1"}, "gw-1~hub-0")
	store(8900, "d", 10, 7, true) // before its end
	store(9500, "d", 10, 20, true)
	store(9700, "d", 10, 20, true)
	s.fault("f2", history.FaultKill, 11_000, 12_000, []string{"hub-0"}, "hub-0").fault("f3", history.FaultKill, 11_000, 12_000, []string{"gw-1"}, "gw-1")
	store(12_100, "d", 10, 20, true)
	store(12_300, "d", 10, 20, true)
	store(13_000, "e", 11, 20, true)
	store(13_200, "e", 11, 20, true)
	got := check.Drains(history.New(s.records))
	want := []check.Drain{
		{Fault: "f1", Readings: 40, First: 500 * time.Millisecond, Last: 700 * time.Millisecond, Rate: 100, Live: 10, Multiple: 10},
		{Fault: "f2", Readings: 80, First: 100 * time.Millisecond, Last: 1200 * time.Millisecond, Rate: 200, Live: 20, Multiple: 10},
	}
	if len(got) != len(want) {
		t.Fatalf("got %+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %+v, want %+v", got[i], want[i])
		}
	}
}
