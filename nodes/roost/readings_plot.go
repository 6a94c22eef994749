package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/roost-iot/roost/nodes/console"
	"github.com/roost-iot/roost/nodes/plot"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// mostPlots are drawn if no resource was asked for, each so high; that of one resource is higher.
	mostPlots   = 3
	smallHeight = 8
	largeHeight = 16
	plotDigits  = 4
)

// plots are the numbers among the readings of a device. Nil draws nothing.
type plots struct {
	profile *roostv1.Profile
	names   []string // in the order of the profile
	series  map[string]*plot.Series
	last    time.Time
}

func newPlots(profile *roostv1.Profile, resource string) *plots {
	p := &plots{profile: profile, series: map[string]*plot.Series{}}
	for _, r := range profile.GetResources() {
		if resource == "" || resource == r.Name {
			p.names = append(p.names, r.Name)
			// A resource with a deadband says nothing while nothing changes.
			p.series[r.Name] = &plot.Series{Hold: 2 * r.GetHeartbeat().AsDuration()}
		}
	}
	return p
}

func (p *plots) add(b *roostv1.ReadingBatch) {
	if p == nil {
		return
	}
	if b.DroppedBefore > 0 {
		p.interrupt()
	}
	base := b.GetBaseTime().AsTime()
	for _, r := range b.Readings {
		p.last = base.Add(time.Duration(r.GetAcquiredOffsetUs()) * time.Microsecond)
		number, ok := r.GetValue().Number()
		switch series := p.series[r.GetResource()]; {
		case series == nil:
		case ok:
			series.Add(p.last, number)
		default:
			series.Break(p.last)
		}
	}
}

// interrupt says that readings are missing at this point.
func (p *plots) interrupt() {
	if p == nil || p.last.IsZero() {
		return
	}
	for _, series := range p.series {
		series.Break(p.last)
	}
}

// write draws what changed, and names what there is besides.
func (p *plots) write(s console.Screen) error {
	if p == nil {
		return nil
	}
	most, height := mostPlots, smallHeight
	if len(p.names) == 1 {
		most, height = 1, largeHeight
	}
	var others []string
	for _, name := range p.names {
		sum := p.series[name].Summary()
		if sum.Count == 0 || sum.Flat() {
			continue
		}
		if most == 0 {
			others = append(others, name)
			continue
		}
		if p.draw(s, name, height) {
			most--
		}
	}
	if len(others) == 0 {
		return nil
	}
	_, err := fmt.Fprintln(s, "\n"+s.Paint(console.Faint, console.Cut("with --resource also: "+strings.Join(others, ", "), s.Width)))
	return err
}

// draw draws one series; false if there is nothing to see.
func (p *plots) draw(s console.Screen, name string, height int) bool {
	unit := p.profile.Resource(name).GetUnit()
	say := func(f float64) string { return console.Quantity(roostv1.Double(f), unit, plotDigits) }
	picture := plot.Draw(p.series[name], plot.Picture{Width: s.Width, Height: height, Label: say, Color: bool(s.Palette)})
	if picture == "" {
		return false
	}
	sum := p.series[name].Summary()
	fmt.Fprintf(s, "\n%s  %s\n%s\n", s.Paint(console.Strong, name),
		s.Paint(console.Faint, fmt.Sprintf("%s to %s, mean %s", say(sum.Least), say(sum.Most), say(sum.Mean))), picture)
	return true
}
