package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Entry is one line of a log of readings: a reading, or a note about what is not there.
type Entry struct {
	At       time.Time
	Unsynced bool // At is by a clock of the gateway that may be wrong by decades
	Resource string
	Value    string
	Quality  Cell
	Note     string // if set, all else is not
}

// readingTime is how a log of readings says times.
const readingTime = "2006-01-02 15:04:05.000"

// readingDigits is to how many significant digits a log of readings rounds.
const readingDigits = 6

// valueColumns is how wide values are taken to be: most are shorter.
const valueColumns = 18

// Log writes readings as they come.
type Log struct {
	screen Screen
	units  map[string]string
	name   int // columns of the resources' names
	epoch  uint64
	// unsynced is whether the gateway did not know the time when it made the last batch.
	unsynced bool
}

// NewLog returns a log of a device with that profile, which may be nil.
func NewLog(s Screen, profile *roostv1.Profile, resource string) *Log {
	l := &Log{screen: s, units: map[string]string{}, name: columns("RESOURCE")}
	for _, r := range profile.GetResources() {
		l.units[r.Name] = r.Unit
		if resource == "" || resource == r.Name {
			l.name = max(l.name, columns(r.Name))
		}
	}
	return l
}

// Head writes the titles.
func (l *Log) Head() error {
	return l.write(l.row("TIME", "RESOURCE", "VALUE"), Cell{"QUALITY", Plain}, Faint)
}

// Entries returns the lines of a batch: first what is missing before it.
func (l *Log) Entries(b *roostv1.ReadingBatch) []Entry {
	entries := l.notes(b)
	base := b.GetBaseTime().AsTime().Local()
	for _, r := range b.GetReadings() {
		entries = append(entries, Entry{
			At:       base.Add(time.Duration(r.GetAcquiredOffsetUs()) * time.Microsecond),
			Unsynced: l.unsynced,
			Resource: Clean(r.GetResource()),
			Value:    Quantity(r.GetValue(), l.units[r.GetResource()], readingDigits),
			Quality:  quality(r),
		})
	}
	return entries
}

// notes says what a batch declares about the time before it.
func (l *Log) notes(b *roostv1.ReadingBatch) []Entry {
	var notes []Entry
	note := func(format string, args ...any) {
		notes = append(notes, Entry{Note: fmt.Sprintf(format, args...)})
	}
	if l.epoch != 0 && b.Epoch != l.epoch {
		note("epoch %d begins, on gateway %s", b.Epoch, Clean(b.Gateway))
	}
	l.epoch = b.Epoch
	if b.DroppedBefore > 0 {
		note("%s dropped here: the gateway could not keep them", plural(b.DroppedBefore, "reading was", "readings were"))
	}
	if b.MissedPolls > 0 {
		note("%s left out here: the device was slow", plural(b.MissedPolls, "poll was", "polls were"))
	}
	if b.Backfill {
		note("stored later, after an outage:")
	}
	if unsynced := !synced(b); unsynced != l.unsynced && len(b.Readings) > 0 {
		l.unsynced = unsynced
		if unsynced {
			note("times with ? are by gateway %s alone, which did not know the time; their order is right", Clean(b.Gateway))
		} else {
			note("from here on the gateway knew the time")
		}
	}
	return notes
}

// synced reports whether a batch is on the hub's time.
func synced(b *roostv1.ReadingBatch) bool {
	return b.GetClockState() == roostv1.ClockState_CLOCK_STATE_SYNCED
}

// Missing is the line of a gap.
func Missing(g *cluster.Gap) Entry {
	n := g.To - g.From + 1
	return Entry{Note: fmt.Sprintf("%s missing here: %d to %d of epoch %d", plural(n, "reading is", "readings are"), g.From, g.To, g.Epoch)}
}

func plural(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func quality(r *roostv1.Reading) Cell {
	text, tone := r.GetQuality().Word(), Bad
	switch r.GetQuality() {
	case roostv1.Quality_QUALITY_GOOD:
		tone = Plain
	case roostv1.Quality_QUALITY_UNCERTAIN:
		tone = Doubt
	}
	if r.GetReason() != roostv1.QualityReason_QUALITY_REASON_UNSPECIFIED {
		text += ", " + r.GetReason().Word()
	}
	if code := r.GetVendorCode(); code != 0 { // in the device's own protocol
		text += fmt.Sprintf(", code %d", code)
	}
	return Cell{text, tone}
}

// Write writes one line.
func (l *Log) Write(e Entry) error {
	if e.Note != "" {
		note := "-- " + e.Note
		if l.screen.Width > 0 {
			note = Cut(note, l.screen.Width)
		}
		_, err := fmt.Fprintln(l.screen, l.screen.Paint(Doubt, note))
		return err
	}
	at := e.At.Format(readingTime)
	if e.Unsynced {
		at += "?"
	}
	return l.write(l.row(at, e.Resource, e.Value), e.Quality, Plain)
}

// row puts everything but the quality below the titles.
func (l *Log) row(at, resource, value string) string {
	return pad(at, len(readingTime)+len("?")) + pad(resource, l.name) + pad(value, valueColumns)
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-columns(s), 0)+gap)
}

func (l *Log) write(row string, quality Cell, tone Tone) error {
	if quality.Tone != Plain {
		tone = quality.Tone
	}
	text := quality.Text
	if l.screen.Width > 0 {
		row = Cut(row, l.screen.Width)
		if room := l.screen.Width - columns(row); room > 0 {
			text = Cut(text, room)
		} else {
			text = ""
		}
	}
	_, err := fmt.Fprintln(l.screen, l.screen.Paint(tone, row+text))
	return err
}
