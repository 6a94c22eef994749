package report

import (
	"fmt"
	"strconv"
	"strings"
)

// mix is how commands ended over time, by when they were sent.
func (p *page) mix(all []command) *plot {
	const height = 150
	const columns = 60
	if len(all) == 0 {
		return nil
	}
	var counts [columns][]int
	totals := make([]int, len(outcomes))
	most := 0
	for _, c := range all {
		i := min(int(c.at/p.scale.end*columns), columns-1)
		if counts[max(i, 0)] == nil {
			counts[max(i, 0)] = make([]int, len(outcomes)+1)
		}
		column := counts[max(i, 0)]
		column[c.outcome]++
		column[len(outcomes)]++
		most = max(most, column[len(outcomes)])
		totals[c.outcome]++
	}
	pl := &plot{ID: "outcomes", Title: "Outcomes over time", Height: height, XTicks: p.scale.ticks(), Shade: p.shades(height)}
	for i, column := range counts {
		y := number(height)
		for o, n := range column[:max(len(column)-1, 0)] {
			if n == 0 {
				continue
			}
			h := number(n) / number(most) * (height - 10)
			y -= h
			pl.Bars = append(pl.Bars, bar{X: number(i) * wide / columns, W: wide/columns - 1, Y: y, H: h, Class: "f" + strconv.Itoa(o), Title: fmt.Sprintf("%d %s", n, outcomes[o])})
		}
	}
	var told []string
	for o, n := range totals {
		if n > 0 {
			pl.Keys = append(pl.Keys, key{"f" + strconv.Itoa(o), fmt.Sprintf("%s %d", strings.ToLower(outcomes[o]), n)})
			told = append(told, fmt.Sprintf("%d %s", n, strings.ToLower(outcomes[o])))
		}
	}
	pl.Alt = "How commands ended: " + strings.Join(told, ", ") + "."
	pl.Note = fmt.Sprintf("Commands by when they were sent, in steps of %s.", seconds(p.scale.end/columns))
	pl.YTicks = []tick{{At: 1000.0 / height, Text: strconv.Itoa(most)}, {At: 100, Text: "0"}}
	return pl
}
