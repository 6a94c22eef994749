package report

import (
	"math"
	"slices"
	"strconv"

	"github.com/roost-iot/roost/cluster/boottime"
)

// wide is the width of every drawing in its own units. Drawings are stretched to the page; their heights are pixels.
const wide = 1000

// number is a coordinate; it is written with two decimals at most.
type number float64

func (n number) String() string {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return "0"
	}
	return strconv.FormatFloat(math.Round(float64(n)*100)/100, 'f', -1, 64)
}

// percent is where a coordinate is in the width of its drawing.
func percent(x number) number { return x * 100 / wide }

// scale carries times of a run into a drawing. The times are milliseconds from the run's beginning.
type scale struct {
	begin boottime.Instant // of the history
	end   float64          // milliseconds; not 0
}

// since returns the milliseconds from the beginning.
func (s scale) since(at boottime.Instant) float64 { return float64(at.Sub(s.begin)) / 1e6 }

// x carries milliseconds over; what lies outside is at the edge.
func (s scale) x(ms float64) number {
	return number(min(max(ms/s.end, 0), 1) * wide)
}

func (s scale) at(i boottime.Instant) number { return s.x(s.since(i)) }

// tick is a label of an axis.
type tick struct {
	At   number // percent of the axis
	Text string
	Odd  bool // may be left out where it is narrow
	Fine bool // is for a timeline that is enlarged
}

// ticks labels the time.
func (s scale) ticks() []tick {
	return slices.DeleteFunc(s.fineTicks(), func(t tick) bool { return t.Fine })
}

// fineTicks labels the time, with ten steps where ticks has one.
func (s scale) fineTicks() []tick {
	var all []tick
	step := stepFor(s.end/1000) / 10
	for i := 0; ; i++ {
		at := float64(i) * step
		if at*1000 > s.end {
			return all
		}
		all = append(all, tick{At: percent(s.x(at * 1000)), Text: number(at).String() + " s", Odd: i%20 == 10, Fine: i%10 != 0})
	}
}

// stepFor returns a round step that makes at most ten of so many.
func stepFor(all float64) float64 {
	for unit := 0.001; ; unit *= 10 {
		for _, k := range []float64{1, 2, 5} {
			if all/(unit*k) <= 10 {
				return unit * k
			}
		}
	}
}
