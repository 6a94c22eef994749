package actors_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// A command that waits for the bus is with the device already, and can be taken back all the same.
func TestTakenBackOnTheBus(t *testing.T) {
	tests := map[string]struct {
		take func(w *site, r *roostv1.CommandRecord)
		want roostv1.CommandState
		acts int
	}{
		"cancelled": {func(w *site, r *roostv1.CommandRecord) { w.cancel(r, "ann") }, cancelled, 0},
		"locked": {func(w *site, _ *roostv1.CommandRecord) {
			w.assign(siteEpoch, device("boiler-1", func(d *roostv1.DeviceSpec) { d.AdminState = roostv1.AdminState_ADMIN_STATE_LOCKED }))
		}, rejected, 0},
		"locked and changed": {func(w *site, _ *roostv1.CommandRecord) {
			w.assign(siteEpoch, device("boiler-1", respecified, func(d *roostv1.DeviceSpec) { d.AdminState = roostv1.AdminState_ADMIN_STATE_LOCKED }))
		}, rejected, 0},
		"not in its profile any more": {func(w *site, _ *roostv1.CommandRecord) {
			p := proto.CloneOf(boiler())
			p.Revision, p.Commands = 2, nil
			w.serveAs(p, device("boiler-1"))
		}, rejected, 0},
		"superseded": {func(w *site, _ *roostv1.CommandRecord) {
			w.send(feed("c2", func(c *roostv1.Command) { c.Supersede = true }))
		}, superseded, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
					<-time.After(900 * time.Millisecond)
					return temp(roostv1.Double(20)), nil
				}}
				w := newSite(t, s)
				sleep(1300 * time.Millisecond) // a poll holds the bus
				record := w.accept(feed("c1"))
				w.hand(record)
				w.wantActs(s, 0)
				test.take(w, record)
				w.want("c1", test.want, nil)
				sleep(time.Minute)
				w.want("c1", test.want, nil)
				w.wantActs(s, test.acts)
			})
		})
	}
}

// A journal that takes its time is not the device's fault.
func TestUnsentCommandDoesNotRestTheDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var polls atomic.Int64
		s := &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
			polls.Add(1)
			return temp(roostv1.Double(20)), nil
		}}
		w := emptySite(t, s, func(c *actors.Config) {
			c.Drivers = map[string]actors.Driver{"script": s, "other": &script{}}
		})
		w.assign(siteEpoch, device("boiler-1"), device("other", func(d *roostv1.DeviceSpec) { d.Bus, d.Driver = "boiler-1", "other" }))
		sleep(3 * time.Second)
		w.hold(in(dispatched))
		w.send(feed("c1", expiresIn(2*time.Second)))
		sleep(2500 * time.Millisecond)
		w.hold(nil)
		before := polls.Load()
		sleep(5 * time.Second)
		if n := polls.Load() - before; n < 4 {
			t.Errorf("polled %d times in 5 s, want each second", n)
		}
		w.wantActs(s, 0)
	})
}

// serveAs assigns the device with a profile.
func (w *site) serveAs(p *roostv1.Profile, d *roostv1.DeviceSpec) {
	w.assignment(&roostv1.Assignment{
		Bus: "boiler-1", Epoch: siteEpoch, Devices: []*roostv1.DeviceSpec{d}, Profiles: []*roostv1.Profile{p},
	})
}

// counting is a fence that counts who comes.
type counting struct {
	*lease
	entered atomic.Int64
}

func (c *counting) Enter(ctx context.Context) (context.Context, context.CancelFunc, bool) {
	c.entered.Add(1)
	return c.lease.Enter(ctx)
}

// What is taken back again and again waits for the bus once.
func TestTakenBackManyTimesOnTheBus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fence counting
		s := &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
			<-time.After(900 * time.Millisecond)
			return temp(roostv1.Double(20)), nil
		}}
		w := emptySite(t, s, func(c *actors.Config) {
			fence.lease = c.Fence.(*lease)
			c.Fence = &fence
		})
		w.assign(siteEpoch, device("boiler-1"))
		sleep(1300 * time.Millisecond) // a poll holds the bus
		for i := range 20 {
			record := w.accept(feed(fmt.Sprintf("c%d", i)))
			w.hand(record)
			w.cancel(record, "ann")
		}
		w.send(feed("last"))
		before := fence.entered.Load()
		sleep(time.Second)
		w.want("last", succeeded, nil)
		if n := fence.entered.Load() - before; n > 3 {
			t.Errorf("%d calls had the bus, want the last one", n)
		}
	})
}

// So can one that waits for the bus be overtaken.
func TestOvertakenOnTheBus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
			<-time.After(900 * time.Millisecond)
			return temp(roostv1.Double(20)), nil
		}}
		w := newSite(t, s)
		sleep(1300 * time.Millisecond)
		w.send(feed("c1"))
		w.send(feed("c2", func(c *roostv1.Command) { c.Priority = roostv1.Priority_PRIORITY_HIGH }))
		sleep(time.Minute)
		if acts := s.actions(); len(acts) != 2 || acts[0].CommandID != "c2" {
			t.Errorf("told %+v, want c2 and then c1", acts)
		}
		w.want("c1", succeeded, nil)
		w.want("c2", succeeded, nil)
	})
}

// What the sender believes must hold when the command is dispatched, not only when it was given to the bus.
func TestPreconditionCeasesToHoldOnTheBus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sink actors.Sink
		s := &script{push: func(ctx context.Context, to actors.Sink) error { sink = to; <-ctx.Done(); return nil }}
		slow := &script{poll: func(ctx context.Context, _ []string) ([]actors.Sample, error) {
			select {
			case <-time.After(2 * time.Second):
			case <-ctx.Done():
			}
			return temp(roostv1.Double(20)), nil
		}}
		w := emptySite(t, s, func(c *actors.Config) {
			c.Drivers = map[string]actors.Driver{"script": s, "slow": slow}
		})
		w.assign(siteEpoch, device("boiler-1"), device("slow", func(d *roostv1.DeviceSpec) { d.Bus, d.Driver = "boiler-1", "slow" }))
		_ = sink.Emit(temp(roostv1.Double(20))...)
		sleep(time.Second) // the other device's poll holds the bus
		w.send(feed("c1", func(c *roostv1.Command) {
			c.Precondition = &roostv1.Precondition{Resource: "temp", Equals: roostv1.Double(20)}
		}))
		w.want("c1", 0, nil)
		_ = sink.Emit(temp(roostv1.Double(21))...)
		w.want("c1", rejected, roostv1.ErrConflict)
		sleep(time.Minute)
		w.wantActs(s, 0)
	})
}
