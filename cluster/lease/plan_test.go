package lease_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/roost-iot/roost/cluster/lease"
)

// plan is what happens in a world, as far as it is not left to the dice.
type plan struct {
	Seed   uint64
	Buses  []string
	Hosts  []hostPlan
	Faults []fault
	Rough  bool          // some links lose, delay and double
	Slow   bool          // the hub takes long for a write now and then
	Healed time.Duration // when all faults end
	End    time.Duration
}

type hostPlan struct {
	Name   string
	Clean  bool          // nothing is done to it, and nobody else has its name
	Late   time.Duration // when it starts
	Offset time.Duration // of its clock
	Rate   float64       // of its clock
	Link   link
}

// fault is something that is done to a host, or to the hub.
type fault struct {
	Kind string
	Host int
	At   time.Duration
	For  time.Duration
	Rate float64
	To   int
}

var (
	hostFaults = []string{"pause", "sleep", "kill", "cut", "die", "leave", "lag", "rate", "blind"}
	hubFaults  = []string{"stop", "election"}
)

// settle is how long a world goes on after all faults have ended.
const settle = 12 * time.Second

// plans draws plans for gateways whose clocks err by less than the margin covers.
func plans() *rapid.Generator[plan] {
	return rapid.Custom(func(t *rapid.T) plan {
		p := plan{
			Seed:   rapid.Uint64().Draw(t, "seed"),
			Rough:  rapid.Bool().Draw(t, "rough"),
			Slow:   rapid.IntRange(0, 3).Draw(t, "slow") == 0,
			Healed: time.Duration(rapid.IntRange(10, 25).Draw(t, "length")) * time.Second,
		}
		p.End = p.Healed + settle
		for i := range rapid.IntRange(1, 3).Draw(t, "buses") {
			p.Buses = append(p.Buses, fmt.Sprintf("own.%d", i))
		}
		hosts := rapid.IntRange(2, 4).Draw(t, "hosts")
		for i := range hosts {
			p.Hosts = append(p.Hosts, drawHost(t, p, string(rune('a'+i)), i == 0))
		}
		if rapid.IntRange(0, 3).Draw(t, "twin") == 0 {
			twin := drawHost(t, p, p.Hosts[hosts-1].Name, false)
			twin.Late = p.drawTime(t)
			p.Hosts = append(p.Hosts, twin)
		}
		faults := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) fault { return drawFault(t, p) }), 6, 16)
		p.Faults = faults.Draw(t, "faults")
		return p
	})
}

// drawTime draws from all of the time before the end of the faults; a range of that size would be
// drawn from its beginning most of the time.
func (p plan) drawTime(t *rapid.T) time.Duration {
	coarse, fine := rapid.IntRange(0, 15).Draw(t, "at"), rapid.IntRange(0, 15).Draw(t, "at")
	return time.Second + (p.Healed-time.Second)*time.Duration(16*coarse+fine)/256
}

func drawHost(t *rapid.T, p plan, name string, mayBeClean bool) hostPlan {
	h := hostPlan{
		Name:   name,
		Clean:  mayBeClean && rapid.IntRange(0, 3).Draw(t, "clean") > 0,
		Offset: time.Duration(rapid.Int64Range(0, int64(1000*time.Hour)).Draw(t, "offset")),
		Rate:   drawRate(t),
		Link:   cleanLink,
	}
	if p.Rough && !h.Clean {
		h.Link = link{
			loss:   rapid.SampledFrom([]float64{0, 0.05, 0.3}).Draw(t, "loss"),
			double: rapid.SampledFrom([]float64{0, 0.1}).Draw(t, "double"),
			slow:   rapid.SampledFrom([]float64{0, 0.05, 0.2, 0.5}).Draw(t, "slow"),
			fast:   30 * time.Millisecond,
			long:   rapid.SampledFrom([]time.Duration{time.Second / 2, 4 * time.Second, 12 * time.Second}).Draw(t, "long"),
		}
	}
	return h
}

// drawRate draws how fast a clock runs, more often than not as wrong as is allowed.
func drawRate(t *rapid.T) float64 {
	e := lease.Terms{}.RateError()
	return rapid.OneOf(
		rapid.SampledFrom([]float64{1 - e, 1 + e, 1}),
		rapid.Float64Range(1-e, 1+e),
	).Draw(t, "rate")
}

func drawFault(t *rapid.T, p plan) fault {
	f := fault{
		At:   p.drawTime(t),
		For:  rapid.SampledFrom([]time.Duration{50, 300, 1000, 2200, 2600, 3500, 7000, 15000}).Draw(t, "for") * time.Millisecond,
		Host: rapid.IntRange(0, len(p.Hosts)-1).Draw(t, "host"),
	}
	switch rapid.IntRange(0, 7).Draw(t, "where") {
	case 0:
		f.Kind = rapid.SampledFrom(hubFaults).Draw(t, "hub")
	case 1, 2:
		f.Kind = "move"
		f.To = rapid.IntRange(0, len(p.Hosts)-1).Draw(t, "to")
	default:
		f.Kind = rapid.SampledFrom(hostFaults).Draw(t, "kind")
		f.Rate = drawRate(t)
	}
	return f
}

// strike carries a fault out. What can be done only to a host that is not clean is not done to others.
func (f fault) strike(w *world) {
	h := w.host(f.Host)
	switch f.Kind {
	case "stop", "election":
		w.hub.goAway(f.Kind == "election")
		w.after(f.For, w.hub.comeBack)
		return
	case "move":
		f.move(w)
		return
	case "blind":
		if h.process != nil && h.process.consumer != nil {
			h.process.consumer.stall(f.For)
		}
		return
	}
	if h.clean() || h.process == nil || w.now >= w.plan.Healed {
		return
	}
	switch f.Kind {
	case "pause", "sleep":
		h.pause(f.Kind == "sleep")
		w.after(f.For, h.resume)
	case "kill":
		h.kill()
		w.after(f.For, h.start)
	case "die":
		if f.Host > 0 {
			h.kill()
			h.gone = true
		}
	case "cut":
		h.cutOff()
		w.after(f.For, h.reconnect)
	case "lag":
		was := h.link.slow
		h.link.slow, h.link.long = 1, max(h.link.long, 4*time.Second)
		w.after(f.For, func() { h.link.slow = was })
	case "rate":
		h.clock.set(w.now, f.Rate)
	case "leave":
		if !h.process.dead && !h.paused {
			h.process.leave()
		}
		w.after(f.For+time.Second, h.start)
	}
}

// move makes whoever owns a bus hand it over.
func (f fault) move(w *world) {
	bus := w.plan.Buses[f.Host%len(w.plan.Buses)]
	for _, h := range w.hosts {
		if p := h.process; p != nil && !p.dead && !p.paused && p.held[bus] > 0 {
			p.handOver(bus, w.host(f.To).plan.Name)
			return
		}
	}
}
