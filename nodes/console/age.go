package console

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// Ago says how long before now a time was: "3s ago". A clock that is ahead makes it "in 3s";
// no time at all is "never".
func Ago(t *timestamppb.Timestamp, now time.Time) string {
	if t == nil || t.CheckValid() != nil {
		return "never"
	}
	switch d := now.Sub(t.AsTime()); {
	case d < -time.Second:
		return "in " + Span((-d).Truncate(time.Second))
	case d < time.Second:
		return "now"
	default:
		return Span(d.Truncate(time.Second)) + " ago"
	}
}

// Span says a duration in its largest unit, or its two largest where one would be coarse: "340ms",
// "3s", "2m5s", "3h20m", "12d".
func Span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 0:
		return "-" + Span(-d)
	case d < time.Millisecond && d > 0:
		return "<1ms"
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < 10*time.Second && d%time.Second >= 100*time.Millisecond:
		return fmt.Sprintf("%.1fs", d.Truncate(100*time.Millisecond).Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return two(int(d.Minutes()), "m", int(d.Seconds())%60, "s")
	case d < 2*day:
		return two(int(d.Hours()), "h", int(d.Minutes())%60, "m")
	default:
		return fmt.Sprintf("%dd", int(d/day))
	}
}

func two(large int, unit string, small int, subunit string) string {
	if small == 0 {
		return fmt.Sprintf("%d%s", large, unit)
	}
	return fmt.Sprintf("%d%s%d%s", large, unit, small, subunit)
}
