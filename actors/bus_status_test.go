package actors_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// line is a bus with two good devices, whose polls take 100 ms, and one that may be dead, which costs a second each time.
func line(t *testing.T, options ...func(*actors.Config)) (b *bench, dead *atomic.Bool) {
	dead = new(atomic.Bool)
	poll := func(ctx context.Context, _ []string) ([]actors.Sample, error) {
		sleepIn(ctx, 100*time.Millisecond)
		return temp(roostv1.Double(20)), nil
	}
	silent := func(ctx context.Context) error {
		sleepIn(ctx, time.Second)
		return errors.New("no answer")
	}
	bad := &script{
		poll: func(ctx context.Context, names []string) ([]actors.Sample, error) {
			if dead.Load() {
				return nil, silent(ctx)
			}
			return poll(ctx, names)
		},
		actuate: func(ctx context.Context, _ actors.Action) (map[string]*roostv1.Value, error) {
			if dead.Load() {
				return nil, silent(ctx)
			}
			return nil, nil
		},
	}
	b = start(t, map[string]actors.Driver{"script": &script{poll: poll}, "bad": bad}, options...)
	b.assign(7, device("a", onBus("line")), device("b", onBus("line")), device("c", onBus("line"), func(d *roostv1.DeviceSpec) { d.Driver = "bad" }))
	return b, dead
}

// bus returns how a bus is when all is quiet.
func (b *bench) bus(t *testing.T, id string) *roostv1.BusStatus {
	t.Helper()
	synctest.Wait()
	page, _ := b.Buses("", 0)
	for _, s := range page {
		if s.Bus == id {
			return s
		}
	}
	t.Fatalf("there is no bus %s", id)
	return nil
}

// TestBusStatus: what is told of a bus is what happens on it.
func TestBusStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, dead := line(t)
		sleep(40 * time.Second)
		s := b.bus(t, "line")
		if s.Bus != "line" || s.Gateway != "gw-1" || s.Epoch != 7 || s.Devices != 3 || s.Answering != 3 || len(s.Silent) != 0 {
			t.Errorf("all is well, and the bus is %v", s)
		}
		if s.TurnsPerSecond < 2.8 || s.TurnsPerSecond > 3.2 || s.Used < 0.28 || s.Used > 0.32 || s.Turns < 118 {
			t.Errorf("three polls of 100 ms a second are %.2f turns a second, %d in all, and %.0f %% of the time", s.TurnsPerSecond, s.Turns, 100*s.Used)
		}
		if wait := s.LongestWait.AsDuration(); wait > 200*time.Millisecond {
			t.Errorf("somebody waited for %v", wait)
		}
		dead.Store(true)
		sleep(3 * time.Second) // it has failed once, and rests for five seconds
		s = b.bus(t, "line")
		if s.Answering != 2 || len(s.Silent) != 1 || s.LongestWait.AsDuration() < 250*time.Millisecond || s.WaitingPolls != 0 {
			t.Fatalf("one is dead, and the bus is %v", s)
		}
		d := s.Silent[0]
		if d.DeviceId != "c" || d.State != roostv1.DeviceState_DEVICE_STATE_OFFLINE || d.Failures != 1 || d.LastError.GetMessage() == "" {
			t.Errorf("the dead one is %v", d)
		}
		if rest := d.RestsUntil.AsTime().Sub(d.Since.AsTime()); rest != 5*time.Second || d.NextAttempt.AsTime() != d.RestsUntil.AsTime() {
			t.Errorf("it rests for %v, and is tried %v", rest, d.NextAttempt.AsTime())
		}
		sleep(2 * time.Minute)
		if d = b.bus(t, "line").Silent[0]; d.Failures < 5 || d.NextAttempt == nil {
			t.Errorf("after two minutes the dead one is %v", d)
		}
		dead.Store(false)
		sleep(90 * time.Second)
		if s = b.bus(t, "line"); s.Answering != 3 || len(s.Silent) != 0 {
			t.Errorf("all is well again, and the bus is %v", s)
		}
	})
}

// TestBusesByPage: buses come in the order of their ids, and one that is gone is not told of.
func TestBusesByPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{}))
		for i := range 5 {
			b.assign(1, device(fmt.Sprintf("d%d", i)))
		}
		if err := b.Withdraw(t.Context(), "d3"); err != nil {
			t.Fatal(err)
		}
		first, more := b.Buses("", 2)
		if len(first) != 2 || !more || first[1].Bus != "d1" {
			t.Fatalf("the first page is %v, more %v", first, more)
		}
		rest, more := b.Buses("d1", 0)
		if len(rest) != 2 || more || rest[0].Bus != "d2" || rest[1].Bus != "d4" || rest[1].Answering != 1 {
			t.Errorf("the second page is %v, more %v", rest, more)
		}
	})
}

// TestCommandsOfDeviceThatRests: a command goes although its device rests, the next ones wait for the end of the rest, and one whose time is over
// then is EXPIRED when that is.
func TestCommandsOfDeviceThatRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, dead := line(t)
		sleep(10 * time.Second)
		dead.Store(true)
		sleep(2500 * time.Millisecond) // it rests
		began := time.Now()
		send := func(id string, within, wait time.Duration) *roostv1.CommandRecord {
			ctx, cancel := context.WithTimeout(t.Context(), wait)
			defer cancel()
			r, err := b.Execute(ctx, feed(id, expiresIn(within), func(c *roostv1.Command) { c.DeviceId = "c" }))
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		first := send("c1", 30*time.Second, 1200*time.Millisecond)
		if took := first.DispatchedAt.AsTime().Sub(began); took > 200*time.Millisecond {
			t.Errorf("the first command waited for %v", took)
		}
		if second := send("c2", 30*time.Second, 1200*time.Millisecond); second.DispatchedAt == nil {
			t.Errorf("the second command is %v, want it sent", second)
		}
		d := b.bus(t, "line").Silent[0]
		if rest := d.RestsUntil.AsTime().Sub(d.Since.AsTime()); rest != 15*time.Second {
			t.Errorf("for a poll and two commands of a second it rests for %v, want 15s", rest)
		}
		began = time.Now()
		third := send("c3", 1500*time.Millisecond, time.Minute)
		if third.State != roostv1.CommandState_COMMAND_STATE_EXPIRED || third.DispatchedAt != nil {
			t.Errorf("the third command is %v: its device rests for longer than it may wait", third)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("that it is late was told after %v, want 1.5s", took)
		}
	})
}

// TestReleaseEndsTheRest: who releases a device by hand does not wait for its rest.
func TestReleaseEndsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, dead := line(t)
		b.assign(7, device("a", onBus("line")), device("b", onBus("line")), device("c", onBus("line"), func(d *roostv1.DeviceSpec) {
			d.Driver, d.Supervision = "bad", &roostv1.SupervisionPolicy{MaxFailures: 1, ProbeInterval: durationpb.New(time.Hour)}
		}))
		dead.Store(true)
		for range 600 { // until it has just failed for the last time
			sleep(100 * time.Millisecond)
			if d, _ := b.Status("c"); d.State == roostv1.DeviceState_DEVICE_STATE_QUARANTINED {
				break
			}
		}
		b.wantState("c", roostv1.DeviceState_DEVICE_STATE_QUARANTINED)
		if d := b.bus(t, "line").Silent[0]; d.RestsUntil == nil {
			t.Fatalf("it does not rest: %v", d)
		}
		dead.Store(false)
		if err := b.Release(t.Context(), "c"); err != nil {
			t.Fatal(err)
		}
		sleep(time.Second)
		b.wantState("c", roostv1.DeviceState_DEVICE_STATE_ONLINE)
		if s := b.bus(t, "line"); s.Answering != 3 {
			t.Errorf("the bus is %v", s)
		}
	})
}

// TestRestingDevicesLeaveRoomForRestarts: devices that wait for the end of a rest on their bus do not keep others from being restarted.
func TestRestingDevicesLeaveRoomForRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		other := &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
			if broken.Swap(false) {
				panic("a defect")
			}
			return temp(roostv1.Double(20)), nil
		}}
		b, dead := line(t, func(c *actors.Config) { c.MaxRestarts, c.Drivers["other"] = 1, other })
		b.assign(1, device("other", func(d *roostv1.DeviceSpec) { d.Driver = "other" }))
		dead.Store(true)
		for range 1200 { // until it is to be opened again, and rests
			sleep(100 * time.Millisecond)
			if s := b.bus(t, "line").Silent; len(s) == 1 && s[0].State == roostv1.DeviceState_DEVICE_STATE_OPENING && s[0].RestsUntil != nil {
				break
			}
		}
		rest := time.Until(b.bus(t, "line").Silent[0].RestsUntil.AsTime())
		if rest < 3*time.Second {
			t.Fatalf("it rests for %v only", rest)
		}
		broken.Store(true)
		sleep(2 * time.Second)
		if broken.Load() {
			t.Fatal("the other device was not polled")
		}
		b.wantState("other", roostv1.DeviceState_DEVICE_STATE_ONLINE)
	})
}
