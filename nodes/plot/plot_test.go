package plot_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/roost-iot/roost/nodes/plot"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// series has the values a second apart; NaN stands for a break.
func series(hold time.Duration, values ...float64) *plot.Series {
	s := &plot.Series{Hold: hold}
	for i, v := range values {
		s.Add(start.Add(time.Duration(i)*time.Second), v)
	}
	return s
}

var nan = math.NaN()

func TestColumns(t *testing.T) {
	sparse := &plot.Series{Hold: 2 * time.Second}
	for _, at := range []int{0, 1, 2, 3, 9, 10} {
		sparse.Add(start.Add(time.Duration(at)*time.Second), float64(at))
	}
	disorder := &plot.Series{}
	for _, at := range []int{2, 0, 1, 3} {
		disorder.Add(start.Add(time.Duration(at)*time.Second), float64(at))
	}
	tests := []struct {
		name    string
		series  *plot.Series
		columns int
		want    []float64
	}{
		{"nothing", &plot.Series{}, 3, nil},
		{"no columns", series(0, 1, 2), 0, nil},
		{"the mean of what is in a column", series(0, 1, 2, 3, 4, 5), 2, []float64{2, 4.5}},
		{"a value lasts until the next", series(0, 1, 3), 4, []float64{1, 1, 1, 3}},
		{"but no longer than it is to be believed", sparse, 10, []float64{0.5, 2, 3, 3, 3, nan, nan, nan, 9, 10}},
		{"nor beyond a break", series(0, 1, 2, nan, 4, 5), 4, []float64{1.5, nan, 4, 5}},
		{"what was stored later may be older", disorder, 3, []float64{0.5, 2, 3}},
		{"one value", series(0, 7), 3, []float64{7, 7, 7}},
		{"an infinity is no value", series(0, 1, math.Inf(1)), 1, []float64{1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := test.series.Columns(test.columns)
			if fmt.Sprint(got) != fmt.Sprint(test.want) { // NaN equals nothing, but is written alike
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestSummary(t *testing.T) {
	got := series(0, nan, 3, 1, nan, 2, nan).Summary()
	want := plot.Summary{Count: 3, Least: 1, Most: 3, Mean: 2, First: start.Add(time.Second), Last: start.Add(4 * time.Second)}
	if !got.First.Equal(want.First) || !got.Last.Equal(want.Last) {
		t.Errorf("got %v to %v, want %v to %v", got.First, got.Last, want.First, want.Last)
	}
	got.First, got.Last = want.First, want.Last
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := series(0, 5, 5).Summary(); !got.Flat() {
		t.Errorf("got %+v, want it flat", got)
	}
}

// TestDrawFits: a picture is as large as it may be at most, or there is none.
func TestDrawFits(t *testing.T) {
	label := func(f float64) string { return fmt.Sprintf("%.1f °C", f) }
	drawn := 0
	for width := 0; width < 150; width += 7 {
		for height := 0; height < 20; height++ {
			got := plot.Draw(series(0, 1, 5, 3, nan, 2, 8, 4), plot.Picture{Width: width, Height: height, Label: label})
			if got == "" {
				continue
			}
			drawn++
			lines := strings.Split(got, "\n")
			if len(lines) > height {
				t.Errorf("%d x %d: %d lines", width, height, len(lines))
			}
			for _, line := range lines {
				if n := utf8.RuneCountInString(line); n > width {
					t.Errorf("%d x %d: a line has %d characters: %q", width, height, n, line)
				}
			}
		}
	}
	if drawn == 0 {
		t.Error("nothing was drawn")
	}
}

// TestDrawNothing: where there is no line to draw, nothing is drawn, and nothing breaks.
func TestDrawNothing(t *testing.T) {
	label := func(f float64) string { return fmt.Sprint(f) }
	for name, s := range map[string]*plot.Series{
		"nothing": {}, "one value": series(0, 1), "only breaks": series(0, nan, nan, nan),
	} {
		if got := plot.Draw(s, plot.Picture{Width: 80, Height: 12, Label: label}); got != "" {
			t.Errorf("%s: drew\n%s", name, got)
		}
	}
	for name, s := range map[string]*plot.Series{
		"flat": series(0, 1, 1, 1), "zero": series(0, 0, 0), "huge": series(0, -math.MaxFloat64, math.MaxFloat64),
		"small": series(0, 5e-324, 0), "begins with a break": series(0, nan, 1, 2),
	} {
		if got := plot.Draw(s, plot.Picture{Width: 80, Height: 12, Label: label}); strings.Contains(got, "NaN") {
			t.Errorf("%s: drew\n%s", name, got)
		}
	}
}

func ExampleDraw() {
	var s plot.Series
	for i := range 60 {
		if i < 30 || i > 40 {
			s.Add(time.Date(2026, 3, 1, 12, 0, i, 0, time.Local), math.Abs(float64(i-20)))
		}
	}
	fmt.Println(plot.Draw(&s, plot.Picture{
		Width: 60, Height: 9, Label: func(f float64) string { return fmt.Sprintf("%.0f °C", f) },
	}))
	// Output:
	// 39 °C ┤                                            ╭──
	//  32 °C ┤                                       ╭────╯
	//  26 °C ┤                                  ╭────╯
	//  20 °C ┼──╮                             ╶─╯
	//  13 °C ┤  ╰────╮
	//   6 °C ┤       ╰─────╮    ╭──────╴
	//   0 °C ┤             ╰────╯
	//        └┬──────────────────────────────────────────────┬
	//     12:00:00                                       12:00:59
}
