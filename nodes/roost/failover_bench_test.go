//go:build unix

package main_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// The figures here are of the hardware's own log: what it wrote down when it was read.

// BenchmarkFailover breaks one of three gateways with 300 shared devices, under commands, and measures from
// the fault until each of its devices is read by another gateway. The lease is 2 s.
func BenchmarkFailover(b *testing.B) {
	faults := []struct {
		name         string
		break_, mend func(*gatewayProcess)
	}{
		{"kill", (*gatewayProcess).kill, nil},
		{"pause", func(g *gatewayProcess) { g.signal(syscall.SIGSTOP) }, func(g *gatewayProcess) { g.signal(syscall.SIGCONT) }},
		{"cut", func(g *gatewayProcess) { g.wire.Stall() }, func(g *gatewayProcess) { g.wire.Resume() }},
	}
	for _, fault := range faults {
		b.Run(fault.name, func(b *testing.B) {
			f := threeGateways(b, 300, time.Second)
			f.drive(4)
			var took []time.Duration
			for b.Loop() {
				owners := f.settled("gw-1", "gw-2", "gw-3")
				at := f.now()
				fault.break_(f.gateways["gw-1"])
				took = append(took, f.takenOver(at, of(owners, "gw-1"), "gw-1")...)
				if fault.mend == nil {
					f.start("gw-1")
				} else {
					fault.mend(f.gateways["gw-1"])
				}
			}
			report(b, took)
			f.settled("gw-1", "gw-2", "gw-3")
			f.oneDriver()
		})
	}
}

// BenchmarkHandOver has one of three gateways with 300 shared devices leave, drain or join, and measures for how
// long each device that changes hands is read by nobody. Each is read five times a second, which is
// part of the figure.
func BenchmarkHandOver(b *testing.B) {
	const every = 200 * time.Millisecond
	b.Run("leave", func(b *testing.B) {
		f := threeGateways(b, 300, every)
		measure(b, f, func() { f.gateways["gw-1"].terminate() }, func() { f.start("gw-1") }, "gw-2", "gw-3")
	})
	b.Run("drain", func(b *testing.B) {
		f := threeGateways(b, 300, every)
		measure(b, f, func() { f.drain("gw-1") }, func() {
			f.gateways["gw-1"].terminate()
			f.start("gw-1")
		}, "gw-2", "gw-3")
	})
	b.Run("join", func(b *testing.B) {
		f := threeGateways(b, 300, every)
		f.gateways["gw-1"].terminate()
		f.settled("gw-2", "gw-3")
		began := time.Duration(0)
		measure(b, f, func() {
			at := time.Now()
			f.start("gw-1")
			f.settled("gw-1", "gw-2", "gw-3")
			began = time.Since(at)
		}, func() {
			f.gateways["gw-1"].terminate()
			f.settled("gw-2", "gw-3")
		}, "gw-1", "gw-2", "gw-3")
		b.ReportMetric(began.Seconds(), "s-to-share")
	})
}

// measure reports the gaps that a change makes until the given gateways have everything, and undoes it.
func measure(b *testing.B, f *fleet, change, undo func(), then ...string) {
	traffic := f.drive(4)
	var gaps []time.Duration
	for b.Loop() {
		at := f.now()
		change()
		f.settled(then...)
		gaps = append(gaps, f.gaps(at)...)
		b.StopTimer()
		undo()
		f.settled(f.running()...)
		b.StartTimer()
	}
	report(b, gaps)
	f.oneDriver()
	b.Logf("commands: %v", traffic)
}

// BenchmarkFailoverMany kills one of three gateways with 10,000 shared devices.
func BenchmarkFailoverMany(b *testing.B) {
	if testing.Short() {
		b.Skip("left out of short runs: 10,000 devices take their time to open")
	}
	f := threeGateways(b, 10_000, 10*time.Second)
	var took []time.Duration
	for b.Loop() {
		owners := f.settled("gw-1", "gw-2", "gw-3")
		at := f.now()
		f.gateways["gw-1"].kill()
		took = append(took, f.takenOver(at, of(owners, "gw-1"), "gw-1")...)
		b.StopTimer()
		f.start("gw-1")
		b.StartTimer()
	}
	report(b, took)
}

// threeGateways is a fleet of three that has settled.
func threeGateways(b *testing.B, devices int, every time.Duration) *fleet {
	b.Helper()
	f := newFleet(b, devices, func(d *roostv1.DeviceSpec) { d.PollInterval = durationpb.New(every) })
	for i := range 3 {
		f.start(fmt.Sprintf("gw-%d", i+1))
	}
	f.settled("gw-1", "gw-2", "gw-3")
	return f
}

// gaps returns for how long devices were read by nobody that changed hands since an instant.
func (f *fleet) gaps(since boottime.Instant) []time.Duration {
	var gaps []time.Duration
	for _, g := range sim.PollGaps(f.records()) {
		if !g.First.At.Before(since) && g.First.Gateway != g.Last.Gateway {
			gaps = append(gaps, g.Duration())
		}
	}
	return gaps
}

// running are the gateways whose processes run.
func (f *fleet) running() []string {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(f.gateways)) {
		select {
		case <-f.gateways[id].ended:
		default:
			ids = append(ids, id)
		}
	}
	return ids
}

// drain drains a gateway and returns when it has nothing left.
func (f *fleet) drain(id string) {
	f.tb.Helper()
	if err := f.client.Drain(f.tb.Context(), id); err != nil {
		f.tb.Fatal(err)
	}
	f.until(id+" is empty", func() bool { return len(of(f.owners(), id)) == 0 })
}

// report reports durations by their median, 99th percentile and maximum.
func report(b *testing.B, took []time.Duration) {
	b.Helper()
	if len(took) == 0 {
		b.Fatal("no device changed hands: nothing was measured")
	}
	slices.Sort(took)
	at := func(p float64) float64 {
		return float64(took[min(int(math.Ceil(p*float64(len(took))))-1, len(took)-1)].Microseconds()) / 1000
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
	b.ReportMetric(at(1), "max-ms")
	b.ReportMetric(float64(len(took)), "devices")
}
