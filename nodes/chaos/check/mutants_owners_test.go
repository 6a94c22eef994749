package check_test

import (
	"slices"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

func twoOwners(w *world) (string, bool) {
	g, _ := one(w, of[*history.Grant](w), func(*history.Grant) bool { return true })
	other := *g
	other.Peer = history.Peer{Gateway: "gw-9", Incarnation: "i9"}
	w.note("owners", g.At, &other)
	return g.Bus, true
}

func missGrant(w *world) (string, bool) {
	all := of[*history.Grant](w)
	g, ok := one(w, all, func(g *history.Grant) bool {
		after := slices.ContainsFunc(all, func(other *history.Grant) bool { return other.Previous == g.Epoch })
		return g.Previous != 0 && after
	})
	w.drop(func(r history.Record) bool { return r == history.Record(g) })
	return "bus", ok
}

// again adds an action that no client asked for.
func (w *world) again(d *device, o owner, at boottime.Instant) {
	w.note(truthName, at, &history.Action{Device: d.spec.ID, Command: "", Resource: "setpoint", Value: "1", Epoch: o.epoch, Peer: o.atHardware(), Done: true})
}

// lost returns an owner that lost a device to another gateway.
func (w *world) lost(fits func(*device) bool) (d *device, old, now owner, ok bool) {
	d, ok = one(w, w.devices, func(d *device) bool { return len(d.owners) > 1 && fits(d) })
	if !ok {
		return nil, owner{}, owner{}, false
	}
	i := w.IntN(len(d.owners) - 1)
	return d, d.owners[i], d.owners[i+1], true
}

func oldEpoch(w *world) (string, bool) {
	d, old, now, ok := w.lost(func(d *device) bool { return d.spec.Fenced })
	if !ok || !w.renewedNear(old.Peer, now.serves+10*ms) {
		return "", false
	}
	w.again(d, now, now.serves+1*ms)
	w.again(d, old, now.serves+2*ms)
	return d.spec.ID, true
}

// renewedNear makes it seem that a gateway has renewed its lease so that only its epoch is old.
func (w *world) renewedNear(p history.Peer, at boottime.Instant) bool {
	leases := slices.DeleteFunc(of[*history.Lease](w), func(l *history.Lease) bool { return l.Gateway != p.Gateway })
	for i, l := range leases {
		if l.At < at && (i+1 == len(leases) || at <= leases[i+1].At) {
			sequence := w.sequence(at)
			if i+1 < len(leases) {
				leases[i+1].Previous = sequence
				if leases[i+1].Sequence <= sequence {
					return false
				}
			}
			w.note("members", at-1*ms, &history.Lease{Peer: p, State: history.LeaseLive, Sequence: sequence, Previous: l.Sequence})
			return true
		}
	}
	return false
}

func somebodyElse(w *world) (string, bool) {
	a, ok := one(w, of[*history.Action](w), func(a *history.Action) bool { return a.Done })
	if !ok {
		return "", false
	}
	a.Peer = history.Peer{Gateway: "gw-9", Incarnation: "i9"}
	return a.Device, true
}

func anotherRun(w *world) (string, bool) {
	a, ok := one(w, of[*history.Action](w), func(a *history.Action) bool { return a.Done })
	if !ok {
		return "", false
	}
	again := *a
	again.Command, again.Resource, again.Incarnation = "", "setpoint", "a clone"
	w.note(truthName, a.At+1*ms, &again)
	return a.Device, true
}

func afterNextGrant(w *world) (string, bool) {
	d, old, now, ok := w.lost(func(d *device) bool { return !d.spec.Fenced && !d.spec.Attached() })
	if !ok || !w.renewedNear(old.Peer, now.from+5*ms) {
		return "", false
	}
	w.again(d, old, now.from+10*ms)
	return d.spec.ID, now.serves > now.from+10*ms
}

func withoutLease(w *world) (string, bool) {
	f, ok := one(w, w.faults, func(f *fault) bool { return f.kind == history.FaultPartition && f.takes() })
	if !ok {
		return "", false
	}
	d, ok := one(w, w.devices, func(d *device) bool {
		return !d.spec.Attached() && d.ownerAt(f.asked).Gateway == f.gateway.name && d.ownerAt(f.asked+2050*ms) == d.ownerAt(f.asked)
	})
	if !ok {
		return "", false
	}
	w.again(d, d.ownerAt(f.asked), f.asked+2040*ms)
	return d.spec.ID, true
}

func tookTooLong(w *world) (string, bool) {
	f := w.faults[0]
	d, ok := one(w, w.devices, func(d *device) bool { return !d.spec.Attached() && d.ownerAt(f.asked).Gateway == f.gateway.name })
	if !ok {
		return "", false
	}
	return d.spec.ID, true
}

func slowHandOver(w *world) (string, bool) {
	g, ok := one(w, of[*history.Grant](w), func(g *history.Grant) bool { return g.HandedOverBy != "" })
	if !ok {
		return "", false
	}
	i := slices.IndexFunc(w.devices, func(d *device) bool { return d.spec.Bus == g.Bus })
	return w.devices[i].spec.ID, true
}

func needlessly(w *world) (string, bool) {
	d, ok := one(w, w.devices, func(d *device) bool { return !d.spec.Attached() })
	at := w.drain - 6000*ms
	if !ok || !w.calm(at-2000*ms, at) {
		return "", false
	}
	last := d.owner()
	g, ok := one(w, w.gateways, func(g *gateway) bool { return g.name != last.Gateway })
	if !ok {
		return "", false
	}
	taken := owner{Peer: g.peer(at), epoch: w.sequence(at), from: at}
	w.note("owners", at, &history.Grant{Bus: d.spec.Bus, Epoch: taken.epoch, Previous: last.epoch, Peer: taken.Peer})
	for _, r := range w.records { // everybody else goes along with it
		if at < r.Stamped().At {
			w.follow(r, d, *last, taken)
		}
	}
	return d.spec.Bus, true
}

// follow makes a record say what it would under a new owner.
func (w *world) follow(r history.Record, d *device, old, now owner) {
	batch := func(b *history.Batch) {
		if b.Device == d.spec.ID && b.Epoch == old.epoch {
			b.Gateway = now.Gateway
		}
	}
	switch r := r.(type) {
	case *history.Read:
		if r.Device == d.spec.ID {
			r.Peer = now.atHardware()
		}
	case *history.Stored:
		batch(&r.Batch)
	case *history.Delivered:
		batch(&r.Batch)
	case *history.Action:
		if r.Device == d.spec.ID && r.Epoch == old.epoch {
			r.Epoch, r.Peer = now.epoch, now.atHardware()
		}
	case *history.Picture:
		if r.Bus == d.spec.Bus {
			r.Epoch, r.Owner = now.epoch, now.Peer
		}
	case *history.Register:
		if r.Key == "own."+d.spec.Bus && r.Revision == old.epoch {
			r.Value, r.Revision, r.Called = now.Name(), now.epoch, r.At
		}
	}
}
