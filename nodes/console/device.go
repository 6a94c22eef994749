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

// Device writes all that is known of a device, and what is desired of it; nil: nothing ever was.
func Device(s Screen, view cluster.DeviceView, desired *roostv1.Desired, now time.Time) error {
	if err := Pairs(s, append(facts(view, now), wishFacts(desired, view.Status, now)...)...); err != nil {
		return err
	}
	if t := wished(view, desired); t.Len() > 0 {
		if err := section(s, t); err != nil {
			return err
		}
	}
	if t := resources(view, now); t.Len() > 0 {
		if err := section(s, t); err != nil {
			return err
		}
	}
	if t := details(view.Status); t.Len() > 0 {
		if err := section(s, t); err != nil {
			return err
		}
	}
	if t := commands(view); t.Len() > 0 {
		return section(s, t)
	}
	return nil
}

func section(s Screen, t *Table) error {
	if _, err := fmt.Fprintln(s); err != nil {
		return err
	}
	return t.Write(s)
}

func facts(view cluster.DeviceView, now time.Time) []Pair {
	spec, d := view.Spec, view.Status
	plain := func(s string) Cell { return Cell{s, Plain} }
	pairs := []Pair{
		{"device", Cell{d.DeviceId, Strong}},
		{"description", plain(spec.GetDescription())},
		{"state", State(d)},
		{"last error", lastFailure(d, now)},
		{"next attempt", plain(upcoming(d, now))},
		{"last seen", plain(Ago(d.LastSeen, now))},
		{"gateway", plain(owner(d))},
		{"profile", plain(d.Profile)},
		{"driver", plain(strings.Join(append([]string{d.Driver}, words(spec.GetAddress())...), " "))},
		{"bus", plain(d.Bus)},
		{"labels", plain(strings.Join(words(d.Labels), " "))},
		{"revision", plain(count(spec.GetRevision()))},
	}
	return append(pairs, counters(d)...)
}

// lastFailure is LastError where there is no line if there was none.
func lastFailure(d *roostv1.DeviceStatus, now time.Time) Cell {
	if d.GetLastError().Err() == nil {
		return Cell{}
	}
	return LastError(d, now)
}

func upcoming(d *roostv1.DeviceStatus, now time.Time) string {
	if d.NextAttempt == nil {
		return ""
	}
	return Ago(d.NextAttempt, now)
}

func owner(d *roostv1.DeviceStatus) string {
	if d.Gateway == "" {
		return "none serves it"
	}
	return fmt.Sprintf("%s, epoch %d", d.Gateway, d.Epoch)
}

// counters says what was counted, leaving out what never happened.
func counters(d *roostv1.DeviceStatus) []Pair {
	c := d.GetCounters()
	if c == nil {
		return nil
	}
	some := func(name string, n uint64) Pair {
		if n == 0 {
			return Pair{name, Cell{}}
		}
		return Pair{name, Cell{count(n), Plain}}
	}
	return []Pair{
		some("restarts", c.Restarts), some("readings stored", c.ReadingsStored), some("readings dropped", c.ReadingsDropped),
		some("polls missed", c.MissedPolls), some("calls abandoned", c.AbandonedCalls), some("refused", c.Refused), some("set aside", c.Parked),
	}
}

func resources(view cluster.DeviceView, now time.Time) *Table {
	t := &Table{Columns: []Column{
		{Title: "RESOURCE", Least: 8}, {Title: "VALUE", Least: 8}, {Title: "QUALITY", Least: 7}, {Title: "READ"},
		{Title: "ACCESS"}, {Title: "LIMITS", Least: 6}, {Title: "DESCRIPTION", Least: 8},
	}}
	last := make(map[string]*roostv1.ResourceState)
	for _, r := range view.Status.Resources {
		last[r.GetResource()] = r
	}
	for _, r := range view.Profile.GetResources() {
		value, grade, read := Empty, Cell{Empty, Faint}, Empty
		if l := last[r.Name]; l != nil {
			value = Quantity(l.Value, r.Unit, readingDigits)
			grade = quality(&roostv1.Reading{Quality: l.Quality, Reason: l.Reason})
			read = Ago(l.AcquiredAt, now)
		}
		t.Add(Cell{r.Name, Strong}, Cell{value, Plain}, grade, Cell{read, Plain},
			Cell{strings.ToLower(r.Access.Word()), Plain}, Cell{limits(r.Min, r.Max, r.Options, r.Unit), Plain}, Cell{r.Description, Faint})
	}
	return t
}

// details makes a table of what is wrong with readings, where that is known.
func details(d *roostv1.DeviceStatus) *Table {
	t := &Table{Columns: []Column{{Title: "RESOURCE", Least: 8}, {Title: "WHAT IS WRONG WITH ITS READING", Least: 20}}}
	for _, r := range d.GetResources() {
		if r.GetDetail() != "" {
			t.Add(Cell{r.GetResource(), Strong}, Cell{r.GetDetail(), Plain})
		}
	}
	return t
}

// commands makes a table of what the device can be told, as it is typed.
func commands(view cluster.DeviceView) *Table {
	t := &Table{Columns: []Column{{Title: "COMMAND", Least: 12}, {Title: "ARGUMENTS", Least: 10}, {Title: "KIND"}, {Title: "DESCRIPTION", Least: 8}}}
	for _, c := range view.Profile.GetCommands() {
		order, arguments := c.Name, ""
		for _, a := range c.Arguments {
			order += " " + a.Name + "=" + strings.ToUpper(a.Type.Word())
			if l := limits(a.Min, a.Max, a.Options, a.Unit); l != Empty {
				arguments += strings.TrimSpace(a.Name+" "+l) + "; "
			}
		}
		t.Add(Cell{order, Strong}, Cell{or(strings.TrimSuffix(arguments, "; ")), Plain},
			Cell{strings.ToLower(c.WriteKind.Word()), Plain}, Cell{c.Description, Faint})
	}
	return t
}

// limits says what a value may be.
func limits(least, most *float64, options []string, unit string) string {
	number := func(f float64) string { return Quantity(roostv1.Double(f), unit, readingDigits) }
	switch {
	case len(options) > 0:
		return strings.Join(options, ", ")
	case least != nil && most != nil:
		return fmt.Sprintf("%s to %s", Quantity(roostv1.Double(*least), "1", readingDigits), number(*most))
	case least != nil:
		return "from " + number(*least)
	case most != nil:
		return "up to " + number(*most)
	default:
		return Empty
	}
}

// words writes a map as key=value, sorted.
func words(m map[string]string) []string {
	var list []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, k+"="+m[k])
	}
	return list
}
