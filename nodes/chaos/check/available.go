package check

import (
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// availability tells when a device could be served: most of the hub's servers were up, and a gateway that may own it
// was up and had a way to the hub and to the device. It is computed from claims: it is false only
// where a confirmed fault, or a process that was not ready, says so.
type availability struct {
	h      *history.History
	down   map[string]times // by node or link
	hub    times            // when the hub as a whole could not be used
	shared map[string]times // outages by what they depend on, see outages
}

// times are spans of time. After merged they are in order and do not touch.
type times []stretch

type stretch struct{ from, to boottime.Instant }

func (t times) merged() times {
	slices.SortFunc(t, func(a, b stretch) int { return compare(a.from, b.from) })
	out := t[:0]
	for _, s := range t {
		switch last := len(out) - 1; {
		case s.from >= s.to:
		case last >= 0 && s.from <= out[last].to:
			out[last].to = max(out[last].to, s.to)
		default:
			out = append(out, s)
		}
	}
	return out
}

// at reports whether an instant is in one of the spans.
func (t times) at(i boottime.Instant) bool {
	k := sort.Search(len(t), func(k int) bool { return t[k].to > i })
	return k < len(t) && t[k].from <= i
}

func newAvailability(h *history.History) *availability {
	a := &availability{h: h, down: map[string]times{}, shared: map[string]times{}}
	for _, w := range h.Faults {
		if !w.Confirmed {
			continue
		}
		for _, name := range w.Down {
			a.down[name] = append(a.down[name], stretch{w.Applied, w.HealAsked})
		}
	}
	a.processes()
	for name := range a.down {
		a.down[name] = a.down[name].merged()
	}
	a.hub = a.hubOutages()
	return a
}

// processes adds the times in which processes were not ready: from the beginning, and from the end of one run to
// when the next one is.
func (a *availability) processes() {
	since := map[string]boottime.Instant{}
	for _, p := range a.h.Processes {
		from, down := since[p.Node]
		switch {
		case p.State == history.ProcessReady && down:
			a.down[p.Node] = append(a.down[p.Node], stretch{from, p.At})
			delete(since, p.Node)
		case p.State == history.ProcessEnded && !down:
			since[p.Node] = p.At
		case p.State == history.ProcessStarted && p.Run <= 1 && !down:
			since[p.Node] = a.h.Begin
		}
	}
	for node, from := range since {
		a.down[node] = append(a.down[node], stretch{from, a.h.End + 1})
	}
}

// hubOutages returns when less than a majority of the hub's servers was up, and the time that it may take after
// each change. That they were started at first is none: when all is quiet the hub has answered.
func (a *availability) hubOutages() times {
	settle := a.h.Run.Limits.WithDefaults().HubSettle
	outages := a.where(a.h.Run.Hubs, func(down func(string) bool) bool {
		up := 0
		for _, hub := range a.h.Run.Hubs {
			if !down(hub) {
				up++
			}
		}
		return len(a.h.Run.Hubs) > 0 && 2*up <= len(a.h.Run.Hubs)
	})
	quiet, _, _ := a.h.Phase(history.PhaseQuiet) // 0 if there was none: all of them count
	for _, hub := range a.h.Run.Hubs {
		for _, s := range a.down[hub] {
			for _, change := range []boottime.Instant{s.from, s.to} {
				if change >= quiet {
					outages = append(outages, stretch{change, change.Add(settle)})
				}
			}
		}
	}
	return outages.merged()
}

// where returns the times in which bad says that something is so, given which of the names are down.
func (a *availability) where(names []string, bad func(down func(string) bool) bool) times {
	var edges []boottime.Instant
	for _, name := range names {
		for _, s := range a.down[name] {
			edges = append(edges, s.from, s.to)
		}
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	var out times
	for i := 0; i+1 < len(edges); i++ {
		if bad(func(name string) bool { return a.down[name].at(edges[i]) }) {
			out = append(out, stretch{edges[i], edges[i+1]})
		}
	}
	return out
}

// outages returns when a device could not be served. Devices that depend on the same things share the answer.
func (a *availability) outages(d history.DeviceSpec) times {
	return a.outagesBy(d, a.candidates(d))
}

// candidates are the gateways that may serve a device.
func (a *availability) candidates(d history.DeviceSpec) []string {
	if len(d.Gateways) > 0 {
		return d.Gateways
	}
	return a.h.Run.Gateways
}

// steady returns for how long at a stretch, of the time from a to b, one and the same gateway could serve a device. Who takes over
// must have watched the lost owner for as long as its lease lasts: a gateway that comes, or hears the hub again, begins anew. What is
// excused does not count, and nobody begins anew for it.
func (a *availability) steady(d history.DeviceSpec, from, to boottime.Instant, excused times) time.Duration {
	var longest time.Duration
	for _, g := range a.candidates(d) {
		at := from
		for _, s := range a.outagesBy(d, []string{g}) {
			if s.to > from && s.from < to {
				longest = max(longest, s.from.Sub(at)-excused.within(at, s.from))
				at = max(at, s.to)
			}
		}
		longest = max(longest, to.Sub(at)-excused.within(at, to))
	}
	return longest
}

// within returns how much of the time from a to b is in the spans, which are merged.
func (t times) within(a, b boottime.Instant) time.Duration {
	var sum time.Duration
	for _, s := range t {
		sum += max(0, min(s.to, b).Sub(max(s.from, a)))
	}
	return sum
}

// outagesBy returns when none of some gateways could serve a device.
func (a *availability) outagesBy(d history.DeviceSpec, gateways []string) times {
	names := slices.Clone(gateways)
	for _, g := range gateways {
		for _, hub := range a.h.Run.Hubs {
			names = append(names, history.Link(g, hub))
		}
		for _, link := range []string{history.Link(g, d.ID), history.Link(g, history.TruthName)} {
			if len(a.down[link]) > 0 {
				names = append(names, link)
			}
		}
	}
	names = append(names, a.h.Run.Hubs...)
	key := strings.Join(names, " ")
	if known, ok := a.shared[key]; ok {
		return known
	}
	out := a.where(names, func(down func(string) bool) bool {
		return !slices.ContainsFunc(gateways, func(g string) bool { return a.serves(g, d.ID, down) })
	})
	out = append(out, a.hub...).merged()
	a.shared[key] = out
	return out
}

// serves reports whether a gateway could serve a device, as far as it is known what is down.
func (a *availability) serves(gateway, device string, down func(string) bool) bool {
	if down(gateway) || down(history.Link(gateway, device)) || down(history.Link(gateway, history.TruthName)) {
		return false
	}
	return len(a.h.Run.Hubs) == 0 || slices.ContainsFunc(a.h.Run.Hubs, func(hub string) bool {
		return !down(hub) && !down(history.Link(gateway, hub))
	})
}

// after returns the first instant by which the device could be served for d since a.
func after(outages times, a boottime.Instant, d time.Duration) boottime.Instant {
	k := sort.Search(len(outages), func(k int) bool { return outages[k].to > a })
	for ; k < len(outages); k++ {
		if free := outages[k].from.Sub(a); free >= d {
			break
		} else if free > 0 {
			d -= free
		}
		a = max(a, outages[k].to)
	}
	return a.Add(d)
}
