package sim_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	"github.com/roost-iot/roost/nodes/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// A poll of one device after the other, driver and hardware in one process: the round trip.
func BenchmarkPoll(b *testing.B) {
	h := start(b, sim.Config{Devices: []sim.Device{{ID: "rig"}}})
	s := h.open(b, newDriver("gw-1"), "rig")
	names := []string{wire.ResourceValue, wire.ResourceCount}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Poll(b.Context(), names); err != nil {
			b.Fatal(err)
		}
	}
}

// Ten thousand devices of three gateways, each on one connection, polled and written by turns by many
// goroutines: requests per second through driver, wire, hardware and log.
func BenchmarkTenThousandDevices(b *testing.B) {
	const devices, gateways = 10_000, 3
	h := start(b, sim.Config{Devices: sim.Series(devices, sim.Device{ID: "rig"})})
	sessions := make([]session, devices)
	drivers := make([]actors.Driver, gateways)
	for g := range drivers {
		drivers[g] = newDriver(fmt.Sprintf("gw-%d", g))
	}
	together(64, func(worker int) {
		for i := worker; i < devices; i += 64 {
			s, err := drivers[i%gateways].Open(b.Context(), h.device(fmt.Sprintf("rig-%d", i+1), "share", "true"))
			if err != nil {
				b.Error(err)
				return
			}
			sessions[i] = s.(session)
		}
	})
	if b.Failed() {
		return
	}
	names := []string{wire.ResourceValue, wire.ResourceCount}
	var next atomic.Int64
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := next.Add(1)
			s := sessions[n%devices]
			_, err := s.Poll(b.Context(), names)
			if n%10 == 0 && err == nil {
				_, err = s.Actuate(b.Context(), action(fmt.Sprint(n), wire.ResourceDose, roostv1.Double(1), 1))
			}
			if err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)*1.1/b.Elapsed().Seconds(), "requests/s")
	b.StopTimer()
	together(64, func(worker int) {
		for i := worker; i < devices; i += 64 {
			cutOff(sessions[i])
		}
	})
}

func BenchmarkReadLog(b *testing.B) {
	h := start(b, sim.Config{Devices: []sim.Device{{ID: "rig"}}})
	s := h.open(b, newDriver("gw-1"), "rig")
	for n := range 1000 {
		if _, err := s.Actuate(b.Context(), action(fmt.Sprint(n), wire.ResourceDose, roostv1.Double(1), 1)); err != nil {
			b.Fatal(err)
		}
	}
	records := 0
	for b.Loop() {
		for _, err := range sim.ReadLog(h.log) {
			if err != nil {
				b.Fatal(err)
			}
			records++
		}
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}
