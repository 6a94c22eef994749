package run

import (
	"sort"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// The hardware knows a run of a gateway's process by a name that the process gave it. The hub knows it by its
// incarnation, and a process has a new one of those whenever it lost its lease. peers translates the former to the
// latter, by way of the process: so that an action of a process before it was killed is never taken for one of the
// process after it.
type peers struct {
	starts map[string][]boottime.Instant // of a gateway's processes
	terms  map[string][]term             // of a gateway's incarnations
	runs   map[history.Peer]int          // of the names that the hardware knows
}

// term is the beginning of an incarnation.
type term struct {
	incarnation string
	from        boottime.Instant
	run         int
}

// translate has the records of the hardware name gateways as the hub does.
func translate(h *history.History) {
	p := &peers{starts: map[string][]boottime.Instant{}, terms: map[string][]term{}, runs: map[history.Peer]int{}}
	for _, process := range h.Processes {
		if process.State == history.ProcessStarted {
			p.starts[process.Node] = append(p.starts[process.Node], process.At)
		}
	}
	for gateway, leases := range h.Leases {
		p.incarnations(gateway, leases)
	}
	for _, r := range h.Records {
		switch r := r.(type) {
		case *history.Session:
			r.Peer = p.name(r.Peer, r.At)
		case *history.Read:
			r.Peer = p.name(r.Peer, r.At)
		case *history.Action:
			r.Peer = p.actor(h, r)
		}
	}
}

// incarnations finds the terms of a gateway's incarnations.
func (p *peers) incarnations(gateway string, leases []*history.Lease) {
	known := map[string]bool{}
	for _, l := range leases {
		if !known[l.Incarnation] && l.State == history.LeaseLive {
			known[l.Incarnation] = true
			p.terms[gateway] = append(p.terms[gateway], term{l.Incarnation, l.At, p.run(gateway, l.At)})
		}
	}
}

// run is the number of a gateway's process that was the last to be started at some time.
func (p *peers) run(gateway string, at boottime.Instant) int {
	starts := p.starts[gateway]
	return sort.Search(len(starts), func(i int) bool { return starts[i] > at })
}

// runOf is the process that has a name at the hardware: the one that ran when that was heard first. Records come
// in the order of their times.
func (p *peers) runOf(peer history.Peer, at boottime.Instant) int {
	run, known := p.runs[peer]
	if !known {
		run = p.run(peer.Gateway, at)
		p.runs[peer] = run
	}
	return run
}

// name returns the incarnation that a process had at some time.
func (p *peers) name(peer history.Peer, at boottime.Instant) history.Peer {
	run := p.runOf(peer, at)
	for _, t := range p.terms[peer.Gateway] {
		if t.run == run && t.from <= at {
			peer.Incarnation = t.incarnation
		}
	}
	return peer
}

// actor returns the incarnation under which an action was done: the one that its epoch was given to, if it was
// one of that process.
func (p *peers) actor(h *history.History, a *history.Action) history.Peer {
	run := p.runOf(a.Peer, a.At)
	if d := h.Devices[a.Device]; d != nil && h.Buses[d.Spec.Bus] != nil {
		for _, g := range h.Buses[d.Spec.Bus].Grants {
			if g.Epoch == a.Epoch && g.Gateway == a.Gateway && p.runHad(g.Peer, run) {
				return g.Peer
			}
		}
	}
	return p.name(a.Peer, a.At)
}

// runHad reports whether an incarnation was one of a process.
func (p *peers) runHad(peer history.Peer, run int) bool {
	for _, t := range p.terms[peer.Gateway] {
		if t.incarnation == peer.Incarnation {
			return t.run == run
		}
	}
	return false
}
