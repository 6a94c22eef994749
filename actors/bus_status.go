package actors

import (
	"cmp"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

type (
	// busWanted asks a bus how it is; the answer is sent without waiting.
	busWanted struct {
		control
		answer chan<- *busView
	}
	// openRests tells a supervisor that its device rests before it is opened.
	openRests struct{ control }
	// wake ends the rest of a device.
	wake struct {
		control
		device string
	}
)

func (w *busWanted) refuse(error) { w.answer <- nil }

// busView is a bus as it sees itself.
type busView struct {
	status  *roostv1.BusStatus
	members []*actor.PID
	silent  map[string]silence
	at      instant // when it was looked at,
	now     time.Time
}

// wall returns an instant for people.
func (v *busView) wall(i instant) *timestamppb.Timestamp {
	return timestamppb.New(v.now.Add(time.Duration(i - v.at)))
}

// Buses describes the buses of this gateway with ids after the given one, in the order of their
// ids, at most limit and 500, and whether there are more.
func (g *Gateway) Buses(after string, limit int) (page []*roostv1.BusStatus, more bool) {
	if limit <= 0 || limit > maxPage {
		limit = maxPage
	}
	pids, more := g.env.buses.page(after, limit)
	for _, pid := range pids { // one after the other keeps the order; none of them waits
		answers := make(chan *busView, 1)
		g.env.send(pid, &busWanted{answer: answers})
		select {
		case view := <-answers:
			if view != nil {
				view.complete(g.ask(view.members, false))
				page = append(page, view.status)
			}
		case <-time.After(answerTimeout):
			return page, more
		}
	}
	return page, more
}

// complete adds what the supervisors know.
func (v *busView) complete(devices []*roostv1.DeviceStatus) {
	for _, d := range devices {
		s, silent := v.silent[d.DeviceId]
		switch {
		case silent || failing(d.State):
			v.status.Silent = append(v.status.Silent, v.silentDevice(d, s))
		case d.State == roostv1.DeviceState_DEVICE_STATE_ONLINE:
			v.status.Answering++
		}
	}
	slices.SortFunc(v.status.Silent, func(a, b *roostv1.SilentDevice) int { return cmp.Compare(a.DeviceId, b.DeviceId) })
}

// failing reports whether a device in that state has stopped to answer, whatever its last turn was: one that pushes has few.
func failing(s roostv1.DeviceState) bool {
	return s == roostv1.DeviceState_DEVICE_STATE_OFFLINE || s == roostv1.DeviceState_DEVICE_STATE_RESTARTING ||
		s == roostv1.DeviceState_DEVICE_STATE_QUARANTINED
}

func (v *busView) silentDevice(d *roostv1.DeviceStatus, s silence) *roostv1.SilentDevice {
	silent := &roostv1.SilentDevice{
		DeviceId: d.DeviceId, State: d.State, Failures: s.failures, NextAttempt: d.NextAttempt, LastError: d.LastError,
	}
	if s.failures > 0 {
		silent.Since = v.wall(s.since)
	}
	if s.until > v.at {
		silent.RestsUntil = v.wall(s.until)
		if d.NextAttempt == nil || d.NextAttempt.AsTime().Before(silent.RestsUntil.AsTime()) {
			silent.NextAttempt = silent.RestsUntil
		}
	}
	return silent
}

// view says how the bus is.
func (b *bus) view() *busView {
	now := b.env.now()
	v := &busView{silent: make(map[string]silence), at: now, now: b.env.wall()}
	for _, m := range b.members {
		v.members = append(v.members, m.supervisor)
	}
	for device, s := range b.turns.silent {
		v.silent[device] = *s
	}
	running := time.Duration(0)
	if b.current != nil {
		running = time.Duration(now - b.began)
	}
	v.status = &roostv1.BusStatus{Bus: b.id, Gateway: b.env.id, Epoch: b.epoch, Devices: uint32(len(b.members)), Turns: b.turns.meter.turns}
	var longest time.Duration
	v.status.TurnsPerSecond, v.status.Used, longest = b.turns.meter.figures(running, now)
	var wait time.Duration
	v.status.WaitingCommands, v.status.WaitingPolls, wait = b.turns.waiting(now)
	v.status.LongestWait = durationpb.New(max(longest, wait))
	return v
}
