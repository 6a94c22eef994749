package console

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Desired says what is desired of a device, and since which revision: "revision 3: mode=heat setpoint=21.5".
func Desired(d *roostv1.Desired) string {
	text := fmt.Sprintf("revision %d: ", d.GetRevision())
	values := map[string]*roostv1.Value{}
	for name, v := range d.GetValues() {
		if v.GetKind() != nil {
			values[name] = v
		}
	}
	if len(values) == 0 {
		return text + "nothing"
	}
	for i, word := range assignments(values) {
		if i > 0 {
			text += " "
		}
		text += word
	}
	return Clean(text)
}

// wishFacts say which revision of the wishes there is, whose it is, and how far the device is.
func wishFacts(d *roostv1.Desired, status *roostv1.DeviceStatus, now time.Time) []Pair {
	if d.GetRevision() == 0 {
		return nil
	}
	applied := Cell{fmt.Sprintf("revision %d, applied", d.Revision), Good}
	if a := status.GetAppliedRevision(); a < d.Revision {
		applied = Cell{fmt.Sprintf("revision %d, not applied yet", d.Revision), Doubt}
		if a > 0 {
			applied.Text += fmt.Sprintf(" (revision %d is)", a)
		}
	}
	by := d.Sender
	if d.ChangedAt != nil {
		by += ", " + Ago(d.ChangedAt, now)
	}
	return []Pair{{"desired", applied}, {"desired by", Cell{by, Plain}}, {"desired for", Cell{d.Reason, Plain}}}
}

// wished compares what is desired with what the device reported.
func wished(view cluster.DeviceView, d *roostv1.Desired) *Table {
	t := &Table{Columns: []Column{
		{Title: "DESIRED", Least: 8}, {Title: "VALUE", Least: 8}, {Title: "REPORTED", Least: 8}, {Title: "REVISION", Right: true}, {Title: "APPLIED", Least: 7},
	}}
	last := make(map[string]*roostv1.ResourceState)
	for _, r := range view.Status.Resources {
		last[r.GetResource()] = r
	}
	for _, name := range slices.Sorted(maps.Keys(d.GetValues())) {
		if d.Values[name].GetKind() == nil {
			continue
		}
		unit, reported, applied := view.Profile.Resource(name).GetUnit(), Empty, Cell{"no", Doubt}
		if r := last[name]; r != nil {
			reported = Quantity(r.Value, unit, readingDigits)
			switch {
			case r.AppliedRevision >= d.Revisions[name] && r.AppliedRevision > 0:
				applied = Cell{"yes", Good}
			case r.AppliedRevision > 0:
				applied = Cell{fmt.Sprintf("revision %d", r.AppliedRevision), Doubt}
			}
		}
		t.Add(Cell{name, Strong}, Cell{Quantity(d.Values[name], unit, readingDigits), Plain}, Cell{reported, Plain}, Cell{count(d.Revisions[name]), Plain}, applied)
	}
	return t
}
