package live

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// View says how a board is to be seen.
type View struct {
	Title         string // of the whole
	Hint          string // what to try next
	Width, Height int
	Palette       console.Palette
	Scroll        int // devices above the first that is shown
}

const (
	leastEvents = 3 // lines that events get at least
	mostEvents  = 12
	valueDigits = 4
)

// Frame returns the lines of a view, none wider and together not more than it says, and how far
// it could be scrolled.
func (b *Board) Frame(v View, now time.Time) (lines []string, most int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	lines = []string{v.line(console.Strong, v.Title), v.line(console.Plain, b.totals(now)), ""}
	room := v.Height - len(lines)
	if v.Hint != "" {
		room -= 2 // with a blank line
	}
	shown, space := len(b.devices), room-leastEvents-2 // beside titles and a blank line
	if shown > space {
		shown = max(space-1, 1) // a line says how many there are
	}
	most = max(len(b.devices)-shown, 0)
	from := min(max(v.Scroll, 0), most)
	lines = append(lines, b.table(b.devices[from:min(from+shown, len(b.devices))], v, now)...)
	if most > 0 {
		lines = append(lines, v.line(console.Faint, fmt.Sprintf("%d to %d of %d: scroll with the arrow keys", from+1, from+shown, len(b.devices))))
	}
	lines = append(lines, "")
	lines = append(lines, b.eventLines(v, min(room+3-len(lines), mostEvents))...)
	if v.Hint != "" {
		for len(lines) < v.Height-1 {
			lines = append(lines, "")
		}
		lines = append(lines, v.line(console.Faint, v.Hint))
	}
	return lines[:min(len(lines), max(v.Height, 0))], most
}

func (v View) line(t console.Tone, s string) string {
	return v.Palette.Paint(t, console.Cut(console.Clean(s), v.Width))
}

// totals counts the devices by their states, in the order in which it is worth reading.
func (b *Board) totals(now time.Time) string {
	if b.problem != nil {
		age := ""
		if !b.asked.IsZero() {
			age = ", known as of " + console.Span(now.Sub(b.asked).Truncate(time.Second)) + " ago"
		}
		return "devices not known: " + b.problem.Error() + age
	}
	counts := map[roostv1.DeviceState]int{}
	var order []roostv1.DeviceState
	for _, d := range b.devices {
		if counts[d.State]++; counts[d.State] == 1 {
			order = append(order, d.State)
		}
	}
	slices.SortStableFunc(order, func(x, y roostv1.DeviceState) int { return counts[y] - counts[x] })
	words := []string{strconv.Itoa(len(b.devices)) + " devices"}
	for _, state := range order {
		words = append(words, strconv.Itoa(counts[state])+" "+state.Word())
	}
	return strings.Join(words, " · ")
}

// table returns the titles and a line for each of the devices.
func (b *Board) table(devices []*roostv1.DeviceStatus, v View, now time.Time) []string {
	t := console.Table{Columns: []console.Column{
		{Title: "DEVICE", Least: 8}, {Title: "STATE", Least: 8}, {Title: "GATEWAY", Least: 7},
		{Title: "LAST VALUE", Least: 12}, {Title: "RESTARTS", Right: true}, {Title: "LAST EVENT", Least: 12},
	}}
	for _, d := range devices {
		gateway := d.Gateway
		if gateway == "" {
			gateway = console.Empty
		}
		t.Add(console.Cell{Text: d.DeviceId, Tone: console.Strong}, console.State(d), console.Cell{Text: gateway},
			console.Cell{Text: b.value(d, v.Width)}, console.Restarts(d), b.lastEvent(d, now))
	}
	return t.Lines(v.Width, v.Palette)
}

// value says the last values of a device: as many as have room, in the order of the profile.
func (b *Board) value(d *roostv1.DeviceStatus, width int) string {
	most := max(width*2/5, 14)
	text := ""
	for _, r := range b.profiles[d.Profile].GetResources() {
		last, ok := b.values[d.DeviceId][r.Name]
		if !ok {
			continue
		}
		value := r.Name + " " + console.Quantity(last.value, r.Unit, valueDigits)
		if text != "" {
			value = text + ", " + value
		}
		if text != "" && len(value) > most {
			break
		}
		text = value
	}
	if text == "" {
		return console.Empty
	}
	return text
}

func (b *Board) lastEvent(d *roostv1.DeviceStatus, now time.Time) console.Cell {
	e := b.last[d.DeviceId]
	if e == nil {
		return console.Cell{Text: console.Empty, Tone: console.Faint}
	}
	word, text := console.Happened(e)
	if word != "" && text != "" {
		word += ": "
	}
	return console.Cell{Text: console.Ago(e.At, now) + ", " + word + text, Tone: console.EventTone(e)}
}

// eventLines returns the last events, the newest at the bottom.
func (b *Board) eventLines(v View, most int) []string {
	if most < 1 {
		return nil
	}
	var lines []string
	for _, e := range b.events[max(0, len(b.events)-most):] {
		line := console.Line(e, time.TimeOnly, v.Palette)
		lines = append(lines, console.Cut(line, v.Width))
	}
	return lines
}
