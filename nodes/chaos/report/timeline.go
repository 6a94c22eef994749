package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	rowHeight  = 18 // pixels
	barHeight  = 12
	barTop     = 2
	faultLabel = 150 // what the label of a fault takes of the width, so that two do not lie on each other
)

// timeline is what happened when: groups of lanes on one axis.
type timeline struct {
	Ticks  []tick
	Phases []label
	Groups []group
	More   *group // devices that are shown on request
	Pins   []pin
	// PinHeight is what the pins need, in pixels.
	PinHeight int
	Owners    []key
}

// group is lanes that belong together.
type group struct {
	Name, Alt   string
	Height      int
	Lanes       []lane
	Shade, Bars []bar
	Paths       []path
	Labels      []label
}

// lane is a row of a group.
type lane struct {
	Name string
	Note string // how much of it there is
}

func (g *group) lane(name, note string) (top number) {
	g.Lanes = append(g.Lanes, lane{name, note})
	g.Height = len(g.Lanes) * rowHeight
	return number(g.Height - rowHeight)
}

// bar adds a bar to the last lane.
func (g *group) bar(x, end number, class, title string) {
	top := number(g.Height - rowHeight + barTop)
	g.Bars = append(g.Bars, bar{X: x, Y: top, W: max(end-x, 0.5), H: barHeight, Class: class, Title: title})
}

// strip adds a low bar, over what is there.
func (g *group) strip(x, end, height number, class, title string) {
	g.bar(x, end, class, title)
	last := &g.Bars[len(g.Bars)-1]
	last.Y, last.H = last.Y+barHeight-height, height
}

// label adds a text to the last lane.
func (g *group) label(x, end number, text, class string) {
	if end-x < 8 { // not to be read at any zoom
		return
	}
	g.Labels = append(g.Labels, label{Left: percent(x), Width: percent(end - x), Top: number(g.Height - rowHeight + barTop), Text: text, Class: class})
}

func (p *page) timeline(all []command) *timeline {
	t := &timeline{Ticks: p.scale.fineTicks(), Owners: p.ownerKeys()}
	t.Pins, t.PinHeight = p.pins()
	for _, phase := range p.report.Phases {
		from, to := p.scale.x(phase.T0), p.scale.x(phase.T1)
		if to-from >= 5 {
			t.Phases = append(t.Phases, label{Left: percent(from), Width: percent(to - from), Text: phase.Name})
		}
	}
	t.add(p.faultLanes(), p)
	t.add(p.nodeLanes(), p)
	t.add(p.commandLanes(all), p)
	devices, more := p.deviceLanes()
	t.add(devices, p)
	if len(more.Lanes) > 0 {
		more.Shade = p.shades(more.Height)
		t.More = &more
	}
	return t
}

func (t *timeline) add(g group, p *page) {
	if len(g.Lanes) > 0 {
		g.Shade = p.shades(g.Height)
		t.Groups = append(t.Groups, g)
	}
}

// faultLanes places the faults so that none lies on another.
func (p *page) faultLanes() group {
	g := group{Name: "Faults"}
	var rows [][]int // of faults
	var ends []number
	order := make([]int, len(p.report.Faults))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.report.Faults[a].Apply[0], p.report.Faults[b].Apply[0]) })
	for _, i := range order {
		f := p.report.Faults[i]
		from, to := p.scale.x(f.Apply[0]), p.scale.x(f.Heal[1])
		row := slices.IndexFunc(ends, func(end number) bool { return end <= from })
		if row < 0 {
			row = len(rows)
			rows, ends = append(rows, nil), append(ends, 0)
		}
		rows[row], ends[row] = append(rows[row], i), max(to, from+faultLabel)+2
	}
	for r, row := range rows {
		g.lane([]string{"faults", ""}[min(r, 1)], "")
		for _, i := range row {
			f := p.report.Faults[i]
			from, to := p.scale.x(f.Apply[0]), p.scale.x(f.Heal[1])
			class := "fault"
			if !f.Confirmed {
				class = "fault unsure"
			}
			g.bar(from, to, class, fmt.Sprintf("%s %s of %s, %s to %s. %s", f.ID, f.Kind, f.Target, seconds(f.Apply[0]), seconds(f.Heal[1]), f.Evidence))
			g.label(from, max(to, min(from+faultLabel, wide)), f.ID+" "+f.Kind+" "+f.Target, "on-fault")
		}
	}
	g.Alt = fmt.Sprintf("%d faults in %d lanes", len(p.report.Faults), len(rows))
	return g
}

// commandLanes has one lane for each way in which commands ended.
func (p *page) commandLanes(all []command) group {
	g := group{Name: "Commands"}
	some := drawn(all, MaxDrawn)
	counts := make([]int, len(outcomes))
	for _, c := range all {
		counts[c.outcome]++
	}
	var told []string
	for o, name := range outcomes {
		if counts[o] == 0 {
			continue
		}
		top := g.lane(strings.ToLower(name), strconv.Itoa(counts[o]))
		told = append(told, fmt.Sprintf("%d %s", counts[o], strings.ToLower(name)))
		var ticks dots
		for _, c := range some {
			switch {
			case c.outcome != o:
			case c.anchor != "":
				x := p.scale.x(c.at)
				g.bar(x-2, x+2, "named", c.ID+" of "+c.Call.Device+": a violation names it")
				last := &g.Bars[len(g.Bars)-1]
				last.Y, last.H = top, rowHeight
			default:
				ticks.tick(p.scale.x(c.at), top+barTop, barHeight)
			}
		}
		g.Paths = append(g.Paths, path{"tick o" + strconv.Itoa(o), ticks.b.String()})
	}
	g.Alt = "Commands by how they ended: " + strings.Join(told, ", ")
	return g
}

func seconds(ms float64) string { return strconv.FormatFloat(ms/1000, 'f', 2, 64) + " s" }
