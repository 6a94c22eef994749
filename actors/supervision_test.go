package actors_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestFailedDeviceIsRestartedVisibly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var healed atomic.Bool
		s := &script{open: func(context.Context) error {
			if !healed.Load() {
				return errors.New("no route to device")
			}
			return nil
		}}
		b := start(t, drivers(s))
		b.assign(7, device("boiler-1"))
		synctest.Wait()
		failed := b.told("boiler-1", roostv1.EventKind_EVENT_KIND_FAILED)
		if len(failed) != 1 {
			t.Fatalf("%d failures told, want 1", len(failed))
		}
		e := failed[0]
		if e.Attempt != 1 || e.NextDelay.AsDuration() != 250*time.Millisecond || !errors.Is(e.Status, roostv1.ErrOffline) {
			t.Errorf("event is %v, want attempt 1 in 250ms, device offline", e)
		}
		if !strings.Contains(e.Message, "no route to device") {
			t.Errorf("message %q does not give the driver's reason", e.Message)
		}
		healed.Store(true)
		sleep(250 * time.Millisecond)
		if n := len(b.told("boiler-1", roostv1.EventKind_EVENT_KIND_RESTARTED)); n != 1 {
			t.Errorf("%d restarts told, want 1", n)
		}
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
	})
}

// Failures, whatever their kind, restart the device that has them and touch nobody
// else: promise 4.
func TestFailureOfOneDeviceIsItsOwn(t *testing.T) {
	tests := map[string]struct {
		poll func(ctx context.Context, end <-chan struct{}) ([]actors.Sample, error)
		want roostv1.Code
	}{
		"error": {
			poll: func(context.Context, <-chan struct{}) ([]actors.Sample, error) { return nil, errors.New("checksum") },
			want: roostv1.ErrOffline,
		},
		"panic": {
			poll: func(context.Context, <-chan struct{}) ([]actors.Sample, error) { panic("index out of range") },
			want: roostv1.ErrPanic,
		},
		"hang": {
			poll: func(_ context.Context, end <-chan struct{}) ([]actors.Sample, error) { <-end; return nil, nil },
			want: roostv1.ErrHung,
		},
		"no answer": {
			poll: func(ctx context.Context, _ <-chan struct{}) ([]actors.Sample, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			},
			want: roostv1.ErrOffline,
		},
		"stale": {
			poll: func(context.Context, <-chan struct{}) ([]actors.Sample, error) { return nil, nil },
			want: roostv1.ErrStale,
		},
		"ends its goroutine": {
			poll: func(context.Context, <-chan struct{}) ([]actors.Sample, error) { runtime.Goexit(); return nil, nil },
			want: roostv1.ErrPanic,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				end := make(chan struct{})
				t.Cleanup(func() { close(end) })
				good := &script{}
				bad := &script{poll: func(ctx context.Context, _ []string) ([]actors.Sample, error) { return test.poll(ctx, end) }}
				b := start(t, map[string]actors.Driver{"bad": bad, "script": good})
				b.assign(1, device("bad", func(d *roostv1.DeviceSpec) {
					d.Driver = "bad"
					d.Supervision = &roostv1.SupervisionPolicy{PollTimeout: durationpb.New(time.Second)}
				}))
				b.assign(2, device("good"))
				sleep(30 * time.Second)
				failed := b.told("bad", roostv1.EventKind_EVENT_KIND_FAILED)
				if len(failed) == 0 {
					t.Fatal("no failure told")
				}
				if !errors.Is(failed[0].Status, test.want) {
					t.Errorf("failed with %v, want %v", failed[0].Status, test.want)
				}
				if opens, closes := bad.count(); opens < 2 || closes < opens-1 {
					t.Errorf("%d sessions opened, %d closed: want restarts, each with the old session closed", opens, closes)
				}
				if stored, _, missed := b.store.readings(t, "good"); stored != 30 || missed != 0 {
					t.Errorf("the other device has %d readings and %d missed polls, want 30 and 0", stored, missed)
				}
			})
		})
	}
}

func TestQuarantineProbesSlowlyAndEndsWithAGoodProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var opens atomic.Int64
		var healed atomic.Bool
		s := &script{open: func(context.Context) error {
			opens.Add(1)
			if !healed.Load() {
				return errors.New("dead")
			}
			return nil
		}}
		b := start(t, drivers(s))
		b.assign(1, device("boiler-1", func(d *roostv1.DeviceSpec) {
			d.Supervision = &roostv1.SupervisionPolicy{MaxFailures: 3, ProbeInterval: durationpb.New(time.Minute)}
		}))
		sleep(20 * time.Second)
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_QUARANTINED)
		if n := len(b.told("boiler-1", roostv1.EventKind_EVENT_KIND_QUARANTINED)); n != 1 {
			t.Errorf("%d quarantines told, want 1", n)
		}
		before := opens.Load()
		sleep(5 * time.Minute)
		if probes := opens.Load() - before; probes != 5 {
			t.Errorf("%d probes in 5 minutes, want one a minute", probes)
		}
		healed.Store(true)
		sleep(2 * time.Minute)
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
		if n := len(b.told("boiler-1", roostv1.EventKind_EVENT_KIND_RELEASED)); n != 1 {
			t.Errorf("%d releases told, want 1", n)
		}
	})
}

func TestReleaseByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var healed atomic.Bool
		s := &script{open: func(context.Context) error {
			if !healed.Load() {
				return errors.New("dead")
			}
			return nil
		}}
		b := start(t, drivers(s))
		b.assign(1, device("boiler-1", func(d *roostv1.DeviceSpec) {
			d.Supervision = &roostv1.SupervisionPolicy{MaxFailures: 1, ProbeInterval: durationpb.New(time.Hour)}
		}))
		sleep(time.Minute)
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_QUARANTINED)
		healed.Store(true)
		if err := b.Release(t.Context(), "boiler-1"); err != nil {
			t.Fatal(err)
		}
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
		if err := b.Release(t.Context(), "boiler-1"); !errors.Is(err, roostv1.ErrConflict) {
			t.Errorf("releasing a device that is online: %v, want a conflict", err)
		}
		if err := b.Release(t.Context(), "nobody"); !errors.Is(err, roostv1.ErrNotOwner) {
			t.Errorf("releasing an unknown device: %v, want not owner", err)
		}
	})
}

func TestHungCallIsAbandonedCountedAndItsReturnTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unhang := make(chan struct{})
		var hung atomic.Bool
		s := &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
			if hung.CompareAndSwap(false, true) {
				<-unhang
			}
			return []actors.Sample{{Resource: "temp", Value: roostv1.Double(20)}}, nil
		}}
		b := start(t, drivers(s))
		b.assign(1, device("boiler-1"))
		sleep(20 * time.Second)
		status, _ := b.Status("boiler-1")
		if c := status.Counters; c.AbandonedCalls != 1 || c.AbandonedRunning != 1 || c.Restarts != 1 {
			t.Errorf("counters are %v, want one call abandoned and running, one restart", c)
		}
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
		close(unhang)
		synctest.Wait()
		status, _ = b.Status("boiler-1")
		if c := status.Counters; c.AbandonedCalls != 1 || c.AbandonedRunning != 0 {
			t.Errorf("counters are %v, want no call running", c)
		}
		if n := len(b.told("boiler-1", roostv1.EventKind_EVENT_KIND_CALL_RETURNED)); n != 1 {
			t.Errorf("%d returns told, want 1", n)
		}
	})
}

// A driver that hangs every time must not leave a goroutine for each restart.
func TestAbandonedCallsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unhang := make(chan struct{})
		var hanging atomic.Int64
		s := &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
			hanging.Add(1)
			<-unhang
			return nil, nil
		}}
		t.Cleanup(func() { close(unhang) })
		b := start(t, drivers(s))
		b.assign(1, device("boiler-1", func(d *roostv1.DeviceSpec) {
			d.Supervision = &roostv1.SupervisionPolicy{MaxFailures: 1000, ProbeInterval: durationpb.New(24 * time.Hour)}
		}))
		sleep(time.Hour)
		if n := hanging.Load(); n != 4 {
			t.Errorf("%d calls hang after an hour, want 4", n)
		}
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_QUARANTINED)
	})
}

func TestSessionThatOpensTooLateIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var slow atomic.Bool
		slow.Store(true)
		s := &script{open: func(context.Context) error {
			if slow.CompareAndSwap(true, false) {
				<-time.After(time.Minute) // the open timeout is 10 s
			}
			return nil
		}}
		b := start(t, drivers(s))
		b.assign(1, device("boiler-1"))
		sleep(30 * time.Second)
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
		if _, closes := s.count(); closes != 0 {
			t.Errorf("%d sessions closed before the late one opened", closes)
		}
		sleep(time.Minute)
		if opens, closes := s.count(); opens != 2 || closes != 1 {
			t.Errorf("%d sessions opened and %d closed, want the late one closed", opens, closes)
		}
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
	})
}

func TestRestartsOfManyDevicesAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit, devices = 3, 40
		var opening, most, opens atomic.Int64
		s := &script{open: func(context.Context) error {
			if opens.Add(1) <= devices {
				return errors.New("power cut")
			}
			now := opening.Add(1)
			defer opening.Add(-1)
			for {
				m := most.Load()
				if now <= m || most.CompareAndSwap(m, now) {
					break
				}
			}
			<-time.After(time.Second)
			return nil
		}}
		b := start(t, drivers(s), func(c *actors.Config) { c.MaxRestarts = limit })
		for i := range devices {
			b.assign(uint64(i+1), device(fmt.Sprintf("boiler-%d", i)))
		}
		sleep(time.Minute)
		if most.Load() != limit {
			t.Errorf("%d devices were restarting at once, want %d", most.Load(), limit)
		}
		for i := range devices {
			b.wantState(fmt.Sprintf("boiler-%d", i), roostv1.DeviceState_DEVICE_STATE_ONLINE)
		}
	})
}

func TestDelaysGrowAndAreCapped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{open: func(context.Context) error { return errors.New("dead") }}
		b := start(t, drivers(s))
		b.assign(1, device("boiler-1", func(d *roostv1.DeviceSpec) {
			d.Supervision = &roostv1.SupervisionPolicy{
				BaseDelay: durationpb.New(time.Second), MaxDelay: durationpb.New(8 * time.Second),
				Decay: durationpb.New(1000 * time.Hour), MaxFailures: 6,
			}
		}))
		sleep(time.Hour)
		var got []time.Duration
		for _, e := range b.told("boiler-1", roostv1.EventKind_EVENT_KIND_FAILED)[:6] {
			got = append(got, e.NextDelay.AsDuration().Round(10*time.Millisecond))
		}
		want := "[500ms 1s 2s 4s 4s 4s]" // half of 1, 2, 4, 8, 8, 8 s: the dice always show 0.5
		if fmt.Sprint(got) != want {
			t.Errorf("delays are %v, want %v", got, want)
		}
	})
}

func TestMisconfiguredDeviceIsShownAndMended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{}))
		b.assign(1, device("boiler-1", func(d *roostv1.DeviceSpec) { d.Driver = "modbuss" }))
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_MISCONFIGURED)
		status, _ := b.Status("boiler-1")
		if !strings.Contains(status.LastError.GetMessage(), `no driver "modbuss"`) {
			t.Errorf("last error is %q", status.LastError.GetMessage())
		}
		b.assign(1, device("boiler-1", func(d *roostv1.DeviceSpec) { d.Revision = 2 }))
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
	})
}

func TestEventsHookThatPanicsHarmsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{}), func(c *actors.Config) {
			c.Events = func(*roostv1.Event) { panic("hook") }
		})
		b.assign(1, device("boiler-1"))
		sleep(5 * time.Second)
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
	})
}

// One resource of a device may fall silent while the others go on.
func TestSilentResourceIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{})) // samples temp alone
		p := boiler()
		p.Resources = append(p.Resources, &roostv1.Resource{
			Name: "flow", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, MaxStaleness: durationpb.New(20 * time.Second),
		})
		b.serve(p, device("boiler-1"))
		sleep(19 * time.Second)
		if n := len(b.told("boiler-1", roostv1.EventKind_EVENT_KIND_FAILED)); n != 0 {
			t.Fatalf("%d failures before its time", n)
		}
		sleep(2 * time.Second)
		failed := b.told("boiler-1", roostv1.EventKind_EVENT_KIND_FAILED)
		if len(failed) != 1 || !errors.Is(failed[0].Status, roostv1.ErrStale) || !strings.Contains(failed[0].Message, "flow") {
			t.Errorf("failures are %v, want one, stale, that names flow", failed)
		}
	})
}
