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

const (
	succeeded     = roostv1.CommandState_COMMAND_STATE_SUCCEEDED
	failed        = roostv1.CommandState_COMMAND_STATE_FAILED
	accepted      = roostv1.CommandState_COMMAND_STATE_ACCEPTED
	cancelled     = roostv1.CommandState_COMMAND_STATE_CANCELLED
	unknown       = roostv1.CommandState_COMMAND_STATE_UNKNOWN
	indeterminate = roostv1.CommandState_COMMAND_STATE_INDETERMINATE
	rejected      = roostv1.CommandState_COMMAND_STATE_REJECTED
	expired       = roostv1.CommandState_COMMAND_STATE_EXPIRED
	superseded    = roostv1.CommandState_COMMAND_STATE_SUPERSEDED
	queued        = roostv1.CommandState_COMMAND_STATE_QUEUED
	dispatched    = roostv1.CommandState_COMMAND_STATE_DISPATCHED
)

// set is a command that sets the boiler's setpoint.
func set(id string, setpoint float64, change ...func(*roostv1.Command)) *roostv1.Command {
	c := &roostv1.Command{
		Id: id, DeviceId: "boiler-1", Name: "set",
		Arguments: map[string]*roostv1.Value{"setpoint": roostv1.Double(setpoint)},
	}
	for _, f := range change {
		f(c)
	}
	return c
}

// feed is a command that must never be sent twice.
func feed(id string, change ...func(*roostv1.Command)) *roostv1.Command {
	c := &roostv1.Command{Id: id, DeviceId: "boiler-1", Name: "feed"}
	for _, f := range change {
		f(c)
	}
	return c
}

func whileAway(c *roostv1.Command) { c.QueueWhileAway = true }

func expiresIn(d time.Duration) func(*roostv1.Command) {
	return func(c *roostv1.Command) { c.ExpiresIn = durationpb.New(d) }
}

// execute runs a command and waits for its record, as long as it takes.
func (b *bench) execute(c *roostv1.Command) *roostv1.CommandRecord {
	b.t.Helper()
	record, err := b.Execute(b.t.Context(), c)
	if err != nil {
		b.t.Fatalf("command %s: %v", c.GetId(), err)
	}
	checkRecord(b.t, record)
	return record
}

// present runs a command and returns its record after the wait, final or not.
func (b *bench) present(c *roostv1.Command, wait time.Duration) *roostv1.CommandRecord {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), wait)
	defer cancel()
	record, err := b.Execute(ctx, c)
	if err != nil {
		b.t.Fatalf("command %s: %v", c.GetId(), err)
	}
	checkRecord(b.t, record)
	return record
}

// checkRecord fails the test where a record contradicts itself.
func checkRecord(t *testing.T, r *roostv1.CommandRecord) {
	t.Helper()
	finals := 0
	sent := false
	for _, tr := range r.Transitions {
		if tr.State.Final() {
			finals++
		}
		sent = sent || tr.State == dispatched
	}
	if last := r.Transitions[len(r.Transitions)-1].State; last != r.State && r.State != queued {
		t.Errorf("record of %s is %s, but its last transition is %s", r.CommandId, r.State.Word(), last.Word())
	}
	if finals > 1 || r.State.Final() != (finals == 1) || r.State.Final() != (r.FinishedAt != nil) {
		t.Errorf("record of %s is %s with %d final transitions, finished at %v", r.CommandId, r.State.Word(), finals, r.FinishedAt)
	}
	if sent != (r.DispatchedAt != nil) {
		t.Errorf("record of %s: dispatched is %v, but dispatched_at is %v", r.CommandId, sent, r.DispatchedAt)
	}
	unsent := r.State == rejected || r.State == expired || r.State == superseded
	if unsent && (r.DispatchedAt != nil || r.Effect != roostv1.Effect_EFFECT_NONE) {
		t.Errorf("record of %s is %s, but it was dispatched with effect %s", r.CommandId, r.State.Word(), r.Effect.Word())
	}
}

func want(t *testing.T, r *roostv1.CommandRecord, state roostv1.CommandState, code error) {
	t.Helper()
	if r.State != state {
		t.Errorf("command %s is %s (%v), want %s", r.CommandId, r.State.Word(), r.Status, state.Word())
	}
	if code != nil && !errors.Is(r.Status.Err(), code) {
		t.Errorf("command %s has status %v, want %v", r.CommandId, r.Status, code)
	}
}

// online starts a gateway with one boiler that is online.
func online(t *testing.T, s *script, change ...func(*roostv1.DeviceSpec)) *bench {
	t.Helper()
	b := start(t, drivers(s))
	b.assign(7, device("boiler-1", change...))
	b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
	return b
}

func TestCommandSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		b := online(t, s)
		r := b.execute(set("c1", 60))
		want(t, r, succeeded, nil)
		if r.Gateway != "gw-1" || r.Epoch != 7 || r.Attempt != 1 || r.Effect != roostv1.Effect_EFFECT_APPLIED ||
			r.Confirmation != roostv1.Confirmation_CONFIRMATION_PROTOCOL_ACK {
			t.Errorf("record is %v", r)
		}
		acts := s.actions()
		if len(acts) != 1 || acts[0].Resource != "setpoint" || acts[0].Value.GetDouble() != 60 || acts[0].Epoch != 7 || acts[0].CommandID != "c1" {
			t.Errorf("the device was told %+v", acts)
		}
	})
}

func TestSameCommandTwiceActsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		b := online(t, s)
		b.execute(feed("c1"))
		want(t, b.execute(feed("c1")), succeeded, nil)
		if n := len(s.actions()); n != 1 {
			t.Errorf("the device acted %d times, want once", n)
		}
		_, err := b.Execute(t.Context(), set("c1", 60))
		if !errors.Is(err, roostv1.ErrConflict) {
			t.Errorf("the same id with another body: %v, want a conflict", err)
		}
	})
}

func TestCommandThatMakesNoSenseIsRejected(t *testing.T) {
	tests := map[string]struct {
		command *roostv1.Command
		code    error
		text    string
	}{
		"unknown command":  {&roostv1.Command{Id: "c", DeviceId: "boiler-1", Name: "explode"}, roostv1.ErrNotFound, "explode"},
		"out of range":     {set("c", 95), roostv1.ErrInvalid, "90"},
		"unknown argument": {feed("c", func(c *roostv1.Command) { c.Arguments = map[string]*roostv1.Value{"kg": roostv1.Int(1)} }), roostv1.ErrInvalid, "kg"},
		"wrong type":       {set("c", 0, func(c *roostv1.Command) { c.Arguments["setpoint"] = roostv1.Text("hot") }), roostv1.ErrInvalid, "setpoint"},
		"failed precondition": {set("c", 60, func(c *roostv1.Command) {
			c.Precondition = &roostv1.Precondition{Resource: "temp", Equals: roostv1.Double(3)}
		}), roostv1.ErrConflict, "temp"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{}
				b := online(t, s)
				r := b.execute(test.command)
				want(t, r, rejected, test.code)
				if !strings.Contains(r.Status.Message, test.text) {
					t.Errorf("message %q does not name %q", r.Status.Message, test.text)
				}
				if n := len(s.actions()); n != 0 {
					t.Errorf("the device acted %d times", n)
				}
			})
		})
	}
}

func TestCommandWithoutRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := online(t, &script{})
		for name, test := range map[string]struct {
			command *roostv1.Command
			code    error
		}{
			"nil":            {nil, roostv1.ErrInvalid},
			"no id":          {set("", 60), roostv1.ErrInvalid},
			"bad id":         {set("a.b", 60), roostv1.ErrInvalid},
			"unknown device": {&roostv1.Command{Id: "c", DeviceId: "kettle", Name: "set"}, roostv1.ErrNotOwner},
		} {
			if _, err := b.Execute(t.Context(), test.command); !errors.Is(err, test.code) {
				t.Errorf("%s: %v, want %v", name, err, test.code)
			}
		}
	})
}

// What the driver's answer means to the sender, and what it may not be taken for.
func TestOutcomes(t *testing.T) {
	tests := map[string]struct {
		actuate func(context.Context, actors.Action) (map[string]*roostv1.Value, error)
		state   roostv1.CommandState
		effect  roostv1.Effect
	}{
		"refused": {
			func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
				return nil, fmt.Errorf("exception 2: %w", actors.ErrRefused)
			},
			failed, roostv1.Effect_EFFECT_NONE,
		},
		"not sent": {
			func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
				return nil, fmt.Errorf("no route: %w", actors.ErrNotSent)
			},
			failed, roostv1.Effect_EFFECT_NONE,
		},
		"connection reset": {
			func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
				return nil, errors.New("reset by peer")
			},
			unknown, roostv1.Effect_EFFECT_UNKNOWN,
		},
		"timeout": {
			func(ctx context.Context, _ actors.Action) (map[string]*roostv1.Value, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			},
			unknown, roostv1.Effect_EFFECT_UNKNOWN,
		},
		"panic": {
			func(context.Context, actors.Action) (map[string]*roostv1.Value, error) { panic("nil map") },
			unknown, roostv1.Effect_EFFECT_UNKNOWN,
		},
	}
	for name, test := range tests {
		for _, patient := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/patient=%v", name, patient), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &script{actuate: test.actuate}
					b := online(t, s)
					command := func() *roostv1.Command {
						return feed("c1", func(c *roostv1.Command) { c.QueueWhileAway = patient })
					}
					r := b.present(command(), 5*time.Second)
					want(t, r, test.state, nil)
					if r.Effect != test.effect {
						t.Errorf("effect is %s, want %s", r.Effect.Word(), test.effect.Word())
					}
					sleep(time.Minute)
					r = b.execute(command())
					if test.state == unknown {
						want(t, r, indeterminate, roostv1.ErrOutcomeUnknown)
					} else {
						want(t, r, test.state, nil)
					}
					if n := len(s.actions()); n != 1 {
						t.Errorf("the device was told %d times, want once: it must never be repeated", n)
					}
				})
			})
		}
	}
}

// TestQueuedForADeviceThatIsOffline: a device that is open and did not answer when it was polled last is away for a command that wants to
// wait for it, as one is that is started again; others are tried. What comes after the one that waits waits too, and is not undone by it.
func TestQueuedForADeviceThatIsOffline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var away atomic.Bool
		s := &script{
			poll: func(context.Context, []string) ([]actors.Sample, error) {
				if away.Load() {
					return nil, errors.New("no answer")
				}
				return temp(roostv1.Double(20)), nil
			},
			actuate: func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
				if away.Load() {
					return nil, fmt.Errorf("%w: no connection", actors.ErrNotSent)
				}
				return nil, nil
			},
		}
		b := online(t, s, func(d *roostv1.DeviceSpec) { d.Supervision = &roostv1.SupervisionPolicy{FailedPolls: 1000} })
		away.Store(true)
		sleep(2 * time.Second)
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_OFFLINE)
		r := b.present(feed("now"), time.Second)
		want(t, r, failed, nil)
		r = b.present(feed("soon", whileAway, expiresIn(3*time.Second)), 10*time.Second)
		want(t, r, expired, roostv1.ErrExpired)
		waiting := feed("later", whileAway, expiresIn(time.Minute))
		r = b.present(waiting, time.Second)
		want(t, r, queued, nil)
		if r.QueueReason != roostv1.QueueReason_QUEUE_REASON_DEVICE_AWAY {
			t.Errorf("it waits for %s, want the device", r.QueueReason.Word())
		}
		behind := set("behind", 50, expiresIn(time.Minute))
		if r = b.present(behind, time.Second); r.State.Final() {
			t.Errorf("what came later is %s before what waits", r.State.Word())
		}
		if n := len(s.actions()); n != 1 {
			t.Fatalf("the device was told %d times while it was away, want once", n)
		}
		away.Store(false)
		want(t, b.execute(waiting), succeeded, nil)
		want(t, b.execute(behind), succeeded, nil)
		if acts := s.actions(); len(acts) != 3 || acts[1].CommandID != "later" || acts[2].CommandID != "behind" {
			t.Errorf("the device was told %v", acts)
		}
	})
}

func TestLateAnswerSettlesAnUnknownCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{actuate: func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
			<-time.After(6 * time.Second) // its timeout is 2 s, and it ignores it
			return nil, nil
		}}
		b := online(t, s)
		want(t, b.present(feed("c1"), 4*time.Second), unknown, roostv1.ErrOutcomeUnknown)
		sleep(5 * time.Second)
		r := b.execute(feed("c1"))
		want(t, r, succeeded, nil)
		if len(r.Evidence) != 1 || !strings.Contains(r.Evidence[0].Text, "late answer") {
			t.Errorf("evidence is %v, want the late answer", r.Evidence)
		}
	})
}

func TestLateAnswerNeverRewritesAFinalRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{actuate: func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
			<-time.After(time.Minute)
			return nil, nil
		}}
		b := online(t, s)
		want(t, b.execute(feed("c1")), indeterminate, roostv1.ErrOutcomeUnknown)
		sleep(time.Minute)
		r := b.execute(feed("c1"))
		want(t, r, indeterminate, roostv1.ErrOutcomeUnknown)
		if len(r.Evidence) != 1 {
			t.Errorf("evidence is %v, want the late answer", r.Evidence)
		}
		if len(r.Steps) > 0 {
			t.Errorf("its steps are %v now", r.Steps)
		}
	})
}

func TestStepsStopAtTheFirstThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{actuate: func(_ context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
			if a.Resource == "limit" {
				return nil, actors.ErrRefused
			}
			return nil, nil
		}}
		b := online(t, s)
		r := b.execute(set("c1", 60, func(c *roostv1.Command) { c.Arguments["limit"] = roostv1.Double(70) }))
		want(t, r, failed, roostv1.ErrRefused)
		if r.Effect != roostv1.Effect_EFFECT_PARTIAL {
			t.Errorf("effect is %s, want partial", r.Effect.Word())
		}
		if len(r.Steps) != 2 || r.Steps[0].State != succeeded || r.Steps[1].State != failed {
			t.Errorf("steps are %v, want one done and one failed", r.Steps)
		}
	})
}

// away starts a gateway with a boiler that cannot be opened until heal is called.
func away(t *testing.T, s *script, change ...func(*roostv1.DeviceSpec)) (b *bench, heal func()) {
	t.Helper()
	var healed atomic.Bool
	s.open = func(context.Context) error {
		if !healed.Load() {
			return errors.New("no route to device")
		}
		return nil
	}
	b = start(t, drivers(s))
	b.assign(7, device("boiler-1", change...))
	synctest.Wait()
	return b, func() { healed.Store(true) }
}

func TestCommandToADeviceThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		b, heal := away(t, s)
		want(t, b.execute(set("c1", 60)), rejected, roostv1.ErrOffline)

		r := b.present(set("c2", 61, whileAway), time.Second)
		want(t, r, queued, nil)
		if r.QueueReason != roostv1.QueueReason_QUEUE_REASON_DEVICE_AWAY {
			t.Errorf("it waits for %s, want device away", r.QueueReason.Word())
		}
		r = b.execute(set("c3", 62, whileAway, expiresIn(time.Second)))
		want(t, r, expired, roostv1.ErrExpired)
		heal()
		want(t, b.execute(set("c2", 61, whileAway)), succeeded, nil)
		sleep(time.Minute)
		if acts := s.actions(); len(acts) != 1 || acts[0].CommandID != "c2" {
			t.Errorf("the device was told %+v, want c2 alone", acts)
		}
	})
}

func TestCommandsWaitTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		b, heal := away(t, s)
		high := func(c *roostv1.Command) { c.Priority = roostv1.Priority_PRIORITY_HIGH }
		instead := func(c *roostv1.Command) { c.Supersede = true }
		later := func(c *roostv1.Command) { c.NotBefore = durationpb.New(10 * time.Second) }
		for _, c := range []*roostv1.Command{
			feed("first", whileAway), set("old", 50, whileAway), set("later", 70, whileAway, later),
			feed("urgent", whileAway, high), feed("urgent-2", whileAway, high), set("new", 55, whileAway, instead, later),
			set("last", 65, whileAway),
		} {
			b.present(c, time.Millisecond)
		}
		want(t, b.execute(set("old", 50, whileAway)), superseded, nil)
		want(t, b.execute(set("later", 70, whileAway, later)), superseded, nil)
		heal()
		sleep(time.Minute)
		var got []string
		for _, a := range s.actions() {
			got = append(got, a.CommandID)
		}
		if fmt.Sprint(got) != "[urgent urgent-2 first last new]" {
			t.Errorf("order is %v", got)
		}
	})
}

func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := away(t, &script{}, func(d *roostv1.DeviceSpec) { d.Commands = &roostv1.CommandPolicy{QueueLimit: 2} })
		b.present(feed("c1", whileAway), time.Millisecond)
		b.present(feed("c2", whileAway), time.Millisecond)
		want(t, b.execute(feed("c3", whileAway)), rejected, roostv1.ErrBusy)
	})
}

func TestLockedDeviceIsSampledButTakesNoCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		b := online(t, s)
		b.assign(7, device("boiler-1", func(d *roostv1.DeviceSpec) {
			d.AdminState, d.Revision = roostv1.AdminState_ADMIN_STATE_LOCKED, 2
		}))
		want(t, b.execute(set("c1", 60)), rejected, roostv1.ErrLocked)
		sleep(10 * time.Second)
		if opens, _ := s.count(); opens != 1 {
			t.Errorf("the lock opened the device anew: %d sessions", opens)
		}
		if stored, _, _ := b.store.readings(t, "boiler-1"); stored < 9 {
			t.Errorf("%d readings in 10 s at 1 Hz", stored)
		}
		b.assign(7, device("boiler-1", func(d *roostv1.DeviceSpec) { d.Revision = 3 }))
		want(t, b.execute(set("c2", 60)), succeeded, nil)
	})
}

// A command waits while another uses the bus, and what is late then is EXPIRED, with no
// byte sent: the permit decides, not the timer.
func TestLateOnTheBusIsExpiredNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &script{poll: func(ctx context.Context, _ []string) ([]actors.Sample, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		s := &script{}
		b := start(t, map[string]actors.Driver{"slow": slow, "script": s})
		onBus := func(d *roostv1.DeviceSpec) { d.Bus = "line" }
		b.assign(7, device("boiler-1", onBus), device("slow", onBus, func(d *roostv1.DeviceSpec) { d.Driver = "slow" }))
		sleep(600 * time.Millisecond) // the slow device's poll begins at 500 ms and takes 5 s
		r := b.present(set("c1", 60, expiresIn(time.Second)), 600*time.Millisecond)
		want(t, r, queued, nil)
		if r.QueueReason != roostv1.QueueReason_QUEUE_REASON_BUS_BUSY {
			t.Errorf("it waits for %s, want bus busy", r.QueueReason.Word())
		}
		want(t, b.execute(set("c1", 60, expiresIn(time.Second))), expired, roostv1.ErrExpired)
		sleep(time.Minute)
		if n := len(s.actions()); n != 0 {
			t.Errorf("the device was told %d times after the expiry", n)
		}
	})
}

func TestCommandThatBreaksTheDriverIsParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{actuate: func(_ context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
			if a.CommandID == "poison" {
				panic("unexpected length")
			}
			return nil, nil
		}}
		b := online(t, s)
		r := b.execute(set("poison", 60, whileAway))
		want(t, r, indeterminate, roostv1.ErrParked)
		if n := len(s.actions()); n != 3 {
			t.Errorf("it was tried %d times, want 3", n)
		}
		if n := len(b.told("boiler-1", roostv1.EventKind_EVENT_KIND_PARKED)); n != 1 {
			t.Errorf("%d parkings told, want 1", n)
		}
		want(t, b.execute(set("c2", 61, whileAway)), succeeded, nil)
	})
}

// A command is answered whatever becomes of its device: promise 2.
func TestEveryCommandIsAnsweredWhenTheGatewayStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{actuate: func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
			<-time.After(time.Second)
			return nil, nil
		}}
		b := online(t, s)
		records := make(chan *roostv1.CommandRecord, 5)
		for i := range 5 {
			go func() {
				r, err := b.Execute(context.Background(), feed(fmt.Sprintf("c%d", i)))
				if err != nil {
					t.Errorf("command %d: %v", i, err)
				}
				records <- r
			}()
		}
		sleep(500 * time.Millisecond) // one is on the wire, four wait
		if err := b.stop(); err != nil {
			t.Error(err)
		}
		states := map[roostv1.CommandState]int{}
		for range 5 {
			r := <-records
			checkRecord(t, r)
			states[r.State]++
		}
		if states[succeeded] != 1 || states[rejected] != 4 {
			t.Errorf("outcomes are %v, want 1 succeeded and 4 rejected", states)
		}
		if n := len(s.actions()); n != 1 {
			t.Errorf("the device was told %d times", n)
		}
		if _, err := b.Execute(context.Background(), feed("after")); !errors.Is(err, roostv1.ErrUnavailable) {
			t.Errorf("after the stop: %v, want unavailable", err)
		}
	})
}
