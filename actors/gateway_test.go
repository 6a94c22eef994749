package actors_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestDeviceIsPolledAndStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		b := start(t, drivers(s))
		b.assign(7, device("boiler-1"))
		sleep(10 * time.Second)
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
		if stored, _, _ := b.store.readings(t, "boiler-1"); stored != 10 {
			t.Errorf("%d readings in 10 s at 1 Hz, want 10", stored)
		}
		first := b.store.of("boiler-1")[0]
		if first.Gateway != "gw-1" || first.Epoch != 7 || first.Profile != "boiler" || first.ProfileRevision != 1 || first.BaseTime == nil {
			t.Errorf("batch is %v", first)
		}
		if err := b.stop(); err != nil {
			t.Error(err)
		}
		if opens, closes := s.count(); opens != 1 || closes != 1 {
			t.Errorf("opened %d and closed %d sessions, want 1 and 1", opens, closes)
		}
	})
}

func TestConfigIsChecked(t *testing.T) {
	for name, cfg := range map[string]actors.Config{
		"bad id":     {ID: "gw.1", Store: &memory{}},
		"no store":   {ID: "gw-1"},
		"nil driver": {ID: "gw-1", Store: &memory{}, Drivers: map[string]actors.Driver{"x": nil}},
	} {
		if _, err := actors.New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestAssignmentIsChecked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{}))
		profiles := []*roostv1.Profile{boiler()}
		for name, test := range map[string]struct {
			a    *roostv1.Assignment
			text string
		}{
			"nil":             {nil, "nil"},
			"no bus":          {&roostv1.Assignment{}, "bus is empty"},
			"nil device":      {&roostv1.Assignment{Bus: "b", Profiles: profiles, Devices: []*roostv1.DeviceSpec{nil}}, "nil"},
			"bad device id":   {&roostv1.Assignment{Bus: "b", Profiles: profiles, Devices: []*roostv1.DeviceSpec{device("a b", onBus("b"))}}, "a b"},
			"another bus":     {&roostv1.Assignment{Bus: "b", Profiles: profiles, Devices: []*roostv1.DeviceSpec{device("d")}}, "is on bus d"},
			"unknown profile": {&roostv1.Assignment{Bus: "d", Devices: []*roostv1.DeviceSpec{device("d")}}, `"boiler"`},
			"twice":           {&roostv1.Assignment{Bus: "d", Profiles: profiles, Devices: []*roostv1.DeviceSpec{device("d"), device("d")}}, "twice"},
		} {
			err := b.Assign(t.Context(), test.a)
			if err == nil || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%s: error is %v, want one that names %q", name, err, test.text)
			}
		}
	})
}

func onBus(bus string) func(*roostv1.DeviceSpec) {
	return func(d *roostv1.DeviceSpec) { d.Bus = bus }
}

func TestMethodsBeforeRunSayThatTheGatewayDoesNotRun(t *testing.T) {
	g, err := actors.New(actors.Config{ID: "gw-1", Store: &memory{}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.Withdraw(ctx, "b"); !errors.Is(err, roostv1.ErrUnavailable) {
		t.Errorf("Withdraw: %v, want unavailable", err)
	}
	if page, more := g.Statuses("", 10); len(page) != 0 || more {
		t.Errorf("Statuses: %v, %v", page, more)
	}
	if _, ok := g.Status("d"); ok {
		t.Error("Status of an unknown device is known")
	}
}

func TestNewEpochStartsSequencesAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		b := start(t, drivers(s))
		b.assign(7, device("boiler-1"))
		sleep(3 * time.Second)
		b.assign(9, device("boiler-1"))
		sleep(3 * time.Second)
		epochs := map[uint64]int{}
		for _, batch := range b.store.of("boiler-1") {
			if epochs[batch.Epoch] == 0 && batch.FirstSequence != 1 {
				t.Errorf("epoch %d starts at sequence %d", batch.Epoch, batch.FirstSequence)
			}
			epochs[batch.Epoch] += len(batch.Readings)
		}
		if epochs[7] != 3 || epochs[9] != 3 {
			t.Errorf("readings by epoch are %v, want 3 and 3", epochs)
		}
		if opens, closes := s.count(); opens != 2 || closes != 1 {
			t.Errorf("%d sessions opened, %d closed", opens, closes)
		}
	})
}

func TestDevicesComeAndGoOnABus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{}))
		one, two, three := device("d1", onBus("line")), device("d2", onBus("line")), device("d3", onBus("line"))
		b.assign(7, one, two)
		b.assign(7, two, three)
		b.wantState("d1", roostv1.DeviceState_DEVICE_STATE_UNPLACED)
		b.wantState("d2", roostv1.DeviceState_DEVICE_STATE_ONLINE)
		b.wantState("d3", roostv1.DeviceState_DEVICE_STATE_ONLINE)
		// d1 comes back while its old supervisor may still be closing.
		if err := b.Assign(t.Context(), &roostv1.Assignment{Bus: "line", Epoch: 7, Devices: []*roostv1.DeviceSpec{two}, Profiles: []*roostv1.Profile{boiler()}}); err != nil {
			t.Fatal(err)
		}
		b.assign(7, one, two, three)
		for _, d := range []string{"d1", "d2", "d3"} {
			b.wantState(d, roostv1.DeviceState_DEVICE_STATE_ONLINE)
		}
		page, more := b.Statuses("d1", 1)
		if len(page) != 1 || page[0].DeviceId != "d2" || !more {
			t.Errorf("page after d1 is %v, more %v, want d2 and more", page, more)
		}
	})
}

func TestChangedAddressReopensTheDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		b := start(t, drivers(s))
		b.assign(7, device("boiler-1"))
		sleep(3 * time.Second)
		b.assign(7, device("boiler-1", func(d *roostv1.DeviceSpec) { d.Labels, d.Revision = map[string]string{"site": "north"}, 2 }))
		if opens, _ := s.count(); opens != 1 {
			t.Errorf("a label opened the device anew")
		}
		b.assign(7, device("boiler-1", func(d *roostv1.DeviceSpec) { d.Address, d.Revision = map[string]string{"host": "b"}, 3 }))
		if opens, closes := s.count(); opens != 2 || closes != 1 {
			t.Errorf("%d sessions opened and %d closed after a new address, want 2 and 1", opens, closes)
		}
		sleep(3 * time.Second)
		stored, _, _ := b.store.readings(t, "boiler-1") // checks that the sequence went on
		if stored != 6 {
			t.Errorf("%d readings in 6 s", stored)
		}
		status, _ := b.Status("boiler-1")
		if status.Restarts != 0 || status.SpecRevision != 3 {
			t.Errorf("status is %v, want revision 3 without a restart", status)
		}
	})
}

func TestWithdrawReturnsWhenNothingTouchesTheDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var inside atomic.Int64
		var closed atomic.Bool
		s := &script{
			poll: func(context.Context, []string) ([]actors.Sample, error) {
				inside.Add(1)
				defer inside.Add(-1)
				<-time.After(300 * time.Millisecond)
				return temp(roostv1.Double(20)), nil
			},
			close: func(context.Context) error {
				<-time.After(time.Second)
				closed.Store(true)
				return nil
			},
		}
		b := start(t, drivers(s))
		b.assign(7, device("boiler-1"))
		sleep(600 * time.Millisecond) // a poll is under way
		if err := b.Withdraw(t.Context(), "boiler-1"); err != nil {
			t.Fatal(err)
		}
		if !closed.Load() || inside.Load() != 0 {
			t.Errorf("withdrawn with the session closed: %v, polls under way: %d", closed.Load(), inside.Load())
		}
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_UNPLACED)
		if err := b.Withdraw(t.Context(), "boiler-1"); err != nil {
			t.Errorf("withdrawing a bus that is not there: %v", err)
		}
	})
}

func TestWithdrawThatTakesTooLongCutsTheBusOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{}))
		b.assign(7, device("boiler-1"))
		b.store.fail(errors.New("hub is away"))
		sleep(3 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.Withdraw(ctx, "boiler-1"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("withdraw: %v, want deadline exceeded", err)
		}
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_UNPLACED)
		b.assign(9, device("boiler-1"))
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
	})
}

func TestStopIsBoundedWhateverTheDriverDoes(t *testing.T) {
	tests := map[string]func(end <-chan struct{}) *script{
		"poll hangs": func(end <-chan struct{}) *script {
			return &script{poll: func(context.Context, []string) ([]actors.Sample, error) { <-end; return nil, nil }}
		},
		"open hangs": func(end <-chan struct{}) *script {
			return &script{open: func(context.Context) error { <-end; return nil }}
		},
		"close hangs": func(end <-chan struct{}) *script {
			return &script{close: func(context.Context) error { <-end; return nil }}
		},
		"open is late and close hangs": func(end <-chan struct{}) *script {
			return &script{
				open:  func(ctx context.Context) error { <-ctx.Done(); <-time.After(900 * time.Millisecond); return nil },
				close: func(context.Context) error { <-end; return nil },
			}
		},
		"push hangs": func(end <-chan struct{}) *script {
			return pushing(func(context.Context, actors.Sink) error { <-end; return nil })
		},
		"command hangs": func(end <-chan struct{}) *script {
			return &script{actuate: func(context.Context, actors.Action) (map[string]*roostv1.Value, error) { <-end; return nil, nil }}
		},
		"close panics": func(<-chan struct{}) *script {
			return &script{close: func(context.Context) error { panic("close") }}
		},
	}
	for name, make := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				end := newSignal()
				t.Cleanup(func() { close(end) })
				b := start(t, drivers(make(end)))
				b.assign(1, device("boiler-1"))
				go func() { _, _ = b.Execute(context.Background(), feed("c1")) }()
				sleep(600 * time.Millisecond)
				began := time.Now()
				_ = b.stop()
				if took := time.Since(began); took > 4500*time.Millisecond {
					t.Errorf("the stop took %v, want at most 4.5 s", took)
				}
			})
		})
	}
}

// A session that opens when all calls were told to end has as long as they had.
func TestStopIsBoundedThoughASessionOpensLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{
			open:  func(ctx context.Context) error { <-ctx.Done(); <-time.After(900 * time.Millisecond); return nil },
			close: func(ctx context.Context) error { <-ctx.Done(); return nil },
		}
		b := start(t, drivers(s), func(c *actors.Config) { c.StopTimeout = 100 * time.Millisecond })
		b.assign(1, device("boiler-1"))
		began := time.Now()
		_ = b.stop()
		if took := time.Since(began); took > time.Second {
			t.Errorf("the stop took %v, want the 0.9 s that the driver took to open", took)
		}
		if opens, closes := s.count(); opens != 1 || closes != 1 {
			t.Errorf("%d sessions opened and %d closed", opens, closes)
		}
	})
}

func newSignal() chan struct{} { return make(chan struct{}) }

// Commands overtake polls on a bus, and a dead device costs the others a bounded share.
func TestDeadDeviceOnABusCostsABoundedShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead := &script{poll: func(ctx context.Context, _ []string) ([]actors.Sample, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		good := &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
			<-time.After(10 * time.Millisecond)
			return temp(roostv1.Double(20)), nil
		}}
		b := start(t, map[string]actors.Driver{"dead": dead, "script": good})
		devices := []*roostv1.DeviceSpec{device("dead", onBus("line"), func(d *roostv1.DeviceSpec) {
			d.Driver, d.PollInterval = "dead", durationpb.New(100*time.Millisecond)
			d.Supervision = &roostv1.SupervisionPolicy{
				PollTimeout: durationpb.New(2 * time.Second), FailedPolls: 1000, StaleAfter: durationpb.New(time.Hour),
			}
		})}
		for i := range 9 {
			devices = append(devices, device(fmt.Sprintf("good-%d", i), onBus("line")))
		}
		b.assign(1, devices...)
		sleep(100 * time.Second)
		for i := range 9 {
			stored, _, _ := b.store.readings(t, fmt.Sprintf("good-%d", i))
			if stored < 80 {
				t.Errorf("good-%d was polled %d times in 100 s at 1 Hz beside a dead device, want at least 80", i, stored)
			}
		}
	})
}

func TestCommandsOvertakePollsOnTheBus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
			<-time.After(100 * time.Millisecond)
			return temp(roostv1.Double(20)), nil
		}}
		b := start(t, drivers(s))
		var devices []*roostv1.DeviceSpec
		for i := range 30 { // three seconds of polls a second: the bus is never free
			devices = append(devices, device(fmt.Sprintf("boiler-%d", i), onBus("line")))
		}
		b.assign(1, devices...)
		sleep(10 * time.Second)
		for i := range 20 {
			began := time.Now()
			want(t, b.execute(set(fmt.Sprintf("c%d", i), 60)), succeeded, nil)
			if took := time.Since(began); took > 100*time.Millisecond {
				t.Errorf("command %d took %v, more than the poll before it", i, took)
			}
		}
	})
}

// However many commands there are, a poll gets every ninth turn. Here four devices wait to be
// polled all the time and a command takes 100 ms, so each is polled once in 3.2 s.
func TestPollsAreNotStarvedByCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{actuate: func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
			<-time.After(100 * time.Millisecond)
			return nil, nil
		}}
		b := start(t, drivers(s))
		b.assign(1, device("boiler-0", onBus("line")), device("boiler-1", onBus("line")), device("boiler-2", onBus("line")), device("quiet", onBus("line")))
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		for i := range 3 {
			go func() {
				for n := 0; ctx.Err() == nil; n++ {
					c := feed(fmt.Sprintf("c%d-%d", i, n), func(c *roostv1.Command) { c.DeviceId = fmt.Sprintf("boiler-%d", i) })
					_, _ = b.Execute(ctx, c)
				}
			}()
		}
		<-ctx.Done()
		synctest.Wait()
		if n := len(s.actions()); n < 100 {
			t.Fatalf("%d commands in 20 s: the bus was not busy with them", n)
		}
		if stored, _, _ := b.store.readings(t, "quiet"); stored < 5 {
			t.Errorf("a device beside them was polled %d times in 20 s at 1 Hz", stored)
		}
	})
}
