package actors_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func timeout(d time.Duration) func(*roostv1.Command) {
	return func(c *roostv1.Command) { c.Timeout = durationpb.New(d) }
}

// What a command did whose answer was lost, the device may show.
func TestUnknownIsSettledByReadback(t *testing.T) {
	stroke := values{"stroke": roostv1.Double(5)}
	tests := map[string]struct {
		values  values
		prepare func(p *plant)
		after   func(p *plant, w *site) // once it is UNKNOWN
		state   roostv1.CommandState
		effect  roostv1.Effect
		seen    string // evidence
	}{
		"done": {opened(50), func(*plant) {}, nil, succeeded, roostv1.Effect_EFFECT_APPLIED, "opening: read back 50"},
		"not done": {
			opened(50), func(p *plant) { p.deaf = true }, nil, failed, roostv1.Effect_EFFECT_UNKNOWN, "opening: read back 10",
		},
		"done late": {
			opened(50), func(p *plant) { p.deaf = true },
			func(p *plant, _ *site) {
				sleep(5 * time.Second)
				p.set(func() { p.values["opening"] = roostv1.Double(50) })
			},
			succeeded, roostv1.Effect_EFFECT_APPLIED, "opening: read back 50",
		},
		"unreadable": {opened(50), func(p *plant) { p.blind = true }, nil, indeterminate, roostv1.Effect_EFFECT_UNKNOWN, ""},
		"relative":   {stroke, func(*plant) {}, nil, indeterminate, roostv1.Effect_EFFECT_UNKNOWN, ""},
		"nothing shows it": {
			values{"mode": roostv1.Text("fast")}, func(*plant) {}, nil, indeterminate, roostv1.Effect_EFFECT_UNKNOWN, "",
		},
		"another wrote it since": {
			opened(50), func(p *plant) { p.deaf = true },
			func(p *plant, w *site) {
				p.set(func() { p.lost, p.deaf = false, false })
				w.send(mix("c2", ack, opened(50)))
				w.want("c2", succeeded, nil)
			},
			indeterminate, roostv1.Effect_EFFECT_UNKNOWN, "opening: read back 10",
		},
		"another wrote something else": {
			opened(50), func(p *plant) { p.deaf = true },
			func(p *plant, w *site) {
				p.set(func() { p.lost, p.deaf = false, false })
				w.send(mix("c2", ack, values{"speed": roostv1.Int(5)}))
				w.want("c2", succeeded, nil) // it is not held by an UNKNOWN one
			},
			failed, roostv1.Effect_EFFECT_UNKNOWN, "opening: read back 10",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlant()
				w := newMixer(t, p)
				p.set(func() { p.lost = true; test.prepare(p) })
				w.send(mix("c1", ack, test.values, timeout(time.Second)))
				sleep(time.Second)
				synctest.Wait()
				if got := w.states("c1"); len(got) < 2 || got[1] != unknown {
					t.Fatalf("durable were %v, want dispatched and unknown", got)
				}
				if test.after != nil {
					test.after(p, w)
				}
				sleep(9500 * time.Millisecond)
				if test.after == nil && test.state != succeeded {
					w.want("c1", unknown, nil) // until the window is over
				}
				sleep(time.Second)
				r := w.want("c1", test.state, nil)
				if r.Effect != test.effect {
					t.Errorf("effect is %s (%v), want %s", r.Effect.Word(), r.Status, test.effect.Word())
				}
				if decided := test.state != indeterminate; r.Steps[0].State.Final() != decided || decided && r.Steps[0].State != test.state {
					t.Errorf("the step is %s", r.Steps[0].State.Word())
				}
				if text := evidence(r); test.seen == "" && text != "" || !strings.Contains(text, test.seen) {
					t.Errorf("evidence is %q, want %q", text, test.seen)
				}
			})
		})
	}
}

func evidence(r *roostv1.CommandRecord) string {
	var texts []string
	for _, e := range r.Evidence {
		texts = append(texts, e.Text)
	}
	return strings.Join(texts, "; ")
}

// Of two writes of unknown outcome, one may have been done.
func TestUnknownInPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant()
		w := newMixer(t, p)
		p.set(func() { p.lost, p.deaf = true, true })
		w.send(mix("c1", ack, values{"opening": roostv1.Double(10), "speed": roostv1.Int(900)}, timeout(time.Second)))
		sleep(20 * time.Second)
		r := w.want("c1", failed, roostv1.ErrOutcomeUnknown)
		if r.Effect != roostv1.Effect_EFFECT_PARTIAL || r.Steps[0].Readback.GetDouble() != 10 || r.Steps[1].Readback.GetInt() != 100 {
			t.Errorf("effect is %s after steps %v", r.Effect.Word(), r.Steps)
		}
	})
}

// An answer that comes while the next attempt is under way: its record took the place of the intent.
func TestLateAnswerWhileItIsSentAgain(t *testing.T) {
	tests := map[string]struct {
		held func(*roostv1.CommandRecord) bool
		acts int
		want []roostv1.CommandState
	}{
		"its intent is under way": {
			func(r *roostv1.CommandRecord) bool { return r.State == dispatched && r.Attempt == 2 }, 2,
			[]roostv1.CommandState{dispatched, unknown, dispatched, dispatched, succeeded}, // the second came too late
		},
		"it waits": {nil, 1, []roostv1.CommandState{dispatched, unknown, succeeded}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				acts := 0
				s := &script{}
				s.actuate = func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
					if acts++; acts == 1 {
						<-time.After(8 * time.Second) // it ignores its context
					}
					return nil, nil
				}
				w := newSite(t, s)
				w.hold(test.held)
				w.send(set("c1", 60, whileAway, timeout(2*time.Second)))
				if test.held == nil {
					sleep(2500 * time.Millisecond)
					w.Suspend()
				}
				sleep(10 * time.Second)
				w.hold(nil)
				w.Resume()
				sleep(time.Minute)
				if got := w.states("c1"); !slices.Equal(got, test.want) {
					t.Errorf("durable were %v, want %v", got, test.want)
				}
				r := w.want("c1", succeeded, nil)
				if text := evidence(r); text != "late answer: done" {
					t.Errorf("evidence is %q", text)
				}
				w.wantActs(s, test.acts)
			})
		})
	}
}

// Each command that is looked at reads the device; when it is closed nothing reads it any more.
func TestReadBacksEndWithTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var closed, after atomic.Bool
		p := newPlant()
		read := p.script.poll
		p.script.poll = func(ctx context.Context, names []string) ([]actors.Sample, error) {
			if closed.Load() {
				after.Store(true)
			}
			return read(ctx, names)
		}
		p.script.close = func(context.Context) error { closed.Store(true); return nil }
		slow := &script{poll: func(ctx context.Context, _ []string) ([]actors.Sample, error) {
			select {
			case <-time.After(4 * time.Second):
			case <-ctx.Done():
			}
			return temp(roostv1.Double(20)), nil
		}}
		w := emptySite(t, &p.script, func(c *actors.Config) {
			c.Drivers = map[string]actors.Driver{"script": &p.script, "slow": slow}
		})
		mixing := device("boiler-1", func(d *roostv1.DeviceSpec) { d.Profile, d.PollInterval = "mixer", durationpb.New(10e9) })
		other := device("slow", func(d *roostv1.DeviceSpec) { d.Bus, d.Driver, d.PollInterval = "boiler-1", "slow", durationpb.New(5e9) })
		assign := func(devices ...*roostv1.DeviceSpec) {
			w.assignment(&roostv1.Assignment{
				Bus: "boiler-1", Epoch: siteEpoch, Devices: devices, Profiles: []*roostv1.Profile{boiler(), mixer()},
			})
		}
		assign(mixing, other)
		p.set(func() { p.deaf = true })
		sleep(9 * time.Second)
		c1 := w.enter(w.accept(mix("c1", ack, opened(50))), wasDispatched, wasUnknown)
		c2 := w.enter(w.accept(mix("c2", ack, values{"speed": roostv1.Int(900)})), wasDispatched, wasUnknown)
		w.hand(c1, c2)
		sleep(5 * time.Second) // both wait for the bus
		assign(other)
		sleep(time.Minute)
		if after.Load() {
			t.Errorf("the device was read after its session was closed")
		}
	})
}

// A late acknowledgement is no more than one: who wants to see what was written gets to.
func TestLateAnswerIsConfirmed(t *testing.T) {
	for name, test := range map[string]struct {
		how          roostv1.Confirmation
		deaf         bool
		want         roostv1.CommandState
		confirmation roostv1.Confirmation
	}{
		"acknowledged":        {ack, true, succeeded, ack},
		"shown":               {readback, false, succeeded, readback},
		"not shown":           {readback, true, failed, 0},
		"reported":            {reported, false, succeeded, reported},
		"reported to be else": {reported, true, failed, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlant()
				p.script.actuate = func(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
					<-time.After(8 * time.Second) // it ignores its context
					return p.act(ctx, a)
				}
				w := newMixer(t, p)
				p.set(func() { p.deaf, p.blind = test.deaf, true })
				w.send(mix("c1", test.how, opened(50), timeout(time.Second)))
				sleep(7 * time.Second)
				w.want("c1", unknown, nil)
				p.set(func() { p.blind = false })
				sleep(time.Minute)
				if r := w.want("c1", test.want, nil); r.Confirmation != test.confirmation || evidence(r)[:11] != "late answer" {
					t.Errorf("confirmed by %s, evidence %q", r.Confirmation.Word(), evidence(r))
				}
				w.wantActs(&p.script, 1)
			})
		})
	}
}
