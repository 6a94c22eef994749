package sim_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	"github.com/roost-iot/roost/nodes/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// certain reports whether an error says whether the action was done.
func certain(err error) bool {
	return err == nil || errors.Is(err, actors.ErrNotSent) || errors.Is(err, actors.ErrRefused)
}

// hurried acts with little time.
func hurried(t *testing.T, s session, a actors.Action) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err := s.Actuate(ctx, a)
	return err
}

// behave has the device rig behave so.
func behave(t *testing.T, b *bench, how sim.Behaviour) {
	t.Helper()
	if err := b.Behave("rig", how); err != nil {
		t.Fatal(err)
	}
}

func TestSlowDeviceDelaysNobodyElse(t *testing.T) {
	b := start(t, sim.Config{Devices: []sim.Device{
		{ID: "slow", Behaviour: sim.Behaviour{Before: time.Hour}}, {ID: "late", Behaviour: sim.Behaviour{After: time.Hour}}, {ID: "good"},
	}})
	d := newDriver("gw-1")
	slow, late, good := b.open(t, d, "slow", "share", "true"), b.open(t, d, "late", "share", "true"), b.open(t, d, "good", "share", "true")
	for name, s := range map[string]session{"slow": slow, "late": late} {
		if err := hurried(t, s, action("c-"+name, wire.ResourceDose, roostv1.Double(1), 1)); certain(err) {
			t.Errorf("%s: got %v, want an error that says nothing certain", name, err)
		}
	}
	mustAct(t, good, action("c-good", wire.ResourceDose, roostv1.Double(1), 1))
	if got := number(t, good, wire.ResourceDosed); got != 1 {
		t.Errorf("dosed %v, want 1", got)
	}
	var done []string
	for _, r := range of(b.stop(t), sim.KindAction) {
		done = append(done, r.Command)
	}
	slices.Sort(done)
	if want := []string{"c-good", "c-late"}; !slices.Equal(done, want) { // what waited when it was switched off was not done
		t.Errorf("done were %v, want %v", done, want)
	}
}

func TestSlownessIsMeasured(t *testing.T) {
	const before, after = 20 * time.Millisecond, 30 * time.Millisecond
	b := start(t, sim.Config{Devices: []sim.Device{{ID: "rig", Behaviour: sim.Behaviour{Before: before, After: after}}}})
	s := b.open(t, newDriver("gw-1"), "rig")
	began := time.Now()
	mustAct(t, s, action("c-1", wire.ResourceDose, roostv1.Double(1), 1))
	if took := time.Since(began); took < before+after {
		t.Errorf("it took %v, want at least %v", took, before+after)
	}
	if waited := of(b.stop(t), sim.KindAction)[0].Waited; waited < before {
		t.Errorf("it waited %v, want at least %v", waited, before)
	}
}

// What has arrived is done, whether or not anybody is there to hear of it.
func TestWhatArrivedIsDone(t *testing.T) {
	b := start(t, sim.Config{Devices: []sim.Device{{ID: "rig", Behaviour: sim.Behaviour{Before: 20 * time.Millisecond}}}})
	c := dial(t, b)
	c.hello(t, "gw-1")
	at := c.open(t, "rig")
	for i := range 2 {
		c.send(t, &wire.Write{Session: at, Resource: wire.ResourceDose, Value: roostv1.Double(1), Command: fmt.Sprint(i)})
	}
	_ = c.Close()
	s := b.open(t, newDriver("gw-2"), "rig")
	for number(t, s, wire.ResourceDosed) < 2 {
		continue // each read takes its time at the device
	}
	records := b.stop(t)
	if last := of(records, sim.KindAction)[1]; last.Waited < 40*time.Millisecond {
		t.Errorf("the second action waited %v, want the time of two", last.Waited)
	}
	for _, r := range records { // the session ended after what had arrived on it
		if r.Kind == sim.KindAction && r.Seq > of(records, sim.KindClose)[0].Seq {
			t.Errorf("%+v was done after its session", r)
		}
	}
}

func TestBehaviours(t *testing.T) {
	b := start(t, sim.Config{Devices: []sim.Device{{ID: "rig"}}})
	s := b.open(t, newDriver("gw-1"), "rig")
	behave(t, b, sim.Behaviour{Decline: 1, LoseAck: 1})
	if err := act(t, s, action("c-1", wire.ResourceDose, roostv1.Double(1), 1)); !errors.Is(err, actors.ErrRefused) || !errors.Is(err, wire.CodeDeclined) {
		t.Errorf("declined: got %v, want ErrRefused", err)
	}
	behave(t, b, sim.Behaviour{LoseAck: 1})
	if err := hurried(t, s, action("c-2", wire.ResourceDose, roostv1.Double(2), 1)); certain(err) {
		t.Errorf("answer lost: got %v, want an error that says nothing certain", err)
	}
	behave(t, b, sim.Behaviour{})
	mustAct(t, s, action("c-3", wire.ResourceDose, roostv1.Double(4), 1))
	if got := number(t, s, wire.ResourceDosed); got != 6 {
		t.Errorf("dosed %v, want 6", got)
	}
	records := b.stop(t)
	acts := of(records, sim.KindAction)
	if acts[0].Result != sim.Refused || acts[1].Result != sim.Done || !acts[1].Unanswered || acts[2].Unanswered {
		t.Errorf("the log says %+v", acts)
	}
	if how := of(records, sim.KindBehave); len(how) != 3 || *how[1].Behaviour != (sim.Behaviour{LoseAck: 1}) {
		t.Errorf("the log says %+v", how)
	}
}

// Half of the actions are lost: which ones is decided by the seed alone.
func TestChanceIsSeeded(t *testing.T) {
	const actions = 60
	fates := func(seed uint64, lose float64) (declined []int) {
		b := start(t, sim.Config{Seed: seed, Devices: []sim.Device{{ID: "rig", Behaviour: sim.Behaviour{Decline: .5, LoseAck: lose}}}})
		c := dial(t, b)
		c.hello(t, "gw-1")
		at := c.open(t, "rig")
		for range actions {
			c.send(t, &wire.Write{Session: at, Resource: wire.ResourcePulse, Value: roostv1.Bool(true)})
			c.send(t, &wire.Read{Session: at}) // is always answered, after the write
			for {
				if _, read := c.answer(t).Message.(*wire.Values); read {
					break
				}
			}
		}
		for i, r := range of(b.stop(t), sim.KindAction) {
			if r.Code == wire.CodeDeclined {
				declined = append(declined, i)
			}
		}
		return declined
	}
	first := fates(1, 0)
	if len(first) < actions/5 || len(first) > actions*4/5 {
		t.Errorf("%d of %d were declined, want about half", len(first), actions)
	}
	if again := fates(1, .5); !slices.Equal(first, again) {
		t.Errorf("with the same seed %v and %v were declined", first, again)
	}
	if other := fates(2, 0); slices.Equal(first, other) {
		t.Errorf("with another seed %v were declined as well", other)
	}
}

// TestCrash: a device that crashes does nothing and says nothing, has forgotten its sessions and what it was set to, and is opened anew.
func TestCrash(t *testing.T) {
	b := start(t, sim.Config{Devices: []sim.Device{{ID: "rig", ExclusiveSession: true, Fenced: true}}})
	s := b.open(t, newDriver("gw-1"), "rig")
	mustAct(t, s, action("c-1", wire.ResourceDose, roostv1.Double(1), 7))
	behave(t, b, sim.Behaviour{Crash: 1})
	if err := hurried(t, s, action("c-2", wire.ResourceDose, roostv1.Double(2), 7)); certain(err) {
		t.Errorf("crashed: got %v, want an error that says nothing certain", err)
	}
	behave(t, b, sim.Behaviour{})
	if err := act(t, s, action("c-3", wire.ResourceDose, roostv1.Double(4), 7)); !errors.Is(err, actors.ErrRefused) || !errors.Is(err, wire.CodeNotOpen) {
		t.Errorf("in a session that is over: got %v, want ErrRefused", err)
	}
	mustAct(t, s, action("c-4", wire.ResourceDose, roostv1.Double(8), 7)) // in a new one
	if got := number(t, s, wire.ResourceDosed); got != 8 {
		t.Errorf("dosed %v, want 8", got)
	}
	if err := act(t, s, action("c-5", wire.ResourceDose, roostv1.Double(1), 6)); !errors.Is(err, wire.CodeStaleEpoch) {
		t.Errorf("under an epoch from before: got %v, want that it is refused", err)
	}
	records := b.stop(t)
	if acts := of(records, sim.KindAction); acts[1].Result != sim.Refused || acts[1].Reason != "it crashed" || len(of(records, sim.KindBoot)) != 1 {
		t.Errorf("the log says %+v", records)
	}
}

// TestExclusiveBoots: a device that takes one session only is free when it has booted, whoever has not heard so yet.
func TestExclusiveBoots(t *testing.T) {
	b := start(t, sim.Config{Devices: []sim.Device{{ID: "rig", ExclusiveSession: true}}})
	s := b.open(t, newDriver("gw-1"), "rig")
	number(t, s, wire.ResourceCount)
	behave(t, b, sim.Behaviour{Off: true})
	behave(t, b, sim.Behaviour{})
	number(t, b.open(t, newDriver("gw-2"), "rig"), wire.ResourceCount)
	if _, err := s.Poll(t.Context(), []string{wire.ResourceCount}); !errors.Is(err, wire.CodeNotOpen) {
		t.Errorf("it is another's: got %v, want that the session is not open", err)
	}
}

// TestOff: a device that is off hears nothing, and boots when it is on again.
func TestOff(t *testing.T) {
	b := start(t, sim.Config{Devices: []sim.Device{{ID: "rig"}, {ID: "other"}}})
	d := newDriver("gw-1")
	s, other := b.open(t, d, "rig", "share", "true"), b.open(t, d, "other", "share", "true")
	c := dial(t, b)
	c.hello(t, "gw-2")
	at := c.open(t, "rig")
	mustAct(t, s, action("c-1", wire.ResourceSetpoint, roostv1.Double(5), 1))
	number(t, s, wire.ResourceSetpoint)
	behave(t, b, sim.Behaviour{Off: true})
	if err := hurried(t, s, action("c-2", wire.ResourceDose, roostv1.Double(2), 1)); certain(err) {
		t.Errorf("off: got %v, want an error that says nothing certain", err)
	}
	number(t, other, wire.ResourceCount)
	c.send(t, &wire.Close{Session: at})
	for closed := false; !closed && t.Context().Err() == nil; { // it is written down before it would be answered
		for r := range sim.ReadLog(b.log) {
			closed = closed || r.Kind == sim.KindClose
		}
		<-time.After(time.Millisecond)
	}
	c.send(t, &wire.Open{Device: "rig"})
	asked := c.send(t, &wire.Open{Device: "other"})
	if first := c.answer(t); first.Call != asked {
		t.Errorf("the first answer is to call %d, want to %d: what is off answered", first.Call, asked)
	}
	behave(t, b, sim.Behaviour{})
	if _, err := s.Poll(t.Context(), []string{wire.ResourceSetpoint}); !errors.Is(err, wire.CodeNotOpen) {
		t.Errorf("it has booted: got %v, want that the session is not open", err)
	}
	if setpoint, count := number(t, s, wire.ResourceSetpoint), number(t, s, wire.ResourceCount); setpoint != 0 || count != 3 {
		t.Errorf("setpoint %v after %v reads, want 0 after 3", setpoint, count)
	}
	if acts := of(b.stop(t), sim.KindAction); len(acts) != 1 {
		t.Errorf("the log says %+v", acts)
	}
}

// TestBabble: whatever a device says instead of values, nobody takes it for them.
func TestBabble(t *testing.T) {
	b := start(t, sim.Config{Devices: []sim.Device{{ID: "rig", Behaviour: sim.Behaviour{Babble: 1}}}})
	s := b.open(t, newDriver("gw-1"), "rig")
	var failed, words int
	for range 50 {
		switch samples, err := s.Poll(t.Context(), []string{wire.ResourceValue, wire.ResourceCount}); {
		case err != nil:
			failed++
		case samples[0].Value.GetString_() != "":
			words++
		default:
			t.Fatalf("it was understood: %v", samples)
		}
	}
	if failed == 0 || words == 0 {
		t.Errorf("%d errors, %d words, want some of both", failed, words)
	}
	behave(t, b, sim.Behaviour{})
	if got := number(t, s, wire.ResourceCount); got != 51 {
		t.Errorf("read %v times, want 51", got)
	}
}

// TestFlood: each answer comes as often as it is said, and the first counts.
func TestFlood(t *testing.T) {
	const more = 100
	b := start(t, sim.Config{Devices: []sim.Device{{ID: "rig", Behaviour: sim.Behaviour{Flood: more}}}})
	c := dial(t, b)
	c.hello(t, "gw-1")
	at := c.open(t, "rig")
	c.send(t, &wire.Read{Session: at, Resources: []string{wire.ResourceCount}})
	for range 1 + more {
		if values, ok := c.answer(t).Message.(*wire.Values); !ok || values.Values[0].GetUint() != 1 {
			t.Fatalf("got %v", values)
		}
	}
	s := b.open(t, newDriver("gw-2"), "rig")
	for i := range 20 {
		if got := number(t, s, wire.ResourceCount); got != float64(2+i) {
			t.Fatalf("read %v, want %d", got, 2+i)
		}
	}
}

func TestBadBehaviour(t *testing.T) {
	b := start(t, sim.Config{Devices: []sim.Device{{ID: "rig"}}})
	if err := b.Behave("no-rig", sim.Behaviour{}); !errors.Is(err, roostv1.ErrNotFound) {
		t.Errorf("unknown device: got %v, want ErrNotFound", err)
	}
	for _, how := range []sim.Behaviour{{Before: -1}, {After: -1}, {Decline: 1.1}, {LoseAck: -0.1}, {LoseAck: math.NaN()}, {Crash: 2}, {Babble: -1}, {Flood: -1}, {Flood: 10_001}} {
		if err := b.Behave("rig", how); !errors.Is(err, roostv1.ErrInvalid) {
			t.Errorf("%+v: got %v, want ErrInvalid", how, err)
		}
	}
}
