package actors_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// What a repeat did not do, the attempt before it may have.
func TestRepeatThatFails(t *testing.T) {
	whys := map[string]error{"not sent": actors.ErrNotSent, "refused": actors.ErrRefused}
	for name, why := range whys {
		for _, deaf := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, deaf=%v", name, deaf), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := newPlant()
					act := p.script.actuate
					p.script.actuate = func(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
						if len(p.actions()) > 1 {
							return nil, fmt.Errorf("no: %w", why)
						}
						return act(ctx, a)
					}
					w := newMixer(t, p)
					p.set(func() { p.lost, p.deaf = true, deaf })
					w.send(mix("c1", ack, opened(50), timeout(time.Second), whileAway))
					sleep(20 * time.Second)
					want, step := succeeded, succeeded
					if deaf {
						want, step = failed, failed
					}
					r := w.want("c1", want, nil)
					if r.Effect == roostv1.Effect_EFFECT_NONE || r.Steps[0].State != step {
						t.Errorf("effect %s after %v", r.Effect.Word(), r.Steps)
					}
					w.wantActs(&p.script, 2)
				})
			})
		}
	}
}

// What an owner before may have sent, this one's refusal does not undo.
func TestTakenOverRepeatThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{actuate: func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
			return nil, actors.ErrNotSent
		}}
		w := newSite(t, s)
		w.hand(w.enter(w.accept(set("c1", 60)), wasDispatched))
		w.want("c1", unknown, roostv1.ErrOutcomeUnknown)
		sleep(time.Minute)
		w.want("c1", indeterminate, roostv1.ErrOutcomeUnknown)
		w.wantActs(s, 1)
	})
}

// A device that fails at once, and does not say what it did, is told again after pauses, not as fast as it fails.
// What comes later waits behind the command, so that it is not undone by it, and neither is told for ever.
func TestRepeatsRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{actuate: func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
			return nil, errors.New("garbled answer")
		}}
		w := newSite(t, s)
		w.send(set("c1", 60, whileAway, expiresIn(time.Minute)))
		w.send(set("c2", 70, whileAway, expiresIn(time.Hour)))
		sleep(30 * time.Second)
		acts := s.actions()
		if len(acts) < 5 || len(acts) > 15 {
			t.Errorf("told %d times in 30 s", len(acts))
		}
		for _, a := range acts {
			if a.CommandID != "c1" {
				t.Errorf("%s went before c1 had ended", a.CommandID)
			}
		}
		sleep(10 * time.Minute)
		if n := len(s.actions()); n > 100 {
			t.Errorf("told %d times in all", n)
		}
		for _, id := range []string{"c1", "c2"} {
			if r := w.ledger.record(id); !r.GetState().Final() {
				t.Errorf("%s has not ended: %v", id, r)
			}
		}
	})
}
