package actors_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// BenchmarkLateness polls 1,000 devices ten times a second and reports how late the
// polls are, at the 50th and 99th percentile, first while all are well and then beside
// one device that misbehaves, with the ratio of the two.
func BenchmarkLateness(b *testing.B) {
	samples := make([]actors.Sample, 100)
	for i := range samples {
		samples[i] = actors.Sample{Resource: "temp", Value: roostv1.Double(float64(i))}
	}
	bad := map[string]*script{
		"panic": {poll: func(context.Context, []string) ([]actors.Sample, error) { panic("driver") }},
		"hang":  {poll: func(context.Context, []string) ([]actors.Sample, error) { select {} }},
		"flood": {push: func(ctx context.Context, sink actors.Sink) error {
			for ctx.Err() == nil { // as fast as it is let
				_ = sink.Emit(slices.Clone(samples)...)
			}
			return nil
		}},
	}
	for _, kind := range []string{"panic", "hang", "flood"} {
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				calm := lateness(b, &script{})
				beside := lateness(b, bad[kind])
				b.ReportMetric(calm.p99.Seconds()*1e3, "calm-p99-ms")
				b.ReportMetric(beside.p99.Seconds()*1e3, "p99-ms")
				b.ReportMetric(calm.p50.Seconds()*1e3, "calm-p50-ms")
				b.ReportMetric(beside.p50.Seconds()*1e3, "p50-ms")
				b.ReportMetric(float64(beside.p99)/float64(calm.p99), "x-of-calm")
			}
		})
	}
}

type late struct{ p50, p99 time.Duration }

const (
	latenessDevices  = 1000
	latenessInterval = 100 * time.Millisecond
	latenessPolls    = 50
)

// lateness runs 1,000 good devices beside one with the given driver.
func lateness(b *testing.B, other *script) late {
	drivers := map[string]actors.Driver{"other": other}
	watches := make([]*watch, latenessDevices)
	var polled sync.WaitGroup
	polled.Add(latenessDevices)
	for i := range watches {
		watches[i] = &watch{done: polled.Done}
		drivers[fmt.Sprint(i)] = &script{poll: watches[i].poll}
	}
	g, err := actors.New(actors.Config{ID: "gw-1", Drivers: drivers, Store: forgetful{}})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	assign := func(id, driver string) {
		spec := device(id, func(d *roostv1.DeviceSpec) {
			d.Driver, d.PollInterval = driver, durationpb.New(latenessInterval)
		})
		a := &roostv1.Assignment{Bus: id, Epoch: 1, Devices: []*roostv1.DeviceSpec{spec}, Profiles: []*roostv1.Profile{boiler()}}
		if err := g.Assign(ctx, a); err != nil {
			b.Fatal(err)
		}
	}
	assign("other", "other")
	for i := range watches {
		assign(fmt.Sprintf("good-%d", i), fmt.Sprint(i))
	}
	polled.Wait()
	cancel()
	<-ended // an abandoned call may go on
	var all []time.Duration
	for _, w := range watches {
		all = append(all, w.lateness()...)
	}
	slices.Sort(all)
	return late{p50: all[len(all)/2], p99: all[len(all)*99/100]}
}

// watch notes when a device was polled.
type watch struct {
	at   []time.Time // only the device's polls write, one at a time
	done func()
}

func (w *watch) poll(context.Context, []string) ([]actors.Sample, error) {
	if w.at = append(w.at, time.Now()); len(w.at) == latenessPolls {
		w.done()
	}
	return []actors.Sample{{Resource: "temp", Value: roostv1.Double(20)}}, nil
}

// lateness is how far behind the poll that was most in time each poll came.
func (w *watch) lateness() []time.Duration {
	var behind []time.Duration
	for i, at := range w.at[:latenessPolls] {
		behind = append(behind, at.Sub(w.at[0])-time.Duration(i)*latenessInterval)
	}
	best := slices.Min(behind)
	for i := range behind {
		behind[i] -= best
	}
	return behind
}
