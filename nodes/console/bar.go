package console

import (
	"fmt"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"github.com/jedib0t/go-pretty/v6/text"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Bar shows on a terminal how many of many are done. It has a goroutine that draws, which End ends.
type Bar struct {
	tracker *progress.Tracker
	drawing sync.WaitGroup
}

// barWidth is how long a bar is, at most; titles and figures need the rest of the screen.
const barWidth = 30

// NewBar starts to show a bar of so many, on a screen that is a terminal.
func NewBar(s Screen, title string, total int) *Bar {
	const figures = len("100%   [1000/1000 in 10s]  ")
	of := progress.Units{Formatter: func(n int64) string { return fmt.Sprintf("%d/%d", n, total) }}
	b := &Bar{tracker: &progress.Tracker{Total: int64(total), Units: of, AutoStopDisabled: true}}
	writer := progress.NewWriter()
	length := barWidth
	if s.Width > 0 {
		length = min(barWidth, max(s.Width/3, 5))
		title = Cut(Clean(title), max(s.Width-length-figures, 8))
	}
	b.tracker.Message = title
	writer.SetOutputWriter(s)
	writer.SetTerminalWidth(s.Width)
	writer.SetTrackerLength(length)
	writer.SetUpdateFrequency(100 * time.Millisecond)
	writer.SetStyle(barStyle(s.Palette))
	writer.SetAutoStop(true) // Stop does nothing to one that has not begun to draw
	writer.AppendTracker(b.tracker)
	b.drawing.Go(writer.Render)
	return b
}

func barStyle(p Palette) progress.Style {
	style := progress.StyleDefault
	style.Visibility = progress.StyleVisibility{ETA: true, Percentage: true, Time: true, Tracker: true, Value: true}
	style.Options.Separator, style.Options.PercentFormat = "  ", "%3.0f%%"
	style.Options.DoneString, style.Options.ErrorString = "done", "ended"
	style.Options.TimeInProgressPrecision, style.Options.TimeDonePrecision = time.Second, 10*time.Millisecond
	if p {
		style.Colors.Message, style.Colors.Tracker = text.Colors{text.Bold}, text.Colors{text.FgGreen}
	}
	return style
}

// Count says that one more is done; one that was not begun is none.
func (b *Bar) Count(r *roostv1.CommandRecord) {
	if !unbegun(r) {
		b.tracker.Increment(1)
	}
}

// End leaves the bar as it is, which takes the time of one drawing.
func (b *Bar) End() {
	if b.tracker.Value() < b.tracker.Total {
		b.tracker.MarkAsErrored()
	} else {
		b.tracker.MarkAsDone()
	}
	b.drawing.Wait()
}
