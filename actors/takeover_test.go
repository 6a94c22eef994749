package actors_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// What an earlier owner did, as it stands in the journal.
var (
	wasQueued     = roostv1.Change{State: queued, Waits: roostv1.QueueReason_QUEUE_REASON_ORDER}
	wasDispatched = roostv1.Change{State: dispatched}
	wasUnknown    = roostv1.Change{State: unknown, Effect: roostv1.Effect_EFFECT_UNKNOWN}
)

// The next owner goes on with every command where the last one stopped.
func TestTakeover(t *testing.T) {
	none := []roostv1.Change{}
	sent, doubted := []roostv1.Change{wasDispatched}, []roostv1.Change{wasDispatched, wasUnknown}
	absolute := mix("c", ack, opened(50))
	relative := mix("c", ack, values{"stroke": roostv1.Double(5)})
	hidden := mix("c", ack, values{"mode": roostv1.Text("fast")})
	brief := mix("c", ack, opened(50), expiresIn(time.Second))
	senseless := mix("c", ack, values{"pressure": roostv1.Double(5)})
	tests := map[string]struct {
		command *roostv1.Command
		past    []roostv1.Change
		age     time.Duration // since the last change
		want    roostv1.CommandState
		acts    int
	}{
		"accepted, absolute":                 {absolute, none, 0, succeeded, 1},
		"accepted, relative":                 {relative, none, 0, succeeded, 1},
		"queued":                             {relative, []roostv1.Change{wasQueued}, 0, succeeded, 1},
		"accepted, late":                     {brief, none, 2 * time.Second, expired, 0},
		"accepted, senseless":                {senseless, none, 0, rejected, 0},
		"dispatched, absolute":               {absolute, sent, 0, succeeded, 1},
		"dispatched, absolute, late":         {brief, sent, 2 * time.Second, failed, 0}, // the device does not show it
		"dispatched, relative":               {relative, sent, 0, indeterminate, 0},
		"dispatched, senseless":              {senseless, sent, 0, indeterminate, 0},
		"unknown, absolute":                  {absolute, doubted, 0, failed, 0},
		"unknown, absolute, window over":     {absolute, doubted, time.Hour, failed, 0}, // it is looked at all the same
		"unknown, relative, window over":     {relative, doubted, 11 * time.Second, indeterminate, 0},
		"unknown, relative":                  {relative, doubted, 0, indeterminate, 0},
		"unknown, and nothing could show it": {hidden, doubted, 0, indeterminate, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlant()
				w := emptySite(t, &p.script)
				record := w.enter(w.accept(test.command), test.past...)
				sleep(test.age)
				w.assignMixer(siteEpoch)
				w.hand(record)
				w.hand(record) // handed twice by mistake
				sleep(time.Second)
				if test.want == indeterminate && test.age == 0 {
					w.wantDoubt(record)
				}
				sleep(11 * time.Second)
				r := w.want("c", test.want, nil)
				w.wantActs(&p.script, test.acts)
				if r.Order != record.Order || r.AcceptedAt.AsTime() != record.AcceptedAt.AsTime() {
					t.Errorf("record is %v", r)
				}
				if len(test.past) > 0 && test.acts > 0 && test.past[len(test.past)-1].State == dispatched && r.Attempt != 2 {
					t.Errorf("%d attempts, want 2", r.Attempt)
				}
			})
		})
	}
}

// wantDoubt checks that a command which may have been sent is UNKNOWN for now, and says why.
func (w *site) wantDoubt(handed *roostv1.CommandRecord) {
	w.bench.t.Helper()
	if handed.State == unknown {
		return // as it was
	}
	r := w.want(handed.CommandId, unknown, roostv1.ErrOutcomeUnknown)
	if r.Status.GetMessage() != "unknown: the gateway stopped after sending" {
		w.bench.t.Errorf("status is %v", r.Status)
	}
}

// Whatever a journal holds, it breaks nothing, and the commands beside it go on.
func TestTakeoverOfGarbage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		w := newSite(t, s)
		bare := func(id string, state roostv1.CommandState) *roostv1.CommandRecord {
			w.order++
			return &roostv1.CommandRecord{CommandId: id, DeviceId: "boiler-1", State: state, Order: w.order}
		}
		w.hand(nil, &roostv1.CommandRecord{}, bare("", accepted), bare("g1", accepted), bare("g2", queued), bare("g3", dispatched),
			bare("g4", unknown), bare("g5", succeeded), w.accept(feed("c1")))
		sleep(time.Minute)
		w.want("c1", succeeded, nil)
		for id, state := range map[string]roostv1.CommandState{"g1": rejected, "g2": rejected, "g3": indeterminate, "g4": indeterminate} {
			if r := w.record(id); r.State != state {
				t.Errorf("%s is %s, want %s", id, r.State.Word(), state.Word())
			}
		}
		for _, e := range w.told("boiler-1", roostv1.EventKind_EVENT_KIND_INTERNAL) {
			t.Errorf("told %v", e.Status)
		}
		w.wantActs(s, 1)
	})
}

// A locked device is not sent again what it may have been sent.
func TestTakeoverOfALockedDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		w := newSite(t, s, func(d *roostv1.DeviceSpec) { d.AdminState = roostv1.AdminState_ADMIN_STATE_LOCKED })
		w.hand(w.accept(set("c1", 60)), w.enter(w.accept(set("c2", 60, whileAway)), wasDispatched))
		w.want("c1", rejected, roostv1.ErrLocked)
		w.want("c2", unknown, roostv1.ErrOutcomeUnknown)
		sleep(time.Minute)
		w.want("c2", indeterminate, roostv1.ErrOutcomeUnknown)
		w.wantActs(s, 0)
	})
}

// What waits for a device that turns out to be none is not left waiting.
func TestCommandsOfADeviceThatBecomesMisconfigured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{actuate: func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
			<-time.After(time.Second)
			return nil, nil
		}}
		w := newSite(t, s)
		w.send(feed("c1"), feed("c2"))
		w.assign(siteEpoch, device("boiler-1", respecified, func(d *roostv1.DeviceSpec) { d.Driver = "none" }))
		sleep(2 * time.Second)
		w.want("c1", succeeded, nil)
		w.want("c2", rejected, roostv1.ErrOffline)
	})
}

// A device that is opened for the first time is not known to be away.
func TestTakeoverWaitsForTheDeviceToOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		s := &script{open: func(context.Context) error {
			<-time.After(2 * time.Second)
			if down.Load() {
				return errors.New("no route")
			}
			return nil
		}}
		w := emptySite(t, s)
		w.assign(siteEpoch, device("boiler-1"))
		w.send(feed("c1"))
		if r := w.want("c1", queued, nil); r.QueueReason != roostv1.QueueReason_QUEUE_REASON_DEVICE_AWAY {
			t.Errorf("it waits for %s", r.QueueReason.Word())
		}
		sleep(3 * time.Second)
		w.want("c1", succeeded, nil)

		down.Store(true)
		w.assign(siteEpoch, device("boiler-1", respecified)) // opened anew, and not known to be away
		w.send(feed("c2"), feed("c3", whileAway, expiresIn(20*time.Second)))
		w.want("c2", queued, nil)
		sleep(3 * time.Second)
		w.want("c2", rejected, roostv1.ErrOffline)
		w.want("c3", queued, nil)
		w.send(feed("c4"), feed("c5", func(c *roostv1.Command) { c.NotBefore = durationpb.New(5 * time.Second) }))
		w.want("c4", rejected, roostv1.ErrOffline)
		w.want("c5", queued, nil) // it may be back by then
		sleep(time.Minute)
		w.want("c3", expired, nil)
		w.want("c5", rejected, roostv1.ErrOffline)
		w.wantActs(s, 1)
	})
}

// Commands of a bus that is not served under their epoch are another owner's.
func TestCommandsOfAnotherEpoch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		w := newSite(t, s)
		c1, c2 := w.accept(feed("c1")), w.accept(feed("c2"))
		for _, epoch := range []uint64{siteEpoch - 1, siteEpoch + 1} {
			w.Commands("boiler-1", epoch, []*roostv1.OpenCommand{{Record: c1}})
		}
		w.Commands("boiler-2", siteEpoch, []*roostv1.OpenCommand{{Record: c1}})
		sleep(time.Minute)
		w.want("c1", 0, nil)
		w.wantActs(s, 0)

		// Handed right behind an assignment that has to wait for the end of the one before.
		w.assignQuietly(siteEpoch+1, device("boiler-1"))
		w.Commands("boiler-1", siteEpoch+1, []*roostv1.OpenCommand{{Record: c2}})
		sleep(time.Second)
		if r := w.record("c2"); r.Epoch != siteEpoch+1 {
			t.Errorf("c2 is %s under epoch %d", r.State.Word(), r.Epoch)
		}
		w.wantActs(s, 0) // its time is over
	})
}

// assignQuietly does not wait for what comes of it.
func (w *site) assignQuietly(epoch uint64, devices ...*roostv1.DeviceSpec) {
	w.bench.t.Helper()
	err := w.Assign(w.bench.t.Context(), &roostv1.Assignment{
		Bus: "boiler-1", Epoch: epoch, Devices: devices, Profiles: []*roostv1.Profile{boiler()},
	})
	if err != nil {
		w.bench.t.Fatal(err)
	}
}

// A command that its first supervisor has done must not be done by the next one, which does not know it.
func TestCommandIsHandedOverToTheNextSupervisorOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{close: func(context.Context) error { <-time.After(time.Second); return nil }}
		w := emptySite(t, s)
		onBus := func(d *roostv1.DeviceSpec) { d.Bus = "boiler-1" }
		w.assign(siteEpoch, device("boiler-1"), device("other", onBus))
		done := w.accept(feed("done"))
		w.hand(done)
		w.want("done", succeeded, nil)
		waits := w.accept(feed("waits", func(c *roostv1.Command) { c.NotBefore = durationpb.New(10 * time.Second) }))
		w.hand(waits)

		w.assignQuietly(siteEpoch, device("other", onBus)) // boiler-1 is retired, and comes back
		w.assignQuietly(siteEpoch, device("boiler-1"), device("other", onBus))
		fresh := w.accept(feed("fresh"))
		w.Commands("boiler-1", siteEpoch, []*roostv1.OpenCommand{{Record: fresh}})
		w.cancel(done, "ann") // who hands it has not seen its end yet
		w.hand(done, waits, fresh)
		sleep(20 * time.Second)
		w.want("done", succeeded, nil)
		w.want("waits", rejected, roostv1.ErrUnavailable)
		w.want("fresh", succeeded, nil)
		w.wantActs(s, 2)
		w.cancel(done, "ann")
		w.assignQuietly(siteEpoch, device("other", onBus)) // retired for good
		sleep(5 * time.Second)
		w.cancel(done, "ann")
		w.hand(done)
		sleep(10 * time.Second)
		w.want("done", succeeded, nil)
	})
}

// Commands of a device that is gone get their end all the same.
func TestCommandsOfADeviceThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSite(t, &script{})
		gone := func(id string) *roostv1.Command {
			return feed(id, func(c *roostv1.Command) { c.DeviceId = "gone" })
		}
		w.hand(w.accept(gone("c1")), w.enter(w.accept(gone("c2")), wasDispatched), w.enter(w.accept(gone("c3")), wasDispatched, wasUnknown))
		w.want("c1", 0, nil) // the device may be assigned yet
		sleep(6 * time.Second)
		w.want("c1", rejected, roostv1.ErrNotFound)
		w.want("c2", indeterminate, nil)
		w.want("c3", indeterminate, nil)

		soon := feed("c4", func(c *roostv1.Command) { c.DeviceId = "soon" })
		w.send(soon)
		w.assign(siteEpoch, device("boiler-1"), device("soon", func(d *roostv1.DeviceSpec) { d.Bus = "boiler-1" }))
		sleep(time.Second)
		w.want("c4", succeeded, nil)
	})
}
