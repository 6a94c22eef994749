package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

const (
	// MaxLanes is how many devices are drawn, but for those that violations name; lanesAtOnce of them without being asked for.
	MaxLanes    = 200
	lanesAtOnce = 32
	// maxSpans is how many spans one lane has at most; what is too narrow to be seen is left out first.
	maxSpans = 400
	// colours is how many owners can be told apart.
	colours = 6
)

func (p *page) ownerKeys() []key {
	if p.history == nil {
		return nil
	}
	var keys []key
	for i, name := range p.history.Run.Gateways {
		keys = append(keys, key{"g" + strconv.Itoa(i%colours), name})
	}
	return append(keys, key{"gap", "no reading for more than two periods"})
}

// deviceLanes has one lane for each device, those that violations name first. more are shown on request.
func (p *page) deviceLanes() (shown, more group) {
	shown, more = group{Name: "Devices"}, group{Name: "More devices"}
	if p.history == nil {
		return shown, more
	}
	var first, rest []string
	for _, id := range slices.SortedFunc(maps.Keys(p.history.Devices), natural) {
		if p.named.devices[id] {
			first = append(first, id)
		} else {
			rest = append(rest, id)
		}
	}
	rest = rest[:min(len(rest), max(MaxLanes-len(first), 0))]
	for _, id := range first {
		p.deviceLane(&shown, id, true)
	}
	for _, id := range rest {
		if len(shown.Lanes) < lanesAtOnce {
			p.deviceLane(&shown, id, false)
		} else {
			p.deviceLane(&more, id, false)
		}
	}
	all := len(p.history.Devices)
	shown.Alt = fmt.Sprintf("Owners of %d of %d devices over time, with their epochs", len(shown.Lanes), all)
	more.Alt = fmt.Sprintf("Owners of %d more of %d devices over time", len(more.Lanes), all)
	return shown, more
}

// deviceLane draws who owned a device when, and when nobody read it.
func (p *page) deviceLane(g *group, id string, isNamed bool) {
	note := ""
	if isNamed {
		note = "!"
	}
	g.lane(id, note)
	d := p.history.Devices[id]
	bus := p.history.Buses[d.Spec.Bus]
	if bus != nil {
		p.owners(g, id, bus.Grants)
	}
	from, to := check.Watched(p.history)
	for _, s := range check.Gaps(d, from, to) {
		if len(g.Bars) > maxSpans*len(g.Lanes) {
			return
		}
		g.strip(p.scale.at(s.From), p.scale.at(s.To), 3, "gap", fmt.Sprintf("%s: no reading from %s to %s", id, seconds(p.scale.since(s.From)), seconds(p.scale.since(s.To))))
	}
}

func (p *page) owners(g *group, id string, grants []*history.Grant) {
	begun := len(g.Bars)
	for i, grant := range grants {
		from, to := p.scale.at(grant.At), number(wide)
		if i+1 < len(grants) {
			to = p.scale.at(grants[i+1].At)
		}
		narrow := to-from < 0.25 && i+1 < len(grants)
		if narrow && len(grants) > maxSpans/2 || len(g.Bars)-begun >= maxSpans {
			continue
		}
		if grant.Gateway == "" {
			g.bar(from, to, "nobody", fmt.Sprintf("%s belongs to nobody, epoch %d", id, grant.Epoch))
			continue
		}
		g.bar(from, to, p.colour(grant.Gateway), fmt.Sprintf("%s belongs to %s, epoch %d, from %s", id, grant.Name(), grant.Epoch, seconds(p.scale.since(grant.At))))
		g.label(from, to, fmt.Sprintf("%s e%d", grant.Gateway, grant.Epoch), "epoch")
	}
}

// colour is the class of an owner.
func (p *page) colour(gateway string) string {
	if i := slices.Index(p.history.Run.Gateways, gateway); i >= 0 {
		return "g" + strconv.Itoa(i%colours)
	}
	return "nobody"
}
