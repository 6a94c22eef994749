package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// nodeStates are how a process may be, in the order of the legend.
var nodeStates = []key{
	{"n-up", "up"}, {"n-starting", "starting"}, {"n-paused", "paused"}, {"n-cut", "link broken"}, {"n-down", "down"},
}

// nodeLanes has one lane for each process.
func (p *page) nodeLanes() group {
	g := group{Name: "Nodes"}
	h := p.history
	if h == nil {
		return g
	}
	byNode := map[string][]*history.Process{}
	var names []string
	for _, r := range h.Processes {
		if byNode[r.Node] == nil {
			names = append(names, r.Node)
		}
		byNode[r.Node] = append(byNode[r.Node], r)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(h, a), rank(h, b)), natural(a, b))
	})
	for _, name := range names {
		g.lane(name, "")
		p.lives(&g, byNode[name])
		p.troubles(&g, name)
	}
	g.Alt = fmt.Sprintf("The states of %d processes over time: up, starting, paused, cut off, down", len(names))
	return g
}

// rank puts hubs first, then gateways, then the rest.
func rank(h *history.History, node string) int {
	switch {
	case slices.Contains(h.Run.Hubs, node):
		return 0
	case slices.Contains(h.Run.Gateways, node):
		return 1
	default:
		return 2
	}
}

// lives draws when a process was up, starting or down.
func (p *page) lives(g *group, records []*history.Process) {
	class := map[history.ProcessState]string{
		history.ProcessStarted: "n-starting", history.ProcessReady: "n-up", history.ProcessEnded: "n-down",
	}
	word := map[history.ProcessState]string{
		history.ProcessStarted: "starting", history.ProcessReady: "up", history.ProcessEnded: "down",
	}
	for i, r := range records {
		from, to := p.scale.at(r.At), number(wide)
		if i+1 < len(records) {
			to = p.scale.at(records[i+1].At)
		}
		title := fmt.Sprintf("%s, start %d: %s from %s", r.Node, r.Run, word[r.State], seconds(p.scale.since(r.At)))
		if r.Exit != "" {
			title += ", " + r.Exit
		}
		height := number(barHeight)
		if r.State == history.ProcessStarted {
			height = 5
		}
		g.strip(from, to, height, class[r.State], title)
		if r.State == history.ProcessEnded {
			g.label(from, to, "down", "on-down")
		}
	}
}

// troubles draws over it when the process stood still, or its links were broken.
func (p *page) troubles(g *group, node string) {
	for _, w := range p.history.Faults {
		if !w.Confirmed {
			continue
		}
		class, word := "n-cut", "link broken"
		switch {
		case w.Fault == history.FaultPause && slices.Contains(w.Targets, node):
			class, word = "n-paused", "paused"
		case w.Fault == history.FaultPause || w.Fault == history.FaultKill || w.Fault == history.FaultTogether || w.Fault == history.FaultStop:
			continue
		case !slices.Contains(w.Targets, node) && !slices.ContainsFunc(w.Down, func(down string) bool { return linkOf(down, node) }):
			continue
		}
		from, to := p.scale.at(w.Applied), p.scale.at(healed(w))
		g.bar(from, to, class, fmt.Sprintf("%s: %s by %s %s, %s to %s", node, word, w.ID, w.Fault, seconds(p.scale.since(w.Applied)), seconds(p.scale.since(healed(w)))))
		g.label(from, to, word, "on-"+class)
	}
}

func healed(w *history.FaultWindow) boottime.Instant { return max(w.Healed, w.HealAsked) }

// linkOf reports whether a link is one of a gateway.
func linkOf(link, node string) bool {
	return len(link) > len(node) && link[:len(node)] == node && link[len(node)] == '~'
}

// natural compares names such that rig-2 is before rig-10.
func natural(a, b string) int {
	x, n := numbered(a)
	y, m := numbered(b)
	return cmp.Or(cmp.Compare(x, y), cmp.Compare(len(n), len(m)), cmp.Compare(n, m), cmp.Compare(a, b))
}

// numbered cuts a name before the digits that it ends in.
func numbered(s string) (name, digits string) {
	i := len(s)
	for i > 0 && '0' <= s[i-1] && s[i-1] <= '9' {
		i--
	}
	return s[:i], s[i:]
}
