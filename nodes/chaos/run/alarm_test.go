package run_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/chaos/run"
	"github.com/roost-iot/roost/nodes/sim"
)

// TestToldAtOnce: a command that was carried out twice is told of while the hardware goes on to write its log, also when a line
// of it came in two parts.
func TestToldAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "truth.log")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	write := func(text []byte) {
		t.Helper()
		if _, err := file.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	line := func(r sim.Record) []byte {
		t.Helper()
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		return append(text, '\n')
	}
	action := func(seq uint64) sim.Record {
		return sim.Record{Seq: seq, Kind: sim.KindAction, Device: "rig-1", Command: "client-1-7", Resource: wire.ResourceDose, Result: sim.Done, Epoch: 3, Gateway: "gw-1"}
	}
	told := make(chan check.Violation, 10)
	alarm := run.NewAlarm(&plan.Plan{Settings: plan.Defaults()}, func(v check.Violation) { told <- v })
	alarm.Take(&history.Call{Command: "client-1-7", Device: "rig-1", Class: history.Relative})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	write(line(sim.Record{Seq: 1, Kind: sim.KindStart, Version: sim.LogVersion}))
	go func() { ended <- alarm.Follow(ctx, path) }()
	write(line(action(2)))
	again := line(action(3))
	write(again[:20])
	select {
	case v := <-told:
		t.Errorf("told of half a line: %v", v)
	case <-time.After(250 * time.Millisecond):
	}
	write(again[20:])
	select {
	case v := <-told:
		if v.Clause != "C4" || v.Subject != "client-1-7" || len(v.Records) != 1 || v.Records[0] != "truth#3" {
			t.Errorf("%+v", v)
		}
	case <-time.After(20 * time.Second):
		t.Error("it was not told")
	}
	write(again[:20])
	cancel()
	if err := <-ended; err != nil || alarm.Violations() != 1 {
		t.Errorf("%d violations, %v", alarm.Violations(), err)
	}
}

// TestRate: commands a second are those of the last two seconds.
func TestRate(t *testing.T) {
	for _, test := range []struct {
		counts []int
		want   float64
	}{{[]int{0}, 0}, {[]int{0, 10}, 10}, {[]int{0, 100, 110, 120, 130}, 10}, {[]int{0, 100, 200, 200, 200}, 0}} {
		if got := run.RateOf(test.counts...); got != test.want {
			t.Errorf("%v: %v a second, want %v", test.counts, got, test.want)
		}
	}
}
