package actors_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"pgregory.net/rapid"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// sampling makes a polling script that gives the samples of one poll after the other.
func sampling(polls ...[]actors.Sample) *script {
	var n atomic.Int64
	return &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
		i := int(n.Add(1)) - 1
		if i >= len(polls) {
			return nil, nil
		}
		return polls[i], nil
	}}
}

func temp(v *roostv1.Value) []actors.Sample { return []actors.Sample{{Resource: "temp", Value: v}} }

// described renders the stored readings of a device.
func (m *memory) described(device string) string {
	var parts []string
	for _, b := range m.of(device) {
		for _, r := range b.Readings {
			part := r.Resource + "=" + r.Value.Format()
			if r.Quality != roostv1.Quality_QUALITY_GOOD {
				part = fmt.Sprintf("%s=%s/%s", r.Resource, r.Quality.Word(), r.Reason.Word())
			}
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " ")
}

// TestWhatIsWrongWithAReading: whoever looks at a device whose readings are bad is told what came, and what was expected, for as long as
// that holds.
func TestWhatIsWrongWithAReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := actors.Sample{Resource: "temp", Quality: roostv1.Quality_QUALITY_BAD, Reason: roostv1.QualityReason_QUALITY_REASON_SENSOR_FAULT}
		broken.Detail = "the wire is broken" + strings.Repeat("!", 1000)
		s := sampling(
			temp(roostv1.Double(20)), temp(roostv1.Double(200)), temp(roostv1.Text("hot")), []actors.Sample{broken}, temp(nil), temp(roostv1.Double(22)),
		)
		b := start(t, drivers(s))
		p := boiler()
		p.Resources[0].Max = proto.Float64(100)
		b.serve(p, device("boiler-1"))
		var told []string
		for range 80 {
			sleep(100 * time.Millisecond)
			status, _ := b.Status("boiler-1")
			for _, r := range status.Resources {
				if len(told) == 0 || told[len(told)-1] != r.Detail {
					told = append(told, r.Detail)
				}
			}
		}
		want := []string{
			"", "200 Cel is above the maximum 100", "hot is a STRING, not a DOUBLE", broken.Detail[:240] + "...",
			"no value, where a DOUBLE is needed", "",
		}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("what is wrong (-want +got):\n%s", diff)
		}
	})
}

func TestSamplesAreCheckedAgainstTheProfile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sampling(
			temp(roostv1.Double(20)),
			temp(roostv1.Int(21)), // a number of another type is converted
			temp(roostv1.Double(200)),
			temp(roostv1.Double(math.NaN())),
			temp(roostv1.Text("hot")),
			temp(nil),
			[]actors.Sample{{Resource: "temp", Quality: roostv1.Quality_QUALITY_BAD, Reason: roostv1.QualityReason_QUALITY_REASON_SENSOR_FAULT}},
			[]actors.Sample{{Resource: "tmep", Value: roostv1.Double(1)}, {Resource: "temp", Value: roostv1.Double(22)}},
		)
		b := start(t, drivers(s))
		p := boiler()
		p.Resources[0].Max = proto.Float64(100)
		b.serve(p, device("boiler-1"))
		sleep(8 * time.Second)
		want := "temp=20 temp=21 temp=uncertain/out of range temp=bad/decode error temp=bad/decode error temp=bad/decode error temp=bad/sensor fault temp=22"
		if got := b.store.described("boiler-1"); got != want {
			t.Errorf("stored %s\nwant   %s", got, want)
		}
		status, _ := b.Status("boiler-1")
		if m := status.LastError.GetMessage(); !strings.Contains(m, `"tmep"`) {
			t.Errorf("last error %q does not name the unknown resource", m)
		}
		if len(status.Resources) != 1 || status.Resources[0].Value.GetDouble() != 22 {
			t.Errorf("last values are %v", status.Resources)
		}
	})
}

func TestDeadbandAndHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var polls [][]actors.Sample
		for _, v := range []float64{20, 20.4, 20.9, 21, 21.5, 21.5, 21.5, 21.5, 19, 19, 19} {
			polls = append(polls, temp(roostv1.Double(v)))
		}
		b := start(t, drivers(sampling(polls...)))
		p := boiler()
		p.Resources[0].Deadband, p.Resources[0].Heartbeat = 1, durationpb.New(4*time.Second)
		b.serve(p, device("boiler-1"))
		sleep(11 * time.Second)
		if got, want := b.store.described("boiler-1"), "temp=20 temp=21 temp=21.5 temp=19"; got != want {
			t.Errorf("stored %s, want %s", got, want)
		}
	})
}

func TestFailedPollIsToldToReadersOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		s := &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
			if i := n.Add(1); i == 2 || i == 3 {
				return nil, errors.New("no answer")
			}
			return temp(roostv1.Double(20)), nil
		}}
		b := start(t, drivers(s))
		b.assign(1, device("boiler-1"))
		sleep(2 * time.Second)
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_OFFLINE)
		sleep(2 * time.Second)
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
		if got, want := b.store.described("boiler-1"), "temp=20 temp=bad/comm failure temp=20"; got != want {
			t.Errorf("stored %s, want %s", got, want)
		}
		if opens, _ := s.count(); opens != 1 {
			t.Errorf("%d sessions: two failed polls of three are no reason for a restart", opens)
		}
	})
}

func TestMissedPollsAreDeclaredAndNotMadeUpFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var polls atomic.Int64
		s := &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
			if polls.Add(1) == 3 {
				<-time.After(4500 * time.Millisecond)
			}
			return temp(roostv1.Double(20)), nil
		}}
		b := start(t, drivers(s))
		b.assign(1, device("boiler-1"))
		sleep(20 * time.Second)
		stored, _, missed := b.store.readings(t, "boiler-1")
		if stored != 16 || missed != 4 {
			t.Errorf("%d readings and %d missed polls in 20 s at 1 Hz with one poll of 4.5 s, want 16 and 4", stored, missed)
		}
	})
}

// Nothing is lost and nothing comes twice while the store fails, and what does not fit
// is declared: promise 3.
func TestStoreOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{}))
		b.assign(1, device("boiler-1", func(d *roostv1.DeviceSpec) { d.OutboxLimit = 20 }))
		sleep(5 * time.Second)
		b.store.fail(errors.New("hub is away"))
		sleep(10 * time.Second)
		b.store.fail(nil)
		sleep(10 * time.Second)
		stored, dropped, _ := b.store.readings(t, "boiler-1")
		if stored != 25 || dropped != 0 {
			t.Errorf("%d readings stored and %d dropped of 25 that fit", stored, dropped)
		}
		b.store.fail(errors.New("hub is away"))
		sleep(60 * time.Second)
		b.store.fail(nil)
		sleep(15 * time.Second)
		stored, dropped, _ = b.store.readings(t, "boiler-1")
		if stored+dropped != 100 || dropped < 35 || dropped > 40 {
			t.Errorf("%d stored and %d dropped, want 100 in all, of which about 39 did not fit", stored, dropped)
		}
		for kind, want := range map[roostv1.EventKind]int{
			roostv1.EventKind_EVENT_KIND_STORE_FAILING: 2, roostv1.EventKind_EVENT_KIND_STORE_RECOVERED: 2,
			roostv1.EventKind_EVENT_KIND_READINGS_DROPPED: 1,
		} {
			if got := len(b.told("boiler-1", kind)); got != want {
				t.Errorf("%s was told %d times, want %d", kind.Word(), got, want)
			}
		}
	})
}

// Whatever the store does, a reader can prove what it has: the batches of an epoch follow
// each other, and declare what is missing.
func TestCompletenessWhateverTheStoreDoes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		limit := rapid.Uint32Range(1, 8).Draw(r, "limit")
		steps := rapid.SliceOfN(rapid.SampledFrom([]string{"wait", "fail", "work", "hold", "answer", "restart"}), 1, 30).Draw(r, "steps")
		synctest.Test(t, func(t *testing.T) {
			var crash atomic.Bool
			s := &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
				if crash.Swap(false) {
					panic("crash")
				}
				return temp(roostv1.Double(20)), nil
			}}
			b := start(t, drivers(s))
			b.assign(1, device("boiler-1", func(d *roostv1.DeviceSpec) { d.OutboxLimit = limit }))
			for _, step := range steps {
				switch step {
				case "fail":
					b.store.fail(errors.New("no"))
				case "work":
					b.store.fail(nil)
				case "hold":
					b.store.hold(true)
				case "answer":
					b.store.hold(false)
				case "restart":
					crash.Store(true)
				}
				sleep(3 * time.Second)
			}
			b.store.hold(false)
			b.store.fail(nil)
			sleep(10 * time.Second)
			status, _ := b.Status("boiler-1")
			if err := b.stop(); err != nil {
				t.Error(err)
			}
			stored, dropped, _ := b.store.readings(t, "boiler-1")
			if c := status.Counters; c.ReadingsDropped != dropped || c.ReadingsStored > stored {
				r.Errorf("counters are %v, but the stream has %d readings and declares %d dropped", c, stored, dropped)
			}
		})
	})
}

// A batch that can never be stored must not stand in the way of those behind it.
func TestBatchThatCannotBeStoredIsDroppedAndDeclared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		delivered := make(chan error, 3)
		s := pushing(func(ctx context.Context, sink actors.Sink) error {
			for i := range 3 {
				delivered <- sink.Deliver(ctx, temp(roostv1.Double(float64(i)))...)
			}
			<-ctx.Done()
			return nil
		})
		b := start(t, drivers(s))
		b.store.hold(true)
		b.store.fail(roostv1.Errorf(roostv1.ErrInvalid, "too large"))
		b.assign(1, device("boiler-1"))
		sleep(time.Second)
		b.store.fail(nil)
		b.store.hold(false) // answers what it decided before
		sleep(time.Minute)
		if err := <-delivered; !errors.Is(err, roostv1.ErrExhausted) {
			t.Errorf("the first delivery ended with %v, want dropped", err)
		}
		for range 2 {
			if err := <-delivered; err != nil {
				t.Errorf("a delivery behind it: %v", err)
			}
		}
		stored, dropped, _ := b.store.readings(t, "boiler-1")
		if stored != 2 || dropped != 1 {
			t.Errorf("%d readings stored and %d declared dropped, want 2 and 1", stored, dropped)
		}
	})
}

// pushing makes a script whose session pushes what push does.
func pushing(push func(context.Context, actors.Sink) error) *script { return &script{push: push} }

func TestDeliverReturnsWhenStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		delivered := make(chan error, 10)
		s := pushing(func(ctx context.Context, sink actors.Sink) error {
			delivered <- sink.Deliver(ctx, temp(roostv1.Double(1))...)
			delivered <- sink.Deliver(ctx, temp(roostv1.Double(2))...)
			<-ctx.Done()
			return nil
		})
		b := start(t, drivers(s))
		b.store.hold(true)
		b.assign(1, device("boiler-1"))
		sleep(time.Minute)
		if n := len(delivered); n != 0 {
			t.Fatalf("%d deliveries returned before the store answered", n)
		}
		b.store.hold(false)
		synctest.Wait()
		for range 2 {
			if err := <-delivered; err != nil {
				t.Errorf("delivery: %v", err)
			}
		}
		if got := b.store.described("boiler-1"); got != "temp=1 temp=2" {
			t.Errorf("stored %s", got)
		}
	})
}

func TestDeliverFailsWhenTheGatewayStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		delivered := make(chan error, 1)
		s := pushing(func(_ context.Context, sink actors.Sink) error {
			delivered <- sink.Deliver(context.Background(), temp(roostv1.Double(1))...)
			return nil
		})
		b := start(t, drivers(s))
		b.store.fail(errors.New("disk full"))
		b.assign(1, device("boiler-1"))
		sleep(time.Second)
		if err := b.stop(); err == nil {
			t.Error("the gateway stopped clean, but readings were not stored")
		}
		if err := <-delivered; !errors.Is(err, roostv1.ErrUnavailable) {
			t.Errorf("delivery: %v, want unavailable", err)
		}
	})
}

// TestLastWords: what a driver hands over before its Push fails is stored, as that the device is away.
func TestLastWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended atomic.Bool
		s := pushing(func(ctx context.Context, sink actors.Sink) error {
			if ended.Swap(true) {
				<-ctx.Done()
				return nil
			}
			for n := range 5 {
				_ = sink.Emit(temp(roostv1.Double(float64(n)))...)
			}
			return errors.New("a fault")
		})
		b := start(t, drivers(s))
		b.assign(1, device("boiler-1"))
		sleep(time.Minute)
		if got := b.store.described("boiler-1"); got != "temp=0 temp=1 temp=2 temp=3 temp=4" {
			t.Errorf("stored %s", got)
		}
		if got := b.Totals(); got.ReadingsDropped != 0 || got.Restarts != 1 {
			t.Errorf("got %+v", got)
		}
	})
}

// A device that sends without end is cut down to what is taken, declared to the last
// sample, and leaves the others alone: promises 3 and 4.
func TestBabblingDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var emitted, refused atomic.Uint64
		babble := pushing(func(ctx context.Context, sink actors.Sink) error {
			for ctx.Err() == nil {
				emitted.Add(100)
				samples := make([]actors.Sample, 100)
				for i := range samples {
					samples[i] = actors.Sample{Resource: "temp", Value: roostv1.Double(float64(i))}
				}
				if err := sink.Emit(samples...); err != nil {
					refused.Add(100)
				}
				<-time.After(100 * time.Microsecond) // a million samples a second
			}
			return nil
		})
		b := start(t, map[string]actors.Driver{"babble": babble, "script": &script{}})
		b.assign(1, device("babbler", func(d *roostv1.DeviceSpec) { d.Driver = "babble" }))
		b.assign(2, device("boiler-1"))
		sleep(5 * time.Second)
		if err := b.stop(); err != nil {
			t.Error(err)
		}
		stored, dropped, _ := b.store.readings(t, "babbler")
		if stored+dropped != emitted.Load() {
			t.Errorf("%d stored and %d declared dropped of %d emitted", stored, dropped, emitted.Load())
		}
		if refused.Load() == 0 || stored > 150_000 {
			t.Errorf("%d readings stored and %d refused in 5 s at 20,000 a second", stored, refused.Load())
		}
		if stored, _, missed := b.store.readings(t, "boiler-1"); stored != 5 || missed != 0 {
			t.Errorf("the other device has %d readings and %d missed polls, want 5 and 0", stored, missed)
		}
	})
}

// What was refused lies between what was taken before and after: the reader is told
// where, not only how much.
func TestGapIsDeclaredWhereItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := pushing(func(ctx context.Context, sink actors.Sink) error {
			emit := func(n int) {
				_ = sink.Emit(slices.Repeat(temp(roostv1.Double(1)), n)...)
				<-time.After(100 * time.Millisecond)
			}
			emit(1)      // on its way
			emit(5)      // waits
			emit(30_000) // refused: more than a second's worth
			emit(5)      // waits
			<-ctx.Done()
			return nil
		})
		b := start(t, drivers(s))
		b.store.hold(true)
		b.assign(1, device("boiler-1"))
		sleep(time.Second)
		b.store.hold(false)
		synctest.Wait()
		var got []string
		for _, batch := range b.store.of("boiler-1") {
			got = append(got, fmt.Sprintf("%d+%d after %d dropped", batch.FirstSequence, len(batch.Readings), batch.DroppedBefore))
		}
		if want := "[1+1 after 0 dropped 2+5 after 0 dropped 30007+5 after 30000 dropped]"; fmt.Sprint(got) != want {
			t.Errorf("batches are %v, want %s", got, want)
		}
	})
}

func TestEndOfPushIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		s := pushing(func(ctx context.Context, sink actors.Sink) error {
			_ = sink.Emit(temp(roostv1.Double(1))...)
			if n.Add(1) == 1 {
				return nil
			}
			<-ctx.Done()
			return nil
		})
		b := start(t, drivers(s))
		b.assign(1, device("boiler-1"))
		sleep(time.Minute)
		failures := b.told("boiler-1", roostv1.EventKind_EVENT_KIND_FAILED)
		if len(failures) != 1 || !errors.Is(failures[0].Status, roostv1.ErrOffline) {
			t.Errorf("failures are %v, want one", failures)
		}
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
	})
}

// TestFirstValuesComeSoon: who opens a device, as after the death of its gateway, has its values at
// once, however seldom it is polled; and devices that open together are not polled together for ever.
func TestFirstValuesComeSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var draws atomic.Int64
		b := start(t, drivers(&script{}), func(c *actors.Config) {
			c.Jitter = func() float64 { return float64(draws.Add(1)%10) / 10 }
		})
		var specs []*roostv1.DeviceSpec
		for i := range 10 {
			specs = append(specs, device(fmt.Sprintf("slow-%d", i), func(d *roostv1.DeviceSpec) {
				d.PollInterval, d.Bus = durationpb.New(time.Minute), "boilers"
			}))
		}
		b.assign(1, specs...)
		sleep(250 * time.Millisecond)
		for _, d := range specs {
			if stored, _, _ := b.store.readings(t, d.Id); stored == 0 {
				t.Errorf("%s was not polled within 250 ms", d.Id)
			}
		}
		sleep(59 * time.Second)
		before := map[string]time.Time{}
		for _, d := range specs {
			status, _ := b.Status(d.Id)
			before[d.Id] = status.LastSeen.AsTime()
		}
		sleep(time.Minute)
		times := map[int64]bool{}
		for _, d := range specs {
			status, _ := b.Status(d.Id)
			if status.LastSeen.AsTime().Equal(before[d.Id]) {
				t.Errorf("%s was not polled again", d.Id)
			}
			times[status.LastSeen.AsTime().Unix()/3] = true
		}
		if len(times) < 4 {
			t.Errorf("the second polls of ten devices came at %d different times only", len(times))
		}
	})
}

// remembering is a store that has readings from before.
type remembering struct {
	*memory
	last map[uint64]uint64 // by epoch
}

func (r remembering) Last(_ string, epoch uint64) uint64 { return r.last[epoch] }

// A device that is served again under an epoch that it had before goes on where its readings end.
func TestSequencesGoOnUnderAnOldEpoch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := remembering{&memory{}, map[uint64]uint64{3: 40}}
		b := start(t, drivers(&script{}), func(c *actors.Config) { c.Store = store })
		b.assign(3, device("boiler-1"))
		sleep(3 * time.Second)
		batches := store.of("boiler-1")
		if len(batches) == 0 || batches[0].FirstSequence != 41 || batches[0].DroppedBefore != 0 {
			t.Errorf("the first batch is %v, want one that begins with 41 and declares nothing", batches)
		}
		b.assign(4, device("boiler-1"))
		sleep(3 * time.Second)
		if last := store.of("boiler-1"); last[len(last)-1].Epoch != 4 || last[len(last)-1].FirstSequence > 5 {
			t.Errorf("under a new epoch: %v, want sequences from 1", last[len(last)-1])
		}
	})
}
