package actors_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// lease is a fence that a test opens and shuts.
type lease struct {
	mu   sync.Mutex
	ctx  context.Context
	shut context.CancelFunc
}

func (l *lease) open() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ctx, l.shut = context.WithCancel(context.Background())
}

func (l *lease) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shut()
}

func (l *lease) Enter(ctx context.Context) (context.Context, context.CancelFunc, bool) {
	l.mu.Lock()
	fence := l.ctx
	l.mu.Unlock()
	act, cancel := context.WithCancel(ctx)
	unhook := context.AfterFunc(fence, cancel)
	return act, func() { unhook(); cancel() }, fence.Err() == nil
}

// fenced starts a gateway with an open fence.
func fenced(t *testing.T, s *script) (*bench, *lease) {
	l := &lease{}
	l.open()
	return start(t, drivers(s), func(c *actors.Config) { c.Fence = l }), l
}

func attached(d *roostv1.DeviceSpec) {
	d.Placement = &roostv1.Placement{Gateways: []string{"gw-1"}}
}

func exclusive(d *roostv1.DeviceSpec) { d.ExclusiveSession = true }

func TestSuspendedGatewaySendsNothingToSharedDevices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		b, l := fenced(t, s)
		b.assign(1, device("boiler-1"))
		l.close() // nobody has told the gateway yet
		want(t, b.execute(feed("c1", expiresIn(time.Second))), expired, roostv1.ErrExpired)
		b.Suspend()
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_SUSPENDED)
		want(t, b.execute(feed("c2", expiresIn(time.Second))), expired, roostv1.ErrExpired)
		want(t, b.execute(feed("c3", whileAway, expiresIn(time.Second))), expired, roostv1.ErrExpired)
		waits := b.present(feed("c4"), time.Second)
		want(t, waits, queued, nil)
		sleep(10 * time.Second)
		if n := len(s.actions()); n != 0 {
			t.Errorf("the device was told %d times", n)
		}
		if stored, _, _ := b.store.readings(t, "boiler-1"); stored < 11 {
			t.Errorf("%d readings in 12 s at 1 Hz: a suspended gateway samples on", stored)
		}
		l.open()
		b.Resume()
		want(t, b.execute(feed("c4")), succeeded, nil)
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
		if opens, _ := s.count(); opens != 1 {
			t.Errorf("the suspension opened the device anew")
		}
	})
}

func TestCommandUnderWayEndsAtTheFence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{actuate: func(ctx context.Context, _ actors.Action) (map[string]*roostv1.Value, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		b, l := fenced(t, s)
		b.assign(1, device("boiler-1"))
		go func() {
			<-time.After(500 * time.Millisecond)
			l.close()
		}()
		began := time.Now()
		want(t, b.present(feed("c1"), time.Second), unknown, roostv1.ErrOutcomeUnknown)
		if took := time.Since(began); took > time.Second {
			t.Errorf("the act took %v beyond a fence at 500 ms", took)
		}
	})
}

func TestAttachedDeviceGoesOnThroughSuspension(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := fenced(t, &script{})
		b.assign(1, device("boiler-1", attached))
		l.close()
		b.Suspend()
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
		want(t, b.execute(feed("c1")), succeeded, nil)
	})
}

func TestExclusiveDeviceIsLetGoOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := true
		s := &script{close: func(ctx context.Context) error {
			silent = silent && errors.Is(ctx.Err(), context.Canceled)
			return nil
		}}
		b, l := fenced(t, s)
		b.assign(1, device("boiler-1", exclusive))
		sleep(3 * time.Second)
		l.close()
		b.Suspend()
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_SUSPENDED)
		if _, closes := s.count(); closes != 1 || !silent {
			t.Errorf("%d sessions closed, without a word to the device: %v", closes, silent)
		}
		before, _, _ := b.store.readings(t, "boiler-1")
		sleep(10 * time.Second)
		if after, _, _ := b.store.readings(t, "boiler-1"); after != before {
			t.Errorf("%d readings of a device that belongs to the next owner", after-before)
		}
		l.open()
		b.Resume()
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
		if status, _ := b.Status("boiler-1"); status.Restarts != 0 {
			t.Errorf("the suspension counts as %d restarts", status.Restarts)
		}
	})
}

// TestExclusiveDeviceIsNotPolledPastItsFence: a device with one session is not touched without a lease, also before the gateway is
// told that it is suspended; what was not polled is declared, and the device is not to blame. Others are polled on.
func TestExclusiveDeviceIsNotPolledPastItsFence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		polls := 0
		s := &script{poll: func(context.Context, []string) ([]actors.Sample, error) { polls++; return nil, nil }}
		b, l := fenced(t, s)
		b.assign(1, device("boiler-1", exclusive))
		sleep(3 * time.Second)
		before := polls
		l.close() // and nobody says so
		sleep(1500 * time.Millisecond)
		if polls != before || before == 0 {
			t.Errorf("%d polls past the fence, after %d before it", polls-before, before)
		}
		status, _ := b.Status("boiler-1")
		if status.State != roostv1.DeviceState_DEVICE_STATE_ONLINE || status.Counters.GetMissedPolls() == 0 {
			t.Errorf("it is %v, with %d polls missed", status.State, status.Counters.GetMissedPolls())
		}
		l.open()
		sleep(1500 * time.Millisecond)
		if polls == before {
			t.Error("it is not polled any more")
		}
	})
}

// TestExclusiveDeviceIsNotOpenedPastItsFence: nor is it opened, or listened to, before the gateway is told; it is when there is a lease
// again, and none of that counts as a failure.
func TestExclusiveDeviceIsNotOpenedPastItsFence(t *testing.T) {
	listen := func(ctx context.Context, _ actors.Sink) error { <-ctx.Done(); return ctx.Err() }
	for name, push := range map[string]func(context.Context, actors.Sink) error{"polled": nil, "pushes": listen} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{push: push}
				b, l := fenced(t, s)
				l.close() // and nobody says so
				b.assign(1, device("boiler-1", exclusive))
				sleep(3 * time.Second)
				if opens, _ := s.count(); opens != 0 {
					t.Errorf("opened %d times past the fence", opens)
				}
				l.open()
				sleep(time.Second)
				b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
				open, _ := s.count()
				l.close()
				sleep(3 * time.Second)
				opens, closes := s.count()
				if opens != open || push != nil && closes != 1 {
					t.Errorf("opened %d times, closed %d times, past the fence", opens-open, closes)
				}
				l.open()
				sleep(time.Second)
				b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
				if status, _ := b.Status("boiler-1"); status.Restarts != 0 || status.LastError != nil {
					t.Errorf("%d restarts, %v", status.Restarts, status.LastError)
				}
			})
		})
	}
}

// TestOpenThatTheFenceEnds: the same where the lease runs out while the device is opened.
func TestOpenThatTheFenceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{open: func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(200 * time.Millisecond):
				return nil
			}
		}}
		b, l := fenced(t, s)
		go func() {
			<-time.After(100 * time.Millisecond)
			l.close()
		}()
		b.assign(1, device("boiler-1", exclusive))
		sleep(2 * time.Second)
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_SUSPENDED)
		l.open()
		sleep(time.Second)
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
		status, _ := b.Status("boiler-1")
		if opens, _ := s.count(); opens != 2 || status.Restarts != 0 || status.LastError != nil {
			t.Errorf("opened %d times, %d restarts, %v", opens, status.Restarts, status.LastError)
		}
	})
}

func TestGatewayThatStartsSuspended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		b, _ := fenced(t, s)
		b.Suspend()
		b.assign(1, device("boiler-1", exclusive))
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_SUSPENDED)
		if opens, _ := s.count(); opens != 0 {
			t.Errorf("%d sessions opened without a lease", opens)
		}
		b.Resume()
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
	})
}

// What is attached to this gateway alone goes on without a lease, and what becomes shared meanwhile
// does not: only a change of the lease was looked at, not one of the placement.
func TestPlacementChangesWhileSuspended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		b, l := fenced(t, s)
		b.assign(1, device("boiler-1", exclusive, attached))
		l.close()
		b.Suspend()
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
		b.assign(1, device("boiler-1", exclusive))
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_SUSPENDED)
		if _, closes := s.count(); closes != 1 {
			t.Errorf("%d sessions closed of a device that became shared, want 1", closes)
		}
		before, _, _ := b.store.readings(t, "boiler-1")
		sleep(10 * time.Second)
		if after, _, _ := b.store.readings(t, "boiler-1"); after != before {
			t.Errorf("%d readings of a device that belongs to the next owner", after-before)
		}
		b.assign(1, device("boiler-1", exclusive, attached))
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
		want(t, b.execute(feed("c1")), succeeded, nil)
	})
}

// A command that waits for the bus keeps no right that the device has lost.
func TestCommandThatWaitsWhileTheDeviceBecomesShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
			<-time.After(500 * time.Millisecond)
			return temp(roostv1.Double(20)), nil
		}}
		b, l := fenced(t, s)
		b.assign(1, device("boiler-1", attached))
		sleep(200 * time.Millisecond) // a poll is under way
		l.close()
		b.Suspend()
		go func() {
			<-time.After(100 * time.Millisecond)
			b.assign(1, device("boiler-1"))
		}()
		want(t, b.execute(feed("c1", expiresIn(2*time.Second))), expired, roostv1.ErrExpired)
		sleep(time.Second)
		if n := len(s.actions()); n != 0 {
			t.Errorf("the device was told %d times", n)
		}
	})
}

// A driver that answers although its context has ended must not be told the next step. What was done by
// then is certain.
func TestCommandStopsBetweenItsSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{actuate: func(ctx context.Context, _ actors.Action) (map[string]*roostv1.Value, error) {
			<-ctx.Done()
			return nil, nil
		}}
		b, l := fenced(t, s)
		b.assign(1, device("boiler-1"))
		time.AfterFunc(500*time.Millisecond, l.close)
		r := b.present(set("c1", 60, func(c *roostv1.Command) { c.Arguments["limit"] = roostv1.Double(80) }), time.Second)
		want(t, r, failed, roostv1.ErrUnavailable)
		if n := len(s.actions()); n != 1 {
			t.Errorf("the device was told %d steps, want the first", n)
		}
		if r.Effect != roostv1.Effect_EFFECT_PARTIAL || len(r.Steps) != 2 || r.Steps[0].State != succeeded || r.Steps[1].State != 0 {
			t.Errorf("effect is %s after steps %v, want partial and the second not begun", r.Effect.Word(), r.Steps)
		}
	})
}
