package actors_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// BenchmarkIdle starts gateways with so many devices, each on a bus of its own, and
// reports how long it takes until all are online, and what one device costs with its
// supervisor, bus and specification: as live heap, and as resident memory after the runtime
// has given back what starting needed. Each device is polled once, and has nothing to say.
func BenchmarkIdle(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		if n > 10_000 && testing.Short() {
			continue
		}
		b.Run(fmt.Sprintf("devices=%d", n), func(b *testing.B) {
			for b.Loop() {
				idle(b, n)
			}
		})
	}
}

// forgetful acknowledges batches at once and keeps nothing.
type forgetful struct{}

func (forgetful) Store(_ *roostv1.ReadingBatch, done func(error)) { done(nil) }

func idle(b *testing.B, n int) {
	heap, resident := settledMemory(b)
	began := time.Now()
	var online atomic.Int64
	up := make(chan struct{})
	g, err := actors.New(actors.Config{
		ID: "gw-1", Drivers: map[string]actors.Driver{"script": sampling()}, Store: forgetful{}, StopTimeout: time.Minute,
		Events: func(e *roostv1.Event) {
			if e.Kind == roostv1.EventKind_EVENT_KIND_ONLINE && online.Add(1) == int64(n) {
				close(up)
			}
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	profiles := []*roostv1.Profile{boiler()}
	for i := range n {
		id := "device-" + strconv.Itoa(i)
		spec := device(id, func(d *roostv1.DeviceSpec) { d.PollInterval = durationpb.New(24 * time.Hour) })
		a := &roostv1.Assignment{Bus: id, Epoch: 1, Devices: []*roostv1.DeviceSpec{spec}, Profiles: profiles}
		if err := g.Assign(ctx, a); err != nil {
			b.Fatal(err)
		}
	}
	<-up
	took := time.Since(began)
	heapNow, residentNow := settledMemory(b)
	b.ReportMetric(took.Seconds(), "s-to-online")
	b.ReportMetric(float64(heapNow-heap)/float64(n), "heap-B/device")
	b.ReportMetric(float64(residentNow-resident)/float64(n), "resident-B/device")
	runtime.KeepAlive(g)
	began = time.Now()
	cancel()
	if err := <-ended; err != nil {
		b.Error(err)
	}
	b.ReportMetric(time.Since(began).Seconds(), "s-to-stop")
}

// settledMemory returns the live heap and the resident memory in bytes, once
// everything that can be given back is.
func settledMemory(b *testing.B) (heap, resident int64) {
	b.Helper()
	debug.FreeOSMemory()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip("resident memory is read from /proc, which this system does not have")
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmRSS:" {
			kb, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			resident = kb << 10
		}
	}
	return int64(stats.HeapAlloc), resident
}
