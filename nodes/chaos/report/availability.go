package report

import (
	"fmt"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// bucket is the step of the plot of availability.
const bucket = 250 * time.Millisecond

// maxBuckets is how many steps a long run has; they are wider then.
const maxBuckets = 2000

// availability is which share of the devices was served over time. A device is served but for the gaps in its readings.
func (p *page) availability() *plot {
	if p.history == nil {
		return nil
	}
	from, to := check.Watched(p.history)
	devices := 0
	for _, d := range p.history.Devices {
		if d.Spec.Period > 0 {
			devices++
		}
	}
	if to <= from || devices == 0 {
		return nil
	}
	step := max(bucket, to.Sub(from)/maxBuckets)
	n := int(to.Sub(from)/step) + 1
	gone := make([]int, n+1) // changes of the count of those in a gap
	for _, d := range p.history.Devices {
		for _, g := range check.Gaps(d, from, to) {
			gone[int(g.From.Sub(from)/step)]++
			gone[min(int(g.To.Sub(from)/step)+1, n)]--
		}
	}
	return p.drawAvailability(from.Sub(p.history.Begin), step, gone[:n], devices)
}

func (p *page) drawAvailability(from, step time.Duration, gone []int, devices int) *plot {
	const height = 150
	const top = 12 // of all devices
	pl := &plot{
		ID: "availability", Title: "Devices served", Height: height, XTicks: p.scale.ticks(), Shade: p.shades(height),
		Note: fmt.Sprintf("The share of %d devices that were served, in steps of %s. Where two of its readings are more than two periods apart, a device is not served from when the next one was due. "+
			"Shaded: a fault was there. Dashed: the goal, all devices.", devices, milliseconds(float64(step)/1e6)),
	}
	y := func(share float64) number { return number(top + (1-share)*(height-top)) }
	line, area := "", ""
	now := 0
	for i, change := range gone {
		now += change
		served := devices - now
		at := y(float64(served) / float64(devices))
		x := p.scale.x(float64(from+time.Duration(i)*step) / 1e6)
		switch {
		case i == 0:
			line, area = "M"+x.String()+" "+at.String(), "M"+x.String()+" "+number(height).String()+"V"+at.String()
		case change != 0:
			part := "H" + x.String() + "V" + at.String()
			line, area = line+part, area+part
		}
	}
	end := "H" + p.scale.x(float64(from+time.Duration(len(gone))*step)/1e6).String()
	line, area = line+end, area+end+"V"+number(height).String()+"Z"
	pl.Paths = []path{{"area", area}, {"line", line}, {"goal", across(y(1))}}
	for _, share := range []float64{1, 0.75, 0.5, 0.25, 0} {
		pl.YTicks = append(pl.YTicks, tick{At: y(share) * 100 / height, Text: fmt.Sprintf("%.0f %%", share*100)})
	}
	p.served, p.lowest, _ = check.ServedShare(p.history)
	pl.Alt = fmt.Sprintf("%.1f %% of the time of all devices was served; the lowest share at one time was %.0f %%.", 100*p.served, 100*p.lowest)
	return pl
}

// limits are what the run was judged by.
func (p *page) limits() history.Limits {
	if p.history == nil {
		return history.Limits{}.WithDefaults()
	}
	return p.history.Run.Limits.WithDefaults()
}
