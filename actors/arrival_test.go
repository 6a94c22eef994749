package actors_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// A sample came when the driver handed it over, however late the device's turn to look at it comes.
func TestSampleCameWhenItWasHandedOver(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // nobody looks at it before the driver waits
	synctest.Test(t, func(t *testing.T) {
		var emitted, delivered, own time.Time
		var first time.Time
		s := &script{push: func(ctx context.Context, sink actors.Sink) error {
			first = time.Now()
			samples := temp(roostv1.Double(20))
			_ = sink.Emit(samples...)
			emitted = samples[0].At
			samples = temp(roostv1.Double(21))
			samples[0].At = first.Add(-time.Hour)
			_ = sink.Emit(samples...)
			own = samples[0].At
			ended, cancel := context.WithCancel(ctx)
			cancel()
			samples = temp(roostv1.Double(22))
			_ = sink.Deliver(ended, samples...)
			delivered = samples[0].At
			<-ctx.Done()
			return nil
		}}
		b := start(t, drivers(s))
		b.assign(1, device("boiler-1"))
		if !emitted.Equal(first) || !delivered.Equal(first) || !own.Equal(first.Add(-time.Hour)) {
			t.Errorf("emitted at %v, delivered at %v, the driver's own is %v; want %v", emitted, delivered, own, first)
		}
	})
}
