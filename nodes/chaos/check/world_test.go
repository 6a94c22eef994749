package check_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// The rules by which the fleet of these tests is run.
const (
	lease     = 2 * time.Second
	margin    = 500 * time.Millisecond
	failover  = lease + time.Second
	period    = 250 * time.Millisecond
	renewal   = 500 * time.Millisecond
	seed      = 7
	truthName = history.TruthName
)

// world is a fleet that keeps all promises while it is broken at random. It writes down what its recorders would: a legal
// history, drawn from dice.
type world struct {
	*rand.Rand
	records []history.Record
	numbers map[string]uint64 // records by recorder

	gateways []*gateway
	hubs     []string
	devices  []*device
	faults   []*fault
	control  map[boottime.Instant]uint64 // records of the control stream in one millisecond
	stream   []*history.Stored
	commands int
	// The phases begin at quiet, broken, healed, drain, collect and end.
	quiet, broken, healed, drain, collect, end boottime.Instant

	flaw flaw
}

// flaw is a promise that a world does not keep.
type flaw int

const (
	flawless flaw = iota
	slowTakeover
	slowHandOvers
	keepsReading
)

// gateway is one that is up but for what faults do to it.
type gateway struct {
	name string
	// runs are its incarnations, the last one to the end.
	runs []run
	// renewed is the sequence of its last record, 0 before the first.
	member uint64
}

// run is one incarnation. It is served by it from ready on.
type run struct {
	history.Peer
	from, to boottime.Instant
}

// fault of a gateway or of a device.
type fault struct {
	id                                string
	kind                              history.FaultKind
	gateway                           *gateway
	device                            *device
	asked, applied, healAsked, healed boottime.Instant
}

// takes reports whether it lasts long enough for the gateway to lose its buses.
func (f *fault) takes() bool {
	return f.kind == history.FaultKill || f.kind != history.FaultStop && f.gateway != nil && f.healAsked.Sub(f.applied) > lease+margin
}

const ms = boottime.Instant(time.Millisecond)

// newWorld draws a small world and everything that happens in it.
func newWorld(dice *rand.Rand, flaw flaw) *world {
	return newWorldOf(dice, flaw, 3+dice.IntN(2), 5+dice.IntN(20), 5*time.Second)
}

// newWorldOf draws one with so many devices and commands, in which nothing is broken for some time.
func newWorldOf(dice *rand.Rand, flaw flaw, devices, commands int, quiet time.Duration) *world {
	w := &world{Rand: dice, numbers: map[string]uint64{}, control: map[boottime.Instant]uint64{}, flaw: flaw}
	w.quiet = 1000 * ms
	w.broken = w.quiet.Add(quiet)
	w.drawFleet(devices)
	w.drawFaults()
	w.healed = w.broken + 1000*ms
	if n := len(w.faults); n > 0 {
		w.healed = w.faults[n-1].healed + 6000*ms
	}
	w.drain, w.collect, w.end = w.healed+20_000*ms, w.healed+25_000*ms, w.healed+40_000*ms
	w.writePlan()
	w.drawOwners()
	for _, d := range w.devices {
		w.readings(d)
	}
	w.drawCommands(commands)
	w.leases()
	w.registers()
	w.queries()
	w.finish()
	return w
}

// note writes a record down.
func (w *world) note(recorder string, at boottime.Instant, r history.Record) {
	w.numbers[recorder]++
	stamp := r.Stamped()
	stamp.At, stamp.Recorder, stamp.Number = at, recorder, w.numbers[recorder]
	w.records = append(w.records, r)
}

// between draws a time.
func (w *world) between(a, b boottime.Instant) boottime.Instant {
	return a + boottime.Instant(w.Int64N(int64(max(b-a, 1))))
}

// chance is true in so many of a hundred cases.
func (w *world) chance(percent int) bool { return w.IntN(100) < percent }

// sequence returns that of a record of the control stream that is stored at some time.
func (w *world) sequence(at boottime.Instant) uint64 {
	w.control[at/ms]++
	return uint64(at/ms)*100 + w.control[at/ms]
}

func (w *world) drawFleet(devices int) {
	w.hubs = []string{"hub-0", "hub-1", "hub-2"}[:1+2*w.IntN(2)]
	for i := range 2 + w.IntN(2) {
		w.gateways = append(w.gateways, &gateway{name: fmt.Sprintf("gw-%d", i+1)})
	}
	var names []string
	for _, g := range w.gateways {
		names = append(names, g.name)
		g.runs = []run{{Peer: history.Peer{Gateway: g.name, Incarnation: "i1"}, from: 500 * ms}}
	}
	for i := range devices {
		d := &device{spec: history.DeviceSpec{
			ID: fmt.Sprintf("rig-%d", i+1), Bus: fmt.Sprintf("b%d", i+1), Gateways: names, Fenced: w.chance(50), Period: period,
			Exclusive: w.chance(30),
		}}
		if i == 2 && w.chance(50) {
			d.spec.Gateways = names[:1]
		}
		w.devices = append(w.devices, d)
	}
}

func (w *world) drawFaults() {
	at := w.broken
	kinds := []history.FaultKind{
		history.FaultKill, history.FaultPause, history.FaultPartition, history.FaultStop, history.FaultAckLost, history.FaultPanic,
	}
	for i := range 1 + w.IntN(4) {
		f := &fault{id: fmt.Sprintf("f%d", i+1), kind: kinds[w.IntN(len(kinds))]}
		if i == 0 {
			f.kind = history.FaultKill // so that there is one takeover
		}
		at = w.between(at+1000*ms, at+2000*ms)
		f.asked, f.applied = at, at+20*ms
		hold := w.between(3000*ms, 4000*ms)
		if f.kind == history.FaultPause || f.kind == history.FaultPartition {
			hold = []boottime.Instant{1000 * ms, 4000 * ms}[w.IntN(2)]
		}
		f.healAsked = f.applied + hold
		f.healed = f.healAsked + 100*ms
		switch f.kind {
		case history.FaultPanic, history.FaultAckLost:
			f.device = w.devices[w.IntN(len(w.devices))]
		default:
			f.gateway = w.gateways[w.IntN(len(w.gateways))]
		}
		w.faults = append(w.faults, f)
		at = f.healed + 6000*ms
	}
}

// writePlan writes down what the harness knows.
func (w *world) writePlan() {
	plan := &history.Run{Scenario: "legal", Seed: seed, Hubs: w.hubs, Limits: history.Limits{HubSettle: time.Millisecond, MaxRestarts: 9}}
	for _, g := range w.gateways {
		plan.Gateways = append(plan.Gateways, g.name)
	}
	for _, d := range w.devices {
		plan.Devices = append(plan.Devices, d.spec)
	}
	for _, f := range w.faults {
		plan.Planned = append(plan.Planned, history.PlannedFault{ID: f.id, Fault: f.kind})
	}
	w.note("harness", 1*ms, plan)
	w.note("harness", 1*ms, &history.Phase{Phase: history.PhaseSetup})
	w.note(truthName, 2*ms, &history.Hardware{On: true, Seed: seed})
	for _, node := range append(slices.Clone(plan.Gateways), w.hubs...) {
		w.note("harness", 10*ms, &history.Process{Node: node, Run: 1, State: history.ProcessStarted})
		w.note("harness", 500*ms, &history.Process{Node: node, Run: 1, State: history.ProcessReady})
	}
	for _, p := range []struct {
		name history.PhaseName
		at   boottime.Instant
	}{
		{history.PhaseQuiet, w.quiet}, {history.PhaseFaults, w.broken}, {history.PhaseHeal, w.healed - 100*ms},
		{history.PhaseLiveness, w.healed}, {history.PhaseDrain, w.drain}, {history.PhaseCollect, w.collect}, {history.PhaseEnd, w.end},
	} {
		w.note("harness", p.at, &history.Phase{Phase: p.name})
	}
	for _, f := range w.faults {
		w.writeFault(f)
	}
}

func (w *world) writeFault(f *fault) {
	step := func(at boottime.Instant, s history.FaultStep, evidence string) {
		r := &history.Fault{ID: f.id, Fault: f.kind, Step: s, Evidence: evidence}
		switch {
		case f.device != nil:
			r.Targets = []string{f.device.spec.ID}
		case f.kind == history.FaultPartition:
			r.Targets = []string{f.gateway.name}
			for _, hub := range w.hubs {
				r.Down = append(r.Down, history.Link(f.gateway.name, hub))
			}
		default:
			r.Targets, r.Down = []string{f.gateway.name}, []string{f.gateway.name}
		}
		w.note("harness", at, r)
	}
	step(f.asked, history.FaultAsked, "")
	step(f.applied, history.FaultApplied, "it was seen")
	step(f.healAsked, history.FaultHealAsked, "")
	step(f.healed, history.FaultHealed, "it was seen to be gone")
	if f.kind == history.FaultKill || f.kind == history.FaultStop {
		state := func(at boottime.Instant, run int, s history.ProcessState) {
			w.note("harness", at, &history.Process{Node: f.gateway.name, Run: run, State: s, Killed: f.kind == history.FaultKill})
		}
		state(f.applied, 1, history.ProcessEnded)
		state(f.healAsked, 2, history.ProcessStarted)
		state(f.healed, 2, history.ProcessReady)
	}
}

// finish writes down how everything is in the end.
func (w *world) finish() {
	for _, g := range w.gateways {
		w.note("harness", w.quiet+100*ms, &history.Health{Node: g.name, Answers: true, Goroutines: 100, Memory: 50 << 20})
		w.note("harness", w.collect+100*ms, &history.Health{Node: g.name, Answers: true, Goroutines: 120, Memory: 60 << 20})
		w.note("harness", w.collect+100*ms, &history.Backlog{Holder: g.name})
		for _, d := range w.devices {
			last := d.owners[len(d.owners)-1]
			w.note("harness", w.collect+200*ms, &history.Picture{Gateway: g.name, Bus: d.spec.Bus, Epoch: last.epoch, Owner: last.Peer})
		}
	}
	w.note("harness", w.collect+100*ms, &history.Backlog{Holder: "sink", Sink: true})
	slices.SortStableFunc(w.stream, func(a, b *history.Stored) int { return int(a.At - b.At) })
	for i, b := range w.stream {
		b.Sequence = uint64(i + 1)
	}
	sequences := map[string]uint64{}
	for _, b := range w.stream {
		id := check.ReadingID(b.Device, b.Epoch, b.First)
		if sequences[id] == 0 {
			sequences[id] = b.Sequence
		}
	}
	for _, r := range w.records {
		if a, ok := r.(*history.Acked); ok {
			a.Sequence = sequences[check.ReadingID(a.Device, a.Epoch, a.First)]
		}
	}
}
