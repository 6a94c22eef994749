package report_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/chaos/report"
	"github.com/roost-iot/roost/nodes/chaos/run"
)

const ms = boottime.Instant(time.Millisecond)

// world is a small made-up run: two gateways, of which the first is killed after four of its ten seconds, and devices that
// are read twice a second.
type world struct {
	records []history.Record
	numbers map[string]uint64
	devices []string
}

func newWorld(devices ...string) *world {
	w := &world{numbers: map[string]uint64{}, devices: devices}
	gateways := []string{"gw-1", "gw-2"}
	described := &history.Run{Scenario: "made-up", Seed: 7, Gateways: gateways, Hubs: []string{"hub-1"}}
	for _, id := range devices {
		described.Devices = append(described.Devices, history.DeviceSpec{ID: id, Bus: "b." + id, Gateways: gateways, Period: 500 * time.Millisecond})
	}
	w.note("run", 0, described)
	for i, phase := range []history.PhaseName{history.PhaseSetup, history.PhaseQuiet, history.PhaseFaults, history.PhaseDrain, history.PhaseEnd} {
		w.note("run", []boottime.Instant{0, 1000 * ms, 3000 * ms, 9000 * ms, 10_000 * ms}[i], &history.Phase{Phase: phase})
	}
	for _, node := range []string{"hub-1", "gw-1", "gw-2"} {
		w.note("run", 1*ms, &history.Process{Node: node, Run: 1, State: history.ProcessStarted})
		w.note("run", 100*ms, &history.Process{Node: node, Run: 1, State: history.ProcessReady})
	}
	w.kill()
	for i, id := range devices {
		w.own(id, uint64(i))
	}
	return w
}

func (w *world) note(recorder string, at boottime.Instant, r history.Record) {
	w.numbers[recorder]++
	stamp := r.Stamped()
	stamp.At, stamp.Recorder, stamp.Number = at, recorder, w.numbers[recorder]
	w.records = append(w.records, r)
}

func (w *world) kill() {
	for i, step := range []history.FaultStep{history.FaultAsked, history.FaultApplied, history.FaultHealAsked, history.FaultHealed} {
		w.note("faults", []boottime.Instant{4000 * ms, 4001 * ms, 7000 * ms, 7200 * ms}[i], &history.Fault{
			ID: "f1", Fault: history.FaultKill, Step: step, Targets: []string{"gw-1"}, Down: []string{"gw-1"},
		})
	}
	w.note("run", 4001*ms, &history.Process{Node: "gw-1", Run: 1, State: history.ProcessEnded, Exit: "signal: killed"})
	w.note("run", 7000*ms, &history.Process{Node: "gw-1", Run: 2, State: history.ProcessStarted})
	w.note("run", 7200*ms, &history.Process{Node: "gw-1", Run: 2, State: history.ProcessReady})
}

// own gives a device to the first gateway, and two and a half seconds after the kill to the second one.
func (w *world) own(id string, i uint64) {
	first := history.Peer{Gateway: "gw-1", Incarnation: "a"}
	second := history.Peer{Gateway: "gw-2", Incarnation: "b"}
	w.note("hub", 500*ms, &history.Grant{Bus: "b." + id, Epoch: 10 + i, Peer: first})
	w.note("hub", 6500*ms, &history.Grant{Bus: "b." + id, Epoch: 5000 + i, Previous: 10 + i, Peer: second})
	sequence := uint64(1)
	for at := 600 * ms; at < 9500*ms; at += 500 * ms {
		b := history.Batch{Device: id, Gateway: "gw-1", Epoch: 10 + i, First: sequence, Readings: []history.Reading{{Resource: "value", Value: "1"}}}
		switch {
		case at > 4000*ms && at < 6500*ms:
			continue
		case at > 6500*ms:
			b.Gateway, b.Epoch = "gw-2", 5000+i
		}
		w.note("stream", at, &history.Stored{Batch: b, Sequence: w.numbers["stream"] + 1})
		sequence++
	}
}

// commands sends so many, evenly over the time from two to nine seconds; each class and some failures are among them.
func (w *world) commands(n int) {
	for i := range n {
		device := w.devices[i%len(w.devices)]
		at := 2000*ms + boottime.Instant(i)*7000*ms/boottime.Instant(n)
		state := history.Succeeded
		if i%100 == 99 {
			state = history.Expired
		}
		w.command(fmt.Sprintf("c-%d", i), device, []history.Class{history.Absolute, history.Relative, history.Pulse}[i%3], at, state)
	}
}

func (w *world) command(id, device string, class history.Class, at boottime.Instant, state history.State) {
	w.note("client-1", at, &history.Call{Command: id, Client: "client-1", Device: device, Class: class, Resource: "level", Value: "1"})
	if state == history.Succeeded {
		w.act(id, device, at+2*ms)
	}
	w.note("client-1", at+5*ms, &history.Answer{Command: id, Device: device, Source: history.FromReply, State: state})
}

func (w *world) act(id, device string, at boottime.Instant) {
	w.note("truth", at, &history.Action{Device: device, Command: id, Resource: "level", Value: "1", Epoch: 10, Peer: history.Peer{Gateway: "gw-1", Incarnation: "a"}, Done: true})
}

// run judges the world, and reports.
func (w *world) run() report.Run {
	h := history.New(w.records)
	return judged(h, &plan.Plan{Scenario: "made-up", Seed: 7})
}

func judged(h *history.History, p *plan.Plan) report.Run {
	r := &run.Report{
		Schema: run.Schema, Scenario: p.Scenario, Seed: p.Seed, Repro: "roost chaos run --scenario made-up --seed 7", Reason: "all promises were kept",
		Checkers: check.All(h), Settings: plan.Defaults(), Machine: run.Machine{OS: "linux", Arch: "amd64", Kernel: "6.1.0"},
		Failover: map[string]run.Quantiles{"kill": {N: 2, P50: 2500, P99: 2600, Max: 2600}}, Sometimes: []run.Sometimes{{Name: "evictions", Count: 0}},
	}
	r.Verdict = check.Worst(r.Checkers)
	since := func(at boottime.Instant) float64 { return float64(at.Sub(h.Begin)) / 1e6 }
	for i, phase := range h.Phases[:max(len(h.Phases)-1, 0)] {
		r.Phases = append(r.Phases, run.Phase{Name: string(phase.Phase), T0: since(phase.At), T1: since(h.Phases[i+1].At)})
	}
	for _, w := range h.Faults {
		r.Faults = append(r.Faults, run.Fault{
			ID: w.ID, Kind: string(w.Fault), Target: w.Targets[0], Apply: [2]float64{since(w.Asked), since(w.Applied)},
			Heal: [2]float64{since(w.HealAsked), since(w.Healed)}, Confirmed: w.Confirmed, Healed: w.Undone, Evidence: "it was waited for",
		})
	}
	return report.Run{Report: r, Plan: p, History: h}
}

// recorded is a real run, as the package check keeps it.
func recorded(t testing.TB) *history.History {
	t.Helper()
	h, err := history.Load("../check/testdata/real", "")
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// instant is a time in milliseconds.
func instant(milliseconds int) boottime.Instant { return boottime.Instant(milliseconds) * ms }

// names are rig-1, rig-2 and so on.
func names(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("rig-%d", i+1)
	}
	return all
}
