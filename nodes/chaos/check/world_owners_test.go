package check_test

import (
	"fmt"
	"slices"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// device and who owned it.
type device struct {
	spec   history.DeviceSpec
	owners []owner
	count  uint64 // how often it was read
}

// owner is a gateway under an epoch: it was given the bus at from, and serves the device from serves on, until to.
type owner struct {
	history.Peer
	epoch            uint64
	from, serves, to boottime.Instant
	// polls is until when it reads the device, which it may go on with after it lost it.
	polls boottime.Instant
}

// atHardware is the name that the hardware has for it.
func (o owner) atHardware() history.Peer {
	return history.Peer{Gateway: o.Gateway, Incarnation: "driver of " + o.Incarnation}
}

// drawOwners follows every bus through the faults. Incarnations come first, as they do not depend on buses.
func (w *world) drawOwners() {
	for _, f := range w.faults {
		if f.gateway == nil || f.kind != history.FaultStop && !f.takes() {
			continue
		}
		g := f.gateway
		g.runs[len(g.runs)-1].to = f.applied
		next := history.Peer{Gateway: g.name, Incarnation: fmt.Sprintf("i%d", len(g.runs)+1)}
		g.runs = append(g.runs, run{Peer: next, from: f.healed + 50*ms})
	}
	for _, g := range w.gateways {
		g.runs[len(g.runs)-1].to = w.end
	}
	for _, d := range w.devices {
		first := w.gateways[w.IntN(len(w.gateways))]
		if d.spec.Attached() {
			first = w.gateways[0]
		}
		w.give(d, first.runs[0].Peer, 600*ms, "")
		for _, f := range w.faults {
			if f.gateway != nil && d.owner().Gateway == f.gateway.name {
				w.takeAway(d, f)
			}
		}
		last := &d.owners[len(d.owners)-1]
		last.to, last.polls = w.end, w.end
	}
}

func (d *device) owner() *owner { return &d.owners[len(d.owners)-1] }

// give writes down that a bus has a new owner.
func (w *world) give(d *device, to history.Peer, at boottime.Instant, by string) {
	epoch := w.sequence(at)
	at = at/ms*ms + ms/2
	var previous uint64
	if len(d.owners) > 0 {
		previous = d.owner().epoch
	}
	serves := at + w.between(20*ms, 200*ms)
	if by != "" && w.flaw == slowHandOvers {
		serves = at + 900*ms
	}
	d.owners = append(d.owners, owner{Peer: to, epoch: epoch, from: at, serves: serves})
	w.note("owners", at, &history.Grant{Bus: d.spec.Bus, Epoch: epoch, Previous: previous, Peer: to, HandedOverBy: by})
}

// takeAway lets the owner lose the bus to a fault, if the fault is one of those.
func (w *world) takeAway(d *device, f *fault) {
	old := d.owner()
	others := slices.DeleteFunc(slices.Clone(w.gateways), func(g *gateway) bool { return g == f.gateway })
	heir := others[w.IntN(len(others))]
	switch {
	case f.kind == history.FaultStop && !d.spec.Attached():
		old.to, old.polls = f.asked, f.asked
		w.give(d, heir.peer(f.asked), f.asked+5*ms, old.Gateway)
	case f.kind != history.FaultStop && !f.takes():
		// It keeps the bus; see disturbed.
	default:
		old.to, old.polls = f.asked, f.asked
		if f.kind == history.FaultPartition {
			old.polls = f.healed // it does not know that it lost the device
			if d.spec.Exclusive && w.flaw != keepsReading {
				old.polls = f.asked + 1400*ms
			}
		}
		if d.spec.Attached() {
			w.give(d, f.gateway.peer(f.healed+60*ms), f.healed+w.between(100*ms, 200*ms), "")
			return
		}
		wait := w.between(2100*ms, 2600*ms)
		if w.flaw == slowTakeover && f == w.faults[0] {
			wait = f.healAsked - f.applied + 5000*ms
		}
		w.give(d, heir.peer(f.applied+wait), f.applied+wait, "")
	}
}

// peer returns who a gateway is at some time.
func (g *gateway) peer(at boottime.Instant) history.Peer {
	for i := len(g.runs) - 1; i > 0; i-- {
		if g.runs[i].from <= at {
			return g.runs[i].Peer
		}
	}
	return g.runs[0].Peer
}

// leases writes down renewals, and how they end.
func (w *world) leases() {
	for _, g := range w.gateways {
		for i, r := range g.runs {
			for at := r.from; at < r.to; at += boottime.Instant(renewal) {
				if w.reaches(g, at) {
					w.member(g, r.Peer, at, history.LeaseLive)
				}
			}
			if i+1 == len(g.runs) {
				continue
			}
			end := w.faultAt(g, r.to)
			if end.kind == history.FaultStop {
				w.member(g, r.Peer, r.to+1*ms, history.LeaseLeft)
			} else {
				w.member(g, r.Peer, end.applied+2050*ms, history.LeaseEvicted)
			}
		}
	}
}

func (w *world) member(g *gateway, p history.Peer, at boottime.Instant, state history.LeaseState) {
	sequence := w.sequence(at)
	w.note("members", at/ms*ms+ms/2, &history.Lease{Peer: p, State: state, Sequence: sequence, Previous: g.member})
	g.member = sequence
}

// faultAt returns the fault that was applied to a gateway at some time.
func (w *world) faultAt(g *gateway, at boottime.Instant) *fault {
	i := slices.IndexFunc(w.faults, func(f *fault) bool { return f.gateway == g && f.applied == at })
	return w.faults[i]
}

// runs reports whether a gateway runs at some time, and reaches whether it has a way to the hub, too.
func (w *world) running(gateway string, at boottime.Instant) bool {
	return !slices.ContainsFunc(w.faults, func(f *fault) bool {
		return f.gateway != nil && f.gateway.name == gateway && f.kind != history.FaultPartition && f.asked <= at && at <= f.healed
	})
}

func (w *world) reaches(g *gateway, at boottime.Instant) bool {
	return w.running(g.name, at) && w.cut(g.name, at) == nil
}

// cut returns the partition of a gateway at some time; nil if there is none.
func (w *world) cut(gateway string, at boottime.Instant) *fault {
	for _, f := range w.faults {
		if f.kind == history.FaultPartition && f.gateway.name == gateway && f.asked <= at && at <= f.healed {
			return f
		}
	}
	return nil
}
