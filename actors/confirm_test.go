package actors_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// newMixer serves a plant.
func newMixer(t *testing.T, p *plant) *site {
	t.Helper()
	w := emptySite(t, &p.script)
	w.assignMixer(siteEpoch)
	w.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
	sleep(100 * time.Millisecond) // the first poll is over
	return w
}

func TestReadbackConfirms(t *testing.T) {
	both := values{"opening": roostv1.Double(50), "speed": roostv1.Int(900)}
	tests := map[string]struct {
		values  values
		prepare func(p *plant)
		after   func(p *plant) // half a second later
		state   roostv1.CommandState
		effect  roostv1.Effect
		text    string
	}{
		"match":            {both, func(*plant) {}, nil, succeeded, roostv1.Effect_EFFECT_APPLIED, ""},
		"within tolerance": {opened(10.4), func(p *plant) { p.deaf = true }, nil, succeeded, roostv1.Effect_EFFECT_APPLIED, ""},
		"beyond tolerance": {opened(10.6), func(p *plant) { p.deaf = true }, nil, failed, roostv1.Effect_EFFECT_UNKNOWN, "opening: read back 10, wanted 10.6"},
		"it takes its time": {
			opened(50), func(p *plant) { p.deaf = true }, func(p *plant) { p.values["opening"] = roostv1.Double(50) },
			succeeded, roostv1.Effect_EFFECT_APPLIED, "",
		},
		"one of two": {
			values{"opening": roostv1.Double(10), "speed": roostv1.Int(900)}, func(p *plant) { p.deaf = true }, nil,
			failed, roostv1.Effect_EFFECT_PARTIAL, "speed: read back 100, wanted 900",
		},
		"unreadable": {opened(50), func(p *plant) { p.blind = true }, nil, indeterminate, roostv1.Effect_EFFECT_UNKNOWN, "could not be read back"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlant()
				w := newMixer(t, p)
				p.set(func() { test.prepare(p) })
				w.send(mix("c1", readback, test.values))
				sleep(500 * time.Millisecond)
				if test.after != nil {
					w.want("c1", dispatched, nil)
					p.set(func() { test.after(p) })
				}
				sleep(15 * time.Second)
				r := w.want("c1", test.state, nil)
				if r.Effect != test.effect || !strings.Contains(r.Status.GetMessage(), test.text) {
					t.Errorf("effect %s, status %q; want %s, %q", r.Effect.Word(), r.Status.GetMessage(), test.effect.Word(), test.text)
				}
				if test.state == succeeded && r.Confirmation != readback {
					t.Errorf("confirmed by %s", r.Confirmation.Word())
				}
				if test.state != indeterminate && r.Steps[0].Readback == nil {
					t.Errorf("steps are %v, want what was read back", r.Steps)
				}
				w.wantActs(&p.script, len(test.values))
			})
		})
	}
}

// The device's next command would change what the first is compared with.
func TestNextCommandWaitsForTheConfirmation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant()
		w := newMixer(t, p)
		p.set(func() { p.deaf = true })
		w.send(mix("c1", readback, opened(50)), mix("c2", ack, opened(10)))
		sleep(800 * time.Millisecond)
		w.wantActs(&p.script, 1)
		p.set(func() { p.values["opening"] = roostv1.Double(50) })
		sleep(time.Second)
		w.want("c1", succeeded, nil)
		w.want("c2", succeeded, nil)
	})
}

func TestDeviceReportedConfirms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sink actors.Sink
		s := &script{push: func(ctx context.Context, to actors.Sink) error { sink = to; <-ctx.Done(); return nil }}
		w := emptySite(t, s)
		w.assignMixer(siteEpoch)
		emit := func(v float64, at time.Time) {
			if err := sink.Emit(actors.Sample{Resource: "opening", Value: roostv1.Double(v), At: at}); err != nil {
				t.Error(err)
			}
			synctest.Wait()
		}
		before := time.Now()
		sleep(time.Second)
		w.send(mix("c1", reported, opened(50)))
		emit(50, before) // acquired before it was sent
		emit(20, time.Time{})
		w.want("c1", dispatched, nil)
		sleep(time.Second)
		_ = sink.Emit(actors.Sample{ // of some time, and only come since
			Resource: "opening", Value: roostv1.Double(50), Quality: roostv1.Quality_QUALITY_UNCERTAIN, Reason: roostv1.QualityReason_QUALITY_REASON_STALE,
		})
		synctest.Wait()
		w.want("c1", dispatched, nil)
		emit(50.2, time.Time{})
		if r := w.want("c1", succeeded, nil); r.Confirmation != reported {
			t.Errorf("confirmed by %s", r.Confirmation.Word())
		}
		w.send(mix("c2", reported, opened(60)), mix("c3", reported, values{"mode": roostv1.Text("fast")}))
		sleep(time.Second)
		emit(55, time.Time{})
		sleep(time.Minute)
		r := w.want("c2", indeterminate, roostv1.ErrOutcomeUnknown)
		if len(r.Evidence) != 1 || r.Evidence[0].Value.GetDouble() != 55 {
			t.Errorf("evidence is %v, want the value seen", r.Evidence)
		}
		w.want("c3", rejected, roostv1.ErrInvalid)

		// One that only sends by itself is read back by what it sends.
		w.send(mix("c4", readback, opened(70)))
		sleep(100 * time.Millisecond)
		emit(70, time.Time{})
		w.want("c4", succeeded, nil)
	})
}

// A device may show what was written before it acknowledges.
func TestReportBeforeTheAcknowledgement(t *testing.T) {
	for name, how := range map[string]roostv1.Confirmation{"reported": reported, "read back by what it sends": readback} {
		for early, want := range map[bool]roostv1.CommandState{false: succeeded, true: indeterminate} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var sink actors.Sink
					report := func() {
						_ = sink.Emit(actors.Sample{Resource: "opening", Value: roostv1.Double(50)})
						<-time.After(10 * time.Millisecond)
					}
					s := &script{push: func(ctx context.Context, to actors.Sink) error { sink = to; <-ctx.Done(); return nil }}
					s.actuate = func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
						if !early {
							<-time.After(10 * time.Millisecond)
							report()
						}
						return nil, nil
					}
					w := emptySite(t, s)
					w.assignMixer(siteEpoch)
					if early { // that is not what the command did
						report()
					}
					w.send(mix("c1", how, opened(50)))
					if want == succeeded {
						sleep(100 * time.Millisecond)
					} else {
						sleep(time.Minute)
					}
					w.want("c1", want, nil)
				})
			})
		}
	}
}
