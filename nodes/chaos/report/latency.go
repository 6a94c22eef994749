package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/run"
)

// latencies has one scatter for each class of commands: when it was sent, and after how long its sender was told how it
// ended.
func (p *page) latencies(all []command) []plot {
	some := drawn(all, MaxDrawn)
	longest := 100.0
	for _, c := range all {
		longest = max(longest, c.took)
	}
	decades := math.Ceil(math.Log10(longest))
	var plots []plot
	for _, class := range []history.Class{history.Absolute, history.Relative, history.Pulse, history.Query} {
		of := func(c command) bool { return c.Call.Class == class && c.took > 0 }
		if slices.ContainsFunc(all, of) {
			plots = append(plots, p.scatter(string(class), slices.DeleteFunc(slices.Clone(some), func(c command) bool { return !of(c) }), decades))
		}
	}
	return plots
}

func (p *page) scatter(class string, some []command, decades float64) plot {
	const height = 150
	y := func(ms float64) number {
		return number((1 - min(max(math.Log10(max(ms, 1e-3))/decades, 0), 1)) * height)
	}
	q := p.report.Latency[class]
	pl := plot{
		Title: class, Height: height, XTicks: p.scale.ticks(), Shade: p.shades(height),
		Alt:  fmt.Sprintf("How long commands of class %s took: %d succeeded, half of them within %.1f ms, 99 %% within %.0f ms, all within %.0f ms.", class, q.N, q.P50, q.P99, q.Max),
		Note: fmt.Sprintf("%d succeeded · p50 %s · p99 %s · max %s", q.N, milliseconds(q.P50), milliseconds(q.P99), milliseconds(q.Max)),
	}
	var good, other dots
	for _, c := range some {
		x, at := p.scale.x(c.at), y(c.took)
		switch {
		case c.anchor != "":
			pl.Bars = append(pl.Bars, bar{X: max(x-2, 0), Y: max(at-4, 0), W: 4, H: 8, Class: "named", Title: c.ID + " of " + c.Call.Device + ": a violation names it"})
		case outcomes[c.outcome] == string(history.Succeeded):
			good.add(x, at)
		default:
			other.tick(x, max(at-3, 0), 6)
		}
	}
	pl.Paths = []path{{"dot", good.b.String()}, {"stroke", other.b.String()}}
	if q.N > 0 {
		pl.Paths = append(pl.Paths, path{"q50", across(y(q.P50))}, path{"q99", across(y(q.P99))})
	}
	for i := 0; i <= int(decades); i++ {
		ms := math.Pow10(i)
		pl.YTicks = append(pl.YTicks, tick{At: y(ms) * 100 / height, Text: milliseconds(ms)})
	}
	return pl
}

// milliseconds is a time for people.
func milliseconds(ms float64) string { return run.People(ms) }
