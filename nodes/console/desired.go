package console

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Desired says what is desired of a device, and since which revision: "revision 3: mode=heat setpoint=21.5".
func Desired(d *roostv1.Desired) string {
	what := strings.Join(assignments(wishes(d)), " ")
	if what == "" {
		what = "nothing"
	}
	return Clean(fmt.Sprintf("revision %d: %s", d.GetRevision(), what))
}

// wishes are what is desired, without the resources of which nothing is any more.
func wishes(d *roostv1.Desired) map[string]*roostv1.Value {
	values := map[string]*roostv1.Value{}
	for name, v := range d.GetValues() {
		if v.GetKind() != nil {
			values[name] = v
		}
	}
	return values
}

// wishFacts say which revision of the wishes there is, whose it is, and how far the device is.
func wishFacts(d *roostv1.Desired, status *roostv1.DeviceStatus, now time.Time) []Pair {
	if d.GetRevision() == 0 {
		return nil
	}
	by := d.Sender
	if d.ChangedAt != nil {
		by += ", " + Ago(d.ChangedAt, now)
	}
	if d.Reason != "" {
		by += ": " + d.Reason
	}
	return []Pair{{"desired", standing(d, status.GetAppliedRevision())}, {"desired by", Cell{by, Plain}}}
}

// standing says how far what is desired is applied.
func standing(d *roostv1.Desired, applied uint64) Cell {
	switch {
	case len(wishes(d)) == 0:
		return Cell{fmt.Sprintf("nothing, since revision %d", d.Revision), Plain}
	case applied >= d.Revision:
		return Cell{fmt.Sprintf("revision %d, applied", d.Revision), Good}
	case applied > 0:
		return Cell{fmt.Sprintf("revision %d, not applied yet (revision %d is)", d.Revision, applied), Doubt}
	default:
		return Cell{fmt.Sprintf("revision %d, not applied yet", d.Revision), Doubt}
	}
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
	for _, name := range slices.Sorted(maps.Keys(wishes(d))) {
		unit, reported := view.Profile.Resource(name).GetUnit(), Empty
		if r := last[ShownBy(view.Profile, name)]; r != nil {
			reported = Quantity(r.Value, unit, readingDigits)
		}
		t.Add(Cell{name, Strong}, Cell{Quantity(d.Values[name], unit, readingDigits), Plain}, Cell{reported, Plain},
			Cell{count(d.Revisions[name]), Plain}, taken(last[name].GetAppliedRevision(), d.Revisions[name]))
	}
	return t
}

// taken says whether a device has taken over the revision that named a resource last.
func taken(applied, revision uint64) Cell {
	switch {
	case applied == 0:
		return Cell{"no", Doubt}
	case applied < revision:
		return Cell{fmt.Sprintf("revision %d", applied), Doubt}
	default:
		return Cell{"yes", Good}
	}
}

// ShownBy is the resource by which a device shows what another one was set to: a pump may be told one speed, and
// have another as long as it speeds up.
func ShownBy(p *roostv1.Profile, resource string) string {
	if r := p.Readback(p.Resource(resource)); r != nil {
		return r.Name
	}
	return resource
}
