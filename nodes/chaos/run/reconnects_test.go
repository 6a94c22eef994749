package run_test

import (
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/run"
)

// TestReconnects: connections count for the fault that was undone last, and at most those within one second are the peak.
func TestReconnects(t *testing.T) {
	at := func(ms int) time.Time { return time.Unix(1000, 0).Add(time.Duration(ms) * time.Millisecond) }
	got := run.ReconnectsOf(
		[]run.HealAsked{run.NewHealAsked("f1", at(0)), run.NewHealAsked("f2", at(5000)), run.NewHealAsked("f3", at(60_000))},
		[]run.Connected{
			run.NewConnected(at(-10), "gw-1", 1), run.NewConnected(at(100), "gw-1", 2), run.NewConnected(at(900), "gw-2", 1),
			run.NewConnected(at(1200), "gw-3", 1), run.NewConnected(at(5100), "gw-1", 1), run.NewConnected(at(20_000), "gw-2", 1),
		},
	)
	want := []run.Reconnect{
		{Fault: "f1", Gateways: 3, Connections: 4, FirstMS: 100, LastMS: 1200, Peak: 3},
		{Fault: "f2", Gateways: 1, Connections: 1, FirstMS: 100, LastMS: 100, Peak: 1},
	}
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
