package check

import (
	"slices"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// Slack of the guard against leaks: small numbers go up and down by themselves.
const (
	leakFactor     = 1.5
	goroutineSlack = 50
	// Bytes. A Go program gives memory back over minutes, and a hub of a hundred devices has 60 MB more after a minute than at its start.
	memorySlack = 96 << 20
)

// Converges is C10: after all faults are gone there is one owner for each bus, every gateway knows it, nothing is
// on its way any more, and every process is well.
func Converges(h *history.History) Result {
	f := begin(h, "C10", "convergence")
	healed, ok := lastEnd(h)
	if !ok {
		f.unknown("it is not known when the faults were gone")
		return f.end()
	}
	c := &convergence{finding: f, healed: healed, available: newAvailability(h)}
	c.owners()
	c.pictures()
	c.hardware()
	c.backlogs()
	c.health()
	if len(c.all) > 0 && h.End.Sub(healed) < f.limits.Converge && !c.conclusive {
		f.unknown("run too short: it ended %v after the faults were gone, and %v are allowed; %s so far", h.End.Sub(healed), f.limits.Converge, c.all[0].Text)
		f.all = nil
	}
	return f.end()
}

// convergence is a look at the end of a run.
type convergence struct {
	*finding
	healed     boottime.Instant
	available  *availability
	conclusive bool // more time would not have mended it
}

func (c *convergence) up(node string) bool { return !c.available.down[node].at(c.h.End) }

// owners: each bus belongs to a gateway that is up.
func (c *convergence) owners() {
	seen := map[string]bool{}
	for _, d := range c.h.Run.Devices {
		reachable := !c.available.outages(d).at(c.h.End)
		if seen[d.Bus] || !reachable {
			continue
		}
		seen[d.Bus] = true
		c.Examined++
		about := suspect{device: d.ID, bus: d.Bus, Violation: Violation{At: c.h.End}}
		switch last := c.last(d.Bus); {
		case last == nil:
			c.unknown("nothing is known of the owner of bus %s", d.Bus)
		case last.Gateway == "":
			c.violated("C10", d.Bus, about, []history.Record{last}, "bus %s belongs to nobody at the end", d.Bus)
		case !c.up(last.Gateway):
			c.violated("C10", d.Bus, about, []history.Record{last}, "bus %s belongs to %s at the end, which is down", d.Bus, last.Name())
		}
	}
}

func (c *convergence) last(bus string) *history.Grant {
	list := ownersOf(c.h, bus)
	if len(list) == 0 {
		return nil
	}
	return list[len(list)-1]
}

// pictures: what each gateway believes at the end is what is so.
func (c *convergence) pictures() {
	type view struct{ gateway, bus string }
	last := map[view]*history.Picture{}
	var order []view
	for _, p := range c.h.Pictures {
		v := view{p.Gateway, p.Bus}
		if last[v] == nil {
			order = append(order, v)
		}
		last[v] = p
	}
	for _, v := range order {
		p, grant := last[v], c.last(v.bus)
		if !c.up(v.gateway) || grant == nil || p.At < grant.At {
			continue
		}
		c.Examined++
		if p.Epoch != grant.Epoch || p.Owner != grant.Peer {
			c.violated("C10", v.bus, suspect{bus: v.bus, device: c.deviceOn(v.bus)}, []history.Record{grant, p},
				"%s believes at the end that bus %s belongs to %s under epoch %d, and it belongs to %s under epoch %d",
				v.gateway, v.bus, p.Owner.Name(), p.Epoch, grant.Name(), grant.Epoch)
		}
	}
}

// hardware: in the last phases only the owner reads a device, and only one run of it.
func (c *convergence) hardware() {
	begin, _, ok := c.h.Phase(history.PhaseDrain)
	if !ok {
		return
	}
	for _, id := range sortedKeys(c.h.Devices) {
		d := c.h.Devices[id]
		grant := c.last(d.Spec.Bus)
		if grant == nil || grant.At.Add(c.limits.Failover) > begin {
			continue
		}
		i, _ := slices.BinarySearchFunc(d.Reads, begin, func(r *history.Read, at boottime.Instant) int { return compare(r.At, at) })
		var first *history.Read
		for _, r := range d.Reads[i:] {
			if first == nil && r.Done {
				first = r
			}
			if r.Done && (r.Gateway != grant.Gateway || r.Peer != first.Peer) {
				c.conclusive = true
				c.violated("C10", id, suspect{device: id, bus: d.Spec.Bus}, []history.Record{grant, first, r},
					"%s is read at the end by %s and by %s, and belongs to %s", id, first.Name(), r.Name(), grant.Name())
				break
			}
		}
	}
}

// backlogs: spools are empty, and the sink has all.
func (c *convergence) backlogs() {
	last := map[string]*history.Backlog{}
	for _, b := range c.h.Backlogs {
		last[b.Holder] = b
	}
	if len(last) == 0 {
		c.unknown("nothing is known of what is on its way at the end")
	}
	for _, holder := range sortedKeys(last) {
		b := last[holder]
		if !b.Sink && !c.up(holder) {
			continue
		}
		c.Examined++
		if b.Waiting > 0 {
			c.violated("C10", holder, suspect{}, []history.Record{b}, "%s has %d waiting at the end", holder, b.Waiting)
		}
	}
}

// health: every process that is up answers, has not grown, and has not complained.
func (c *convergence) health() {
	first, last := map[string]*history.Health{}, map[string]*history.Health{}
	for _, x := range c.h.Health {
		if first[x.Node] == nil {
			first[x.Node] = x
		}
		last[x.Node] = x
		if len(x.Complaints) > 0 {
			c.conclusive = true
			c.violated("C10", x.Node, suspect{}, []history.Record{x}, "%s complains: %s", x.Node, x.Complaints[0])
		}
	}
	for _, node := range sortedKeys(last) {
		a, b := first[node], last[node]
		c.Examined++
		switch records := []history.Record{a, b}; {
		case !c.up(node):
		case !b.Answers:
			c.violated("C10", node, suspect{}, records[1:], "%s does not answer at the end", node)
		case grown(float64(a.Goroutines), float64(b.Goroutines), goroutineSlack):
			c.violated("C10", node, suspect{}, records, "%s has %d goroutines at the end, and had %d", node, b.Goroutines, a.Goroutines)
		case grown(float64(a.Memory), float64(b.Memory), memorySlack):
			c.violated("C10", node, suspect{}, records, "%s has %d bytes of memory at the end, and had %d", node, b.Memory, a.Memory)
		}
	}
}

func grown(before, now, slack float64) bool { return before > 0 && now > leakFactor*before+slack }
