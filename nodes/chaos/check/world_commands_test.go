package check_test

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// command is one on its way.
type command struct {
	*world
	*history.Call
	device   *device
	accepted boottime.Instant
}

// drawCommands sends one of each class, and of each kind of deadline, while all is quiet, and then some at any time.
func (w *world) drawCommands(n int) {
	at := w.quiet + 300*ms
	for _, class := range []history.Class{history.Absolute, history.Relative, history.Pulse} {
		expires := 5 * time.Second
		if class == history.Pulse {
			expires = 1500 * time.Millisecond
		}
		c := w.call(w.devices[0], class, at, expires)
		c.execute(at+10*ms, true)
		at += 300 * ms
	}
	for range n {
		w.command(w.between(w.quiet+2000*ms, w.healed))
	}
	for _, f := range w.faults {
		w.commandsAt(f)
	}
}

// call sends a command, which is accepted.
func (w *world) call(d *device, class history.Class, at boottime.Instant, expires time.Duration) *command {
	w.commands++
	resource := map[history.Class]string{history.Absolute: "setpoint", history.Relative: "dose", history.Pulse: "pulse"}[class]
	value := strconv.Itoa(1 + w.IntN(90))
	if class == history.Pulse {
		value = "true"
	}
	c := &command{world: w, device: d, accepted: at + 2*ms, Call: &history.Call{
		Command: fmt.Sprintf("c-%d", w.commands), Client: "client-1", Device: d.spec.ID, Class: class, Name: resource,
		Resource: resource, Value: value, Expires: expires, QueueWhileAway: true,
	}}
	w.note("client-1", at, c.Call)
	return c
}

// command sends one that meets with whatever there is.
func (w *world) command(at boottime.Instant) {
	d := w.devices[w.IntN(len(w.devices))]
	class := []history.Class{history.Absolute, history.Relative, history.Pulse}[w.IntN(3)]
	c := w.call(d, class, at, []time.Duration{1500 * time.Millisecond, 10 * time.Second}[w.IntN(2)])
	deadline := c.accepted.Add(c.Expires)
	start := w.servedFrom(d, at)
	switch {
	case w.chance(5):
		c.answer(at+4*ms, []history.State{history.Rejected, history.Cancelled, history.Superseded}[w.IntN(3)])
	case start+300*ms > deadline:
		if w.chance(30) {
			c.answer(at+1000*ms, history.Queued)
		}
		c.answer(deadline+20*ms, history.Expired)
	case w.chance(10):
		c.act(start+10*ms, 1, false)
		c.answer(start+15*ms, history.Failed)
	default:
		c.execute(start+10*ms, w.chance(90))
	}
}

// servedFrom returns when a device can be driven next, for long enough to answer.
func (w *world) servedFrom(d *device, at boottime.Instant) boottime.Instant {
	for ; at < w.end; at += 50 * ms {
		for _, o := range d.owners {
			if o.serves <= at && at+250*ms < o.to && w.undisturbed(o, at) && w.undisturbed(o, at+250*ms) {
				return at
			}
		}
	}
	return w.end
}

func (w *world) undisturbed(o owner, at boottime.Instant) bool {
	return w.running(o.Gateway, at) && w.cut(o.Gateway, at) == nil
}

// ownerAt returns who is to drive the device.
func (d *device) ownerAt(at boottime.Instant) owner {
	for i := len(d.owners) - 1; i > 0; i-- {
		if d.owners[i].from <= at {
			return d.owners[i]
		}
	}
	return d.owners[0]
}

// act lets the hardware do it, or refuse it.
func (c *command) act(at boottime.Instant, attempt uint64, done bool) *history.Action {
	o := c.device.ownerAt(at)
	a := &history.Action{
		Device: c.device.spec.ID, Command: c.Command, Resource: c.Resource, Value: c.Value, Epoch: o.epoch, Attempt: attempt, Peer: o.atHardware(), Done: done,
	}
	if !done {
		a.Reason = "declined"
	}
	c.note(truthName, at, a)
	return a
}

// execute carries it out. If the client does not wait, it only finds out in the end.
func (c *command) execute(at boottime.Instant, waits bool) {
	c.act(at, 1, true)
	if waits {
		c.answer(at+5*ms, history.Succeeded)
		return
	}
	c.reply(at+1*ms, history.Dispatched)
	c.record(history.Succeeded)
}

// answer tells the client a final state, and the record says the same in the end.
func (c *command) answer(at boottime.Instant, s history.State) {
	c.reply(at, s)
	if s.Final() {
		c.record(s)
	}
}

func (c *command) reply(at boottime.Instant, s history.State) {
	c.note("client-1", at, c.says(history.FromReply, s))
}

func (c *command) record(s history.State) {
	c.note("records", c.collect+1000*ms, c.says(history.FromRecord, s))
}

func (c *command) says(source history.Source, s history.State) *history.Answer {
	a := &history.Answer{Command: c.Command, Device: c.Device, Source: source, State: s, Accepted: c.accepted}
	if s == history.Failed {
		a.Effect = "none"
	}
	return a
}

// commandsAt sends commands that the fault meets half-way.
func (w *world) commandsAt(f *fault) {
	switch {
	case f.kind == history.FaultAckLost:
		w.unanswered(f.device, f)
	case f.kind == history.FaultPanic:
		w.restarts(f)
	case f.takes():
		for _, d := range w.devices {
			if o := d.ownerAt(f.asked); o.Gateway == f.gateway.name && !d.spec.Attached() {
				w.halfWay(d, f)
			}
		}
	}
}

// unanswered is a command whose answer is lost: nobody can say what became of a relative one, an absolute one is sent
// again.
func (w *world) unanswered(d *device, f *fault) {
	at := f.applied + 100*ms
	if !w.undisturbed(d.ownerAt(at), at) {
		return
	}
	relative := w.call(d, history.Relative, at, 2*time.Second)
	relative.act(at+10*ms, 1, true).Unanswered = true
	relative.reply(at+500*ms, history.Unknown)
	relative.answer(at+1500*ms, history.Indeterminate)
	absolute := w.call(d, history.Absolute, at+50*ms, 5*time.Second)
	absolute.act(at+60*ms, 1, true).Unanswered = true
	absolute.act(at+600*ms, 2, true)
	absolute.answer(at+605*ms, history.Succeeded)
}

// halfWay are commands that were dispatched right before their gateway was hit.
func (w *world) halfWay(d *device, f *fault) {
	old := d.ownerAt(f.asked)
	again := w.servedFrom(d, f.applied+1000*ms)
	relative := w.call(d, history.Relative, f.asked-8*ms, 20*time.Second)
	if w.chance(50) {
		relative.act(f.asked-1*ms, 1, true)
	}
	relative.answer(again+5*ms, history.Indeterminate)
	absolute := w.call(d, history.Absolute, f.asked-7*ms, 20*time.Second)
	absolute.act(again+10*ms, 2, true)
	absolute.answer(again+15*ms, history.Succeeded)
	if f.kind == history.FaultPause && d.spec.Fenced {
		zombie := absolute.act(f.healed, 1, false) // what was in the kernel when it was stopped
		zombie.Epoch, zombie.Peer, zombie.Stale, zombie.Reason = old.epoch, old.atHardware(), true, "stale epoch"
	}
}

// restarts tells what the gateway says of a device that failed.
func (w *world) restarts(f *fault) {
	o := f.device.ownerAt(f.applied)
	for i := range 1 + w.IntN(3) {
		at := f.applied + boottime.Instant(i)*400*ms
		event := func(at boottime.Instant, kind history.EventKind) {
			w.note(o.Gateway, at, &history.Event{Peer: o.Peer, Device: f.device.spec.ID, Event: kind, Attempt: uint32(i + 1)})
		}
		event(at+10*ms, history.EventFailed)
		event(at+200*ms, history.EventRestarted)
	}
}

// queries ask devices for what they measure, and are told what was shown, or nothing.
func (w *world) queries() {
	for _, d := range w.devices {
		reads := slices.DeleteFunc(of[*history.Read](w), func(r *history.Read) bool { return r.Device != d.spec.ID || !r.Done })
		for i := range min(len(reads), 5) {
			r := reads[w.IntN(len(reads))]
			id := fmt.Sprintf("loop-%s-%d", d.spec.ID, i)
			w.note("loop", r.At, &history.Call{Command: id, Client: "loop", Device: d.spec.ID, Class: history.Query, Resource: "value"})
			answer := &history.Answer{Command: id, Device: d.spec.ID, Source: history.FromReply, State: history.Succeeded, Value: roostv1.Double(r.Value).Format()}
			if i > 0 && w.chance(10) {
				answer.State, answer.Value, answer.Error = "", "", "the device is offline"
			}
			w.note("loop", r.At+w.between(1*ms, 50*ms), answer)
		}
	}
}
