package report

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/run"
)

// failovers has one histogram for each kind of fault, all on the same axis.
func (p *page) failovers() []plot {
	if p.history == nil {
		return nil
	}
	times := check.FailoverTimes(p.history)
	goal := p.limits().Failover
	longest := goal
	for _, all := range times {
		longest = max(longest, slices.Max(all))
	}
	var plots []plot
	for _, kind := range slices.Sorted(maps.Keys(times)) {
		plots = append(plots, histogram(string(kind), times[kind], p.report.Failover[string(kind)], goal, longest+longest/10))
	}
	return plots
}

func histogram(kind string, times []time.Duration, q run.Quantiles, goal, longest time.Duration) plot {
	const height = 90
	const bins = 50
	counts := make([]int, bins)
	for _, t := range times {
		counts[min(int(t*bins/longest), bins-1)]++
	}
	most := slices.Max(counts)
	x := func(ms float64) number { return number(ms * 1e6 / float64(longest) * wide) }
	pl := plot{
		Title: "after " + kind, Height: height,
		Alt: fmt.Sprintf("Fail-over after %s: %d devices, half of them within %.0f ms, 99 %% within %.0f ms, all within %.0f ms; the goal is %.0f ms.",
			kind, q.N, q.P50, q.P99, q.Max, float64(goal)/1e6),
		Note: fmt.Sprintf("%d devices · p50 %.2f s · p99 %.2f s · max %.2f s · goal %.2f s", q.N, q.P50/1000, q.P99/1000, q.Max/1000, goal.Seconds()),
	}
	for i, n := range counts {
		if n == 0 {
			continue
		}
		h := number(n) / number(most) * (height - 14)
		from, to := longest*time.Duration(i)/bins, longest*time.Duration(i+1)/bins
		pl.Bars = append(pl.Bars, bar{
			X: number(i) * wide / bins, W: wide/bins - 2, Y: height - h, H: h, Class: "hist",
			Title: fmt.Sprintf("%d devices after %.2f s to %.2f s", n, from.Seconds(), to.Seconds()),
		})
	}
	pl.Paths = []path{{"goal", upright(x(float64(goal)/1e6), height)}, {"q50", upright(x(q.P50), height)}, {"q99", upright(x(q.P99), height)}}
	step := stepFor(longest.Seconds())
	for i := 0; float64(i)*step <= longest.Seconds(); i++ {
		at := float64(i) * step
		pl.XTicks = append(pl.XTicks, tick{At: percent(x(at * 1000)), Text: fmt.Sprintf("%g s", at), Odd: i%2 == 1})
	}
	pl.YTicks = []tick{{At: 14 * 100 / number(height), Text: fmt.Sprint(most)}, {At: 100, Text: "0"}}
	return pl
}
