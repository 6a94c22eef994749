package report

import (
	"cmp"
	"slices"
)

// pin marks a violation.
type pin struct {
	At, Top number // percent, and pixels
	Anchor  string
	Number  string
	Title   string
}

const (
	pinHeight = 24
	// pinWidth is how near two pins of a row may be, in percent. pinRows is how many rows there are: in the last one they
	// may lie on each other, until the timeline is enlarged.
	pinWidth = 2.4
	pinRows  = 4
)

// pins marks all violations, in rows so that they can be told apart, and returns the height that the rows need.
func (p *page) pins() (all []pin, height int) {
	for _, c := range p.Checkers {
		for _, v := range c.Violations {
			all = append(all, pin{At: percent(p.scale.at(v.at)), Anchor: v.Anchor, Number: v.Anchor[1:], Title: v.Clause + " " + v.Subject + ": " + v.Text})
		}
	}
	slices.SortStableFunc(all, func(a, b pin) int { return cmp.Compare(a.At, b.At) })
	var ends []number
	for i := range all {
		row := slices.IndexFunc(ends, func(end number) bool { return end <= all[i].At })
		if row < 0 && len(ends) < pinRows {
			row, ends = len(ends), append(ends, 0)
		} else if row < 0 {
			row = pinRows - 1
		}
		ends[row], all[i].Top = all[i].At+pinWidth, number(2+row*pinHeight)
	}
	return all, 2 + len(ends)*pinHeight
}
