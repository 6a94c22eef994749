package actors_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// trial is a device through whose life anything may happen: its journal stalls, its lease ends, its owner is
// replaced, it does not answer. The device itself notes what it was told.
type trial struct {
	*site
	dice     *rand.Rand
	plant    *plant
	epoch    uint64
	accepted []*roostv1.CommandRecord
	handed   []*roostv1.CommandRecord // under the present epoch, as they were then
	relative map[string]bool
	slow     bool           // the driver ignores its context
	refusing error          // the device does nothing, and its driver says so; nil: it does what it is told
	did      map[string]int // by command: how often the device may have done something
}

func newTrial(t *testing.T, dice *rand.Rand) *trial {
	p := newPlant()
	x := &trial{site: emptySite(t, &p.script), dice: dice, plant: p, epoch: siteEpoch, relative: make(map[string]bool), did: make(map[string]int)}
	act := p.script.actuate
	p.script.actuate = func(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
		p.mu.Lock()
		slow, refusing := x.slow, x.refusing
		if refusing == nil {
			x.did[a.CommandID]++
		}
		p.mu.Unlock()
		if slow {
			<-time.After(4 * time.Second)
		}
		if refusing != nil {
			return nil, refusing
		}
		return act(ctx, a)
	}
	x.assignMixer(x.epoch)
	return x
}

// send has a command accepted and handed.
func (x *trial) send() {
	id := fmt.Sprintf("c%d", len(x.accepted))
	values := []values{
		{"stroke": roostv1.Double(5)}, {"stroke": roostv1.Double(5)}, opened(50),
		{"opening": roostv1.Double(40), "speed": roostv1.Int(700)}, {"mode": roostv1.Text("fast")},
	}[x.dice.IntN(5)]
	confirmation := []roostv1.Confirmation{ack, ack, readback, reported}[x.dice.IntN(4)]
	c := mix(id, confirmation, values, timeout(2*time.Second), expiresIn(time.Duration(1+x.dice.IntN(20))*time.Second))
	c.QueueWhileAway = x.dice.IntN(2) == 0
	c.Supersede = x.dice.IntN(6) == 0
	if x.dice.IntN(2) == 0 {
		c.Priority = roostv1.Priority_PRIORITY_HIGH
	}
	x.relative[id] = values["stroke"] != nil
	record := x.accept(c)
	x.accepted, x.handed = append(x.accepted, record), append(x.handed, record)
	x.Commands("boiler-1", x.epoch, []*roostv1.OpenCommand{{Record: proto.CloneOf(record)}})
}

// recant hands some command again, with its cancellation: who does may not have seen its end.
func (x *trial) recant() {
	if len(x.handed) == 0 {
		return
	}
	record := x.handed[x.dice.IntN(len(x.handed))]
	x.Commands("boiler-1", x.epoch, []*roostv1.OpenCommand{{
		Record: record, Cancellation: &roostv1.Cancellation{CommandId: record.CommandId, Sender: "ann"},
	}})
}

// takeOver gives the bus to the next owner, after an orderly end of the one before or a hard one.
func (x *trial) takeOver() {
	patience := []time.Duration{time.Millisecond, time.Second, time.Minute}[x.dice.IntN(3)]
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = x.Withdraw(ctx, "boiler-1")
	x.epoch++
	x.ledger.mu.Lock()
	x.owner = x.epoch
	x.ledger.mu.Unlock()
	x.ledger.hold(nil)
	x.assignMixer(x.epoch)
	x.handOpen()
}

// handOpen hands all that has not ended.
func (x *trial) handOpen() {
	var open []*roostv1.OpenCommand
	x.handed = nil
	for _, accepted := range x.accepted {
		r := x.record(accepted.CommandId)
		if r.State == 0 {
			r = proto.CloneOf(accepted)
		}
		if !r.State.Final() {
			open, x.handed = append(open, &roostv1.OpenCommand{Record: r}), append(x.handed, r)
		}
	}
	x.Commands("boiler-1", x.epoch, open)
}

func (x *trial) steps() map[string]func() {
	device := func(change func(p *plant)) func() { return func() { x.plant.set(func() { change(x.plant) }) } }
	return map[string]func(){
		"send": x.send, "send another": x.send, "send a third": x.send, "cancel": x.recant, "take over": x.takeOver,
		"hold intents": func() { x.hold(in(dispatched)) }, "hold ends": func() { x.hold(final) },
		"hold all": func() { x.hold(func(*roostv1.CommandRecord) bool { return true }) }, "let go": func() { x.hold(nil) },
		"shut": x.lease.close, "open": x.lease.open, "suspend": x.Suspend, "resume": x.Resume,
		"no time": func() { x.hub.silence(true) }, "time": func() { x.hub.silence(false) },
		"lose answers": device(func(p *plant) { p.lost = true }), "blind": device(func(p *plant) { p.blind = true }),
		"deaf": device(func(p *plant) { p.deaf = true }), "slow": device(func(*plant) { x.slow = true }),
		"refuse": device(func(*plant) { x.refusing = actors.ErrRefused }), "send nothing": device(func(*plant) { x.refusing = actors.ErrNotSent }),
		"well": func() { x.heal() }, "wait": func() { sleep(300 * time.Millisecond) }, "wait long": func() { sleep(3 * time.Second) },
	}
}

// heal makes the device as good as new.
func (x *trial) heal() {
	x.plant.set(func() {
		x.plant.lost, x.plant.blind, x.plant.deaf, x.slow, x.refusing = false, false, false, false, nil
	})
}

// judge checks every command by what the device noted, once all has come to rest.
func (x *trial) judge(t *rapid.T) {
	told := make(map[string]int)
	for _, a := range x.plant.actions() {
		told[a.CommandID]++
	}
	for _, accepted := range x.accepted {
		r := x.record(accepted.CommandId)
		n := told[accepted.CommandId]
		nothing := r.State == failed && r.Effect == roostv1.Effect_EFFECT_NONE
		switch {
		case !r.State.Final():
			t.Errorf("%s never ended: it is %s", accepted.CommandId, r.State.Word())
		case x.relative[r.CommandId] && n > 1:
			t.Errorf("%s, which is not absolute, was sent %d times", r.CommandId, n)
		case r.State.Unsent() && n > 0:
			t.Errorf("%s ended %s, and was sent %d times", r.CommandId, r.State.Word(), n)
		case nothing && x.did[r.CommandId] > 0:
			t.Errorf("%s ended %s without effect, and may have been done %d times", r.CommandId, r.State.Word(), x.did[r.CommandId])
		case r.State == succeeded && n == 0:
			t.Errorf("%s succeeded, and was never sent", r.CommandId)
		}
	}
}

// Whatever comes, in whatever order: at most once, one end each, and none that lies.
func TestCommandsAreHonestWhateverComes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		names := rapid.SliceOfN(rapid.SampledFrom([]string{
			"send", "send another", "send a third", "cancel", "take over", "hold intents", "hold ends", "hold all", "let go",
			"shut", "open", "suspend", "resume", "no time", "time", "lose answers", "blind", "deaf", "slow", "refuse", "send nothing", "well", "wait", "wait long",
		}), 1, 40).Draw(r, "steps")
		seed := rapid.Uint64().Draw(r, "seed") // drawing is for rapid's own goroutine
		synctest.Test(t, func(t *testing.T) {
			x := newTrial(t, rand.New(rand.NewPCG(seed, 0)))
			steps := x.steps()
			for _, name := range names {
				steps[name]()
				if x.dice.IntN(2) == 0 {
					synctest.Wait()
				}
			}
			x.hub.silence(false)
			x.heal()
			x.lease.open()
			x.Resume()
			x.hold(nil)
			x.takeOver()
			sleep(5 * time.Minute)
			x.judge(r)
			_ = x.stop()
		})
	})
}
