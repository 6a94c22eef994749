package plot

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/guptarohit/asciigraph"
)

// Picture says how a series is drawn.
type Picture struct {
	Width, Height int // of the whole, in characters
	// Label says a value at the axis.
	Label func(float64) string
	Color bool
}

// The smallest picture in which something can be seen.
const (
	leastWidth  = 20
	leastHeight = 2
	// axisHeight is the lines that the time axis takes, and overhang the columns that half of its
	// last time does.
	axisHeight = 2
	overhang   = 5
)

// Draw draws a series, with its times below. It returns nothing where the value does not change,
// or there is no room.
func Draw(s *Series, p Picture) string {
	sum := s.Summary()
	span := sum.Most - sum.Least
	if span == 0 || math.IsInf(span, 0) || sum.First.Equal(sum.Last) {
		return ""
	}
	labels := max(width(p.Label(sum.Least)), width(p.Label(sum.Most)), width(p.Label(sum.Mean))) + 2
	columns, height := p.Width-labels-overhang, p.Height-axisHeight-1
	if columns < leastWidth || height < leastHeight {
		return ""
	}
	// What is drawn is between 0 and 1: the library breaks on numbers that are far from that.
	values := s.Columns(columns)
	for i, v := range values {
		values[i] = (v - sum.Least) / span
	}
	options := []asciigraph.Option{
		asciigraph.Height(height),
		asciigraph.LowerBound(0), asciigraph.UpperBound(1),
		asciigraph.YAxisValueFormatter(func(part float64) string { return p.Label(sum.Least + part*span) }),
		asciigraph.XAxisRange(float64(s.points[0].at), float64(s.points[len(s.points)-1].at)),
		asciigraph.XAxisTickCount(min(5, max(2, columns/20))),
		asciigraph.XAxisValueFormatter(clock(sum.Last.Sub(sum.First))),
	}
	if p.Color {
		options = append(options, asciigraph.SeriesColors(asciigraph.Green))
	}
	return trimmed(asciigraph.Plot(values, options...))
}

// clock says the times of the axis, as exactly as the span needs.
func clock(span time.Duration) func(float64) string {
	layout := "15:04:05"
	switch {
	case span > 48*time.Hour:
		layout = "01-02 15h"
	case span > 30*time.Minute:
		layout = "15:04"
	}
	return func(us float64) string { return time.UnixMicro(int64(us)).Format(layout) }
}

func width(s string) int { return utf8.RuneCountInString(s) }

// trimmed takes the spaces from the ends of the lines.
func trimmed(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}
