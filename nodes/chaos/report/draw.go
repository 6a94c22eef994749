package report

import (
	"strconv"
	"strings"
)

// bar is a rectangle. Its title is what it says to those who point at it or cannot see it.
type bar struct {
	X, Y, W, H   number
	Class, Title string
}

// path is a line, an area, or any number of dots.
type path struct{ Class, D string }

// label is a text in a drawing. It is not stretched with it: Left and Width are percent, Top is pixels.
type label struct {
	Left, Width, Top number
	Text, Class      string
}

// key explains a colour.
type key struct{ Class, Text string }

// plot is a drawing with axes.
type plot struct {
	ID, Title, Note string
	Alt             string // what it shows, in words
	Height          int    // in pixels, and in its own units
	Shade, Bars     []bar
	Paths           []path
	Labels          []label
	XTicks, YTicks  []tick // those of y from the top
	Keys            []key
}

// dots collects points, which a pen with a round tip draws: ten bytes each.
type dots struct {
	b strings.Builder
	n int
}

func (d *dots) add(x, y number) {
	d.n++
	d.b.WriteByte('M')
	d.b.WriteString(x.String())
	d.b.WriteByte(' ')
	d.b.WriteString(y.String())
	d.b.WriteString("h0")
}

// tick adds an upright line.
func (d *dots) tick(x, y, height number) {
	d.n++
	d.b.WriteByte('M')
	d.b.WriteString(x.String())
	d.b.WriteByte(' ')
	d.b.WriteString(y.String())
	d.b.WriteByte('v')
	d.b.WriteString(height.String())
}

// across is a level line.
func across(y number) string { return "M0 " + y.String() + "H" + strconv.Itoa(wide) }

// upright is an upright line through a whole drawing.
func upright(x number, height int) string { return "M" + x.String() + " 0V" + strconv.Itoa(height) }

// shades are the faults, behind a drawing.
func (p *page) shades(height int) []bar {
	var all []bar
	for _, f := range p.report.Faults {
		x, end := p.scale.x(f.Apply[0]), p.scale.x(f.Heal[1])
		all = append(all, bar{X: x, W: max(end-x, 1), H: number(height), Class: "shade", Title: f.ID + " " + f.Kind + " of " + f.Target})
	}
	return all
}
