package actors_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// corrected assigns the boiler with a profile that says of the setpoint that it is not ABSOLUTE, or nothing.
func (w *site) corrected(gone bool) {
	p := proto.CloneOf(boiler())
	p.Revision = 2
	if gone {
		p.Resources = p.Resources[:1]
	} else {
		p.Resources[1].WriteKind = roostv1.WriteKind_WRITE_KIND_RELATIVE
	}
	w.serveAs(p, device("boiler-1"))
}

// What may have been sent is not sent again once its profile says that this does something twice.
func TestProfileThatChangesUnderACommand(t *testing.T) {
	whens := map[string]func(w *site, correct func()){
		"while it is sent": func(w *site, correct func()) {
			sleep(500 * time.Millisecond)
			correct()
		},
		"while its intent is under way": func(w *site, correct func()) {
			w.hold(func(r *roostv1.CommandRecord) bool { return r.State == dispatched && r.Attempt == 2 })
			sleep(4 * time.Second)
			correct()
			w.hold(nil)
		},
		"while it waits to be sent again": func(w *site, correct func()) {
			sleep(500 * time.Millisecond)
			w.Suspend()
			sleep(3 * time.Second)
			w.want("c1", unknown, nil)
			correct()
			w.Resume()
		},
	}
	for name, when := range whens {
		for _, gone := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &script{actuate: func(ctx context.Context, _ actors.Action) (map[string]*roostv1.Value, error) {
						<-ctx.Done()
						return nil, ctx.Err()
					}}
					w := newSite(t, s)
					w.send(set("c1", 60, whileAway, timeout(2*time.Second), expiresIn(time.Minute)))
					before := 1
					if name == "while its intent is under way" {
						before = 2
					}
					when(w, func() { w.corrected(gone) })
					sleep(2 * time.Minute)
					w.want("c1", indeterminate, nil)
					if n := len(s.actions()); n > before {
						t.Errorf("told %d times, want %d at most", n, before)
					}
					if n := w.openCommands(); n != 0 {
						t.Errorf("%d commands are open", n)
					}
					for _, e := range w.told("boiler-1", roostv1.EventKind_EVENT_KIND_INTERNAL) {
						t.Errorf("told %v", e.Status)
					}
				})
			})
		}
	}
}

// pausing is a Journal whose caller is stopped for a while when it is told an intent, as by SIGSTOP.
type pausing struct {
	actors.Journal
	pause time.Duration
}

func (p pausing) Record(bus string, epoch uint64, r *roostv1.CommandRecord, done func(error)) {
	if r.State == dispatched && r.CommandId == "c1" {
		<-time.After(p.pause)
	}
	p.Journal.Record(bus, epoch, r, done)
}

// A call that is given up before the Journal has its intent leaves no command behind.
func TestCallThatIsGivenUpBeforeItsIntentIsDurable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		w := emptySite(t, s, func(c *actors.Config) { c.Journal = pausing{c.Journal, 10 * time.Second} })
		w.assign(siteEpoch, device("boiler-1"))
		w.send(feed("c1"), set("c2", 60, whileAway, expiresIn(time.Minute)))
		sleep(9 * time.Second)
		w.want("c1", 0, nil)
		w.wantActs(s, 0)
		sleep(time.Minute)
		if r := w.want("c1", failed, nil); r.Effect != roostv1.Effect_EFFECT_NONE {
			t.Errorf("effect is %s, and nothing was sent", r.Effect.Word())
		}
		w.want("c2", succeeded, nil)
		w.wantActs(s, 1)
		if n := w.openCommands(); n != 0 {
			t.Errorf("%d commands are open", n)
		}
	})
}
